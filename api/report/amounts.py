"""The figures of the report as text: shares, values in units, the bounds of goals, and changes."""

from typing import Final

from api.report.goal_looks import Metric
from api.report.goalposts import KpiGoal

NOTHING: Final = "\N{EN DASH}"
_LONG: Final = 10_000
"""From this size on, a value is shown without decimals."""
_COMPACT: Final = ((1e9, "B"), (1e6, "M"), (1e5, "K"))
"""From which size on a value on an axis is shortened, and the letter of its unit."""


def percent(share: float | None, digits: int = 0) -> str:
    """A share in per cent with so many decimals; a dash for None."""
    return NOTHING if share is None else _signed(f"{round(share * 100, digits) + 0:.{digits}f}\N{NO-BREAK SPACE}%")


def part(share: float | None) -> str:
    """A part of a sum in per cent with one decimal; empty for one that rounds to zero."""
    return "" if not round((share or 0.0) * 1000) else percent(share, 1)


def figure(value: float | None, unit: str = "") -> str:
    """A figure with its unit, with four significant digits; a dash for None."""
    if value is None:
        return NOTHING
    digits = f"{value:,.4g}" if abs(value) < _LONG else f"{value:,.0f}"
    return f"{_signed(digits)} {unit}".strip()


def compact(value: float) -> str:
    """A value beside an axis: 1250000 is 1.25M."""
    size, letter = next(((size, letter) for size, letter in _COMPACT if abs(value) >= size), (1.0, ""))
    return figure(value) if not letter else _signed(f"{value / (1e3 if letter == 'K' else size):.4g}{letter}")


def bounds(goal: KpiGoal | Metric | None, unit: str = "") -> str:
    """The healthy values of a KPI or level goal as short text; a dash without a goal."""
    if goal is None:
        return NOTHING
    if goal.direction == "WITHIN":
        return f"{figure(goal.lower)} to {figure(goal.upper, unit)}"
    return f"{'≥' if goal.direction == 'AT_LEAST' else '≤'} {figure(goal.target, unit)}"


def change(value: float | None, unit: str = "") -> str:
    """A change of a figure with its sign; that of a percentage in percentage points."""
    text = figure(value, "pp" if unit == "%" else unit)
    return f"+{text}" if value is not None and value > 0 else text


def _signed(digits: str) -> str:
    return digits.replace("-", "\N{MINUS SIGN}")
