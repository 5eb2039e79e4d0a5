"""Key results: metrics, attributes, check-ins, corrections, and links to KPIs."""

from datetime import date, datetime, timedelta
from uuid import uuid4

import pytest
from msgspec import structs

from domain.commands.command import Command, KpiBy, verb
from domain.commands.key_result_commands import (
    AddKeyResult,
    AssignKeyResult,
    CheckIn,
    CorrectCheckIn,
    MetricInput,
    RescheduleKeyResult,
    RetargetKeyResult,
    ReweighKeyResult,
    RewordKeyResult,
    ScoreKeyResult,
    UnlinkKpi,
)
from domain.commands.objective_commands import AssignObjective, DraftObjective
from domain.commands.permissions import Author, Role
from domain.model.key_result import (
    KeyResult,
    KeyResultAdded,
    KeyResultAssigned,
    KeyResultDropped,
    KeyResultLinked,
    KeyResultRescheduled,
    KeyResultRetargeted,
    KeyResultReweighed,
    KeyResultReworded,
    KeyResultScored,
    KeyResultUnlinked,
)
from domain.model.measurements.check_in import CheckInCorrected, KeyResultCheckedIn
from domain.primitives.values import Cadence, Direction, Metric, Source, Unit, UnitKind
from tests.domain.given_goals import (
    ADA,
    CHECK_IN,
    KEY_RESULT,
    KPI,
    KPI_ID,
    OBJECTIVE,
    Q1,
    STEPS,
    ZERO_TO_TEN,
    ZERO_TO_TWENTY,
    activated,
    ada,
    added,
    checked_in,
    defined,
    drafted,
    dropped_key_result,
    in_february,
    linked,
    opened,
    read,
    retired,
    stepped,
    working,
)
from tests.domain.scenario import called, given, made, on
from tests.metric_input import as_input

SCORED = ScoreKeyResult(key_result=KEY_RESULT, score=0.5)


def adding(metric: Metric, kpi: KpiBy | None = None) -> AddKeyResult:
    return AddKeyResult(objective=OBJECTIVE, title="Sessions held", metric=as_input(metric), kpi=kpi)


def retargeted(metric: Metric) -> RetargetKeyResult:
    return RetargetKeyResult(key_result=KEY_RESULT, metric=as_input(metric), reason="we know more now")


# ── adding ───────────────────────────────────────────────────────────────────────────────────────


def test_default_due_date_is_the_end_of_the_cycle_and_default_weight_is_1() -> None:
    given(opened, drafted).when(added).then(
        KeyResultAdded(
            objective=OBJECTIVE, title="Sessions held", metric=ZERO_TO_TEN, weight=1.0, due=date(2026, 3, 31)
        )
    )


@pytest.mark.parametrize("weight", [0, -1, float("nan"), float("inf")])
def test_a_weight_is_positive_and_finite(weight: float) -> None:
    wrong = AddKeyResult(objective=OBJECTIVE, title="Sessions", metric=as_input(ZERO_TO_TEN), weight=weight)
    given(opened, drafted).when(wrong).then_refused("INVALID", "weight")


@pytest.mark.parametrize(
    ("metric", "field"),
    [
        (Metric(direction=Direction.INCREASE, start=5, target=5), "metric.target"),
        (Metric(direction=Direction.INCREASE, start=6, target=5), "metric.target"),
        (Metric(direction=Direction.INCREASE, target=5), "metric.start"),
        (Metric(direction=Direction.DECREASE, start=5, target=6), "metric.start"),
        (Metric(direction=Direction.AT_LEAST), "metric.target"),
        (Metric(direction=Direction.WITHIN, lower=2, upper=2), "metric.upper"),
        (Metric(direction=Direction.WITHIN, lower=2), "metric.upper"),
        (Metric(direction=Direction.MILESTONES), "metric.milestones"),
        (Metric(direction=Direction.DONE, target=1), "metric.target"),
        (Metric(direction=Direction.AT_MOST, target=float("inf")), "metric.target"),
        (Metric(direction=Direction.INCREASE, start=float("nan"), target=1), "metric.start"),
        (Metric(direction=Direction.DONE, unit=Unit(kind=UnitKind.NUMBER, symbol="\x00")), "metric.unit.symbol"),
    ],
)
def test_metric_without_a_defined_progress_is_refused(metric: Metric, field: str) -> None:
    given(opened, drafted).when(adding(metric)).then_refused("INVALID", field)
    given(opened, drafted, added).when(retargeted(metric)).then_refused("INVALID", field)


def test_change_by_ratio_is_resolved_to_a_target_and_kept() -> None:
    given(opened, drafted).when(adding(Metric(direction=Direction.INCREASE, start=50, change_by=0.2))).then(
        KeyResultAdded(
            objective=OBJECTIVE,
            title="Sessions held",
            metric=Metric(direction=Direction.INCREASE, start=50.0, change_by=0.2, target=60.0),
            due=date(2026, 3, 31),
        )
    )


