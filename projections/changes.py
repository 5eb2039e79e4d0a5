"""What happened: every event of the log with what it is about, and where that belongs."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from functools import singledispatch
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from domain.event import EVENTS, NOBODY, Event, Recorded
from domain.kpi import ReadingCorrected, ReadingRecorded, ReadingRetracted
from domain.log_moments import last_known
from domain.measures import INSTANT
from domain.values import Basis, Kind, Ref
from projections.basis import is_level
from projections.book import Book, Reads
from projections.measures import CHECK_IN, READING
from projections.pages import Sieve
from projections.people import TEAM
from projections.tables import OPEN, Connection, Cursor, Params, Table, Window, fetch, placed

# ── rows ─────────────────────────────────────────────────────────────────────────────────────────


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where a thing belongs, for ever: the goal, measure and cycle it is part of, itself included."""

    id: UUID
    position: int
    objective: UUID | None = None
    key_result: UUID | None = None
    kpi: UUID | None = None
    cycle: UUID | None = None


class ChangeRow(msgspec.Struct, frozen=True, gc=False):
    """An event without its body, which the log has: `subject` is the thing it happened to, of a comment or
    reflection what that is about; the four ids after it are the place of that."""

    position: int
    recorded_at: datetime
    effective_at: datetime
    topic: str
    actor: str
    subject_kind: Kind
    subject_id: UUID
    objective: UUID | None
    key_result: UUID | None
    kpi: UUID | None
    cycle: UUID | None

    @property
    def subject(self) -> Ref:
        return Ref(self.subject_kind, self.subject_id)


class Change(ChangeRow, frozen=True, gc=False):
    """`late`: recorded after its cycle had closed."""

    late: bool


# ── tables ───────────────────────────────────────────────────────────────────────────────────────

PLACE = Table("place", Place, ["id"])
CHANGE = Table(
    "change",
    ChangeRow,
    ["position"],
    [
        "(subject_id, position)",
        *(f"({of}, position) where {of} is not null" for of in ("objective", "key_result", "kpi", "cycle")),
        "(actor, position)",
        "(topic, position)",
        "(effective_at)",
    ],
)
TABLES: tuple[Table[Any], ...] = (PLACE, CHANGE)

# ── handlers ─────────────────────────────────────────────────────────────────────────────────────

_MEASURED: dict[Kind, tuple[Table[Any], str]] = {
    Kind.CHECK_IN: (CHECK_IN, "key_result"),
    Kind.READING: (READING, "kpi"),
}
"""Things that have no place of their own but that of what they measure: there are too many of them."""
_OWN = {Kind.OBJECTIVE: "objective", Kind.KEY_RESULT: "key_result", Kind.KPI: "kpi", Kind.CYCLE: "cycle"}
_NOWHERE = Place(NOBODY, 0)


def _looked_up(event: Event) -> Iterable[tuple[Table[Any], UUID]]:
    measurement = _measurement(event)
    if measurement is not None:
        return [(_MEASURED[measurement.kind][0], measurement.id)]
    home = event.belongs_to if event.originator_version == 1 else event.originator_id
    return [] if home is None else [(PLACE, home)]


READS: Reads = dict.fromkeys(EVENTS.values(), _looked_up)


def further(entries: Iterable[Recorded], book: Book) -> Iterator[tuple[Table[Any], UUID]]:
    """What is looked up once the measurements are known that some events are about: where those belong."""
    for said in entries:
        measurement = _measurement(said.event)
        if measurement is not None:
            with suppress(KeyError):  # it is made in this batch, and its place is looked up already
                yield PLACE, _measures(measurement, book)


def _measurement(event: Event) -> Ref | None:
    """The check-in or reading that has to be known to say where an event belongs."""
    is_first = event.originator_version == 1
    if event.KIND in _MEASURED:
        return None if is_first else Ref(event.KIND, event.originator_id)
    about: Ref | None = getattr(event, "subject", None) if is_first else None
    return about if about is not None and about.kind in _MEASURED else None


def _measures(measurement: Ref, book: Book) -> UUID:
    table, column = _MEASURED[measurement.kind]
    measured: UUID = getattr(book.current(table, measurement.id), column)
    return measured


@singledispatch
def apply(event: object, said: Recorded, book: Book) -> None:
    """What an event changes here: each is a change."""


