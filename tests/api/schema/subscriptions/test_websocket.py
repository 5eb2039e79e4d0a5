"""What is said over a WebSocket, and how it ends when it is said wrong."""

import socket
from typing import Any

import pytest
from websockets import Origin, Subprotocol
from websockets.exceptions import InvalidStatus

from api.execution.subscription_hub import TOO_MANY
from api.execution.variable_limits import VALUES_MAX
from api.graphql_http.websocket import WebSocketHandler
from tests.api.schema.subscriptions.clients import (
    CHANGES,
    SECONDS_MAX,
    ask,
    begun,
    closed,
    code,
    hear,
    messages,
    opened,
    say,
)
from tests.api.schema.subscriptions.conftest import Running, Serve, until

VIEWER = "{ viewer { handle } }"


# ── close codes ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "said",
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
    ],
)
def test_what_is_no_message_closes_with_4400(served: Running, said: str | bytes) -> None:
    with begun(served.port) as ws:
        ws.send(said)
        assert closed(ws) == 4400


def test_what_would_take_long_to_be_read_is_no_message(served: Running) -> None:
    with begun(served.port) as ws:
        ws.send('{"type": "ping", "payload": {"a": [' + "[]," * VALUES_MAX + "1]}}")
        assert closed(ws) == 4400


def test_an_operation_before_the_beginning_closes_with_4401(served: Running) -> None:
    with opened(served.port) as ws:
        ask(ws, VIEWER)
        assert closed(ws) == 4401


@pytest.mark.parametrize("protocols", [None, [Subprotocol("graphql-ws")], [Subprotocol("mqtt")]])
def test_another_subprotocol_closes_with_4406(served: Running, protocols: list[Subprotocol] | None) -> None:
    with opened(served.port, subprotocols=protocols) as ws:
        assert closed(ws) == 4406


def test_a_beginning_that_does_not_come_closes_with_4408(serve: Serve) -> None:
    with serve(connection_init_timeout_s=0.1) as server, opened(server.port) as ws:
        assert closed(ws) == 4408


def test_an_id_that_is_taken_closes_with_4409(served: Running) -> None:
    with begun(served.port) as ws:
        ask(ws, CHANGES)
        ask(ws, CHANGES)
        assert closed(ws) == 4409


def test_a_second_beginning_closes_with_4429(served: Running) -> None:
    with begun(served.port) as ws:
        say(ws, type="connection_init")
        assert closed(ws) == 4429