def test_change_by_ratio_needs_a_start() -> None:
    given(opened, drafted).when(adding(Metric(direction=Direction.INCREASE, change_by=0.2))).then_refused(
        "INVALID", "metric.changeBy"
    )


def test_default_start_is_the_latest_reading_of_the_linked_kpi() -> None:
    history = (opened, drafted, defined, read(40, 1, 3), read(30, 1, 2))
    then = given(*history).when(adding(Metric(direction=Direction.INCREASE, change_by=0.1), KPI))
    assert then.the(KeyResultAdded).metric == Metric(
        direction=Direction.INCREASE, start=40.0, change_by=0.1, target=44.0
    )
    assert then.the(KeyResultAdded).kpi == KPI_ID


def test_default_start_is_the_reading_as_of_the_effective_time() -> None:
    history = (opened, drafted, defined, on(2, 20), read(30, 1, 10), read(40, 2, 10))
    adding_then = AddKeyResult(
        objective=OBJECTIVE,
        title="Promoters",
        metric=as_input(Metric(direction=Direction.INCREASE, target=50)),
        kpi=KPI,
        effective_at=on(1, 31),
    )
    assert given(*history).when(adding_then).the(KeyResultAdded).metric.start == 30.0


def test_a_linked_kpi_without_readings_gives_no_default_start() -> None:
    given(opened, drafted, defined).when(adding(Metric(direction=Direction.INCREASE, target=5), KPI)).then_refused(
        "INVALID", "metric.start"
    )


# ── title, owner, target, due date, weight ───────────────────────────────────────────────────────


def test_each_attribute_is_changed_by_its_own_command() -> None:
    base = (ada, *working)
    given(*base).when(RewordKeyResult(key_result=KEY_RESULT, title="Sessions")).then(
        KeyResultReworded(title="Sessions")
    )
    given(*base).when(AssignKeyResult(key_result=KEY_RESULT, owner=ADA)).then(KeyResultAssigned(owner=ADA))
    given(*base).when(retargeted(ZERO_TO_TWENTY)).then(KeyResultRetargeted(metric=ZERO_TO_TWENTY))
    later = RescheduleKeyResult(key_result=KEY_RESULT, due=date(2026, 3, 15), reason="sooner")
    given(*base).when(later).then(KeyResultRescheduled(due=date(2026, 3, 15)))
    heavier = ReweighKeyResult(key_result=KEY_RESULT, weight=2, reason="matters more")
    given(*base).when(heavier).then(KeyResultReweighed(weight=2.0))


def test_retargeting_keeps_the_unit_unless_another_is_given() -> None:
    euros, none = Unit(UnitKind.CURRENCY, "€"), Unit()
    measured_in_euros = structs.replace(ZERO_TO_TEN, unit=euros)
    base = (opened, drafted, called("key result", adding(measured_in_euros)))
    without_unit = MetricInput(Direction.INCREASE, start=0, target=20)
    given(*base).when(retargeted(without_unit)).then(
        KeyResultRetargeted(metric=structs.replace(ZERO_TO_TWENTY, unit=euros))
    )
    given(*base).when(retargeted(MetricInput(Direction.INCREASE, unit=none, start=0, target=20))).then(
        KeyResultRetargeted(metric=ZERO_TO_TWENTY)
    )
    given(*base).when(retargeted(MetricInput(Direction.INCREASE, start=0, target=10))).then_nothing()


def test_a_score_may_be_corrected() -> None:
    then = given(*working, SCORED).when(ScoreKeyResult(key_result=KEY_RESULT, score=0.6, note="Counted twice"))
    then.then(KeyResultScored(score=0.6, note="Counted twice"))


@pytest.mark.parametrize(
    "command",
    [
        RewordKeyResult(key_result=KEY_RESULT, title="Otherwise"),
        AssignKeyResult(key_result=KEY_RESULT, owner=ADA),
        retargeted(ZERO_TO_TWENTY),
        SCORED,
        CheckIn(key_result=KEY_RESULT, value=1),
        linked,
    ],
    ids=lambda command: verb(type(command)),
)
def test_dropped_key_result_refuses_changes(command: Command) -> None:
    given(ada, defined, *working, dropped_key_result).when(command).then_refused("CLOSED", "keyResult")


def test_a_key_result_is_dropped_with_a_reason() -> None:
    given(*working).when(dropped_key_result).then(KeyResultDropped())


# ── checking in ──────────────────────────────────────────────────────────────────────────────────


def test_a_check_in_has_a_value_a_confidence_or_a_note() -> None:
    check_in = CheckIn(key_result=KEY_RESULT, value=3, confidence=0.6, note="On our way")
    given(*working).when(check_in).then(
        KeyResultCheckedIn(key_result=KEY_RESULT, value=3.0, confidence=0.6, note="On our way")
    )


