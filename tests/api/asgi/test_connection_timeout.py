"""Connections that send too slowly time out and do not delay others."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from time import sleep
from typing import Any
from unittest.mock import MagicMock

import pytest
import uvicorn

from api.asgi import connection_timeout as wires
from api.asgi.body_limit import BodyLimit
from api.asgi.connection_timeout import (
    BODY,
    HEAD_BYTES_MAX,
    RESPOND,
    EncodedResponse,
    TimeoutHttpProtocol,
    header_lines,
    timeout_http_protocol,
)

HEAD = b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n"


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the length of the body; at `/unread` without reading it, at `/whole` without messages of ASGI."""
    if scope["type"] == "lifespan":
        return
    whole = scope[BODY](scope) if scope["path"] == "/whole" else None
    length, more = len(whole or b""), whole is None and scope["path"] != "/unread"
    while more:
        message = await receive()
        length, more = length + len(message["body"]), message["more_body"]
    body = str(length).encode()
    response = EncodedResponse(200, header_lines([(b"content-length", b"%d" % len(body))]), body)
    if scope["path"] == "/whole" and scope[RESPOND](scope, response):
        return
    await response(scope, receive, send)


@contextmanager
def served(seconds: float) -> Iterator[tuple[str, int]]:
    """A server with this timeout."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        BodyLimit(app, seconds),
        http=timeout_http_protocol(seconds),
        lifespan="off",
        log_level="critical",
        log_config=None,
    )
    server, begun = uvicorn.Server(config), Event()
    original = server.startup

    async def startup(*args: Any, **kwargs: Any) -> None:
        await original(*args, **kwargs)
        begun.set()

    server.startup = startup  # type: ignore[method-assign]
    thread = Thread(target=lambda: asyncio.run(server.serve([listener])))
    thread.start()
    try:
        assert begun.wait(30)
        yield listener.getsockname()
    finally:
        server.should_exit = True
        thread.join()


def receive_until_closed(connection: socket.socket, to: bytes | None = None) -> bytes:
    """All received bytes until the connection closes or `to` arrives."""
    connection.settimeout(30)
    received = b""
    while not (to and received.endswith(to)) and (piece := connection.recv(65_536)):
        received += piece
    return received


@pytest.fixture(scope="module")
def short_timeout() -> Iterator[tuple[str, int]]:
    with served(0.05) as address:
        yield address


@pytest.fixture(scope="module")
def long_timeout() -> Iterator[tuple[str, int]]:
    with served(60) as address:
        yield address


@pytest.mark.parametrize("partial_head", [b"", b"G", b"POST / HTTP/1.1\r\nhost: lo"])
def test_incomplete_head_is_answered_408(short_timeout: tuple[str, int], partial_head: bytes) -> None:
    with socket.create_connection(short_timeout) as connection:
        connection.sendall(partial_head)
        assert receive_until_closed(connection).startswith(b"HTTP/1.1 408 Request Timeout")


def test_missing_body_is_answered_408(short_timeout: tuple[str, int]) -> None:
    with socket.create_connection(short_timeout) as connection:
        connection.sendall(HEAD + b"\r\nsome")
        received = receive_until_closed(connection)
    assert received.startswith(b"HTTP/1.1 408 Request Timeout")
    assert b"REQUEST_TIMEOUT" in received


def test_head_timeout_applies_to_each_request_of_a_connection(short_timeout: tuple[str, int]) -> None:
    with socket.create_connection(short_timeout) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\nGET / HT")
        received = receive_until_closed(connection)
    assert received.startswith(b"HTTP/1.1 200 OK")
    assert b"HTTP/1.1 408" in received


def test_endless_head_is_answered_431(long_timeout: tuple[str, int]) -> None:
    with socket.create_connection(long_timeout) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * (HEAD_BYTES_MAX // 6 + 1))
        assert receive_until_closed(connection).startswith(b"HTTP/1.1 431 ")


def test_body_in_pieces_is_read_completely(long_timeout: tuple[str, int]) -> None:
    with socket.create_connection(long_timeout) as connection:
        connection.sendall(HEAD + b"connection: close\r\n\r\n")
        for _ in range(10):
            connection.sendall(b"x" * 100)
        assert receive_until_closed(connection).endswith(b"\r\n\r\n1000")


def test_unread_body_is_not_drained_forever(long_timeout: tuple[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wires, "LINGER_SECONDS", 0.01)
    with socket.create_connection(long_timeout) as connection:
        connection.sendall(HEAD.replace(b"/ HTTP", b"/unread HTTP") + b"\r\nsome")
        assert receive_until_closed(connection).endswith(b"\r\n\r\n0")


def test_connection_is_reusable_after_an_unread_body(long_timeout: tuple[str, int]) -> None:
    with socket.create_connection(long_timeout) as connection:
        connection.sendall(HEAD.replace(b"/ HTTP", b"/unread HTTP") + b"\r\n")
        assert b"200 OK" in receive_until_closed(connection, to=b"\r\n\r\n0")
        connection.sendall(b"x" * 1000 + b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        assert receive_until_closed(connection).startswith(b"HTTP/1.1 200 OK")


# ── whole responses ───────────────────────────────────────────────────────────────────────────────

WHOLE = HEAD.replace(b"/ HTTP", b"/whole HTTP") + b"\r\n" + b"x" * 1000


def test_whole_response_equals_one_in_messages(long_timeout: tuple[str, int]) -> None:
    with socket.create_connection(long_timeout) as connection:
        answers = []
        for request in (WHOLE, WHOLE.replace(b"/whole", b"/")):
            connection.sendall(request)
            answers.append(receive_until_closed(connection, to=b"\r\n\r\n1000").splitlines())
    dates = [[line for line in lines if line.startswith(b"date: ")] for lines in answers]
    assert list(map(len, dates)) == [1, 1]
    assert sorted(set(answers[0]) - {*dates[0]}) == sorted(set(answers[1]) - {*dates[1]})


@pytest.mark.parametrize("version", [b"HTTP/1.1\r\nconnection: close", b"HTTP/1.0"])
def test_connection_is_closed_after_a_whole_response_if_the_client_asks_for_it(
    long_timeout: tuple[str, int], version: bytes
) -> None:
    with socket.create_connection(long_timeout) as connection:
        connection.sendall(WHOLE.replace(b"HTTP/1.1", version, 1))
        received = receive_until_closed(connection)
    assert received.endswith(b"\r\n\r\n1000")
    assert b"\r\nconnection: close\r\n" in received


def test_pipelined_requests_are_answered_in_turn(long_timeout: tuple[str, int]) -> None:
    with socket.create_connection(long_timeout) as connection:
        connection.sendall(WHOLE * 3 + WHOLE.replace(b"1.1\r\n", b"1.1\r\nconnection: close\r\n", 1))
        assert receive_until_closed(connection).count(b"\r\n\r\n1000") == 4


@pytest.mark.parametrize("value", [b"a\nb: c", b"a\rb", b"a\r\nb: c"])
def test_header_with_a_line_break_is_refused(value: bytes) -> None:
    with pytest.raises(RuntimeError):
        header_lines([(b"x", b"y"), (b"a", value)])


@pytest.mark.parametrize("state", [{"response_started": True}, {"disconnected": True}, {"scope": {"another": 1}}])
def test_whole_response_is_sent_for_the_newest_request_of_a_connected_client_only(state: dict[str, Any]) -> None:
    protocol: Any = TimeoutHttpProtocol.__new__(TimeoutHttpProtocol)
    protocol.transport = MagicMock()
    scope: dict[str, Any] = {}
    usual = {"scope": scope, "response_started": False, "disconnected": False}
    protocol.cycle = MagicMock(**usual | state)
    assert not protocol.respond(scope, EncodedResponse(200, b"", b""))
    assert not protocol.transport.method_calls


# ── whole bodies ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("sizes", [[1000], [999, 1], [0, 1000], [1, 0, 500, 499]])
def test_body_that_arrives_in_parts_is_complete(long_timeout: tuple[str, int], sizes: list[int]) -> None:
    with socket.create_connection(long_timeout) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(2):
            head = WHOLE[:-1000]
            for size in sizes:
                connection.sendall(head + b"x" * size)
                head = b""
                sleep(0.02)  # so that each part arrives by itself
            assert receive_until_closed(connection, to=b"\r\n\r\n1000").endswith(b"\r\n\r\n1000")


def test_large_body_is_complete(long_timeout: tuple[str, int]) -> None:
    with socket.create_connection(long_timeout) as connection:
        for _ in range(2):
            connection.sendall(
                HEAD.replace(b"/ ", b"/whole ").replace(b"1000", b"3000000") + b"\r\n" + b"x" * 3_000_000
            )
            assert receive_until_closed(connection, to=b"\r\n\r\n3000000").endswith(b"\r\n\r\n3000000")


def test_request_without_a_body_has_an_empty_one(long_timeout: tuple[str, int]) -> None:
    with socket.create_connection(long_timeout) as connection:
        connection.sendall(b"GET /whole HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert receive_until_closed(connection, to=b"\r\n\r\n0").startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("state", [{"more_body": True}, {"disconnected": True}, {"scope": {"another": 1}}])
def test_body_is_given_to_the_newest_request_of_a_connected_client_when_it_has_arrived(state: dict[str, Any]) -> None:
    protocol: Any = TimeoutHttpProtocol.__new__(TimeoutHttpProtocol)
    scope: dict[str, Any] = {}
    usual = {"scope": scope, "more_body": False, "disconnected": False, "body": bytearray(b"abc")}
    protocol.cycle = MagicMock(**usual | state)
    assert protocol.body(scope) is None
    assert protocol.cycle.body == b"abc"
    protocol.cycle = MagicMock(**usual)
    assert protocol.body(scope) == b"abc"
    assert protocol.cycle.body == b""


# ── empty lines ───────────────────────────────────────────────────────────────────────────────────


def test_empty_lines_between_requests_do_not_extend_the_timeout(short_timeout: tuple[str, int]) -> None:
    with socket.create_connection(short_timeout) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert b"200 OK" in receive_until_closed(connection, to=b"\r\n\r\n0")
        connection.sendall(b"\r\n")
        assert receive_until_closed(connection).startswith(b"HTTP/1.1 408 ")
