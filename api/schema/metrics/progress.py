"""How far goals are: progress of key results, objectives, teams and cycles, each for all siblings at once."""

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
    description="One figure that a progress was worked out from. Contributions sum to the value to 1e-9: "
    "contribution = weight · value / Σ weight of the terms that have a value."
)
class ProgressTerm(RowProxy):
    label: str = strawberry.field(description="What it is, in words.")
    weight: float = strawberry.field(description="How much it counts beside the others.")
    value: float | None = strawberry.field(description="Its own progress, a share of 1; without one it counts nothing.")
    contribution: float = strawberry.field(description="Its part of the whole.")
    from_: Node | None = to_ref("node", "The measurement, key result or objective it comes from.", "from")
    position: Position | None = strawberry.field(description="The event it comes from.")


def _terms(batch: Batch) -> Sequence[list[ProgressTerm]]:
    """The terms of each; all of them siblings, so that where they come from is read at once."""
    return in_groups(ProgressTerm, batch.view, [row.explain for row in batch.rows])


@strawberry.type(
    description="How far, how far it should be, and what that means; and the figures it was worked out from.\n\n"
    "Of a key result, with v its latest measurement: INCREASE and DECREASE (v - start) / (target - start); AT_LEAST "
    "and AT_MOST 1 once met, else the way from start, else 0; WITHIN 1 inside the bounds, else the way to the nearer "
    "one, else 0; MILESTONES Σ weight of reached / Σ weight; DONE 1 if v >= 1, else 0. Of an objective the weighted "
    "mean of its key results that are not dropped and have a value; of a team or cycle the plain mean of objectives."
)
class Progress(RowProxy):
    value: float | None = strawberry.field(description="How far, in [0, 1]; null without a measurement.")
    unclamped: float | None = strawberry.field(description="The same, where it overshot or fell behind its start.")
    expected: float | None = strawberry.field(
        description="How far it should be by now: the share of its time that is gone; 1 for bounds that hold or do not."
    )
    health: enums.Health = strawberry.field(description="What the gap between the two means.")
    confidence: float | None = strawberry.field(
        description="How sure its people are, in [0, 1]; of a whole, the lowest of its parts."
    )
    explain: list[ProgressTerm] = related("The terms that sum to the value.", _terms)


def _shown(batch: Batch, load: Callable[[Batch], Sequence[Any]]) -> Sequence[Progress]:
    return as_batch(Progress, batch.view, batch.all(load))


def progress_by(load: Callable[[Batch], Sequence[Any]], description: str) -> Any:
    """A field for the progress that `load` works out for each of the siblings."""
    return related(description, _shown, load)


# ── working it out ───────────────────────────────────────────────────────────────────────────────


def standings(batch: Batch) -> Sequence[Standing]:
    """Where each of these key results stands."""
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
    """The progress of each of these groups of objectives, which were read together."""
    return [progress.of_objectives(parts) for parts in of_each(groups, of_objectives)]


def of_cycles(batch: Batch) -> Sequence[SharedProgress]:
    """The progress of each of these cycles."""
    groups = many(batch, Kind.OBJECTIVE, objective.objectives_of_cycles, objective.ObjectiveFilter())
    return of_groups(groups)


def of_teams(batch: Batch, cycle: UUID) -> Sequence[Progress]:
    """The progress of each of these teams in a cycle."""
    groups = many(batch, Kind.OBJECTIVE, objective.objectives_of_teams, objective.ObjectiveFilter(cycle=cycle))
    return as_batch(Progress, batch.view, of_groups(groups))