def test_a_check_in_needs_no_reason_and_no_activation() -> None:
    then = given(opened, drafted, added).when(CheckIn(key_result=KEY_RESULT, value=3))
    assert then.topics() == ["key-result-checked-in"]


def test_an_empty_check_in_is_refused() -> None:
    given(*working).when(CheckIn(key_result=KEY_RESULT, note="  ")).then_refused("INVALID", "value")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_value_is_a_finite_number(value: float) -> None:
    given(*working).when(CheckIn(key_result=KEY_RESULT, value=value)).then_refused("INVALID", "value")


@pytest.mark.parametrize("confidence", [-0.1, 1.1, 70])
def test_a_confidence_is_between_0_and_1(confidence: float) -> None:
    wrong = CheckIn(key_result=KEY_RESULT, confidence=confidence)
    given(*working).when(wrong).then_refused("INVALID", "confidence")


def test_check_ins_are_effective_when_measured_in_any_order() -> None:
    then = given(*working, checked_in(3, 2, 5)).when(CheckIn(key_result=KEY_RESULT, value=1, measured_at=on(1, 20)))
    then.effective(on(1, 20))


def test_a_check_in_may_be_measured_before_its_key_result_was_added() -> None:
    baseline = CheckIn(key_result=KEY_RESULT, value=1, measured_at=on(1, 1))
    given(on(1, 20), opened, drafted, added).when(baseline).effective(on(1, 1))


def test_a_check_in_is_not_measured_in_the_future() -> None:
    later = CheckIn(key_result=KEY_RESULT, value=1, measured_at=on(2, 11))
    given(*working).when(later).then_refused("INVALID", "measuredAt")


def test_identical_check_in_at_one_instant_records_nothing() -> None:
    again = CheckIn(key_result=KEY_RESULT, value=3, measured_at=on(2, 1))
    given(*working, checked_in(3, 2, 1)).when(again).then_nothing()


def test_different_check_in_at_one_instant_is_recorded() -> None:
    other = CheckIn(key_result=KEY_RESULT, value=4, measured_at=on(2, 1))
    assert given(*working, checked_in(3, 2, 1)).when(other).topics() == ["key-result-checked-in"]


# ── backdating ───────────────────────────────────────────────────────────────────────────────────

MEMBER = Author(f"person:{ADA}", Source.API, frozenset({Role.MEMBER}))
owned = (opened, ada, drafted, added, AssignObjective(objective=OBJECTIVE, owner=ADA), activated, in_february)
"""A working quarter in which Ada owns the objective, at noon on 10 February; check-ins are weekly."""


def backdated(at: datetime, reason: str | None = None) -> CheckIn:
    return CheckIn(key_result=KEY_RESULT, value=3, measured_at=at, reason=reason)


def test_a_members_check_in_may_be_measured_up_to_one_cadence_back() -> None:
    given(*owned).when(backdated(on(2, 3)), MEMBER).effective(on(2, 3))
    given(*owned).when(CheckIn(key_result=KEY_RESULT, value=3), MEMBER).effective(on(2, 10))


def test_a_members_check_in_from_further_back_needs_a_reason() -> None:
    earlier = on(2, 3) - timedelta(microseconds=1)
    given(*owned).when(backdated(earlier), MEMBER).then_refused("INVALID", "reason", "more than 7 days ago")
    given(*owned).when(backdated(earlier, "I was on holiday"), MEMBER).effective(earlier)


def test_cadence_of_the_cycle_limits_a_members_check_ins() -> None:
    monthly = structs.replace(opened, check_in_cadence=Cadence.MONTHLY)
    given(monthly, *owned[1:]).when(backdated(on(1, 10)), MEMBER).effective(on(1, 10))
    given(monthly, *owned[1:]).when(backdated(on(1, 9)), MEMBER).then_refused("INVALID", "reason")


@pytest.mark.parametrize("role", [Role.LEAD, Role.ADMIN])
def test_check_ins_of_leads_and_admins_may_be_measured_at_any_time(role: Role) -> None:
    author = Author(f"person:{ADA}", Source.API, frozenset({Role.MEMBER, role}))
    given(*owned).when(backdated(on(1, 2)), author).effective(on(1, 2))


def test_repeated_backdated_check_in_needs_no_reason() -> None:
    given(*owned, backdated(on(1, 15), "I was on holiday")).when(backdated(on(1, 15)), MEMBER).then_nothing()


# ── milestones ───────────────────────────────────────────────────────────────────────────────────


