"""Labels of goals, KPIs and teams: filters, counts, history."""

from typing import NamedTuple
from uuid import uuid4

import pytest

from tests.api.conftest import Api

COUNTS = "labelCounts { label objectives keyResults kpis teams }"
LISTS = """
    objectives(filter: {labels: $labels}) { totalCount nodes { labels } }
    keyResults(filter: {labels: $labels}) { totalCount }
    kpis(filter: {labels: $labels}) { totalCount }
    teams(filter: {labels: $labels}) { totalCount nodes { key } }
"""


class Labelled(NamedTuple):
    """Two labels of a key result, a KPI and a team, the second also of an objective."""

    accented: str
    plain: str
    key_result: str


@pytest.fixture
def labelled(api: Api, objective: str, key_result: str, kpi: dict[str, str]) -> Labelled:
    mark = uuid4().hex[:8]
    team = api.do("formTeam", {"key": f"t{mark}", "name": "North"}, "team { id }")["team"]["id"]
    measure = api.ask("query ($by: KpiBy!) { kpi(by: $by) { id } }", by=kpi)["kpi"]["id"]
    labels = [f"{mark} Café", f"{mark} growth"]
    for id in (key_result, measure, team, objective):
        api.do("setLabels", {"subject": id, "labels": labels}, "position")
    api.do("setLabels", {"subject": objective, "labels": labels[1:]}, "position")
    return Labelled(labels[0], labels[1], key_result)


def totals(api: Api, *labels: str) -> list[int]:
    data = api.ask(f"query ($labels: [String!]) {{ {LISTS} }}", labels=list(labels))
    return [data[name]["totalCount"] for name in ("objectives", "keyResults", "kpis", "teams")]


def test_a_filter_by_labels_requires_all_of_them(api: Api, labelled: Labelled) -> None:
    assert totals(api, labelled.plain) == [1, 1, 1, 1]
    assert totals(api, labelled.plain, labelled.accented.replace("é", "e\u0301")) == [0, 1, 1, 1]
    assert totals(api, labelled.plain.replace("growth", "Growth")) == [0, 0, 0, 0]


def test_a_count_is_the_length_of_the_filtered_list(api: Api, labelled: Labelled) -> None:
    api.do("dropKeyResult", {"keyResult": labelled.key_result, "reason": "no"}, "position")
    counts = {one.pop("label"): list(one.values()) for one in api.ask(f"{{ {COUNTS} }}")["labelCounts"]}
    for label in labelled[:2]:
        assert counts[label] == totals(api, label)
    assert counts[labelled.plain] == [1, 0, 1, 1]


def test_labels_and_counts_are_those_of_the_basis(api: Api, labelled: Labelled, objective: str) -> None:
    change = "changes { position fields { field before after } ... on ObjectiveLabelled { beforeLabels afterLabels } }"
    before = api.ask("{ basis { position } }")["basis"]["position"]
    payload = api.do("setLabels", {"subject": objective, "labels": ["new"]}, f"{change} entity {{ version }}")
    assert payload["changes"][0] == {
        "position": before + 1, "beforeLabels": [labelled.plain], "afterLabels": ["new"],
        "fields": [
            {"field": "labels", "before": labelled.plain, "after": None},
            {"field": "labels", "before": None, "after": "new"},
        ],
    }  # fmt: skip
    then = api.ask(f"query ($p: Position!) {{ asOf(position: $p) {{ {COUNTS} }} }}", p=before)["asOf"]["labelCounts"]
    assert [one["objectives"] for one in then if one["label"] == labelled.plain] == [1]
    diff = "query ($m: Moment!) { diff(from: $m) { differences { nodes { fields { field before after } } } } }"
    (node,) = api.ask(diff, m={"position": before})["diff"]["differences"]["nodes"]
    assert node["fields"] == payload["changes"][0]["fields"]


def test_labels_do_not_show_as_a_definition_of_a_kpi(api: Api, labelled: Labelled, kpi: dict[str, str]) -> None:
    found = api.ask("query ($by: KpiBy!) { kpi(by: $by) { definitions { name } } }", by=kpi)["kpi"]
    assert len(found["definitions"]) == 1
