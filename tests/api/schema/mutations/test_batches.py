"""Batches over HTTP: entities and results in the order of the input, problems by path, and limits."""

from typing import Any
from uuid import UUID

import pytest

from api.snapshot import global_ids
from domain.primitives.values import Kind
from tests.api.conftest import Api

METRIC = {"direction": "INCREASE", "start": 0, "target": 10}
RESULTS = (
    "recorded rejected changes { __typename }"
    " results { isRecorded checkIn { id value } keyResult { id } problems { code rule field } }"
)


def people(*handles: str) -> list[dict[str, str]]:
    return [{"handle": handle, "name": handle.title()} for handle in handles]


def objectives(count: int, cycle: dict[str, str], **more: Any) -> list[dict[str, Any]]:
    key_results = [{"title": "Sessions held", "metric": METRIC}, {"title": "Calls made", "metric": METRIC}]
    return [{"cycle": cycle, "title": f"Delight people {n}", "keyResults": key_results, **more} for n in range(count)]


@pytest.fixture
def key_results(api: Api, cycle: dict[str, str]) -> list[str]:
    drafted = api.do(
        "draftObjectives", {"objectives": objectives(2, cycle, commit=True)}, "objectives { keyResults { id } }"
    )
    return [one["id"] for objective in drafted["objectives"] for one in objective["keyResults"]]


def test_people_are_returned_in_the_order_of_the_input(api: Api) -> None:
    added = api.do("addPeople", {"people": people("zoe", "abe")}, "behind people { handle } changes { __typename }")
    assert added == {
        "problems": [], "behind": 0, "people": [{"handle": "zoe"}, {"handle": "abe"}],
        "changes": [{"__typename": "PersonAdded"}] * 2,
    }  # fmt: skip


def test_teams_are_formed_with_parents_of_the_same_request(api: Api) -> None:
    ada = api.do("addPeople", {"people": people("ada")}, "people { id }")["people"][0]["id"]
    teams = [{"key": "north", "name": "North", "parentKey": "all", "members": [ada]}, {"key": "all", "name": "All"}]
    formed = api.do("formTeams", {"teams": teams}, "teams { key parent { key } members { handle } }")["teams"]
    assert formed == [
        {"key": "north", "parent": {"key": "all"}, "members": [{"handle": "ada"}]},
        {"key": "all", "parent": None, "members": []},
    ]


def test_all_problems_of_a_batch_have_the_path_of_their_item(api: Api, cycle: dict[str, str]) -> None:
    bad = objectives(3, cycle)
    bad[0]["title"] = " "
    bad[1]["keyResults"] = [{"title": "Sessions", "metric": {**METRIC, "target": 0}}]
    bad[2]["owner"] = global_ids.encode(Kind.OBJECTIVE, UUID(int=7))
    payload = api.send("draftObjectives", {"objectives": bad}, "position objectives { id }")
    assert (payload["position"], payload["objectives"]) == (None, [])
    assert [problem["field"] for problem in payload["problems"]] == [
        ["objectives", "0", "title"], ["objectives", "1", "keyResults", "0", "metric", "target"],
        ["objectives", "2", "owner"],
    ]  # fmt: skip


def test_kpis_are_defined_together(api: Api) -> None:
    kpis = [{"key": key, "name": key, "goal": {"direction": "AT_LEAST", "target": 5}} for key in ("nps", "csat")]
    assert api.do("defineKpis", {"kpis": kpis}, "kpis { key }")["kpis"] == [{"key": "nps"}, {"key": "csat"}]


def test_each_check_in_has_its_own_result(api: Api, key_results: list[str]) -> None:
    first, second, *_ = key_results
    given = [{"keyResult": first, "value": 3}, {"keyResult": "garbage", "value": 1}, {"keyResult": second}]
    payload = api.do("checkInMany", {"checkIns": given, "mode": "EACH", "idempotencyKey": "w1"}, RESULTS)
    assert (payload["recorded"], payload["rejected"], len(payload["changes"])) == (1, 2, 1)
    one, malformed, empty = payload["results"]
    assert (one["checkIn"]["value"], one["keyResult"]["id"], one["problems"]) == (3.0, first, [])
    assert malformed["problems"] == [{"code": "INVALID", "rule": "ID_MALFORMED", "field": ["keyResult"]}]
    assert empty["problems"] == [{"code": "INVALID", "rule": "CHECK_IN_EMPTY", "field": ["value"]}]
    again = api.do("checkInMany", {"checkIns": given, "mode": "EACH", "idempotencyKey": "w1"}, RESULTS)
    assert again == payload


