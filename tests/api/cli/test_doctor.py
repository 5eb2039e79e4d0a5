import shutil
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
from psycopg import sql
from pydantic import SecretStr

from api.cli import doctor
from api.cli.doctor import Finding, Verdict, run_checks
from api.runtime.database import Connection, Database
from api.runtime.projector import projector_of
from api.runtime.settings import Settings
from domain.log.schema import application_role
from tests.api.cli.terminal import fill, keyframe, line, started, stopped
from tests.conftest import issue_token

LATER = b'{"at": "2024-05-01T00:00:00Z", "by": "person:ada", "do": "formTeam", "input": {"key": "b", "name": "B"}}'
GONE = SecretStr("postgresql://nobody@127.0.0.1:1/nothing")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Whatever runs on this machine is none of these tests' business."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return settings.model_copy(update={"port": free.getsockname()[1]})


@pytest.fixture
def filled(database: Database) -> Iterator[Connection]:
    """A workspace with some facts, and its owner."""
    fill(database)
    projector_of(database).catch_up()
    with database.connect() as conn:
        yield conn


def found(settings: Settings, what: str) -> Finding:
    return next(finding for finding in run_checks(settings) if finding.check == what)


def test_nothing_is_wrong_with_a_workspace_that_is_level(database: Database, filled: Connection) -> None:
    issue_token(database)
    findings = list(run_checks(database.settings))
    assert [finding.check for finding in findings if finding.verdict is not Verdict.RIGHT] == ["key"]  # has none
    assert [finding.check for finding in findings] == [
        "address", "key", "database", "version", "encoding", "clocks", "log", "append-only", "role", "authentication",
        "projections",
    ]  # fmt: skip


def test_a_database_that_cannot_be_reached_is_told_with_what_to_look_at(settings: Settings) -> None:
    done = keyframe(settings.model_copy(update={"database_url": GONE}), "doctor")
    assert done.returncode == 1
    assert "✗ database: " in done.stdout
    assert "KEYFRAME_DATABASE_URL" in done.stdout
    assert "Traceback" not in done.stderr


def test_a_workspace_that_is_not_there_is_told_with_the_command_that_makes_it(settings: Settings) -> None:
    done = keyframe(settings, "doctor")
    assert done.returncode == 1
    assert "keyframe migrate" in done.stdout


def test_a_log_that_could_be_rewritten_is_found(database: Database, filled: Connection) -> None:
    filled.execute("alter table log disable trigger append_only")
    finding = found(database.settings, "append-only")
    assert (finding.verdict, finding.found) == (Verdict.WRONG, "the append-only trigger is missing on log")


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("grant update on log to {}", "may rewrite the log"),
        ("revoke insert on log from {}", "may not read and append to the log"),
    ],
)
def test_a_role_with_the_wrong_rights_is_found(
    database: Database, filled: Connection, statement: str, told: str
) -> None:
    role = sql.Identifier(application_role(database.settings.workspace))
    filled.execute(sql.SQL(statement).format(role))
    finding = found(database.settings, "role")
    assert finding.verdict is Verdict.WRONG
    assert told in finding.found


def test_views_that_nobody_feeds_are_found(database: Database, filled: Connection) -> None:
    fill(database, [LATER])
    finding = found(database.settings, "projections")
    assert (finding.verdict, finding.remedy) == (Verdict.WRONG, "Run 'keyframe serve' or 'keyframe project'.")
    assert "at position 20; the log is at 21; no projector runs" in finding.found


def test_an_event_that_cannot_be_applied_is_named_with_its_cause(database: Database, filled: Connection) -> None:
    filled.execute("""
        insert into log
        select position + 1, recorded_at + interval '1 s', effective_at, gen_random_uuid(), 1, 'moon-landed.v1', null,
               metadata, data, leaf_hash
        from log order by position desc limit 1
    """)
    finding = found(database.settings, "projections")
    assert finding.verdict is Verdict.WRONG
    assert "event 21 (moon-landed.v1) cannot be applied: LookupError" in finding.found


