"""Registration of enums as GraphQL enums in which every value has a description."""

from collections.abc import Callable, Mapping
from enum import EnumMeta
from typing import Any, TypeVar

import strawberry

E = TypeVar("E", bound=EnumMeta)


def described(description: str, values: Mapping[str, str], name: str | None = None) -> Callable[[E], E]:
    """A decorator that registers an enum under its own or the given name, with a description of each value.

    Raises `TypeError` if a value has no description, or a description has no value.
    """

    def register(enum: E) -> E:
        strawberry.enum(enum, name=name, description=description)
        definition: Any = enum.__strawberry_definition__  # type: ignore[attr-defined]
        undescribed = {value.name for value in definition.values} ^ values.keys()
        if undescribed:
            raise TypeError(f"The enum {enum.__name__} needs one description per value; check {sorted(undescribed)}.")
        for value in definition.values:
            value.description = values[value.name]
        return enum

    return register
