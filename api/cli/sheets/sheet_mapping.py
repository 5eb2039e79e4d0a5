"""The mapping file: which columns of a spreadsheet are which fields of goals or check-ins."""

import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct

from api.cli.output import USAGE, Failure
from domain.primitives import parsers, time_zones
from domain.primitives.decoding import prepared
from domain.primitives.errors import CommandRejected


class Column(Struct, frozen=True, forbid_unknown_fields=True):
    """How a field is read.

    `column`: the header of its column. `columns`: several, whose texts are joined with `/`. `nth`: which of several
    columns with this header, from 1. `values`: what a text of the column means. `default`: the text of an empty cell.
    `constant`: the text in every row, without a column. `prefix`: what is put before the text of a cell.
    """

    column: str | None = None
    columns: tuple[str, ...] = ()
    nth: int = 0
    values: dict[str, str] = {}
    default: str = ""
    constant: str | None = None
    prefix: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The headers of its columns."""
        return self.columns if self.column is None else (self.column,)


Given: TypeAlias = str | Column


class SheetFormat(Struct, frozen=True, forbid_unknown_fields=True):
    """How the file is written; what is left out is found, or has this default."""

    delimiter: Annotated[str, Meta(pattern=r"^[^\r\n\"]$")] | None = None
    encoding: str | None = None
    header_line: Annotated[int, Meta(ge=1)] | None = None
    decimal: Literal[".", ","] = "."
    date_format: str | tuple[str, ...] = "%Y-%m-%d"
    time_zone: str | None = None
    fill_down: tuple[str, ...] = ()

    @property
    def date_formats(self) -> tuple[str, ...]:
        return (self.date_format,) if isinstance(self.date_format, str) else self.date_format


class Levels(Struct, frozen=True, forbid_unknown_fields=True):
    """The column that says whether a row is an objective or a key result, and the texts that say so."""

    column: str
    objective: tuple[str, ...] = ("Objective",)
    key_result: tuple[str, ...] = ("Key Result",)


class Lookup(Struct, frozen=True, forbid_unknown_fields=True):
    """By what a sheet names people or teams, and whether those who are not there yet are created."""

    by: Literal["handle", "key", "name", "email", "external"] | None = None
    create: bool = False


class ObjectiveColumns(Struct, frozen=True, forbid_unknown_fields=True):
    """The fields of an objective. `commit`: whether a draft is committed."""

    id: Given
    title: Given | None = None
    cycle: Given | None = None
    description: Given | None = None
    kind: Given | None = None
    owner: Given | None = None
    team: Given | None = None
    supports: Given | None = None
    url: Given | None = None
    commit: bool = False


class KeyResultColumns(Struct, frozen=True, forbid_unknown_fields=True):
    """The fields of a key result, and those of a check-in on it."""

    id: Given
    objective: Given | None = None
    title: Given | None = None
    description: Given | None = None
    direction: Given | None = None
    unit: Given | None = None
    start: Given | None = None
    target: Given | None = None
    lower: Given | None = None
    upper: Given | None = None
    weight: Given | None = None
    owner: Given | None = None
    due: Given | None = None
    kpi: Given | None = None
    url: Given | None = None
    value: Given | None = None
    confidence: Given | None = None
    note: Given | None = None
    measured_at: Given | None = None


class CheckInColumns(Struct, frozen=True, forbid_unknown_fields=True):
    """The fields of a check-in."""

    key_result: Given
    measured_at: Given | None = None
    value: Given | None = None
    confidence: Given | None = None
    note: Given | None = None
    by: Given | None = None


@prepared
class SheetMapping(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file. `system` is the key under which the ids of the sheet are kept as external references; `reason` is
    recorded with edits that need one. A sheet has goals (`objective`, `key_result` or both) or check-ins."""

    system: str
    reason: str = "Changed in the spreadsheet"
    sheet: SheetFormat = SheetFormat()
    levels: Levels | None = None
    people: Lookup = Lookup()
    teams: Lookup = Lookup()
    objective: ObjectiveColumns | None = None
    key_result: KeyResultColumns | None = None
    check_in: CheckInColumns | None = None

    @property
    def columns(self) -> Iterator[str]:
        """The headers that the sheet must have."""
        for part in (self.objective, self.key_result, self.check_in):
            if part is not None:
                for given in map(part.__getattribute__, part.__struct_fields__):
                    yield from names(given)
        if self.levels is not None:
            yield self.levels.column
        yield from self.sheet.fill_down


def names(given: object) -> tuple[str, ...]:
    """The headers of the columns of a field; none for one that is left out."""
    return (given,) if isinstance(given, str) else given.names if isinstance(given, Column) else ()


TEAM_BY: Final = ("key", "name", "external")
PERSON_BY: Final = ("handle", "name", "email", "external")


def read_mapping(path: Path) -> SheetMapping:
    """The mapping of a file. Raises `Failure` that names the wrong key and what to do."""
    try:
        given = tomllib.loads(unicodedata.normalize("NFC", path.read_text("utf-8-sig")))
        mapping = msgspec.convert(given, SheetMapping)
    except OSError as error:
        raise Failure(f"{path} cannot be read: {error.strerror}.", USAGE) from error
    except UnicodeDecodeError as error:
        raise Failure(f"{path} is not UTF-8; save it as UTF-8.", USAGE) from error
    except tomllib.TOMLDecodeError as error:
        raise Failure(f"{path} is not TOML: {error}.", USAGE) from error
    except msgspec.ValidationError as error:
        raise Failure(f"{path}: {error}. The keys of a mapping are in docs/spreadsheets.md.", USAGE) from error
    for fault in _faults(mapping, given):
        raise Failure(f"{path}: {fault}", USAGE)
    return mapping


def _faults(mapping: SheetMapping, given: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the keys together."""
    try:
        parsers.key(mapping.system)
    except CommandRejected as error:
        yield f"system: {error.message}"
    if (mapping.check_in is None) is (mapping.objective is None and mapping.key_result is None):
        yield "A sheet has goals or check-ins: give [objective] and [key_result], or [check_in]."
    if mapping.levels is not None and (mapping.objective is None or mapping.key_result is None):
        yield "[levels] is for sheets with objectives and key results: give [objective] and [key_result]."
    if mapping.key_result is not None and mapping.objective is None and mapping.key_result.objective is None:
        yield "key_result.objective is missing: name the column with the id of its objective, or give [objective]."
    for name, lookup, allowed in (("people", mapping.people, PERSON_BY), ("teams", mapping.teams, TEAM_BY)):
        if lookup.by is not None and lookup.by not in allowed:
            yield f"{name}.by is '{lookup.by}'; write one of {', '.join(allowed)}."
    if mapping.sheet.time_zone is not None and mapping.sheet.time_zone not in time_zones.names():
        yield f"sheet.time_zone: '{mapping.sheet.time_zone}' is no time zone; write one like Europe/Berlin."
    yield from _column_faults(given)


def _column_faults(given: Mapping[str, Any]) -> Iterator[str]:
    for part in ("objective", "key_result", "check_in"):
        for name, value in given.get(part, {}).items():
            if isinstance(value, dict) and len({"column", "columns", "constant"} & value.keys()) != 1:
                yield f"{part}.{name} needs one of column, columns and constant."
