"""The findings on goals and KPIs: what the rules read, their filters and their counts."""

from typing import Any

import pytest

from domain.commands.cycle_commands import OpenCycle
from domain.commands.key_result_commands import AssignKeyResult
from domain.commands.kpi_commands import DefineKpi
from domain.commands.objective_commands import DropObjective
from domain.commands.people_commands import AddPerson, DeactivatePerson, DisbandTeam, FormTeam
from domain.findings.kpi_rules import KPIS_PER_OWNER_MAX
from domain.primitives.values import Direction, Metric, Unit, UnitKind
from tests.api.schema import goals
from tests.api.schema.goals import day
from tests.asking import AskedWorld

LOVED = "People love to come back"


@pytest.fixture
def cycle(world: AskedWorld) -> AskedWorld:
    goals.cycle(world)
    return world


def rules(world: AskedWorld, **variables: Any) -> dict[str, list[str]]:
    """The names of the findings of every objective, by title."""
    query = """query($rules: [String!], $severity: Severity) {
        objectives { nodes { title quality(rules: $rules, severity: $severity) { rule } } } }"""
    nodes = world.ask(query, **variables)["objectives"]["nodes"]
    found: dict[str, list[str]] = {node["title"]: [] for node in nodes}
    for node in nodes:
        found[node["title"]] += [one["rule"] for one in node["quality"]]
    return found


def test_the_same_title_twice_in_a_team_and_cycle_is_found(cycle: AskedWorld) -> None:
    team = cycle.record(FormTeam(key="shop", name="Shop", effective_at=day(0)))
    goals.objective(cycle, LOVED, team=team)
    assert rules(cycle, rules=["objective-title-repeated"]) == {LOVED: []}
    twin = goals.objective(cycle, "people LOVE, to come back.", team=team)
    goals.objective(cycle, LOVED)
    only = ["objective-title-repeated"]
    assert rules(cycle, rules=only) == {LOVED: only, "people LOVE, to come back.": only}
    cycle.do(DropObjective(objective=twin, reason="It was there already.", effective_at=day(1)))
    assert rules(cycle, rules=only) == {LOVED: [], "people LOVE, to come back.": []}


def test_owners_who_left_and_disbanded_teams_are_found(cycle: AskedWorld) -> None:
    team = cycle.record(FormTeam(key="shop", name="Shop", effective_at=day(0)))
    bob = cycle.record(AddPerson(handle="bob", name="Bob", effective_at=day(0)))
    objective = goals.objective(cycle, LOVED, team=team, owner=bob)
    result = goals.key_result(cycle, objective)
    cycle.do(AssignKeyResult(key_result=result, owner=bob, effective_at=day(0)))
    cycle.do(DefineKpi(key="orders", name="Orders", owner=bob, team=team, effective_at=day(0)))
    cycle.do(DeactivatePerson(person=bob, effective_at=day(1)))
    cycle.do(DisbandTeam(team=team, effective_at=day(1)))
    query = """{ objectives { nodes { quality { rule } keyResults { quality { rule } } } }
        kpis { nodes { quality { rule } } } }"""
    found = cycle.ask(query)
    (shown,), (kpi,) = found["objectives"]["nodes"], found["kpis"]["nodes"]
    names = [{one["rule"] for one in of["quality"]} for of in (shown, *shown["keyResults"], kpi)]
    assert names[0] >= {"objective-owner-left", "objective-team-disbanded"}
    assert "key-result-owner-left" in names[1]
    assert names[2] >= {"kpi-owner-left", "kpi-team-disbanded"}
    then = cycle.ask(f'{{ asOf(at: "{day(0.5).isoformat()}") {query} }}')["asOf"]["objectives"]["nodes"]
    assert [one["rule"] for one in then[0]["quality"]] == []


def test_too_many_kpis_of_one_owner_are_found(cycle: AskedWorld) -> None:
    bob, eve = (cycle.record(AddPerson(handle=name, name=name, effective_at=day(0))) for name in ("bob", "eve"))
    query = '{ kpis(first: 50) { nodes { owner { handle } quality(rules: ["owner-with-too-many-kpis"]) { rule } } } }'
    for number in range(KPIS_PER_OWNER_MAX):
        cycle.do(DefineKpi(key=f"k{number}", name="Orders", owner=bob, effective_at=day(0)))
    cycle.do(DefineKpi(key="eve", name="Visits", owner=eve, effective_at=day(0)))
    assert all(node["quality"] == [] for node in cycle.ask(query)["kpis"]["nodes"])
    cycle.do(DefineKpi(key="one-more", name="Orders", owner=bob, effective_at=day(0)))
    for node in cycle.ask(query)["kpis"]["nodes"]:
        assert len(node["quality"]) == (node["owner"]["handle"] == "bob")


