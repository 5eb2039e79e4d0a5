"""The actor of a change: a person or machine token, and the route by which the command arrived."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import strawberry

from api.schema.primitives import enums
from api.schema.primitives.field import related, to_one
from api.schema.primitives.refs import PersonRef
from api.snapshot.dataloaders import found
from api.snapshot.snapshot import Batch, RowProxy, as_batch
from domain.primitives.personal_data import erased_handle
from domain.primitives.values import Kind
from projections.store.rows import By
from projections.tables import people


def _actor_person(by: By) -> UUID | None:
    kind, _, name = by.actor.partition(":")
    return UUID(name) if kind == "person" else None


def _actor_people(batch: Batch) -> Sequence[Any]:
    wanted = [_actor_person(by) for by in batch.rows]
    known = found(batch.view, Kind.PERSON, wanted)
    return [None if id is None else known.get(id) for id in wanted]


def _handles(batch: Batch) -> Sequence[str]:
    known = batch.view.by_id(people.people, [_actor_person(by) for by in batch.rows])
    return [_handle(by, known) for by in batch.rows]


def _handle(by: By, known: dict[UUID, people.PersonRow]) -> str:
    person = _actor_person(by)
    if person is None:
        return by.actor.partition(":")[2]
    row = known.get(person)
    return row.handle if row is not None and row.handle is not None else erased_handle(person)


@strawberry.type(description="The actor of a change: a person or a machine token, and the route of the command.")
class Actor(RowProxy):
    handle: str = related("The person's handle, or the machine token's name.", _handles)
    person: PersonRef | None = related(
        "The person; null for a machine token, or before the person was added.", _actor_people
    )
    source: enums.Source = strawberry.field(description="The route by which the command arrived.")
    on_behalf_of: PersonRef | None = to_one(
        Kind.PERSON, "on_behalf_of", "The original author that an import claims. The claim is not verified."
    )


def actors(batch: Batch, column: str) -> Sequence[Actor]:
    """The actor in a column of each row."""
    return as_batch(Actor, batch.view, [getattr(row, column) for row in batch.rows])


def actor(column: str, description: str) -> Any:
    """A field for the actor in a column of the row."""
    return related(description, actors, column)
