"""Handlers of the commands on KPIs and their readings."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from msgspec import UNSET, Struct, structs

from domain.commands.command import KpiBy
from domain.commands.kpi_commands import (
    CorrectReading,
    DefineKpi,
    ReadingInput,
    RecordReadings,
    RedefineKpi,
    RetireKpi,
    RetractReading,
    ReviveKpi,
    SetKpiTargets,
)
from domain.commands.permissions import Permission
from domain.handlers import related
from domain.handlers.across.referencing import with_reference
from domain.handlers.formulas import given_formulas, kpi_readings
from domain.handlers.handler_registry import handles
from domain.handlers.unit_of_work import UnitOfWork, keyed_id
from domain.model.kpi import Definition, Kpi, KpiDefined, NewGoal
from domain.model.measurements.reading import Reading, ReadingRecorded, reading_id
from domain.primitives.errors import CommandRejected, ItemFaults, invalid
from domain.primitives.rules import Rule
from domain.primitives.values import Aggregation, Kind, Unit


@handles
def define_kpi(uow: UnitOfWork, command: DefineKpi) -> Kpi:
    event = KpiDefined(
        key=command.key,
        name=command.name,
        description=command.description,
        unit=command.unit,
        goal=command.goal,
        cadence=command.cadence,
        owner=uow.colleague(command.owner, "owner"),
        team=uow.team(command.team, "team"),
        aggregation=Aggregation.LAST if command.aggregation is UNSET else command.aggregation,
        formula=given_formulas.of_new(uow, command.formula),
        goal_from=None if command.goal_from is UNSET else command.goal_from,
    )
    return with_reference(uow, uow.begin(Kpi, event, keyed_id(Kind.KPI, command.key)), command.external)


@handles
def redefine_kpi(uow: UnitOfWork, command: RedefineKpi) -> Kpi:
    kpi = uow.subject(uow.find(Kpi, command.kpi, "kpi"))
    before = kpi.definition
    goal = _new_goal(uow, kpi, command)
    description = command.description
    definition = Definition(
        name=before.name if command.name is UNSET else command.name,
        description=before.description if description is UNSET else description,
        unit=before.unit if command.unit is UNSET else command.unit,
        goal=goal.goal,
        cadence=before.cadence if command.cadence is UNSET else command.cadence,
        owner=before.owner if command.owner is UNSET else uow.colleague(command.owner, "owner"),
        team=before.team if command.team is UNSET else uow.team(command.team, "team"),
        aggregation=before.aggregation if command.aggregation is UNSET else command.aggregation,
        formula=given_formulas.of_known(uow, kpi, command.formula),
    )
    if definition.unit != before.unit:
        _refuse_new_unit(uow, kpi, definition.unit)
    kpi.redefine(definition, goal.goal_from, uow.at)
    return kpi


def _new_goal(uow: UnitOfWork, kpi: Kpi, command: RedefineKpi) -> NewGoal:
    """The goal of the new definition: that of the earlier one unless another is given."""
    if command.goal is UNSET:
        return NewGoal(kpi.definition.goal, None)
    day = None if command.goal_from is UNSET else command.goal_from
    return kpi.new_goal(command.goal, day, _today(uow), uow.calendar)


def _today(uow: UnitOfWork) -> date:
    """The day of the command's effective time."""
    return uow.calendar.day_of(min(uow.at, uow.now))


def _refuse_new_unit(uow: UnitOfWork, kpi: Kpi, unit: Unit) -> None:
    """Raises `INVALID` for another unit once a reading was recorded, or while a key result that is not dropped is
    measured by the KPI in another unit: recorded values would change their meaning. Retracted readings count, because
    the history shows their values."""
    kpi.refuse_retired()
    if kpi_readings.is_recorded(uow, kpi.id):
        raise invalid(
            "The KPI has readings, so its unit cannot change; retire it and define another one.",
            "unit",
            rule=Rule.UNIT_HAS_READINGS,
        )
    if any(one.metric.unit != unit and not one.is_dropped for one in related.linked_to(uow, kpi.id)):
        raise invalid(
            "A key result that this KPI measures has another unit; unlink it first, or retire the KPI and define "
            "another one.",
            "unit",
            rule=Rule.UNIT_OF_KEY_RESULT,
        )


class Targets(Struct, frozen=True):
    """The result of setting targets: their KPI, and how many were changed and unchanged."""

    kpi: Kpi
    recorded: int
    unchanged: int


@handles
def set_kpi_targets(uow: UnitOfWork, command: SetKpiTargets) -> Targets:
    kpi = uow.subject(uow.find(Kpi, command.kpi, "kpi"))
    changed = kpi.set_targets(command.targets, uow.calendar, uow.at)
    return Targets(kpi, changed, len(command.targets) - changed)


