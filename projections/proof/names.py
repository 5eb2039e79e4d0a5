"""The names of what the events of an evidence file refer to, as they were at its checkpoint."""

from collections.abc import Iterable, Iterator
from typing import Any, Final
from uuid import UUID

import msgspec

from domain.model.event import AUTHORSHIP, Event, body_fields
from domain.primitives.values import Kind
from domain.proof.legend import Name
from projections.store.versioned_tables import Connection, fetch

KINDS: Final = (Kind.PERSON, Kind.TEAM, Kind.CYCLE, Kind.KPI, Kind.OBJECTIVE, Kind.KEY_RESULT)
"""What has a name, in the order of the legend: what the events of a file never name comes first."""
_NAMES: Final = """
    select distinct on (id) kind, id, name from (
        select 'Person' as kind, id, position, handle as name from person
        union all select 'Team', id, position, name from team
        union all select 'Cycle', id, position, name from cycle
        union all select 'Kpi', id, position, name from kpi
        union all select 'Objective', id, position, title from objective
        union all select 'KeyResult', id, position, title from key_result
    ) v where id = any(%(ids)b::uuid[]) and position <= %(size)s order by id, position desc
"""


class Mentions:
    """The ids that the events of a file refer to, collected while it is written. Actors, owners and goals are few, even
    if the events are many."""

    def __init__(self) -> None:
        self.ids: set[UUID] = set()

    def add(self, event: Event, metadata: bytes) -> None:
        """Add the ids of an event: its own, if its kind has names, and those in its body and authorship."""
        if event.KIND in KINDS:
            self.ids.add(event.originator_id)
        self.ids.update(_ids_in([getattr(event, field) for field in body_fields(type(event))]))
        by = AUTHORSHIP.decode(metadata)
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
    found = [Name(Kind(kind), id, name) for kind, id, name in fetch(conn, _NAMES, {"ids": list(ids), "size": size})]
    return sorted(found, key=lambda one: (KINDS.index(one.kind), one.id))