def test_a_value_on_another_scale_is_found(cycle: AskedWorld) -> None:
    percent = Metric(Direction.INCREASE, Unit(UnitKind.PERCENT, "%"), start=20, target=60)
    result = goals.key_result(cycle, goals.objective(cycle), metric=percent)
    query = """{ objectives { nodes { keyResults { quality(rules: ["key-result-mixes-percentages-and-shares"])
        { severity serves message } } } } }"""
    assert cycle.ask(query)["objectives"]["nodes"][0]["keyResults"] == [{"quality": []}]
    goals.check_in(cycle, result, 0.42, 3)
    message = "0.42 % beside 60 %: write 40 % as 40 everywhere, not as 0.4."
    found = {"severity": "WARNING", "serves": "MEASURABLE", "message": message}
    assert cycle.ask(query)["objectives"]["nodes"][0]["keyResults"] == [{"quality": [found]}]


# ── filters and counts ───────────────────────────────────────────────────────────────────────────


def test_findings_are_filtered_by_rule_and_least_severity(cycle: AskedWorld) -> None:
    goals.objective(cycle, "Improve documentation")
    title = "Improve documentation"
    assert rules(cycle) == {
        title: [
            "objective-vague", "objective-too-short", "objective-without-owner", "objective-without-key-results",
        ]
    }  # fmt: skip
    assert rules(cycle, severity="WARNING") == {title: ["objective-without-owner", "objective-without-key-results"]}
    assert rules(cycle, severity="ERROR") == {title: ["objective-without-key-results"]}
    assert rules(cycle, rules=["objective-vague", "kpi-without-goal"]) == {title: ["objective-vague"]}
    assert rules(cycle, rules=["objective-vague"], severity="WARNING") == {title: []}


def test_an_unknown_rule_is_invalid(cycle: AskedWorld) -> None:
    goals.objective(cycle)
    query = '{ objectives { nodes { quality(rules: ["objective-vauge"]) { rule } } } }'
    assert cycle.refused(query) == ("INVALID", ["rules"])


def test_findings_are_counted_over_a_cycle_an_objective_and_a_map(cycle: AskedWorld) -> None:
    for title in ("Improve documentation", "Enhance documentation"):
        objective = goals.objective(cycle, title)
        goals.key_result(cycle, objective, "Hold 100 meetings")
        goals.key_result(cycle, objective, "Hold 100 workshops")
    dropped = goals.objective(cycle, "Improve everything")
    cycle.do(DropObjective(objective=dropped, reason="Too vague.", effective_at=day(1)))
    cycle.do(OpenCycle(key="next", name="Next", starts_on=goals.Q2, ends_on=goals.Q2, effective_at=day(0)))
    only = '(rules: ["key-result-counts-activity", "objective-vague"])'
    query = f"""{{ cycles {{ nodes {{ key findingCounts{only} {{ rule severity count }} }} }}
        objectives(first: 1) {{ nodes {{ findingCounts{only} {{ rule count }} keyResults {{
            findingCounts(severity: INFO, rules: ["key-result-counts-activity"]) {{ count }} }} }} }}
        alignment(cycle: {{key: "2026-q1"}}) {{ findings {{ rule }} findingCounts {{ rule }} }} }}"""
    found = cycle.ask(query)
    assert {node["key"]: node["findingCounts"] for node in found["cycles"]["nodes"]} == {
        "2026-q1": [
            {"rule": "objective-vague", "severity": "INFO", "count": 2},
            {"rule": "key-result-counts-activity", "severity": "INFO", "count": 4},
        ],
        "next": [],
    }
    (objective,) = found["objectives"]["nodes"]
    assert [one["count"] for one in objective["findingCounts"]] == [1, 2]
    assert objective["keyResults"] == [{"findingCounts": [{"count": 1}]}] * 2
    assert found["alignment"] == {"findings": [], "findingCounts": []}


def test_finding_counts_of_a_kpi_are_those_of_its_findings(cycle: AskedWorld) -> None:
    cycle.do(DefineKpi(key="orders", name="Orders", effective_at=day(0)))
    (kpi,) = cycle.ask("{ kpis { nodes { quality { rule } findingCounts { rule count } } } }")["kpis"]["nodes"]
    assert kpi["findingCounts"] == [{"rule": one["rule"], "count": 1} for one in kpi["quality"]] != []
