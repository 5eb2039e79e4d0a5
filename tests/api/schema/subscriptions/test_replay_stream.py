"""A cycle as a film: the frames of its replay, one after the other."""

from typing import Any

import httpx
import pytest

from tests.api.cli.terminal import fill
from tests.api.schema.subscriptions.clients import PROTOCOLS, code, over_websocket
from tests.api.schema.subscriptions.conftest import Running, Serve, Workspace, until

FRAME = """basis { at position } progress { value } objectives keyResults byHealth { health count }
  changes { position } view { cycle(by: {key: "2024-q1"}) { state progress { value } } }"""
ARGUMENTS = 'cycle: {key: "2024-q1"}, every: WEEK'
FILM = f"subscription ($fps: Float! = 60) {{ replay({ARGUMENTS}, framesPerSecond: $fps) {{ {FRAME} }} }}"


def asked(server: Running, query: str) -> Any:
    """The data of an answer."""
    url = f"http://127.0.0.1:{server.port}/graphql"
    answer = httpx.post(url, json={"query": query}, timeout=60, trust_env=False).json()
    assert "errors" not in answer, answer
    return answer["data"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_film_shows_the_frames_of_the_replay_and_ends(workspace: Workspace, serve: Serve, protocol: str) -> None:
    fill(workspace.database)
    with serve() as server:
        with PROTOCOLS[protocol](server.port, FILM) as results:
            shown = [result["data"]["replay"] for result in results]
        to = shown[-1]["basis"]["at"]
        replay = asked(server, f'{{ replay({ARGUMENTS}, to: "{to}") {{ frames {{ {FRAME} }} }} }}')["replay"]
    assert len(shown) > 5
    assert shown == replay["frames"]


@pytest.mark.parametrize("fps", [0, -1, 61, 1e9])
def test_a_pace_that_is_none_is_invalid(workspace: Workspace, serve: Serve, fps: float) -> None:
    fill(workspace.database)
    with serve() as server, over_websocket(server.port, FILM, fps=fps) as results:
        assert [code(result) for result in results] == ["INVALID"]


def test_a_film_that_is_left_early_is_over(workspace: Workspace, serve: Serve) -> None:
    fill(workspace.database)
    with serve() as server:
        with over_websocket(server.port, FILM, fps=0.001) as results:
            next(results)
        until(lambda: server.subscriptions == 0)
