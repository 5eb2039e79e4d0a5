"""Files of readings: each batch of rows is one command that records them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from api.endpoints.csv_cells import unguarded
from api.endpoints.file_ingest import FileKind, Part
from api.endpoints.row_parser import Batch, Cells, KpiKeys, RowKind
from domain.commands.kpi_commands import ReadingInput, RecordReadings
from domain.commands.permissions import Permission

PATH: Final = "/ingest/readings"


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    kpi: str
    measured_at: Annotated[datetime, Meta(tz=True)]
    value: float
    note: str | None = None


def _of_line(line: _Line, kpis: KpiKeys) -> ReadingInput:
    return ReadingInput(kpis[line.kpi], line.value, line.measured_at, line.note)


def _of_cells(cells: Cells, kpis: KpiKeys) -> ReadingInput:
    """Notes lose the quotes with which exports guard formulas."""
    note = unguarded(cells.text("note")) or None
    return ReadingInput(kpis[cells.required("kpi")], cells.number("value"), cells.moment("measured_at"), note)


def _parts(batch: Batch) -> Iterator[Part]:
    yield Part(RecordReadings(readings=batch.rows), "readings", batch.lines)


READINGS: Final = FileKind(
    rows=RowKind(
        name="reading",
        required=("kpi", "measured_at", "value"),
        optional=("note",),
        ignored=("claimed_at", "recorded_at", "position"),
        line=msgspec.json.Decoder(_Line),
        of_line=_of_line,
        of_cells=_of_cells,
    ),
    permissions=frozenset({Permission.RECORD_READINGS, Permission.RECORD_OWN_READINGS}),
    refusal="Recording readings needs the role ADMIN, LEAD, MEMBER or METRICS.",
    parts=_parts,
)
