"""The columns of tables: each field of a row class is one, stored by its annotation."""

import types
from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias, Union, get_args, get_origin
from uuid import UUID

import msgspec

Conversion: TypeAlias = Callable[[Any], Any]


class Column(NamedTuple):
    """A field of a row in the database: its SQL type, and the conversions of its value when written and read."""

    name: str
    type: str
    dump: Conversion | None = None
    load: Conversion | None = None


_PLAIN = {
    UUID: "uuid", str: "text", int: "bigint", float: "float8", bool: "boolean", date: "date", datetime: "timestamptz",
    bytes: "bytea",
}  # fmt: skip


def column_of(name: str, annotation: Any) -> Column:
    """The column of a field. Structs of the domain and tuples of them are stored as JSON bytes, enums as text."""
    if get_origin(annotation) in (Union, types.UnionType):
        (annotation,) = (part for part in get_args(annotation) if part is not type(None))
        return column_of(name, annotation)
    if get_origin(annotation) is tuple and get_args(annotation)[0] in _PLAIN:
        return Column(name, f"{_PLAIN[get_args(annotation)[0]]}[]", list, tuple)
    if annotation in _PLAIN:
        return Column(name, _PLAIN[annotation])
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return Column(name, "text", str.__str__, annotation._value2member_map_.__getitem__)
    return Column(name, "bytea", msgspec.json.encode, lru_cache(16_384)(msgspec.json.Decoder(annotation).decode))
