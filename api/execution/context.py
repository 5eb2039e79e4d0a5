"""The caller and the resources of one request: what every resolver finds in `info.context`.

An operation runs from its beginning to its end on one worker thread (see `api.schema.schema.Schema`):
resolvers are plain functions, never `async def`, and may block.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from time import monotonic
from typing import Any, Final, NamedTuple, Self, TypeAlias, TypeVar
from uuid import UUID

import msgspec
import psycopg
import strawberry
from msgspec.structs import replace
from psycopg_pool import PoolTimeout

from api.execution.cost import COST_MAX
from api.execution.lanes import Lanes
from api.execution.request_scope import RequestScope
from api.execution.subscription_hub import SubscriptionHub
from api.execution.weights import TYPICAL, Sizes
from api.execution.writer import Writer
from api.snapshot.loop_reads import LoopReads
from api.snapshot.snapshot import FreshnessTracker, SnapshotReader, VisibilityScope
from api.snapshot.sources import Pool, Route, Source
from api.snapshot.structure import Structure
from domain.commands.permissions import Author, Permission, Role, permissions
from domain.log.event_store import Log
from domain.primitives import values
from domain.primitives.errors import Code, CommandRejected
from domain.primitives.lazy import cached_property
from projections.engine.rebuild import OutdatedViews, outdated
from projections.proof.signer import Keys
from projections.store.basis import ResolvedBasis
from projections.store.deadline import Deadline

T = TypeVar("T")

OUTDATED_SECONDS: Final = 1.0
"""How long the answer to a failed statement waits for a connection to learn whether the projections are outdated."""


@dataclass(frozen=True)
class Caller:
    """Who sends a request: a person, or a machine token (then `person` is None and `handle` its name). `expires_at`:
    when its token expires, in seconds since 1970."""

    handle: str
    roles: frozenset[Role]
    person: UUID | None = None
    source: values.Source = values.Source.API
    expires_at: float = field(default=inf, compare=False)

    @cached_property
    def can(self) -> frozenset[Permission]:
        return permissions(self.roles)

    @cached_property
    def may_read(self) -> bool:
        return Permission.READ in self.can

    @cached_property
    def sees_everything(self) -> bool:
        """Whether nothing is hidden from the caller, including objectives that are visible to a team only."""
        return Permission.READ_PRIVATE in self.can

    @cached_property
    def actor(self) -> str:
        """The actor as events record it: a person by id, which does not identify a person who was erased."""
        return f"machine:{self.handle}" if self.person is None else f"person:{self.person}"

    @property
    def who(self) -> list[Any]:
        """The parts of the caller that an answer depends on, for cache keys."""
        return [self.handle, str(self.person), sorted(self.roles)]

    @cached_property
    def author(self) -> Author:
        """The caller as the author of commands."""
        return Author(self.actor, self.source, self.roles)


class Bounds(NamedTuple):
    """What the cost of an operation depends on besides the document: the sizes of the workspace, and the cost limit."""

    sizes: Sizes = TYPICAL
    cost_max: float = COST_MAX


@dataclass
class RequestStats:
    """Statistics of a request, for the log and the metrics: the cost of each operation, the time of the last one in
    milliseconds, its type and name, and the codes of all errors. `is_shareable`: whether the last one is a query whose
    answer depends on nothing of the caller but roles and hidden objectives (`api.schema.sharing`)."""

    costs: list[float] = field(default_factory=list)
    ms: float = 0.0
    kind: str = ""
    name: str = ""
    codes: list[str] = field(default_factory=list)
    is_shareable: bool = False


class Moment(NamedTuple):
    """A present that was read for a request of a query: its basis, and the objectives hidden there from the caller. It
    is used until this time of the monotonic clock; an operation that waited longer for its turn reads another one.
    `source` is the server that it was read from; None is the primary."""

    basis: ResolvedBasis
    hidden: frozenset[UUID]
    until: float
    source: Source | None = None


class Context(msgspec.Struct, frozen=True, eq=False, dict=True):
    """The context of one request. It is no dataclass, since a frozen one sets each of its fields by a call.

    `pool` reads the projections (autocommitting; the search path is the workspace's schema), `filtered` only
    their visible rows; both are used through `reads` alone. `log` is the event log, `writer` executes commands,
    `deadline` is that of reads. `keys` sign checkpoints, if this process has them. `hub` runs subscriptions: each of
    their events has a deadline of `answer_timeout_s` of its own, and they end with `scope`, which `open_scope` opens if
    the caller has a token. `lanes` have the worker threads. `count_streamed` is called with the seconds of an operation
    of a stream or WebSocket, of a subscription until it begins. `moment` is the present of a query, if it is known
    before its execution. `route` chooses the servers that are read, if there are standbys; without one all reads are of
    `pool`. `structure` is what the process keeps in memory of the projections. `loop_reads` reads of the server of
    `pool` on the event loop, where that is possible.
    """

    caller: Caller
    pool: Pool
    log: Log
    writer: Writer
    workspace: str = "keyframe"
    request_id: str = ""
    deadline: Deadline = msgspec.field(default_factory=Deadline)
    keys: Keys | None = None
    hub: SubscriptionHub = msgspec.field(default_factory=SubscriptionHub)
    answer_timeout_s: float = inf
    stats: RequestStats = msgspec.field(default_factory=RequestStats)
    freshness: FreshnessTracker = msgspec.field(default_factory=FreshnessTracker)
    filtered: Pool | None = None
    open_scope: Callable[[], RequestScope] | None = None
    lanes: Lanes = msgspec.field(default_factory=Lanes)
    bounds: Bounds = msgspec.field(default_factory=Bounds)
    count_streamed: Callable[[RequestStats, float], None] | None = None
    moment: Moment | None = None
    route: Route | None = None
    structure: Structure = msgspec.field(default_factory=Structure)
    loop_reads: LoopReads | None = None

    @cached_property
    def scope(self) -> RequestScope | None:
        """The scope of what runs longer than a request; None without a token."""
        return None if self.open_scope is None else self.open_scope()

    @cached_property
    def outdated_views(self) -> OutdatedViews | None:
        """Why a statement does not fit the projections; the database is asked once."""
        return outdated_views(self.pool if self.route is None or self.route.last is None else self.route.last.pool)

    def want(self, position: int) -> None:
        """Read only from servers whose projections have reached this position."""
        if self.route is not None:
            self.route.want(position)

    def is_at_hand(self, position: int) -> bool:
        """Whether a standby has reached this position, so that nothing needs to wait for the primary."""
        return self.route is not None and self.route.is_at_hand(position)

    def is_met_by(self, position: int) -> bool:
        """Whether a present at this position has what the caller wants to read."""
        return self.route is None or position >= self.route.wanted

    def retrying(self, read: Callable[[], T]) -> T:
        """The result of a read, which is repeated on another server as long as a standby fails it."""
        return read() if self.route is None else self.route.retrying(read)

    def begin_again(self, costs: int) -> bool:
        """Whether a standby failed the operation, which is then executed again on another server. What it has noted is
        forgotten, except for the first costs of the request, which are those of other operations."""
        if self.route is None or not self.route.may_retry():
            return False
        del self.stats.costs[costs:]
        self.freshness.reset()
        return True

    def for_next_operation(self) -> Self:
        """A copy for the next operation or event of a connection, with a new deadline and new statistics."""
        return replace(
            self,
            deadline=Deadline(self.answer_timeout_s),
            stats=RequestStats(),
            freshness=FreshnessTracker(),
            moment=None,
            route=None if self.route is None else self.route.next(),
        )

    def for_next_part(self) -> Self:
        """A copy for the next part of a file, with new statistics and the same deadline."""
        return replace(self, stats=RequestStats(), freshness=FreshnessTracker(), moment=None)

    @property
    def reads(self) -> SnapshotReader:
        """A new reader for one operation. Its present, and what is hidden from the caller, are fixed at the first read.
        Raises `FORBIDDEN`."""
        return self.reading()

    def reading(self, hidden: frozenset[UUID] | None = None) -> SnapshotReader:
        """A reader for which the objectives that are hidden from the caller are already known. Raises `FORBIDDEN`."""
        if not self.caller.may_read:
            raise CommandRejected(Code.FORBIDDEN, "You may not read.")
        moment = None if self.moment is None or monotonic() > self.moment.until else self.moment
        if self.route is not None:
            return self._routed(self.route, None if self.route.avoided else moment, hidden)
        scope = None if self.caller.sees_everything else VisibilityScope(self.caller.person, self.filtered)
        present = None if moment is None else moment[:2]
        return SnapshotReader(
            self.pool, self.log, self.deadline, scope, hidden, self.freshness, present, None, self.structure
        )

    def _routed(self, route: Route, moment: Moment | None, hidden: frozenset[UUID] | None) -> SnapshotReader:
        """A reader on the server that the route chooses, or from which the present was read. Raises
        `psycopg.OperationalError` if there is none."""
        path = route.choose() if moment is None or moment.source is None else route.path_to(moment.source)
        source = path.source
        scope = None if self.caller.sees_everything else VisibilityScope(self.caller.person, source.filtered)
        present = None if moment is None else moment[:2]
        return SnapshotReader(
            source.pool, source.log, self.deadline, scope, hidden, self.freshness, present, path, self.structure
        )


def outdated_views(pool: Pool) -> OutdatedViews | None:
    """Why a statement does not fit the projections: they were built by another version of Keyframe. None if they were
    not, or if the database does not answer."""
    try:
        with pool.connection(OUTDATED_SECONDS) as conn:
            return outdated(conn)
    except (psycopg.Error, PoolTimeout):
        return None


Info: TypeAlias = strawberry.Info[Context, Any]
