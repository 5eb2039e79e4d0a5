"""Converts rows into the inputs of the formulas."""

from collections.abc import Iterable

from domain.metrics.plan_curve import Planned
from domain.metrics.progress import KeyResultFacts, PersonalScore
from domain.metrics.wholes import CycleFacts, ObjectiveFacts
from domain.primitives.calendar import Calendar
from domain.primitives.values import Cadence, CycleState, KeyResultState, ObjectiveState, PlanPoint
from projections.figures.standing import Standing
from projections.figures.window import Window
from projections.tables.cycle import CycleRow
from projections.tables.key_result import KeyResultRow
from projections.tables.kpi import KpiRow
from projections.tables.objective import AnyObjective


def of_key_result(
    row: KeyResultRow,
    standing: Standing,
    window: Window,
    cycle: CycleRow,
    objective: AnyObjective,
    kpi: KpiRow | None,
) -> KeyResultFacts:
    """The facts of a key result, from its row, its standing, its window, its cycle, its objective and linked KPI."""
    return KeyResultFacts(
        row.id,
        row.title,
        row.position,
        row.metric,
        objective.kind,
        row.weight,
        window.begins_at,
        window.calendar.day_end(row.due),
        _cadence(cycle, kpi),
        row.state is KeyResultState.DROPPED or objective.state is ObjectiveState.DROPPED,
        objective.state is ObjectiveState.DRAFT or cycle.state is CycleState.PLANNING,
        None if window.ended is None else window.ended.at,
        row.score,
        personal_score(row, objective),
        standing.baseline,
        standing.latest,
        standing.last_measured_at,
        standing.confidence,
        curve(row.plan, window.calendar) if row.plan else (),
    )


def curve(plan: Iterable[PlanPoint], calendar: Calendar) -> tuple[Planned, ...]:
    """The plan of a key result in moments, the ends of its days; empty for the straight line."""
    return tuple(Planned(calendar.day_end(point.on), point.value) for point in plan)


def _cadence(cycle: CycleRow, kpi: KpiRow | None) -> Cadence:
    """The longer one."""
    own = cycle.check_in_cadence
    return own if kpi is None or kpi.cadence.days <= own.days else kpi.cadence


def personal_score(row: KeyResultRow, objective: AnyObjective) -> PersonalScore | None:
    """The score, unless the command that closed the objective recorded it."""
    if row.score is None or row.scored_position is None:
        return None
    is_of_closing = objective.closed_in is not None and row.scored_in == objective.closed_in
    return None if is_of_closing else PersonalScore(row.score, row.scored_position)


def of_objective(row: AnyObjective) -> ObjectiveFacts:
    """The facts of an objective."""
    return ObjectiveFacts(row.id, row.title, row.position, row.state, row.verdict, row.score)


def of_cycle(row: CycleRow) -> CycleFacts:
    """The facts of a cycle."""
    days = (row.ends_on - row.starts_on).days + 1
    is_closed, is_abandoned = row.state is CycleState.CLOSED, row.state is CycleState.ABANDONED
    return CycleFacts(row.id, row.name, row.position, days, is_closed, is_abandoned)
