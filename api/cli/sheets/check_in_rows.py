"""The rows of a sheet of check-ins as facts, and the check-ins in a sheet of goals."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from api.cli.sheets.planned_facts import Json, Plan
from api.cli.sheets.sheet_cells import Cells, is_same
from api.cli.sheets.sheet_file import Row
from api.cli.sheets.sheet_mapping import CheckInColumns, Given
from domain.model.key_result import KeyResult
from domain.model.measurements.check_in import CheckIn
from domain.primitives.values import Kind


class CheckInRow(NamedTuple):
    """The columns of a check-in, and its key result: how facts refer to it, and its state, None for a new one."""

    ref: Any
    key_result: KeyResult | None
    value: Given | None
    confidence: Given | None
    note: Given | None
    measured_at: Given | None
    by: Given | None = None

    @property
    def columns(self) -> dict[str, Given | None]:
        return {"value": self.value, "confidence": self.confidence, "note": self.note, "effectiveAt": self.measured_at,
                "measuredAt": self.measured_at}  # fmt: skip


def plan_check_ins(plan: Plan, rows: Sequence[Row]) -> None:
    """Plan the rows of a sheet of check-ins."""
    columns = plan.mapping.check_in
    assert columns is not None
    seen: dict[tuple[str, str], int] = {}
    for row in rows:
        cells = Cells(row, plan.mapping.sheet, plan.problems)
        key_result = _key_result(plan, cells, columns)
        if key_result is None or _is_repeated(cells, columns, seen):
            continue
        one = CheckInRow(str(key_result.id), key_result, columns.value, columns.confidence, columns.note,
                         columns.measured_at, columns.by)  # fmt: skip
        if not any(cells.text(given) for given in (columns.value, columns.confidence, columns.note)):
            cells.problem(columns.value, "The check-in is empty; give a value, a confidence or a note.")
            continue
        plan_check_in(plan, cells, one)


def _key_result(plan: Plan, cells: Cells, columns: CheckInColumns) -> KeyResult | None:
    text = cells.required(columns.key_result)
    if text is None:
        return None
    ref = plan.present.ref(text)
    found = None if ref is None else plan.present.known(KeyResult, ref.id)
    if found is None:
        what = f"names one {ref.kind}" if ref is not None and ref.kind is not Kind.KEY_RESULT else "is unknown"
        cells.problem(columns.key_result, f"'{text}' {what}: no key result has this id of '{plan.mapping.system}'; "
                                          "correct it, or import the sheet of goals first.")  # fmt: skip
    return found


def _is_repeated(cells: Cells, columns: CheckInColumns, seen: dict[tuple[str, str], int]) -> bool:
    """Whether an earlier row has a check-in of the same moment."""
    place = cells.row.of(columns.key_result), cells.row.of(columns.measured_at)
    first = seen.setdefault(place, cells.line)
    if first != cells.line:
        cells.problem(columns.measured_at, f"Line {first} has a check-in of this key result and time; keep one, or "
                                           "give them times.")  # fmt: skip
    return first != cells.line


def plan_check_in(plan: Plan, cells: Cells, row: CheckInRow) -> None:
    """Plan a check-in, or the correction of one that was measured at the same moment. Without a moment it is measured
    now, and only if it says something else than the latest ones."""
    given: Json = {
        "value": cells.number(row.value),
        "confidence": cells.share(row.confidence),
        "note": cells.text(row.note),
    }
    at = cells.moment(row.measured_at, plan.mapping.sheet.time_zone or plan.present.time_zone)
    by = plan.handle(cells, row.by)
    if cells.failed or all(one is None for one in given.values()):
        return
    before = None if row.key_result is None or at is None else plan.present.measured(row.key_result.id, at)
    if before is not None:
        _correct(plan, cells, row, before, given)
    elif at is not None or row.key_result is None or _is_news(plan, row.key_result, given):
        _record(plan, cells, row, given, at, by)


def _record(plan: Plan, cells: Cells, row: CheckInRow, given: Json, at: datetime | None, by: str | None) -> None:
    is_late = row.key_result is not None and plan.present.is_over(row.key_result)
    reason = plan.mapping.reason if is_late else None
    plan.add(cells.line, "checkIn", {"keyResult": row.ref} | given, row.columns, at=at, by=by, reason=reason)


def _correct(plan: Plan, cells: Cells, row: CheckInRow, before: CheckIn, given: Json) -> None:
    value, _, confidence, note = before.content
    stated = {"value": value, "confidence": confidence, "note": note}
    changed = {name: one for name, one in given.items() if one is not None and not is_same(one, stated[name])}
    if changed:
        plan.add(cells.line, "correctCheckIn", {"checkIn": str(before.id)} | changed, row.columns,
                 reason=plan.mapping.reason)  # fmt: skip


def _is_news(plan: Plan, key_result: KeyResult, given: Json) -> bool:
    latest = plan.present.latest(key_result.id)._asdict()
    return any(one is not None and not is_same(one, latest[name]) for name, one in given.items())
