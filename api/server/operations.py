"""The HTTP server of `keyframe project`: liveness, readiness and metrics, by the same rules as in `keyframe serve`."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette

from api.asgi.connection_timeout import timeout_http_protocol
from api.runtime.database import Database
from api.runtime.settings import Settings
from api.server.background import serving_in_background
from api.server.lifespan import caring_for_credentials
from api.server.middleware import EXCEPTION_HANDLERS, middleware_of
from api.server.process import Process
from api.server.routes import operations_of
from projections.engine.projector import Projector

GRACE_SECONDS = 1
"""How long running requests may take after the projector has stopped."""


@contextmanager
def serving_operations(settings: Settings, database: Database, listener: socket.socket) -> Iterator[Projector]:
    """A projector that may lead, whose state is served on a listening socket until the end of the block. The caller
    runs the projector. Raises `KeyFault`."""
    process = Process.of(
        settings.model_copy(update={"project_in_server": True, "read_url": None}), database, anonymous=None
    )
    process.metrics.observe(process.log, process.projector, process.hub, process.writer)
    with serving_in_background(_configuration(process), listener):
        yield process.projector


def _configuration(process: Process) -> uvicorn.Config:
    app = Starlette(
        routes=operations_of(process),
        middleware=middleware_of(process),
        exception_handlers=EXCEPTION_HANDLERS,
        lifespan=lambda _: caring_for_credentials(process),
    )
    app.state.pool = process.pool
    return uvicorn.Config(
        app,
        http=timeout_http_protocol(process.settings.request_timeout_s),
        ws="none",
        lifespan="on",
        log_config=None,  # the format is that of `api.runtime.log_setup`
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
