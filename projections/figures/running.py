"""The value of a key result along the log: kept up to date measurement by measurement, for a horizon that moves.

Between two events that change more than a measurement, the link and the window of a key result stay. So a changed
measurement is compared with those that give the value, in place of reading all of them again. The result is that of
`projections.figures.standing.measured`.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple, TypeAlias
from uuid import UUID

from domain.metrics import progress
from domain.metrics.formulas import Measurement, fits
from domain.metrics.kpi_series import aggregated
from domain.metrics.progress import PersonalScore, needs_baseline
from domain.primitives.values import EARLIEST, Aggregation, Metric
from projections.figures.formula_readings import FormulaSeries, RunningPeriod
from projections.figures.horizon import Horizon
from projections.figures.measurement_series import MeasurementSeries, MeasurementVersion
from projections.figures.standing import Link
from projections.figures.timeline import Timeline
from projections.figures.window import Window
from projections.tables.key_result import KeyResultRow

_measured_at = attrgetter("measured_at")


class RunningLast:
    """The latest measurement of a series that was measured by `cut` and matches."""

    def __init__(
        self, series: MeasurementSeries, horizon: Horizon, cut: datetime, matches: Callable[[MeasurementVersion], bool]
    ) -> None:
        self._series = series
        self._horizon = horizon
        self._cut = cut
        self._matches = matches
        self._found = series.latest(horizon, cut, matches)

    def cut_at(self, until: datetime) -> bool:
        """Move the cut. Returns whether the measurement is known without reading the series again."""
        is_known = until == self._cut or (
            until < self._cut and (self._found is None or self._found.measured_at <= until)
        )
        self._cut = until
        return is_known

    @property
    def latest(self) -> MeasurementVersion | None:
        """The measurement that gives the value of the key result."""
        return self._found

    def take(self, changed: MeasurementVersion) -> None:
        """Take the beginning or the end of a version into account, to which the horizon has moved."""
        found = self._found
        if found is not None and not _is_current(found, self._horizon):
            self._found = self._series.latest(self._horizon, self._cut, self._matches)
        elif (
            changed.measured_at <= self._cut
            and (found is None or _place(changed) > _place(found))
            and _is_current(changed, self._horizon)
            and self._matches(changed)
        ):
            self._found = changed


class RunningAggregate:
    """The aggregate of the readings of a series from one moment to another, with the source of the last of them."""

    def __init__(
        self, series: MeasurementSeries, horizon: Horizon, since: datetime, until: datetime, aggregation: Aggregation
    ) -> None:
        self._horizon = horizon
        self._since = since
        self._until = until
        self._aggregation = aggregation
        self._readings = series.between(horizon, since, until)

    def cut_at(self, until: datetime) -> bool:
        """Move the end. Returns whether the readings are known without reading the series again."""
        is_known = until <= self._until
        self._until = until
        del self._readings[bisect_right(self._readings, until, key=_measured_at) :]
        return is_known

    @property
    def latest(self) -> Measurement | None:
        """The last of the readings, with the value of the key result."""
        if not self._readings:
            return None
        values = [one.value for one in self._readings if one.value is not None]
        return self._readings[-1].with_value(aggregated(values, self._aggregation))

    def take(self, changed: MeasurementVersion) -> None:
        """Take the beginning or the end of a version into account, to which the horizon has moved."""
        if not self._since <= changed.measured_at <= self._until:
            return
        of = self._readings
        is_last = not of or _place(of[-1]) < _place(changed)
        place = len(of) if is_last else bisect_left(of, _place(changed), key=_place)
        is_known = place < len(of) and of[place] is changed
        is_current = _is_current(changed, self._horizon)
        if is_current and not is_known:
            of.insert(place, changed)
        elif is_known and not is_current:
            del of[place]


Running: TypeAlias = RunningLast | RunningAggregate | RunningPeriod


class RunningPart:
    """The value and the weight of a key result in the mean of its objective, see `Figures.part`. `subjects`: the key
    result or the KPIs whose measurements its value depends on."""

    def __init__(
        self, of: "_Placed", score: PersonalScore | None, running: Running, subjects: Collection[UUID]
    ) -> None:
        self._of = of
        self._score = score
        self._running = running
        self._subjects = subjects
        self.value = self._value()

    @property
    def weight(self) -> float:
        """Its weight."""
        return self._of.weight

    def place(self, of: "_Placed", score: PersonalScore | None, until: datetime) -> bool:
        """Go on with another version or window. Returns whether that is possible."""
        before, self._of, self._score = self._of, of, score
        is_same = of.horizon is before.horizon and of.link == before.link and of.metric == before.metric
        if not is_same or isinstance(self._running, RunningPeriod) or not self._running.cut_at(until):
            return False
        self.value = self._value()
        return True

    def take(self, changed: MeasurementVersion) -> bool:
        """Take the beginning or the end of a version into account, to which the horizon has moved. Returns whether that
        changed its value."""
        if changed.subject not in self._subjects:
            return False
        before = self.value
        self._running.take(changed)
        self.value = self._value()
        return self.value != before

    def _value(self) -> float | None:
        return progress.value(self._of.metric, None, self._running.latest, self._score)


class _Placed(NamedTuple):
    """What a running part depends on beside its window."""

    metric: Metric
    weight: float
    link: Link | None
    horizon: Horizon


def running_part(
    timeline: Timeline,
    row: KeyResultRow,
    link: Link | None,
    window: Window,
    horizon: Horizon,
    score: PersonalScore | None,
    before: RunningPart | None = None,
) -> RunningPart | None:
    """The part of a key result at a horizon that moves, measured by this KPI or by its own check-ins; `score`: that of
    a person, after the end; `before`: the part with the version and window before, which goes on if it can. None where
    its value depends on more than the latest measurement or an aggregate: on an aggregate of a formula, a former link,
    or a start that is taken from the first value."""
    if needs_baseline(row.metric):
        return None
    if link is not None and (link.until is not None or row.metric.milestones):
        return None
    of, until = _Placed(row.metric, row.weight, link, horizon), window.check_ins_until
    if link is not None:
        until = window.readings_until
    if before is not None and before.place(of, score, until):
        return before
    if link is None:
        own = RunningLast(timeline.series(row.id), horizon, until, _fitting(row.metric))
        return RunningPart(of, score, own, (row.id,))
    linked = _of_link(timeline, link, horizon, until)
    return None if linked is None else RunningPart(of, score, linked, timeline.with_inputs([link.kpi]))


def _of_link(timeline: Timeline, link: Link, horizon: Horizon, until: datetime) -> Running | None:
    is_last = link.aggregation is Aggregation.LAST
    if timeline.is_worked_out(link.kpi):
        return FormulaSeries(timeline, link.kpi).running(horizon, until) if is_last else None
    series = timeline.series(link.kpi)
    if is_last:
        return RunningLast(series, horizon, until, lambda _: True)
    return RunningAggregate(series, horizon, link.since or EARLIEST, until, link.aggregation)


def _fitting(metric: Metric) -> Callable[[MeasurementVersion], bool]:
    return lambda one: fits(metric, one.value, one.reached)


def _place(one: MeasurementVersion) -> tuple[datetime, int, int]:
    """The place of a version in its series."""
    return one.measured_at, one.first_position, one.position


def _is_current(one: MeasurementVersion, horizon: Horizon) -> bool:
    return horizon.is_current(one.position, one.until_position, one.measured_at)
