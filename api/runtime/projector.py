"""The projector of a workspace, with the settings and the signing key of this process."""

from collections.abc import Callable

from api.runtime import signing_key
from api.runtime.database import Connection, Database
from api.runtime.settings import Settings
from projections.engine.projector import Projector
from projections.engine.view_checker import ViewChecker
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
    """A projector that signs checkpoints with `keys`, checks the projections, and calls `on_moved` with each new
    position of the projections.

    `may_lead`: whether it updates the projections itself if no other projector does.
    """
    return Projector(
        database.log(),
        database.connect,
        settings.projector_batch,
        settings.workspace,
        may_lead=may_lead,
        keep=_kept(settings, keys),
        on_position=on_moved,
    )


def _kept(settings: Settings, keys: Keys | None) -> Callable[[Connection, int], str | None]:
    """What the leading projector does after each round: sign checkpoints, watch the log, and check the projections."""
    watch, check = (
        LogWatch(signing_key.checkpoint_signer(settings, keys)).keep,
        ViewChecker(settings.views_check_pause_s),
    )

    def keep(conn: Connection, position: int) -> str | None:
        alarm = watch(conn, position)
        check.keep(conn, position)
        return alarm

    return keep
