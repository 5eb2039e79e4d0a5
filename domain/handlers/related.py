"""The aggregates that belong to another one or refer to it, read through the unit of work.

Each read is a precondition: an aggregate that comes to belong or refer to it before the append is a conflict.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from domain.handlers.unit_of_work import UnitOfWork
from domain.log.append import NoNewer
from domain.log.reads.stream_lookups import MOVES, OWNING
from domain.model.event import WHEN_RECORDED, Aggregate, Event, replay
from domain.model.key_result import KeyResult, KeyResultAdded, KeyResultLinked
from domain.model.kpi import Kpi, KpiDefined, KpiRedefined
from domain.model.objective import Objective, ObjectiveAligned, ObjectiveDrafted

A = TypeVar("A", bound=Aggregate)


def children(uow: UnitOfWork, kind: type[A], first: type[Event], parent: UUID) -> list[A]:
    """All present children of a kind, read once. A new child before the append is a conflict."""
    return _at_home(ever_children(uow, kind, first, parent), parent)


def ever_children(uow: UnitOfWork, kind: type[A], first: type[Event], parent: UUID) -> list[A]:
    """The same with those that were moved away."""
    ids = uow.children_read.get((parent, first.TOPIC))
    if ids is None:
        found = uow.log.children(parent, first.TOPIC)
        _refuse_children(uow, parent, first, found.position)
        ids = uow.children_read[parent, first.TOPIC] = found.ids
    return uow.get_all(kind, ids)


def _refuse_children(uow: UnitOfWork, parent: UUID, first: type[Event], position: int) -> None:
    """A new child after a position is a conflict, and so is any move of such a child."""
    uow.no_newer.append(NoNewer(belongs_to=parent, topic=first.TOPIC, position=position))
    if first.TOPIC in MOVES:
        uow.no_newer.append(NoNewer(belongs_to=None, topic=MOVES[first.TOPIC], position=position))


def children_of(uow: UnitOfWork, kind: type[A], first: type[Event], parents: Sequence[UUID]) -> dict[UUID, list[A]]:
    """The same for each of these parents, in two statements."""
    unknown = [parent for parent in parents if (parent, first.TOPIC) not in uow.children_read]
    position = uow.head.position
    for parent, ids in uow.log.children_of(unknown, first.TOPIC).items():
        _refuse_children(uow, parent, first, position)
        uow.children_read[parent, first.TOPIC] = ids
    uow.load(id for parent in parents for id in uow.children_read[parent, first.TOPIC])
    return {parent: children(uow, kind, first, parent) for parent in parents}


def linked_to(uow: UnitOfWork, kpi: UUID) -> list[KeyResult]:
    """The key results that are linked to a KPI. Any new key result or link before the append is a conflict."""
    for event in (KeyResultAdded, KeyResultLinked):
        uow.refuse_newer(event.TOPIC)
    return [one for one in uow.get_all(KeyResult, uow.log.linked_to(kpi)) if one.kpi == kpi]


def worked_out_from(uow: UnitOfWork, kpis: Collection[UUID]) -> list[Kpi]:
    """The KPIs whose definitions ever named one of these. Any new definition before the append is a conflict."""
    for event in (KpiDefined, KpiRedefined):
        uow.refuse_newer(event.TOPIC)
    return uow.get_all(Kpi, uow.log.kpis_naming(kpis))


def supporters(uow: UnitOfWork, goals: Sequence[UUID]) -> dict[UUID, list[Objective]]:
    """By goal: the objectives that support it, directly. Any new alignment before the append is a conflict."""
    for event in (ObjectiveDrafted, ObjectiveAligned):
        uow.refuse_newer(event.TOPIC)
    found: dict[UUID, list[Objective]] = {goal: [] for goal in goals}
    for one in uow.get_all(Objective, uow.log.supporting(goals)):
        for target in one.supports:
            if target.id in found:
                found[target.id].append(one)
    return found


def owned_by(uow: UnitOfWork, person: UUID) -> list[Aggregate]:
    """The goals, KPIs, initiatives and teams whose owner or lead this person ever was, in the order of the first
    assignment. Any new owner or lead before the append is a conflict."""
    for topic in OWNING:
        uow.refuse_newer(topic)
    ids = uow.log.owned_by(person)
    uow.load(ids)
    return [one for one in map(uow.known, ids) if one is not None]


def kpis_below(uow: UnitOfWork, kpis: Iterable[UUID], since: datetime) -> dict[UUID, tuple[UUID, ...]]:
    """These KPIs and those that they are worked out from since a moment, directly or not, each with its own inputs.
    One read a level."""
    found: dict[UUID, tuple[UUID, ...]] = {}
    level = list(dict.fromkeys(kpis))
    while level:
        found |= {one.id: one.inputs_since(since) for one in uow.get_all(Kpi, level)}
        level = list(dict.fromkeys(id for above in level for id in found[above] if id not in found))
    return found


def children_as_of(uow: UnitOfWork, kind: type[A], first: type[Event], parent: UUID, at: datetime) -> list[A]:
    """All children of a kind that exist and belong to the parent at a moment, in their state at that moment."""
    return _at_home(all_as_of(uow, ever_children(uow, kind, first, parent), at), parent)


def all_as_of(uow: UnitOfWork, aggregates: Sequence[A], at: datetime) -> list[A]:
    """The aggregates that exist at a moment, in their state at that moment. Only for structure, whose effective
    times never decrease within a stream."""
    if at is WHEN_RECORDED:
        return list(aggregates)
    changed = [one.id for one in aggregates if one.created_at <= at < one.changed_at]
    streams = uow.log.streams(changed) if changed else {}
    then = {id: replay(event for event in events if event.timestamp <= at) for id, events in streams.items()}
    return [then.get(one.id, one) for one in aggregates if one.created_at <= at]


def _at_home(aggregates: Sequence[A], parent: UUID) -> list[A]:
    return [one for one in aggregates if one.home in (None, parent)]
