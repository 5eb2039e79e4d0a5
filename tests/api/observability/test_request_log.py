"""Observability: the request log, Prometheus metrics, spans, and headers of every response."""

import asyncio
import json
import re
from typing import Any, Self
from unittest.mock import AsyncMock

import psycopg
import pytest
import structlog
from starlette.datastructures import Headers
from starlette.testclient import TestClient
from starlette.types import Scope
from structlog.testing import capture_logs

from api.execution.context import RequestStats
from api.observability import tracing
from api.observability.metrics import NAMES_MAX, Metrics
from api.observability.request_log import IDS_AT_ONCE, Observed, RequestLogMiddleware, identify
from api.runtime.database import Database
from api.runtime.log_setup import LogFormat, configure_logging
from api.runtime.settings import Settings
from api.schema.schema import sdl
from api.server.app import create_app
from projections.engine import health
from tests.api.conftest import Api
from tests.api.frames import BOTH_FRAMES

pytestmark = BOTH_FRAMES

SECRET = "a text that must not be logged"


def request_log_line(api: Api, body: dict[str, Any], **headers: str) -> dict[str, Any]:
    """The log line of a request."""
    with capture_logs() as lines:
        api.http.post("/graphql", json=body, headers={name.replace("_", "-"): text for name, text in headers.items()})
    (line,) = [one for one in lines if one["event"] == "request"]
    assert SECRET not in json.dumps(lines, default=str)
    return dict(line)


# ── the request log ───────────────────────────────────────────────────────────────────────────────


def test_request_is_one_log_line_without_document_and_variables(api: Api) -> None:
    query = "query Who($s: String) { people(search: $s) { totalCount } }"
    line = request_log_line(api, {"query": query, "variables": {"s": SECRET}}, x_request_id="mine-1")
    assert line.pop("ms") >= 0
    assert line == {
        "event": "request", "log_level": "info", "request_id": "mine-1", "method": "POST", "path": "/graphql",
        "caller": "machine:demo", "operation": "Who", "type": "query", "codes": [], "status": 200,
    }  # fmt: skip


def test_request_log_lists_error_codes(api: Api) -> None:
    line = request_log_line(
        api, {"query": f"{{ viewer {{ handle }} asOf(position: 99999) {{ basis {{ at }} }} }} # {SECRET}"}
    )
    assert (line["codes"], line["status"]) == (["INVALID"], 200)


def test_long_operation_name_is_truncated(api: Api) -> None:
    assert len(request_log_line(api, {"query": f"query {'a' * 5000} {{ __typename }}"})["operation"]) == 100


