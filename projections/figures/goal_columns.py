"""The figures of key results and objectives at a basis as columns. An object is made only if one is looked at.

Without them each key result of a large list would have an object with all its figures, and each objective all its
means, although most answers show a value and a health.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise, starmap
from math import isnan, nan
from operator import attrgetter
from typing import Any, Final, NamedTuple, Self, TypeAlias, TypeVar
from uuid import UUID

import numpy as np

from domain.metrics import wholes
from domain.metrics.columns.arrays import CODES, HEALTHS, ONE, Array, Codes, Numbers, Places, numbers
from domain.metrics.columns.open_objectives import Groups, healths_while_open
from domain.metrics.formulas import means
from domain.metrics.progress import KeyResultFigures
from domain.metrics.rating import Health
from domain.metrics.wholes import ObjectiveProgress
from domain.primitives.lazy import cached_property
from domain.primitives.values import Basis, ObjectiveState, ScoringPolicy
from projections.figures import formula_inputs
from projections.figures.kept_frames import Frame, Rulebook, RulesByEnd
from projections.figures.standing import Standing
from projections.standings.kept_columns import NO_STANDINGS, Kept, KeptColumns
from projections.store.columnar import Coded, Columnar, at_places, distinct_of, in_range, values_of
from projections.tables.cycle import CycleRow, Settings
from projections.tables.objective import AnyObjective

T = TypeVar("T")


class Goals(NamedTuple):
    """Objectives at a basis, with what is in force there and the cycles of them all. `rules`: see `Rulebook`."""

    basis: Basis
    rows: Sequence[AnyObjective]
    cycles: Mapping[UUID, CycleRow]
    settings: Settings
    rules: RulesByEnd

    @property
    def book(self) -> Rulebook:
        """The rules of their cycles."""
        return Rulebook(self.basis.at, self.cycles, self.settings, self.rules)


# ── key results ──────────────────────────────────────────────────────────────────────────────────


Judgement: TypeAlias = tuple[float | None, float | None, float | None, Health | None, float]
"""The figures of a key result that depend on its objective and the basis, see `Progress` in `domain.metrics`."""


class Judged(NamedTuple):
    """Those of many key results as arrays."""

    value: Numbers
    unclamped: Numbers
    expected: Numbers
    health: Codes
    gap: Numbers

    @classmethod
    def missing(cls, count: int) -> Self:
        """The figures of key results of which none is known yet."""
        value, unclamped, expected, gap = np.full((4, count), np.nan)
        return cls(value, unclamped, expected, np.full(count, CODES[None]), gap)

    def put(self, place: int, of: Judgement) -> None:
        """Put the figures of the key result at a place."""
        value, unclamped, expected, health, gap = of
        self.value[place], self.unclamped[place], self.expected[place] = map(_number, (value, unclamped, expected))
        self.health[place], self.gap[place] = CODES[health], gap

    def put_all(self, places: Places, of: "Judged") -> None:
        """Put the figures of the key results at these places."""
        for column, values in zip(self, of, strict=True):
            column[places] = values

    def followed_by(self, others: "Judged") -> "Judged":
        """These figures, followed by others."""
        columns: Iterator[Any] = map(np.concatenate, zip(self, others, strict=True))
        return Judged(*columns)

    def at(self, place: int) -> Judgement:
        """The figures of the key result at a place."""
        value, share, due = self.value.item(place), self.unclamped.item(place), self.expected.item(place)
        health, gap = HEALTHS[self.health.item(place)], self.gap.item(place)
        return (
            None if isnan(value) else value,
            None if isnan(share) else share,
            None if isnan(due) else due,
            health,
            gap,
        )

    def listed(self, name: str) -> Sequence[Any]:
        """A column as values."""
        column = getattr(self, name)
        return Coded(column.astype(np.uint8).tobytes(), HEALTHS) if name == "health" else numbers(column)


def _number(value: float | None) -> float:
    return nan if value is None else value


class Part(NamedTuple):
    """A key result of an objective, with its progress and its latest measurements. `is_apart`: it was changed after its
    end, so that the history of its objective tells the figures of both."""

    kept: Kept
    progress: KeyResultFigures
    current: Kept | Standing
    is_apart: bool = False

    @property
    def judgement(self) -> Judgement:
        of = self.progress
        return of.value, of.unclamped, of.expected, of.health, of.gap


Parts: TypeAlias = Mapping[int, Part]
"""The key results of an objective, dropped ones too, by the position at which each was added, in that order."""


class Grouped(NamedTuple):
    """The places of key results by objective: those of all, one objective after another, and where among them those of
    each objective begin, followed by their number."""

    places: Sequence[int]
    bounds: Places

    @classmethod
    def of(cls, groups: Sequence[Sequence[int]]) -> Self:
        """These groups of places."""
        bounds = np.array([*accumulate(map(len, groups), initial=0)], np.intp)
        return cls(in_range(list(chain.from_iterable(groups))), bounds)

    @property
    def sizes(self) -> list[int]:
        """How many key results each objective has."""
        sizes: list[int] = (self.bounds[1:] - self.bounds[:-1]).tolist()
        return sizes

    def split(self, values: list[T]) -> list[list[T]]:
        """Values of the key results by objective."""
        return [values[first:stop] for first, stop in pairwise(self.bounds.tolist())]


_NO_FIGURES: Final = Judged.missing(0)


class PartColumns(Mapping[int, Parts]):
    """The key results of objectives as columns, dropped ones too. As a mapping, by the position at which
    each objective was drafted.

    Places count the key results in the order of adding. `by_rows`: those that are not computed from kept standings, by
    place. `frames`: those in which objectives are judged, by the position at which each was drafted.
    """

    def __init__(self) -> None:
        self.kept = NO_STANDINGS
        self.judged = _NO_FIGURES
        self.by_rows: dict[int, Part] = {}
        self.frames: dict[int, Frame] = {}
        self._columns: dict[str, Sequence[Any]] = {}
        self._dropped: set[int] = set()
        self._parts: dict[int, Part] = {}
        self._apart: set[int] = set()

    def add(self, frames: Mapping[int, Frame], kept: KeptColumns, judged: Judged, by_rows: Mapping[int, Part]) -> None:
        """Add all key results of objectives, in the order of (drafting, addition). `frames`: that of each objective.
        `by_rows`: the key results that are not computed from kept standings, by their place among these."""
        first, is_first = len(self.kept), not self.frames
        if by_rows:
            self.by_rows |= {first + place: part for place, part in by_rows.items()}
            self._apart |= {part.kept.parent for part in by_rows.values() if part.is_apart}
        if kept.columns.any("is_dropped"):
            self._dropped.update((kept.columns.array("is_dropped").nonzero()[0] + first).tolist())
        self.frames |= frames
        self.kept = kept if is_first else self.kept + kept
        self.judged = judged if is_first else self.judged.followed_by(judged)
        self._columns = {}
        for name in ("places", "_spans", "policy"):
            vars(self).pop(name, None)

    @cached_property
    def places(self) -> Mapping[int, int]:
        """The places of all key results, by the position at which each was added."""
        return {born: place for place, born in enumerate(self.kept.columns["born"])}

    @cached_property
    def _spans(self) -> Mapping[int, range]:
        """The places of the key results of each objective, dropped ones too."""
        parents, bounds = self.kept.by_objective
        spans = starmap(range, pairwise(bounds.tolist()))
        return dict.fromkeys(self.frames, range(0)) | dict(zip(parents, spans, strict=True))

    @cached_property
    def policy(self) -> ScoringPolicy | None:
        """The policy that all objectives are judged by; None if there are several."""
        policies = {id(frame.policy): frame.policy for frame in {*self.frames.values()}}
        return next(iter(policies.values())) if len(policies) == 1 else None

    def places_of(self, births: Sequence[int]) -> Sequence[int] | None:
        """The places of the key results that were added at these positions; None if one of them is missing."""
        known = self.kept.columns["born"]
        if list(births) == known:
            return range(len(known))
        found = list(map(self.places.get, births))
        return None if None in found else found  # type: ignore[return-value]

    def column(self, name: str, places: Sequence[int]) -> Sequence[Any]:
        """A figure of the key results at these places, or what `_STATED` has."""
        values = self._columns.get(name)
        if values is None:
            values = self._stated(*_STATED[name]) if name in _STATED else self.judged.listed(name)
            self._columns[name] = values
        return at_places(values, places)

    def _stated(self, name: str, of_part: Callable[[Part], Any]) -> list[Any]:
        """What the kept standings state; of those that are not computed from them, what their part does."""
        values = self.kept.loaded(name)
        for place, part in self.by_rows.items():
            values[place] = of_part(part)
        return values

    def groups_of(self, parents: Sequence[int], *, include_dropped: bool) -> Grouped:
        """The places of the key results of these objectives."""
        known, bounds = self.kept.by_objective
        are_whole = include_dropped or not self._dropped
        if are_whole and list(parents) == known:
            return Grouped(range(len(self.kept)), bounds)
        return Grouped.of(list(map(self._spans.__getitem__ if are_whole else self.live, parents)))

    def own(self, parents: Sequence[int]) -> Grouped:
        """The places of the key results that give these objectives their values; none of one whose history tells it: if
        it takes its value from others, or a key result was changed after its end."""
        if self._apart:
            return Grouped.of([range(0) if parent in self._apart else self.live(parent) for parent in parents])
        return self.groups_of(parents, include_dropped=False)

    def live(self, parent: int) -> Sequence[int]:
        """The places of the key results of an objective that are not dropped."""
        span = self._spans[parent]
        if not self._dropped or self._dropped.isdisjoint(span):
            return span
        return [place for place in span if place not in self._dropped]

    def is_bare(self, parent: int) -> bool:
        """Whether an objective has no key results, or dropped ones only, of which none was changed after its end."""
        return parent not in self._apart and self._dropped.issuperset(self._spans[parent])

    def figures(self, places: Sequence[int]) -> list[KeyResultFigures]:
        """The progress of the key results at these places."""
        found, stated = [], self.kept.columns
        for place in places:
            if place in self.by_rows:
                found.append(self.by_rows[place].progress)
                continue
            value, share, due, health, gap = self.judged.at(place)
            measured = float(value is not None)
            confidence, weight = stated["confidence"][place], stated["weight"][place]
            found.append(KeyResultFigures(value, share, due, health, gap, measured, confidence, confidence, weight))
        return found

    def part(self, place: int) -> Part:
        """The key result at a place."""
        found = self.by_rows.get(place) or self._parts.get(place)
        if found is None:
            kept, (progress,) = self.kept.at(place), self.figures((place,))
            found = self._parts[place] = Part(kept, progress, kept)
        return found

    def __getitem__(self, parent: int) -> Parts:
        return {part.kept.born: part for part in map(self.part, self._spans[parent])}

    def __contains__(self, parent: object) -> bool:
        return parent in self._spans

    def __iter__(self) -> Iterator[int]:
        return iter(self._spans)

    def __len__(self) -> int:
        return len(self._spans)


_STATED: Final[Mapping[str, tuple[str, Callable[[Part], Any]]]] = {
    "weight": ("weight", attrgetter("kept.weight")),
    "due": ("due", attrgetter("kept.due")),
    "confidence": ("confidence", attrgetter("progress.confidence")),
    "current": ("value", attrgetter("current.value")),
    "measured_at": ("measured_at", attrgetter("current.measured_at")),
    "last_measured_at": ("last_measured_at", attrgetter("current.last_measured_at")),
}
"""The columns of key results that are made when they are asked for: a column of kept standings, and what parts have.
`current` is the latest value."""


@dataclass(eq=False)
class KeyResultColumns(Columnar[KeyResultFigures]):
    """The progress of the key results at these places, and their latest measurements."""

    _of: PartColumns
    _places: Sequence[int]

    def __len__(self) -> int:
        return len(self._places)

    @cached_property
    def records(self) -> Sequence[KeyResultFigures]:
        return self._of.figures(self._places)

    @property
    def parts(self) -> Sequence[Part]:
        """The key results."""
        return list(map(self._of.part, self._places))

    def column(self, name: str) -> Sequence[Any]:
        if name in Judged._fields or name in _STATED:
            return self._of.column(name, self._places)
        return super().column(name)


# ── objectives ───────────────────────────────────────────────────────────────────────────────────


class ObjectiveColumns(Columnar[ObjectiveProgress]):
    """The progress of objectives, in the order of their rows. `apart`: that of objectives whose key results do not tell
    it, by the position at which they were drafted."""

    def __init__(
        self, rows: Sequence[AnyObjective], parts: PartColumns, apart: Mapping[int, ObjectiveProgress]
    ) -> None:
        self._rows = rows
        self._parts = parts
        self._apart = apart
        self._known: dict[str, Sequence[Any]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    @cached_property
    def records(self) -> Sequence[ObjectiveProgress]:
        return self._computed(_records, lambda one: one)

    def column(self, name: str) -> Sequence[Any]:
        compute = _COLUMNS.get(name)
        if compute is None or "records" in vars(self):
            return super().column(name)
        found = self._known.get(name)
        if found is None:
            found = self._known[name] = self._computed(compute, attrgetter(name))
        return found

    def _computed(self, compute: "_Compute", known: Callable[[ObjectiveProgress], Any]) -> list[Any]:
        apart, found = self._apart, compute(self._own)
        if not apart:
            return found
        each = iter(found)
        return [known(apart[born]) if born in apart else next(each) for born in values_of(self._rows, "born")]

    @cached_property
    def _own(self) -> "_Own":
        """The objectives whose key results tell their figures."""
        own = [row for row in self._rows if row.born not in self._apart] if self._apart else self._rows
        births = values_of(own, "born")
        return _Own(own, births, self._parts, self._parts.own(births))


@dataclass(eq=False)
class _Own:
    """Objectives, the positions of their drafting, and the places of their key results, of which each has one at
    least."""

    rows: Sequence[AnyObjective]
    births: Sequence[int]
    parts: PartColumns
    grouped: Grouped

    def array(self, column: Array) -> Array:
        """A column of all key results for those of these objectives."""
        places = self.grouped.places
        return column[places.start : places.stop] if isinstance(places, range) else column[self._index]

    @cached_property
    def _index(self) -> Places:
        return np.array(self.grouped.places, np.intp)

    @cached_property
    def of(self) -> Groups:
        """The key results of each objective, with their weights."""
        weights = self.array(self.parts.kept.columns.array("weight"))
        are_equal = np.count_nonzero(weights == ONE) == len(weights)
        return Groups(self.grouped.bounds, None if are_equal else weights)

    def groups(self, name: str) -> list[list[Any]]:
        """A column of the key results of each objective."""
        return self.grouped.split(list(self.parts.column(name, self.grouped.places)))

    @property
    def unequal_weights(self) -> wholes.Weights:
        """The weights; None if all are 1."""
        return None if self.of.weights is None else self.groups("weight")

    @property
    def policies(self) -> Sequence[ScoringPolicy]:
        """The policy that each objective is judged by, or one for all."""
        only = self.parts.policy
        return [only] if only is not None else [self.parts.frames[born].policy for born in self.births]


_Compute: TypeAlias = Callable[[_Own], list[Any]]


def _values(own: _Own) -> list[float | None]:
    return wholes.mean_values(own.groups("value"), own.unequal_weights)


def _healths(own: _Own) -> list[Health | None]:
    judged = own.parts.judged
    found = healths_while_open(own.of, own.array(judged.health), own.array(judged.gap), own.policies)
    if distinct_of(own.rows, "state") <= {ObjectiveState.ACTIVE}:
        return found
    return list(map(wholes.health_in_state, values_of(own.rows, "state"), values_of(own.rows, "verdict"), found))


def _expected(own: _Own) -> list[float]:
    return wholes.mean_dues(own.groups("expected"), own.unequal_weights)


def _gaps(own: _Own) -> list[float]:
    return means(own.groups("gap"), own.unequal_weights)


def _confidences(own: _Own) -> list[float | None]:
    return list(map(wholes.mean_confidence, own.groups("confidence"), own.groups("weight")))


def _records(own: _Own) -> list[ObjectiveProgress]:
    return [
        _whole(row, own.parts, places)
        for row, places in zip(own.rows, own.grouped.split(list(own.grouped.places)), strict=True)
    ]


def _counts(own: _Own) -> list[bool]:
    return [state in wholes.COUNTED for state in values_of(own.rows, "state")]


def _are_headings(own: _Own) -> list[bool]:
    return [False] * len(own.rows)


def _healths_of_parts(own: _Own) -> list[list[Health | None]]:
    return own.groups("health")


def _whole(row: AnyObjective, parts: PartColumns, own: Sequence[int]) -> ObjectiveProgress:
    key_results = [parts.part(place).progress for place in own]
    return wholes.of_objective(formula_inputs.of_objective(row), key_results, parts.frames[row.born].policy)


_COLUMNS: Final[Mapping[str, _Compute]] = {
    "value": _values,
    "expected": _expected,
    "health": _healths,
    "gap": _gaps,
    "confidence": _confidences,
    "counts": _counts,
    "is_heading": _are_headings,
    "healths": _healths_of_parts,
}
"""The figures that are computed without the others."""
