"""The rows of objectives as facts."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from api.cli.sheets.named_goals import Known, changed, columns_by_field, named, one_line, refer
from api.cli.sheets.planned_facts import Json, Plan, cycle_id
from api.cli.sheets.sheet_cells import Cells
from api.cli.sheets.sheet_file import simple
from api.cli.sheets.sheet_mapping import ObjectiveColumns
from domain.model.objective import Objective
from domain.primitives.values import Kind, ObjectiveKind, ObjectiveState

FIELDS = ("title", "description", "kind", "owner", "team", "cycle", "supports", "url")


class Seen(NamedTuple):
    """An objective that rows have named: the line and the texts of the first of them; no `known` if it was wrong."""

    line: int
    texts: Mapping[str, str]
    known: Known | None


class ObjectiveRows:
    """Plans the objectives of rows; a row may repeat one. `seen` are those so far, by the name that the plan gives."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.seen: dict[str, Seen] = {}
        self._commits: list[tuple[int, Any]] = []
        self._supports: list[tuple[Cells, ObjectiveColumns, str, Known]] = []

    def end(self) -> None:
        """Plan what needs all goals of the sheet: alignments, and commitments, which come after key results."""
        for cells, columns, text, objective in self._supports:
            self._align(cells, columns, text, objective)
        for line, ref in self._commits:
            self._plan.add(line, "commitObjective", {"objective": ref})

    def row(self, cells: Cells, columns: ObjectiveColumns) -> str | None:
        """The name of the row's objective; None without one."""
        id = cells.required(columns.id)
        if id is None:
            return None
        name, known = named(self._plan, cells, columns.id, id, Kind.OBJECTIVE)
        texts = {field: cells.row.of(getattr(columns, field)) for field in FIELDS}
        if name in self.seen:
            self._compare(cells, columns, id, texts, self.seen[name])
        else:
            planned = None if cells.failed else self._planned(cells, columns, id, name, known)
            self.seen[name] = Seen(cells.line, texts, planned)
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
            "title": one_line(cells.text(columns.title)),
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
            self._supports.append((cells, columns, supported, objective))
        return objective

    def _draft(self, cells: Cells, columns: ObjectiveColumns, id: str, name: str, given: Json) -> None:
        cycle = cells.required(columns.cycle)
        if given["title"] is None:
            cells.problem(columns.title, "A new objective needs a title; fill the cell, or correct the id.")
        if not cells.failed:
            begun = {"external": {"system": self._plan.mapping.system, "id": id, "url": cells.text(columns.url)}}
            self._plan.add(cells.line, "draftObjective", {"cycle": {"key": cycle}} | given | begun,
                           columns_by_field(columns), creates=name)  # fmt: skip

    def _edit(self, cells: Cells, columns: ObjectiveColumns, objective: Known, given: Json) -> None:
        state: Objective = objective.state
        if given["kind"] is not None and given["kind"] != state.kind:
            cells.problem(columns.kind, f"The objective is {state.kind}, and its kind cannot change; correct the cell.")
        if cells.failed:
            return
        subject = {"objective": objective.ref}
        cycle = cells.text(columns.cycle)
        if cycle is not None and cycle_id(cycle) != state.cycle:
            self._plan.add(cells.line, "moveObjective", subject | {"to": {"key": cycle}}, {"to": columns.cycle})
        for do, fields in (("rewordObjective", ("title", "description")), ("assignObjective", ("owner", "team"))):
            if edited := changed(given, state, fields):
                self._plan.add(cells.line, do, subject | edited, columns_by_field(columns))
        refer(self._plan, cells, columns, state)

    def _commit(self, cells: Cells, columns: ObjectiveColumns, objective: Known) -> None:
        is_draft = objective.state is None or objective.state.state is ObjectiveState.DRAFT
        if columns.commit and is_draft:
            self._commits.append((cells.line, objective.ref))

    def _align(self, cells: Cells, columns: ObjectiveColumns, text: str, objective: Known) -> None:
        """Align an objective to the goal with an id of the sheet."""
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
