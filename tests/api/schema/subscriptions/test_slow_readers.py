"""Slow readers get backpressure with a bounded buffer; clients that do not read are disconnected."""

import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from api.schema.subscriptions import subscription
from tests.api.schema.subscriptions.clients import (
    EVENTS,
    Results,
    StreamCut,
    ask,
    connected,
    events,
    messages,
    over_websocket,
    positions,
    results_of,
)
from tests.api.schema.subscriptions.conftest import Running, Serve, Workspace, until

LONG = "subscription ($after: Position) { changes(after: $after) { position ... on ReadingRecorded { note } } }"
NOTE = Random(1).randbytes(4000).hex()
"""A text that does not compress well."""
SMALL_BUFFER = [(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)]
COUNT, AHEAD_MAX = 150, 75
"""The number of readings written, and more than fits into the buffers of both sides."""

Slow = Callable[[int], Any]


@contextmanager
def slow_websocket(port: int) -> Iterator[Results]:
    with socket.socket() as plain:
        plain.setsockopt(*SMALL_BUFFER[0])
        plain.connect(("127.0.0.1", port))
        with connected(port, sock=plain, max_queue=1, additional_headers={"x-request-id": "slow"}) as ws:
            ask(ws, LONG, after=0)
            yield messages(ws)


@contextmanager
def slow_events(port: int) -> Iterator[Results]:
    body, url = {"query": LONG, "variables": {"after": 0}}, f"http://127.0.0.1:{port}/graphql"
    headers = {"accept": EVENTS, "x-request-id": "slow"}
    with (
        httpx.Client(transport=httpx.HTTPTransport(socket_options=SMALL_BUFFER), timeout=60) as http,
        http.stream("POST", url, json=body, headers=headers) as response,
    ):
        yield results_of(events(response.iter_text()))


SLOW: list[Slow] = [slow_websocket, slow_events]


@pytest.fixture
def sent_by_request(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """The number of changes sent, by request id."""
    original, count = subscription._change_at, Counter[str]()

    def counted(row: Any, context: Any) -> Any:
        count[context.request_id] += 1
        return original(row, context)

    monkeypatch.setattr(subscription, "_change_at", counted)
    return count


@pytest.mark.parametrize("slow", SLOW)
def test_changes_are_read_no_faster_than_the_client_receives(
    workspace: Workspace, serve: Serve, sent_by_request: Counter[str], slow: Slow
) -> None:
    last = workspace.write(COUNT, NOTE)
    with serve() as server, slow(port_with_small_buffers(server)) as results:
        with over_websocket(server.port, LONG, after=0) as others:
            assert positions(others, last) == list(range(1, last + 1))
        assert 0 < sent_by_request["slow"] < AHEAD_MAX
        assert positions(results, last) == list(range(1, last + 1))


@pytest.mark.parametrize("slow", SLOW)
def test_client_that_does_not_read_is_disconnected(
    workspace: Workspace, serve: Serve, sent_by_request: Counter[str], slow: Slow
) -> None:
    last = workspace.write(COUNT, NOTE)
    with serve(keep_alive_s=0.1, reader_timeout_s=0.1) as server, slow(port_with_small_buffers(server)) as results:
        until(lambda: sent_by_request["slow"] > 0)
        until(lambda: server.subscriptions == 0)
        with pytest.raises((ConnectionClosed, httpx.RemoteProtocolError, StreamCut)):
            positions(results, last)


def port_with_small_buffers(server: Running) -> int:
    """The server's port, after reducing the send buffers of its connections."""
    server.listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)
    return server.port
