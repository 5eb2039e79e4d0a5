"""SVG drawings of a few shapes. The style sheet of the page colours them by class.

A drawing has no scripts, inline styles or external resources, which the policy of the page forbids.
"""

from collections.abc import Iterable, Sequence
from math import ceil, floor, log10
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

_STEPS = (1, 2, 5, 10)
"""Round steps between ticks, in each power of ten."""


class Bar(NamedTuple):
    """A rectangle; `title` is its tooltip."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    title: str


class Dot(NamedTuple):
    """A filled circle; `title` is its tooltip."""

    x: float
    y: float
    radius: float
    kind: str
    title: str


class Polyline(NamedTuple):
    """A line through points; `title` is its tooltip."""

    points: Sequence[tuple[float, float]]
    kind: str
    title: str


class Rule(NamedTuple):
    """A straight line of an axis or of the grid."""

    x1: float
    y1: float
    x2: float
    y2: float
    kind: str = "grid"


class Label(NamedTuple):
    """A text beside an axis. `anchor`: which part of it is at `x`: start, middle or end."""

    x: float
    y: float
    text: str
    anchor: str = "middle"


class Scale(NamedTuple):
    """Maps values from `low` to `high` to coordinates from `start` to `end`; values outside are clipped."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        if self.low == self.high:
            return self.start
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


class Drawing(NamedTuple):
    """All shapes of one chart, from back to front, and its description for screen readers."""

    width: float
    height: float
    description: str
    rules: Sequence[Rule] = ()
    labels: Sequence[Label] = ()
    bars: Sequence[Bar] = ()
    lines: Sequence[Polyline] = ()
    dots: Sequence[Dot] = ()
    marks: Sequence[Rule] = ()

    @property
    def rule_kinds(self) -> dict[str, list[Rule]]:
        """The rules by kind; those of one kind are one path."""
        found: dict[str, list[Rule]] = {}
        for rule in self.rules:
            found.setdefault(rule.kind, []).append(rule)
        return found

    def svg(self) -> Markup:
        """The drawing as an `svg` element."""
        return Markup(_templates.get_template("drawing.svg").render(drawing=self))  # noqa: S704 - the template escapes


def round_ticks(values: Iterable[float], intervals: int = 3) -> list[float]:
    """Ticks at round values that enclose all of these values, with about so many intervals."""
    known = list(values)
    low, high = min(known, default=0.0), max(known, default=1.0)
    span = high - low or abs(high) or 1.0
    power = 10.0 ** floor(log10(span / intervals))
    step = next(step * power for step in _STEPS if step * power * intervals >= span * (1 - 1e-9))
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return [n * step for n in range(first, max(last, first + 1) + 1)]


def _coordinate(value: float) -> str:
    """A coordinate to a tenth of a unit, which is less than a pixel."""
    return f"{value:.1f}".removesuffix(".0")


_templates = Environment(
    loader=PackageLoader(__package__, "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
    lstrip_blocks=True, auto_reload=False,
)  # fmt: skip
_templates.filters["c"] = _coordinate
