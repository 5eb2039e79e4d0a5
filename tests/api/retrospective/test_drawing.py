"""The shapes and scales of the report's charts."""

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest

from api.report import charts
from api.report.content import Bucket, Point
from api.report.drawing import Bar, Drawing, Scale, round_ticks

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
NASTY = "<b>\"&'"


def point(day: int, planned: float, replanned: float, actual: float | None) -> Point:
    return Point(FIRST + timedelta(days=day), planned, replanned, actual)


def kinds(svg: str, tag: str) -> list[str]:
    return [str(one.get("class")).split()[-1] for one in ET.fromstring(svg).iter(tag)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 100], [0, 50, 100]),
        ([0.72, 1.35], [0.5, 0.75, 1, 1.25, 1.5]),
        ([-3, 8], [-5, 0, 5, 10]),
        ([410, 471.5], [400, 425, 450, 475]),
        ([7, 7], [5, 7.5]),
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


def test_last_plan_is_drawn_only_where_it_differs() -> None:
    same = [point(0, 0, 0, 0), point(9, 9, 9, 5)]
    moved = [point(0, 0, 0, 0), point(9, 9, 6, 5)]
    lines = [[kind for kind in kinds(charts.trajectory(points, "t"), "path") if kind not in {"grid", "axis"}]
             for points in (same, moved)]  # fmt: skip
    assert lines == [["plan", "actual"], ["plan", "goalpost", "actual"]]


def test_trajectory_of_one_moment_is_drawn() -> None:
    assert kinds(charts.trajectory([point(0, 1, 1, 1)], "t"), "circle") == ["actual"]


def test_dot_size_grows_with_the_number_of_statements() -> None:
    svg = charts.calibration([Bucket(0, 0.5, 4, 0.3, 0.5), Bucket(0.5, 1, 1, 0.7, 1), Bucket(0, 0, 0, 0, 0)])
    radii = [float(str(one.get("r"))) for one in ET.fromstring(svg).iter("circle")]
    assert radii == [9, 6]
