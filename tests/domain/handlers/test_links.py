"""Links of key results to KPIs: aggregate, first day and unit, and the value that they give."""

from datetime import date, datetime

import pytest
from msgspec import structs

from domain.commands.command import Command, KpiBy
from domain.commands.key_result_commands import (
    AddKeyResult,
    CheckIn,
    CorrectCheckIn,
    LinkKpi,
    MetricInput,
    RescheduleKeyResult,
    RetargetKeyResult,
    UnlinkKpi,
)
from domain.commands.kpi_commands import DefineKpi, RecordReadings, RedefineKpi, RetractReading
from domain.commands.objective_commands import CloseObjective
from domain.handlers.unit_of_work import keyed_id
from domain.model.key_result import KeyResultAdded, KeyResultLinked, KeyResultRetargeted
from domain.model.objective import ObjectiveClosed
from domain.primitives.values import Aggregation, Direction, Kind, Unit, UnitKind
from tests.domain.given_goals import (
    CHECK_IN,
    KEY_RESULT,
    KPI,
    KPI_ID,
    OBJECTIVE,
    activated,
    added,
    checked_in,
    defined,
    drafted,
    finished,
    linked,
    opened,
    read,
    reading,
    retired,
    working,
)
from tests.domain.scenario import AUTHOR, called, given, on

SUM, MEAN, LAST = Aggregation.SUM, Aggregation.MEAN, Aggregation.LAST
PERCENT, EUROS = Unit(UnitKind.PERCENT, "%"), Unit(UnitKind.CURRENCY, "€")
in_percent = DefineKpi(key="nps", name="Promoters", unit=PERCENT)
OTHER_KPI = KpiBy(key="other")
other_kpi = DefineKpi(key="other", name="Other")
unlinked = UnlinkKpi(key_result=KEY_RESULT)


def link(aggregate: Aggregation | None = None, count_from: date | None = None, kpi: KpiBy = KPI) -> LinkKpi:
    command = LinkKpi(key_result=KEY_RESULT, kpi=kpi)
    command = command if aggregate is None else structs.replace(command, aggregate=aggregate)
    return command if count_from is None else structs.replace(command, count_from=count_from)


def adding(metric: MetricInput, aggregate: Aggregation = LAST) -> AddKeyResult:
    """A key result whose id is `KEY_RESULT`, linked to the KPI."""
    return called(
        "key result", AddKeyResult(objective=OBJECTIVE, title="Promoters", metric=metric, kpi=KPI, aggregate=aggregate)
    )


def retargeting(metric: MetricInput) -> RetargetKeyResult:
    return RetargetKeyResult(key_result=KEY_RESULT, metric=metric, reason="we know more now")


def score(*history: Command | datetime) -> float | None:
    """The score of the objective when it is closed after this history."""
    found: float | None = given(*history).when(finished).the(ObjectiveClosed).score
    return found


# ── aggregate and first day ──────────────────────────────────────────────────────────────────────


def test_link_keeps_its_aggregate_and_the_first_day_whose_readings_count() -> None:
    given(defined, *working).when(link(SUM, date(2026, 2, 1))).then(
        KeyResultLinked(kpi=KPI_ID, aggregate=SUM, count_from=date(2026, 2, 1))
    )
    then = given(opened, defined, drafted).when(adding(MetricInput(Direction.AT_LEAST, target=5), MEAN))
    assert (then.the(KeyResultAdded).kpi, then.the(KeyResultAdded).aggregate) == (KPI_ID, MEAN)


def test_aggregate_last_is_stored_as_none() -> None:
    given(defined, *working).when(linked).then(KeyResultLinked(kpi=KPI_ID))
    given(defined, *working).when(link(LAST)).then(KeyResultLinked(kpi=KPI_ID))


