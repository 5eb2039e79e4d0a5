"""Commands on KPIs and their readings."""

from datetime import date, datetime
from typing import Annotated, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from domain.commands.command import (
    Command,
    Key,
    KpiBy,
    Markdown,
    NewExternal,
    OwnerId,
    Parsed,
    PersonId,
    ReadingId,
    TeamId,
    Title,
)
from domain.commands.kpi_formula_input import KpiFormulaInput, check_formula
from domain.commands.permissions import DEFINE_KPIS, record_readings
from domain.model.kpi import KpiDefined, KpiRedefined, KpiRetired, KpiRevived, KpiTargetsSet
from domain.model.measurements.reading import ReadingCorrected, ReadingRecorded, ReadingRetracted
from domain.primitives import parsers
from domain.primitives.documentation import doc
from domain.primitives.errors import Code, CommandRejected, Faults, invalid
from domain.primitives.rules import Rule
from domain.primitives.values import Aggregation, Cadence, Kind, KpiGoal, KpiTarget, Unit

READINGS_MAX = 10_000
TARGETS_MAX = 400
"""Targets of one command: a year of days, and a month."""

FirstDay: TypeAlias = Annotated[date, Parsed(parsers.day)]


class DefineKpi(Command, frozen=True):
    """Define a KPI, a measure that is tracked at a fixed cadence and outside cycles."""

    NEEDS = DEFINE_KPIS
    ANSWERS = Kind.KPI
    RECORDS = KpiDefined

    key: Key
    name: Annotated[Title, doc("The name of the KPI.")]
    description: Markdown | None = None
    unit: Annotated[Unit, doc("The unit of its readings; by default plain numbers.")] = Unit()
    goal: Annotated[KpiGoal | None, doc("The goal that its readings are compared with.")] = None
    cadence: Annotated[Cadence, doc("How often a reading is expected.")] = Cadence.WEEKLY
    owner: OwnerId | None = None
    team: Annotated[TeamId | None, doc("The team that owns it.")] = None
    aggregation: Annotated[
        Aggregation | UnsetType, doc("How the readings of a period become its value; omitted is LAST.")
    ] = UNSET
    formula: Annotated[
        KpiFormulaInput | UnsetType,
        doc("How its values follow from other KPIs; it then takes no readings. Omitted for a KPI with readings."),
    ] = UNSET
    goal_from: Annotated[
        FirstDay | UnsetType,
        doc("The first day of the goal, in the past or in the future; omitted, it also judges all earlier readings."),
    ] = msgspec.field(default=UNSET, name="from")
    external: NewExternal = UNSET

    def check(self, faults: Faults) -> None:
        check_formula(self.formula, faults)
        if self.goal_from is not UNSET and self.goal is None:
            faults.keep(_from_without_goal())


def _from_without_goal() -> CommandRejected:
    return invalid("Is the first day of a goal: give the goal, too.", "from", rule=Rule.FROM_WITHOUT_GOAL)


class RedefineKpi(Command, frozen=True):
    """Change the definition of a KPI. Omitted fields keep their values."""

    NEEDS = DEFINE_KPIS
    ANSWERS = Kind.KPI
    RECORDS = KpiRedefined
    REASON_REQUIRED = True

    kpi: KpiBy
    name: Annotated[Title | UnsetType, doc("The new name; omitted keeps it.")] = UNSET
    description: Annotated[
        Markdown | None | UnsetType, doc("A longer description; null clears it, omitted keeps it.")
    ] = UNSET
    unit: Annotated[Unit | UnsetType, doc("The new unit of its readings; omitted keeps it.")] = UNSET
    goal: Annotated[KpiGoal | None | UnsetType, doc("The new goal; null clears it, omitted keeps it.")] = UNSET
    cadence: Annotated[Cadence | UnsetType, doc("How often a reading is expected; omitted keeps it.")] = UNSET
    owner: Annotated[
        PersonId | None | UnsetType, doc("The person responsible for it; null clears it, omitted keeps it.")
    ] = UNSET
    team: Annotated[TeamId | None | UnsetType, doc("The team that owns it; null clears it, omitted keeps it.")] = UNSET
    aggregation: Annotated[
        Aggregation | UnsetType, doc("How the readings of a period become its value; omitted keeps it.")
    ] = UNSET
    formula: Annotated[
        KpiFormulaInput | UnsetType,
        doc(
            "The new formula, for a KPI without readings; omitted keeps it. A period is worked out by the formula in "
            "force on its last day. To record readings instead, retire the KPI and define another one."
        ),
    ] = UNSET
    goal_from: Annotated[
        FirstDay | UnsetType,
        doc(
            "The first day of the given goal; by default the day of `effectiveAt`. From a day in the past, the periods "
            "since then are judged again at bases after this change. Goals and targets from later days stay."
        ),
    ] = msgspec.field(default=UNSET, name="from")

    def check(self, faults: Faults) -> None:
        check_formula(self.formula, faults)
        if self.goal_from is not UNSET and self.goal is UNSET:
            faults.keep(_from_without_goal())


