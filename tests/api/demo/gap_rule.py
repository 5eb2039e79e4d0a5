"""The health of a key result by the rule of the gap, written out a second time, from the aggregates of a log.

Expected progress is linear from the beginning to the end of the due day, and 1 for a goal to be held. The gap is
expected - value; a measurement older than the policy allows is OUTDATED.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from domain.model.cycle import Cycle
from domain.model.event import Aggregate
from domain.model.key_result import KeyResult
from domain.model.measurements.check_in import CheckIn
from domain.model.measurements.reading import Reading
from domain.primitives.values import Direction, Metric

ON_TRACK_GAP, AT_RISK_GAP, SILENT_DAYS_MAX = 0.1, 0.3, 14
_Measured = tuple[datetime, float | tuple[str, ...] | None]


class Measurements:
    """The measurements of all key results, from check-ins and readings, in order of the time of measurement."""

    def __init__(self, aggregates: Iterable[Aggregate]) -> None:
        self._all: dict[object, list[_Measured]] = {}
        for one in aggregates:
            if isinstance(one, CheckIn):
                value, reached, *_ = one.content
                self._all.setdefault(one.key_result, []).append((one.created_at, value if reached is None else reached))
            elif isinstance(one, Reading) and not one.retracted:
                self._all.setdefault(one.kpi, []).append((one.created_at, one.value))
        for measured in self._all.values():
            measured.sort(key=lambda one: one[0])

    def of(self, key_result: KeyResult, until: datetime) -> list[_Measured]:
        """Those of a key result up to a moment; check-ins on a linked one have no value."""
        own = self._all.get(key_result.id, []) + (self._all.get(key_result.kpi, []) if key_result.kpi else [])
        return sorted((one for one in own if one[0] <= until), key=lambda one: one[0])


def health(key_result: KeyResult, cycle: Cycle, measurements: Measurements, at: datetime) -> str:
    """PENDING, OUTDATED, ON_TRACK, AT_RISK or OFF_TRACK."""
    measured = measurements.of(key_result, at)
    begins_at = max(_midnight(cycle.starts_on), key_result.created_at)
    values = [value for _, value in measured if value is not None]
    start = _start(key_result, measured, begins_at)
    value = _progress(key_result.metric, start, values[-1]) if values else 0.0
    silent_since = measured[-1][0] if measured else begins_at
    if not values and at - silent_since <= timedelta(days=SILENT_DAYS_MAX):
        return "PENDING"
    if at - silent_since > timedelta(days=SILENT_DAYS_MAX) and value < 1:
        return "OUTDATED"
    gap = _expected(key_result, start, begins_at, at) - value
    return "ON_TRACK" if gap <= ON_TRACK_GAP else "AT_RISK" if gap <= AT_RISK_GAP else "OFF_TRACK"


def _start(key_result: KeyResult, measured: list[_Measured], begins_at: datetime) -> float | None:
    """The stated start; else the value at the beginning, or the first one."""
    if key_result.metric.start is not None:
        return key_result.metric.start
    numbers = [(when, value) for when, value in measured if isinstance(value, int | float)]
    before = [value for when, value in numbers if when <= begins_at]
    return before[-1] if before else numbers[0][1] if numbers else None


def _progress(metric: Metric, start: float | None, value: float | tuple[str, ...]) -> float:
    if isinstance(value, tuple):
        weights = {one.key: one.weight for one in metric.milestones}
        return sum(weights[key] for key in value) / sum(weights.values())
    if metric.direction is Direction.DONE:
        return float(value >= 1)
    goal = _goal(metric, start)
    if start is None or goal is None or goal == start:
        return float(_is_met(metric, value))
    return 1.0 if _is_met(metric, value) else min(max((value - start) / (goal - start), 0.0), 1.0)


def _goal(metric: Metric, start: float | None) -> float | None:
    """The target, or the nearer bound; the start itself where it lies within the goal."""
    if start is not None and metric.direction is not Direction.DONE and _is_met(metric, start):
        return start
    if metric.direction is Direction.WITHIN:
        return metric.lower if start is None or (metric.lower is not None and start < metric.lower) else metric.upper
    return metric.target


def _is_met(metric: Metric, value: float) -> bool:
    match metric.direction:
        case Direction.INCREASE | Direction.AT_LEAST:
            return metric.target is not None and value >= metric.target
        case Direction.DECREASE | Direction.AT_MOST:
            return metric.target is not None and value <= metric.target
        case _:
            return metric.lower is not None and metric.upper is not None and metric.lower <= value <= metric.upper


def _expected(key_result: KeyResult, start: float | None, begins_at: datetime, at: datetime) -> float:
    is_level = key_result.metric.direction in (Direction.AT_LEAST, Direction.AT_MOST, Direction.WITHIN)
    if is_level and start is not None and _is_met(key_result.metric, start):
        return 1.0
    ends_at = _midnight(key_result.due) + timedelta(days=1)
    return 1.0 if at >= ends_at else max((at - begins_at) / (ends_at - begins_at), 0.0)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
