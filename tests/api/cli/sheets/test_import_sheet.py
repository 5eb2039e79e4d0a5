"""The command `import --csv`: what goes in, what is refused, and what a second run does."""

from pathlib import Path

from api.runtime.database import Database
from tests.api.cli.terminal import fill, keyframe, table

CYCLE = (
    b'{"at": "2025-01-01T09:00:00Z", "do": "openCycle", "input": {"key": "2025-q1", "name": "Q1", '
    b'"startsOn": "2025-01-01", "endsOn": "2025-03-31"}}\n'
)
MAPPING = """
system = "sheet"
[objective]
id = "O"
title = "Goal"
cycle = "Cycle"
commit = true
[key_result]
id = "KR"
title = "Result"
start = "Start"
target = "Target"
value = "Now"
confidence = "Trust"
"""
HEADER = "O,Goal,Cycle,KR,Result,Start,Target,Now,Trust\n"
ROWS = """o1,Grow,2025-q1,kr1,Sales,0,10,2,50 %
o1,,,kr2,Costs,9,x,,
o2,Nowhere,2025-q9,kr3,Sales,0,10,,
o1,,,kr4,Trust,0,10,3,7
"""


class Sheets:
    """Imports sheets with one mapping into the workspace of a test."""

    def __init__(self, database: Database, folder: Path) -> None:
        fill(database, [CYCLE])
        self._database = database
        self._folder = folder
        (folder / "m.toml").write_text(MAPPING, "utf-8")

    def run(self, rows: str, *options: str) -> tuple[int, list[str], dict[str, int]]:
        """The exit status, the lines about rows, and the counts."""
        (self._folder / "s.csv").write_text(HEADER + rows, "utf-8")
        arguments = ("import", str(self._folder / "s.csv"), "--csv", str(self._folder / "m.toml"), *options)
        done = keyframe(self._database.settings, *arguments)
        told = [line for line in done.stdout.splitlines() if line.startswith("line ")]
        return done.returncode, told, table(done.stdout)

    @property
    def head(self) -> int:
        with self._database.scope() as scoped:
            return scoped.log().head().position


def test_a_sheet_goes_in_around_its_wrong_rows_and_is_imported_again(database: Database, tmp_path: Path) -> None:
    sheets = Sheets(database, tmp_path)

    before = sheets.head
    status, told, counts = sheets.run(ROWS, "--dry-run")
    assert (status, sheets.head) == (1, before)
    assert "line 2  draftObjective title 'Grow'" in told
    assert counts["would be recorded: addKeyResult"] == 2

    status, told, counts = sheets.run(ROWS)
    assert status == 1
    assert [line.partition("  ")[0] for line in told] == [
        "line 3, column 'Target'", "line 4, column 'Cycle'", "line 4", "line 5, column 'Trust'",
    ]  # fmt: skip
    assert "There is no Cycle with the key '2025-q9'" in told[1]
    assert told[2] == "line 4  Objective/o2 of line 4 was refused; correct that first."
    assert counts == {
        "read": 4, "unchanged": 0, "recorded: addKeyResult": 2, "recorded: checkIn": 1, "recorded: draftObjective": 1,
        "recorded: commitObjective": 1, "refused": 3,
    }  # fmt: skip

    mended = (
        ROWS.replace("9,x", "9,4")
        .replace("3,7", "3,70 %")
        .replace("2025-q9", "2025-q1")
        .replace("Sales,0,10,2", "Sales,0,12,2")
    )
    status, told, counts = sheets.run(mended)
    assert (status, told) == (0, [])
    assert counts == {
        "read": 4, "unchanged": 0, "recorded: addKeyResult": 2, "recorded: checkIn": 1, "recorded: draftObjective": 1,
        "recorded: commitObjective": 1, "recorded: retargetKeyResult": 1, "refused": 0,
    }  # fmt: skip

    moved = mended.replace("o1,,,kr4", "o2,,,kr4")
    assert sheets.run(moved)[2] == {"read": 4, "unchanged": 3, "recorded: moveKeyResult": 1, "refused": 0}
    mended = moved

    before = sheets.head
    assert sheets.run(mended) == (0, [], {"read": 4, "unchanged": 4, "refused": 0})
    assert sheets.run("") == (0, [], {"read": 0, "unchanged": 0, "refused": 0})
    assert sheets.head == before


def test_a_sheet_without_a_column_is_a_usage_error(database: Database, tmp_path: Path) -> None:
    Sheets(database, tmp_path)
    (tmp_path / "s.csv").write_text("A,B\n", "utf-8")
    done = keyframe(database.settings, "import", str(tmp_path / "s.csv"), "--csv", str(tmp_path / "m.toml"))
    assert done.returncode == 2
    assert "lacks 'O'" in done.stderr
