"""Commands about key results and their check-ins."""

from datetime import date, datetime
from typing import Annotated

from msgspec import UNSET, UnsetType

from domain.commands.command import (
    CheckInId,
    Command,
    KeyResultId,
    KpiBy,
    Markdown,
    ObjectiveId,
    OwnerId,
    PersonId,
    Title,
)
from domain.commands.permissions import edit_goals
from domain.model.key_result import (
    CheckInCorrected,
    KeyResultAdded,
    KeyResultAssigned,
    KeyResultCheckedIn,
    KeyResultDropped,
    KeyResultLinked,
    KeyResultRescheduled,
    KeyResultRetargeted,
    KeyResultReweighed,
    KeyResultReworded,
    KeyResultScored,
    KeyResultUnlinked,
)
from domain.primitives.documentation import doc
from domain.primitives.values import Kind, Metric, Unit


class MetricInput(Metric, frozen=True):
    """What a key result is measured by. INCREASE and DECREASE take start and target (or changeBy), AT_LEAST and AT_MOST
    a target, WITHIN lower and upper, MILESTONES milestones, DONE nothing."""

    unit: Annotated[
        Unit | UnsetType, doc("What the value counts; by default what it counted before, or a plain number.")
    ] = UNSET  # type: ignore[assignment]


class AddKeyResult(Command, frozen=True):
    """Add a key result to an objective: the measure that proves it."""

    NEEDS = edit_goals("objective")
    ANSWERS = Kind.KEY_RESULT
    RECORDS = KeyResultAdded

    objective: ObjectiveId
    title: Title
    metric: Annotated[MetricInput, doc("What it is measured by.")]
    description: Markdown | None = None
    owner: OwnerId | None = None
    weight: Annotated[float, doc("How much it counts among its siblings; above 0.")] = 1.0
    due: Annotated[date | None, doc("The day it is due; by default the last day of its cycle.")] = None
    kpi: Annotated[
        KpiBy | None, doc("The KPI it is measured by; `metric.start` is then by default its latest reading.")
    ] = None


class RewordKeyResult(Command, frozen=True):
    """Change a key result's title or description."""

    NEEDS = edit_goals("key_result")
    ANSWERS = Kind.KEY_RESULT
    RECORDS = KeyResultReworded

    key_result: KeyResultId
    title: Annotated[str | UnsetType, doc("One line of 1 to 300 characters; left out it stays.")] = UNSET
    description: Annotated[str | None | UnsetType, doc("More about it; null clears it, left out it stays.")] = UNSET


class AssignKeyResult(Command, frozen=True):
    """Change who owns a key result."""

    NEEDS = edit_goals("key_result")
    ANSWERS = Kind.KEY_RESULT
    RECORDS = KeyResultAssigned

    key_result: KeyResultId
    owner: Annotated[PersonId | None, doc("The person who answers for it from now on; null for nobody.")]


class RetargetKeyResult(Command, frozen=True):
    """Change what a key result is measured by: its target, bounds, start, unit or direction."""

    NEEDS = edit_goals("key_result")
    ANSWERS = Kind.KEY_RESULT
    RECORDS = KeyResultRetargeted
    REASON_REQUIRED = True

    key_result: KeyResultId
    metric: Annotated[MetricInput, doc("What it is measured by from now on: the whole of it.")]


class RescheduleKeyResult(Command, frozen=True):
    """Change the day a key result is due."""

    NEEDS = edit_goals("key_result")
    ANSWERS = Kind.KEY_RESULT
    RECORDS = KeyResultRescheduled
    REASON_REQUIRED = True

    key_result: KeyResultId
    due: Annotated[date, doc("The day it is due from now on.")]


class ReweighKeyResult(Command, frozen=True):
    """Change how much a key result counts within its objective."""

    NEEDS = edit_goals("key_result")
    ANSWERS = Kind.KEY_RESULT
    RECORDS = KeyResultReweighed
    REASON_REQUIRED = True

    key_result: KeyResultId
    weight: Annotated[float, doc("How much it counts among its siblings; above 0.")]


class CheckIn(Command, frozen=True):
    """Say where a key result stands: its value or milestones, how sure you are, or just a note."""

    NEEDS = edit_goals("key_result")
    ANSWERS = Kind.CHECK_IN
    RECORDS = KeyResultCheckedIn

    key_result: KeyResultId
    value: Annotated[float | None, doc("Where it stands, in the metric's unit; for DONE 1 is done and 0 is not.")] = (
        None
    )
    reached: Annotated[list[str] | None, doc("The keys of all milestones reached by then, not only the new ones.")] = (
        None
    )
    confidence: Annotated[float | None, doc("How sure you are that it will be reached, from 0 to 1.")] = None
    note: Annotated[str | None, doc("What there is to say about it.")] = None
    measured_at: Annotated[
        datetime | None, doc("When it was measured; by default, and where it is up to 60 s ahead, when it is recorded.")
    ] = None


class CorrectCheckIn(Command, frozen=True):
    """Correct a check-in. What it said before stays in the log, and in every answer as of then."""

    NEEDS = edit_goals("check_in")
    ANSWERS = Kind.CHECK_IN
    RECORDS = CheckInCorrected
    REASON_REQUIRED = True

    check_in: CheckInId
    value: Annotated[float | None | UnsetType, doc("Where it stood; null clears it, left out it stays.")] = UNSET
    reached: Annotated[
        list[str] | None | UnsetType,
        doc("The keys of all milestones reached by then; null clears it, left out it stays."),
    ] = UNSET
    confidence: Annotated[float | None | UnsetType, doc("How sure you were; null clears it, left out it stays.")] = (
        UNSET
    )
    note: Annotated[str | None | UnsetType, doc("What there was to say; null clears it, left out it stays.")] = UNSET


class LinkKpi(Command, frozen=True):
    """Have a key result measured by a KPI: its readings from now on re-evaluate it."""

    NEEDS = edit_goals("key_result")
    ANSWERS = Kind.KEY_RESULT
    RECORDS = KeyResultLinked

    key_result: KeyResultId
    kpi: KpiBy


class UnlinkKpi(Command, frozen=True):
    """Measure a key result by its own check-ins again."""

    NEEDS = edit_goals("key_result")
    ANSWERS = Kind.KEY_RESULT
    RECORDS = KeyResultUnlinked

    key_result: KeyResultId


class ScoreKeyResult(Command, frozen=True):
    """Score a key result, which ends it."""

    NEEDS = edit_goals("key_result")
    ANSWERS = Kind.KEY_RESULT
    RECORDS = KeyResultScored

    key_result: KeyResultId
    score: Annotated[float, doc("From 0 to 1.")]
    note: Annotated[str | None, doc("What there is to say about the score.")] = None


class DropKeyResult(Command, frozen=True):
    """Give a key result up: it no longer counts in its objective."""

    NEEDS = edit_goals("key_result")
    ANSWERS = Kind.KEY_RESULT
    RECORDS = KeyResultDropped
    REASON_REQUIRED = True

    key_result: KeyResultId
