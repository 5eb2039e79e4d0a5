"""Every GraphQL document of a guide runs against a workspace with an active cycle."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.docs.documents import GUIDES, ROOT, Document, documents
from tests.docs.http_client import answer, variable_names

IN_ORDER = "running-a-quarter.md"
"""The guide whose documents run in their order, in `test_running_a_quarter.py`."""
DOCUMENTS = [one for path in GUIDES if path.name != IN_ORDER for one in documents(str(path.relative_to(ROOT)))]
TITLE = "New customers find their way alone"
PREPARATION = """
mutation Prepare($starts: Date!, $ends: Date!) {
  addPerson(input: {handle: "grace", name: "Grace Hopper"}) { person { id } problems { message } }
  openCycle(input: {key: "q1", name: "Q1", startsOn: $starts, endsOn: $ends}) { position problems { message } }
}
"""
GOALS = """
mutation Draft($title: String!) {
  draftObjective(input: {cycle: {key: "q1"}, title: $title}) { objective { id } problems { message } }
}
"""
MEASURE = """
mutation Measure($objective: ID!) {
  addKeyResult(input: {objective: $objective, title: "Set-ups", metric: {direction: INCREASE, start: 20, target: 60}}) {
    keyResult { id } problems { message }
  }
  activateCycle(input: {cycle: {key: "q1"}}) { position problems { message } }
}
"""
WATCH = """
mutation Watch {
  defineKpi(input: {key: "orders", name: "Orders", goal: {direction: AT_LEAST, target: 100}}) { problems { message } }
}
"""


@pytest.fixture(scope="module")
def variables(http: TestClient) -> dict[str, Any]:
    """A value for every variable that the guides use, by its name."""
    today = datetime.now(UTC)
    days = {"starts": f"{today - timedelta(days=30):%Y-%m-%d}", "ends": f"{today + timedelta(days=60):%Y-%m-%d}"}
    prepared = answer(http, PREPARATION, days)
    drafted = answer(http, GOALS, {"title": TITLE})["draftObjective"]
    measured = answer(http, MEASURE, {"objective": drafted["objective"]["id"]})
    answer(http, WATCH, {})
    key_result = measured["addKeyResult"]["keyResult"]["id"]
    return {
        "kpi": "orders", "cycle": "q1", "title": TITLE, "person": prepared["addPerson"]["person"]["id"], "after": 0,
        "keyResult": key_result, "checkIns": [{"keyResult": key_result, "value": 45}],
        "position": 3, "known": 2, "from": {"position": 3},
        "points": [{"on": f"{today + timedelta(days=30):%Y-%m-%d}", "value": 30}],
        "monthAgo": (today - timedelta(days=30)).isoformat(), "at": (today - timedelta(days=30)).isoformat(),
    }  # fmt: skip


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_documents_of_guides_run(http: TestClient, variables: dict[str, Any], document: Document) -> None:
    answer(http, document.text, {name: variables[name] for name in variable_names(document.text)})
