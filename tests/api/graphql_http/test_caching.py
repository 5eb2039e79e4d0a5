"""HTTP caching: Cache-Control and ETag of answers, and 304 without execution."""

import json
from typing import Any

import orjson
import pytest
from starlette.testclient import TestClient

from api.execution.context import Caller
from api.graphql_http import caching
from api.graphql_http.request import GraphQLRequest
from api.runtime.database import Database
from api.runtime.settings import Settings
from api.server.app import create_app
from domain.commands.permissions import Role
from tests.api.conftest import Api
from tests.api.frames import BOTH_FRAMES

pytestmark = BOTH_FRAMES

NOW = "{ cycles { nodes { key } } }"


def get(api: Api, query: str, etag: str = "", **variables: Any) -> Any:
    asked = {"query": query, "variables": orjson.dumps(variables).decode()}
    return api.http.get("/graphql", params=asked, headers={"if-none-match": etag} if etag else {})


@pytest.fixture
def execution_forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every execution from now on fails."""

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("nothing may be executed here")

    monkeypatch.setattr("api.schema.schema.Schema.execute_sync", fail)


@pytest.fixture(autouse=True)
def _long_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Extend the one-minute period so that it does not end during a test."""
    monkeypatch.setattr(caching, "NOW_SECONDS", 10**9)


# ── answers about the present ─────────────────────────────────────────────────────────────────────


def test_answer_about_the_present_must_be_revalidated(api: Api, cycle: dict[str, str]) -> None:
    response = get(api, NOW)
    assert response.headers["cache-control"] == "private, no-cache"
    assert response.headers["etag"].startswith('W/"')
    assert response.headers["vary"] == "accept, authorization, cookie"


