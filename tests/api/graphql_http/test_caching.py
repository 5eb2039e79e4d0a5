"""How long an answer may be kept, and that it is not carried out again while it holds."""

import json
from typing import Any

import orjson
import pytest
from starlette.testclient import TestClient

from api.execution.context import Caller, Context
from api.graphql_http import caching
from api.graphql_http.request import GraphQLRequest
from api.runtime.database import Database
from api.runtime.settings import Settings
from api.server.app import create_app
from domain.commands.permissions import Role
from tests.api.conftest import Api

NOW = "{ cycles { nodes { key } } }"


def get(api: Api, query: str, etag: str = "", **variables: Any) -> Any:
    asked = {"query": query, "variables": orjson.dumps(variables).decode()}
    return api.http.get("/graphql", params=asked, headers={"if-none-match": etag} if etag else {})


@pytest.fixture
def no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is carried out from now on fails."""

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("nothing is to be carried out")

    monkeypatch.setattr("api.schema.schema.Schema.execute_sync", fail)


@pytest.fixture(autouse=True)
def _minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """The minute does not end in the middle of a test."""
    monkeypatch.setattr(caching, "NOW_SECONDS", 10**9)


# ── now ───────────────────────────────────────────────────────────────────────────────────────────


def test_an_answer_about_now_is_asked_about_each_time(api: Api, cycle: dict[str, str]) -> None:
    response = get(api, NOW)
    assert response.headers["cache-control"] == "private, no-cache"
    assert response.headers["etag"].startswith('W/"')
    assert response.headers["vary"] == "accept, authorization"


def test_an_answer_about_now_tells_the_head_and_holds_while_nothing_is_written(
    api: Api, cycle: dict[str, str], request: pytest.FixtureRequest
) -> None:
    position = api.ask("{ basis { position } }")["basis"]["position"]
    first = get(api, NOW)
    assert f'"{position}-' in first.headers["etag"]
    request.getfixturevalue("no_more")
    again = get(api, NOW, first.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    assert {name: again.headers[name] for name in ("etag", "cache-control", "vary")} == {
        name: first.headers[name] for name in ("etag", "cache-control", "vary")
    }


def test_it_holds_no_more_once_something_was_written(api: Api, objective: str) -> None:
    first = get(api, NOW)
    api.do("commitObjective", {"objective": objective})
    again = get(api, NOW, first.headers["etag"])
    assert again.status_code == 200
    assert again.headers["etag"] != first.headers["etag"]


def test_it_holds_no_more_once_the_minute_is_over(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    first = get(api, NOW)
    monkeypatch.setattr(caching, "NOW_SECONDS", 1e-6)
    assert get(api, NOW, first.headers["etag"]).status_code == 200


@pytest.mark.parametrize("other", ["{ cycles { nodes { name } } }", "{ cycles { totalCount } }"])
def test_the_name_of_one_answer_is_not_that_of_another(api: Api, other: str) -> None:
    assert get(api, other, get(api, NOW).headers["etag"]).status_code == 200


def test_names_differ_by_variables_by_form_and_by_who_asks(api: Api) -> None:
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


def test_several_names_may_be_given(api: Api) -> None:
    etag = get(api, NOW).headers["etag"]
    assert get(api, NOW, f'"another", {etag}').status_code == 304
    assert get(api, NOW, "*").status_code == 200


# ── over ──────────────────────────────────────────────────────────────────────────────────────────

PAST = "{ asOf(position: 1) { basis { position } cycles { nodes { key } } } }"


def test_an_answer_about_a_place_in_the_log_may_be_kept(api: Api, cycle: dict[str, str]) -> None:
    response = get(api, PAST)
    assert response.json()["data"]["asOf"]["basis"] == {"position": 1}
    assert response.headers["cache-control"] == "private, max-age=3600, immutable"
    assert get(api, PAST, response.headers["etag"]).status_code == 304


def test_so_may_one_about_what_was_known_once(api: Api, cycle: dict[str, str]) -> None:
    moment = api.ask("{ asOf(position: 1) { basis { known } } }")["asOf"]["basis"]["known"]
    query = "query ($at: DateTime!) { asOf(at: $at, known: $at) { cycles { nodes { key } } } }"
    assert "immutable" in get(api, query, at=moment).headers["cache-control"]


def test_so_may_one_about_the_thing_with_an_id_of_then(api: Api, cycle: dict[str, str]) -> None:
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
def test_what_has_any_part_in_now_may_not(api: Api, cycle: dict[str, str], query: str) -> None:
    response = get(api, query)
    assert "errors" not in response.json()
    assert response.headers["cache-control"] == "private, no-cache"


def test_what_is_hidden_or_erased_later_is_asked_about_again(api: Api, objective: str) -> None:
    """An answer about what is over may still change in what may be seen of it, and never without an event."""
    first = get(api, PAST)
    api.do("commitObjective", {"objective": objective})
    assert get(api, PAST, first.headers["etag"]).status_code == 200


def test_nothing_is_kept_where_that_is_not_wanted(settings: Settings, database: Database) -> None:
    careful = settings.model_copy(update={"immutable_s": 0})
    app = create_app(careful, database, editor=False, anonymous=True)
    with TestClient(app, base_url="http://localhost") as http:
        Api(http).do("addPerson", {"handle": "ada", "name": "Ada"})
        assert get(Api(http), PAST).headers["cache-control"] == "private, no-cache"


# ── never ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "query", ["{", "{ nope }", "{ __typename }", "{ asOf(position: 9007199254740992) { basis { position } } }"]
)
def test_errors_and_what_stands_on_nothing_are_not_kept(api: Api, query: str) -> None:
    response = get(api, query)
    assert "etag" not in response.headers
    assert response.headers["cache-control"] == "no-store"


def test_an_answer_to_a_post_is_not_kept(api: Api) -> None:
    response = api.http.post("/graphql", json={"query": NOW})
    assert "etag" not in response.headers
    assert response.headers["cache-control"] == "no-store"


def test_who_may_not_read_is_told_nothing_by_a_name(api: Api) -> None:
    key = caching.CacheKey(Caller("meter", frozenset({Role.METRICS})), "application/json", GraphQLRequest(*[None] * 5))
    context = Context(key.caller, *[None] * 3)  # type: ignore[arg-type]
    assert caching.find_not_modified(key, f'"1-{key.digest}"', context, 1) is None


# ── what clients say ──────────────────────────────────────────────────────────────────────────────


def test_a_name_that_somebody_between_has_weakened_still_holds(
    api: Api, cycle: dict[str, str], request: pytest.FixtureRequest
) -> None:
    past = "{ asOf(position: 1) { basis { position } } }"
    etag = get(api, past).headers["etag"]
    assert etag.startswith('"')
    request.getfixturevalue("no_more")
    assert get(api, past, f"W/{etag}").status_code == 304


def test_variables_that_are_refused_have_no_name(api: Api) -> None:
    deep: Any = 1
    for _ in range(400):
        deep = {"a": deep}
    asked = {"query": NOW, "variables": json.dumps({"deep": deep})}
    response = api.http.get("/graphql", params=asked, headers={"if-none-match": "x"})
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "VARIABLES_TOO_DEEP"
