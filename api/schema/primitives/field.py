"""Field constructors: fields resolved by a method, and relations that are read for all siblings at once."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import strawberry

from api.snapshot.batch_fields import BATCH_FIELDS, NARROWED_FIELDS, BatchField
from api.snapshot.dataloaders import many, many_refs, one, one_ref, some
from api.snapshot.snapshot import Columns
from domain.primitives.values import Kind

F = TypeVar("F", bound=Callable[..., Any])


def resolved(
    description: str,
    name: str | None = None,
    deprecated: str | None = None,
    batch: BatchField | None = None,
    narrowed: Callable[[Any, Columns], Any] | None = None,
    directives: Sequence[object] = (),
) -> Callable[[F], F]:
    """A decorator: a field that the method resolves. `deprecated`: what to use instead. `batch`: how the same is read
    for a whole batch; `narrowed`: how it is read if the answer shows only some columns of its rows."""
    field: Callable[[F], F] = strawberry.field(
        description=description, name=name, deprecation_reason=deprecated, directives=directives
    )

    def registered(method: F) -> F:
        if batch is not None:
            BATCH_FIELDS[method] = batch
        if narrowed is not None:
            NARROWED_FIELDS[method] = narrowed
        return field(method)

    return registered


def related(
    description: str,
    load: Callable[..., Sequence[Any]],
    *args: object,
    name: str | None = None,
    deprecated: str | None = None,
    needs: Columns = None,
) -> Any:
    """A field whose value `load` reads for all siblings at once, from the columns `needs` of their rows. `deprecated`:
    what to use instead."""
    key = (load, *args)

    def resolve(self: Any) -> Any:
        batch = self.batch
        found = batch.known.get(key)
        if found is None:
            found = batch.known[key] = load(batch, *args)
        return found[self.place]

    BATCH_FIELDS[resolve] = BatchField(lambda _, batch: batch.all(load, *args), needs)
    return strawberry.field(resolver=resolve, description=description, name=name, deprecation_reason=deprecated)


def to_one(kind: Kind, column: str, description: str, name: str | None = None) -> Any:
    """A field for the entity whose id is in a column of the row."""
    return related(description, one, kind, column, name=name, needs=frozenset([column]))


def to_ref(column: str, description: str, name: str | None = None) -> Any:
    """A field for the entity that a reference in a column of the row names."""
    return related(description, one_ref, column, name=name, needs=frozenset([column]))


def to_some(kind: Kind, column: str, description: str) -> Any:
    """A field for the entities whose ids are in a column of the row."""
    return related(description, some, kind, column, needs=frozenset([column]))


def to_many(kind: Kind, query: Callable[..., Any], description: str, deprecated: str | None = None) -> Any:
    """A field for the entities that a query of `projections` finds. `deprecated`: what to use instead."""
    return related(description, many, kind, query, deprecated=deprecated)


def to_refs(query: Callable[..., Any], description: str) -> Any:
    """A field for the entities of several kinds that a query of `projections` finds."""
    return related(description, many_refs, query, needs=frozenset(["id"]))
