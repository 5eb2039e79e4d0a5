"""The rows of key results as facts, with the check-ins in them."""

from collections.abc import Mapping
from uuid import UUID

from api.cli.sheets.check_in_rows import CheckInRow, plan_check_in
from api.cli.sheets.metric_cells import metric_edit, new_metric
from api.cli.sheets.named_goals import Known, changed, columns_by_field, named, one_line, refer
from api.cli.sheets.objective_rows import Seen
from api.cli.sheets.planned_facts import Json, Plan, kpi_id
from api.cli.sheets.sheet_cells import Cells
from api.cli.sheets.sheet_mapping import KeyResultColumns
from domain.model.key_result import KeyResult
from domain.model.objective import Objective
from domain.primitives.values import Kind


class KeyResultRows:
    """Plans the key results of rows. `objectives` are those of the sheet so far."""

    def __init__(self, plan: Plan, objectives: Mapping[str, Seen]) -> None:
        self._plan = plan
        self._objectives = objectives
        self._lines: dict[str, int] = {}
        """The line of each key result, by the name that the plan gives."""

    def row(self, cells: Cells, columns: KeyResultColumns, above: str | None, *, is_alone: bool) -> None:
        """Plan the key result of a row; `above` is its objective by default. `is_alone`: the row must have one."""
        id, title = cells.text(columns.id), cells.text(columns.title)
        if id is None and title is None and not is_alone:
            return
        if cells.required(columns.id) is None or id is None:
            return
        name, known = named(self._plan, cells, columns.id, id, Kind.KEY_RESULT)
        if name in self._lines:
            line = self._lines[name]
            cells.problem(
                columns.id, f"Line {line} has the key result '{id}', too; keep one of them, or correct the id."
            )
            return
        self._lines[name] = cells.line
        objective = self._objective_of(cells, columns, known, above)
        given = self._given(cells, columns)
        if known is None and objective is not None:
            self._add(cells, columns, id, name, objective, given)
        elif known is not None and (state := self._plan.present.known(KeyResult, known)) is not None:
            self._edit(cells, columns, Known(str(known), state), objective, given)

    def _given(self, cells: Cells, columns: KeyResultColumns) -> Json:
        return {
            "title": one_line(cells.text(columns.title)),
            "description": cells.text(columns.description),
            "owner": self._plan.person(cells, columns.owner),
            "weight": cells.number(columns.weight),
            "due": cells.day(columns.due),
            "kpi": cells.text(columns.kpi),
        }

    def _objective_of(
        self, cells: Cells, columns: KeyResultColumns, key_result: UUID | None, above: str | None
    ) -> Known | None:
        """The objective of the row: by its own column, else the one above. None with a problem, or for one that
        exists already without any."""
        text = cells.text(columns.objective)
        if text is None:
            seen = self._objectives.get(above or "")
            if seen is None and key_result is None and not cells.failed:
                cells.problem(columns.objective, "The key result has no objective; name it, or put it below one.")
        else:
            name, known = named(self._plan, cells, columns.objective or "", text, Kind.OBJECTIVE)
            if name not in self._objectives and known is not None:
                state = self._plan.present.known(Objective, known)
                return None if state is None else Known(str(known), state)
            seen = self._objectives.get(name)
            if seen is None:
                where = "in the rows above, nor in the workspace"
                cells.problem(columns.objective, f"There is no objective with the id '{text}' {where}; correct it.")
        if seen is not None and seen.known is None and seen.line != cells.line:
            cells.problem(None, f"Its objective is wrong in line {seen.line}; correct that line.")
        return None if seen is None else seen.known

    def _add(self, cells: Cells, columns: KeyResultColumns, id: str, name: str, objective: Known, given: Json) -> None:
        if given["title"] is None:
            cells.problem(columns.title, "A new key result needs a title; fill the cell, or correct the id.")
        metric = new_metric(cells, columns)
        if cells.failed:
            return
        kpi = {"kpi": None if given["kpi"] is None else {"key": given["kpi"]}}
        begun = {"external": {"system": self._plan.mapping.system, "id": id, "url": cells.text(columns.url)}}
        added = {"objective": objective.ref} | given | kpi | {"metric": metric} | begun
        self._plan.add(cells.line, "addKeyResult", added, columns_by_field(columns), creates=name)
        self._check_in(cells, columns, Known({"ref": name}, None), is_linked=given["kpi"] is not None)

    def _edit(
        self, cells: Cells, columns: KeyResultColumns, key_result: Known, objective: Known | None, given: Json
    ) -> None:
        state: KeyResult = key_result.state
        metric = metric_edit(cells, columns, state.metric)
        if cells.failed:
            return
        subject, reason = {"keyResult": key_result.ref}, self._plan.mapping.reason
        moved_to = None if objective is None or objective.ref == str(state.objective) else objective.ref
        edits: list[tuple[str, Json, str | None]] = [
            ("moveKeyResult", {} if moved_to is None else {"to": moved_to}, None),
            ("rewordKeyResult", changed(given, state, ("title", "description")), None),
            ("assignKeyResult", changed(given, state, ("owner",)), None),
            ("retargetKeyResult", {} if metric is None else {"metric": metric}, reason),
            ("reweighKeyResult", changed(given, state, ("weight",)), reason),
            ("rescheduleKeyResult", changed(given, state, ("due",)), reason),
            ("linkKpi", _linked(given, state), None),
        ]
        by_field = columns_by_field(columns) | {"to": columns.objective}
        for do, edited, why in edits:
            if edited:
                self._plan.add(cells.line, do, subject | edited, by_field, reason=why)
        refer(self._plan, cells, columns, state)
        self._check_in(cells, columns, key_result, is_linked=given["kpi"] is not None or state.kpi is not None)

    def _check_in(self, cells: Cells, columns: KeyResultColumns, key_result: Known, *, is_linked: bool) -> None:
        """The value of a key result that a KPI measures is the KPI's: its cell is ignored."""
        value = None if is_linked else columns.value
        row = CheckInRow(key_result.ref, key_result.state, value, columns.confidence, columns.note,
                         columns.measured_at)  # fmt: skip
        plan_check_in(self._plan, cells, row)


def _linked(given: Json, state: KeyResult) -> Json:
    if given["kpi"] is None or str(state.kpi) == kpi_id(given["kpi"]):
        return {}
    return {"kpi": {"key": given["kpi"]}}
