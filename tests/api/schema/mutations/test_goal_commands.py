"""Links with an aggregate, closings with scores or without any, and carrying with targets and alignment, over HTTP."""

from typing import Any
from uuid import uuid4

import pytest

from tests.api.conftest import Api, api, cycle, key_result, kpi, objective

__all__ = ["api", "cycle", "key_result", "kpi", "objective"]

LINK = "keyResult { kpi { key } aggregate countFrom }"
OUTCOME = "objective { outcome { verdict score } keyResults { score } }"


@pytest.fixture
def next_cycle(api: Api) -> dict[str, str]:
    key = f"c{uuid4().hex[:12]}"
    api.do("openCycle", {"key": key, "name": "2027", "startsOn": "2027-01-01", "endsOn": "2027-12-31"})
    return {"key": key}


@pytest.fixture
def measured(api: Api, key_result: str, objective: str) -> str:
    """The objective, committed, with a key result at 4 of 10."""
    api.do("commitObjective", {"objective": objective})
    api.do("checkIn", {"keyResult": key_result, "value": 4})
    return objective


# ── links ────────────────────────────────────────────────────────────────────────────────────────


def test_link_takes_an_aggregate_and_a_first_day(api: Api, key_result: str, kpi: dict[str, str]) -> None:
    linking = {"keyResult": key_result, "kpi": kpi, "aggregate": "SUM", "countFrom": "2026-02-01"}
    linked = api.do("linkKpi", linking, LINK)["keyResult"]
    assert (linked["aggregate"], linked["countFrom"]) == ("SUM", "2026-02-01")
    again = api.do("linkKpi", linking, "changes { __typename }")
    assert again["changes"] == []
    cleared = api.do("linkKpi", {**linking, "countFrom": None}, LINK)["keyResult"]
    assert (cleared["aggregate"], cleared["countFrom"]) == ("SUM", None)
    assert api.refused("linkKpi", {**linking, "aggregate": "LAST"}) == ("INVALID", ["countFrom"])


def test_added_key_result_takes_an_aggregate_and_starts_a_sum_at_0(
    api: Api, objective: str, kpi: dict[str, str]
) -> None:
    metric = {"direction": "INCREASE", "target": 300}
    adding = {"objective": objective, "title": "Orders", "metric": metric, "kpi": kpi, "aggregate": "SUM"}
    added = api.do("addKeyResult", adding, "keyResult { aggregate metric { start } }")["keyResult"]
    assert added == {"aggregate": "SUM", "metric": {"start": 0}}


def test_unit_must_be_that_of_the_kpi(api: Api, objective: str, kpi: dict[str, str]) -> None:
    metric = {"direction": "AT_LEAST", "target": 3, "unit": {"kind": "PERCENT", "symbol": "%"}}
    adding = {"objective": objective, "title": "Orders", "metric": metric, "kpi": kpi}
    assert api.refused("addKeyResult", adding) == ("INVALID", ["metric", "unit"])


# ── closing ──────────────────────────────────────────────────────────────────────────────────────


def test_closing_takes_scores_and_judges_by_the_kind(api: Api, key_result: str, measured: str) -> None:
    scores = [{"keyResult": key_result, "score": 0.8}]
    closed = api.do("closeObjective", {"objective": measured, "scores": scores}, OUTCOME)["objective"]
    assert closed == {"outcome": {"verdict": "PARTIAL", "score": 0.8}, "keyResults": [{"score": 0.8}]}


def test_scores_name_key_results_of_the_objective(api: Api, measured: str) -> None:
    scores = [{"keyResult": measured, "score": 0.8}]
    payload = api.send("closeObjective", {"objective": measured, "scores": scores})
    assert [problem["code"] for problem in payload["problems"]] == ["INVALID"]


def test_objective_that_can_have_no_score_has_an_outcome_without_one(api: Api, objective: str) -> None:
    api.do("commitObjective", {"objective": objective})
    selection = f"{OUTCOME} changes {{ ... on ObjectiveClosed {{ verdict score }} }}"
    closed = api.do("closeObjective", {"objective": objective}, selection)
    assert closed["objective"]["outcome"] == {"verdict": None, "score": None}
    assert closed["changes"] == [{"verdict": None, "score": None}]


def test_check_in_after_the_end_is_refused(api: Api, key_result: str, measured: str) -> None:
    api.do("closeObjective", {"objective": measured})
    assert api.refused("checkIn", {"keyResult": key_result, "value": 5}) == ("CLOSED", ["keyResult"])
    within = {"keyResult": key_result, "value": 5, "measuredAt": "2026-01-02T00:00:00Z"}
    assert api.do("checkIn", within, "checkIn { late }")["checkIn"] == {"late": False}


# ── carrying ─────────────────────────────────────────────────────────────────────────────────────


def test_carrying_takes_new_targets(api: Api, key_result: str, measured: str, next_cycle: dict[str, str]) -> None:
    targets = [{"keyResult": key_result, "target": 20}]
    carrying: dict[str, Any] = {"objective": measured, "into": next_cycle, "targets": targets}
    carried = api.do("carryObjective", carrying, "objective { keyResults { metric { start target } } }")["objective"]
    assert carried == {"keyResults": [{"metric": {"start": 4, "target": 20}}]}
    assert api.refused("carryObjective", carrying) == ("DUPLICATE", ["into"])


def test_carrying_keeps_the_alignment_if_asked(
    api: Api, cycle: dict[str, str], measured: str, next_cycle: dict[str, str]
) -> None:
    above = api.do("draftObjective", {"cycle": cycle, "title": "Be known"}, "objective { id }")["objective"]["id"]
    api.do("alignObjective", {"objective": measured, "to": above})
    carried = api.do("carryObjective", {"objective": above, "into": next_cycle}, "objective { id }")["objective"]
    keeping = {"objective": measured, "into": next_cycle, "keepAlignment": True}
    kept = api.do("carryObjective", keeping, "objective { supports { ... on Objective { id } } }")["objective"]
    assert kept == {"supports": [carried]}
