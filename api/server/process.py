"""The components of one server process, created from its settings and its database."""

import sys
from dataclasses import dataclass, field
from threading import Event as Flag
from typing import Final, Self

from starlette.requests import HTTPConnection

from api.auth.authentication import Authenticators
from api.auth.console_sessions import ConsoleSessions
from api.auth.token_uses import TokenUses
from api.execution.context import Caller, Context, Moment
from api.execution.lanes import Lanes
from api.execution.sizes import WorkspaceSizes
from api.execution.subscription_hub import SubscriptionHub
from api.execution.writer import Writer
from api.graphql_http.kept_answers import KeptAnswers
from api.observability.metrics import Metrics
from api.observability.tracing import Telemetry, telemetry
from api.runtime import signing_key
from api.runtime.database import Database, Pool
from api.runtime.projector import configured_projector
from api.runtime.settings import Settings
from api.server.authenticators import authenticators_of
from api.server.standby_sources import standbys_of
from api.snapshot.looks import Looks
from api.snapshot.loop_reads import LoopReads
from api.snapshot.shared_present import SharedPresent
from api.snapshot.sources import PRIMARY, Route, Source
from api.snapshot.standbys import Standbys
from api.snapshot.structure import Structure
from domain.log.event_store import Log
from projections.engine.projector import Projector
from projections.proof.signer import Keys
from projections.standings import goals_at_once
from projections.store.deadline import Deadline

WORKING_SHARE = 4
"""Subscriptions use at most one in this many of the database connections."""
LIGHT_SHARE = 0.3
"""The share of the database connections that light operations use at most."""
WRITES_SHARE = 0.7
"""The number of writes at the same time, as a share of the database connections. Most of them wait, and without a
connection: a commit for many commands takes one."""


@dataclass(frozen=True)
class Process:
    """The components that serve requests: the log, the projector, and the readers of the projections.

    `pool` reads all rows of the projections, `filtered_pool` only those that are visible to a restricted caller, both
    on the primary. `standbys` answer reads in its place; None without any.
    `keys` sign checkpoints; None without a key. `leaving` is set when the process is asked to stop.
    """

    settings: Settings
    database: Database
    pool: Pool
    filtered_pool: Pool
    log: Log
    keys: Keys | None
    hub: SubscriptionHub
    projector: Projector
    writer: Writer
    authenticators: Authenticators
    token_uses: TokenUses
    sessions: ConsoleSessions
    lanes: Lanes
    sizes: WorkspaceSizes
    answers: KeptAnswers
    present: SharedPresent
    standbys: Standbys | None = None
    telemetry: Telemetry | None = field(default_factory=telemetry)
    metrics: Metrics = field(default_factory=Metrics)
    structure: Structure = field(default_factory=Structure)
    leaving: Flag = field(default_factory=Flag)
    loop_reads: LoopReads | None = None

    @classmethod
    def of(cls, settings: Settings, database: Database, *, anonymous: Caller | None) -> Self:
        """The components for these settings. It opens connections, but starts no thread or task.

        `anonymous` is the caller of requests without a token, where these are allowed. Raises `KeyFault`.
        """
        keys = signing_key.load_or_create(settings)
        pool, filtered_pool = database.request_pool(), database.request_pool(filtered=True)
        log = database.log_of(pool)
        primary = Source(PRIMARY, pool, filtered_pool, log)
        hub = SubscriptionHub(max(1, settings.pool_size_max // WORKING_SHARE), settings.subscriptions_max)
        standbys = standbys_of(database, primary, hub.notify) if settings.read_url is not None else None
        on_moved = hub.notify if standbys is None else standbys.moved
        projector = configured_projector(
            settings, database, keys, may_lead=settings.project_in_server, on_moved=on_moved
        )
        writer = Writer(log, projector, settings.view_timeout_s, settings.write_lag_max)
        uses = TokenUses(pool)
        is_primary_away = None
        if standbys is not None:
            writer.on_recorded = standbys.note_command
            is_primary_away = standbys.primary_is_away
        sessions = ConsoleSessions(pool, log)
        authenticators = authenticators_of(
            settings, pool, log, uses, sessions, anonymous=anonymous, is_primary_away=is_primary_away
        )
        lanes, sizes = _lanes(settings), WorkspaceSizes(pool, settings.cost_max)
        return cls(
            settings,
            database,
            pool,
            filtered_pool,
            log,
            keys,
            hub,
            projector,
            writer,
            authenticators,
            uses,
            sessions,
            lanes,
            sizes,
            KeptAnswers(settings.kept_answers_bytes_max),
            SharedPresent(_looks(database, primary, standbys)),
            standbys,
            loop_reads=_loop_reads(database, standbys),
        )

    def wanted(self, caller: Caller) -> int:
        """The position of the last command of a caller, which a standby must have; 0 without standbys."""
        return 0 if self.standbys is None else self.standbys.wanted(caller.actor)

    def context(self, request: HTTPConnection, moment: Moment | None = None) -> Context:
        """The context of an authenticated request, at a present that was read for it."""
        timeout_s = self.settings.answer_timeout_s
        state = request.scope["state"]
        caller: Caller = state["caller"]
        return Context(
            caller,
            self.pool,
            self.log,
            self.writer,
            self.settings.workspace,
            state["id"],
            Deadline(timeout_s),
            self.keys,
            self.hub,
            timeout_s,
            filtered=self.filtered_pool,
            open_scope=state["open_scope"],
            lanes=self.lanes,
            bounds=self.sizes.bounds,
            count_streamed=self.metrics.count_streamed,
            moment=moment,
            route=None if self.standbys is None else Route(self.standbys, caller.actor),
            structure=self.structure,
            loop_reads=self.loop_reads,
        )


def _looks(database: Database, primary: Source, standbys: Standbys | None) -> Looks:
    """Looks at the present of the server that answers a request without any wish."""
    if standbys is not None:
        return Looks(lambda: standbys.choose(Route(standbys, ""))[0])
    return Looks(lambda: primary, LoopReads(database.connect_reader, {}) if READS_ON_LOOP else None)


def _loop_reads(database: Database, standbys: Standbys | None) -> LoopReads | None:
    """Reads on the event loop, of the primary where it is read directly."""
    if standbys is not None or database.is_pooled or not READS_ON_LOOP:
        return None
    return LoopReads(database.connect_reader, goals_at_once.LOADERS)


READS_ON_LOOP: Final = sys.platform != "win32"
"""The usual event loop of Windows does not wait for connections of libpq."""


def _lanes(settings: Settings) -> Lanes:
    return Lanes.of(
        max(2, round(LIGHT_SHARE * settings.pool_size_max)),
        max(2, round(WRITES_SHARE * settings.pool_size_max)),
        settings.heavy_operations_max,
        settings.caller_operations_max,
        settings.queue_max,
        settings.caller_queue_max,
    )
