"""Metrics of the state of a process, read at each scrape: the log, the projections, commands and connections."""

from collections.abc import Iterable, Iterator, Mapping
from time import monotonic
from typing import Any, Final, Protocol

import psycopg
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from psycopg_pool import PoolTimeout

from api.execution.lanes import Lanes
from api.execution.subscription_hub import SubscriptionHub
from api.execution.writer import Writer
from api.snapshot.standbys import Standbys
from domain.log.event_store import Log
from projections.engine import health
from projections.engine.projector import Condition, Projector
from projections.proof import signer

DATABASE_SECONDS_MAX: Final = 2.0
"""How long a scrape waits for a connection: less than Prometheus waits for a scrape, 10 s by default."""
KNOWN_SECONDS: Final = 10.0
"""How long an answer of the database to the projector shows that it can be reached."""

_POOL: Final = {
    "pool_size": "Open database connections.",
    "pool_available": "Idle database connections.",
    "requests_waiting": "Requests that wait for a database connection.",
}
_POOL_COUNTERS: Final = {
    "pool_requests": ("requests_num", 1, "Uses of a database connection."),
    "pool_wait_seconds": ("requests_wait_ms", 0.001, "Time that requests waited for a database connection."),
    "pool_timeouts": ("requests_errors", 1, "Requests that got no database connection in time."),
}


class Kept(Protocol):
    """The answers that a process keeps: how many, their size in bytes, and how often a query got one or had none."""

    hits: int
    misses: int

    @property
    def size(self) -> int: ...

    def __len__(self) -> int: ...


class Plans(Protocol):
    """Plans of queries that a process keeps: how often one answered, and how often it left the answer to the
    interpreter, which computes it again."""

    answered: int
    given_up: int


class StateCollector:
    """Collects the state of these components of one process."""

    def __init__(
        self,
        log: Log,
        projector: Projector,
        hub: SubscriptionHub,
        writer: Writer,
        lanes: Lanes | None,
        answers: Kept | None,
        standbys: Standbys | None,
        plans: Mapping[str, Plans],
    ) -> None:
        self._standbys = standbys
        self._plans = plans
        self._log = log
        self._projector = projector
        self._hub = hub
        self._writer = writer
        self._lanes = lanes
        self._answers = answers

    def describe(self) -> Iterable[Metric]:
        """Returns nothing, so that registering needs no database."""
        return ()

    def collect(self) -> Iterator[Metric]:
        yield from self._database()
        yield from self._leading()
        yield from self._commands()
        yield from self._operations()
        yield from () if self._answers is None else _kept(self._answers)
        yield from _plans(self._plans)
        yield _gauge("subscriptions", "Running subscriptions.", self._hub.count)
        yield from self._connections()
        yield from _servers(self._standbys)

    def _database(self) -> Iterator[Metric]:
        """What one connection reads: the log, the projections and the newest checkpoint."""
        try:
            with self._log.pool.connection(DATABASE_SECONDS_MAX) as conn:
                state = health.state(conn, self._log.workspace)
                checkpoint = signer.newest_stored(conn)
        except psycopg.Error as error:
            is_up = isinstance(error, psycopg.ProgrammingError) or self._is_only_busy(error)
            yield _gauge("database_up", "Whether the database can be reached.", is_up)
            return
        yield _gauge("database_up", "Whether the database can be reached.", 1)
        if state is not None:
            yield _gauge("log_head", "The last position of the log.", state.head)
            altered = self._projector.status.alarm or state.contradiction
            yield _gauge("log_altered", "Whether the log contradicts what was signed.", altered is not None)
            yield _gauge("view_lag", "Events that the projections lag behind the log.", state.head - state.position)
            yield _gauge("view_lag_seconds", "Age of the oldest event that the projections lack.", state.lag_s)
            yield _gauge("view_current", "Whether this version built the projections.", state.is_current)
            yield _gauge(
                "view_diverged", "Whether the log lacks events of the projections.", state.divergence is not None
            )
            yield _gauge("view_leftovers", "Generations that could not be dropped.", len(state.leftovers))
            yield _gauge("view_damages", "Altered ranges of the projections' tables.", len(state.damages))
        yield _gauge("checkpoint_size", "Events in the newest checkpoint; 0 without one.", checkpoint.size)
        yield _gauge("checkpoint_age_seconds", "Age of the newest checkpoint; NaN without one.", checkpoint.age_s)

    def _is_only_busy(self, error: Exception) -> bool:
        """Whether all connections work for requests, and the database answered the projector lately."""
        is_busy = isinstance(error, PoolTimeout) and error.__cause__ is None
        return is_busy and monotonic() - self._projector.answered_at < KNOWN_SECONDS

    def _leading(self) -> Iterator[Metric]:
        status = self._projector.status
        yield _gauge("view_position", "The position of the projections.", status.position)
        poison = status.poison_position or 0
        yield _gauge("projector_poison", "The event that the projector cannot apply; 0 without one.", poison)
        condition = GaugeMetricFamily(
            "keyframe_projector", "1 for the current condition of the projector.", labels=["condition"]
        )
        for label in Condition:
            condition.add_metric([label.value], label is status.condition)
        yield condition

    def _commands(self) -> Iterator[Metric]:
        commits = self._log.commits
        yield _gauge("commits_running", "Commits in progress, with those that wait.", len(commits.running))
        is_stalled = commits.are_stalled or not commits.is_confirmed
        yield _gauge("commits_stalled", "Whether commits do not complete, or the last one is unconfirmed.", is_stalled)
        yield _counter("command_conflicts", "Commands that were handled again.", self._writer.conflicts)

    def _operations(self) -> Iterator[Metric]:
        running = GaugeMetricFamily("keyframe_lane_running", "Operations in progress in a lane.", labels=["lane"])
        waiting = GaugeMetricFamily("keyframe_lane_waiting", "Operations that wait in a lane.", labels=["lane"])
        for lane in () if self._lanes is None else self._lanes.all:
            running.add_metric([lane.name], lane.running)
            waiting.add_metric([lane.name], lane.waiting)
        yield from (running, waiting)

    def _connections(self) -> Iterator[Metric]:
        stats: dict[str, Any] = self._log.pool.get_stats()
        for name, meaning in _POOL.items():
            yield _gauge(name if name.startswith("pool") else f"pool_{name}", meaning, stats.get(name, 0))
        for name, (key, factor, meaning) in _POOL_COUNTERS.items():
            yield _counter(name, meaning, stats.get(key, 0) * factor)