def test_default_aggregate_is_the_kpis_own_at_the_linking() -> None:
    summed = structs.replace(defined, aggregation=SUM)
    averaged = RedefineKpi(kpi=KPI, aggregation=MEAN, reason="of the day")
    given(summed, *working).when(linked).then(KeyResultLinked(kpi=KPI_ID, aggregate=SUM))
    given(summed, *working, averaged).when(linked).then(KeyResultLinked(kpi=KPI_ID, aggregate=MEAN))
    given(summed, *working, linked, averaged).when(linked).then_nothing()
    given(summed, *working).when(link(LAST)).then(KeyResultLinked(kpi=KPI_ID))
    at_least = MetricInput(Direction.AT_LEAST, target=5)
    command = AddKeyResult(objective=OBJECTIVE, title="Promoters", metric=at_least, kpi=KPI)
    assert given(opened, summed, drafted).when(command).the(KeyResultAdded).aggregate is SUM


def test_linking_with_another_aggregate_or_first_day_is_an_edit() -> None:
    base = given(defined, *working, link(SUM, date(2026, 2, 1)))
    base.when(link(SUM, date(2026, 2, 1))).then_nothing()
    base.when(link(SUM, date(2026, 3, 1))).then(KeyResultLinked(kpi=KPI_ID, aggregate=SUM, count_from=date(2026, 3, 1)))
    base.when(link(LAST)).then(KeyResultLinked(kpi=KPI_ID))


def test_relinking_keeps_what_is_omitted_and_null_clears_the_first_day() -> None:
    base = given(defined, *working, link(SUM, date(2026, 2, 1)))
    base.when(linked).then_nothing()
    base.when(structs.replace(linked, count_from=None)).then(KeyResultLinked(kpi=KPI_ID, aggregate=SUM))
    base.when(link(MEAN)).then(KeyResultLinked(kpi=KPI_ID, aggregate=MEAN))


def test_link_to_a_retired_kpi_can_be_edited() -> None:
    given(defined, *working, linked, retired).when(link(MEAN)).then(KeyResultLinked(kpi=KPI_ID, aggregate=MEAN))


def test_first_day_needs_an_aggregate_of_several_readings() -> None:
    given(defined, *working).when(link(None, date(2026, 2, 1))).then_refused("INVALID", "countFrom")
    given(defined, *working).when(link(LAST, date(2026, 2, 1))).then_refused("INVALID", "countFrom")


def test_first_day_is_not_after_the_last_day_whose_readings_count() -> None:
    given(defined, *working).when(link(SUM, date(2026, 4, 1))).then_refused("INVALID", "countFrom")
    later = RescheduleKeyResult(key_result=KEY_RESULT, due=date(2026, 4, 30), reason="later")
    assert given(defined, *working, later).when(link(SUM, date(2026, 4, 1))).topics() == ["key-result-linked"]


@pytest.mark.parametrize("field", ["aggregate", "countFrom"])
def test_aggregate_and_first_day_need_a_kpi(field: str) -> None:
    value = {"aggregate": SUM} if field == "aggregate" else {"count_from": date(2026, 2, 1)}
    given(opened, drafted).when(structs.replace(added, **value)).then_refused("INVALID", field)


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [(LAST, 0.1), (Aggregation.FIRST, 0.5), (SUM, 0.9), (MEAN, 0.3), (Aggregation.MIN, 0.1), (Aggregation.MAX, 0.5)],
)
def test_value_is_the_aggregate_of_the_readings_since_the_first_day_of_the_cycle(
    aggregate: Aggregation, expected: float
) -> None:
    in_the_quarter_before = structs.replace(reading(9), measured_at=on(12, 31).replace(year=2025))
    before = RecordReadings(readings=[in_the_quarter_before])
    readings = (before, read(5, 1, 10), read(3, 1, 20), read(1, 2, 1))
    assert score(defined, *working, *readings, link(aggregate)) == pytest.approx(expected)


def test_readings_before_the_first_day_are_not_aggregated() -> None:
    readings = (read(5, 1, 10), read(3, 1, 20), read(1, 2, 1))
    assert score(defined, *working, *readings, link(SUM, date(2026, 1, 20))) == 0.4
    assert score(defined, *working, *readings, link(SUM, date(2026, 2, 9))) == 0.0


