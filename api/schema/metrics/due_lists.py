"""What the key results and objectives of a list owe, computed when a filter asks for it."""

from collections.abc import Sequence

from api.schema.connections.owing import Owing
from domain.metrics.attention.due import Due
from domain.primitives.lazy import cached_property
from projections.attention.owed import owed_check_ins
from projections.figures.goal_columns import Goals, Part, PartsOf


class Owings:
    """What each key result of these objectives owes."""

    def __init__(self, of: Goals, parts: PartsOf) -> None:
        self._of = of
        self._parts = parts

    @cached_property
    def _dues(self) -> dict[int, Due]:
        """The next check-ins, by the position at which the key result was added."""
        return {owed.born: owed.due for owed in owed_check_ins(self._of, self._parts)}

    def of(self, parts: Sequence[Part]) -> Owing:
        """What these key results owe together."""
        dues = [self._dues[part.kept.born] for part in parts if part.kept.born in self._dues]
        last_at = max((at for part in parts if (at := part.current.last_measured_at) is not None), default=None)
        return Owing(dues, last_at, bool(parts))
