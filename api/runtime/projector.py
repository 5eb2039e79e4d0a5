"""The projector of a workspace, with the settings and the signing key of this process."""

from api.runtime import signing_key
from api.runtime.database import Database
from projections.engine.projector import Projector


def projector_of(database: Database) -> Projector:
    """The projector of a workspace; it signs checkpoints if there is a key. Raises `KeyFault`."""
    settings = database.settings
    keep = signing_key.keeping(settings, signing_key.at_hand(settings))
    return Projector(database.log(), database.connect, settings.projector_batch, settings.workspace, keep=keep)
