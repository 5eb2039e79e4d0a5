"""What is decided about KPIs and their readings."""

from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from msgspec import UNSET, Struct

from domain.commands.command import KpiBy
from domain.commands.kpi_commands import (
    CorrectReading,
    DefineKpi,
    ReadingInput,
    RecordReadings,
    RedefineKpi,
    RetireKpi,
    RetractReading,
)
from domain.handlers.handler_registry import handles
from domain.handlers.unit_of_work import Decision, keyed_id
from domain.model.kpi import Kpi, KpiDefined, Reading, ReadingRecorded, reading_id
from domain.primitives import values
from domain.primitives.errors import Code, Refused, invalid
from domain.primitives.values import Kind

READINGS_MAX = 10_000


@handles
def define_kpi(case: Decision, do: DefineKpi) -> Kpi:
    key = values.key(do.key, "key")
    event = KpiDefined(
        key=key,
        name=values.title(do.name, "name"),
        description=values.prose(do.description, "description"),
        unit=values.unit(do.unit, "unit"),
        goal=None if do.goal is None else values.kpi_goal(do.goal, "goal"),
        cadence=do.cadence,
        owner=case.colleague(do.owner, "owner"),
        team=case.team(do.team, "team"),
    )
    return case.begin(Kpi, event, keyed_id(Kind.KPI, key))


@handles
def redefine_kpi(case: Decision, do: RedefineKpi) -> Kpi:
    kpi = case.subject(case.find(Kpi, do.kpi, "kpi"))
    name, description, unit, goal, cadence, owner, team = kpi.definition
    if do.goal is not UNSET:
        goal = None if do.goal is None else values.kpi_goal(do.goal, "goal")
    kpi.redefine(
        (
            name if do.name is UNSET else values.title(do.name, "name"),
            description if do.description is UNSET else values.prose(do.description, "description"),
            unit if do.unit is UNSET else values.unit(do.unit, "unit"),
            goal,
            cadence if do.cadence is UNSET else do.cadence,
            owner if do.owner is UNSET else case.colleague(do.owner, "owner"),
            team if do.team is UNSET else case.team(do.team, "team"),
        ),
        case.at,
    )
    return kpi


@handles
def retire_kpi(case: Decision, do: RetireKpi) -> Kpi:
    kpi = case.subject(case.find(Kpi, do.kpi, "kpi"))
    kpi.retire(case.at)
    return kpi


class Readings(Struct, frozen=True):
    """What became of a batch: the readings in the order given, and how many were new."""

    readings: list[Reading]
    recorded: int
    unchanged: int


@handles
def record_readings(case: Decision, do: RecordReadings) -> Readings:
    """All or nothing. The same value again is unchanged; another value for one instant is a conflict,
    with what is there or within the batch. Readings older than the KPI's definition are welcome."""
    if len(do.readings) > READINGS_MAX:
        raise Refused(Code.TOO_LARGE, f"Takes up to {READINGS_MAX} readings at once; split them.", "readings")
    if not do.readings:
        raise invalid("Give at least one reading.", "readings")
    case.load(by.id or keyed_id(Kind.KPI, by.key or "") for by in {one.kpi for one in do.readings})
    kpis: dict[KpiBy, UUID] = {}
    planned = [_planned(case, kpis, one, index) for index, one in enumerate(do.readings)]
    case.load([id for id, *_ in planned])
    readings = [_read(case, *one, str(index)) for index, one in enumerate(planned)]
    recorded = len({id(reading) for reading in readings if reading.has_news})
    return Readings(readings=readings, recorded=recorded, unchanged=len(readings) - recorded)


Planned: TypeAlias = tuple[UUID, ReadingRecorded, datetime]


def _planned(case: Decision, kpis: dict[KpiBy, UUID], one: ReadingInput, index: int) -> Planned:
    """The reading that is meant: its identity, its event, and when it was measured. `kpis` are those of readings
    before it."""
    field = ("readings", str(index))
    kpi = kpis.get(one.kpi)
    if kpi is None:
        watched = case.find(Kpi, one.kpi, *field, "kpi")
        watched.refuse_retired(*field)
        kpi = kpis[one.kpi] = watched.id
    said = one.measured_at or case.command.effective_at or case.now
    measured_at = case.moment(said, *field, "measuredAt")
    event = ReadingRecorded(
        kpi=kpi,
        value=values.number(one.value, *field, "value"),
        note=values.prose(one.note, *field, "note"),
    )
    return reading_id(kpi, measured_at), event, measured_at


def _read(case: Decision, id: UUID, event: ReadingRecorded, measured_at: datetime, index: str) -> Reading:
    reading = case.known(id)
    if isinstance(reading, Reading):
        reading.repeat(event.value, event.note, "readings", index, "value")
        return reading
    return case.begin(Reading, event, id, measured_at)


@handles
def correct_reading(case: Decision, do: CorrectReading) -> Reading:
    reading = case.change(Reading, do.reading, "reading")
    note = reading.note if do.note is UNSET else values.prose(do.note, "note")
    reading.correct(values.number(do.value, "value"), note)
    return reading


@handles
def retract_reading(case: Decision, do: RetractReading) -> Reading:
    reading = case.change(Reading, do.reading, "reading")
    reading.retract()
    return reading
