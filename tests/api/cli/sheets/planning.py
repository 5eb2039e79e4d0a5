"""Plans a sheet against things in memory, without a database."""

from collections.abc import Mapping
from typing import Any

import msgspec

from api.cli.sheets.check_in_rows import plan_check_ins
from api.cli.sheets.goal_rows import GoalRows
from api.cli.sheets.planned_facts import Plan
from api.cli.sheets.present_things import Present
from api.cli.sheets.sheet_file import Sheet, read_sheet
from api.cli.sheets.sheet_mapping import SheetMapping
from domain.model.discussion import ExternalReference, ExternalReferenceSet
from domain.model.event import Aggregate
from domain.primitives.values import Ref
from tests.domain.scenario import on

NOW = on(3, 1)


def mapped(given: Mapping[str, Any]) -> SheetMapping:
    return msgspec.convert({"system": "sheet"} | dict(given), SheetMapping)


def sheet_of(text: str, mapping: SheetMapping) -> Sheet:
    return read_sheet(text.encode(), mapping.sheet, list(mapping.columns), {})


def nothing() -> Present:
    return Present(NOW)


def present(*things: tuple[str, Aggregate]) -> Present:
    """Things with their ids in the sheet."""
    found = Present(NOW)
    for id, thing in things:
        event = ExternalReferenceSet(subject=Ref(thing.KIND, thing.id), system="sheet", external_id=id)
        found.references[id] = ExternalReference.begin(thing.id, event, NOW)
        found.things[thing.id] = thing
    return found


def planned(text: str, given: Mapping[str, Any], there: Present) -> Plan:
    mapping = mapped(given)
    plan = Plan(mapping, there)
    rows = sheet_of(text, mapping).rows
    if mapping.check_in is not None:
        plan_check_ins(plan, rows)
    else:
        GoalRows(plan).plan(rows)
    return plan


def facts(plan: Plan) -> list[tuple[str, dict[str, Any]]]:
    """The commands and their inputs; none of the rows may be wrong."""
    assert plan.problems == []
    return [(one.fact["do"], one.fact["input"]) for one in plan.facts]


def problems(plan: Plan) -> list[tuple[int, str, str]]:
    return [(one.line, one.column, one.message) for one in plan.problems]
