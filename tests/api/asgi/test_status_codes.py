"""HTTP statuses: by the default policy and by the newest draft of GraphQL over HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.asgi.content_negotiation import ACCEPT_LENGTH_MAX
from api.asgi.status_codes import StatusCodePolicy
from api.runtime.database import Database
from api.runtime.settings import Settings
from api.server.app import create_app
from tests.api.conftest import Api

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"
VALID = {"query": "{ __typename }"}
PARTIAL = {"query": "{ viewer { handle } asOf(position: 9007199254740992) { basis { position } } }"}
FAILED = {"query": "{ people(first: -1) { nodes { id } } }"}
UNPARSED = {"query": "{"}
INVALID = {"query": "{ nope }"}
UNNAMED = {"query": "query A { __typename }", "operationName": "B"}
MISTAKEN = {"query": "query ($id: ID!) { objective(id: $id) { id } }", "variables": {"id": [1]}}
MALFORMED = {"qeury": "{ __typename }"}


@pytest.fixture
def draft(settings: Settings, database: Database) -> Iterator[TestClient]:
    newest = settings.model_copy(update={"http_statuses": StatusCodePolicy.DRAFT})
    with TestClient(create_app(newest, database, editor=False, anonymous=True), base_url="http://localhost") as http:
        yield http


def status(http: TestClient, body: Any, accept: str = GRAPHQL) -> int:
    return http.post("/graphql", json=body, headers={"accept": accept}).status_code


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (VALID, 200), (PARTIAL, 200), (FAILED, 200),
        (UNPARSED, 400), (INVALID, 400), (UNNAMED, 400), (MISTAKEN, 400), (MALFORMED, 400),
    ],
)  # fmt: skip
def test_default_status_policy(api: Api, body: Any, expected: int) -> None:
    assert status(api.http, body) == expected
    assert status(api.http, body, JSON) == (400 if body is MALFORMED else 200)


def test_draft_status_policy(draft: TestClient) -> None:
    found = [status(draft, body) for body in (VALID, PARTIAL, FAILED, UNPARSED, INVALID, UNNAMED, MISTAKEN, MALFORMED)]
    assert found == [200, 294, 294, 400, 422, 422, 422, 422]


def test_draft_policy_negotiates_legacy_json(draft: TestClient) -> None:
    for body, expected, media in (
        (VALID, 200, JSON), (PARTIAL, 200, JSON), (INVALID, 422, GRAPHQL), (UNPARSED, 400, GRAPHQL),
    ):  # fmt: skip
        response = draft.post("/graphql", json=body, headers={"accept": JSON})
        assert response.status_code == expected
        assert response.headers["content-type"] == f"{media}; charset=utf-8"


def test_draft_policy_answers_any_type_with_graphql_response_json(draft: TestClient) -> None:
    response = draft.post("/graphql", json=VALID, headers={"accept": "*/*"})
    assert response.headers["content-type"] == f"{GRAPHQL}; charset=utf-8"


def test_server_failures_have_5xx_statuses() -> None:
    for code, expected in (("UNAVAILABLE", 503), ("TIMEOUT", 503), ("INTERNAL_SERVER_ERROR", 500), ("FORBIDDEN", 403)):
        for statuses in StatusCodePolicy:
            assert statuses.of({"errors": [{"message": "", "extensions": {"code": code}}]}) == expected


def test_get_request_has_the_same_statuses(api: Api) -> None:
    for params, expected in (
        ({"query": "{ __typename }", "variables": "", "operationName": ""}, 200),
        ({"query": "{ __typename }", "variables": "[]"}, 400),
        ({"query": "{ __typename }", "variables": "{"}, 400),
        ({"query": ""}, 400),
        ({}, 400),
    ):
        assert api.http.get("/graphql", params=params).status_code == expected


@pytest.mark.parametrize(
    "media",
    ["Application/JSON; Charset=UTF-8", "application/json; a*=x; a*0=y", f"application/json; a*{'1' * 5000}=x"],
)
def test_content_type_parameters_are_ignored(api: Api, media: str) -> None:
    response = api.http.post("/graphql", content=b'{"query": "{ __typename }"}', headers={"content-type": media})
    assert response.json()["data"] == {"__typename": "Query"}


def test_empty_document_id_is_a_bad_request(api: Api) -> None:
    response = api.http.post("/graphql", json={"extensions": {"persistedQuery": None}})
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")


def test_number_of_accept_entries_is_limited(api: Api) -> None:
    wishes = f"{JSON};q=0.1," + "a/b," * ACCEPT_LENGTH_MAX
    response = api.http.post("/graphql", json={"query": "{ __typename }"}, headers={"accept": f"{wishes}{GRAPHQL}"})
    assert response.headers["content-type"].startswith(JSON)
