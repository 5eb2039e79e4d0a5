"""People, teams with their leads, and memberships."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from functools import singledispatch
from operator import attrgetter
from typing import Any
from uuid import UUID

import msgspec

from domain.model.event import NIL_ID, WHEN_RECORDED, Event, Recorded
from domain.model.people import (
    PersonAdded,
    PersonDeactivated,
    PersonErased,
    PersonReactivated,
    PersonRenamed,
    TeamDisbanded,
    TeamFormed,
    TeamJoined,
    TeamLabelled,
    TeamLeadAppointed,
    TeamLeft,
    TeamMoved,
    TeamRenamed,
    TeamRevived,
    WorkHandedOver,
)
from domain.primitives.personal_data import erased_handle, unseal
from domain.primitives.values import Basis, Kind
from projections.store.basis import is_valid_at
from projections.store.batch_writer import BatchWriter, Reads
from projections.store.keyset import LABELLED, Filter, FilterBuilder, List, text
from projections.store.rows import Version
from projections.store.versioned_tables import (
    OPEN,
    Connection,
    Table,
    V,
    ValidityTable,
    VersionedTable,
    basis_params,
    fetch,
    grouped,
)

# ── rows ─────────────────────────────────────────────────────────────────────────────────────────


class PersonRow(Version, frozen=True, gc=False):
    """An erased person has no handle, name or email, at any basis."""

    handle: str | None
    name: str | None
    email: str | None
    active: bool = True


class TeamRow(Version, frozen=True, gc=False):
    key: str
    name: str
    parent: UUID | None
    lead: UUID | None
    disbanded: bool = False
    labels: tuple[str, ...] = ()


class Membership(msgspec.Struct, frozen=True, gc=False):
    """A person belongs to a team."""

    team: UUID
    person: UUID
    position: int
    until_position: int
    effective_at: datetime
    until_at: datetime


# ── tables ───────────────────────────────────────────────────────────────────────────────────────

NAMES = ("handle", "name", "email")
"""The columns that name a person."""
PERSON = VersionedTable(Kind.PERSON, PersonRow, ["(handle)"], secret=NAMES, searched=NAMES)
TEAM = VersionedTable(Kind.TEAM, TeamRow, ["(key)", "(parent, id)", *LABELLED], searched=("key", "name"))
MEMBERSHIP = ValidityTable("membership", Membership, ["team", "person"], ["until_position", "until_at"], ["(person)"])
TABLES: tuple[Table[Any], ...] = (PERSON, TEAM, MEMBERSHIP)

# ── handlers ─────────────────────────────────────────────────────────────────────────────────────

READS: Reads = {}


@singledispatch
def apply(event: Event, entry: Recorded, writer: BatchWriter) -> None:
    """Apply an event to the tables of this projection; most events are ignored."""


@apply.register
def on_person_added(event: PersonAdded, entry: Recorded, writer: BatchWriter) -> None:
    writer.insert_first(PERSON, entry, **_personal(event, writer))


@apply.register
def on_person_renamed(event: PersonRenamed, entry: Recorded, writer: BatchWriter) -> None:
    writer.insert_version(PERSON, entry, **_personal(event, writer))


@apply.register
def on_person_deactivated(event: PersonDeactivated, entry: Recorded, writer: BatchWriter) -> None:
    writer.insert_version(PERSON, entry, active=False)


@apply.register
def on_person_reactivated(event: PersonReactivated, entry: Recorded, writer: BatchWriter) -> None:
    writer.insert_version(PERSON, entry, active=True)


@apply.register
def on_work_handed_over(event: WorkHandedOver, entry: Recorded, writer: BatchWriter) -> None:
    """What was handed over changes by events of its own."""
    writer.insert_version(PERSON, entry)


@apply.register
def on_person_erased(event: PersonErased, entry: Recorded, writer: BatchWriter) -> None:
    writer.redact(PERSON, event.originator_id, *NAMES)
    writer.insert_version(PERSON, entry, active=False)


@apply.register
def on_team_formed(event: TeamFormed, entry: Recorded, writer: BatchWriter) -> None:
    writer.insert_first(TEAM, entry)


@apply.register(TeamRenamed)
@apply.register(TeamMoved)
@apply.register(TeamLeadAppointed)
@apply.register(TeamLabelled)
def on_team_edited(event: Event, entry: Recorded, writer: BatchWriter) -> None:
    writer.insert_version(TEAM, entry)


@apply.register
def on_team_joined(event: TeamJoined, entry: Recorded, writer: BatchWriter) -> None:
    writer.insert_version(TEAM, entry)
    edge = (event.originator_id, event.person)
    writer.add(MEMBERSHIP, Membership(*edge, entry.position, OPEN, event.timestamp, WHEN_RECORDED))


@apply.register
def on_team_left(event: TeamLeft, entry: Recorded, writer: BatchWriter) -> None:
    writer.insert_version(TEAM, entry)
    writer.close(MEMBERSHIP, (event.originator_id, event.person), entry.position, event.timestamp)


@apply.register
def on_team_disbanded(event: TeamDisbanded, entry: Recorded, writer: BatchWriter) -> None:
    writer.insert_version(TEAM, entry, disbanded=True)


@apply.register
def on_team_revived(event: TeamRevived, entry: Recorded, writer: BatchWriter) -> None:
    writer.insert_version(TEAM, entry, disbanded=False)


def _personal(event: PersonAdded | PersonRenamed, writer: BatchWriter) -> dict[str, str | None]:
    """The personal fields, decrypted with the person's key; None for each of them if the person is erased."""
    key = writer.keys.get(event.originator_id)
    if key is None:
        return {"handle": None, "name": None, "email": None}
    personal = unseal(key, event.originator_id, event.sealed)
    return {"handle": personal.handle, "name": personal.name, "email": personal.email}