def _kept(answers: Kept) -> Iterator[Metric]:
    yield _gauge("kept_answers", "Answers in memory.", len(answers))
    yield _gauge("kept_answer_bytes", "Size of the answers in memory, in bytes.", answers.size)
    yield _counter("kept_answer_hits", "Queries that got a kept answer.", answers.hits)
    yield _counter("kept_answer_misses", "Executed queries whose answers may be kept.", answers.misses)


def _plans(plans: Mapping[str, Plans]) -> Iterator[Metric]:
    answers = CounterMetricFamily("keyframe_plan_answers", "Answers by a plan.", labels=["plan"])
    given_up = CounterMetricFamily("keyframe_plan_given_up", "Answers that a plan has left.", labels=["plan"])
    for name, one in plans.items():
        answers.add_metric([name], one.answered)
        given_up.add_metric([name], one.given_up)
    yield from (answers, given_up)


def _servers(standbys: Standbys | None) -> Iterator[Metric]:
    """The servers that answer reads; no values without standbys."""
    answering = GaugeMetricFamily("keyframe_standby_answers", "Whether a standby answers reads.", labels=["standby"])
    position = GaugeMetricFamily("keyframe_standby_position", "The position of its projections.", labels=["standby"])
    reads = CounterMetricFamily("keyframe_reads", "Readers by the server that answered them.", labels=["server"])
    away = GaugeMetricFamily("keyframe_primary_away", "Whether the primary does not answer.")
    if standbys is not None:
        for one in standbys.report():
            answering.add_metric([one.name], one.answers)
            position.add_metric([one.name], one.position)
        for name, number in standbys.reads.items():
            reads.add_metric([name], number)
        away.add_metric([], standbys.primary_is_away())
    yield from (answering, position, reads, away)


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"keyframe_{name}", meaning, value=value)


def _counter(name: str, meaning: str, value: float) -> Metric:
    return CounterMetricFamily(f"keyframe_{name}", meaning, value=value)
