"""The film of a cycle: its figures, and those of its goals, as columns over time."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, TypeAlias

import strawberry

from api.schema.connections import filters
from api.schema.metrics.progress_curves import ProgressPoint
from api.schema.primitives import enums
from api.snapshot import global_ids
from api.snapshot.dataloaders import in_groups
from api.snapshot.snapshot import Batch
from domain.primitives.calendar import Step
from domain.primitives.values import Kind
from projections.history.over_time import film
from projections.history.over_time.curves import Span
from projections.history.over_time.film import Filmed

Only: TypeAlias = Annotated[
    list[strawberry.ID] | None,
    strawberry.argument(
        name="objectives",
        description="Film these objectives with their key results alone, without the cycle. Default: all objectives "
        "that were ever in the cycle.",
    ),
]


@strawberry.type(
    description="The figures of a goal over time, as columns: place n of each belongs to moment n of `at`. Null while "
    "the goal is not in the cycle."
)
class GoalOverTime:
    entity_id: strawberry.ID = strawberry.field(description="The id of the goal at present.")
    values: list[float | None] = strawberry.field(description="Its progress, in [0, 1]; null without a measurement.")
    expecteds: list[float | None] = strawberry.field(description="Its expected progress, in [0, 1].")
    healths: list[enums.Health | None] = strawberry.field(
        description="Its health; null for what ended without a score, too."
    )
    confidences: list[float | None] = strawberry.field(
        description="The latest stated confidence, of an objective the mean; in [0, 1]."
    )
    currents: list[float | None] = strawberry.field(
        description="Of a key result the latest value, in its metric's unit; null for MILESTONES."
    )


@strawberry.type(
    description="A cycle, its objectives and their key results over time, by all that is known at the view. Each "
    "moment shows the same figures as `asOf` there; one pass computes all."
)
class Film:
    at: list[datetime] = strawberry.field(description="The moments of the columns, up to that of the view.")
    points: list[ProgressPoint] = strawberry.field(
        description="The cycle at each of these moments, and its planned line after them; empty if `objectives` were "
        "given."
    )
    objectives: list[GoalOverTime] = strawberry.field(description="Its objectives, in the order of drafting.")
    key_results: list[GoalOverTime] = strawberry.field(description="Their key results.")


def films_of(
    batch: Batch, every: Step, since: datetime | None, only: tuple[strawberry.ID, ...] | None
) -> Sequence[Film]:
    """The film of each of these cycles. Raises `INVALID`, `TOO_LARGE`."""
    filters.check_length(only or ())
    shown = None if only is None else [global_ids.entity(id, Kind.OBJECTIVE) or filters.NOTHING for id in only]
    found = batch.view.read(film.films, list(dict.fromkeys(row.id for row in batch.rows)), Span(every, since), shown)
    points = in_groups(ProgressPoint, batch.view, [found[row.id].points for row in batch.rows])
    return [
        Film(
            at=list(found[row.id].at),
            points=of,
            objectives=[_columns(Kind.OBJECTIVE, one) for one in found[row.id].objectives],
            key_results=[_columns(Kind.KEY_RESULT, one) for one in found[row.id].key_results],
        )
        for row, of in zip(batch.rows, points, strict=True)
    ]


def _columns(kind: Kind, of: Filmed) -> GoalOverTime:
    columns = of._asdict()
    return GoalOverTime(entity_id=strawberry.ID(global_ids.encode(kind, columns.pop("id"))), **columns)
