"""Numbers, shares, days and moments as people write them."""

from datetime import UTC, date, datetime

import pytest

from api.cli.sheets.sheet_cells import CellProblem, Cells, WrongCell, number
from api.cli.sheets.sheet_file import Row
from api.cli.sheets.sheet_mapping import SheetFormat
from domain.primitives.values import Direction, ObjectiveKind

PLAIN = SheetFormat()


def cells(text: str, form: SheetFormat = PLAIN) -> tuple[Cells, list[CellProblem]]:
    found: list[CellProblem] = []
    return Cells(Row(3, {("x", 1): text}), form, found), found


@pytest.mark.parametrize(
    ("text", "decimal", "value"),
    [
        ("1234.5", ".", 1234.5), ("1,234.5", ".", 1234.5), ("-7", ".", -7), ("+.5", ".", 0.5), ("1'234", ".", 1234),
        ("45 %", ".", 45), ("$ 1,000,000", ".", 1e6), ("1.234,5", ",", 1234.5), ("1 234,50 €", ",", 1234.5),
        ("12\u00a0500", ",", 12500), ("\u22125", ".", -5), ("1.234", ",", 1234), ("1.234", ".", 1.234),
    ],
)  # fmt: skip
def test_numbers_have_groups_and_signs(text: str, decimal: str, value: float) -> None:
    assert number(text, decimal) == value


@pytest.mark.parametrize(
    "text", ["1.234,5", "12,34", "1,2345", "n/a", "-", "3x", "1 2.3.4", "45 %%", "∞", "nan", "1e3"]
)
def test_other_numbers_are_refused(text: str) -> None:
    with pytest.raises(WrongCell, match="is no number; write it like"):
        number(text, ".")


def test_the_other_decimal_sign_is_suggested() -> None:
    with pytest.raises(WrongCell, match=r'if its decimal sign is ",", set sheet.decimal'):
        number("1.234,5", ".")


def test_a_share_is_a_number_or_a_percentage() -> None:
    for text, share in (("0.7", 0.7), ("70 %", 0.7), ("70%", 0.7), ("1", 1.0)):
        assert cells(text)[0].share("X") == share


def test_days_have_the_formats_of_the_mapping_or_iso() -> None:
    form = SheetFormat(date_format=("%d.%m.%Y", "%m/%d/%y"))
    for text in ("03.02.2026", "02/03/26", "2026-02-03"):
        assert cells(text, form)[0].day("X") == date(2026, 2, 3)


def test_a_moment_is_in_the_zone_and_a_day_its_beginning() -> None:
    for text, moment in (
        ("2026-02-03", datetime(2026, 2, 2, 23, tzinfo=UTC)),
        ("2026-02-03T12:30", datetime(2026, 2, 3, 11, 30, tzinfo=UTC)),
        ("2026-02-03T12:30:00Z", datetime(2026, 2, 3, 12, 30, tzinfo=UTC)),
    ):
        assert cells(text)[0].moment("X", "Europe/Berlin") == moment


def test_a_cell_that_cannot_be_read_is_a_problem_of_its_line_and_column() -> None:
    row, found = cells("31.02.2026")
    assert row.day("X") is None
    assert row.failed
    assert str(found[0]).startswith("line 3, column 'X'  '31.02.2026' is no date of the form %Y-%m-%d;")


def test_an_empty_cell_is_nothing() -> None:
    row, found = cells("")
    assert (row.number("X"), row.day("X"), row.text("X"), row.choice("X", Direction)) == (None, None, None, None)
    assert found == []
    assert row.required("X") is None
    assert [one.message for one in found] == ["The cell is empty; fill it."]


def test_a_choice_is_written_in_any_case() -> None:
    assert cells("at least")[0].choice("X", Direction) == "AT_LEAST"
    row, found = cells("moonshot")
    assert row.choice("X", ObjectiveKind) is None
    assert "is not one of COMMITTED, ASPIRATIONAL" in found[0].message
