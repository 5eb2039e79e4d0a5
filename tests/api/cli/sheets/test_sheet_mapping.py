"""Mapping files: each mistake is named."""

from pathlib import Path

import pytest

from api.cli.output import Failure
from api.cli.sheets.sheet_mapping import SheetMapping, read_mapping

GOALS = '[objective]\nid = "O"\n[key_result]\nid = "KR"\ntitle = { column = "T", nth = 2 }\n'


def read(folder: Path, text: str) -> SheetMapping:
    (folder / "m.toml").write_text(text, "utf-8")
    return read_mapping(folder / "m.toml")


def test_the_columns_of_a_mapping_are_those_of_its_fields(tmp_path: Path) -> None:
    mapping = read(tmp_path, 'system = "s"\n[sheet]\nfill_down = ["F"]\n[levels]\ncolumn = "L"\n' + GOALS)
    assert list(mapping.columns) == ["O", "KR", "T", "L", "F"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOALS, "missing required field `system`"),
        ('system = "My Sheet"\n' + GOALS, "system: A key has"),
        ('system = "s"', r"give \[objective\] and \[key_result\], or \[check_in\]"),
        ('system = "s"\n[key_result]\nid = "KR"', "key_result.objective is missing"),
        ('system = "s"\n' + GOALS + "owner = {nth = 1}", "key_result.owner needs one of column, columns and constant"),
        ('system = "s"\n' + GOALS + 'goal = "x"', "unknown field `goal`"),
        ('system = "s"\n[people]\nby = "key"\n' + GOALS, "people.by is 'key'; write one of handle, name"),
        ('system = "s"\n[sheet]\ntime_zone = "Mars"\n' + GOALS, "'Mars' is no time zone"),
        ('system = "s"\n[sheet]\ndelimiter = ";;"\n' + GOALS, r"sheet.delimiter"),
        ("system = ", "is not TOML"),
    ],
)  # fmt: skip
def test_mistakes_in_a_mapping_are_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(Failure, match=message) as failed:
        read(tmp_path, text)
    assert failed.value.status == 2


def test_a_mapping_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="cannot be read"):
        read_mapping(tmp_path / "none.toml")
