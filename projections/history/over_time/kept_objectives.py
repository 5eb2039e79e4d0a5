"""Objectives along the moments of a cycle, with the standings of their key results: what stays of their figures until
the next event, and what the clock moves."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, TypeAlias, TypeVar
from uuid import UUID

from domain.metrics import progress, wholes
from domain.metrics.formulas import all_clamped, clamped, mean
from domain.metrics.progress import KeyResultProgress, Pace, elapsed, with_start
from domain.metrics.rating import Health
from domain.metrics.wholes import ObjectiveFacts, ObjectiveOutline, Settled, Worth
from domain.primitives.lazy import cached_property
from domain.primitives.values import EARLIEST, Metric, ObjectiveState
from projections.figures import formula_inputs
from projections.figures.figures import Figures
from projections.figures.kept_frames import Frame, Span
from projections.standings.kept_rows import Since
from projections.store.stored_times import stored
from projections.tables.objective import Goal

F = TypeVar("F")


def found(of: F | None) -> F:
    """The figures of a goal that exists."""
    assert of is not None
    return of


# ── key results ──────────────────────────────────────────────────────────────────────────────────


class KeyResultAt(NamedTuple):
    """A key result at one moment, see `Progress`. `current`: its latest value, in its metric's unit."""

    value: float | None
    expected: float | None
    health: Health | None
    confidence: float | None
    current: float | None

    @classmethod
    def of(cls, progress: KeyResultProgress) -> "KeyResultAt":
        """A key result with this progress."""
        current = None if progress.of.latest is None else progress.of.latest.value
        return cls(progress.value, progress.expected, progress.health, progress.confidence, current)


class KeyResult:
    """A key result with one standing in one frame of its objective."""

    def __init__(self, of: Since, frame: Frame) -> None:
        self.of = of
        self.share = of.share if of.share is not None or frame.ended is None else frame.personal_score(of)
        self.value = clamped(self.share)
        self.is_level = of.is_level
        self.confidence = of.confidence
        self.current = of.value
        self._frame = frame

    @property
    def due(self) -> float:
        """Its expected progress at the moment of the frame, by its plan if it has one."""
        frame = self._frame
        if frame.ended is not None or (self.is_level and self.of.plan is None):
            return 1.0
        span = frame.span(self.of.created_at, self.of.due)
        return elapsed(*span, stored(frame.book.at)) if self.of.plan is None else frame.planned(span, self.of)

    def gap(self, due: float) -> float:
        """What is missing of its expected progress."""
        return due - (self.value or 0.0)

    def health(self, at: datetime, gap: float) -> Health:
        """Its health at the moment, by this gap."""
        return self._pace.health(at, gap)

    @cached_property
    def _pace(self) -> Pace:
        of, frame = self.of, self._frame
        facts = frame.facts(frame.span(of.created_at, of.due), of, of.last_measured_at, is_dropped=False)
        return progress.pace(facts, self.value, frame.policy, is_level=self.is_level)


class Linked:
    """A key result that a KPI measures, at the moment of these figures until something happens to it. As
    `KeyResult`."""

    def __init__(self, of: Since, figures: Figures, id: UUID) -> None:
        self.of = of
        self._figures = figures
        self._id = id

    @property
    def value(self) -> float | None:
        return found(self._figures.part(self._id)).value

    @cached_property
    def is_level(self) -> bool:
        metric = self._metric
        if self.moves_its_start:
            metric = with_start(metric, found(self._figures.part(self._id)).baseline)
        return progress.is_level(metric)

    @cached_property
    def _metric(self) -> Metric:
        return found(self._figures.key_result_row(self._id)).metric

    @property
    def moves_its_start(self) -> bool:
        """Whether a measurement may change where its goal begins, and so whether it is a level one."""
        return progress.needs_baseline(self._metric)

    @property
    def share(self) -> float | None:
        return self._progress.unclamped

    @property
    def confidence(self) -> float | None:
        return self._progress.confidence

    @property
    def current(self) -> float | None:
        return KeyResultAt.of(self._progress).current

    @property
    def due(self) -> float:
        return self._progress.expected or 0.0

    def gap(self, _due: float) -> float:
        return self._progress.gap

    def health(self, _at: datetime, _gap: float) -> Health | None:
        return self._progress.health

    @property
    def _progress(self) -> KeyResultProgress:
        return found(self._figures.key_result(self._id))


