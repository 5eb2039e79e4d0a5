"""The findings on written goals: one test for each rule, with and without a finding."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.metrics.findings import (
    ALIGNMENT_RULES,
    KEY_RESULT_RULES,
    KPI_RULES,
    OBJECTIVE_RULES,
    OWNER_RULES,
    Finding,
    Rule,
    Severity,
    Smart,
    WrittenKeyResult,
    WrittenKpi,
    WrittenObjective,
    alignment_findings,
    key_result_findings,
    kpi_findings,
    objective_findings,
)
from domain.primitives.values import Cadence, Direction, KeyResultState, Metric, ObjectiveState, Unit, UnitKind
from tests.domain.metrics.builders import (
    DAY,
    FROM_0_TO_100,
    MIDDLE,
    MILESTONES,
    OPENING,
    POLICY,
    QUARTER_END,
    QUARTER_START,
    metric,
)

ADA, BOB = UUID(int=1), UUID(int=2)


def objective(title: str = "Customers love to stay with us", **changed: Any) -> WrittenObjective:
    facts: dict[str, Any] = {
        "title": title,
        "state": ObjectiveState.ACTIVE,
        "policy": POLICY,
        "owner": ADA,
        "key_results": 3,
        "owner_objectives": 2,
        "supports": 1,
    }
    return WrittenObjective(**(facts | changed))


def key_result(title: str = "Customers who renew", **changed: Any) -> WrittenKeyResult:
    facts: dict[str, Any] = {
        "title": title,
        "state": KeyResultState.ACTIVE,
        "metric": FROM_0_TO_100,
        "due": QUARTER_END,
        "cycle_start": QUARTER_START,
        "cycle_end": QUARTER_END,
        "begins_at": OPENING,
        "cadence": Cadence.WEEKLY,
        "at": MIDDLE,
        "policy": POLICY,
        "last_measured_at": MIDDLE,
    }
    return WrittenKeyResult(**(facts | changed))


def kpi(**changed: Any) -> WrittenKpi:
    facts: dict[str, Any] = {
        "retired": False,
        "has_goal": True,
        "owner": ADA,
        "cadence": Cadence.WEEKLY,
        "defined_at": OPENING,
        "at": MIDDLE,
        "policy": POLICY,
        "latest_at": MIDDLE,
    }
    return WrittenKpi(**(facts | changed))


def rules(findings: list[Finding]) -> set[str]:
    return {finding.rule for finding in findings}


# ── objectives ───────────────────────────────────────────────────────────────────────────────────


def test_a_well_written_objective_has_no_findings() -> None:
    assert objective_findings(objective()) == []


@pytest.mark.parametrize(
    "title",
    [
        "Grow revenue by 20 % in a year", "Grow revenue to $3.5m soon", "Answer all within 2 hours", "Be 10x better",
        "Enter three new markets", "Double what customers spend", "Reach millions of people",
    ],
)  # fmt: skip
def test_objective_has_number(title: str) -> None:
    assert rules(objective_findings(objective(title))) == {"objective-has-number"}


@pytest.mark.parametrize(
    "title",
    [
        "Be the first choice in 2026", "Win B2B customers for good", "Be there for customers 24/7",
        "Delight everyone in Q3", "Live through COVID-19 as one", "Everyone knows v2.0 by heart",
    ],
)  # fmt: skip
def test_years_and_names_are_not_numbers(title: str) -> None:
    assert objective_findings(objective(title)) == []


@pytest.mark.parametrize(
    "title",
    ["Launch the new website", "Building a go-to-market strategy", "Shipping the app", "Write scientific papers",
     "release of the mobile app", "“Publish” the annual report", "Running more often"],
)  # fmt: skip
def test_objective_starts_with_deliverable(title: str) -> None:
    assert rules(objective_findings(objective(title))) == {"objective-starts-with-deliverable"}


@pytest.mark.parametrize("title", ["Customers build on us", "Become the place to work", "Our writing convinces"])
def test_outcomes_are_not_deliverables(title: str) -> None:
    assert objective_findings(objective(title)) == []


@pytest.mark.parametrize(("count", "found"), [(1, True), (2, True), (3, False), (20, False)])
def test_objective_too_short(count: int, found: bool) -> None:
    assert rules(objective_findings(objective("happy " * count))) == ({"objective-too-short"} if found else set())


def test_objective_too_long() -> None:
    assert rules(objective_findings(objective("happy " * 21))) == {"objective-too-long"}


def test_objective_without_owner() -> None:
    assert rules(objective_findings(objective(owner=None))) == {"objective-without-owner"}


def test_objective_without_key_results() -> None:
    (finding,) = objective_findings(objective(key_results=0))
    assert (finding.rule, finding.severity) == ("objective-without-key-results", Severity.ERROR)


@pytest.mark.parametrize(("count", "found"), [(5, set()), (6, {"objective-with-too-many-key-results"})])
def test_objective_with_too_many_key_results(count: int, found: set[str]) -> None:
    assert rules(objective_findings(objective(key_results=count))) == found


def test_objective_unaligned() -> None:
    assert rules(objective_findings(objective(supports=0))) == {"objective-unaligned"}
    assert objective_findings(objective(supports=0, company_level=True)) == []


def test_objective_supports_dropped() -> None:
    orphan = objective(supports=0, supports_dropped=1)
    assert rules(objective_findings(orphan)) == {"objective-unaligned", "objective-supports-dropped"}
    assert rules(objective_findings(objective(supports_dropped=1))) == {"objective-supports-dropped"}


@pytest.mark.parametrize(("count", "found"), [(5, set()), (6, {"owner-with-too-many-objectives"})])
def test_owner_with_too_many_objectives(count: int, found: set[str]) -> None:
    assert rules(objective_findings(objective(owner_objectives=count))) == found


@pytest.mark.parametrize("state", [ObjectiveState.CLOSED, ObjectiveState.DROPPED])
def test_an_ended_objective_has_no_findings(state: ObjectiveState) -> None:
    assert objective_findings(objective("Launch 3", state=state, owner=None, key_results=0)) == []


# ── key results ──────────────────────────────────────────────────────────────────────────────────


def test_a_well_written_key_result_has_no_findings() -> None:
    assert key_result_findings(key_result()) == []


def test_key_result_not_measurable() -> None:
    assert rules(key_result_findings(key_result(metric=metric(Direction.DONE)))) == {"key-result-not-measurable"}


def test_key_result_by_milestones() -> None:
    assert rules(key_result_findings(key_result(metric=MILESTONES))) == {"key-result-by-milestones"}


@pytest.mark.parametrize(
    "given",
    [
        metric(Direction.AT_LEAST, target=90),
        metric(Direction.AT_MOST, target=2),
        metric(Direction.WITHIN, lower=1, upper=2),
    ],
)
def test_key_result_without_baseline(given: Metric) -> None:
    assert rules(key_result_findings(key_result(metric=given))) == {"key-result-without-baseline"}


def test_a_threshold_with_a_start_has_its_baseline() -> None:
    assert key_result_findings(key_result(metric=metric(Direction.AT_MOST, start=6, target=2))) == []


@pytest.mark.parametrize("due", [QUARTER_START - DAY, QUARTER_END + DAY])
def test_key_result_due_outside_cycle(due: date) -> None:
    assert rules(key_result_findings(key_result(due=due))) == {"key-result-due-outside-cycle"}


@pytest.mark.parametrize("due", [QUARTER_START, QUARTER_END])
def test_the_first_and_the_last_day_are_within_the_cycle(due: date) -> None:
    assert key_result_findings(key_result(due=due)) == []


@pytest.mark.parametrize(
    ("title", "symbol"),
    [
        ("Hold 21 sessions face to face", ""), ("Video interviews", ""), ("Face to face with customers", "sessions"),
        ("Publishing on our blog", ""), ("Meetups that feature us", "meetups"),
    ],
)  # fmt: skip
def test_key_result_counts_activity(title: str, symbol: str) -> None:
    counted = metric(Direction.INCREASE, start=0, target=21, unit=Unit(UnitKind.NUMBER, symbol))
    assert rules(key_result_findings(key_result(title, metric=counted))) == {"key-result-counts-activity"}


@pytest.mark.parametrize(
    ("title", "given"),
    [
        ("Rating of our training", metric(Direction.INCREASE, start=5, target=9, unit=Unit(UnitKind.SCORE))),
        ("Open tickets after a release", metric(Direction.DECREASE, start=9, target=2)),
        ("Customers in new markets", FROM_0_TO_100),
    ],
)
def test_outcomes_are_not_activities(title: str, given: Metric) -> None:
    assert key_result_findings(key_result(title, metric=given)) == []


@pytest.mark.parametrize(("days", "found"), [(10.5, set()), (10.6, {"key-result-silent"})])
def test_key_result_silent(days: float, found: set[str]) -> None:
    measured_earlier = key_result(last_measured_at=MIDDLE - timedelta(days=days))
    assert rules(key_result_findings(measured_earlier)) == found


def test_a_key_result_without_check_ins_is_silent_since_it_was_added() -> None:
    assert key_result_findings(key_result(last_measured_at=None, begins_at=MIDDLE - 10 * DAY)) == []
    (finding,) = key_result_findings(key_result(last_measured_at=None, begins_at=MIDDLE - 11 * DAY))
    assert finding.message == "Check in: no measurement for 11 days, and its cadence is weekly."


def test_a_key_result_with_only_earlier_check_ins_is_silent_since_the_cycle_start() -> None:
    assert key_result_findings(key_result(last_measured_at=OPENING - 30 * DAY, at=OPENING + 5 * DAY)) == []


@pytest.mark.parametrize("state", [KeyResultState.SCORED, KeyResultState.DROPPED])
def test_an_ended_key_result_has_no_findings(state: KeyResultState) -> None:
    assert key_result_findings(key_result(metric=metric(Direction.DONE), state=state)) == []


# ── KPIs ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_well_maintained_kpi_has_no_findings() -> None:
    assert kpi_findings(kpi()) == []


def test_kpi_without_goal() -> None:
    assert rules(kpi_findings(kpi(has_goal=False))) == {"kpi-without-goal"}


def test_kpi_without_owner() -> None:
    assert rules(kpi_findings(kpi(owner=None))) == {"kpi-without-owner"}


@pytest.mark.parametrize(("days", "found"), [(10.5, set()), (10.6, {"kpi-off-cadence"})])
def test_kpi_off_cadence(days: float, found: set[str]) -> None:
    assert rules(kpi_findings(kpi(latest_at=MIDDLE - timedelta(days=days)))) == found


def test_a_kpi_without_readings_is_off_cadence_since_its_definition() -> None:
    assert kpi_findings(kpi(latest_at=None, at=OPENING + 10 * DAY)) == []
    assert rules(kpi_findings(kpi(latest_at=None))) == {"kpi-off-cadence"}


def test_a_retired_kpi_has_no_findings() -> None:
    assert kpi_findings(kpi(retired=True, has_goal=False, owner=None, latest_at=None)) == []


# ── alignment ────────────────────────────────────────────────────────────────────────────────────


def test_alignment_findings_name_the_objective() -> None:
    findings = alignment_findings([
        objective("Customers love us", company_level=True, supports=0),
        objective("Support answers at once", supports=0),
        objective("Launch it", supports_dropped=1),
        objective("Long gone", supports=0, state=ObjectiveState.DROPPED),
    ])  # fmt: skip
    assert [(finding.rule, finding.message.partition("”")[0]) for finding in findings] == [
        ("objective-unaligned", "“Support answers at once"),
        ("objective-supports-dropped", "“Launch it"),
    ]


def test_an_owner_with_too_many_objectives_is_reported_once() -> None:
    many = [objective(f"Goal {letter} of Ada", owner_objectives=7) for letter in "abcdefg"]
    few = [objective("Goal of another", owner=BOB, owner_objectives=1), objective("Goal without an owner", owner=None)]
    assert [finding.rule for finding in alignment_findings(many + few)] == ["owner-with-too-many-objectives"]


# ── the table ────────────────────────────────────────────────────────────────────────────────────

ALL_RULES: list[Rule[Any]] = [*OBJECTIVE_RULES, *ALIGNMENT_RULES, *OWNER_RULES, *KEY_RESULT_RULES, *KPI_RULES]


def test_rule_names_are_stable() -> None:
    assert [rule.name for rule in ALL_RULES] == [
        "objective-has-number",
        "objective-starts-with-deliverable",
        "objective-too-short",
        "objective-too-long",
        "objective-without-owner",
        "objective-without-key-results",
        "objective-with-too-many-key-results",
        "objective-unaligned",
        "objective-supports-dropped",
        "owner-with-too-many-objectives",
        "key-result-not-measurable",
        "key-result-by-milestones",
        "key-result-without-baseline",
        "key-result-due-outside-cycle",
        "key-result-counts-activity",
        "key-result-silent",
        "kpi-without-goal",
        "kpi-without-owner",
        "kpi-off-cadence",
    ]


def test_every_rule_has_a_meaning_and_every_smart_letter_has_a_rule() -> None:
    assert all(rule.meaning.endswith(".") for rule in ALL_RULES)
    assert {rule.serves for rule in ALL_RULES} == set(Smart)


def test_every_message_is_one_sentence() -> None:
    worst = objective("Launch 3", owner=None, key_results=0, supports=0, supports_dropped=1)
    found = [
        *objective_findings(worst),
        *objective_findings(objective("very " * 21, key_results=9, owner_objectives=9)),
        *key_result_findings(key_result("Host it", due=date(2027, 1, 1), last_measured_at=OPENING)),
        *key_result_findings(key_result(metric=metric(Direction.DONE))),
        *kpi_findings(kpi(has_goal=False, owner=None, latest_at=OPENING)),
    ]
    assert len(found) > 12
    assert all(finding.message[-1] in ".?" and ". " not in finding.message for finding in found)
