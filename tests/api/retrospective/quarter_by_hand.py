"""A quarter for retrospectives. The tests compute its expected results by hand.

A  Win the hearts     a1  0 to 100, from day 20 on 0 to 50      a2  0 to 50, dropped      a3  0 to 10, added later
B  Grow in the north  b1  0 to 10; dropped with its objective
C  Be quicker         c1  0 to 4; added later, both
Z  Dropped before the cycle was activated
"""

from datetime import date
from uuid import UUID

from msgspec.structs import replace

from domain.commands.command import Command, KpiBy
from domain.commands.cycle_commands import ActivateCycle, CloseCycle
from domain.commands.key_result_commands import DropKeyResult, RescheduleKeyResult, RetargetKeyResult, ReweighKeyResult
from domain.commands.kpi_commands import DefineKpi, ReadingInput, RecordReadings, RetireKpi
from domain.commands.objective_commands import CommitObjective, DropObjective
from domain.primitives.values import Cadence
from tests.api.schema.goals import CYCLE, at_least, check_in, cycle, day, key_result, objective, rise
from tests.asking import AskedWorld
from tests.metric_input import as_input


def planned(world: AskedWorld) -> dict[str, UUID]:
    """Up to the activation, on day 1."""
    cycle(world)
    made = {"A": objective(world, "Win the hearts of users"), "B": objective(world, "Grow in the north")}
    made["Z"] = objective(world, "Be everywhere at once")
    made["a1"] = key_result(world, made["A"], "a1", metric=rise(100))
    made["a2"] = key_result(world, made["A"], "a2", metric=rise(50))
    made["b1"] = key_result(world, made["B"], "b1", metric=rise(10))
    made["z1"] = key_result(world, made["Z"], "z1", metric=rise(10))
    world.do(DropObjective(objective=made["Z"], reason="too much", effective_at=day(0.5)))
    _measures(world)
    world.do(ActivateCycle(cycle=CYCLE, effective_at=day(1)))
    return made


def run_quarter(world: AskedWorld, *, closed: bool = True) -> dict[str, UUID]:
    """Execute the commands of the whole quarter, day by day."""
    made = planned(world)
    check_in(world, made["a1"], 20, 8, confidence=0.9)
    check_in(world, made["a2"], 10, 8, confidence=0.3)
    check_in(world, made["b1"], 2, 10)
    check_in(world, made["a1"], 40, 15, confidence=0.9)
    made["C"] = objective(world, "Be quicker", effective_at=day(20))
    _change(world, 20, CommitObjective(objective=made["C"]))
    made["c1"] = key_result(world, made["C"], "c1", metric=rise(4), effective_at=day(20))
    _change(
        world,
        20,
        RetargetKeyResult(key_result=made["a1"], metric=as_input(rise(50)), reason="The market shrank."),
    )
    _change(world, 30, ReweighKeyResult(key_result=made["a2"], weight=3, reason="It matters more."))
    check_in(world, made["c1"], 3, 30, confidence=0.8)
    made["a3"] = key_result(world, made["A"], "a3", metric=rise(10), effective_at=day(35))
    check_in(world, made["a3"], 5, 40, confidence=0.6)
    _change(world, 45, RescheduleKeyResult(key_result=made["c1"], due=date(2026, 3, 15), reason="The fair."))
    _change(world, 50, DropKeyResult(key_result=made["a2"], reason="Nobody can measure it."))
    _change(world, 60, DropObjective(objective=made["B"], reason="We left the north."))
    check_in(world, made["a1"], 45, 80, confidence=1)
    _read(world, "users", 120, 85)
    _read(world, "speed", 5, 40)
    if closed:
        _change(world, 91, CloseCycle(cycle=CYCLE, close_objectives=True))
    return made


def _measures(world: AskedWorld) -> None:
    for key, goal in (("users", at_least(100)), ("old", None)):
        world.do(DefineKpi(key=key, name=key.title(), goal=goal, effective_at=day(0)))
    _change(world, 0.5, RetireKpi(kpi=KpiBy(key="old"), reason="Nobody looks."))
    _read(world, "users", 80, 0.5)
    world.do(DefineKpi(key="speed", name="Speed", cadence=Cadence.MONTHLY, effective_at=day(30)))


def _read(world: AskedWorld, kpi: str, value: float, at: float) -> None:
    reading = ReadingInput(kpi=KpiBy(key=kpi), value=value, measured_at=day(at))
    world.do(RecordReadings(readings=[reading]))


def _change(world: AskedWorld, at: float, command: Command) -> None:
    world.do(replace(command, effective_at=day(at)))
