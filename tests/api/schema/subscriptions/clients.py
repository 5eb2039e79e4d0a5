"""Minimal clients of each protocol: they connect, subscribe and yield the messages."""

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


class StreamCut(Exception):
    """A stream ended before it was complete."""


def port_of(server: "subprocess.Popen[bytes]") -> int:
    """The port of a `keyframe serve` process, once it listens."""
    return int(line(server, "Keyframe answers at ").rpartition(":")[2].partition("/")[0])


# ── WebSocket ─────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def open_websocket(port: int, **given: Any) -> Iterator[ClientConnection]:
    """A WebSocket before its first message."""
    protocols = [Subprotocol("graphql-transport-ws")]
    with connect(f"ws://127.0.0.1:{port}/graphql", **{"subprotocols": protocols, "proxy": None, **given}) as ws:
        yield ws


def send_message(ws: ClientConnection, **message: Any) -> None:
    ws.send(json.dumps(message))


def receive_message(ws: ClientConnection) -> dict[str, Any]:
    received = ws.recv(SECONDS_MAX)
    assert isinstance(received, str), "frames are text"
    message: dict[str, Any] = json.loads(received)
    return message


@contextmanager
def connected(port: int, token: str | None = None, **given: Any) -> Iterator[ClientConnection]:
    """An initialized WebSocket, with a token if the server needs one."""
    with open_websocket(port, **given) as ws:
        send_message(ws, type="connection_init", payload=token and {"authorization": f"Bearer {token}"})
        assert receive_message(ws) == {"type": "connection_ack"}
        yield ws


def ask(ws: ClientConnection, query: str, id: str = "1", **variables: Any) -> None:
    send_message(ws, type="subscribe", id=id, payload={"query": query, "variables": variables})


@contextmanager
def over_websocket(port: int, query: str, token: str | None = None, **variables: Any) -> Iterator[Results]:
    with connected(port, token) as ws:
        ask(ws, query, **variables)
        yield messages(ws)


def messages(ws: ClientConnection) -> Results:
    """The results of the one operation of a connection."""
    while (message := receive_message(ws))["type"] != "complete":
        if message["type"] == "error":
            yield {"errors": message["payload"]}
            return
        assert message["type"] == "next"
        yield message["payload"]


def close_code(ws: ClientConnection) -> int:
    """The code that closes the connection; earlier messages are skipped."""
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
    """A response with a streamed body."""
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


def results_of(pairs: Iterator[tuple[str, str]]) -> Results:
    for event, data in pairs:
        if event == "complete":
            return
        if event == "next":
            yield json.loads(data)
    raise StreamCut


@contextmanager
def over_parts(port: int, query: str, token: str | None = None, **variables: Any) -> Iterator[Results]:
    with streamed(port, query, PARTS, token, **variables) as response:
        assert response.headers["content-type"].startswith("multipart/mixed;boundary=graphql;subscriptionSpec=1.0")
        yield _parts(response.iter_text())


def parts(texts: Iterator[str]) -> Iterator[dict[str, Any]]:
    """The bodies of a multipart stream, each as soon as its closing boundary arrives."""
    rest = ""
    for text in texts:
        *whole, rest = (rest + text).split("\r\n--graphql")
        for part in whole:
            _, _, body = part.partition("\r\n\r\n")
            if body:
                yield json.loads(body)
        if rest == "--\r\n":
            return
    raise StreamCut


def _parts(texts: Iterator[str]) -> Results:
    for part in parts(texts):
        if "payload" in part:
            yield part["payload"] or {"errors": part["errors"]}


Follow = Callable[..., Any]
PROTOCOLS: dict[str, Follow] = {"websocket": over_websocket, "events": over_events, "parts": over_parts}


# ── results ───────────────────────────────────────────────────────────────────────────────────────


def positions(results: Results, last: int) -> list[int]:
    """The positions of changes, up to `last`."""
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
    found: str = error["extensions"]["code"]
    return found


def break_connection(ws: ClientConnection) -> None:
    """Break the connection without a closing handshake."""
    ws.socket.shutdown(socket.SHUT_RDWR)
