"""Which fields of a command reference aggregates, and in which form."""

import types
import typing
from collections.abc import Iterator
from functools import cache
from typing import Any, Literal

import msgspec

from domain.commands.command import By, id_kind
from domain.primitives.errors import invalid
from domain.primitives.rules import Rule
from domain.primitives.values import Kind, Ref


class Expected(msgspec.Struct, frozen=True):
    """The form of a reference in a field: an id, an id within a `By`, or a `Ref` with its kind."""

    form: Literal["id", "by", "ref"]
    kind: Kind | None
    by: type[By] | None = None


@cache
def by_field(struct: type[msgspec.Struct]) -> dict[str, Expected]:
    """The expected reference of each field that takes one, by the name of the field."""
    hints = typing.get_type_hints(struct, include_extras=True)
    found = {field: next(_named_in(hints[field]), None) for field in struct.__struct_fields__}
    return {field: expected for field, expected in found.items() if expected is not None}


@cache
def by_json_name(struct: type[msgspec.Struct]) -> dict[str, Expected]:
    """The same by the name of the field in JSON."""
    names = dict(zip(struct.__struct_fields__, struct.__struct_encode_fields__, strict=True))
    return {names[field]: expected for field, expected in by_field(struct).items()}


def as_input(ref: Ref, expected: Expected | None) -> Any:
    """The reference in the form that a field expects. Raises `INVALID` for a field that takes none, or another kind."""
    if expected is None:
        raise invalid("This field takes no reference; give a value.", "input", "ref", rule=Rule.REF_NOT_ALLOWED)
    if expected.kind is not None and expected.kind is not ref.kind:
        raise invalid(
            f"References a {ref.kind}; this field takes a {expected.kind}.",
            "input",
            "ref",
            rule=Rule.ID_OF_OTHER_KIND,
            kind=ref.kind,
            allowed=expected.kind,
        )
    if expected.form == "ref":
        return {"kind": ref.kind, "id": str(ref.id)}
    return {"id": str(ref.id)} if expected.form == "by" else str(ref.id)


def _named_in(annotation: Any) -> Iterator[Expected]:
    if annotation is Ref:
        yield Expected("ref", None)
    elif isinstance(annotation, type) and issubclass(annotation, By):
        yield Expected("by", annotation.KIND, annotation)
    elif (kind := id_kind(annotation)) is not None:
        yield Expected("id", kind)
    elif typing.get_origin(annotation) is typing.Annotated:
        yield from _named_in(annotation.__origin__)
    elif typing.get_origin(annotation) in (list, typing.Union, types.UnionType):
        for part in typing.get_args(annotation):
            yield from _named_in(part)
