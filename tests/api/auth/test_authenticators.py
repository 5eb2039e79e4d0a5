"""Every route, requested with every kind of authorization header."""

from time import sleep
from typing import Any

import pytest
from psycopg import OperationalError
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocketDisconnect

from api.endpoints.health import CACHED_SECONDS
from api.graphql_http.websocket import UNAUTHENTICATED_LENGTH_MAX
from domain.commands.permissions import Role
from domain.log import health
from projections.proof import signer
from tests.api.auth.conftest import AppServer, signed
from tests.api.frames import BOTH_FRAMES

pytestmark = BOTH_FRAMES

GOOD = {
    "/": 200,
    "/alignment": 200,
    "/changes": 200,
    "/kpis": 200,
    "/looking-back": 200,
    "/proof": 200,
    "/week": 200,
    "/objective/{id}": 200,
    "/kpi/{id}": 200,
    "/proof/{position}": 200,
    "/console/{name}": 404,
    "/sign-in": 200,
    "/sign-out": 405,
    "/graphql": 400,
    "/healthz": 200,
    "/readyz": 200,
    "/checkpoint": 404,
    "/checkpoint/key": 404,
    "/report/{cycle}": 404,
    "/evidence/{cycle}": 404,
    "/ingest/readings": 405,
    "/ingest/targets": 405,
    "/export/changes.ndjson": 200,
    "/export/changes.csv": 200,
    "/export/readings.csv": 200,
    "/metrics": 200,
    "/schema.graphql": 200,
}
"""The status of an authenticated GET by route. A new route needs a line here."""
FOR_STRANGERS = {"/healthz": "alive", "/readyz": "ready"}
CONSOLE = {
    "/",
    "/alignment",
    "/changes",
    "/kpis",
    "/looking-back",
    "/proof",
    "/week",
    "/objective/{id}",
    "/kpi/{id}",
    "/proof/{position}",
    "/console/{name}",
    "/sign-in",
    "/sign-out",
}
"""The console's pages and files, which strangers get, too: they hold no data."""


@pytest.fixture(scope="module")
def invalid_headers(app_server: AppServer) -> dict[str, str]:
    return app_server.invalid_headers()


def routes_with_address(app_server: AppServer) -> list[tuple[str, str]]:
    """Every route, with a concrete path."""
    found = [route.path for route in app_server.app.routes if isinstance(route, Route)]
    return [(path, path.replace("{cycle}", "2026-q1")) for path in found]


def test_every_route_answers_an_authenticated_caller(app_server: AppServer) -> None:
    shown = {"authorization": f"Bearer {app_server.token(*Role)}"}
    for path, address in routes_with_address(app_server):
        assert path in GOOD, f"{path} has no row in GOOD: add its status for an authenticated GET"
        assert app_server.http.get(address, headers=shown).status_code == GOOD[path], path


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_request_without_a_token_is_answered_401_on_every_route(app_server: AppServer, method: str) -> None:
    for path, address in [
        *routes_with_address(app_server),
        ("/nowhere", "/nowhere"),
        ("/healthz/", "/healthz/"),
    ]:
        response = app_server.http.request(method, address, follow_redirects=False)
        if path in CONSOLE:
            assert response.status_code in (200, 403, 404, 405), path
        elif path in FOR_STRANGERS:
            assert response.status_code in (200, 405), path
        else:
            assert_unknown(response)


def assert_unknown(response: Any) -> None:
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.headers["cache-control"] == "no-store"
    if response.request.method != "HEAD":
        (error,) = response.json()["errors"]
        assert error["extensions"] == {"code": "UNAUTHENTICATED"}


def test_invalid_token_is_answered_like_a_missing_token(app_server: AppServer, invalid_headers: dict[str, str]) -> None:
    for path, address in routes_with_address(app_server):
        if path == "/healthz" or path in CONSOLE:
            continue
        nothing = app_server.http.get("/graphql")
        for why, shown in invalid_headers.items():
            response = app_server.http.get(address, headers={"authorization": shown})
            assert_unknown(response)
            assert response.text == nothing.text, why
            assert response.headers.keys() == nothing.headers.keys(), why


def test_two_authorization_headers_are_refused(app_server: AppServer) -> None:
    shown = f"Bearer {app_server.token()}"
    assert_unknown(app_server.http.get("/graphql", headers=[("authorization", shown), ("authorization", shown)]))


def test_body_of_an_unauthenticated_request_is_not_read(app_server: AppServer) -> None:
    read = []

    def body() -> Any:
        read.append(1)
        yield b"{" * 100_000_000

    assert_unknown(app_server.http.post("/graphql", content=body(), headers={"content-length": "999999999999"}))


@pytest.mark.parametrize("shown", [None, "Bearer nonsense", "Basic YQ=="])
def test_healthz_answers_without_authentication(app_server: AppServer, shown: str | None) -> None:
    response = app_server.http.get("/healthz", headers={"authorization": shown} if shown else {})
    assert (response.status_code, response.text) == (200, "alive")


def test_readyz_answers_one_word_without_authentication(app_server: AppServer) -> None:
    response = app_server.http.get("/readyz")
    assert (response.status_code, response.text) == (200, "ready")