def test_readings_after_the_last_day_of_the_cycle_do_not_count() -> None:
    history = (defined, *working, link(SUM), read(4), on(4, 10), read(3, 4, 1))
    assert score(*history) == 0.4
    later = RescheduleKeyResult(key_result=KEY_RESULT, due=date(2026, 4, 30), reason="later")
    assert score(*history, later) == 0.7


def test_retracted_readings_are_not_aggregated() -> None:
    base = given(defined, *working, link(SUM), read(4, 2, 1))
    wrong = base.keyframe.execute(read(3, 2, 2), AUTHOR).result.readings[0][0]
    base.keyframe.execute(RetractReading(reading=wrong, reason="wrong meter"), AUTHOR)
    assert base.when(finished).the(ObjectiveClosed).score == 0.4


# ── the start ────────────────────────────────────────────────────────────────────────────────────


def test_increase_through_a_sum_starts_at_0_unless_a_start_is_stated() -> None:
    history = (opened, defined, drafted, read(40, 1, 3))
    increase = MetricInput(Direction.INCREASE, target=300)
    assert given(*history).when(adding(increase, SUM)).the(KeyResultAdded).metric.start == 0.0
    assert given(*history).when(adding(increase)).the(KeyResultAdded).metric.start == 40.0
    stated = MetricInput(Direction.INCREASE, start=10, target=300)
    assert given(*history).when(adding(stated, SUM)).the(KeyResultAdded).metric.start == 10.0
    decrease = MetricInput(Direction.DECREASE, target=10)
    assert given(*history).when(adding(decrease, SUM)).the(KeyResultAdded).metric.start == 40.0


def test_retargeting_takes_the_start_of_the_link() -> None:
    base = given(opened, defined, drafted, read(40, 1, 3), adding(MetricInput(Direction.AT_LEAST, target=5), SUM))
    metric = base.when(retargeting(MetricInput(Direction.INCREASE, target=300))).the(KeyResultRetargeted).metric
    assert metric.start == 0.0


@pytest.mark.parametrize("direction", [Direction.AT_LEAST, Direction.AT_MOST])
def test_goals_to_be_held_store_no_start(direction: Direction) -> None:
    then = given(opened, defined, drafted, read(40, 1, 3)).when(adding(MetricInput(direction, target=50)))
    assert then.the(KeyResultAdded).metric.start is None


def test_goal_to_be_held_starts_at_the_kpis_value_at_the_beginning() -> None:
    at_least = MetricInput(Direction.AT_LEAST, target=50)
    history = (opened, defined, drafted, read(30, 1, 3), adding(at_least), activated, on(2, 10))
    assert score(*history, read(40, 2, 5)) == 0.5


def test_goal_to_be_held_starts_at_the_first_measured_value_if_there_is_none_at_the_beginning() -> None:
    at_least = MetricInput(Direction.AT_LEAST, target=50)
    history = (opened, defined, drafted, adding(at_least), activated, on(2, 10))
    assert score(*history, read(30, 1, 20), read(40, 2, 5)) == 0.5
    own = called("key result", AddKeyResult(objective=OBJECTIVE, title="Promoters", metric=at_least))
    later, first = checked_in(40, 2, 5), CheckIn(key_result=KEY_RESULT, value=20, measured_at=on(2, 1))
    assert score(opened, drafted, own, activated, on(2, 10), later, first) == pytest.approx(20 / 30)


def test_goal_to_be_held_through_a_sum_starts_at_0() -> None:
    at_least = MetricInput(Direction.AT_LEAST, target=50)
    history = (opened, defined, drafted, adding(at_least, SUM), activated, on(2, 10))
    assert score(*history, read(10, 1, 20), read(30, 2, 5)) == 0.8


# ── after unlinking ──────────────────────────────────────────────────────────────────────────────


