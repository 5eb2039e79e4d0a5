"""The whole application on one workspace per test file, called over HTTP within this process."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from api.server.app import create_app
from api.server.lean_frame import LeanFrame
from tests.workspace import fresh_workspace

REFUSALS = "problems { code message field }"


class Api:
    """The API as a client sees it."""

    def __init__(self, http: TestClient) -> None:
        self.http = http

    def answer(self, query: str, /, **variables: Any) -> Any:
        """The whole answer."""
        return self.http.post("/graphql", json={"query": query, "variables": variables}).json()

    def ask(self, query: str, **variables: Any) -> Any:
        """The data of an answer without errors."""
        answer = self.answer(query, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def error(self, query: str, **variables: Any) -> Any:
        """The one error of an answer."""
        (error,) = self.answer(query, **variables)["errors"]
        return error

    def send(self, verb: str, input: dict[str, Any], selection: str = "position") -> Any:
        """The payload of a command, refused or not."""
        name = f"{verb[0].upper()}{verb[1:]}Input"
        query = f"mutation ($input: {name}!) {{ {verb}(input: $input) {{ {REFUSALS} {selection} }} }}"
        return self.ask(query, input=input)[verb]

    def do(self, verb: str, input: dict[str, Any], selection: str = "position") -> Any:
        """The payload of a command without problems."""
        payload = self.send(verb, input, selection)
        assert payload["problems"] == []
        return payload

    def refused(self, verb: str, input: dict[str, Any]) -> tuple[str, list[str]]:
        """The code and the field of the one problem of a command."""
        payload = self.send(verb, input, "position changes { id }")
        (problem,) = payload["problems"]
        assert (payload["position"], payload["changes"]) == (None, [])
        return problem["code"], problem["field"]


@pytest.fixture(scope="module")
def frame(request: pytest.FixtureRequest) -> Iterator[str]:
    """The frame that serves `/graphql`; see `tests.api.frames`."""
    name: str = getattr(request, "param", "lean")
    with pytest.MonkeyPatch.context() as patch:
        if name == "middleware":
            patch.setattr(LeanFrame, "serves", lambda *_: False)
        yield name


@pytest.fixture(scope="module")
def api(server: str, frame: str) -> Iterator[Api]:
    with fresh_workspace(server) as database:
        app = create_app(database.settings, database, editor=True, anonymous=True)
        with TestClient(app, base_url="http://localhost") as http:
            yield Api(http)


@pytest.fixture
def cycle(api: Api) -> dict[str, str]:
    """The key of a new cycle, the year 2026, as an input."""
    key = f"c{uuid4().hex[:12]}"
    api.do("openCycle", {"key": key, "name": "2026", "startsOn": "2026-01-01", "endsOn": "2026-12-31"})
    return {"key": key}


@pytest.fixture
def objective(api: Api, cycle: dict[str, str]) -> str:
    """The id of a draft in that cycle."""
    drafted = api.do("draftObjective", {"cycle": cycle, "title": "Delight people"}, "objective { id }")
    made: str = drafted["objective"]["id"]
    return made


@pytest.fixture
def key_result(api: Api, objective: str) -> str:
    """The id of a key result of that draft, from 0 to 10."""
    metric = {"direction": "INCREASE", "start": 0, "target": 10}
    added = api.do("addKeyResult", {"objective": objective, "title": "Sessions", "metric": metric}, "keyResult { id }")
    made: str = added["keyResult"]["id"]
    return made


@pytest.fixture
def kpi(api: Api) -> dict[str, str]:
    """The key of a new KPI, as an input."""
    key = f"k{uuid4().hex[:12]}"
    api.do("defineKpi", {"key": key, "name": "Promoters"})
    return {"key": key}
