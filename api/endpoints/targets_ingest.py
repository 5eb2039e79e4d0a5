"""Files of targets of KPIs: the rows of one KPI with one reason are one command that sets them."""

from collections.abc import Iterator
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Final

import msgspec

from api.endpoints.csv_cells import unguarded
from api.endpoints.file_ingest import FileKind, Part
from api.endpoints.row_parser import Batch, Cells, KpiKeys, RowKind
from domain.commands.command import KpiBy
from domain.commands.kpi_commands import TARGETS_MAX, SetKpiTargets
from domain.commands.permissions import Permission
from domain.primitives.values import KpiTarget

PATH: Final = "/ingest/targets"


class TargetRow(msgspec.Struct, frozen=True):
    """A target of a KPI, and the reason for it."""

    kpi: KpiBy
    target: KpiTarget
    reason: str | None


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    kpi: str
    from_: date = msgspec.field(name="from")
    target: float | None = None
    lower: float | None = None
    upper: float | None = None
    remove: bool = False
    reason: str | None = None


def _of_line(line: _Line, kpis: KpiKeys) -> TargetRow:
    target = KpiTarget(line.from_, line.target, line.lower, line.upper, line.remove)
    return TargetRow(kpis[line.kpi], target, line.reason)


def _of_cells(cells: Cells, kpis: KpiKeys) -> TargetRow:
    target, lower, upper = (cells.number_if_given(column) for column in ("target", "lower", "upper"))
    planned = KpiTarget(cells.day("from"), target, lower, upper, cells.flag("remove"))
    return TargetRow(kpis[cells.required("kpi")], planned, unguarded(cells.text("reason")) or None)


def _parts(batch: Batch) -> Iterator[Part]:
    """The commands of each KPI in the order of its rows: one for successive rows with the same reason, up to
    `TARGETS_MAX` of them."""
    of_kpis: dict[KpiBy, list[tuple[int, TargetRow]]] = {}
    for numbered in zip(batch.lines, batch.rows, strict=True):
        of_kpis.setdefault(numbered[1].kpi, []).append(numbered)
    for kpi, numbered_rows in of_kpis.items():
        for reason, run in groupby(numbered_rows, key=lambda one: one[1].reason):
            same = list(run)
            for place in range(0, len(same), TARGETS_MAX):
                yield _part(kpi, reason, same[place : place + TARGETS_MAX])


def _part(kpi: KpiBy, reason: str | None, rows: list[tuple[int, TargetRow]]) -> Part:
    targets = [row.target for _, row in rows]
    return Part(SetKpiTargets(kpi=kpi, targets=targets, reason=reason), "targets", list(map(itemgetter(0), rows)))


TARGETS: Final = FileKind(
    rows=RowKind(
        name="target",
        required=("kpi", "from"),
        optional=("target", "lower", "upper", "remove", "reason"),
        ignored=(),
        line=msgspec.json.Decoder(_Line),
        of_line=_of_line,
        of_cells=_of_cells,
    ),
    permissions=frozenset({Permission.DEFINE_KPIS}),
    refusal="Setting targets needs the role ADMIN or LEAD.",
    parts=_parts,
)