def test_looking_changes_nothing(database: Database, filled: Connection) -> None:
    filled.execute("delete from view_position")
    filled.execute("insert into view_position select 0, null, %s", ["another shape"])
    assert "another version" in found(database.settings, "projections").found
    assert filled.execute("select position from view_position").fetchone() == (0,)


def test_views_of_another_version_are_told_to_be_rebuilt(database: Database, filled: Connection) -> None:
    filled.execute("update view_position set definition = 'another'")
    finding = found(database.settings, "projections")
    assert (finding.verdict, finding.remedy) == (Verdict.WRONG, "Rebuild them: keyframe rebuild.")


def test_tables_that_are_not_the_newest_are_found(database: Database, filled: Connection) -> None:
    filled.execute("update migration set version = version + 100")
    finding = found(database.settings, "log")
    assert (finding.verdict, finding.remedy) == (Verdict.WRONG, "Install the newer Keyframe.")


def test_a_disk_that_is_almost_full_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1))
    finding = doctor._disk(tmp_path / "not" / "there" / "yet")
    assert (finding.verdict, finding.remedy) == (
        Verdict.WRONG,
        "Free disk space, or move the data and set KEYFRAME_DATA_DIR.",
    )


def test_another_program_on_the_address_is_told(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", settings.port)) as taken, ThreadPoolExecutor(1) as program:
        program.submit(hang_up, taken)
        finding = doctor._address(settings)
    assert (finding.verdict, finding.remedy) == (Verdict.NOTE, "Choose another KEYFRAME_PORT.")


def hang_up(listener: socket.socket) -> None:
    for _ in range(2):
        listener.accept()[0].close()


def test_a_keyframe_on_the_address_is_asked_whether_it_is_ready(database: Database, filled: Connection) -> None:
    issue_token(database)
    with started(database.settings, "serve", "--port", str(database.settings.port)) as server:
        line(server, "Keyframe answers at ")
        assert "and is ready" in found(database.settings, "address").found
        filled.execute("update view_position set definition = 'another'")
        deadline = time.monotonic() + 60
        while "but is not ready" not in found(database.settings, "address").found:
            assert time.monotonic() < deadline
            time.sleep(0.2)  # whoever asks too often is told nothing
        assert stopped(server) == 0


def test_an_address_of_another_machine_cannot_be_listened_on(settings: Settings) -> None:
    finding = doctor._address(settings.model_copy(update={"host": "192.0.2.1"}))
    assert finding.verdict is Verdict.WRONG
    assert finding.found.startswith("the server cannot listen on 192.0.2.1:")


def test_a_directory_that_is_a_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    assert doctor._disk(tmp_path / "data").found == f"{tmp_path / 'data'} is not a directory"


def test_a_key_that_is_named_but_not_there_is_found(settings: Settings, tmp_path: Path) -> None:
    finding = doctor._key(settings.model_copy(update={"checkpoint_key": tmp_path / "nowhere"}))
    assert finding.verdict is Verdict.WRONG
    assert "keyframe key create" in finding.found


def test_it_is_told_by_what_anybody_could_come_in(database: Database, filled: Connection, tmp_path: Path) -> None:
    assert found(database.settings, "authentication").verdict is Verdict.NOTE
    issue_token(database)
    assert found(database.settings, "authentication").found == "accepts 1 valid token"
    issuer = {"jwt_issuer": "https://id.example", "jwt_audience": "keyframe", "jwt_jwks": str(tmp_path / "keys")}
    both = database.settings.model_copy(update=issuer)
    assert found(both, "authentication").verdict is Verdict.WRONG
    (tmp_path / "keys").write_text('{"keys": []}')
    assert found(both, "authentication").found == "accepts 1 valid token and JWTs from https://id.example"