class SetKpiTargets(Command, frozen=True):
    """Set the targets of a KPI from certain days on, past or future: a plan. Targets from other days stay.

    A target takes direction and tolerance from the goal in force on its day. From a day in the past, the periods
    since then are judged again at bases after this change.
    """

    NEEDS = DEFINE_KPIS
    ANSWERS = Kind.KPI
    RECORDS = KpiTargetsSet
    REASON_REQUIRED = True

    kpi: KpiBy
    targets: Annotated[list[KpiTarget], doc("Up to 400 targets, each from another day.")]

    def check(self, faults: Faults) -> None:
        with faults:
            if not self.targets:
                raise invalid("Give at least one target.", "targets", rule=Rule.TARGETS_EMPTY)
            if len(self.targets) > TARGETS_MAX:
                raise CommandRejected(
                    Code.TOO_LARGE,
                    f"At most {TARGETS_MAX} targets in one command; split it.",
                    "targets",
                    rule=Rule.TARGETS_TOO_MANY,
                    max=TARGETS_MAX,
                )
        self._refuse_repeated(faults)

    def _refuse_repeated(self, faults: Faults) -> None:
        first: dict[date, int] = {}
        for index, target in enumerate(self.targets[:TARGETS_MAX]):
            if first.setdefault(target.from_, index) != index:
                faults.keep(
                    invalid(
                        f"Another target begins on {target.from_}; leave one of them out.",
                        "targets",
                        str(index),
                        "from",
                        rule=Rule.TARGET_DAY_REPEATED,
                        day=target.from_,
                    )
                )


class RetireKpi(Command, frozen=True):
    """Retire a KPI: it takes no more readings. Its history stays."""

    NEEDS = DEFINE_KPIS
    ANSWERS = Kind.KPI
    RECORDS = KpiRetired
    REASON_REQUIRED = True

    kpi: KpiBy


class ReviveKpi(Command, frozen=True):
    """Revive a retired KPI: it takes readings again. Its key was never free for another KPI."""

    NEEDS = DEFINE_KPIS
    ANSWERS = Kind.KPI
    RECORDS = KpiRevived

    kpi: KpiBy


class ReadingInput(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """One reading of one KPI. KPI and time of measurement identify it."""

    kpi: KpiBy
    value: Annotated[float, doc("The measured value, in the KPI's unit.")]
    measured_at: Annotated[datetime | None, doc("The time of the measurement.")] = None
    note: Annotated[Markdown | None, doc("A note on the reading, as Markdown.")] = None


class RecordReadings(Command, frozen=True):
    """Record a batch of KPI readings, all or nothing. A repeated value for the same instant is unchanged, a different
    value is a `CONFLICT`."""

    NEEDS = record_readings("readings")
    ANSWERS = Kind.READING
    RECORDS = ReadingRecorded

    readings: Annotated[list[ReadingInput], doc("Up to 10,000 readings.")]

    def check(self, faults: Faults) -> None:
        with faults:
            if not self.readings:
                raise invalid("Give at least one reading.", "readings", rule=Rule.READINGS_EMPTY)
            if len(self.readings) > READINGS_MAX:
                raise CommandRejected(
                    Code.TOO_LARGE,
                    f"At most {READINGS_MAX} readings in one batch; split it.",
                    "readings",
                    rule=Rule.READINGS_TOO_MANY,
                    max=READINGS_MAX,
                )


class CorrectReading(Command, frozen=True):
    """Correct a reading. The earlier values stay in the log and in every result as of an earlier time."""

    NEEDS = record_readings("reading")
    ANSWERS = Kind.READING
    RECORDS = ReadingCorrected
    REASON_REQUIRED = True

    reading: ReadingId
    value: Annotated[float, doc("The corrected value.")]
    note: Annotated[Markdown | None | UnsetType, doc("The note; null clears it, omitted keeps it.")] = UNSET


class RetractReading(Command, frozen=True):
    """Retract a reading that should not have been recorded."""

    NEEDS = record_readings("reading")
    ANSWERS = Kind.READING
    RECORDS = ReadingRetracted
    REASON_REQUIRED = True

    reading: ReadingId
