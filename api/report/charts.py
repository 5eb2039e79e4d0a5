"""Charts as SVG that the page's own style colours: no script, no style of their own, nothing from elsewhere."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from xml.etree.ElementTree import Element, tostring

from markupsafe import Markup

from api.report.drawing import Style, pygal
from api.report.story import Attribution, Bucket, ObjectiveLook, Point

NOTHING = "\N{EN DASH}"
BAR_HEIGHT = 26
LABEL_LENGTH = 34
QUARTERS = [0, 0.25, 0.5, 0.75, 1]
_DAY = timedelta(days=1)
_STYLE = Style(font_family="inherit", label_font_size=11, major_label_font_size=11, value_font_size=11)
_PLAIN: dict[str, Any] = {
    "style": _STYLE, "js": (), "css": (), "no_prefix": True, "show_legend": False, "margin": 6, "margin_right": 20,
    "rounded_bars": 1,
}  # fmt: skip
_NEEDLESS = ("script", "style", "desc", "defs")
_OVERLAYS = ("plot overlay", "plot text-overlay", "plot tooltip-overlay", "titles", "legends")


def percent(share: float | None) -> str:
    """A share in whole per cent; a dash where there is none."""
    return NOTHING if share is None else _signed(f"{share * 100:.0f}\N{NO-BREAK SPACE}%")


def figure(value: float | None, unit: str = "") -> str:
    """A figure with its unit, to four digits; a dash where there is none."""
    if value is None:
        return NOTHING
    digits = f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"
    return f"{_signed(digits)} {unit}".strip()


def _signed(digits: str) -> str:
    return digits.replace("-", "\N{MINUS SIGN}")


# ── the charts ───────────────────────────────────────────────────────────────────────────────────


def attainments(looks: Sequence[ObjectiveLook]) -> Markup:
    """How far each objective got: by the target first agreed, and by the last one."""
    chart = _bars(pygal.HorizontalBar, looks, 2, range=(0, 1))
    chart.y_labels = QUARTERS
    chart.add("by the plan", [look.attainment.against_original for look in reversed(looks)])
    chart.add("by the last target", [look.attainment.against_final for look in reversed(looks)])
    return _drawn(chart, "How far each objective got, by the plan and by its last target")


def attributions(looks: Sequence[ObjectiveLook]) -> Markup:
    """What each objective's progress is made of, stacked."""
    chart = _bars(pygal.HorizontalStackedBar, looks, 1)
    for name in Attribution.__struct_fields__[:-1]:
        chart.add(name, [getattr(look.attribution, name) for look in reversed(looks)])
    return _drawn(chart, "What each objective's progress is made of: start, movement, goalposts, scope")


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
    return _drawn(chart, f"The way of {title}: first plan, last plan, and what was")


def calibration(buckets: Iterable[Bucket]) -> Markup:
    """How often what was stated with a confidence came true, against what should have."""
    chart = pygal.XY(
        **_PLAIN, width=420, height=300, range=(0, 1), xrange=(0, 1), value_formatter=percent,
        x_value_formatter=percent, dots_size=4,
    )  # fmt: skip
    chart.x_labels = chart.y_labels = QUARTERS
    chart.add("as stated", [(0, 0), (1, 1)], show_dots=False)
    chart.add("as it came", [(one.stated, one.hit) for one in buckets if one.count])
    return _drawn(chart, "How often statements of a confidence came true")


def _bars(kind: Any, looks: Sequence[ObjectiveLook], each: int, **config: Any) -> Any:
    height = 50 + len(looks) * BAR_HEIGHT * (1 + (each - 1) * 0.6)
    chart = kind(**_PLAIN, **config, width=720, height=height, value_formatter=percent, truncate_label=LABEL_LENGTH)
    chart.x_labels = [look.objective.title for look in reversed(looks)]
    return chart


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%b}"


def _line(points: Iterable[Point], name: str, first: datetime) -> Iterable[tuple[float, float]]:
    for point in points:
        value = getattr(point, name)
        if value is not None:
            yield (point.at - first) / _DAY, value


# ── as the page takes them ───────────────────────────────────────────────────────────────────────


def _drawn(chart: Any, label: str) -> Markup:
    """The drawing alone; what a bar stands for is said when it is pointed at."""
    root: Element = chart.render_tree()
    root.attrib.pop("id", None)
    root.attrib |= {"class": "chart", "role": "img", "aria-label": label}
    for parent in list(root.iter()):
        for child in list(parent):
            if _is_needless(parent, child):
                parent.remove(child)
    return Markup(tostring(root, encoding="unicode"))  # noqa: S704 - the library escapes what it writes


def _is_needless(parent: Element, child: Element) -> bool:
    """Whether it does nothing on our page. The library's comments have functions for tags."""
    if child.tag == "desc" and child.get("class") == "value":
        child.tag, child.attrib = "title", {}
        return False
    if child.tag == "title" and parent.tag == "svg":
        return True
    return callable(child.tag) or child.tag in _NEEDLESS or child.get("class") in _OVERLAYS
