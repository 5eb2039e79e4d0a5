"""The metric of a key result from the cells of a row."""

import unicodedata
from typing import Any

from api.cli.sheets.planned_facts import Json
from api.cli.sheets.sheet_cells import Cells, is_same
from api.cli.sheets.sheet_mapping import KeyResultColumns
from domain.primitives.values import Direction, Metric, UnitKind

_NUMBERS = ("start", "target", "lower", "upper")


def new_metric(cells: Cells, columns: KeyResultColumns) -> Json:
    """The metric of a new key result."""
    numbers = _numbers(cells, columns)
    direction = cells.choice(columns.direction, Direction) or _direction(numbers)
    symbol = cells.text(columns.unit) or _sign(cells, columns)
    return {"direction": direction, **numbers, "unit": None if symbol is None else _unit(symbol)}


def metric_edit(cells: Cells, columns: KeyResultColumns, metric: Metric) -> Json | None:
    """The complete new metric of a key result if the row changes it; None if it does not."""
    given = {name: value for name, value in _numbers(cells, columns).items()
             if value is not None and not is_same(value, getattr(metric, name))}  # fmt: skip
    changed: dict[str, Any] = dict(given)
    direction, symbol = cells.choice(columns.direction, Direction), cells.text(columns.unit)
    if direction is not None and direction != metric.direction:
        changed["direction"] = direction
    if symbol is not None and symbol != metric.unit.symbol:
        changed["unit"] = _unit(symbol)
    return _complete(metric, changed, is_new_goal=bool(given)) if changed else None


def _complete(metric: Metric, changed: Json, *, is_new_goal: bool) -> Json:
    """The metric with what changed. A ratio by which a target was given ends with new numbers."""
    now: Json = {name: getattr(metric, name) for name in _NUMBERS}
    if not is_new_goal:
        now["changeBy"] = metric.change_by
    numbers = {name: changed.get(name, now[name]) for name in _NUMBERS}
    direction = metric.direction
    if "direction" not in changed and direction is Direction.DONE:
        direction = Direction(_direction(numbers))
    milestones = [{"key": one.key, "title": one.title, "weight": one.weight} for one in metric.milestones]
    unit = {"kind": metric.unit.kind, "symbol": metric.unit.symbol}
    return {"direction": direction, "unit": unit, "milestones": milestones or None} | now | changed


def _numbers(cells: Cells, columns: KeyResultColumns) -> dict[str, float | None]:
    return {name: cells.number(getattr(columns, name)) for name in _NUMBERS}


def _direction(numbers: dict[str, float | None]) -> str:
    """The direction of a row that does not state it: WITHIN for two bounds, DONE without a target, AT_LEAST without a
    start, else INCREASE or DECREASE from start to target."""
    start, target = numbers["start"], numbers["target"]
    if numbers["lower"] is not None and numbers["upper"] is not None:
        return Direction.WITHIN
    if target is None:
        return Direction.DONE
    if start is None or start == target:
        return Direction.AT_LEAST
    return Direction.INCREASE if start < target else Direction.DECREASE


def _sign(cells: Cells, columns: KeyResultColumns) -> str | None:
    """The first percent or currency sign in the numbers of a row; None without any."""
    texts = "".join(cells.row.of(getattr(columns, name)) for name in _NUMBERS)
    return next((one for one in texts if one == "%" or unicodedata.category(one) == "Sc"), None)


def _unit(symbol: str) -> Json:
    """A unit by its symbol: PERCENT for %, CURRENCY for a currency sign or a code like EUR, else NUMBER."""
    if symbol == "%":
        return {"kind": UnitKind.PERCENT, "symbol": symbol}
    is_sign = len(symbol) == 1 and unicodedata.category(symbol) == "Sc"
    is_currency = is_sign or (len(symbol) == 3 and symbol.isascii() and symbol.isupper())
    return {"kind": UnitKind.CURRENCY if is_currency else UnitKind.NUMBER, "symbol": symbol}
