"""The line charts of the report: what was planned first, what was planned last, and what happened, over time."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Final, TypeAlias

from markupsafe import Markup

from api.report.amounts import compact, figure, percent
from api.report.drawings.bars import HALVES, QUARTERS
from api.report.drawings.day_ticks import day_ticks
from api.report.drawings.drawing import Dot, Drawing, Label, Polyline, Rule, Scale, round_ticks
from api.report.drawings.frame import CHARACTER_WIDTH, Frame
from api.report.goal_looks import Distance, Metric, PlanCurve, Point
from domain.primitives.calendar import INSTANT

COURSE_WIDTH: Final = 260
COURSE_LEFT: Final = 46
_OBJECTIVE_HEIGHT: Final = 66
_KEY_RESULT_HEIGHT: Final = 44
_DATE_WIDTH: Final = 7.25 * CHARACTER_WIDTH
"""The width of a date with a gap beside it."""
_DAY: Final = timedelta(days=1)
_NAMES: Final = {
    "replanned": ("goalpost", "Last plan"), "planned": ("plan", "First plan"), "actual": ("actual", "Actual")
}  # fmt: skip
"""The class and the name of each line, from back to front."""

DayOf: TypeAlias = Callable[[datetime], date]
"""Returns the day of a moment by the calendar."""
_Line: TypeAlias = list[tuple[float, float]]
"""Pairs of the days since the first point and a value."""


def burn_up(curve: PlanCurve, title: str, day_of: DayOf) -> Markup:
    """The progress of a whole cycle, with its largest distance from the plan."""
    frame = Frame(560, 250, QUARTERS, [percent(tick) for tick in QUARTERS])
    return _chart(frame, curve, _shares(curve), f"Progress of {title}", percent, day_of)


def of_objective(curve: PlanCurve, title: str, day_of: DayOf) -> Markup:
    """The progress of an objective, above those of its key results, with the days of all."""
    frame = Frame(COURSE_WIDTH, _OBJECTIVE_HEIGHT, HALVES, [percent(tick) for tick in HALVES], COURSE_LEFT, 22)
    return _chart(frame, curve, _shares(curve), f"Progress of {title}", percent, day_of)


def of_key_result(curve: PlanCurve, title: str, day_of: DayOf, metric: Metric) -> Markup:
    """The values of a key result in its unit; the progress of one that is not measured in numbers."""
    if not metric.is_number:
        frame = _part_frame(HALVES, [percent(tick) for tick in HALVES])
        return _chart(frame, curve, _shares(curve), f"Progress of {title}", percent, day_of)
    lines = _lines(curve.points, lambda point, name: getattr(point, f"{name}_value"))
    ticks = round_ticks((value for line in lines.values() for _, value in line), intervals=2)
    frame = _part_frame(ticks, [compact(tick) for tick in ticks])
    return _chart(frame, curve, lines, f"Values of {title}", figure, day_of, metric)


def _part_frame(ticks: Sequence[float], texts: Sequence[str]) -> Frame:
    """The frame of a chart below that of its objective, which has the days."""
    return Frame(COURSE_WIDTH, _KEY_RESULT_HEIGHT, ticks, texts, COURSE_LEFT, 6)


def farthest(distance: Distance | None, day_of: DayOf, metric: Metric | None = None) -> str:
    """The largest distance from the plan in words, in the unit of the metric or in progress; empty where there is
    none."""
    if distance is None or round(100 * distance.distance) == 0:
        return ""
    if metric is None or not metric.is_number:
        actual, planned = percent(distance.actual or 0.0), percent(distance.planned)
    else:
        actual = "nothing" if distance.actual_value is None else figure(distance.actual_value)
        planned = figure(distance.planned_value, metric.unit.symbol)
    return f"farthest on {_day(day_of(distance.at))}: {actual} against {planned} planned"


# ── lines ────────────────────────────────────────────────────────────────────────────────────────


def _shares(curve: PlanCurve) -> dict[str, _Line]:
    return _lines(curve.points, getattr)


def _lines(points: Sequence[Point], value: Callable[[Point, str], float | None]) -> dict[str, _Line]:
    """The lines by name; the last plan only where it differs from the first one."""
    first = points[0].at
    lines = {
        name: [((point.at - first) / _DAY, y) for point in points if (y := value(point, name)) is not None]
        for name in _NAMES
    }
    if lines["planned"] == lines["replanned"]:
        del lines["replanned"]
    return lines


def _chart(
    frame: Frame,
    curve: PlanCurve,
    lines: dict[str, _Line],
    title: str,
    text: Callable[[float], str],
    day_of: DayOf,
    metric: Metric | None = None,
) -> Markup:
    first, last = curve.points[0].at, curve.points[-1].at
    x, y = frame.x((last - first) / _DAY), frame.y
    days = _days(x, day_of(first), day_of(max(first, last - INSTANT)))
    far = farthest(curve.farthest, day_of, metric)
    return Drawing(
        frame.width,
        frame.height,
        f"{title}: first plan, last plan and actual{far and f', {far}'}",
        rules=[*frame.grid(x, y), *(Rule(at, y.start, at, y.end) for _, at in days), *_gap(x, y, first, curve, metric)],
        labels=[*frame.amounts(x, y), *_dates(frame, x, days)],
        lines=[
            Polyline([(x(day), y(value)) for day, value in line], *_NAMES[name]) for name, line in lines.items() if line
        ],
        dots=[
            Dot(x(day), y(value), 3, "actual", f"{text(value)} on {_day(day_of(first + day * _DAY))}")
            for day, value in lines["actual"][-1:]
        ],
    ).svg()


def _gap(x: Scale, y: Scale, first: datetime, curve: PlanCurve, metric: Metric | None) -> Iterable[Rule]:
    """The largest distance between plan and actual."""
    far, is_value = curve.farthest, metric is not None and metric.is_number
    if far is None or round(100 * far.distance) == 0:
        return
    planned, actual = (far.planned_value, far.actual_value) if is_value else (far.planned, far.actual or 0.0)
    if planned is not None and actual is not None:
        day = x((far.at - first) / _DAY)
        yield Rule(day, y(planned), day, y(actual), "gap")


def _days(x: Scale, first: date, last: date) -> list[tuple[date, float]]:
    """The days that label the axis, with their places."""
    found = day_ticks(first, last, int((x.end - x.start) // _DATE_WIDTH))
    return [(day, x((day - first).days)) for day in found]


def _dates(frame: Frame, x: Scale, days: Sequence[tuple[date, float]]) -> list[Label]:
    """The labels of days; none where the chart above has them."""
    has_room = frame.below > 2 * CHARACTER_WIDTH
    return [Label(at, frame.labels_at, _day(day), _anchor(at, x)) for day, at in days if has_room]


def _anchor(at: float, x: Scale) -> str:
    """Which part of a label is at its place, so that it does not leave the chart."""
    if at < x.start + _DATE_WIDTH / 3:
        return "start"
    return "end" if at > x.end - _DATE_WIDTH / 3 else "middle"


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"
