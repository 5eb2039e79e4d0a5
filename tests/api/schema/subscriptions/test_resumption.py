"""First what is in the log, then what comes: no gap, no repeat, whatever breaks in between."""

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
    begun,
    code,
    cut,
    messages,
    over_websocket,
    port_of,
    positions,
)
from tests.api.schema.subscriptions.conftest import Serve, Workspace, until
from tests.conftest import issue_token


@contextmanager
def writers(workspace: Workspace, *sizes: int, each: int) -> Iterator[None]:
    """One thread for each size, which writes `each` readings meanwhile, so many at a time."""

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
def test_history_goes_over_into_what_is_written_meanwhile(workspace: Workspace, serve: Serve, protocol: str) -> None:
    before = workspace.write(130)
    follow = PROTOCOLS[protocol]
    with serve() as server, writers(workspace, 1, 5, each=40), follow(server.port, CHANGES, after=0) as results:
        assert positions(results, before + 80) == list(range(1, before + 80 + 1))


def test_a_place_in_the_middle_of_the_log_is_where_it_begins(workspace: Workspace, serve: Serve) -> None:
    last = workspace.write(20)
    with serve() as server, over_websocket(server.port, CHANGES, after=7) as results:
        assert positions(results, last) == list(range(8, last + 1))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_without_a_position_only_what_is_new_is_told(workspace: Workspace, serve: Serve, protocol: str) -> None:
    with serve() as server:
        before = workspace.write(20)
        until(lambda: server.position == before)
        with PROTOCOLS[protocol](server.port, CHANGES) as results:
            until(lambda: server.subscriptions == 1)
            last = workspace.write(3)
            assert positions(results, last) == list(range(before + 1, last + 1))


def test_a_server_tells_of_what_another_one_feeds_to_the_views(workspace: Workspace, serve: Serve) -> None:
    with serve(project_in_server=False) as server, over_websocket(server.port, CHANGES, after=0) as results, serve():
        seen = positions(results, workspace.write(10))
        seen += positions(results, workspace.write(10))
    assert seen == list(range(1, workspace.head + 1))


def test_a_position_that_the_log_has_not_come_to_is_invalid(workspace: Workspace, serve: Serve) -> None:
    with serve() as server:
        for protocol in PROTOCOLS.values():
            with protocol(server.port, CHANGES, after=workspace.head + 1) as results:
                assert [code(result) for result in results] == ["INVALID"]


def test_who_was_cut_off_goes_on_after_the_last_position_seen(workspace: Workspace, serve: Serve) -> None:
    seen: list[int] = []
    last = workspace.write(60) + 60
    with serve() as server, writers(workspace, 3, each=60):
        while len(seen) < last:
            with begun(server.port) as ws:
                ask(ws, CHANGES, after=len(seen))
                seen += positions(messages(ws), min(len(seen) + 30, last))
                cut(ws)
        until(lambda: server.subscriptions == 0)
    assert seen == list(range(1, last + 1))


def test_a_killed_server_is_followed_by_another(workspace: Workspace) -> None:
    before = workspace.write(20)
    settings = workspace.settings.model_copy(update={"port": 0})
    token = issue_token(workspace.database)
    with writers(workspace, 2, each=40), started(settings, "serve") as first, begun(port_of(first), token) as ws:
        ask(ws, CHANGES, after=0)
        seen = positions(messages(ws), 15)
        first.kill()
    with started(settings, "serve") as second:
        with over_websocket(port_of(second), CHANGES, token, after=seen[-1]) as results:
            seen += positions(results, before + 40)
        assert stopped(second) == 0
    assert seen == list(range(1, before + 40 + 1))


@pytest.mark.parametrize("which", ["the projector's", "all"])
def test_lost_sessions_are_not_noticed(workspace: Workspace, serve: Serve, which: str) -> None:
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
    """How many sessions were ended: all that a server has, or the one that holds the lead of its projector."""
    leads = "pid in (select pid from pg_locks where locktype = 'advisory' and granted)"
    with workspace.database.connect() as conn:
        ended = conn.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = %s"
            f" and {leads if which != 'all' else 'true'}",
            [name],
        )
        return ended.rowcount
