"""OpenTelemetry spans, one for each HTTP request, if the library is installed and an endpoint is set.

`pip install keyframe[otel]`, and `OTEL_EXPORTER_OTLP_ENDPOINT`; OpenTelemetry's own variables set everything else.
Without both, nothing is imported and nothing is recorded.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, Final

ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_NAMES: Final = {
    "request_id": "keyframe.request_id", "caller": "enduser.id", "operation": "graphql.operation.name",
    "type": "graphql.operation.type", "status": "http.response.status_code", "path": "http.route",
    "method": "http.request.method", "codes": "keyframe.error_codes",
}  # fmt: skip


class Span:
    """The span of one request."""

    def __init__(self, span: Any) -> None:
        self._span = span

    def record(self, summary: Mapping[str, Any]) -> None:
        """Set the attributes of the span from the line in the log."""
        known = {_NAMES[name]: value for name, value in summary.items() if name in _NAMES and value not in (None, [])}
        self._span.set_attributes(known)
        if summary.get("operation"):
            self._span.update_name(f"{summary['type']} {summary['operation']}")


class Telemetry:
    """Records spans with an OpenTelemetry provider."""

    def __init__(self, provider: Any) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("keyframe")

    @contextmanager
    def span(self, method: str, path: str) -> Iterator[Span]:
        """The span of a request while it lasts."""
        with self._tracer.start_as_current_span(f"{method} {path}") as span:
            yield Span(span)

    def close(self) -> None:
        """Flush the spans that were not exported yet."""
        self._provider.shutdown()


def telemetry() -> Telemetry | None:
    """The telemetry that the environment configures, if it does."""
    if not any(os.environ.get(name) for name in ENDPOINTS) or find_spec("opentelemetry") is None:
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - of the extra
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - of the extra
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - of the extra
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - of the extra

    provider = TracerProvider(resource=Resource.create({"service.name": "keyframe"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Telemetry(provider)
