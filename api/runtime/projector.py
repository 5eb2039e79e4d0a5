"""The projector of a workspace, with the settings and the signing key of this process."""

from collections.abc import Callable

from api.runtime import signing_key
from api.runtime.database import Database
from api.runtime.settings import Settings
from projections.engine.projector import Projector
from projections.proof.log_watch import LogWatch
from projections.proof.signer import Keys


def projector_of(database: Database) -> Projector:
    """The projector of a workspace; it signs checkpoints if there is a key. Raises `KeyFault`."""
    return configured_projector(database.settings, database, signing_key.load_or_create(database.settings))


def configured_projector(
    settings: Settings,
    database: Database,
    keys: Keys | None,
    *,
    may_lead: bool = True,
    on_moved: Callable[[int], None] | None = None,
) -> Projector:
    """A projector that signs checkpoints with `keys`, and calls `on_moved` with each new position of the projections.

    `may_lead`: whether it updates the projections itself if no other projector does.
    """
    return Projector(
        database.log(),
        database.connect,
        settings.projector_batch,
        settings.workspace,
        may_lead=may_lead,
        keep=LogWatch(signing_key.checkpoint_signer(settings, keys)).keep,
        on_position=on_moved,
    )
