"""Objectives along the moments of a cycle, with the standings of their key results: what stays of their figures until
the next event, and what the clock moves."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple, TypeAlias
from uuid import UUID

from domain.metrics import progress, wholes
from domain.metrics.formulas import clamped, mean
from domain.metrics.progress import KeyResultProgress, Pace, elapsed
from domain.metrics.rating import Health
from domain.metrics.wholes import ObjectiveFacts, ObjectiveOutline, Settled
from domain.primitives.calendar import Calendar
from domain.primitives.lazy import cached_property
from domain.primitives.values import EARLIEST, CycleState, ObjectiveState, ScoringPolicy
from projections.figures import formula_inputs
from projections.figures.kept_figures import JudgedFacts, personal_score
from projections.figures.window import End, end_of_goal
from projections.standings.kept_rows import KEPT, Kept
from projections.tables.cycle import CycleRow, Settings
from projections.tables.objective import Goal

# ── what is in force ─────────────────────────────────────────────────────────────────────────────


class _InForce(NamedTuple):
    """The scoring policy, the calendar and the beginning of a cycle at an end, or at a basis. `day_ends`: the ends of
    days, each looked up once."""

    policy: ScoringPolicy
    calendar: Calendar
    begins_at: datetime
    day_ends: dict[date, datetime]


class Rules:
    """What is in force at a basis. `at`: the moment at which goals are judged by it."""

    def __init__(self, at: datetime, cycles: Mapping[UUID, CycleRow], settings: Settings) -> None:
        self.at = at
        self.cycles = cycles
        self._settings = settings
        self._known: dict[tuple[int, End | None], _InForce] = {}

    def of(self, cycle: CycleRow, ended: End | None) -> _InForce:
        """What is in force in a cycle at an end, or at the basis."""
        found = self._known.get((cycle.born, ended))
        if found is None:
            policy, calendar = self._settings.in_force(ended)
            begins_at = calendar.day_start(cycle.at_end(ended).starts_on)
            found = self._known[cycle.born, ended] = _InForce(policy, calendar, begins_at, {})
        return found


class Span(NamedTuple):
    """The time over which progress is expected."""

    begins_at: datetime
    due_at: datetime


class Frame:
    """An objective in its cycle, in which its key results are judged by `rules`. `ended`: its end, if it has ended."""

    def __init__(self, rules: Rules, row: Goal) -> None:
        self.rules = rules
        self._row = row
        self._cycle = rules.cycles[row.cycle]
        self.ended = end_of_goal(row, self._cycle)
        self._in_force = rules.of(self._cycle, self.ended)
        self.policy = self._in_force.policy

    def share(self, of: Kept) -> float | None:
        """The unclamped progress of a key result; after the end, the score of a person where nothing was measured."""
        if of.share is not None or self.ended is None:
            return of.share
        return personal_score(self._row, of)

    def span(self, of: Kept) -> Span:
        """The time over which the progress of a key result is expected."""
        of_days, due_at = self._in_force.day_ends, self._in_force.day_ends.get(of.due)
        if due_at is None:
            due_at = of_days[of.due] = self._in_force.calendar.day_end(of.due)
        return Span(max(self._in_force.begins_at, of.created_at), due_at)

    def expected(self, of: Kept) -> float:
        """The expected progress of a key result at the moment."""
        if self.ended is not None:
            return 1.0
        span, at = self.span(of), self.rules.at
        if of.metric is None:
            return 1.0 if of.is_level else elapsed(*span, at)
        plan = formula_inputs.curve(_PLAN(of.plan), self._in_force.calendar)
        return progress.expected(_METRIC(of.metric), *span, at, plan)

    def pace(self, of: Kept, value: float | None) -> Pace:
        """The pace of a key result with this value."""
        span = self.span(of)
        is_planned = self._row.state is ObjectiveState.DRAFT or self._cycle.state is CycleState.PLANNING
        facts = JudgedFacts(
            self._row.kind, span.begins_at, span.due_at, self._cycle.check_in_cadence,
            self._row.state is ObjectiveState.DROPPED, is_planned, None if self.ended is None else self.ended.at,
            of.score, of.last_measured_at,
        )  # fmt: skip
        return progress.pace(facts, value, self.policy, is_level=of.is_level)


_METRIC, _PLAN = KEPT.loads("metric"), KEPT.loads("plan")


class KeyResultAt(NamedTuple):
    """A key result at one moment, see `Progress`. `current`: its latest value, in its metric's unit."""

    value: float | None
    expected: float | None
    health: Health | None
    confidence: float | None
    current: float | None


# ── objectives ───────────────────────────────────────────────────────────────────────────────────


