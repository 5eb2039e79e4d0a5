"""`keyframe verify --views`, the digests in `keyframe verify`, and what `keyframe rebuild` says about altered rows."""

import json
from collections.abc import Callable
from subprocess import CompletedProcess

import pytest

from api.cli import views
from api.runtime.database import Database
from api.runtime.settings import Settings
from domain.handlers.dispatcher import Dispatcher
from projections.engine.projector import Projector
from tests.api.cli.terminal import keyframe
from tests.projections.proof.proven_quarter import Quarter

Run = Callable[..., CompletedProcess[str]]


@pytest.fixture
def run(settings: Settings) -> Run:
    return lambda *arguments: keyframe(settings, *map(str, arguments))


@pytest.fixture
def head(database: Database) -> int:
    """The head of the log of a closed quarter, which the projections have reached."""
    log = database.log()
    Quarter(Dispatcher(log))
    return Projector(log, database.connect, workspace=database.settings.workspace).catch_up()


def alter(database: Database) -> tuple[str, float]:
    """Change the score of an objective of the closed quarter; the id of the objective and its score."""
    with database.connect() as conn:
        row = conn.execute(
            "with was as (select id, position, score from objective where score is not null limit 1)"
            " update objective o set score = 0.125 from was where (o.id, o.position) = (was.id, was.position)"
            " returning was.id::text, was.score"
        ).fetchone()
    assert row is not None
    return row[0], row[1]


def test_verify_views_reports_rows_that_are_those_of_the_log(run: Run, head: int) -> None:
    done = run("verify", "--views")
    sentence = f"The projections at position {head} are those of the log: all rows of 22 tables are the same.\n"
    assert (done.returncode, done.stdout, done.stderr) == (0, sentence, "")


def test_verify_views_names_altered_rows_and_fails(run: Run, head: int, database: Database) -> None:
    id, score = alter(database)
    done = run("verify", "--views")
    assert done.returncode == 1
    assert done.stderr == f"keyframe: The projections at position {head} differ from the log.\n"
    count, row = done.stdout.splitlines()
    assert count.startswith("objective: 1 row differs, from position ")
    assert row.startswith(f"  id {id}, position ")
    assert row.endswith(f"score is 0.125; from the log it is {score}")


def test_verify_views_prints_json(run: Run, head: int, database: Database) -> None:
    done = run("verify", "--views", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"position": head, "compared": 22, "tables": []})
    id, score = alter(database)
    done = run("verify", "--views", "--json")
    (table,) = json.loads(done.stdout)["tables"]
    (difference,) = table["differences"]
    assert (done.returncode, done.stderr) == (1, "")
    assert (table["table"], table["rows"], table["first_position"]) == ("objective", 1, difference["position"])
    assert (difference["key"]["id"], difference["column"]) == (id, "score")
    assert (difference["served"], difference["built"]) == (0.125, score)


def test_verify_views_names_missing_rows(run: Run, head: int, database: Database) -> None:
    with database.connect() as conn:
        conn.execute("delete from tree_node; delete from change where position = 3")
    assert "  position 3: the row is missing; from the log it is present\n" in run("verify", "--views").stdout


def test_long_values_are_printed_shortened(run: Run, head: int, database: Database) -> None:
    with database.connect() as conn:
        conn.execute("update kpi set description = repeat('x', 20000)")
    done = run("verify", "--views")
    assert f" is {'x' * views.VALUE_CHARACTERS_MAX}…; from the log it is null\n" in done.stdout


def test_verify_compares_the_projections_with_their_digests(run: Run, head: int, database: Database) -> None:
    alter(database)
    done = run("verify")
    assert done.returncode == 1
    sentence = "The projections were altered by something else than the projector: objective (positions 0 to 1023).\n"
    assert done.stderr == f"keyframe: {sentence}"
    assert done.stdout.splitlines()[1].startswith("'keyframe verify --views' names the rows")


def test_rebuild_names_what_differed(run: Run, head: int, database: Database) -> None:
    id, score = alter(database)
    done = run("rebuild")
    assert (done.returncode, done.stdout) == (0, f"The projections were rebuilt up to position {head}.\n")
    assert f"The projections in use differed from the log at position {head}; they are replaced." in done.stderr
    assert f"  id {id}, position " in done.stderr
    assert f"score is 0.125; from the log it is {score}\n" in done.stderr
    assert run("verify", "--views").returncode == 0
    assert run("rebuild").stderr == ""


@pytest.mark.parametrize("arguments", [["q1.evidence"], ["--key", "k"], ["--checkpoint", "c"]])
def test_verify_views_takes_nothing_else(run: Run, arguments: list[str]) -> None:
    done = run("verify", "--views", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--views compares the projections with the log" in done.stderr


def test_json_is_for_views_only(run: Run) -> None:
    assert run("verify", "--json").returncode == 2


def test_a_table_with_another_definition_is_named(run: Run, head: int, database: Database) -> None:
    with database.connect() as conn:
        conn.execute("alter table team enable row level security")
    done = run("verify", "--views")
    assert (done.returncode, done.stdout.startswith("team: definition is id uuid, ")) == (1, True)
