"""Why a command was not carried out: one exception, one code, one sentence that says what to do."""

from enum import StrEnum
from uuid import UUID


class Code(StrEnum):
    """The stable code of a refusal, as clients see it."""

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
    """A command was refused and nothing was recorded.

    `code` is stable, `message` is a sentence for a person that says what to do, `field` is the path of
    the input it is about (empty when it is about the whole command). A `STALE` refusal says in `since`
    which thing has moved on and the version that the caller saw.
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
    """A refusal of a value that can never be right, whatever the state of the workspace."""
    return CommandRejected(Code.INVALID, message, *field)


def used_otherwise() -> CommandRejected:
    """An idempotency key that another input was sent with."""
    return CommandRejected(
        Code.IDEMPOTENCY_MISMATCH,
        "This key was used with another input. Use a new key for a new command.",
        "idempotencyKey",
    )
