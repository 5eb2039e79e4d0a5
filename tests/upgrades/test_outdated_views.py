"""An upgrade from 0.2.0, step by step: nothing but 'migrate' migrates, and the old projections answer what they can."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

import psycopg
import pytest
from starlette.testclient import TestClient

from api.endpoints import health as readiness
from api.runtime.database import Database
from api.runtime.projector import projector_of
from domain.log import health
from domain.log.schema import MIGRATIONS, PROGRAM
from projections.engine import rebuild
from projections.engine.rebuild import OutdatedViews
from tests.api.cli.terminal import keyframe
from tests.domain.log.writing import command, reading
from tests.upgrades.released_workspace import CYCLE, HERE, NAME, client
from tests.upgrades.test_upgrades import answer_of, present_answer, stored
from tests.waiting import until

__all__ = ["stored"]

FOLDER = HERE / "0.2.0"
VIEWS = "views.sql"
BEFORE = f"The tables of the log are at version 6, and this is Keyframe {PROGRAM} with version {len(MIGRATIONS)}"
REASON = (
    "The projections were built by an earlier version of Keyframe, "
    f"with other tables or time zones than Keyframe {PROGRAM} has"
)
DEFINE_KPI = 'mutation { defineKpi(input: {key: "%s", name: "Returns"}) { position behind problems { code } } }'
OLD_FIELDS = "{ people { nodes { handle } } }"
NEW_FIELDS = "{ cycles { nodes { key progress { value } } } }"


@pytest.fixture
def folder() -> Any:
    return FOLDER


@pytest.fixture
def unmigrated(stored: Database) -> Database:
    """The workspace with its projections, as 0.2.0 left them."""
    with psycopg.connect(stored.dsn, autocommit=True) as conn:
        conn.execute((FOLDER / VIEWS).read_bytes())
    return stored


@pytest.fixture
def migrated(unmigrated: Database) -> Database:
    """The workspace after 'keyframe migrate' and before 'keyframe rebuild'."""
    done = keyframe(unmigrated.settings, "migrate")
    assert done.returncode == 0, done.stderr
    assert f"{REASON}: run 'keyframe rebuild'." in done.stderr
    return unmigrated


@contextmanager
def served(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setattr(readiness, "CACHED_SECONDS", -1.0)
    with client(database) as http:
        yield http


def ask(http: TestClient, query: str) -> Any:
    return http.post("/graphql", json={"query": query}).json()


@pytest.mark.parametrize(
    "command",
    [
        ["serve", "--port", "0"],
        ["project"],
        ["rebuild"],
        ["verify"],
        ["export", "--facts"],
        ["token", "create", "--role", "ADMIN"],
        ["token", "list"],
    ],
)
def test_no_other_command_than_migrate_migrates(unmigrated: Database, command: list[str]) -> None:
    done = keyframe(unmigrated.settings, *command)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"keyframe: {BEFORE}: back up the database, then run 'keyframe migrate'.\n"
    with unmigrated.connect() as conn:
        assert health.examine(conn, NAME).version == 6


def test_migrate_records_the_version_of_the_program(migrated: Database) -> None:
    with migrated.connect() as conn:
        found = health.examine(conn, NAME)
        programs = conn.execute("select program from migration order by version").fetchall()
    assert (found.version, found.program) == (len(MIGRATIONS), PROGRAM)
    assert [program for (program,) in programs] == [None] * 6 + [PROGRAM] * (len(MIGRATIONS) - 6)


def test_an_older_program_names_the_version_to_install(migrated: Database) -> None:
    with migrated.connect() as conn:
        conn.execute("insert into migration (version, program) values (99, '9.9.9')")
    for verb in ("serve", "migrate"):
        done = keyframe(migrated.settings, verb)
        assert (done.returncode, done.stdout) == (1, "")
        assert "at version 99 of Keyframe 9.9.9, and this is Keyframe" in done.stderr
        assert "install the newer one." in done.stderr


def test_old_projections_answer_what_they_can(migrated: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(migrated, monkeypatch) as http:
        assert "errors" not in ask(http, OLD_FIELDS)
        (error,) = ask(http, NEW_FIELDS)["errors"]
        export, report = http.get("/export/changes.ndjson"), http.get(f"/report/{CYCLE}")
    assert error["message"] == f"{REASON}: run 'keyframe rebuild'."
    assert error["extensions"] == {"code": "VIEWS_OUTDATED"}
    for answer in (export, report):
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (503, "VIEWS_OUTDATED")


def test_readiness_and_doctor_name_outdated_projections(migrated: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(migrated, monkeypatch) as http:
        answer = http.get("/readyz")
    assert (answer.status_code, answer.json()["wrong"]) == (503, f"{REASON}: run 'keyframe rebuild'.")
    assert (answer.json()["damaged"], answer.json()["views"]["damages"]) == (False, [])
    assert "built by another version of Keyframe" in keyframe(migrated.settings, "doctor").stdout


def test_digests_begin_with_the_rebuild(migrated: Database) -> None:
    before = keyframe(migrated.settings, "verify")
    assert before.stdout.splitlines()[-1].startswith("The projections are of another version of Keyframe")
    compared = keyframe(migrated.settings, "verify", "--views")
    assert (compared.returncode, compared.stderr) == (1, f"keyframe: {REASON}: run 'keyframe rebuild'.\n")
    assert keyframe(migrated.settings, "rebuild").returncode == 0
    after = keyframe(migrated.settings, "verify")
    assert (after.returncode, after.stdout.splitlines()[-1]) == (0, "The rows of the projections match their digests.")
    assert keyframe(migrated.settings, "verify", "--views").returncode == 0


def test_commands_are_recorded_beside_outdated_projections(migrated: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    before = migrated.log().head().position
    with served(migrated, monkeypatch) as http:
        started = monotonic()
        payload = ask(http, DEFINE_KPI % "returns")["data"]["defineKpi"]
        assert (payload["problems"], payload["behind"] >= 1) == ([], True)
        until(lambda: http.get("/readyz").json()["projector"]["condition"] == "OUTDATED")
        ask(http, DEFINE_KPI % "exchanges")
        assert monotonic() - started < migrated.settings.view_timeout_s
    assert migrated.log().head().position == before + 2


def test_server_goes_on_with_the_new_generation_after_a_rebuild(
    migrated: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(migrated, monkeypatch) as http:
        ask(http, DEFINE_KPI % "returns")
        until(lambda: http.get("/readyz").json()["projector"]["condition"] == "OUTDATED")
        assert keyframe(migrated.settings, "rebuild").returncode == 0
        until(lambda: http.get("/readyz").json()["projector"]["condition"] == "LEADING")
        assert http.get("/readyz").status_code == 200
        assert "errors" not in ask(http, NEW_FIELDS)
        payload = ask(http, DEFINE_KPI % "exchanges")["data"]["defineKpi"]
    assert (payload["problems"], payload["behind"]) == ([], 0)
    with migrated.connect() as conn:
        assert rebuild.is_current(conn)
        assert conn.execute("select program from view_position").fetchone() == (PROGRAM,)


def test_projector_does_not_write_to_projections_of_another_version(migrated: Database) -> None:
    """Even if their tables would take the rows: a projector of the version that built them may lead."""
    projector, log = projector_of(migrated), migrated.log()
    rebuild.rebuild(log, migrated.connect, workspace=NAME)
    with migrated.connect() as conn:
        conn.execute("update view_position set definition = 'another', program = '9.9.9'")
    log.append([reading()], command())
    with pytest.raises(OutdatedViews, match=r"built by Keyframe 9\.9\.9"):
        projector.catch_up()
    with migrated.connect() as conn:
        conn.execute("update view_position set definition = %s", [rebuild.DEFINITION])
    assert projector.catch_up() == log.head().position


def test_a_rebuild_gives_the_answers_of_the_present_rules(migrated: Database) -> None:
    rebuild.rebuild(migrated.log(), migrated.connect, workspace=NAME)
    assert answer_of(migrated, FOLDER) == present_answer(FOLDER)
