"""KPIs: definitions, readings, and corrections of readings."""

from datetime import timedelta, timezone
from uuid import UUID

import pytest

from domain.commands.command import Command, KpiBy
from domain.commands.kpi_commands import (
    CorrectReading,
    DefineKpi,
    ReadingInput,
    RecordReadings,
    RedefineKpi,
    RetractReading,
)
from domain.model.kpi import (
    Kpi,
    KpiDefined,
    KpiRedefined,
    KpiRetired,
    ReadingCorrected,
    ReadingRecorded,
    ReadingRetracted,
    reading_id,
)
from domain.primitives.values import Aggregation, Cadence, GoalDirection, KpiGoal, Unit, UnitKind
from tests.domain.given_goals import ADA, KPI, KPI_ID, ada, defined, read, reading, retired
from tests.domain.scenario import Given, given, on

GOAL = KpiGoal(direction=GoalDirection.AT_LEAST, target=50, tolerance=5)
PERCENT = Unit(kind=UnitKind.PERCENT, symbol="%")
READING = reading_id(KPI_ID, on(2, 1))
corrected = CorrectReading(reading=READING, value=42, reason="misread")
retracted = RetractReading(reading=READING, reason="wrong meter")

in_march = on(3, 1)
measured = (defined, in_march, read(40))


def result(base: Given, command: Command) -> tuple[int, int]:
    outcome = base.when(command).outcome
    assert outcome is not None
    return outcome.result.recorded, outcome.result.unchanged


# ── definitions ──────────────────────────────────────────────────────────────────────────────────


def test_a_kpi_is_defined_with_a_weekly_cadence_and_no_goal() -> None:
    given().when(defined).then(KpiDefined(key="nps", name="Promoters", unit=Unit(), cadence=Cadence.WEEKLY))


def test_a_kpis_key_is_unique_even_after_it_is_retired() -> None:
    given(defined).when(defined).then_refused("DUPLICATE", "key")
    given(defined, retired).when(defined).then_refused("DUPLICATE", "key")


@pytest.mark.parametrize(
    ("goal", "field"),
    [
        (KpiGoal(direction=GoalDirection.AT_LEAST), "goal.target"),
        (KpiGoal(direction=GoalDirection.AT_MOST, target=5, lower=1), "goal.lower"),
        (KpiGoal(direction=GoalDirection.WITHIN, lower=1), "goal.upper"),
        (KpiGoal(direction=GoalDirection.WITHIN, lower=2, upper=2), "goal.upper"),
        (KpiGoal(direction=GoalDirection.WITHIN, lower=1, upper=2, target=1.5), "goal.target"),
        (KpiGoal(direction=GoalDirection.AT_LEAST, target=float("nan")), "goal.target"),
        (KpiGoal(direction=GoalDirection.AT_LEAST, target=5, tolerance=-1), "goal.tolerance"),
    ],
)
def test_a_goal_has_exactly_the_bounds_of_its_direction(goal: KpiGoal, field: str) -> None:
    given().when(DefineKpi(key="k", name="K", goal=goal)).then_refused("INVALID", field)
    given(defined).when(RedefineKpi(kpi=KPI, goal=goal, reason="why not")).then_refused("INVALID", field)


def test_redefining_a_kpi_changes_only_the_given_fields() -> None:
    base = (ada, defined, RedefineKpi(kpi=KPI, goal=GOAL, owner=ADA, reason="agreed"))
    given(*base).when(RedefineKpi(kpi=KPI, unit=PERCENT, goal=None, reason="agreed")).then(
        KpiRedefined(name="Promoters", unit=PERCENT, cadence=Cadence.WEEKLY, owner=ADA)
    )


def test_the_last_reading_of_a_period_counts_unless_the_kpi_is_defined_otherwise() -> None:
    summed = DefineKpi(key="nps", name="Promoters", aggregation=Aggregation.SUM)
    assert given(defined).aggregate(Kpi, KPI_ID).definition.aggregation is Aggregation.LAST
    assert given(summed).aggregate(Kpi, KPI_ID).definition.aggregation is Aggregation.SUM
    averaged = RedefineKpi(kpi=KPI, aggregation=Aggregation.MEAN, reason="sums mislead")
    given(summed).when(averaged).then(
        KpiRedefined(name="Promoters", unit=Unit(), cadence=Cadence.WEEKLY, aggregation=Aggregation.MEAN)
    )
    given(summed, averaged).when(averaged).then_nothing()
    renamed = RedefineKpi(kpi=KPI, name="Advocates", reason="clearer")
    assert given(summed, renamed).aggregate(Kpi, KPI_ID).definition.aggregation is Aggregation.SUM


