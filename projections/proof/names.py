"""The names of what the events of an evidence file refer to, as they were at its checkpoint."""

from collections.abc import Iterable, Iterator
from typing import Any, Final
from uuid import UUID

import msgspec

from domain.model.event import Authorship, Event, body_fields
from domain.primitives.values import Kind
from domain.proof.legend import Name
from projections.store.versioned_tables import Connection, fetch

_COLUMNS: Final = {
    Kind.PERSON: "handle", Kind.TEAM: "name", Kind.CYCLE: "name", Kind.KPI: "name", Kind.OBJECTIVE: "title",
    Kind.KEY_RESULT: "title",
}  # fmt: skip
"""The column with the name, by kind, in the order of the legend: what the events of a file never name comes first."""
_TABLES: Final = {
    Kind.PERSON: "person", Kind.TEAM: "team", Kind.CYCLE: "cycle", Kind.KPI: "kpi", Kind.OBJECTIVE: "objective",
    Kind.KEY_RESULT: "key_result",
}  # fmt: skip
_PLACES: Final = {kind: place for place, kind in enumerate(_COLUMNS)}
_AUTHORSHIP: Final = msgspec.json.Decoder(Authorship)


class Mentions:
    """The ids that the events of a file refer to, collected while it is written. Actors, owners and goals are few, even
    if the events are many."""

    def __init__(self) -> None:
        self.ids: set[UUID] = set()

    def add(self, event: Event, metadata: bytes) -> None:
        """Add the ids of an event: its own, if its kind has names, and those in its body and authorship."""
        if event.KIND in _COLUMNS:
            self.ids.add(event.originator_id)
        self.ids.update(_ids_in([getattr(event, field) for field in body_fields(type(event))]))
        by = _AUTHORSHIP.decode(metadata)
        kind, _, id = by.actor.partition(":")
        self.ids.update(UUID(id) for _ in range(kind == "person"))
        self.ids.update(id for id in (by.on_behalf_of,) if id is not None)


def _ids_in(value: Any) -> Iterator[UUID]:
    if isinstance(value, UUID):
        yield value
    elif isinstance(value, msgspec.Struct):
        yield from _ids_in([getattr(value, field) for field in value.__struct_fields__])
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _ids_in(item)


def named(conn: Connection, ids: Iterable[UUID], size: int) -> list[Name]:
    """The names of these ids in the versions of the log's first `size` events; unknown ids are left out. In one order,
    so that equal evidence is equal bytes."""
    versions = " union all ".join(
        f"select id, position, '{kind}' as kind, {column} as name from {_TABLES[kind]}"
        for kind, column in _COLUMNS.items()
    )
    query = f"""
        select distinct on (id) kind, id, name from ({versions}) v
        where id = any(%(ids)b::uuid[]) and position <= %(size)s order by id, position desc
    """
    found = [Name(Kind(kind), id, name) for kind, id, name in fetch(conn, query, {"ids": list(ids), "size": size})]
    return sorted(found, key=lambda one: (_PLACES[one.kind], one.id))
