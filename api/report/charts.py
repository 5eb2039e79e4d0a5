"""Charts as SVG that the page's own style colours: no script, no style of their own, nothing from elsewhere."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from math import ceil, floor, sqrt
from typing import Any
from xml.etree.ElementTree import Element, tostring

from markupsafe import Markup

from api.report.content import Attribution, Bucket, ObjectiveLook, Point
from api.report.drawing import Style, pygal

NOTHING = "\N{EN DASH}"
BARS_WIDTH = 280
AXIS_HEIGHT = 21
QUARTERS = [0, 0.25, 0.5, 0.75, 1]
_DAY = timedelta(days=1)
_STYLE = Style(font_family="inherit", label_font_size=11, major_label_font_size=11, value_font_size=11)
_PLAIN: dict[str, Any] = {
    "style": _STYLE, "js": (), "css": (), "no_prefix": True, "show_legend": False, "margin": 6, "margin_right": 20,
    "rounded_bars": 1,
}  # fmt: skip
_BARS = _PLAIN | {"margin": 0, "margin_left": 14, "margin_right": 18, "width": BARS_WIDTH, "show_y_labels": False}
_NEEDLESS = ("script", "style", "desc", "defs")
_OVERLAYS = ("plot text-overlay", "plot tooltip-overlay", "titles", "legends")


def percent(share: float | None, digits: int = 0) -> str:
    """A share in per cent, whole ones if no digits are asked for; a dash where there is none."""
    return NOTHING if share is None else _signed(f"{round(share * 100, digits) + 0:.{digits}f}\N{NO-BREAK SPACE}%")


def figure(value: float | None, unit: str = "") -> str:
    """A figure with its unit, to four digits; a dash where there is none."""
    if value is None:
        return NOTHING
    digits = f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"
    return f"{_signed(digits)} {unit}".strip()


def change(value: float | None, unit: str = "") -> str:
    """By how much a figure changed; that of a percentage in percentage points."""
    told = figure(value, "pp" if unit == "%" else unit)
    return f"+{told}" if value is not None and value > 0 else told


def _signed(digits: str) -> str:
    return digits.replace("-", "\N{MINUS SIGN}")


# ── the charts ───────────────────────────────────────────────────────────────────────────────────


def attained(look: ObjectiveLook) -> Markup:
    """How far an objective got: by the target first agreed, by the last one, and what it was scored."""
    attainment = look.attainment
    shares = {
        "by the plan": attainment.against_original, "by the last target": attainment.against_final,
        "scored": attainment.score,
    }  # fmt: skip
    told = ", ".join(f"{percent(share)} {name}" for name, share in shares.items())
    return _bars(pygal.HorizontalBar, 30, QUARTERS, shares, f"{look.objective.title}: {told}")


def attributed(look: ObjectiveLook, ticks: Sequence[float]) -> Markup:
    """What an objective's progress is made of, stacked."""
    shares = {name: getattr(look.attribution, name) for name in Attribution.__struct_fields__[:-1]}
    told = ", ".join(f"{name} {percent(share, 1)}" for name, share in shares.items())
    return _bars(pygal.HorizontalStackedBar, 20, ticks, shares, f"{look.objective.title}: {told}")


def ticks(looks: Iterable[ObjectiveLook]) -> list[float]:
    """The shares that an axis for all of these attributions names."""
    parts = [[getattr(look.attribution, name) for name in Attribution.__struct_fields__[:-1]] for look in looks]
    lowest = min([sum(part for part in all if part < 0) for all in parts], default=0)
    highest = max([sum(part for part in all if part > 0) for all in parts], default=1)
    step = 0.25 if highest - lowest <= 1.25 else 0.5
    return [n * step for n in range(floor(lowest / step), max(ceil(highest / step - 1e-9), round(1 / step)) + 1)]


def axis(ticks: Sequence[float]) -> Markup:
    """What the lines of bars on this axis mean."""
    return _drawn(_on_axis(pygal.HorizontalBar, 1, ticks, {"": 0.0}), "In per cent", (1, AXIS_HEIGHT), without="path")


