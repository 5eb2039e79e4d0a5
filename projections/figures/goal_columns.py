"""The figures of key results and objectives at a basis as columns. An object is made only if one is looked at.

Without them each key result of a large list would have an object with all its figures, and each objective all its
means, although most answers show a value and a health.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress, count
from operator import attrgetter
from typing import Any, Final, NamedTuple, TypeAlias, cast
from uuid import UUID

from domain.metrics import wholes
from domain.metrics.formulas import means
from domain.metrics.progress import KeyResultFigures
from domain.metrics.rating import Health
from domain.metrics.wholes import ObjectiveProgress
from domain.primitives.lazy import cached_property
from domain.primitives.values import Basis, ObjectiveState, ScoringPolicy
from projections.figures import formula_inputs
from projections.figures.standing import Standing
from projections.standings.kept_columns import NO_STANDINGS, Kept, KeptColumns
from projections.store.columnar import Columnar, at_places, values_of
from projections.tables.cycle import CycleRow, Settings
from projections.tables.objective import AnyObjective


class Goals(NamedTuple):
    """Objectives at a basis, with what is in force there and the cycles of them all."""

    basis: Basis
    rows: Sequence[AnyObjective]
    cycles: Mapping[UUID, CycleRow]
    settings: Settings


# ── key results ──────────────────────────────────────────────────────────────────────────────────


Judgement: TypeAlias = tuple[float | None, float | None, float | None, Health | None, float]
"""The figures of a key result that depend on its objective and the basis, see `Progress` in `domain.metrics`."""
JUDGED: Final = ("value", "unclamped", "expected", "health", "gap")
"""Their names."""


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


_NO_FIGURES: Final[dict[str, list[Any]]] = {name: [] for name in JUDGED}


class PartColumns(Mapping[int, Parts]):
    """The key results of objectives as columns, dropped ones too. As a mapping, by the position at which
    each objective was drafted.

    Places count the key results in the order of adding. `by_rows`: those that are not computed from kept standings, by
    place. `policies`: those that objectives are judged by, that of its end for one that has ended, by the position at
    which each objective was drafted.
    """

    def __init__(self) -> None:
        self.kept = NO_STANDINGS
        self.by_rows: dict[int, Part] = {}
        self.policies: dict[int, ScoringPolicy] = {}
        self._columns = _NO_FIGURES
        self._spans: dict[int, range] = {}
        self._dropped: set[int] = set()
        self._parts: dict[int, Part] = {}
        self._apart: set[int] = set()

    def add(
        self,
        policies: Mapping[int, ScoringPolicy],
        kept: KeptColumns,
        figures: Sequence[list[Any]],
        by_rows: Mapping[int, Part],
    ) -> None:
        """Add all key results of objectives, in the order of (drafting, addition). `policies`: for each objective, the
        one that it is judged by. `figures`: those of `JUDGED`, as columns. `by_rows`: the key results that are not
        computed from kept standings, by their place among these."""
        first = len(self.kept) if self.policies else 0
        if True in kept.columns["is_dropped"]:
            self._dropped.update(compress(count(first), kept.columns["is_dropped"]))
        if by_rows:
            self.by_rows |= {first + place: part for place, part in by_rows.items()}
            self._apart |= {part.kept.parent for part in by_rows.values() if part.is_apart}
        self.policies |= policies
        self._spans |= dict.fromkeys(policies, range(0))
        before, self._columns = self._columns, dict(zip(JUDGED, figures, strict=True))
        if first:
            self._columns = {name: before[name] + values for name, values in self._columns.items()}
        self.kept = self.kept + kept if first else kept
        stops = dict(zip(kept.columns["parent"], count(first + 1)))
        self._spans.update(zip(stops, map(range, [first, *stops.values()], stops.values()), strict=True))
        vars(self).pop("places", None)

    @cached_property
    def places(self) -> Mapping[int, int]:
        """The places of all key results, by the position at which each was added."""
        return {born: place for place, born in enumerate(self.kept.columns["born"])}

    def places_of(self, births: Sequence[int]) -> Sequence[int] | None:
        """The places of the key results that were added at these positions; None if one of them is missing."""
        known = self.kept.columns["born"]
        if list(births) == known:
            return range(len(known))
        found = list(map(self.places.get, births))
        return None if None in found else found  # type: ignore[return-value]

    def column(self, name: str, places: Sequence[int]) -> list[Any]:
        """A figure of the key results at these places, or what `_STATED` has."""
        if name in _STATED and name not in self._columns:
            self._columns[name] = self._stated(*_STATED[name])
        return at_places(self._columns[name], places)

    def groups(self, name: str, groups: Sequence[Sequence[int]]) -> list[list[Any]]:
        """Such a column of the key results at each of these groups of places, which `live` or `own` has returned."""
        values = self.column(name, range(len(self.kept)))
        if self._dropped:
            return [at_places(values, places) for places in groups]
        return [values[span.start : span.stop] for span in cast("Sequence[range]", groups)]

    @property
    def are_weighted(self) -> bool:
        """Whether a key result has another weight than 1."""
        weights = self.column("weight", range(len(self.kept)))
        return weights.count(1.0) < len(weights)

    def _stated(self, name: str, of_part: Callable[[Part], Any]) -> list[Any]:
        """What the kept standings state; of those that are not computed from them, what their part does."""
        values = self.kept.loaded(name)
        for place, part in self.by_rows.items():
            values[place] = of_part(part)
        return values

    def groups_of(self, parents: Iterable[int], *, include_dropped: bool) -> list[Sequence[int]]:
        """The places of the key results of each of these objectives."""
        if self._dropped and not include_dropped:
            return list(map(self.live, parents))
        return list(map(self._spans.__getitem__, parents))

    def own(self, parents: Iterable[int]) -> list[Sequence[int]]:
        """The places of the key results that give each of these objectives its value; none if its history tells it: if
        it takes its value from others, or a key result was changed after its end."""
        if self._apart:
            return [range(0) if parent in self._apart else self.live(parent) for parent in parents]
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
        of, stated, found = self._columns, self.kept.columns, []
        for place in places:
            if place in self.by_rows:
                found.append(self.by_rows[place].progress)
                continue
            value, share, due = of["value"][place], of["unclamped"][place], of["expected"][place]
            health, gap = of["health"][place], of["gap"][place]
            confidence, weight, measured = (
                stated["confidence"][place],
                stated["weight"][place],
                float(value is not None),
            )
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
        if name in JUDGED or name in _STATED:
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
    places: Sequence[Sequence[int]]

    def groups(self, name: str) -> list[list[Any]]:
        """A column of the key results of each objective."""
        return self.parts.groups(name, self.places)

    @cached_property
    def weights(self) -> list[list[float]]:
        return self.groups("weight")

    @property
    def unequal_weights(self) -> wholes.Weights:
        """The weights; None if all are 1."""
        return self.weights if self.parts.are_weighted else None


_Compute: TypeAlias = Callable[[_Own], list[Any]]


def _values(own: _Own) -> list[float | None]:
    return wholes.mean_values(own.groups("value"), own.unequal_weights)


def _healths(own: _Own) -> list[Health | None]:
    policies, states = list(map(own.parts.policies.__getitem__, own.births)), values_of(own.rows, "state")
    found = wholes.healths_while_open(own.groups("health"), own.groups("gap"), own.unequal_weights, policies)
    if states.count(ObjectiveState.ACTIVE) == len(states):
        return [*found]
    return list(map(wholes.health_in_state, states, values_of(own.rows, "verdict"), found))


def _expected(own: _Own) -> list[float]:
    return wholes.mean_dues(own.groups("expected"), own.unequal_weights)


def _gaps(own: _Own) -> list[float]:
    return means(own.groups("gap"), own.unequal_weights)


def _confidences(own: _Own) -> list[float | None]:
    return list(map(wholes.mean_confidence, own.groups("confidence"), own.weights))


def _records(own: _Own) -> list[ObjectiveProgress]:
    return [_whole(row, own.parts, places) for row, places in zip(own.rows, own.places, strict=True)]


def _counts(own: _Own) -> list[bool]:
    return [state in wholes.COUNTED for state in values_of(own.rows, "state")]


def _are_headings(own: _Own) -> list[bool]:
    return [False] * len(own.rows)


def _healths_of_parts(own: _Own) -> list[list[Health | None]]:
    return own.groups("health")


def _whole(row: AnyObjective, parts: PartColumns, own: Sequence[int]) -> ObjectiveProgress:
    key_results = [parts.part(place).progress for place in own]
    return wholes.of_objective(formula_inputs.of_objective(row), key_results, parts.policies[row.born])


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
