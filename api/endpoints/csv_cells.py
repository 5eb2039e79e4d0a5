"""What stands in the cells of a table that somebody opens in a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a text begins with that a spreadsheet would carry out; the last four are the same signs in full width."""


def cell(value: Any) -> str:
    """A value as it stands in a cell: a text that would be carried out as a formula begins with a quote."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case str() if value.startswith(FORMULA):
            return f"'{value}"
        case _:
            return str(value)


def table(rows: Iterable[Sequence[Any]]) -> bytes:
    """Rows of values as RFC 4180 has them, in UTF-8."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows([cell(value) for value in row] for row in rows)
    return text.getvalue().encode()
