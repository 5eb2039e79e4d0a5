"""Replays: the history of a cycle as a sequence of frames, each a view at its own basis."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, TypeAlias
from uuid import UUID

import strawberry

from api.schema.connections.change_lists import at_positions
from api.schema.history.change import Change
from api.schema.history.retrospective_figures import RecordedAfterwards, recorded_afterwards
from api.schema.metrics.progress import HealthCount, Progress, by_health
from api.schema.primitives import enums
from api.schema.primitives.field import related, resolved
from api.schema.primitives.lookup import CycleBy
from api.schema.primitives.refs import SnapshotRef
from api.schema.primitives.view_types import snapshot
from api.schema.types.cycle import find_cycle
from api.schema.types.workspace import Basis, basis_of
from api.snapshot.snapshot import Batch, RowProxy, View, as_batch
from domain.metrics.wholes import Counted
from domain.primitives.calendar import Step
from domain.primitives.values import Kind
from projections.history import replay

From: TypeAlias = Annotated[
    datetime | None,
    strawberry.argument(name="from", description="The time of the first frame. Default: the cycle's first day."),
]
To: TypeAlias = Annotated[
    datetime | None,
    strawberry.argument(
        name="to",
        description="The time of the last frame, at most now. Default: the cycle's closing, or now. A time after the "
        "closing includes late changes.",
    ),
]
Knowing: TypeAlias = Annotated[
    datetime | None,
    strawberry.argument(
        description="The recording time for all frames, which gives a replay with hindsight. Default: each frame "
        "includes only what was known at its own time."
    ),
]
Every: TypeAlias = Annotated[
    enums.Step, strawberry.argument(description="The distance between two frames; CHANGE is one frame per change.")
]


def _changes(batch: Batch) -> Sequence[list[Change]]:
    """The new changes of each of these frames, read at once and shown at the present."""
    positions = batch.view.reads.read(replay.changes_of, batch.rows)
    wanted = {position for of in positions for position in of}
    known = {change.row.position: change for change in at_positions(batch.view, sorted(wanted))}
    return [[known[position] for position in of] for of in positions]


@strawberry.type(description="A cycle at one basis of its replay. All values are those of the View at this basis.")
class Frame(RowProxy):
    row: strawberry.Private[replay.Frame]

    label: str = strawberry.field(
        description="The name of the period that contains this moment, by the calendar: FY27, FY27-Q1, 2027-02, "
        "2026-W53 or 2027-02-01; with every: CHANGE the day."
    )
    objectives: int = strawberry.field(
        description="The number of objectives, without drafts, dropped ones and those that nothing can measure."
    )
    key_results: int = strawberry.field(
        description="The number of key results of these objectives, without dropped ones."
    )
    changes: list[Change] = related(
        "The changes that are new since the previous frame, in log order. Each change is in one frame only. The first "
        "frame has none.",
        _changes,
    )

    @property
    def then(self) -> View:
        return self.view.reads.at(self.row.basis)

    @resolved("The basis of the frame: its effective time and log position.")
    def basis(self) -> Basis:
        return basis_of(self.then)

    @resolved("The progress of the cycle at this frame.")
    def progress(self) -> Progress:
        return as_batch(Progress, self.then, [self.row.progress])[0]

    @resolved("The number of the cycle's goals with each health value, in a fixed order.")
    def health_counts(
        self, of: Annotated[enums.Counted, strawberry.argument(description="The goals to count.")] = Counted.KEY_RESULTS
    ) -> list[HealthCount]:
        found = self.row.progress
        return by_health(found.objectives if of is Counted.OBJECTIVES else found.key_results)

    @resolved("The number of these key results with each health value.", deprecated="Use `healthCounts`.")
    def by_health(self) -> list[HealthCount]:
        return by_health(self.row.progress.key_results)

    @resolved("The whole View at the basis of the frame.", name="view")
    def snapshot_view(self) -> SnapshotRef:
        return snapshot(self.then)


@strawberry.type(description="The history of a cycle as a sequence of frames.")
class Replay:
    view: strawberry.Private[View]
    cycle: strawberry.Private[UUID]
    frames: list[Frame] = strawberry.field(
        description="The frames, oldest first: one at the start, one per step of the calendar in force at the basis, "
        "and one at the end."
    )

    @resolved(
        "The changes of the cycle that were recorded afterwards, as of this View. Of these, a frame without hindsight "
        "shows only what was imported together with the cycle."
    )
    def recorded_afterwards(self) -> RecordedAfterwards:
        return recorded_afterwards(self.view, Kind.CYCLE, [self.cycle])


def replay_of(
    view: View, cycle: CycleBy, every: Step, since: datetime | None, until: datetime | None, known: datetime | None
) -> Replay:
    """The replay of a cycle. Raises `NOT_FOUND`, `INVALID`, `TOO_LARGE`."""
    frames = as_batch(Frame, view, rows(view, cycle, every, since, until, known))
    return Replay(view=view, cycle=find_cycle(view, cycle).id, frames=frames)


def rows(
    view: View, cycle: CycleBy, every: Step, since: datetime | None, until: datetime | None, known: datetime | None
) -> list[replay.Frame]:
    """The rows of the frames. Raises `NOT_FOUND`, `INVALID`, `TOO_LARGE`."""
    row = find_cycle(view, cycle)
    hindsight = None if known is None else view.reads.as_of(None, known, None).basis
    return list(view.reads.read(replay.replay, view.basis, row, every, since, until, hindsight))
