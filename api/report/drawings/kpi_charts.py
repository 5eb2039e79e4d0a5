"""The charts of KPIs: the goal of each month as planned first and last, and its value."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from markupsafe import Markup

from api.report.amounts import bounds, compact, figure
from api.report.drawings.drawing import Dot, Drawing, Label, Polyline, Scale, round_ticks
from api.report.drawings.frame import Frame
from api.report.drawings.line_charts import COURSE_LEFT, COURSE_WIDTH, DayOf
from api.report.goalposts import KpiGoal
from api.report.kpi_looks import KpiPeriod, KpiPlanCurve

_HEIGHT = 62
_LABELS_MAX = 6
_MARGIN = 0.05
_INSET = 0.08
"""The share of a period that the line of its goal leaves free on each side."""


def of_kpi(curve: KpiPlanCurve, title: str, day_of: DayOf) -> Markup:
    """The periods of a KPI: lines for the goals as planned first and last, dots for the values."""
    points = curve.points
    ticks = round_ticks(_figures(points), intervals=2)
    frame = Frame(COURSE_WIDTH, _HEIGHT, ticks, [compact(tick) for tick in ticks], COURSE_LEFT, 20)
    x, y = frame.x(len(points)), frame.y
    return Drawing(
        frame.width,
        frame.height,
        f"Periods of {title}: first plan, last plan and actual",
        rules=frame.grid(x, y),
        labels=[*frame.amounts(x, y), *_months([point.start for point in points], x, frame.labels_at, day_of)],
        lines=[*_goals(points, x, y), *_course(points, x, y)],
        dots=[
            Dot(x(place + 0.5), y(point.value), 3, "actual", f"{figure(point.value)} in {point.label}")
            for place, point in enumerate(points)
            if point.value is not None
        ],
    ).svg()


def farthest_period(curve: KpiPlanCurve, unit: str) -> str:
    """The period that was farthest from its plan in words; empty without one."""
    far, is_first = curve.largest_distance, curve.largest_distance is not None
    far = far or curve.largest_distance_from_last
    if far is None:
        return ""
    goal = far.planned_goal if is_first else far.goal
    return f"farthest in {far.label}: {figure(far.value)}, planned {bounds(goal, unit)}"


def _figures(points: Sequence[KpiPeriod]) -> list[float]:
    """All values and bounds, with a margin, so that no goal lies on the edge."""
    found = [point.value for point in points if point.value is not None]
    found += [bound for point in points for goal in (point.planned_goal, point.goal) if goal for bound in goal.bounds]
    margin = _MARGIN * (max(found) - min(found)) if found else 0.0
    return [*(figure - margin for figure in found), *(figure + margin for figure in found)]


def _goals(points: Sequence[KpiPeriod], x: Scale, y: Scale) -> Iterable[Polyline]:
    for place, point in enumerate(points):
        if point.goal != point.planned_goal:
            yield from _goal(point.goal, place, x, y, ("goalpost", f"Last plan of {point.label}"))
        yield from _goal(point.planned_goal, place, x, y, ("plan", f"First plan of {point.label}"))


def _goal(goal: KpiGoal | None, place: int, x: Scale, y: Scale, named: tuple[str, str]) -> Iterable[Polyline]:
    ends = (x(place + _INSET), x(place + 1 - _INSET))
    for bound in [] if goal is None else goal.bounds:
        yield Polyline([(end, y(bound)) for end in ends], *named)


def _course(points: Sequence[KpiPeriod], x: Scale, y: Scale) -> Iterable[Polyline]:
    line = [(x(place + 0.5), y(point.value)) for place, point in enumerate(points) if point.value is not None]
    return [Polyline(line, "actual", "Actual")] if len(line) > 1 else []


def _months(starts: Sequence[datetime], x: Scale, height: float, day_of: DayOf) -> list[Label]:
    every = -(-len(starts) // _LABELS_MAX)
    return [Label(x(place + 0.5), height, f"{day_of(starts[place]):%b}") for place in range(0, len(starts), every)]
