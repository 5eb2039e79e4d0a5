"""One caller who keeps the server busy delays no other caller, and gets 429 beyond its queue."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event, current_thread
from typing import Any

import httpx
import pytest

from domain.commands.permissions import Role
from domain.log.credentials import api_tokens
from projections.standings import goals_at_once
from projections.store import basis as bases
from tests.api.schema.subscriptions.conftest import Running, Serve, Workspace, serve, until, workspace

__all__ = ["serve", "workspace"]

HEAVY = "{ objectives(first: 1000) { nodes { id title keyResults { id title current metric { start target } } } } }"
LIGHT = "{ viewer { handle } }"
COMMAND = """mutation {
  openCycle(input: {key: "q1", name: "Q1", startsOn: "2026-01-01", endsOn: "2026-03-31"}) { position }
}"""
SECONDS_MAX = 30


class Held:
    """Heavy operations, which wait until they are released."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self._free = Event()
        monkeypatch.setattr(bases, "now", self._held(bases.now))
        monkeypatch.setattr(goals_at_once, "read", self._held(goals_at_once.read))

    def _held(self, read: Callable[..., Any]) -> Callable[..., Any]:
        def held(*args: Any) -> Any:
            if current_thread().name.startswith("keyframe-heavy"):
                self.count += 1
                assert self._free.wait(SECONDS_MAX)
            return read(*args)

        return held

    def release(self) -> None:
        self._free.set()


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    made = Held(monkeypatch)
    yield made
    made.release()


@contextmanager
def caller(workspace: Workspace, served: Running, name: str) -> Iterator[httpx.Client]:
    """A client with a token of its own."""
    with workspace.database.connect() as conn:
        secret = api_tokens.issue(conn, name, [Role.ADMIN], None, api_tokens.LIFETIME_MAX)[1]
    url, headers = f"http://127.0.0.1:{served.port}", {"authorization": f"Bearer {secret}"}
    limits = httpx.Limits(max_connections=50)
    with httpx.Client(base_url=url, headers=headers, timeout=SECONDS_MAX, limits=limits) as http:
        yield http


def ask(http: httpx.Client, query: str) -> httpx.Response:
    return http.post("/graphql", json={"query": query})


def test_busy_caller_delays_no_other_caller(workspace: Workspace, serve: Serve, held: Held) -> None:
    with (
        serve(anonymous=False) as served,
        caller(workspace, served, "busy") as busy,
        caller(workspace, served, "other") as other,
        ThreadPoolExecutor(30) as pool,
    ):
        heavy = [pool.submit(ask, busy, HEAVY) for _ in range(20)]
        until(lambda: held.count == 1)
        assert ask(other, LIGHT).json()["data"] == {"viewer": {"handle": "other"}}
        assert ask(busy, LIGHT).json()["data"] == {"viewer": {"handle": "busy"}}
        assert other.get("/readyz").json()["ready"]
        assert other.get("/metrics").status_code == 200
        assert ask(other, COMMAND).json()["data"]["openCycle"]["position"] > 0
        of_other = pool.submit(ask, other, HEAVY)
        until(lambda: held.count == 2)
        held.release()
        assert of_other.result().json()["data"] == {"objectives": {"nodes": []}}
        assert {one.result().status_code for one in heavy} == {200}


def test_operations_beyond_the_queue_of_a_caller_get_429(workspace: Workspace, serve: Serve, held: Held) -> None:
    with (
        serve(anonymous=False, caller_queue_max=3) as served,
        caller(workspace, served, "busy") as busy,
        caller(workspace, served, "other") as other,
        ThreadPoolExecutor(30) as pool,
    ):
        sent: list[Future[httpx.Response]] = [pool.submit(ask, busy, HEAVY) for _ in range(10)]
        until(lambda: sum(one.done() for one in sent) == 4)
        refused = [one.result() for one in sent if one.done()]
        for response in refused:
            (error,) = response.json()["errors"]
            assert (response.status_code, error["extensions"]["code"]) == (429, "QUEUE_FULL")
            assert response.headers["retry-after"] == str(error["extensions"]["retryAfter"])
            assert response.headers["cache-control"] == "no-store"
        streamed = busy.post("/graphql", json={"query": HEAVY}, headers={"accept": "text/event-stream"})
        assert '"code":"QUEUE_FULL"' in streamed.text
        assert busy.get("/report/2026-q1").status_code == 429
        assert ask(other, LIGHT).status_code == 200
        held.release()
        assert sorted(one.result().status_code for one in sent) == [200] * 6 + [429] * 4


def test_many_waits_for_a_position_delay_no_reads(workspace: Workspace, serve: Serve) -> None:
    with (
        serve(anonymous=False, project_in_server=False, view_timeout_s=3) as served,
        caller(workspace, served, "busy") as busy,
        caller(workspace, served, "other") as other,
        ThreadPoolExecutor(30) as pool,
    ):
        headers = {"x-keyframe-min-position": str(workspace.head)}
        waiting = [pool.submit(busy.post, "/graphql", json={"query": LIGHT}, headers=headers) for _ in range(8)]
        until(lambda: ask(other, LIGHT).status_code == 200)
        assert not any(one.done() for one in waiting)
        assert other.get("/healthz").status_code == 200
