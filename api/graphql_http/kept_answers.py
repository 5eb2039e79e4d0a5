"""Answers to queries that are kept as bytes, and given again while they are right.

Without them every dashboard that asks the same again has it computed again. An answer is kept under everything that it
depends on: the request, the roles of the caller, the objectives hidden from them, the position of the projections and,
if it is about the present, the minute. So no write, hiding or erasing has to find the answers that it changes. See
docs/adr/0046.
"""

from collections import OrderedDict
from collections.abc import Callable
from threading import Event, Lock
from typing import Final, NamedTuple
from uuid import UUID

import orjson

from api.asgi.bounded_store import BoundedStore
from api.execution.context import Bounds, Caller, Context
from api.execution.limits import DOCUMENTS_KEPT
from api.graphql_http.caching import minute
from api.graphql_http.request import GraphQLRequest
from api.snapshot.snapshot import FreshnessTracker
from domain.commands.permissions import Permission, Role
from projections.store.basis import ResolvedBasis

ENTRY_BYTES: Final = 1_000
"""The assumed size of an answer besides its body, its document and its variables."""
WAIT_SECONDS: Final = 0.05
"""The interval at which an execution that waits for an equal one checks its own deadline."""


class Answer(NamedTuple):
    """An encoded answer, its HTTP status, and what it read; the type and name of its operation, and its cost."""

    body: bytes
    status: int
    freshness: FreshnessTracker
    kind: str
    name: str
    costs: tuple[float, ...]
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

    `hits` are answers that were given again, `misses` executions of queries whose answers may be kept.
    """

    def __init__(self, bytes_max: int) -> None:
        self.hits = self.misses = 0
        self._bytes_max = bytes_max
        self._present: BoundedStore[Answer] = BoundedStore(bytes_max // 2)
        self._past: BoundedStore[Answer] = BoundedStore(bytes_max // 2)
        self._shareable: OrderedDict[tuple[str, str | None], None] = OrderedDict()
        self._running: dict[object, Event] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._present) + len(self._past)

    @property
    def size(self) -> int:
        """The size of the kept answers, in bytes."""
        return self._present.size + self._past.size

    def question(self, asked: GraphQLRequest, caller: Caller, bounds: Bounds) -> Question | None:
        """The question of a request; None if its answer is not kept, or if it is not known yet whether it is."""
        named = (asked.query or "", asked.operation_name)
        if not self._bytes_max or named not in self._shareable or Permission.READ not in caller.can:
            return None
        try:
            variables = orjson.dumps(asked.variables)
        except orjson.JSONEncodeError:  # they are nested too deeply, and rejected later
            return None
        return Question(named[0], variables, asked.operation_name, caller.roles, bounds)

    def begin(self, newest: ResolvedBasis) -> None:
        """Drop the answers that are no longer right at the newest basis. Called in the order of looks at it."""
        for store, generation in zip((self._present, self._past), _generations(newest), strict=True):
            store.begin(generation)

    def find(self, question: Question, basis: ResolvedBasis, hidden: frozenset[UUID]) -> Answer | None:
        """The kept answer of a caller with these hidden objectives, if it is right at this basis."""
        key = (question, hidden)
        present, past = _generations(basis)
        return self._present.get(present, key) or self._past.get(past, key)

    def count(self, answer: Answer) -> None:
        """Count a hit or a miss. Called on the event loop."""
        self.hits += answer.is_kept
        self.misses += not answer.is_kept

    def keep(self, asked: GraphQLRequest, context: Context, answer: Answer) -> None:
        """Keep an answer, unless it has errors, depends on the caller, or read nothing. `context` executed it."""
        newest, stats = answer.freshness.newest, context.stats
        if not stats.is_shareable or stats.codes or newest is None:
            return
        self._remember((asked.query or "", asked.operation_name))
        question = self.question(asked, context.caller, context.bounds)
        if question is None:
            return
        is_past = answer.freshness.uses_past and not answer.freshness.uses_present
        store = self._past if is_past else self._present
        generation = _generations(newest)[is_past]
        size = len(answer.body) + question.size + ENTRY_BYTES
        store.put(generation, (question, answer.freshness.hidden), answer._replace(is_kept=True), size)

    def once(self, question: Question, context: Context, compute: Callable[[], Answer]) -> Answer:
        """The answer of `compute`, or that of an equal question which another thread is computing, or has computed
        since. Runs on a worker thread; raises `DeadlineExceeded` while it waits."""
        moment = context.moment
        if moment is None:
            return compute()
        key = (question, moment.hidden, *_generations(moment.basis))
        with self._lock:
            running = self._running.get(key)
            if running is None:
                mine = self._running[key] = Event()
        if running is not None:
            while not running.wait(WAIT_SECONDS):
                context.deadline.check()
            return self.find(question, moment.basis, moment.hidden) or compute()
        try:
            return self.find(question, moment.basis, moment.hidden) or compute()
        finally:
            with self._lock:
                del self._running[key]
            mine.set()

    def _remember(self, named: tuple[str, str | None]) -> None:
        with self._lock:
            self._shareable[named] = None
            if len(self._shareable) > DOCUMENTS_KEPT:
                self._shareable.popitem(last=False)


def _generations(basis: ResolvedBasis) -> tuple[object, object]:
    """What an answer about the present and one about the past were computed at: they are right as long as it is equal.
    The past depends on the position, too, because of what was hidden or erased since."""
    position = (basis.position, basis.known)
    return (*position, minute(basis.at)), position
