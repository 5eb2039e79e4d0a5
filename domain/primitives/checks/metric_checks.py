"""Checks of metrics, units, and goals and targets of KPIs, and their stored form."""

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

import msgspec

from domain.primitives.errors import CommandRejected, Faults, invalid
from domain.primitives.parsers import KEY_LENGTH_MAX, clean, day, key, number, title, weight
from domain.primitives.rules import Rule
from domain.primitives.values import Direction, GoalDirection, KpiGoal, KpiTarget, Metric, Milestone, Unit

_ALLOWED = {
    Direction.INCREASE: {"start", "target", "change_by"},
    Direction.DECREASE: {"start", "target", "change_by"},
    Direction.AT_LEAST: {"start", "target", "change_by"},
    Direction.AT_MOST: {"start", "target", "change_by"},
    Direction.WITHIN: {"start", "lower", "upper"},
    Direction.MILESTONES: {"milestones"},
    Direction.DONE: set(),
}


def metric(given: Metric, baseline: float | None, *field: str) -> Metric:
    """The metric as stored: complete, with its target computed from `change_by`.

    `baseline` is the linked KPI's latest reading, the default of `start`. target = start + change_by · |start|, so that
    "20 % more" also increases a negative start. It is rounded to 15 significant digits, so that 20 % more than 0.1 is
    exactly 0.12. Raises `INVALID` for metrics that a formula cannot evaluate, with a problem for each field at fault.
    """
    written = metric_fields(given, *field)
    resolved = _with_target(_with_start(written, baseline), field)
    _CHECKS[given.direction](resolved, field)
    _spanned(resolved, field)
    return resolved


def metric_fields(given: Metric, *field: str) -> Metric:
    """The metric with its texts in their stored form. Raises `INVALID` for the faults that each of its fields has by
    itself or for the direction, whatever its start is."""
    faults = Faults()
    for name in ("start", "target", "change_by", "lower", "upper"):
        with faults:
            _metric_number(given, name, (*field, _camel(name)))
    with faults:
        given = msgspec.structs.replace(given, unit=unit(given.unit, *field, "unit"))
    with faults:
        given = msgspec.structs.replace(given, milestones=_milestones(given, (*field, "milestones")))
    faults.refuse()
    return given


def _metric_number(given: Metric, name: str, field: tuple[str, ...]) -> None:
    value = getattr(given, name)
    if value is None:
        return
    number(value, *field)
    if name not in _ALLOWED[given.direction]:
        raise invalid(
            f"{given.direction} takes no {_camel(name)}; leave it out.",
            *field,
            rule=Rule.METRIC_FIELD_NOT_ALLOWED,
            direction=given.direction,
            field=_camel(name),
        )


def unit(given: Unit, *field: str) -> Unit:
    """The unit with its symbol in NFC, of up to 64 characters without control characters. Raises `INVALID`."""
    symbol = clean(given.symbol, (*field, "symbol"))
    if len(symbol) > KEY_LENGTH_MAX:
        raise invalid(
            f"A unit's symbol has at most {KEY_LENGTH_MAX} characters; shorten it.",
            *field,
            "symbol",
            rule=Rule.UNIT_SYMBOL_TOO_LONG,
            max=KEY_LENGTH_MAX,
        )
    return msgspec.structs.replace(given, symbol=symbol)


def _with_start(given: Metric, baseline: float | None) -> Metric:
    if given.start is not None or baseline is None or "start" not in _ALLOWED[given.direction]:
        return given
    return msgspec.structs.replace(given, start=baseline)


def _with_target(given: Metric, field: tuple[str, ...]) -> Metric:
    if given.change_by is None:
        return given
    if given.start is None:
        raise invalid(
            "changeBy is a ratio of start: give a start, or link a KPI that has a reading.",
            *field,
            "changeBy",
            rule=Rule.CHANGE_BY_WITHOUT_START,
        )
    target = number(float(f"{given.start + given.change_by * abs(given.start):.15g}"), *field, "changeBy")
    if given.target is not None and not math.isclose(given.target, target, rel_tol=1e-9):
        raise invalid(
            f"changeBy gives the target {target:g}; give only one of the two.",
            *field,
            "target",
            rule=Rule.CHANGE_BY_CONTRADICTS_TARGET,
            target=target,
        )
    return msgspec.structs.replace(given, target=target)


def _spanned(given: Metric, field: tuple[str, ...]) -> None:
    for name in ("target", "lower", "upper"):
        goal = getattr(given, name)
        if goal is not None and given.start is not None and not math.isfinite(goal - given.start):
            raise invalid(
                f"start and {name} are too far apart to compute with; give smaller numbers.",
                *field,
                name,
                rule=Rule.METRIC_SPAN_TOO_LARGE,
                field=name,
            )


_Check: TypeAlias = Callable[[Metric, tuple[str, ...]], None]


def _ordered(low: str, high: str, reason: str) -> _Check:
    def check(given: Metric, field: tuple[str, ...]) -> None:
        bounds = {name: getattr(given, name) for name in (low, high)}
        faults = Faults()
        for name in (name for name, value in bounds.items() if value is None):
            with faults:
                raise _missing(given, f"{given.direction} needs {low} and {high}; {name} is missing.", name, field)
        faults.refuse()
        if not bounds[low] < bounds[high]:
            raise invalid(
                _disorder(given, reason),
                *field,
                high if given.change_by is None else "changeBy",
                rule=Rule.METRIC_NOT_ORDERED,
                direction=given.direction,
                low=low,
                high=high,
            )

    return check


