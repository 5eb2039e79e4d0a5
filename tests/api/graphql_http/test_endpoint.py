"""The GraphQL endpoint over HTTP: media types, methods, bounds, hosts and failures."""

import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.asgi.body_limit import BODY_BYTES_MAX
from api.execution.limits import DOCUMENT_LENGTH_MAX, TOKENS_MAX
from api.runtime.database import Database
from api.runtime.projector import projector_of
from api.runtime.settings import Settings
from api.server.app import create_app
from domain.log.append import CommandInDoubt, Unavailable
from domain.log.mapper import StoredRow
from projections.engine.rebuild import definition
from tests.api.conftest import Api
from tests.api.frames import BOTH_FRAMES
from tests.domain.log.writing import command, reading
from tests.waiting import until

pytestmark = BOTH_FRAMES

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


# ── the caller ────────────────────────────────────────────────────────────────────────────────────


def test_anonymous_caller_is_the_operator_with_every_role(api: Api) -> None:
    viewer = api.ask("{ viewer { handle person { id } roles } }")["viewer"]
    assert viewer == {"handle": "demo", "person": None, "roles": ["ADMIN", "AUDITOR", "LEAD", "MEMBER", "METRICS"]}


def test_header_of_a_browser_does_not_make_the_console_the_source(api: Api, objective: str) -> None:
    query = (
        f'mutation {{ commitObjective(input: {{objective: "{objective}"}}) '
        "{ changes { actor { handle source } } } }"
    )
    response = post(api, {"query": query}, sec_fetch_site="same-origin")
    (change,) = response.json()["data"]["commitObjective"]["changes"]
    assert change["actor"] == {"handle": "demo", "source": "API"}


# ── response media types ──────────────────────────────────────────────────────────────────────────


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
def test_media_type_is_negotiated_by_quality(api: Api, accept: str, media: str) -> None:
    response = post(api, accept=accept)
    assert response.status_code == 200
    assert response.headers["content-type"] == f"{media}; charset=utf-8"
    assert response.headers["vary"] == "accept, authorization, cookie"
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("accept", ["text/plain", "image/*", "application/json;q=0", "application/xml, text/csv"])
def test_unacceptable_media_type_is_answered_406(api: Api, accept: str) -> None:
    response = post(api, accept=accept)
    assert (response.status_code, code(response)) == (406, "BAD_REQUEST")


@pytest.mark.parametrize("query", ["{", "{ nope }", "query ($x: Int!) { viewer(x: $x) { handle } }"])
def test_invalid_document_is_answered_400_only_for_graphql_response_json(api: Api, query: str) -> None:
    plain, negotiated = post(api, {"query": query}), post(api, {"query": query}, accept=GRAPHQL)
    assert (plain.status_code, negotiated.status_code) == (200, 400)
    assert "data" not in negotiated.json()
    assert plain.json()["errors"][0]["extensions"]["code"].startswith("GRAPHQL_")


def test_operation_name_is_required_for_several_operations(api: Api) -> None:
    body = {"query": "query A { viewer { handle } } query B { viewer { roles } }"}
    assert code(post(api, body)) == "GRAPHQL_VALIDATION_FAILED"
    assert list(post(api, {**body, "operationName": "B"}).json()["data"]["viewer"]) == ["roles"]


def test_invalid_variable_is_answered_400(api: Api) -> None:
    body = {"query": "query ($id: ID!) { objective(id: $id) { id } }", "variables": {"id": [1]}}
    assert post(api, body, accept=GRAPHQL).status_code == 400


def test_failing_field_keeps_the_status_200(api: Api) -> None:
    body = {"query": "{ viewer { handle } asOf(position: 9007199254740992) { basis { position } } }"}
    response = post(api, body, accept=GRAPHQL)
    assert response.status_code == 200
    assert code(response) == "INVALID"


# ── requests ──────────────────────────────────────────────────────────────────────────────────────


def test_get_accepts_queries_but_no_mutations(api: Api) -> None:
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
def test_malformed_request_is_refused_with_a_json_error(api: Api, body: bytes, kind: str, status: int) -> None:
    response = api.http.post("/graphql", content=body, headers={"content-type": kind})
    assert (response.status_code, code(response)) == (status, "BAD_REQUEST")


