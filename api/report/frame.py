"""The frame of a chart over time: its scales, its grid, and the amounts beside it."""

from collections.abc import Sequence
from typing import NamedTuple

from api.report.drawing import Label, Rule, Scale

_CHARACTER_WIDTH = 6.2
"""The greatest average width of a character of a label."""


class Frame(NamedTuple):
    """The size of a chart, the values at its ticks, and their texts."""

    width: float
    height: float
    ticks: Sequence[float]
    texts: Sequence[str]

    def x(self, high: float) -> Scale:
        """The scale of time from 0 to `high`, to the right of the amounts."""
        return Scale(0, high, 8 + _CHARACTER_WIDTH * max(map(len, self.texts)), self.width - 6)

    @property
    def y(self) -> Scale:
        """The scale of the values."""
        return Scale(self.ticks[0], self.ticks[-1], self.height - 24, 8)

    def grid(self, x: Scale, y: Scale) -> list[Rule]:
        """A line at each tick, and the axis below them."""
        lowest = Rule(x.start, y.start, x.end, y.start, "axis")
        return [*(Rule(x.start, y(tick), x.end, y(tick)) for tick in self.ticks), lowest]

    def amounts(self, x: Scale, y: Scale) -> list[Label]:
        """The text of each tick."""
        labelled = zip(self.ticks, self.texts, strict=True)
        return [Label(x.start - 5, y(tick) + 3.8, text, "end") for tick, text in labelled]

    @property
    def labels_at(self) -> float:
        """The height of the labels below the axis."""
        return self.height - 8
