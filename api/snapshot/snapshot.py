"""Snapshot reads: a `View` reads at one basis, a `SnapshotReader` opens views, and a `Batch` loads relations.

Rows that are read together form a batch. A relation of one row is loaded for the whole batch, in one statement. So
the number of statements of a query depends on its relations, not on its rows. All of this blocks, and runs on the
worker thread of its operation.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeAlias, TypeVar
from uuid import UUID

from api.snapshot import global_ids
from api.snapshot.loop_reads import NeedsThread
from api.snapshot.sources import Connection, Path, Pool
from api.snapshot.structure import AtBasis, Structure
from domain.log.event_store import Log
from domain.primitives import parsers
from domain.primitives.calendar import Calendar
from domain.primitives.errors import CommandRejected, invalid
from domain.primitives.lazy import cached_property
from domain.primitives.values import Basis, ScoringPolicy
from projections.engine import visibility
from projections.figures.kept_frames import RulesByEnd
from projections.store import basis as bases
from projections.store.basis import ResolvedBasis
from projections.store.columnar import Columnar, values_of
from projections.store.deadline import Deadline, Reading
from projections.store.versioned_tables import Few
from projections.tables import cycle, people
from projections.tables.cycle import CycleRow, Settings, settings

P = ParamSpec("P")
T = TypeVar("T")

ById: TypeAlias = Callable[[Connection, Basis, Sequence[UUID]], dict[UUID, T]]
"""A query of `projections` that reads rows by their ids."""
ByKey: TypeAlias = Callable[[Connection, Basis, Sequence[str]], dict[str, T]]
"""A query of `projections` that reads rows by their keys."""
Columns: TypeAlias = frozenset[str] | None
"""Columns of the rows of a batch; None for all."""


class NoLongerVisible(Exception):
    """The next event of a subscription is no longer visible to the caller; the subscription skips it."""


class StaleProjection(Exception):
    """The projections have not caught up with the log at this moment: the answer would change soon."""


class VisibilityScope(NamedTuple):
    """A caller from whom some rows may be hidden; `person` is None for a machine token. The connections of `pool` read
    the visible rows instead of the tables: see `projections.engine.visibility`."""

    person: UUID | None
    pool: Pool | None


@dataclass
class FreshnessTracker:
    """What an answer depends on, for its cache headers. `newest` is the present's basis at the first read. The answer
    reads the present if `uses_present`, and a past moment if `uses_past`. `hidden` are the objectives that it leaves
    out, once `newest` is known."""

    newest: ResolvedBasis | None = None
    hidden: frozenset[UUID] = visibility.NOTHING
    uses_present: bool = False
    uses_past: bool = False

    def take(self, other: "FreshnessTracker") -> None:
        """Depend on the same."""
        self.newest, self.hidden = other.newest, other.hidden
        self.uses_present, self.uses_past = other.uses_present, other.uses_past

    def reset(self) -> None:
        """Forget what an operation has read, before it is executed again."""
        self.newest, self.hidden = None, visibility.NOTHING
        self.uses_present = self.uses_past = False


class SnapshotReader:
    """Opens the views of one operation, and resolves each basis once.

    `deadline` is that of all reads. `visibility_scope` is None for a caller from whom nothing is hidden. `hidden` names
    the hidden objectives; if it is None, they are looked up at the first read. `present` is the present's basis with
    the objectives hidden there, if both are known already. `path` leads to the server of the pool; without one it is
    the primary. `structure` is what the process keeps in memory.
    """

    def __init__(
        self,
        pool: Pool,
        log: Log,
        deadline: Deadline,
        visibility_scope: VisibilityScope | None,
        hidden: frozenset[UUID] | None = None,
        freshness: FreshnessTracker | None = None,
        present: tuple[ResolvedBasis, frozenset[UUID]] | None = None,
        path: Path | None = None,
        structure: Structure | None = None,
    ) -> None:
        self.log = log
        self.structure = structure or Structure()
        self._path = path
        self._present = present
        self._pool = pool
        self._deadline = deadline
        self._visibility_scope = visibility_scope
        self._hidden = hidden
        self.freshness = freshness or FreshnessTracker()
        self._views: dict[object, View] = {}
        self.cleared_at_close: list[dict[object, Any]] = []
        """Results of batches. Some of them refer to the batch that holds them."""
        self._shared: Connection | None = None

    def read(self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run one query of `projections` on the visible rows. Raises `DeadlineExceeded`."""
        with self.connection() as conn:
            return query(conn, *args, **kwargs)

    def connection(self) -> AbstractContextManager[Connection]:
        """A connection that reads the visible rows, for reads in several steps. Raises `DeadlineExceeded`.

        The log itself hides nothing: read the event bodies of visible changes only, with
        `api.schema.connections.change_lists.with_events`.
        """
        if self._shared is not None:
            return nullcontext(self._shared)
        connection = self._filtered_connection(self.hidden) if self.hidden else self._pool.connection()
        return Reading(self._deadline, connection if self._path is None else self._path.watched(connection))

    @contextmanager
    def on_one_connection(self) -> Iterator[Connection]:
        """Read on this connection within the block, which reads several times in a row and waits for nothing else.
        Raises `DeadlineExceeded`."""
        with self.connection() as conn:
            outer, self._shared = self._shared, conn
            try:
                yield conn
            finally:
                self._shared = outer

    @cached_property
    def hidden(self) -> frozenset[UUID]:
        """The objectives that are hidden from the caller, together with everything that belongs to them."""
        if self._visibility_scope is None:
            return visibility.NOTHING
        return self._present_and_hidden[1] if self._hidden is None else self._hidden

    @cached_property
    def present(self) -> "View":
        """The view of the present, fixed at its first use."""
        return Present(self, self.newest, is_now=True)

    @property
    def knows_present(self) -> bool:
        """Whether the present is known, or has to be read first: with the objectives that are hidden there."""
        return self._present is not None or self._visibility_scope is not None or "_present_and_hidden" in vars(self)

    def know_present(self, newest: ResolvedBasis) -> None:
        """Take the present's basis that a caller from whom nothing is hidden has read with the first rows. Raises
        `StandbyBehind`."""
        if self._path is not None:
            self._path.check(newest.position)
        self._present = newest, visibility.NOTHING

    @property
    def fits_loop(self) -> bool:
        """Whether a statement of the event loop sees the same rows: of the server that is read, and none is hidden."""
        if self._path is not None:
            return False
        return self._visibility_scope is None or (self._present is not None and not self.hidden)

    def leave_connections(self) -> None:
        """Raise `NeedsThread` from here on for whatever needs a connection."""
        self._pool = _NO_CONNECTIONS

    def close(self) -> None:
        """Forget all views. Views and reader refer to each other, so their rows would stay in memory until the garbage
        collector looks for cycles, which it seldom does in a server."""
        self._views.clear()
        for known in self.cleared_at_close:
            known.clear()
        self.cleared_at_close.clear()
        vars(self).pop("present", None)

    @property
    def newest(self) -> ResolvedBasis:
        """The present's basis, for reads that do not make the answer depend on the present."""
        return self._present_and_hidden[0]

    @cached_property
    def _present_and_hidden(self) -> tuple[ResolvedBasis, frozenset[UUID]]:
        """The present's basis and the objectives hidden there."""
        found = self._present
        if found is None:
            connection = self._pool.connection()
            watched = connection if self._path is None else self._path.watched(connection)
            with Reading(self._deadline, watched) as conn:  # one statement reads both
                if self._visibility_scope is None or self._hidden is not None:
                    found = bases.now(conn), self._hidden or visibility.NOTHING
                else:
                    found = visibility.present_and_hidden(conn, self._visibility_scope.person)
                if self._path is not None:
                    self._path.check(found[0].position)
        self.freshness.newest, self.freshness.hidden = found
        return found

    @contextmanager
    def _filtered_connection(self, hidden: frozenset[UUID]) -> Iterator[Connection]:
        """A connection that reads no hidden rows."""
        if self._visibility_scope is None or self._visibility_scope.pool is None:
            raise RuntimeError(
                "Objectives are hidden from this caller, but no pool of filtered connections is configured."
            )
        with self._visibility_scope.pool.connection() as conn:
            visibility.set_hidden(conn, hidden)
            yield conn

    def after(self, position: int, recorded_at: datetime | None = None) -> "View":
        """The present right after an event, at which a payload is read; `recorded_at` saves a statement. Its ids are
        those of the present. Raises `StaleProjection`: after a crash of the database the projections are at an earlier
        position than before."""
        now, _ = self._present_and_hidden
        known = now.known if position == now.position else recorded_at
        if known is not None and position <= now.position:
            return View(self, ResolvedBasis(known, position, known), is_now=True)
        resolved = self.read(bases.at_position, position)
        if resolved is None:
            raise StaleProjection
        return View(self, resolved, is_now=True)

    def as_of(self, at: datetime | None, known: datetime | None, position: int | None) -> "View":
        """The view of another moment, or of the present if no argument is given. Raises `INVALID`, `StaleProjection`.

        `at`: what was true at that moment, by what is known now. `at` and `known`: what was true at `at`, by what had
        been recorded by `known`. `known` alone: both times are that moment. `position`: what a reader saw right after
        that event. `at` and `position`: what was true at `at`, by the log up to that position.
        """
        arguments = (at, known, position)
        view = self._views.get(arguments)
        if view is None:
            view = self._views[arguments] = self.at(self._resolve(at, known, position))
        return view

    def at(self, basis: Basis) -> "View":
        """The view of a resolved basis. Raises `INVALID` for a basis beyond the log, `StaleProjection`."""
        view = self._views.get((basis.at, basis.position))
        if view is None:
            resolved = basis if isinstance(basis, ResolvedBasis) else self.read(bases.resolved, basis)
            if resolved is None or basis.at > self.newest.at:
                self._ask_elsewhere()
            if resolved is None:
                self._raise_if_stale(basis.position)
            if resolved is None or basis.at > self.newest.at:
                raise invalid("This basis is in the future and cannot be read.", "basis")
            self.freshness.uses_past = True
            view = self._views[basis.at, basis.position] = View(self, resolved)
        return view

    def _resolve(self, at: datetime | None, known: datetime | None, position: int | None) -> ResolvedBasis:
        now = self.newest
        self._ask_elsewhere_beyond(now, at, known)
        for name, moment in (("at", at), ("known", known)):
            if moment is not None and moment > now.at:
                raise invalid(f"Is in the future; the time now is {now.at.isoformat()}.", name)
        if position is None:
            if known is None or known >= now.known:
                self.freshness.uses_present = True
            if at is None and known is None:
                return now
            if known is not None and known > now.known:
                self._raise_if_stale(self.log.position_at(known))
            if known is None or known >= now.known:
                return ResolvedBasis(at or known or now.at, now.position, now.known)
            return self.read(bases.at_time, at or known, known)
        if known is not None:
            raise invalid("Give either `known` or `position`, not both.", "known")
        resolved = self.read(bases.at_position, position)
        if resolved is None:
            self._ask_elsewhere()
            self._raise_if_stale(position)
            raise invalid(f"Is in the future; the newest position now is {now.position}.", "position")
        return resolved if at is None else ResolvedBasis(at, position, resolved.known)

    def _ask_elsewhere(self) -> None:
        """Raise `StandbyBehind` if a standby is read, which may lack a basis that another server has."""
        if self._path is not None:
            self._path.ask_elsewhere()

    def _ask_elsewhere_beyond(self, now: ResolvedBasis, at: datetime | None, known: datetime | None) -> None:
        """The same for moments of which a standby at this present may lack an event, or that its clock has not reached
        yet. Raises `StandbyBehind`."""
        if (at is not None and at > now.at) or (known is not None and known > now.known):
            self._ask_elsewhere()

    def _raise_if_stale(self, position: int) -> None:
        """Raise `StaleProjection` for a position of the log that the projections have not reached yet."""
        if self.newest.position < position <= self.log.head().position:
            raise StaleProjection


