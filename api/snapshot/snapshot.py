"""Reading at one basis: a View, the doors that open one, and the batches in which everything is read.

Whatever is read together stays together: every object knows its siblings, and what is asked of one of them is
read for all of them, in one statement. So a query costs as many statements as it has relations, however many
objects it touches. All of this blocks, and runs on the worker thread of its operation.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from time import monotonic
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeAlias, TypeVar
from uuid import UUID

import psycopg
from psycopg_pool import ConnectionPool

from api.snapshot import global_ids
from domain.log.event_store import Log
from domain.primitives import values
from domain.primitives.errors import CommandRejected, invalid
from domain.primitives.values import Basis, ScoringPolicy
from projections.engine import visibility
from projections.store import basis as bases
from projections.store.basis import ResolvedBasis
from projections.tables import cycle

P = ParamSpec("P")
T = TypeVar("T")

Connection: TypeAlias = psycopg.Connection[Any]
Pool: TypeAlias = ConnectionPool[Connection]
ById: TypeAlias = Callable[[Connection, Basis, Sequence[UUID]], dict[UUID, T]]
"""A query of `projections` that reads rows by their ids."""
ByKey: TypeAlias = Callable[[Connection, Basis, Sequence[str]], dict[str, T]]
"""A query of `projections` that reads rows by their keys."""


class DeadlineExceeded(Exception):
    """An operation has been reading for as long as it may."""


class NoLongerVisible(Exception):
    """What was to be told next is no longer shown to whoever asks: nothing is told instead."""


class StaleProjection(Exception):
    """The log knows more of a moment than the views show yet: an answer would be another one soon."""


class VisibilityScope(NamedTuple):
    """Whose they are, to whom not everything is shown: a person, or nobody who is one. Of `pool` the connections
    find no table of the views, but what may be seen of them: see `projections.engine.visibility`."""

    person: UUID | None
    pool: Pool | None


@dataclass
class FreshnessTracker:
    """What an answer stands on, for whoever may keep it: `newest` is what there was when it was first looked;
    whether it tells of now, and whether it tells of a moment that is over."""

    newest: ResolvedBasis | None = None
    uses_present: bool = False
    uses_past: bool = False


class SnapshotReader:
    """The doors to reading of one operation: each basis is resolved once, however often it is asked for.

    `until`, by the monotonic clock, is how long they may be read through. `eyes` read, unless everything is shown
    to whoever asks: what is hidden from them is found out when something is first read, or was said in `hidden`.
    """

    def __init__(
        self,
        pool: Pool,
        log: Log,
        until: float,
        visibility_scope: VisibilityScope | None,
        hidden: frozenset[UUID] | None = None,
        freshness: FreshnessTracker | None = None,
    ) -> None:
        self.log = log
        self._pool = pool
        self._until = until
        self._visibility_scope = visibility_scope
        self._hidden = hidden
        self.freshness = freshness or FreshnessTracker()
        self._views: dict[object, View] = {}

    def read(self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run one query of `projections`, which finds what may be seen. Raises `DeadlineExceeded`."""
        with self.connection() as conn:
            return query(conn, *args, **kwargs)

    def connection(self) -> AbstractContextManager[Connection]:
        """A connection that finds what may be seen, for what is read in many steps. Raises `DeadlineExceeded`.

        The bodies of events are in the log, which nothing is hidden in: read those of changes that were found here,
        by `api.schema.connections.change_lists.with_events`.
        """
        if monotonic() > self._until:
            raise DeadlineExceeded
        return self._veiled(self.hidden) if self.hidden else self._pool.connection()

    @cached_property
    def hidden(self) -> frozenset[UUID]:
        """The objectives that are hidden from whoever asks, and with them all that is theirs."""
        if self._visibility_scope is None:
            return visibility.NOTHING
        return self._looked[1] if self._hidden is None else self._hidden

    @cached_property
    def present(self) -> "View":
        """The View of now, fixed when it is first needed."""
        return Present(self, self.newest, is_now=True)

    @property
    def newest(self) -> ResolvedBasis:
        """The present's basis, for what does not come to tell of it."""
        return self._looked[0]

    @cached_property
    def _looked(self) -> tuple[ResolvedBasis, frozenset[UUID]]:
        """The present, and what is hidden there: one statement."""
        if monotonic() > self._until:
            raise DeadlineExceeded
        with self._pool.connection() as conn:
            if self._visibility_scope is None or self._hidden is not None:
                looked = bases.now(conn), self._hidden or visibility.NOTHING
            else:
                looked = visibility.present_and_hidden(conn, self._visibility_scope.person)
        self.freshness.newest = looked[0]
        return looked

    @contextmanager
    def _veiled(self, hidden: frozenset[UUID]) -> Iterator[Connection]:
        """One that finds nothing of what is hidden."""
        if self._visibility_scope is None or self._visibility_scope.pool is None:
            raise RuntimeError("Something is hidden, and there are no connections that hide it.")
        with self._visibility_scope.pool.connection() as conn:
            visibility.set_hidden(conn, hidden)
            yield conn

    def after(self, position: int) -> "View":
        """The present as it stands right after an event: what a payload is read at. Its ids are present ones."""
        now = self.newest
        if position == now.position:
            return View(self, ResolvedBasis(now.known, position, now.known), is_now=True)
        stood = self.read(bases.at_position, position)
        if stood is None:
            raise LookupError(f"the views do not stand at {position} yet")
        return View(self, stood, is_now=True)

    def as_of(self, at: datetime | None, known: datetime | None, position: int | None) -> "View":
        """The View of another moment; of now if none is named. Raises `INVALID`, `Behind`.

        `at`: what was true then, by all that is known now. `known` with it: as far as had been recorded by
        then; alone: what was true at that moment as far as it was known at that moment. `position`: what a
        reader saw right after that event; with `at`: what was true then as far as that position knows.
        """
        asked = (at, known, position)
        view = self._views.get(asked)
        if view is None:
            view = self._views[asked] = self.at(self._standpoint(at, known, position))
        return view

    def at(self, basis: Basis) -> "View":
        """The View of a basis that was told before. Raises `INVALID` for one that lies beyond the log, `Behind`."""
        view = self._views.get((basis.at, basis.position))
        if view is None:
            stood = basis if isinstance(basis, ResolvedBasis) else self.read(bases.resolved, basis)
            if stood is None:
                self._refuse_if_behind(basis.position)
            if stood is None or basis.at > self.newest.at:
                raise invalid("A basis in the future cannot be read.", "basis")
            self.freshness.uses_past = True
            view = self._views[basis.at, basis.position] = View(self, stood)
        return view

    def _standpoint(self, at: datetime | None, known: datetime | None, position: int | None) -> ResolvedBasis:
        now = self.newest
        for name, moment in (("at", at), ("known", known)):
            if moment is not None and moment > now.at:
                raise invalid(f"Lies in the future; it is {now.at.isoformat()} now.", name)
        if position is None:
            if known is None or known >= now.known:
                self.freshness.uses_present = True
            if at is None and known is None:
                return now
            if known is not None and known > now.known:
                self._refuse_if_behind(self.log.position_at(known))
            if known is None or known >= now.known:
                return ResolvedBasis(at or known or now.at, now.position, now.known)
            return self.read(bases.at_time, at or known, known)
        if known is not None:
            raise invalid("Say how far the log was known once: by `known` or by `position`.", "known")
        stood = self.read(bases.at_position, position)
        if stood is None:
            self._refuse_if_behind(position)
            raise invalid(f"Lies in the future; the log is read up to {now.position} now.", "position")
        return stood if at is None else ResolvedBasis(at, position, stood.known)

    def _refuse_if_behind(self, position: int) -> None:
        """Refuse a place that is in the log, but not in the views yet. Raises `Behind`."""
        if self.newest.position < position <= self.log.head().position:
            raise StaleProjection