def test_readyz_answers_details_to_an_authenticated_caller(app_server: AppServer) -> None:
    readiness = app_server.http.get(
        "/readyz", headers={"authorization": f"Bearer {app_server.token(Role.METRICS)}"}
    ).json()
    assert (readiness["ready"], readiness["database"]) == (True, True)


def test_lost_database_is_answered_503_in_the_common_error_format(
    app_server: AppServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object) -> None:
        raise OperationalError("connection to server at secret.example failed")

    monkeypatch.setattr(signer, "newest", lost)
    response = app_server.http.get("/checkpoint", headers={"authorization": f"Bearer {app_server.token(Role.AUDITOR)}"})
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert response.json()["errors"][0]["extensions"] == {"code": "UNAVAILABLE"}
    assert "secret.example" not in response.text


def test_readyz_does_not_expose_database_error_text(app_server: AppServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_: object) -> None:
        raise OperationalError("connection to server at secret.example failed")

    monkeypatch.setattr(health, "version", lost)
    sleep(CACHED_SECONDS)  # until then an earlier report is used again
    response = app_server.http.get("/readyz", headers={"authorization": f"Bearer {app_server.token()}"})
    assert (response.status_code, response.json()["wrong"]) == (
        503,
        "The database cannot be reached; Keyframe keeps trying.",
    )


def test_unauthenticated_queries_reveal_no_schema_field(app_server: AppServer) -> None:
    for query in ("{ __schema { types { name } } }", "{ viewr { handle } }", "{"):
        assert_unknown(app_server.http.post("/graphql", json={"query": query}))


# ── over WebSocket ────────────────────────────────────────────────────────────────────────────────


def viewer_over_websocket(app_server: AppServer, payload: Any = None, shown: str | None = None) -> Any:
    """As the method of the server, with this authorization header."""
    return app_server.viewer_over_websocket({} if shown is None else {"authorization": shown}, payload)


def test_websocket_is_served_on_one_route(app_server: AppServer) -> None:
    assert [route.path for route in app_server.app.routes if isinstance(route, WebSocketRoute)] == ["/graphql"]


@pytest.mark.parametrize("payload", [None, {}, {"authorization": None}, {"token": "x"}])
def test_websocket_without_a_token_is_closed_with_4401(app_server: AppServer, payload: Any) -> None:
    assert viewer_over_websocket(app_server, payload) == 4401


@pytest.mark.parametrize("name", ["authorization", "Authorization"])
def test_websocket_accepts_a_token_in_connection_init(app_server: AppServer, name: str) -> None:
    assert viewer_over_websocket(app_server, {name: f"Bearer {app_server.token()}"}) == "robot"
    assert viewer_over_websocket(app_server, {name: f"Bearer {signed()}"}) == "robot"


def test_websocket_accepts_a_token_in_the_handshake(app_server: AppServer) -> None:
    shown = f"Bearer {app_server.token()}"
    assert viewer_over_websocket(app_server, shown=shown) == "robot"
    assert viewer_over_websocket(app_server, {"authorization": shown}, shown) == "robot"


def test_invalid_token_closes_the_websocket_with_4403(app_server: AppServer, invalid_headers: dict[str, str]) -> None:
    for why, shown in invalid_headers.items():
        assert viewer_over_websocket(app_server, {"authorization": shown}) == 4403, why
        assert viewer_over_websocket(app_server, shown=shown) == 4403, why


@pytest.mark.parametrize("shown", [7, [], {}, ["Bearer x"], True, ""])
def test_malformed_authorization_closes_the_websocket_with_4403(app_server: AppServer, shown: Any) -> None:
    assert viewer_over_websocket(app_server, {"authorization": shown}) == 4403


def test_two_different_tokens_close_the_websocket_with_4403(app_server: AppServer) -> None:
    one, other = f"Bearer {app_server.token()}", f"Bearer {app_server.token()}"
    assert viewer_over_websocket(app_server, {"authorization": one, "Authorization": other}) == 4403
    assert viewer_over_websocket(app_server, {"authorization": one}, other) == 4403


@pytest.mark.parametrize(
    "message",
    [
        {"type": "ping"},
        {"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }"}},
        {"type": "subscribe", "id": "1", "payload": {"query": "{"}},
    ],
)
def test_messages_before_connection_init_close_with_4401(app_server: AppServer, message: Any) -> None:
    with app_server.websocket() as ws:
        ws.send_json(message)
        with pytest.raises(WebSocketDisconnect) as closed:
            ws.receive_json()
    assert closed.value.code == 4401


def test_long_message_before_authentication_closes_with_4400(app_server: AppServer) -> None:
    with app_server.websocket() as ws:
        ws.send_json({"type": "pong", "payload": {"a": "a" * UNAUTHENTICATED_LENGTH_MAX}})
        with pytest.raises(WebSocketDisconnect) as closed:
            ws.receive_json()
    assert closed.value.code == 4400


def test_other_origins_may_open_an_authenticated_websocket(app_server: AppServer) -> None:
    headers = {"origin": "https://elsewhere.example"}
    with app_server.websocket(headers) as ws:
        ws.send_json({"type": "connection_init", "payload": {"authorization": f"Bearer {app_server.token()}"}})
        assert ws.receive_json() == {"type": "connection_ack"}