AnyKeyResult: TypeAlias = KeyResult | Linked

# ── objectives ───────────────────────────────────────────────────────────────────────────────────


class Shape:
    """What the expected progress of many objectives depends on: the weights of their key results, and the spans over
    which their progress is expected, None for a level goal."""

    def __init__(self, weights: Sequence[float], spans: Sequence[Span | None]) -> None:
        self._weights = weights
        self._spans = spans
        self._at = EARLIEST
        self._dues: list[float] = []
        self._expected = 0.0

    def dues(self, at: datetime) -> list[float]:
        """The expected progress of the key results at a moment."""
        if at is not self._at:
            self._move(at)
        return self._dues

    def expected(self, at: datetime) -> float:
        """The expected progress of the objectives at a moment."""
        if at is not self._at:
            self._move(at)
        return self._expected

    def _move(self, at: datetime) -> None:
        self._at, now = at, stored(at)
        self._dues = [1.0 if span is None else elapsed(*span, now) for span in self._spans]
        self._expected = mean(self._weights, self._dues)


Shapes: TypeAlias = dict[tuple[tuple[float, ...], tuple[Span | None, ...]], Shape]
"""By weights and spans."""


class Objective:
    """An objective in one frame. `standings`: those of its key results, by birth, which the owner of the dictionary
    keeps up to date. `linked`: makes a key result that a KPI measures. `shapes`: those known."""

    def __init__(
        self, row: Goal, frame: Frame, standings: Mapping[int, Since], linked: Callable[[Since], Linked], shapes: Shapes
    ) -> None:
        self.frame = frame
        self._row = row
        self._standings = standings
        self._new_linked = linked
        self._shapes = shapes
        self._known: dict[int, AnyKeyResult] = {}
        self.worth: Worth | None = None
        """What it is in the mean of its cycle; None if it must be computed anew, see `worths`."""

    @property
    def state(self) -> ObjectiveState:
        """Its state."""
        return self._row.state

    def take_changed(self, *, is_redefined: bool) -> None:
        """Take other standings into account. `is_redefined`: a key result was added, or its definition changed."""
        self._forget_values()
        if is_redefined:
            self._forget("weights", "shape")

    def take_measured(self, born: int) -> None:
        """Take another value of a key result into account that a KPI measures."""
        self._forget_values()
        part = self._known.get(born)
        if isinstance(part, Linked) and part.moves_its_start:
            del self._known[born]
            self._forget("shape")

    def _forget_values(self) -> None:
        if self.worth is not None:
            self.worth = None
        self._forget("_parts", "_settled")

    def _forget(self, *names: str) -> None:
        for name in names:
            self.__dict__.pop(name, None)

    def _live(self) -> Iterator[Since]:
        """The standings of its key results that are not dropped."""
        return (one for one in self._standings.values() if not one.is_dropped)

    @cached_property
    def _parts(self) -> Sequence[AnyKeyResult]:
        return list(map(self._part, self._live()))

    def _part(self, of: Since) -> AnyKeyResult:
        known = self._known.get(of.born)
        if known is None or known.of is not of:
            known = self._known[of.born] = KeyResult(of, self.frame) if of.is_kept else self._new_linked(of)
        return known

    @property
    def shares(self) -> list[float | None]:
        """The progress of its key results, not limited to [0, 1] where their standings tell it."""
        return [
            one.share if one.share is not None and one.is_kept else self._part(one).value
            for one in self._standings.values()
            if not one.is_dropped
        ]

    @cached_property
    def weights(self) -> Sequence[float]:
        """The weights of its key results."""
        return [one.weight for one in self._live()]

    @cached_property
    def shape(self) -> Shape | None:
        """What its expected progress depends on; None if that is no shape: after the end, and with a plan."""
        live = list(self._live())
        if not live or self.frame.ended is not None or any(one.plan is not None for one in live):
            return None
        span = self.frame.span
        spans = tuple([None if self._is_level(one) else span(one.created_at, one.due) for one in live])
        key = tuple(self.weights), spans
        known = self._shapes.get(key)
        if known is None:
            known = self._shapes[key] = Shape(*key)
        return known

    def _is_level(self, one: Since) -> bool:
        return one.is_level if one.is_kept else self._part(one).is_level

    def expected(self, at: datetime) -> float | None:
        """The expected progress at the moment, None without key results."""
        if self.shape is not None:
            return self.shape.expected(at)
        return mean(self.weights, self.dues(at)) if self.weights else None

    def dues(self, at: datetime) -> Sequence[float]:
        """The expected progress of its key results at the moment."""
        return [part.due for part in self._parts] if self.shape is None else self.shape.dues(at)

    def outline(self, at: datetime) -> ObjectiveOutline:
        """All figures at the moment."""
        parts = self._parts
        if not parts:
            return self._bare
        gaps = [part.gap(due) for part, due in zip(parts, self.dues(at), strict=True)]
        healths = [part.health(at, gap) for part, gap in zip(parts, gaps, strict=True)]
        if Health.PENDING in healths:
            gaps = [0.0 if health is Health.PENDING else gap for health, gap in zip(healths, gaps, strict=True)]
        expected, policy = found(self.expected(at)), self.frame.policy
        return wholes.outline(self._facts, self._settled, healths, expected, gaps, self.weights, policy)

    def shown(self, outline: ObjectiveOutline, at: datetime) -> Iterator[tuple[int, KeyResultAt]]:
        """Its key results at the moment of this outline."""
        for part, due, health in zip(self._parts, self.dues(at), outline.key_results, strict=True):
            yield part.of.born, KeyResultAt(part.value, due, health, part.confidence, part.current)

    @cached_property
    def _facts(self) -> ObjectiveFacts:
        return formula_inputs.of_objective(self._row)

    @cached_property
    def _bare(self) -> ObjectiveOutline:
        """Its figures without key results; nothing supports it."""
        return ObjectiveOutline.of_whole(wholes.of_heading(self._facts, (), self.frame.policy))

    @cached_property
    def _settled(self) -> Settled:
        parts = self._parts
        shares, values = [part.share for part in parts], [part.value for part in parts]
        return wholes.settled(shares, values, [part.confidence for part in parts], self.weights)


