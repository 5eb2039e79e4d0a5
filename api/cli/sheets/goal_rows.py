"""The rows of a sheet of goals as facts: what is new is created, and what differs is edited.

A cell that is empty, and a column that the mapping does not name, change nothing.
"""

from collections.abc import Sequence

from api.cli.sheets.key_result_rows import KeyResultRows
from api.cli.sheets.objective_rows import ObjectiveRows
from api.cli.sheets.planned_facts import Plan
from api.cli.sheets.sheet_cells import Cells
from api.cli.sheets.sheet_file import Row, simple


class GoalRows:
    """Plans the rows of a sheet of goals, in their order."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._mapping = plan.mapping
        self._objectives = ObjectiveRows(plan)
        self._key_results = KeyResultRows(plan, self._objectives.seen)
        self._above: str | None = None
        """The objective of the last row that may have one, by the name that the plan gives."""

    def plan(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self._row(Cells(row, self._mapping.sheet, self._plan.problems))
        self._objectives.end()

    def _row(self, cells: Cells) -> None:
        level = self._level(cells)
        objective, key_result = self._mapping.objective, self._mapping.key_result
        if objective is not None and level in ("", "objective"):
            self._above = self._objectives.row(cells, objective)
        if key_result is not None and level in ("", "key_result"):
            is_alone = level == "key_result" or objective is None
            self._key_results.row(cells, key_result, self._above, is_alone=is_alone)

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