@pytest.mark.parametrize(
    "body",
    [
        b'{"query": "{__typename}", "query": "{viewer {handle}}"}',
        b'{"query": "{__typename}", "variables": {"a": [{"b": 1, "\\u0062": 1}]}}',
        b'[{"query": "{__typename}", "extensions": {"query": 1, "query": 2}}]',
        b'{"query":"{__typename}","query":"{__typename}"}',
        b'{"query":"{__typename}","variables":{"b":' + b"[" * 300 + b"]" * 300 + b',"b":1}}',
    ],
)
def test_duplicate_json_key_is_refused_by_name(api: Api, body: bytes) -> None:
    response = api.http.post("/graphql", content=body, headers={"content-type": "application/json"})
    assert (response.status_code, code(response)) == (400, "BAD_REQUEST")
    assert re.search(r'the key "(query|b)" appears twice in one object', response.json()["errors"][0]["message"])


def test_duplicate_json_key_in_a_query_string_is_refused(api: Api) -> None:
    response = api.http.get("/graphql", params={"query": "{__typename}", "variables": '{"a": 1, "a": 2}'})
    assert (response.status_code, code(response)) == (400, "BAD_REQUEST")


def test_equal_keys_of_different_objects_are_accepted(api: Api) -> None:
    body = {"query": "{__typename}", "variables": {"a": {"a": [{"a": 1}, {"a": 1}]}}, "extensions": {"query": 1}}
    assert post(api, body).status_code == 200


def test_valid_request_id_is_returned_and_an_invalid_one_replaced(api: Api) -> None:
    assert post(api, x_request_id="mine-7").headers["x-request-id"] == "mine-7"
    first, second = post(api), post(api, x_request_id="not fit\tto be logged")
    assert len({first.headers["x-request-id"], second.headers["x-request-id"], "not fit\tto be logged"}) == 3


# ── bounds ────────────────────────────────────────────────────────────────────────────────────────


def test_body_with_a_too_large_content_length_is_refused(api: Api) -> None:
    headers = {"content-type": "application/json", "content-length": str(BODY_BYTES_MAX + 1)}
    response = api.http.post("/graphql", content=b"{}", headers=headers)
    assert (response.status_code, code(response)) == (413, "TOO_LARGE")


def test_too_long_streamed_body_is_refused(api: Api) -> None:
    sent = 0

    def body() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(3):
            sent += 1
            yield b" " * (BODY_BYTES_MAX // 2 + 1)

    response = api.http.post("/graphql", content=body(), headers={"content-type": "application/json"})
    assert (response.status_code, code(response)) == (413, "TOO_LARGE")


def test_document_length_and_token_count_are_bounded(api: Api) -> None:
    long = post(api, {"query": "{ __typename }" + " " * DOCUMENT_LENGTH_MAX})
    many = post(api, {"query": "{" + " __typename" * TOKENS_MAX + "}"})
    assert (code(long), code(many)) == ("DOCUMENT_TOO_LONG", "TOO_MANY_TOKENS")


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000", "kf.localhost", "LOCALHOST"]
)
def test_loopback_host_headers_are_accepted(api: Api, host: str) -> None:
    assert post(api, host=host).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example"]
)
def test_unknown_host_header_is_answered_421(api: Api, host: str) -> None:
    response = post(api, host=host)
    assert (response.status_code, code(response)) == (421, "UNKNOWN_HOST")


@pytest.mark.parametrize("host", ["", ":8000", ".", "[]", "[]:8000"])
def test_empty_host_header_is_answered_421(api: Api, host: str) -> None:
    response = post(api, host=host)
    assert (response.status_code, code(response)) == (421, "UNKNOWN_HOST")


def test_configured_host_names_are_accepted(settings: Settings, database: Database) -> None:
    named = settings.model_copy(update={"host_names": "keyframe, goals.example"})
    with TestClient(create_app(named, database, editor=False, anonymous=True), base_url="http://goals.example") as http:
        assert http.get("/healthz").status_code == 200


# ── the minimum position ──────────────────────────────────────────────────────────────────────────


def test_answer_waits_for_the_clients_min_position(api: Api, objective: str) -> None:
    position = api.do("commitObjective", {"objective": objective})["position"]
    response = post(api, {"query": "{ basis { position } }"}, x_keyframe_min_position=str(position))
    assert response.json()["data"]["basis"]["position"] >= position


