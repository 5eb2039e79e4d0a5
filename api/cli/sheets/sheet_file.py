"""Reads a spreadsheet that was saved as CSV: its encoding, its delimiter, its header and its rows.

Lines are numbered from 1, as an editor shows them; a row begins at a line, and may have line breaks in quoted cells.
"""

import codecs
import csv
import io
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import Final, NamedTuple, TypeAlias

from api.cli.output import USAGE, Failure
from api.cli.sheets.sheet_mapping import Column, Given, SheetFormat
from api.endpoints.csv_cells import unguarded

FILE_BYTES_MAX: Final = 64 * 1024 * 1024
CELL_LENGTH_MAX: Final = 1_000_000
HEADER_ROWS_MAX: Final = 50
"""Rows among which the header is looked for."""
_WORKBOOK: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How the files of Excel and LibreOffice begin."""
_DELIMITERS: Final = (",", ";", "\t", "|")
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip


Record: TypeAlias = tuple[int, list[str]]
"""The line at which a row begins, and its cells."""


class Row(NamedTuple):
    """The cells of a row by the name and number of their column, and the line at which it begins."""

    line: int
    cells: Mapping[tuple[str, int], str]

    def text(self, column: str, nth: int = 1) -> str:
        """The text of a cell, without white space around it; empty for a cell that the row lacks."""
        return self.cells.get((simple(column), nth), "")

    def of(self, given: Given | None) -> str:
        """The text of a field, by how the mapping reads it."""
        if given is None:
            return ""
        if isinstance(given, str):
            return self.text(given)
        if given.constant is not None:
            return given.constant
        return self._translated(given)

    def _translated(self, given: Column) -> str:
        parts = [self.text(name, given.nth or 1) for name in given.names]
        text = "/".join(parts) if all(parts) else ""
        known = {simple(name): meaning for name, meaning in given.values.items()}
        found = known.get(simple(text), text)
        return given.prefix + found if found else given.default


class Sheet(NamedTuple):
    """The rows of a sheet that are not empty, and the rows that cannot be read, each with its line and why."""

    rows: Sequence[Row]
    wrong: Sequence[tuple[int, str]]


def simple(name: str) -> str:
    """A header as it is compared: without upper case and repeated white space."""
    return " ".join(name.split()).casefold()


def read_sheet(content: bytes, form: SheetFormat, columns: Sequence[str], repeated: Mapping[str, int]) -> Sheet:
    """The rows of a file. `columns` are the headers that it must have; `repeated`, the number of each that is repeated.

    Raises `Failure` for a file that is no table, or that lacks a column.
    """
    text, first = _without_separator(_decoded(content, form))
    delimiter = form.delimiter or first.delimiter or _found_delimiter(text, columns)
    records = list(_records(text, delimiter, first.lines))
    header = _header(records, form.header_line, {simple(name) for name in columns})
    if header is None:
        raise Failure("The sheet has no header row; check header_line in the mapping.", USAGE)
    names = _numbered([simple(name) for name in header[1]])
    _require(columns, names, header[0], repeated)
    return _rows([one for one in records if one[0] > header[0]], names, [simple(name) for name in form.fill_down])


# ── text ─────────────────────────────────────────────────────────────────────────────────────────


class _Begin(NamedTuple):
    """What Excel's first line `sep=;` says, and how many lines it takes."""

    delimiter: str | None
    lines: int


def _decoded(content: bytes, form: SheetFormat) -> str:
    if len(content) > FILE_BYTES_MAX:
        raise Failure(f"The sheet has more than {FILE_BYTES_MAX >> 20} MiB; split it.", USAGE)
    if content.startswith(_WORKBOOK):
        raise Failure("The sheet is a workbook of a spreadsheet program; save it as CSV in UTF-8.", USAGE)
    marked = next((name for mark, name in _MARKS if content.startswith(mark)), None)
    encoding = marked or form.encoding or "utf-8"
    try:
        return unicodedata.normalize("NFC", content.decode(encoding).removeprefix("\ufeff"))
    except LookupError as error:
        raise Failure(f"sheet.encoding: '{encoding}' is no encoding; write one like windows-1252.", USAGE) from error
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Failure(
            f"Line {line} is not {encoding.upper()}: save the sheet as CSV in UTF-8, or set sheet.encoding in the "
            'mapping, such as "windows-1252".',
            USAGE,
        ) from error