@apply.register
def _(event: Event, said: Recorded, book: Book) -> None:
    place = _place(event, said.position, book)
    about: Ref | None = getattr(event, "subject", None) if event.KIND in (Kind.COMMENT, Kind.REFLECTION) else None
    kind, id = (event.KIND, event.originator_id) if about is None else (about.kind, about.id)
    where = (place.objective, place.key_result, place.kpi, place.cycle)
    when = (said.position, said.recorded_at, event.timestamp)
    book.add(CHANGE, ChangeRow(*when, event.TOPIC, said.by.actor, kind, id, *where))


def _place(event: Event, position: int, book: Book) -> Place:
    """Where an event belongs. A new thing is entered with a place: that of what it belongs to, and itself."""
    is_first, measurement = event.originator_version == 1, _measurement(event)
    home = event.belongs_to if is_first else event.originator_id
    if measurement is not None:
        home = _measures(measurement, book)
    around = _NOWHERE if home is None else book.current(PLACE, home)
    if not is_first or event.KIND in _MEASURED:
        return around
    own = {_OWN[event.KIND]: event.originator_id} if event.KIND in _OWN else {}
    place = msgspec.structs.replace(around, id=event.originator_id, position=position, **own)
    book.add(PLACE, place)
    return place


# ── what can be asked ────────────────────────────────────────────────────────────────────────────

READINGS = (ReadingRecorded.TOPIC, ReadingCorrected.TOPIC, ReadingRetracted.TOPIC)


