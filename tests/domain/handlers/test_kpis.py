"""KPIs: definitions, readings, and corrections of readings."""

from datetime import timedelta, timezone
from uuid import UUID

import msgspec
import pytest

from domain.commands.command import Command, KpiBy
from domain.commands.key_result_commands import UnlinkKpi
from domain.commands.kpi_commands import (
    CorrectReading,
    DefineKpi,
    ReadingInput,
    RecordReadings,
    RedefineKpi,
    RetireKpi,
    RetractReading,
)
from domain.commands.permissions import Author, Role
from domain.log.append import Append
from domain.model.event import Authorship
from domain.model.key_result import KeyResultLinked
from domain.model.kpi import Kpi, KpiDefined, KpiRedefined, KpiRetired
from domain.model.measurements.reading import ReadingCorrected, ReadingRecorded, ReadingRetracted, reading_id
from domain.primitives.values import Aggregation, Cadence, GoalDirection, KpiGoal, Source, Unit, UnitKind
from tests.domain.given_goals import (
    ADA,
    KEY_RESULT,
    KPI,
    KPI_ID,
    ZERO_TO_TEN,
    ada,
    added,
    defined,
    drafted,
    dropped_key_result,
    linked,
    opened,
    read,
    reading,
    retired,
)
from tests.domain.scenario import ACTOR, Given, given, on
from tests.metric_input import as_input

GOAL = KpiGoal(direction=GoalDirection.AT_LEAST, target=50, tolerance=5)
PERCENT = Unit(kind=UnitKind.PERCENT, symbol="%")
READING = reading_id(KPI_ID, on(2, 1))
corrected = CorrectReading(reading=READING, value=42, reason="misread")
retracted = RetractReading(reading=READING, reason="wrong meter")

in_percent = RedefineKpi(kpi=KPI, unit=PERCENT, reason="counted in percent")

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


def test_unit_cannot_change_once_the_kpi_has_a_reading() -> None:
    given(*measured).when(in_percent).then_refused("INVALID", "unit", "retire it and define another")
    given(*measured, retracted).when(in_percent).then_refused("INVALID", "unit")
    given(*measured).when(RedefineKpi(kpi=KPI, unit=Unit(), name="Advocates", reason="clearer")).the(KpiRedefined)
    given(*measured, retired).when(in_percent).then_refused("CLOSED", "kpi")


def test_unit_cannot_change_while_a_linked_key_result_has_another_unit() -> None:
    base = (defined, opened, drafted, added, linked)
    given(*base).when(in_percent).then_refused("INVALID", "unit", "unlink it")
    given(*base, UnlinkKpi(key_result=KEY_RESULT)).when(in_percent).the(KpiRedefined)
    given(*base, dropped_key_result).when(in_percent).the(KpiRedefined)


@pytest.mark.parametrize("concurrent", [read(40), linked])
def test_reading_or_link_recorded_concurrently_refuses_a_new_unit(concurrent: Command) -> None:
    raced = given(defined, opened, drafted, added, in_march).meanwhile("append", concurrent).when(in_percent)
    assert raced.refused is not None
    assert (raced.refused.code, raced.refused.field, len(raced.entries)) == ("INVALID", ("unit",), 1)


def test_unit_may_change_to_that_of_its_linked_key_results() -> None:
    shares = msgspec.structs.replace(added, metric=as_input(msgspec.structs.replace(ZERO_TO_TEN, unit=PERCENT)))
    history = given(defined, opened, drafted, shares)
    link = KeyResultLinked(originator_id=KEY_RESULT, originator_version=2, kpi=KPI_ID)  # as earlier versions allowed
    by = Authorship(actor=ACTOR, source=Source.API, command=UUID(int=1))
    history.log.append([history.log.mapper.to_stored_event(link)], Append(by=by, digest=b""))
    history.when(in_percent).the(KpiRedefined)


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


def test_conflict_shows_the_recorded_value_only_to_callers_who_may_read() -> None:
    member = Author(ACTOR, Source.INGEST, frozenset({Role.METRICS, Role.LEAD}))
    given(*measured).when(read(41), member).then_refused("CONFLICT", containing="a reading of 40 at")
    machine = Author(ACTOR, Source.INGEST, frozenset({Role.METRICS}))
    refused = given(*measured).when(read(41), machine).then_refused("CONFLICT", containing="correctReading")
    assert "40" not in refused.message


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (RecordReadings(readings=[reading(41)]), "CONFLICT"),
        (RecordReadings(readings=[reading(1, 2, 2), reading(41)]), "CONFLICT"),
        (CorrectReading(reading=reading_id(KPI_ID, on(3, 1)), value=41, reason="misread"), "CONFLICT"),
        (CorrectReading(reading=READING, value=41, reason="misread", expected_version=9), "STALE"),
        (RetractReading(reading=READING, reason="misread", expected_version=9), "STALE"),
    ],
)
def test_no_refusal_names_a_stored_value_to_a_caller_who_may_not_read(command: Command, code: str) -> None:
    gone = RetractReading(reading=reading_id(KPI_ID, on(3, 1)), reason="wrong meter")
    secret = CorrectReading(reading=READING, value=8765.25, note="confidential", reason="hidden")
    machine = Author(ACTOR, Source.API, frozenset({Role.METRICS}))
    refused = given(*measured, read(8765.25, 3, 1), gone, secret).when(command, machine).then_refused(code)
    shown = " ".join([refused.message, *(f"{problem.message} {problem.parameters}" for problem in refused.problems)])
    assert [word for word in ("8765", "confidential", "hidden", "40") if word in shown] == []


def test_two_values_at_one_instant_within_a_batch_are_a_conflict() -> None:
    two = RecordReadings(readings=[reading(40), reading(41)])
    given(defined, in_march).when(two).then_refused("CONFLICT", "readings.1.value")


def test_a_batch_is_atomic() -> None:
    mixed = RecordReadings(readings=[reading(1, 2, 2), reading(41)])
    given(*measured).when(mixed).then_refused("CONFLICT", "readings.1.value")


def test_all_readings_that_are_rejected_are_reported_with_their_problem() -> None:
    unknown = ReadingInput(kpi=KpiBy(key="unknown"), value=1, measured_at=on(2, 1))
    old = ReadingInput(kpi=KpiBy(key="old"), value=1, measured_at=on(2, 1))
    known = [defined, DefineKpi(key="old", name="Old"), RetireKpi(kpi=KpiBy(key="old"), reason="replaced")]
    mixed = RecordReadings(readings=[unknown, reading(40), old, reading(41), unknown])
    refused = given(*known, in_march).when(mixed).then_refused("NOT_FOUND", "readings.0.kpi.key")
    assert [(problem.code, ".".join(problem.field)) for problem in refused.problems] == [
        ("NOT_FOUND", "readings.0.kpi.key"),
        ("CLOSED", "readings.2.kpi"),
        ("CONFLICT", "readings.3.value"),
        ("NOT_FOUND", "readings.4.kpi.key"),
    ]


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
    given(defined, in_march).when(RecordReadings(readings=[reading(1)] * 10_001)).then_refused("TOO_LARGE", "readings")


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
