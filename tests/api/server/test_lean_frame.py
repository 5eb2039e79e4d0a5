"""The lean frame answers as the middleware does, and serves only what it may."""

import asyncio
import re
import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from api.asgi.body_limit import BODY_BYTES_MAX, BodyLimit, BodyTooLarge
from api.asgi.connection_timeout import BODY
from api.runtime.settings import Settings
from api.server import lean_frame
from api.server.app import create_app
from api.server.lean_frame import LeanFrame
from domain.commands.permissions import Role
from domain.log.credentials import api_tokens
from tests.api.frames import BOTH_FRAMES
from tests.api.schema.subscriptions.conftest import running
from tests.waiting import until
from tests.workspace import fresh_workspace, named_settings

JSON = ("content-type", "application/json")
ASK = b'{"query": "{ basis { position } }"}'
GRAPHQL = "application/graphql-response+json"
BY_COOKIE = [("cookie", "keyframe-80=kfs_none")]
NEVER_EQUAL = {"x-request-id", "date", "content-length"}


@pytest.fixture(scope="module")
def client(server: str) -> Iterator[TestClient]:
    with fresh_workspace(server, requests_burst=100_000, cors_origins="https://goals.example.org") as database:
        with database.connect() as conn:
            token = api_tokens.issue(conn, "robot", [Role.ADMIN], None, timedelta(hours=1))[1]
        app = create_app(database.settings, database, editor=True)
        with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as http:
            http.headers["x-token"] = token
            yield http


def by(client: TestClient, *headers: tuple[str, str]) -> list[tuple[str, str]]:
    """These headers, and those of the caller."""
    return [*headers, ("authorization", f"Bearer {client.headers['x-token']}")]


def answered(client: TestClient, method: str, url: str, headers: Any, content: Any) -> tuple[Any, ...]:
    """Status, body and headers of a response, and its log line, without what differs each time."""
    with capture_logs() as lines:
        response = client.request(method, url, headers=headers, content=content() if callable(content) else content)
    logged = [{**line, "request_id": None, "ms": None} for line in lines if line["event"] == "request"]
    given = sorted((name, value) for name, value in response.headers.items() if name not in NEVER_EQUAL)
    assert response.headers["x-request-id"]
    return response.status_code, re.sub(rb'"actual":\d+', b"", response.content), given, logged


CASES: dict[str, tuple[str, str, Any, Any]] = {
    "query": ("POST", "/graphql", [JSON], ASK),
    "query by GET": ("GET", "/graphql?query={basis{position}}", [], None),
    "wrong content type": ("POST", "/graphql", [("content-type", "text/csv")], ASK),
    "no content type": ("POST", "/graphql", [], ASK),
    "no JSON": ("POST", "/graphql", [JSON], b"{"),
    "not acceptable": ("POST", "/graphql", [JSON, ("accept", "image/png")], ASK),
    "status by media type": ("POST", "/graphql", [JSON, ("accept", GRAPHQL)], b'{"query": "{nope}"}'),
    "forgery": ("GET", "/graphql?query={basis{position}}", [("sec-fetch-site", "cross-site")], None),
    "declared too large": ("POST", "/graphql", [JSON, ("content-length", str(BODY_BYTES_MAX + 1))], b"{}"),
    "counted too large": ("POST", "/graphql", [JSON], lambda: iter([b" " * BODY_BYTES_MAX, b" "])),
    "unknown host": ("POST", "/graphql", [JSON, ("host", "evil.example")], ASK),
    "two hosts": ("POST", "/graphql", [JSON, ("host", "localhost"), ("host", "evil.example")], ASK),
    "unknown and known host": ("POST", "/graphql", [JSON, ("host", "evil.example"), ("host", "localhost")], ASK),
    "capital letters": ("POST", "/graphql", [("Content-Type", "Application/JSON"), ("ACCEPT", "*/*")], ASK),
    "two media types": ("POST", "/graphql", [JSON, ("accept", "image/png"), ("accept", "application/json")], ASK),
    "position": ("POST", "/graphql", [JSON, ("x-keyframe-min-position", "0")], ASK),
    "no position": ("POST", "/graphql", [JSON, ("x-keyframe-min-position", "x")], ASK),
    "editor": ("GET", "/graphql", [("accept", "text/html")], None),
    "query by GET of a browser": ("GET", "/graphql?query={basis{position}}", [("accept", "text/html,*/*")], None),
    "subscription": ("POST", "/graphql", [JSON], b'{"query": "subscription { changes { __typename } }"}'),
    "batch": ("POST", "/graphql", [JSON], b"[" + ASK + b"]"),
    "request id": ("POST", "/graphql", [JSON, ("x-request-id", "mine-7")], ASK),
    "session that is none": ("POST", "/graphql", [JSON, *BY_COOKIE, ("sec-fetch-site", "same-origin")], ASK),
    "session of another site": ("POST", "/graphql", [JSON, *BY_COOKIE, ("sec-fetch-site", "cross-site")], ASK),
    "put": ("PUT", "/graphql", [JSON], ASK),
    "head": ("HEAD", "/graphql", [], None),
    "of an allowed origin": ("POST", "/graphql", [JSON, ("origin", "https://goals.example.org")], ASK),
    "of another origin": ("POST", "/graphql", [JSON, ("origin", "https://evil.example")], ASK),
    "below": ("GET", "/graphql/below", [], None),
    "with a slash": ("POST", "/graphql/", [JSON], ASK),
}  # fmt: skip