def test_milestones_are_reached_by_key() -> None:
    base = (opened, drafted, stepped)
    given(*base).when(CheckIn(key_result=KEY_RESULT, reached=["draft", "draft"])).then(
        KeyResultCheckedIn(key_result=KEY_RESULT, reached=("draft",))
    )
    given(*base).when(CheckIn(key_result=KEY_RESULT, reached=["lunch"])).then_refused("INVALID", "reached")
    given(*base).when(CheckIn(key_result=KEY_RESULT, value=1)).then_refused("INVALID", "value")
    given(*working).when(CheckIn(key_result=KEY_RESULT, reached=["draft"])).then_refused("INVALID", "reached")


def test_a_check_in_may_state_that_no_milestone_is_reached() -> None:
    given(opened, drafted, stepped).when(CheckIn(key_result=KEY_RESULT, reached=[])).then(
        KeyResultCheckedIn(key_result=KEY_RESULT, reached=())
    )


# ── correcting ───────────────────────────────────────────────────────────────────────────────────


def test_a_correction_keeps_omitted_fields_and_the_time_of_measurement() -> None:
    check_in = called("check-in", CheckIn(key_result=KEY_RESULT, value=3, confidence=0.6, measured_at=on(2, 1)))
    then = given(*working, check_in).when(CorrectCheckIn(check_in=CHECK_IN, value=4, reason="miscounted"))
    then.then(CheckInCorrected(value=4.0, confidence=0.6))
    then.effective(on(2, 1))


def test_a_correction_may_clear_a_field() -> None:
    check_in = called("check-in", CheckIn(key_result=KEY_RESULT, value=3, confidence=0.6))
    cleared = CorrectCheckIn(check_in=CHECK_IN, confidence=None, reason="not asked")
    given(*working, check_in).when(cleared).then(CheckInCorrected(value=3.0))


def test_a_correction_must_fit_the_metric() -> None:
    wrong = CorrectCheckIn(check_in=CHECK_IN, reached=["draft"], reason="why not")
    given(*working, checked_in(3)).when(wrong).then_refused("INVALID", "reached")


def test_correcting_an_unknown_check_in_is_not_found() -> None:
    given(*working).when(CorrectCheckIn(check_in=uuid4(), value=1, reason="why not")).then_refused(
        "NOT_FOUND", "checkIn"
    )


# ── links to KPIs ────────────────────────────────────────────────────────────────────────────────


def test_a_key_result_is_linked_to_a_kpi_and_unlinked_again() -> None:
    given(defined, *working).when(linked).then(KeyResultLinked(kpi=KPI_ID))
    unlink = UnlinkKpi(key_result=KEY_RESULT)
    then = given(defined, *working, linked).when(unlink)
    then.then(KeyResultUnlinked())
    assert then.aggregate(KeyResult, KEY_RESULT).kpi is None


def test_linked_key_result_refuses_values() -> None:
    wrong = CheckIn(key_result=KEY_RESULT, value=3)
    given(defined, *working, linked).when(wrong).then_refused("INVALID", "value")


def test_linked_key_result_accepts_confidence_and_notes() -> None:
    check_in = CheckIn(key_result=KEY_RESULT, confidence=0.8, note="Good calls")
    assert given(defined, *working, linked).when(check_in).topics() == ["key-result-checked-in"]


def test_key_result_with_milestones_cannot_be_linked() -> None:
    given(defined, opened, drafted, stepped).when(linked).then_refused("INVALID", "kpi")
    given(defined, opened, drafted).when(adding(STEPS, KPI)).then_refused("INVALID", "kpi")
    given(defined, opened, drafted, added, linked).when(retargeted(STEPS)).then_refused("INVALID", "kpi")


def test_retired_kpi_cannot_be_linked() -> None:
    given(defined, retired, opened, drafted, added).when(linked).then_refused("CLOSED", "kpi")
    given(defined, retired, opened, drafted).when(adding(ZERO_TO_TEN, KPI)).then_refused("CLOSED", "kpi")


def test_unknown_kpi_is_not_found() -> None:
    given(*working).when(linked).then_refused("NOT_FOUND", "kpi.key")


def test_key_results_may_be_added_to_an_active_cycle() -> None:
    late_entry = called("late entry", DraftObjective(cycle=Q1, title="Answer within a day"))
    measure = AddKeyResult(objective=made("late entry"), title="Hours to answer", metric=as_input(ZERO_TO_TEN))
    assert given(opened, activated, late_entry).when(measure).topics() == ["key-result-added"]


def test_check_ins_from_before_the_link_can_be_corrected() -> None:
    before = given(*working, checked_in(2), defined, linked)
    then = before.when(CorrectCheckIn(check_in=CHECK_IN, value=3, reason="miscounted"))
    assert then.the(CheckInCorrected).value == 3
    noted = called("note", CheckIn(key_result=KEY_RESULT, note="on our way"))
    valued = CorrectCheckIn(check_in=made("note"), value=3, reason="miscounted")
    given(*working, defined, linked, noted).when(valued).then_refused("INVALID", "value")