class ChangeFilter(msgspec.Struct, frozen=True):
    """Every part given must hold; times are half-open [from, to).

    `subject`, `cycle`, `team`: the change belongs to that thing, as `pages` says. `actors` are as events
    name them: "person:UUID", "machine:NAME"; `topics` as they are stored.
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


def pages(
    conn: Connection, basis: Basis, ids: Sequence[UUID], window: Window, kind: Kind, filter: ChangeFilter
) -> dict[UUID, list[Change]]:
    """The same stretch, in the order of the log, of the changes that belong to each of these things of a kind.

    To a key result, objective or cycle belongs all that happens in it: to its key results, their check-ins,
    initiatives, and what is said of all that; and the readings of a KPI while a key result in it takes its value
    from there. To a KPI belong its readings; to a team what happens to it and in its objectives and KPIs, while
    they are its, and the same of all teams inside it. To anything else, what happens to itself and is said of it.
    """
    found: dict[UUID, list[Change]] = {id: [] for id in ids}
    for of, *columns in fetch(conn, *_page(conn, basis, _Scope(kind, "ids"), ids, window, filter)):
        found[of].append(_TOLD.loaded(columns))
    return {of: rows[::-1] if window.backwards else rows for of, rows in found.items()}


def page(conn: Connection, basis: Basis, filter: ChangeFilter, window: Window) -> list[Change]:
    """A stretch of all changes that pass the filter, in the order of the log."""
    scope, ids, filter = _driving(filter)
    rows = [_TOLD.loaded(columns) for _, *columns in fetch(conn, *_page(conn, basis, scope, ids, window, filter))]
    return rows[::-1] if window.backwards else rows


def page_counts(
    conn: Connection, basis: Basis, ids: Sequence[UUID], kind: Kind, filter: ChangeFilter
) -> dict[UUID, int]:
    """How many changes belong to each of these things: see `pages`."""
    return dict(fetch(conn, *_count(conn, basis, _Scope(kind, "ids"), ids, filter)))


def count(conn: Connection, basis: Basis, filter: ChangeFilter) -> int:
    """How many changes pass the filter."""
    scope, ids, filter = _driving(filter)
    return sum(number for _, number in fetch(conn, *_count(conn, basis, scope, ids, filter)))


def cursor(row: ChangeRow) -> Cursor:
    """Where this row stands in the order of the log."""
    return Cursor(row.position, row.position)


def at_positions(conn: Connection, basis: Basis, positions: Sequence[int]) -> list[Change]:
    """The changes at these places, in the order of the log; those that the basis does not know are left out."""
    where = f"v.position = any(%(positions)b) and {known(basis)} order by v.position"
    return read_where(conn, where, placed(basis, positions=list(positions)))


def read_where(conn: Connection, where: str, params: Params) -> list[Change]:
    """The changes `v` of which a condition holds."""
    return _TOLD.read(conn, f"{_ROWS} where {where}", params)


def known(basis: Basis) -> str:
    """The condition that a change `v` is known and effective at the basis."""
    by_then = "v.position <= %(position)s"
    return by_then if is_level(basis) else f"{by_then} and v.effective_at <= %(at)s"


# ── as statements ────────────────────────────────────────────────────────────────────────────────

_LATE = "exists (select from cycle k where k.id = v.cycle and k.outcome_position < v.position)"
_CLOSED_SINCE = "v.cycle = any(array(select id from cycle where outcome_position is not null))"
_TOLD = Table("change", Change, ["position"])
_ROWS = f"select {CHANGE.seen}, {_LATE} as late from change v"


class _Scope(NamedTuple):
    """All that belongs to some things of a kind, whose ids stand in a parameter."""

    kind: Kind | None
    param: str

    @property
    def links(self) -> str:
        return f"{self.param}_links"

    @property
    def below(self) -> str:
        return f"{self.param}_below"

    def ctes(self, basis: Basis) -> list[str]:
        """What its conditions look up: links of key results to KPIs, or the teams inside teams."""
        if self.kind is Kind.TEAM:
            teams = TEAM.query(basis, "select id from team where version = 1", columns="v.id, v.parent")
            tops = f"select id, id from unnest(%({self.param})b::uuid[]) as a (id)"
            inside = f"select b.above, t.id from {self.below} b join ({teams}) t on t.parent = b.team"
            return [f"{self.below} (above, team) as ({tops} union {inside})"]
        of = None if self.kind is None else _LINKED.get(self.kind)
        return [] if of is None else [f"{self.links} as materialized ({self._links(of)})"]

    def _links(self, of: str) -> str:
        """The stretches of the log in which a key result took its value from a KPI."""
        ever = f"select id from key_result where {of} = any(%({self.param})b) and kpi is not null"
        spans = (
            f"select k.{of} as scope, k.kpi, k.kpi_since, k.state, k.position as since,"
            f" lead(k.position, 1, {OPEN}) over (partition by k.id order by k.position) as until"
            f" from key_result k where k.id in ({ever})"
        )
        return f"select * from ({spans}) l where l.kpi is not null and l.state <> 'DROPPED'"

    def conditions(self, id: str) -> list[str]:
        """A change `v` belongs to the thing with this id if one of these holds; never two at once."""
        if self.kind is None:
            return ["true"]
        if self.kind is Kind.TEAM:
            inside = f"select b.team from {self.below} b where b.above = {id}"
            ours = [_while_of_team(of, inside) for of in ("objective", "kpi")]
            return [f"v.subject_id = any(array({inside}))", *ours]
        if self.kind in _LINKED:
            links = f"from {self.links} l where l.scope = {id}"
            then = "v.position > l.since and v.position < l.until and v.effective_at >= l.kpi_since"
            read = f"v.topic in {READINGS} and exists (select {links} and l.kpi = v.kpi and {then})"
            return [f"v.{_OWN[self.kind]} = {id}", f"v.kpi = any(array(select l.kpi {links})) and {read}"]
        return [f"v.kpi = {id}" if self.kind is Kind.KPI else f"v.subject_id = {id}"]


_LINKED = {Kind.KEY_RESULT: "id", Kind.OBJECTIVE: "objective", Kind.CYCLE: "cycle"}


def _while_of_team(of: str, inside: str) -> str:
    """The objective or KPI that a change is about was a team's just before it, or right after."""
    ever = f"select o.id from {of} o where o.team = any(array({inside}))"
    newer = f"select from {of} n where n.id = o.id and n.position > o.position and n.position < v.position"
    was = f"select from {of} o where o.id = v.{of} and o.position <= v.position and not exists ({newer})"
    return f"v.{of} = any(array({ever})) and exists ({was} and o.team = any(array({inside})))"


def _driving(filter: ChangeFilter) -> tuple[_Scope, Sequence[UUID], ChangeFilter]:
    """The part of a filter whose changes are walked through, the narrowest first; and the rest of it."""
    if filter.subject is not None:
        subject = filter.subject
        return _Scope(subject.kind, "ids"), [subject.id], msgspec.structs.replace(filter, subject=None)
    if filter.team is not None:
        return _Scope(Kind.TEAM, "ids"), [filter.team], msgspec.structs.replace(filter, team=None)
    if filter.cycle is not None:
        return _Scope(Kind.CYCLE, "ids"), [filter.cycle], msgspec.structs.replace(filter, cycle=None)
    return _Scope(None, "ids"), [NOBODY], filter


