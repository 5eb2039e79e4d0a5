"""The value of a KPI with a formula for one period, worked out by hand."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import pytest

from domain.metrics.kpi_series import Bucket
from domain.metrics.worked.kpi_formulas import Evaluation, Gap, Method
from domain.metrics.worked.kpi_periods import Periods, own_rules
from domain.primitives.calendar import INSTANT, Calendar, Step, Weekday
from domain.primitives.kpi_formula import (
    Formula,
    KpiAverage,
    KpiDifference,
    KpiGrowth,
    KpiRatio,
    KpiSum,
    KpiTerm,
)
from domain.primitives.values import Aggregation, Cadence

TOP, ORDERS, VISITS = (UUID(int=number) for number in (1, 2, 3))
RATIO = Formula(ratio=KpiRatio(ORDERS, VISITS))
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
UTC_CALENDAR = Calendar()


def on(month: int, day: int, hour: int = 12, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


def month(number: int, year: int = 2026) -> Bucket:
    return on(number, 1, 0, year), on(number % 12 + 1, 1, 0, year + number // 12)


class Read(NamedTuple):
    measured_at: datetime
    value: float


class Company:
    """KPIs with one definition each, unless more are added, and their readings."""

    def __init__(self, formula: Formula = RATIO, cadence: Cadence = Cadence.MONTHLY) -> None:
        self.defined = {TOP: [Method(LONG_AGO, cadence, formula=formula)]}
        for kpi in (ORDERS, VISITS):
            self.defined[kpi] = [Method(LONG_AGO, Cadence.DAILY, Aggregation.SUM)]
        self.read: dict[UUID, list[Read]] = {}

    def methods(self, kpi: UUID) -> Sequence[Method]:
        return self.defined.get(kpi, [])

    def readings(self, kpi: UUID, bucket: Bucket) -> Sequence[Read]:
        return [one for one in sorted(self.read.get(kpi, [])) if bucket[0] <= one.measured_at < bucket[1]]

    def latest(self, kpi: UUID, until: datetime) -> datetime | None:
        return max((one.measured_at for one in self.read.get(kpi, []) if one.measured_at <= until), default=None)

    def record(self, kpi: UUID, *read: tuple[datetime, float]) -> "Company":
        self.read.setdefault(kpi, []).extend(Read(*one) for one in read)
        return self

    def value(self, bucket: Bucket, every: Step = Step.MONTH, calendar: Calendar = UTC_CALENDAR) -> float | None:
        return Evaluation(self, calendar).of(TOP, every, bucket).value

    def gap(self, bucket: Bucket) -> Gap | None:
        return Evaluation(self, UTC_CALENDAR).of(TOP, Step.MONTH, bucket).gap

    def periods(self, *calendars: tuple[datetime, Calendar]) -> Periods:
        return Periods(TOP, self, own_rules(self.methods(TOP), [(LONG_AGO, UTC_CALENDAR), *calendars]))


def shop(formula: Formula = RATIO, cadence: Cadence = Cadence.MONTHLY) -> Company:
    """In January 30 orders of 200 visits, in February 20 of 400."""
    company = Company(formula, cadence).record(ORDERS, (on(1, 5), 10), (on(1, 31, 23), 20), (on(2, 1, 0), 20))
    return company.record(VISITS, (on(1, 6), 200), (on(2, 28), 400))


# ── shapes ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("formula", "january", "february"),
    [
        (RATIO, 0.15, 0.05),
        (Formula(ratio=KpiRatio(ORDERS, VISITS, 100)), 15, 5),
        (Formula(sum=KpiSum((KpiTerm(ORDERS, 2), KpiTerm(VISITS, -0.1)))), 40, 0),
        (Formula(difference=KpiDifference(VISITS, ORDERS)), 170, 380),
        (Formula(growth=KpiGrowth(ORDERS)), None, pytest.approx(-1 / 3)),
        (Formula(average=KpiAverage((ORDERS, VISITS))), 115, 210),
    ],
)
def test_value_of_each_shape(formula: Formula, january: float | None, february: float) -> None:
    assert [shop(formula).value(month(number)) for number in (1, 2)] == [january, february]


def test_growth_of_a_negative_value_is_by_its_size() -> None:
    company = Company(Formula(growth=KpiGrowth(ORDERS))).record(ORDERS, (on(1, 5), -10), (on(2, 5), 5))
    assert company.value(month(2)) == 1.5


def test_ratio_of_a_kpi_to_itself_is_the_scale() -> None:
    assert shop(Formula(ratio=KpiRatio(ORDERS, ORDERS, 100))).value(month(1)) == 100


# ── gaps ─────────────────────────────────────────────────────────────────────────────────────────


def test_period_without_a_reading_of_an_input_has_no_value() -> None:
    assert shop().gap(month(3)) is Gap.NO_READING
    assert shop().record(ORDERS, (on(3, 5), 1)).gap(month(3)) is Gap.NO_READING


def test_division_by_zero_has_no_value() -> None:
    company = shop().record(ORDERS, (on(3, 5), 1)).record(VISITS, (on(3, 5), 0))
    assert (company.value(month(3)), company.gap(month(3))) == (None, Gap.DIVISION_BY_ZERO)


def test_input_with_a_coarser_cadence_has_no_value() -> None:
    company = shop(cadence=Cadence.WEEKLY)
    company.defined[VISITS] = [Method(LONG_AGO, Cadence.MONTHLY, Aggregation.SUM)]
    assert company.gap(month(1)) is Gap.COARSER_INPUT


def test_unknown_input_has_no_value() -> None:
    company = shop()
    del company.defined[VISITS]
    assert company.gap(month(1)) is Gap.NO_READING


def test_extreme_values_stay_finite() -> None:
    company = Company(Formula(ratio=KpiRatio(ORDERS, VISITS, 1e300)))
    company.record(ORDERS, (on(1, 5), 1e300)).record(VISITS, (on(1, 5), 1e-300))
    value = company.value(month(1))
    assert value is not None
    assert value == pytest.approx(1.797e308, rel=1e-3)


# ── definitions ──────────────────────────────────────────────────────────────────────────────────


def test_each_input_is_aggregated_by_its_definition_on_the_last_day() -> None:
    company = shop()
    company.defined[ORDERS].append(Method(on(2, 10), Cadence.DAILY, Aggregation.MAX))
    company.record(ORDERS, (on(2, 20), 16))
    assert [company.value(month(number)) for number in (1, 2)] == [0.15, 0.05]


def test_formula_of_a_formula_is_worked_out_for_the_asking_period() -> None:
    company = shop(Formula(sum=KpiSum((KpiTerm(UUID(int=4), 2),))))
    company.defined[UUID(int=4)] = [Method(LONG_AGO, Cadence.DAILY, formula=RATIO)]
    assert company.value(month(1)) == 0.3


# ── complete periods ─────────────────────────────────────────────────────────────────────────────


def read_of(company: Company, until: datetime, *calendars: tuple[datetime, Calendar]) -> list[tuple[datetime, float]]:
    return [(one.measured_at, one.value) for one in company.periods(*calendars).between(None, until)]


JANUARY, FEBRUARY = on(2, 1, 0) - INSTANT, on(3, 1, 0) - INSTANT


def test_complete_period_is_read_at_its_last_instant() -> None:
    assert read_of(shop(), FEBRUARY) == [(JANUARY, 0.15), (FEBRUARY, 0.05)]
    assert read_of(shop(), FEBRUARY - INSTANT) == [(JANUARY, 0.15)]


def test_periods_between_two_moments_are_those_whose_last_instant_is() -> None:
    periods = shop().periods()
    assert [one.measured_at for one in periods.between(JANUARY, FEBRUARY)] == [JANUARY, FEBRUARY]
    assert [one.measured_at for one in periods.between(JANUARY + INSTANT, FEBRUARY)] == [FEBRUARY]


def test_latest_period_with_a_value_is_found_however_long_ago() -> None:
    company = shop(cadence=Cadence.DAILY).record(VISITS, (on(1, 5), 40)).record(ORDERS, (on(3, 1, year=2031), 5))
    found = company.periods().latest(on(7, 1, year=2031))
    assert found is not None
    assert (found.measured_at, found.value) == (on(1, 6, 0) - INSTANT, 0.25)


def test_later_cadence_cuts_no_earlier_period_anew() -> None:
    company = shop()
    company.defined[TOP].append(Method(on(2, 10), Cadence.QUARTERLY, formula=RATIO))
    company.record(ORDERS, (on(3, 5), 50))
    assert read_of(company, on(4, 2)) == [(JANUARY, 0.15), (on(4, 1, 0) - INSTANT, pytest.approx(100 / 600))]


def test_cadence_of_the_last_day_counts_for_all_of_it() -> None:
    company = shop()
    company.defined[TOP].append(Method(on(1, 31, 23), Cadence.QUARTERLY, formula=RATIO))
    assert read_of(company, on(3, 2)) == []
    company = shop()
    company.defined[TOP].append(Method(on(2, 1, 0), Cadence.QUARTERLY, formula=RATIO))
    assert read_of(company, on(3, 2)) == [(JANUARY, 0.15)]


def test_later_calendar_cuts_no_earlier_period_anew() -> None:
    """January is one of UTC; February ends at midnight of Auckland, 13 hours earlier."""
    auckland = Calendar(time_zone="Pacific/Auckland")
    company = shop().record(VISITS, (on(2, 10), 400))
    found = read_of(company, on(3, 2), (on(2, 15), auckland))
    assert found == [(JANUARY, 0.15), (on(2, 28, 11) - INSTANT, pytest.approx(40 / 400))]


def test_weeks_begin_on_the_day_of_the_calendar() -> None:
    sundays = Calendar(week_starts_on=Weekday.SUNDAY)
    company = Company(cadence=Cadence.WEEKLY).record(ORDERS, (on(1, 4), 1)).record(VISITS, (on(1, 10), 4))
    assert read_of(company, on(1, 20)) == []
    assert read_of(company, on(1, 20), (on(1, 1), sundays)) == [(on(1, 11, 0) - INSTANT, 0.25)]


def test_first_definition_also_works_out_periods_before_it() -> None:
    company = shop()
    company.defined[TOP] = [Method(on(2, 20), Cadence.MONTHLY, formula=RATIO)]
    assert read_of(company, on(3, 2)) == [(JANUARY, 0.15), (FEBRUARY, 0.05)]


def test_ends_are_those_of_all_complete_periods() -> None:
    ends = list(shop().periods().ends(on(1, 15), on(3, 20)))
    assert ends == [FEBRUARY, JANUARY]
    assert timedelta(days=28) == ends[0] - ends[1]


def test_formulas_of_different_times_may_name_each_other() -> None:
    """Until February the formula names another one, which from March on names it."""
    other = UUID(int=4)
    company = shop(Formula(average=KpiAverage((other,))))
    company.defined[other] = [Method(LONG_AGO, Cadence.MONTHLY, formula=RATIO)]
    company.defined[TOP].append(Method(on(2, 15), Cadence.MONTHLY, formula=RATIO))
    company.defined[other].append(Method(on(2, 20), Cadence.MONTHLY, formula=Formula(average=KpiAverage((TOP,)))))
    assert read_of(company, FEBRUARY) == [(JANUARY, 0.15), (FEBRUARY, 0.05)]
