"""A stopping server ends subscriptions at once, with the closing messages of each protocol."""

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
    close_code,
    code,
    connected,
    parts,
    port_of,
    receive_message,
    streamed,
)
from tests.api.schema.subscriptions.conftest import Serve, Workspace, until
from tests.conftest import issue_token


def test_stopping_server_closes_websockets_with_1012_without_complete(serve: Serve) -> None:
    with serve() as server, connected(server.port) as ws:
        ask(ws, CHANGES, after=0)
        assert receive_message(ws)["type"] == "next"
        server.stop()
        with pytest.raises(ConnectionClosed) as ended:
            receive_message(ws)
    assert ended.value.rcvd is not None
    assert ended.value.rcvd.code == 1012


@pytest.mark.parametrize("protocol", ["events", "parts"])
def test_stopping_server_completes_http_streams_with_a_reason(serve: Serve, protocol: str) -> None:
    with serve() as server, PROTOCOLS[protocol](server.port, CHANGES) as results:
        until(lambda: server.subscriptions == 1)
        server.stop()
        assert [code(result) for result in results] == [GOING_AWAY]


def test_multipart_stream_reports_its_end_outside_the_payload(serve: Serve) -> None:
    with serve() as server, streamed(server.port, CHANGES, PARTS) as response:
        until(lambda: server.subscriptions == 1)
        server.stop()
        last = [part for part in parts(response.iter_text()) if part]
    assert [part["payload"] for part in last] == [None]
    assert code(last[0]) == GOING_AWAY


def test_stop_is_not_delayed_by_a_long_backlog(workspace: Workspace, serve: Serve) -> None:
    workspace.write(2000)
    with serve() as server, PROTOCOLS["events"](server.port, CHANGES, after=0) as results:
        next(results)
        server.stop()
        assert code([*results][-1]) == GOING_AWAY


def test_terminated_process_ends_all_subscriptions(workspace: Workspace) -> None:
    token = issue_token(workspace.database)
    with started(workspace.settings.model_copy(update={"port": 0}), "serve") as process:
        port = port_of(process)
        with connected(port, token) as ws, PROTOCOLS["events"](port, CHANGES, token, after=0) as results:
            ask(ws, CHANGES, after=0)
            ws.recv(SECONDS_MAX)
            next(results)
            assert stopped(process) == 0
            assert [code(result) for result in results] == [GOING_AWAY]
            assert close_code(ws) == 1012
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False)
