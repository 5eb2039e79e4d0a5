"""CSV cells that are safe to open in a spreadsheet, whatever character its list separator is."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

BOM: Final = "\ufeff".encode()
"""The byte order mark. Excel takes a CSV file for UTF-8 only if the file begins with it."""

ROUNDED_FROM: Final = 1e12
"""Numbers from here on have more than twelve digits before the point; they are rounded to integers."""

_FORMULA: Final = r"[=+\-@\uff1d\uff0b\uff0d\uff20]"
"""The characters that begin a formula; the last four are full-width forms."""
_UNSEEN: Final = r"[\s\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]*"
"""White space and invisible characters, which a spreadsheet may skip at the start of a cell."""
_CELL: Final = r"(?:^|[,;\t\r\n\"])"
"""Where a cell can begin: at the start of a text, and where a spreadsheet with another separator starts another."""
_RISKY: Final = re.compile(rf"{_FORMULA}|[\t\r\n]")
"""What a text that needs no guard does not have."""
_START: Final = re.compile(rf"^'*(?=[\t\r\n])|{_CELL}{_UNSEEN}'*(?={_FORMULA})")
"""Where a formula can begin. The match includes the single quotes that the text has there."""
_GUARDED: Final = re.compile(rf"^'('*)(?=[\t\r\n])|({_CELL}{_UNSEEN})'('*)(?={_FORMULA})")
_QUOTED: Final = re.compile(r'[,"\r\n]')
_JSON_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_JSON_START: Final = re.compile(rf'([,;"]{_UNSEEN})({_FORMULA})')


def cell(value: Any) -> str:
    """The text of a cell: text guarded against formulas, numbers with a decimal point and no exponent, times in UTC.

    A float has up to twelve significant digits, and all its digits before the point. A decimal has all its digits.
    """
    write = _WRITERS.get(type(value))
    return guarded(str(value)) if write is None else write(value)


def guarded(text: str) -> str:
    """The text with a single quote before each character that a spreadsheet could take for the start of a formula."""
    return text if _RISKY.search(text) is None else _START.sub(r"\g<0>'", text)


def unguarded(text: str) -> str:
    """The text before it was `guarded`."""
    return _GUARDED.sub(r"\1\2\3", text)


def table(rows: Iterable[Sequence[Any]]) -> bytes:
    """Rows of values as CSV by RFC 4180, in UTF-8."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows([cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


def quoted(value: Any) -> str:
    """The cell as CSV by RFC 4180, in double quotes if it needs them."""
    text = cell(value)
    return text if _QUOTED.search(text) is None else '"{}"'.format(text.replace('"', '""'))


def number(value: float) -> str:
    """The number with up to twelve significant digits, and all digits before the point."""
    if abs(value) >= ROUNDED_FROM:
        return f"{value:.0f}"
    text = f"{value + 0.0:.12g}"
    return _positional(Decimal(text)) if "e" in text else text


def _positional(number: Decimal) -> str:
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _guarded_json(value: Any) -> str:
    """The value as JSON, with each possible start of a formula in its strings escaped: readers get the same value."""
    return _JSON_STRING.sub(
        lambda string: _JSON_START.sub(lambda start: f"{start[1]}\\u{ord(start[2]):04x}", string[0]),
        msgspec.json.encode(value).decode(),
    )


def moment(value: datetime) -> str:
    """The moment in UTC, ending in Z."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


_WRITERS: Final[Mapping[type[Any], Callable[[Any], str]]] = {
    type(None): lambda _: "",
    bool: lambda value: "true" if value else "false",
    int: str,
    float: number,
    Decimal: _positional,
    date: date.isoformat,
    datetime: moment,
    list: _guarded_json,
    dict: _guarded_json,
    str: guarded,
}
"""By type: how a value is written; all others are text."""