@pytest.mark.parametrize("has_token", [True, False])
@pytest.mark.parametrize("case", CASES)
def test_both_frames_answer_alike(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, case: str, has_token: bool
) -> None:
    method, url, headers, content = CASES[case]
    given = by(client, *headers) if has_token else headers
    lean = answered(client, method, url, given, content)
    monkeypatch.setattr(LeanFrame, "serves", lambda *_: False)
    assert answered(client, method, url, given, content) == lean


@pytest.mark.parametrize(
    "credentials", [["Basic YWRhOnNlY3JldA=="], ["Bearer nonsense"], ["Bearer"], ["Bearer a", "Bearer b"], [""]]
)
def test_both_frames_reject_the_same_credentials(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, credentials: list[str]
) -> None:
    headers = [JSON, *(("authorization", one) for one in credentials)]
    lean = answered(client, "POST", "/graphql", headers, ASK)
    assert lean[0] == 401
    monkeypatch.setattr(LeanFrame, "serves", lambda *_: False)
    assert answered(client, "POST", "/graphql", headers, ASK) == lean


def test_frame_serves_only_get_and_post_of_its_path(client: TestClient) -> None:
    frame: Any = client.app.middleware_stack  # type: ignore[attr-defined]
    scope = {"type": "http", "path": "/graphql", "method": "POST", "headers": []}
    assert frame.serves(scope)
    assert not any(
        frame.serves(scope | other)
        for other in (
            {"type": "websocket"}, {"path": "/graphql/"}, {"path": "/metrics"}, {"method": "OPTIONS"},
            {"method": "HEAD"},
        )
    )  # fmt: skip


def test_middleware_that_the_frame_does_not_know_is_refused(client: TestClient) -> None:
    app: Any = client.app
    endpoint: Any = None
    with pytest.raises(LookupError, match="GZipMiddleware"):
        LeanFrame(app, [*app.user_middleware, Middleware(GZipMiddleware)], endpoint)


