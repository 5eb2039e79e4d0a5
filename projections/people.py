"""Who is there, who belongs together, who leads: people, teams, membership."""

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

import msgspec
import psycopg

from domain.values import Basis
from projections.tables import Cursor, Order, Version, Window

# ── rows ─────────────────────────────────────────────────────────────────────────────────────────


class PersonRow(Version, frozen=True):
    """An erased person has no handle, name or email any more, at no basis."""

    handle: str | None
    name: str | None
    email: str | None
    active: bool


class TeamRow(Version, frozen=True):
    key: str
    name: str
    parent: UUID | None
    lead: UUID | None
    disbanded: bool


# ── filters and orders ───────────────────────────────────────────────────────────────────────────


class PersonFilter(msgspec.Struct, frozen=True):
    """`search`: a part of handle, name or email, whatever the case."""

    active: bool | None = None
    search: str | None = None


class TeamFilter(msgspec.Struct, frozen=True):
    parent: UUID | None = None
    disbanded: bool | None = None
    search: str | None = None


class PersonOrder(StrEnum):
    RECORDED = "RECORDED"
    HANDLE = "HANDLE"
    NAME = "NAME"
    CREATED_AT = "CREATED_AT"
    CHANGED_AT = "CHANGED_AT"


class TeamOrder(StrEnum):
    RECORDED = "RECORDED"
    KEY = "KEY"
    NAME = "NAME"
    CREATED_AT = "CREATED_AT"
    CHANGED_AT = "CHANGED_AT"


# ── people ───────────────────────────────────────────────────────────────────────────────────────


def people(conn: psycopg.Connection, basis: Basis, ids: Sequence[UUID]) -> dict[UUID, PersonRow]:
    """The people with these ids, inactive and erased ones too; unknown ones are left out."""


def people_by_handle(conn: psycopg.Connection, basis: Basis, handles: Sequence[str]) -> dict[str, PersonRow]:
    """The people with these handles; unknown ones are left out."""


def members_of_teams(
    conn: psycopg.Connection, basis: Basis, teams: Sequence[UUID]
) -> dict[UUID, list[PersonRow]]:
    """The members of each of these teams, as they joined."""


def person_page(
    conn: psycopg.Connection, basis: Basis, filter: PersonFilter, order: Order[PersonOrder], window: Window
) -> list[PersonRow]:
    """A stretch of the people that pass the filter."""


def person_count(conn: psycopg.Connection, basis: Basis, filter: PersonFilter) -> int:
    """How many people pass the filter."""


def person_cursor(row: PersonRow, order: PersonOrder) -> Cursor:
    """Where this row stands in that order."""


# ── teams ────────────────────────────────────────────────────────────────────────────────────────


def teams(conn: psycopg.Connection, basis: Basis, ids: Sequence[UUID]) -> dict[UUID, TeamRow]:
    """The teams with these ids, disbanded ones too; unknown ones are left out."""


def teams_by_key(conn: psycopg.Connection, basis: Basis, keys: Sequence[str]) -> dict[str, TeamRow]:
    """The teams with these keys; unknown ones are left out."""


def teams_within(conn: psycopg.Connection, basis: Basis, parents: Sequence[UUID]) -> dict[UUID, list[TeamRow]]:
    """The children of each of these teams that were not disbanded, as they were formed."""


def teams_of_people(
    conn: psycopg.Connection, basis: Basis, people: Sequence[UUID]
) -> dict[UUID, list[TeamRow]]:
    """The teams that each of these people is a member of, as they joined; none that was disbanded."""


def team_page(
    conn: psycopg.Connection, basis: Basis, filter: TeamFilter, order: Order[TeamOrder], window: Window
) -> list[TeamRow]:
    """A stretch of the teams that pass the filter."""


def team_count(conn: psycopg.Connection, basis: Basis, filter: TeamFilter) -> int:
    """How many teams pass the filter."""


def team_cursor(row: TeamRow, order: TeamOrder) -> Cursor:
    """Where this row stands in that order."""
