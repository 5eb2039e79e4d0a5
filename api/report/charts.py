"""The bars of the report, the dots of its calibration, and its figures as text."""

from collections.abc import Iterable, Sequence
from math import ceil, floor, sqrt

from markupsafe import Markup

from api.report.content import Bucket, KpiGoal, Metric, ObjectiveLook
from api.report.drawing import Bar, Dot, Drawing, Label, Polyline, Rule, Scale

NOTHING = "\N{EN DASH}"
QUARTERS = [0, 0.25, 0.5, 0.75, 1]
BARS_WIDTH = 280
_BARS_INSET = 17
"""Room beside the axis of bars for half a label."""
_AXIS_HEIGHT = 21
_WIDTH_MIN = 0.75
"""The width of a bar for zero, so that it differs from a missing bar."""


# ── figures as text ──────────────────────────────────────────────────────────────────────────────


def percent(share: float | None, digits: int = 0) -> str:
    """A share in per cent with so many decimals; a dash for None."""
    return NOTHING if share is None else _signed(f"{round(share * 100, digits) + 0:.{digits}f}\N{NO-BREAK SPACE}%")


def figure(value: float | None, unit: str = "") -> str:
    """A figure with its unit, with four significant digits; a dash for None."""
    if value is None:
        return NOTHING
    digits = f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"
    return f"{_signed(digits)} {unit}".strip()


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


# ── bars ─────────────────────────────────────────────────────────────────────────────────────────


def attained(look: ObjectiveLook) -> Markup:
    """The attainment of an objective: against its original target, against its final target, and its score."""
    attainment = look.attainment
    shares = {
        "plan": ("against the original target", attainment.against_original),
        "actual": ("against the final target", attainment.against_final),
        "score": ("score", attainment.score),
    }
    x = _bar_scale(QUARTERS)
    bars = [
        Bar(x(0), 3 + 8.5 * row, max(x(share) - x(0), _WIDTH_MIN), 7, kind, f"{percent(share)} {name}")
        for row, (kind, (name, share)) in enumerate(shares.items())
        if share is not None
    ]
    description = ", ".join(f"{percent(share)} {name}" for name, share in shares.values())
    return _on_axis(30, QUARTERS, bars, f"{look.objective.title}: {description}")


def attributed(look: ObjectiveLook, ticks: Sequence[float]) -> Markup:
    """The parts of an objective's progress, stacked: losses to the left of zero, gains to the right."""
    kinds = ("plan", "actual", "goalpost", "scope")
    shares = look.attribution.parts
    x, ends, bars = _bar_scale(ticks), {False: 0.0, True: 0.0}, []
    for kind, (name, share) in zip(kinds, shares.items(), strict=True):
        start = ends[share > 0]
        end = ends[share > 0] = start + share
        left, right = sorted([x(start), x(end)])
        if share:
            bars.append(Bar(left, 2, max(right - left, _WIDTH_MIN), 16, kind, f"{percent(share, 1)} {name}"))
    description = ", ".join(f"{name} {percent(share, 1)}" for name, share in shares.items())
    return _on_axis(20, ticks, bars, f"{look.objective.title}: {description}")


def ticks(looks: Iterable[ObjectiveLook]) -> list[float]:
    """The ticks of an axis that fits the attributions of all these objectives."""
    parts = [look.attribution.parts.values() for look in looks]
    lowest = min([sum(part for part in all if part < 0) for all in parts], default=0)
    highest = max([sum(part for part in all if part > 0) for all in parts], default=1)
    step = 0.25 if highest - lowest <= 1.25 else 0.5
    return [n * step for n in range(floor(lowest / step), max(ceil(highest / step - 1e-9), round(1 / step)) + 1)]


def axis(ticks: Sequence[float]) -> Markup:
    """The labels of the axis that the bars of a table share."""
    x = _bar_scale(ticks)
    labels = [Label(x(tick), 15.5, percent(tick)) for tick in ticks]
    return Drawing(BARS_WIDTH, _AXIS_HEIGHT, "In per cent", labels=labels).svg()


def _bar_scale(ticks: Sequence[float]) -> Scale:
    return Scale(ticks[0], ticks[-1], _BARS_INSET, BARS_WIDTH - _BARS_INSET)


def _on_axis(height: float, ticks: Sequence[float], bars: Sequence[Bar], description: str) -> Markup:
    x = _bar_scale(ticks)
    rules = [Rule(x(tick), 0, x(tick), height, "grid" if tick else "axis") for tick in ticks]
    return Drawing(BARS_WIDTH, height, description, rules=rules, bars=bars).svg()


# ── dots ─────────────────────────────────────────────────────────────────────────────────────────


def calibration(buckets: Iterable[Bucket]) -> Markup:
    """The share of statements that came true, by stated confidence; the area of a dot shows their number."""
    width, height = 420, 300
    stated = [bucket for bucket in buckets if bucket.count]
    most = max([bucket.count for bucket in stated], default=1)
    x, y = Scale(0, 1, 44, width - 18), Scale(0, 1, height - 26, 12)
    dots = [
        Dot(x(one.stated), y(one.hit), 3 + 6 * sqrt(one.count / most), "actual",
            f"{percent(one.stated)} stated, {percent(one.hit)} came true, of {one.count}")
        for one in stated
    ]  # fmt: skip
    return Drawing(
        width,
        height,
        "Share of statements that came true, by stated confidence",
        rules=[
            *(Rule(x.start, y(tick), x.end, y(tick), "grid" if tick else "axis") for tick in QUARTERS),
            *(Rule(x(tick), y.start, x(tick), y.end, "grid" if tick else "axis") for tick in QUARTERS),
        ],
        labels=[
            *(Label(x.start - 6, y(tick) + 3.8, percent(tick), "end") for tick in QUARTERS),
            *(Label(x(tick), height - 9, percent(tick)) for tick in QUARTERS),
            Label(x.start + 6, y.end + 14, "came true", "start"),
            Label(x.end - 6, y.start - 6, "stated", "end"),
        ],
        lines=[Polyline([(x(0), y(0)), (x(1), y(1))], "plan", "Perfect calibration")],
        dots=dots,
    ).svg()
