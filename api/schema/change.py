"""Events of the log told as changes: one concrete type for each kind of event, made from its class."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry

from api import ids
from api.loaders import found, found_refs
from api.schema.field import answered, related
from api.schema.node import Actor, Node, actor
from api.schema.refs import CycleRef
from api.schema.scalars import Position
from api.view import ById, Siblings, View, mixed
from domain.decision import KINDS
from domain.event import EVENTS, Event, Recorded
from domain.event_store import Log
from domain.values import Kind, Ref
from projections import conversation, goals, measures
from projections.key_result import KeyResultRow

_SUBJECTS: dict[Kind, tuple[ById[Any], Callable[[Any], Ref]]] = {
    Kind.CHECK_IN: (measures.check_ins, lambda row: Ref(Kind.KEY_RESULT, row.key_result)),
    Kind.READING: (measures.readings, lambda row: Ref(Kind.KPI, row.kpi)),
    Kind.COMMENT: (conversation.comments, lambda row: row.subject),
    Kind.REFLECTION: (conversation.reflections, lambda row: row.subject),
}
"""Kinds whose events are about something else: how their rows are read, and what they are about."""


def _subject_refs(siblings: Siblings) -> Sequence[Ref | None]:
    """What each of these events is about; None for the scoring policy, which is the workspace's."""
    streams: dict[Kind, list[UUID]] = {}
    for row in siblings.rows:
        streams.setdefault(row.event.KIND, []).append(row.event.originator_id)
    known = {kind: siblings.view.by_id(_SUBJECTS[kind][0], ids) for kind, ids in streams.items() if kind in _SUBJECTS}
    return [_subject_ref(row.event, known) for row in siblings.rows]


def _subject_ref(event: Event, known: dict[Kind, dict[UUID, Any]]) -> Ref | None:
    if event.KIND is Kind.POLICY:
        return None
    if event.KIND not in _SUBJECTS:
        return Ref(event.KIND, event.originator_id)
    row = known[event.KIND].get(event.originator_id)
    return None if row is None else _SUBJECTS[event.KIND][1](row)


def _subjects(siblings: Siblings) -> Sequence[Any]:
    refs = siblings.all(_subject_refs)
    things = found_refs(siblings.view, refs)
    return [None if ref is None else things.get(ref) for ref in refs]


def _cycles(siblings: Siblings) -> Sequence[Any]:
    """The cycle of what each of these events is about; of an initiative, that of what it is for."""
    goal_refs = [_goal_ref(thing) for thing in siblings.all(_subjects)]
    rows = {ref: thing.row for ref, thing in found_refs(siblings.view, goal_refs).items()}
    wanted = [None if ref is None else _cycle_id(ref, rows.get(ref)) for ref in goal_refs]
    things = found(siblings.view, Kind.CYCLE, wanted)
    return [None if id is None else things.get(id) for id in wanted]


def _goal_ref(thing: Any) -> Ref | None:
    if thing is None:
        return None
    subject: Ref = thing.row.subject if thing.KIND is Kind.INITIATIVE else Ref(thing.KIND, thing.row.id)
    return subject


def _cycle_id(ref: Ref, row: goals.ObjectiveRow | KeyResultRow | None) -> UUID | None:
    if ref.kind is Kind.CYCLE:
        return ref.id
    return row.cycle if row is not None and ref.kind in (Kind.OBJECTIVE, Kind.KEY_RESULT) else None


@strawberry.interface(
    description="One event of the log, told to a person. There is one concrete type for each kind of event."
)
class Change(Node):
    row: strawberry.Private[Recorded]

    position: Position = strawberry.field(description="Its place in the log.")
    recorded_at: datetime = strawberry.field(description="When the log learned it, by the database's clock.")
    effective_at: datetime = strawberry.field(description="Since when it was true in the world.")
    actor: Actor = actor("by", "Who said it.")
    subject: Node | None = related("What it is about; null for the workspace itself.", _subjects)
    cycle: CycleRef | None = related("The cycle it belongs to, if it belongs to one.", _cycles)

    @answered("Its global id; opaque.")
    def id(self) -> strawberry.ID:
        return strawberry.ID(ids.encode_change(self.row.position, self.siblings.view.id_end))

    @answered("Why, in the words of who said it.")
    def reason(self) -> str | None:
        return self.row.by.reason

    @answered("Whether it was recorded after its cycle had closed.")
    def late(self) -> bool:
        return bool(getattr(self.row.event, "late", False))


def _told(event: type[Event]) -> type[Change]:
    """The type that tells this kind of event."""
    words = event.TOPIC.replace("-", " ").capitalize()
    cls = type(event.__name__, (Change,), {"__module__": __name__})
    told: type[Change] = strawberry.type(cls, description=f"{words}.")
    return told


CHANGES: dict[type[Event], type[Change]] = {
    event: _told(event) for event in EVENTS.values() if event.KIND in {aggregate.KIND for aggregate in KINDS}
}
"""The type that tells each kind of event."""


def changes(view: View, recorded: Sequence[Recorded]) -> list[Change]:
    """These events, told at a view."""
    return mixed(view, recorded, lambda row: CHANGES[type(row.event)])


def changes_between(view: View, log: Log, first: int | None, last: int | None) -> list[Change]:
    """The events of these positions, both included, told at a view; none if there is no first."""
    if first is None or last is None:
        return []
    return changes(view, log.entries(first - 1, last - first + 1))
