"""`keyframe export` at the command line."""

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from api.runtime.database import Database
from tests.api.cli.terminal import fill, keyframe, table
from tests.api.cli.test_import_facts import second_workspace


def test_exported_facts_import_into_another_workspace(database: Database) -> None:
    fill(database)
    export = keyframe(database.settings, "export", "--facts")
    assert export.returncode == 0, export.stderr
    with second_workspace(database) as (settings, _):
        assert keyframe(settings, "migrate").returncode == 0
        read = keyframe(settings, "import", "-", stdin=export.stdout.encode())
        count = export.stdout.count("\n")
        assert table(read.stdout) == {"read": count, "recorded": count, "already there": 0, "refused": 0}
        assert keyframe(settings, "export", "--facts").stdout == export.stdout


def test_cycle_is_exported_as_csv(database: Database) -> None:
    fill(database)
    export = keyframe(database.settings, "export", "--csv", "--cycle", "2024-q1", "--at", "2024-02-01T00:00:00Z")
    assert export.returncode == 0, export.stderr
    head, *rows = export.stdout.splitlines()
    assert head.startswith("cycle,team,objective,")
    assert [row.split(",")[10] for row in rows] == [
        "Users who finish the tour",
        "Questions to support in the first week",
    ]


def test_cycle_is_exported_with_a_byte_order_mark_on_request(database: Database) -> None:
    fill(database)
    export = keyframe(database.settings, "export", "--csv", "--cycle", "2024-q1", "--bom")
    assert export.returncode == 0, export.stderr
    assert export.stdout.startswith("\ufeffcycle,team,objective,")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--facts", "--csv"),
        ("--facts", "--cycle", "2024-q1"),
        ("--csv",),
        ("--evidence",),
        ("--evidence", "--cycle", "2024-q1", "--position", "3"),
        ("--facts", "--bom"),
        ("--csv", "--cycle", "2024-q1", "--at", "yesterday"),
    ],
    ids=" ".join,
)
def test_contradictory_export_options_are_a_one_line_error(arguments: tuple[str, ...]) -> None:
    export = CliRunner().invoke(app, ["export", *arguments])
    assert (export.exit_code, export.stdout) == (2, "")
    assert export.stderr.startswith("keyframe: ")
    assert export.stderr.count("\n") == 1
