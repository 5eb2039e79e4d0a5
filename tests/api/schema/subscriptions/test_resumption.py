"""Subscriptions send stored changes, then live ones, without gaps or repeats, across every interruption."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest
from psycopg.conninfo import make_conninfo
from pydantic import SecretStr

from tests.api.cli.terminal import started, stopped
from tests.api.schema.subscriptions.clients import (
    CHANGES,
    PROTOCOLS,
    ask,
    break_connection,
    code,
    connected,
    messages,
    over_websocket,
    port_of,
    positions,
)
from tests.api.schema.subscriptions.conftest import Serve, Workspace, until
from tests.conftest import issue_token


@contextmanager
def writers(workspace: Workspace, *sizes: int, each: int) -> Iterator[None]:
    """One thread per size writes `each` readings in batches of that size during the block."""

    def write(size: int) -> None:
        for _ in range(0, each, size):
            workspace.write(size)

    threads = [Thread(target=write, args=(size,)) for size in sizes]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_stored_changes_continue_with_live_changes(workspace: Workspace, serve: Serve, protocol: str) -> None:
    before = workspace.write(130)
    follow = PROTOCOLS[protocol]
    with serve() as server, writers(workspace, 1, 5, each=40), follow(server.port, CHANGES, after=0) as results:
        assert positions(results, before + 80) == list(range(1, before + 80 + 1))


def test_after_starts_behind_the_given_position(workspace: Workspace, serve: Serve) -> None:
    last = workspace.write(20)
    with serve() as server, over_websocket(server.port, CHANGES, after=7) as results:
        assert positions(results, last) == list(range(8, last + 1))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_without_after_only_new_changes_are_sent(workspace: Workspace, serve: Serve, protocol: str) -> None:
    with serve() as server:
        before = workspace.write(20)
        until(lambda: server.position == before)
        with PROTOCOLS[protocol](server.port, CHANGES) as results:
            until(lambda: server.subscriptions == 1)
            last = workspace.write(3)
            assert positions(results, last) == list(range(before + 1, last + 1))


def test_server_sends_changes_projected_by_another_server(workspace: Workspace, serve: Serve) -> None:
    with serve(project_in_server=False) as server, over_websocket(server.port, CHANGES, after=0) as results, serve():
        seen = positions(results, workspace.write(10))
        seen += positions(results, workspace.write(10))
    assert seen == list(range(1, workspace.head + 1))


def test_after_beyond_the_head_is_invalid(workspace: Workspace, serve: Serve) -> None:
    with serve() as server:
        for protocol in PROTOCOLS.values():
            with protocol(server.port, CHANGES, after=workspace.head + 1) as results:
                assert [code(result) for result in results] == ["INVALID"]


def test_broken_connection_resumes_after_the_last_position(workspace: Workspace, serve: Serve) -> None:
    seen: list[int] = []
    last = workspace.write(60) + 60
    with serve() as server, writers(workspace, 3, each=60):
        while len(seen) < last:
            with connected(server.port) as ws:
                ask(ws, CHANGES, after=len(seen))
                seen += positions(messages(ws), min(len(seen) + 30, last))
                break_connection(ws)
        until(lambda: server.subscriptions == 0)
    assert seen == list(range(1, last + 1))


@pytest.mark.long
def test_subscription_resumes_on_another_server_after_a_kill(workspace: Workspace) -> None:
    before = workspace.write(20)
    settings = workspace.settings.model_copy(update={"port": 0})
    token = issue_token(workspace.database)
    with writers(workspace, 2, each=40), started(settings, "serve") as first, connected(port_of(first), token) as ws:
        ask(ws, CHANGES, after=0)
        seen = positions(messages(ws), 15)
        first.kill()
    with started(settings, "serve") as second:
        with over_websocket(port_of(second), CHANGES, token, after=seen[-1]) as results:
            seen += positions(results, before + 40)
        assert stopped(second) == 0
    assert seen == list(range(1, before + 40 + 1))


@pytest.mark.parametrize("which", ["the projector's", "all"])
def test_subscription_survives_lost_database_sessions(workspace: Workspace, serve: Serve, which: str) -> None:
    name = f"server of {workspace.settings.workspace}"
    assert workspace.settings.database_url is not None
    dsn = make_conninfo(workspace.settings.database_url.get_secret_value(), application_name=name)
    with serve(database_url=SecretStr(dsn)) as server, over_websocket(server.port, CHANGES, after=0) as results:
        seen = positions(results, workspace.write(10))
        for _ in range(2):
            assert _end_sessions(workspace, name, which) > 0
            seen += positions(results, workspace.write(10))
    assert seen == list(range(1, workspace.head + 1))


def _end_sessions(workspace: Workspace, name: str, which: str) -> int:
    """End all sessions of a server, or only the one that holds the projector's lock; returns their number."""
    leads = "pid in (select pid from pg_locks where locktype = 'advisory' and granted)"
    with workspace.database.connect() as conn:
        ended = conn.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = %s"
            f" and {leads if which != 'all' else 'true'}",
            [name],
        )
        return ended.rowcount