def trajectory(points: Sequence[Point], title: str) -> Markup:
    """One key result's way: as first planned, as planned last where that differs, and as it was."""
    first, last = points[0].at, points[-1].at
    chart = pygal.XY(
        **_PLAIN, width=300, height=150, show_dots=False, value_formatter=figure, y_labels_major_count=3,
        show_minor_y_labels=False, x_value_formatter=lambda days: _day(first + days * _DAY),
    )  # fmt: skip
    chart.x_labels = [0, (last - first) / _DAY / 2, (last - first) / _DAY]
    was_moved = any(point.planned != point.replanned for point in points)
    for name in ("planned", "replanned", "actual"):
        chart.add(name, list(_line(points, name, first)) if was_moved or name != "replanned" else [])
    chart.add("last", list(_line(points, "actual", first))[-1:], show_dots=True, dots_size=3, stroke=False)
    return _drawn(chart, f"The way of {title}: first plan, last plan, and what was")


def calibration(buckets: Iterable[Bucket]) -> Markup:
    """How often what was stated with a confidence came true, against what should have; larger where more was stated."""
    said = [one for one in buckets if one.count]
    most = max([one.count for one in said], default=1)
    chart = pygal.XY(
        **_PLAIN, width=420, height=300, range=(0, 1), xrange=(0, 1), value_formatter=percent,
        x_value_formatter=percent,
    )  # fmt: skip
    chart.x_labels = chart.y_labels = QUARTERS
    chart.add("as stated", [(0, 0), (1, 1)], show_dots=False)
    points = [{"value": (one.stated, one.hit), "node": {"r": 3 + 6 * sqrt(one.count / most)}} for one in said]
    chart.add("as it came", points, stroke=False)
    return _drawn(chart, "How often statements of a confidence came true")


def _bars(kind: Any, height: int, ticks: Sequence[float], shares: dict[str, float | None], label: str) -> Markup:
    """Bars of one thing on an axis that many share, and without what that means."""
    return _drawn(_on_axis(kind, height, ticks, shares), label, (0, height), without="text")


def _on_axis(kind: Any, height: int, ticks: Sequence[float], shares: dict[str, float | None]) -> Any:
    chart = kind(**_BARS, height=height + AXIS_HEIGHT, range=(ticks[0], ticks[-1]), value_formatter=percent)
    chart.y_labels = ticks
    for name, share in shares.items():
        chart.add(name, [share])
    return chart


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%b}"


def _line(points: Iterable[Point], name: str, first: datetime) -> Iterable[tuple[float, float]]:
    for point in points:
        value = getattr(point, name)
        if value is not None:
            yield (point.at - first) / _DAY, value


# ── as the page takes them ───────────────────────────────────────────────────────────────────────


def _drawn(chart: Any, label: str, part: tuple[int, int] | None = None, without: str = "") -> Markup:
    """The drawing alone; what a bar stands for is said when it is pointed at. `part`: from which height, how high."""
    root: Element = chart.render_tree()
    root.attrib.pop("id", None)
    root.attrib |= {"class": "chart", "role": "img", "aria-label": label}
    if part is not None:
        root.attrib["viewBox"] = f"0 {part[0]} {BARS_WIDTH} {part[1]}"
    for parent in list(root.iter()):
        for child in list(parent):
            if _is_needless(parent, child) or child.tag == without:
                parent.remove(child)
    return Markup(tostring(root, encoding="unicode"))  # noqa: S704 - the library escapes what it writes


def _is_needless(parent: Element, child: Element) -> bool:
    """Whether it does nothing on our page. The library's comments have functions for tags."""
    if child.tag == "desc" and child.get("class") == "value":
        child.tag, child.attrib = "title", {}
        return False
    if child.tag == "title" and parent.tag == "svg":
        return True
    if child.get("class") == "plot overlay":
        return next(child.iter("circle"), None) is None
    return callable(child.tag) or child.tag in _NEEDLESS or child.get("class") in _OVERLAYS
