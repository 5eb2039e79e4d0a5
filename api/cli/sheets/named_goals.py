"""Goals that the rows of a sheet name: by an id of the sheet or of this workspace, new or present."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from api.cli.sheets.planned_facts import Json, Plan
from api.cli.sheets.sheet_cells import Cells, is_same
from api.cli.sheets.sheet_mapping import Given, KeyResultColumns, ObjectiveColumns
from domain.model.key_result import KeyResult
from domain.model.objective import Objective
from domain.primitives.values import Kind


class Known(NamedTuple):
    """A goal that a row names: how facts refer to it, and its present state; None for a new one."""

    ref: Any
    state: Any


def named(plan: Plan, cells: Cells, given: Given, text: str, kind: Kind) -> tuple[str, UUID | None]:
    """The name that the plan gives to the thing with an id, and its own id if it exists."""
    ref = plan.present.ref(text)
    if ref is None:
        return f"{kind}/{text}", None
    if ref.kind is not kind:
        other = f"'{text}' is the id of one {ref.kind}, and ids are unique across kinds"
        cells.problem(given, f"{other}: correct it, or set a `prefix` in the mapping.")
    elif ref.id not in plan.present.things:
        unknown = f"This workspace has no {kind} with the global id '{text}'"
        cells.problem(given, f"{unknown}: correct it, or write an id of your own for a new one.")
    return f"{kind}/{ref.id}", ref.id


def refer(plan: Plan, cells: Cells, columns: ObjectiveColumns | KeyResultColumns, state: Objective | KeyResult) -> None:
    """Change the address of the reference of an existing thing."""
    id, url = cells.row.of(columns.id), cells.text(columns.url)
    reference = plan.present.references.get(id)
    if url is not None and reference is not None and url != reference.url:
        given = {"subject": {"kind": state.KIND, "id": str(state.id)}, "system": plan.mapping.system}
        plan.add(cells.line, "setExternalReference", given | {"id": id, "url": url}, columns_by_field(columns))


def changed(given: Json, state: Any, fields: Sequence[str]) -> Json:
    """The given fields that differ from the present ones."""
    return {
        name: given[name]
        for name in fields
        if given[name] is not None and not is_same(given[name], getattr(state, name))
    }


def columns_by_field(columns: ObjectiveColumns | KeyResultColumns) -> dict[str, Given | None]:
    return {name: getattr(columns, name) for name in columns.__struct_fields__ if name != "commit"}


def one_line(text: str | None) -> str | None:
    """A title on one line."""
    return None if text is None else " ".join(text.split())
