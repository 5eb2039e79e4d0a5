"""A client that disconnects ends its query, down to the statement in PostgreSQL; a command is not ended."""

import json
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from time import monotonic
from typing import Any

import httpx
import psycopg
import pytest
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from projections.store import basis as bases
from tests.api.frames import BOTH_FRAMES
from tests.api.schema.subscriptions.conftest import Running, Serve, serve, workspace
from tests.api.schema.subscriptions.conftest import Workspace as Writer
from tests.waiting import until

pytestmark = BOTH_FRAMES

__all__ = ["serve", "workspace"]

SLEEP = "select pg_sleep(25)"
SECONDS_MAX = 20
ASK = {"query": "{ basis { position } }"}
HEAVY = {"query": "{ objectives(first: 1000) { nodes { id title keyResults { id title current } } } }"}
COMMAND = """mutation {
  openCycle(input: {key: "%s", name: "Q1", startsOn: "2026-01-01", endsOn: "2026-03-31"}) { position cycle { id } }
}"""


@pytest.fixture
def asleep(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every read of the present takes 25 seconds in PostgreSQL."""
    now = bases.now

    def slow(conn: psycopg.Connection[Any]) -> Any:
        conn.execute(SLEEP)
        return now(conn)

    with monkeypatch.context() as patched:
        patched.setattr(bases, "now", slow)
        yield


@pytest.fixture
def served(serve: Serve) -> Iterator[Running]:
    with serve() as running:
        yield running


def sleeping(writer: Writer) -> int:
    """How many connections to this workspace's database sleep."""
    with writer.database.connect() as conn:
        row = conn.execute(
            "select count(*) from pg_stat_activity where query = %s and state = 'active' and application_name = %s",
            [SLEEP, f"keyframe {writer.settings.workspace}"],
        ).fetchone()
    assert row is not None
    return int(row[0])


def until_asleep(writer: Writer, count: int) -> None:
    """Wait until so many connections sleep; not as long as they sleep by themselves."""
    until(lambda: sleeping(writer) == count, SECONDS_MAX)


def post(port: int, body: object, accept: str = "application/json") -> socket.socket:
    """A connection with a request in progress."""
    content = json.dumps(body).encode()
    head = (
        f"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\naccept: {accept}\r\n"
        f"content-length: {len(content)}\r\n\r\n"
    )
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(head.encode() + content)
    return connection


@pytest.mark.usefixtures("asleep")
@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
@pytest.mark.parametrize("body", [ASK, HEAVY], ids=["light", "heavy"])
def test_disconnected_client_ends_its_query(workspace: Writer, served: Running, body: object, accept: str) -> None:
    with post(served.port, body, accept):
        until_asleep(workspace, 1)
    until_asleep(workspace, 0)


@pytest.mark.usefixtures("asleep")
def test_closed_websocket_ends_its_queries(workspace: Writer, served: Running) -> None:
    url, protocols = f"ws://127.0.0.1:{served.port}/graphql", [Subprotocol("graphql-transport-ws")]
    with connect(url, subprotocols=protocols, proxy=None) as websocket:
        websocket.send(json.dumps({"type": "connection_init"}))
        websocket.recv()
        for number in range(2):
            websocket.send(json.dumps({"type": "subscribe", "id": str(number), "payload": ASK}))
        until_asleep(workspace, 2)
        websocket.send(json.dumps({"type": "complete", "id": "0"}))
        until_asleep(workspace, 1)
    until_asleep(workspace, 0)


@pytest.mark.usefixtures("asleep")
def test_disconnected_client_of_a_report_or_an_export_ends_it(workspace: Writer, served: Running) -> None:
    for path in ("/report/2026-q1", "/export/changes.csv", "/export/readings.csv"):
        with socket.create_connection(("127.0.0.1", served.port)) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
            until_asleep(workspace, 1)
        until_asleep(workspace, 0)


@pytest.mark.usefixtures("asleep")
def test_disconnected_client_does_not_end_its_command(workspace: Writer, served: Running) -> None:
    before = workspace.head
    with post(served.port, {"query": COMMAND % "2026-q1"}):
        until_asleep(workspace, 1)  # its payload is being read
    until_asleep(workspace, 0)
    assert workspace.head == before + 1


@pytest.mark.usefixtures("asleep")
def test_operation_beyond_the_time_limit_cancels_its_statement(workspace: Writer, serve: Serve) -> None:
    began = monotonic()
    with serve(answer_timeout_s=0.3) as served, post(served.port, ASK) as connection:
        answer = b""
        while b'"code":"TIMEOUT"' not in answer:
            answer += connection.recv(4096)
    assert monotonic() - began < SECONDS_MAX
    assert sleeping(workspace) == 0


def occupied(port: int) -> dict[str, float]:
    """How many operations are in progress or wait, by the lane and the word for it, where there are any."""
    page = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    found = re.findall(r'^keyframe_lane_(running|waiting)\{lane="(\w+)"\} (\S+)$', page, re.MULTILINE)
    return {f"{lane} {state}": float(count) for state, lane, count in found if float(count)}


@pytest.mark.usefixtures("asleep")
@pytest.mark.parametrize(("lane", "body", "most"), [("light", ASK, 2), ("heavy", HEAVY, 3)])
def test_clients_that_disconnect_at_once_leave_nothing_in_their_lane(
    workspace: Writer, served: Running, lane: str, body: object, most: int
) -> None:
    """Two of their operations run, and the others wait for their turn."""
    for _ in range(3):
        with ExitStack() as clients:
            for _ in range(most + 10):
                clients.enter_context(post(served.port, body))
            until(lambda: occupied(served.port) == {f"{lane} running": most, f"{lane} waiting": 10}, SECONDS_MAX)
        until(lambda: not occupied(served.port), SECONDS_MAX)
    with post(served.port, body):
        until_asleep(workspace, 1)
