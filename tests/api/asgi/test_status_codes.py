"""Which status an answer has: as clients know it, and by the newest draft of GraphQL over HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.asgi.content_negotiation import ACCEPT_LENGTH_MAX, negotiate
from api.asgi.status_codes import StatusCodePolicy
from api.runtime.database import Database
from api.runtime.settings import Settings
from api.server.app import create_app
from tests.api.conftest import Api

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"
WELL = {"query": "{ __typename }"}
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
        (WELL, 200), (PARTIAL, 200), (FAILED, 200),
        (UNPARSED, 400), (INVALID, 400), (UNNAMED, 400), (MISTAKEN, 400), (MALFORMED, 400),
    ],
)  # fmt: skip
def test_as_clients_know_it(api: Api, body: Any, expected: int) -> None:
    assert status(api.http, body) == expected
    assert status(api.http, body, JSON) == (400 if body is MALFORMED else 200)


def test_by_the_newest_draft(draft: TestClient) -> None:
    found = [status(draft, body) for body in (WELL, PARTIAL, FAILED, UNPARSED, INVALID, UNNAMED, MISTAKEN, MALFORMED)]
    assert found == [200, 294, 294, 400, 422, 422, 422, 422]


def test_by_the_newest_draft_an_older_client_gets_its_form_only_with_what_it_can_trust(draft: TestClient) -> None:
    for body, expected, media in (
        (WELL, 200, JSON), (PARTIAL, 200, JSON), (INVALID, 422, GRAPHQL), (UNPARSED, 400, GRAPHQL),
    ):  # fmt: skip
        response = draft.post("/graphql", json=body, headers={"accept": JSON})
        assert response.status_code == expected
        assert response.headers["content-type"] == f"{media}; charset=utf-8"


def test_by_the_newest_draft_any_form_is_the_newest(draft: TestClient) -> None:
    response = draft.post("/graphql", json=WELL, headers={"accept": "*/*"})
    assert response.headers["content-type"] == f"{GRAPHQL}; charset=utf-8"


def test_what_went_wrong_with_us_is_no_mistake_of_the_client() -> None:
    for code, expected in (("UNAVAILABLE", 503), ("TIMEOUT", 503), ("INTERNAL_SERVER_ERROR", 500), ("FORBIDDEN", 403)):
        for statuses in StatusCodePolicy:
            assert statuses.of({"errors": [{"message": "", "extensions": {"code": code}}]}) == expected


def test_a_request_by_get_is_no_less_well_formed(api: Api) -> None:
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
def test_a_body_is_what_its_type_says_whatever_stands_beside_it(api: Api, media: str) -> None:
    response = api.http.post("/graphql", content=b'{"query": "{ __typename }"}', headers={"content-type": media})
    assert response.json()["data"] == {"__typename": "Query"}


def test_a_document_that_is_named_by_nothing_is_none(api: Api) -> None:
    response = api.http.post("/graphql", json={"extensions": {"persistedQuery": None}})
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")


def test_of_what_a_client_accepts_so_much_is_looked_at_and_no_more() -> None:
    wishes = f"{JSON};q=0.1," + "a/b," * ACCEPT_LENGTH_MAX
    assert negotiate(f"{wishes}{GRAPHQL}") == JSON
