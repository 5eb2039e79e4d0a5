"""The demo company has enough of everything to try the product."""

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from api.demo.measures import WEEKLY
from api.demo.readings import Figures
from api.demo.seasons import Calendar
from domain.primitives.values import Direction, GoalDirection, ReflectionKind, UnitKind
from tests.api.demo.story import TODAY, inputs_of, story_facts

CALENDAR = Calendar.of(TODAY)


def added(prefix: str = "") -> dict[str, dict[str, Any]]:
    """The added key results by ref, of one cycle or of all."""
    return {
        fact["ref"]: fact["input"]
        for fact in story_facts(TODAY)
        if fact["do"] == "addKeyResult" and fact["ref"].startswith(prefix)
    }


def check_ins() -> dict[str, list[dict[str, Any]]]:
    """All check-ins by key result, as facts."""
    found = defaultdict(list)
    for fact in story_facts(TODAY):
        if fact["do"] == "checkIn":
            found[fact["input"]["keyResult"]["ref"]].append(fact)
    return found


def test_demo_has_forty_people_in_twelve_teams_on_three_levels() -> None:
    above = {team["key"]: team.get("parent", {}).get("ref", "").removeprefix("team/") for team in inputs_of("formTeam")}
    levels = Counter(sum(1 for _ in _path(team, above)) for team in above)
    assert len(inputs_of("addPerson")) == 40
    assert levels == {1: 1, 2: 4, 3: 7}
    assert {one["person"]["ref"] for one in inputs_of("joinTeam")} == {
        f"person:{one['handle']}" for one in inputs_of("addPerson")
    }
    assert all(one["email"].endswith("@example.com") for one in inputs_of("addPerson"))


def _path(team: str, above: dict[str, str]) -> Any:
    while team:
        yield team
        team = above[team]


def test_eighty_two_objectives_are_drafted_or_carried() -> None:
    assert len(inputs_of("draftObjective")) + len(inputs_of("carryObjective")) == 82
    assert len(added()) == 233


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
    supported = {above["ref"] for goal in inputs_of("draftObjective") for above in goal.get("supports", [])}
    assert {f"{CALENDAR.active.key}/product/o1", f"{CALENDAR.year.key}/kettlewren/o1"} <= supported
    assert supported & added().keys(), "some goals support a key result"
    assert any(not goal.get("supports") for goal in inputs_of("draftObjective")), "one goal supports nothing"


def test_demo_has_thirty_five_kpis_with_goals_of_all_kinds() -> None:
    kpis = inputs_of("defineKpi")
    assert len(kpis) == 35
    assert {kpi["goal"]["direction"] for kpi in kpis if "goal" in kpi} == set(GoalDirection)
    assert {kpi["cadence"] for kpi in kpis} >= {"DAILY", "WEEKLY", "MONTHLY", "QUARTERLY"}
    assert [kpi["key"] for kpi in kpis if "owner" not in kpi] == ["accessories-share", "carbon-per-bike"]
    assert any("goal" not in kpi for kpi in kpis)
    assert 40 <= sum("kpi" in one for one in added().values()) <= 70


def test_check_ins_of_linked_key_results_have_no_value() -> None:
    linked = {name for name, one in added().items() if "kpi" in one}
    linked -= {one["keyResult"]["ref"] for one in inputs_of("unlinkKpi")}
    recorded_values = [fact["input"] for name in linked for fact in check_ins()[name]]
    assert recorded_values
    assert all("value" not in one and "confidence" in one for one in recorded_values)


def test_demo_has_late_corrected_and_retracted_readings() -> None:
    batches = [fact for fact in story_facts(TODAY) if fact["do"] == "recordReadings"]
    late = [fact for fact in batches if _days(fact["input"]["readings"][0]["measuredAt"], fact["at"]) > 7]
    assert len(late) == 1
    assert len(late[0]["input"]["readings"]) == 3
    assert (len(inputs_of("correctReading")), len(inputs_of("retractReading"))) == (3, 1)


def test_outage_breaks_the_daily_kpi_for_three_days() -> None:
    payments = {
        datetime.fromisoformat(reading["measuredAt"]).date(): reading["value"]
        for batch in inputs_of("recordReadings")
        for reading in batch["readings"]
        if reading["kpi"]["key"] == "payment-success"
    }
    broken = sorted(day for day, value in payments.items() if value < 80)
    assert broken == [broken[0] + timedelta(days=passed) for passed in range(3)]


def test_demo_has_a_stale_kpi_and_one_without_readings() -> None:
    last: dict[str, str] = {}
    for batch in inputs_of("recordReadings"):
        last |= {reading["kpi"]["key"]: reading["measuredAt"] for reading in batch["readings"]}
    assert _days(last["accessories-share"], str(TODAY)) > 60
    assert "carbon-per-bike" not in last


def test_demo_has_overconfident_and_underconfident_key_results() -> None:
    stated = {
        name: [fact["input"]["confidence"] for fact in facts if "confidence" in fact["input"]]
        for name, facts in check_ins().items()
        if name.startswith(CALENDAR.closed.key)
    }
    assert min(stated[f"{CALENDAR.closed.key}/checkout/o1/kr3"]) >= 0.75
    assert max(stated[f"{CALENDAR.closed.key}/platform/o1/kr3"]) <= 0.7


