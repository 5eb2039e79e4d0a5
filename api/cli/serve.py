"""The `serve` command: runs the server."""

import asyncio
import gc
import ipaddress
import math
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Any, Final, cast

import uvicorn
from starlette.applications import Starlette
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from api.asgi.connection_timeout import timeout_http_protocol
from api.auth.authentication import DEMO
from api.auth.openid.code_flow import ClientSecretUnusable
from api.cli.output import USAGE, Failure, print_warning
from api.console.sign_in import Guest
from api.execution.context import Caller, Context
from api.execution.writer import Writer
from api.graphql_http.persisted_documents import InvalidManifest
from api.runtime.database import Database
from api.runtime.projector import projector_of
from api.runtime.settings import Settings
from api.server.app import create_app
from domain.commands.permissions import Role
from domain.log.credentials import api_tokens

TURN_SECONDS = 0.0002
"""The switch interval of threads, in seconds. A small query passes through several threads, and with a longer interval
it would wait for a large query at each of them."""
DRAIN_LOOK_SECONDS = 0.1
"""The interval at which a server that is leaving looks whether it should stop at once."""
GRACE_SECONDS = 5
"""How long running requests may take after the server is asked to stop, beyond the time that a command may take to be
recorded."""


def listening(settings: Settings, *, anonymous: bool = False) -> socket.socket:
    """A listening socket on the address of the settings. Raises `Failure` if the address is in use, or, for `anonymous`
    access, if other machines can reach it."""
    host, port = settings.host, settings.port
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise Failure(f"KEYFRAME_HOST: {host} is not a valid address: {error.strerror}.", USAGE) from error
    family, kind, protocol, _, address = found[0]
    if anonymous and not ipaddress.ip_address(address[0]).is_loopback:
        raise Failure(
            f"{host} can be reached from other machines, and the demo does not authenticate: listen on 127.0.0.1, "
            "or use 'keyframe serve'.",
            USAGE,
        )
    listener = socket.socket(family, kind, protocol)
    try:
        if sys.platform == "win32":  # there, SO_REUSEADDR would share the address with another program
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # detects peers that vanished or do not read
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _user_timeout_ms(settings))
        listener.bind(address)
        listener.listen()
    except OSError as error:
        listener.close()
        raise Failure(f"{host}:{port} cannot be used ({error.strerror}): choose another port with --port.") from error
    return listener


def _user_timeout_ms(settings: Settings) -> int:
    """TCP_USER_TIMEOUT: longer than the timeouts by which Keyframe itself closes a connection."""
    return round((2 * settings.keep_alive_s + settings.reader_timeout_s + GRACE_SECONDS) * 1000)


def grace_seconds(settings: Settings) -> int:
    """How long the server lets running requests finish when it is asked to stop: a command that is being recorded gets
    its answer."""
    return math.ceil(settings.commit_timeout_s + GRACE_SECONDS)


def url(listener: socket.socket) -> str:
    """The URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def warn_without_credentials(database: Database) -> None:
    """Print a warning if no caller can authenticate yet. A token that is created later is accepted at once."""
    with database.connect() as conn:
        settings = database.settings
        if settings.jwt_jwks is None and settings.oidc_issuer is None and not api_tokens.is_any_live(conn):
            print_warning(
                "No caller can authenticate: there is no valid token, so every request is answered with 401. Create "
                "one with 'keyframe token create --role ADMIN', accept JWTs with KEYFRAME_JWT_ISSUER, "
                "KEYFRAME_JWT_AUDIENCE and KEYFRAME_JWT_JWKS, or have people sign in with KEYFRAME_OIDC_ISSUER."
            )


def serve(
    database: Database,
    listener: socket.socket,
    ready: Callable[[], None],
    *,
    visitor: Caller | None = None,
    guests: Sequence[Guest] = (),
) -> None:
    """Serve until interrupted. `ready` is called once the server accepts requests. With a `visitor`, requests need no
    authentication and are the visitor's, and anybody may sign in to the console as one of the `guests`."""

    def started() -> None:
        _collect_seldom()
        sys.setswitchinterval(TURN_SECONDS)
        ready()

    with suppress(KeyboardInterrupt):
        Server(database, started, anonymous=visitor is not None, visitor=visitor or DEMO, guests=guests).run(
            sockets=[listener]
        )