def is_any_erased(conn: Connection) -> bool:
    """Whether any person is erased."""
    return bool(fetch(conn, "select 1 from person where handle is null limit 1", {}))


# ── filters and orders ───────────────────────────────────────────────────────────────────────────


class PersonFilter(Filter, frozen=True):
    """`search`: words that occur in handle, name or email. `teams`: a member of one of them."""

    active: bool | None = None
    search: str | None = None
    teams: tuple[UUID, ...] | None = None


class TeamFilter(Filter, frozen=True):
    """`labels`: it has all of them. `any_labels`: it has one of them. `search`: words that occur in key or name."""

    parent: UUID | None = None
    disbanded: bool | None = None
    labels: tuple[str, ...] | None = None
    search: str | None = None
    any_labels: tuple[str, ...] | None = None


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


people = PERSON.by_id
"""The people with these ids, inactive and erased ones too; unknown ones are left out."""


def people_by_handle(conn: Connection, basis: Basis, handles: Sequence[str]) -> dict[str, PersonRow]:
    """The people with these handles, or with these placeholder handles of erased people; unknown ones are left out."""
    found = _erased(conn, basis, [handle for handle in handles if handle.startswith(erased_handle(NIL_ID)[:-8])])
    return found | {row.handle: row for row in PERSON.by(conn, basis, "handle", handles) if row.handle}


def _erased(conn: Connection, basis: Basis, handles: Sequence[str]) -> dict[str, PersonRow]:
    if not handles:
        return {}
    query = "select distinct id from person where handle is null and left(id::text, 8) = any(%(ends)b)"
    ids = [id for (id,) in fetch(conn, query, {"ends": [handle[-8:] for handle in handles]})]
    rows = {erased_handle(row.id): row for row in people(conn, basis, ids).values()}
    return {handle: row for handle, row in rows.items() if handle in handles}


def members_of_teams(conn: Connection, basis: Basis, teams: Sequence[UUID]) -> dict[UUID, list[PersonRow]]:
    """The members of each of these teams, in the order of joining."""
    return _joined(conn, basis, "team", teams, PERSON, "person")


