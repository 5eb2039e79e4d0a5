"""Goals to ask about: a cycle of ninety days, its objectives and key results, told on days of one's choice."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from domain import verbs
from domain.values import Basis, Direction, Metric
from domain.verbs import CycleBy
from tests.api.reading.conftest import World

START = datetime(2026, 1, 1, tzinfo=UTC)
CYCLE = CycleBy(key="2026-q1")


def day(number: float) -> datetime:
    """So many days into the cycle."""
    return START + timedelta(days=number)


def rise(target: float = 100, start: float = 0) -> Metric:
    return Metric(direction=Direction.INCREASE, start=start, target=target)


def cycle(world: World, key: str = "2026-q1", first: date = date(2026, 1, 1), days: int = 90) -> UUID:
    """A cycle, active from its first day on unless it is told otherwise."""
    at = datetime(first.year, first.month, first.day, tzinfo=UTC)
    return world.tell(
        verbs.OpenCycle(
            key=key, name=key.upper(), starts_on=first, ends_on=first + timedelta(days=days - 1), effective_at=at
        )
    )


def objective(world: World, title: str = "Win the hearts of our users", **given: Any) -> UUID:
    return world.tell(verbs.DraftObjective(**{"cycle": CYCLE, "title": title, "effective_at": day(0), **given}))


def key_result(world: World, of: UUID, title: str = "Active users", **given: Any) -> UUID:
    return world.tell(
        verbs.AddKeyResult(**{"objective": of, "title": title, "metric": rise(), "effective_at": day(0), **given})
    )


def check_in(world: World, of: UUID, value: float | None, at: float, **given: Any) -> UUID:
    return world.tell(verbs.CheckIn(key_result=of, value=value, measured_at=day(at), **given))


def basis(at: datetime, position: int) -> Basis:
    return Basis(at, position)
