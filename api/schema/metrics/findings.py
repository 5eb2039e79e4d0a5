"""Findings: the GraphQL types, and the inputs of the rules in `domain.findings`, read for all siblings."""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Annotated, Any, TypeAlias
from uuid import UUID

import strawberry

from api.schema.metrics.figures import explained_key_results
from api.schema.metrics.kpi_schedules import goals_today
from api.schema.metrics.progress import latest_readings, live_key_results
from api.schema.primitives import enums
from api.snapshot.dataloaders import many, of_each
from api.snapshot.snapshot import Batch, View
from domain.findings import findings
from domain.findings.key_result_rules import WrittenKeyResult
from domain.findings.kpi_rules import WrittenFormula, WrittenKpi
from domain.findings.objective_rules import WrittenObjective
from domain.findings.wording import folded
from domain.metrics.worked.kpi_formulas import Worked
from domain.primitives.calendar import INSTANT
from domain.primitives.values import Kind
from projections.figures.kpis import kpi_standing
from projections.figures.kpis.kpi_values import KpiValues, kpi_values
from projections.tables import alignment, cycle, kpi, objective, people
from projections.tables.key_result import KeyResultRow
from projections.tables.kpi import KpiRow
from projections.tables.measurements import key_results_with_changed_units, kpis_with_changed_units
from projections.tables.objective import ObjectiveFilter, ObjectiveRow


@strawberry.type(
    name="QualityFinding",
    description="A finding of a quality rule on a goal, KPI or alignment. Findings never block a command.",
)
class Finding:
    rule: str = strawberry.field(
        description=f"The stable name of the rule, one of: {', '.join(rule.name for rule in findings.RULES)}."
    )
    severity: enums.Severity = strawberry.field(description="The severity of the finding.")
    serves: enums.Smart = strawberry.field(description="The SMART criterion that the rule checks.")
    message: str = strawberry.field(description="The problem and how to fix it, in one sentence.")


@strawberry.type(name="QualityFindingCount", description="The number of findings of one quality rule.")
class FindingCount:
    rule: str = strawberry.field(description="The stable name of the rule.")
    severity: enums.Severity = strawberry.field(description="The severity of the rule.")
    count: int = strawberry.field(description="The number of findings; at least 1.")


# ── fields ───────────────────────────────────────────────────────────────────────────────────────

_Rules: TypeAlias = Annotated[
    list[str] | None,
    strawberry.argument(description="Only findings of these rules, by name (see `QualityFinding.rule`); null for all."),
]
_Severity: TypeAlias = Annotated[
    enums.Severity | None, strawberry.argument(description="Only findings of at least this severity; null for all.")
]


def findings_by(find: Callable[[Any], Sequence[Any]], description: str, deprecated: str | None = None) -> Any:
    """A field for the findings that `find` returns, filtered by its arguments. It raises `INVALID` for an unknown
    rule. `deprecated`: what to use instead."""

    def resolve(self: Any, rules: _Rules = None, severity: _Severity = None) -> list[Finding]:
        chosen: list[Any] = findings.selected(find(self), rules, severity)
        return chosen

    return strawberry.field(resolver=resolve, description=description, deprecation_reason=deprecated)


def finding_counts_by(find: Callable[[Any], Sequence[Any]], description: str) -> Any:
    """A field for the counts, per rule, of the findings that `find` returns, filtered by its arguments."""

    def resolve(self: Any, rules: _Rules = None, severity: _Severity = None) -> list[FindingCount]:
        counted: list[Any] = findings.counts(findings.selected(find(self), rules, severity))
        return counted

    return strawberry.field(resolver=resolve, description=description, name="findingCounts")


def of_each_object(load: Callable[[Batch], Sequence[list[Any]]]) -> Callable[[Any], list[Any]]:
    """The findings of an object, which `load` reads for all siblings."""
    return lambda self: self.each(load)


# ── findings of siblings ─────────────────────────────────────────────────────────────────────────


def in_objectives(batch: Batch) -> Sequence[list[Any]]:
    return [findings.objective_findings(one) for one in batch.all(written_objectives)]


def in_key_results(batch: Batch) -> Sequence[list[Any]]:
    return [findings.key_result_findings(one) for one in batch.all(_written_key_results)]


def in_kpis(batch: Batch) -> Sequence[list[Any]]:
    return [findings.kpi_findings(one) for one in batch.all(_written_kpis)]


def in_objectives_and_parts(batch: Batch) -> Sequence[list[Any]]:
    """The findings of each of these objectives and of its key results, without dropped ones."""
    parts = of_each(batch.all(live_key_results), in_key_results)
    return [[*own, *chain(*theirs)] for own, theirs in zip(batch.all(in_objectives), parts, strict=True)]


def in_cycles(batch: Batch) -> Sequence[list[Any]]:
    """The findings of all objectives and key results of each of these cycles."""
    groups = many(batch, Kind.OBJECTIVE, objective.objectives_of_cycles, ObjectiveFilter())
    return [[*chain(*each)] for each in of_each(groups, in_objectives_and_parts)]


# ── inputs of the rules ──────────────────────────────────────────────────────────────────────────


