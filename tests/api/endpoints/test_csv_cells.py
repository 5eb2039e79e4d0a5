"""CSV cells: numbers in positional notation, and no text that a spreadsheet evaluates."""

import csv
import io
import json
import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.endpoints.csv_cells import cell, guarded, quoted, table, unguarded

FORMULA = "=+-@\uff1d\uff0b\uff0d\uff20"
UNSEEN = " \u00a0\u200b\ufeff\u2003"
TEXT = st.text(f"=+-@\uff1d,;\t\r\n\"' a1{UNSEEN}")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\r1", "\n1", *FORMULA[4:]])
def test_text_that_begins_like_a_formula_is_guarded(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a;=1+2;", "a;'=1+2;"),
        ("a,=1,b", "a,'=1,b"),
        ("a\t@SUM(A1)", "a\t'@SUM(A1)"),
        ("a\n- b\r\n- c", "a\n'- b\r\n'- c"),
        ('a;"=1+2"', 'a;"\'=1+2"'),
        (";\uff1d1", ";'\uff1d1"),
        ("\t=1", "'\t'=1"),
        (" =1", " '=1"),
        ("\u00a0=1", "\u00a0'=1"),
        ("\u200b \uff0b1", "\u200b '\uff0b1"),
        ("a;  -1", "a;  '-1"),
        ("a,\u200b@x", "a,\u200b'@x"),
        ("a-b; c = d (e@f) + 2", "a-b; c = d (e@f) + 2"),
    ],
)
def test_formula_after_any_list_separator_is_guarded(text: str, expected: str) -> None:
    assert cell(text) == expected


@given(TEXT)
def test_no_formula_begins_a_cell_whatever_the_list_separator_is(text: str) -> None:
    """Every separator splits, and spreadsheets drop double quotes around a cell."""
    for begun in re.split(r'[,;\t\r\n"]', table([["x", text, "y"]]).decode()):
        assert not begun.lstrip(UNSEEN).startswith(tuple(FORMULA))


@given(TEXT)
def test_guarded_text_reads_back_unchanged(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert next(csv.reader(io.StringIO(table([[text]]).decode(), newline="")), [""]) in ([guarded(text)], [])


@given(st.lists(TEXT | st.floats(allow_nan=False) | st.none(), min_size=2))
def test_quoted_cells_are_those_of_a_table(row: list[Any]) -> None:
    assert f"{','.join(map(quoted, row))}\r\n".encode() == table([row])


@given(
    st.recursive(st.none() | TEXT | st.integers(-9, 9), lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner))
)
def test_json_in_a_cell_is_guarded_and_keeps_its_values(value: Any) -> None:
    text = cell([value])
    assert json.loads(text) == [value]
    assert not re.search(rf'[;"\t\r\n][{UNSEEN}]*[{re.escape(FORMULA)}]', text)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        (3, "3"),
        (-4.0, "-4"),
        (0.1, "0.1"),
        (-0.0, "0"),
        (0.43200000000000005, "0.432"),
        (4.5e-06, "0.0000045"),
        (2 / 3, "0.666666666667"),
        (120.0, "120"),
        (123456789012345.0, "123456789012345"),
        (1234567890123.5, "1234567890124"),
        (2.0**53, "9007199254740992"),
        (1e22, "10000000000000000000000"),
        (1e-300, f"0.{'0' * 299}1"),
        (Decimal("0.30000000000000004"), "0.30000000000000004"),
        (Decimal("1E+3"), "1000"),
    ],
)
def test_numbers_are_positional_with_at_most_twelve_significant_digits(value: Any, expected: str) -> None:
    assert cell(value) == expected


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_number_in_a_cell_is_close_and_exact_before_the_point(value: float) -> None:
    text = cell(value)
    assert re.fullmatch(r"-?\d+(\.\d*[1-9])?", text)
    assert float(text) == pytest.approx(value, rel=5e-12, abs=0)
    if value.is_integer():
        assert int(text) == int(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_decimal_of_a_number_in_a_cell_reads_back_exactly(value: float) -> None:
    assert float(cell(Decimal(repr(value)))) == value