def test_etag_of_a_present_answer_holds_the_head_position(
    api: Api, cycle: dict[str, str], request: pytest.FixtureRequest
) -> None:
    position = api.ask("{ basis { position } }")["basis"]["position"]
    first = get(api, NOW)
    assert f'"{position}-' in first.headers["etag"]
    request.getfixturevalue("execution_forbidden")
    again = get(api, NOW, first.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    assert {name: again.headers[name] for name in ("etag", "cache-control", "vary")} == {
        name: first.headers[name] for name in ("etag", "cache-control", "vary")
    }


def test_etag_of_a_present_answer_is_invalid_after_a_write(api: Api, objective: str) -> None:
    first = get(api, NOW)
    api.do("commitObjective", {"objective": objective})
    again = get(api, NOW, first.headers["etag"])
    assert again.status_code == 200
    assert again.headers["etag"] != first.headers["etag"]


def test_etag_of_a_present_answer_is_invalid_after_a_minute(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    first = get(api, NOW)
    monkeypatch.setattr(caching, "NOW_SECONDS", 1e-6)
    assert get(api, NOW, first.headers["etag"]).status_code == 200


@pytest.mark.parametrize("other", ["{ cycles { nodes { name } } }", "{ cycles { totalCount } }"])
def test_etag_of_another_query_does_not_match(api: Api, other: str) -> None:
    assert get(api, other, get(api, NOW).headers["etag"]).status_code == 200


def test_etag_depends_on_variables_media_type_and_caller(api: Api) -> None:
    asked = GraphQLRequest(NOW, {"a": 1}, None, None, None)
    ada, ben = Caller("ada", frozenset({Role.MEMBER})), Caller("ben", frozenset({Role.MEMBER}))
    questions = [
        caching.CacheKey(ada, "application/json", asked),
        caching.CacheKey(ben, "application/json", asked),
        caching.CacheKey(Caller("ada", frozenset({Role.LEAD})), "application/json", asked),
        caching.CacheKey(ada, "application/graphql-response+json", asked),
        caching.CacheKey(ada, "application/json", asked._replace(variables={"a": 2})),
        caching.CacheKey(ada, "application/json", asked._replace(operation_name="A")),
    ]
    assert len({one.digest for one in questions}) == len(questions)


def test_if_none_match_accepts_a_list_of_etags(api: Api) -> None:
    etag = get(api, NOW).headers["etag"]
    assert get(api, NOW, f'"another", {etag}').status_code == 304
    assert get(api, NOW, "*").status_code == 200


# ── answers about the past ────────────────────────────────────────────────────────────────────────

PAST = "{ asOf(position: 1) { basis { position } cycles { nodes { key } } } }"


def test_answer_as_of_a_position_is_immutable(api: Api, cycle: dict[str, str]) -> None:
    response = get(api, PAST)
    assert response.json()["data"]["asOf"]["basis"] == {"position": 1}
    assert response.headers["cache-control"] == "private, max-age=3600, immutable"
    assert get(api, PAST, response.headers["etag"]).status_code == 304


def test_answer_as_of_a_known_time_before_the_last_event_is_immutable(api: Api, objective: str) -> None:
    moment = api.ask("{ asOf(position: 1) { basis { known } } }")["asOf"]["basis"]["known"]
    query = "query ($at: DateTime!) { asOf(at: $at, known: $at) { cycles { nodes { key } } } }"
    assert "immutable" in get(api, query, at=moment).headers["cache-control"]


def test_answer_for_a_node_id_with_a_position_is_immutable(api: Api, cycle: dict[str, str]) -> None:
    head = api.ask("{ basis { position } }")["basis"]["position"]
    query = "query ($by: CycleBy!, $at: Position!) { asOf(position: $at) { cycle(by: $by) { id } } }"
    id = api.ask(query, by=cycle, at=head)["asOf"]["cycle"]["id"]
    assert "immutable" in get(api, "query ($id: ID!) { node(id: $id) { id } }", id=id).headers["cache-control"]


@pytest.mark.parametrize(
    "query",
    [
        "{ basis { at } asOf(position: 1) { basis { position } } }",
        "{ viewer { handle } asOf(position: 1) { basis { position } } }",
        "{ ledger { head { size } } asOf(position: 1) { basis { position } } }",
        '{ asOf(at: "2020-01-01T00:00:00Z") { cycles { nodes { key } } } }',
        "{ asOf { basis { at } } }",
        "{ cycles { nodes { plan { basis { at } } } } }",
        "{ viewer { handle } }",
    ],
)
def test_answer_that_includes_the_present_is_not_immutable(api: Api, cycle: dict[str, str], query: str) -> None:
    response = get(api, query)
    assert "errors" not in response.json()
    assert response.headers["cache-control"] == "private, no-cache"


def test_etag_of_a_past_answer_is_invalid_after_a_write(api: Api, objective: str) -> None:
    """Hiding or erasing changes what an old answer may show, and always records an event."""
    first = get(api, PAST)
    api.do("commitObjective", {"objective": objective})
    assert get(api, PAST, first.headers["etag"]).status_code == 200


def test_immutable_caching_can_be_disabled(settings: Settings, database: Database) -> None:
    careful = settings.model_copy(update={"immutable_s": 0})
    app = create_app(careful, database, editor=False, anonymous=True)
    with TestClient(app, base_url="http://localhost") as http:
        Api(http).do("addPerson", {"handle": "ada", "name": "Ada"})
        assert get(Api(http), PAST).headers["cache-control"] == "private, no-cache"


# ── answers that are never cached ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "query", ["{", "{ nope }", "{ __typename }", "{ asOf(position: 9007199254740992) { basis { position } } }"]
)
def test_errors_and_answers_without_a_basis_are_not_cached(api: Api, query: str) -> None:
    response = get(api, query)
    assert "etag" not in response.headers
    assert response.headers["cache-control"] == "no-store"


def test_answer_to_a_post_is_not_cached(api: Api) -> None:
    response = api.http.post("/graphql", json={"query": NOW})
    assert "etag" not in response.headers
    assert response.headers["cache-control"] == "no-store"


def test_etag_reveals_nothing_to_a_caller_without_read_permission(api: Api) -> None:
    key = caching.CacheKey(
        Caller("meter", frozenset({Role.METRICS})), "application/json", GraphQLRequest(None, None, None, None, None)
    )
    assert not caching.may_be_valid(key, f'"1-{key.digest}"')


# ── request headers and variables ─────────────────────────────────────────────────────────────────


def test_etag_weakened_by_a_proxy_still_matches(
    api: Api, cycle: dict[str, str], request: pytest.FixtureRequest
) -> None:
    past = "{ asOf(position: 1) { basis { position } } }"
    etag = get(api, past).headers["etag"]
    assert etag.startswith('"')
    request.getfixturevalue("execution_forbidden")
    assert get(api, past, f"W/{etag}").status_code == 304


def test_if_none_match_with_refused_variables_returns_the_error(api: Api) -> None:
    deep: Any = 1
    for _ in range(400):
        deep = {"a": deep}
    asked = {"query": NOW, "variables": json.dumps({"deep": deep})}
    response = api.http.get("/graphql", params=asked, headers={"if-none-match": "x"})
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "VARIABLES_TOO_DEEP"
