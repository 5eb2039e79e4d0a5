"""The frame of a chart over time: its scales, its grid, and the amounts beside it."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from api.report.drawings.drawing import Label, Rule, Scale

CHARACTER_WIDTH: Final = 6.2
"""The greatest average width of a character of a label."""
LABEL_SPACE: Final = 24
"""The height of the labels below the axis."""


class Frame(NamedTuple):
    """The size of a chart, the values at its ticks, and their texts. `left`: the width of the amounts, so that charts
    below each other share their scale of time; by default as much as they need. `below`: the height below the axis."""

    width: float
    height: float
    ticks: Sequence[float]
    texts: Sequence[str]
    left: float = 0
    below: float = LABEL_SPACE

    def x(self, high: float) -> Scale:
        """The scale of time from 0 to `high`, to the right of the amounts."""
        return Scale(0, high, max(self.left, 8 + CHARACTER_WIDTH * max(map(len, self.texts))), self.width - 6)

    @property
    def y(self) -> Scale:
        """The scale of the values."""
        return Scale(self.ticks[0], self.ticks[-1], self.height - self.below, 6)

    def grid(self, x: Scale, y: Scale) -> list[Rule]:
        """A line at each tick, and the axis below them."""
        lowest = Rule(x.start, y.start, x.end, y.start, "axis")
        return [*(Rule(x.start, y(tick), x.end, y(tick)) for tick in self.ticks), lowest]

    def amounts(self, x: Scale, y: Scale) -> list[Label]:
        """The text of each tick, or of the first and the last one where all would overlap."""
        labelled = list(zip(self.ticks, self.texts, strict=True))
        is_dense = abs(y.end - y.start) < (len(labelled) - 1) * 2 * CHARACTER_WIDTH
        shown = [labelled[0], labelled[-1]] if is_dense else labelled
        return [Label(x.start - 5, y(tick) + 3.8, text, "end") for tick, text in shown]

    @property
    def labels_at(self) -> float:
        """The height of the labels below the axis."""
        return self.height - 8
