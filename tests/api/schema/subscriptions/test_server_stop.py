"""How subscriptions end when the server does: told by the protocol, and at once."""

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from api.execution.subscription_hub import GOING_AWAY
from tests.api.cli.terminal import started, stopped
from tests.api.schema.subscriptions.clients import (
    CHANGES,
    PARTS,
    PROTOCOLS,
    SECONDS_MAX,
    ask,
    begun,
    closed,
    code,
    hear,
    parts,
    port_of,
    streamed,
)
from tests.api.schema.subscriptions.conftest import Serve, Workspace, until
from tests.conftest import issue_token


def test_a_server_that_stops_closes_websockets_with_1012_and_completes_nothing(serve: Serve) -> None:
    with serve() as server, begun(server.port) as ws:
        ask(ws, CHANGES, after=0)
        assert hear(ws)["type"] == "next"
        server.stop()
        with pytest.raises(ConnectionClosed) as ended:
            hear(ws)
    assert ended.value.rcvd is not None
    assert ended.value.rcvd.code == 1012


@pytest.mark.parametrize("protocol", ["events", "parts"])
def test_a_server_that_stops_completes_streams_and_says_why(serve: Serve, protocol: str) -> None:
    with serve() as server, PROTOCOLS[protocol](server.port, CHANGES) as results:
        until(lambda: server.subscriptions == 1)
        server.stop()
        assert [code(result) for result in results] == [GOING_AWAY]


def test_parts_tell_the_end_outside_the_payload(serve: Serve) -> None:
    with serve() as server, streamed(server.port, CHANGES, PARTS) as response:
        until(lambda: server.subscriptions == 1)
        server.stop()
        last = [part for part in parts(response.iter_text()) if part]
    assert [part["payload"] for part in last] == [None]
    assert code(last[0]) == GOING_AWAY


def test_a_long_history_does_not_hold_up_the_end(workspace: Workspace, serve: Serve) -> None:
    workspace.write(2000)
    with serve() as server, PROTOCOLS["events"](server.port, CHANGES, after=0) as results:
        next(results)
        server.stop()
        assert code([*results][-1]) == GOING_AWAY


def test_a_process_that_is_asked_to_end_leaves_nobody_waiting(workspace: Workspace) -> None:
    token = issue_token(workspace.database)
    with started(workspace.settings.model_copy(update={"port": 0}), "serve") as process:
        port = port_of(process)
        with begun(port, token) as ws, PROTOCOLS["events"](port, CHANGES, token, after=0) as results:
            ask(ws, CHANGES, after=0)
            ws.recv(SECONDS_MAX)
            next(results)
            assert stopped(process) == 0
            assert [code(result) for result in results] == [GOING_AWAY]
            assert closed(ws) == 1012
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False)
