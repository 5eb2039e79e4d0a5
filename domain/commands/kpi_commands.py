"""Commands about KPIs and their readings."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from domain.commands.command import Command, Key, KpiBy, Markdown, OwnerId, PersonId, ReadingId, TeamId
from domain.commands.permissions import DEFINE_KPIS, record_readings
from domain.model.kpi import KpiDefined, KpiRedefined, KpiRetired, ReadingCorrected, ReadingRecorded, ReadingRetracted
from domain.primitives.documentation import doc
from domain.primitives.values import Cadence, Kind, KpiGoal, Unit


class DefineKpi(Command, frozen=True):
    """Define a KPI: a figure that is watched at a steady cadence, in no cycle."""

    NEEDS = DEFINE_KPIS
    ANSWERS = Kind.KPI
    RECORDS = KpiDefined

    key: Key
    name: Annotated[str, doc("What the KPI is called.")]
    description: Markdown | None = None
    unit: Annotated[Unit, doc("What its readings count; by default plain numbers.")] = Unit()
    goal: Annotated[KpiGoal | None, doc("What it is watched against.")] = None
    cadence: Annotated[Cadence, doc("How often a reading is expected.")] = Cadence.WEEKLY
    owner: OwnerId | None = None
    team: Annotated[TeamId | None, doc("The team whose it is.")] = None


class RedefineKpi(Command, frozen=True):
    """Change what a KPI means: what is left out stays."""

    NEEDS = DEFINE_KPIS
    ANSWERS = Kind.KPI
    RECORDS = KpiRedefined
    REASON_REQUIRED = True

    kpi: KpiBy
    name: Annotated[str | UnsetType, doc("What the KPI is called from now on; left out it stays.")] = UNSET
    description: Annotated[str | None | UnsetType, doc("More about it; null clears it, left out it stays.")] = UNSET
    unit: Annotated[Unit | UnsetType, doc("What its readings count from now on; left out it stays.")] = UNSET
    goal: Annotated[
        KpiGoal | None | UnsetType, doc("What it is watched against from now on; null for nothing, left out it stays.")
    ] = UNSET
    cadence: Annotated[Cadence | UnsetType, doc("How often a reading is expected from now on; left out it stays.")] = (
        UNSET
    )
    owner: Annotated[
        PersonId | None | UnsetType, doc("The person who answers for it; null clears it, left out it stays.")
    ] = UNSET
    team: Annotated[TeamId | None | UnsetType, doc("The team whose it is; null clears it, left out it stays.")] = UNSET


class RetireKpi(Command, frozen=True):
    """Stop watching a KPI; its past stays."""

    NEEDS = DEFINE_KPIS
    ANSWERS = Kind.KPI
    RECORDS = KpiRetired
    REASON_REQUIRED = True

    kpi: KpiBy


class ReadingInput(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """One reading of one KPI. KPI and instant are its identity."""

    kpi: KpiBy
    value: Annotated[float, doc("What was read, in the KPI's unit.")]
    measured_at: Annotated[datetime | None, doc("When it was measured.")] = None
    note: Annotated[str | None, doc("What there is to say about it.")] = None


class RecordReadings(Command, frozen=True):
    """Record readings of KPIs, all or none. The same value for the same instant again is unchanged, another one a
    `CONFLICT`."""

    NEEDS = record_readings("readings")
    ANSWERS = Kind.READING
    RECORDS = ReadingRecorded

    readings: Annotated[list[ReadingInput], doc("Up to 10,000 at once.")]


class CorrectReading(Command, frozen=True):
    """Correct a reading. What it said before stays in the log, and in every answer as of then."""

    NEEDS = record_readings("reading")
    ANSWERS = Kind.READING
    RECORDS = ReadingCorrected
    REASON_REQUIRED = True

    reading: ReadingId
    value: Annotated[float, doc("What it should have said.")]
    note: Annotated[
        str | None | UnsetType, doc("What there is to say about it; null clears it, left out it stays.")
    ] = UNSET


class RetractReading(Command, frozen=True):
    """Take a reading back that should not have been recorded."""

    NEEDS = record_readings("reading")
    ANSWERS = Kind.READING
    RECORDS = ReadingRetracted
    REASON_REQUIRED = True

    reading: ReadingId
