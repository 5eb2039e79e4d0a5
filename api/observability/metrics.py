"""Prometheus metrics of this process: `GET /metrics`."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import psycopg
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import Response

from api.execution.subscription_hub import SubscriptionHub
from api.snapshot.snapshot import Pool
from domain.log.event_store import Log
from projections.engine.projector import Condition, Projector

_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_POOL: Final = {
    "pool_size": "open connections",
    "pool_available": "idle connections",
    "requests_waiting": "requests waiting for a connection",
}
_PLAIN: Final = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The metrics of one process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "keyframe_requests", "Requests over HTTP.", ["path", "method", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "keyframe_request_seconds", "Duration until the response was sent completely.", ["path"], buckets=_BUCKETS,
            registry=self._registry,
        )  # fmt: skip
        self._operations = Counter(
            "keyframe_operations", "Executed operations over HTTP.", ["type"], registry=self._registry
        )
        self._errors = Counter(
            "keyframe_errors", "Top-level errors of responses over HTTP.", ["code"], registry=self._registry
        )

    def count_response(self, path: str, method: str, status: int, seconds: float) -> None:
        """Count a response and its duration."""
        self._requests.labels(path, method, str(status)).inc()
        self._seconds.labels(path).observe(seconds)

    def count_operation(self, kind: str, codes: Iterable[str]) -> None:
        """Count an operation and its errors."""
        if kind:
            self._operations.labels(kind).inc()
        for code in codes:
            self._errors.labels(code).inc()

    def observe(self, log: Log, projector: Projector, hub: SubscriptionHub, pool: Pool) -> None:
        """Also export the state of these at each scrape."""
        self._registry.register(_StateCollector(log, projector, hub, pool))

    def page(self, _: Request) -> Response:
        """All metrics in the text format. Called on a worker thread."""
        return Response(generate_latest(self._registry), headers={"cache-control": "no-store"}, media_type=_PLAIN)


class _StateCollector:
    """Collects the state of log, projections, subscriptions and pool at each scrape."""

    def __init__(self, log: Log, projector: Projector, hub: SubscriptionHub, pool: Pool) -> None:
        self._log = log
        self._projector = projector
        self._hub = hub
        self._pool = pool

    def describe(self) -> Iterable[Metric]:
        """Returns nothing, so that registering needs no database."""
        return ()

    def collect(self) -> Iterator[Metric]:
        yield from self._log_and_projections()
        yield _gauge("subscriptions", "Running subscriptions.", self._hub.count)
        stats: dict[str, Any] = self._pool.get_stats()
        for name, meaning in _POOL.items():
            yield _gauge(
                name if name.startswith("pool") else f"pool_{name}", f"Database pool: {meaning}.", stats.get(name, 0)
            )

    def _log_and_projections(self) -> Iterator[Metric]:
        status = self._projector.status
        yield _gauge("view_position", "The position of the projections.", status.position)
        try:
            head = self._log.head().position
        except (psycopg.OperationalError, PoolTimeout):
            yield _gauge("database_up", "Whether the database can be reached.", 0)
        else:
            yield _gauge("database_up", "Whether the database can be reached.", 1)
            yield _gauge("log_head", "The last position of the log.", head)
            yield _gauge("view_lag", "Events that the projections lag behind the log.", max(0, head - status.position))
        condition = GaugeMetricFamily(
            "keyframe_projector", "1 for the current condition of the projector.", labels=["condition"]
        )
        for label in Condition:
            condition.add_metric([label.value], label is status.condition)
        yield condition


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"keyframe_{name}", meaning, value=value)
