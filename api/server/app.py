"""The composition root: everything that one process needs to answer, put together and taken apart again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from http import HTTPStatus
from threading import Event as Flag
from threading import Thread
from time import monotonic

import psycopg
import structlog
from anyio import to_thread
from psycopg_pool import PoolTimeout
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute

from api.asgi.body_limit import BodyLimit
from api.asgi.body_timeout import BodyTimeout
from api.asgi.error_response import error_response, unavailable_response
from api.asgi.host_check import HostCheck
from api.auth.authentication import Authentication
from api.endpoints import readings_ingest
from api.endpoints.checkpoint import Publishing, schema_text
from api.endpoints.health import Readiness
from api.endpoints.ledger_export import Exports
from api.endpoints.readings_ingest import Ingest
from api.execution.context import Context
from api.execution.subscription_hub import SubscriptionHub
from api.execution.writer import Writer
from api.graphql_http.endpoint import Endpoint
from api.ide import editor_page as ide
from api.observability.metrics import Metrics
from api.observability.request_log import REQUEST_ID, RequestLogMiddleware
from api.observability.tracing import telemetry
from api.report.report_endpoint import Reports
from api.runtime import signing_key
from api.runtime.database import Database
from api.runtime.log_setup import configure_logging
from api.runtime.settings import Settings
from api.schema.primitives.errors import INTERNAL, MASKED
from api.schema.schema import schema
from api.server.authenticators import authenticators_of, cors
from domain.log.event_store import Log
from domain.primitives.values import Source
from projections.engine import rebuild
from projections.engine.projector import Projector

_log = structlog.get_logger(__name__)

WORKING_SHARE = 4
"""Of so many connections to the database, subscriptions use one at most."""

LEAVE_SECONDS_MAX = 10
"""How long the projector is waited for at the end: longer only where the database answers no more."""


def create_app(settings: Settings, database: Database, *, console: bool, anonymous: bool = False) -> Starlette:
    """The application: `/graphql`, `/healthz` (it lives), `/readyz` (it can work), `/checkpoint` (what the log is),
    `/report` (a cycle looked back on).

    `database` is open and migrated; its pools are closed with it, by whoever opened it. `console`: whether a
    browser that comes to `/graphql` gets a page to explore in. `anonymous`: whether nobody has to say who they are,
    and everybody may do everything, as only a demo may on loopback. The views are fed from startup to shutdown, by
    this process if no other does, unless the settings leave it to another. Raises `KeyFault`.
    """
    configure_logging(settings.journal)
    spans = telemetry()
    ours = signing_key.at_hand(settings)
    pool, veiled = database.pool(), database.pool(veiled=True)
    log = Log(pool, settings.workspace, reconnect_seconds=settings.reconnect_timeout_s)
    live = SubscriptionHub(max(1, settings.pool_size_max // WORKING_SHARE), settings.subscriptions_max)
    authenticators = authenticators_of(settings, pool, log, anonymous=anonymous)
    projector = Projector(
        database.log(),
        database.connect,
        settings.projector_batch,
        settings.workspace,
        may_lead=settings.project_in_server,
        keep=signing_key.keeping(settings, ours),
        told=live.notify,
    )
    publishing = Publishing(pool, ours)
    writer = Writer(log, projector, settings.view_timeout_s)

    def context(request: HTTPConnection) -> Context:
        caller = replace(request.state.caller, source=_source(request))
        patience = settings.answer_timeout_s
        until = monotonic() + patience
        return Context(
            caller, pool, log, writer, settings.workspace, request.state.id, until, ours, live, patience,
            veiled=veiled, scope=request.state.scope,
        )  # fmt: skip

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await to_thread.run_sync(_make_views, database)
        live.open()
        looking = asyncio.create_task(authenticators.revalidate_forever())
        stop = Flag()
        thread = Thread(target=projector.run, args=(stop,), name="projector", daemon=True)
        thread.start()
        try:
            yield
        finally:
            looking.cancel()
            live.close()
            stop.set()
            projector.wake()
            await to_thread.run_sync(thread.join, LEAVE_SECONDS_MAX)
            await to_thread.run_sync(spans.close)

    metrics = Metrics()
    exports = Exports(context)
    graphql = Endpoint(schema, context, writer, settings, page=ide.page if console else None)
    metrics.observe(log, projector, live, pool)
    app = Starlette(
        routes=[
            Route("/graphql", graphql),
            WebSocketRoute("/graphql", graphql),
            *(Route(f"/graphql/{name}", ide.part) for name in ide.PARTS if console),
            Route("/healthz", _alive),
            Route("/readyz", Readiness(database, log, projector).endpoint),
            Route("/metrics", metrics.page),
            Route("/schema.graphql", schema_text),
            Route("/checkpoint", publishing.checkpoint),
            Route("/checkpoint/key", publishing.key),
            Route("/export/changes.ndjson", exports.changes_ndjson),
            Route("/export/changes.csv", exports.changes_csv),
            Route("/export/readings.csv", exports.readings_csv),
            Route(readings_ingest.PATH, Ingest(context, writer).readings, methods=["POST"]),
            Route("/report/{cycle}", Reports(context).page),
        ],
        middleware=[
            Middleware(RequestLogMiddleware, metrics=metrics, telemetry=spans),
            Middleware(HostCheck, names=[settings.host, *(settings.host_names or "").split(",")]),
            *cors(settings),
            Middleware(Authentication, authenticators=authenticators),
            Middleware(BodyLimit, streamed={readings_ingest.PATH}),
            Middleware(BodyTimeout, seconds=settings.request_timeout_s),
        ],
        exception_handlers={
            psycopg.OperationalError: _lost,
            PoolTimeout: _lost,
            HTTPStatus.INTERNAL_SERVER_ERROR: _failed,
        },
        lifespan=lifespan,
    )
    app.state.live = live
    return app


def _make_views(database: Database) -> None:
    """Make the views where they are missing, so that the first request finds them."""
    with database.connect() as conn:
        rebuild.create(conn, database.settings.workspace)


def _source(request: HTTPConnection) -> Source:
    """A page of our own address speaks for the console: only a browser can say so."""
    return Source.CONSOLE if request.headers.get("sec-fetch-site") == "same-origin" else Source.API


async def _lost(_: Request, __: Exception) -> Response:
    """The database cannot be reached, or did not do it in time: whatever was asked may be asked again."""
    return unavailable_response("The database cannot be reached; ask again in a moment.", "UNAVAILABLE")


async def _failed(request: Request, error: Exception) -> Response:
    """What nobody foresaw: told like every error, without a word of what it was; the journal has that."""
    request_id = request.state.id
    _log.error("request_failed", request_id=request_id, exc_info=error)
    response = error_response(HTTPStatus.INTERNAL_SERVER_ERROR, MASKED, INTERNAL, requestId=request_id)
    response.headers[REQUEST_ID] = request_id
    return response


async def _alive(_: Request) -> Response:
    return PlainTextResponse("alive")
