"""The rows of a sheet of goals as facts: what is new is created, and what differs is edited.

A cell that is empty, and a column that the mapping does not name, change nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from api.cli.sheets.check_in_rows import CheckInRow, plan_check_in
from api.cli.sheets.metric_cells import metric_edit, new_metric
from api.cli.sheets.planned_facts import Json, Plan, cycle_id, kpi_id
from api.cli.sheets.sheet_cells import Cells, is_same
from api.cli.sheets.sheet_file import Row, simple
from api.cli.sheets.sheet_mapping import Given, KeyResultColumns, ObjectiveColumns
from domain.model.key_result import KeyResult
from domain.model.objective import Objective
from domain.primitives.values import Kind, ObjectiveKind, ObjectiveState

OBJECTIVE_FIELDS = ("title", "description", "kind", "owner", "team", "cycle", "supports", "url")


class Known(NamedTuple):
    """A goal that a row names: how facts refer to it, and its present state; None for a new one."""

    ref: Any
    state: Any


class Seen(NamedTuple):
    """An objective that rows have named: the line and the texts of the first of them; no `known` if it was wrong."""

    line: int
    texts: Mapping[str, str]
    known: Known | None


class GoalRows:
    """Plans the rows of a sheet of goals, in their order."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._mapping = plan.mapping
        self._objectives: dict[str, Seen] = {}
        self._key_results: dict[str, int] = {}
        self._above: str | None = None
        """The id of the objective of the last row that has one."""
        self._commits: list[tuple[int, Any]] = []
        self._supports: list[tuple[Cells, str, Known]] = []

    def plan(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self._row(Cells(row, self._mapping.sheet, self._plan.problems))
        for cells, text, objective in self._supports:
            self._align(cells, text, objective)
        for line, ref in self._commits:
            self._plan.add(line, "commitObjective", {"objective": ref})

    def _row(self, cells: Cells) -> None:
        level = self._level(cells)
        objective, key_result = self._mapping.objective, self._mapping.key_result
        if objective is not None and level in ("", "objective"):
            self._above = self._objective(cells, objective)
        if key_result is not None and level in ("", "key_result"):
            self._key_result(cells, key_result, is_alone=level == "key_result" or objective is None)

    def _level(self, cells: Cells) -> str | None:
        """Which of both the row is; empty for both, None for neither."""
        levels = self._mapping.levels
        if levels is None:
            return ""
        text = simple(cells.row.text(levels.column))
        for level, meant in (("objective", levels.objective), ("key_result", levels.key_result)):
            if text in map(simple, meant):
                return level
        known = ", ".join((*levels.objective, *levels.key_result))
        cells.problem(levels.column, f"'{text}' is no level; write one of {known}, or add it to [levels].")
        return None

    def _found(self, cells: Cells, given: Given, text: str, kind: Kind) -> tuple[str, UUID | None]:
        """The name that the plan gives to the thing with an id, and its own id if it exists."""
        ref = self._plan.present.ref(text)
        if ref is None:
            return f"{kind}/{text}", None
        if ref.kind is not kind:
            other = f"'{text}' is the id of one {ref.kind}, and ids are unique across kinds"
            cells.problem(given, f"{other}: correct it, or set a `prefix` in the mapping.")
        elif ref.id not in self._plan.present.things:
            unknown = f"This workspace has no {kind} with the global id '{text}'"
            cells.problem(given, f"{unknown}: correct it, or write an id of your own for a new one.")
        return f"{kind}/{ref.id}", ref.id

    def _refer(self, cells: Cells, columns: ObjectiveColumns | KeyResultColumns, state: Objective | KeyResult) -> None:
        """Change the address of the reference of an existing thing."""
        id, url = cells.row.of(columns.id), cells.text(columns.url)
        reference = self._plan.present.references.get(id)
        if url is not None and reference is not None and url != reference.url:
            given = {"subject": {"kind": state.KIND, "id": str(state.id)}, "system": self._mapping.system}
            self._plan.add(cells.line, "setExternalReference", given | {"id": id, "url": url}, _columns(columns))

    # ── objectives ───────────────────────────────────────────────────────────────────────────────

    def _objective(self, cells: Cells, columns: ObjectiveColumns) -> str | None:
        """The name of the row's objective; None without one."""
        id = cells.required(columns.id)
        if id is None:
            return None
        name, known = self._found(cells, columns.id, id, Kind.OBJECTIVE)
        texts = {field: cells.row.of(getattr(columns, field)) for field in OBJECTIVE_FIELDS}
        if name in self._objectives:
            self._compare(cells, columns, id, texts, self._objectives[name])
        else:
            planned = None if cells.failed else self._planned(cells, columns, id, name, known)
            self._objectives[name] = Seen(cells.line, texts, planned)
        return name

    def _compare(self, cells: Cells, columns: ObjectiveColumns, id: str, texts: Mapping[str, str], first: Seen) -> None:
        """Refuse a row that repeats an objective with other texts."""
        for field, text in texts.items():
            if text and first.texts[field] and simple(text) != simple(first.texts[field]):
                cells.problem(getattr(columns, field), f"Line {first.line} gives the objective '{id}' another {field}: "
                                                       "make them equal.")  # fmt: skip

    def _planned(self, cells: Cells, columns: ObjectiveColumns, id: str, name: str, known: UUID | None) -> Known | None:
        """Plan the creation or the edits of an objective; None if the row is wrong."""
        given = {
            "title": _line(cells.text(columns.title)),
            "description": cells.text(columns.description),
            "kind": cells.choice(columns.kind, ObjectiveKind),
            "owner": self._plan.person(cells, columns.owner),
            "team": self._plan.team(cells, columns.team),
        }
        state = None if known is None else self._plan.present.known(Objective, known)
        objective = Known({"ref": name} if known is None else str(known), state)
        if state is None:
            self._draft(cells, columns, id, name, given)
        else:
            self._edit(cells, columns, objective, given)
        if cells.failed and state is None:
            return None
        self._commit(cells, columns, objective)
        if supported := cells.text(columns.supports):
            self._supports.append((cells, supported, objective))
        return objective

    def _draft(self, cells: Cells, columns: ObjectiveColumns, id: str, name: str, given: Json) -> None:
        cycle = cells.required(columns.cycle)
        if given["title"] is None:
            cells.problem(columns.title, "A new objective needs a title; fill the cell, or correct the id.")
        if not cells.failed:
            begun = {"external": {"system": self._mapping.system, "id": id, "url": cells.text(columns.url)}}
            self._plan.add(cells.line, "draftObjective", {"cycle": {"key": cycle}} | given | begun,
                           _columns(columns), creates=name)  # fmt: skip

    def _edit(self, cells: Cells, columns: ObjectiveColumns, objective: Known, given: Json) -> None:
        state: Objective = objective.state
        cycle = cells.text(columns.cycle)
        if cycle is not None and cycle_id(cycle) != state.cycle:
            cells.problem(columns.cycle, "The objective is in another cycle, and an import moves nothing; correct the "
                                         "cell, or carry it over in Keyframe.")  # fmt: skip
        if given["kind"] is not None and given["kind"] != state.kind:
            cells.problem(columns.kind, f"The objective is {state.kind}, and its kind cannot change; correct the cell.")
        if cells.failed:
            return
        subject = {"objective": objective.ref}
        for do, fields in (("rewordObjective", ("title", "description")), ("assignObjective", ("owner", "team"))):
            if changed := _changed(given, state, fields):
                self._plan.add(cells.line, do, subject | changed, _columns(columns))
        self._refer(cells, columns, state)

    def _commit(self, cells: Cells, columns: ObjectiveColumns, objective: Known) -> None:
        is_draft = objective.state is None or objective.state.state is ObjectiveState.DRAFT
        if columns.commit and is_draft:
            self._commits.append((cells.line, objective.ref))

    def _align(self, cells: Cells, text: str, objective: Known) -> None:
        """Align an objective to the goal with an id of the sheet, once all rows are known."""
        columns = self._mapping.objective
        assert columns is not None
        present = self._plan.present.ref(text)
        new = next((one for one in (f"{Kind.OBJECTIVE}/{text}", f"{Kind.KEY_RESULT}/{text}")
                    if one in self._plan.created), None)  # fmt: skip
        if present is None and new is None:
            cells.problem(columns.supports, f"There is no goal with the id '{text}'; correct it.")
        elif objective.state is None or present is None or present not in objective.state.supports:
            ref = {"ref": new} if present is None else {"kind": present.kind, "id": str(present.id)}
            self._plan.add(
                cells.line, "alignObjective", {"objective": objective.ref, "to": ref}, {"to": columns.supports}
            )

    # ── key results ──────────────────────────────────────────────────────────────────────────────

    def _key_result(self, cells: Cells, columns: KeyResultColumns, *, is_alone: bool) -> None:
        """Plan the key result of a row; `is_alone`: the row must have one."""
        id, title = cells.text(columns.id), cells.text(columns.title)
        if id is None and title is None and not is_alone:
            return
        if cells.required(columns.id) is None or id is None:
            return
        name, known = self._found(cells, columns.id, id, Kind.KEY_RESULT)
        if name in self._key_results:
            line = self._key_results[name]
            cells.problem(
                columns.id, f"Line {line} has the key result '{id}', too; keep one of them, or correct the id."
            )
            return
        self._key_results[name] = cells.line
        objective = self._objective_of(cells, columns, known)
        given = self._given(cells, columns)
        if known is None and objective is not None:
            self._add(cells, columns, id, name, objective, given)
        elif known is not None and (state := self._plan.present.known(KeyResult, known)) is not None:
            self._edit_key_result(cells, columns, Known(str(known), state), objective, given)

    def _given(self, cells: Cells, columns: KeyResultColumns) -> Json:
        return {
            "title": _line(cells.text(columns.title)),
            "description": cells.text(columns.description),
            "owner": self._plan.person(cells, columns.owner),
            "weight": cells.number(columns.weight),
            "due": cells.day(columns.due),
            "kpi": cells.text(columns.kpi),
        }

    def _objective_of(self, cells: Cells, columns: KeyResultColumns, key_result: UUID | None) -> Known | None:
        """The objective of the row: by its own column, else the one above. None with a problem, or for one that
        exists already without any."""
        text = cells.text(columns.objective)
        if text is None:
            seen = self._objectives.get(self._above or "")
            if seen is None and key_result is None and not cells.failed:
                cells.problem(columns.objective, "The key result has no objective; name it, or put it below one.")
        else:
            name, known = self._found(cells, columns.objective or "", text, Kind.OBJECTIVE)
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
        begun = {"external": {"system": self._mapping.system, "id": id, "url": cells.text(columns.url)}}
        added = {"objective": objective.ref} | given | kpi | {"metric": metric} | begun
        self._plan.add(cells.line, "addKeyResult", added, _columns(columns), creates=name)
        self._check_in(cells, columns, Known({"ref": name}, None), is_linked=given["kpi"] is not None)

    def _edit_key_result(
        self, cells: Cells, columns: KeyResultColumns, key_result: Known, objective: Known | None, given: Json
    ) -> None:
        state: KeyResult = key_result.state
        if objective is not None and str(state.objective) != objective.ref:
            cells.problem(columns.objective or columns.id, "The key result belongs to another objective, and an import "
                                                           "moves nothing; correct the row.")  # fmt: skip
        metric = metric_edit(cells, columns, state.metric)
        if cells.failed:
            return
        subject, reason = {"keyResult": key_result.ref}, self._mapping.reason
        edits: list[tuple[str, Json, str | None]] = [
            ("rewordKeyResult", _changed(given, state, ("title", "description")), None),
            ("assignKeyResult", _changed(given, state, ("owner",)), None),
            ("retargetKeyResult", {} if metric is None else {"metric": metric}, reason),
            ("reweighKeyResult", _changed(given, state, ("weight",)), reason),
            ("rescheduleKeyResult", _changed(given, state, ("due",)), reason),
            ("linkKpi", _linked(given, state), None),
        ]
        for do, changed, why in edits:
            if changed:
                self._plan.add(cells.line, do, subject | changed, _columns(columns), reason=why)
        self._refer(cells, columns, state)
        self._check_in(cells, columns, key_result, is_linked=given["kpi"] is not None or state.kpi is not None)

    def _check_in(self, cells: Cells, columns: KeyResultColumns, key_result: Known, *, is_linked: bool) -> None:
        """The value of a key result that a KPI measures is the KPI's: its cell is ignored."""
        value = None if is_linked else columns.value
        row = CheckInRow(key_result.ref, key_result.state, value, columns.confidence, columns.note,
                         columns.measured_at)  # fmt: skip
        plan_check_in(self._plan, cells, row)


def _changed(given: Json, state: Any, fields: Sequence[str]) -> Json:
    """The given fields that differ from the present ones."""
    return {
        name: given[name]
        for name in fields
        if given[name] is not None and not is_same(given[name], getattr(state, name))
    }


def _linked(given: Json, state: KeyResult) -> Json:
    if given["kpi"] is None or str(state.kpi) == kpi_id(given["kpi"]):
        return {}
    return {"kpi": {"key": given["kpi"]}}


def _columns(columns: ObjectiveColumns | KeyResultColumns) -> dict[str, Given | None]:
    return {name: getattr(columns, name) for name in columns.__struct_fields__ if name != "commit"}


def _line(text: str | None) -> str | None:
    """A title on one line."""
    return None if text is None else " ".join(text.split())
