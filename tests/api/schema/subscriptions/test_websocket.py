"""The graphql-transport-ws protocol and its close codes."""

import json
import socket
from contextlib import ExitStack
from typing import Any

import pytest
from websockets import Origin, Subprotocol
from websockets.exceptions import InvalidStatus

from api.asgi.websocket_limit import SILENT_SHARE, TooManyWebSockets, WebSocketLimit
from api.execution.subscription_hub import TOO_MANY
from api.execution.variable_limits import VALUES_MAX
from api.graphql_http.websocket import WebSocketHandler
from tests.api.schema.subscriptions.clients import (
    CHANGES,
    SECONDS_MAX,
    ask,
    close_code,
    code,
    connected,
    messages,
    open_websocket,
    receive_message,
    send_message,
)
from tests.api.schema.subscriptions.conftest import Running, Serve, Workspace, until
from tests.conftest import issue_token

VIEWER = "{ viewer { handle } }"


# ── close codes ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "frame",
    [
        "{",
        b'{"type": "ping"}',
        "7",
        "null",
        "[]",
        '"ping"',
        "{}",
        '{"type": "start"}',
        f'{{"type": "{"é" * 200}"}}',
        '{"type": ["ping"]}',
        '{"type": "ping", "payload": 7}',
        '{"type": "complete"}',
        '{"type": "subscribe", "id": "1"}',
        '{"type": "subscribe", "id": "1", "payload": null}',
        '{"type": "subscribe", "id": "1", "payload": {}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": 7}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{__typename}", "variables": []}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{__typename}", "operationName": 7}}',
        '{"type": "subscribe", "id": ["1"], "payload": {"query": "{__typename}"}}',
        '{"type": "subscribe", "id": "", "payload": {"query": "{__typename}"}}',
        "[" * 5000,
        '{"type": "pong", "type": "ping"}',
    ],
)
def test_malformed_message_closes_with_4400(served: Running, frame: str | bytes) -> None:
    with connected(served.port) as ws:
        ws.send(frame)
        assert close_code(ws) == 4400


def test_message_with_too_many_values_closes_with_4400(served: Running) -> None:
    with connected(served.port) as ws:
        ws.send('{"type": "ping", "payload": {"a": [' + "[]," * VALUES_MAX + "1]}}")
        assert close_code(ws) == 4400


def test_operation_before_connection_init_closes_with_4401(served: Running) -> None:
    with open_websocket(served.port) as ws:
        ask(ws, VIEWER)
        assert close_code(ws) == 4401


@pytest.mark.parametrize("protocols", [None, [Subprotocol("graphql-ws")], [Subprotocol("mqtt")]])
def test_another_subprotocol_closes_with_4406(served: Running, protocols: list[Subprotocol] | None) -> None:
    with open_websocket(served.port, subprotocols=protocols) as ws:
        assert close_code(ws) == 4406


def test_missing_connection_init_closes_with_4408(serve: Serve) -> None:
    with serve(connection_init_timeout_s=0.1) as server, open_websocket(server.port) as ws:
        assert close_code(ws) == 4408


def test_duplicate_operation_id_closes_with_4409(served: Running) -> None:
    with connected(served.port) as ws:
        ask(ws, CHANGES)
        ask(ws, CHANGES)
        assert close_code(ws) == 4409


def test_second_connection_init_closes_with_4429(served: Running) -> None:
    with connected(served.port) as ws:
        send_message(ws, type="connection_init")
        assert close_code(ws) == 4429


