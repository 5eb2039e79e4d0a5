"""The problems of a rejected command, as GraphQL types."""

from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from typing import Final

import strawberry

from api.schema.history.change import Change
from api.schema.mutations.command_result import CommandDeclined
from api.schema.primitives.described_enum import described
from api.schema.primitives.field import resolved
from api.schema.primitives.scalars import write_date_time
from domain.primitives import errors
from domain.primitives.errors import Code

described(
    "The reason why a command was rejected.",
    {
        "NOT_FOUND": "The entity does not exist, or the caller may not see it.",
        "FORBIDDEN": "The caller lacks the permission for this command.",
        "INVALID": "The input is wrong in every state of the workspace.",
        "STALE": "The entity has changed since `expectedVersion`.",
        "CONFLICT": "The command is not possible in the current state.",
        "CLOSED": "The entity, or the cycle it belongs to, has ended.",
        "CIRCULAR": "The entity would support or contain itself.",
        "DUPLICATE": "The key, handle or name is already in use.",
        "IDEMPOTENCY_MISMATCH": "The idempotency key was used before with a different input.",
        "TOO_LARGE": "The input exceeds a size limit.",
    },
    name="ProblemCode",
)(Code)


@described(
    "The kind of a value in a message.",
    {
        "TEXT": "A text, to be shown as it is.",
        "NUMBER": "A number, written as in JSON.",
        "DATE": "A calendar day, written like a `Date`.",
        "DATE_TIME": "A moment, written like a `DateTime`.",
    },
)
class ParameterKind(StrEnum):
    TEXT = "TEXT"
    NUMBER = "NUMBER"
    DATE = "DATE"
    DATE_TIME = "DATE_TIME"


@strawberry.type(description="A value in the message of a problem.")
class ProblemParameter:
    name: str = strawberry.field(description="Its name, which the rule determines.")
    kind: ParameterKind = strawberry.field(description="The kind of the value, by which a client formats it.")
    value: str = strawberry.field(description="The value in a form that does not depend on a language.")


_WRITTEN: Final[dict[type, tuple[ParameterKind, Callable[..., str]]]] = {
    str: (ParameterKind.TEXT, str),
    int: (ParameterKind.NUMBER, str),
    float: (ParameterKind.NUMBER, "{:.15g}".format),
    datetime: (ParameterKind.DATE_TIME, write_date_time),
    date: (ParameterKind.DATE, date.isoformat),
}


def _parameter(name: str, value: errors.Parameter) -> ProblemParameter:
    kind, write = _WRITTEN[str if isinstance(value, str) else type(value)]
    return ProblemParameter(name=name, kind=kind, value=write(value))


@strawberry.type(description="Why a command was rejected: stable names for programs, and a message for people.")
class Problem:
    problem: strawberry.Private[errors.Problem]
    declined: strawberry.Private[CommandDeclined]

    @resolved("The stable code, for programs.")
    def code(self) -> Code:
        return self.problem.code

    @resolved(
        "The stable name of the rule that was broken, such as `TITLE_EMPTY`; the name of the code if there is no "
        "finer rule. The guide about problems explains each."
    )
    def rule(self) -> str:
        return self.problem.rule

    @resolved("The message, for people. It names the problem and what to do.")
    def message(self) -> str:
        return self.problem.message

    @resolved("The values of the message. With `rule`, a client can write the message in another language.")
    def parameters(self) -> list[ProblemParameter]:
        return [_parameter(name, value) for name, value in self.problem.parameters.items()]

    @resolved("The path of the input field that is wrong; empty for the whole command.")
    def field(self) -> list[str]:
        return list(self.problem.field)

    @resolved("For STALE: the changes since `expectedVersion`, up to 500.")
    def changes_since(self) -> list[Change]:
        return self.declined.changes_since
