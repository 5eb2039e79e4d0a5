"""Check-ins of key results and readings of KPIs. Each version is a node of its own."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import strawberry

from api.schema.primitives.actor import Actor, actor
from api.schema.primitives.field import related, resolved, to_one
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
    """The previous (-1) or next (1) version of each measurement, or None."""
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
    description="A check-in on a key result: its value, milestones, confidence or a note. A correction is a new "
    "version; both can be read."
)
class CheckIn(Node, kind=Kind.CHECK_IN, read=measurements.CHECK_INS.by_id):
    row: strawberry.Private[measurements.CheckInRow]

    key_result: KeyResultRef = to_one(Kind.KEY_RESULT, "key_result", "The key result that was checked in on.")
    value: float | None = strawberry.field(description="The measured value, in the metric's unit.")
    confidence: float | None = strawberry.field(description="The confidence that it will be reached, in [0, 1].")
    note: Markdown | None = strawberry.field(description="A note on the check-in.")
    measured_at: datetime = strawberry.field(description="When the value was measured: its effective time.")
    claimed_at: datetime | None = strawberry.field(
        description="When an import claims that this version was reported; null if that is `measuredAt`, and for other "
        "sources. The claim is not verified."
    )
    recorded_at: datetime = strawberry.field(description="When this version was recorded in the log.")
    position: Position = strawberry.field(description="The log position of this version.")
    by: Actor = actor("by", "The author of this version.")
    late: bool = strawberry.field(
        description="Whether it was recorded after its cycle had closed; then it changes no score and no outcome."
    )
    corrected: CheckInRef | None = related("The version that this one corrects.", _neighbours, Kind.CHECK_IN, -1)
    superseded_by: CheckInRef | None = related("The version that corrects this one.", _neighbours, Kind.CHECK_IN, 1)

    @resolved("The global id of this version; opaque.")
    def id(self) -> strawberry.ID:
        return _version_id(self)

    @resolved("The keys of all milestones that were reached at this check-in.")
    def reached(self) -> list[str]:
        return list(self.row.reached or ())


@strawberry.type(
    description="A reading of a KPI, identified by the KPI and `measuredAt`. A correction is a new version."
)
class Reading(Node, kind=Kind.READING, read=measurements.READINGS.by_id):
    row: strawberry.Private[measurements.ReadingRow]

    kpi: KpiRef = to_one(Kind.KPI, "kpi", "The KPI that was read.")
    value: float | None = strawberry.field(description="The value that was read, in the KPI's unit.")
    measured_at: datetime = strawberry.field(description="When the value was measured: its effective time.")
    claimed_at: datetime | None = strawberry.field(
        description="When an import claims that this version was reported; null if that is `measuredAt`, and for other "
        "sources. The claim is not verified."
    )
    recorded_at: datetime = strawberry.field(description="When this version was recorded in the log.")
    position: Position = strawberry.field(description="The log position of this version.")
    note: Markdown | None = strawberry.field(description="A note on the reading.")
    by: Actor = actor("by", "The person or machine that recorded this version.")
    corrects: ReadingRef | None = related("The version that this one corrects.", _neighbours, Kind.READING, -1)
    superseded_by: ReadingRef | None = related("The version that corrects this one.", _neighbours, Kind.READING, 1)

    @resolved("The global id of this version; opaque.")
    def id(self) -> strawberry.ID:
        return _version_id(self)

    @resolved("Whether the reading was retracted.")
    def retracted(self) -> bool:
        return self.row.ended is Ending.RETRACTED


def _version_id(node: CheckIn | Reading) -> strawberry.ID:
    row = node.row
    return strawberry.ID(global_ids.encode_version(node.KIND, row.id, row.version, node.batch.view.id_end))


VERSIONS: dict[Kind, tuple[type[Node], Callable[..., Any]]] = {
    Kind.CHECK_IN: (CheckIn, measurements.CHECK_INS.versions),
    Kind.READING: (Reading, measurements.READINGS.versions),
}
"""The kinds whose nodes are versions: their type, and the query that reads all versions by entity id."""
