"""The bars of the report, and the dots of its calibration."""

from collections.abc import Iterable, Sequence
from math import ceil, floor, sqrt
from typing import Final

from markupsafe import Markup

from api.report.amounts import percent
from api.report.content import Bucket
from api.report.drawings.drawing import Bar, Dot, Drawing, Label, Polyline, Rule, Scale
from api.report.goal_looks import Attribution

QUARTERS: Final = [0, 0.25, 0.5, 0.75, 1]
HALVES: Final = QUARTERS[::2]
STANDING_WIDTH: Final = 170
ATTRIBUTION_WIDTH: Final = 420
_INSET: Final = 17
"""Room beside the axis of bars for half a label."""
_AXIS_HEIGHT: Final = 17
_WIDTH_MIN: Final = 0.75
"""The width of a bar for zero, so that it differs from a missing bar."""


# ── bars ─────────────────────────────────────────────────────────────────────────────────────────


def standing(title: str, value: float | None, expected: float | None, health: str | None) -> Markup:
    """The progress of a goal as a bar in the colour of its health, with a mark where it was planned to be."""
    x = _scale(HALVES, STANDING_WIDTH)
    track = Bar(x(0), 5, x(1) - x(0), 8, "track", "")
    filled = Bar(x(0), 5, max(x(value or 0) - x(0), _WIDTH_MIN), 8, (health or "not_scored").lower(), "")
    planned = [] if expected is None else [Rule(x(expected), 1, x(expected), 17, "planned")]
    described = f"{title}: {percent(value)}{'' if expected is None else f', planned {percent(expected)}'}"
    return Drawing(
        STANDING_WIDTH, 18, described, bars=[track] if value is None else [track, filled], marks=planned
    ).svg()


def attributed(title: str, attribution: Attribution, ticks: Sequence[float]) -> Markup:
    """The parts of a progress, stacked: losses to the left of zero, gains to the right."""
    kinds = ("plan", "actual", "goalpost", "scope")
    shares = attribution.parts
    x, ends, bars = _scale(ticks, ATTRIBUTION_WIDTH), {False: 0.0, True: 0.0}, []
    for kind, (name, share) in zip(kinds, shares.items(), strict=True):
        start = ends[share > 0]
        end = ends[share > 0] = start + share
        left, right = sorted([x(start), x(end)])
        if share:
            bars.append(Bar(left, 2, max(right - left, _WIDTH_MIN), 14, kind, f"{percent(share, 1)} {name}"))
    description = ", ".join(f"{name} {percent(share, 1)}" for name, share in shares.items())
    rules = [Rule(x(tick), 0, x(tick), 18, "grid" if tick else "axis") for tick in ticks]
    return Drawing(ATTRIBUTION_WIDTH, 18, f"{title}: {description}", rules=rules, bars=bars).svg()


def ticks(attributions: Iterable[Attribution]) -> list[float]:
    """The ticks of an axis that fits all these attributions."""
    parts = [one.parts.values() for one in attributions]
    lowest = min([sum(part for part in all if part < 0) for all in parts], default=0)
    highest = max([sum(part for part in all if part > 0) for all in parts], default=1)
    step = 0.2 if highest - lowest <= 1.4 else 0.5
    return [n * step for n in range(floor(lowest / step), max(ceil(highest / step - 1e-9), round(1 / step)) + 1)]


def axis(ticks: Sequence[float], width: int) -> Markup:
    """The labels of the axis that the bars of a table share."""
    x = _scale(ticks, width)
    labels = [Label(x(tick), 12.5, percent(tick)) for tick in ticks]
    return Drawing(width, _AXIS_HEIGHT, "In per cent", labels=labels).svg()


def _scale(ticks: Sequence[float], width: int) -> Scale:
    return Scale(ticks[0], ticks[-1], _INSET, width - _INSET)


# ── dots ─────────────────────────────────────────────────────────────────────────────────────────


def calibration(buckets: Iterable[Bucket]) -> Markup:
    """The share of statements that came true, by stated confidence; the area of a dot shows their number."""
    width, height = 420, 260
    stated = [bucket for bucket in buckets if bucket.count]
    most = max([bucket.count for bucket in stated], default=1)
    x, y = Scale(0, 1, 44, width - 18), Scale(0, 1, height - 40, 26)
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
            *(Label(x(tick), y.start + 17, percent(tick)) for tick in QUARTERS),
            Label(2, 12, "came true", "start"),
            Label(x.end, height - 6, "confidence stated", "end"),
        ],
        lines=[Polyline([(x(0), y(0)), (x(1), y(1))], "plan", "Perfect calibration")],
        dots=dots,
    ).svg()
