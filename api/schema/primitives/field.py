"""Fields: each with a sentence, answered by a function or by a relation that is read for all siblings at once."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import strawberry

from api.snapshot.dataloaders import many, many_refs, one, one_ref, some
from domain.primitives.values import Kind

F = TypeVar("F", bound=Callable[..., Any])


def answered(description: str, name: str | None = None) -> Callable[[F], F]:
    """A field that a method answers."""
    field: Callable[[F], F] = strawberry.field(description=description, name=name)
    return field


def related(description: str, load: Callable[..., Sequence[Any]], *args: object, name: str | None = None) -> Any:
    """A field that answers what `load` finds for all siblings."""
    key = (load, *args)

    def resolve(self: Any) -> Any:
        batch = self.batch
        found = batch.known.get(key)
        if found is None:
            found = batch.known[key] = load(batch, *args)
        return found[self.place]

    return strawberry.field(resolver=resolve, description=description, name=name)


def to_one(kind: Kind, column: str, description: str, name: str | None = None) -> Any:
    """A field for the thing whose id stands in a column of the row."""
    return related(description, one, kind, column, name=name)


def to_ref(column: str, description: str, name: str | None = None) -> Any:
    """A field for the thing that a reference in a column of the row names."""
    return related(description, one_ref, column, name=name)


def to_some(kind: Kind, column: str, description: str) -> Any:
    """A field for the things whose ids stand in a column of the row."""
    return related(description, some, kind, column)


def to_many(kind: Kind, query: Callable[..., Any], description: str) -> Any:
    """A field for the things that a query of `projections` finds."""
    return related(description, many, kind, query)


def to_refs(query: Callable[..., Any], description: str) -> Any:
    """A field for the things of several kinds that a query of `projections` finds."""
    return related(description, many_refs, query)
