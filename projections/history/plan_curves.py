"""The plan curves of a retrospective: of its key results, its objectives and the whole, from one timeline.

The first plan is that of the plan's basis, for a key result that was added later its first version; the last plan is
that of the outcome. The actual progress at a moment is that of the moment, by all that the outcome knows.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, TypeAlias
from uuid import UUID

from domain.metrics.against_plan import NOWHERE, CurvePoint, Placed, PlanCurve, curve, placed, planned_progress
from domain.metrics.kpi_status import PERIODS
from domain.metrics.progress import KeyResultFacts
from domain.metrics.wholes import GroupProgress, ObjectiveProgress, Worth
from domain.primitives.calendar import Step
from domain.primitives.lazy import cached_property
from domain.primitives.values import Basis
from projections.figures import happenings
from projections.figures.figures import Figures
from projections.figures.horizon import Horizon, PlanHorizon
from projections.figures.timeline import Timeline
from projections.tables.cycle import CycleRow

Whole: TypeAlias = ObjectiveProgress | GroupProgress
Find: TypeAlias = Callable[[Figures], Whole | None]
"""Returns the progress of one whole from the figures of a moment."""


class _Then(NamedTuple):
    """Where the objectives and the key results were at one moment."""

    objectives: Mapping[UUID, Placed]
    key_results: Mapping[UUID, Placed]


class PlanCurves:
    """The curves of a cycle's goals from its first day to its last day or the outcome, whichever is later.

    `of_whole`: the whole is the mean over these objectives, None for the cycle. One pass computes the actual value of
    the whole at all moments, and another one those of these objectives and their key results.
    """

    def __init__(
        self,
        timeline: Timeline,
        cycle: CycleRow,
        plan: Basis,
        outcome: Basis,
        of_whole: Sequence[UUID] | None,
        objectives: Sequence[UUID],
    ) -> None:
        self._timeline = timeline
        self._cycle = cycle
        self._outcome = outcome
        self._of_whole = of_whole
        self._objectives = objectives
        self._first = Figures(timeline, PlanHorizon(plan, outcome))
        self._last = Figures(timeline, Horizon.of(outcome))

    @property
    def whole(self) -> PlanCurve:
        """The curve of the whole."""
        return self._curve(self._find_whole, self._moments(self._values))

    def _find_whole(self, figures: Figures) -> GroupProgress:
        return figures.cycle(self._cycle.id) if self._of_whole is None else figures.group(self._of_whole)

    def _find_value(self, figures: Figures) -> float | None:
        if self._of_whole is None:
            return figures.cycle_value(self._cycle.id)
        return figures.group_value(self._of_whole)

    def of_objective(self, id: UUID) -> PlanCurve:
        """The curve of an objective; one that was not planned has no first plan."""
        actual = [(at, then.objectives[id]) for at, then in self._goals]
        return self._curve(lambda figures: figures.objective(id), self._moments(actual))

    def of_key_result(self, id: UUID) -> PlanCurve:
        """The curve of a key result that exists at the outcome."""
        first, last = self._first_facts(id), self._facts(self._last, id)
        assert last is not None
        return curve(
            [
                CurvePoint(at, NOWHERE if first is None else placed(first, at), placed(last, at), actual)
                for at, actual in self._moments([(at, then.key_results[id]) for at, then in self._goals])
            ]
        )

    def _curve(self, find: Find, actual: Iterable[tuple[datetime, Placed | None]]) -> PlanCurve:
        first, last = _counted(find(self._first)), find(self._last)
        return curve([CurvePoint(at, _planned(first, at), _planned(last, at), placed) for at, placed in actual])

    # ── plans ────────────────────────────────────────────────────────────────────────────────────

    def _first_facts(self, id: UUID) -> KeyResultFacts | None:
        found = self._facts(self._first, id)
        if found is not None:
            return found
        added = self._timeline.key_results[id].versions[0]
        basis = Basis(added.changed_at, added.position)
        return self._facts(Figures(self._timeline, PlanHorizon(basis, self._outcome)), id)

    def _facts(self, figures: Figures, id: UUID) -> KeyResultFacts | None:
        found = figures.key_result(id)
        return None if found is None else found.of

    # ── moments ──────────────────────────────────────────────────────────────────────────────────

    def _moments(self, past: Iterable[tuple[datetime, Placed]]) -> list[tuple[datetime, Placed | None]]:
        """Every moment with the actual place then; None after the outcome."""
        return [*past, *((at, None) for at in self._future)]

    @cached_property
    def _values(self) -> list[tuple[datetime, Placed]]:
        return [(at, Placed(self._find_value(figures))) for at, figures in self._past()]

    @cached_property
    def _goals(self) -> list[tuple[datetime, _Then]]:
        return [(at, self._then(figures)) for at, figures in self._past()]

    def _past(self) -> Iterator[tuple[datetime, Figures]]:
        """Each moment up to the outcome with the figures there, which move on to the next one."""
        calendar, until = self._last.calendar, self._outcome.at
        moments = calendar.steps(self._every, calendar.day_start(self._cycle.starts_on), until) or [until]
        bases = [Basis(at, self._outcome.position) for at in moments]
        figures = Figures(self._timeline, Horizon.of(bases[0]))
        for basis, happened in zip(bases, happenings.along(self._timeline, bases), strict=True):
            figures.advance(Horizon.of(basis), *happened)
            yield basis.at, figures

    def _then(self, figures: Figures) -> _Then:
        return _Then(
            {id: _of_objective(figures.worth(id)) for id in self._objectives},
            {
                id: self._of_key_result(figures, id)
                for objective in self._objectives
                for id in self._timeline.of_objective[objective]
            },
        )

    def _of_key_result(self, figures: Figures, id: UUID) -> Placed:
        part = figures.part(id)
        if part is None:
            return NOWHERE
        row = self._timeline.key_results[id].at(figures.horizon)
        assert row is not None
        value = None if part.latest is None else part.latest.value
        return Placed(part.value, part.value if row.metric.milestones else value)

    @cached_property
    def _future(self) -> list[datetime]:
        calendar = self._last.calendar
        return calendar.steps(self._every, self._outcome.at, calendar.day_end(self._cycle.ends_on))[1:]

    @property
    def _every(self) -> Step:
        return PERIODS[self._cycle.check_in_cadence]


def _counted(whole: Whole | None) -> Whole | None:
    """The whole, or None for an objective that did not count at the plan."""
    return None if isinstance(whole, ObjectiveProgress) and not whole.counts else whole


def _planned(whole: Whole | None, at: datetime) -> Placed:
    return NOWHERE if whole is None else Placed(planned_progress(whole, at))


def _of_objective(worth: Worth | None) -> Placed:
    return NOWHERE if worth is None else Placed(worth.value)