class _Shape:
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
        self._move(at)
        return self._dues

    def expected(self, at: datetime) -> float:
        """The expected progress of the objectives at a moment."""
        self._move(at)
        return self._expected

    def _move(self, at: datetime) -> None:
        if at != self._at:
            self._at = at
            self._dues = [1.0 if span is None else elapsed(*span, at) for span in self._spans]
            self._expected = mean(self._weights, self._dues)


Shapes: TypeAlias = dict[tuple[tuple[float, ...], tuple[Span | None, ...]], _Shape]
"""By weights and spans."""


class KeyResult:
    """A key result with one standing in one frame of its objective."""

    def __init__(self, of: Kept, frame: Frame) -> None:
        self.of = of
        self.frame = frame
        self.share = frame.share(of)
        self.value = clamped(self.share)
        self.confidence = of.confidence

    @cached_property
    def span(self) -> Span | None:
        """The time over which its progress is expected; None for a level goal."""
        return None if self.of.is_level else self.frame.span(self.of)

    @property
    def has_span(self) -> bool:
        """Whether level and span tell its expected progress."""
        return self.of.metric is None

    @property
    def due(self) -> float:
        """Its expected progress at the moment."""
        return self.frame.expected(self.of)

    @property
    def current(self) -> float | None:
        """Its latest value, in its metric's unit."""
        return self.of.value

    def judged(self, at: datetime, due: float) -> tuple[Health, float]:
        """Its health and its gap at the moment, by its expected progress."""
        gap = due - (self.value or 0.0)
        health = self._pace.health(at, gap)
        return health, 0.0 if health is Health.PENDING else gap

    @cached_property
    def _pace(self) -> Pace:
        return self.frame.pace(self.of, self.value)


class Linked:
    """A key result that a KPI measures, at one moment. As `KeyResult`."""

    span = None
    has_span = False

    def __init__(self, of: Kept, progress: KeyResultProgress) -> None:
        self.of = of
        self._progress = progress
        self.share = progress.unclamped
        self.value = progress.value
        self.confidence = progress.confidence

    @property
    def due(self) -> float:
        return self._progress.expected or 0.0

    @property
    def current(self) -> float | None:
        latest = self._progress.of.latest
        return None if latest is None else latest.value

    def judged(self, _at: datetime, _due: float) -> tuple[Health | None, float]:
        return self._progress.health, self._progress.gap


class Objective:
    """An objective from one event to the next, with its key results that are not dropped. `shapes`: those known."""

    def __init__(self, row: Goal, frame: Frame, parts: Sequence[KeyResult | Linked], shapes: Shapes) -> None:
        self.row = row
        self.frame = frame
        self.parts = parts
        self._weights = [part.of.weight for part in parts]
        self._values = [part.value for part in parts]
        self._shape = self._shaped(shapes) if parts and frame.ended is None else None
        self.worth = wholes.worth(row.state, self._values, self._weights)

    def _shaped(self, shapes: Shapes) -> _Shape | None:
        """The shape; None if it does not tell the expected progress."""
        if not all(part.has_span for part in self.parts):
            return None
        key = tuple(self._weights), tuple(part.span for part in self.parts)
        found = shapes.get(key)
        if found is None:
            found = shapes[key] = _Shape(*key)
        return found

    def expected(self, at: datetime) -> float | None:
        """The expected progress at the moment, None if it counts in no mean."""
        if not self.worth.counts:
            return None
        return mean(self._weights, self.dues(at)) if self._shape is None else self._shape.expected(at)

    def dues(self, at: datetime) -> Sequence[float]:
        """The expected progress of its key results at the moment."""
        return [part.due for part in self.parts] if self._shape is None else self._shape.dues(at)

    def outline(self, at: datetime) -> ObjectiveOutline:
        """All figures at the moment."""
        if not self.parts:
            return self._bare
        dues = self.dues(at)
        healths, gaps = zip(*[part.judged(at, due) for part, due in zip(self.parts, dues, strict=True)], strict=True)
        return wholes.outline(self._facts, self._settled, healths, dues, gaps, self._weights, self.frame.policy)

    def shown(self, outline: ObjectiveOutline, at: datetime) -> Iterator[tuple[int, KeyResultAt]]:
        """Its key results at the moment of this outline."""
        for part, due, health in zip(self.parts, self.dues(at), outline.key_results, strict=True):
            yield part.of.born, KeyResultAt(part.value, due, health, part.confidence, part.current)

    @cached_property
    def _facts(self) -> ObjectiveFacts:
        return formula_inputs.of_objective(self.row)

    @cached_property
    def _bare(self) -> ObjectiveOutline:
        """Its figures without key results; nothing supports it."""
        return ObjectiveOutline.of_whole(wholes.of_heading(self._facts, (), self.frame.policy))

    @cached_property
    def _settled(self) -> Settled:
        shares, confidences = [part.share for part in self.parts], [part.confidence for part in self.parts]
        return wholes.settled(shares, self._values, confidences, self._weights)
