"""The routes of the application."""

from collections.abc import Sequence
from functools import partial

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from api.auth.openid.code_flow import code_flow_of
from api.console.openid_sign_in import CALLBACK, START, OpenIdSignIn
from api.console.shell import FILES, KPI, OBJECTIVE, PAGES, PROOF, Shell, console_documents
from api.console.sign_in import SIGN_IN, SIGN_OUT, Guest, SignIn
from api.endpoints import readings_ingest, targets_ingest
from api.endpoints.checkpoint import Publishing, schema_text
from api.endpoints.evidence_export import EvidenceExport
from api.endpoints.file_ingest import Ingest
from api.endpoints.health import Readiness
from api.endpoints.ledger_export import Exports
from api.graphql_http.endpoint import Endpoint
from api.report.report_endpoint import Reports
from api.schema.schema import schema
from api.server.process import Process


def endpoint_of(process: Process, shell: Shell | None) -> Endpoint:
    """The GraphQL endpoint. `shell`: that of the console, whose page a browser gets; None without it. Raises
    `InvalidManifest`."""
    page = None if shell is None else shell.page
    answers, present = process.answers, process.present
    documents = {} if shell is None else console_documents()
    return Endpoint(schema, process, process.writer, answers, present, process.settings, page=page, documents=documents)


def routes_of(process: Process, endpoint: Endpoint, shell: Shell | None, *, guests: Sequence[Guest]) -> list[BaseRoute]:
    """All routes. `shell`: that of the console; None without it. `guests`: as whom anybody may sign in to the console.
    Raises `ClientSecretUnusable`."""
    return [
        Route("/graphql", endpoint),
        WebSocketRoute("/graphql", endpoint),
        *([] if shell is None else _console(process, shell, guests)),
        *operations_of(process),
        *_exports(process),
        Route("/schema.graphql", schema_text),
        *_ingest(process),
        Route("/report/{cycle}", Reports(process.context).page),
    ]


def _console(process: Process, shell: Shell, guests: Sequence[Guest]) -> list[BaseRoute]:
    flow = code_flow_of(process.settings)
    credentials = process.authenticators, process.sessions, process.log
    sessions = SignIn(*credentials, shell, process.settings, guests=guests, flow=flow)
    return [
        *(Route(path, shell.page) for path in sorted(PAGES)),
        Route(f"{OBJECTIVE}{{id}}", shell.page),
        Route(f"{KPI}{{id}}", shell.page),
        Route(f"{PROOF}{{position}}", shell.page),
        Route(f"{FILES}{{name}}", shell.file),
        Route(SIGN_IN, sessions.sign_in, methods=["GET", "POST"]),
        Route(SIGN_OUT, sessions.sign_out, methods=["POST"]),
        *([] if flow is None else _openid(OpenIdSignIn(flow, *credentials, process.settings))),
    ]


def _openid(sign_in: OpenIdSignIn) -> list[BaseRoute]:
    return [Route(START, sign_in.start), Route(CALLBACK, sign_in.callback)]


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