def test_response_that_has_begun_is_not_followed_by_another(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> Any:
        async def response(_: Any, __: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            raise ZeroDivisionError

        return response

    monkeypatch.setattr("api.graphql_http.endpoint.Endpoint.respond", broken)
    with TestClient(client.app, base_url="http://localhost") as http, pytest.raises(ZeroDivisionError):
        http.post("/graphql", content=ASK, headers=by(client, JSON))


# ── slow and broken requests ──────────────────────────────────────────────────────────────────────


class TestOverTheWire:
    pytestmark = BOTH_FRAMES

    @pytest.fixture
    def settings(self, server: str) -> Settings:
        return named_settings(server, request_timeout_s=0.3)

    def test_slow_body_is_answered_408(self, settings: Settings, server: str) -> None:
        with fresh_workspace(server, settings), running(settings) as served, _begun(served.port) as connection:
            answer = b""
            while b"REQUEST_TIMEOUT" not in answer:
                part = connection.recv(4096)
                assert part, answer
                answer += part
            assert answer.startswith(b"HTTP/1.1 408 ")

    def test_kept_answer_has_all_headers(self, settings: Settings, server: str) -> None:
        with fresh_workspace(server, settings), running(settings) as served, httpx.Client() as http:
            url, headers = f"http://127.0.0.1:{served.port}/graphql", dict([JSON])
            first, *_, last = [http.post(url, content=ASK, headers=headers) for _ in range(4)]
            closed = http.post(url, content=ASK, headers=headers | {"connection": "close"})
        assert (last.status_code, last.content, closed.content) == (200, closed.content, last.content)
        assert set(last.headers) == {
            "cache-control", "content-length", "content-security-policy", "content-type", "date", "referrer-policy",
            "cross-origin-resource-policy", "vary", "x-content-type-options", "x-keyframe-position", "x-request-id",
        }  # fmt: skip
        assert last.headers.keys() == first.headers.keys() == closed.headers.keys() - {"connection"}
        assert last.headers["x-request-id"] != closed.headers["x-request-id"]

    def test_client_that_leaves_within_its_body_is_logged_as_gone(self, settings: Settings, server: str) -> None:
        patient = settings.model_copy(update={"request_timeout_s": 30})
        with fresh_workspace(server, patient), running(patient) as served, capture_logs() as lines:
            _begun(served.port).close()
            until(lambda: any(line["event"] == "request" for line in lines), 20)
        assert [line["status"] for line in lines if line["event"] == "request"] == [499]
        assert not [line for line in lines if line["event"] == "request_failed"]


def _begun(port: int) -> socket.socket:
    """A connection with a request whose body does not come."""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(
        b"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{"
    )
    return connection


# ── indexed headers ───────────────────────────────────────────────────────────────────────────────


def test_first_of_several_headers_is_found_as_by_starlette() -> None:
    raw = [(b"accept", b"a"), (b"accept", b"b"), (b"host", b"caf\xe9")]
    headers = lean_frame.IndexedHeaders({"type": "http", "headers": raw})
    assert (headers.get("accept"), headers["accept"], headers.getlist("accept")) == ("a", "a", ["a", "b"])
    assert (headers.get("host"), headers.get("nope"), headers.get("nope", "")) == ("café", None, "")


def test_body_that_has_arrived_is_bounded_too() -> None:
    app: Any = None
    bodies: dict[int, bytes | None] = {1: None, 2: b"", 3: b"abc", 4: b"abcd"}
    limit = BodyLimit(app, 1, bytes_max=3)
    assert limit.arrived({}) is None
    for number in (1, 2, 3):
        assert limit.arrived({BODY: lambda scope: bodies[scope["number"]], "number": number}) == bodies[number]
    with pytest.raises(BodyTooLarge):
        limit.arrived({BODY: lambda _: bodies[4]})


def test_body_in_parts_is_joined() -> None:

    parts = iter(
        [
            {"type": "http.request", "body": b"a", "more_body": True},
            {"type": "http.request", "more_body": True},
            {"type": "http.request", "body": b"b"},
        ]
    )

    async def receive() -> Any:
        return next(parts)

    request = lean_frame.IndexedRequest({"type": "http", "method": "POST", "headers": []}, receive)
    assert asyncio.run(request.body()) == b"ab"
