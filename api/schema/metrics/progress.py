"""Progress of key results, objectives, teams and cycles, each computed for all siblings at once."""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any
from uuid import UUID

import strawberry

from api.schema.primitives import enums
from api.schema.primitives.field import related, to_ref
from api.schema.primitives.node import Node
from api.schema.primitives.scalars import Position
from api.snapshot.dataloaders import in_groups, many, of_each
from api.snapshot.snapshot import Batch, RowProxy, as_batch
from domain.metrics import progress
from domain.metrics.progress import KeyResultProgress, ObjectiveProgress, SharedProgress
from domain.primitives.values import Kind
from projections.history import formula_inputs, key_result_standing
from projections.history.key_result_standing import Standing
from projections.tables import cycle, measurements, objective
from projections.tables.key_result import key_results_of_objectives


@strawberry.type(
    description="A term of the formula of a progress. The contributions sum to the value to 1e-9: "
    "contribution = weight · value / Σ weight of the terms that have a value."
)
class ProgressTerm(RowProxy):
    label: str = strawberry.field(description="A short text that describes the term.")
    weight: float = strawberry.field(description="The weight relative to the other terms.")
    value: float | None = strawberry.field(
        description="The progress of the term, as a share of 1. A term without a value does not count."
    )
    contribution: float = strawberry.field(description="The part of the total progress.")
    from_: Node | None = to_ref("node", "The measurement, key result or objective that is the source.", "from")
    position: Position | None = strawberry.field(description="The log position of the source event.")


def _terms(batch: Batch) -> Sequence[list[ProgressTerm]]:
    """The terms of each progress. All terms are siblings, so that their sources are read at once."""
    return in_groups(ProgressTerm, batch.view, [row.explain for row in batch.rows])


@strawberry.type(
    description="The actual and expected progress of a goal, its health, and the terms of the formula.\n\n"
    "For a key result with latest measurement v: INCREASE and DECREASE: (v - start) / (target - start). AT_LEAST and "
    "AT_MOST: 1 if met, else the share of the distance from start to target, else 0 without a start. WITHIN: 1 inside "
    "the bounds, else the share of the distance from start to the nearer bound, else 0. MILESTONES: Σ weight of "
    "reached / Σ weight. DONE: 1 if v >= 1, else 0. For an objective: the weighted mean of its key results that are "
    "not dropped and have a value. For a team or cycle: the unweighted mean of its objectives."
)
class Progress(RowProxy):
    value: float | None = strawberry.field(description="The progress, in [0, 1]; null without a measurement.")
    unclamped: float | None = strawberry.field(
        description="The progress before clamping: below 0 behind the start, above 1 beyond the target."
    )
    expected: float | None = strawberry.field(
        description="The expected progress: the elapsed share of the time until the due day; always 1 for AT_LEAST, "
        "AT_MOST and WITHIN."
    )
    health: enums.Health = strawberry.field(description="The condition that follows from expected - value.")
    confidence: float | None = strawberry.field(
        description="The latest stated confidence, in [0, 1]; for a group, the lowest of its parts."
    )
    explain: list[ProgressTerm] = related("The terms whose contributions sum to the value.", _terms)


def _shown(batch: Batch, load: Callable[[Batch], Sequence[Any]]) -> Sequence[Progress]:
    return as_batch(Progress, batch.view, batch.all(load))


def progress_by(load: Callable[[Batch], Sequence[Any]], description: str) -> Any:
    """A field for the progress that `load` computes for each of the siblings."""
    return related(description, _shown, load)


# ── computation ──────────────────────────────────────────────────────────────────────────────────


def standings(batch: Batch) -> Sequence[Standing]:
    """The latest measurements of each of these key results."""
    known = batch.view.read(key_result_standing.standings, batch.rows)
    return [known[row.id] for row in batch.rows]


def latest_readings(batch: Batch) -> dict[UUID, measurements.ReadingRow]:
    """The latest reading of each of these KPIs that has one."""
    return batch.view.read(measurements.READINGS.latest, [row.id for row in batch.rows])


def of_key_results(batch: Batch) -> Sequence[KeyResultProgress]:
    """The progress of each of these key results."""
    view = batch.view
    at, policy = view.basis.at, view.policy.policy
    cycles = view.by_id(cycle.cycles, map(attrgetter("cycle"), batch.rows))
    objectives = view.by_id(objective.objectives, map(attrgetter("objective"), batch.rows))
    return [
        progress.of_key_result(
            formula_inputs.of_key_result(row, standing, cycles[row.cycle], objectives.get(row.objective)), at, policy
        )
        for row, standing in zip(batch.rows, batch.all(standings), strict=True)
    ]


def live_key_results(batch: Batch) -> Sequence[list[Any]]:
    """The key results of each of these objectives that are not dropped."""
    return many(batch, Kind.KEY_RESULT, key_results_of_objectives)


def all_key_results(batch: Batch) -> Sequence[list[Any]]:
    """The key results of each of these objectives, dropped ones too."""
    return many(batch, Kind.KEY_RESULT, key_results_of_objectives, True)  # noqa: FBT003


def of_objectives(batch: Batch) -> Sequence[ObjectiveProgress]:
    """The progress of each of these objectives."""
    groups = batch.all(live_key_results)
    batch.view.remember(objective.objectives, batch.rows)
    return [
        progress.of_objective(formula_inputs.of_objective(row), parts)
        for row, parts in zip(batch.rows, of_each(groups, of_key_results), strict=True)
    ]


def of_groups(groups: Sequence[list[Any]]) -> Sequence[SharedProgress]:
    """The progress of each of these groups of objectives. The groups are siblings."""
    return [progress.of_objectives(parts) for parts in of_each(groups, of_objectives)]


def of_cycles(batch: Batch) -> Sequence[SharedProgress]:
    """The progress of each of these cycles."""
    groups = many(batch, Kind.OBJECTIVE, objective.objectives_of_cycles, objective.ObjectiveFilter())
    return of_groups(groups)


def of_teams(batch: Batch, cycle: UUID) -> Sequence[Progress]:
    """The progress of each of these teams in a cycle."""
    groups = many(batch, Kind.OBJECTIVE, objective.objectives_of_teams, objective.ObjectiveFilter(cycle=cycle))
    return as_batch(Progress, batch.view, of_groups(groups))
