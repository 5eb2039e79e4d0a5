"""Everything that can be asked of Keyframe: one frozen shape a command, the same for the API, an import and a test.

In JSON the names are camelCase. A field that is left out (`UNSET`) stays as it is; null clears it.
"""

from datetime import date, datetime
from typing import Annotated, Any, ClassVar, TypeAlias
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from domain.primitives.values import (
    Cadence,
    InitiativeState,
    Kind,
    KpiGoal,
    Metric,
    ObjectiveKind,
    Ref,
    ReflectionKind,
    Unit,
    Verdict,
    Visibility,
)


def _id(kind: Kind) -> Any:
    return Meta(extra={"kind": kind})


PersonId: TypeAlias = Annotated[UUID, _id(Kind.PERSON)]
TeamId: TypeAlias = Annotated[UUID, _id(Kind.TEAM)]
ObjectiveId: TypeAlias = Annotated[UUID, _id(Kind.OBJECTIVE)]
KeyResultId: TypeAlias = Annotated[UUID, _id(Kind.KEY_RESULT)]
CheckInId: TypeAlias = Annotated[UUID, _id(Kind.CHECK_IN)]
ReadingId: TypeAlias = Annotated[UUID, _id(Kind.READING)]
InitiativeId: TypeAlias = Annotated[UUID, _id(Kind.INITIATIVE)]


