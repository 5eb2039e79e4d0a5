"""Loaders for the fields of events: from the event itself, or from its entity before or after it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from api.schema.connections.filters import NOTHING
from api.schema.history.change import before_after, schedules_around, state_before
from api.schema.metrics import kpi_formula
from api.schema.metrics.kpi_plan import KpiGoalChange, goal_change
from api.schema.types.measurements import VERSIONS
from api.schema.types.workspace import Calendar, ScoringPolicy
from api.snapshot.dataloaders import found, found_refs, or_none
from api.snapshot.snapshot import Batch, View
from domain.model.event import Event
from domain.model.kpi import KpiRedefined, KpiTargetsSet
from domain.primitives.goal_schedule import GoalSchedule
from domain.primitives.personal_data import ERASED, erased_handle
from domain.primitives.values import Kind
from projections.tables import cycle


class Source(NamedTuple):
    """Where a field is read: from an event of this class, or from its entity BEFORE or AFTER it."""

    event: type[Event]
    side: str
    name: str

    def read(self, batch: Batch) -> list[Any]:
        """The value for each of the siblings, None for events of another class."""
        if self.side == EVENT:
            return [getattr(row.event, self.name) if type(row.event) is self.event else None for row in batch.rows]
        return [
            getattr(getattr(around, self.side), self.name, None) if type(row.event) is self.event else None
            for row, around in zip(batch.rows, batch.all(before_after), strict=True)
        ]


EVENT, BEFORE, AFTER = "event", "before", "after"


def value(batch: Batch, source: Source) -> Sequence[Any]:
    return source.read(batch)


def node(batch: Batch, source: Source, kind: Kind) -> Sequence[Any]:
    """The node with an id; None if it does not exist at the view."""
    wanted = source.read(batch)
    known = found(batch.view, kind, wanted)
    return [known.get(id) for id in wanted]


def nodes(batch: Batch, source: Source, kind: Kind) -> Sequence[Any]:
    wanted = [ids or () for ids in source.read(batch)]
    known = found(batch.view, kind, [id for ids in wanted for id in ids])
    return [[known[id] for id in ids if id in known] for ids in wanted]


def ref(batch: Batch, source: Source) -> Sequence[Any]:
    """The node of a reference; None if it does not exist at the view."""
    wanted = source.read(batch)
    known = found_refs(batch.view, wanted)
    return [None if ref is None else known.get(ref) for ref in wanted]


def refs(batch: Batch, source: Source) -> Sequence[Any]:
    wanted = [refs or () for refs in source.read(batch)]
    known = found_refs(batch.view, [ref for refs in wanted for ref in refs])
    return [[known[ref] for ref in refs if ref in known] for refs in wanted]


# ── fields with a loader of their own ────────────────────────────────────────────────────────────


def formula(batch: Batch, source: Source) -> Sequence[Any]:
    """A KPI's formula with its inputs as nodes."""
    return kpi_formula.shown(batch.view, source.read(batch))


def name(batch: Batch, source: Source) -> Sequence[str]:
    """A person's name, as `Person.name` returns it."""
    return [ERASED if name is None else name for name in source.read(batch)]


def handle(batch: Batch, source: Source) -> Sequence[str]:
    """A person's handle, as `Person.handle` returns it."""
    known = zip(batch.rows, source.read(batch), strict=True)
    return [erased_handle(row.event.originator_id) if handle is None else handle for row, handle in known]


def policy(batch: Batch, source: Source) -> Sequence[ScoringPolicy | None]:
    """The scoring policy; the default before the first adoption."""
    rows = [getattr(around, source.side) or cycle.DEFAULT_POLICY for around in batch.all(before_after)]
    return [ScoringPolicy(row=row) if isinstance(row, cycle.PolicyRow) else None for row in rows]


def calendar(batch: Batch, source: Source) -> Sequence[Calendar | None]:
    """The calendar of the workspace; the default before the first one was set."""
    rows = [getattr(around, source.side) or cycle.DEFAULT_CALENDAR for around in batch.all(before_after)]
    return [Calendar(row=row) if isinstance(row, cycle.CalendarRow) else None for row in rows]


def measurement(batch: Batch, kind: Kind) -> Sequence[Any]:
    """The version of a check-in or reading that each event created or retracted."""
    shown_as, versions = VERSIONS[kind]
    view = batch.view
    known = view.read(versions, list({row.event.originator_id for row in batch.rows if row.event.KIND is kind}))
    rows = [_last(known.get(row.event.originator_id, ()), row.position) for row in batch.rows]
    return or_none(shown_as, view, rows)


def _last(versions: Sequence[Any], position: int) -> Any:
    return next((row for row in reversed(versions) if row.position <= position), None)


def target_changes(batch: Batch) -> Sequence[list[KpiGoalChange]]:
    """The days of the targets that each event set or removed, with the goal in force before and after it."""
    known = zip(batch.rows, batch.all(schedules_around), strict=True)
    return [
        [goal_change(day, before.on(day), after.on(day)) for day in row.event.days]
        if isinstance(row.event, KpiTargetsSet)
        else []
        for row, (before, after) in known
    ]


def begun_goals(batch: Batch) -> Sequence[KpiGoalChange | None]:
    """The goal that each redefinition began, on its first day; None if it began none."""
    known = zip(batch.rows, batch.all(schedules_around), strict=True)
    return [
        _begun(row.event, batch.view, *schedules) if isinstance(row.event, KpiRedefined) else None
        for row, schedules in known
    ]


def _begun(event: KpiRedefined, view: View, before: GoalSchedule, after: GoalSchedule) -> KpiGoalChange | None:
    day = event.goal_from or view.calendar.day_of(event.timestamp)
    return None if before == after else goal_change(day, before.on(day), after.on(day))


def own_node(batch: Batch, kind: Kind) -> Sequence[Any]:
    """The node of this kind that each event belongs to."""
    known = found(batch.view, kind, [row.event.originator_id for row in batch.rows if row.event.KIND is kind])
    return [known.get(row.event.originator_id) for row in batch.rows]


def previous(batch: Batch, name: str) -> Sequence[Any]:
    """A field of the key result's state before each check-in."""
    return [getattr(before, name) for before in batch.all(state_before)]


def days_before_close(batch: Batch) -> Sequence[int | None]:
    """The number of days from each event to its cycle's end, including its own day."""
    cycles = batch.view.by_id(cycle.cycles, [row.change.cycle for row in batch.rows])
    known = [(row, cycles.get(row.change.cycle or NOTHING)) for row in batch.rows]
    day_of = batch.view.calendar.day_of
    return [None if end is None else (end.ends_on - day_of(row.effective_at)).days + 1 for row, end in known]