@pytest.mark.parametrize("position", ["", "-1", "last", "1.5", "9" * 17])
def test_min_position_must_be_a_whole_number(api: Api, position: str) -> None:
    response = post(api, x_keyframe_min_position=position)
    assert (response.status_code, code(response)) == (400, "BAD_REQUEST")


def test_unreachable_min_position_is_answered_503_with_the_lag(settings: Settings, database: Database) -> None:
    hasty = settings.model_copy(update={"view_timeout_s": 0.01})
    with TestClient(create_app(hasty, database, editor=False, anonymous=True), base_url="http://localhost") as http:
        response = post(Api(http), x_keyframe_min_position="7")
        (error,) = response.json()["errors"]
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert error["extensions"] == {"code": "BEHIND", "wanted": 7, "position": 0, "lag": 7}


# ── failures ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("failure", "expected", "message_part"),
    [
        (CommandInDoubt(command().by.command), "OUTCOME_UNKNOWN", "idempotencyKey"),
        (Unavailable("gone"), "UNAVAILABLE", "again"),
        (ZeroDivisionError("a bug with details"), "INTERNAL_SERVER_ERROR", "request id"),
    ],
)
def test_failure_has_a_code_and_advice(
    api: Api, monkeypatch: pytest.MonkeyPatch, failure: Exception, expected: str, message_part: str
) -> None:
    def fail(*_: object) -> None:
        raise failure

    monkeypatch.setattr("api.execution.writer.Writer.execute", fail)
    answer = api.answer('mutation { addPerson(input: {handle: "x", name: "X"}) { position } }')
    (error,) = answer["errors"]
    assert answer["data"] == {"addPerson": None}
    assert error["extensions"]["code"] == expected
    assert message_part in error["message"]
    assert "details" not in str(answer)


