"""Commands on KPIs and their readings."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from domain.commands.command import Command, Key, KpiBy, Markdown, OwnerId, PersonId, ReadingId, TeamId, Title
from domain.commands.permissions import DEFINE_KPIS, record_readings
from domain.model.kpi import KpiDefined, KpiRedefined, KpiRetired, ReadingCorrected, ReadingRecorded, ReadingRetracted
from domain.primitives.documentation import doc
from domain.primitives.errors import Code, CommandRejected, Faults, invalid
from domain.primitives.rules import Rule
from domain.primitives.values import Aggregation, Cadence, Kind, KpiGoal, Unit

READINGS_MAX = 10_000


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


class RetireKpi(Command, frozen=True):
    """Retire a KPI: it takes no more readings. Its history stays."""

    NEEDS = DEFINE_KPIS
    ANSWERS = Kind.KPI
    RECORDS = KpiRetired
    REASON_REQUIRED = True

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
        super().check(faults)
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
