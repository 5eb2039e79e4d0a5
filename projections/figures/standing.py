"""The standing of a key result at a horizon: its value, confidence and start, from a timeline."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from domain.metrics.formulas import Measurement, fits
from domain.metrics.kpi_series import aggregated
from domain.metrics.progress import needs_baseline
from domain.primitives.lazy import cached_property
from domain.primitives.values import Aggregation
from projections.figures.formula_readings import Readings, readings_of
from projections.figures.horizon import Horizon
from projections.figures.measurement_series import MeasurementSeries, MeasurementVersion
from projections.figures.timeline import Timeline
from projections.figures.window import Window
from projections.tables.cycle import CycleRow
from projections.tables.key_result import KeyResultRow


class Standing(msgspec.Struct, frozen=True, gc=False):
    """The latest value of a key result within its window, its latest confidence, and the time of its last update.

    `last_measured_at` is the time of the latest check-in or reading, with or without a value. `baseline` is the start
    of a goal to be held that has none of its own.
    """

    latest: Measurement | None = None
    last_measured_at: datetime | None = None
    confidence: float | None = None
    confidence_position: int | None = None
    baseline: float | None = None

    @property
    def value(self) -> float | None:
        return None if self.latest is None else self.latest.value

    @property
    def reached(self) -> tuple[str, ...] | None:
        return None if self.latest is None else self.latest.reached

    @property
    def measured_at(self) -> datetime | None:
        return None if self.latest is None else self.latest.measured_at


class Link(NamedTuple):
    """The KPI that measures a key result. `since`: the first moment that an aggregate takes into account, None for
    LAST. `until`: the time of unlinking, None while it is linked."""

    kpi: UUID
    aggregation: Aggregation
    since: datetime | None
    until: datetime | None


def standing(timeline: Timeline, row: KeyResultRow, cycle: CycleRow, window: Window, horizon: Horizon) -> Standing:
    """The standing of a key result at a horizon."""
    return Reader(timeline, row, cycle, window, horizon).standing()


def values(
    timeline: Timeline, row: KeyResultRow, cycle: CycleRow, window: Window, horizon: Horizon
) -> list[Measurement]:
    """The value of a key result after each of its measurements within the window, oldest first."""
    return Reader(timeline, row, cycle, window, horizon).values()


class Reader:
    """Reads the measurements of one key result, in a version, within its window at a horizon."""

    def __init__(
        self, timeline: Timeline, row: KeyResultRow, cycle: CycleRow, window: Window, horizon: Horizon
    ) -> None:
        self._timeline = timeline
        self._row = row
        self._cycle = cycle
        self.window = window
        self._horizon = horizon

    def move(self, window: Window, horizon: Horizon) -> None:
        """Go on to another moment of the same window, and to another horizon."""
        self.window = window
        self._horizon = horizon
        if self._row.kpi is None and self._row.former is None:
            for name in ("link", "_source"):
                self.__dict__.pop(name, None)

    @cached_property
    def link(self) -> Link | None:
        """The link in force, else the last one; before the first link that is known, that link. None if its own
        check-ins measure it."""
        row = self._row
        if row.kpi is not None:
            return self._linked(row.kpi, row.aggregate, row.count_from, None)
        if row.former is not None:
            former = row.former
            return self._linked(former.kpi, former.aggregate, former.count_from, former.until)
        for version in self._timeline.key_results[row.id].versions:
            if version.kpi is not None and self._horizon.foresees(version.position):
                return self._linked(version.kpi, version.aggregate, version.count_from, None)
        return None

    @cached_property
    def _source(self) -> Readings:
        """The readings of the linked KPI."""
        assert self.link is not None
        return readings_of(self._timeline, self.link.kpi)

    @cached_property
    def _own(self) -> MeasurementSeries:
        return self._timeline.series(self._row.id)

    def measured(self) -> tuple[Measurement | None, float | None]:
        """The latest value and the baseline of the key result: what its progress depends on."""
        return self._latest(), self._baseline() if needs_baseline(self._row.metric) else None

    def standing(self) -> Standing:
        """The standing of the key result."""
        last = self._own_latest(lambda _: True)
        confident = last
        if last is not None and last.confidence is None:
            confident = self._own_latest(lambda one: one.confidence is not None)
        read = None if self.link is None else self._last_reading(self.link, self._readings_until)
        moments = [one.measured_at for one in (last, read) if one is not None]
        latest, baseline = self.measured()
        return Standing(
            latest,
            max(moments, default=None),
            None if confident is None else confident.confidence,
            None if confident is None else confident.position,
            baseline,
        )

    def values(self) -> list[Measurement]:
        """Its value after each of its measurements within the window, oldest first."""
        link = self.link
        own = [one.measurement for one in self._own.current(self._horizon) if self._fits(one)]
        own = [one for one in own if one.measured_at <= self.window.check_ins_until]
        if link is None:
            return own
        linked, until = self._linked_values(link), link.until
        return linked if until is None else linked + [one for one in own if one.measured_at > until]

    def moments(self) -> list[datetime]:
        """The times of its check-ins and of the readings of its KPI within the window, with or without a value, in any
        order."""
        own = [one.measured_at for one in self._own.current(self._horizon)]
        read = () if self.link is None else self._readings(self.link, self._readings_until)
        return [*(at for at in own if at <= self.window.check_ins_until), *(one.measured_at for one in read)]

    # ── the value ────────────────────────────────────────────────────────────────────────────────

    def _latest(self) -> Measurement | None:
        """The value: of its own check-ins, or of the linked KPI. After unlinking, the last linked value stays until a
        later check-in."""
        if self.link is None:
            return _measurement(self._own_latest(self._fits))
        linked = None if self._row.metric.milestones else self._linked_value(self.link, self._readings_until)
        until = self.link.until
        if until is None:
            return linked
        later = self._own_latest(lambda one: one.measured_at > until and self._fits(one))
        return _measurement(later) or linked or _measurement(self._own_latest(self._fits))

    def _own_latest(self, matches: Callable[[MeasurementVersion], bool]) -> MeasurementVersion | None:
        return self._own.latest(self._horizon, self.window.check_ins_until, matches)

    def _fits(self, one: MeasurementVersion) -> bool:
        return fits(self._row.metric, one.value, one.reached)

    # ── the linked KPI ───────────────────────────────────────────────────────────────────────────

    def _linked(
        self, kpi: UUID, aggregate: Aggregation | None, count_from: date | None, until: datetime | None
    ) -> Link:
        if aggregate in (None, Aggregation.LAST):
            return Link(kpi, Aggregation.LAST, None, until)
        first = max(filter(None, (self._cycle.at_end(self.window.ended).starts_on, count_from)))
        assert aggregate is not None
        return Link(kpi, aggregate, self.window.calendar.day_start(first), until)

    @property
    def _readings_until(self) -> datetime:
        until = None if self.link is None else self.link.until
        return self.window.readings_until if until is None else min(self.window.readings_until, until)

    def _linked_values(self, link: Link) -> list[Measurement]:
        """The aggregate after each reading, oldest first."""
        readings = [one.measurement for one in self._readings(link, self._readings_until)]
        if link.aggregation is Aggregation.LAST:
            return readings
        values = [one.value for one in readings if one.value is not None]
        return [
            msgspec.structs.replace(one, value=aggregated(values[:count], link.aggregation))
            for count, one in enumerate(readings, 1)
        ]

    def _linked_value(self, link: Link, cut: datetime) -> Measurement | None:
        """The aggregate of the readings up to `cut`, with the moment and source of the last of them."""
        if link.aggregation is Aggregation.LAST:
            return _measurement(self._last_reading(link, cut))
        readings = self._readings(link, cut)
        if not readings:
            return None
        values = [one.value for one in readings if one.value is not None]
        return readings[-1].with_value(aggregated(values, link.aggregation))

    def _last_reading(self, link: Link, cut: datetime) -> MeasurementVersion | None:
        last = self._source.latest(self._horizon, cut)
        return None if last is None or (link.since is not None and last.measured_at < link.since) else last

    def _readings(self, link: Link, cut: datetime) -> Sequence[MeasurementVersion]:
        return self._source.between(self._horizon, link.since, cut)

    # ── the start ────────────────────────────────────────────────────────────────────────────────

    def _baseline(self) -> float | None:
        """0 for a sum; the value at the beginning of a linked KPI, or the first measured value. A former link without
        any reading gives none: then it is the first check-in that fits."""
        link = self.link
        if link is not None:
            first = next(iter(self._readings(link, self._readings_until)), None)
            if link.until is None or first is not None:
                return self._linked_baseline(link, first)
        return self._first_check_in()

    def _linked_baseline(self, link: Link, first: MeasurementVersion | None) -> float | None:
        if link.aggregation is Aggregation.SUM:
            return 0.0
        begun = self._linked_value(link, min(self.window.begins_at, self._readings_until))
        if begun is not None:
            return begun.value
        return None if first is None else first.value

    def _first_check_in(self) -> float | None:
        """The first value of its own check-ins; of several at that instant, the one first recorded last."""
        until = self.window.check_ins_until
        own = [one for one in self._own.current(self._horizon) if self._fits(one) and one.measured_at <= until]
        at_first = [one.value for one in own if one.measured_at == own[0].measured_at]
        return at_first[-1] if at_first else None


def _measurement(version: MeasurementVersion | None) -> Measurement | None:
    return None if version is None else version.measurement