@handles
def retire_kpi(uow: UnitOfWork, command: RetireKpi) -> Kpi:
    kpi = uow.subject(uow.find(Kpi, command.kpi, "kpi"))
    kpi.retire(uow.at)
    return kpi


@handles
def revive_kpi(uow: UnitOfWork, command: ReviveKpi) -> Kpi:
    kpi = uow.subject(uow.find(Kpi, command.kpi, "kpi"))
    kpi.revive(uow.at)
    return kpi


class Readings(Struct, frozen=True):
    """The result of a batch: the readings in input order, and how many were new and unchanged."""

    readings: list[Reading]
    recorded: int
    unchanged: int


@handles
def record_readings(uow: UnitOfWork, command: RecordReadings) -> Readings:
    """All or nothing. A repeated value is unchanged; another value for the same instant is a conflict,
    with a recorded reading or within the batch. Readings may be older than the KPI's definition. Raises
    `InputRejected` with the problems of all readings that are rejected."""
    uow.load(filter(None, (uow.id_of(Kind.KPI, by) for by in {one.kpi for one in command.readings})))
    kpis: dict[KpiBy, UUID | CommandRejected] = {}
    planned = [_planned(uow, kpis, one) for one in command.readings]
    uow.load([one.id for one in planned if isinstance(one, Planned)])
    readings = _all_read(uow, planned)
    recorded = len({id(reading) for reading in readings if reading.has_pending_events})
    return Readings(readings=readings, recorded=recorded, unchanged=len(readings) - recorded)


class Planned(NamedTuple):
    """A reading of the batch: its id, its event, and when it was measured."""

    id: UUID
    event: ReadingRecorded
    measured_at: datetime


def _planned(
    uow: UnitOfWork, kpis: dict[KpiBy, UUID | CommandRejected], one: ReadingInput
) -> Planned | CommandRejected:
    """A reading of the batch, or why it is rejected. `kpis` caches the KPIs of the readings before it."""
    kpi = kpis.get(one.kpi)
    if kpi is None:
        kpi = kpis[one.kpi] = _kpi_with_readings(uow, one.kpi)
    if isinstance(kpi, CommandRejected):
        return kpi
    try:
        measured_at = uow.moment(one.measured_at or uow.command.effective_at or uow.now, "measuredAt")
    except CommandRejected as rejection:
        return rejection
    return Planned(reading_id(kpi, measured_at), ReadingRecorded(kpi=kpi, value=one.value, note=one.note), measured_at)


def _kpi_with_readings(uow: UnitOfWork, by: KpiBy) -> UUID | CommandRejected:
    """The id of a KPI that takes readings, or why there is none."""
    try:
        found = uow.find(Kpi, by, "kpi")
        found.refuse_readings()
    except CommandRejected as rejection:
        return rejection
    return found.id


def _all_read(uow: UnitOfWork, planned: Sequence[Planned | CommandRejected]) -> list[Reading]:
    """The readings, in the order of the input. Raises `InputRejected`."""
    faults, readings = ItemFaults(), list[Reading]()
    earliest = min((one.measured_at for one in planned if isinstance(one, Planned)), default=uow.now)
    for index, one in enumerate(planned):
        if isinstance(one, CommandRejected):
            faults.keep(one, "readings", str(index))
            continue
        with faults.of("readings", str(index)):
            readings.append(_read(uow, one, earliest))
    faults.refuse()
    return readings


def _read(uow: UnitOfWork, one: Planned, earliest: datetime) -> Reading:
    event, measured_at = one.event, one.measured_at
    claimed_at = uow.claimed_at(measured_at, earliest)
    reading = uow.known(one.id)
    if isinstance(reading, Reading):
        shows_value = Permission.READ in uow.can
        reading.repeat(event.value, event.note, claimed_at, "value", shows_value=shows_value)
        return reading
    return uow.begin(Reading, structs.replace(event, claimed_at=claimed_at), one.id, measured_at)


@handles
def correct_reading(uow: UnitOfWork, command: CorrectReading) -> Reading:
    reading = uow.change(Reading, command.reading, "reading")
    note = reading.note if command.note is UNSET else command.note
    reading.correct(command.value, note, uow.claimed_at(reading.created_at))
    return reading


@handles
def retract_reading(uow: UnitOfWork, command: RetractReading) -> Reading:
    reading = uow.change(Reading, command.reading, "reading")
    reading.retract(uow.claimed_at(reading.created_at))
    return reading
