"""One run of a compiled document: its arguments, its deadline and the size of its answer.

Without it a document, which all requests share, would know nothing of the request that it answers.
"""

from collections.abc import Callable
from time import monotonic
from typing import Any, Final, TypeAlias

from projections.store.deadline import Deadline, DeadlineExceeded, Stopped

ANSWER_BYTES_MAX: Final = 32 * 1024 * 1024
"""The approximate size of an answer, in bytes of JSON."""
FIELD_BYTES: Final = 32
"""The assumed size of a field with its name; longer texts count in characters."""

ReadOne: TypeAlias = Callable[[Any], Any]
"""Reads a field of one object."""


class AnswerTooLarge(Stopped):
    """An answer has more than `ANSWER_BYTES_MAX`."""


class Irregular(Exception):
    """A value that the interpreter has to complete, because it may have an error."""


class Run:
    """One run of a compiled document by an executor of graphql-core, which has the variables and the context.

    `bytes`: the approximate size of the answer so far.
    """

    __slots__ = ("bytes", "deadline", "executor", "known")

    def __init__(self, executor: Any, deadline: Deadline, bytes: int) -> None:
        self.executor = executor
        self.deadline = deadline
        self.bytes = bytes
        self.known: dict[object, Any] = {}
        """Readers of fields whose arguments depend on the request."""

    def once(self, key: object, bind: Callable[[Any], ReadOne]) -> ReadOne:
        """The reader of a field, which is bound to the request at its first use."""
        found: ReadOne | None = self.known.get(key)
        if found is None:
            found = self.known[key] = bind(self.executor)
        return found

    def add(self, bytes: int) -> None:
        """Count bytes of the answer. Raises `AnswerTooLarge`, `DeadlineExceeded`."""
        self.bytes += bytes
        if self.bytes > ANSWER_BYTES_MAX:
            raise AnswerTooLarge
        if monotonic() > self.deadline.until:
            raise DeadlineExceeded
