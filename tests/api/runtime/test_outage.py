"""A full disk and a read-only database are named as such: to clients, to operators and at the terminal."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg_pool import PoolTimeout
from pydantic import SecretStr

from api.runtime.database import Database, Pool, open_database
from api.runtime.settings import Settings
from domain.log.append import CommandInDoubt, Unavailable
from domain.log.event_store import Log
from domain.log.outage import DISK_FULL, READ_ONLY, UNREACHABLE, Outage, outage
from tests.api.cli.terminal import keyframe
from tests.api.endpoints.conftest import IngestApi, ingest, line

__all__ = ["ingest"]

FAULTS = {"disk_full": DISK_FULL, "read_only_sql_transaction": READ_ONLY}
SIGN = "create function fail() returns trigger language plpgsql as $$ begin raise '{0}' using errcode = '{0}'; end $$"


@contextmanager
def failing(database: Database, condition: str, table: str = "log") -> Iterator[None]:
    """Every insert into a table fails as PostgreSQL itself fails under this condition."""
    with database.connect() as conn:
        conn.execute(SIGN.format(condition))
        conn.execute(f"create trigger fail before insert on {table} execute function fail()")
        try:
            yield
        finally:
            conn.execute("drop function fail cascade")


@pytest.fixture
def read_only(settings: Settings) -> Settings:
    """The settings of the workspace, on a server whose sessions are read-only."""
    assert settings.database_url is not None
    dsn = make_conninfo(settings.database_url.get_secret_value(), options="-c default_transaction_read_only=on")
    return settings.model_copy(update={"database_url": SecretStr(dsn), "reconnect_timeout_s": 0.1})


def caused(error: Exception, cause: BaseException) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (psycopg.errors.DiskFull("could not extend file"), DISK_FULL),
        (caused(Unavailable("could not extend file"), psycopg.errors.DiskFull()), DISK_FULL),
        (psycopg.errors.ReadOnlySqlTransaction("cannot execute INSERT"), READ_ONLY),
        (psycopg.OperationalError('connection to "db" failed: session is read-only'), READ_ONLY),
        (psycopg.OperationalError("connection refused"), UNREACHABLE),
        (psycopg.errors.AdminShutdown(), UNREACHABLE),
        (PoolTimeout(), UNREACHABLE),
    ],
)
def test_outage_is_recognized_by_the_error_or_its_cause(error: Exception, expected: Outage) -> None:
    assert outage(error) is expected


@pytest.fixture
def no_primary(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a refused write, no writable server is found in time."""

    def give_up(_: Log, __: UUID, command: UUID) -> None:
        raise CommandInDoubt(command)

    monkeypatch.setattr(Log, "_resolve_in_doubt", give_up)


@pytest.mark.usefixtures("no_primary")
@pytest.mark.parametrize("condition", FAULTS)
def test_mutation_names_the_outage_and_records_nothing(ingest: IngestApi, condition: str) -> None:
    fact, again = FAULTS[condition]
    before = ingest.head
    with failing(ingest.database, condition):
        error = ingest.error('mutation { formTeam(input: {key: "new", name: "New"}) { position } }')
    assert error["message"] == f"{fact}; this field recorded nothing, try again {again}."
    assert (error["extensions"], ingest.head) == ({"code": "UNAVAILABLE"}, before)
    assert ingest.do("formTeam", {"key": f"after-{condition[:4]}", "name": "New"})["position"] == before + 1


@pytest.mark.usefixtures("no_primary")
@pytest.mark.parametrize("condition", FAULTS)
def test_ingest_names_the_outage_and_records_nothing(ingest: IngestApi, condition: str) -> None:
    fact, again = FAULTS[condition]
    with failing(ingest.database, condition):
        status, error = ingest.refused_file(line(900))
    assert (status, error["code"]) == (503, "UNAVAILABLE")
    assert error["message"].startswith(f"{fact}: the batch of these lines was not recorded, the batches before it are.")
    assert again in error["message"]


@pytest.mark.parametrize("condition", FAULTS)
def test_command_line_names_the_outage(database: Database, condition: str) -> None:
    with failing(database, condition, "token"):
        done = keyframe(database.settings, "token", "create", "--role", "ADMIN")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"keyframe: {FAULTS[condition].fact}: {condition}.\n"


def take(pool: Pool, connections: int) -> None:
    """Take this many connections at once."""
    with ExitStack() as held:
        for _ in range(connections):
            held.enter_context(pool.connection())


def test_pool_that_writes_names_a_server_that_became_read_only_and_others_read_on(database: Database) -> None:
    user = f"night_{uuid4().hex[:12]}"
    assert database.settings.database_url is not None
    dsn = make_conninfo(database.settings.database_url.get_secret_value(), user=user, password=user)
    settings = database.settings.model_copy(update={"database_url": SecretStr(dsn), "connect_timeout_s": 1})
    with database.connect() as owner:
        owner.execute(f"create role {user} superuser login password '{user}'")
        try:
            with open_database(settings) as other:
                pool, reading = other.pool("owner"), other.request_pool()
                owner.execute(f"alter role {user} set default_transaction_read_only = on")
                owner.execute(
                    "select pg_terminate_backend(pid, 10000) from pg_stat_activity where usename = %s", [user]
                )
                pool.check()
                with pytest.raises(PoolTimeout) as error, pool.connection():
                    pass
                assert outage(error.value) is READ_ONLY
                reading.check()
                with reading.connection() as conn:  # a new connection reads
                    assert conn.execute("select position from view_position").fetchone() == (0,)
                owner.execute(f"alter role {user} reset default_transaction_read_only")
                with pool.connection(30) as conn:
                    assert conn.execute("select 1").fetchone() == (1,)
                with pytest.raises(PoolTimeout) as busy:
                    take(pool, settings.pool_size_max + 1)
                assert outage(busy.value) is UNREACHABLE
        finally:
            owner.execute(f"drop role {user}")


def test_read_only_server_is_named_and_not_called_unreachable(database: Database, read_only: Settings) -> None:
    with (
        pytest.raises(RuntimeError, match=r"^The database is read-only: .*session is read-only"),
        open_database(read_only),
    ):
        pass
    for verb in (["doctor"], ["migrate"]):
        done = keyframe(read_only, *verb)
        assert done.returncode == 1
        text = done.stdout + done.stderr
        assert "The database is read-only" in text
        assert "Make it writable (default_transaction_read_only)" in text
        assert "cannot be reached" not in text