def _collect_seldom() -> None:
    """Collect garbage less often than by Python's default thresholds: with those, the collector scans the thousands of
    live objects of a large response several times while it is built. Objects from startup are never scanned again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def _app(database: Database, *, anonymous: bool, visitor: Caller, guests: Sequence[Guest]) -> Starlette:
    try:
        return create_app(database.settings, database, editor=True, anonymous=anonymous, visitor=visitor, guests=guests)
    except InvalidManifest as fault:
        raise Failure(str(fault)) from fault
    except ClientSecretUnusable as fault:
        raise Failure(str(fault), USAGE) from fault


class ForwardedHeaders(ProxyHeadersMiddleware):
    """Takes the address and the scheme of a client from the headers of a trusted proxy, as uvicorn does. A request
    without such headers is passed on at once."""

    def __call__(self, scope: Any, receive: Any, send: Any) -> Coroutine[Any, Any, None]:
        if scope["type"] == "lifespan" or _FORWARDED.isdisjoint([name for name, _ in scope["headers"]]):
            return self.app(scope, receive, send)  # type: ignore[return-value]  # it is a coroutine
        return super().__call__(scope, receive, send)


_FORWARDED: Final = frozenset({b"x-forwarded-for", b"x-forwarded-proto"})


class Server(uvicorn.Server):
    """A uvicorn server that calls `ready` once it accepts requests, and closes subscriptions before it shuts down."""

    def __init__(
        self,
        database: Database,
        ready: Callable[[], None],
        *,
        anonymous: bool = False,
        visitor: Caller = DEMO,
        guests: Sequence[Guest] = (),
    ) -> None:
        settings = database.settings
        self._app = _app(database, anonymous=anonymous, visitor=visitor, guests=guests)
        self._ready = ready
        self._drain_s = settings.drain_s
        frame = self._app.middleware_stack
        assert frame is not None
        config = uvicorn.Config(
            frame,  # outermost: it sets what `Starlette.__call__` sets
            interface="asgi3",
            proxy_headers=False,  # see below
            http=timeout_http_protocol(settings.request_timeout_s),
            lifespan="on",
            log_config=None,  # the format is that of `api.runtime.log_setup`
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=grace_seconds(settings),
            ws_max_size=settings.message_bytes_max,
            ws_per_message_deflate=False,  # a compressed kilobyte can expand to a megabyte
            ws_ping_interval=settings.keep_alive_s,
            ws_ping_timeout=settings.reader_timeout_s,
        )
        config.app = ForwardedHeaders(cast("Any", frame), config.forwarded_allow_ips)
        super().__init__(config)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._drain()
        self._app.state.hub.close()
        await super().shutdown(sockets)

    async def _drain(self) -> None:
        """Go on for `drain_s` of the settings while the server says that it is not ready; a second Ctrl-C ends it."""
        self._app.state.leaving.set()
        over = monotonic() + self._drain_s
        while monotonic() < over and not self.force_exit:  # noqa: ASYNC110 - uvicorn sets a flag
            await asyncio.sleep(DRAIN_LOOK_SECONDS)


@contextmanager
def local_context(database: Database) -> Iterator[Context]:
    """The context of a command at the terminal: all roles, and projections that are up to date with the log. Its pools
    are closed at the end of the block."""
    with database.scope() as scoped:
        log, projector = scoped.log(), projector_of(scoped)
        projector.catch_up()
        settings = scoped.settings
        writer = Writer(log, projector, settings.view_timeout_s)
        yield Context(Caller("console", frozenset(Role)), scoped.pool(), log, writer, settings.workspace)
