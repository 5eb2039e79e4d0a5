"""The sheets and mappings of the page on spreadsheets are imported as they stand there."""

import csv
import io
import re
from pathlib import Path

import msgspec
import pytest

from api.cli.export_csv import COLUMNS
from api.cli.sheets import sheet_mapping
from api.runtime.database import Database
from tests.api.cli.terminal import fill, keyframe, table
from tests.docs.documents import read

PAGE = "docs/spreadsheets.md"
SHEETS = re.findall(r"^```csv\n(.*?)^```$", read(PAGE), re.DOTALL | re.MULTILINE)
MAPPINGS = re.findall(r"^```toml\n(.*?)^```$", read(PAGE), re.DOTALL | re.MULTILINE)
GOALS, LEVELS, CHECK_INS = range(3)
CYCLE = b"""{"at": "2025-01-04T09:00:00Z", "do": "openCycle", "input": {"key": "2025-q1", "name": "Q1",
 "startsOn": "2025-01-01", "endsOn": "2025-03-31"}}""".replace(b"\n", b"")


def imported(database: Database, folder: Path, sheet: str, mapping: str) -> dict[str, int]:
    """The counts of an import that refuses nothing."""
    (folder / "sheet.csv").write_text(sheet, "utf-8", newline="\r\n")
    (folder / "mapping.toml").write_text(mapping, "utf-8")
    done = keyframe(database.settings, "import", str(folder / "sheet.csv"), "--csv", str(folder / "mapping.toml"))
    assert done.returncode == 0, done.stdout + done.stderr
    return table(done.stdout)


def test_the_sheets_of_the_page_are_imported_once(database: Database, tmp_path: Path) -> None:
    fill(database, [CYCLE])
    goals = imported(database, tmp_path, SHEETS[GOALS], MAPPINGS[GOALS])
    assert goals == {
        "read": 4, "unchanged": 0, "recorded: addKeyResult": 4, "recorded: addPerson": 2, "recorded: checkIn": 2,
        "recorded: draftObjective": 2, "recorded: formTeam": 2, "refused": 0,
    }  # fmt: skip
    levels = imported(database, tmp_path, SHEETS[LEVELS], MAPPINGS[LEVELS])
    assert levels["recorded: addKeyResult"] == 2

    assert imported(database, tmp_path, SHEETS[CHECK_INS], MAPPINGS[CHECK_INS])["recorded: checkIn"] == 3
    for sheet, mapping, rows in ((SHEETS[GOALS], MAPPINGS[GOALS], 4), (SHEETS[CHECK_INS], MAPPINGS[CHECK_INS], 3)):
        assert imported(database, tmp_path, sheet, mapping) == {"read": rows, "unchanged": rows, "refused": 0}
    exported = keyframe(database.settings, "export", "--csv", "--cycle", "2025-q1").stdout
    again = imported(database, tmp_path, exported, MAPPINGS[-1])
    assert again == {"read": 6, "unchanged": 6, "refused": 0}


def test_each_key_of_a_mapping_is_documented() -> None:
    page = read(PAGE).split("## The mapping file", 1)[1]
    structs = [one for one in vars(sheet_mapping).values() if isinstance(one, type) and issubclass(one, msgspec.Struct)]
    keys = {field for struct in structs for field in struct.__struct_fields__}
    assert {key for key in keys if f"`{key}`" not in page and f"`[{key}]`" not in page} == set()


def test_the_mapping_of_an_exported_sheet_names_its_columns() -> None:
    named = set(re.findall(r'= "(\w+)"', MAPPINGS[-1].split("[objective]", 1)[1]))
    assert named <= {column.name for column in COLUMNS}


@pytest.mark.parametrize("sheet", SHEETS)
def test_the_sheets_of_the_page_are_tables(sheet: str) -> None:
    rows = [row for row in csv.reader(io.StringIO(sheet), delimiter=";" if "sep=;" in sheet else ",") if len(row) > 1]
    assert len({len(row) for row in rows[-3:]}) == 1
