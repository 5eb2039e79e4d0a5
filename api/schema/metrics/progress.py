"""Progress of key results, objectives, teams and cycles, each computed for all siblings at once."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeAlias
from uuid import UUID

import strawberry

from api.schema.primitives import enums
from api.schema.primitives.field import related, to_ref
from api.schema.primitives.node import Node
from api.schema.primitives.scalars import Position
from api.snapshot.dataloaders import in_groups, many
from api.snapshot.siblings import Siblings
from api.snapshot.snapshot import Batch, Columns, RowProxy
from domain.metrics.rating import Health
from domain.primitives.values import Kind
from projections.figures.goal_columns import KeyResultColumns
from projections.tables import measurements
from projections.tables.key_result import key_results_of_objectives


@strawberry.type(
    description="A term of the formula of a progress. The contributions sum to the value to 1e-9: "
    "contribution = weight · value / Σ weight, for a cycle of cycles divided by its own days."
)
class ProgressTerm(RowProxy):
    label: str = strawberry.field(description="A short text that describes the term.")
    weight: float = strawberry.field(
        description="The weight relative to the other terms; for a cycle inside a cycle, its days."
    )
    value: float | None = strawberry.field(
        description="The progress of the term, as a share of 1. A term without a value counts as 0."
    )
    contribution: float = strawberry.field(description="The part of the total progress.")
    from_: Node | None = to_ref("node", "The measurement, key result, objective or cycle that is the source.", "from")
    position: Position | None = strawberry.field(description="The log position of the source event.")


_EXPLAINED = "explained"
"""What a batch of progresses keeps: the function that loads the progresses with their terms."""


def _terms(batch: Batch) -> Sequence[list[ProgressTerm]]:
    """The terms of each progress. All terms are siblings, so that their sources are read at once."""
    rows = batch.known[_EXPLAINED]() if _EXPLAINED in batch.known else batch.rows
    return in_groups(ProgressTerm, batch.view, [row.explain for row in rows])


@strawberry.type(
    description="The actual and expected progress of a goal, its health, and the terms of the formula.\n\n"
    "For a key result with latest measurement v: INCREASE and DECREASE: (v - start) / (target - start). AT_LEAST and "
    "AT_MOST: 1 if met, else the share of the distance from start to target. WITHIN: 1 inside the bounds, else the "
    "share of the distance from start to the nearer bound. These three take their first value as start if none is "
    "given, and have no share for a start inside the goal: then 0. MILESTONES: Σ weight of reached / Σ weight. DONE: 1 "
    "if v >= 1, else 0. Only measurements up to the end of the key result count.\n\n"
    "For an objective: the weighted mean of its key results that are not dropped, or without key results the mean of "
    "the objectives that support it. For a team or cycle: the unweighted mean of its objectives; for a cycle without "
    "objectives, Σ days · value of the cycles inside it / its own days. Drafts do not count. A part without a "
    "measurement counts as 0; the mean is null while no part is measured."
)
class Progress(RowProxy):
    value: float | None = strawberry.field(description="The progress, in [0, 1]; null without a measurement.")
    unclamped: float | None = strawberry.field(
        description="The progress before clamping: below 0 behind the start, above 1 beyond the target."
    )
    expected: float | None = strawberry.field(
        description="The expected progress: the elapsed share of the time until the due day, and 1 for a goal that "
        "holds what was given at its start; for a whole, the mean over the same parts as its value."
    )
    health: enums.Health | None = strawberry.field(
        description="The rating of expected - value, or of the end of the goal. For a whole, the rating of the mean of "
        "its parts' gaps. Null for a goal that ended without a score."
    )
    confidence: float | None = strawberry.field(
        description="The latest stated confidence, in [0, 1]; for a whole, the weighted mean of the parts that state "
        "one."
    )
    confidence_lowest: float | None = strawberry.field(description="The lowest confidence of any key result in it.")
    measured_share: float = strawberry.field(description="The share of the weight that was measured, in [0, 1].")
    explain: list[ProgressTerm] = related("The terms whose contributions sum to the value.", _terms)


Load: TypeAlias = Callable[[Batch], Sequence[Any]]


def _shown(batch: Batch, load: Load, explained: Load | None) -> Sequence[Progress]:
    found = Batch(batch.view, batch.all(load))
    if explained is not None:
        found.known[_EXPLAINED] = partial(batch.all, explained)
        found.clear_at_close()
    return Siblings(Progress, found, 0, len(batch.few))


def progress_by(load: Load, description: str, explained: Load | None = None, needs: Columns = None) -> Any:
    """A field for the progress that `load` computes for each of the siblings. `explained` loads it with its terms, if
    `load` does not. `needs`: the columns of the rows that `load` reads."""
    return related(description, _shown, load, explained, needs=needs)


def latest(batch: Batch, load: Callable[[Batch], KeyResultColumns], column: str) -> Sequence[Any]:
    """A column of the latest measurement of each of these key results, which `load` reads with their progress."""
    return batch.all(load).column(column)


# ── counts by health ─────────────────────────────────────────────────────────────────────────────


@strawberry.type(description="The number of goals with one health value.")
class HealthCount:
    health: enums.Health = strawberry.field(description="The health value.")
    count: int = strawberry.field(description="The number of goals with it.")


HEALTHS = tuple(health for health in Health if health is not Health.DROPPED)
"""The health values of goals that are not dropped."""


def by_health(counts: Mapping[Health | None, int]) -> list[HealthCount]:
    """These numbers by health value, in a fixed order; those without a health are left out."""
    return [HealthCount(health=health, count=counts.get(health, 0)) for health in HEALTHS]


# ── relations ────────────────────────────────────────────────────────────────────────────────────


def latest_readings(batch: Batch) -> dict[UUID, measurements.ReadingRow]:
    """The latest reading of each of these KPIs that has one."""
    return batch.view.read(measurements.READINGS.latest, [row.id for row in batch.rows])


def live_key_results(batch: Batch) -> Sequence[list[Any]]:
    """The key results of each of these objectives that are not dropped."""
    return many(batch, Kind.KEY_RESULT, key_results_of_objectives)


PARTS_NEED: Final = frozenset(["objective", "born"])
"""The columns of key results that their figures need; every batch of key results has them."""


def all_key_results(batch: Batch) -> Sequence[list[Any]]:
    """The key results of each of these objectives, dropped ones too."""
    return many(batch, Kind.KEY_RESULT, key_results_of_objectives, True)  # noqa: FBT003
