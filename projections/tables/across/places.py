"""Places: the objective, key result, KPI and cycle that each node belongs to, along the log."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, TypeAlias
from uuid import UUID

import msgspec

from domain.model.discussion import CommentAdded
from domain.model.event import Event, Recorded
from domain.model.key_result import KeyResultMoved
from domain.model.measurements.check_in import CheckInCorrected, KeyResultCheckedIn
from domain.model.measurements.reading import ReadingRecorded
from domain.model.objective import ObjectiveMoved
from domain.primitives.values import Kind
from projections.store.batch_writer import BatchWriter
from projections.store.versioned_tables import Table
from projections.tables.change_scopes import COLUMN_OF_KIND
from projections.tables.key_result import KEY_RESULT
from projections.tables.measurements import CHECK_IN, READING
from projections.tables.objective import OBJECTIVE

# ── rows ─────────────────────────────────────────────────────────────────────────────────────────


class Place(msgspec.Struct, frozen=True, gc=False):
    """The objective, key result, KPI and cycle that a node belongs to, itself included, from a position on. An
    objective and a key result have a row more for each move; what belongs to them has their present place."""

    id: UUID
    position: int
    objective: UUID | None = None
    key_result: UUID | None = None
    kpi: UUID | None = None
    cycle: UUID | None = None

    @property
    def path(self) -> "Path":
        return self.objective, self.key_result, self.kpi, self.cycle

    @property
    def holder(self) -> UUID | None:
        """The goal whose present place it has."""
        return self.key_result or self.objective


# ── the table ────────────────────────────────────────────────────────────────────────────────────

PLACE = Table("place", Place, ["id", "position"])

# ── what an event adds ───────────────────────────────────────────────────────────────────────────

Path: TypeAlias = tuple[UUID | None, UUID | None, UUID | None, UUID | None]
"""objective, key result, KPI, cycle"""
FREQUENT = frozenset({KeyResultCheckedIn.TOPIC, ReadingRecorded.TOPIC})
"""The topics of most events."""
_MOVING = frozenset({KeyResultMoved.TOPIC, ObjectiveMoved.TOPIC})


def path_of(event: Event, position: int, writer: BatchWriter) -> Path:
    """The path of the node that an event changes. Adds the place of a node that is new or moved."""
    kind, id = event.KIND, event.originator_id
    is_new = event.originator_version == 1 and kind not in _UNPLACED
    path = _added_place(event, position, writer) if is_new else _PATHS[kind](event, writer)
    if event.TOPIC in _MOVING:
        writer.add(PLACE, Place(id, position, *path))
    return path


def looked_up(event: Event) -> Sequence[tuple[Table[Any], UUID]]:
    """The rows that give the place of an event: that of its parent for a new node, its own for an initiative. Later
    events of other kinds find their place in the row of their aggregate."""
    if event.KIND is Kind.EXTERNAL_REFERENCE:
        return ((PLACE, event.subject.id),)  # type: ignore[attr-defined]
    if event.originator_version > 1:
        return ((PLACE, event.originator_id),) if event.KIND is Kind.INITIATIVE else ()
    if isinstance(event, CommentAdded) and event.subject.kind in _MEASURED:
        return ((_MEASURED[event.subject.kind], event.subject.id),)
    above = event.belongs_to
    return () if above is None or event.KIND is Kind.READING else ((PLACE, above),)


_MEASURED: dict[Kind, Table[Any]] = {Kind.CHECK_IN: CHECK_IN, Kind.READING: READING}
"""Measurements have no row in `place`, because there are too many: they take the place of their key result or KPI."""


def later_reads(entries: Iterable[Recorded], writer: BatchWriter) -> Iterator[tuple[Table[Any], UUID]]:
    """The places to load after others are loaded: those of the key results of check-ins that are corrected or commented
    on, and those of the goals that initiatives and remarks belong to."""
    rare = (entry.event for entry in entries if entry.event.TOPIC not in FREQUENT)
    for id in {id for event in rare for _, id in looked_up(event)}:
        with suppress(KeyError):  # a node of this batch, or a measurement
            place = writer.current(PLACE, id)
            if place.holder is not None and place.holder != id:
                yield PLACE, place.holder
    for event in [entry.event for entry in entries if type(entry.event) in (CheckInCorrected, CommentAdded)]:
        id = event.originator_id
        if isinstance(event, CommentAdded):
            id = event.subject.id
        if event.KIND is Kind.CHECK_IN or event.subject.kind is Kind.CHECK_IN:  # type: ignore[attr-defined]
            with suppress(KeyError):  # a check-in of this batch: its place is loaded already
                yield PLACE, writer.current(CHECK_IN, id).key_result


_UNPLACED = frozenset({*_MEASURED, Kind.EXTERNAL_REFERENCE})
"""Kinds without a row in `place`: they take the place of what they belong to."""
_Find: TypeAlias = Callable[[Any, BatchWriter], Path]


def _no_path(event: Event, writer: BatchWriter) -> Path:
    return None, None, None, None


def _of_cycle(event: Event, writer: BatchWriter) -> Path:
    return None, None, None, event.originator_id


def _of_objective(event: Event, writer: BatchWriter) -> Path:
    return event.originator_id, None, None, writer.current(OBJECTIVE, event.originator_id).cycle


def _of_key_result(event: Event, writer: BatchWriter) -> Path:
    row = writer.current(KEY_RESULT, event.originator_id)
    return row.objective, row.id, None, row.cycle


def _of_check_in(event: Event, writer: BatchWriter) -> Path:
    return writer.current(PLACE, event.belongs_to or writer.current(CHECK_IN, event.originator_id).key_result).path


def _of_kpi(event: Event, writer: BatchWriter) -> Path:
    return None, None, event.originator_id, None


def _of_reading(event: Event, writer: BatchWriter) -> Path:
    return None, None, event.belongs_to or writer.current(READING, event.originator_id).kpi, None


def _of_initiative(event: Event, writer: BatchWriter) -> Path:
    return _present_path(event.originator_id, writer)


def _of_reference(event: Any, writer: BatchWriter) -> Path:
    return _present_path(event.subject.id, writer)


def _present_path(id: UUID, writer: BatchWriter) -> Path:
    """The path of a node, where the goal that it belongs to is now."""
    place = writer.current(PLACE, id)
    return place.path if place.holder is None else writer.current(PLACE, place.holder).path


_PATHS: dict[Kind, _Find] = {
    Kind.PERSON: _no_path, Kind.TEAM: _no_path, Kind.POLICY: _no_path, Kind.CALENDAR: _no_path,
    Kind.CYCLE: _of_cycle, Kind.OBJECTIVE: _of_objective, Kind.KEY_RESULT: _of_key_result,
    Kind.CHECK_IN: _of_check_in, Kind.KPI: _of_kpi, Kind.READING: _of_reading, Kind.INITIATIVE: _of_initiative,
    Kind.EXTERNAL_REFERENCE: _of_reference, Kind.TEMPLATE: _no_path,
}  # fmt: skip
"""By kind: the path of an event of an existing node, or of a measurement."""


def _added_place(event: Event, position: int, writer: BatchWriter) -> Path:
    """Add the place of a new node, which is that of its parent and the node itself; returns its path."""
    above = event.belongs_to
    around: Path = (None, None, None, None)
    if isinstance(event, CommentAdded) and event.subject.kind is Kind.READING:
        around, above = (None, None, writer.current(READING, event.subject.id).kpi, None), None
    elif isinstance(event, CommentAdded) and event.subject.kind is Kind.CHECK_IN:
        above = writer.current(CHECK_IN, event.subject.id).key_result
    if above is not None:
        around = _present_path(above, writer)
    place = Place(event.originator_id, position, *around)
    if event.KIND in COLUMN_OF_KIND:
        place = msgspec.structs.replace(place, **{COLUMN_OF_KIND[event.KIND]: place.id})
    writer.add(PLACE, place)
    return place.path