class _NoConnections:
    def connection(self) -> Any:
        raise NeedsThread


_NO_CONNECTIONS: Any = _NoConnections()


class View:
    """Reads at one basis. `kept`: what its users compute there once, by what it is used for."""

    def __init__(self, reads: SnapshotReader, basis: ResolvedBasis, is_now: bool = False) -> None:
        self.reads = reads
        self.basis = basis
        self.is_now = is_now
        self.id_end = b"" if is_now else global_ids.suffix(basis)
        self.kept: dict[object, Any] = {}
        self._rows: dict[object, dict[UUID, Any]] = {}
        self._remembered: dict[object, list[Iterable[Any]]] = {}
        self._named: dict[object, dict[str, Any]] = {}
        self._inside: dict[UUID, set[UUID]] = {}

    def read(self, query: Callable[Concatenate[Connection, Basis, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run one query of `projections` at this basis. Raises `DeadlineExceeded`."""
        with self.reads.connection() as conn:
            return query(conn, self.basis, *args, **kwargs)

    def by_id(self, query: ById[T], wanted: Iterable[UUID | None]) -> dict[UUID, T]:
        """The rows with these ids, among others read before; a view reads each row once."""
        rows: dict[UUID, T] | None = self._rows.get(query)
        if rows is None:
            kept: Any = self._structure.cycles if query is cycle.cycles else {}
            rows = self._rows[query] = dict(kept)
        for remembered in self._remembered.pop(query, ()):
            rows.update({row.id: row for row in remembered})
        missing = set(filter(None, wanted)) - rows.keys()
        if missing:
            with self.reads.connection() as conn:
                rows.update(query(conn, self.basis, list(missing)))
            if query is cycle.cycles:
                self._structure.add_cycles(rows)  # type: ignore[arg-type]
        return rows

    def cycles(self, ids: AbstractSet[UUID]) -> tuple[dict[UUID, CycleRow], RulesByEnd]:
        """The cycles with these ids, and where the rules of open ones are kept, see `Rulebook`."""
        kept = self._structure
        known: Mapping[UUID, CycleRow] = kept.cycles
        if not known.keys() >= ids:
            known = self.by_id(cycle.cycles, ids)
        return {id: known[id] for id in ids}, kept.rules_of(len(ids))

    def remember(self, query: ById[T], rows: Iterable[T]) -> None:
        """Keep rows that another query has read, so that `by_id` need not read them again."""
        self._remembered.setdefault(query, []).append(rows)

    def computed(self, load: "Callable[[Batch], Sequence[T]]", rows: Iterable[Any]) -> dict[UUID, T]:
        """The result of `load` for each of these rows by its id, among others; a view computes each of them once."""
        known: dict[UUID, T] = self._rows.setdefault(load, {})
        missing = list({row.id: row for row in rows if row.id not in known}.values())
        if missing:
            known.update(zip([row.id for row in missing], Batch(self, missing).all(load), strict=True))
        return known

    def by_key(self, query: ByKey[T], key: str) -> T | None:
        """The row with this key, if there is one."""
        rows: dict[str, T | None] = self._named.setdefault(query, {})
        if key not in rows:
            rows[key] = self.read(query, [key]).get(key) if _is_key(key) else None
        return rows[key]

    def read_keys(self, query: ByKey[Any], keys: Iterable[str]) -> None:
        """Read the rows with these keys in one statement, so that `by_key` need not read them one by one."""
        rows: dict[str, Any] = self._named.setdefault(query, {})
        missing = [key for key in dict.fromkeys(keys) if key not in rows and _is_key(key)]
        if len(missing) > 1:
            rows |= dict.fromkeys(missing) | self.read(query, missing)

    def teams_inside(self, *teams: UUID) -> set[UUID]:
        """These teams and all teams inside them, directly or not; a view reads them once."""
        missing = [team for team in teams if team not in self._inside]
        if missing:
            self._inside |= self.read(people.teams_inside, missing)
        return set().union(*(self._inside[team] for team in teams))

    def mark_read(self) -> None:
        """Record that the answer depends on this view, although it reads no rows of it."""

    @cached_property
    def _structure(self) -> AtBasis:
        """What is kept in memory at this basis."""
        return self.reads.structure.at(self.reads.newest, self.basis)

    @property
    def knows_settings(self) -> bool:
        """Whether `settings` are in memory already."""
        return self._structure.settings is not None

    @cached_property
    def settings(self) -> Settings:
        """The scoring policies adopted and the calendars set so far."""
        kept = self._structure
        if kept.settings is None:
            with self.reads.connection() as conn:
                kept.settings = settings(conn, self.basis)
        return kept.settings

    @property
    def policies(self) -> cycle.Policies:
        """The scoring policies adopted so far."""
        return self.settings.policies

    @property
    def policy(self) -> cycle.PolicyRow:
        """The scoring policy in force."""
        return self.policies.current

    @property
    def scoring(self) -> ScoringPolicy:
        return self.policy.policy

    @property
    def calendar(self) -> Calendar:
        """The calendar in force."""
        return self.settings.calendar


class Present(View):
    """The view of the present: an answer that reads any row of it depends on the present."""

    @property
    def basis(self) -> ResolvedBasis:
        self.mark_read()
        return self._basis

    @basis.setter
    def basis(self, basis: ResolvedBasis) -> None:
        self._basis = basis

    def mark_read(self) -> None:
        self.reads.freshness.uses_present = True


def _is_key(text: str) -> bool:
    """Whether the text is a valid key; no query is run for any other text."""
    try:
        return parsers.key(text) == text
    except CommandRejected:
        return False


class Batch:
    """Rows of one kind that were read together, at one view.

    `known` holds the results loaded for them, by the load function and its arguments. `few` are the rows with the
    columns that were read, which may be some only.
    """

    __slots__ = ("few", "known", "rows", "view")

    def __init__(self, view: View, rows: Sequence[Any]) -> None:
        self.view = view
        self.few = self.rows = rows
        self.known: dict[object, Any] = {}

    def all(self, load: Callable[..., T], *args: object) -> T:
        """The result of `load(batch, *args)`, computed once. Most loads return one result for each row, in order."""
        key = (load, *args)
        if key not in self.known:
            self.known[key] = load(self, *args)
        found: T = self.known[key]
        return found

    def column(self, name: str) -> Sequence[Any]:
        """The values of an attribute of the rows."""
        return values_of(self.rows, name)

    def has(self, names: frozenset[str]) -> bool:  # noqa: ARG002 - for batches that lack columns
        """Whether these columns have been read."""
        return True

    def having(self, names: frozenset[str]) -> Sequence[Any]:  # noqa: ARG002 - for batches that lack columns
        """The rows with these columns at least."""
        return self.rows

    def objects(self, proxy_type: "type[AnyProxy]") -> "list[AnyProxy]":
        """The rows as objects of a type, which are made once."""
        found: list[AnyProxy] | None = self.known.get(proxy_type)
        if found is None:
            rows = self.rows.records if isinstance(self.rows, Columnar) else self.rows
            found = self.known[proxy_type] = as_batch(proxy_type, self.view, rows, self)
            self.clear_at_close()
        return found

    def clear_at_close(self) -> None:
        """Clear the results at the end of the operation: some of them refer to this batch."""
        self.view.reads.cleared_at_close.append(self.known)


class NarrowBatch(Batch):
    """Rows of which only a few columns are read. Whoever uses `rows` has the whole rows read, once for the batch."""

    __slots__ = ("_whole",)

    few: Few

    def __init__(self, view: View, few: Few, whole: Callable[[Sequence[UUID]], Sequence[Any]]) -> None:
        self.view = view
        self.known = {}
        self.few = few
        self._whole = whole

    def __getattr__(self, name: str) -> Any:
        if name != "rows":
            raise AttributeError(name)
        self.rows = self._whole(self.column("id"))
        return self.rows

    def column(self, name: str) -> Sequence[Any]:
        return self.few.column(name) if name in self.few.names else super().column(name)

    def has(self, names: frozenset[str]) -> bool:
        return names <= self.few.names

    def having(self, names: frozenset[str]) -> Sequence[Any]:
        return self.few if self.has(names) else self.rows


class RowProxy:
    """A row as an object of the API: attributes that the type does not define are those of the row."""

    row: Any
    batch: Batch
    place: int

    @property
    def view(self) -> View:
        return self.batch.view

    def each(self, load: Callable[..., Sequence[T]], *args: object) -> T:
        """This object's result of `load(batch, *args)`, which is computed for the whole batch."""
        return self.batch.all(load, *args)[self.place]

    def __getattr__(self, name: str) -> Any:
        return getattr(object.__getattribute__(self, "row"), name)


AnyProxy = TypeVar("AnyProxy", bound=RowProxy)


def as_batch(
    types: type[AnyProxy] | Sequence[type[AnyProxy]], view: View, rows: Sequence[Any], batch: Batch | None = None
) -> list[AnyProxy]:
    """These rows as objects of one type, or each of its own, in one batch; `batch`, if there is one already."""
    batch = Batch(view, rows) if batch is None else batch
    proxies = []
    each = [types] * len(rows) if isinstance(types, type) else types
    for place, (row, proxy_type) in enumerate(zip(rows, each, strict=True)):
        proxy = proxy_type.__new__(proxy_type)
        proxy.row = row
        proxy.batch = batch
        proxy.place = place
        proxies.append(proxy)
    return proxies