def _page(
    conn: Connection, basis: Basis, scope: _Scope, ids: Sequence[UUID], window: Window, filter: ChangeFilter
) -> tuple[str, dict[str, Any]]:
    """The statement for a stretch of each, and its parameters. If backwards it comes from its end."""
    sieve, ctes = _sieve(conn, basis, filter)
    for cursor, side in ((window.after, ">"), (window.before, "<")):
        sieve.holds(f"v.position {side} {{0}}", None if cursor is None else cursor.value)
    order = f"order by v.position {'desc' if window.backwards else 'asc'}"
    passes = " and ".join([known(basis), *sieve.holding])
    parts = [
        f"(select * from change v where {belongs} and {passes} {order} limit %(limit)s)"
        for belongs in scope.conditions("c.id")
    ]
    each = f"lateral (select * from ({' union all '.join(parts)}) v {order} limit %(limit)s) v"
    rows = f"select c.id as of, {CHANGE.seen}, {_LATE} as late from unnest(%(ids)b::uuid[]) as c (id) cross join {each}"
    params = placed(basis, ids=list(ids), limit=window.limit, **sieve.params)
    return f"{_with([*scope.ctes(basis), *ctes])}{rows} {order}", params


def _count(
    conn: Connection, basis: Basis, scope: _Scope, ids: Sequence[UUID], filter: ChangeFilter
) -> tuple[str, dict[str, Any]]:
    sieve, ctes = _sieve(conn, basis, filter)
    passes = " and ".join([known(basis), *sieve.holding])
    parts = [f"(select count(*) from change v where {belongs} and {passes})" for belongs in scope.conditions("c.id")]
    rows = f"select c.id, {' + '.join(parts)} from unnest(%(ids)b::uuid[]) as c (id)"
    return f"{_with([*scope.ctes(basis), *ctes])}{rows}", placed(basis, ids=list(ids), **sieve.params)


def _with(ctes: list[str]) -> str:
    return f"with recursive {', '.join(ctes)} " if ctes else ""


def _sieve(conn: Connection, basis: Basis, filter: ChangeFilter) -> tuple[Sieve, list[str]]:
    """The conditions of a filter on a change `v`, and what they look up."""
    sieve, ctes = Sieve(), []
    subject = filter.subject or Ref(Kind.POLICY, NOBODY)
    scopes = [(Kind.CYCLE, "cycle", filter.cycle), (Kind.TEAM, "team", filter.team)]
    for kind, param, id in [*scopes, (subject.kind, "subject", filter.subject and subject.id)]:
        if id is not None:
            scope = _Scope(kind, param)
            sieve.params[param] = [id]
            ctes += scope.ctes(basis)
            sieve.holding.append(
                f"({' or '.join(f'({one})' for one in scope.conditions(f'(%({param})b::uuid[])[1]'))})"
            )
    _one_of(sieve, "v.actor", filter.actors)
    _one_of(sieve, "v.topic", filter.topics)
    sieve.holds("v.effective_at >= {0}", filter.effective_from)
    sieve.holds("v.effective_at < {0}", filter.effective_to)
    sieve.holds("v.position > {0}", _last_before(conn, filter.recorded_from))
    sieve.holds("v.position <= {0}", _last_before(conn, filter.recorded_to))
    sieve.holds(f"{_CLOSED_SINCE} and {_LATE} = {{0}}" if filter.late else f"{_LATE} = {{0}}", filter.late)
    return sieve, ctes


def _one_of(sieve: Sieve, column: str, values: tuple[str, ...] | None) -> None:
    """A column has one of these values; a single one is found in an index in the order of the log."""
    if values is not None and len(values) == 1:
        sieve.holds(f"{column} = {{0}}", values[0])
    else:
        sieve.holds(f"{column} = any({{0}})", values)


def _last_before(conn: Connection, moment: datetime | None) -> int | None:
    """The last position that was recorded before a moment: positions and times of recording go together."""
    if moment is None:
        return None
    last = last_known(conn, moment - INSTANT)
    return 0 if last is None else last[0]
