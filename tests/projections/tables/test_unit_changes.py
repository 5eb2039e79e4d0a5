"""Units that changed after a measurement, in logs of versions that allowed it: a stored version gets another unit."""

from uuid import UUID

import msgspec

from domain.commands.command import KpiBy
from domain.commands.key_result_commands import LinkKpi, RewordKeyResult
from domain.commands.kpi_commands import RedefineKpi, RetractReading
from domain.primitives.values import Unit, UnitKind
from projections.tables.key_result import KEY_RESULT
from projections.tables.kpi import KPI
from projections.tables.measurements import key_results_with_changed_units, kpis_with_changed_units
from tests.projections.goal_builders import (
    REACH_TEN,
    after,
    check_in,
    cycle,
    key_result,
    kpi,
    objective,
    on,
    read,
    then,
)
from tests.world import World

HOURS = Unit(UnitKind.DURATION, "h")


def reunited_key_result(world: World, id: UUID) -> int:
    """Record a version of the key result, and store it with another unit; its position."""
    world.do(RewordKeyResult(key_result=id, title="Ten hours", effective_at=on(9)))
    metric = msgspec.structs.replace(REACH_TEN, unit=HOURS)
    return _replaced(world, KEY_RESULT.name, "metric", msgspec.json.encode(metric), id)


def reunited_kpi(world: World, id: UUID) -> int:
    """Record a version of the KPI, and store it with another unit; its position."""
    world.do(RedefineKpi(kpi=KpiBy(id=id), name="Hours", reason="It was never a number.", effective_at=on(9)))
    return _replaced(world, KPI.name, "unit", msgspec.json.encode(HOURS), id)


def _replaced(world: World, table: str, column: str, value: bytes, id: UUID) -> int:
    head = world.now.position
    world.conn.execute(f"update {table} set {column} = %b where id = %b and position = %b", (value, id, head))
    world.conn.commit()
    return head


def goal(world: World) -> UUID:
    return key_result(world, objective(world, cycle(world)))


def test_a_key_result_whose_unit_changed_after_a_check_in_is_found(world: World) -> None:
    id = goal(world)
    check_in(world, id, on(5), value=3.0)
    position = reunited_key_result(world, id)
    assert key_results_with_changed_units(world.conn, world.now, [id]) == {id}
    assert key_results_with_changed_units(world.conn, after(world, position - 1), [id]) == frozenset()
    assert key_results_with_changed_units(world.conn, then(world, on(8)), [id]) == frozenset()


def test_a_unit_may_change_before_the_first_measurement(world: World) -> None:
    id = goal(world)
    check_in(world, id, on(4), confidence=0.5)
    reunited_key_result(world, id)
    check_in(world, id, on(5), value=3.0)
    assert key_results_with_changed_units(world.conn, world.now, [id]) == frozenset()


def test_readings_of_the_linked_kpi_are_measurements_of_the_key_result(world: World) -> None:
    id, linked = goal(world), kpi(world)
    read(world, linked, (on(4), 8.0))
    world.do(LinkKpi(key_result=id, kpi=KpiBy(id=linked), effective_at=on(5)))
    reunited_key_result(world, id)
    assert key_results_with_changed_units(world.conn, world.now, [id]) == {id}


def test_a_kpi_whose_unit_changed_after_a_reading_is_found(world: World) -> None:
    measured, unmeasured, retracted, unchanged = (kpi(world, key) for key in ("a", "b", "c", "d"))
    for id in (measured, retracted, unchanged):
        readings = read(world, id, (on(4), 8.0))
        if id == retracted:
            world.do(RetractReading(reading=readings[0], reason="It was another KPI's."))
    for id in (measured, unmeasured, retracted):
        reunited_kpi(world, id)
    every = [measured, unmeasured, retracted, unchanged]
    assert kpis_with_changed_units(world.conn, world.now, every) == {measured}


def test_no_goals_have_no_changed_units(world: World) -> None:
    assert key_results_with_changed_units(world.conn, world.now, []) == frozenset()
    assert kpis_with_changed_units(world.conn, world.now, []) == frozenset()