def _without_separator(text: str) -> tuple[str, _Begin]:
    line, end, rest = text.partition("\n")
    line = line.strip('\r"')
    if end and line.lower().startswith("sep=") and len(line) == 5:
        return rest, _Begin(line[4], 1)
    return text, _Begin(None, 0)


def _found_delimiter(text: str, columns: Sequence[str]) -> str:
    """The delimiter with which the first lines have most of the columns; of equal ones, that with most cells."""
    wanted = {simple(name) for name in columns}

    def fit(delimiter: str) -> tuple[int, int]:
        best = 0, 0
        with suppress(Failure):
            for _, cells in islice(_records(text, delimiter, 0), HEADER_ROWS_MAX):
                best = max(best, (len(wanted & set(map(simple, cells))), len(cells)))
        return best

    return max(_DELIMITERS, key=fit)


def _records(text: str, delimiter: str, before: int) -> Iterator[Record]:
    """Each row that is not empty, with its line. Raises `Failure` for a quotation that is not closed."""
    csv.field_size_limit(CELL_LENGTH_MAX)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = before + 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise Failure(f"Line {line} cannot be read as CSV ({error}); check its quotation marks.", USAGE) from error
        if any(cell.strip() for cell in cells):
            yield line, cells
        line = before + reader.line_num + 1


# ── header and rows ──────────────────────────────────────────────────────────────────────────────


def _header(records: Sequence[Record], line: int | None, wanted: set[str]) -> Record | None:
    """The row at this line; without a line, that of the first rows which has most of the columns."""
    if line is not None:
        return next((one for one in records if one[0] == line), None)
    return max(records[:HEADER_ROWS_MAX], key=lambda one: len(wanted & set(map(simple, one[1]))), default=None)


def _numbered(names: Sequence[str]) -> list[tuple[str, int]]:
    """Each header with its number among equal ones."""
    seen = Counter[str]()
    numbered = []
    for name in names:
        seen[name] += 1
        numbered.append((name, seen[name]))
    return numbered


def _require(columns: Sequence[str], names: Sequence[tuple[str, int]], line: int, repeated: Mapping[str, int]) -> None:
    """Raises `Failure` for columns that the header lacks, or has several times."""
    counted = Counter(name for name, _ in names)
    if missing := [name for name in dict.fromkeys(columns) if not counted[simple(name)]]:
        has = ", ".join(f"'{name}'" for name, _ in names if name)
        raise Failure(
            f"The header in line {line} lacks {', '.join(map(repr, missing))}: it has {has}. Correct the mapping, or "
            "set sheet.header_line or sheet.delimiter.",
            USAGE,
        )
    for name in columns:
        if counted[simple(name)] > 1 and repeated.get(simple(name), 0) not in range(1, counted[simple(name)] + 1):
            raise Failure(
                f"The header in line {line} has '{name}' {counted[simple(name)]} times: say which one in the mapping, "
                f'as {{column = "{name}", nth = 1}}.',
                USAGE,
            )


def _rows(records: Sequence[Record], names: Sequence[tuple[str, int]], fill_down: Sequence[str]) -> Sheet:
    rows: list[Row] = []
    wrong: list[tuple[int, str]] = []
    above: dict[str, str] = {}
    for line, cells in records:
        if any(cell.strip() for cell in cells[len(names) :]):
            counted = f"The row has {len(cells)} cells, but there are {len(names)} columns"
            wrong.append((line, f"{counted}: quote the cells that contain the delimiter."))
            continue
        found = {name: unguarded(cell).strip() for name, cell in zip(names, cells, strict=False)}
        for name in fill_down:
            above[name] = found[name, 1] = found.get((name, 1), "") or above.get(name, "")
        rows.append(Row(line, found))
    return Sheet(rows, wrong)
