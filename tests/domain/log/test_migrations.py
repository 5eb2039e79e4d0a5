"""Migrations of the log: concurrent starts, repeated runs, older programs, and workspace names."""

from collections.abc import Iterator
from multiprocessing.synchronize import Barrier

import pytest

from api.runtime.database import Database, open_database
from api.runtime.settings import Settings
from domain.log.event_store import Log
from domain.log.schema import MIGRATIONS, application_role, migrate, workspace_name
from domain.log.schema import drop as drop_workspace
from tests.domain.log.writing import command, processes, reading


@pytest.fixture
def unmigrated(settings: Settings) -> Iterator[Database]:
    with open_database(settings) as database:
        yield database
        with database.connect() as conn:
            drop_workspace(conn, settings.workspace)
            conn.execute(f"drop role if exists {application_role(settings.workspace, conn.info.dbname)}")


def migrate_together(settings: Settings, ready: Barrier) -> None:
    with open_database(settings) as database:
        ready.wait()
        database.migrate()
        Log(database.pool(size_max=2), settings.workspace).append([reading()], command())


def test_concurrent_migrations_run_once(unmigrated: Database) -> None:
    ready = processes.Barrier(6)
    starting = [processes.Process(target=migrate_together, args=(unmigrated.settings, ready)) for _ in range(6)]
    for process in starting:
        process.start()
    for process in starting:
        process.join()
    assert [process.exitcode for process in starting] == [0] * 6
    assert Log(unmigrated.pool(), unmigrated.settings.workspace).head().position == 6
    with unmigrated.connect() as conn:
        assert conn.execute("select version from migration").fetchall() == [(1 + n,) for n in range(len(MIGRATIONS))]


def test_migrating_again_changes_nothing(database: Database, log: Log) -> None:
    log.append([reading()], command())
    salt = log.salt()
    database.migrate()
    assert log.head().position == 1
    assert Log(log.pool, database.settings.workspace).salt() == salt


def test_each_workspace_has_its_own_salt(database: Database) -> None:
    with database.connect() as conn:
        migrate(conn, "another_workspace")
        other = conn.execute("select salt from another_workspace.workspace").fetchone()
        own = conn.execute("select salt from workspace").fetchone()
        drop_workspace(conn, "another_workspace")
        conn.execute(f"drop role {application_role('another_workspace', conn.info.dbname)}")
    assert other != own


def test_an_older_program_refuses_newer_tables(database: Database) -> None:
    with database.connect() as conn:
        conn.execute("insert into migration (version) values (%s)", [len(MIGRATIONS) + 1])
    with pytest.raises(RuntimeError, match="install the newer one"):
        database.migrate()


def test_migration_without_the_right_to_create_roles_uses_the_current_role(database: Database) -> None:
    name = f"{database.settings.workspace}_plain"
    with database.connect() as conn:
        dbname = conn.info.dbname
        conn.execute(f"create role {name} login")
        conn.execute(f"grant create on database {dbname} to {name}")
        conn.execute(f"set role {name}")
        migrate(conn, name)
        conn.execute(f"set search_path to {name}")
        columns = ", ".join(["'{x}'", "'{x}'", "'{x}'", "'{1}'", "'{0}'"] + 15 * ["'{}'"])
        call = f"append_commands(1, gen_random_uuid(), array[gen_random_uuid()], {columns})"
        assert conn.execute(f"select outcome from {call}").fetchone() == ("recorded",)
        conn.execute("reset role")
        conn.execute(f"drop owned by {name}")
        conn.execute(f"drop role {name}")


@pytest.mark.parametrize("name", ["keyframe", "a", "q1_2026", "x" * 40])
def test_valid_workspace_names(name: str) -> None:
    assert workspace_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Keyframe",
        "1a",
        "a-b",
        "a b",
        'a"',
        "pg_toast",
        "public",
        "north_views",
        "north_views_seen",
        "north_views_next",
        "north_views_old",
        "north_views_old2_seen",
        "ä",
        "x" * 41,
        "a;b",
    ],
)
def test_invalid_workspace_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not a valid workspace name"):
        workspace_name(name)
