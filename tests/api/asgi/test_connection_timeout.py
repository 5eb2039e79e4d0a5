"""Whoever does not get on with what they want to say is not waited for, and keeps nobody else waiting."""

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
    """Answers with how long the body was; at `/unread`, without looking at it."""
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
    """A server that waits for so long."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        BodyLimit(app, seconds), http=timeout_http_protocol(seconds), lifespan="off", log_level="critical"
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


def hear(connection: socket.socket, to: bytes | None = None) -> bytes:
    """All that is said until the other side hangs up, or has said this."""
    connection.settimeout(30)
    heard = b""
    while not (to and heard.endswith(to)) and (piece := connection.recv(65_536)):
        heard += piece
    return heard


@pytest.fixture(scope="module")
def impatient() -> Iterator[tuple[str, int]]:
    with served(0.05) as address:
        yield address


@pytest.fixture(scope="module")
def patient() -> Iterator[tuple[str, int]]:
    with served(60) as address:
        yield address


@pytest.mark.parametrize("said", [b"", b"G", b"POST / HTTP/1.1\r\nhost: lo"])
def test_who_does_not_come_to_the_end_of_the_head_is_cut_off(impatient: tuple[str, int], said: bytes) -> None:
    with socket.create_connection(impatient) as connection:
        connection.sendall(said)
        assert hear(connection).startswith(b"HTTP/1.1 408 Request Timeout")


def test_a_body_that_does_not_come_is_not_waited_for(impatient: tuple[str, int]) -> None:
    with socket.create_connection(impatient) as connection:
        connection.sendall(HEAD + b"\r\nsome")
        heard = hear(connection)
    assert heard.startswith(b"HTTP/1.1 408 Request Timeout")
    assert b"REQUEST_TIMEOUT" in heard


def test_the_next_head_on_a_connection_is_waited_for_as_long(impatient: tuple[str, int]) -> None:
    with socket.create_connection(impatient) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\nGET / HT")
        heard = hear(connection)
    assert heard.startswith(b"HTTP/1.1 200 OK")
    assert b"HTTP/1.1 408" in heard


def test_a_head_without_end_is_cut_off(patient: tuple[str, int]) -> None:
    with socket.create_connection(patient) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * (HEAD_BYTES_MAX // 6 + 1))
        assert hear(connection).startswith(b"HTTP/1.1 431 ")


def test_a_body_in_pieces_is_read_to_its_end(patient: tuple[str, int]) -> None:
    with socket.create_connection(patient) as connection:
        connection.sendall(HEAD + b"connection: close\r\n\r\n")
        for _ in range(10):
            connection.sendall(b"x" * 100)
        assert hear(connection).endswith(b"\r\n\r\n1000")


def test_a_body_that_nobody_wants_is_not_read_for_ever(
    patient: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wires, "LINGER_SECONDS", 0.01)
    with socket.create_connection(patient) as connection:
        connection.sendall(HEAD.replace(b"/ HTTP", b"/unread HTTP") + b"\r\nsome")
        assert hear(connection).endswith(b"\r\n\r\n0")


def test_a_connection_goes_on_after_a_body_that_was_not_read(patient: tuple[str, int]) -> None:
    with socket.create_connection(patient) as connection:
        connection.sendall(HEAD.replace(b"/ HTTP", b"/unread HTTP") + b"\r\n")
        assert b"200 OK" in hear(connection, to=b"\r\n\r\n0")
        connection.sendall(b"x" * 1000 + b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        assert hear(connection).startswith(b"HTTP/1.1 200 OK")


def test_empty_lines_between_requests_keep_no_connection(impatient: tuple[str, int]) -> None:
    with socket.create_connection(impatient) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert b"200 OK" in hear(connection, to=b"\r\n\r\n0")
        connection.sendall(b"\r\n")
        assert hear(connection).startswith(b"HTTP/1.1 408 ")
