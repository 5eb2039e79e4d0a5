"""The items on KPIs and on cycles."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from api.schema.attention.framing import COARSER_INPUT, UNIT_OF_KPI, Frame
from domain.metrics.attention.items import AttentionKind, Item, first_active
from domain.primitives.values import CycleState, Kind, ObjectiveState, Ref
from projections.attention.owed import owed_readings
from projections.tables import kpi
from projections.tables.cycle import CycleRow
from projections.tables.kpi import KpiRow
from projections.tables.measurements import READINGS, kpis_with_changed_units
from projections.tables.objective import AnyObjective

# ── KPIs ─────────────────────────────────────────────────────────────────────────────────────────


def kpi_items(frame: Frame) -> Iterator[Item]:
    """Every item on the KPIs of the scope."""
    rows, view = frame.within.kpis, frame.view
    if not rows:
        return
    ids = [row.id for row in rows]
    for row, due in owed_readings(rows, view.read(READINGS.latest, ids), view.scoring, frame.calendar):
        if due.on <= frame.horizon.until:
            about, is_overdue = Ref(Kind.KPI, row.id), due.is_overdue(frame.at)
            person = frame.responsible(row)
            yield frame.dated(AttentionKind.READING_DUE, about, row.born, due.on, is_overdue=is_overdue, person=person)
    changed = view.read(kpis_with_changed_units, ids)
    inputs = view.by_id(kpi.kpis, {id for row in rows for id in row.inputs})
    for row in rows:
        if frame.has_left(row.owner):
            yield frame.problem(AttentionKind.OWNER_LEFT, row)
        if frame.is_disbanded(row.team):
            yield frame.problem(AttentionKind.TEAM_DISBANDED, row)
        if row.id in changed:
            yield _finding(frame, row, UNIT_OF_KPI)
        if any(inputs[id].cadence.days > row.cadence.days for id in row.inputs if id in inputs):
            yield _finding(frame, row, COARSER_INPUT)


def _finding(frame: Frame, row: KpiRow, rule: str) -> Item:
    return frame.finding(Ref(Kind.KPI, row.id), row.born, frame.responsible(row), rule)


# ── cycles ───────────────────────────────────────────────────────────────────────────────────────


def cycle_items(frame: Frame) -> Iterator[Item]:
    """Every item on the cycles of the scope."""
    active = Counter(goal.cycle for goal in _scored_by(frame) if goal.state is ObjectiveState.ACTIVE)
    for id in sorted(frame.within.cycles):
        row, until = frame.cycles[id], frame.horizon.until
        if row.state is CycleState.PLANNING and row.starts_on <= until:
            yield _on_day(frame, AttentionKind.PLAN_MISSING, row, row.starts_on)
        if row.state is CycleState.ACTIVE and active[id] and row.ends_on <= until:
            person = _who_scores(frame)
            yield _on_day(frame, AttentionKind.GOALS_UNSCORED, row, row.ends_on, person=person, goals=active[id])


def _on_day(frame: Frame, kind: AttentionKind, row: CycleRow, on: date, **of: Any) -> Item:
    is_overdue = frame.at >= frame.calendar.day_end(on)
    return frame.dated(kind, Ref(Kind.CYCLE, row.id), row.born, on, is_overdue=is_overdue, **of)


def _scored_by(frame: Frame) -> Sequence[AnyObjective]:
    """The objectives to close: of a person those on which the person should act."""
    goals, scope = frame.within.goals, frame.scope
    return [goal for goal in goals if scope.kind is not Kind.PERSON or frame.responsible(goal) == scope.id]


def _who_scores(frame: Frame) -> Any:
    """The person asked for, or the lead of the team asked for; None for a cycle, which has no lead."""
    scope = frame.scope
    return scope.id if scope.kind is Kind.PERSON else first_active((frame.lead(scope.id),), frame.left)