class By(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A thing by its id or by its key: exactly one of the two."""

    KIND: ClassVar[Kind]

    id: UUID | None = None
    key: str | None = None


class CycleBy(By, frozen=True):
    KIND = Kind.CYCLE


class KpiBy(By, frozen=True):
    KIND = Kind.KPI


class Command(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What every command also takes.

    `effective_at`: since when it is true (default: the moment of recording). `expected_version`: the
    version the caller saw of the thing it changes. `idempotency_key`: asks again without doing again.
    """

    effective_at: datetime | None = None
    reason: str | None = None
    expected_version: int | None = None
    idempotency_key: str | None = None


# ── people ───────────────────────────────────────────────────────────────────────────────────────


class AddPerson(Command, frozen=True):
    handle: str
    name: str
    email: str | None = None


class RenamePerson(Command, frozen=True):
    person: PersonId
    name: str | UnsetType = UNSET
    email: str | None | UnsetType = UNSET


class DeactivatePerson(Command, frozen=True):
    person: PersonId


class ErasePerson(Command, frozen=True):
    person: PersonId


class FormTeam(Command, frozen=True):
    key: str
    name: str
    parent: TeamId | None = None
    lead: PersonId | None = None


class RenameTeam(Command, frozen=True):
    team: TeamId
    name: str


class MoveTeam(Command, frozen=True):
    team: TeamId
    parent: TeamId | None


class AppointLead(Command, frozen=True):
    team: TeamId
    person: PersonId | None


class JoinTeam(Command, frozen=True):
    team: TeamId
    person: PersonId


class LeaveTeam(Command, frozen=True):
    team: TeamId
    person: PersonId


class DisbandTeam(Command, frozen=True):
    team: TeamId


# ── cycles ───────────────────────────────────────────────────────────────────────────────────────


class OpenCycle(Command, frozen=True):
    key: str
    name: str
    starts_on: date
    ends_on: date
    parent: CycleBy | None = None
    check_in_cadence: Cadence = Cadence.WEEKLY


class ActivateCycle(Command, frozen=True):
    cycle: CycleBy


class CloseCycle(Command, frozen=True):
    cycle: CycleBy
    close_objectives: bool = False


class AdoptScoringPolicy(Command, frozen=True):
    """A band that is left out keeps its value."""

    on_track_gap: float | UnsetType = UNSET
    at_risk_gap: float | UnsetType = UNSET
    score_green: float | UnsetType = UNSET
    score_amber: float | UnsetType = UNSET
    stale_after_cadences: float | UnsetType = UNSET
    max_key_results_per_objective: int | UnsetType = UNSET
    max_objectives_per_owner: int | UnsetType = UNSET


# ── objectives ───────────────────────────────────────────────────────────────────────────────────


class DraftObjective(Command, frozen=True):
    """`visibility` that is left out is WORKSPACE; it was not always there, and the digest of a command that does
    without stays what it was."""

    cycle: CycleBy
    title: str
    description: str | None = None
    kind: ObjectiveKind = ObjectiveKind.COMMITTED
    owner: PersonId | None = None
    team: TeamId | None = None
    contributors: list[PersonId] = []
    supports: list[Ref] = []
    visibility: Visibility | UnsetType = UNSET


class RewordObjective(Command, frozen=True):
    objective: ObjectiveId
    title: str | UnsetType = UNSET
    description: str | None | UnsetType = UNSET


class AssignObjective(Command, frozen=True):
    objective: ObjectiveId
    owner: PersonId | None | UnsetType = UNSET
    team: TeamId | None | UnsetType = UNSET
    contributors: list[PersonId] | UnsetType = UNSET


class SetObjectiveVisibility(Command, frozen=True):
    objective: ObjectiveId
    visibility: Visibility


class AlignObjective(Command, frozen=True):
    objective: ObjectiveId
    to: Ref


class UnalignObjective(Command, frozen=True):
    objective: ObjectiveId
    from_: Ref = msgspec.field(name="from")


class CommitObjective(Command, frozen=True):
    objective: ObjectiveId


class CloseObjective(Command, frozen=True):
    objective: ObjectiveId
    verdict: Verdict | None = None
    score: float | None = None
    reflection: str | None = None


class DropObjective(Command, frozen=True):
    objective: ObjectiveId


class ReopenObjective(Command, frozen=True):
    objective: ObjectiveId


class CarryObjective(Command, frozen=True):
    objective: ObjectiveId
    into: CycleBy


# ── key results ──────────────────────────────────────────────────────────────────────────────────


class MetricInput(Metric, frozen=True):
    """A metric as it is asked for: without a unit it keeps the one that there is."""

    unit: Unit | UnsetType = UNSET  # type: ignore[assignment]


class AddKeyResult(Command, frozen=True):
    objective: ObjectiveId
    title: str
    metric: MetricInput
    description: str | None = None
    owner: PersonId | None = None
    weight: float = 1.0
    due: date | None = None
    kpi: KpiBy | None = None


class RewordKeyResult(Command, frozen=True):
    key_result: KeyResultId
    title: str | UnsetType = UNSET
    description: str | None | UnsetType = UNSET


class AssignKeyResult(Command, frozen=True):
    key_result: KeyResultId
    owner: PersonId | None


class RetargetKeyResult(Command, frozen=True):
    key_result: KeyResultId
    metric: MetricInput


class RescheduleKeyResult(Command, frozen=True):
    key_result: KeyResultId
    due: date


class ReweighKeyResult(Command, frozen=True):
    key_result: KeyResultId
    weight: float


class CheckIn(Command, frozen=True):
    """`reached` is the whole set of milestones reached by then, not only the new ones."""

    key_result: KeyResultId
    value: float | None = None
    reached: list[str] | None = None
    confidence: float | None = None
    note: str | None = None
    measured_at: datetime | None = None


class CorrectCheckIn(Command, frozen=True):
    check_in: CheckInId
    value: float | None | UnsetType = UNSET
    reached: list[str] | None | UnsetType = UNSET
    confidence: float | None | UnsetType = UNSET
    note: str | None | UnsetType = UNSET


class LinkKpi(Command, frozen=True):
    key_result: KeyResultId
    kpi: KpiBy


class UnlinkKpi(Command, frozen=True):
    key_result: KeyResultId


class ScoreKeyResult(Command, frozen=True):
    key_result: KeyResultId
    score: float
    note: str | None = None


class DropKeyResult(Command, frozen=True):
    key_result: KeyResultId


# ── measures ─────────────────────────────────────────────────────────────────────────────────────


class DefineKpi(Command, frozen=True):
    key: str
    name: str
    description: str | None = None
    unit: Unit = Unit()
    goal: KpiGoal | None = None
    cadence: Cadence = Cadence.WEEKLY
    owner: PersonId | None = None
    team: TeamId | None = None


class RedefineKpi(Command, frozen=True):
    kpi: KpiBy
    name: str | UnsetType = UNSET
    description: str | None | UnsetType = UNSET
    unit: Unit | UnsetType = UNSET
    goal: KpiGoal | None | UnsetType = UNSET
    cadence: Cadence | UnsetType = UNSET
    owner: PersonId | None | UnsetType = UNSET
    team: TeamId | None | UnsetType = UNSET


class RetireKpi(Command, frozen=True):
    kpi: KpiBy


class ReadingInput(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    kpi: KpiBy
    value: float
    measured_at: datetime | None = None
    note: str | None = None


class RecordReadings(Command, frozen=True):
    readings: list[ReadingInput]


class CorrectReading(Command, frozen=True):
    reading: ReadingId
    value: float
    note: str | None | UnsetType = UNSET


class RetractReading(Command, frozen=True):
    reading: ReadingId


# ── the rest ─────────────────────────────────────────────────────────────────────────────────────


class PlanInitiative(Command, frozen=True):
    title: str
    subject: Ref
    owner: PersonId | None = None
    due: date | None = None


class MoveInitiative(Command, frozen=True):
    initiative: InitiativeId
    to: InitiativeState


class AddComment(Command, frozen=True):
    subject: Ref
    body: str


class Reflect(Command, frozen=True):
    subject: Ref
    kind: ReflectionKind
    body: str


def verb(command: type[Command]) -> str:
    """The name of the command in the API and in fact files: `CheckIn` is `checkIn`."""
    return command.__name__[0].lower() + command.__name__[1:]


VERBS: dict[str, type[Command]] = {verb(command): command for command in Command.__subclasses__()}

REASON_REQUIRED: frozenset[type[Command]] = frozenset(
    {
        ErasePerson,
        DropObjective,
        ReopenObjective,
        RetargetKeyResult,
        RescheduleKeyResult,
        ReweighKeyResult,
        CorrectCheckIn,
        DropKeyResult,
        RedefineKpi,
        RetireKpi,
        CorrectReading,
        RetractReading,
    }
)
