"""Objectives: wording, owner, team, visibility, state and outcome."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from functools import singledispatch
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from msgspec.structs import replace

from domain.model.event import Event, Recorded
from domain.model.objective import (
    ObjectiveAligned,
    ObjectiveAssigned,
    ObjectiveClosed,
    ObjectiveCommitted,
    ObjectiveDrafted,
    ObjectiveDropped,
    ObjectiveLabelled,
    ObjectiveMoved,
    ObjectiveReopened,
    ObjectiveReworded,
    ObjectiveUnaligned,
    ObjectiveVisibilitySet,
)
from domain.primitives.values import (
    Basis,
    Kind,
    ObjectiveKind,
    ObjectiveState,
    Verdict,
    Visibility,
)
from projections.store.basis import along_params, first_place, is_valid_at, last_version
from projections.store.batch_writer import BatchWriter, Reads
from projections.store.keyset import LABELLED, Filter, FilterBuilder, List, Range, text
from projections.store.rows import Version
from projections.store.versioned_tables import Connection, Table, VersionedTable, basis_params, fetch, row_loader
from projections.tables.people import teams_inside

# ── rows ─────────────────────────────────────────────────────────────────────────────────────────


class ObjectiveRow(Version, frozen=True, gc=False):
    """`verdict`, `score`, `reflection`, `closed_at` and `closed_in` (the command) are set by the closing and reset by a
    reopening. `ended_at` is the time of its closing or dropping, and `ended_position` the position. `arrived`: it is
    the first version in this cycle, of those there may be several."""

    cycle: UUID
    title: str
    description: str | None
    kind: ObjectiveKind
    owner: UUID | None
    team: UUID | None
    contributors: tuple[UUID, ...]
    carried_from: UUID | None
    visibility: Visibility
    state: ObjectiveState = ObjectiveState.DRAFT
    verdict: Verdict | None = None
    score: float | None = None
    reflection: str | None = None
    closed_at: datetime | None = None
    closed_in: UUID | None = None
    ended_at: datetime | None = None
    ended_position: int | None = None
    labels: tuple[str, ...] = ()
    arrived: bool = True


class Goal(NamedTuple):
    """What the figures of an objective depend on besides its key results: the columns of its row that they read."""

    id: UUID
    born: int
    position: int
    cycle: UUID
    owner: UUID | None
    team: UUID | None
    title: str
    kind: ObjectiveKind
    state: ObjectiveState
    verdict: Verdict | None
    score: float | None
    closed_in: UUID | None
    ended_at: datetime | None
    ended_position: int | None


AnyObjective: TypeAlias = ObjectiveRow | Goal

# ── tables ───────────────────────────────────────────────────────────────────────────────────────

OBJECTIVE = VersionedTable(
    Kind.OBJECTIVE,
    ObjectiveRow,
    [
        "(cycle, born) where arrived",
        "(carried_from) where version = 1",
        "(owner, id)",
        "(team, id)",
        f"(id) where visibility = '{Visibility.TEAM}'",
        *LABELLED,
    ],
    searched=("title", "description"),
)
TABLES: tuple[Table[Any], ...] = (OBJECTIVE,)

# ── handlers ─────────────────────────────────────────────────────────────────────────────────────

READS: Reads = {}


@singledispatch
def apply(event: Event, entry: Recorded, writer: BatchWriter) -> None:
    """Apply an event to the tables of this projection; most events are ignored."""


@apply.register
def on_objective_drafted(event: ObjectiveDrafted, entry: Recorded, writer: BatchWriter) -> None:
    writer.insert_first(OBJECTIVE, entry)


@apply.register(ObjectiveReworded)
@apply.register(ObjectiveAssigned)
@apply.register(ObjectiveAligned)
@apply.register(ObjectiveUnaligned)
@apply.register(ObjectiveLabelled)
@apply.register(ObjectiveVisibilitySet)
def on_objective_edited(event: Event, entry: Recorded, writer: BatchWriter) -> None:
    _change(writer, entry)


@apply.register
def on_objective_moved(event: ObjectiveMoved, entry: Recorded, writer: BatchWriter) -> None:
    _change(writer, entry, arrived=True)


@apply.register
def on_objective_committed(event: ObjectiveCommitted, entry: Recorded, writer: BatchWriter) -> None:
    _change(writer, entry, state=ObjectiveState.ACTIVE)


@apply.register
def on_objective_closed(event: ObjectiveClosed, entry: Recorded, writer: BatchWriter) -> None:
    ended = {"ended_at": event.timestamp, "ended_position": entry.position}
    closed = {"closed_at": event.timestamp, "closed_in": entry.by.command}
    _change(writer, entry, state=ObjectiveState.CLOSED, **closed, **ended)


@apply.register
def on_objective_dropped(event: ObjectiveDropped, entry: Recorded, writer: BatchWriter) -> None:
    ended = {"ended_at": event.timestamp, "ended_position": entry.position}
    _change(writer, entry, state=ObjectiveState.DROPPED, **ended)


@apply.register
def on_objective_reopened(event: ObjectiveReopened, entry: Recorded, writer: BatchWriter) -> None:
    _change(writer, entry, state=ObjectiveState.ACTIVE, **dict.fromkeys(_OF_THE_END))


def _change(writer: BatchWriter, entry: Recorded, **fields: Any) -> None:
    writer.insert_version(OBJECTIVE, entry, **{"arrived": False} | fields)


_OF_THE_END = ("verdict", "score", "reflection", "closed_at", "closed_in", "ended_at", "ended_position")

# ── filters and orders ───────────────────────────────────────────────────────────────────────────


class ObjectiveFilter(Filter, frozen=True):
    """All conditions given must hold. `teams`: one of them is its team. `aligned`: supports a goal that is not dropped.
    `search`: words that occur in title or description. `supports`: an objective or key result that it supports.
    `labels`: it has all of them. `cycles`, `owners`, `any_labels`: it has one of them.
    `owned`: whether it has an owner. `contributor`: one of its contributors. `created` and `changed`: the times of its
    creation and of its last change."""

    cycle: UUID | None = None
    teams: tuple[UUID, ...] | None = None
    owner: UUID | None = None
    states: tuple[ObjectiveState, ...] | None = None
    kind: ObjectiveKind | None = None
    aligned: bool | None = None
    search: str | None = None
    supports: UUID | None = None
    labels: tuple[str, ...] | None = None
    cycles: tuple[UUID, ...] | None = None
    owners: tuple[UUID, ...] | None = None
    owned: bool | None = None
    contributor: UUID | None = None
    any_labels: tuple[str, ...] | None = None
    created: Range | None = None
    changed: Range | None = None


class ObjectiveOrder(StrEnum):
    RECORDED = "RECORDED"
    TITLE = "TITLE"
    CREATED_AT = "CREATED_AT"
    CHANGED_AT = "CHANGED_AT"


# ── queries ──────────────────────────────────────────────────────────────────────────────────────


objectives = OBJECTIVE.by_id
"""The objectives with these ids; unknown ones are left out."""


def objectives_of_cycles(
    conn: Connection, basis: Basis, cycles: Sequence[UUID], filter: ObjectiveFilter
) -> dict[UUID, list[ObjectiveRow]]:
    """All objectives of each of these cycles that pass the filter, in the order of drafting."""
    return OBJECTIVES.with_column(conn, basis, filter, "cycle", cycles)


def objectives_of_teams(
    conn: Connection, basis: Basis, teams: Sequence[UUID], filter: ObjectiveFilter
) -> dict[UUID, list[ObjectiveRow]]:
    """All objectives of each of these teams that pass the filter, in the order of drafting."""
    return OBJECTIVES.with_column(conn, basis, filter, "team", teams)


def objectives_inside_teams(
    conn: Connection, basis: Basis, teams: Sequence[UUID], filter: ObjectiveFilter
) -> dict[UUID, list[ObjectiveRow]]:
    """All objectives of each of these teams and of the teams inside it that pass the filter, in the order of
    drafting."""
    inside = teams_inside(conn, basis, teams)
    found = objectives_of_teams(conn, basis, sorted(set().union(*inside.values())), filter)
    return {team: sorted((row for id in inside[team] for row in found[id]), key=attrgetter("born")) for team in teams}


def objectives_of_owners(
    conn: Connection, basis: Basis, owners: Sequence[UUID], filter: ObjectiveFilter
) -> dict[UUID, list[ObjectiveRow]]:
    """All objectives of each of these people that pass the filter, in the order of drafting."""
    return OBJECTIVES.with_column(conn, basis, filter, "owner", owners)


def objectives_carried_from(
    conn: Connection, basis: Basis, objectives: Sequence[UUID]
) -> dict[UUID, list[ObjectiveRow]]:
    """The objectives that each of these was carried over to, in the order of drafting."""
    return OBJECTIVE.within(conn, basis, "carried_from", objectives)


_GOAL = ", ".join(f"v.{name}" for name in Goal._fields)


def _goals(rows: Iterable[Sequence[Any]]) -> list[Goal]:
    """The goals of these rows, in the order of drafting."""
    return sorted(map(_goal, rows), key=attrgetter("born"))


_goal = row_loader(Goal, (column.load for name in Goal._fields for column in OBJECTIVE.columns if column.name == name))


def goals(conn: Connection, basis: Basis, ids: Sequence[UUID]) -> dict[UUID, AnyObjective]:
    """The objectives with these ids; unknown ones are left out."""
    found = list(map(_goal, OBJECTIVE.columns_by_id(conn, basis, list(ids), _GOAL)))
    return dict(zip(map(attrgetter("id"), found), found, strict=True))


_IN_CYCLES = "v.cycle = any(%(cycles)b)"
_OF_CYCLES = "select distinct id from objective where arrived and cycle = any(%(cycles)b)"
"""The objectives that were ever in one of these cycles."""


def goals_of_cycles(conn: Connection, basis: Basis, cycles: Sequence[UUID]) -> list[Goal]:
    """All objectives of these cycles, in the order of drafting."""
    sql = OBJECTIVE.query(basis, _OF_CYCLES, _IN_CYCLES, _GOAL)
    return _goals(fetch(conn, sql, basis_params(basis, cycles=list(cycles)), prepare=False))


def goals_along(conn: Connection, bases: Sequence[Basis], cycles: Sequence[UUID]) -> Iterator[tuple[int, Goal]]:
    """The versions of all objectives that were ever in these cycles, in the order of the log, each with the place of
    the first of these bases that sees it. Neither clock of the bases goes backwards."""
    sql = (
        f"select {first_place('v', 'changed_at')}, {_GOAL} from ({_OF_CYCLES}) c join objective v on v.id = c.id"
        " where v.changed_at <= %(at)s and v.position <= %(position)s order by v.position"
    )
    found = fetch(conn, sql, along_params(bases, cycles=list(cycles)), prepare=False)
    return ((place, _goal(columns)) for place, *columns in found)


def goals_of_teams(conn: Connection, basis: Basis, teams: Sequence[UUID], cycle: UUID | None) -> list[Goal]:
    """All objectives of these teams, in a cycle if one is given, in the order of drafting."""
    given = basis_params(basis, teams=list(teams), cycle=cycle)
    within = "" if cycle is None else " and cycle = %(cycle)s"
    candidates = f"select distinct id from objective where team = any(%(teams)b){within}"
    in_cycle = "" if cycle is None else " and v.cycle = %(cycle)s"
    sql = OBJECTIVE.query(basis, candidates, f"v.team = any(%(teams)b){in_cycle}", _GOAL)
    return _goals(fetch(conn, sql, given, prepare=False))


class OpenObjective(NamedTuple):
    """What an objective that is neither closed nor dropped is compared by with the others of its cycle."""

    cycle: UUID
    owner: UUID | None
    team: UUID | None
    title: str


def open_objectives(conn: Connection, basis: Basis, cycles: Sequence[UUID]) -> list[OpenObjective]:
    """The objectives of these cycles that are neither closed nor dropped, in no order."""
    where, columns = f"{_IN_CYCLES} and v.state in ('DRAFT', 'ACTIVE')", "v.cycle, v.owner, v.team, v.title"
    sql = OBJECTIVE.query(basis, _OF_CYCLES, where, columns)
    return [OpenObjective(*columns) for columns in fetch(conn, sql, basis_params(basis, cycles=list(cycles)))]


def open_goals(conn: Connection, basis: Basis, filter: ObjectiveFilter) -> list[Goal]:
    """The drafts and active objectives that pass the filter, in the order of drafting."""
    return goals_that_pass(conn, basis, replace(filter, states=(ObjectiveState.DRAFT, ObjectiveState.ACTIVE)))


def _objective_conditions(basis: Basis, filter: ObjectiveFilter) -> FilterBuilder:
    builder = FilterBuilder()
    supported = f"exists (select from support e where e.objective = v.id and {is_in_force(basis)}"
    builder.where_home(OBJECTIVE, "cycle", filter.cycle)
    builder.where_column(OBJECTIVE, "team", filter.teams)
    builder.where_column(OBJECTIVE, "owner", filter.owner)
    builder.where("v.state = any({0})", filter.states)
    builder.where("v.kind = {0}", filter.kind)
    builder.where(f"{supported}) = {{0}}", filter.aligned)
    builder.where(f"{supported} and e.target = {{0}})", filter.supports)
    builder.where_labels(OBJECTIVE, filter.labels)
    builder.where_home(OBJECTIVE, "cycle", filter.cycles)
    builder.where_column(OBJECTIVE, "owner", filter.owners)
    builder.where("(v.owner is not null) = {0}", filter.owned)
    builder.where("{0} = any(v.contributors)", filter.contributor)
    builder.where_any_label(OBJECTIVE, filter.any_labels)
    builder.where_in("v.created_at", filter.created)
    builder.where_in("v.changed_at", filter.changed)
    builder.search(filter.search)
    return builder


OBJECTIVES = List(OBJECTIVE, _objective_conditions, {ObjectiveOrder.TITLE: text("title")})


def goals_that_pass(conn: Connection, basis: Basis, filter: ObjectiveFilter) -> list[Goal]:
    """All objectives that pass the filter, in the order of drafting."""
    return _goals(OBJECTIVES.columns(conn, basis, filter, _GOAL))


def is_in_force(basis: Basis) -> str:
    """The condition that an edge `e` of `support` is valid at the basis, and that its target exists and is not
    dropped."""
    target = (
        f"select from {OBJECTIVE.at(basis, 'o', 'e.through')}"
        f" left join {last_version('key_result', basis, 'k', 'e.target')} on true"
        " where o.state <> 'DROPPED' and (e.target = e.through or k.state <> 'DROPPED')"
    )
    return f"{is_valid_at(basis, 'e')} and exists ({target})"
