"""What was measured: check-ins of key results and readings of KPIs, each version a node of its own."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import strawberry

from api.schema.primitives.actor import Actor, actor
from api.schema.primitives.field import answered, related, to_one
from api.schema.primitives.node import Node
from api.schema.primitives.refs import CheckInRef, KeyResultRef, KpiRef, ReadingRef
from api.schema.primitives.scalars import Markdown, Position
from api.snapshot import global_ids
from api.snapshot.dataloaders import or_none
from api.snapshot.snapshot import Batch
from domain.primitives.values import Kind
from projections.tables import measurements
from projections.tables.measurements import Ending


def _neighbours(batch: Batch, kind: Kind, step: int) -> Sequence[Any]:
    """The version of the same measurement before (-1) or after (1) each of these."""
    view, (shown_as, versions) = batch.view, VERSIONS[kind]
    found = view.read(versions, [row.id for row in batch.rows])
    rows = [_neighbour(found.get(row.id, []), row.version, step) for row in batch.rows]
    return or_none(shown_as, view, rows)


def _neighbour(versions: Sequence[Any], version: int, step: int) -> Any:
    place = next((place for place, row in enumerate(versions) if row.version == version), None)
    if place is None or not 0 <= place + step < len(versions):
        return None
    return versions[place + step]


@strawberry.type(
    description="Somebody said where a key result stands. A correction is a version of its own; both can be read."
)
class CheckIn(Node, kind=Kind.CHECK_IN, read=measurements.CHECK_INS.by_id):
    row: strawberry.Private[measurements.CheckInRow]

    key_result: KeyResultRef = to_one(Kind.KEY_RESULT, "key_result", "What it speaks of.")
    value: float | None = strawberry.field(description="Where it stands, in the metric's unit.")
    confidence: float | None = strawberry.field(description="How sure they are that it will be reached, in [0, 1].")
    note: Markdown | None = strawberry.field(description="What there is to say about it.")
    measured_at: datetime = strawberry.field(description="When it was true.")
    recorded_at: datetime = strawberry.field(description="When the log learned it.")
    position: Position = strawberry.field(description="The event that said it.")
    by: Actor = actor("by", "Who said it.")
    late: bool = strawberry.field(description="Recorded after its cycle had closed; it alters no score and no outcome.")
    corrected: CheckInRef | None = related("What it said before this correction.", _neighbours, Kind.CHECK_IN, -1)
    superseded_by: CheckInRef | None = related(
        "The correction that stands in its place.", _neighbours, Kind.CHECK_IN, 1
    )

    @answered("Its global id; opaque. Each version has one of its own.")
    def id(self) -> strawberry.ID:
        return _version_id(self)

    @answered("The keys of all milestones reached by then.")
    def reached(self) -> list[str]:
        return list(self.row.reached or ())


@strawberry.type(
    description="A KPI was read: the KPI and the instant are its identity. A correction is a version of its own."
)
class Reading(Node, kind=Kind.READING, read=measurements.READINGS.by_id):
    row: strawberry.Private[measurements.ReadingRow]

    kpi: KpiRef = to_one(Kind.KPI, "kpi", "What was read.")
    value: float | None = strawberry.field(description="What was read, in the KPI's unit.")
    measured_at: datetime = strawberry.field(description="When it was true.")
    recorded_at: datetime = strawberry.field(description="When the log learned it.")
    position: Position = strawberry.field(description="The event that said it.")
    note: Markdown | None = strawberry.field(description="What there is to say about it.")
    by: Actor = actor("by", "Who or what said it.")
    corrects: ReadingRef | None = related("What it said before this correction.", _neighbours, Kind.READING, -1)
    superseded_by: ReadingRef | None = related("The correction that stands in its place.", _neighbours, Kind.READING, 1)

    @answered("Its global id; opaque. Each version has one of its own.")
    def id(self) -> strawberry.ID:
        return _version_id(self)

    @answered("Whether it was taken back.")
    def retracted(self) -> bool:
        return self.row.ended is Ending.RETRACTED


def _version_id(thing: CheckIn | Reading) -> strawberry.ID:
    row = thing.row
    return strawberry.ID(global_ids.encode_version(thing.KIND, row.id, row.version, thing.batch.view.id_end))


VERSIONS: dict[Kind, tuple[type[Node], Callable[..., Any]]] = {
    Kind.CHECK_IN: (CheckIn, measurements.CHECK_INS.versions),
    Kind.READING: (Reading, measurements.READINGS.versions),
}
"""The kinds whose nodes are versions, and the query that reads all versions of some of them."""
