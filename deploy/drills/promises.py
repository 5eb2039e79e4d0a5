"""What holds after every drill: nothing acknowledged is lost, the log verifies, and a rebuild changes nothing."""

from collections.abc import Collection, Iterator

from pydantic import SecretStr

from api.runtime.database import open_database
from api.runtime.projector import projector_of
from api.runtime.settings import Settings
from deploy.drills.bookkeeping import Book, Tally
from deploy.drills.clients import MASKED, RETRIED
from deploy.drills.figures import console
from deploy.drills.installation import Installation
from deploy.drills.processes import CommandFailed, keyframe
from projections.engine.registry import dump


def broken(tally: Tally, book: Book, events: int, last: int, retried: Collection[str] = RETRIED) -> Iterator[str]:
    """What must not happen, each as a sentence. `retried`: the errors that may happen."""
    for what in ("lost", "doubled", "misplaced"):
        if marks := getattr(tally, what):
            yield f"{len(marks)} commands are {what}: {', '.join(marks[:5])}"
    if masked := book.errors()[MASKED]:
        yield f"{masked} answers were {MASKED}."
    if rejected := {code: times for code, times in book.errors().items() if code not in retried}:
        yield f"Requests were rejected: {rejected}."
    if events != last:
        yield f"The log has {events} events and ends at position {last}."


def verify(installation: Installation) -> Iterator[str]:
    """The faults that `keyframe verify` finds."""
    try:
        console.print(keyframe(installation.owner, "verify"))
    except CommandFailed as failed:
        yield str(failed)


def rebuild(installation: Installation) -> Iterator[str]:
    """The fault of projections that grew through the night: a rebuild gives other rows."""
    named = Settings(database_url=SecretStr(installation.owner["KEYFRAME_DATABASE_URL"]))
    with open_database(named) as database:
        projector_of(database).catch_up()
        with database.connect() as conn:
            grown = b"".join(dump(conn))
        keyframe(installation.owner, "rebuild")
        with database.connect() as conn:
            if b"".join(dump(conn)) != grown:
                yield "The projections differ from those that a rebuild makes."
