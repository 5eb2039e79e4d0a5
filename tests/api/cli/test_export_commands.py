"""`keyframe export` as somebody at a terminal uses it."""

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from api.runtime.database import Database
from tests.api.cli.terminal import fill, keyframe, table
from tests.api.cli.test_import_facts import another


def test_what_is_exported_at_a_terminal_is_imported_at_another(database: Database) -> None:
    fill(database)
    told = keyframe(database.settings, "export", "--facts")
    assert told.returncode == 0, told.stderr
    with another(database) as (settings, _):
        read = keyframe(settings, "import", "-", stdin=told.stdout.encode())
        count = told.stdout.count("\n")
        assert table(read.stdout) == {"read": count, "recorded": count, "already there": 0, "refused": 0}
        assert keyframe(settings, "export", "--facts").stdout == told.stdout


def test_a_cycle_is_written_for_a_spreadsheet(database: Database) -> None:
    fill(database)
    told = keyframe(database.settings, "export", "--csv", "--cycle", "2024-q1", "--at", "2024-02-01T00:00:00Z")
    assert told.returncode == 0, told.stderr
    head, *rows = told.stdout.splitlines()
    assert head.startswith("cycle,team,objective,")
    assert [row.split(",")[10] for row in rows] == [
        "Users who finish the tour",
        "Questions to support in the first week",
    ]


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--facts", "--csv"),
        ("--facts", "--cycle", "2024-q1"),
        ("--csv",),
        ("--evidence",),
        ("--evidence", "--cycle", "2024-q1", "--position", "3"),
        ("--csv", "--cycle", "2024-q1", "--at", "yesterday"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_meant_is_a_sentence(words: tuple[str, ...]) -> None:
    told = CliRunner().invoke(app, ["export", *words])
    assert (told.exit_code, told.stdout) == (2, "")
    assert told.stderr.startswith("keyframe: ")
    assert told.stderr.count("\n") == 1
