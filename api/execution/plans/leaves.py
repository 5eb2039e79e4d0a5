"""How scalars and enums are written: one value by the interpreter, a column of values by compiled documents.

Without them graphql-core would coerce each value by its type, also those that are written as they are.
"""

from collections.abc import Callable, Sequence
from functools import cache, partial
from math import isfinite
from typing import Any, Final, TypeAlias

from graphql import GraphQLEnumType, GraphQLFloat, GraphQLID, GraphQLString

from projections.store.columnar import Coded

Write: TypeAlias = Callable[[Any], Any]
"""Writes a value that is not None."""
WriteColumn: TypeAlias = Callable[[Sequence[Any]], Sequence[Any]]
"""Writes values; None stays None."""

TEXTS: Final = frozenset({GraphQLString.name, GraphQLID.name, "Markdown"})
"""The scalars whose values are texts, and are written as they are."""


def plain(type_: Any) -> type | None:
    """The Python type whose values are written as they are; None if all values are converted."""
    return str if type_.name in TEXTS else None


@cache
def writer(type_: Any) -> Write:
    """The function that writes a value of a scalar or enum; common values bypass the coercion of the type."""
    write: Write = type_.coerce_output_value
    if type_ is GraphQLFloat:
        return lambda value: value if type(value) is float and isfinite(value) else write(value)
    if isinstance(type_, GraphQLEnumType):
        return _enum(type_, write)
    return write


def _enum(type_: GraphQLEnumType, write: Write) -> Write:
    names = _names(type_)

    def written(value: Any) -> Any:
        name = names.get(id(value))
        return write(value) if name is None else name

    return written


def _names(type_: GraphQLEnumType) -> dict[int, str]:
    """The names of the members of an enum by identity: to compute the hash of one costs more than all other work on
    it. Enums of Python are known to strawberry; those of graphql-core have their members as values."""
    members = getattr(type_, "wrapped_cls", None) or [value.value for value in type_.values.values()]
    return {id(member): type_.coerce_output_value(member) for member in members}


# ── columns ──────────────────────────────────────────────────────────────────────────────────────


@cache
def column_writer(type_: Any) -> WriteColumn:
    """The function that writes a column of a scalar or enum as `writer` writes each value."""
    write = writer(type_)
    if plain(type_) is not None:
        return lambda column: list(column) if _TEXTS.issuperset(map(type, column)) else _each(write, column)
    if type_ is GraphQLFloat:
        return lambda column: list(column) if _are_finite(column) else _each(write, column)
    if isinstance(type_, GraphQLEnumType):
        return _enum_column(type_, write)
    return partial(_each, write)


def _each(write: Write, column: Sequence[Any]) -> list[Any]:
    return [None if one is None else write(one) for one in column]


def _are_finite(column: Sequence[Any]) -> bool:
    """Whether all of these are None or finite floats. It may be False if their sum is not finite."""
    return _FLOATS.issuperset(map(type, column)) and isfinite(sum(filter(None, column)))


_FLOATS: Final = frozenset({float, type(None)})
_TEXTS: Final = frozenset({str, type(None)})


def _enum_column(type_: GraphQLEnumType, write: Write) -> WriteColumn:
    names = _names(type_) | {id(None): None}

    def written(column: Sequence[Any]) -> Sequence[Any]:
        if type(column) is Coded:
            return column.mapped(written)
        try:
            return list(map(names.__getitem__, map(id, column)))
        except KeyError:
            return _each(write, column)

    return written
