"""A workspace of every released version opens with this one: the log, its proofs and its answers stay the same."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from api.cli.import_facts import ACTOR
from api.facts.importer import Import
from api.runtime import signing_key
from api.runtime.database import Database, open_database
from api.runtime.projector import projector_of
from domain.handlers.dispatcher import Dispatcher
from domain.log import health
from domain.log.schema import application_role
from domain.model.event import EVENTS
from domain.proof import checkpoint, evidence
from domain.proof.signed_note import Verifier
from projections.engine import rebuild
from projections.proof import checkpoint_register, signer
from projections.proof.signer import Keys
from projections.proof.verification import verify
from tests.upgrades.released_workspace import (
    ANSWER,
    CHECKPOINT,
    CYCLE,
    EVIDENCE,
    FACTS,
    HERE,
    KEY,
    NAME,
    PRESENT_ANSWER,
    QUESTION,
    SCHEMA,
    ask,
    client,
    settings,
)

VERSIONS = sorted(path.parent.name for path in HERE.glob(f"*/{SCHEMA}"))
COMPUTED = {"progress", "byHealth", "attainment", "attribution", "calibration", "silences", "late", "before"}
"""Fields of the answer that are computed; `before` is the value of a key result before a check-in."""
VERIFIER = HERE.parents[1] / "docs" / "verify_evidence.py"
DEFINE_KPI = 'mutation { defineKpi(input: {key: "returns", name: "Returns"}) { position problems { code } } }'


@pytest.fixture(params=VERSIONS)
def folder(request: pytest.FixtureRequest) -> Path:
    version: str = request.param
    return HERE / version


@pytest.fixture
def stored(server: str, folder: Path) -> Iterator[Database]:
    """The workspace in a database of its own, as the earlier version left it.

    The role `upgrade_app` of earlier versions belongs to the whole server and other workers may be using it, so it is
    not dropped.
    """
    name = f"upgrade_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        try:
            dsn = make_conninfo(server, dbname=name)
            load(dsn, folder)
            with open_database(settings(dsn, folder / KEY)) as database:
                yield database
        finally:
            conn.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
            conn.execute(sql.SQL("drop role if exists {}").format(sql.Identifier(application_role(NAME, name))))


def load(dsn: str, folder: Path) -> None:
    """Make the tables and fill them, without any migration."""
    with psycopg.connect(dsn) as conn:
        conn.execute("set check_function_bodies = off")
        conn.execute((folder / SCHEMA).read_bytes())
        for file in sorted(folder.glob("*.copy")):
            statement = sql.SQL("copy {} from stdin").format(sql.Identifier(NAME, file.stem))
            with conn.cursor().copy(statement) as rows:
                rows.write(file.read_bytes())


@pytest.fixture
def database(stored: Database) -> Database:
    """The workspace after the migrations of this version, with its projections caught up."""
    stored.migrate()
    projector_of(stored).catch_up()
    return stored


@pytest.fixture
def keys(database: Database) -> Keys:
    found = signing_key.load(database.settings)
    assert found is not None
    return found


@pytest.fixture
def size(folder: Path) -> int:
    """How many events the earlier version recorded."""
    return lines(folder, "log")


def lines(folder: Path, table: str) -> int:
    return len((folder / f"{table}.copy").read_bytes().splitlines())


def test_there_is_a_workspace_of_a_released_version() -> None:
    assert "0.1.0" in VERSIONS


def test_every_table_has_rows(folder: Path) -> None:
    tables = [file.stem for file in folder.glob("*.copy")]
    assert {"log", "command", "person_key", "checkpoint", "token", "void_attempt", "migration"} <= set(tables)
    assert all(lines(folder, table) > 0 for table in tables)


def test_loading_the_workspace_runs_no_migration(stored: Database, folder: Path) -> None:
    with stored.connect() as conn:
        assert health.examine(conn, NAME).version == lines(folder, "migration")


def test_migrations_bring_the_tables_to_the_newest_version(database: Database) -> None:
    with database.connect() as conn:
        found = health.examine(conn, NAME)
    assert (found.version, found.rewritable, found.role) == (health.VERSION, (), "RIGHT")


def test_the_log_verifies_against_every_checkpoint(database: Database, keys: Keys, folder: Path, size: int) -> None:
    given = (folder / CHECKPOINT).read_text()
    with database.connect() as conn:
        verdict = verify(conn, keys.verifiers, [given])
    assert verdict.damage is None
    assert (verdict.size, verdict.signed_size) == (size, size)
    assert verdict.checkpoints >= lines(folder, "checkpoint") + 1 > 3


def test_checkpoints_are_numbered_in_their_order_and_the_register_goes_on(
    database: Database, keys: Keys, folder: Path, size: int
) -> None:
    with database.connect() as conn:
        stored = sorted(checkpoint_register.stored(conn), key=lambda one: one.number)
        assert [one.number for one in stored] == list(range(1, len(stored) + 1))
        before = stored[: lines(folder, "checkpoint")]
        assert [one.size for one in before] == sorted(one.size for one in before)
        assert {one.entry for one in before} == {None}
        assert None not in {one.entry for one in stored[len(before) :]}
        verdict = verify(conn, keys.verifiers)
    assert (verdict.is_sound, verdict.unsigned_closings) == (True, ())


def test_the_keys_of_people_are_guarded(database: Database) -> None:
    with database.connect("app") as conn, pytest.raises(psycopg.errors.RestrictViolation, match="only by erasing"):
        conn.execute("delete from person_key")


def test_the_checkpoint_verifies_with_the_public_key(keys: Keys, folder: Path, size: int) -> None:
    signed = checkpoint.verified((folder / CHECKPOINT).read_text(), keys.verifiers)
    assert (signed.size, keys.signer.name) == (size, f"keyframe/{NAME}")


def test_the_evidence_verifies(keys: Keys, folder: Path, size: int) -> None:
    with (folder / EVIDENCE).open("rb") as file:
        proven = evidence.check(file, keys.verifiers)
    assert (proven.about.key, proven.size) == (CYCLE, size)
    assert 0 < proven.events < size


def test_the_independent_script_verifies_the_evidence(keys: Keys, folder: Path) -> None:
    verifier: Verifier = keys.signer.verifier
    command = [sys.executable, "-I", str(VERIFIER), str(folder / EVIDENCE), str(verifier)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_event_of_the_log_is_read(database: Database, size: int) -> None:
    entries = database.log().entries(0, size + 1)
    assert [entry.position for entry in entries] == list(range(1, size + 1))
    assert {entry.event.TOPIC for entry in entries} <= set(EVENTS)


def test_the_query_has_the_answer_of_the_present_rules(database: Database, folder: Path) -> None:
    assert answer_of(database, folder) == present_answer(folder)


def test_the_query_has_the_same_answer_after_a_rebuild(database: Database, folder: Path, size: int) -> None:
    reached = rebuild.rebuild(database.log(), database.connect, workspace=NAME)
    assert reached == size
    with database.connect() as conn:
        assert rebuild.is_current(conn)
    assert answer_of(database, folder) == present_answer(folder)


def test_only_computed_figures_differ_from_the_answer_of_the_version(folder: Path) -> None:
    """Recorded scores, verdicts, states and measurements stay as they were recorded."""
    then = json.loads((folder / ANSWER).read_text())
    assert without_figures(then) == without_figures(present_answer(folder))


def present_answer(folder: Path) -> Any:
    """The answer that a version gave, or the one by today's rules if they have changed since."""
    present = folder / PRESENT_ANSWER
    return json.loads((present if present.exists() else folder / ANSWER).read_text())


