"""Prometheus metrics of this process: `GET /metrics`."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from time import time
from types import MappingProxyType
from typing import Final, NamedTuple

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
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

BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""The upper bounds of the buckets of durations, in seconds."""
_BOUNDS: Final = (*map(str, map(float, BUCKETS)), "+Inf")
_PLAIN: Final = "text/plain; version=0.0.4; charset=utf-8"
NAMES_MAX: Final = 100
"""Operation names with series of their own: the first ones. Clients choose names, so their number is bounded."""
UNNAMED: Final = "(none)"
OTHER: Final = "(other)"


class Metrics:
    """The metrics of one process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._names: set[str] = set()
        self._tallies = Tallies()
        self._registry.register(self._tallies)
        self._errors = Counter("keyframe_errors", "Top-level errors of operations.", ["code"], registry=self._registry)
        self._commit_seconds = Histogram(
            "keyframe_commit_seconds", "Duration of commits, with the waits for the write lock and for standbys.",
            buckets=BUCKETS, registry=self._registry,
        )  # fmt: skip

    def count(self, path: str, method: str, status: int, stats: RequestStats | None, seconds: float) -> None:
        """Count a response and its duration; and its operation with its errors, if it has one."""
        kind = name = ""
        if stats is not None:
            if stats.kind:
                kind, name = stats.kind, stats.name
                if name not in self._names:
                    name = self._named(name)
            for code in stats.codes:
                self._errors.labels(code).inc()
        tally = self._tallies.by[Counted(path, method, status, kind, name or UNNAMED)]
        tally.buckets[bisect_left(BUCKETS, seconds)] += 1
        tally.seconds += seconds

    def _named(self, name: str) -> str:
        """The name of an operation that was not seen before, as it is counted."""
        if len(self._names) == NAMES_MAX:
            return OTHER
        self._names.add(name)
        return name

    def count_streamed(self, stats: RequestStats, seconds: float) -> None:
        """Count an operation of a stream or WebSocket, and the time until its result, or until it began."""
        self.count("", "", 0, stats, seconds)

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


# ── requests and operations ───────────────────────────────────────────────────────────────────────


class Counted(NamedTuple):
    """What requests are counted as. Without a path it is an operation of a stream or WebSocket; without a type, a
    request without an operation."""

    path: str = ""
    method: str = ""
    status: int = 0
    type: str = ""
    name: str = ""


class Tally:
    """The number of requests by the bucket of their duration, and the sum of the durations in seconds."""

    __slots__ = ("begun_at", "buckets", "seconds")

    def __init__(self) -> None:
        self.begun_at = time()
        self.buckets = [0] * len(_BOUNDS)
        self.seconds = 0.0

    def include(self, other: "Tally") -> None:
        """Add the requests of another tally."""
        self.begun_at = min(self.begun_at, other.begun_at)
        self.buckets = [mine + its for mine, its in zip(self.buckets, other.buckets, strict=True)]
        self.seconds += other.seconds


class Tallies:
    """The tallies of one process, a collector of metrics. `by` is used on the event loop, `collect` anywhere.

    A counter and a histogram of the client library take locks, and search the buckets in Python. For the two of a
    request and the two of its operation, this would take as long as finding a kept answer.
    """

    def __init__(self) -> None:
        self.by: defaultdict[Counted, Tally] = defaultdict(Tally)

    def collect(self) -> Iterator[Metric]:
        """The metrics of requests and of operations."""
        tallies = [*self.by.items()]
        requests = [(key, tally) for key, tally in tallies if key.path]
        operations = [(key, tally) for key, tally in tallies if key.type]
        yield _counter("keyframe_requests", "Requests over HTTP.", ("path", "method", "status"), requests)
        yield _histogram(
            "keyframe_request_seconds", "Duration until the response was sent completely.", ("path",), requests
        )
        yield _counter("keyframe_operations", "Executed operations.", ("type",), operations)
        yield _histogram(
            "keyframe_operation_seconds", "Duration of operations, of a subscription until it begins.",
            ("type", "name"), operations,
        )  # fmt: skip


def _counter(name: str, meaning: str, labels: tuple[str, ...], tallies: Iterable[tuple[Counted, Tally]]) -> Metric:
    family = CounterMetricFamily(name, meaning, labels=labels)
    for values, tally in _grouped(labels, tallies).items():
        family.add_metric(values, sum(tally.buckets), created=tally.begun_at)
    return family


def _histogram(name: str, meaning: str, labels: tuple[str, ...], tallies: Iterable[tuple[Counted, Tally]]) -> Metric:
    family = HistogramMetricFamily(name, meaning, labels=labels)
    for values, tally in _grouped(labels, tallies).items():
        family.add_metric(values, [*zip(_BOUNDS, accumulate(tally.buckets), strict=True)], tally.seconds)
        family.add_sample(f"{name}_created", dict(zip(labels, values, strict=True)), tally.begun_at)
    return family


def _grouped(labels: tuple[str, ...], tallies: Iterable[tuple[Counted, Tally]]) -> dict[tuple[str, ...], Tally]:
    """The tallies of all requests with the same values of these labels."""
    groups: dict[tuple[str, ...], Tally] = {}
    for counted, tally in tallies:
        groups.setdefault(tuple(str(getattr(counted, label)) for label in labels), Tally()).include(tally)
    return groups