def written_objectives(batch: Batch) -> Sequence[WrittenObjective]:
    """The input of the rules for each of these objectives."""
    view = batch.view
    rows: Sequence[ObjectiveRow] = batch.rows
    ids = [row.id for row in rows]
    supports = view.read(alignment.supports_of_objectives, ids)
    dropped = view.read(alignment.dropped_supports_of_objectives, ids)
    per_owner, per_title = _open_objectives(batch)
    teams = view.by_id(people.teams, [row.team for row in rows])
    left = _left(view, rows)
    return [
        WrittenObjective(
            title=row.title,
            state=row.state,
            policy=view.scoring,
            owner=row.owner,
            key_results=len(group),
            owner_objectives=per_owner[row.cycle, row.owner],
            company_level=row.team not in teams or teams[row.team].parent is None,
            supports=len(supports.get(row.id, ())),
            supports_dropped=dropped.get(row.id, 0),
            same_titles=max(per_title[row.cycle, row.team, folded(row.title)] - 1, 0),
            owner_left=row.owner in left,
            team_disbanded=row.team in teams and teams[row.team].disbanded,
        )
        for row, group in zip(rows, batch.all(live_key_results), strict=True)
    ]


def _open_objectives(batch: Batch) -> tuple[Counter[Any], Counter[Any]]:
    """The numbers of draft and active objectives: by cycle and owner, and by cycle, team and title."""
    found = batch.view.read(objective.open_objectives, list({row.cycle for row in batch.rows}))
    return (
        Counter((one.cycle, one.owner) for one in found),
        Counter((one.cycle, one.team, folded(one.title)) for one in found),
    )


def _left(view: View, rows: Sequence[Any]) -> frozenset[UUID]:
    """The owners of these rows who are deactivated."""
    owners = view.by_id(people.people, [row.owner for row in rows])
    return frozenset(id for id, person in owners.items() if not person.active)


def _written_key_results(batch: Batch) -> Sequence[WrittenKeyResult]:
    view = batch.view
    rows: Sequence[KeyResultRow] = batch.rows
    cycles = view.by_id(cycle.cycles, [row.cycle for row in rows])
    changed = view.read(key_results_with_changed_units, [row.id for row in rows])
    left = _left(view, rows)
    return [
        WrittenKeyResult(
            title=row.title,
            state=row.state,
            metric=row.metric,
            due=row.due,
            cycle_start=cycles[row.cycle].starts_on,
            cycle_end=cycles[row.cycle].ends_on,
            begins_at=part.of.begins_at,
            due_at=part.of.due_at,
            cadence=part.of.cadence,
            at=view.basis.at,
            health=part.health,
            last_measured_at=part.of.last_measured_at,
            value=None if part.of.latest is None else part.of.latest.value,
            owner_left=row.owner in left,
            unit_changed=row.id in changed,
            plan=row.plan,
            plan_ended=row.plan_ended,
        )
        for row, part in zip(rows, batch.all(explained_key_results), strict=True)
    ]


def _written_kpis(batch: Batch) -> Sequence[WrittenKpi]:
    view = batch.view
    rows: Sequence[KpiRow] = batch.rows
    latest = batch.all(latest_readings)
    teams = view.by_id(people.teams, [row.team for row in rows])
    per_owner = view.read(kpi.kpis_per_owner, list({row.owner for row in rows if row.owner is not None}))
    changed = view.read(kpis_with_changed_units, [row.id for row in rows])
    left = _left(view, rows)
    written = _written_formulas(view, [row for row in rows if row.formula is not None])
    return [
        WrittenKpi(
            retired=row.retired,
            has_goal=goal is not None,
            owner=row.owner,
            cadence=row.cadence,
            defined_at=row.created_at,
            at=view.basis.at,
            policy=view.scoring,
            latest_at=latest[row.id].measured_at if row.id in latest else None,
            owner_left=row.owner in left,
            team_disbanded=row.team in teams and teams[row.team].disbanded,
            owner_kpis=0 if row.owner is None else per_owner.get(row.owner, 0),
            unit_changed=row.id in changed,
            formula=written.get(row.id),
        )
        for row, goal in zip(rows, batch.all(goals_today), strict=True)
    ]


def _written_formulas(view: View, rows: Sequence[KpiRow]) -> dict[UUID, WrittenFormula]:
    """The formulas of these KPIs, each with its latest complete period and what is wrong with its inputs."""
    if not rows:
        return {}
    values = view.read(kpi_values, [row.id for row in rows])
    worked = kpi_standing.worked(values, rows, view.basis, view.calendar)
    return {row.id: _written_formula(view, row, values, worked[row.id].last_complete()) for row in rows}


def _written_formula(view: View, row: KpiRow, values: KpiValues, period: Worked) -> WrittenFormula:
    inputs = [values.versions[id][-1] for id in row.inputs]
    unread = {part.worked.kpi for part in period.parts if part.worked.gap is not None}
    return WrittenFormula(
        last_day=view.calendar.day_of(period.bucket[1] - INSTANT),
        gap=period.gap,
        unread=tuple(one.key for one in inputs if one.id in unread),
        coarser=tuple(one.key for one in inputs if one.cadence.days > row.cadence.days),
        retired=tuple(one.key for one in inputs if one.retired),
    )
