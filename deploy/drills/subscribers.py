"""Live subscribers of a drill: each follows the changes over a WebSocket, and resumes after the last one it received.

At the end what each received is compared with the log: every change once, in order, and the one that the log has.
"""

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import count, pairwise
from threading import Event, Thread
from typing import Any, Final, NamedTuple

import psycopg
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage
from websockets.sync.client import ClientConnection, connect

_FOLLOW: Final = "subscription ($after: Position) { changes(after: $after) { position recordedAt } }"
_PROTOCOL: Final = "graphql-transport-ws"
OPEN_SECONDS_MAX: Final = 20
SILENT_SECONDS_MAX: Final = 60
"""How long a client waits without a message, keep-alive included, before it connects anew."""
PAUSE_SECONDS: Final = 0.2
CATCH_UP_SECONDS_MAX: Final = 180


class Change(NamedTuple):
    """A change as a subscriber received it, or as the log has it."""

    position: int
    recorded_at: datetime


class Received(NamedTuple):
    """What subscribers received, compared with the log: `missed` and `repeated` changes, those out of order, and
    `false` ones, which the log has not, or has not like this."""

    changes: int = 0
    missed: int = 0
    repeated: int = 0
    disordered: int = 0
    false: int = 0

    @property
    def is_sound(self) -> bool:
        return not (self.missed or self.repeated or self.disordered or self.false)

    def plus(self, other: "Received") -> "Received":
        return Received(*(one + two for one, two in zip(self, other, strict=True)))


def compared(received: Sequence[Change], log: Mapping[int, datetime]) -> Received:
    """Compare what one subscriber received with the log after the position at which it began."""
    positions = [change.position for change in received]
    return Received(
        changes=len(received),
        missed=len(log.keys() - set(positions)),
        repeated=len(positions) - len(set(positions)),
        disordered=sum(after < before for before, after in pairwise(positions)),
        false=sum(log.get(change.position) != change.recorded_at for change in received),
    )


class Subscriber:
    """A client that follows the changes after a position, from the servers in turn. `reconnects` counts how often it
    resumed, `codes` the errors with which streams ended."""

    def __init__(self, urls: Sequence[str], token: str, after: int, first: int = 0) -> None:
        self.received: list[Change] = []
        self.codes: list[str] = []
        self.reconnects = 0
        self._urls = [url.replace("http", "ws", 1) + "/graphql" for url in urls]
        self.after = after
        self._token, self._first = token, first
        self._stop = Event()
        self._thread = Thread(target=self._run, daemon=True)

    @property
    def last(self) -> int:
        """The last position that it received."""
        return self.received[-1].position if self.received else self.after

    def start(self) -> None:
        self._thread.start()

    def stop(self, at: int) -> None:
        """End when this position was received, or after `CATCH_UP_SECONDS_MAX`."""
        deadline = time.monotonic() + CATCH_UP_SECONDS_MAX
        while self.last < at and time.monotonic() < deadline:
            time.sleep(PAUSE_SECONDS)
        self._stop.set()
        self._thread.join(SILENT_SECONDS_MAX + OPEN_SECONDS_MAX)

    def _run(self) -> None:
        for attempt in count(self._first):
            if self._stop.is_set():
                return
            with suppress(OSError, ConnectionClosed, InvalidHandshake, InvalidMessage):
                self._follow(self._urls[attempt % len(self._urls)])
            self.reconnects += 1
            self._stop.wait(PAUSE_SECONDS)

    def _follow(self, url: str) -> None:
        bearer = {"Authorization": f"Bearer {self._token}"}
        with connect(
            url, additional_headers=bearer, subprotocols=[_PROTOCOL],  # type: ignore[list-item]
            open_timeout=OPEN_SECONDS_MAX, close_timeout=1, proxy=None,
        ) as socket:  # fmt: skip
            _send(socket, {"type": "connection_init"})
            for message in self._messages(socket):
                if message["type"] == "connection_ack":
                    payload = {"query": _FOLLOW, "variables": {"after": self.last}}
                    _send(socket, {"id": "1", "type": "subscribe", "payload": payload})
                elif message["type"] == "next" and not message["payload"].get("errors"):
                    change = message["payload"]["data"]["changes"]
                    self.received.append(Change(change["position"], datetime.fromisoformat(change["recordedAt"])))
                elif message["type"] in ("next", "error", "complete"):
                    self.codes += _codes(message)
                    return

    def _messages(self, socket: ClientConnection) -> Iterator[Mapping[str, Any]]:
        """The messages until the end; a ping is answered and left out."""
        silent_since = time.monotonic()
        while not self._stop.is_set() and time.monotonic() - silent_since < SILENT_SECONDS_MAX:
            with suppress(TimeoutError):
                message = json.loads(socket.recv(timeout=1))
                silent_since = time.monotonic()
                if message["type"] == "ping":
                    _send(socket, {"type": "pong"})
                else:
                    yield message


def _send(socket: ClientConnection, message: Mapping[str, Any]) -> None:
    socket.send(json.dumps(message))


def _codes(message: Mapping[str, Any]) -> Iterator[str]:
    payload = message.get("payload") or ()
    errors: Iterable[Any] = payload.get("errors", ()) if isinstance(payload, dict) else payload
    for error in errors:
        yield error.get("extensions", {}).get("code", "none")


def read_changes(conn: psycopg.Connection[Any], after: int) -> dict[int, datetime]:
    """The time of recording of each event after a position, by its position."""
    rows: list[tuple[int, datetime]] = conn.execute(
        "select position, recorded_at from keyframe.log where position > %s", [after]
    ).fetchall()
    return dict(rows)
