"""The change log: every event with its subject, and the goal, KPI and cycle that the subject belongs to."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial, singledispatch
from typing import Any
from uuid import UUID

import msgspec

from domain.log.reads.times import last_known
from domain.model.event import NIL_ID, Event, Recorded
from domain.primitives.calendar import INSTANT, Calendar
from domain.primitives.values import EARLIEST, Basis, Cadence, Kind, Ref, Source
from projections.store.basis import is_level
from projections.store.batch_writer import BatchWriter, Reads
from projections.store.keyset import FilterBuilder
from projections.store.versioned_tables import Connection, Cursor, Params, Table, Window, basis_params, fetch
from projections.tables.across.places import FREQUENT, PLACE, looked_up, path_of
from projections.tables.change_scopes import (
    BACKDATED,
    CADENCE,
    CADENCE_OTHERWISE,
    CLOSE_WINDOWS,
    COLUMN_OF_KIND,
    DELAY,
    GOALPOST,
    IN_CLOSE_WINDOW,
    LATE,
    MAY_BE_BACKDATED,
    MAY_BE_LATE,
    OTHER_SUBJECTS,
    Scope,
)

# ── rows ─────────────────────────────────────────────────────────────────────────────────────────


class ChangeRow(msgspec.Struct, frozen=True, gc=False):
    """An event without its body, which is in the log. `subject` is the node that the event changed; for a comment or
    reflection it is the subject of that remark. The four ids after it are the place of the subject. `claimed_at` is
    when an import claims that the measurement was reported, if that is not its effective time. `first_day` is the first
    day that the change plans or judges again, if that is not the day of its effective time."""

    position: int
    recorded_at: datetime
    effective_at: datetime
    claimed_at: datetime | None
    topic: str
    actor: str
    source: Source
    on_behalf_of: UUID | None
    subject_kind: Kind
    subject_id: UUID
    objective: UUID | None
    key_result: UUID | None
    kpi: UUID | None
    cycle: UUID | None
    first_day: date | None

    @property
    def subject(self) -> Ref:
        return Ref(self.subject_kind, self.subject_id)

    @property
    def reported_at(self) -> datetime:
        """The time of recording. An import records no time of its own: there it is the time of the claim, and without
        one the effective time."""
        return (self.claimed_at or self.effective_at) if self.source is Source.IMPORT else self.recorded_at

    @property
    def delay(self) -> timedelta:
        """The time from the effective time to the recording, or to the claim of an import."""
        return self.reported_at - self.effective_at


class Change(ChangeRow, frozen=True, gc=False):
    """`late`: recorded after its cycle had closed, or for a reading, after that of a key result within whose window it
    was measured."""

    late: bool


# ── tables ───────────────────────────────────────────────────────────────────────────────────────

RARE = f"topic not in {tuple(sorted(FREQUENT))}"
"""The condition for topics that are rare enough for an index. Frequent topics are found by a scan of the log."""
CHANGE = Table(
    "change",
    ChangeRow,
    ["position"],
    [
        f"(subject_id, position) where {OTHER_SUBJECTS}",
        *(f"({of}, position) where {of} is not null" for of in COLUMN_OF_KIND.values()),
        "(actor, position)",
        "(on_behalf_of, position) where on_behalf_of is not null",
        f"(topic, position) where {RARE}",
        "using brin (effective_at)",
        f"(position) where {MAY_BE_BACKDATED.replace('v.', '')}",
    ],
)
TABLES: tuple[Table[Any], ...] = (PLACE, CHANGE)

# ── handlers ─────────────────────────────────────────────────────────────────────────────────────

READS: Reads = {Event: looked_up}


@singledispatch
def apply(event: object, entry: Recorded, writer: BatchWriter) -> None:
    """Apply an event: each one adds a change."""


@apply.register
def on_event(event: Event, entry: Recorded, writer: BatchWriter) -> None:
    kind, id = event.KIND, event.originator_id
    path = path_of(event, entry.position, writer)
    if kind in _REMARKS:
        about: Ref = event.subject  # type: ignore[attr-defined]
        kind, id = about.kind, about.id
    when = (entry.position, entry.recorded_at, event.timestamp, getattr(event, "claimed_at", None))
    first_day = getattr(event, "first_day", None)
    writer.add(
        CHANGE,
        ChangeRow(
            *when, event.TOPIC, entry.by.actor, entry.by.source, entry.by.on_behalf_of, kind, id, *path, first_day
        ),
    )


_REMARKS = frozenset({Kind.COMMENT, Kind.REFLECTION, Kind.EXTERNAL_REFERENCE})
"""Kinds whose changes have the subject of the remark as their subject."""


# ── queries ──────────────────────────────────────────────────────────────────────────────────────


class ChangeFilter(msgspec.Struct, frozen=True):
    """All conditions given must hold. Times are half-open intervals [from, to).

    `subject`, `cycle`, `team`: the change belongs to that node; `pages` defines what belongs to a node. `actors` have
    the form of events, "person:UUID" or "machine:NAME"; `topics` are the stored names. `delayed_by`: `delay` is longer.
    """

    subject: Ref | None = None
    cycle: UUID | None = None
    team: UUID | None = None
    actors: tuple[str, ...] | None = None
    topics: tuple[str, ...] | None = None
    recorded_from: datetime | None = None
    recorded_to: datetime | None = None
    effective_from: datetime | None = None
    effective_to: datetime | None = None
    late: bool | None = None
    delayed_by: timedelta | None = None
    on_behalf_of: UUID | None = None
    backdated: bool | None = None
    goalposts: bool | None = None
    days_before_close: tuple[int | None, int | None] | None = None


def pages(
    conn: Connection, basis: Basis, ids: Sequence[UUID], window: Window, kind: Kind, filter: ChangeFilter
) -> dict[UUID, list[Change]]:
    """The same page, in the order of the log, of the changes that belong to each of these nodes of one kind.

    To a key result, objective or cycle belong the changes of all nodes in it: its key results, their check-ins,
    initiatives, comments, reflections and references to other systems; and the readings of a KPI while a key result in
    it is linked to that KPI. To a KPI belong its readings. To a team belong its own changes, those of its objectives
    and KPIs while it owns them, and the same for all teams inside it. To any other node belong its own changes, its
    comments and its references.
    """
    found: dict[UUID, list[Change]] = {id: [] for id in ids}
    for of, *columns in _planned(conn, *_page(conn, basis, Scope(kind, "ids"), ids, window, filter)):
        found[of].append(_ROW.loaded(columns))
    return {of: rows[::-1] if window.backwards else rows for of, rows in found.items()}


def page(conn: Connection, basis: Basis, filter: ChangeFilter, window: Window) -> list[Change]:
    """A page of all changes that pass the filter, in the order of the log."""
    scope, ids, filter = _driving(filter)
    rows = [_ROW.loaded(columns) for _, *columns in _planned(conn, *_page(conn, basis, scope, ids, window, filter))]
    return rows[::-1] if window.backwards else rows


def positions(conn: Connection, basis: Basis, filter: ChangeFilter, window: Window) -> list[int]:
    """The positions of `page`, which reads nothing else of them."""
    scope, ids, filter = _driving(filter)
    sql, params = _page(conn, basis, scope, ids, window, filter, columns="v.position")
    return [position for (position,) in _planned(conn, sql, params)]


def page_counts(
    conn: Connection, basis: Basis, ids: Sequence[UUID], kind: Kind, filter: ChangeFilter
) -> dict[UUID, int]:
    """The number of changes that belong to each of these nodes, as defined by `pages`."""
    return dict(_planned(conn, *_count(conn, basis, Scope(kind, "ids"), ids, filter)))


def count(conn: Connection, basis: Basis, filter: ChangeFilter) -> int:
    """The number of changes that pass the filter."""
    scope, ids, filter = _driving(filter)
    return sum(number for _, number in _planned(conn, *_count(conn, basis, scope, ids, filter)))


class Afterwards(msgspec.Struct, frozen=True):
    """How many changes belong to some nodes, and how many of them were recorded more than a cadence after they took
    effect, by the day of the recording. Other than for `backdated`, the claim of an import does not count."""

    total: int
    days: Mapping[date, int]

    @property
    def count(self) -> int:
        return sum(self.days.values())


def recorded_afterwards(
    conn: Connection, basis: Basis, kind: Kind, ids: Sequence[UUID], calendar: Calendar
) -> Afterwards:
    """The changes recorded afterwards that belong to these nodes of one kind, as `pages` defines it; each is counted
    once. Days, in order, are those of the calendar."""
    scope = Scope(kind, "ids")
    parts = [f"(select * from change v where {belongs} and {known(basis)})" for belongs in scope.conditions("c.id")]
    each = f"select distinct v.position, v.recorded_at, {_IS_AFTERWARDS} as afterwards"
    rows = f"{each} from unnest(%(ids)b::uuid[]) as c (id) cross join lateral ({' union all '.join(parts)}) v"
    counted = (
        f"select {_QUARTER_HOUR}, count(*), count(*) filter (where afterwards) from ({rows}) v group by 1 order by 1"
    )
    found = _planned(conn, f"{_with(scope.ctes(basis))}{counted}", basis_params(basis, ids=list(ids)))
    days: dict[date, int] = {}
    for since, _, count in found:
        if count:
            days[calendar.day_of(since)] = days.get(calendar.day_of(since), 0) + count
    return Afterwards(sum(total for _, total, _ in found), days)


def cursor(row: ChangeRow) -> Cursor:
    """The place of this row in the order of the log."""
    return Cursor(row.position, row.position)


def at_positions(conn: Connection, basis: Basis, positions: Sequence[int]) -> list[Change]:
    """The changes at these positions, in the order of the log; those unknown at the basis are left out."""
    where = f"v.position = any(%(positions)b) and {known(basis)} order by v.position"
    return _ROW.read(conn, f"{_ROWS} where {where}", basis_params(basis, positions=list(positions)))


def backdated(conn: Connection, rows: Sequence[ChangeRow], calendar: Calendar) -> frozenset[int]:
    """The positions of the changes whose `delay` is longer than a cadence: that of the KPI that they belong to, as of
    their position, or that of their cycle, else `CADENCE_OTHERWISE`; and of those whose `first_day` is before the day
    on which they were reported. Nothing of it is stored."""
    judging = (row for row in rows if row.first_day is not None and row.first_day < calendar.day_of(row.reported_at))
    return _delayed(conn, rows).union(row.position for row in judging)


def _delayed(conn: Connection, rows: Sequence[ChangeRow]) -> frozenset[int]:
    delayed = [row for row in rows if row.delay > Cadence.DAILY.length]
    if not delayed:
        return frozenset()
    positions, kpis, cycles = zip(*[(row.position, row.kpi, row.cycle) for row in delayed], strict=True)
    params = {"positions": list(positions), "kpis": list(kpis), "cycles": list(cycles)}
    cadences = dict(fetch(conn, _CADENCES, params))
    found = [(row, Cadence(cadences.get(row.position, CADENCE_OTHERWISE))) for row in delayed]
    return frozenset(row.position for row, cadence in found if row.delay > cadence.length)


def read_where(conn: Connection, where: str, params: Params) -> list[Change]:
    """The changes that fulfil a condition on a change `v`. Planned for these parameters."""
    return _ROW.read(conn, f"{_ROWS} where {where}", params, prepare=False)


def known(basis: Basis) -> str:
    """The condition that a change `v` is known and effective at the basis."""
    by_then = "v.position <= %(position)s"
    return by_then if is_level(basis) else f"{by_then} and v.effective_at <= %(at)s"


# ── SQL ──────────────────────────────────────────────────────────────────────────────────────────

_CADENCES = """
    select c.position, m.cadence
    from unnest(%(positions)b::bigint[], %(kpis)b::uuid[], %(cycles)b::uuid[]) as c (position, kpi, cycle)
    cross join lateral (
        (select cadence from kpi v where v.id = c.kpi and v.position <= c.position order by v.position desc limit 1)
        union all
        (select check_in_cadence from cycle v where v.id = c.cycle order by v.position desc limit 1)
        limit 1
    ) m (cadence)
