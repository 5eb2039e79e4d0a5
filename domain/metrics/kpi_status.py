"""The status of a KPI at a basis: that of the latest period of its series that can be judged."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime

from domain.metrics.formulas import Fact, NumericMeasurement
from domain.metrics.kpi_schedule import KpiSchedule
from domain.metrics.kpi_series import Bucket, KpiStatus, SeriesPoint, measured_at, point
from domain.metrics.rating import is_outdated
from domain.primitives.calendar import Step
from domain.primitives.values import Aggregation, Cadence, ScoringPolicy

PERIODS = {
    Cadence.DAILY: Step.DAY,
    Cadence.WEEKLY: Step.WEEK,
    Cadence.BIWEEKLY: Step.BIWEEKLY,
    Cadence.MONTHLY: Step.MONTH,
    Cadence.QUARTERLY: Step.QUARTER,
}
"""The calendar period of each cadence."""


class KpiFacts(Fact, frozen=True, gc=False):
    """A KPI at a basis."""

    schedule: KpiSchedule
    cadence: Cadence
    retired: bool = False


def status(kpi: KpiFacts, readings: Sequence[NumericMeasurement], at: datetime, policy: ScoringPolicy) -> KpiStatus:
    """The first that applies: RETIRED; NO_DATA without a reading; STALE if the latest reading is older than the cadence
    allows; the status of the latest period that can be judged; NO_DATA if there is none.

    So the status is the one of that period in the series by the KPI's cadence. Readings as for `latest_period`.
    """
    if kpi.retired:
        return KpiStatus.RETIRED
    if not readings:
        return KpiStatus.NO_DATA
    if is_outdated(readings[-1].measured_at, kpi.cadence, at, policy):
        return KpiStatus.STALE
    latest = latest_period(kpi, readings, at)
    return KpiStatus.NO_DATA if latest is None else latest.status


def latest_period(kpi: KpiFacts, readings: Sequence[NumericMeasurement], at: datetime) -> SeriesPoint | None:
    """The latest period of the KPI's cadence that has readings and can be judged; None if there is none.

    A sum can be judged once its period has ended; other values at once. `readings` are the readings at the basis,
    oldest first; those before the period may be left out.
    """
    if not readings:
        return None
    bucket = period(kpi, readings[-1].measured_at)
    if is_running_sum(kpi, bucket, at):
        before = bisect_left(readings, bucket[0], key=measured_at)
        return latest_period(kpi, readings[:before], at)
    label = kpi.schedule.calendar.label(PERIODS[kpi.cadence], bucket[0])
    return point(readings, bucket, kpi.schedule.of_period(bucket[1]), at, label=label)


def period(kpi: KpiFacts, moment: datetime) -> Bucket:
    """The period of the KPI's cadence that contains a moment."""
    return kpi.schedule.calendar.period(PERIODS[kpi.cadence], moment)


def is_running_sum(kpi: KpiFacts, bucket: Bucket, at: datetime) -> bool:
    """Whether the value of this period is a sum, and the period has not ended: then it cannot be judged."""
    return at < bucket[1] and kpi.schedule.of_period(bucket[1]).aggregation is Aggregation.SUM
