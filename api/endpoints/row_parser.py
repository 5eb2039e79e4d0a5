"""An incremental parser of files of rows: NDJSON, or CSV with a header line.

Lines are numbered from 1. An error names its line and what to do.
"""

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Final, Protocol

import msgspec
from msgspec import Meta

from api.endpoints.csv_cells import BOM
from domain.commands.command import KpiBy
from domain.primitives.errors import Code
from domain.primitives.json_keys import reject_duplicate_keys

NDJSON: Final = "application/x-ndjson"
CSV: Final = "text/csv"

LINE_BYTES_MAX: Final = 128 * 1024
"""The maximum size of a line, or of a CSV row with line breaks in it: a note has up to 20,000 characters."""
ROWS_MAX: Final = 10_000
"""The maximum number of rows of a batch: the readings of one command."""
BATCH_BYTES_MAX: Final = 16 * 1024 * 1024
"""The maximum size of a batch, if that is reached before the number of rows."""

NUMBER_LENGTH_MAX: Final = 400
"""The maximum length of a number: longer ones add no precision to a float."""
QUOTED_LENGTH_MAX: Final = 60
"""Characters of a wrong value that an error message quotes."""

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")


class KpiKeys(dict[str, KpiBy]):
    """One object per KPI key, since most files have few KPIs."""

    KEYS_MAX = 10_000

    def __missing__(self, key: str) -> KpiBy:
        if len(self) >= self.KEYS_MAX:
            self.clear()
        by = self[key] = KpiBy(key=key)
        return by


@dataclass(frozen=True)
class RowKind:
    """What a row of a file is, called `name` in messages.

    `required` and `optional` are the columns, which are also the fields of an NDJSON object; `ignored` ones are columns
    of an export, so that an exported file can be ingested as it is. `line` decodes the NDJSON object. `of_line` and
    `of_cells` make the row of an object and of the cells of a CSV row; the latter raises `BadLine`.
    """

    name: str
    required: Sequence[str]
    optional: Sequence[str]
    ignored: Sequence[str]
    line: msgspec.json.Decoder[Any]
    of_line: Callable[[Any, KpiKeys], Any]
    of_cells: Callable[["Cells", KpiKeys], Any]


class BadLine(Exception):
    """A line that is not a valid row."""

    def __init__(self, line: int, code: Code, message: str, *field: str) -> None:
        super().__init__(message)
        self.line = line
        self.code = code
        self.message = message
        self.field = field


class Batch(msgspec.Struct):
    """Rows that are parsed together, and their line numbers."""

    rows: list[Any]
    lines: list[int]
    size: int = 0

    @property
    def is_full(self) -> bool:
        return len(self.rows) >= ROWS_MAX or self.size >= BATCH_BYTES_MAX


class LineFormat(Protocol):
    """The syntax of a line, for rows of a kind."""

    def __init__(self, kind: RowKind) -> None: ...

    def read(self, number: int, line: bytes) -> Any:
        """The row in a line; None for a line without one. Raises `BadLine`."""

    def toggles_quote(self, line: bytes) -> bool:
        """Whether this line opens or closes a quotation, within which a line break does not end the row."""


