"""The routes of the application."""

from collections.abc import Sequence
from functools import partial

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from api.console.shell import FILES, KPI, OBJECTIVE, PAGES, Shell, console_documents
from api.console.sign_in import SIGN_IN, SIGN_OUT, Guest, SignIn
from api.endpoints import readings_ingest, targets_ingest
from api.endpoints.checkpoint import Publishing, schema_text
from api.endpoints.evidence_export import EvidenceExport
from api.endpoints.file_ingest import Ingest
from api.endpoints.health import Readiness
from api.endpoints.ledger_export import Exports
from api.graphql_http.endpoint import Endpoint
from api.ide import editor_page
from api.report.report_endpoint import Reports
from api.schema.schema import schema
from api.server.process import Process
from api.snapshot.shared_present import SharedPresent


def endpoint_of(process: Process, *, editor: bool) -> Endpoint:
    """The GraphQL endpoint. `editor`: whether a browser gets the query editor. Raises `InvalidManifest`."""
    page = editor_page.page if editor else None
    answers, present = process.answers, SharedPresent(process.source)
    documents = console_documents() if editor else {}
    return Endpoint(
        schema, process.context, process.writer, answers, present, process.settings, page=page, documents=documents
    )


def routes_of(process: Process, endpoint: Endpoint, *, editor: bool, guests: Sequence[Guest] = ()) -> list[BaseRoute]:
    """All routes. `editor`: whether the console and the parts of the query editor are served. `guests`: as whom anybody
    may sign in to the console."""
    return [
        *_graphql(endpoint, editor=editor),
        *(_console(process, guests) if editor else []),
        *operations_of(process),
        *_exports(process),
        Route("/schema.graphql", schema_text),
        *_ingest(process),
        Route("/report/{cycle}", Reports(process.context).page),
    ]


def _graphql(endpoint: Endpoint, *, editor: bool) -> list[BaseRoute]:
    return [
        Route("/graphql", endpoint),
        WebSocketRoute("/graphql", endpoint),
        *(Route(f"/graphql/{name}", editor_page.part) for name in editor_page.PARTS if editor),
    ]


def _console(process: Process, guests: Sequence[Guest]) -> list[BaseRoute]:
    shell = Shell()
    sessions = SignIn(process.authenticators, process.sessions, process.log, shell, guests)
    return [
        *(Route(path, shell.page) for path in sorted(PAGES)),
        Route(f"{OBJECTIVE}{{id}}", shell.page),
        Route(f"{KPI}{{id}}", shell.page),
        Route(f"{FILES}{{name}}", shell.file),
        Route(SIGN_IN, sessions.sign_in, methods=["GET", "POST"]),
        Route(SIGN_OUT, sessions.sign_out, methods=["POST"]),
    ]


def operations_of(process: Process) -> list[BaseRoute]:
    """The routes for operators: liveness, readiness and metrics."""
    readiness = Readiness(
        process.pool, process.log, process.projector, process.settings, process.leaving, process.standbys
    )
    return [
        Route("/healthz", _alive),
        Route("/readyz", readiness.endpoint),
        Route("/metrics", process.metrics.page),
    ]


def _ingest(process: Process) -> list[BaseRoute]:
    ingest = Ingest(process.context, process.writer)
    return [
        Route(readings_ingest.PATH, partial(ingest.file, readings_ingest.READINGS), methods=["POST"]),
        Route(targets_ingest.PATH, partial(ingest.file, targets_ingest.TARGETS), methods=["POST"]),
    ]


def _exports(process: Process) -> list[BaseRoute]:
    exports, publishing = (
        Exports(process.context, process.settings.file_timeout_s),
        Publishing(process.pool, process.keys),
    )
    return [
        Route("/checkpoint", publishing.checkpoint),
        Route("/checkpoint/key", publishing.key),
        Route("/evidence/{cycle}", EvidenceExport(process.context, process.settings.file_timeout_s).file),
        Route("/export/changes.ndjson", exports.changes_ndjson),
        Route("/export/changes.csv", exports.changes_csv),
        Route("/export/readings.csv", exports.readings_csv),
    ]


async def _alive(_: Request) -> Response:
    return PlainTextResponse("alive")