class Apart:
    """An objective whose figures a timeline tells, at the moment of these figures. As `Objective`."""

    def __init__(self, id: UUID, figures: Figures) -> None:
        self._id = id
        self._figures = figures

    @property
    def worth(self) -> Worth:
        whole = found(self._figures.objective(self._id))
        return Worth(whole.value, whole.counts, whole.is_heading)

    @property
    def shape(self) -> None:
        """Its expected progress is no shape."""

    def expected(self, _at: datetime) -> float | None:
        return found(self._figures.objective(self._id)).expected

    def outline(self, _at: datetime) -> ObjectiveOutline:
        return ObjectiveOutline.of_whole(found(self._figures.objective(self._id)))

    def shown(self, _outline: ObjectiveOutline, _at: datetime) -> Iterator[tuple[int, KeyResultAt]]:
        figures, timeline = self._figures, self._figures.timeline
        for id in timeline.of_objective[self._id]:
            if figures.is_live_in(id, self._id):
                yield timeline.key_results[id].versions[0].born, KeyResultAt.of(found(figures.key_result(id)))


AnyObjective: TypeAlias = Objective | Apart

# ── means ────────────────────────────────────────────────────────────────────────────────────────


def worths(objectives: Sequence[AnyObjective]) -> list[Worth]:
    """What each of these objectives is in the mean of its cycle. Those that changed are computed together."""
    changed = [one for one in objectives if isinstance(one, Objective) and one.worth is None]
    shares, weights = [all_clamped(one.shares) for one in changed], [one.weights for one in changed]
    for one, worth in zip(changed, wholes.worths([one.state for one in changed], shares, weights), strict=True):
        one.worth = worth
    return [found(one.worth) for one in objectives]


def expected(objectives: Sequence[AnyObjective], at: datetime) -> list[float | None]:
    """The expected progress of each of these objectives at a moment, which is computed once for each shape."""
    shapes = [one.shape for one in objectives]
    known = {shape: shape.expected(at) for shape in {*shapes} if shape is not None}
    return [one.expected(at) if shape is None else known[shape] for one, shape in zip(objectives, shapes, strict=True)]