class Reader:
    """Splits a stream of bytes into batches. The batches depend on the lines only, not on how the bytes arrive.

    Reading stops at the first invalid line, which is then in `bad`; the batches before it are returned.
    """

    def __init__(self, media: str, kind: RowKind) -> None:
        self._format = FORMATS[media](kind)
        self._kind = kind
        self._rest = b""
        self._open_lines: list[bytes] = []
        self._is_quoted = False
        self._number = 0
        self._size = 0
        self._has_content = False
        self._batch = Batch([], [])
        self.bad: BadLine | None = None

    def feed(self, block: bytes) -> list[Batch]:
        """The batches that are complete after this block."""
        *lines, self._rest = (self._rest + block).split(b"\n")
        return list(self._full(lines))

    def close(self) -> list[Batch]:
        """The remaining batches at the end of the stream."""
        lines = [self._rest] if self._rest else []
        full = list(self._full(lines, is_last=True))
        if self.bad is None and self._open_lines:
            self.bad = BadLine(self._first, Code.INVALID, "A quotation mark is opened here and never closed; close it.")
        if self.bad is None and not self._has_content:
            self.bad = BadLine(1, Code.INVALID, f"The file is empty; send at least one {self._kind.name}.")
        return full if self.bad or not self._batch.rows else [*full, self._batch]

    @property
    def _first(self) -> int:
        """The number of the first line of the current row."""
        return self._number - len(self._open_lines) + 1

    def _full(self, lines: Sequence[bytes], *, is_last: bool = False) -> Iterator[Batch]:
        try:
            for line in lines:
                self._add_line(line)
                if self._batch.is_full:
                    yield self._batch
                    self._batch = Batch([], [])
            if self.bad is None and not is_last and self._size + len(self._rest) > LINE_BYTES_MAX:
                self._number += 1
                raise self._too_long()
        except BadLine as bad:
            self.bad = bad

    def _add_line(self, line: bytes) -> None:
        if self.bad is not None:
            return
        if self._number == 0:
            line = line.removeprefix(BOM)
        self._number += 1
        self._size += len(line) + 1
        if self._size > LINE_BYTES_MAX:
            raise self._too_long()
        if self._format.toggles_quote(line):
            self._is_quoted = not self._is_quoted
        self._open_lines.append(line)
        if not self._is_quoted:
            self._end_row()

    def _end_row(self) -> None:
        """Parse a complete row."""
        number, line = self._first, self._open_lines[0] if len(self._open_lines) == 1 else b"\n".join(self._open_lines)
        self._open_lines, self._size, size = [], 0, self._size
        self._has_content = self._has_content or bool(line.strip())
        row = self._format.read(number, line)
        if row is not None:
            self._batch.rows.append(row)
            self._batch.lines.append(number)
            self._batch.size += size

    def _too_long(self) -> BadLine:
        return BadLine(self._number - len(self._open_lines), Code.TOO_LARGE, _TOO_LONG)


_TOO_LONG = f"A line may have up to {LINE_BYTES_MAX} bytes; shorten its text."


# ── NDJSON ───────────────────────────────────────────────────────────────────────────────────────


class Json:
    """One JSON object per line."""

    def __init__(self, kind: RowKind) -> None:
        self._kind = kind
        self._decode = kind.line.decode
        self._kpis = KpiKeys()

    def toggles_quote(self, line: bytes) -> bool:  # noqa: ARG002  JSON escapes line breaks
        return False

    def read(self, number: int, line: bytes) -> Any:
        if not line or line.isspace():
            return None
        try:
            decoded = self._decode(line)
            reject_duplicate_keys(line)
        except msgspec.ValidationError as error:
            raise BadLine(number, Code.INVALID, f"The line is not a valid {self._kind.name}: {error}.") from error
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise BadLine(number, Code.INVALID, f"The line is not valid JSON in UTF-8: {error}.") from error
        return self._kind.of_line(decoded, self._kpis)


# ── CSV ──────────────────────────────────────────────────────────────────────────────────────────


class Table:
    """CSV by RFC 4180; the first row has the column names."""

    def __init__(self, kind: RowKind) -> None:
        self._kind = kind
        self._columns: Mapping[str, int] = {}
        self._kpis = KpiKeys()
        self._width = 0

    def toggles_quote(self, line: bytes) -> bool:
        """Quotation marks within a quoted cell are doubled, so an odd number opens or closes a quotation."""
        return line.count(b'"') % 2 == 1

    def read(self, number: int, line: bytes) -> Any:
        cells = _cells(number, line)
        if not cells:
            return None
        if not self._columns:
            self._columns, self._width = _columns(number, cells, self._kind), len(cells)
            return None
        if len(cells) != self._width:
            message = f"The row has {len(cells)} cells, but there are {self._width} columns."
            raise BadLine(number, Code.INVALID, f"{message} Quote cells that contain a comma.")
        return self._kind.of_cells(Cells(number, cells, self._columns), self._kpis)


