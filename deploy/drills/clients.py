"""The clients of a drill: writers that send each command until it is acknowledged, and readers.

A writer sends a command again with the same idempotency key, to the servers in turn, as a client should after a lost
connection and after `UNAVAILABLE` or `OUTCOME_UNKNOWN`.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from threading import Event, Thread
from typing import Any, Final, NamedTuple

import httpx

from deploy.drills.bookkeeping import Book, mark
from deploy.drills.gaps import Ticks

ANSWER_SECONDS_MAX: Final = 60
PAUSE_SECONDS: Final = 0.2
GIVE_UP_SECONDS: Final = 300
MASKED: Final = "INTERNAL_SERVER_ERROR"
RETRIED: Final = frozenset(
    {"CONNECTION", "PROXY", "GOING_AWAY", "UNAVAILABLE", "OUTCOME_UNKNOWN", "QUEUE_FULL", "TIMEOUT", MASKED}
)
"""The errors after which a client sends the same command again; the others say that the command is wrong."""

_CHECK_IN: Final = """mutation ($of: ID!, $value: Float!, $mark: String!) {
  done: checkIn(input: {keyResult: $of, value: $value, note: $mark, idempotencyKey: $mark}) {
    position behind problems { code } keyResult { current progress { value health } }
  }
}"""
_RECORD: Final = """mutation ($of: String!, $value: Float!, $measuredAt: DateTime!, $mark: String!) {
  done: recordReadings(input: {
    readings: [{kpi: {key: $of}, value: $value, measuredAt: $measuredAt, note: $mark}], idempotencyKey: $mark
  }) { position behind problems { code } }
}"""
_COMMENT: Final = """mutation ($of: ID!, $mark: String!) {
  done: addComment(input: {subject: $of, body: $mark, idempotencyKey: $mark}) { position behind problems { code } }
}"""
_READ: Final = """{
  head: ledger { head { size } }
  objectives(first: 5) { nodes { title progress { value health } keyResults { title current } } }
}"""


class Goals(NamedTuple):
    """What the writers write to: an objective and a key result that all share, and one key result and KPI for each."""

    objective: str
    shared: str
    key_results: Sequence[str]
    kpis: Sequence[str]


class Outcome(NamedTuple):
    """An answer: the error code, None for success, and the payload of the command if there is one."""

    code: str | None
    payload: Mapping[str, Any]


class Client:
    """A client of some servers, with one bearer token."""

    def __init__(self, urls: Sequence[str], token: str) -> None:
        self._urls = urls
        self._http = httpx.Client(headers={"authorization": f"Bearer {token}"}, timeout=ANSWER_SECONDS_MAX)

    def ask(self, server: int, document: str, variables: Mapping[str, Any]) -> Outcome:
        """Send a document to one of the servers. Without an answer the code is CONNECTION, and PROXY with an answer of
        a proxy that found no server."""
        body = {"query": document, "variables": variables}
        try:
            response = self._http.post(f"{self._urls[server % len(self._urls)]}/graphql", json=body)
            answer = response.json()
        except httpx.TransportError:
            return Outcome("CONNECTION", {})
        except ValueError:
            return Outcome("PROXY", {})
        for error in answer.get("errors", []):
            return Outcome(error.get("extensions", {}).get("code", MASKED), {})
        payload = answer["data"].get("done") or {}
        for problem in payload.get("problems", []):
            return Outcome(f"problem {problem['code']}", payload)
        return Outcome(None, payload)


def written(book: Book, round_number: int, marked: str, send: Callable[[int], Outcome], first: int = 0) -> int | None:
    """Send a command until it is acknowledged; its `behind`. None if it was rejected, or failed for GIVE_UP_SECONDS."""
    deadline = time.monotonic() + GIVE_UP_SECONDS
    for attempt in count(first):
        code, payload = send(attempt)
        if code is None:
            book.acknowledge(marked, payload["position"])
            return int(payload["behind"])
        book.answered_with(round_number, code)
        if code not in RETRIED or time.monotonic() > deadline:
            return None
        time.sleep(PAUSE_SECONDS)
    return None


class Traffic:
    """Writers and readers in threads. `round_number` marks what they send; `writes` and `reads` are the moments at
    which a command was acknowledged and a query answered. Readers have a token of their own, if one is given: a caller
    does not read past its own commands, so one who writes waits for the primary while a command is in doubt."""

    def __init__(
        self, urls: Sequence[str], token: str, goals: Goals, book: Book, reader_token: str | None = None
    ) -> None:
        self.round_number = 0
        self._reader_token = reader_token or token
        self._urls, self._token, self._goals, self._book = urls, token, goals, book
        self.writes, self.reads = Ticks(), Ticks()
        self._stop = Event()
        self._threads: list[Thread] = []

    def start(self, writers: int, readers: int) -> None:
        self._threads = [Thread(target=self._write, args=(number,), daemon=True) for number in range(writers)]
        self._threads += [Thread(target=self._read, args=(number,), daemon=True) for number in range(readers)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let every command be acknowledged, then end."""
        self._stop.set()
        for thread in self._threads:
            thread.join(GIVE_UP_SECONDS + ANSWER_SECONDS_MAX)

    def recovered(self, server: int) -> None:
        """Return once this server acknowledges a new command whose events are readable at once."""
        client, round_number = Client([self._urls[server]], self._token), self.round_number
        for number in count():
            marked = mark(round_number, f"probe{server}", number)
            variables = {"of": self._goals.objective, "mark": marked}
            send = _sender(client, _COMMENT, variables)
            if written(self._book, round_number, marked, send) == 0:
                return

    def _write(self, writer: int) -> None:
        client = Client(self._urls, self._token)
        for number in count():
            if self._stop.is_set():
                return
            round_number = self.round_number
            marked = mark(round_number, f"w{writer}", number)
            document, variables = self._command(writer, number)
            send = _sender(client, document, {**variables, "mark": marked})
            if written(self._book, round_number, marked, send, first=writer + number) is not None:
                self.writes.tick()

    def _command(self, writer: int, number: int) -> tuple[str, dict[str, Any]]:
        """The next command of a writer: of four, two are to objects that all writers share."""
        goals, value, now = self._goals, float(number % 100), datetime.now(UTC).isoformat()
        return (
            (_CHECK_IN, {"of": goals.key_results[writer], "value": value}),
            (_CHECK_IN, {"of": goals.shared, "value": value}),
            (_RECORD, {"of": goals.kpis[writer], "value": value, "measuredAt": now}),
            (_COMMENT, {"of": goals.objective}),
        )[number % 4]

    def _read(self, reader: int) -> None:
        client = Client(self._urls, self._reader_token)
        for number in count(reader):
            if self._stop.wait(PAUSE_SECONDS):
                return
            round_number = self.round_number
            code, _ = client.ask(number, _READ, {})
            if code is not None:
                self._book.answered_with(round_number, code)
            else:
                self.reads.tick()


def _sender(client: Client, document: str, variables: Mapping[str, Any]) -> Callable[[int], Outcome]:
    return lambda attempt: client.ask(attempt, document, variables)