class View:
    """Everything that can be read at one basis."""

    def __init__(self, reads: SnapshotReader, basis: ResolvedBasis, is_now: bool = False) -> None:
        self.reads = reads
        self.basis = basis
        self.is_now = is_now
        self.id_end = global_ids.suffix(None if is_now else basis)
        self._rows: dict[object, dict[UUID, Any]] = {}
        self._named: dict[object, dict[str, Any]] = {}

    def read(self, query: Callable[Concatenate[Connection, Basis, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run one query of `projections` at this basis. Raises `DeadlineExceeded`."""
        with self.reads.connection() as conn:
            return query(conn, self.basis, *args, **kwargs)

    def by_id(self, query: ById[T], wanted: Iterable[UUID | None]) -> dict[UUID, T]:
        """The rows with these ids, and others read before; none is read twice at one View."""
        rows: dict[UUID, T] = self._rows.setdefault(query, {})
        missing = set(filter(None, wanted)) - rows.keys()
        if missing:
            rows.update(self.read(query, list(missing)))
        return rows

    def remember(self, query: ById[T], rows: Iterable[T]) -> None:
        """Rows that were read otherwise, and need not be read by their ids again."""
        self._rows.setdefault(query, {}).update({row.id: row for row in rows})  # type: ignore[attr-defined]

    def by_key(self, query: ByKey[T], key: str) -> T | None:
        """The row with this key, if there is one."""
        rows: dict[str, T | None] = self._named.setdefault(query, {})
        if key not in rows:
            rows[key] = self.read(query, [key]).get(key) if _is_key(key) else None
        return rows[key]

    def mark_read(self) -> None:
        """Something is told that stands on this View, though nothing of it is read."""

    @cached_property
    def policy(self) -> cycle.PolicyRow:
        """The scoring policy in force."""
        return self.read(cycle.policy)

    @property
    def scoring(self) -> ScoringPolicy:
        return self.policy.policy


class Present(View):
    """The View of now: an answer that reads anything of it tells of now."""

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
    """Whether anything could be called this: other texts are not even asked for."""
    try:
        return values.key(text) == text
    except CommandRejected:
        return False


class Batch:
    """Rows of one kind that were read together, at one View.

    `known` is what was loaded for them, by the load and its arguments.
    """

    __slots__ = ("known", "rows", "view")

    def __init__(self, view: View, rows: Sequence[Any]) -> None:
        self.view = view
        self.rows = rows
        self.known: dict[object, Any] = {}

    def all(self, load: Callable[..., T], *args: object) -> T:
        """What `load(siblings, *args)` finds; loaded once. Most loads give one result for each row, in order."""
        key = (load, *args)
        if key not in self.known:
            self.known[key] = load(self, *args)
        found: T = self.known[key]
        return found


class RowProxy:
    """A row as the API shows it: attributes that the type does not define are the row's."""

    row: Any
    batch: Batch
    place: int

    @property
    def view(self) -> View:
        return self.batch.view

    def each(self, load: Callable[..., Sequence[T]], *args: object) -> T:
        """This thing's part of what `load(siblings, *args)` finds for all that were read with it."""
        return self.batch.all(load, *args)[self.place]

    def __getattr__(self, name: str) -> Any:
        return getattr(object.__getattribute__(self, "row"), name)


AnyThing = TypeVar("AnyThing", bound=RowProxy)


def as_batch(shown_as: type[AnyThing], view: View, rows: Sequence[Any]) -> list[AnyThing]:
    """These rows as things of one type, siblings of each other."""
    return as_mixed_batch(view, rows, [shown_as] * len(rows))


def as_mixed_batch(view: View, rows: Sequence[Any], types: Sequence[type[AnyThing]]) -> list[AnyThing]:
    """These rows as things, each of its type, siblings of each other."""
    batch = Batch(view, rows)
    things = []
    for place, (row, shown_as) in enumerate(zip(rows, types, strict=True)):
        thing = shown_as.__new__(shown_as)
        thing.row = row
        thing.batch = batch
        thing.place = place
        things.append(thing)
    return things