def _person_conditions(basis: Basis, filter: PersonFilter) -> FilterBuilder:
    builder = FilterBuilder()
    of_teams = f"select m.person from membership m where m.team = any({{0}}) and {is_valid_at(basis, 'm')}"
    builder.where_first(f"f.id in ({of_teams})", filter.teams)
    builder.where("v.active = {0}", filter.active)
    builder.search(filter.search)
    return builder


PEOPLE = List(PERSON, _person_conditions, {PersonOrder.HANDLE: text("handle"), PersonOrder.NAME: text("name")})


# ── teams ────────────────────────────────────────────────────────────────────────────────────────


teams = TEAM.by_id
"""The teams with these ids, disbanded ones too; unknown ones are left out."""


def teams_by_key(conn: Connection, basis: Basis, keys: Sequence[str]) -> dict[str, TeamRow]:
    """The teams with these keys; unknown ones are left out."""
    return {row.key: row for row in TEAM.by(conn, basis, "key", keys)}


def teams_within(conn: Connection, basis: Basis, parents: Sequence[UUID]) -> dict[UUID, list[TeamRow]]:
    """The children of each of these teams that are not disbanded, in the order of formation."""
    rows = TEAM.by(conn, basis, "parent", parents, "not v.disbanded")
    return grouped(parents, rows, attrgetter("parent"))


def teams_inside(conn: Connection, basis: Basis, teams: Sequence[UUID]) -> dict[UUID, set[UUID]]:
    """Each of these teams with all teams inside it, directly or not."""
    sql = TEAM.query(basis, "select id from team where version = 1", columns="v.id, v.parent")
    within: dict[UUID | None, list[UUID]] = {}
    for id, parent in fetch(conn, sql, basis_params(basis)):
        within.setdefault(parent, []).append(id)
    return {id: reached(id, within) for id in teams}


def reached(team: UUID, within: Mapping[UUID | None, Collection[UUID]]) -> set[UUID]:
    """A team and all teams inside it, by the teams directly within each."""
    found, level = {team}, [team]
    while level:
        level = [id for one in level for id in within.get(one, ()) if id not in found]
        found.update(level)
    return found


def teams_of_people(conn: Connection, basis: Basis, people: Sequence[UUID]) -> dict[UUID, list[TeamRow]]:
    """The teams of which each of these people is a member, in the order of joining; disbanded ones are left out."""
    return _joined(conn, basis, "person", people, TEAM, "team", "not v.disbanded")


def _team_conditions(_basis: Basis, filter: TeamFilter) -> FilterBuilder:
    builder = FilterBuilder()
    builder.where_column(TEAM, "parent", filter.parent)
    builder.where("v.disbanded = {0}", filter.disbanded)
    builder.where_labels(TEAM, filter.labels)
    builder.where_any_label(TEAM, filter.any_labels)
    builder.search(filter.search)
    return builder


TEAMS = List(TEAM, _team_conditions, {TeamOrder.KEY: text("key"), TeamOrder.NAME: text("name")})


def _joined(
    conn: Connection,
    basis: Basis,
    side: str,
    ids: Sequence[UUID],
    table: VersionedTable[V],
    other: str,
    where: str = "true",
) -> dict[UUID, list[V]]:
    """The rows at the other end of the memberships of each of these ids, in the order of joining."""
    edges = f"select m.{side} as of, m.{other} as id, m.position as joined from membership m"
    candidates = f"{edges} where m.{side} = any(%(ids)b) and {is_valid_at(basis, 'm')}"
    sql = f"{table.query(basis, candidates, where, f'c.of, {table.seen}')} order by c.joined"
    found: dict[UUID, list[V]] = {id: [] for id in ids}
    for of, *columns in fetch(conn, sql, basis_params(basis, ids=list(ids))):
        found[of].append(table.loaded(columns))
    return found
