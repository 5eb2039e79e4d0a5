"""Connections that send too slowly time out and do not delay others."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import pytest
import uvicorn

from api.asgi import connection_timeout as wires
from api.asgi.body_limit import BodyLimit
from api.asgi.connection_timeout import HEAD_BYTES_MAX, timeout_http_protocol

HEAD = b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n"


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the length of the body; at `/unread` without reading it."""
    if scope["type"] == "lifespan":
        return
    length, more = 0, scope["path"] != "/unread"
    while more:
        message = await receive()
        length, more = length + len(message["body"]), message["more_body"]
    body = str(length).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


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


def test_empty_lines_between_requests_do_not_extend_the_timeout(short_timeout: tuple[str, int]) -> None:
    with socket.create_connection(short_timeout) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert b"200 OK" in receive_until_closed(connection, to=b"\r\n\r\n0")
        connection.sendall(b"\r\n")
        assert receive_until_closed(connection).startswith(b"HTTP/1.1 408 ")
