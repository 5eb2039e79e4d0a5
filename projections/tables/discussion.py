"""The discussion of goals: initiatives, comments, reflections."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import singledispatch
from operator import attrgetter
from typing import Any
from uuid import UUID

from domain.model.discussion import CommentAdded, InitiativeEdited, InitiativeMoved, InitiativePlanned, Reflected
from domain.model.event import Event, Recorded
from domain.primitives.values import Basis, InitiativeState, Kind, Ref, ReflectionKind
from projections.store.batch_writer import BatchWriter, Reads, event_columns
from projections.store.keyset import SortKey, counts, ordered, pages
from projections.store.rows import EventRow, Version
from projections.store.versioned_tables import Connection, Cursor, Table, VersionedTable, Window, grouped

# ── rows ─────────────────────────────────────────────────────────────────────────────────────────


class _About:
    """The base of rows that have a subject."""

    __slots__ = ()
    subject_kind: Kind
    subject_id: UUID

    @property
    def subject(self) -> Ref:
        return Ref(self.subject_kind, self.subject_id)


class InitiativeRow(Version, _About, frozen=True, gc=False):
    title: str
    subject_kind: Kind
    subject_id: UUID
    owner: UUID | None
    due: date | None
    state: InitiativeState = InitiativeState.TODO


class CommentRow(EventRow, _About, frozen=True, gc=False):
    subject_kind: Kind
    subject_id: UUID
    effective_at: datetime
    body: str


class ReflectionRow(EventRow, _About, frozen=True, gc=False):
    subject_kind: Kind
    subject_id: UUID
    effective_at: datetime
    kind: ReflectionKind
    body: str


# ── tables ───────────────────────────────────────────────────────────────────────────────────────

INITIATIVE = VersionedTable(Kind.INITIATIVE, InitiativeRow, ["(subject_id, id) where version = 1"], searched=("title",))
COMMENT = Table("comment", CommentRow, ["id"], ["(subject_id, position)"], searched=("body",))
REFLECTION = Table("reflection", ReflectionRow, ["id"], ["(subject_id, position)"], searched=("body",))
TABLES: tuple[Table[Any], ...] = (INITIATIVE, COMMENT, REFLECTION)

# ── handlers ─────────────────────────────────────────────────────────────────────────────────────

READS: Reads = {}


@singledispatch
def apply(event: Event, entry: Recorded, writer: BatchWriter) -> None:
    """Apply an event to the tables of this projection; most events are ignored."""


@apply.register
def on_initiative_planned(event: InitiativePlanned, entry: Recorded, writer: BatchWriter) -> None:
    writer.insert_first(INITIATIVE, entry, subject_kind=event.subject.kind, subject_id=event.subject.id)


@apply.register
def on_initiative_edited(event: InitiativeEdited, entry: Recorded, writer: BatchWriter) -> None:
    writer.insert_version(INITIATIVE, entry)


@apply.register
def on_initiative_moved(event: InitiativeMoved, entry: Recorded, writer: BatchWriter) -> None:
    writer.insert_version(INITIATIVE, entry, state=event.to)


@apply.register
def on_comment_added(event: CommentAdded, entry: Recorded, writer: BatchWriter) -> None:
    subject = event.subject
    writer.add(COMMENT, CommentRow(*event_columns(entry), subject.kind, subject.id, event.timestamp, event.body))


@apply.register
def on_reflected(event: Reflected, entry: Recorded, writer: BatchWriter) -> None:
    subject = event.subject
    writer.add(
        REFLECTION,
        ReflectionRow(*event_columns(entry), subject.kind, subject.id, event.timestamp, event.kind, event.body),
    )


# ── queries ──────────────────────────────────────────────────────────────────────────────────────


initiatives = INITIATIVE.by_id
"""The initiatives with these ids; unknown ones are left out."""


def initiatives_of_subjects(
    conn: Connection, basis: Basis, subjects: Sequence[UUID]
) -> dict[UUID, list[InitiativeRow]]:
    """The initiatives for each of these subjects, in the order of planning."""
    return INITIATIVE.within(conn, basis, "subject_id", subjects)


def comments(conn: Connection, basis: Basis, ids: Sequence[UUID]) -> dict[UUID, CommentRow]:
    """The comments with these ids; unknown ones are left out."""
    return {row.id: row for row in ordered(conn, basis, COMMENT, "id", ids, KNOWN)}


def comment_pages(
    conn: Connection, basis: Basis, subjects: Sequence[UUID], window: Window
) -> dict[UUID, list[CommentRow]]:
    """The same page of the comments on each of these subjects, in the order of recording."""
    return pages(conn, basis, COMMENT, "subject_id", subjects, window, _BY_POSITION, KNOWN)


def comment_counts(conn: Connection, basis: Basis, subjects: Sequence[UUID]) -> dict[UUID, int]:
    """The number of comments on each of these subjects."""
    return counts(conn, basis, COMMENT, "subject_id", subjects, KNOWN)


def comment_cursor(row: CommentRow) -> Cursor:
    """The place of this row among the comments of its subject."""
    return Cursor(row.position, row.position)


def reflections(conn: Connection, basis: Basis, ids: Sequence[UUID]) -> dict[UUID, ReflectionRow]:
    """The reflections with these ids; unknown ones are left out."""
    return {row.id: row for row in ordered(conn, basis, REFLECTION, "id", ids, KNOWN)}


def reflections_of_subjects(
    conn: Connection, basis: Basis, subjects: Sequence[UUID]
) -> dict[UUID, list[ReflectionRow]]:
    """The reflections on each of these subjects, in the order of recording."""
    rows = ordered(conn, basis, REFLECTION, "subject_id", subjects, KNOWN)
    return grouped(subjects, rows, attrgetter("subject_id"))


KNOWN = "v.position <= %(position)s and v.effective_at <= %(at)s"
"""The condition that a comment or reflection `v` is known at the basis."""
_BY_POSITION = SortKey("position", "v.position", "bigint", ("v.position",), "bigint")
