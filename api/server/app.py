"""The composition root: the ASGI application of one process."""

from collections.abc import Mapping, Sequence

from starlette.applications import Starlette

from api.auth.authentication import DEMO
from api.console.shell import Shell
from api.console.sign_in import Guest
from api.execution.context import Caller
from api.execution.executor import COMPILED
from api.observability.state_collector import Plans
from api.runtime.database import Database
from api.runtime.log_setup import configure_logging
from api.runtime.settings import Settings
from api.schema.goal_answers.documents import GOAL_QUERIES
from api.server.lean_frame import LeanFrame
from api.server.lifespan import lifespan_of
from api.server.middleware import EXCEPTION_HANDLERS, middleware_of
from api.server.process import Process
from api.server.routes import endpoint_of, routes_of


def create_app(
    settings: Settings,
    database: Database,
    *,
    editor: bool,
    anonymous: bool = False,
    visitor: Caller = DEMO,
    guests: Sequence[Guest] = (),
) -> Starlette:
    """The application: GraphQL, health, metrics, checkpoints, exports and reports; see `api.server.routes`.

    `database` is open and migrated; its opener closes the pools. `editor`: whether a browser gets the console at `/`
    and the query editor at `/graphql`. `anonymous`: requests need no authentication and are the `visitor`'s, and
    anybody may sign in as one of the `guests`, which only the demo on loopback may allow. From startup to shutdown this
    process updates the projections if no other process does, unless the settings leave that to `keyframe project`.
    Raises `KeyFault`, `ClientSecretUnusable`.
    """
    configure_logging(settings.journal)
    process = Process.of(settings, database, anonymous=visitor if anonymous else None)
    plans: Mapping[str, Plans] = {"goals": GOAL_QUERIES, "columns": COMPILED}
    process.metrics.observe(
        process.log,
        process.projector,
        process.hub,
        process.writer,
        process.lanes,
        process.answers,
        process.standbys,
        plans,
    )
    shell = Shell() if editor else None
    endpoint = endpoint_of(process, shell)
    middleware = middleware_of(process, shell)
    app = Starlette(
        routes=routes_of(process, endpoint, shell, guests=guests if anonymous else ()),
        middleware=middleware,
        exception_handlers=EXCEPTION_HANDLERS,
        lifespan=lifespan_of(process),
    )
    app.middleware_stack = LeanFrame(app, middleware, endpoint)
    app.state.hub, app.state.pool, app.state.leaving = process.hub, process.pool, process.leaving
    return app