def test_unexpected_failure_is_answered_500_without_details(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(settings, database, editor=False, anonymous=True)
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as http:
        monkeypatch.setattr("api.graphql_http.endpoint.Endpoint.encode_json", lambda *_: 1 / 0)
        response = http.post("/graphql", json=ASK)
    assert (response.status_code, code(response)) == (500, "INTERNAL_SERVER_ERROR")


def test_slow_operation_times_out(settings: Settings, database: Database) -> None:
    hasty = settings.model_copy(update={"answer_timeout_s": 1e-9})
    with TestClient(create_app(hasty, database, editor=False, anonymous=True), base_url="http://localhost") as http:
        assert Api(http).error("{ basis { position } }")["extensions"]["code"] == "TIMEOUT"


def test_mutation_answer_reports_the_projection_lag(settings: Settings, database: Database) -> None:
    alone = settings.model_copy(update={"project_in_server": False, "view_timeout_s": 0.01})
    with TestClient(create_app(alone, database, editor=False, anonymous=True), base_url="http://localhost") as http:
        payload = Api(http).do(
            "addPerson",
            {"handle": "ada", "name": "Ada"},
            "position behind person { name } query { basis { position } }",
        )
    assert payload == {"problems": [], "position": 1, "behind": 1, "person": None, "query": {"basis": {"position": 0}}}


def test_commands_pause_beyond_a_lag_and_go_on_when_the_projections_have_caught_up(
    settings: Settings, database: Database
) -> None:
    lagging = settings.model_copy(update={"project_in_server": False, "view_timeout_s": 0.01, "write_lag_max": 2})
    with TestClient(create_app(lagging, database, editor=False, anonymous=True), base_url="http://localhost") as http:
        api = Api(http)
        wait_until_projector_is(http, "FOLLOWING")
        for key in ("one", "two", "three"):
            assert api.do("defineKpi", {"key": key, "name": key, "idempotencyKey": key})["problems"] == []
        four = 'mutation { defineKpi(input: {key: "four", name: "four"}) { position } }'
        error = api.error(four)
        assert error["extensions"]["code"] == "UNAVAILABLE"
        assert "far behind the log; nothing was recorded" in error["message"]
        ingested = http.post(
            "/ingest/readings", content="kpi,measured_at,value\none,2026-01-01T00:00:00Z,1\n",
            headers={"content-type": "text/csv"},
        )  # fmt: skip
        assert ingested.status_code == 503
        assert "paused" in ingested.text
        assert api.do("defineKpi", {"key": "one", "name": "one", "idempotencyKey": "one"})["position"] == 1
        assert api.ask("{ basis { position } }") == {"basis": {"position": 0}}
        assert database.log().head().position == 3
        projector_of(database).catch_up()
        until(lambda: "errors" not in api.answer(four))
        assert database.log().head().position == 4


def test_a_poison_event_lets_no_commands_pile_up_behind_it(settings: Settings, database: Database) -> None:
    unknown_event = StoredRow(**{**vars(reading()), "topic": "thing-unheard-of.v1"})
    database.log().append([unknown_event], command())
    few = settings.model_copy(update={"view_timeout_s": 0.01, "write_lag_max": 5})
    with TestClient(create_app(few, database, editor=False, anonymous=True), base_url="http://localhost") as http:
        wait_until_projector_is(http, "STOPPED")
        query = 'mutation { defineKpi(input: {key: "k%d", name: "k"}) { behind } }'
        answers = [Api(http).answer(query % number) for number in range(20)]
    assert [answer["data"]["defineKpi"]["behind"] for answer in answers[:5]] == [2, 3, 4, 5, 6]
    assert {answer["errors"][0]["extensions"]["code"] for answer in answers[5:]} == {"UNAVAILABLE"}
    assert database.log().head().position == 6


def wait_until_projector_is(http: TestClient, condition: str) -> None:
    until(lambda: http.get("/readyz").json()["projector"]["condition"] == condition)


# ── the application as a whole ────────────────────────────────────────────────────────────────────


def test_editor_page_is_served_only_if_enabled(settings: Settings, database: Database) -> None:
    for editor, status in ((True, 200), (False, 404)):
        with TestClient(
            create_app(settings, database, editor=editor, anonymous=True), base_url="http://localhost"
        ) as http:
            response = http.get("/graphql", headers={"accept": "text/html,*/*;q=0.8"})
            assert response.status_code == status
            assert ("<html" in response.text) is editor


def test_healthz_and_readyz_report_a_healthy_server(api: Api) -> None:
    assert (api.http.get("/healthz").status_code, api.http.get("/healthz").text) == (200, "alive")
    ready = api.http.get("/readyz")
    health = ready.json()
    assert (ready.status_code, health["ready"], health["wrong"]) == (200, True, None)
    assert health["migrations"]["version"] == health["migrations"]["needed"]
    assert (health["views"]["lag"], health["views"]["leftovers"]) == (0, [])


def test_readyz_asks_for_a_rebuild_for_another_version_of_the_time_zones(
    settings: Settings, database: Database
) -> None:
    with database.connect() as conn:
        conn.execute("update view_position set definition = %s", [definition("2025.2")])
    app = create_app(settings, database, editor=False, anonymous=True)
    with TestClient(app, base_url="http://localhost") as http:
        ready = http.get("/readyz")
    assert (ready.status_code, ready.json()["ready"]) == (503, False)
    assert "or time zones than Keyframe" in str(ready.json()["wrong"])


def test_readyz_names_a_poison_event_while_queries_continue(settings: Settings, database: Database) -> None:
    log = database.log()
    with TestClient(create_app(settings, database, editor=False, anonymous=True), base_url="http://localhost") as http:
        good = Api(http).do("addPerson", {"handle": "ada", "name": "Ada"})["position"]
        known = reading()
        unknown_event = StoredRow(**{**vars(known), "topic": "thing-unheard-of.v1"})
        log.append([unknown_event], command())
        behind = post(Api(http), x_keyframe_min_position=str(good + 1))
        ready, people = http.get("/readyz"), Api(http).ask("{ people { nodes { handle } } basis { position } }")
    assert code(behind) == "BEHIND"
    assert (ready.status_code, ready.json()["ready"]) == (503, False)
    assert ready.json()["views"]["lag"] == 1
    poison = ready.json()["views"]["poison"]
    assert (poison["position"], poison["topic"]) == (good + 1, "thing-unheard-of.v1")
    assert "thing-unheard-of" in poison["cause"]
    assert people == {"people": {"nodes": [{"handle": "ada"}]}, "basis": {"position": good}}


def test_no_projector_thread_outlives_the_application(settings: Settings, database: Database) -> None:
    app = create_app(settings, database, editor=False, anonymous=True)
    before = set(threading.enumerate())
    with TestClient(app, base_url="http://localhost") as http:
        assert http.get("/healthz").status_code == 200
        assert "projector" in {thread.name for thread in set(threading.enumerate()) - before}
    assert not {thread for thread in set(threading.enumerate()) - before if thread.name.startswith("projector")}
