"""Horizons: which events a computation over a timeline takes into account."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol, TypeVar

from domain.primitives.values import Basis


class _Measured(Protocol):
    """A version of a measurement."""

    @property
    def position(self) -> int: ...
    @property
    def until_position(self) -> int: ...
    @property
    def measured_at(self) -> datetime: ...


M = TypeVar("M", bound=_Measured)


class Horizon:
    """The events of a basis: known at its position, and effective by its moment."""

    def __init__(self, at: datetime, position: int) -> None:
        self.at = at
        self.position = position

    @classmethod
    def of(cls, basis: Basis) -> "Horizon":
        return cls(basis.at, basis.position)

    @property
    def complete_until(self) -> datetime:
        """The moment up to which the periods of KPIs with a formula are complete."""
        return self.at

    def foresees(self, position: int) -> bool:
        """Whether an event is known that may be effective later than the horizon's moment."""
        return position <= self.position

    def sees(self, position: int, effective_at: datetime) -> bool:
        """Whether an event is known and effective."""
        return effective_at <= self.at and position <= self.position

    def governs(self, position: int, effective_at: datetime) -> bool:
        """Whether a scoring policy or a calendar is known and effective, and at an end was recorded by then: what has
        ended is not judged by other rules afterwards, whenever they are effective."""
        return self.sees(position, effective_at)

    def is_current(self, position: int, until_position: int, measured_at: datetime) -> bool:
        """Whether a version of a measurement is known, and no event that ended it."""
        return measured_at <= self.at and position <= self.position < until_position

    def current(self, versions: Iterable[M]) -> list[M]:
        """Those of these versions of measurements that `is_current`."""
        at, known = self.at, self.position
        return [one for one in versions if one.position <= known < one.until_position and one.measured_at <= at]

    def ended(self, at: datetime, position: int) -> "Horizon":
        """This horizon, cut at an end: without structural events after that moment, or at that moment but after that
        position, and without measurements after that moment."""
        return _EndedHorizon(self, at, position)


class _EndedHorizon(Horizon):
    def __init__(self, whole: Horizon, at: datetime, position: int) -> None:
        super().__init__(min(at, whole.at), whole.position)
        self._whole = whole
        self._end = (at, position)

    @property
    def complete_until(self) -> datetime:
        return min(self.at, self._whole.complete_until)

    def foresees(self, position: int) -> bool:  # noqa: ARG002
        return False

    def sees(self, position: int, effective_at: datetime) -> bool:
        return (effective_at, position) <= self._end and self._whole.sees(position, effective_at)

    def governs(self, position: int, effective_at: datetime) -> bool:
        return position <= self._end[1] and self.sees(position, effective_at)

    def is_current(self, position: int, until_position: int, measured_at: datetime) -> bool:
        return measured_at <= self.at and self._whole.is_current(position, until_position, measured_at)

    def current(self, versions: Iterable[M]) -> list[M]:
        return self._whole.current([one for one in versions if one.measured_at <= self.at])


class PlanHorizon(Horizon):
    """The goals of a plan with the measurements of an outcome: a start that is taken from the first value is known."""

    def __init__(self, plan: Basis, outcome: Basis) -> None:
        super().__init__(outcome.at, outcome.position)
        self._plan = Horizon.of(plan)

    def foresees(self, position: int) -> bool:
        return self._plan.foresees(position)

    def sees(self, position: int, effective_at: datetime) -> bool:
        return self._plan.sees(position, effective_at)


class WalkHorizon(Horizon):
    """The events of a plan, and those after it up to a position that moves: a walk in the order of the log.

    An event that is recorded before the plan but effective after it comes at its place in the log.
    """

    def __init__(self, plan: Basis, at: datetime) -> None:
        super().__init__(at, plan.position)
        self._plan = plan
        self._step = 0
        self._complete_until = plan.at

    @property
    def complete_until(self) -> datetime:
        return self._complete_until

    def complete(self, moment: datetime) -> None:
        """Take the periods into account that are complete at this moment."""
        self._complete_until = moment

    def move_to(self, position: int) -> None:
        """Take every event up to this position into account."""
        self._step = position
        self.position = max(self._plan.position, position)

    def sees(self, position: int, effective_at: datetime) -> bool:
        if position <= self._plan.position and effective_at <= self._plan.at:
            return True
        return position <= self._step and effective_at <= self.at

    def is_current(self, position: int, until_position: int, measured_at: datetime) -> bool:
        if self.position >= until_position:
            return False
        if position <= self._plan.position and measured_at <= self._plan.at:
            return True
        return position <= self._step and measured_at <= self.at

    def current(self, versions: Iterable[M]) -> list[M]:
        is_current = self.is_current
        return [one for one in versions if is_current(one.position, one.until_position, one.measured_at)]
