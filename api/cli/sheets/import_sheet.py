"""The `import --csv` command: a spreadsheet of goals or check-ins becomes facts, imported as those of a fact file."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from rich.table import Table

from api.cli.import_facts import fact_file, run_import
from api.cli.output import out
from api.cli.sheets.check_in_rows import plan_check_ins
from api.cli.sheets.goal_rows import GoalRows
from api.cli.sheets.planned_facts import Plan, PlannedFact
from api.cli.sheets.present_things import read_present
from api.cli.sheets.sheet_cells import CellProblem
from api.cli.sheets.sheet_file import FILE_BYTES_MAX, Row, Sheet, read_sheet, simple
from api.cli.sheets.sheet_mapping import Column, Given, SheetMapping
from api.facts.importer import Refusal
from api.runtime.database import Database
from domain.primitives.errors import Code, Problem

LISTED_MAX = 200
"""Facts that a dry run lists."""


class SheetResult(NamedTuple):
    """What became of a sheet: the number of its rows, the facts that were recorded or were there already, and the
    problems in the order of the lines."""

    rows: int
    recorded: Sequence[PlannedFact]
    problems: Sequence[CellProblem]


def read(file: str, mapping: SheetMapping) -> Sheet:
    """The rows of a file, or of standard input for "-". Raises `Failure`."""
    with fact_file(file) as (source, _):
        content = source.read(FILE_BYTES_MAX + 1)
    columns = list(dict.fromkeys(mapping.columns))
    return read_sheet(content, mapping.sheet, columns, _repeated(mapping))


def import_sheet(database: Database, sheet: Sheet, mapping: SheetMapping, *, dry: bool) -> SheetResult:
    """Import the rows; if `dry`, into a temporary copy of the workspace. A row that is refused stops no other row."""
    plan = planned(database, sheet, mapping)
    lines = [one.text for one in plan.facts]
    tally = run_import(database, lines, sum(map(len, lines)), go_on=True, dry=dry, label="Rows")
    refused = {refusal.line - 1 for refusal in tally.refusals}
    recorded = [one for index, one in enumerate(plan.facts) if index not in refused]
    rejected = [_problem(plan, refusal, problem) for refusal in tally.refusals for problem in refusal.problems]
    problems = dict.fromkeys([*plan.problems, *rejected])
    return SheetResult(len(sheet.rows) + len(sheet.wrong), recorded, sorted(problems, key=_line))


def planned(database: Database, sheet: Sheet, mapping: SheetMapping) -> Plan:
    """The facts that a sheet asks for, and what is wrong in it."""
    with_check_ins = mapping.check_in is not None or _states_values(mapping)
    with database.scope() as scoped:
        ids = _ids(sheet.rows, mapping)
        present = read_present(scoped.log(), mapping.system, ids, with_check_ins=with_check_ins)
    plan = Plan(mapping, present)
    plan.problems += [CellProblem(line, "", message) for line, message in sheet.wrong]
    if mapping.check_in is not None:
        plan_check_ins(plan, sheet.rows)
    else:
        GoalRows(plan).plan(sheet.rows)
    return plan


def report(result: SheetResult, *, dry: bool) -> None:
    """Print what would be recorded if `dry`, the problems, and a summary."""
    if dry:
        for one in result.recorded[:LISTED_MAX]:
            out.print(f"line {one.line}  {_described(one)}", markup=False, soft_wrap=True)
        if len(result.recorded) > LISTED_MAX:
            out.print(f"… and {len(result.recorded) - LISTED_MAX:,} more")
    for problem in result.problems:
        out.print(str(problem), markup=False, soft_wrap=True)
    out.print(_summary(result, dry=dry))


def _summary(result: SheetResult, *, dry: bool) -> Table:
    table = Table(title="Dry run: nothing was recorded" if dry else None, title_justify="left")
    table.add_column("Rows")
    table.add_column("", justify="right")
    counts = Counter(one.fact["do"] for one in result.recorded)
    changed = {one.line for one in result.recorded} | {one.line for one in result.problems}
    rows = [("read", result.rows), ("unchanged", result.rows - len(changed))]
    rows += [(f"{'would be recorded' if dry else 'recorded'}: {do}", count) for do, count in sorted(counts.items())]
    rows += [("refused", len({one.line for one in result.problems}))]
    for name, count in rows:
        table.add_row(name, f"{count:,}")
    return table


# ── the mapping ──────────────────────────────────────────────────────────────────────────────────


def _fields(mapping: SheetMapping) -> list[Given]:
    parts = [one for one in (mapping.objective, mapping.key_result, mapping.check_in) if one is not None]
    fields = [getattr(part, name) for part in parts for name in part.__struct_fields__]
    return [one for one in fields if isinstance(one, str | Column)]


def _repeated(mapping: SheetMapping) -> dict[str, int]:
    """The number of each column whose header is repeated, by header."""
    found = [one for one in _fields(mapping) if isinstance(one, Column) and one.nth]
    return {simple(name): one.nth for one in found for name in one.names}


def _states_values(mapping: SheetMapping) -> bool:
    columns = mapping.key_result
    return columns is not None and any((columns.value, columns.confidence, columns.note))


def _ids(rows: Sequence[Row], mapping: SheetMapping) -> set[str]:
    """All ids that the rows name."""
    fields: list[Given | None] = []
    if mapping.objective is not None:
        fields += [mapping.objective.id, mapping.objective.supports]
    if mapping.key_result is not None:
        fields += [mapping.key_result.id, mapping.key_result.objective]
    if mapping.check_in is not None:
        fields += [mapping.check_in.key_result]
    return {row.of(field) for row in rows for field in fields if field is not None} - {""}


# ── the result ───────────────────────────────────────────────────────────────────────────────────


def _problem(plan: Plan, refusal: Refusal, problem: Problem) -> CellProblem:
    """A problem of a fact as a problem of the cell that it comes from."""
    fact = plan.facts[refusal.line - 1]
    if problem.code is Code.NOT_FOUND and problem.field[-1:] == ("ref",):
        return CellProblem(fact.line, "", f"{_missing(plan, fact)} was refused; correct that first.")
    column = next((fact.columns[name] for name in reversed(problem.field) if name in fact.columns), "")
    if not column and problem.field[:1] == ("external",):
        column = fact.columns.get("id", "")
    return CellProblem(fact.line, column, f"{fact.fact['do']}: {problem}")


def _missing(plan: Plan, fact: PlannedFact) -> str:
    """What a fact refers to and the sheet creates."""
    refs = [one["ref"] for one in fact.fact["input"].values() if isinstance(one, dict) and "ref" in one]
    return ", ".join(f"{name} of line {plan.created[name]}" for name in refs if name in plan.created)


def _line(problem: CellProblem) -> int:
    return problem.line


def _described(one: PlannedFact) -> str:
    """A fact in a few words: its command and what it gives."""
    given = one.fact["input"] | one.fact["input"].get("metric", {})
    shown = [f"{name} {value!r}" for name, value in given.items() if isinstance(value, str | int | float)
             and name not in ("objective", "keyResult", "checkIn")]  # fmt: skip
    return " ".join([one.fact["do"], *shown])
