"""Answers to queries that are kept as bytes, and given again while they are right.

Without them every dashboard that asks the same again has it computed again. An answer is kept under everything that it
depends on: the request, the roles of the caller, the objectives hidden from them, the position of the projections and,
if it is about the present, the minute. So no write, hiding or erasing has to find the answers that it changes. See
docs/adr/0046.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from threading import Lock
from typing import Final, NamedTuple
from uuid import UUID

import orjson

from api.asgi.bounded_store import BoundedStore
from api.asgi.connection_timeout import EncodedResponse
from api.execution.context import Bounds, Caller, Context, RequestStats
from api.execution.limits import DOCUMENTS_KEPT
from api.graphql_http.caching import minute
from api.graphql_http.request import GraphQLRequest
from api.snapshot.snapshot import FreshnessTracker
from domain.commands.permissions import Permission, Role
from projections.store.basis import ResolvedBasis

ENTRY_BYTES: Final = 1_000
"""The assumed size of an answer besides its body, its document and its variables."""
BODIES_MAX: Final = 2_000
"""Requests that are remembered by their bodies; the oldest one is dropped beyond."""


class Answer(NamedTuple):
    """An encoded answer, its HTTP status, and what it read; the statistics of its execution. `responses`: those to a
    POST with it, by media type."""

    body: bytes
    status: int
    freshness: FreshnessTracker
    stats: RequestStats
    responses: dict[str, EncodedResponse]
    is_kept: bool = False


class Question(NamedTuple):
    """What the answer to a request depends on besides the log."""

    text: str
    variables: bytes
    operation_name: str | None
    roles: frozenset[Role]
    bounds: Bounds

    @property
    def size(self) -> int:
        return len(self.text) + len(self.variables)


class KeptAnswers:
    """The answers that one process keeps, up to a total size in bytes.

    `hits` are answers that were given again, `misses` executions of queries whose answers may be kept. `shareable` are
    the documents of such queries, with their operation names; `requests` are those of queries that callers may share,
    asked at this position, by the body in which they came, since clients send the same one again and again.
    """

    def __init__(self, bytes_max: int) -> None:
        self.hits = self.misses = 0
        self._bytes_max = bytes_max
        self._present: BoundedStore[Answer] = BoundedStore(bytes_max // 2)
        self._past: BoundedStore[Answer] = BoundedStore(bytes_max // 2)
        self.shareable: OrderedDict[tuple[str | None, str | None], None] = OrderedDict()
        self.requests: OrderedDict[bytes, GraphQLRequest] = OrderedDict()
        self._requests_at: object = None
        self._begun: tuple[ResolvedBasis | None, tuple[object, object]] = (None, (None, None))
        self._running: dict[object, asyncio.Event] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._present) + len(self._past)

    @property
    def size(self) -> int:
        """The size of the kept answers, in bytes."""
        return self._present.size + self._past.size

    def question(self, asked: GraphQLRequest, caller: Caller, bounds: Bounds) -> Question | None:
        """The question of a request; None if its answer is not kept, or if it is not known yet whether it is."""
        if not self._bytes_max or (asked.query, asked.operation_name) not in self.shareable:
            return None
        if asked.query is None or Permission.READ not in caller.can:
            return None
        try:
            variables = orjson.dumps(asked.variables)
        except orjson.JSONEncodeError:  # they are nested too deeply, and rejected later
            return None
        return Question(asked.query, variables, asked.operation_name, caller.roles, bounds)

    def begin(self, newest: ResolvedBasis) -> None:
        """Drop the answers that are no longer right at the newest basis. Called in the order of looks at it."""
        if newest is not self._begun[0]:
            generations = _generations(newest)
            self._begin_requests(generations[1])
            self._begun = newest, generations
            for store, generation in zip((self._present, self._past), generations, strict=True):
                store.begin(generation)

    def find(self, question: Question, basis: ResolvedBasis, hidden: frozenset[UUID]) -> Answer | None:
        """The kept answer of a caller with these hidden objectives, if it is right at this basis."""
        key = (question, hidden)
        newest, begun = self._begun
        present, past = begun if basis is newest else _generations(basis)
        return self._present.get(present, key) or self._past.get(past, key)

    def count(self, answer: Answer) -> None:
        """Count a hit or a miss. Called on the event loop."""
        self.hits += answer.is_kept
        self.misses += not answer.is_kept

    def keep(self, asked: GraphQLRequest, context: Context, answer: Answer, newest: ResolvedBasis) -> None:
        """Keep the answer to a query that callers may share, which was executed in this context at this present."""
        self._remember(asked, _generations(newest)[1])
        if not self._bytes_max:
            return
        with self._lock:
            self.shareable[asked.query, asked.operation_name] = None
            if len(self.shareable) > DOCUMENTS_KEPT:
                self.shareable.popitem(last=False)
        question = self.question(asked, context.caller, context.bounds)
        if question is None:
            return
        is_past = answer.freshness.uses_past and not answer.freshness.uses_present
        store = self._past if is_past else self._present
        generation = _generations(newest)[is_past]
        size = len(answer.body) + question.size + ENTRY_BYTES
        store.put(generation, (question, answer.freshness.hidden), answer._replace(is_kept=True), size)

    async def once(self, question: Question, context: Context, execute: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer of `execute`, or that of an equal question which is being executed. Called on the event loop."""
        moment = context.moment
        assert moment is not None
        key = (question, moment.hidden, *_generations(moment.basis))
        running = self._running.get(key)
        if running is not None:
            with suppress(TimeoutError):  # the execution of a query whose deadline has passed reports it
                await asyncio.wait_for(running.wait(), context.deadline.timeout)
            known = self.find(question, moment.basis, moment.hidden)
            if known is not None:
                return known
        if key in self._running:
            return await execute()
        ended = self._running[key] = asyncio.Event()
        try:
            return await execute()
        finally:
            del self._running[key]
            ended.set()

    def _remember(self, asked: GraphQLRequest, position: object) -> None:
        self._begin_requests(position)
        if asked.body is None or asked.body in self.requests:
            return
        with self._lock:
            self.requests[asked.body] = asked.as_sent
            if len(self.requests) > BODIES_MAX:
                self.requests.popitem(last=False)

    def _begin_requests(self, position: object) -> None:
        """Forget the requests of another position."""
        if position != self._requests_at:
            with self._lock:
                self._requests_at = position
                self.requests.clear()


def _generations(basis: ResolvedBasis) -> tuple[object, object]:
    """What an answer about the present and one about the past were computed at: they are right as long as it is equal.
    The past depends on the position, too, because of what was hidden or erased since."""
    position = (basis.position, basis.known)
    return (*position, minute(basis.at)), position
