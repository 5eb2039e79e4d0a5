"""Clients of each protocol, as plain as can be: they connect, subscribe, and give what comes, message by message."""

import json
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.api.cli.terminal import line

SECONDS_MAX = 60
CHANGES = (
    "subscription ($after: Position, $filter: ChangeFilter) { changes(after: $after, filter: $filter) { position } }"
)
EVENTS = "text/event-stream"
PARTS = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json"

Results = Iterator[dict[str, Any]]
"""The results of a subscription, until it is complete."""


class Cut(Exception):
    """A stream ended without being complete."""


def port_of(server: "subprocess.Popen[bytes]") -> int:
    """Where a process of `keyframe serve` answers, once it does."""
    return int(line(server, "Keyframe answers at ").rpartition(":")[2].partition("/")[0])


# ── WebSocket ─────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def opened(port: int, **given: Any) -> Iterator[ClientConnection]:
    """A WebSocket that has said nothing yet."""
    protocols = [Subprotocol("graphql-transport-ws")]
    with connect(f"ws://127.0.0.1:{port}/graphql", **{"subprotocols": protocols, "proxy": None, **given}) as ws:
        yield ws


def say(ws: ClientConnection, **message: Any) -> None:
    ws.send(json.dumps(message))


def hear(ws: ClientConnection) -> dict[str, Any]:
    heard = ws.recv(SECONDS_MAX)
    assert isinstance(heard, str), "frames are text"
    message: dict[str, Any] = json.loads(heard)
    return message


@contextmanager
def begun(port: int, token: str | None = None, **given: Any) -> Iterator[ClientConnection]:
    """A WebSocket over which operations can be asked, begun with a token where one is needed."""
    with opened(port, **given) as ws:
        say(ws, type="connection_init", payload=token and {"authorization": f"Bearer {token}"})
        assert hear(ws) == {"type": "connection_ack"}
        yield ws


def ask(ws: ClientConnection, query: str, id: str = "1", **variables: Any) -> None:
    say(ws, type="subscribe", id=id, payload={"query": query, "variables": variables})


@contextmanager
def over_websocket(port: int, query: str, token: str | None = None, **variables: Any) -> Iterator[Results]:
    with begun(port, token) as ws:
        ask(ws, query, **variables)
        yield messages(ws)


def messages(ws: ClientConnection) -> Results:
    """The results of the one operation of a connection."""
    while (message := hear(ws))["type"] != "complete":
        if message["type"] == "error":
            yield {"errors": message["payload"]}
            return
        assert message["type"] == "next"
        yield message["payload"]


def closed(ws: ClientConnection) -> int:
    """The code that the connection is closed with, after whatever comes before."""
    try:
        while True:
            ws.recv(SECONDS_MAX)
    except ConnectionClosed as ended:
        return 0 if ended.rcvd is None else ended.rcvd.code


# ── HTTP ──────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def streamed(
    port: int, query: str, accept: str, token: str | None = None, **variables: Any
) -> Iterator[httpx.Response]:
    """A response whose body goes on."""
    headers = {"accept": accept} | ({"authorization": f"Bearer {token}"} if token else {})
    body = {"query": query, "variables": variables}
    url = f"http://127.0.0.1:{port}/graphql"
    with (
        httpx.Client(timeout=SECONDS_MAX, trust_env=False) as http,
        http.stream("POST", url, json=body, headers=headers) as response,
    ):
        assert response.status_code == 200
        yield response


@contextmanager
def over_events(port: int, query: str, token: str | None = None, **variables: Any) -> Iterator[Results]:
    with streamed(port, query, EVENTS, token, **variables) as response:
        yield results_of(events(response.iter_text()))


def events(texts: Iterator[str]) -> Iterator[tuple[str, str]]:
    """Server-sent events as (event, data), comments as ("", text); lines end in LF."""
    rest = ""
    for text in texts:
        assert "\r" not in text
        *whole, rest = (rest + text).split("\n\n")
        for block in whole:
            if block.startswith(": "):
                yield "", block[2:]
                continue
            event, data = block.split("\n")
            yield event.removeprefix("event: "), data.removeprefix("data: ")


def results_of(told: Iterator[tuple[str, str]]) -> Results:
    for event, data in told:
        if event == "complete":
            return
        if event == "next":
            yield json.loads(data)
    raise Cut


@contextmanager
def over_parts(port: int, query: str, token: str | None = None, **variables: Any) -> Iterator[Results]:
    with streamed(port, query, PARTS, token, **variables) as response:
        assert response.headers["content-type"].startswith("multipart/mixed;boundary=graphql;subscriptionSpec=1.0")
        yield _parts(response.iter_text())


def parts(texts: Iterator[str]) -> Iterator[dict[str, Any]]:
    """The bodies of a multipart stream, each as soon as the boundary after it is there."""
    rest = ""
    for text in texts:
        *whole, rest = (rest + text).split("\r\n--graphql")
        for part in whole:
            _, _, body = part.partition("\r\n\r\n")
            if body:
                yield json.loads(body)
        if rest == "--\r\n":
            return
    raise Cut


def _parts(texts: Iterator[str]) -> Results:
    for part in parts(texts):
        if "payload" in part:
            yield part["payload"] or {"errors": part["errors"]}


Follow = Callable[..., Any]
PROTOCOLS: dict[str, Follow] = {"websocket": over_websocket, "events": over_events, "parts": over_parts}


# ── what comes ────────────────────────────────────────────────────────────────────────────────────


def positions(results: Results, last: int) -> list[int]:
    """The positions of changes, up to one of them."""
    found: list[int] = []
    for result in results:
        assert "errors" not in result, result["errors"]
        found.append(result["data"]["changes"]["position"])
        if found[-1] >= last:
            break
    return found


def code(result: dict[str, Any]) -> str:
    """The code of the one error of a result."""
    (error,) = result["errors"]
    told: str = error["extensions"]["code"]
    return told


def cut(ws: ClientConnection) -> None:
    """Let a connection break, without a word."""
    ws.socket.shutdown(socket.SHUT_RDWR)