def test_masked_errors_carry_the_request_id_of_the_log(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError(SECRET)

    app = create_app(settings, database, editor=False, anonymous=True)
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as http:
        monkeypatch.setattr("api.execution.writer.Writer.execute", fail)
        query = 'mutation { addPerson(input: {handle: "x", name: "X"}) { position } }'
        with capture_logs() as lines:
            field = http.post("/graphql", json={"query": query}, headers={"x-request-id": "mine-2"})
        assert field.json()["errors"][0]["extensions"] == {"code": "INTERNAL_SERVER_ERROR", "requestId": "mine-2"}
        assert {line["request_id"] for line in lines if line["event"] in ("operation_failed", "request")} == {"mine-2"}

        monkeypatch.setattr("api.graphql_http.endpoint.Endpoint.encode_json", fail)
        with capture_logs() as lines:
            whole = http.post("/graphql", json={"query": query}, headers={"x-request-id": "mine-3"})
    assert whole.status_code == 500
    assert whole.json()["errors"][0]["extensions"] == {"code": "INTERNAL_SERVER_ERROR", "requestId": "mine-3"}
    assert whole.headers["x-request-id"] == "mine-3"
    assert SECRET not in whole.text
    assert {line["request_id"] for line in lines if line["event"] == "request_failed"} == {"mine-3"}


@pytest.mark.parametrize(("form", "is_json"), [(LogFormat.JSON, True), (LogFormat.TEXT, False), (LogFormat.AUTO, True)])
def test_log_format_follows_the_setting(form: LogFormat, is_json: bool, capsys: Any) -> None:
    try:
        configure_logging(form)
        structlog.get_logger().info("seen", metric_value=1)
        written = capsys.readouterr().err
        assert written.startswith("{") is is_json
    finally:
        configure_logging()


# ── metrics ───────────────────────────────────────────────────────────────────────────────────────


def metric_value(page: str, name: str) -> float:
    (value,) = re.findall(rf"^{re.escape(name)} (\S+)$", page, re.MULTILINE)
    return float(value)


def test_metrics_report_counters_and_gauges(settings: Settings, database: Database) -> None:
    app = create_app(settings, database, editor=False, anonymous=True)
    with TestClient(app, base_url="http://localhost") as http:
        Api(http).do("addPerson", {"handle": "ada", "name": "Ada"})
        Api(http).answer("{ nope }")
        http.get("/nowhere/at/all")
        response = http.get("/metrics")
    page = response.text
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert metric_value(page, 'keyframe_requests_total{method="POST",path="/graphql",status="200"}') == 2
    assert metric_value(page, 'keyframe_requests_total{method="GET",path="other",status="404"}') == 1
    assert metric_value(page, 'keyframe_request_seconds_count{path="/graphql"}') == 2
    assert metric_value(page, 'keyframe_operations_total{type="mutation"}') == 1
    assert metric_value(page, 'keyframe_errors_total{code="GRAPHQL_VALIDATION_FAILED"}') == 1
    assert metric_value(page, "keyframe_log_head") == metric_value(page, "keyframe_view_position") == 1
    assert metric_value(page, "keyframe_view_lag") == 0
    assert metric_value(page, "keyframe_subscriptions") == 0
    assert metric_value(page, "keyframe_database_up") == 1
    assert metric_value(page, "keyframe_pool_size") >= 1
    assert metric_value(page, 'keyframe_projector{condition="LEADING"}') == 1
    assert metric_value(page, 'keyframe_projector{condition="STOPPED"}') == 0


def test_metrics_time_commits_and_operations(settings: Settings, database: Database) -> None:
    app = create_app(settings, database, editor=False, anonymous=True)
    with TestClient(app, base_url="http://localhost") as http:
        Api(http).do("addPerson", {"handle": "ada", "name": "Ada"})
        Api(http).ask("query Who { people { nodes { handle } } }")
        page = http.get("/metrics").text
    assert metric_value(page, "keyframe_commit_seconds_count") == 1
    assert metric_value(page, 'keyframe_operation_seconds_count{name="Who",type="query"}') == 1
    assert metric_value(page, 'keyframe_operation_seconds_count{name="(none)",type="mutation"}') == 1
    assert metric_value(page, "keyframe_commits_running") == metric_value(page, "keyframe_commits_stalled") == 0
    assert metric_value(page, 'keyframe_lane_running{lane="writes"}') == 0
    assert metric_value(page, 'keyframe_lane_waiting{lane="heavy"}') == 0
    assert metric_value(page, "keyframe_pool_requests_total") > 1
    assert metric_value(page, "keyframe_checkpoint_size") == 0


def test_metrics_count_operations_over_websocket(settings: Settings, database: Database) -> None:
    app = create_app(settings, database, editor=False, anonymous=True)
    with TestClient(app, base_url="http://localhost") as http:
        with http.websocket_connect("ws://localhost/graphql", subprotocols=["graphql-transport-ws"]) as ws:
            ws.send_json({"type": "connection_init"})
            assert ws.receive_json() == {"type": "connection_ack"}
            for id, query in (("1", "query Who { viewer { handle } }"), ("2", "query Wrong { nope }")):
                ws.send_json({"type": "subscribe", "id": id, "payload": {"query": query}})
                while ws.receive_json()["type"] not in ("complete", "error"):
                    pass
        page = http.get("/metrics").text
    assert metric_value(page, 'keyframe_operations_total{type="query"}') == 2
    assert metric_value(page, 'keyframe_operation_seconds_count{name="Who",type="query"}') == 1
    assert metric_value(page, 'keyframe_errors_total{code="GRAPHQL_VALIDATION_FAILED"}') == 1


def test_metrics_tell_the_lag_in_seconds(settings: Settings, database: Database) -> None:
    lagging = settings.model_copy(update={"project_in_server": False, "view_timeout_s": 0.01})
    app = create_app(lagging, database, editor=False, anonymous=True)
    with TestClient(app, base_url="http://localhost") as http:
        Api(http).do("addPerson", {"handle": "ada", "name": "Ada"})
        page = http.get("/metrics").text
    assert metric_value(page, "keyframe_view_lag") == 1
    assert 0 < metric_value(page, "keyframe_view_lag_seconds") < 60


def test_number_of_operation_names_is_bounded() -> None:
    metrics = Metrics()
    for number in range(NAMES_MAX + 20):
        metrics.count_streamed(RequestStats(kind="query", name=f"Q{number}"), 0.1)
    metrics.count_streamed(RequestStats(kind="query", name="Q0"), 0.1)
    page = bytes(metrics.page(None).body).decode()  # type: ignore[arg-type]
    names = re.findall(r'^keyframe_operation_seconds_count\{name="([^"]*)"', page, re.MULTILINE)
    assert len(names) == NAMES_MAX + 1
    assert metric_value(page, 'keyframe_operation_seconds_count{name="(other)",type="query"}') == 20
    assert metric_value(page, 'keyframe_operation_seconds_count{name="Q0",type="query"}') == 2


def test_metrics_without_a_database_say_so(settings: Settings, database: Database) -> None:
    app = create_app(settings, database, editor=False, anonymous=True)
    with TestClient(app, base_url="http://localhost") as http, pytest.MonkeyPatch.context() as patch:

        def lost(*_: object) -> None:
            raise psycopg.OperationalError

        patch.setattr(health, "state", lost)
        page = http.get("/metrics").text
    assert metric_value(page, "keyframe_database_up") == 0
    assert "keyframe_log_head" not in page


def test_request_ids_differ() -> None:
    def identified() -> str:
        scope: Scope = {"type": "http", "headers": []}
        identify(scope, Headers(scope=scope))
        return str(scope["state"]["id"])

    ids = {identified() for _ in range(3 * IDS_AT_ONCE)}
    assert len(ids) == 3 * IDS_AT_ONCE
    assert all(re.fullmatch(r"[0-9a-f]{32}", id) for id in ids)


# ── spans ─────────────────────────────────────────────────────────────────────────────────────────


def test_tracing_is_off_without_an_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in tracing.ENDPOINTS:
        monkeypatch.delenv(name, raising=False)
    assert tracing.telemetry() is None


def test_tracing_is_off_without_opentelemetry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(tracing.ENDPOINTS[0], "http://127.0.0.1:1")
    monkeypatch.setattr(tracing, "find_spec", lambda _: None)
    assert tracing.telemetry() is None


class Tracer:
    """A tracer that records names and attributes."""

    def __init__(self) -> None:
        self.attributes: dict[str, Any] = {}
        self.ended = False

    def get_tracer(self, _: str) -> "Tracer":
        return self

    def start_as_current_span(self, name: str) -> "Tracer":
        self.name = name
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.ended = True

    def set_attributes(self, attributes: dict[str, Any]) -> None:
        self.attributes |= attributes

    def update_name(self, name: str) -> None:
        self.name = name


def test_span_has_the_fields_of_the_request_log() -> None:
    tracer = Tracer()
    with tracing.Telemetry(tracer).span("POST", "/graphql") as span:
        span.record(
            {"request_id": "a", "caller": None, "operation": "Now", "type": "query", "status": 200, "codes": []}
        )
    assert tracer.name == "query Now"
    assert tracer.ended
    assert tracer.attributes == {
        "keyframe.request_id": "a", "graphql.operation.name": "Now", "graphql.operation.type": "query",
        "http.response.status_code": 200,
    }  # fmt: skip


def test_request_is_traced_while_it_is_answered() -> None:
    tracer, unused = Tracer(), AsyncMock()
    log = RequestLogMiddleware(unused, Metrics(), tracing.Telemetry(tracer))
    scope: Scope = {"type": "http", "method": "POST", "path": "/graphql", "state": {"id": "a"}}

    async def answered() -> None:
        with Observed(log, scope, "/graphql", unused):
            assert (tracer.name, tracer.ended) == ("POST /graphql", False)

    asyncio.run(answered())
    assert tracer.ended
    assert tracer.attributes["keyframe.request_id"] == "a"


# ── headers and pages ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", ["/graphql", "/metrics", "/schema.graphql", "/healthz", "/nowhere"])
def test_every_response_has_a_strict_content_security_policy(api: Api, path: str) -> None:
    headers = api.http.get(path, headers={"accept": "text/html"}).headers
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-request-id"]


def test_served_schema_equals_the_committed_sdl(api: Api) -> None:
    response = api.http.get("/schema.graphql")
    assert response.text == sdl()
    assert response.headers["content-type"].startswith("application/graphql")
