"""Builders for a small company with defaults."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from domain.commands.command import CycleBy, KpiBy
from domain.commands.cycle_commands import OpenCycle
from domain.commands.key_result_commands import AddKeyResult, CheckIn
from domain.commands.kpi_commands import DefineKpi, ReadingInput, RecordReadings
from domain.commands.objective_commands import DraftObjective
from domain.primitives.values import Cadence, Direction, Kind, Metric, ObjectiveKind, Ref
from projections.store import basis as bases
from projections.store.basis import ResolvedBasis
from tests.metric_input import as_input
from tests.world import World

REACH_TEN = Metric(Direction.INCREASE, start=0.0, target=10.0)


def on(day: int, hour: int = 12) -> datetime:
    """A time in January 2026."""
    return datetime(2026, 1, day, hour, tzinfo=UTC)


def cycle(world: World, key: str = "q1", **more: Any) -> UUID:
    fields = {
        "name": key.upper(),
        "starts_on": date(2026, 1, 1),
        "ends_on": date(2026, 3, 31),
        "effective_at": on(1, 0),
    }
    return world.record(OpenCycle(key=key, **{**fields, **more}))


def objective(world: World, cycle: UUID, title: str = "Delight the customers", **more: Any) -> UUID:
    fields = {"kind": ObjectiveKind.COMMITTED, "effective_at": on(2), **more}
    return world.record(DraftObjective(cycle=CycleBy(id=cycle), title=title, **fields))


def key_result(world: World, objective: UUID, metric: Metric = REACH_TEN, **more: Any) -> UUID:
    fields = {"effective_at": on(3), **more}
    return world.record(AddKeyResult(objective=objective, title="Ten of them", metric=as_input(metric), **fields))


def check_in(world: World, key_result: UUID, at: datetime, **fields: Any) -> UUID:
    return world.record(CheckIn(key_result=key_result, measured_at=at, reason="it was so", **fields))


def kpi(world: World, key: str = "nps") -> UUID:
    return world.record(DefineKpi(key=key, name=key, cadence=Cadence.WEEKLY, effective_at=on(1)))


def read(world: World, kpi: UUID, *figures: tuple[datetime, float]) -> list[UUID]:
    """Record readings of a KPI as (measured at, value); their ids."""
    readings = [ReadingInput(kpi=KpiBy(id=kpi), measured_at=at, value=value) for at, value in figures]
    outcome = world.write(RecordReadings(readings=readings))
    world.catch_up()
    return [id for id, _ in outcome.result.readings]


def to(kind: Kind, id: UUID) -> Ref:
    return Ref(kind, id)


def then(world: World, at: datetime, known: int | None = None) -> ResolvedBasis:
    """The basis of an effective time, as known now or at a position."""
    if known is None:
        return bases.at_time(world.conn, at)
    resolved = bases.at_position(world.conn, known)
    assert resolved is not None
    return ResolvedBasis(at, known, resolved.known)


def after(world: World, position: int) -> ResolvedBasis:
    resolved = bases.at_position(world.conn, position)
    assert resolved is not None
    return resolved
