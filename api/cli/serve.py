"""Running: the server, for those who may come in, and the projector as a process of its own."""

import gc
import ipaddress
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from threading import Event as Flag
from threading import Thread

import uvicorn

from api.asgi.connection_timeout import timeout_http_protocol
from api.cli.output import USAGE, Failure
from api.execution.context import Caller, Context
from api.execution.writer import Writer
from api.runtime.database import Database
from api.runtime.log_setup import configure_logging
from api.runtime.projector import projector_of
from api.runtime.settings import Settings
from api.server.app import create_app
from domain.commands.permissions import Role
from domain.log import api_tokens
from projections.engine.projector import Condition

TURN_SECONDS = 0.001
"""How long a thread works on before another one gets its turn: a small question passes through several threads, and
would wait for as many turns of a large one's."""
GRACE_SECONDS = 5
"""How long requests that are under way may take when the server is asked to stop."""


def listening(settings: Settings, *, anonymous: bool = False) -> socket.socket:
    """A socket on the address of the settings. Raises `Failure` if that is taken; and where nobody has to say who
    they are, if it can be reached by others."""
    host, port = settings.host, settings.port
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise Failure(f"{host} is no address: {error.strerror}.", USAGE) from error
    family, kind, protocol, _, address = found[0]
    if anonymous and not ipaddress.ip_address(address[0]).is_loopback:
        raise Failure(
            f"{host} can be reached from other machines, and in the demo everybody may do everything: listen on "
            "127.0.0.1. For others there is 'keyframe serve', which asks who they are.",
            USAGE,
        )
    listener = socket.socket(family, kind, protocol)
    try:
        if sys.platform == "win32":  # where reusing an address would share it with another program
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # who vanished without a word is noticed, and so is who takes nothing
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _vanished_ms(settings))
        listener.bind(address)
        listener.listen()
    except OSError as error:
        listener.close()
        raise Failure(f"{host}:{port} cannot be used ({error.strerror}): choose another port with --port.") from error
    return listener


def _vanished_ms(settings: Settings) -> int:
    """When the system gives a connection up: after the time at which we would have cut it off."""
    return round((2 * settings.keep_alive_s + settings.reader_timeout_s + GRACE_SECONDS) * 1000)


def url(listener: socket.socket) -> str:
    """Where a browser finds what listens there."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def refuse_if_locked(database: Database) -> None:
    """Raise `Failure` if nobody could come in."""
    with database.connect() as conn:
        if database.settings.jwt_jwks is None and not api_tokens.is_any_live(conn):
            raise Failure(
                "Nobody could come in: there is no token. Make one, which is shown once, with "
                "'keyframe token create --role ADMIN'; or let in who has a JWT, by KEYFRAME_JWT_ISSUER, "
                "KEYFRAME_JWT_AUDIENCE and KEYFRAME_JWT_JWKS.",
                USAGE,
            )


def serve(database: Database, listener: socket.socket, ready: Callable[[], None], *, anonymous: bool = False) -> None:
    """Answer until somebody asks to stop. `ready` is called once answers can be had. `anonymous`: whether nobody
    has to say who they are."""

    def started() -> None:
        _collect_seldom()
        sys.setswitchinterval(TURN_SECONDS)
        ready()

    with suppress(KeyboardInterrupt):
        Server(database, started, anonymous=anonymous).run(sockets=[listener])


def _collect_seldom() -> None:
    """An answer of thousands of objects is no garbage: by Python's own thresholds it is looked through again
    and again while it is made, which costs as much as making it. Nor is what is there when the server has started."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


class Server(uvicorn.Server):
    """Answers, and calls `ready` once it does. What goes on for ever is ended before it is waited for."""

    def __init__(self, database: Database, ready: Callable[[], None], *, anonymous: bool = False) -> None:
        settings = database.settings
        self._app = create_app(settings, database, editor=True, anonymous=anonymous)
        self._ready = ready
        super().__init__(
            uvicorn.Config(
                self._app,
                http=timeout_http_protocol(settings.request_timeout_s),
                lifespan="on",
                log_level="warning",
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
                ws_max_size=settings.message_bytes_max,
                ws_per_message_deflate=False,  # a kilobyte of it is a megabyte to read
                ws_ping_interval=settings.keep_alive_s,
                ws_ping_timeout=settings.reader_timeout_s,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.state.hub.close()
        await super().shutdown(sockets)


def project(database: Database, told: Callable[[Condition], None]) -> None:
    """Feed the views until somebody asks to stop, or an event cannot be applied. Raises `Failure` for the latter.

    `told` of it whenever this one begins to feed them, or to stand by while another one does.
    """
    configure_logging()
    projector = projector_of(database)
    stop = Flag()
    thread = Thread(target=projector.run, args=(stop,), name="projector")
    thread.start()
    try:
        last = Condition.STARTING
        while thread.is_alive():
            now = projector.status.condition
            if now is not last and now in (Condition.LEADING, Condition.FOLLOWING):
                told(now)
                last = now
            thread.join(0.2)
    except KeyboardInterrupt:
        pass
    finally:
        stop.set()
        projector.wake()
        thread.join()
    status = projector.status
    if status.poison_position is not None:
        raise Failure(
            f"Event {status.poison_position} ({status.poison_topic}) cannot be applied to the views: {status.cause}. "
            "They stay as they are before it. A newer Keyframe may know that event; 'keyframe doctor' says more."
        )


def local_context(database: Database) -> Context:
    """The context of a command at the terminal: all roles, and views that are level with the log."""
    log, projector = database.log(), projector_of(database)
    projector.catch_up()
    settings = database.settings
    writer = Writer(log, projector, settings.view_timeout_s)
    return Context(Caller("console", frozenset(Role)), database.pool(), log, writer, settings.workspace)
