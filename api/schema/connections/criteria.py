"""Filters by computed values, such as health and progress, combined with those that the database decides.

What a filter requires of stored columns is one statement, with all filters inside it that require nothing else. Each
filter inside it that requires a computed value costs one statement more, whatever the number of rows.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import msgspec

from api.schema.connections.owing import Owed, Owing
from api.snapshot.snapshot import View
from domain.metrics.badness import is_worse
from domain.primitives.errors import Code, CommandRejected, invalid
from domain.primitives.values import Basis
from projections.store.keyset import Filter, List, Range

FILTERS_MAX = 50
"""The most filters inside one filter."""

F = TypeVar("F", bound=Filter)

# ── what is computed ─────────────────────────────────────────────────────────────────────────────


class Judged(NamedTuple):
    """The computed values of a row: its condition (health or status), its progress and confidence, the time of its
    latest measurement, its due day, and what it owes, which is computed when a filter asks for it."""

    condition: Any = None
    progress: float | None = None
    confidence: float | None = None
    measured_at: datetime | None = None
    due: Any = None
    owing: Callable[[], Owing] = Owing


Outline = Callable[[View, Any], dict[UUID, Judged]]
"""Computes the values of all rows that pass a filter, by their ids, in the order of creation."""


class Computed(msgspec.Struct, frozen=True):
    """What a filter requires of computed values; None requires nothing. `worse_since`: the health is worse than it was
    at that time."""

    conditions: frozenset[StrEnum] | None = None
    progress: Range | None = None
    confidence: Range | None = None
    measured_at: Range | None = None
    due: Range | None = None
    worse_since: datetime | None = None
    owed: Owed | None = None

    def holds(self, one: Judged, before: Judged | None) -> bool:
        """Whether these values fulfil it; `before` are those at `worse_since`."""
        return (
            (self.conditions is None or one.condition in self.conditions)
            and (self.progress is None or self.progress.includes(one.progress))
            and (self.confidence is None or self.confidence.includes(one.confidence))
            and (self.measured_at is None or self.measured_at.includes(one.measured_at))
            and (self.due is None or self.due.includes(one.due))
            and (self.owed is None or self.owed.holds(one.owing()))
            and (self.worse_since is None or (before is not None and is_worse(before.condition, one.condition)))
        )


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


def passing(view: View, rows: List[Any, Any, Any], outline: Outline, of: Criteria) -> dict[UUID, Judged]:
    """The values of all rows that fulfil the criteria, by id, in the order of creation."""
    return _kept(view, rows, outline, of, outline(view, of.stored))


def _kept(
    view: View, rows: List[Any, Any, Any], outline: Outline, of: Criteria, found: Mapping[UUID, Judged]
) -> dict[UUID, Judged]:
    """Of these rows, which fulfil what is stored, those that fulfil the rest."""
    before = _before(view, outline, of, list(found))
    kept = {id: one for id, one in found.items() if of.computed.holds(one, before.get(id))}

    def inside(one: Criteria) -> Collection[UUID]:
        return _kept(view, rows, outline, one, _stored(view, rows, one.stored, kept)).keys()

    for one in of.all_of:
        kept = _only(kept, inside(one))
    if of.any_of is not None:
        kept = _only(kept, set().union(*map(inside, of.any_of)))
    for one in of.none_of:
        kept = _only(kept, kept.keys() - inside(one))
    return kept


def _only(kept: Mapping[UUID, Judged], ids: Collection[UUID]) -> dict[UUID, Judged]:
    return {id: one for id, one in kept.items() if id in ids}


def _stored(
    view: View, rows: List[Any, Any, Any], filter: Filter, found: Mapping[UUID, Judged]
) -> Mapping[UUID, Judged]:
    """Those of these rows that pass a stored filter."""
    if not found or filter == type(filter)():
        return found
    narrowed = msgspec.structs.replace(filter, all_of=(*filter.all_of, type(filter)(ids=tuple(found))))
    return _only(found, view.read(rows.values, narrowed, ()).keys())


def _before(view: View, outline: Outline, of: Criteria, ids: Sequence[UUID]) -> dict[UUID, Judged]:
    """The values of these rows at the time to which the criteria compare, by what the view knows."""
    since = of.computed.worse_since
    if since is None or not ids:
        return {}
    if since > view.basis.at:
        raise invalid("Must not be after the basis; it compares an earlier time with it.", "worseSince")
    then = view.reads.at(Basis(since, view.basis.position))
    return outline(then, type(of.stored)(ids=tuple(ids)))
