"""The trajectory of a key result: planned and actual values over time, and the history of its targets."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise, takewhile, zip_longest
from typing import NamedTuple
from uuid import UUID

from domain.metrics.formulas import Measurement, attained
from domain.metrics.plan_curve import Planned
from domain.metrics.progress import KeyResultProgress, with_start
from domain.metrics.trajectory import TrajectoryPoint, planned
from domain.primitives.calendar import Step
from domain.primitives.lazy import cached_property
from domain.primitives.values import Basis, Metric
from projections.figures import formula_inputs, happenings, timeline
from projections.figures.figures import Figures
from projections.figures.happenings import Happened
from projections.figures.horizon import Horizon
from projections.figures.standing import values
from projections.figures.timeline import Timeline
from projections.figures.window import Window
from projections.tables.cycle import CycleRow
from projections.tables.key_result import KeyResultRow


class Revision(NamedTuple):
    """A version of a key result that set its metric, due date, plan or weight, and the progress right before and right
    after it, by the value known then. `before` is None for the first one."""

    row: KeyResultRow
    progress_before: float | None
    progress_after: float | None


class _Line(NamedTuple):
    """What a planned value depends on, as in `domain.metrics.trajectory.planned`."""

    metric: Metric
    begins_at: datetime
    due_at: datetime
    plan: tuple[Planned, ...]


class KeyResultHistory:
    """The history of one key result up to a horizon, from a timeline."""

    def __init__(self, of: Timeline, id: UUID, horizon: Horizon) -> None:
        self._timeline = of
        self._horizon = horizon
        self._figures = Figures(of, horizon)
        self._id = id
        self._versions = [one for one in of.key_results[id].versions if horizon.sees(one.position, one.changed_at)]

    @property
    def row(self) -> KeyResultRow:
        """The version at the horizon."""
        return self._versions[-1]

    def values(self) -> list[Measurement]:
        """The value after each measurement within the window, oldest first."""
        return values(self._timeline, self.row, self._cycle, self._window, self._horizon)

    def revisions(self) -> list[Revision]:
        """Every target it had, oldest first."""
        versions = pairwise([None, *self._versions])
        return [self._revision(before, row) for before, row in versions if row is not None and is_revision(before, row)]

    def _revision(self, before: KeyResultRow | None, row: KeyResultRow) -> Revision:
        known = Figures(self._timeline, Horizon(row.changed_at, row.position))
        latest = known.standing(self._id)
        after = attained(with_start(row.metric, latest.baseline), latest.latest)
        if before is None:
            return Revision(row, None, after)
        earlier = Figures(self._timeline, Horizon(row.changed_at, row.position - 1)).standing(self._id)
        return Revision(row, attained(with_start(before.metric, earlier.baseline), earlier.latest), after)

    def trajectory(self, every: Step) -> list[TrajectoryPoint]:
        """The key result at its creation, at every step, at the horizon and at its due date (the first or the last,
        whichever is later).

        `planned` is the value as first planned, `replanned` as planned at the horizon. Raises `TOO_LARGE` for more
        points than `calendar.POINTS_MAX`.
        """
        first = self._first_planned()
        baseline = self._figures.standing(self._id).baseline
        lines = self._line(first, baseline), self._line(self.row, baseline)
        measured = self._measured()
        moments = [*(row.changed_at for row in self._versions), *measured]
        created_at = self.row.created_at
        calendar = self._window.calendar
        dues = [calendar.day_end(first.due), calendar.day_end(self.row.due)]
        last = max([*dues, created_at, *(at for at in measured if at <= self._horizon.at)])
        now = min(max(self._horizon.at, created_at), last)
        moments = [*calendar.steps(every, created_at, now, moments), *calendar.steps(every, now, last)[1:]]
        past = self._found([at for at in moments if at <= self._horizon.at])
        return [_point(lines, at, found) for at, found in zip_longest(moments, past)]

    def _first_planned(self) -> KeyResultRow:
        """The version as first planned: the first one, or the first with a plan that was set for the same metric and
        due day within a cadence of the beginning. A later plan replaces a straight line that was agreed."""
        first = self._versions[0]
        until = self._window.begins_at + self._cycle.check_in_cadence.length
        agreed = takewhile(
            lambda row: (row.metric, row.due) == (first.metric, first.due) and row.changed_at <= until, self._versions
        )
        return next((row for row in agreed if row.plan), first)

    def _measured(self) -> list[datetime]:
        """The moments of its check-ins within the window, and of the values of its KPIs."""
        until = self._window.check_ins_until
        own = [one.measured_at for one in self._timeline.series(self._id).current(self._horizon)]
        return [*(at for at in own if at <= until), *(one.measured_at for one in self.values())]

    def _found(self, moments: Sequence[datetime]) -> Iterator[KeyResultProgress | None]:
        """The progress at each of these moments, computed anew where something has happened since the one before: what
        the clock moves is not shown. None before it was moved out of an objective that is hidden from the caller."""
        bases = [Basis(at, self._horizon.position) for at in moments]
        figures, found = Figures(self._timeline, self._horizon), None
        for place, (basis, happened) in enumerate(zip(bases, self._happened(bases), strict=True)):
            if place == 0 or any(happened):
                figures.advance(Horizon.of(basis), *happened)
                found = figures.key_result(self._id)
            yield found

    def _happened(self, bases: Sequence[Basis]) -> Sequence[Happened]:
        return happenings.along(timeline.part_with(self._timeline, self._id), bases) if bases else ()

    def _line(self, row: KeyResultRow, baseline: float | None) -> _Line:
        """The plan of a version. Days are those of the calendar in force at the end of the window, or at the horizon
        while it is open."""
        metric, window = with_start(row.metric, baseline), self._window
        due_at, plan = window.calendar.day_end(row.due), formula_inputs.curve(row.plan, window.calendar)
        return _Line(metric, window.begins_at, due_at, plan)

    @cached_property
    def _window(self) -> Window:
        return self._figures.window(self.row)

    @cached_property
    def _cycle(self) -> CycleRow:
        return self._figures.cycle_row(self.row.cycle)


def _point(lines: tuple[_Line, _Line], at: datetime, found: KeyResultProgress | None) -> TrajectoryPoint:
    """A point with what was found at its moment, None in the future."""
    first, last = (planned(line.metric, line.begins_at, line.due_at, at, line.plan) for line in lines)
    if found is None:
        return TrajectoryPoint(at, first, last, None, None, None)
    latest = None if found.of.latest is None else found.of.latest.value
    actual = found.value if found.of.metric.milestones else latest
    return TrajectoryPoint(at, first, last, actual, found.value, found.confidence)


def is_revision(before: KeyResultRow | None, row: KeyResultRow) -> bool:
    """Whether a version set another metric, due day, plan or weight than the one before it, or is the first one."""
    names = ("metric", "due", "plan", "weight")
    return before is None or any(getattr(before, name) != getattr(row, name) for name in names)
