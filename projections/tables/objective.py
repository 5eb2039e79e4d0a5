"""Which goals are there, and how do they stand written: cycles, the scoring policy, objectives."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from functools import singledispatch
from operator import attrgetter
from typing import Any
from uuid import UUID

import msgspec

from domain.model.cycle import CycleActivated, CycleClosed, CycleOpened, ScoringPolicyAdopted
from domain.model.event import NOBODY, Event, Recorded
from domain.model.objective import (
    ObjectiveAligned,
    ObjectiveAssigned,
    ObjectiveClosed,
    ObjectiveCommitted,
    ObjectiveDrafted,
    ObjectiveDropped,
    ObjectiveReopened,
    ObjectiveReworded,
    ObjectiveUnaligned,
    ObjectiveVisibilitySet,
)
from domain.primitives.values import (
    EARLIEST,
    Basis,
    Cadence,
    CycleState,
    Kind,
    ObjectiveKind,
    ObjectiveState,
    ScoringPolicy,
    Source,
    Verdict,
    Visibility,
)
from projections.store.batch_writer import Book, Reads
from projections.store.keyset import CHANGED_AT, CREATED_AT, RECORDED, Key, List, Sieve, text
from projections.store.versioned_tables import (
    Chain,
    Connection,
    Cursor,
    Order,
    Table,
    Version,
    Window,
    fetch,
    grouped,
    holds,
    last_version,
    placed,
)

# ── rows ─────────────────────────────────────────────────────────────────────────────────────────


class CycleRow(Version, frozen=True, gc=False):
    key: str
    name: str
    starts_on: date
    ends_on: date
    check_in_cadence: Cadence
    parent: UUID | None
    state: CycleState = CycleState.PLANNING
    plan_at: datetime | None = None
    plan_position: int | None = None
    outcome_at: datetime | None = None
    outcome_position: int | None = None

    @property
    def plan(self) -> Basis | None:
        """The basis of its activation."""
        return _basis(self.plan_at, self.plan_position)

    @property
    def outcome(self) -> Basis | None:
        """The basis of its closing."""
        return _basis(self.outcome_at, self.outcome_position)


def _basis(at: datetime | None, position: int | None) -> Basis | None:
    return None if at is None or position is None else Basis(at, position)


class PolicyRow(Version, frozen=True, gc=False):
    policy: ScoringPolicy


class ObjectiveRow(Version, frozen=True, gc=False):
    """`verdict`, `score`, `reflection` and `closed_at` stand from its closing until it is reopened."""

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


# ── tables ───────────────────────────────────────────────────────────────────────────────────────

CYCLE = Chain(Kind.CYCLE, CycleRow, ["(key)", "(parent) where version = 1"])
POLICY = Chain(Kind.POLICY, PolicyRow)
OBJECTIVE = Chain(
    Kind.OBJECTIVE,
    ObjectiveRow,
    [
        "(cycle, born) where version = 1",
        "(carried_from) where version = 1",
        "(owner, id)",
        "(team, id)",
        f"(id) where visibility = '{Visibility.TEAM}'",
    ],
)
TABLES: tuple[Table[Any], ...] = (CYCLE, POLICY, OBJECTIVE)

# ── handlers ─────────────────────────────────────────────────────────────────────────────────────

READS: Reads = {}


@singledispatch
def apply(event: Event, said: Recorded, book: Book) -> None:
    """What an event changes here; nothing for most."""


@apply.register
def _(event: CycleOpened, said: Recorded, book: Book) -> None:
    book.begin(CYCLE, said)


@apply.register
def _(event: CycleActivated, said: Recorded, book: Book) -> None:
    book.revise(CYCLE, said, state=CycleState.ACTIVE, plan_at=event.timestamp, plan_position=said.position)


@apply.register
def _(event: CycleClosed, said: Recorded, book: Book) -> None:
    book.revise(CYCLE, said, state=CycleState.CLOSED, outcome_at=event.timestamp, outcome_position=said.position)


@apply.register
def _(event: ScoringPolicyAdopted, said: Recorded, book: Book) -> None:
    (book.begin if event.originator_version == 1 else book.revise)(POLICY, said)


@apply.register
def _(event: ObjectiveDrafted, said: Recorded, book: Book) -> None:
    book.begin(OBJECTIVE, said)


@apply.register(ObjectiveReworded)
@apply.register(ObjectiveAssigned)
@apply.register(ObjectiveAligned)
@apply.register(ObjectiveUnaligned)
@apply.register(ObjectiveVisibilitySet)
def _(event: Event, said: Recorded, book: Book) -> None:
    book.revise(OBJECTIVE, said)


@apply.register
def _(event: ObjectiveCommitted, said: Recorded, book: Book) -> None:
    book.revise(OBJECTIVE, said, state=ObjectiveState.ACTIVE)


@apply.register
def _(event: ObjectiveClosed, said: Recorded, book: Book) -> None:
    book.revise(OBJECTIVE, said, state=ObjectiveState.CLOSED, closed_at=event.timestamp)


@apply.register
def _(event: ObjectiveDropped, said: Recorded, book: Book) -> None:
    book.revise(OBJECTIVE, said, state=ObjectiveState.DROPPED)


@apply.register
def _(event: ObjectiveReopened, said: Recorded, book: Book) -> None:
    no_outcome = {"verdict": None, "score": None, "reflection": None, "closed_at": None}
    book.revise(OBJECTIVE, said, state=ObjectiveState.ACTIVE, **no_outcome)


# ── filters and orders ───────────────────────────────────────────────────────────────────────────


class CycleFilter(msgspec.Struct, frozen=True):
    """`overlaps`: cycles that this day lies in, both ends included."""

    state: CycleState | None = None
    overlaps: date | None = None
    parent: UUID | None = None


class ObjectiveFilter(msgspec.Struct, frozen=True):
    """Every part given must hold. `aligned`: supports anything that is not dropped. `search`: a part
    of title or description, whatever the case. `supports`: an objective or key result it supports."""

    cycle: UUID | None = None
    team: UUID | None = None
    owner: UUID | None = None
    states: tuple[ObjectiveState, ...] | None = None
    kind: ObjectiveKind | None = None
    aligned: bool | None = None
    search: str | None = None
    supports: UUID | None = None


class CycleOrder(StrEnum):
    RECORDED = "RECORDED"
    STARTS_ON = "STARTS_ON"
    NAME = "NAME"
    KEY = "KEY"
    CREATED_AT = "CREATED_AT"
    CHANGED_AT = "CHANGED_AT"


class ObjectiveOrder(StrEnum):
    RECORDED = "RECORDED"
    TITLE = "TITLE"
    CREATED_AT = "CREATED_AT"
    CHANGED_AT = "CHANGED_AT"


# ── cycles and the policy ────────────────────────────────────────────────────────────────────────


def cycles(conn: Connection, basis: Basis, ids: Sequence[UUID]) -> dict[UUID, CycleRow]:
    """The cycles with these ids; unknown ones are left out."""
    return CYCLE.by_id(conn, basis, ids)


def cycles_by_key(conn: Connection, basis: Basis, keys: Sequence[str]) -> dict[str, CycleRow]:
    """The cycles with these keys; unknown ones are left out."""
    return {row.key: row for row in CYCLE.by(conn, basis, "key", keys)}


def cycles_within(conn: Connection, basis: Basis, parents: Sequence[UUID]) -> dict[UUID, list[CycleRow]]:
    """The children of each of these cycles, by start."""
    found = CYCLE.within(conn, basis, "parent", parents)
    return {parent: sorted(rows, key=attrgetter("starts_on")) for parent, rows in found.items()}


def cycle_page(
    conn: Connection, basis: Basis, filter: CycleFilter, order: Order[CycleOrder], window: Window
) -> list[CycleRow]:
    """A stretch of the cycles that pass the filter."""
    return _CYCLES.page(conn, basis, _cycle_sieve(filter), window, order.field, order.descending)


def cycle_count(conn: Connection, basis: Basis, filter: CycleFilter) -> int:
    """How many cycles pass the filter."""
    return _CYCLES.count(conn, basis, _cycle_sieve(filter))


def cycle_cursor(row: CycleRow, order: CycleOrder) -> Cursor:
    """Where this row stands in that order."""
    return _CYCLES.cursor(row, order)


def policy(conn: Connection, basis: Basis) -> PolicyRow:
    """The scoring policy in force; before the first is adopted the defaults, as version 0."""
    rows = POLICY.read(conn, POLICY.query(basis, "select id from scoring_policy where version = 1"), placed(basis))
    return rows[0] if rows else DEFAULT_POLICY


_CYCLES = List(
    CYCLE,
    {
        CycleOrder.RECORDED: RECORDED,
        CycleOrder.STARTS_ON: Key("starts_on", "v.starts_on", "date"),
        CycleOrder.NAME: text("name"),
        CycleOrder.KEY: text("key"),
        CycleOrder.CREATED_AT: CREATED_AT,
        CycleOrder.CHANGED_AT: CHANGED_AT,
    },
)


def _cycle_sieve(filter: CycleFilter) -> Sieve:
    sieve = Sieve()
    sieve.begun("f.parent = {0}", filter.parent)
    sieve.holds("v.state = {0}", filter.state)
    sieve.holds("{0} between v.starts_on and v.ends_on", filter.overlaps)
    return sieve


DEFAULT_POLICY = PolicyRow(
    NOBODY, 0, 0, 0, EARLIEST, EARLIEST, "machine:keyframe", Source.SYSTEM, None, "machine:keyframe", Source.SYSTEM,
    None, None, ScoringPolicy(),
)  # fmt: skip

# ── objectives ───────────────────────────────────────────────────────────────────────────────────


def objectives(conn: Connection, basis: Basis, ids: Sequence[UUID]) -> dict[UUID, ObjectiveRow]:
    """The objectives with these ids; unknown ones are left out."""
    return OBJECTIVE.by_id(conn, basis, ids)


def objectives_of_cycles(
    conn: Connection, basis: Basis, cycles: Sequence[UUID], filter: ObjectiveFilter
) -> dict[UUID, list[ObjectiveRow]]:
    """All objectives of each of these cycles that pass the filter, as they were drafted."""
    return _objectives_of(conn, basis, "cycle", cycles, filter)


def objectives_of_teams(
    conn: Connection, basis: Basis, teams: Sequence[UUID], filter: ObjectiveFilter
) -> dict[UUID, list[ObjectiveRow]]:
    """All objectives of each of these teams that pass the filter, as they were drafted."""
    return _objectives_of(conn, basis, "team", teams, filter)


def objectives_of_owners(
    conn: Connection, basis: Basis, owners: Sequence[UUID], filter: ObjectiveFilter
) -> dict[UUID, list[ObjectiveRow]]:
    """All objectives of each of these people that pass the filter, as they were drafted."""
    return _objectives_of(conn, basis, "owner", owners, filter)


def objectives_carried_from(
    conn: Connection, basis: Basis, objectives: Sequence[UUID]
) -> dict[UUID, list[ObjectiveRow]]:
    """What each of these objectives was carried into, in order."""
    return OBJECTIVE.within(conn, basis, "carried_from", objectives)


def objectives_per_owner(conn: Connection, basis: Basis, cycles: Sequence[UUID]) -> dict[tuple[UUID, UUID], int]:
    """By (cycle, owner): how many objectives that are neither closed nor dropped."""
    candidates = "select id from objective where version = 1 and cycle = any(%(cycles)b)"
    open_ones = "v.owner is not null and v.state in ('DRAFT', 'ACTIVE') group by v.cycle, v.owner"
    sql = OBJECTIVE.query(basis, candidates, open_ones, "v.cycle, v.owner, count(*)")
    return {(cycle, owner): count for cycle, owner, count in fetch(conn, sql, placed(basis, cycles=list(cycles)))}


def objective_page(
    conn: Connection, basis: Basis, filter: ObjectiveFilter, order: Order[ObjectiveOrder], window: Window
) -> list[ObjectiveRow]:
    """A stretch of the objectives that pass the filter."""
    return _OBJECTIVES.page(conn, basis, _objective_sieve(basis, filter), window, order.field, order.descending)


def objective_count(conn: Connection, basis: Basis, filter: ObjectiveFilter) -> int:
    """How many objectives pass the filter."""
    return _OBJECTIVES.count(conn, basis, _objective_sieve(basis, filter))


def objective_cursor(row: ObjectiveRow, order: ObjectiveOrder) -> Cursor:
    """Where this row stands in that order."""
    return _OBJECTIVES.cursor(row, order)


_OBJECTIVES = List(
    OBJECTIVE,
    {
        ObjectiveOrder.RECORDED: RECORDED,
        ObjectiveOrder.TITLE: text("title"),
        ObjectiveOrder.CREATED_AT: CREATED_AT,
        ObjectiveOrder.CHANGED_AT: CHANGED_AT,
    },
)


def _objective_sieve(basis: Basis, filter: ObjectiveFilter) -> Sieve:
    sieve = Sieve()
    supported = f"exists (select from support e where e.objective = v.id and {stands(basis)}"
    sieve.begun("f.cycle = {0}", filter.cycle)
    sieve.has(OBJECTIVE, "team", filter.team)
    sieve.has(OBJECTIVE, "owner", filter.owner)
    sieve.holds("v.state = any({0})", filter.states)
    sieve.holds("v.kind = {0}", filter.kind)
    sieve.holds(f"{supported}) = {{0}}", filter.aligned)
    sieve.holds(f"{supported} and e.target = {{0}})", filter.supports)
    sieve.search(filter.search, "title", "description")
    return sieve


def stands(basis: Basis) -> str:
    """The condition that an edge `e` of `support` holds at the basis, and that its target is there and
    was not dropped."""
    target = (
        f"select from {OBJECTIVE.at(basis, 'o', 'e.through')}"
        f" left join {last_version('key_result', basis, 'k', 'e.target')} on true"
        " where o.state <> 'DROPPED' and (e.target = e.through or k.state <> 'DROPPED')"
    )
    return f"{holds(basis, 'e')} and exists ({target})"


def _objectives_of(
    conn: Connection, basis: Basis, column: str, values: Sequence[UUID], filter: ObjectiveFilter
) -> dict[UUID, list[ObjectiveRow]]:
    sieve = _objective_sieve(basis, filter)
    sieve.has(OBJECTIVE, column, tuple(values))
    return grouped(values, _OBJECTIVES.all(conn, basis, sieve), attrgetter(column))
