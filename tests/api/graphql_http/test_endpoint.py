"""What the address of the API takes and answers, apart from what GraphQL says."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.asgi.body_limit import BODY_BYTES_MAX
from api.execution.limits import DOCUMENT_LENGTH_MAX, TOKENS_MAX
from api.runtime.database import Database
from api.runtime.settings import Settings
from api.server.app import create_app
from domain.log.append import CommandInDoubt, Unavailable
from domain.log.event_store import StoredRow
from tests.api.conftest import Api
from tests.domain.log.writing import command, reading

GRAPHQL = "application/graphql-response+json"
ASK = {"query": "{ viewer { handle roles } }"}


def post(api: Api, body: Any = ASK, **headers: str) -> Any:
    return api.http.post(
        "/graphql", json=body, headers={name.replace("_", "-"): text for name, text in headers.items()}
    )


def code(response: Any) -> Any:
    """The code of the one error of an answer."""
    (error,) = response.json()["errors"]
    return error["extensions"]["code"]


# ── who asks ──────────────────────────────────────────────────────────────────────────────────────


def test_whoever_asks_is_the_operator_with_every_role(api: Api) -> None:
    viewer = api.ask("{ viewer { handle person { id } roles } }")["viewer"]
    assert viewer == {"handle": "demo", "person": None, "roles": ["ADMIN", "AUDITOR", "LEAD", "MEMBER", "METRICS"]}


def test_what_a_page_of_ours_sends_is_told_apart_from_other_programs(api: Api, objective: str) -> None:
    query = (
        f'mutation {{ commitObjective(input: {{objective: "{objective}"}}) '
        "{ changes { actor { handle source } } } }"
    )
    response = post(api, {"query": query}, sec_fetch_site="same-origin")
    (change,) = response.json()["data"]["commitObjective"]["changes"]
    assert change["actor"] == {"handle": "demo", "source": "CONSOLE"}


# ── forms of the answer ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        (GRAPHQL, GRAPHQL),
        (f"{GRAPHQL}, application/json;q=0.9", GRAPHQL),
        (f"application/json, {GRAPHQL};q=0.5", "application/json"),
        (f"{GRAPHQL};charset=utf-8, application/graphql+json, application/json", GRAPHQL),
        ("text/plain, application/*;q=0.2", "application/json"),
    ],
)
def test_an_answer_comes_in_the_form_that_is_wanted_most(api: Api, accept: str, media: str) -> None:
    response = post(api, accept=accept)
    assert response.status_code == 200
    assert response.headers["content-type"] == f"{media}; charset=utf-8"
    assert response.headers["vary"] == "accept, authorization"
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("accept", ["text/plain", "image/*", "application/json;q=0", "application/xml, text/csv"])
def test_who_accepts_nothing_that_we_have_is_told_so(api: Api, accept: str) -> None:
    response = post(api, accept=accept)
    assert (response.status_code, code(response)) == (406, "BAD_REQUEST")


@pytest.mark.parametrize("query", ["{", "{ nope }", "query ($x: Int!) { viewer(x: $x) { handle } }"])
def test_the_status_tells_of_a_document_that_was_not_carried_out_if_that_is_understood(api: Api, query: str) -> None:
    plain, told = post(api, {"query": query}), post(api, {"query": query}, accept=GRAPHQL)
    assert (plain.status_code, told.status_code) == (200, 400)
    assert "data" not in told.json()
    assert plain.json()["errors"][0]["extensions"]["code"].startswith("GRAPHQL_")


def test_of_several_operations_one_has_to_be_named(api: Api) -> None:
    body = {"query": "query A { viewer { handle } } query B { viewer { roles } }"}
    assert code(post(api, body)) == "GRAPHQL_VALIDATION_FAILED"
    assert list(post(api, {**body, "operationName": "B"}).json()["data"]["viewer"]) == ["roles"]


def test_a_wrong_variable_is_told_like_a_wrong_document(api: Api) -> None:
    body = {"query": "query ($id: ID!) { objective(id: $id) { id } }", "variables": {"id": [1]}}
    assert post(api, body, accept=GRAPHQL).status_code == 400


def test_a_field_that_fails_leaves_the_rest_of_the_answer(api: Api) -> None:
    body = {"query": "{ viewer { handle } asOf(position: 9007199254740992) { basis { position } } }"}
    response = post(api, body, accept=GRAPHQL)
    assert response.status_code == 200
    assert code(response) == "INVALID"


# ── forms of the request ──────────────────────────────────────────────────────────────────────────


def test_a_query_may_be_asked_by_get_but_nothing_is_written_by_it(api: Api) -> None:
    assert api.http.get("/graphql", params=ASK).json()["data"]["viewer"]["handle"] == "demo"
    response = api.http.get(
        "/graphql", params={"query": 'mutation { commitObjective(input: {objective: "x"}) { position } }'}
    )
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_not_allowed(api: Api, method: str) -> None:
    response = api.http.request(method, "/graphql")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b'"query"', "application/json", 400),
        (b"null", "application/json", 400),
        (b"[" * 5000, "application/json", 400),
        (b"{}", "application/json", 400),
        (b'{"query": 7}', "application/json", 400),
        (b'{"query": "{__typename}", "variables": []}', "application/json", 400),
        (b'{"query": "{__typename}", "operationName": 7}', "application/json", 400),
        (b'{"query": "\xff"}', "application/json", 400),
        (b"{__typename}", "application/graphql", 415),
        (b"query={__typename}", "application/x-www-form-urlencoded", 415),
        (b'{"query": "{__typename}"}', "text/plain", 415),
    ],
)
def test_what_is_no_request_is_refused_as_json(api: Api, body: bytes, kind: str, status: int) -> None:
    response = api.http.post("/graphql", content=body, headers={"content-type": kind})
    assert (response.status_code, code(response)) == (status, "BAD_REQUEST")


def test_a_request_has_a_name_its_own_or_a_new_one(api: Api) -> None:
    assert post(api, x_request_id="mine-7").headers["x-request-id"] == "mine-7"
    first, second = post(api), post(api, x_request_id="not fit\tto be logged")
    assert len({first.headers["x-request-id"], second.headers["x-request-id"], "not fit\tto be logged"}) == 3


# ── bounds ────────────────────────────────────────────────────────────────────────────────────────


def test_a_body_that_says_it_is_too_long_is_not_read(api: Api) -> None:
    headers = {"content-type": "application/json", "content-length": str(BODY_BYTES_MAX + 1)}
    response = api.http.post("/graphql", content=b"{}", headers=headers)
    assert (response.status_code, code(response)) == (413, "TOO_LARGE")


def test_a_body_that_goes_on_and_on_is_not_read_to_its_end(api: Api) -> None:
    sent = 0

    def body() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(3):
            sent += 1
            yield b" " * (BODY_BYTES_MAX // 2 + 1)

    response = api.http.post("/graphql", content=body(), headers={"content-type": "application/json"})
    assert (response.status_code, code(response)) == (413, "TOO_LARGE")


def test_a_document_has_bounds(api: Api) -> None:
    long = post(api, {"query": "{ __typename }" + " " * DOCUMENT_LENGTH_MAX})
    many = post(api, {"query": "{" + " __typename" * TOKENS_MAX + "}"})
    assert (code(long), code(many)) == ("DOCUMENT_TOO_LONG", "TOO_MANY_TOKENS")


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000", "kf.localhost", "LOCALHOST"]
)
def test_hosts_of_this_machine_are_ours(api: Api, host: str) -> None:
    assert post(api, host=host).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example"]
)
def test_another_host_is_not_ours_whatever_it_points_to(api: Api, host: str) -> None:
    response = post(api, host=host)
    assert (response.status_code, code(response)) == (421, "UNKNOWN_HOST")


def test_an_installation_may_have_names_of_its_own(settings: Settings, database: Database) -> None:
    named = settings.model_copy(update={"host_names": "keyframe, goals.example"})
    with TestClient(create_app(named, database, editor=False, anonymous=True), base_url="http://goals.example") as http:
        assert http.get("/healthz").status_code == 200


# ── the position that a client knows of ───────────────────────────────────────────────────────────


def test_an_answer_waits_for_the_position_that_the_client_knows_of(api: Api, objective: str) -> None:
    position = api.do("commitObjective", {"objective": objective})["position"]
    response = post(api, {"query": "{ basis { position } }"}, x_keyframe_min_position=str(position))
    assert response.json()["data"]["basis"]["position"] >= position


@pytest.mark.parametrize("said", ["", "-1", "last", "1.5", "9" * 17])
def test_a_position_is_a_whole_number(api: Api, said: str) -> None:
    response = post(api, x_keyframe_min_position=said)
    assert (response.status_code, code(response)) == (400, "BAD_REQUEST")


def test_who_knows_of_more_than_there_is_is_told_where_the_views_stand(settings: Settings, database: Database) -> None:
    hasty = settings.model_copy(update={"view_timeout_s": 0.01})
    with TestClient(create_app(hasty, database, editor=False, anonymous=True), base_url="http://localhost") as http:
        response = post(Api(http), x_keyframe_min_position="7")
        (error,) = response.json()["errors"]
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert error["extensions"] == {"code": "BEHIND", "wanted": 7, "position": 0, "lag": 7}


# ── when things go wrong ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("failure", "expected", "saying"),
    [
        (CommandInDoubt(command().by.command), "OUTCOME_UNKNOWN", "idempotencyKey"),
        (Unavailable("gone"), "UNAVAILABLE", "again"),
        (ZeroDivisionError("a bug with details"), "INTERNAL_SERVER_ERROR", "request id"),
    ],
)
def test_a_failure_has_a_code_and_says_what_to_do(
    api: Api, monkeypatch: pytest.MonkeyPatch, failure: Exception, expected: str, saying: str
) -> None:
    def fail(*_: object) -> None:
        raise failure

    monkeypatch.setattr("api.execution.writer.Writer.execute", fail)
    answer = api.answer('mutation { addPerson(input: {handle: "x", name: "X"}) { position } }')
    (error,) = answer["errors"]
    assert answer["data"] == {"addPerson": None}
    assert error["extensions"]["code"] == expected
    assert saying in error["message"]
    assert "details" not in str(answer)


def test_what_nobody_foresaw_tells_nothing(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(settings, database, editor=False, anonymous=True)
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as http:
        monkeypatch.setattr("api.graphql_http.endpoint.Endpoint.encode_json", lambda *_: 1 / 0)
        response = http.post("/graphql", json=ASK)
    assert (response.status_code, code(response)) == (500, "INTERNAL_SERVER_ERROR")


def test_an_operation_that_reads_for_too_long_is_given_up(settings: Settings, database: Database) -> None:
    hasty = settings.model_copy(update={"answer_timeout_s": 1e-9})
    with TestClient(create_app(hasty, database, editor=False, anonymous=True), base_url="http://localhost") as http:
        assert Api(http).error("{ basis { position } }")["extensions"]["code"] == "TIMEOUT"


def test_an_answer_that_the_views_are_behind_says_by_how_much(settings: Settings, database: Database) -> None:
    alone = settings.model_copy(update={"project_in_server": False, "view_timeout_s": 0.01})
    with TestClient(create_app(alone, database, editor=False, anonymous=True), base_url="http://localhost") as http:
        payload = Api(http).do(
            "addPerson",
            {"handle": "ada", "name": "Ada"},
            "position behind person { name } query { basis { position } }",
        )
    assert payload == {"problems": [], "position": 1, "behind": 1, "person": None, "query": {"basis": {"position": 0}}}


# ── how it does ───────────────────────────────────────────────────────────────────────────────────


def test_a_browser_gets_a_page_only_if_the_editor_is_on(settings: Settings, database: Database) -> None:
    for editor, status in ((True, 200), (False, 404)):
        with TestClient(
            create_app(settings, database, editor=editor, anonymous=True), base_url="http://localhost"
        ) as http:
            response = http.get("/graphql", headers={"accept": "text/html,*/*;q=0.8"})
            assert response.status_code == status
            assert ("<html" in response.text) is editor


def test_it_says_that_it_lives_and_that_it_can_work(api: Api) -> None:
    assert (api.http.get("/healthz").status_code, api.http.get("/healthz").text) == (200, "alive")
    ready = api.http.get("/readyz")
    told = ready.json()
    assert (ready.status_code, told["ready"], told["wrong"]) == (200, True, None)
    assert told["migrations"]["version"] == told["migrations"]["needed"]
    assert told["views"]["lag"] == 0


def test_an_event_that_cannot_be_applied_is_named_and_reading_goes_on(settings: Settings, database: Database) -> None:
    log = database.log()
    with TestClient(create_app(settings, database, editor=False, anonymous=True), base_url="http://localhost") as http:
        good = Api(http).do("addPerson", {"handle": "ada", "name": "Ada"})["position"]
        known = reading()
        strange = StoredRow(**{**vars(known), "topic": "thing-unheard-of.v1"})
        log.append([strange], command())
        behind = post(Api(http), x_keyframe_min_position=str(good + 1))
        ready, people = http.get("/readyz"), Api(http).ask("{ people { nodes { handle } } basis { position } }")
    assert code(behind) == "BEHIND"
    assert (ready.status_code, ready.json()["ready"]) == (503, False)
    assert ready.json()["views"]["lag"] == 1
    poison = ready.json()["views"]["poison"]
    assert (poison["position"], poison["topic"]) == (good + 1, "thing-unheard-of.v1")
    assert "thing-unheard-of" in poison["cause"]
    assert people == {"people": {"nodes": [{"handle": "ada"}]}, "basis": {"position": good}}


def test_nothing_is_left_running_when_it_ends(settings: Settings, database: Database) -> None:
    app = create_app(settings, database, editor=False, anonymous=True)
    before = set(threading.enumerate())
    with TestClient(app, base_url="http://localhost") as http:
        assert http.get("/healthz").status_code == 200
        assert "projector" in {thread.name for thread in set(threading.enumerate()) - before}
    assert not {thread for thread in set(threading.enumerate()) - before if thread.name.startswith("projector")}
