"""The rejection of a command: its problems, each with a code, a rule, a message and the field."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from enum import StrEnum
from types import TracebackType
from typing import Final, Self, TypeAlias
from uuid import UUID

import msgspec

from domain.primitives.rules import Rule

PROBLEMS_MAX: Final = 100
"""The largest number of problems in one rejection; of an input with more, the first ones are named."""


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


Parameter: TypeAlias = str | float | date
"""A value in a message; a `date` may be a `datetime`."""


class Problem(msgspec.Struct, frozen=True):
    """One reason for a rejection.

    `code` and `rule` are stable; a problem without a finer rule has its code as the rule. `message` explains what is
    wrong and what to do, `field` is the path of the input field (empty for the whole command), and `parameters` has the
    values with which a client can write the message in another language.
    """

    code: Code
    rule: str
    message: str
    field: tuple[str, ...]
    parameters: Mapping[str, Parameter]

    def __str__(self) -> str:
        where = f" ({'.'.join(self.field)})" if self.field else ""
        rule = "" if self.rule == self.code else f" [{self.rule}]"
        return f"{self.code}{where}: {self.message}{rule}"


class CommandRejected(Exception):
    """A command was rejected and nothing was recorded.

    Its first problem also gives `code`, `message` and `field`. `since` of a `STALE` rejection has the id of the changed
    aggregate and the version that the caller expected.
    """

    def __init__(
        self,
        code: Code,
        message: str,
        *field: str,
        rule: Rule | None = None,
        since: tuple[UUID, int] | None = None,
        **parameters: Parameter,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.since = since
        self.problems: Sequence[Problem] = [Problem(code, rule or code.value, message, field, parameters)]

    def __str__(self) -> str:
        return "; ".join(map(str, self.problems))


def invalid(message: str, *field: str, rule: Rule | None = None, **parameters: Parameter) -> CommandRejected:
    """The rejection of a value that is invalid in every state of the workspace."""
    return CommandRejected(Code.INVALID, message, *field, rule=rule, since=None, **parameters)


def idempotency_mismatch() -> CommandRejected:
    """The rejection of an idempotency key that was used with another input."""
    return CommandRejected(
        Code.IDEMPOTENCY_MISMATCH,
        "This key was used with another input. Use a new key for a new command.",
        "idempotencyKey",
    )


# ── several problems ─────────────────────────────────────────────────────────────────────────────


class InputRejected(CommandRejected):
    """The input has faults: one problem for each field that is wrong, in the order of the fields."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        first = problems[0]
        super().__init__(first.code, first.message, *first.field)
        self.problems = problems


class Faults(dict[tuple[str, ...], Problem]):
    """The faults of an input by field, the first one of each.

    `keep` adds those of a rejection. `with faults:` keeps a rejection that is raised in the block, and execution goes
    on after it. `refuse` raises what was kept.
    """

    def keep(self, rejection: CommandRejected) -> None:
        """Keep a rejection with `INVALID` or `TOO_LARGE`, which depend on the input alone. Raises any other."""
        if rejection.code not in (Code.INVALID, Code.TOO_LARGE):
            raise rejection
        for problem in rejection.problems:
            self.setdefault(problem.field, problem)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, CommandRejected):
            return False
        self.keep(error)
        return True

    def refuse(self) -> None:
        """Raises `InputRejected` if there are faults, with the first `PROBLEMS_MAX` of them."""
        if self:
            raise InputRejected([*self.values()][:PROBLEMS_MAX])


class ItemFaults(Faults):
    """The faults of a command with items, each by the path of its field: those of the input, and those that the state
    decides, whatever their code."""

    def keep(self, rejection: CommandRejected, *path: str) -> None:
        """Keep a rejection of the item at this path."""
        for problem in rejection.problems:
            field = problem.field if problem.field[:1] in _OF_THE_COMMAND else (*path, *problem.field)
            self.setdefault(field, msgspec.structs.replace(problem, field=field))

    @contextmanager
    def of(self, *path: str) -> Iterator[None]:
        """Keep a rejection that is raised in the block, of the item at this path."""
        try:
            yield
        except CommandRejected as rejection:
            self.keep(rejection, *path)


_OF_THE_COMMAND: Final = {("effectiveAt",), ("expectedVersion",), ("at",)}
"""The fields that all items of a command share."""
