"""Reading of CSV as spreadsheets write it."""

import pytest

from api.cli.output import Failure
from api.cli.sheets.sheet_file import Row, Sheet, read_sheet
from api.cli.sheets.sheet_mapping import Column, SheetFormat

COLUMNS = ["Id", "Title"]
PLAIN = SheetFormat()


def read(content: bytes, form: SheetFormat = PLAIN, **repeated: int) -> Sheet:
    return read_sheet(content, form, COLUMNS, repeated)


def rows(sheet: Sheet) -> list[tuple[int, str, str]]:
    assert sheet.wrong == []
    return [(row.line, row.text("Id"), row.text("Title")) for row in sheet.rows]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_by_the_header(delimiter: str) -> None:
    text = f'Id{delimiter}Title{delimiter}Note\n1{delimiter}"a,b;c|d"{delimiter}\n'
    assert rows(read(text.encode())) == [(2, "1", "a,b;c|d")]


def test_the_delimiter_of_excels_first_line_or_of_the_mapping_is_taken() -> None:
    assert rows(read(b"sep=|\r\nId|Title\r\n1|a;b\r\n")) == [(3, "1", "a;b")]
    assert rows(read(b"Id:Title\n1:a,b\n", SheetFormat(delimiter=":"))) == [(2, "1", "a,b")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_byte_order_mark_says_the_encoding(encoding: str) -> None:
    assert rows(read("Id,Title\n1,Größe\n".encode(encoding))) == [(2, "1", "Größe")]


def test_another_encoding_is_stated_or_refused_with_its_line() -> None:
    content = "Id,Title\n1,Größe\n".encode("windows-1252")
    assert rows(read(content, SheetFormat(encoding="windows-1252"))) == [(2, "1", "Größe")]
    with pytest.raises(Failure, match=r"Line 2 is not UTF-8: .* sheet\.encoding"):
        read(content)
    with pytest.raises(Failure, match="'latin-99' is no encoding"):
        read(b"Id,Title\n", SheetFormat(encoding="latin-99"))


def test_a_workbook_is_refused_with_advice() -> None:
    with pytest.raises(Failure, match="save it as CSV in UTF-8"):
        read(b"PK\x03\x04\x14\x00")


def test_lines_are_those_of_the_file_with_breaks_in_cells_and_empty_rows() -> None:
    text = b'Id,Title\r\n1,"a\r\nb"\r\n\r\n,,\r\n2,c\r\n'
    assert rows(read(text)) == [(2, "1", "a\r\nb"), (6, "2", "c")]


def test_the_header_is_the_row_with_most_of_the_columns() -> None:
    text = b"Goals of the quarter,\n,\nid , TITLE\n1,a\n"
    assert rows(read(text)) == [(4, "1", "a")]
    assert rows(read(b"Id,Title\nId,Title\n1,a\n", SheetFormat(header_line=2))) == [(3, "1", "a")]


def test_missing_and_repeated_columns_are_named() -> None:
    with pytest.raises(Failure, match="line 1 lacks 'Title': it has 'id', 'name'"):
        read(b"Id,Name\n")
    twice = b"Id,Title,Title\n1,a,b\n"
    with pytest.raises(Failure, match="has 'Title' 2 times"):
        read(twice)
    (row,) = read(twice, title=2).rows
    assert row.of(Column(column="Title", nth=2)) == "b"


def test_a_row_that_does_not_fit_the_header_is_wrong_alone() -> None:
    sheet = read(b"Id,Title\n1,a,b\n2\n3,c,\n")
    assert [line for line, _ in sheet.wrong] == [2]
    assert [(row.line, row.text("Title")) for row in sheet.rows] == [(3, ""), (4, "c")]


def test_an_open_quotation_is_refused_with_its_line() -> None:
    with pytest.raises(Failure, match="Line 3 cannot be read as CSV"):
        read(b'Id,Title\n1,a\n2,"b\n3,c\n')


def test_empty_cells_are_filled_with_the_text_above() -> None:
    assert rows(read(b"Id,Title\n1,a\n,b\n2,c\n,d\n", SheetFormat(fill_down=("Id",)))) == [
        (2, "1", "a"), (3, "1", "b"), (4, "2", "c"), (5, "2", "d"),
    ]  # fmt: skip


def test_the_guard_of_exported_formulas_is_removed() -> None:
    assert rows(read(b"Id,Title\n1,'=1+1\n")) == [(2, "1", "=1+1")]


def test_a_field_is_a_column_several_a_constant_or_a_meaning() -> None:
    row = Row(2, {("id", 1): "7", ("title", 1): "Roof  Shot"})
    assert row.of(Column(columns=("Id", "Title"))) == "7/Roof  Shot"
    assert row.of(Column(columns=("Id", "Other"), default="none")) == "none"
    assert row.of(Column(constant="2025-q1")) == "2025-q1"
    assert row.of(Column(column="Title", values={"roof shot": "COMMITTED"}, prefix="")) == "COMMITTED"
    assert row.of(Column(column="Id", prefix="O")) == "O7"
    assert row.of(None) == ""
