"""Curves: the progress of objectives, cycles and teams over time, each computed for all siblings at once."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, TypeAlias
from uuid import UUID

import strawberry

from api.schema.metrics.progress import HealthCount, by_health
from api.schema.primitives import enums
from api.schema.primitives.field import resolved
from api.snapshot.batch_fields import BatchField
from api.snapshot.dataloaders import in_groups
from api.snapshot.snapshot import Batch, Columns, RowProxy
from domain.metrics.wholes import Counted
from domain.primitives.calendar import Step
from projections.history.over_time import curves
from projections.history.over_time.curves import AnyPoint, Shown, Span

Every: TypeAlias = Annotated[
    enums.Step, strawberry.argument(description="The distance between two points; CHANGE is one point per change.")
]
From: TypeAlias = Annotated[
    datetime | None,
    strawberry.argument(
        name="from",
        description="The time of the first point. Default: the activation of the cycle, or its first day before that; "
        "of an objective its creation.",
    ),
]
To: TypeAlias = Annotated[
    datetime | None,
    strawberry.argument(
        name="to",
        description="The time of the last point. Default: the end of the goal; while it is open, the end of the last "
        "day of its cycle, or the moment of the view if that is later.",
    ),
]


@strawberry.type(
    description="The progress of an objective, cycle or team at one moment, from all that the view knows. After the "
    "moment of the view a point is part of the planned line: it has `expected` only."
)
class ProgressPoint(RowProxy):
    row: strawberry.Private[AnyPoint]

    at: datetime = strawberry.field(description="The moment of the point.")
    value: float | None = strawberry.field(
        description="The progress, in [0, 1]; null while nothing is measured, and in the future."
    )
    expected: float | None = strawberry.field(
        description="The expected progress; in the future that of the goals of the view, null without any."
    )
    health: enums.Health | None = strawberry.field(
        description="The health; null for what ended without a score, and in the future."
    )
    confidence: float | None = strawberry.field(
        description="The weighted mean of the stated confidences, in [0, 1]; null without any, and in the future."
    )

    @resolved("The number of its goals with each health value, in a fixed order; empty in the future.")
    def health_counts(
        self,
        of: Annotated[
            enums.Counted,
            strawberry.argument(
                description="The goals to count: key results, or objectives; of an objective those that it takes its "
                "value from."
            ),
        ] = Counted.KEY_RESULTS,
    ) -> list[HealthCount]:
        counts = self.row.of_objectives if of is Counted.OBJECTIVES else self.row.of_key_results
        return [] if counts is None else by_health(counts)


def of_objectives(batch: Batch, every: Step, since: datetime | None, until: datetime | None) -> Any:
    """The curve of each of these objectives."""
    return _curves(batch, curves.of_objectives, Span(every, since, until))


def of_cycles(batch: Batch, every: Step, since: datetime | None, until: datetime | None) -> Any:
    """The curve of each of these cycles."""
    return _curves(batch, curves.of_cycles, Span(every, since, until), batch.all(_shown, every, since, until))


def _shown(_: Batch, *_curve: object) -> Shown:
    """What the answer shows of the points of a curve, as far as that is known before they are read."""
    return Shown()


def _of_cycles(
    _: type,
    batch: Batch,
    wanted: Columns,
    every: Step = Step.WEEK,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Any:
    batch.all(_shown, every, since, until).is_whole |= wanted is None or not wanted <= _OF_MEANS
    return batch.all(of_cycles, every, since, until)


_OF_MEANS: Final = frozenset(["at", "value", "expected"])
"""The columns of a point that need no other figures."""
OF_CYCLES: Final = BatchField(_of_cycles, frozenset(["id"]), narrows=True)
"""Reads the curves of the cycles of a batch, for the columns of a point that the answer shows."""


def of_teams(
    batch: Batch,
    every: Step,
    since: datetime | None,
    until: datetime | None,
    of_cycle: UUID | None,
    include_subteams: bool,
) -> Any:
    """The curve of each of these teams in a cycle, by default in all active cycles."""
    return _curves(batch, curves.of_teams, Span(every, since, until), of_cycle, include_subteams)


def _curves(batch: Batch, read: Callable[..., Mapping[UUID, Sequence[AnyPoint]]], *args: object) -> Sequence[Any]:
    found = batch.view.read(read, list(dict.fromkeys(row.id for row in batch.rows)), *args)
    return in_groups(ProgressPoint, batch.view, [found[row.id] for row in batch.rows])