def test_retired_kpi_refuses_changes() -> None:
    given(defined).when(retired).then(KpiRetired())
    assert given(defined).when(retired).aggregate(Kpi, KPI_ID).retired
    renamed = RedefineKpi(kpi=KPI, name="Other", reason="why not")
    given(defined, retired).when(renamed).then_refused("CLOSED", "kpi")


# ── readings ─────────────────────────────────────────────────────────────────────────────────────


def test_a_reading_is_effective_when_it_was_measured() -> None:
    given(defined, in_march).when(read(40)).then(ReadingRecorded(kpi=KPI_ID, value=40.0)).effective(on(2, 1))


def test_readings_may_be_older_than_their_kpis_definition() -> None:
    given(in_march, defined).when(read(40, 1, 1)).effective(on(1, 1))


def test_readings_come_in_batches_of_several_kpis() -> None:
    csat = DefineKpi(key="csat", name="Satisfaction")
    other = ReadingInput(kpi=KpiBy(key="csat"), value=80, measured_at=on(2, 1))
    both = RecordReadings(readings=[reading(40), other])
    assert result(given(defined, csat, in_march), both) == (2, 0)


def test_repeated_reading_is_counted_as_unchanged() -> None:
    given(*measured).when(read(40)).then_nothing()
    assert result(given(*measured), read(40)) == (0, 1)


def test_repeated_reading_within_a_batch_is_counted_as_unchanged() -> None:
    assert result(given(defined, in_march), RecordReadings(readings=[reading(40), reading(40)])) == (1, 1)


def test_different_value_at_one_instant_is_a_conflict_that_suggests_a_correction() -> None:
    given(*measured).when(read(41)).then_refused("CONFLICT", "readings.0.value", "correctReading")


def test_two_values_at_one_instant_within_a_batch_are_a_conflict() -> None:
    two = RecordReadings(readings=[reading(40), reading(41)])
    given(defined, in_march).when(two).then_refused("CONFLICT", "readings.1.value")


def test_a_batch_is_atomic() -> None:
    mixed = RecordReadings(readings=[reading(1, 2, 2), reading(41)])
    given(*measured).when(mixed).then_refused("CONFLICT", "readings.1.value")


def test_the_same_instant_in_another_zone_is_the_same_reading() -> None:
    elsewhere = on(2, 1).astimezone(timezone(timedelta(hours=5, minutes=30)))
    again = RecordReadings(readings=[ReadingInput(kpi=KPI, value=40, measured_at=elsewhere)])
    given(*measured).when(again).then_nothing()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_reading_is_a_finite_number(value: float) -> None:
    given(defined, in_march).when(read(value)).then_refused("INVALID", "readings.0.value")


def test_a_reading_is_not_measured_in_the_future() -> None:
    given(defined, in_march).when(read(40, 3, 2)).then_refused("INVALID", "readings.0.measuredAt")


def test_a_batch_has_1_to_10000_readings() -> None:
    given(defined).when(RecordReadings(readings=[])).then_refused("INVALID", "readings")
    given(defined).when(RecordReadings(readings=[reading(1)] * 10_001)).then_refused("TOO_LARGE", "readings")


def test_reading_of_an_unknown_kpi_reports_its_index() -> None:
    given(in_march).when(read(40)).then_refused("NOT_FOUND", "readings.0.kpi.key")


def test_retired_kpi_refuses_readings() -> None:
    given(defined, retired, in_march).when(read(40)).then_refused("CLOSED", "readings.0.kpi")


# ── corrections ──────────────────────────────────────────────────────────────────────────────────


def test_a_correction_keeps_the_time_of_measurement() -> None:
    then = given(*measured).when(corrected)
    then.then(ReadingCorrected(value=42.0))
    then.effective(on(2, 1))


def test_repeated_reading_is_compared_with_the_corrected_value() -> None:
    given(*measured, corrected).when(read(42)).then_nothing()
    given(*measured, corrected).when(read(40)).then_refused("CONFLICT", "readings.0.value")


def test_retracted_reading_may_be_recorded_again() -> None:
    given(*measured).when(retracted).then(ReadingRetracted())
    given(*measured, retracted).when(corrected).then_refused("CONFLICT", "reading")
    assert result(given(*measured, retracted), read(41)) == (1, 0)


def test_readings_of_a_retired_kpi_may_be_corrected() -> None:
    assert given(*measured, retired).when(corrected).topics() == ["reading-corrected"]


def test_correcting_an_unknown_reading_is_not_found() -> None:
    unknown = CorrectReading(reading=UUID(int=7), value=1, reason="why not")
    given(*measured).when(unknown).then_refused("NOT_FOUND", "reading")
