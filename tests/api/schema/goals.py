"""Commands for test goals: a cycle of ninety days, its objectives and key results, on days of one's choice."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from api.snapshot import global_ids
from domain.commands.command import CycleBy
from domain.commands.cycle_commands import OpenCycle
from domain.commands.key_result_commands import AddKeyResult, CheckIn
from domain.commands.objective_commands import DraftObjective
from domain.commands.permissions import Author, Role
from domain.model.measurements.reading import reading_id
from domain.primitives.values import Basis, Cadence, Direction, GoalDirection, Kind, KpiGoal, Metric, Source
from tests.asking import AskedWorld
from tests.metric_input import as_input

__all__ = ["Cadence"]

START = datetime(2026, 1, 1, tzinfo=UTC)
Q2 = date(2026, 4, 1)
CYCLE = CycleBy(key="2026-q1")


def day(number: float) -> datetime:
    """The time this many days into the cycle."""
    return START + timedelta(days=number)


def rise(target: float = 100, start: float = 0) -> Metric:
    return Metric(direction=Direction.INCREASE, start=start, target=target)


def cycle(
    world: AskedWorld,
    key: str = "2026-q1",
    first: date = date(2026, 1, 1),
    days: int = 90,
    parent: CycleBy | None = None,
) -> UUID:
    """Open a cycle on its first day; returns its id."""
    at = datetime(first.year, first.month, first.day, tzinfo=UTC)
    last = first + timedelta(days=days - 1)
    return world.record(
        OpenCycle(key=key, name=key.upper(), starts_on=first, ends_on=last, parent=parent, effective_at=at)
    )


def objective(world: AskedWorld, title: str = "Win the hearts of our users", **given: Any) -> UUID:
    return world.record(DraftObjective(**{"cycle": CYCLE, "title": title, "effective_at": day(0), **given}))


def key_result(
    world: AskedWorld, of: UUID, title: str = "Active users", metric: Metric | None = None, **given: Any
) -> UUID:
    fields = {"effective_at": day(0), **given}
    return world.record(AddKeyResult(objective=of, title=title, metric=as_input(metric or rise()), **fields))


def check_in(world: AskedWorld, of: UUID, value: float | None, at: float, **given: Any) -> UUID:
    return world.record(CheckIn(key_result=of, value=value, measured_at=day(at), **given))


def basis(at: datetime, position: int) -> Basis:
    return Basis(at, position)


def at_least(target: float, tolerance: float = 0) -> KpiGoal:
    return KpiGoal(direction=GoalDirection.AT_LEAST, target=target, tolerance=tolerance)


def id_of(world: AskedWorld, title: str) -> UUID:
    """The objective with this title."""
    query = "query($t: String) { objectives(filter: {search: $t}) { nodes { id } } }"
    (node,) = world.ask(query, t=title)["objectives"]["nodes"]
    found = global_ids.entity(node["id"], Kind.OBJECTIVE)
    assert found is not None
    return found


def cycle_id(world: AskedWorld) -> UUID:
    found = global_ids.entity(world.ask('{ cycle(by: {key: "2026-q1"}) { id } }')["cycle"]["id"], Kind.CYCLE)
    assert found is not None
    return found


def author(person: UUID) -> Author:
    return Author(f"person:{person}", Source.CONSOLE, frozenset(Role))


def reading(world: AskedWorld, key: str, at: float) -> UUID:
    """The reading of a KPI at a day of the cycle."""
    query = "query($key: String!) { kpi(by: {key: $key}) { id } }"
    kpi = global_ids.entity(world.ask(query, key=key)["kpi"]["id"], Kind.KPI)
    assert kpi is not None
    return reading_id(kpi, day(at))
