"""Replays: a cycle as a film, frame after frame, each the whole View at a basis of its own."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, TypeAlias

import strawberry

from api.schema.connections.change_lists import at_positions
from api.schema.history.change import Change
from api.schema.metrics.progress import Progress
from api.schema.primitives import enums
from api.schema.primitives.field import answered, related
from api.schema.primitives.lookup import CycleBy
from api.schema.primitives.refs import SnapshotRef
from api.schema.primitives.view_types import snapshot
from api.schema.types.cycle import cycle_named
from api.schema.types.workspace import Basis, basis_of
from api.snapshot.snapshot import Batch, RowProxy, View, as_batch
from domain.primitives.calendar import Step
from projections.history import replay

From: TypeAlias = Annotated[
    datetime | None,
    strawberry.argument(name="from", description="Where the first frame stands. Default: the cycle's first day."),
]
To: TypeAlias = Annotated[
    datetime | None,
    strawberry.argument(
        name="to",
        description="Where the last frame stands, though never after now. Default: the cycle's closing, or now. "
        "A later one shows what was recorded late.",
    ),
]
Knowing: TypeAlias = Annotated[
    datetime | None,
    strawberry.argument(
        description="As far as had been recorded by then, in every frame: with hindsight. Default: every frame as "
        "far as was known at its own moment."
    ),
]
Every: TypeAlias = Annotated[
    enums.Step, strawberry.argument(description="How far apart the frames lie; CHANGE: one for every change.")
]


@strawberry.type(description="How many are in one condition.")
class HealthCount:
    health: enums.Health = strawberry.field(description="The condition.")
    count: int = strawberry.field(description="How many are in it.")


def _changes(batch: Batch) -> Sequence[list[Change]]:
    """What came to be seen in each of these frames, read at once and told at present."""
    wanted = {position for frame in batch.rows for position in frame.changes}
    known = {change.row.position: change for change in at_positions(batch.view, sorted(wanted))}
    return [[known[position] for position in frame.changes] for frame in batch.rows]


@strawberry.type(
    description="A cycle at one basis of its replay. Every figure is the one that the View at this basis answers."
)
class Frame(RowProxy):
    row: strawberry.Private[replay.Frame]

    objectives: int = strawberry.field(description="How many objectives there were, without those dropped.")
    key_results: int = strawberry.field(
        description="How many key results there were, without those dropped and those of objectives dropped."
    )
    changes: list[Change] = related(
        "What came to be seen since the frame before: every event that the figures stand on, in the order of the log, "
        "each in one frame only. None in the first frame.",
        _changes,
    )

    @property
    def then(self) -> View:
        return self.view.reads.at(self.row.basis)

    @answered("What it stands on: its moment, and how far the log was known.")
    def basis(self) -> Basis:
        return basis_of(self.then)

    @answered("How far the cycle was.")
    def progress(self) -> Progress:
        return as_batch(Progress, self.then, [self.row.progress])[0]

    @answered("How many of those key results were in each condition; every condition is there, in the same order.")
    def by_health(self) -> list[HealthCount]:
        return [HealthCount(health=health, count=self.row.health.get(health, 0)) for health in replay.HEALTHS]

    @answered("Everything as it was then.", name="view")
    def seen(self) -> SnapshotRef:
        return snapshot(self.then)


@strawberry.type(description="A cycle as a film.")
class Replay:
    frames: list[Frame] = strawberry.field(
        description="The frames, oldest first: one where it begins, one for every step of the calendar in UTC (ISO "
        "weeks), and one where it ends."
    )


def frames(
    view: View, cycle: CycleBy, every: Step, since: datetime | None, until: datetime | None, known: datetime | None
) -> list[Frame]:
    """The frames of a cycle. Raises `NOT_FOUND`, `INVALID`, `TOO_LARGE`."""
    return as_batch(Frame, view, rows(view, cycle, every, since, until, known))


def rows(
    view: View, cycle: CycleBy, every: Step, since: datetime | None, until: datetime | None, known: datetime | None
) -> list[replay.Frame]:
    """The same, before they are put together as siblings."""
    row = cycle_named(view, cycle)
    hindsight = None if known is None else view.reads.as_of(None, known, None).basis
    return list(view.reads.read(replay.replay, view.basis, row, every, since, until, hindsight))
