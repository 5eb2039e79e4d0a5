"""Writing: every command of the domain, and the payload that answers it."""

from typing import Annotated, Any

import strawberry

from api.execution.context import Info
from api.schema.mutations.command_result import carry_out
from api.schema.mutations.inputs import INPUTS
from api.schema.mutations.payloads import PAYLOADS, Payload
from domain.commands.command import Command
from domain.commands.registry import VERBS
from domain.primitives.documentation import description


def _mutation(name: str, kind: type[Command]) -> Any:
    """The field that carries out one kind of command."""
    payload = _payload(kind)

    def resolve(info: Info, input: Any) -> Any:
        return payload(answer=carry_out(info.context, kind, input))

    annotated: Any = Annotated
    given = annotated[INPUTS[kind], strawberry.argument(description="What it takes.")]
    resolve.__annotations__ = {"info": Info, "input": given, "return": payload | None}
    return strawberry.mutation(resolver=resolve, name=name, description=f"{description(kind)} {_takes(kind)}")


def _payload(kind: type[Command]) -> type[Payload]:
    """The payload type of a command. Raises `TypeError` if there is none for what it answers with."""
    if kind.ANSWERS not in PAYLOADS:
        raise TypeError(
            f"The command {kind.__name__} answers with the kind {kind.ANSWERS}, which has no payload type: "
            "write one and enter it in PAYLOADS, in api.schema.mutations.payloads."
        )
    return PAYLOADS[kind.ANSWERS]


def _takes(kind: type[Command]) -> str:
    """The permission that a command takes."""
    needs = kind.NEEDS
    own = f", or {needs.own} for what is one's own" if needs.own else ""
    return f"Takes {needs.anybodys}{own}."


Mutation = strawberry.type(
    type("Mutation", (), {"__module__": __name__, **{name: _mutation(name, kind) for name, kind in VERBS.items()}}),
    description="Everything that can be asked of Keyframe. A command is carried out whole or not at all. Asking for "
    "what is so already records nothing and is no problem.",
)
