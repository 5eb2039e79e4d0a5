"""Filters by computed values, such as health and progress, combined with those that the database decides.

What a filter requires of stored columns is one statement, with all filters inside it that require nothing else. Each
filter inside it that requires a computed value costs one statement more, whatever the number of rows.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias, TypeVar

import msgspec

from api.schema.connections.owing import Owed
from api.schema.connections.row_columns import RowColumns
from api.snapshot.snapshot import View
from domain.metrics.badness import is_worse
from domain.primitives.errors import Code, CommandRejected, invalid
from domain.primitives.values import Basis
from projections.store.keyset import Filter, List, Range

FILTERS_MAX = 50
"""The most filters inside one filter."""

F = TypeVar("F", bound=Filter)

# ── what is computed ─────────────────────────────────────────────────────────────────────────────

Outline: TypeAlias = Callable[[View, Any], RowColumns]
"""Computes the values of all rows that pass a filter."""


class Computed(msgspec.Struct, frozen=True):
    """What a filter requires of computed values; None requires nothing. `worse_since`: the health is worse than it was
    at that time."""

    conditions: tuple[StrEnum, ...] | None = None
    progress: Range | None = None
    confidence: Range | None = None
    measured_at: Range | None = None
    due: Range | None = None
    worse_since: datetime | None = None
    owed: Owed | None = None

    def places(self, of: RowColumns, places: Sequence[int], before: RowColumns | None) -> Sequence[int]:
        """Those of these places whose rows fulfil it; `before` has the rows at `worse_since`."""
        for name, holds in self._required():
            values = of.column(name)
            places = [place for place in places if holds(values[place])]
        return places if before is None else _worse(of, places, before)

    def _required(self) -> Iterator[tuple[str, Callable[[Any], bool]]]:
        """What it requires of single values, by name."""
        if self.conditions is not None:
            yield "condition", self.conditions.__contains__
        for name in ("progress", "confidence", "measured_at", "due"):
            bounds: Range | None = getattr(self, name)
            if bounds is not None:
                yield name, bounds.includes
        if self.owed is not None:
            yield "owing", self.owed.holds


def _worse(now: RowColumns, places: Sequence[int], before: RowColumns) -> Sequence[int]:
    """Those of these places whose rows are in a worse condition than before."""
    conditions = now.column("condition")
    earlier = dict(zip(before.ids, before.column("condition"), strict=True))
    return [place for place in places if is_worse(earlier.get(now.ids[place]), conditions[place])]


ANY = Computed()
"""What every row fulfils."""


class Criteria(msgspec.Struct, frozen=True):
    """A filter of a list: `stored` is decided by the database, `computed` is not; `all_of`, `any_of` and `none_of` are
    the filters inside it that require computed values, or stand beside one that does in `any_of`."""

    stored: Filter
    computed: Computed = ANY
    all_of: tuple["Criteria", ...] = ()
    any_of: tuple["Criteria", ...] | None = None
    none_of: tuple["Criteria", ...] = ()

    @property
    def is_stored(self) -> bool:
        """Whether the database alone decides."""
        return self.computed == ANY and not self.all_of and self.any_of is None and not self.none_of


def combined(given: Any, stored: Filter, computed: Computed, translate: Callable[[Any], Criteria]) -> Criteria:
    """The criteria of a filter with those of its fields `and`, `or` and `not`, which `translate` translates."""
    every = [translate(one) for one in given.and_ or ()]
    some = None if given.or_ is None else tuple(translate(one) for one in given.or_)
    none = [translate(given.not_)] if given.not_ is not None else []
    is_some_stored = some is not None and all(one.is_stored for one in some)
    stored = msgspec.structs.replace(
        stored,
        all_of=(*stored.all_of, *(one.stored for one in every if one.is_stored)),
        any_of=tuple(one.stored for one in some) if some is not None and is_some_stored else None,
        none_of=tuple(one.stored for one in none if one.is_stored),
    )
    return Criteria(
        stored,
        computed,
        tuple(one for one in every if not one.is_stored),
        None if is_some_stored else some,
        tuple(one for one in none if not one.is_stored),
    )


def check_size(given: Any) -> None:
    """Raises `TOO_LARGE` for a filter with too many filters inside it."""
    waiting, count = [given], 0
    while waiting:
        one = waiting.pop()
        inside = [*(one.and_ or ()), *(one.or_ or ()), *([] if one.not_ is None else [one.not_])]
        count += len(inside)
        if count > FILTERS_MAX:
            raise CommandRejected(
                Code.TOO_LARGE, f"Has more than {FILTERS_MAX} filters inside it; use lists like `owners`.", "filter"
            )
        waiting += inside


# ── what passes ──────────────────────────────────────────────────────────────────────────────────


def passing(view: View, rows: List[Any, Any, Any], outline: Outline, of: Criteria) -> RowColumns:
    """All rows that fulfil the criteria, with their values."""
    found = outline(view, of.stored)
    return found.at(_Candidates(view, rows, outline, found).passing(of, range(len(found.ids))))


class _Candidates(NamedTuple):
    """Rows that fulfil what is stored of some criteria, with their values."""

    view: View
    rows: List[Any, Any, Any]
    outline: Outline
    found: RowColumns

    def passing(self, of: Criteria, places: Sequence[int]) -> Sequence[int]:
        """Of these places, whose rows fulfil what is stored, those whose rows fulfil the rest, in order."""
        kept = of.computed.places(self.found, places, self._before(of, places))

        def inside(one: Criteria) -> Sequence[int]:
            return self.passing(one, self._stored(one.stored, kept))

        for one in of.all_of:
            kept = inside(one)
        if of.any_of is not None:
            kept = sorted(set().union(*map(inside, of.any_of)))
        for one in of.none_of:
            without = set(inside(one))
            kept = [place for place in kept if place not in without]
        return kept

    def _stored(self, filter: Filter, places: Sequence[int]) -> Sequence[int]:
        """Those of these places whose rows pass a stored filter."""
        if not places or filter == type(filter)():
            return places
        ids = tuple(self.found.ids[place] for place in places)
        narrowed = msgspec.structs.replace(filter, all_of=(*filter.all_of, type(filter)(ids=ids)))
        passed = self.view.read(self.rows.values, narrowed, ())
        return sorted(self.found.places[id] for id in passed)

    def _before(self, of: Criteria, places: Sequence[int]) -> RowColumns | None:
        """The rows at these places at the time to which the criteria compare, by what the view knows."""
        since = of.computed.worse_since
        if since is None or not places:
            return None
        if since > self.view.basis.at:
            raise invalid("Must not be after the basis; it compares an earlier time with it.", "worseSince")
        then = self.view.reads.at(Basis(since, self.view.basis.position))
        ids = tuple(self.found.ids[place] for place in places)
        return self.outline(then, type(of.stored)(ids=ids))
