"""What is done and said around goals: initiatives, comments, reflections."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec
import psycopg

from domain.values import Basis, InitiativeState, Ref, ReflectionKind
from projections.tables import By, Cursor, Version, Window

# ── rows ─────────────────────────────────────────────────────────────────────────────────────────


class InitiativeRow(Version, frozen=True):
    title: str
    subject: Ref
    owner: UUID | None
    due: date | None
    state: InitiativeState


class CommentRow(msgspec.Struct, frozen=True):
    id: UUID
    subject: Ref
    body: str
    position: int
    recorded_at: datetime
    effective_at: datetime
    by: By


class ReflectionRow(msgspec.Struct, frozen=True):
    id: UUID
    subject: Ref
    kind: ReflectionKind
    body: str
    position: int
    recorded_at: datetime
    effective_at: datetime
    by: By


# ── queries ──────────────────────────────────────────────────────────────────────────────────────


def initiatives(conn: psycopg.Connection, basis: Basis, ids: Sequence[UUID]) -> dict[UUID, InitiativeRow]:
    """The initiatives with these ids; unknown ones are left out."""


def initiatives_of_subjects(
    conn: psycopg.Connection, basis: Basis, subjects: Sequence[UUID]
) -> dict[UUID, list[InitiativeRow]]:
    """The initiatives for each of these subjects, as they were planned."""


def comments(conn: psycopg.Connection, basis: Basis, ids: Sequence[UUID]) -> dict[UUID, CommentRow]:
    """The comments with these ids; unknown ones are left out."""


def comment_pages(
    conn: psycopg.Connection, basis: Basis, subjects: Sequence[UUID], window: Window
) -> dict[UUID, list[CommentRow]]:
    """The same stretch of the comments on each of these subjects, in the order of recording."""


def comment_counts(conn: psycopg.Connection, basis: Basis, subjects: Sequence[UUID]) -> dict[UUID, int]:
    """How many comments each of these subjects has."""


def comment_cursor(row: CommentRow) -> Cursor:
    """Where this row stands among the comments of its subject."""


def reflections(conn: psycopg.Connection, basis: Basis, ids: Sequence[UUID]) -> dict[UUID, ReflectionRow]:
    """The reflections with these ids; unknown ones are left out."""


def reflections_of_subjects(
    conn: psycopg.Connection, basis: Basis, subjects: Sequence[UUID]
) -> dict[UUID, list[ReflectionRow]]:
    """The reflections on each of these subjects, in the order of recording."""