def answer_of(database: Database, folder: Path) -> Any:
    with client(database) as http:
        return ask(http, (folder / QUESTION).read_text())


def without_figures(answer: Any) -> Any:
    """The answer without what is computed by rules that later versions may change."""
    if isinstance(answer, list):
        return [without_figures(one) for one in answer]
    if not isinstance(answer, dict):
        return answer
    return {name: without_figures(value) for name, value in answer.items() if name not in COMPUTED}


def test_importing_the_same_facts_again_records_nothing(database: Database, folder: Path, size: int) -> None:
    log = database.log()
    with (folder / FACTS).open("rb") as facts:
        tally = Import(Dispatcher(log), log, ACTOR).run(facts)
    assert (tally.refusals, tally.recorded, tally.already_there) == ([], 0, tally.read)
    assert log.head().position == size


def test_a_new_command_is_recorded_on_top_and_signed(database: Database, keys: Keys, folder: Path, size: int) -> None:
    with client(database) as http:
        payload = ask(http, DEFINE_KPI)["defineKpi"]
    assert (payload["position"], payload["problems"]) == (size + 1, [])
    projector_of(database).catch_up()
    with database.connect() as conn:
        note = signer.signed(conn, size + 1, keys)
        verdict = verify(conn, keys.verifiers, [note, (folder / CHECKPOINT).read_text()])
    assert (verdict.damage, verdict.size, verdict.signed_size) == (None, size + 1, size + 1)
