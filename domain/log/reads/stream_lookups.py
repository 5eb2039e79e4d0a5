"""Finds streams: their events, and the streams that belong to them, name them or measure them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from domain.log.reads.log_reader import LogReader
from domain.model.event import Event

OWNING = (
    "objective-drafted", "objective-assigned", "key-result-added", "key-result-assigned", "kpi-defined",
    "kpi-redefined", "initiative-planned", "initiative-edited", "team-formed", "team-lead-appointed",
)  # fmt: skip
"""The topics of events that name an owner or a lead; migration 0014 has an index of them."""
MOVES = {"key-result-added": "key-result-moved", "objective-drafted": "objective-moved"}
"""By the topic of first events: the topic of the events that move such a stream to another parent."""

_MEASURED = """
    select stream from log where belongs_to = %s and split_part(topic, '.', 1) = %s
    and effective_at between %s and %s
"""
_LATEST_FIRST = _MEASURED + " order by effective_at desc, position desc limit %s"
_OLDEST_FIRST = _MEASURED + " order by effective_at, position limit %s"
_CHILDREN = """lateral (
    select stream, position from log where belongs_to = p.id and split_part(topic, '.', 1) = %s
    union all
    select m.stream, (select f.position from log f where f.stream = m.stream and f.version = 1) from log m
    where split_part(m.topic, '.', 1) in ('key-result-moved', 'objective-moved') and moved_into(m.data) = p.id
        and split_part(m.topic, '.', 1) = %s
) c"""
"""The streams that ever belonged to a parent `p`, each with the position of its first event."""


class Children(msgspec.Struct, frozen=True):
    """The child streams of a stream, in the order of the log, up to a position."""

    ids: list[UUID]
    position: int


class StreamLookups(LogReader):
    """What command handlers ask a log for."""

    def streams(self, ids: Iterable[UUID]) -> dict[UUID, list[Event]]:
        """The events of each stream, in order; unknown streams are left out. One statement."""
        streams: dict[UUID, list[Event]] = {}
        query = """
            select topic, data, stream, version, effective_at from log
            where stream = any(%b::uuid[]) order by stream, version
        """
        for row in self._fetch(query, [list(ids)]):
            streams.setdefault(row[2], []).append(self.mapper.decode(*row))
        return streams

    def children(self, parent: UUID, topic: str) -> Children:
        """The streams that begin with an event of this topic and ever belonged to `parent`."""
        query = f"""
            select coalesce((select max(position) from log), 0),
                   array(select c.stream from unnest(array[%s::uuid]) as p (id) cross join {_CHILDREN}
                         group by c.stream order by min(c.position))
        """  # noqa: S608 - constants
        ((position, ids),) = self._fetch(query, [parent, *_topics(topic)])
        return Children(ids, position)

    def children_of(self, parents: Iterable[UUID], topic: str) -> dict[UUID, list[UUID]]:
        """The same for each of these parents, in one statement."""
        query = f"""
            select p.id, c.stream from unnest(%b::uuid[]) as p (id) cross join {_CHILDREN}
            group by p.id, c.stream order by p.id, min(c.position)
        """  # noqa: S608 - constants
        found: dict[UUID, list[UUID]] = {parent: [] for parent in parents}
        for parent, stream in self._fetch(query, [list(found), *_topics(topic)]):
            found[parent].append(stream)
        return found

    def supporting(self, goals: Iterable[UUID]) -> list[UUID]:
        """The streams of the objectives that were ever aligned to one of these goals, in the order of the log."""
        query = """
            select stream from log
            where split_part(topic, '.', 1) in ('objective-drafted', 'objective-aligned')
            and exists (select from unnest(%s::bytea[]) as named (id) where position(named.id in data) > 0)
            group by stream order by min(position)
        """
        return [stream for (stream,) in self._fetch(query, [[f'"id":"{goal}"'.encode() for goal in goals]])]

    def linked_to(self, kpi: UUID) -> list[UUID]:
        """The streams of the key results that were ever linked to a KPI, in the order of their ids."""
        query = """
            select distinct stream from log
            where split_part(topic, '.', 1) in ('key-result-added', 'key-result-linked')
            and position(%s::bytea in data) > 0 order by stream
        """
        return [stream for (stream,) in self._fetch(query, [f'"kpi":"{kpi}"'.encode()])]

    def kpis_naming(self, kpis: Iterable[UUID]) -> list[UUID]:
        """The streams of the KPIs whose definitions ever contained one of these ids, in the order of their ids."""
        query = """
            select distinct stream from log
            where split_part(topic, '.', 1) in ('kpi-defined', 'kpi-redefined')
            and exists (select from unnest(%s::bytea[]) as named (id) where position(named.id in data) > 0)
            order by stream
        """
        return [stream for (stream,) in self._fetch(query, [[f'"{kpi}"'.encode() for kpi in kpis]])]

    def owned_by(self, person: UUID) -> list[UUID]:
        """The streams whose events of `OWNING` ever named a person, in the order of the first of these events."""
        query = """
            select stream from log
            where split_part(topic, '.', 1) in (
                'objective-drafted', 'objective-assigned', 'key-result-added', 'key-result-assigned', 'kpi-defined',
                'kpi-redefined', 'initiative-planned', 'initiative-edited', 'team-formed', 'team-lead-appointed'
            )
            and position(%s::bytea in data) > 0 group by stream order by min(position)
        """
        return [stream for (stream,) in self._fetch(query, [f'"{person}"'.encode()])]

    def externally_named(self, system: str, external_id: str) -> list[UUID]:
        """The streams of the references that ever had this id of another system."""
        query = """
            select distinct stream from log
            where split_part(topic, '.', 1) = 'external-reference-set' and external_name(data) = array[%s, %s]::text[]
        """
        return [stream for (stream,) in self._fetch(query, [system, external_id])]

    def named_by(self, system: str) -> list[UUID]:
        """The streams of all references to another system."""
        query = """
            select distinct stream from log
            where split_part(topic, '.', 1) = 'external-reference-set' and (external_name(data))[1] = %s
        """
        return [stream for (stream,) in self._fetch(query, [system])]

    def all_externally_named(self, names: Sequence[tuple[str, str]]) -> dict[tuple[str, str], list[UUID]]:
        """The same for each of these systems and ids, in one statement."""
        query = """
            select distinct external_name(data), stream from log
            where split_part(topic, '.', 1) = 'external-reference-set'
            and external_name(data) in (
                select array[n.system, n.id] from unnest(%s::text[], %s::text[]) as n (system, id)
            )
        """
        found: dict[tuple[str, str], list[UUID]] = {name: [] for name in names}
        for (system, id), stream in self._fetch(query, [[one[0] for one in names], [one[1] for one in names]]):
            found[system, id].append(stream)
        return found

    def cycles(self) -> list[UUID]:
        """The streams of all cycles, in the order of the log."""
        query = "select stream from log where split_part(topic, '.', 1) = 'cycle-opened' order by position"
        return [stream for (stream,) in self._fetch(query)]

    def begun(self, topic: str) -> list[UUID]:
        """All streams that begin with an event of this topic, in the order of the log."""
        query = "select stream from log where split_part(topic, '.', 1) = %s and version = 1 order by position"
        return [stream for (stream,) in self._fetch(query, [topic])]

    def children_of_all(self, parents: Iterable[UUID], topic: str) -> list[UUID]:
        """The streams that belong to one of these and begin with an event of this topic, in the order of the log."""
        query = """
            select stream from log
            where belongs_to = any(%b::uuid[]) and split_part(topic, '.', 1) = %s and version = 1 order by position
        """
        return [stream for (stream,) in self._fetch(query, [list(parents), topic])]

    def measurements(
        self,
        parent: UUID,
        topic: str,
        *,
        since: datetime | None = None,
        upto: datetime | None = None,
        limit: int | None = None,
        oldest_first: bool = False,
    ) -> list[UUID]:
        """The streams that belong to `parent` and begin with an event of this topic that is effective from `since` to
        `upto`, both included. The latest first, by effective time, then position; or in the opposite order."""
        query = _OLDEST_FIRST if oldest_first else _LATEST_FIRST
        params = [parent, topic, since or "-infinity", upto or "infinity", limit]
        return [stream for (stream,) in self._fetch(query, params)]

    def measured_at(self, topic: str, instants: Sequence[tuple[UUID, datetime]]) -> list[tuple[UUID, datetime, UUID]]:
        """The streams that belong to a parent and begin with an event of this topic that is effective at an instant,
        each with both, the latest recorded first. One statement."""
        query = """
            select l.belongs_to, l.effective_at, l.stream
            from unnest(%s::uuid[], %s::timestamptz[]) as m (parent, at)
            cross join lateral (
                select belongs_to, effective_at, stream, position from log
                where belongs_to = m.parent and split_part(topic, '.', 1) = %s and effective_at = m.at
            ) l order by l.position desc
        """
        parents, moments = zip(*instants, strict=True)
        return [(parent, at, stream) for parent, at, stream in self._fetch(query, [[*parents], [*moments], topic])]


def _topics(first: str) -> tuple[str, str]:
    return first, MOVES.get(first, "")
