"""The first run of a workspace: the commands that its page sends, by their digests."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from api.console.shell import console_documents
from domain.commands.permissions import Role
from tests.api.auth.conftest import AppServer, running_app_server
from tests.api.console.conftest import Browser

DIGESTS = {name: digest for digest, text in console_documents().items() for name in re.findall(r"mutation (\w+)", text)}
CYCLE = {"key": "q1-2031", "name": "Q1 2031", "startsOn": "2031-01-01", "endsOn": "2031-03-31"}


@pytest.fixture(scope="module")
def empty(server: str) -> Iterator[AppServer]:
    with running_app_server(server) as made:
        yield made


def sent(browser: Browser, document: str, once: str | None = None, **given: Any) -> Any:
    """The payload of a command of the page."""
    variables = {"input": {**given, "idempotencyKey": once or str(uuid4())}}
    body = {"documentId": DIGESTS[document], "operationName": document, "variables": variables}
    (payload,) = (one for one in browser.http.post("/graphql", json=body).json()["data"].values() if one != "Mutation")
    return payload


def test_first_run_opens_and_activates_a_cycle_with_a_team_and_an_objective(empty: AppServer) -> None:
    browser = Browser(empty)
    browser.sign_in(empty.token(Role.ADMIN))
    refused = sent(browser, "OpenCycle", **{**CYCLE, "endsOn": "2030-01-01"})
    assert (refused["cycle"], [one["field"] for one in refused["problems"]]) == (None, [["endsOn"]])
    opened = sent(browser, "OpenCycle", "once", **CYCLE)
    assert (opened["cycle"]["key"], opened["problems"]) == ("q1-2031", [])
    assert sent(browser, "OpenCycle", "once", **CYCLE)["cycle"] == opened["cycle"]
    team = sent(browser, "FormTeam", key="product", name="Product")["team"]
    metric = {"direction": "INCREASE", "start": 40, "target": 40}
    goal = {"cycle": {"key": "q1-2031"}, "title": "Customers find their way alone", "team": team["entityId"]}
    refused = sent(browser, "DraftObjective", **goal, keyResults=[{"title": "Setups without help", "metric": metric}])
    assert [one["field"][0] for one in refused["problems"]] == ["keyResults"]
    result = {"title": "Setups without help", "metric": {**metric, "target": 75}}
    assert sent(browser, "DraftObjective", **goal, keyResults=[result])["objective"]["title"] == goal["title"]
    assert sent(browser, "ActivateCycle", cycle={"key": "q1-2031"})["cycle"]["state"] == "ACTIVE"


def test_member_is_refused_and_records_nothing(empty: AppServer) -> None:
    browser = Browser(empty)
    browser.sign_in(empty.token(Role.MEMBER))
    payload = sent(browser, "OpenCycle", **{**CYCLE, "key": "mine"})
    assert (payload["cycle"], len(payload["problems"])) == (None, 1)
