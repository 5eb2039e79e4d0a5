"""Cycles and their state, and what is in force in the workspace: the scoring policy and the calendar."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from functools import singledispatch
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import msgspec

from domain.model.cycle import (
    CycleAbandoned,
    CycleActivated,
    CycleClosed,
    CycleOpened,
    CycleRenamed,
    CycleRescheduled,
    ScoringPolicyAdopted,
)
from domain.model.event import NIL_ID, Event, Recorded
from domain.model.workspace import CalendarSet
from domain.primitives.calendar import Calendar
from domain.primitives.values import (
    EARLIEST,
    Basis,
    Cadence,
    CycleState,
    Kind,
    ScoringPolicy,
    Source,
)
from projections.store.batch_writer import BatchWriter, Reads
from projections.store.keyset import Filter, FilterBuilder, List, Range, SortKey, text
from projections.store.rows import Version
from projections.store.versioned_tables import Connection, Table, VersionedTable, basis_params, fetch

V = TypeVar("V", bound=Version)

# ── rows ─────────────────────────────────────────────────────────────────────────────────────────


class FormerDays(msgspec.Struct, frozen=True):
    """The first and the last day of a cycle until it was rescheduled: until when, and the position of that event."""

    starts_on: date
    ends_on: date
    until: datetime
    until_position: int


class CycleRow(Version, frozen=True, gc=False):
    """`former_days`: those before each rescheduling, oldest first."""

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
    former_days: tuple[FormerDays, ...] = ()

    def at_end(self, end: tuple[datetime, int] | None) -> "CycleRow":
        """The same version with the days in force at an end, given as moment and position; what has ended keeps them.
        Without an end, this one."""
        if end is not None:
            for days in self.former_days:
                if end < (days.until, days.until_position):
                    return msgspec.structs.replace(self, starts_on=days.starts_on, ends_on=days.ends_on)
        return self

    def overlaps(self, other: "CycleRow") -> bool:
        """Whether the two cycles share a day."""
        return self.starts_on <= other.ends_on and other.starts_on <= self.ends_on

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


class Policies(NamedTuple):
    """The scoring policies up to a basis, oldest first."""

    rows: Sequence[PolicyRow]

    @property
    def current(self) -> PolicyRow:
        """The policy in force at the basis; before the first one is adopted, the defaults as version 0."""
        return _in_force(self.rows, None, DEFAULT_POLICY)

    def in_force(self, end: tuple[datetime, int] | None) -> ScoringPolicy:
        """The policy at an end, given as moment and position; without one, at the basis. One that was adopted
        afterwards does not count, even if it is effective before."""
        return _in_force(self.rows, end, DEFAULT_POLICY).policy


class CalendarRow(Version, frozen=True, gc=False):
    calendar: Calendar


class DayOffset(msgspec.Struct, frozen=True, gc=False):
    """From `since` on, days of the calendar that was set at a position begin so many seconds after midnight in UTC."""

    calendar: int
    since: date
    seconds: int


class Calendars(NamedTuple):
    """The calendars up to a basis, oldest first."""

    rows: Sequence[CalendarRow]

    @property
    def current(self) -> CalendarRow:
        """The calendar in force at the basis; before the first one is set, the default as version 0."""
        return _in_force(self.rows, None, DEFAULT_CALENDAR)

    def in_force(self, end: tuple[datetime, int] | None) -> Calendar:
        """The calendar at an end, given as moment and position; without one, at the basis. One that was set afterwards
        does not count, even if it is effective before."""
        return _in_force(self.rows, end, DEFAULT_CALENDAR).calendar


class Settings(NamedTuple):
    """The scoring policies and the calendars up to a basis."""

    policies: Policies
    calendars: Calendars

    def in_force(self, end: tuple[datetime, int] | None) -> tuple[ScoringPolicy, Calendar]:
        """The policy and the calendar at an end, see `Policies` and `Calendars`; without one, at the basis."""
        policy = _in_force(self.policies.rows, end, DEFAULT_POLICY).policy
        return policy, _in_force(self.calendars.rows, end, DEFAULT_CALENDAR).calendar

    @property
    def policy(self) -> ScoringPolicy:
        """The scoring policy in force at the basis."""
        return self.policies.current.policy

    @property
    def calendar(self) -> Calendar:
        """The calendar in force at the basis."""
        return self.calendars.current.calendar


def _in_force(rows: Sequence[V], end: tuple[datetime, int] | None, default: V) -> V:
    """The last of these versions, at an end the last one that is effective and recorded by then."""
    known = rows if end is None else [row for row in rows if row.changed_at <= end[0] and row.position <= end[1]]
    return known[-1] if known else default


# ── tables ───────────────────────────────────────────────────────────────────────────────────────

CYCLE = VersionedTable(Kind.CYCLE, CycleRow, ["(key)", "(parent) where version = 1"], searched=("key", "name"))
POLICY = VersionedTable(Kind.POLICY, PolicyRow)
CALENDAR = VersionedTable(Kind.CALENDAR, CalendarRow)
DAY_OFFSET = Table("day_offset", DayOffset, ["calendar", "since"], placed="calendar")
"""The days of each calendar for conditions in SQL: PostgreSQL has another version of the time zones."""
TABLES: tuple[Table[Any], ...] = (CYCLE, POLICY, CALENDAR, DAY_OFFSET)

# ── handlers ─────────────────────────────────────────────────────────────────────────────────────

READS: Reads = {}


@singledispatch
def apply(event: Event, entry: Recorded, writer: BatchWriter) -> None:
    """Apply an event to the tables of this projection; most events are ignored."""


@apply.register
def on_cycle_opened(event: CycleOpened, entry: Recorded, writer: BatchWriter) -> None:
    writer.insert_first(CYCLE, entry)


@apply.register
def on_cycle_activated(event: CycleActivated, entry: Recorded, writer: BatchWriter) -> None:
    writer.insert_version(CYCLE, entry, state=CycleState.ACTIVE, plan_at=event.timestamp, plan_position=entry.position)


@apply.register
def on_cycle_closed(event: CycleClosed, entry: Recorded, writer: BatchWriter) -> None:
    writer.insert_version(
        CYCLE, entry, state=CycleState.CLOSED, outcome_at=event.timestamp, outcome_position=entry.position
    )


@apply.register
def on_cycle_renamed(event: CycleRenamed, entry: Recorded, writer: BatchWriter) -> None:
    writer.insert_version(CYCLE, entry)


@apply.register
def on_cycle_rescheduled(event: CycleRescheduled, entry: Recorded, writer: BatchWriter) -> None:
    row = writer.current(CYCLE, event.originator_id)
    former = FormerDays(row.starts_on, row.ends_on, event.timestamp, entry.position)
    writer.insert_version(CYCLE, entry, former_days=(*row.former_days, former))


@apply.register
def on_cycle_abandoned(event: CycleAbandoned, entry: Recorded, writer: BatchWriter) -> None:
    writer.insert_version(CYCLE, entry, state=CycleState.ABANDONED)


@apply.register
def on_scoring_policy_adopted(event: ScoringPolicyAdopted, entry: Recorded, writer: BatchWriter) -> None:
    (writer.insert_first if event.originator_version == 1 else writer.insert_version)(POLICY, entry)


@apply.register
def on_calendar_set(event: CalendarSet, entry: Recorded, writer: BatchWriter) -> None:
    (writer.insert_first if event.originator_version == 1 else writer.insert_version)(CALENDAR, entry)
    for since, seconds in event.calendar.offsets():
        writer.add(DAY_OFFSET, DayOffset(entry.position, since, seconds))


# ── filters and orders ───────────────────────────────────────────────────────────────────────────


class CycleFilter(Filter, frozen=True):
    """`overlaps`: cycles that contain this day, first and last day included. `states`: it is in one of them.
    `search`: words that occur in key or name."""

    state: CycleState | None = None
    overlaps: date | None = None
    parent: UUID | None = None
    states: tuple[CycleState, ...] | None = None
    starts: Range | None = None
    ends: Range | None = None
    search: str | None = None


class CycleOrder(StrEnum):
    RECORDED = "RECORDED"
    STARTS_ON = "STARTS_ON"
    NAME = "NAME"
    KEY = "KEY"
    CREATED_AT = "CREATED_AT"
    CHANGED_AT = "CHANGED_AT"


# ── queries ──────────────────────────────────────────────────────────────────────────────────────


cycles = CYCLE.by_id
"""The cycles with these ids; unknown ones are left out."""


def cycles_by_key(conn: Connection, basis: Basis, keys: Sequence[str]) -> dict[str, CycleRow]:
    """The cycles with these keys; unknown ones are left out."""
    return {row.key: row for row in CYCLE.by(conn, basis, "key", keys)}


def cycles_within(conn: Connection, basis: Basis, parents: Sequence[UUID]) -> dict[UUID, list[CycleRow]]:
    """The children of each of these cycles, by start."""
    found = CYCLE.within(conn, basis, "parent", parents)
    return {parent: sorted(rows, key=attrgetter("starts_on")) for parent, rows in found.items()}


def settings(conn: Connection, basis: Basis) -> Settings:
    """The scoring policies and the calendars up to the basis, in one statement."""
    policies: list[Any] = []
    calendars: list[Any] = []
    for is_calendar, *columns in fetch(conn, _SETTINGS, basis_params(basis)):
        if is_calendar:
            calendars.append(CALENDAR.loaded(columns))
        else:
            policies.append(POLICY.loaded(columns))
    return Settings(Policies(policies), Calendars(calendars))


def _known(table: VersionedTable[Any], is_calendar: str) -> str:
    where = "position <= %(position)s and changed_at <= %(at)s"
    return f"select {is_calendar} as is_calendar, {table.names} from {table.name} where {where}"


_SETTINGS = f"{_known(POLICY, 'false')} union all {_known(CALENDAR, 'true')} order by position"


def _cycle_conditions(_basis: Basis, filter: CycleFilter) -> FilterBuilder:
    builder = FilterBuilder()
    builder.where_first("f.parent = {0}", filter.parent)
    builder.where("v.state = {0}", filter.state)
    builder.where("{0} between v.starts_on and v.ends_on", filter.overlaps)
    builder.where("v.state = any({0})", filter.states)
    builder.where_in("v.starts_on", filter.starts)
    builder.where_in("v.ends_on", filter.ends)
    builder.search(filter.search)
    return builder


CYCLES = List(
    CYCLE,
    _cycle_conditions,
    {
        CycleOrder.STARTS_ON: SortKey("starts_on", "v.starts_on", "date"),
        CycleOrder.NAME: text("name"),
        CycleOrder.KEY: text("key"),
    },
)


DEFAULT_POLICY = PolicyRow(
    NIL_ID, 0, 0, 0, EARLIEST, EARLIEST, "machine:keyframe", Source.SYSTEM, None, "machine:keyframe", Source.SYSTEM,
    None, None, ScoringPolicy(),
)  # fmt: skip

DEFAULT_CALENDAR = CalendarRow(
    NIL_ID, 0, 0, 0, EARLIEST, EARLIEST, "machine:keyframe", Source.SYSTEM, None, "machine:keyframe", Source.SYSTEM,
    None, None, Calendar(),
)  # fmt: skip
