"""The shapes and scales of the report's charts."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import TypeAlias
from xml.etree import ElementTree as ET

import pytest

from api.report.content import Bucket, CalendarDays
from api.report.drawings import bars, kpi_charts, line_charts
from api.report.drawings.day_ticks import day_ticks
from api.report.drawings.drawing import Bar, Drawing, Scale, round_ticks
from api.report.drawings.frame import CHARACTER_WIDTH
from api.report.drawings.marks import mark
from api.report.goal_looks import Distance, Metric, PlanCurve, Point, Unit
from api.report.goalposts import KpiGoal
from api.report.kpi_looks import KpiPeriod, KpiPlanCurve

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
NASTY = "<b>\"&'"


def point(day: int, planned: float, replanned: float, actual: float | None) -> Point:
    shares = (planned / 10, replanned / 10, None if actual is None else actual / 10)
    return Point(FIRST + timedelta(days=day), *shares, planned, replanned, actual)


def drawn(*points: Point) -> PlanCurve:
    return PlanCurve([*points], None, None)


def kinds(svg: str, tag: str) -> list[str]:
    return [str(one.get("class")).split()[-1] for one in ET.fromstring(svg).iter(tag)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 100], [0, 50, 100]),
        ([0.72, 1.35], [0.5, 1, 1.5]),
        ([-3, 8], [-5, 0, 5, 10]),
        ([410, 471.5], [400, 450, 500]),
        ([7, 7], [5, 10]),
        ([0, 0], [0, 0.5]),
        ([], [0, 0.5, 1]),
    ],
)
def test_ticks_are_round_and_enclose_the_values(values: list[float], expected: list[float]) -> None:
    assert round_ticks(values) == pytest.approx(expected)


def test_scale_clips_values_outside() -> None:
    scale = Scale(0, 1, 10, 110)
    assert [scale(value) for value in (-1, 0, 0.5, 1, 7)] == [10, 10, 60, 110, 110]


def test_texts_of_a_drawing_are_escaped() -> None:
    root = ET.fromstring(Drawing(1, 1, NASTY, bars=[Bar(0, 0, 1, 1, "plan", NASTY)]).svg())
    assert root.get("aria-label") == NASTY
    assert [one.text for one in root.iter("title")] == [NASTY]


Chart: TypeAlias = Callable[[PlanCurve, str, line_charts.DayOf], str]
HOURS = Metric("INCREASE", Unit("h"), 0, 50, None, None)
CHARTS: tuple[Chart, ...] = (
    line_charts.burn_up,
    line_charts.of_objective,
    partial(line_charts.of_key_result, metric=HOURS),
)


@pytest.mark.parametrize("chart", CHARTS)
def test_last_plan_is_drawn_only_where_it_differs(chart: Chart) -> None:
    same = [point(0, 0, 0, 0), point(9, 9, 9, 5)]
    moved = [point(0, 0, 0, 0), point(9, 9, 6, 5)]
    lines = [[kind for kind in kinds(chart(drawn(*points), "t", datetime.date), "path") if kind not in {"grid", "axis"}]
             for points in (same, moved)]  # fmt: skip
    assert lines == [["plan", "actual"], ["goalpost", "plan", "actual"]]


@pytest.mark.parametrize("chart", CHARTS)
def test_curve_of_one_moment_is_drawn(chart: Chart) -> None:
    assert kinds(chart(drawn(point(0, 1, 1, 1)), "t", datetime.date), "circle") == ["actual"]


@pytest.mark.parametrize("chart", CHARTS)
def test_curve_without_first_plan_and_values_has_one_line(chart: Chart) -> None:
    bare = [Point(FIRST + timedelta(days=day), None, day / 9, None, None, day, None) for day in (0, 9)]
    svg = chart(drawn(*bare), "t", datetime.date)
    assert [kind for kind in kinds(svg, "path") if kind not in {"grid", "axis"}] == ["goalpost"]
    assert kinds(svg, "circle") == []


def test_burn_up_marks_the_largest_distance() -> None:
    far = Distance(FIRST + timedelta(days=9), -0.4, 0.9, 0.5, None, None)
    curve = PlanCurve([point(0, 0, 0, 0), point(9, 9, 9, 5)], far, None)
    assert kinds(line_charts.burn_up(curve, "t", datetime.date), "path").count("gap") == 1
    assert kinds(line_charts.burn_up(drawn(*curve.points), "t", datetime.date), "path").count("gap") == 0


def test_milestones_are_drawn_and_described_in_progress() -> None:
    steps = Metric("MILESTONES", Unit(""), None, None, None, None)
    far = Distance(FIRST, -0.4, 0.9, None, 0.9, None)
    svg = line_charts.of_key_result(drawn(point(0, 0, 0, 0), point(9, 9, 9, 5)), "t", datetime.date, steps)
    assert "100\xa0%" in [one.text for one in ET.fromstring(svg).iter("text")]
    assert line_charts.farthest(far, datetime.date, steps) == "farthest on 1 Jan: 0\xa0% against 90\xa0% planned"
    assert line_charts.farthest(far, datetime.date, HOURS) == "farthest on 1 Jan: nothing against 0.9 h planned"


def test_days_of_a_chart_are_those_of_the_calendar() -> None:
    lisbon = CalendarDays(time_zone="Europe/Lisbon")
    first, last = datetime(2026, 6, 30, 23, tzinfo=UTC), datetime(2026, 9, 30, 23, tzinfo=UTC)
    points = [Point(at, 0, 0, 0) for at in (first, last)]
    svg = line_charts.burn_up(drawn(*points), "t", lisbon)
    assert [one.text for one in ET.fromstring(svg).iter("text")][5:] == [
        "6 Jul", "20 Jul", "3 Aug", "17 Aug", "31 Aug", "14 Sep", "28 Sep",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("first", "last", "most", "expected"),
    [
        ("2026-10-01", "2026-10-31", 5, ["2026-10-05", "2026-10-12", "2026-10-19", "2026-10-26"]),
        ("2026-10-01", "2026-10-31", 2, ["2026-10-05", "2026-10-19"]),
        ("2026-10-01", "2026-12-31", 4, ["2026-10-01", "2026-11-01", "2026-12-01"]),
        ("2026-01-01", "2026-12-31", 4, ["2026-01-01", "2026-04-01", "2026-07-01", "2026-10-01"]),
        ("2025-11-03", "2029-02-01", 4, ["2026-01-01", "2027-01-01", "2028-01-01", "2029-01-01"]),
        ("2026-10-06", "2026-10-06", 4, []),
        ("2026-10-05", "2026-10-05", 4, ["2026-10-05"]),
    ],
)
def test_time_axes_are_labelled_at_weeks_months_or_years(first: str, last: str, most: int, expected: list[str]) -> None:
    found = day_ticks(date.fromisoformat(first), date.fromisoformat(last), most)
    assert [str(day) for day in found] == expected


@pytest.mark.parametrize("days", [2, 13, 31, 92, 200, 366, 1_500])
@pytest.mark.parametrize("chart", CHARTS)
def test_labels_of_a_time_axis_never_overlap(chart: Chart, days: int) -> None:
    svg = chart(drawn(point(0, 0, 0, 0), point(days, 9, 9, 5)), "t", datetime.date)
    labels = [one for one in ET.fromstring(svg).iter("text") if any(map(str.isalpha, str(one.text)))]
    shift = {"start": 0.0, "middle": 0.5, "end": 1.0}
    spans = []
    for one in labels:
        width = CHARACTER_WIDTH * len(str(one.text))
        left = float(str(one.get("x"))) - shift[str(one.get("class"))] * width
        spans.append((left, left + width))
    assert all(end < start for (_, end), (start, _) in pairwise(spans))


@pytest.mark.parametrize("share", [None, 0.0, 0.4, 1.0])
def test_bar_of_a_goal_has_the_colour_of_its_health_and_the_planned_mark(share: float | None) -> None:
    svg = bars.standing("t", share, 0.5, "AT_RISK")
    assert kinds(svg, "rect") == (["track"] if share is None else ["track", "at_risk"])
    assert kinds(svg, "path") == ["planned"]
    assert kinds(bars.standing("t", share, None, None), "path") == []


def test_marks_have_shapes_of_their_own_and_statuses_those_of_health() -> None:
    names = ("ON_TRACK", "AT_RISK", "OFF_TRACK", "OUTDATED", "PENDING", "ACHIEVED", "PARTIAL", "MISSED", "DROPPED")
    drawings = {"".join(ET.tostring(one, "unicode") for one in ET.fromstring(mark(name))) for name in names}
    assert len(drawings) == len(names)
    assert mark("BREACHED") == mark("OFF_TRACK")
    assert ET.fromstring(mark("MISSED", NASTY)).get("aria-label") == NASTY


def month(number: int, planned: KpiGoal | None, goal: KpiGoal | None, value: float | None) -> KpiPeriod:
    return KpiPeriod(datetime(2026, number, 1, tzinfo=UTC), f"2026-{number:02}", planned, goal, value)


AT_LEAST, WITHIN = KpiGoal("AT_LEAST", 5, None, None), KpiGoal("WITHIN", None, 1, 3)


def test_goals_of_a_kpi_are_lines_and_its_values_dots() -> None:
    months = [month(1, AT_LEAST, AT_LEAST, 4), month(2, AT_LEAST, WITHIN, 6), month(3, None, None, None)]
    svg = kpi_charts.of_kpi(KpiPlanCurve(months, months[1], None), "t", datetime.date)
    lines = [kind for kind in kinds(svg, "path") if kind not in {"grid", "axis"}]
    assert lines == ["plan", "goalpost", "goalpost", "plan", "actual"]
    assert kinds(svg, "circle") == ["actual", "actual"]
    assert [one.text for one in ET.fromstring(svg).iter("text")][-3:] == ["Jan", "Feb", "Mar"]


def test_farthest_period_of_a_kpi_is_described() -> None:
    last = month(2, None, WITHIN, 6)
    assert kpi_charts.farthest_period(KpiPlanCurve([], None, None), "h") == ""
    assert kpi_charts.farthest_period(KpiPlanCurve([], None, last), "h") == "farthest in 2026-02: 6, planned 1 to 3 h"
    first = KpiPlanCurve([], month(1, AT_LEAST, WITHIN, 4), last)
    assert kpi_charts.farthest_period(first, "h") == "farthest in 2026-01: 4, planned ≥ 5 h"


def test_largest_distance_is_described_in_its_unit() -> None:
    far = Distance(FIRST + timedelta(days=9), -0.4, 0.9, 0.5, 45, 25)
    assert line_charts.farthest(far, datetime.date, HOURS) == "farthest on 10 Jan: 25 against 45 h planned"
    assert line_charts.farthest(far, datetime.date) == "farthest on 10 Jan: 50\xa0% against 90\xa0% planned"
    assert line_charts.farthest(None, datetime.date) == ""
    assert line_charts.farthest(Distance(FIRST, 0.001, 0, 0.001, None, None), datetime.date) == ""


def test_dot_size_grows_with_the_number_of_statements() -> None:
    svg = bars.calibration([Bucket(0, 0.5, 4, 0.3, 0.5), Bucket(0.5, 1, 1, 0.7, 1), Bucket(0, 0, 0, 0, 0)])
    radii = [float(str(one.get("r"))) for one in ET.fromstring(svg).iter("circle")]
    assert radii == [9, 6]
