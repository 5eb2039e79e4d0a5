"""The replay subscription: the frames of a cycle's replay, one after the other."""

from typing import Any

import httpx
import pytest

from tests.api.cli.terminal import fill
from tests.api.schema.subscriptions.clients import PROTOCOLS, code, over_websocket
from tests.api.schema.subscriptions.conftest import Running, Serve, Workspace, until

FRAME = """basis { at position } progress { value } objectives keyResults byHealth { health count }
  changes { position } view { cycle(by: {key: "2024-q1"}) { state progress { value } } }"""
ARGUMENTS = 'cycle: {key: "2024-q1"}, every: WEEK'
REPLAY = f"subscription ($fps: Float! = 60) {{ replay({ARGUMENTS}, framesPerSecond: $fps) {{ {FRAME} }} }}"


def asked(server: Running, query: str) -> Any:
    """The data of the answer to a query."""
    url = f"http://127.0.0.1:{server.port}/graphql"
    answer = httpx.post(url, json={"query": query}, timeout=60, trust_env=False).json()
    assert "errors" not in answer, answer
    return answer["data"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_replay_subscription_sends_the_frames_of_the_replay_and_completes(
    workspace: Workspace, serve: Serve, protocol: str
) -> None:
    fill(workspace.database)
    with serve() as server:
        with PROTOCOLS[protocol](server.port, REPLAY) as results:
            shown = [result["data"]["replay"] for result in results]
        to = shown[-1]["basis"]["at"]
        replay = asked(server, f'{{ replay({ARGUMENTS}, to: "{to}") {{ frames {{ {FRAME} }} }} }}')["replay"]
    assert len(shown) > 5
    assert shown == replay["frames"]


@pytest.mark.parametrize("fps", [0, -1, 61, 1e9])
def test_invalid_frame_rate_is_refused(workspace: Workspace, serve: Serve, fps: float) -> None:
    fill(workspace.database)
    with serve() as server, over_websocket(server.port, REPLAY, fps=fps) as results:
        assert [code(result) for result in results] == ["INVALID"]


def test_closing_a_replay_early_ends_the_subscription(workspace: Workspace, serve: Serve) -> None:
    fill(workspace.database)
    with serve() as server:
        with over_websocket(server.port, REPLAY, fps=0.001) as results:
            next(results)
        until(lambda: server.subscriptions == 0)