def test_server_failure_closes_with_4500(served: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(WebSocketHandler, "handle_ping", fail)
    with connected(served.port) as ws:
        send_message(ws, type="ping")
        assert close_code(ws) == 4500


def test_too_long_message_closes_with_1009(serve: Serve) -> None:
    with serve(message_bytes_max=2000) as server, connected(server.port) as ws:
        ask(ws, VIEWER + " " * 2000)
        assert close_code(ws) == 1009


# ── limits of connections ─────────────────────────────────────────────────────────────────────────


def rejection(port: int, **given: Any) -> tuple[int, str]:
    """The status and the code with which a handshake is rejected."""
    with pytest.raises(InvalidStatus) as refused, open_websocket(port, **given):
        pass
    response = refused.value.response
    return response.status_code, json.loads(response.body or b"")["errors"][0]["extensions"]["code"]


def accepts(port: int, token: str | None = None) -> bool:
    """Whether the server accepts another WebSocket."""
    try:
        with connected(port, token):
            return True
    except InvalidStatus:
        return False


def test_silent_websockets_of_one_address_are_bounded_in_number(serve: Serve) -> None:
    with serve(websockets_silent_max=3 * SILENT_SHARE) as server, ExitStack() as open:
        silent = [open.enter_context(open_websocket(server.port)) for _ in range(3)]
        assert rejection(server.port) == (503, "TOO_MANY_WEBSOCKETS")
        send_message(silent[0], type="connection_init")
        assert receive_message(silent[0]) == {"type": "connection_ack"}
        with connected(server.port) as other:
            ask(other, VIEWER)
            assert receive_message(other)["type"] == "next"
        open.enter_context(open_websocket(server.port))
        assert rejection(server.port) == (503, "TOO_MANY_WEBSOCKETS")


def test_silent_websockets_make_room_after_their_timeout(serve: Serve) -> None:
    with serve(websockets_silent_max=1, connection_init_timeout_s=0.2) as server, open_websocket(server.port) as ws:
        assert rejection(server.port) == (503, "TOO_MANY_WEBSOCKETS")
        assert close_code(ws) == 4408
        until(lambda: accepts(server.port))


def test_rejected_connection_init_leaves_no_silent_websocket(serve: Serve, workspace: Workspace) -> None:
    with serve(websockets_silent_max=SILENT_SHARE, anonymous=False) as server:
        for _ in range(3):
            with open_websocket(server.port) as ws:
                send_message(ws, type="connection_init", payload={"authorization": "Bearer nonsense"})
                assert close_code(ws) == 4403
        token = issue_token(workspace.database)
        until(lambda: accepts(server.port, token))


def test_open_websockets_are_bounded_in_number(serve: Serve) -> None:
    with serve(websockets_max=2) as server, connected(server.port):
        with connected(server.port):
            assert rejection(server.port) == (503, "TOO_MANY_WEBSOCKETS")
        until(lambda: accepts(server.port))


def test_silent_websockets_of_all_addresses_are_bounded_in_number() -> None:
    limit = WebSocketLimit(100, 8)
    with ExitStack() as open:
        for number in range(8):
            open.enter_context(limit.opened(f"192.0.2.{number % 4}"))
        with pytest.raises(TooManyWebSockets, match="8 WebSockets without"):
            open.enter_context(limit.opened("192.0.2.99"))
    with limit.opened("192.0.2.99"):
        pass


# ── origins and hosts ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://127.0.0.1:1", "http://localhost.evil.example", "null"]
)
def test_websocket_from_another_origin_is_refused_with_the_setting_to_change(served: Running, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused, open_websocket(served.port, origin=Origin(origin)):
        pass
    assert refused.value.response.status_code == 403
    error = json.loads(refused.value.response.body)["errors"][0]
    assert error["extensions"] == {"code": "ORIGIN_NOT_ALLOWED"}
    assert origin in error["message"]
    assert "KEYFRAME_CORS_ORIGINS" in error["message"]


def test_websocket_from_an_allowed_origin_is_accepted(serve: Serve) -> None:
    with serve(cors_origins="http://localhost:5173") as server:
        with connected(server.port, origin=Origin("http://localhost:5173")) as ws:
            ask(ws, VIEWER)
            assert [*messages(ws)] == [{"data": {"viewer": {"handle": "demo"}}}]
        with pytest.raises(InvalidStatus), open_websocket(server.port, origin=Origin("http://localhost:5174")):
            pass


def test_websocket_from_the_same_origin_is_accepted(served: Running) -> None:
    with connected(served.port, origin=Origin(f"http://127.0.0.1:{served.port}")) as ws:
        ask(ws, VIEWER)
        assert [*messages(ws)] == [{"data": {"viewer": {"handle": "demo"}}}]


def test_websocket_to_an_unknown_host_is_answered_421(served: Running) -> None:
    with handshaken_socket(served.port, "evil.example") as plain:
        assert plain.recv(100).startswith(b"HTTP/1.1 421 ")


def handshaken_socket(port: int, host: str = "localhost") -> socket.socket:
    """A socket on which only the handshake was sent, and no answer is read."""
    plain = socket.create_connection(("127.0.0.1", port), timeout=SECONDS_MAX)
    send_handshake(plain, host)
    return plain


def send_handshake(plain: socket.socket, host: str = "localhost") -> None:
    plain.sendall(
        f"GET /graphql HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode()
    )


def test_upgraded_keep_alive_connection_has_no_idle_timeout(served: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served._server.config, "timeout_keep_alive", 0.5)
    with socket.create_connection(("127.0.0.1", served.port), timeout=SECONDS_MAX) as plain:
        plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert plain.recv(4096).startswith(b"HTTP/1.1 200 ")
        send_handshake(plain)
        assert plain.recv(4096).startswith(b"HTTP/1.1 101 ")
        plain.settimeout(1)
        with pytest.raises(TimeoutError):
            plain.recv(1)


# ── operations ────────────────────────────────────────────────────────────────────────────────────


def test_ping_is_answered_with_pong(served: Running) -> None:
    with connected(served.port) as ws:
        send_message(ws, type="ping", payload={"any": "thing"})
        assert receive_message(ws) == {"type": "pong"}
        send_message(ws, type="pong")
        send_message(ws, type="ping")
        assert receive_message(ws) == {"type": "pong"}


def test_null_payloads_are_accepted(served: Running) -> None:
    with open_websocket(served.port) as ws:
        send_message(ws, type="connection_init", payload=None)
        assert receive_message(ws) == {"type": "connection_ack"}
        send_message(ws, type="subscribe", id="1", payload={"query": VIEWER, "variables": None, "operationName": None})
        assert [*messages(ws)] == [{"data": {"viewer": {"handle": "demo"}}}]


def test_queries_and_mutations_work_over_websocket(serve: Serve) -> None:
    with serve() as server, connected(server.port) as ws:
        ask(ws, 'mutation { defineKpi(input: {key: "k", name: "K"}) { position problems { code } } }')
        assert [*messages(ws)] == [{"data": {"defineKpi": {"position": 2, "problems": []}}}]
        ask(ws, '{ kpi(by: {key: "k"}) { name } }')
        assert [*messages(ws)] == [{"data": {"kpi": {"name": "K"}}}]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{ viewer {", "GRAPHQL_PARSE_FAILED"),
        ("", "GRAPHQL_VALIDATION_FAILED"),
        ("{ nope }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { changes { position } replay { objectives } }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { __typename } query B { __typename }", "GRAPHQL_VALIDATION_FAILED"),
        ('subscription { changes(filter: {types: ["Nonsense"]}) { position } }', "INVALID"),
        ("subscription { changes(after: -1) { position } }", "GRAPHQL_VALIDATION_FAILED"),
        ('subscription { replay(cycle: {key: "nope"}) { objectives } }', "NOT_FOUND"),
    ],
)
def test_invalid_operation_ends_only_itself(served: Running, query: str, expected: str) -> None:
    with connected(served.port) as ws:
        ask(ws, query, id="wrong")
        message = receive_message(ws)
        assert (message["type"], message["id"]) == ("error", "wrong")
        assert message["payload"][0]["extensions"]["code"] == expected
        ask(ws, VIEWER, id="wrong")
        assert receive_message(ws)["payload"] == {"data": {"viewer": {"handle": "demo"}}}


def test_operations_per_connection_are_limited(serve: Serve) -> None:
    with serve(connection_operations_max=2) as server, connected(server.port) as ws:
        for id in ("1", "2", "3"):
            ask(ws, CHANGES, id=id)
        refused = receive_message(ws)
        assert (refused["id"], refused["type"], code({"errors": refused["payload"]})) == ("3", "error", TOO_MANY)
        send_message(ws, type="complete", id="1")
        ask(ws, VIEWER, id="3")
        assert receive_message(ws)["payload"] == {"data": {"viewer": {"handle": "demo"}}}


def test_subscriptions_per_server_are_limited(serve: Serve) -> None:
    with serve(subscriptions_max=1) as server, connected(server.port) as ws:
        ask(ws, CHANGES, id="1")
        until(lambda: server.subscriptions == 1)
        ask(ws, CHANGES, id="2")
        refused: dict[str, Any] = receive_message(ws)
        assert (refused["id"], refused["type"], code({"errors": refused["payload"]})) == ("2", "error", TOO_MANY)
        send_message(ws, type="complete", id="1")
        until(lambda: server.subscriptions == 0)


def test_client_that_answers_no_pings_is_closed_with_1011(serve: Serve) -> None:
    with serve(keep_alive_s=0.1, reader_timeout_s=0.1) as server, handshaken_socket(server.port) as plain:
        received = plain.makefile("rb")
        while received.readline() != b"\r\n":
            pass
        assert (ping := received.read(6))[:2] == b"\x89\x04", ping
        assert received.read()[:4] == b"\x88\x18\x03\xf3"