def test_a_failure_of_ours_closes_with_4500(served: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(WebSocketHandler, "handle_ping", fail)
    with begun(served.port) as ws:
        say(ws, type="ping")
        assert closed(ws) == 4500


def test_a_message_that_is_too_long_closes_with_1009(serve: Serve) -> None:
    with serve(message_bytes_max=2000) as server, begun(server.port) as ws:
        ask(ws, VIEWER + " " * 2000)
        assert closed(ws) == 1009


# ── who may come ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://127.0.0.1:1", "http://localhost.evil.example", "null"]
)
def test_a_page_of_another_site_is_not_let_in(served: Running, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused, opened(served.port, origin=Origin(origin)):
        pass
    assert refused.value.response.status_code == 403


def test_a_page_of_ours_is_let_in(served: Running) -> None:
    with begun(served.port, origin=Origin(f"http://127.0.0.1:{served.port}")) as ws:
        ask(ws, VIEWER)
        assert [*messages(ws)] == [{"data": {"viewer": {"handle": "demo"}}}]


def test_another_host_is_not_ours(served: Running) -> None:
    with _shaken(served.port, "evil.example") as plain:
        assert plain.recv(100).startswith(b"HTTP/1.1 421 ")


def _shaken(port: int, host: str = "localhost") -> socket.socket:
    """A socket on which the handshake was sent, and nobody listens."""
    plain = socket.create_connection(("127.0.0.1", port), timeout=SECONDS_MAX)
    _shake(plain, host)
    return plain


def _shake(plain: socket.socket, host: str = "localhost") -> None:
    plain.sendall(
        f"GET /graphql HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode()
    )


def test_a_connection_on_which_something_was_asked_before_becomes_one_that_stays(
    served: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served._server.config, "timeout_keep_alive", 0.5)
    with socket.create_connection(("127.0.0.1", served.port), timeout=SECONDS_MAX) as plain:
        plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert plain.recv(4096).startswith(b"HTTP/1.1 200 ")
        _shake(plain)
        assert plain.recv(4096).startswith(b"HTTP/1.1 101 ")
        plain.settimeout(1)
        with pytest.raises(TimeoutError):
            plain.recv(1)


# ── operations ────────────────────────────────────────────────────────────────────────────────────


def test_a_ping_is_answered(served: Running) -> None:
    with begun(served.port) as ws:
        say(ws, type="ping", payload={"any": "thing"})
        assert hear(ws) == {"type": "pong"}
        say(ws, type="pong")
        say(ws, type="ping")
        assert hear(ws) == {"type": "pong"}


def test_empty_payloads_are_fine(served: Running) -> None:
    with opened(served.port) as ws:
        say(ws, type="connection_init", payload=None)
        assert hear(ws) == {"type": "connection_ack"}
        say(ws, type="subscribe", id="1", payload={"query": VIEWER, "variables": None, "operationName": None})
        assert [*messages(ws)] == [{"data": {"viewer": {"handle": "demo"}}}]


def test_queries_and_mutations_go_over_it_too(serve: Serve) -> None:
    with serve() as server, begun(server.port) as ws:
        ask(ws, 'mutation { defineKpi(input: {key: "k", name: "K"}) { position problems { code } } }')
        assert [*messages(ws)] == [{"data": {"defineKpi": {"position": 2, "problems": []}}}]
        ask(ws, '{ kpi(by: {key: "k"}) { name } }')
        assert [*messages(ws)] == [{"data": {"kpi": {"name": "K"}}}]


@pytest.mark.parametrize(
    ("query", "told"),
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
def test_an_operation_that_cannot_begin_ends_itself_and_no_other(served: Running, query: str, told: str) -> None:
    with begun(served.port) as ws:
        ask(ws, query, id="wrong")
        message = hear(ws)
        assert (message["type"], message["id"]) == ("error", "wrong")
        assert message["payload"][0]["extensions"]["code"] == told
        ask(ws, VIEWER, id="wrong")
        assert hear(ws)["payload"] == {"data": {"viewer": {"handle": "demo"}}}


def test_one_connection_has_so_many_operations_and_no_more(serve: Serve) -> None:
    with serve(connection_operations_max=2) as server, begun(server.port) as ws:
        for id in ("1", "2", "3"):
            ask(ws, CHANGES, id=id)
        refused = hear(ws)
        assert (refused["id"], refused["type"], code({"errors": refused["payload"]})) == ("3", "error", TOO_MANY)
        say(ws, type="complete", id="1")
        ask(ws, VIEWER, id="3")
        assert hear(ws)["payload"] == {"data": {"viewer": {"handle": "demo"}}}


def test_a_server_has_so_many_subscriptions_and_no_more(serve: Serve) -> None:
    with serve(subscriptions_max=1) as server, begun(server.port) as ws:
        ask(ws, CHANGES, id="1")
        until(lambda: server.subscriptions == 1)
        ask(ws, CHANGES, id="2")
        refused: dict[str, Any] = hear(ws)
        assert (refused["id"], refused["type"], code({"errors": refused["payload"]})) == ("2", "error", TOO_MANY)
        say(ws, type="complete", id="1")
        until(lambda: server.subscriptions == 0)


def test_who_does_not_answer_pings_is_cut_off_with_1011(serve: Serve) -> None:
    with serve(keep_alive_s=0.1, reader_timeout_s=0.1) as server, _shaken(server.port) as plain:
        heard = plain.makefile("rb")
        while heard.readline() != b"\r\n":
            pass
        assert (ping := heard.read(6))[:2] == b"\x89\x04", ping
        assert heard.read()[:4] == b"\x88\x18\x03\xf3"
