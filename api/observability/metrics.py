"""Prometheus metrics of this process: `GET /metrics`."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from starlette.requests import Request
from starlette.responses import Response

from api.execution.context import RequestStats
from api.execution.lanes import Lanes
from api.execution.subscription_hub import SubscriptionHub
from api.execution.writer import Writer
from api.observability.state_collector import Kept, Plans, StateCollector
from api.snapshot.standbys import Standbys
from domain.log.event_store import Log
from projections.engine.projector import Projector

_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_PLAIN: Final = "text/plain; version=0.0.4; charset=utf-8"
NAMES_MAX: Final = 100
"""Operation names with series of their own: the first ones. Clients choose names, so their number is bounded."""
SERIES_MAX: Final = 1_000
"""Series of one metric that are found without locking it."""
UNNAMED: Final = "(none)"
OTHER: Final = "(other)"


class Metrics:
    """The metrics of one process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._names: set[str] = set()
        self._requests = Counter(
            "keyframe_requests", "Requests over HTTP.", ["path", "method", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "keyframe_request_seconds", "Duration until the response was sent completely.", ["path"], buckets=_BUCKETS,
            registry=self._registry,
        )  # fmt: skip
        self._operations = Counter("keyframe_operations", "Executed operations.", ["type"], registry=self._registry)
        self._operation_seconds = Histogram(
            "keyframe_operation_seconds", "Duration of operations, of a subscription until it begins.",
            ["type", "name"], buckets=_BUCKETS, registry=self._registry,
        )  # fmt: skip
        self._errors = Counter("keyframe_errors", "Top-level errors of operations.", ["code"], registry=self._registry)
        self._commit_seconds = Histogram(
            "keyframe_commit_seconds", "Duration of commits, with the waits for the write lock and for standbys.",
            buckets=_BUCKETS, registry=self._registry,
        )  # fmt: skip

        self._requests_of = lru_cache(SERIES_MAX)(self._requests.labels)
        self._seconds_of = lru_cache(SERIES_MAX)(self._seconds.labels)
        self._operations_of = lru_cache(SERIES_MAX)(self._operations.labels)
        self._operation_seconds_of = lru_cache(SERIES_MAX)(self._operation_seconds.labels)

    def count_response(self, path: str, method: str, status: int, seconds: float) -> None:
        """Count a response and its duration."""
        self._requests_of(path, method, status).inc()
        self._seconds_of(path).observe(seconds)

    def count_operation(self, kind: str, name: str, codes: Iterable[str], seconds: float) -> None:
        """Count an operation, its errors, and the duration of its request."""
        if kind:
            self._operations_of(kind).inc()
            if len(self._names) < NAMES_MAX:
                self._names.add(name)
            known = (name or UNNAMED) if name in self._names else OTHER
            self._operation_seconds_of(kind, known).observe(seconds)
        for code in codes:
            self._errors.labels(code).inc()

    def count_streamed(self, stats: RequestStats, seconds: float) -> None:
        """Count an operation of a stream or WebSocket, and the time until its result, or until it began."""
        self.count_operation(stats.kind, stats.name, stats.codes, seconds)

    def observe(
        self,
        log: Log,
        projector: Projector,
        hub: SubscriptionHub,
        writer: Writer,
        lanes: Lanes | None = None,
        answers: Kept | None = None,
        standbys: Standbys | None = None,
        plans: Mapping[str, Plans] = MappingProxyType({}),
    ) -> None:
        """Also export the durations of the log's commits, and at each scrape the state of these."""
        log.commits.observe = self._commit_seconds.observe
        self._registry.register(StateCollector(log, projector, hub, writer, lanes, answers, standbys, plans))

    def page(self, _: Request) -> Response:
        """All metrics in the text format. Called on a worker thread."""
        return Response(generate_latest(self._registry), headers={"cache-control": "no-store"}, media_type=_PLAIN)
