"""Labels of goals, KPIs and teams: filters, counts, history."""

import pytest

from tests.api.conftest import Api

COUNTS = "labelCounts { label objectives keyResults kpis teams }"
LISTS = """
    objectives(filter: {labels: $labels}) { totalCount nodes { labels } }
    keyResults(filter: {labels: $labels}) { totalCount }
    kpis(filter: {labels: $labels}) { totalCount }
    teams(filter: {labels: $labels}) { totalCount nodes { key } }
"""


@pytest.fixture
def labelled(api: Api, objective: str, key_result: str, kpi: dict[str, str]) -> dict[str, str]:
    """Things with labels, by name."""
    team = api.do("formTeam", {"key": "north", "name": "North"}, "team { id }")["team"]["id"]
    measure = api.ask("query ($by: KpiBy!) { kpi(by: $by) { id } }", by=kpi)["kpi"]["id"]
    things = {"objective": objective, "keyResult": key_result, "kpi": measure, "team": team}
    for id in things.values():
        api.do("setLabels", {"subject": id, "labels": ["Café", "growth"]}, "position")
    api.do("setLabels", {"subject": objective, "labels": ["growth"]}, "position")
    return things


def totals(api: Api, *labels: str) -> list[int]:
    data = api.ask(f"query ($labels: [String!]) {{ {LISTS} }}", labels=list(labels))
    return [data[name]["totalCount"] for name in ("objectives", "keyResults", "kpis", "teams")]


def test_a_filter_by_labels_requires_all_of_them(api: Api, labelled: dict[str, str]) -> None:
    assert totals(api, "growth") == [1, 1, 1, 1]
    assert totals(api, "growth", "Cafe\u0301") == [0, 1, 1, 1]
    assert totals(api, "Growth") == [0, 0, 0, 0]


def test_a_count_is_the_length_of_the_filtered_list(api: Api, labelled: dict[str, str]) -> None:
    api.do("dropKeyResult", {"keyResult": labelled["keyResult"], "reason": "no"}, "position")
    counts = api.ask(f"{{ {COUNTS} }}")["labelCounts"]
    assert [one.pop("label") for one in counts] == ["Café", "growth"]
    assert [list(one.values()) for one in counts] == [totals(api, "Café"), totals(api, "growth")]


def test_labels_and_counts_are_those_of_the_basis(api: Api, labelled: dict[str, str], objective: str) -> None:
    change = "changes { position fields { field before after } ... on ObjectiveLabelled { beforeLabels afterLabels } }"
    before = api.ask("{ basis { position } }")["basis"]["position"]
    payload = api.do("setLabels", {"subject": objective, "labels": ["new"]}, f"{change} entity {{ version }}")
    assert payload["changes"][0] == {
        "position": before + 1, "beforeLabels": ["growth"], "afterLabels": ["new"],
        "fields": [
            {"field": "labels", "before": "growth", "after": None},
            {"field": "labels", "before": None, "after": "new"},
        ],
    }  # fmt: skip
    then = api.ask(f"query ($p: Position!) {{ asOf(position: $p) {{ {COUNTS} }} }}", p=before)["asOf"]["labelCounts"]
    assert [one["label"] for one in then] == ["Café", "growth"]
    assert then[1]["objectives"] == 1
    diff = "query ($m: Moment!) { diff(from: $m) { differences { nodes { fields { field before after } } } } }"
    (node,) = api.ask(diff, m={"position": before})["diff"]["differences"]["nodes"]
    assert node["fields"] == payload["changes"][0]["fields"]


def test_labels_do_not_show_as_a_definition_of_a_kpi(api: Api, labelled: dict[str, str], kpi: dict[str, str]) -> None:
    found = api.ask("query ($by: KpiBy!) { kpi(by: $by) { definitions { name } } }", by=kpi)["kpi"]
    assert len(found["definitions"]) == 1
