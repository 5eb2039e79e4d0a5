"""The way of a write: a command is carried out once, and answered when the views show what came of it."""

from api.runtime import signing_key
from api.runtime.database import Database
from domain.commands.command import Command
from domain.handlers.dispatcher import Keyframe, Outcome
from domain.handlers.unit_of_work import Author
from domain.log.event_store import Log
from projections.engine.projector import Projector


class Writing:
    """The door for writing of one process. `timeout_s` is how long an answer waits for the views."""

    def __init__(self, log: Log, projector: Projector, timeout_s: float) -> None:
        self._log = log
        self._keyframe = Keyframe(log)
        self._projector = projector
        self._timeout_s = timeout_s

    def execute(self, command: Command, author: Author) -> Outcome:
        """Carry a command out: see `Keyframe.execute`."""
        return self._keyframe.execute(command, author)

    def behind(self, position: int) -> int:
        """How many events the views lack to stand at a position, after they were waited for: 0 as a rule.

        A position that the log itself does not have is not waited for: nobody could have been told of it.
        """
        seen = self._projector.status.position
        if seen >= position or (
            position <= self._log.head().position and self._projector.wait(position, self._timeout_s)
        ):
            return 0
        return position - self._projector.status.position


def projector_of(database: Database) -> Projector:
    """The projector of a workspace, which signs checkpoints where there is a key. Raises `KeyFault`."""
    settings = database.settings
    keep = signing_key.keeping(settings, signing_key.at_hand(settings))
    return Projector(database.log(), database.connect, settings.projector_batch, settings.workspace, keep=keep)
