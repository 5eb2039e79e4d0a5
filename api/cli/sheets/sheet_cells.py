"""Reads the texts of cells: numbers, shares, days and moments as people write them in spreadsheets."""

import math
import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Final, NamedTuple, TypeVar
from uuid import UUID

from api.cli.sheets.sheet_file import Row
from api.cli.sheets.sheet_mapping import Given, SheetFormat, names
from domain.primitives import time_zones

_SPACES: Final = re.compile(r"[\s'\u2019\u00a0\u202f\u2009]+")
"""White space and apostrophes, which group digits."""
_GROUPED: Final = {
    ".": re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)?(\.\d+)?"), ",": re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d+)?(,\d+)?"),
}  # fmt: skip
"""By decimal sign: a number with or without groups of three digits."""
QUOTED_LENGTH_MAX: Final = 60
TOLERANCE: Final = 1e-11
"""Relative difference up to which numbers are equal: an export writes twelve digits."""

T = TypeVar("T")


class CellProblem(NamedTuple):
    """What is wrong in a line of the sheet: the column, if it is about one, and what to do."""

    line: int
    column: str
    message: str

    def __str__(self) -> str:
        where = f"line {self.line}, column '{self.column}'" if self.column else f"line {self.line}"
        return f"{where}  {self.message}"


class WrongCell(Exception):
    """A cell that cannot be read. The message says what to write."""


class Cells:
    """The fields of a row. A cell that cannot be read gives None and a problem."""

    def __init__(self, row: Row, form: SheetFormat, problems: list[CellProblem]) -> None:
        self.row = row
        self._form = form
        self._problems = problems
        self.failed = False
        """Whether a cell of the row could not be read."""

    @property
    def line(self) -> int:
        return self.row.line

    def problem(self, given: Given | None, message: str) -> None:
        """Keep what is wrong with a field."""
        self.failed = True
        self._problems.append(CellProblem(self.line, ", ".join(names(given)), message))

    def read(self, given: Given | None, convert: Callable[[str], T]) -> T | None:
        """The text as it is converted; None for an empty cell, or with a problem for one that raises `WrongCell`."""
        text = self.row.of(given)
        if not text:
            return None
        try:
            return convert(text)
        except WrongCell as wrong:
            self.problem(given, str(wrong))
            return None

    def text(self, given: Given | None) -> str | None:
        """The text; None for an empty cell."""
        return self.row.of(given) or None

    def required(self, given: Given | None) -> str | None:
        """The text of a cell that must not be empty."""
        text = self.text(given)
        if text is None:
            self.problem(given, "The cell is empty; fill it.")
        return text

    def number(self, given: Given | None) -> float | None:
        return self.read(given, lambda text: number(text, self._form.decimal))

    def share(self, given: Given | None) -> float | None:
        """A share from 0 to 1; a percentage is divided by 100."""
        found = self.number(given)
        return found / 100 if found is not None and "%" in self.row.of(given) else found

    def day(self, given: Given | None) -> date | None:
        return self.read(given, lambda text: _parsed(text, self._form).date())

    def moment(self, given: Given | None, zone: str) -> datetime | None:
        """A moment. A day alone is its beginning; a text without an offset is in this time zone."""
        return self.read(given, lambda text: _in_zone(_parsed(text, self._form), zone))

    def choice(self, given: Given | None, allowed: type[StrEnum]) -> str | None:
        """A name of an enumeration, written in any case and with spaces."""
        text = self.text(given)
        if text is None:
            return None
        known = {_plain(name): name for name in allowed.__members__}
        if _plain(text) in known:
            return known[_plain(text)]
        self.problem(given, f"'{_short(text)}' is not one of {', '.join(known.values())}; correct it, or say what it "
                            "means by `values` in the mapping.")  # fmt: skip
        return None


def number(text: str, decimal: str) -> float:
    """A number with this decimal sign, with or without groups of digits, a currency sign or a percent sign, which
    changes nothing: 45 % is 45. Raises `WrongCell`."""
    digits = "".join(one for one in _SPACES.sub("", text) if unicodedata.category(one) != "Sc").replace("\u2212", "-")
    digits = digits.removesuffix("%")
    if not re.search(r"\d", digits) or not _GROUPED[decimal].fullmatch(digits):
        other = "," if decimal == "." else "."
        hint = f'; if its decimal sign is "{other}", set sheet.decimal in the mapping' if other in digits else ""
        raise WrongCell(f"'{_short(text)}' is no number; write it like {_EXAMPLE[decimal]}{hint}.")
    return float(digits.replace(",", "")) if decimal == "." else float(digits.replace(".", "").replace(",", "."))


def is_same(given: object, now: object) -> bool:
    """Whether a cell says what is there already. Ids are compared as texts."""
    if isinstance(given, float) and isinstance(now, float):
        return math.isclose(given, now, rel_tol=TOLERANCE)
    return given == (str(now) if isinstance(now, UUID) else now)


_EXAMPLE: Final = {".": "-1234.5 or 1,234.5", ",": "-1234,5 or 1.234,5"}


def _parsed(text: str, form: SheetFormat) -> datetime:
    for known in form.date_formats:
        try:
            return datetime.strptime(text, known)  # noqa: DTZ007  the zone follows
        except ValueError:
            continue
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise WrongCell(
            f"'{_short(text)}' is no date of the form {' or '.join(form.date_formats)}; correct it, or set "
            "sheet.date_format in the mapping."
        ) from None


def _in_zone(found: datetime, zone: str) -> datetime:
    return (found if found.tzinfo else found.replace(tzinfo=time_zones.zone(zone))).astimezone(UTC)


def _plain(text: str) -> str:
    return re.sub(r"[\s_-]+", "", text).casefold()


def _short(text: str) -> str:
    return text if len(text) <= QUOTED_LENGTH_MAX else f"{text[:QUOTED_LENGTH_MAX]}…"
