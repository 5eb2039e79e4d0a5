"""The `Change` interface: the fields that all events of the log share. The concrete types are in `event_types`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import strawberry

from api.schema.connections import change_lists as listed
from api.schema.connections.change_lists import EventChange
from api.schema.history.field_changes import FieldChange, shown
from api.schema.primitives import enums
from api.schema.primitives.actor import Actor, actor
from api.schema.primitives.field import related, resolved, to_one
from api.schema.primitives.node import Node
from api.schema.primitives.refs import CycleRef, ObjectiveRef
from api.schema.primitives.scalars import Position
from api.snapshot import global_ids
from api.snapshot.dataloaders import found, found_refs, in_groups
from api.snapshot.snapshot import Batch, RowProxy, View
from domain.model.event import Recorded
from domain.model.kpi import KpiRedefined, KpiTargetsSet
from domain.model.measurements.check_in import KeyResultCheckedIn
from domain.model.objective import ObjectiveAligned, ObjectiveDrafted, ObjectiveUnaligned
from domain.model.people import TeamJoined, TeamLeft
from domain.primitives.goal_schedule import GoalSchedule
from domain.primitives.values import Kind, Ref
from projections.figures.kpis.kpi_standing import goal_schedule
from projections.history import effects, field_changes
from projections.history.effects import StateBefore
from projections.history.field_changes import Around, Field
from projections.tables import changes as changed
from projections.tables import kpi

# ── subject ──────────────────────────────────────────────────────────────────────────────────────


def subject(row: EventChange) -> Ref:
    """The subject of a change: the key result of a check-in, the KPI of a reading, the commented entity."""
    change, kind = row.change, row.event.KIND
    if kind is Kind.CHECK_IN and change.key_result is not None:
        return Ref(Kind.KEY_RESULT, change.key_result)
    if kind is Kind.READING and change.kpi is not None:
        return Ref(Kind.KPI, change.kpi)
    return change.subject


def _subjects(batch: Batch) -> Sequence[Any]:
    refs = [subject(row) for row in batch.rows]
    nodes = found_refs(batch.view, refs)
    return [nodes.get(ref) for ref in refs]


def _cycles(batch: Batch) -> Sequence[Any]:
    wanted = [row.change.cycle for row in batch.rows]
    cycles = found(batch.view, Kind.CYCLE, wanted)
    return [cycles.get(id) for id in wanted]


def backdated(batch: Batch) -> Sequence[bool]:
    """Whether each of these changes is backdated."""
    found = batch.view.reads.read(changed.backdated, [row.change for row in batch.rows], batch.view.calendar)
    return [row.position in found for row in batch.rows]


# ── changed fields ───────────────────────────────────────────────────────────────────────────────


def before_after(batch: Batch) -> Sequence[Around]:
    """The entity of each event, before and after it: one statement per kind of entity. A new measurement has neither:
    it is all in its event."""
    events: dict[Kind, list[tuple[Any, int]]] = {}
    for row in batch.rows:
        if not isinstance(row.event, field_changes.MEASURED):
            events.setdefault(row.event.KIND, []).append((row.event.originator_id, row.position))
    known = {kind: batch.view.reads.read(field_changes.around, kind, each) for kind, each in events.items()}
    return [known.get(row.event.KIND, {}).get(row.position, Around()) for row in batch.rows]


def state_before(batch: Batch) -> Sequence[StateBefore]:
    """The state of the key result before each of these check-ins; empty for other changes."""
    rows = [row.change for row in batch.rows if isinstance(row.event, KeyResultCheckedIn)]
    known = batch.view.reads.read(effects.states_before, rows) if rows else {}
    return [known.get(row.position, StateBefore()) for row in batch.rows]


def schedules_around(batch: Batch) -> Sequence[tuple[GoalSchedule, GoalSchedule]]:
    """The goal schedule of the KPI before and after each change of its goals or targets; empty ones for other changes.
    One statement for all of them."""
    view = batch.view
    ids = {row.event.originator_id for row in batch.rows if isinstance(row.event, _SCHEDULING)}
    versions = view.read(kpi.kpi_versions, list(ids)) if ids else {}
    known = [(row.position, versions.get(row.event.originator_id, ())) for row in batch.rows]
    return [
        (
            goal_schedule([one for one in of_kpi if one.position < position], view.calendar),
            goal_schedule([one for one in of_kpi if one.position <= position], view.calendar),
        )
        for position, of_kpi in known
    ]


_SCHEDULING = (KpiRedefined, KpiTargetsSet)


def changed_fields(batch: Batch) -> list[list[Field]]:
    """The changed fields of each of these changes, which are `EventChange`s."""
    parts = zip(batch.rows, batch.all(before_after), batch.all(state_before), batch.all(schedules_around), strict=True)
    return [_differences(*part) for part in parts]


def _fields(batch: Batch) -> Sequence[list[FieldChange]]:
    return shown(batch.view, changed_fields(batch))


def _differences(
    row: EventChange, around: Around, before: StateBefore, schedules: tuple[GoalSchedule, GoalSchedule]
) -> list[Field]:
    """The differences between the two versions, and the items added to or removed from lists outside them."""
    event = row.event
    if isinstance(event, field_changes.MEASURED):
        was, given = field_changes.field_values(before), field_changes.measured_values(event)
        return [field for name in given for field in _measured_fields(name, was.get(name), given[name])]
    found = field_changes.differences(
        field_changes.field_values(around.before), field_changes.field_values(around.after)
    )
    match event:
        case ObjectiveDrafted():
            found += [Field("supports", None, ref) for ref in event.supports]
        case ObjectiveAligned():
            found.append(Field("supports", None, event.to))
        case ObjectiveUnaligned():
            found.append(Field("supports", event.to, None))
        case TeamJoined():
            found.append(Field("members", None, Ref(Kind.PERSON, event.person)))
        case TeamLeft():
            found.append(Field("members", Ref(Kind.PERSON, event.person), None))
        case KpiRedefined() | KpiTargetsSet():
            found += field_changes.differences(*map(field_changes.target_fields, schedules))
    return found


def _measured_fields(name: str, before: Any, after: Any) -> list[Field]:
    """A field of a measurement, changed or not; of the reached milestones only the differences."""
    if isinstance(after, tuple):
        return field_changes.differences({name: before or ()}, {name: after})
    return [Field(name, before, after)]


# ── effects ──────────────────────────────────────────────────────────────────────────────────────


@strawberry.type(
    description="The effect of a change on an objective: its progress right before and right after, both as known at "
    "the position of the change."
)
class Effect(RowProxy):
    objective: ObjectiveRef = to_one(Kind.OBJECTIVE, "objective", "The affected objective.")
    before: float | None = strawberry.field(description="The progress right before; null if it had none.")
    after: float | None = strawberry.field(description="The progress right after; null if it has none.")
    cause: enums.Cause = strawberry.field(description="The cause of the difference.")


def _effects(batch: Batch) -> Sequence[list[Effect]]:
    """The effects of each change on the objectives that exist at this view."""
    view = batch.view
    known = view.reads.read(effects.effects, [row.change for row in batch.rows])
    parts = [known.get(row.position, []) for row in batch.rows]
    there = found(view, Kind.OBJECTIVE, [effect.objective for part in parts for effect in part])
    kept = [[effect for effect in part if effect.objective in there] for part in parts]
    return in_groups(Effect, view, kept)


def _effect(batch: Batch) -> Sequence[Effect | None]:
    return [all_of[0] if len(all_of) == 1 else None for all_of in batch.all(_effects)]


# ── the interface ────────────────────────────────────────────────────────────────────────────────


@strawberry.interface(
    description="An event of the log. Each kind of event has its own type. Fields of the same name have the same type "
    "in all of them, so one query can select the fields of every kind."
)
class Change(Node):
    row: strawberry.Private[EventChange]

    position: Position = strawberry.field(description="The log position of the event.")
    recorded_at: datetime = strawberry.field(description="When it was recorded in the log, by the database's clock.")
    effective_at: datetime = strawberry.field(description="The effective time: when it became true in the world.")
    claimed_at: datetime | None = strawberry.field(
        description="When an import claims that a measurement was reported, or its correction or retraction; null if "
        "that is the effective time, and for other changes. The claim is not verified."
    )
    actor: Actor = actor("by", "The actor who caused it.")
    late: bool = strawberry.field(
        description="Whether it was recorded after its cycle had closed, or "
        "for a reading, after that of a key result in whose window it was measured."
    )
    backdated: bool = related(
        "Whether it was recorded more than a cadence after its effective time: the cadence of its KPI as of this "
        "change, or of its cycle, else a week. For an import `claimedAt` is compared instead of `recordedAt`. Also "
        "whether a goal or target of a KPI begins on a day before the recording, and so judges periods again.",
        backdated,
    )
    subject: Node | None = related(
        "The subject of the change: the key result of a check-in, the KPI of a reading, the commented entity; null for "
        "the workspace itself.",
        _subjects,
    )
    cycle: CycleRef | None = related("The cycle it belongs to; null if it belongs to none.", _cycles)
    fields: list[FieldChange] = related(
        "The changed fields with their values before and after. A check-in lists all its fields, with the values known "
        "for that moment before. Data of an erased person is left out.",
        _fields,
    )
    effect: Effect | None = related(
        "The effect on the progress of its objective. Null if it affects no objective or several; `effects` lists all.",
        _effect,
    )
    effects: list[Effect] = related(
        "The effects on the progress of all affected objectives. A reading affects each objective that has a key "
        "result measured by its KPI at that position.",
        _effects,
    )

    @resolved("The global id; opaque.")
    def id(self) -> strawberry.ID:
        return strawberry.ID(global_ids.encode_change(self.row.position, self.batch.view.id_end))

    @resolved("The reason that the actor gave; null without one.")
    def reason(self) -> str | None:
        reason: str | None = self.row.by.reason
        return reason


def changes(view: View, recorded: Sequence[Recorded]) -> list[Change]:
    """The changes of these events at a view, without events that the view does not include."""
    return listed.at_positions(view, [event.position for event in recorded])


def changes_between(view: View, first: int | None, last: int | None) -> list[Change]:
    """The changes from the first to the last position, inclusive, at a view; empty if either is None."""
    if first is None or last is None:
        return []
    return listed.at_positions(view, range(first, last + 1))
