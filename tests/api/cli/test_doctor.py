import shutil
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from psycopg import sql
from pydantic import SecretStr

from api.cli import doctor
from api.cli.doctor import Finding, Verdict, run_checks
from api.runtime import signing_key
from api.runtime.database import Connection, Database
from api.runtime.projector import projector_of
from api.runtime.settings import Settings
from deploy.drills.cluster import free_port
from domain.log.schema import application_role, lock_key, views_schema
from projections.engine.rebuild import definition
from projections.proof import signer
from projections.proof.continuity import viewed
from tests.api.auth.openid_issuer import SECRET, OpenIdIssuer
from tests.api.cli.terminal import fill, keyframe, line, started, stopped
from tests.conftest import issue_token
from tests.damage import cut_log, rewrite_event
from tests.waiting import until

LATER = b'{"at": "2024-05-01T00:00:00Z", "by": "person:ada", "do": "formTeam", "input": {"key": "b", "name": "B"}}'
GONE = SecretStr("postgresql://nobody@127.0.0.1:1/nothing")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The settings with a free port, so that programs on this machine do not matter."""
    return settings.model_copy(update={"port": free_port()})


@pytest.fixture
def filled(database: Database) -> Iterator[Connection]:
    """A workspace with some facts, and its owner."""
    fill(database)
    projector_of(database).catch_up()
    with database.connect() as conn:
        yield conn


def found(settings: Settings, what: str) -> Finding:
    return next(finding for finding in run_checks(settings) if finding.check == what)


def test_healthy_workspace_has_no_wrong_findings(database: Database, filled: Connection) -> None:
    issue_token(database)
    findings = list(run_checks(database.settings))
    assert [finding.check for finding in findings if finding.verdict is not Verdict.RIGHT] == ["key"]  # has none
    assert [finding.check for finding in findings] == [
        "settings", "address", "key", "database", "version", "encoding", "clocks", "log", "append-only", "role",
        "authentication", "projections", "digests", "checkpoints",
    ]  # fmt: skip


def test_doctor_reports_an_unreachable_database_with_the_setting_to_check(settings: Settings) -> None:
    done = keyframe(settings.model_copy(update={"database_url": GONE}), "doctor")
    assert done.returncode == 1
    assert "✗ database: " in done.stdout
    assert "KEYFRAME_DATABASE_URL" in done.stdout
    assert "Traceback" not in done.stderr


def test_doctor_reports_a_missing_workspace_with_the_migrate_command(settings: Settings) -> None:
    done = keyframe(settings, "doctor")
    assert done.returncode == 1
    assert "keyframe migrate" in done.stdout


def test_doctor_finds_a_log_without_append_only_trigger(database: Database, filled: Connection) -> None:
    filled.execute("alter table log disable trigger append_only")
    finding = found(database.settings, "append-only")
    assert (finding.verdict, finding.found) == (Verdict.WRONG, "the append-only trigger is missing on log")


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("grant update on log to {}", "may rewrite the log"),
        ("revoke insert on log from {}", "may not read and append to the log"),
    ],
)
def test_doctor_finds_a_role_with_wrong_privileges(
    database: Database, filled: Connection, statement: str, message: str
) -> None:
    role = sql.Identifier(application_role(database.settings.workspace, filled.info.dbname))
    filled.execute(sql.SQL(statement).format(role))
    finding = found(database.settings, "role")
    assert finding.verdict is Verdict.WRONG
    assert message in finding.found


def test_doctor_finds_projections_without_a_projector(database: Database, filled: Connection) -> None:
    fill(database, [LATER])
    finding = found(database.settings, "projections")
    assert (finding.verdict, finding.remedy) == (Verdict.WRONG, "Run 'keyframe serve' or 'keyframe project'.")
    assert "at position 20; the log is at 21; no projector runs" in finding.found


def test_doctor_names_an_event_that_cannot_be_applied(database: Database, filled: Connection) -> None:
    filled.execute("""
        insert into log
        select position + 1, recorded_at + interval '1 s', effective_at, gen_random_uuid(), 1, 'moon-landed.v1', null,
               metadata, data, leaf_hash
        from log order by position desc limit 1
    """)
    finding = found(database.settings, "projections")
    assert finding.verdict is Verdict.WRONG
    assert "event 21 (moon-landed.v1) cannot be applied: LookupError" in finding.found


def test_doctor_changes_nothing(database: Database, filled: Connection) -> None:
    filled.execute("delete from view_position")
    filled.execute("insert into view_position values (0, null, 'another shape', '0.0.1')")
    assert found(database.settings, "projections").found == "built by Keyframe 0.0.1"
    assert filled.execute("select position from view_position").fetchone() == (0,)


def test_doctor_suggests_a_rebuild_for_projections_of_another_version(database: Database, filled: Connection) -> None:
    filled.execute("update view_position set definition = 'another'")
    finding = found(database.settings, "projections")
    assert (finding.verdict, finding.remedy) == (Verdict.WRONG, "Rebuild them: keyframe rebuild.")


def test_doctor_suggests_a_rebuild_for_another_version_of_the_time_zones(
    database: Database, filled: Connection
) -> None:
    filled.execute("update view_position set definition = %s", [definition("2025.2")])
    finding = found(database.settings, "projections")
    assert (finding.verdict, finding.remedy) == (Verdict.WRONG, "Rebuild them: keyframe rebuild.")


def test_doctor_reports_altered_projections(database: Database, filled: Connection) -> None:
    filled.execute("update change set actor = 'machine:other' where position = 1")
    finding = found(database.settings, "digests")
    assert finding.verdict is Verdict.WRONG
    assert "change (positions 0 to 1023)" in finding.found
    assert "'keyframe rebuild' restores them" in finding.remedy


def test_doctor_reports_the_alarms_of_the_running_check(database: Database, filled: Connection) -> None:
    with database.connect() as projector:
        key = lock_key(projector.info.dbname, database.settings.workspace, "project")
        projector.execute("select pg_advisory_lock(%s)", [key])
        assert found(database.settings, "digests").found == "the running check has found no altered row"
        filled.execute("insert into view_alarm values ('kpi', 3), ('kpi', 4), ('team', 0)")
        finding = found(database.settings, "digests")
    assert finding.verdict is Verdict.WRONG
    assert "kpi (positions 3072 to 5119) and 1 more" in finding.found


def test_doctor_does_not_compare_digests_of_another_server(database: Database, filled: Connection) -> None:
    filled.execute("update view_digest set digest = 0 where name = ''")
    assert found(database.settings, "digests").verdict is Verdict.NOTE


def test_doctor_finds_a_generation_that_could_not_be_dropped(database: Database, filled: Connection) -> None:
    assert not any(finding.check == "leftovers" for finding in run_checks(database.settings))
    filled.execute(f"create schema {views_schema(database.settings.workspace)}_old")
    finding = found(database.settings, "leftovers")
    assert finding.verdict is Verdict.NOTE
    assert f"{views_schema(database.settings.workspace)}_old" in finding.found
    assert "'keyframe rebuild'" in finding.remedy


def test_doctor_finds_a_schema_of_a_newer_version(database: Database, filled: Connection) -> None:
    filled.execute("update migration set version = version + 100")
    finding = found(database.settings, "log")
    assert (finding.verdict, finding.remedy) == (Verdict.WRONG, "Install the newer Keyframe.")


def test_doctor_names_the_nearest_setting_of_a_misspelled_one(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found(settings, "settings").verdict is Verdict.RIGHT
    monkeypatch.setenv("KEYFRAME_TOKEN", "of a client")
    assert found(settings, "settings").verdict is Verdict.NOTE
    monkeypatch.setenv("KEYFRAME_DATABASE_ULR", "postgresql://db.example.org/keyframe")
    finding = found(settings, "settings")
    assert (finding.verdict, finding.remedy) == (
        Verdict.WRONG, "Set KEYFRAME_DATABASE_URL instead of KEYFRAME_DATABASE_ULR.",
    )  # fmt: skip
    assert finding.found == "KEYFRAME_DATABASE_ULR, KEYFRAME_TOKEN: not a setting, has no effect"


def test_doctor_finds_an_almost_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1))
    finding = doctor._disk(tmp_path / "not" / "there" / "yet")
    assert (finding.verdict, finding.remedy) == (
        Verdict.WRONG,
        "Free disk space, or move the data and set KEYFRAME_DATA_DIR.",
    )


def test_doctor_finds_another_program_on_the_port(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", settings.port)) as taken, ThreadPoolExecutor(1) as program:
        program.submit(close_connections, taken)
        finding = doctor._address(settings)
    assert (finding.verdict, finding.remedy) == (Verdict.NOTE, "Choose another KEYFRAME_PORT.")


def close_connections(listener: socket.socket) -> None:
    for _ in range(2):
        listener.accept()[0].close()


def test_doctor_asks_a_running_server_for_readiness(database: Database, filled: Connection) -> None:
    issue_token(database)
    with started(database.settings, "serve", "--port", str(database.settings.port)) as server:
        line(server, "Keyframe answers at ")
        assert "and is ready" in found(database.settings, "address").found
        filled.execute("update view_position set definition = 'another'")
        # The server limits the rate of unauthenticated requests.
        until(lambda: "but is not ready" in found(database.settings, "address").found, seconds_max=60, pause_s=0.2)
        assert stopped(server) == 0


def test_doctor_finds_a_host_that_is_not_local(settings: Settings) -> None:
    finding = doctor._address(settings.model_copy(update={"host": "192.0.2.1"}))
    assert finding.verdict is Verdict.WRONG
    assert finding.found.startswith("the server cannot listen on 192.0.2.1:")


def test_doctor_creates_no_data_directory(tmp_path: Path) -> None:
    data = tmp_path / "not" / "there"
    done = keyframe(Settings(data_dir=data, port=0), "doctor")
    assert done.returncode == 1
    assert f"✗ database: There is no database in {data}; check KEYFRAME_DATA_DIR." in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("verb", [["export", "--facts"], ["verify"], ["rebuild"]])
def test_command_that_reads_creates_no_data_directory(tmp_path: Path, verb: list[str]) -> None:
    done = keyframe(Settings(data_dir=tmp_path / "data"), *verb)
    assert done.returncode == 1
    assert f"There is no database in {tmp_path / 'data'}; check KEYFRAME_DATA_DIR." in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_doctor_finds_a_data_directory_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    assert doctor._disk(tmp_path / "data").found == f"{tmp_path / 'data'} is not a directory"


def test_doctor_finds_a_missing_checkpoint_key(settings: Settings, tmp_path: Path) -> None:
    finding = doctor._key(settings.model_copy(update={"checkpoint_key": tmp_path / "nowhere"}))
    assert finding.verdict is Verdict.WRONG
    assert "keyframe key create" in finding.found


def test_doctor_lists_the_ways_to_authenticate(database: Database, filled: Connection, tmp_path: Path) -> None:
    assert found(database.settings, "authentication").verdict is Verdict.NOTE
    issue_token(database)
    assert found(database.settings, "authentication").found == "accepts 1 valid token"
    issuer = {"jwt_issuer": "https://id.example", "jwt_audience": "keyframe", "jwt_jwks": str(tmp_path / "keys")}
    both = database.settings.model_copy(update=issuer)
    assert found(both, "authentication").verdict is Verdict.WRONG
    (tmp_path / "keys").write_text('{"keys": []}')
    assert found(both, "authentication").found == "accepts 1 valid token and JWTs from https://id.example"
    provider = OpenIdIssuer()
    known = database.settings.model_copy(update=provider.settings(oidc_client_secret=SecretStr(SECRET)))
    expected = f"accepts 1 valid token and people who sign in by {provider.url}"
    assert found(known, "authentication").found == expected
    provider.stop()
    assert "cannot be read" in found(known, "authentication").found
    without = known.model_copy(update={"oidc_client_secret": None, "oidc_client_secret_file": tmp_path / "nowhere"})
    assert "KEYFRAME_OIDC_CLIENT_SECRET_FILE" in found(without, "authentication").found


# ── checkpoints ──────────────────────────────────────────────────────────────────────────────────


def checkpoints(database: Database, **given: Any) -> Finding:
    return found(database.settings.model_copy(update=given), "checkpoints")


def test_doctor_tells_how_long_an_event_may_be_unsigned(database: Database, filled: Connection) -> None:
    finding = checkpoints(database, checkpoint_interval_s=7.5, checkpoint_events_max=2000)
    assert finding.verdict is Verdict.RIGHT
    assert "signs new events after 7.5 s, or until 2,000 are unsigned" in finding.found


def test_doctor_finds_a_rewritten_log(database: Database, filled: Connection, tmp_path: Path) -> None:
    keys = signing_key.create(tmp_path / "key", f"keyframe/{database.settings.workspace}")
    with database.connect() as conn:
        signer.keep(conn, viewed(conn), keys)
    assert checkpoints(database, checkpoint_key=tmp_path / "key").verdict is Verdict.RIGHT
    rewrite_event(database, 1)
    finding = checkpoints(database, checkpoint_key=tmp_path / "key")
    assert (finding.verdict, "differs from the log that was signed" in finding.found) == (Verdict.WRONG, True)


def test_doctor_finds_projections_ahead_of_the_log(database: Database, filled: Connection) -> None:
    cut_log(database, 0)
    finding = found(database.settings, "projections")
    assert (finding.verdict, "ahead of the log" in finding.found) == (Verdict.WRONG, True)
    assert finding.remedy == "Rebuild them: keyframe rebuild."


@pytest.mark.parametrize(
    ("table", "trigger"),
    [("person_key", "erased_only"), ("checkpoint", "removed_only"), ("checkpoint_removal", "append_only")],
)
def test_doctor_finds_a_missing_guard(database: Database, filled: Connection, table: str, trigger: str) -> None:
    filled.execute(f"alter table {table} disable trigger {trigger}")
    finding = found(database.settings, "append-only")
    assert (finding.verdict, table in finding.found) == (Verdict.WRONG, True)
