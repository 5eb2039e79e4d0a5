"""The line charts of the report: what was planned first, what was planned last, and what happened, over time."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import TypeAlias

from markupsafe import Markup

from api.report.charts import QUARTERS, figure, percent
from api.report.content import Distance, Metric, PlanCurve, Point
from api.report.drawing import Dot, Drawing, Label, Polyline, Rule, Scale, round_ticks
from api.report.frame import Frame
from domain.primitives.calendar import INSTANT

_DAY = timedelta(days=1)
_NAMES = {"replanned": ("goalpost", "Last plan"), "planned": ("plan", "First plan"), "actual": ("actual", "Actual")}
"""The class and the name of each line, from back to front."""

DayOf: TypeAlias = Callable[[datetime], date]
"""Returns the day of a moment by the calendar."""
_Line: TypeAlias = list[tuple[float, float]]
"""Pairs of the days since the first point and a value."""


def burn_up(curve: PlanCurve, title: str, day_of: DayOf) -> Markup:
    """The progress of a whole cycle, with its largest distance from the plan."""
    frame = Frame(420, 240, QUARTERS, [percent(tick) for tick in QUARTERS])
    return _chart(frame, curve.points, _shares(curve), f"Progress of {title}", percent, day_of, curve.farthest)


def of_objective(curve: PlanCurve, title: str, day_of: DayOf) -> Markup:
    """The progress of an objective."""
    frame = Frame(300, 150, QUARTERS[::2], [percent(tick) for tick in QUARTERS[::2]])
    return _chart(frame, curve.points, _shares(curve), f"Progress of {title}", percent, day_of)


def of_key_result(curve: PlanCurve, title: str, day_of: DayOf, metric: Metric) -> Markup:
    """The values of a key result in its unit; the progress of one that is not measured in numbers."""
    if not metric.is_number:
        return of_objective(curve, title, day_of)
    lines = _lines(curve.points, lambda point, name: getattr(point, f"{name}_value"))
    ticks = round_ticks(value for line in lines.values() for _, value in line)
    frame = Frame(300, 150, ticks, [figure(tick) for tick in ticks])
    return _chart(frame, curve.points, lines, f"Values of {title}", figure, day_of)


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
    points: Sequence[Point],
    lines: dict[str, _Line],
    title: str,
    text: Callable[[float], str],
    day_of: DayOf,
    far: Distance | None = None,
) -> Markup:
    first, last = points[0].at, points[-1].at
    x, y = frame.x((last - first) / _DAY), frame.y
    return Drawing(
        frame.width,
        frame.height,
        f"{title}: first plan, last plan and actual",
        rules=[*frame.grid(x, y), *_gap(x, y, first, far)],
        labels=[*frame.amounts(x, y), *_days(x, first, day_of, frame.labels_at)],
        lines=[
            Polyline([(x(day), y(value)) for day, value in line], *_NAMES[name]) for name, line in lines.items() if line
        ],
        dots=[
            Dot(x(day), y(value), 3, "actual", f"{text(value)} on {_day(day_of(first + day * _DAY))}")
            for day, value in lines["actual"][-1:]
        ],
    ).svg()


def _gap(x: Scale, y: Scale, first: datetime, far: Distance | None) -> Iterable[Rule]:
    """The largest distance between plan and actual."""
    if far is not None and far.planned is not None:
        day = x((far.at - first) / _DAY)
        yield Rule(day, y(far.planned), day, y(far.actual or 0.0), "gap")


def _days(x: Scale, first: datetime, day_of: DayOf, height: float) -> list[Label]:
    """The labels of the first, the middle and the last day; the last moment is the end of a day."""
    moments = {"start": x.low, "middle": (x.low + x.high) / 2, "end": x.high}
    days = {anchor: day_of(max(first, first + moment * _DAY - INSTANT)) for anchor, moment in moments.items()}
    return [Label(x(moments[anchor]), height, _day(day), anchor) for anchor, day in days.items()]


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"
