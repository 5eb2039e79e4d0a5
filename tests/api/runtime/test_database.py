"""Connections to the configured database: one workspace, UTC, and timeouts for every wait."""

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import psycopg
import pytest
from pydantic import SecretStr, ValidationError

from api.runtime.database import Database, open_database
from api.runtime.settings import Settings
from domain.log.schema import drop
from tests.api.cli.terminal import fill, keyframe


def show(conn: psycopg.Connection[Any], name: str) -> str:
    row = conn.execute("select current_setting(%s)", [name]).fetchone()
    assert row is not None
    return str(row[0])


def test_every_setting_has_a_description() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYFRAME_WORKSPACE", "north")
    monkeypatch.setenv("KEYFRAME_PORT", "0")
    assert (Settings().workspace, Settings().port) == ("north", 0)
    monkeypatch.setenv("KEYFRAME_WORKSPACE", "North Wing")
    with pytest.raises(ValidationError, match="is not a valid workspace name"):
        Settings()


def test_password_is_not_in_the_repr() -> None:
    assert "lovelace" not in repr(Settings(database_url=SecretStr("postgresql://ada:lovelace@db/keyframe")))


def test_pool_connections_use_the_workspace_and_have_timeouts(database: Database) -> None:
    workspace = database.settings.workspace
    with database.pool(statement_timeout_s=1.5).connection() as conn:
        assert conn.autocommit
        assert show(conn, "search_path") == f"{workspace}_views, {workspace}"
        assert show(conn, "timezone") == "UTC"
        assert show(conn, "statement_timeout") == "1500ms"
        assert show(conn, "lock_timeout") == "10s"
        assert show(conn, "idle_in_transaction_session_timeout") == "1min"


HOSTILE = {
    "datestyle": "German",
    "intervalstyle": "sql_standard",
    "timezone": "Asia/Kathmandu",
    "bytea_output": "escape",
    "extra_float_digits": "-15",
    "client_encoding": "LATIN1",
    "standard_conforming_strings": "off",
    "array_nulls": "off",
    "transform_null_equals": "on",
    "default_transaction_isolation": "serializable",
    "default_transaction_deferrable": "on",
    "jit": "on",
    "enable_memoize": "on",
    "statement_timeout": "1h",
    "idle_session_timeout": "1s",
    "search_path": "pg_catalog",
}
"""Defaults that a database administrator may set for a role or a database."""


@pytest.fixture
def hostile(settings: Settings) -> Settings:
    """The settings of the workspace, with the defaults of somebody else."""
    assert settings.database_url is not None
    options = " ".join(f"-c {name}={value}" for name, value in HOSTILE.items())
    dsn = psycopg.conninfo.make_conninfo(settings.database_url.get_secret_value(), options=options)
    with psycopg.connect(dsn) as conn:
        assert show(conn, "datestyle").startswith("German")
    return settings.model_copy(update={"database_url": SecretStr(dsn)})


@pytest.mark.parametrize("role", ["owner", "app"])
def test_sessions_do_not_depend_on_the_defaults_of_the_server(
    database: Database, hostile: Settings, role: Literal["owner", "app"]
) -> None:
    with open_database(hostile) as other, database.connect(role) as usual, other.connect(role) as conn:
        changed = {name for name in HOSTILE if show(conn, name) != show(usual, name)}
        assert changed == set()
        query = "select clock_timestamp(), interval '1 day -2 hours', 0.1::float8 + 0.2, '\\x00ff'::bytea, 'Ωmega ✓'"
        moment, span, number, data, text = conn.execute(query).fetchone() or ()
    assert abs(moment - datetime.now(UTC)) < timedelta(minutes=1)
    assert (span, number, data, text) == (timedelta(hours=22), 0.1 + 0.2, b"\x00\xff", "Ωmega ✓")


def test_every_verb_works_with_the_defaults_of_another_administrator(settings: Settings, hostile: Settings) -> None:
    with open_database(hostile) as database:
        assert keyframe(hostile, "migrate").returncode == 0
        assert "kf_" in keyframe(hostile, "token", "create", "--role", "ADMIN").stdout
        assert "admin" in keyframe(hostile, "token", "list").stdout
        fill(database)
        assert keyframe(hostile, "rebuild").returncode == 0
        done = keyframe(hostile, "doctor")
        assert ("✗" in done.stdout, done.returncode) == (False, 0), done.stdout
        assert keyframe(hostile, "verify").returncode == 0
        assert keyframe(hostile, "export", "--facts").stdout == keyframe(settings, "export", "--facts").stdout
        with database.connect() as conn:
            drop(conn, hostile.workspace)


def test_application_role_may_only_read_the_projections(database: Database) -> None:
    with database.connect("owner") as owner, database.connect("app") as app:
        assert app.execute("select position from view_position").fetchall() == [(0,)]
        assert owner.execute("update view_position set position = 0 returning position").fetchall() == [(0,)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("update view_position set position = 1")


def test_reachable_host_of_several_is_used(database: Database) -> None:
    known = psycopg.conninfo.conninfo_to_dict(database.dsn)
    several = psycopg.conninfo.make_conninfo(
        database.dsn, host=f"127.0.0.1,{known['host']}", port=f"1,{known.get('port') or 5432}"
    )
    with open_database(database.settings.model_copy(update={"database_url": SecretStr(several)})) as found:
        found.migrate()


def test_unreachable_database_error_hides_the_password(settings: Settings) -> None:
    gone = settings.model_copy(
        update={"database_url": SecretStr("host=127.0.0.1 port=1 user=ada password=secret"), "reconnect_timeout_s": 0.0}
    )
    with pytest.raises(RuntimeError, match="cannot be reached") as error, open_database(gone):
        pass
    assert "secret" not in str(error.value)
