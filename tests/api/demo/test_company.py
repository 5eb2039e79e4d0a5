"""What the company is made of, and what happens to it: enough of everything to try the product on."""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from api.demo.seasons import Calendar
from domain.primitives.values import Direction, GoalDirection, ReflectionKind, UnitKind
from tests.api.demo.story import TODAY, did, told

CALENDAR = Calendar.of(TODAY)


def added(prefix: str = "") -> dict[str, dict[str, Any]]:
    """The key results of the tables by their names, those of one cycle or of all."""
    return {
        fact["ref"]: fact["input"]
        for fact in told(TODAY)
        if fact["do"] == "addKeyResult" and fact["ref"].startswith(prefix)
    }


def check_ins() -> dict[str, list[dict[str, Any]]]:
    """All check-ins by key result, as facts."""
    found = defaultdict(list)
    for fact in told(TODAY):
        if fact["do"] == "checkIn":
            found[fact["input"]["keyResult"]["ref"]].append(fact)
    return found


def test_forty_people_work_in_twelve_teams_on_three_levels() -> None:
    above = {team["key"]: team.get("parent", {}).get("ref", "").removeprefix("team/") for team in did("formTeam")}
    levels = Counter(sum(1 for _ in _path(team, above)) for team in above)
    assert len(did("addPerson")) == 40
    assert levels == {1: 1, 2: 4, 3: 7}
    assert {one["person"]["ref"] for one in did("joinTeam")} == {f"person:{one['handle']}" for one in did("addPerson")}
    assert all(one["email"].endswith("@example.com") for one in did("addPerson"))


def _path(team: str, above: dict[str, str]) -> Any:
    while team:
        yield team
        team = above[team]


def test_sixty_objectives_are_drafted_or_carried() -> None:
    assert len(did("draftObjective")) + len(did("carryObjective")) == 60
    assert len(added()) == 174


def test_key_results_are_of_all_directions_and_units() -> None:
    metrics = [one["metric"] for one in added().values()]
    assert {metric["direction"] for metric in metrics} == set(Direction)
    assert {metric["unit"]["kind"] for metric in metrics if "unit" in metric} == set(UnitKind)
    assert any("changeBy" in metric and "start" in metric for metric in metrics)
    assert any("changeBy" in metric and "start" not in metric for metric in metrics)
    assert any(
        len({step["weight"] for step in metric["milestones"]}) > 1 for metric in metrics if "milestones" in metric
    )


def test_goals_form_a_tree_from_teams_to_the_company() -> None:
    supported = {above["ref"] for goal in did("draftObjective") for above in goal.get("supports", [])}
    assert {f"{CALENDAR.active.key}/product/o1", f"{CALENDAR.year.key}/kettlewren/o1"} <= supported
    assert supported & added().keys(), "some support a key result"
    assert any(not goal.get("supports") for goal in did("draftObjective")), "one stands alone"


def test_thirty_kpis_watch_with_goals_of_all_kinds() -> None:
    kpis = did("defineKpi")
    assert len(kpis) == 30
    assert {kpi["goal"]["direction"] for kpi in kpis if "goal" in kpi} == set(GoalDirection)
    assert {kpi["cadence"] for kpi in kpis} >= {"DAILY", "WEEKLY", "MONTHLY", "QUARTERLY"}
    assert [kpi["key"] for kpi in kpis if "owner" not in kpi] == ["accessories-share", "carbon-per-bike"]
    assert any("goal" not in kpi for kpi in kpis)
    assert 20 <= sum("kpi" in one for one in added().values()) <= 50


def test_key_results_of_a_kpi_are_checked_in_on_without_a_value() -> None:
    linked = {name for name, one in added().items() if "kpi" in one}
    linked -= {one["keyResult"]["ref"] for one in did("unlinkKpi")}
    said = [fact["input"] for name in linked for fact in check_ins()[name]]
    assert said
    assert all("value" not in one and "confidence" in one for one in said)


def test_readings_are_late_corrected_and_taken_back() -> None:
    batches = [fact for fact in told(TODAY) if fact["do"] == "recordReadings"]
    late = [fact for fact in batches if _days(fact["input"]["readings"][0]["measuredAt"], fact["at"]) > 7]
    assert len(late) == 1
    assert len(late[0]["input"]["readings"]) == 3
    assert (len(did("correctReading")), len(did("retractReading"))) == (3, 1)


def test_an_outage_breaks_the_daily_figures_for_three_days() -> None:
    payments = {
        datetime.fromisoformat(reading["measuredAt"]).date(): reading["value"]
        for batch in did("recordReadings")
        for reading in batch["readings"]
        if reading["kpi"]["key"] == "payment-success"
    }
    broken = sorted(day for day, value in payments.items() if value < 80)
    assert broken == [broken[0] + timedelta(days=passed) for passed in range(3)]


