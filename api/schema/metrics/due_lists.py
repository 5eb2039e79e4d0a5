"""What the key results and objectives of a list owe, computed when a filter asks for it."""

from collections.abc import Sequence
from typing import overload

from api.schema.connections.owing import Owing
from domain.metrics.attention.due import Due
from domain.primitives.lazy import cached_property
from projections.attention.owed import owed_check_ins
from projections.figures.goal_columns import Goals, PartColumns


class Owings(Sequence[Owing]):
    """What each of these groups of key results owes together, by their places among those of these objectives."""

    def __init__(self, of: Goals, parts: PartColumns, groups: Sequence[Sequence[int]]) -> None:
        self._of = of
        self._parts = parts
        self._groups = groups

    @cached_property
    def _dues(self) -> dict[int, Due]:
        """The next check-ins, by the place of the key result."""
        return {owed.place: owed.due for owed in owed_check_ins(self._of, self._parts)}

    def __len__(self) -> int:
        return len(self._groups)

    @overload
    def __getitem__(self, number: int) -> Owing: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[Owing]: ...
    def __getitem__(self, number: int | slice) -> Owing | Sequence[Owing]:
        if isinstance(number, slice):
            return Owings(self._of, self._parts, self._groups[number])
        places = self._groups[number]
        dues = [self._dues[place] for place in places if place in self._dues]
        last_at = max(filter(None, self._parts.column("last_measured_at", places)), default=None)
        return Owing(dues, last_at, bool(places))
