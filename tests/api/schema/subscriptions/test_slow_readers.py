"""Who reads slowly is waited for, with little at hand; who does not read at all is cut off."""

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
    Cut,
    Results,
    ask,
    begun,
    events,
    messages,
    over_websocket,
    positions,
    results_of,
)
from tests.api.schema.subscriptions.conftest import Running, Serve, Workspace, until

LONG = "subscription ($after: Position) { changes(after: $after) { position ... on ReadingRecorded { note } } }"
NOTE = Random(1).randbytes(4000).hex()
"""Nothing that could be told in much fewer bytes."""
LITTLE = [(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)]
COUNT, AHEAD_MAX = 150, 75
"""As many of them are written, and no more fit into the buffers of both sides."""

Slow = Callable[[int], Any]


@contextmanager
def slow_websocket(port: int) -> Iterator[Results]:
    with socket.socket() as plain:
        plain.setsockopt(*LITTLE[0])
        plain.connect(("127.0.0.1", port))
        with begun(port, sock=plain, max_queue=1, additional_headers={"x-request-id": "slow"}) as ws:
            ask(ws, LONG, after=0)
            yield messages(ws)


@contextmanager
def slow_events(port: int) -> Iterator[Results]:
    body, url = {"query": LONG, "variables": {"after": 0}}, f"http://127.0.0.1:{port}/graphql"
    headers = {"accept": EVENTS, "x-request-id": "slow"}
    with (
        httpx.Client(transport=httpx.HTTPTransport(socket_options=LITTLE), timeout=60) as http,
        http.stream("POST", url, json=body, headers=headers) as response,
    ):
        yield results_of(events(response.iter_text()))


SLOW: list[Slow] = [slow_websocket, slow_events]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How many changes were told, by request."""
    tell, count = subscription._change_at, Counter[str]()

    def counted(row: Any, context: Any) -> Any:
        count[context.request_id] += 1
        return tell(row, context)

    monkeypatch.setattr(subscription, "_change_at", counted)
    return count


@pytest.mark.parametrize("slow", SLOW)
def test_a_slow_reader_is_read_for_no_faster_than_it_reads(
    workspace: Workspace, serve: Serve, told: Counter[str], slow: Slow
) -> None:
    last = workspace.write(COUNT, NOTE)
    with serve() as server, slow(_with_little_room(server)) as results:
        with over_websocket(server.port, LONG, after=0) as others:
            assert positions(others, last) == list(range(1, last + 1))
        assert 0 < told["slow"] < AHEAD_MAX
        assert positions(results, last) == list(range(1, last + 1))


@pytest.mark.parametrize("slow", SLOW)
def test_who_does_not_read_at_all_is_cut_off(workspace: Workspace, serve: Serve, slow: Slow) -> None:
    last = workspace.write(COUNT, NOTE)
    with serve(keep_alive_s=0.1, reader_timeout_s=0.1) as server, slow(_with_little_room(server)) as results:
        until(lambda: server.subscriptions == 1)
        until(lambda: server.subscriptions == 0)
        with pytest.raises((ConnectionClosed, httpx.RemoteProtocolError, Cut)):
            positions(results, last)


def _with_little_room(server: Running) -> int:
    """The port, where connections have small buffers on the server's side, too."""
    server.listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)
    return server.port
