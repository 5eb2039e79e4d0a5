"""The rejection of a command: a code, a message and the field."""

from enum import StrEnum
from uuid import UUID


class Code(StrEnum):
    """The stable code of a rejection, as published to clients."""

    NOT_FOUND = "NOT_FOUND"
    FORBIDDEN = "FORBIDDEN"
    INVALID = "INVALID"
    STALE = "STALE"
    CONFLICT = "CONFLICT"
    CLOSED = "CLOSED"
    CIRCULAR = "CIRCULAR"
    DUPLICATE = "DUPLICATE"
    IDEMPOTENCY_MISMATCH = "IDEMPOTENCY_MISMATCH"
    TOO_LARGE = "TOO_LARGE"


class CommandRejected(Exception):
    """A command was rejected and nothing was recorded.

    `code` is stable, `message` explains what is wrong and what to do, `field` is the path of the input field (empty
    for the whole command). `since` of a `STALE` rejection has the id of the changed aggregate and the version that the
    caller expected.
    """

    def __init__(self, code: Code, message: str, *field: str, since: tuple[UUID, int] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.since = since

    def __str__(self) -> str:
        where = ".".join(self.field)
        return f"{self.code}{f' ({where})' if where else ''}: {self.message}"


def invalid(message: str, *field: str) -> CommandRejected:
    """The rejection of a value that is invalid in every state of the workspace."""
    return CommandRejected(Code.INVALID, message, *field)


def idempotency_mismatch() -> CommandRejected:
    """The rejection of an idempotency key that was used with another input."""
    return CommandRejected(
        Code.IDEMPOTENCY_MISMATCH,
        "This key was used with another input. Use a new key for a new command.",
        "idempotencyKey",
    )
