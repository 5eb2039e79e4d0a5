"""Payloads show recorded changes, and changes since a stale version, in the schema's change types."""

from uuid import uuid4

import pytest

from tests.api.conftest import Api, api, cycle, key_result, kpi, objective

__all__ = ["api", "cycle", "key_result", "kpi", "objective"]

CHANGE_SELECTION = "__typename reason fields { field before after } effect { before after cause }"
RETARGETED = "... on KeyResultRetargeted { before { target } after { target } }"


def test_payload_shows_changed_fields_and_effect(api: Api, key_result: str) -> None:
    api.do("checkIn", {"keyResult": key_result, "value": 5})
    metric = {"direction": "INCREASE", "start": 0, "target": 20}
    given = {"keyResult": key_result, "metric": metric, "reason": "it goes well"}
    (change,) = api.do("retargetKeyResult", given, f"changes {{ {CHANGE_SELECTION} {RETARGETED} }}")["changes"]
    assert change == {
        "__typename": "KeyResultRetargeted",
        "reason": "it goes well",
        "fields": [{"field": "metric.target", "before": "10", "after": "20"}],
        "effect": {"before": 0.5, "after": 0.25, "cause": "GOALPOST"},
        "before": {"target": 10},
        "after": {"target": 20},
    }


def test_stale_problem_shows_the_fields_changed_since(api: Api, objective: str) -> None:
    api.do("rewordObjective", {"objective": objective, "title": "Delight everybody"})
    stale = {"objective": objective, "title": "Delight all", "expectedVersion": 1}
    since = f"changesSince {{ {CHANGE_SELECTION} ... on ObjectiveReworded {{ beforeTitle afterTitle }} }}"
    (problem,) = api.send("rewordObjective", stale, f"stale: problems {{ code {since} }}")["stale"]
    assert problem["code"] == "STALE"
    (change,) = problem["changesSince"]
    assert (change["beforeTitle"], change["afterTitle"]) == ("Delight people", "Delight everybody")
    assert change["fields"] == [{"field": "title", "before": "Delight people", "after": "Delight everybody"}]


# ── edges ────────────────────────────────────────────────────────────────────────────────────────


def test_edge_is_a_row_of_the_default_list(api: Api, cycle: dict[str, str]) -> None:
    given = {"cycle": cycle, "title": "Open a shop in every town"}
    edge = api.do("draftObjective", given, "objectiveEdge { cursor node { id title } }")["objectiveEdge"]
    api.do("draftObjective", {**given, "title": "Open a café in every town"})
    query = """query ($cycle: CycleBy!, $after: String) {
        objectives(filter: {cycle: $cycle}) { edges { cursor node { id title } } }
        rest: objectives(filter: {cycle: $cycle}, after: $after) { nodes { title } } }"""
    listed = api.ask(query, cycle=cycle, after=edge["cursor"])
    assert listed["objectives"]["edges"][0] == edge
    assert listed["rest"]["nodes"] == [{"title": "Open a café in every town"}]


@pytest.mark.parametrize(
    ("verb", "input", "edge", "rows"),
    [
        ("addPerson", {"handle": "$", "name": "$"}, "personEdge", "people"),
        ("formTeam", {"key": "$", "name": "$"}, "teamEdge", "teams"),
        (
            "openCycle",
            {"key": "$", "name": "$", "startsOn": "2031-01-01", "endsOn": "2031-02-01"},
            "cycleEdge",
            "cycles",
        ),
        ("defineKpi", {"key": "$", "name": "$"}, "kpiEdge", "kpis"),
    ],
)
def test_edges_have_the_cursors_of_their_lists(
    api: Api, verb: str, input: dict[str, str], edge: str, rows: str
) -> None:
    mark = f"x{uuid4().hex[:10]}"
    given = {name: value.replace("$", mark) for name, value in input.items()}
    found = api.do(verb, given, f"{edge} {{ cursor node {{ id }} }}")[edge]
    assert found in api.ask(f"{{ {rows}(first: 1000) {{ edges {{ cursor node {{ id }} }} }} }}")[rows]["edges"]


def test_edges_of_what_belongs_to_a_goal_are_rows_of_its_lists(api: Api, key_result: str, kpi: dict[str, str]) -> None:
    edge = "Edge { cursor node { id } }"
    check_in = api.do("checkIn", {"keyResult": key_result, "value": 5}, f"checkIn{edge}")["checkInEdge"]
    comment = api.do("addComment", {"subject": key_result, "body": "Well done."}, f"comment{edge}")["commentEdge"]
    reading = {"readings": [{"kpi": kpi, "value": 3, "measuredAt": "2026-01-02T00:00:00Z"}]}
    (read,) = api.do("recordReadings", reading, "readingEdges { cursor node { id } }")["readingEdges"]
    edges = "{ edges { cursor node { id } } }"
    query = f"""query ($kpi: KpiBy!, $id: ID!) {{ kpi(by: $kpi) {{ readings {edges} }}
        keyResult(by: {{id: $id}}) {{ checkIns {edges} comments {edges} }} }}"""
    listed = api.ask(query, kpi=kpi, id=key_result)
    assert listed["kpi"]["readings"]["edges"][-1] == read
    assert listed["keyResult"] == {"checkIns": {"edges": [check_in]}, "comments": {"edges": [comment]}}


def test_a_rejected_command_has_no_edge(api: Api, cycle: dict[str, str]) -> None:
    payload = api.send("draftObjective", {"cycle": cycle, "title": ""}, "objectiveEdge { cursor }")
    assert payload["objectiveEdge"] is None
    assert payload["problems"]