def test_a_kpi_is_no_longer_read_and_another_never_was() -> None:
    last: dict[str, str] = {}
    for batch in did("recordReadings"):
        last |= {reading["kpi"]["key"]: reading["measuredAt"] for reading in batch["readings"]}
    assert _days(last["accessories-share"], str(TODAY)) > 60
    assert "carbon-per-bike" not in last


def test_some_say_that_they_are_sure_until_they_miss_and_some_the_other_way_round() -> None:
    stated = {
        name: [fact["input"]["confidence"] for fact in facts if "confidence" in fact["input"]]
        for name, facts in check_ins().items()
        if name.startswith(CALENDAR.closed.key)
    }
    assert min(stated[f"{CALENDAR.closed.key}/checkout/o1/kr3"]) >= 0.75
    assert max(stated[f"{CALENDAR.closed.key}/platform/o1/kr3"]) <= 0.7


def test_some_key_results_are_silent_for_weeks() -> None:
    gaps = [
        _days(one["at"], next_one["at"])
        for name, facts in check_ins().items()
        if name.startswith(CALENDAR.closed.key)
        for one, next_one in pairwise(facts)
    ]
    assert sum(gap > 21 for gap in gaps) >= 4


def test_goalposts_move_for_reasons_of_both_kinds() -> None:
    moved = ("retargetKeyResult", "rescheduleKeyResult", "reweighKeyResult")
    reasons = [fact["reason"] for fact in told(TODAY) if fact["do"] in moved]
    assert len(reasons) == len(set(reasons)) >= 9


def test_key_results_come_and_go_in_the_middle_of_a_quarter() -> None:
    for season in (CALENDAR.closed, CALENDAR.active):
        begun = f"{season.running.at(0.02):%Y-%m-%dT%H:%M:%SZ}"
        late = [fact for fact in told(TODAY) if fact.get("ref") in added(season.key) and fact["at"] > begun]
        assert len(late) >= 3
        dropped = [one["keyResult"]["ref"] for one in did("dropKeyResult")]
        assert any(name.startswith(season.key) for name in dropped)


def test_an_objective_is_added_late_another_dropped_and_one_reopened() -> None:
    added_late = {fact["ref"] for fact in told(TODAY) if fact["do"] == "draftObjective"} & {
        one["objective"]["ref"] for one in did("commitObjective")
    }
    reopened = did("reopenObjective")[0]["objective"]["ref"]
    assert added_late == {f"{CALENDAR.closed.key}/delivery/o3"}
    assert len(did("dropObjective")) == 1
    assert [one["objective"]["ref"] for one in did("closeObjective")].count(reopened) == 2


def test_late_facts_about_the_closed_quarter_say_why() -> None:
    closing = next(fact["at"] for fact in told(TODAY) if fact["do"] == "closeCycle" and _is_quarter(fact))
    late = [
        fact
        for fact in told(TODAY)
        if fact["at"] > closing and fact["do"] in ("checkIn", "correctCheckIn") and CALENDAR.closed.key in str(fact)
    ]
    assert Counter(fact["do"] for fact in late) == {"checkIn": 3, "correctCheckIn": 1}
    assert all(fact["reason"] for fact in late)


def _is_quarter(fact: dict[str, Any]) -> bool:
    return bool(fact["input"]["cycle"]["key"] == CALENDAR.closed.key)


@pytest.mark.parametrize("about", [CALENDAR.closed.key, f"{CALENDAR.closed.key}/checkout/o1"])
def test_the_closed_quarter_is_reflected_on_as_a_whole_and_by_goal(about: str) -> None:
    kinds = {one["kind"] for one in did("reflect") if one["subject"]["ref"] == about}
    assert kinds >= set(ReflectionKind) - {ReflectionKind.NEXT}
    assert ReflectionKind.NEXT in {one["kind"] for one in did("reflect")}


def test_initiatives_move_and_colleagues_talk() -> None:
    assert len(did("planInitiative")) >= 20
    assert {one["to"] for one in did("moveInitiative")} == {"DOING", "DONE", "CANCELLED"}
    said = [one["body"] for one in did("addComment")]
    assert len(said) == len(set(said)) >= 80


def test_the_company_itself_changes() -> None:
    for verb in ("renameTeam", "moveTeam", "appointLead", "adoptScoringPolicy", "deactivatePerson"):
        assert [fact["reason"] for fact in told(TODAY) if fact["do"] == verb] != []


def _days(earlier: str, later: str) -> float:
    passed = datetime.fromisoformat(later[:10]) - datetime.fromisoformat(earlier[:10])
    return passed / timedelta(days=1)
