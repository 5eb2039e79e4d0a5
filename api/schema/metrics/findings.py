"""Findings: the GraphQL type, and the inputs of the rules in `domain.metrics.findings`, read for all siblings."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import strawberry

from api.schema.metrics.figures import standings
from api.schema.metrics.progress import latest_readings, live_key_results
from api.schema.primitives import enums
from api.snapshot.snapshot import Batch
from domain.metrics import findings
from domain.metrics.findings import WrittenKeyResult, WrittenKpi, WrittenObjective
from domain.primitives.calendar import day_start
from projections.tables import alignment, cycle, objective, people
from projections.tables.objective import ObjectiveRow


@strawberry.type(
    name="QualityFinding",
    description="A finding of a quality rule on a goal, KPI or alignment. Findings never block a command.",
)
class Finding:
    rule: str = strawberry.field(description="The stable name of the rule.")
    severity: enums.Severity = strawberry.field(description="The severity of the finding.")
    message: str = strawberry.field(description="The problem and how to fix it, in one sentence.")


def in_objectives(batch: Batch) -> Sequence[list[Any]]:
    return [findings.objective_findings(one) for one in batch.all(written_objectives)]


def in_key_results(batch: Batch) -> Sequence[list[Any]]:
    view = batch.view
    cycles = view.by_id(cycle.cycles, [row.cycle for row in batch.rows])
    return [
        findings.key_result_findings(
            WrittenKeyResult(
                title=row.title,
                state=row.state,
                metric=row.metric,
                due=row.due,
                cycle_start=cycles[row.cycle].starts_on,
                cycle_end=cycles[row.cycle].ends_on,
                begins_at=max(row.created_at, day_start(cycles[row.cycle].starts_on)),
                cadence=cycles[row.cycle].check_in_cadence,
                at=view.basis.at,
                policy=view.scoring,
                last_measured_at=standing.last_measured_at,
            )
        )
        for row, standing in zip(batch.rows, batch.all(standings), strict=True)
    ]


def in_kpis(batch: Batch) -> Sequence[list[Any]]:
    view = batch.view
    latest = batch.all(latest_readings)
    return [
        findings.kpi_findings(
            WrittenKpi(
                retired=row.retired,
                has_goal=row.goal is not None,
                owner=row.owner,
                cadence=row.cadence,
                defined_at=row.created_at,
                at=view.basis.at,
                policy=view.scoring,
                latest_at=latest[row.id].measured_at if row.id in latest else None,
            )
        )
        for row in batch.rows
    ]


def written_objectives(batch: Batch) -> Sequence[WrittenObjective]:
    """The input of the rules for each of these objectives."""
    view = batch.view
    rows: Sequence[ObjectiveRow] = batch.rows
    ids = [row.id for row in rows]
    supports = view.read(alignment.supports_of_objectives, ids)
    dropped = view.read(alignment.dropped_supports_of_objectives, ids)
    per_owner = view.read(objective.objectives_per_owner, list({row.cycle for row in rows}))
    below = _below_company_level(batch)
    return [
        WrittenObjective(
            title=row.title,
            state=row.state,
            policy=view.scoring,
            owner=row.owner,
            key_results=len(group),
            owner_objectives=0 if row.owner is None else per_owner.get((row.cycle, row.owner), 0),
            company_level=row.id not in below,
            supports=len(supports.get(row.id, ())),
            supports_dropped=dropped.get(row.id, 0),
        )
        for row, group in zip(rows, batch.all(live_key_results), strict=True)
    ]


def _below_company_level(batch: Batch) -> frozenset[UUID]:
    """The objectives whose team has a parent team, and which should be aligned to a goal above."""
    teams = batch.view.by_id(people.teams, [row.team for row in batch.rows])
    return frozenset(row.id for row in batch.rows if row.team in teams and teams[row.team].parent is not None)
