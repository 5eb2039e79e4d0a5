"""Readings as somebody sends them, line by line as they come: NDJSON, or CSV with its columns in the first line.

Every line has a number, counted from 1 in the file. What cannot be read names its own, and what to do.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Final, Protocol

import msgspec
from msgspec import Meta

from domain.commands.command import KpiBy
from domain.commands.kpi_commands import ReadingInput
from domain.handlers.kpis import READINGS_MAX
from domain.primitives.errors import Code

NDJSON: Final = "application/x-ndjson"
CSV: Final = "text/csv"

LINE_BYTES_MAX: Final = 128 * 1024
"""How long a line may be, and in CSV a row with line breaks in it: a note takes up to 20,000 characters."""
BATCH_BYTES_MAX: Final = 16 * 1024 * 1024
"""So many bytes of lines are taken at once at most, if that is less than the readings of one command."""

COLUMNS: Final = ("kpi", "measured_at", "value", "note")
NEEDED: Final = COLUMNS[:3]
PASSED_OVER: Final = ("recorded_at", "position")
"""What an export adds: so a file that went out can come in as it is."""

NUMBER_LENGTH_MAX: Final = 400
"""The longest figure that a float has any use for, written out."""
TOLD_MAX: Final = 60
"""So many characters of what was sent are said again where it is refused."""

_BOM = b"\xef\xbb\xbf"
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")


class BadLine(Exception):
    """A line that is no reading, or one that may not be recorded."""

    def __init__(self, line: int, code: Code, message: str, *field: str) -> None:
        super().__init__(message)
        self.line = line
        self.code = code
        self.message = message
        self.field = field


class Batch(msgspec.Struct):
    """What is recorded together: each reading, and the number of its line."""

    readings: list[ReadingInput]
    lines: list[int]
    size: int = 0

    @property
    def is_full(self) -> bool:
        return len(self.readings) >= READINGS_MAX or self.size >= BATCH_BYTES_MAX


class Form(Protocol):
    """How a line is read."""

    def read(self, number: int, line: bytes) -> ReadingInput | None:
        """The reading of a line; None for one without. Raises `BadLine`."""

    def turns(self, line: bytes) -> bool:
        """Whether a break means something else after this line than it meant before: within a quotation it ends
        nothing."""


class Reader:
    """Cuts what comes into batches, which depend on the lines alone, however the bytes were cut on their way.

    After a line that cannot be read nothing more is: it stands in `bad`, and the batches before it have been given.
    """

    def __init__(self, form: Form) -> None:
        self._form = form
        self._rest = b""
        self._begun: list[bytes] = []
        self._is_quoted = False
        self._number = 0
        self._size = 0
        self._has_said_something = False
        self._batch = Batch([], [])
        self.bad: BadLine | None = None

    def feed(self, block: bytes) -> list[Batch]:
        """The batches that are full with this block."""
        *lines, self._rest = (self._rest + block).split(b"\n")
        return list(self._full(lines))

    def close(self) -> list[Batch]:
        """What is left when nothing more comes."""
        lines = [self._rest] if self._rest else []
        full = list(self._full(lines, is_last=True))
        if self.bad is None and self._begun:
            self.bad = BadLine(self._first, Code.INVALID, "A quotation mark was opened here and never closed.")
        if self.bad is None and not self._has_said_something:
            self.bad = BadLine(1, Code.INVALID, "There is nothing in it; send at least one reading.")
        return full if self.bad or not self._batch.readings else [*full, self._batch]

    @property
    def _first(self) -> int:
        """The number of the line at which the row begins that goes on."""
        return self._number - len(self._begun) + 1

    def _full(self, lines: Sequence[bytes], *, is_last: bool = False) -> Iterator[Batch]:
        try:
            for line in lines:
                self._take(line)
                if self._batch.is_full:
                    yield self._batch
                    self._batch = Batch([], [])
            if self.bad is None and not is_last and self._size + len(self._rest) > LINE_BYTES_MAX:
                self._number += 1
                raise self._too_long()
        except BadLine as bad:
            self.bad = bad

    def _take(self, line: bytes) -> None:
        if self.bad is not None:
            return
        if self._number == 0:
            line = line.removeprefix(_BOM)
        self._number += 1
        self._size += len(line) + 1
        if self._size > LINE_BYTES_MAX:
            raise self._too_long()
        if self._form.turns(line):
            self._is_quoted = not self._is_quoted
        self._begun.append(line)
        if not self._is_quoted:
            self._end()

    def _end(self) -> None:
        """A row has ended."""
        number, line = self._first, self._begun[0] if len(self._begun) == 1 else b"\n".join(self._begun)
        self._begun, self._size, size = [], 0, self._size
        self._has_said_something = self._has_said_something or bool(line.strip())
        reading = self._form.read(number, line)
        if reading is not None:
            self._batch.readings.append(reading)
            self._batch.lines.append(number)
            self._batch.size += size

    def _too_long(self) -> BadLine:
        return BadLine(self._number - len(self._begun), Code.TOO_LARGE, _TOO_LONG)


_TOO_LONG = f"A line has up to {LINE_BYTES_MAX} bytes."


# ── NDJSON ───────────────────────────────────────────────────────────────────────────────────────


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    kpi: str
    measured_at: Annotated[datetime, Meta(tz=True)]
    value: float
    note: str | None = None


class Json:
    """A JSON object a line."""

    def __init__(self) -> None:
        self._decode = msgspec.json.Decoder(_Line).decode
        self._kpis = _Kpis()

    def turns(self, line: bytes) -> bool:  # noqa: ARG002  a line is a line
        return False

    def read(self, number: int, line: bytes) -> ReadingInput | None:
        if not line or line.isspace():
            return None
        try:
            said = self._decode(line)
        except msgspec.ValidationError as error:
            raise BadLine(number, Code.INVALID, f"This is no reading: {error}.") from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadLine(number, Code.INVALID, f"This is no JSON in UTF-8: {error}.") from error
        return ReadingInput(self._kpis[said.kpi], said.value, said.measured_at, said.note)


# ── CSV ──────────────────────────────────────────────────────────────────────────────────────────


class Table:
    """Rows as RFC 4180 has them; the first one names the columns."""

    def __init__(self) -> None:
        self._columns: Mapping[str, int] = {}
        self._width = 0
        self._kpis = _Kpis()

    def turns(self, line: bytes) -> bool:
        """A quotation mark within a quoted cell is written twice, so if they are odd, a quotation begins or ends."""
        return line.count(b'"') % 2 == 1

    def read(self, number: int, line: bytes) -> ReadingInput | None:
        cells = _cells(number, line)
        if not cells:
            return None
        if not self._columns:
            self._columns, self._width = _columns(number, cells), len(cells)
            return None
        if len(cells) != self._width:
            message = f"This row has {len(cells)} cells, and there are {self._width} columns."
            raise BadLine(number, Code.INVALID, f"{message} Quote what has a comma in it.")
        at = self._columns
        note = cells[at["note"]] if "note" in at else ""
        return ReadingInput(
            self._kpis[_said(number, "kpi", cells[at["kpi"]])],
            _number(number, cells[at["value"]].strip()),
            _moment(number, cells[at["measured_at"]].strip()),
            note or None,
        )


def _cells(number: int, line: bytes) -> list[str]:
    try:
        return next(csv.reader([line.removesuffix(b"\r").decode()], strict=True), [])
    except UnicodeDecodeError as error:
        raise BadLine(number, Code.INVALID, "This is not UTF-8; save the file as CSV in UTF-8.") from error
    except csv.Error as error:
        raise BadLine(number, Code.INVALID, f"This is no row of CSV: {error}.") from error


def _columns(number: int, cells: Sequence[str]) -> dict[str, int]:
    """Where each column stands."""
    names = [cell.strip() for cell in cells]
    told = f"The first line names the columns, separated by commas: {', '.join(NEEDED)}, and if you like note."
    unknown = [name for name in names if name not in (*COLUMNS, *PASSED_OVER)]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    missing = [name for name in NEEDED if name not in names]
    for wrong, what in ((twice, "stands there twice"), (unknown, "is none"), (missing, "is missing")):
        if wrong:
            raise BadLine(number, Code.INVALID, f"{told} '{_short(wrong[0])}' {what}.")
    return {name: place for place, name in enumerate(names)}


def _said(number: int, column: str, cell: str) -> str:
    cell = cell.strip()
    if not cell:
        raise BadLine(number, Code.INVALID, "Nothing stands here.", column)
    return cell


def _number(number: int, cell: str) -> float:
    if len(cell) > NUMBER_LENGTH_MAX or not _NUMBER.fullmatch(cell):
        raise BadLine(number, Code.INVALID, f"'{_short(cell)}' is no number; write it like -1234.5.", "value")
    return float(cell)


def _moment(number: int, cell: str) -> datetime:
    try:
        return msgspec.convert(cell, Annotated[datetime, Meta(tz=True)])  # type: ignore[no-any-return]
    except msgspec.ValidationError as error:
        told = f"'{_short(cell)}' is no time with an offset; write it like 2026-03-31T18:00:00Z."
        raise BadLine(number, Code.INVALID, told, "measured_at") from error


def _short(text: str) -> str:
    return text if len(text) <= TOLD_MAX else f"{text[:TOLD_MAX]}…"


class _Kpis(dict[str, KpiBy]):
    """Each key once, since most lines are of few KPIs."""

    KEYS_MAX = 10_000

    def __missing__(self, key: str) -> KpiBy:
        if len(self) >= self.KEYS_MAX:
            self.clear()
        by = self[key] = KpiBy(key=key)
        return by


FORMS: Final[Mapping[str, type[Form]]] = {NDJSON: Json, CSV: Table}
"""By the type of what is sent."""
