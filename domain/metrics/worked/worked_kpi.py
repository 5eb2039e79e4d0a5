"""The series, comparison and status of a KPI that is worked out from others, by the periods of one calendar."""

from datetime import datetime
from uuid import UUID

from domain.metrics.kpi_series import (
    Bucket,
    Comparison,
    KpiStatus,
    SeriesPoint,
    compared,
    compared_to_date,
    earlier,
    elapsed_until,
    judged_point,
    periods,
)
from domain.metrics.kpi_status import PERIODS, KpiFacts
from domain.metrics.rating import is_outdated
from domain.metrics.worked.kpi_formulas import Evaluation, Worked
from domain.metrics.worked.kpi_periods import Periods, ReadSource, rules_of
from domain.primitives.calendar import INSTANT, Step
from domain.primitives.values import EarlierPeriod, ScoringPolicy


class WorkedKpi:
    """A KPI with a formula at a basis. Its values depend on the aggregations of its inputs, never on its own."""

    def __init__(self, id: UUID, facts: KpiFacts, source: ReadSource, at: datetime) -> None:
        self._id = id
        self._facts = facts
        self._at = at
        self._calendar = facts.schedule.calendar
        self._every = PERIODS[facts.cadence]
        self._evaluation = Evaluation(source, self._calendar)
        self._periods = Periods(id, source, rules_of(self._every, self._calendar))

    # ── one period ───────────────────────────────────────────────────────────────────────────────

    def latest_period(self) -> Worked | None:
        """The latest period of its cadence that has a value and can be judged; None if there is none.

        A sum of readings is complete when its period is; a value without any is judged at once.
        """
        running = self._running()
        if running is not None and not self._evaluation.has_sum(self._id, running.bucket[1]):
            return running
        return self._complete()

    @property
    def value(self) -> float | None:
        """The value of the latest period that can be judged."""
        latest = self.latest_period()
        return None if latest is None else latest.value

    def explained(self) -> Worked:
        """The latest period that can be judged; without one, the latest complete one, which has no value."""
        return self.latest_period() or self.last_complete()

    def last_complete(self) -> Worked:
        """The latest complete period of its cadence, with or without a value."""
        current = self._calendar.period(self._every, self._at)
        start = self._calendar.floor(self._every, current[0] - INSTANT)
        return self._evaluation.of(self._id, self._every, (start, current[0]))

    def status(self, policy: ScoringPolicy) -> KpiStatus:
        """The first that applies: RETIRED; NO_DATA without a value; STALE if the latest reading that went into the
        latest value is older than the cadence allows; the status of the latest period that can be judged; NO_DATA if
        there is none."""
        if self._facts.retired:
            return KpiStatus.RETIRED
        latest = self._running() or self._complete()
        if latest is None:
            return KpiStatus.NO_DATA
        if is_outdated(latest.latest.measured_at, self._facts.cadence, self._at, policy):
            return KpiStatus.STALE
        period = self.latest_period()
        return KpiStatus.NO_DATA if period is None else self._point(period, self._every).status

    def _running(self) -> Worked | None:
        """The period of the basis, if it has a value."""
        current = self._calendar.period(self._every, self._at)
        worked = self._evaluation.of(self._id, self._every, current)
        return None if worked.value is None else worked

    def _complete(self) -> Worked | None:
        """The latest complete period with a value."""
        found = self._periods.latest(self._at)
        return None if found is None else found.worked

    # ── series ───────────────────────────────────────────────────────────────────────────────────

    def series(
        self,
        every: Step,
        first: datetime | None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        include_planned: bool = False,
    ) -> list[SeriesPoint]:
        """The values in calendar periods, oldest first, from the period with `since` (default: `first`, the first
        reading) to the one with the last instant before `until` (default: the basis), and with `include_planned` beyond
        the basis, as `kpi_series.series`. CHANGE: its complete periods with a value. Raises `TOO_LARGE`."""
        begins_at = since or first or (self._at if include_planned else None)
        if begins_at is None:
            return []
        if every is Step.CHANGE:
            if until is not None and until <= begins_at:
                return []
            last = min(self._at, until - INSTANT if until else self._at)
            return [self._point(one.worked, self._every) for one in self._periods.between(begins_at, last)]
        shown = periods(every, self._facts.schedule, begins_at, self._at, until, include_planned=include_planned)
        return [self._point(self._evaluation.of(self._id, every, edge), every) for edge in shown]

    def _point(self, worked: Worked, every: Step) -> SeriesPoint:
        """A running period with a sum of readings in it is not judged."""
        start, end = worked.bucket
        can_judge = end <= self._at + INSTANT or not self._evaluation.has_sum(self._id, end)
        terms, label = self._facts.schedule.of_period(end), self._calendar.label(every, start)
        return judged_point(worked.bucket, worked.value, worked.count, terms, self._at, label, can_judge=can_judge)

    # ── comparison ───────────────────────────────────────────────────────────────────────────────

    def comparison(self, every: Step, to: EarlierPeriod = EarlierPeriod.PREVIOUS) -> Comparison:
        """The period of the basis compared with an earlier one; with CHANGE, the latest complete period with a value
        compared with the one before, or with the last one by the end of the same period of the year before."""
        if every is Step.CHANGE:
            return self._of_periods(to)
        current = self._calendar.period(every, self._at)
        other = earlier(self._calendar, every, current[0], to)
        elapsed = elapsed_until(self._calendar, current[0], other, self._at)
        values = [self._value(every, *one) for one in ((current, None), (other, None), (other, elapsed))]
        return compared_to_date(*values)

    def _of_periods(self, to: EarlierPeriod) -> Comparison:
        latest = self._complete()
        if latest is None:
            return compared(None, None)
        until = latest.bucket[0]
        if to is EarlierPeriod.YEAR_BEFORE:
            _, until = earlier(self._calendar, self._every, latest.bucket[0], to)
        before = self._periods.latest(until - INSTANT)
        return compared(latest.value, None if before is None else before.value)

    def _value(self, every: Step, bucket: Bucket, until: datetime | None) -> float | None:
        return self._evaluation.of(self._id, every, bucket, until).value