def _disorder(given: Metric, reason: str) -> str:
    if given.change_by is None:
        return f"{given.direction} needs {reason}."
    return (
        f"{given.direction} needs {reason}, and changeBy {given.change_by:g} of {given.start:g} gives the "
        f"target {given.target:g}. 20 % more is 0.2, 20 % less is -0.2."
    )


def _with_some_target(given: Metric, field: tuple[str, ...]) -> None:
    if given.target is None:
        raise _missing(given, f"{given.direction} needs a target.", "target", field)


def _with_milestones(given: Metric, field: tuple[str, ...]) -> None:
    if not given.milestones:
        raise _missing(given, "MILESTONES needs at least one milestone.", "milestones", field)


def _missing(given: Metric, message: str, name: str, field: tuple[str, ...]) -> CommandRejected:
    return invalid(message, *field, name, rule=Rule.METRIC_FIELD_MISSING, direction=given.direction, field=name)


def _milestones(given: Metric, field: tuple[str, ...]) -> tuple[Milestone, ...]:
    if given.milestones and given.direction is not Direction.MILESTONES:
        raise invalid(
            f"{given.direction} takes no milestones; leave them out.",
            *field,
            rule=Rule.METRIC_FIELD_NOT_ALLOWED,
            direction=given.direction,
            field="milestones",
        )
    faults = Faults()
    milestones = tuple(_milestone(one, faults, (*field, str(index))) for index, one in enumerate(given.milestones))
    with faults:
        _refuse_repeated(milestones, field)
    faults.refuse()
    number(sum(milestone.weight for milestone in milestones), *field)
    return milestones


def _milestone(given: Milestone, faults: Faults, field: tuple[str, ...]) -> Milestone:
    stored: dict[str, Callable[..., object]] = {"key": key, "title": title, "weight": weight}
    for name, form in stored.items():
        with faults:
            given = msgspec.structs.replace(given, **{name: form(getattr(given, name), *field, name)})
    return given


def _refuse_repeated(milestones: Sequence[Milestone], field: tuple[str, ...]) -> None:
    first: dict[str, int] = {}
    for index, milestone in enumerate(milestones):
        if first.setdefault(milestone.key, index) != index:
            raise invalid(
                f"Two milestones have the key '{milestone.key}'; rename one.",
                *field,
                str(index),
                "key",
                rule=Rule.MILESTONE_KEY_REPEATED,
                key=milestone.key,
            )


_CHECKS: dict[Direction, _Check] = {
    Direction.INCREASE: _ordered("start", "target", "start below target"),
    Direction.DECREASE: _ordered("target", "start", "start above target"),
    Direction.AT_LEAST: _with_some_target,
    Direction.AT_MOST: _with_some_target,
    Direction.WITHIN: _ordered("lower", "upper", "lower below upper"),
    Direction.MILESTONES: _with_milestones,
    Direction.DONE: lambda _given, _field: None,
}


def _camel(name: str) -> str:
    return "changeBy" if name == "change_by" else name


def kpi_goal(given: KpiGoal, *field: str) -> KpiGoal:
    """The goal, if it has exactly the bounds that its direction needs. Raises `INVALID`, with a problem for each field
    at fault."""
    faults = Faults()
    for name in ("target", "lower", "upper"):
        with faults:
            _goal_bound(given, name, field)
    with faults:
        if number(given.tolerance, *field, "tolerance") < 0:
            raise invalid("A tolerance must be 0 or more.", *field, "tolerance", rule=Rule.TOLERANCE_NEGATIVE)
    faults.refuse()
    if given.lower is not None and given.upper is not None and not given.lower < given.upper:
        raise invalid("A goal WITHIN needs lower below upper.", *field, "upper", rule=Rule.GOAL_NOT_ORDERED)
    return given


def kpi_target(given: KpiTarget, *field: str) -> KpiTarget:
    """The target, if its day and its bounds are possible for some goal. Raises `INVALID`, with a problem for each field
    at fault."""
    faults = Faults()
    with faults:
        day(given.from_, *field, "from")
    bounds = {name: getattr(given, name) for name in ("target", "lower", "upper")}
    for name, value in bounds.items():
        with faults:
            if value is not None:
                number(value, *field, name)
    with faults:
        if given.remove and any(value is not None for value in bounds.values()):
            raise invalid(
                "A target that is removed has no bounds; leave them out, or leave out remove to replace it.",
                *field,
                "remove",
                rule=Rule.TARGET_REMOVED_WITH_BOUNDS,
            )
    faults.refuse()
    return given


def _goal_bound(given: KpiGoal, name: str, field: tuple[str, ...]) -> None:
    needed = ["lower", "upper"] if given.direction is GoalDirection.WITHIN else ["target"]
    value = getattr(given, name)
    if (value is not None) != (name in needed):
        raise invalid(
            f"A goal {given.direction} needs exactly {' and '.join(needed)}.",
            *field,
            name,
            rule=Rule.GOAL_FIELD_MISSING if value is None else Rule.GOAL_FIELD_NOT_ALLOWED,
            direction=given.direction,
            field=name,
        )
    if value is not None:
        number(value, *field, name)
