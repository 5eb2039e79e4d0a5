"""CSV cells that are safe to open in a spreadsheet, whatever character its list separator is."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

BOM: Final = "\ufeff".encode()
"""The byte order mark. Excel takes a CSV file for UTF-8 only if the file begins with it."""

ROUNDED_FROM: Final = 1e12
"""Numbers from here on have more than twelve digits before the point; they are rounded to integers."""

_FORMULA: Final = r"[=+\-@\uff1d\uff0b\uff0d\uff20]"
"""The characters that begin a formula; the last four are full-width forms."""
_START: Final = re.compile(rf"^'*(?=[\t\r\n])|(?:^|[,;\t\r\n\"])'*(?={_FORMULA})")
"""Where a formula can begin: at the start of a text, and where a spreadsheet with another list separator starts another
cell. The match includes the single quotes that the text has there."""
_GUARDED: Final = re.compile(rf"^'('*)(?=[\t\r\n])|(^|[,;\t\r\n\"])'('*)(?={_FORMULA})")
_JSON_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_JSON_START: Final = re.compile(rf'(?<=[,;"]){_FORMULA}')


def cell(value: Any) -> str:
    """The text of a cell: text guarded against formulas, numbers with a decimal point and no exponent, times in UTC.

    A float has up to twelve significant digits, and all its digits before the point. A decimal has all its digits.
    """
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float() | Decimal():
            return _positional(_rounded(value) if isinstance(value, float) else value)
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case list() | dict():
            return _guarded_json(value)
        case _:
            return guarded(str(value))


def guarded(text: str) -> str:
    """The text with a single quote before each character that a spreadsheet could take for the start of a formula."""
    return _START.sub(r"\g<0>'", text)


def unguarded(text: str) -> str:
    """The text before it was `guarded`."""
    return _GUARDED.sub(r"\1\2\3", text)


def table(rows: Iterable[Sequence[Any]]) -> bytes:
    """Rows of values as CSV by RFC 4180, in UTF-8."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows([cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


def _rounded(number: float) -> Decimal:
    return Decimal(f"{number:.0f}" if abs(number) >= ROUNDED_FROM else f"{number + 0.0:.12g}")


def _positional(number: Decimal) -> str:
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _guarded_json(value: Any) -> str:
    """The value as JSON, with each possible start of a formula in its strings escaped: readers get the same value."""
    return _JSON_STRING.sub(
        lambda string: _JSON_START.sub(lambda start: f"\\u{ord(start[0]):04x}", string[0]),
        msgspec.json.encode(value).decode(),
    )
