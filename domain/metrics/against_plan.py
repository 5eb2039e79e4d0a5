"""Plan curves: the progress that was planned first and last, at each moment, against the actual progress.

Planned progress at a moment is worked out from the goals as they stood at the plan or at the outcome: the same means
as those of actual progress, over the planned shares of the key results.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from math import fsum

from domain.metrics.formulas import Fact, mean
from domain.metrics.progress import KeyResultFacts, KeyResultFigures, KeyResultProgress, expected
from domain.metrics.trajectory import planned
from domain.metrics.wholes import AnyPart, GroupProgress


class Placed(Fact, frozen=True, gc=False):
    """A goal at one moment: `progress` in [0, 1], and its `value` in the unit of its metric, the share of the weight
    for MILESTONES. Both are None before the first measurement; `value` is None for wholes."""

    progress: float | None
    value: float | None = None


NOWHERE = Placed(None)


class CurvePoint(Fact, frozen=True, gc=False):
    """A goal at one moment: as planned first, as planned last, and as measured. `actual` is None after the outcome."""

    at: datetime
    planned: Placed
    replanned: Placed
    actual: Placed | None


class Distance(Fact, frozen=True, gc=False):
    """How far the actual progress was from a plan at a moment: actual - planned, where no progress counts as 0."""

    at: datetime
    planned: Placed
    actual: Placed
    distance: float


class PlanCurve(Fact, frozen=True, gc=False):
    """The curve of a goal, oldest point first, with the largest distances from the first and from the last plan; a
    distance is None without a plan, and without a point up to the outcome."""

    points: tuple[CurvePoint, ...]
    from_planned: Distance | None
    from_replanned: Distance | None


def curve(points: Sequence[CurvePoint]) -> PlanCurve:
    """The curve with these points."""
    past = [(point, point.actual) for point in points if point.actual is not None]
    return PlanCurve(
        tuple(points),
        _largest((point.at, point.planned, actual) for point, actual in past),
        _largest((point.at, point.replanned, actual) for point, actual in past),
    )


def _largest(pairs: Iterable[tuple[datetime, Placed, Placed]]) -> Distance | None:
    """The largest distance in either direction, the first one of equal ones."""
    found = [
        Distance(at, planned, actual, (actual.progress or 0.0) - planned.progress)
        for at, planned, actual in pairs
        if planned.progress is not None
    ]
    return max(found, key=lambda one: abs(one.distance), default=None)


def placed(facts: KeyResultFacts, at: datetime) -> Placed:
    """The planned place of a key result at a moment, whether it has ended by then or not."""
    line = (facts.measured_metric, facts.begins_at, facts.due_at, at, facts.plan)
    return Placed(expected(*line), planned(*line))


def planned_progress(goal: AnyPart | GroupProgress, at: datetime) -> float | None:
    """The planned progress of a goal at a moment, by its parts, weights and plans at the basis of its progress. None
    for a whole without parts."""
    if isinstance(goal, KeyResultFigures):
        assert isinstance(goal, KeyResultProgress)
        of = goal.of
        return expected(of.measured_metric, of.begins_at, of.due_at, at, of.plan)
    if not goal.parts:
        return None
    fill = 1.0 if goal.total is None else fsum(goal.weights) / goal.total
    return mean(goal.weights, [planned_progress(part, at) or 0.0 for part in goal.parts]) * fill
