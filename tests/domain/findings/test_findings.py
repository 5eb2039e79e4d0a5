"""The findings on written goals: one test for each rule, with and without a finding."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.findings.finding_rule import Finding, Severity, Smart
from domain.findings.findings import (
    RULES,
    FindingCount,
    alignment_findings,
    counts,
    key_result_findings,
    kpi_findings,
    objective_findings,
    selected,
)
from domain.findings.key_result_rules import WrittenKeyResult
from domain.findings.kpi_rules import WrittenFormula, WrittenKpi
from domain.findings.objective_rules import WrittenObjective
from domain.metrics.rating import Health
from domain.metrics.worked.kpi_formulas import Gap
from domain.primitives.errors import Code, CommandRejected
from domain.primitives.values import (
    Cadence,
    Direction,
    KeyResultState,
    Metric,
    ObjectiveState,
    PlanPoint,
    Unit,
    UnitKind,
)
from tests.domain.metrics.builders import (
    CLOSING,
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
        "due_at": CLOSING,
        "cadence": Cadence.WEEKLY,
        "at": MIDDLE,
        "health": Health.ON_TRACK,
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


@pytest.mark.parametrize(
    "title",
    ["Customers build on us", "Become the place to work", "Our writing convinces", "Shipping feels instant everywhere",
     "Design that delights children", "Hire slowly, settle quickly"],
)  # fmt: skip
def test_outcomes_are_not_deliverables(title: str) -> None:
    assert objective_findings(objective(title)) == []


@pytest.mark.parametrize(
    "title",
    ["Improve our documentation", "Significantly improve the engineering workflow", "Enhance customer satisfaction",
     "Be a better company", "Get better at hiring", "Improving quality across all products", "Optimise our processes"],
)  # fmt: skip
def test_objective_vague(title: str) -> None:
    (finding,) = objective_findings(objective(title))
    assert (finding.rule, finding.serves) == ("objective-vague", Smart.SPECIFIC)


@pytest.mark.parametrize(
    "title",
    ["Improve documentation so that people help themselves", "A better first day for new colleagues",
     "Improve how customers find answers", "Buying feels better than browsing", "Riders bring riders",
     "Improve the response time of search until it feels instant", "Better answers before people ask twice",
     "Enhance the shop where visitors give up", "Verbessern wir, was Kunden stört", "Améliorer la vie des clients"],
)  # fmt: skip
def test_an_improvement_with_what_changes_for_whom_is_not_vague(title: str) -> None:
    assert objective_findings(objective(title)) == []


@pytest.mark.parametrize(("count", "found"), [(0, set()), (1, {"objective-title-repeated"})])
def test_objective_title_repeated(count: int, found: set[str]) -> None:
    assert rules(objective_findings(objective(same_titles=count))) == found


@pytest.mark.parametrize(("count", "found"), [(1, True), (2, True), (3, False), (20, False)])
def test_objective_too_short(count: int, found: bool) -> None:
    assert rules(objective_findings(objective("happy " * count))) == ({"objective-too-short"} if found else set())


def test_objective_too_long() -> None:
    assert rules(objective_findings(objective("happy " * 21))) == {"objective-too-long"}


def test_objective_without_owner() -> None:
    assert rules(objective_findings(objective(owner=None))) == {"objective-without-owner"}


def test_objective_owner_left() -> None:
    assert rules(objective_findings(objective(owner_left=True))) == {"objective-owner-left"}


def test_objective_team_disbanded() -> None:
    assert rules(objective_findings(objective(team_disbanded=True))) == {"objective-team-disbanded"}


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
        ("Interview 21 customers", "customers"), ("Interview customers", "customers"),
        ("Customer interviews", ""), ("Visits to customers", "visits"), ("Repair guides published", "guides"),
        ("Run that workshop at least once", "times"), ("Releases a week", "releases"),
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
        ("Shops that let us talk to customers", FROM_0_TO_100),
    ],
)
def test_outcomes_are_not_activities(title: str, given: Metric) -> None:
    assert key_result_findings(key_result(title, metric=given)) == []


@pytest.mark.parametrize(
    ("title", "symbol"),
    [
        ("Visits to the shop a week", "visits"), ("Sessions that use the fit finder", "sessions"),
        ("Webinar attendees", ""), ("Newsletter sign-ups from guides", "sign-ups"), ("Demos booked by customers", ""),
        ("Posts by members of the forum", "posts"), ("Support calls resolved at once", "calls"),
        ("Contact form submissions", ""), ("Guests at our meetups", ""), ("Reach 100 subscribers", "subscribers"),
        ("Survey responses", ""), ("Articles read per visit", "articles"), ("Training places taken", "places"),
        ("Emails opened", "emails"),
        ("Train tickets sold", ""), ("Publishing houses on board", ""), ("Call centre answers", ""),
        ("Participants in workshops", "participants"),
    ],
)  # fmt: skip
def test_what_customers_do_is_not_an_activity(title: str, symbol: str) -> None:
    counted = metric(Direction.INCREASE, start=0, target=100, unit=Unit(UnitKind.NUMBER, symbol))
    assert key_result_findings(key_result(title, metric=counted)) == []


@pytest.mark.parametrize(("change_by", "found"), [(5, set()), (5.1, {"key-result-change-too-large"})])
def test_key_result_change_too_large(change_by: float, found: set[str]) -> None:
    more = metric(Direction.INCREASE, start=10, change_by=change_by)
    less = metric(Direction.DECREASE, start=10, change_by=-change_by)
    assert rules(key_result_findings(key_result(metric=more))) == found
    assert rules(key_result_findings(key_result(metric=less))) == found


@pytest.mark.parametrize(
    ("shape", "value"),
    [
        ({"direction": Direction.INCREASE, "start": 0.2, "target": 25}, None),
        ({"direction": Direction.DECREASE, "start": 30, "target": 0.1}, None),
        ({"direction": Direction.INCREASE, "start": 20, "target": 60}, 0.42),
        ({"direction": Direction.WITHIN, "start": 0.7, "lower": 74, "upper": 88}, None),
    ],
)
def test_key_result_mixes_percentages_and_shares(shape: dict[str, Any], value: float | None) -> None:
    percent = metric(unit=Unit(UnitKind.PERCENT, "%"), **shape)
    found = rules(key_result_findings(key_result(metric=percent, value=value)))
    assert found == {"key-result-mixes-percentages-and-shares"}


@pytest.mark.parametrize(
    ("kind", "start", "target", "value"),
    [
        (UnitKind.PERCENT, 0.45, 0.35, 0.4), (UnitKind.PERCENT, 2, 0.5, 1.2), (UnitKind.PERCENT, 60, 20, 0),
        (UnitKind.NUMBER, 30, 0.2, 4), (UnitKind.PERCENT, 60, 20, None),
    ],
)  # fmt: skip
def test_small_percentages_of_one_scale_are_not_mixed(
    kind: UnitKind, start: float, target: float, value: float | None
) -> None:
    small = metric(Direction.DECREASE, start=start, target=target, unit=Unit(kind, "%"))
    assert key_result_findings(key_result(metric=small, value=value)) == []


def test_a_share_of_a_key_result_without_a_goal_is_not_mixed() -> None:
    done = metric(Direction.DONE, unit=Unit(UnitKind.PERCENT, "%"))
    assert "key-result-mixes-percentages-and-shares" not in rules(
        key_result_findings(key_result(metric=done, value=0.5))
    )


def test_key_result_unit_changed() -> None:
    assert rules(key_result_findings(key_result(unit_changed=True))) == {"key-result-unit-changed"}


def test_key_result_title_names_other_amount() -> None:
    grown = metric(Direction.INCREASE, start=100, target=250, unit=Unit(UnitKind.NUMBER, "customers"))
    (finding,) = key_result_findings(key_result("From 100 to 300 customers", metric=grown))
    assert finding.rule == "key-result-title-names-other-amount"
    assert finding.message == "The title says “300”, but the metric's goal is 250 customers: correct one."
    assert key_result_findings(key_result("From 100 to 250 customers", metric=grown)) == []


def test_key_result_owner_left() -> None:
    assert rules(key_result_findings(key_result(owner_left=True))) == {"key-result-owner-left"}


@pytest.mark.parametrize("health", Health)
def test_key_result_silent(health: Health) -> None:
    found = rules(key_result_findings(key_result(health=health)))
    assert found == ({"key-result-silent"} if health is Health.OUTDATED else set())


@pytest.mark.parametrize(
    ("measured", "at", "days"),
    [(MIDDLE - 11 * DAY, MIDDLE, 11), (None, OPENING + 12 * DAY, 12), (CLOSING - 20 * DAY, CLOSING + 30 * DAY, 20)],
    ids=["since the last measurement", "since its beginning", "until the end of the due day"],
)
def test_the_days_of_silence_are_counted(measured: datetime | None, at: datetime, days: int) -> None:
    (finding,) = key_result_findings(key_result(health=Health.OUTDATED, last_measured_at=measured, at=at))
    assert finding.message == f"Check in: no measurement for {days} days, and its cadence is weekly."


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


def test_kpi_owner_left() -> None:
    assert rules(kpi_findings(kpi(owner_left=True))) == {"kpi-owner-left"}


def test_kpi_team_disbanded() -> None:
    assert rules(kpi_findings(kpi(team_disbanded=True))) == {"kpi-team-disbanded"}


@pytest.mark.parametrize(("count", "found"), [(10, set()), (11, {"owner-with-too-many-kpis"})])
def test_owner_with_too_many_kpis(count: int, found: set[str]) -> None:
    assert rules(kpi_findings(kpi(owner_kpis=count))) == found


def formula(gap: Gap | None = None, **given: Any) -> WrittenFormula:
    return WrittenFormula(last_day=date(2026, 1, 31), gap=gap, **given)


def test_formula_with_coarser_input() -> None:
    found = kpi_findings(kpi(formula=formula(Gap.COARSER_INPUT, coarser=("orders", "visits"))))
    assert rules(found) == {"formula-with-coarser-input"}
    assert "'orders' and 'visits' less often" in found[0].message


def test_formula_with_retired_input() -> None:
    assert rules(kpi_findings(kpi(formula=formula(retired=("orders",))))) == {"formula-with-retired-input"}


@pytest.mark.parametrize("gap", [Gap.NO_READING, Gap.DIVISION_BY_ZERO])
def test_formula_without_value(gap: Gap) -> None:
    found = kpi_findings(kpi(formula=formula(gap, unread=("visits",))))
    assert rules(found) == {"formula-without-value"}
    assert "until 2026-01-31" in found[0].message


def test_formula_has_a_value_and_no_finding_of_its_cadence() -> None:
    assert kpi_findings(kpi(formula=formula(), latest_at=None, defined_at=OPENING)) == []


def test_kpi_unit_changed() -> None:
    assert rules(kpi_findings(kpi(unit_changed=True))) == {"kpi-unit-changed"}


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


# ── plans ────────────────────────────────────────────────────────────────────────────────────────


def test_a_plan_against_the_direction_has_a_finding() -> None:
    plan = [PlanPoint(date(2026, 2, 1), 60.0), PlanPoint(date(2026, 3, 1), 40.0), PlanPoint(QUARTER_END, 100.0)]
    (found,) = key_result_findings(key_result(plan=tuple(plan)))
    assert (found.rule, found.severity) == ("key-result-planned-against-direction", Severity.INFO)
    assert "goes back to 40 on 2026-03-01" in found.message
    assert key_result_findings(key_result(plan=(plan[0], plan[2]))) == []


def test_a_plan_that_ended_has_a_finding() -> None:
    assert rules(key_result_findings(key_result(plan_ended=True))) == {"key-result-plan-ended"}


# ── the table ────────────────────────────────────────────────────────────────────────────────────


def test_rule_names_are_stable() -> None:
    assert [rule.name for rule in RULES] == [
        "objective-has-number",
        "objective-starts-with-deliverable",
        "objective-vague",
        "objective-too-short",
        "objective-too-long",
        "objective-title-repeated",
        "objective-without-owner",
        "objective-owner-left",
        "objective-team-disbanded",
        "objective-without-key-results",
        "objective-with-too-many-key-results",
        "objective-unaligned",
        "objective-supports-dropped",
        "owner-with-too-many-objectives",
        "key-result-not-measurable",
        "key-result-by-milestones",
        "key-result-without-baseline",
        "key-result-change-too-large",
        "key-result-mixes-percentages-and-shares",
        "key-result-unit-changed",
        "key-result-title-names-other-amount",
        "key-result-counts-activity",
        "key-result-due-outside-cycle",
        "key-result-planned-against-direction",
        "key-result-plan-ended",
        "key-result-silent",
        "key-result-owner-left",
        "kpi-without-goal",
        "kpi-without-owner",
        "kpi-owner-left",
        "kpi-team-disbanded",
        "owner-with-too-many-kpis",
        "kpi-off-cadence",
        "kpi-unit-changed",
        "formula-with-coarser-input",
        "formula-with-retired-input",
        "formula-without-value",
    ]


def test_every_rule_has_a_meaning_and_every_smart_letter_has_a_rule() -> None:
    assert all(rule.meaning.endswith(".") for rule in RULES)
    assert {rule.serves for rule in RULES} == set(Smart)


def worst() -> list[Finding]:
    """At least one finding of every rule."""
    left: dict[str, Any] = {"owner_left": True, "team_disbanded": True}
    unit = Unit(UnitKind.PERCENT, "%")
    metrics = [
        metric(Direction.DONE), MILESTONES, metric(Direction.AT_LEAST, target=90, unit=unit),
        metric(Direction.INCREASE, start=0.5, change_by=200, unit=unit), metric(Direction.INCREASE, start=0, target=9),
    ]  # fmt: skip
    aside: dict[str, Any] = {"due": date(2027, 1, 1), "health": Health.OUTDATED, "owner_left": True, "value": 0.4}
    plan = (PlanPoint(date(2026, 2, 1), -1.0),)
    return [
        *objective_findings(objective("Launch 3", owner=None, key_results=0, supports=0, supports_dropped=1)),
        *objective_findings(objective("very " * 21, key_results=9, owner_objectives=9, same_titles=1, **left)),
        *objective_findings(objective("Improve documentation")),
        *[
            found
            for one in metrics
            for found in key_result_findings(key_result("Host 50 % of 3", metric=one, unit_changed=True, **aside))
        ],
        *key_result_findings(key_result(plan=plan, plan_ended=True)),
        *kpi_findings(kpi(has_goal=False, owner=None, latest_at=OPENING, owner_kpis=11, unit_changed=True, **left)),
        *kpi_findings(kpi(formula=formula(Gap.NO_READING, unread=("a", "b"), coarser=("c",), retired=("a",)))),
    ]


def test_every_rule_has_a_finding_whose_message_is_one_sentence() -> None:
    assert rules(worst()) == {rule.name for rule in RULES}
    assert all(finding.message[-1] in ".?" and ". " not in finding.message for finding in worst())


# ── filters and counts ───────────────────────────────────────────────────────────────────────────


def test_findings_are_filtered_by_rule_and_least_severity() -> None:
    found = worst()
    assert selected(found) == found
    assert rules(selected(found, ["kpi-without-goal", "objective-vague"])) == {"kpi-without-goal", "objective-vague"}
    assert selected(found, []) == []
    assert {one.severity for one in selected(found, severity=Severity.WARNING)} == {Severity.WARNING, Severity.ERROR}
    assert rules(selected(found, severity=Severity.ERROR)) == {
        "objective-without-key-results", "key-result-unit-changed", "kpi-unit-changed",
        "formula-with-coarser-input",
    }  # fmt: skip
    assert selected(found, ["objective-vague"], Severity.WARNING) == []


def test_a_filter_by_an_unknown_rule_is_refused() -> None:
    with pytest.raises(CommandRejected) as refused:
        selected([], ["objective-vauge"])
    assert refused.value.code is Code.INVALID
    assert "“objective-vauge”" in str(refused.value) and "objective-vague" in str(refused.value)


def test_findings_are_counted_by_rule_in_the_order_of_the_rules() -> None:
    assert counts(worst()[::-1])[0] == FindingCount("objective-has-number", Severity.WARNING, 1)
    assert sum(one.count for one in counts(worst())) == len(worst())
    names = [one.rule for one in counts(worst())]
    assert names == [rule.name for rule in RULES]
    assert counts([]) == []