def test_some_key_results_have_no_check_ins_for_weeks() -> None:
    gaps = [
        _days(one["at"], next_one["at"])
        for name, facts in check_ins().items()
        if name.startswith(CALENDAR.closed.key)
        for one, next_one in pairwise(facts)
    ]
    assert sum(gap > 21 for gap in gaps) >= 4


def test_goalposts_move_with_distinct_reasons() -> None:
    moved = ("retargetKeyResult", "rescheduleKeyResult", "planKeyResult", "reweighKeyResult")
    reasons = [fact["reason"] for fact in story_facts(TODAY) if fact["do"] in moved]
    assert len(reasons) == len(set(reasons)) >= 9


def test_key_results_are_added_and_dropped_within_a_quarter() -> None:
    for season in (CALENDAR.closed, CALENDAR.active):
        begun = f"{season.running.at(0.02):%Y-%m-%dT%H:%M:%SZ}"
        late = [fact for fact in story_facts(TODAY) if fact.get("ref") in added(season.key) and fact["at"] > begun]
        assert len(late) >= 3
        dropped = [one["keyResult"]["ref"] for one in inputs_of("dropKeyResult")]
        assert any(name.startswith(season.key) for name in dropped)


def test_objectives_are_added_late_dropped_and_reopened() -> None:
    added_late = {fact["ref"] for fact in story_facts(TODAY) if fact["do"] == "draftObjective"} & {
        one["objective"]["ref"] for one in inputs_of("commitObjective")
    }
    reopened = inputs_of("reopenObjective")[0]["objective"]["ref"]
    assert added_late == {f"{CALENDAR.closed.key}/delivery/o3", f"{CALENDAR.active.key}/workshop/o4"}
    assert len(inputs_of("dropObjective")) == 1
    assert [one["objective"]["ref"] for one in inputs_of("closeObjective")].count(reopened) == 2


def test_late_facts_of_the_closed_quarter_have_a_reason() -> None:
    closing = next(fact["at"] for fact in story_facts(TODAY) if fact["do"] == "closeCycle" and _is_quarter(fact))
    late = [
        fact
        for fact in story_facts(TODAY)
        if fact["at"] > closing and fact["do"] in ("checkIn", "correctCheckIn") and CALENDAR.closed.key in str(fact)
    ]
    assert Counter(fact["do"] for fact in late) == {"checkIn": 3, "correctCheckIn": 1}
    assert all(fact["reason"] for fact in late)


def test_each_quarter_has_committed_and_aspirational_goals() -> None:
    for quarter in CALENDAR.quarters:
        kinds = Counter(
            fact["input"]["kind"]
            for fact in story_facts(TODAY)
            if fact["do"] == "draftObjective" and fact["input"]["cycle"]["key"] == quarter.key
        )
        assert kinds["COMMITTED"] >= 4
        assert kinds["ASPIRATIONAL"] >= 4


def test_note_explains_every_weekly_reading_that_is_worse_than_the_one_before() -> None:
    figures = Figures(CALENDAR, 2026)
    noted = {
        (reading["kpi"]["key"], reading["measuredAt"][:10]): reading.get("note")
        for batch in inputs_of("recordReadings")
        for reading in batch["readings"]
    }
    shares = next(measure for measure in WEEKLY if measure.key == "repeat-share")
    mondays = [date.fromisoformat(day) for key, day in noted if key == "repeat-share"]
    worse = [day for day in mondays if figures.at(shares, day) < figures.at(shares, day - timedelta(days=7))]
    assert worse
    assert all(noted["repeat-share", day.isoformat()] for day in worse)


def _is_quarter(fact: dict[str, Any]) -> bool:
    return bool(fact["input"]["cycle"]["key"] == CALENDAR.closed.key)


@pytest.mark.parametrize("about", [CALENDAR.closed.key, f"{CALENDAR.closed.key}/checkout/o1"])
def test_closed_quarter_and_its_goal_have_reflections(about: str) -> None:
    kinds = {one["kind"] for one in inputs_of("reflect") if one["subject"]["ref"] == about}
    assert kinds >= set(ReflectionKind) - {ReflectionKind.NEXT}
    assert ReflectionKind.NEXT in {one["kind"] for one in inputs_of("reflect")}


def test_demo_has_initiatives_and_comments() -> None:
    assert len(inputs_of("planInitiative")) >= 20
    assert {one["to"] for one in inputs_of("moveInitiative")} == {"DOING", "DONE", "CANCELLED"}
    recorded_values = [one["body"] for one in inputs_of("addComment")]
    assert len(recorded_values) == len(set(recorded_values)) >= 80


def test_teams_and_people_change() -> None:
    for verb in ("renameTeam", "moveTeam", "appointLead", "adoptScoringPolicy", "deactivatePerson"):
        assert [fact["reason"] for fact in story_facts(TODAY) if fact["do"] == verb] != []


def _days(earlier: str, later: str) -> float:
    passed = datetime.fromisoformat(later[:10]) - datetime.fromisoformat(earlier[:10])
    return passed / timedelta(days=1)
