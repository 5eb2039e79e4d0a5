"""A KPI with monthly readings, a correction and a redefinition, linked to a key result; and a KPI without readings."""

from domain.commands.command import KpiBy
from domain.commands.kpi_commands import (
    CorrectReading,
    DefineKpi,
    ReadingInput,
    RecordReadings,
    RedefineKpi,
    RetractReading,
)
from domain.commands.people_commands import AddPerson, FormTeam
from domain.commands.permissions import Author, Role
from domain.primitives.values import Aggregation, Cadence, Direction, Metric, Source, Unit, UnitKind
from tests.api.schema import goals
from tests.api.schema.goals import day
from tests.asking import AskedWorld

CONVERSION = KpiBy(key="conversion")
PERCENT = Unit(UnitKind.PERCENT, "%")
SHOP = Author("machine:shop", Source.INGEST, frozenset(Role))


def read(world: AskedWorld, at: float, value: float, note: str | None = None) -> None:
    reading = ReadingInput(kpi=CONVERSION, value=value, measured_at=day(at), note=note)
    world.do(RecordReadings(readings=[reading]), SHOP)


def run_story(world: AskedWorld) -> None:
    """Execute the commands of the KPI story, day by day."""
    ada = world.record(AddPerson(handle="ada", name="Ada", effective_at=day(-400)))
    team = world.record(FormTeam(key="shop", name="Shop", effective_at=day(-400)))
    world.record(
        DefineKpi(
            key="conversion",
            name="Conversion",
            description="Orders of a hundred visits",
            unit=PERCENT,
            goal=goals.at_least(3.0, 0.5),
            cadence=Cadence.MONTHLY,
            owner=ada,
            team=team,
            effective_at=day(-100),
        )
    )
    world.record(DefineKpi(key="forgotten", name="Forgotten", effective_at=day(-100)))
    goals.cycle(world)
    objective = goals.objective(world)
    read(world, -40, 2.2)
    goals.key_result(
        world,
        objective,
        "Conversion grows",
        metric=Metric(direction=Direction.INCREASE, unit=PERCENT, start=2.0, target=4.0),
        kpi=CONVERSION,
        effective_at=day(2),
    )
    read(world, 10, 2.4)
    read(world, 35, 2.9, "A guess")
    read(world, 40, 9.9)
    world.record(
        CorrectReading(reading=goals.reading(world, "conversion", 35), value=2.6, note="Counted", reason="Guessed")
    )
    world.record(RetractReading(reading=goals.reading(world, "conversion", 40), reason="Another shop's"))
    world.record(
        RedefineKpi(
            kpi=CONVERSION,
            goal=goals.at_least(2.8, 0.2),
            aggregation=Aggregation.MEAN,
            reason="We aimed too high",
            effective_at=day(50),
        )
    )
    read(world, 70, 3.0)
