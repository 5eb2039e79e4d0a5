"""Converts rows into the inputs of the formulas."""

from domain.metrics.formulas import Measurement
from domain.metrics.kpi_series import KpiFacts
from domain.metrics.progress import KeyResultFacts, ObjectiveFacts
from domain.primitives.values import Kind, ObjectiveState, Ref
from projections.history.key_result_standing import Standing
from projections.tables.cycle import CycleRow
from projections.tables.key_result import KeyResultRow
from projections.tables.kpi import KpiRow
from projections.tables.measurements import ReadingRow
from projections.tables.objective import ObjectiveRow


def of_key_result(
    row: KeyResultRow, standing: Standing, cycle: CycleRow, objective: ObjectiveRow | None
) -> KeyResultFacts:
    """The facts of a key result, from its row, its standing, its cycle and its objective."""
    return KeyResultFacts(
        row.id,
        row.title,
        row.position,
        row.metric,
        row.state,
        row.weight,
        row.due,
        row.created_at,
        cycle.starts_on,
        cycle.check_in_cadence,
        row.score,
        measured(row, standing),
        standing.last_measured_at,
        standing.confidence,
        objective is not None and objective.state is ObjectiveState.DROPPED,
    )


def of_objective(row: ObjectiveRow) -> ObjectiveFacts:
    """The facts of an objective."""
    return ObjectiveFacts(row.id, row.title, row.position, row.state, row.verdict)


def of_kpi(row: KpiRow, latest: ReadingRow | None) -> KpiFacts:
    """The facts of a KPI, from its row and its latest reading."""
    if latest is None:
        return KpiFacts(row.goal, row.cadence, row.retired)
    return KpiFacts(row.goal, row.cadence, row.retired, latest.value, latest.measured_at)


def measured(row: KeyResultRow, standing: Standing) -> Measurement | None:
    """The measurement that gives a key result its current value; None if there is none."""
    if standing.measurement is None or standing.measured_at is None or standing.position is None:
        return None
    node = Ref(Kind.CHECK_IN if row.kpi is None else Kind.READING, standing.measurement)
    return Measurement(standing.value, standing.reached, standing.measured_at, standing.position, node)
