"""A thousand idle subscribers run no statements, and all receive a new change."""

import asyncio
import json
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from api.runtime.database import Database, Pool
from tests.api.schema.subscriptions.clients import EVENTS, events, streamed
from tests.api.schema.subscriptions.conftest import Running, Serve, Workspace, until

CONNECTIONS, EACH = 40, 25
SHARED_MAX = 10
"""The maximum of statements that find two changes for all subscribers."""
CHANGES = "subscription { changes { position } }"


@pytest.fixture
def pools(monkeypatch: pytest.MonkeyPatch) -> list[Pool]:
    """All pools that are opened from now on."""
    open_websocket: list[Pool] = []
    pool = Database.pool

    def remembered(*args: Any, **kwargs: Any) -> Pool:
        open_websocket.append(pool(*args, **kwargs))
        return open_websocket[-1]

    monkeypatch.setattr(Database, "pool", remembered)
    return open_websocket


def asked(pools: list[Pool]) -> int:
    """The number of requests to the pool of the server's requests, its first pool; the projector has its own."""
    return pools[0].get_stats()["requests_num"]


async def connect_subscribers(port: int) -> ClientConnection:
    """A connection with `EACH` subscriptions."""
    ws = await connect(
        f"ws://127.0.0.1:{port}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")], max_queue=None, proxy=None
    )
    await ws.send(json.dumps({"type": "connection_init"}))
    await ws.recv()
    for number in range(EACH):
        await ws.send(json.dumps({"type": "subscribe", "id": str(number), "payload": {"query": CHANGES}}))
    return ws


async def received(ws: ClientConnection, count: int) -> list[tuple[str, int]]:
    """The next results of a connection: the operation id and the position."""
    messages = [json.loads(await ws.recv()) for _ in range(count)]
    return [(one["id"], one["payload"]["data"]["changes"]["position"]) for one in messages]


def test_thousand_idle_subscribers_run_no_statements_and_receive_every_change(
    workspace: Workspace, serve: Serve, pools: list[Pool]
) -> None:
    async def wait_and_hear(server: Running) -> None:
        sockets = await asyncio.gather(*[connect_subscribers(server.port) for _ in range(CONNECTIONS)])
        await asyncio.to_thread(until, lambda: server.subscriptions == CONNECTIONS * EACH)
        assert await asyncio.to_thread(_statements_during_pings, server, pools) == 0

        before = asked(pools)
        first, last = workspace.head + 1, workspace.write(2)
        for results in await asyncio.gather(*[received(ws, 2 * EACH) for ws in sockets]):
            for number in range(EACH):
                assert [position for id, position in results if id == str(number)] == [first, last]
        assert asked(pools) - before < SHARED_MAX
        await asyncio.gather(*[ws.close() for ws in sockets])

    with serve(keep_alive_s=0.1, caller_queue_max=CONNECTIONS * EACH) as server:
        asyncio.run(wait_and_hear(server))
        until(lambda: server.subscriptions == 0)


def _statements_during_pings(server: Running, pools: list[Pool]) -> int:
    """The number of pool requests during five keep-alives."""
    with streamed(server.port, CHANGES, EVENTS) as response:
        alive = events(response.iter_text())
        next(alive)
        before = asked(pools)
        assert [next(alive) for _ in range(5)] == [("", "ping")] * 5
        return asked(pools) - before