class Cells(msgspec.Struct, frozen=True):
    """The cells of a CSV row, read by column. Each method raises `BadLine` for a cell that it cannot read."""

    line: int
    cells: Sequence[str]
    columns: Mapping[str, int]

    def text(self, column: str) -> str:
        """The text as it is; empty for a column that the file lacks."""
        return self.cells[self.columns[column]] if column in self.columns else ""

    def required(self, column: str) -> str:
        """The trimmed text, which must not be empty."""
        text = self.text(column).strip()
        if not text:
            raise BadLine(self.line, Code.INVALID, "The cell is empty; fill it.", column)
        return text

    def number(self, column: str) -> float:
        cell = self.text(column).strip()
        if len(cell) > NUMBER_LENGTH_MAX or not _NUMBER.fullmatch(cell):
            raise self._wrong(cell, "a number; write it like -1234.5.", column)
        return float(cell)

    def number_if_given(self, column: str) -> float | None:
        """The number; None for an empty cell."""
        return self.number(column) if self.text(column).strip() else None

    def moment(self, column: str) -> datetime:
        cell = self.text(column).strip()
        try:
            return msgspec.convert(cell, Annotated[datetime, Meta(tz=True)])  # type: ignore[no-any-return]
        except msgspec.ValidationError as error:
            raise self._wrong(cell, "a time with an offset; write it like 2026-03-31T18:00:00Z.", column) from error

    def day(self, column: str) -> date:
        cell = self.text(column).strip()
        try:
            return msgspec.convert(cell, date)
        except msgspec.ValidationError as error:
            raise self._wrong(cell, "a day; write it like 2026-03-31.", column) from error

    def flag(self, column: str) -> bool:
        """Whether the cell is true; an empty one is false."""
        cell = self.text(column).strip().lower()
        if cell not in ("", "true", "false"):
            raise self._wrong(cell, "a flag; write true or false.", column)
        return cell == "true"

    def _wrong(self, cell: str, what: str, column: str) -> BadLine:
        return BadLine(self.line, Code.INVALID, f"'{_short(cell)}' is not {what}", column)


def _cells(number: int, line: bytes) -> list[str]:
    try:
        return next(csv.reader([line.removesuffix(b"\r").decode()], strict=True), [])
    except UnicodeDecodeError as error:
        raise BadLine(number, Code.INVALID, "The line is not UTF-8; save the file as CSV in UTF-8.") from error
    except csv.Error as error:
        raise BadLine(number, Code.INVALID, f"The line is not a valid CSV row: {error}.") from error


def _columns(number: int, cells: Sequence[str], kind: RowKind) -> dict[str, int]:
    """The index of each column. Raises `BadLine` for unknown, repeated or missing columns."""
    names = [cell.strip() for cell in cells]
    expected = (
        f"The first line must name the columns, separated by commas: {', '.join(kind.required)} and optionally "
        f"{', '.join(kind.optional)}."
    )
    unknown = [name for name in names if name not in (*kind.required, *kind.optional, *kind.ignored)]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    missing = [name for name in kind.required if name not in names]
    for wrong, what in ((twice, "appears twice"), (unknown, "is unknown"), (missing, "is missing")):
        if wrong:
            raise BadLine(number, Code.INVALID, f"{expected} '{_short(wrong[0])}' {what}.")
    return {name: index for index, name in enumerate(names)}


def _short(text: str) -> str:
    return text if len(text) <= QUOTED_LENGTH_MAX else f"{text[:QUOTED_LENGTH_MAX]}…"


FORMATS: Final[Mapping[str, type[LineFormat]]] = {NDJSON: Json, CSV: Table}
"""The formats by media type."""