def test_all_check_ins_are_recorded_or_none(api: Api, key_results: list[str]) -> None:
    given = [{"keyResult": key_results[0], "value": 3}, {"keyResult": "garbage", "value": 1}]
    payload = api.send("checkInMany", {"checkIns": given}, f"position {RESULTS}")
    assert [problem["field"] for problem in payload["problems"]] == [["checkIns", "1", "keyResult"]]
    assert (payload["position"], payload["recorded"], payload["results"]) == (None, 0, [])


def test_batch_of_five_hundred_passes_the_limits(api: Api, cycle: dict[str, str], key_results: list[str]) -> None:
    given = [{"keyResult": key_results[n % 4], "value": n % 10, "note": f"Week {n}"} for n in range(500)]
    payload = api.do("checkInMany", {"checkIns": given}, f"{RESULTS} changes {{ effects {{ before after }} }}")
    assert (payload["recorded"], len(payload["results"]), len(payload["changes"])) == (500, 500, 500)
    added = api.do("addPeople", {"people": people(*(f"p{n}" for n in range(500)))}, "people { handle teams { key } }")
    assert len(added["people"]) == 500
    wide = objectives(500, cycle)
    assert len(api.do("draftObjectives", {"objectives": wide}, "objectives { id }")["objectives"]) == 500


def test_batch_is_weighed_by_its_items(api: Api) -> None:
    query = (
        "mutation ($input: AddPeopleInput!) { addPeople(input: $input) { people { teams { members { teams"
        " { members { handle name email } } } } } } }"
    )
    answer = api.answer(query, input={"people": people(*(f"w{n}" for n in range(500)))})
    assert answer["errors"][0]["extensions"]["code"] == "TOO_COSTLY"


# ── the calls of a lead ───────────────────────────────────────────────────────────────────────────


def test_first_quarter_of_sixty_people_takes_seven_calls_and_a_week_two(api: Api) -> None:
    added = api.do("addPeople", {"people": people(*(f"q{n}" for n in range(60)))}, "people { id }")["people"]
    everybody = [one["id"] for one in added]
    groups = [everybody[n * 5 : n * 5 + 5] for n in range(12)]
    teams = [
        {"key": f"t{n}", "name": f"Team {n}", "parentKey": "t0" if n else None, "lead": group[0], "members": group}
        for n, group in enumerate(groups)
    ]
    formed = api.do("formTeams", {"teams": [_without_none(team) for team in teams]}, "teams { id }")["teams"]
    days = {"startsOn": "2030-01-01", "endsOn": "2030-03-31"}
    api.do("openCycle", {"key": "first", "name": "First", **days})
    kpis = [{"key": f"k{n}", "name": f"KPI {n}", "goal": {"direction": "AT_LEAST", "target": 5}} for n in range(10)]
    api.do("defineKpis", {"kpis": kpis})
    cycle = {"key": "first"}
    top = api.do("draftObjectives", {"objectives": objectives(5, cycle)}, "objectives { id }")["objectives"]
    below = [
        {**one, "team": formed[n % 12]["id"], "owner": groups[n % 12][0], "supports": [top[n % 5]["id"]]}
        for n, one in enumerate(objectives(25, cycle))
    ]
    first, *others = below[0]["keyResults"]
    below[0]["keyResults"] = [first | {"kpi": {"key": "k0"}}, *others]
    asked = "objectives { supports { __typename } keyResults { id } }"
    drafted = api.do("draftObjectives", {"objectives": below}, asked)["objectives"]
    assert all(one["supports"] for one in drafted)
    api.do("activateCycle", {"cycle": cycle})
    key_results = [one["id"] for objective in drafted[1:] for one in objective["keyResults"]]
    week = [{"keyResult": key_results[n % len(key_results)], "value": n % 10, "confidence": 0.5} for n in range(60)]
    payload = api.do("checkInMany", {"checkIns": week, "mode": "EACH"}, RESULTS)
    assert (payload["recorded"], [one["problems"] for one in payload["results"] if one["problems"]]) == (60, [])
    read = [{"kpi": {"key": f"k{n}"}, "value": 4, "measuredAt": "2026-01-05T09:00:00Z"} for n in range(10)]
    assert api.do("recordReadings", {"readings": read}, "recorded")["recorded"] == 10


def _without_none(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}
