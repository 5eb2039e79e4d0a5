"""The `Mutation` type: one field per command of the domain."""

from typing import Annotated, Any

import strawberry

from api.execution.context import Info
from api.schema.mutations.batch_payloads import BATCH_PAYLOADS
from api.schema.mutations.command_result import dispatch, dispatch_batch
from api.schema.mutations.inputs import INPUTS
from api.schema.mutations.payloads import PAYLOADS, Payload
from domain.commands.command import Command
from domain.commands.registry import MUTATIONS
from domain.primitives.documentation import description


def _mutation(name: str, kind: type[Command]) -> Any:
    """The field of one command."""
    payload = _payload(kind)
    execute = dispatch if kind.ITEMS is None else dispatch_batch

    def resolve(info: Info, input: Any) -> Any:
        return payload(answer=execute(info.context, kind, input))

    annotated: Any = Annotated
    given = annotated[INPUTS[kind], strawberry.argument(description="The input of the command.")]
    resolve.__annotations__ = {"info": Info, "input": given, "return": payload | None}
    return strawberry.mutation(resolver=resolve, name=name, description=f"{description(kind)} {_requirement(kind)}")


def _payload(kind: type[Command]) -> type[Payload]:
    """The payload type of a command. Raises `TypeError` if its result kind has none."""
    payloads = BATCH_PAYLOADS if kind.ITEMS is not None or kind.ANSWERS_MANY else PAYLOADS
    if kind.ANSWERS not in payloads:
        raise TypeError(
            f"The command {kind.__name__} has the result kind {kind.ANSWERS}, which has no payload type: "
            "write one and add it to PAYLOADS, in api.schema.mutations.payloads."
        )
    return payloads[kind.ANSWERS]


def _requirement(kind: type[Command]) -> str:
    """The sentence about the permission that a command requires."""
    needs = kind.NEEDS
    own = f", or {needs.own} for one's own" if needs.own else ""
    others = "".join(f"; for a {kind} {permission}" for kind, permission in needs.of_kind.items())
    return f"Requires {needs.any_subject}{own}{others}."


Mutation = strawberry.type(
    type("Mutation", (), {"__module__": __name__, **{name: _mutation(name, kind) for name, kind in MUTATIONS.items()}}),
    description="The commands. Each is executed completely or not at all. A command that would change nothing succeeds "
    "and records nothing.",
)
