"""Spans for OpenTelemetry, one a request: where it is installed, and somebody said where to send them.

`pip install keyframe[otel]`, and `OTEL_EXPORTER_OTLP_ENDPOINT`; everything else is said by the variables that
OpenTelemetry knows. Without both nothing is loaded and nothing is done.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, Final, Protocol

ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_NAMES: Final = {
    "request_id": "keyframe.request_id", "caller": "enduser.id", "operation": "graphql.operation.name",
    "type": "graphql.operation.type", "status": "http.response.status_code", "path": "http.route",
    "method": "http.request.method", "codes": "keyframe.error_codes",
}  # fmt: skip


class Span(Protocol):
    """What becomes known of one request."""

    def tells(self, told: Mapping[str, Any]) -> None: ...


class Telemetry:
    """No spans."""

    @contextmanager
    def span(self, method: str, path: str) -> Iterator[Span]:  # noqa: ARG002
        """The span of a request, for as long as it lasts."""
        yield _Untold()

    def close(self) -> None:
        """Send what was not sent yet."""


class _Untold:
    def tells(self, told: Mapping[str, Any]) -> None:
        """Nobody is told."""


class _Told:
    def __init__(self, span: Any) -> None:
        self._span = span

    def tells(self, told: Mapping[str, Any]) -> None:
        known = {_NAMES[name]: value for name, value in told.items() if name in _NAMES and value not in (None, [])}
        self._span.set_attributes(known)
        if told.get("operation"):
            self._span.update_name(f"{told['type']} {told['operation']}")


class Spans(Telemetry):
    """Spans that go to a provider of OpenTelemetry."""

    def __init__(self, provider: Any) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("keyframe")

    @contextmanager
    def span(self, method: str, path: str) -> Iterator[Span]:
        with self._tracer.start_as_current_span(f"{method} {path}") as span:
            yield _Told(span)

    def close(self) -> None:
        self._provider.shutdown()


def telemetry() -> Telemetry:
    """Spans, if OpenTelemetry is installed and somebody said where they go."""
    if not any(os.environ.get(name) for name in ENDPOINTS) or find_spec("opentelemetry") is None:
        return Telemetry()
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    provider = TracerProvider(resource=Resource.create({"service.name": "keyframe"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Spans(provider)