"""
"""By position: the cadence of the KPI or the cycle that a change belongs to; no row for a change of neither."""
_planned = partial(fetch, prepare=False)
"""The rows of a list of changes. How many changes belong to a node, pass a filter or fit on a page differs by orders of
magnitude, and with it the best plan: so each list is planned for its parameters."""
_AFTER = "v.recorded_at - v.effective_at"
_IS_AFTERWARDS = f"case when {_AFTER} > interval '1 day' then {_AFTER} > {CADENCE} else false end"
_QUARTER_HOUR = "date_bin('15 minutes', v.recorded_at, 'epoch')"
"""A time within which no day begins: time zones differ by quarters of an hour."""
_ROW = Table("change", Change, ["position"])
_ROWS = f"select {CHANGE.seen}, {LATE} as late from change v"


def _driving(filter: ChangeFilter) -> tuple[Scope, Sequence[UUID], ChangeFilter]:
    """The scope that drives the query, the narrowest one of the filter, with its ids; and the rest of the filter."""
    if filter.subject is not None:
        subject = filter.subject
        return Scope(subject.kind, "ids"), [subject.id], msgspec.structs.replace(filter, subject=None)
    if filter.team is not None:
        return Scope(Kind.TEAM, "ids"), [filter.team], msgspec.structs.replace(filter, team=None)
    if filter.cycle is not None:
        return Scope(Kind.CYCLE, "ids"), [filter.cycle], msgspec.structs.replace(filter, cycle=None)
    return Scope(None, "ids"), [NIL_ID], filter


def _page(
    conn: Connection,
    basis: Basis,
    scope: Scope,
    ids: Sequence[UUID],
    window: Window,
    filter: ChangeFilter,
    columns: str = f"c.id as of, {CHANGE.seen}, {LATE} as late",
) -> tuple[str, dict[str, Any]]:
    """The statement for one page per id, and its parameters. If the window is backwards, the last rows come first."""
    builder, ctes = _conditions(conn, basis, filter)
    authors = _authors(builder, filter)
    for cursor, side in ((window.after, ">"), (window.before, "<")):
        builder.where(f"v.position {side} {{0}}", None if cursor is None else cursor.value)
    order = f"order by v.position {'desc' if window.backwards else 'asc'}"
    passes = " and ".join([known(basis), *builder.conditions])
    parts = [
        f"(select * from change v where {belongs} and {by} and {passes} {order} limit %(limit)s)"
        for belongs in scope.conditions("c.id")
        for by in authors
    ]
    each = f"lateral (select * from ({' union all '.join(parts)}) v {order} limit %(limit)s) v"
    rows = f"select {columns} from unnest(%(ids)b::uuid[]) as c (id) cross join {each}"
    params = basis_params(basis, ids=list(ids), limit=window.limit, **builder.params)
    return f"{_with([*scope.ctes(basis), *ctes])}{rows} {order}", params


def _count(
    conn: Connection, basis: Basis, scope: Scope, ids: Sequence[UUID], filter: ChangeFilter
) -> tuple[str, dict[str, Any]]:
    builder, ctes = _conditions(conn, basis, filter)
    authors = _authors(builder, filter)
    passes = " and ".join([known(basis), *builder.conditions])
    parts = [
        f"(select count(*) from change v where {belongs} and {by} and {passes})"
        for belongs in scope.conditions("c.id")
        for by in authors
    ]
    rows = f"select c.id, {' + '.join(parts)} from unnest(%(ids)b::uuid[]) as c (id)"
    return f"{_with([*scope.ctes(basis), *ctes])}{rows}", basis_params(basis, ids=list(ids), **builder.params)


def _with(ctes: list[str]) -> str:
    return f"with recursive {', '.join(ctes)} " if ctes else ""


def _conditions(conn: Connection, basis: Basis, filter: ChangeFilter) -> tuple[FilterBuilder, list[str]]:
    """The conditions of a filter on a change `v`, and the common table expressions that they use."""
    builder, ctes = FilterBuilder(), []
    subject = filter.subject or Ref(Kind.POLICY, NIL_ID)
    scopes = [(Kind.CYCLE, "cycle", filter.cycle), (Kind.TEAM, "team", filter.team)]
    for kind, param, id in [*scopes, (subject.kind, "subject", filter.subject and subject.id)]:
        if id is not None:
            scope = Scope(kind, param)
            builder.params[param] = [id]
            ctes += scope.ctes(basis)
            builder.conditions.append(
                f"({' or '.join(f'({one})' for one in scope.conditions(f'(%({param})b::uuid[])[1]'))})"
            )
    _one_of(builder, "v.topic", filter.topics)
    if not FREQUENT.intersection(filter.topics or FREQUENT):
        builder.conditions.append(f"v.{RARE}")
    builder.where("v.effective_at >= {0}", filter.effective_from)
    builder.where("v.effective_at < {0}", filter.effective_to)
    builder.where("v.position > {0}", _last_before(conn, filter.recorded_from))
    builder.where("v.position <= {0}", _last_before(conn, filter.recorded_to))
    builder.where(f"{MAY_BE_LATE} and {LATE} = {{0}}" if filter.late else f"{LATE} = {{0}}", filter.late)
    builder.where(f"{DELAY} > {{0}}", filter.delayed_by)
    if filter.backdated or (filter.delayed_by or timedelta()) >= Cadence.DAILY.length:
        builder.conditions.append(MAY_BE_BACKDATED)
    builder.where(f"{BACKDATED} = {{0}}", filter.backdated)
    builder.where(f"v.{RARE} and {GOALPOST} = {{0}}" if filter.goalposts else f"{GOALPOST} = {{0}}", filter.goalposts)
    if filter.days_before_close is not None:
        builder.params["days_min"], builder.params["days_max"] = filter.days_before_close
        ctes.append(CLOSE_WINDOWS)
        builder.conditions.append(IN_CLOSE_WINDOW)
    return builder, ctes


def _authors(builder: FilterBuilder, filter: ChangeFilter) -> list[str]:
    """Disjoint conditions: a change is by the authors of a filter if one of them holds. An index in the order of the
    log answers each one."""
    if filter.actors is None:
        return ["true"]
    builder.params["actors"] = list(filter.actors)
    found = [f"v.actor = (%(actors)s::text[])[{place}]" for place, _ in enumerate(filter.actors, 1)]
    if filter.on_behalf_of is not None:
        builder.params["on_behalf_of"] = filter.on_behalf_of
        found.append("v.on_behalf_of = %(on_behalf_of)s and v.actor <> all(%(actors)s)")
    return found or ["false"]


def _one_of(builder: FilterBuilder, column: str, values: tuple[str, ...] | None) -> None:
    """Require that a column has one of these values. A single value uses an index in the order of the log."""
    if values is not None and len(values) == 1:
        builder.where(f"{column} = {{0}}", values[0])
    else:
        builder.where(f"{column} = any({{0}})", values)


def _last_before(conn: Connection, moment: datetime | None) -> int | None:
    """The last position that was recorded before a moment: recording times increase with positions."""
    if moment is None:
        return None
    last = last_known(conn, max(moment, EARLIEST) - INSTANT)
    return 0 if last is None else last[0]
