"""Descriptions of structs and their fields, published by the API's schema."""

import types
import typing
from typing import Annotated, Any, ClassVar, get_args, get_origin

from msgspec import Meta, Struct


def doc(text: str) -> Any:
    """Describe a field, within its annotation: `Annotated[float, doc("From 0 to 1.")]`."""  # noqa: D402  an example
    return Meta(description=text)


def description(struct: type[Struct]) -> str:
    """The docstring of a struct on one line; empty if it has none."""
    return " ".join((struct.__doc__ or "").split())


def field_descriptions(struct: type[Struct]) -> dict[str, str]:
    """The description of each field, by its name: from the struct's `DESCRIPTIONS`, else from the annotation, else
    from the type. Works in `__init_subclass__`, too, before msgspec creates the fields."""
    hints = typing.get_type_hints(struct, include_extras=True)
    fields = {name: hint for name, hint in hints.items() if ClassVar not in (hint, get_origin(hint))}
    found = {name: annotated(hint) or _of_type(hint) for name, hint in fields.items()}
    return found | dict(getattr(struct, "DESCRIPTIONS", {}))


def annotated(hint: Any) -> str:
    """The description in an annotation, or in a member of a union; empty without one. The outer annotation takes
    precedence."""
    if get_origin(hint) is Annotated:
        metas = [meta for meta in hint.__metadata__ if isinstance(meta, Meta) and meta.description]
        return (metas[-1].description or "") if metas else annotated(hint.__origin__)
    return next(filter(None, map(annotated, _members(hint))), "")


def _of_type(hint: Any) -> str:
    """The description of the annotated struct; empty for any other type."""
    if get_origin(hint) is Annotated:
        return _of_type(hint.__origin__)
    if isinstance(hint, type) and issubclass(hint, Struct):
        return description(hint)
    return next(filter(None, map(_of_type, _members(hint))), "")


def _members(hint: Any) -> tuple[Any, ...]:
    """The members of a union; none for any other type."""
    return get_args(hint) if get_origin(hint) in (typing.Union, types.UnionType) else ()
