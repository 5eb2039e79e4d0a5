"""The progress of cycles from columns of their parts.

An answer that shows the value and the health of a cycle needs a column of its objectives for each, and no object for
every objective with all its means.
"""

from collections.abc import Sequence
from itertools import chain, compress
from typing import Any, NamedTuple, TypeAlias

from domain.metrics import wholes
from domain.metrics.formulas import mean
from domain.metrics.rating import Health, band
from domain.metrics.wholes import Counted, CycleFacts, CycleProgress, ObjectiveProgress
from domain.primitives.lazy import cached_property
from domain.primitives.values import ScoringPolicy
from projections.figures.goal_columns import ObjectiveColumns
from projections.tables.objective import AnyObjective


class Objectives(NamedTuple):
    """Those of these objectives that are at some places, with the figures of all."""

    rows: Sequence[AnyObjective]
    figures: ObjectiveColumns
    places: Sequence[int]

    @property
    def in_mean(self) -> "Objectives":
        """Those of them that the mean of their cycle is taken over."""
        chosen = wholes.chosen(self.column("counts"), self.column("is_heading"))
        return self._replace(places=[self.places[place] for place in chosen])

    @property
    def counted(self) -> "Objectives":
        """Those of them that count."""
        return self._replace(places=list(compress(self.places, self.column("counts"))))

    @property
    def records(self) -> list[ObjectiveProgress]:
        """Their progress."""
        return [self.figures[place] for place in self.places]

    @property
    def mean_score(self) -> float | None:
        """The plain mean of the scores of those that are closed."""
        rows = [self.rows[place] for place in self.places]
        return wholes.mean_score(
            [(row.state, row.score, one) for row, one in zip(rows, self.column("is_heading"), strict=True)]
        )

    def column(self, name: str) -> list[Any]:
        """A figure of each of them."""
        values = self.figures.column(name)
        return [values[place] for place in self.places]


class CycleFigures:
    """The progress of a cycle with these objectives, or of one without any that count, with the progress of the
    activated cycles inside it. What has no attribute here is that of `whole`."""

    def __init__(
        self, of: CycleFacts, objectives: Objectives, children: "Sequence[AnyCycle]", policy: ScoringPolicy
    ) -> None:
        self.of = of
        self._objectives = objectives
        self._in_mean = objectives.in_mean
        self._children = () if self._in_mean.places else children
        self._weights = [1.0] * len(self._in_mean.places) or [float(child.of.days) for child in self._children]
        self._policy = policy

    def __getattr__(self, name: str) -> Any:
        return getattr(self.whole, name)

    @cached_property
    def whole(self) -> CycleProgress:
        """The same with an object for each of its parts."""
        children = [whole(child) for child in self._children]
        return wholes.of_cycle(self.of, self._objectives.records, children, self._policy)

    @cached_property
    def value(self) -> float | None:
        return wholes.mean_value(self._column("value"), self._weights, self._fill)

    @cached_property
    def expected(self) -> float | None:
        return wholes.mean_expected(self._column("expected"), self._weights, self._fill)

    @cached_property
    def gap(self) -> float:
        return mean(self._weights, self._column("gap")) if self._weights else 0.0

    @cached_property
    def health(self) -> Health | None:
        healths = self._column("health")
        open_health = wholes.health_while_open(healths, self._weights, lambda: band(self.gap, self._policy))
        return wholes.health_of_cycle(self.of, self.score, open_health, self._policy)

    @cached_property
    def score(self) -> float | None:
        return self._objectives.mean_score if self.of.is_closed else None

    def healths(self, of: Counted) -> list[Health | None]:
        """The health of each objective that counts, or of each of their key results."""
        if self._children:
            return [health for child in self._children for health in child.healths(of)]
        counted = self._objectives.counted
        return counted.column("health") if of is Counted.OBJECTIVES else [*chain(*counted.column("healths"))]

    @property
    def _fill(self) -> float:
        return sum(self._weights) / self.of.days if self._children else 1.0

    def _column(self, name: str) -> list[Any]:
        """A figure of each of its parts."""
        if self._children:
            return [getattr(child, name) for child in self._children]
        return self._in_mean.column(name)


AnyCycle: TypeAlias = CycleFigures | CycleProgress


def whole(of: AnyCycle) -> CycleProgress:
    """The progress of a cycle with an object for each of its parts."""
    return of.whole if isinstance(of, CycleFigures) else of
