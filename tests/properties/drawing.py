"""What random commands are made of: ids of aggregates that there are, texts, numbers, times, metrics and plans."""

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from domain.handlers.batches.batch_dispatcher import BatchDispatcher
from domain.model.event import replay
from domain.primitives.values import (
    Direction,
    GoalDirection,
    Kind,
    KpiGoal,
    Metric,
    Milestone,
    PlanPoint,
    Ref,
    Unit,
    UnitKind,
)

LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)


class Drawing:
    """Draws parts of commands at random. `_ids` has the aggregates that there are, by kind, in their order."""

    def __init__(self, keyframe: BatchDispatcher, chance: Random) -> None:
        self._keyframe = keyframe
        self._chance = chance
        self._ids: dict[Kind, list[UUID]] = {kind: [] for kind in Kind}
        self._keys = 0

    def _any(self, kind: Kind) -> UUID:
        """The id of one of the last aggregates of a kind, or sometimes an unknown id."""
        ids = self._ids[kind]
        if not ids or self._chance.random() < 0.02:
            return UUID(int=self._chance.getrandbits(128))
        return self._chance.choice(ids[-12:])

    def _maybe(self, kind: Kind) -> UUID | None:
        return self._any(kind) if self._ids[kind] and self._chance.random() < 0.6 else None

    def _ref(self, *kinds: Kind) -> Ref:
        kind = self._chance.choice(kinds)
        return Ref(kind, self._any(kind))

    def _key(self) -> str:
        self._keys += 1
        return f"k{self._chance.randint(1, self._keys + 1)}" if self._chance.random() < 0.1 else f"n{self._keys}"

    def _text(self) -> str:
        return " ".join(self._chance.choices(["grow", "mend", "people", "Ünï", "trust", "speed", "π", "100 %"], k=4))

    def _number(self) -> float:
        return self._chance.choice([0.0, 1.0, 2.5, 10.0, -4.0, 33.3, 100.0, 1e6]) + self._chance.randint(0, 5)

    def _share(self) -> float:
        return self._chance.choice([0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0])

    def _moment(self) -> datetime:
        """A random time since 2025, coarse enough that two events often have the same."""
        return LONG_AGO + timedelta(hours=6 * self._chance.randint(0, 2400))

    def _since(self) -> dict[str, Any]:
        """A reason, and sometimes an effective time in the past."""
        reason = {"reason": self._text()}
        return reason | {"effective_at": self._moment()} if self._chance.random() < 0.1 else reason

    def _metric(self) -> Metric:
        low = self._number()
        high = low + self._chance.choice([1.0, 7.0, 20.0])
        unit = Unit(self._chance.choice(list(UnitKind)), self._chance.choice(["", "€", "h"]))
        drawn = self._chance.choice(list(Direction))
        if drawn is Direction.INCREASE:
            return Metric(drawn, unit, start=low, target=high)
        if drawn is Direction.DECREASE:
            return Metric(drawn, unit, start=high, target=low)
        if drawn in (Direction.AT_LEAST, Direction.AT_MOST):
            return Metric(drawn, unit, target=low, start=self._chance.choice([None, high, low - 3]))
        if drawn is Direction.WITHIN:
            return Metric(drawn, unit, lower=low, upper=high, start=self._chance.choice([None, low - 9, high + 9]))
        if drawn is Direction.MILESTONES:
            return Metric(drawn, milestones=tuple(Milestone(f"m{one}", self._text(), one) for one in (1.0, 2.0)))
        return Metric(drawn)

    def _goal(self) -> KpiGoal | None:
        if self._chance.random() < 0.3:
            return None
        if self._chance.random() < 0.3:
            return KpiGoal(GoalDirection.WITHIN, lower=1.0, upper=50.0, tolerance=5.0)
        return KpiGoal(self._chance.choice([GoalDirection.AT_LEAST, GoalDirection.AT_MOST]), target=self._number())

    def _plan(self, key_result: UUID) -> list[PlanPoint]:
        """A plan of a key result that exists: some of its days with values on the way and beyond; rarely empty."""
        found = self._found(key_result)
        if found is None or self._chance.random() < 0.1:
            return []
        cycle = self._found(self._found(found.objective).cycle)
        return self._points(found.metric, max(found.created_at.date(), cycle.starts_on), found.due)

    def _points(self, metric: Metric, first: date, due: date) -> list[PlanPoint]:
        """Points between two days, without the last, and rarely one before them."""
        days = max((due - first).days, 1)
        drawn = sorted({self._chance.randint(-(days // 20), days - 1) for _ in range(self._chance.randint(1, 4))})
        start, target = (0.0, 1.0) if metric.milestones else (metric.start or 0.0, metric.target or 1.0)
        beyond = [] if metric.milestones else [-0.2, 1.2]
        shares = [self._chance.choice([0.0, 0.1, 0.3, 0.5, 0.8, 1.0, *beyond]) for _ in drawn]
        return [
            PlanPoint(first + timedelta(days=day), start + share * (target - start))
            for day, share in zip(drawn, shares, strict=True)
        ]

    def _found(self, id: UUID) -> Any:
        """The aggregate as recorded; None without one."""
        return replay(self._keyframe._log.streams([id]).get(id, []))

    def _reached(self) -> list[str] | None:
        return self._chance.choice([None, [], ["m1.0"], ["m1.0", "m2.0"]])

    def _day(self) -> date:
        """The first day of a month of 2025 to 2027."""
        return date(self._chance.randint(2025, 2027), self._chance.randint(1, 12), 1)