def test_last_linked_value_stays_after_unlinking_until_a_later_check_in() -> None:
    history = (defined, *working, checked_in(1, 2, 2), link(SUM), read(4, 1, 20), read(3, 2, 1), on(2, 15), unlinked)
    assert score(*history) == 0.7
    assert score(*history, on(2, 20), read(9, 2, 16)) == 0.7
    assert score(*history, on(2, 20), CheckIn(key_result=KEY_RESULT, value=5, measured_at=on(2, 12))) == 0.7
    assert score(*history, on(2, 20), CheckIn(key_result=KEY_RESULT, value=5)) == 0.5


def test_own_check_ins_count_after_unlinking_a_kpi_without_readings() -> None:
    assert score(defined, *working, checked_in(2), linked, unlinked) == 0.2


# ── units ────────────────────────────────────────────────────────────────────────────────────────


def test_metric_without_a_unit_takes_the_kpis() -> None:
    metric = MetricInput(Direction.AT_LEAST, target=5)
    assert given(in_percent, opened, drafted).when(adding(metric)).the(KeyResultAdded).metric.unit == PERCENT


def test_unit_of_the_key_result_must_be_the_kpis() -> None:
    in_euros = MetricInput(Direction.AT_LEAST, unit=EUROS, target=5)
    given(in_percent, opened, drafted).when(adding(in_euros)).then_refused("INVALID", "metric.unit", "PERCENT '%'")
    given(in_percent, *working).when(linked).then_refused("INVALID", "kpi")
    base = (in_percent, opened, drafted, adding(MetricInput(Direction.AT_LEAST, target=5)))
    given(*base).when(retargeting(in_euros)).then_refused("INVALID", "metric.unit")
    other_symbol = structs.replace(in_euros, unit=Unit(UnitKind.PERCENT, "percent"))
    given(*base).when(retargeting(other_symbol)).then_refused("INVALID", "metric.unit")


def test_retargeting_a_linked_key_result_without_a_unit_keeps_the_kpis() -> None:
    base = (in_percent, opened, drafted, adding(MetricInput(Direction.AT_LEAST, target=5)))
    metric = given(*base).when(retargeting(MetricInput(Direction.AT_LEAST, target=6))).the(KeyResultRetargeted).metric
    assert metric.unit == PERCENT


def test_unit_changes_only_before_the_first_measurement() -> None:
    in_euros = retargeting(MetricInput(Direction.INCREASE, unit=EUROS, start=0, target=10))
    note = CheckIn(key_result=KEY_RESULT, note="not counted yet")
    assert given(*working, note).when(in_euros).topics() == ["key-result-retargeted"]
    given(*working, checked_in(3)).when(in_euros).then_refused("INVALID", "metric.unit")
    noted = called("check-in", CheckIn(key_result=KEY_RESULT, value=3, note="a guess"))
    cleared = CorrectCheckIn(check_in=CHECK_IN, value=None, reason="never counted")
    assert given(*working, noted, cleared).when(in_euros).topics() == ["key-result-retargeted"]
    was_linked = (defined, *working, linked, read(3), unlinked)
    given(*was_linked).when(in_euros).then_refused("INVALID", "metric.unit")


def test_kpi_of_another_unit_can_be_linked_after_the_unit_was_changed() -> None:
    in_percents = retargeting(MetricInput(Direction.INCREASE, unit=PERCENT, start=0, target=10))
    assert given(in_percent, *working, in_percents).when(linked).topics() == ["key-result-linked"]


def test_linking_another_kpi_takes_its_own_aggregate() -> None:
    base = given(defined, other_kpi, *working, link(SUM, date(2026, 2, 1)))
    base.when(link(kpi=OTHER_KPI)).then(KeyResultLinked(kpi=keyed_id(Kind.KPI, "other")))


def test_score_of_a_closing_is_the_aggregate_as_of_the_effective_time() -> None:
    history = (defined, *working, link(SUM), read(4), on(3, 1), read(3, 2, 25))
    closing = CloseObjective(objective=OBJECTIVE, effective_at=on(2, 20))
    assert given(*history).when(closing).the(ObjectiveClosed).score == 0.4
