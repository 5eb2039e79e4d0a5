"""Payloads show recorded changes, and changes since a stale version, in the schema's change types."""

from tests.api.conftest import Api, api, cycle, key_result, objective

__all__ = ["api", "cycle", "key_result", "objective"]

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
