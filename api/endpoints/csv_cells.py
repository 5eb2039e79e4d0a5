"""CSV cells that are safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Prefixes of text that a spreadsheet would execute as a formula; the last four are full-width forms."""


def cell(value: Any) -> str:
    """The text of a cell. Text that a spreadsheet would execute as a formula gets a leading quote."""
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
    """Rows of values as CSV by RFC 4180, in UTF-8."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows([cell(value) for value in row] for row in rows)
    return text.getvalue().encode()
