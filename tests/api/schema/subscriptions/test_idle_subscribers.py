"""Waiting costs nothing: a thousand who wait ask the database nothing, and are all told at once."""

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
"""As many statements, at most, find two changes for all of them."""
CHANGES = "subscription { changes { position } }"


@pytest.fixture
def pools(monkeypatch: pytest.MonkeyPatch) -> list[Pool]:
    """Every pool that is opened from now on."""
    opened: list[Pool] = []
    pool = Database.pool

    def remembered(*args: Any, **kwargs: Any) -> Pool:
        opened.append(pool(*args, **kwargs))
        return opened[-1]

    monkeypatch.setattr(Database, "pool", remembered)
    return opened


def asked(pools: list[Pool]) -> int:
    """How often anything was asked through the one for requests, which is the server's first; the projector has
    its own, whoever waits."""
    return pools[0].get_stats()["requests_num"]


async def waiting(port: int) -> ClientConnection:
    """A connection with so many subscriptions on it."""
    ws = await connect(
        f"ws://127.0.0.1:{port}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")], max_queue=None, proxy=None
    )
    await ws.send(json.dumps({"type": "connection_init"}))
    await ws.recv()
    for number in range(EACH):
        await ws.send(json.dumps({"type": "subscribe", "id": str(number), "payload": {"query": CHANGES}}))
    return ws


async def heard(ws: ClientConnection, count: int) -> list[tuple[str, int]]:
    """So many results of a connection: by whom, and of which position."""
    messages = [json.loads(await ws.recv()) for _ in range(count)]
    return [(one["id"], one["payload"]["data"]["changes"]["position"]) for one in messages]


def test_a_thousand_subscribers_wait_for_nothing_and_hear_everything(
    workspace: Workspace, serve: Serve, pools: list[Pool]
) -> None:
    async def wait_and_hear(server: Running) -> None:
        sockets = await asyncio.gather(*[waiting(server.port) for _ in range(CONNECTIONS)])
        await asyncio.to_thread(until, lambda: server.subscriptions == CONNECTIONS * EACH)
        assert await asyncio.to_thread(_asked_meanwhile, server, pools) == 0

        before = asked(pools)
        first, last = workspace.head + 1, workspace.write(2)
        for results in await asyncio.gather(*[heard(ws, 2 * EACH) for ws in sockets]):
            for number in range(EACH):
                assert [position for id, position in results if id == str(number)] == [first, last]
        assert asked(pools) - before < SHARED_MAX
        await asyncio.gather(*[ws.close() for ws in sockets])

    with serve(keep_alive_s=0.1) as server:
        asyncio.run(wait_and_hear(server))
        until(lambda: server.subscriptions == 0)


def _asked_meanwhile(server: Running, pools: list[Pool]) -> int:
    """What is asked of the database while the server shows five times that it is alive."""
    with streamed(server.port, CHANGES, EVENTS) as response:
        alive = events(response.iter_text())
        next(alive)
        before = asked(pools)
        assert [next(alive) for _ in range(5)] == [("", "ping")] * 5
        return asked(pools) - before
