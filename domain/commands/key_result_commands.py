"""Commands on key results and their check-ins."""

from datetime import date, datetime
from typing import Annotated, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from domain.commands.command import (
    CheckInId,
    Command,
    Key,
    KeyResultId,
    KpiBy,
    Markdown,
    NewExternal,
    ObjectiveId,
    OwnerId,
    Parsed,
    PersonId,
    Share,
    Title,
    Weight,
)
from domain.commands.permissions import edit_goals
from domain.model.key_result import (
    KeyResultAdded,
    KeyResultAssigned,
    KeyResultDropped,
    KeyResultLinked,
    KeyResultMoved,
    KeyResultPlanned,
    KeyResultRescheduled,
    KeyResultRetargeted,
    KeyResultReweighed,
    KeyResultReworded,
    KeyResultScored,
    KeyResultUnlinked,
)
from domain.model.measurements.check_in import CheckInCorrected, KeyResultCheckedIn
from domain.primitives.checks import metric_checks
from domain.primitives.documentation import doc
from domain.primitives.errors import Faults, invalid
from domain.primitives.rules import Rule
from domain.primitives.values import Aggregation, Direction, Kind, Metric, PlanPoint, Unit


class MetricInput(Metric, frozen=True):
    """The metric of a key result. INCREASE and DECREASE take start and target (or changeBy), AT_LEAST and AT_MOST
    a target, WITHIN lower and upper, MILESTONES milestones, DONE nothing."""

    unit: Annotated[
        Unit | UnsetType,
        doc(
            "The unit of the value, which must be that of a linked KPI; by default the KPI's, the one it had before, "
            "or plain numbers. It cannot change once there is a measurement."
        ),
    ] = UNSET  # type: ignore[assignment]

    def complete(self, unit: Unit) -> Metric:
        """The metric with this unit, if the input has none."""
        fields = msgspec.structs.asdict(self)
        return Metric(**{**fields, "unit": unit if self.unit is UNSET else self.unit})


def metric_fields(given: MetricInput, *field: str) -> MetricInput:
    """The metric, if none of its fields has a fault by itself. Raises `INVALID`."""
    metric_checks.metric_fields(given.complete(Unit()), *field)
    return given


def refuse_unlinkable(metric: Metric, *path: str) -> None:
    """Raises `INVALID` for a metric that no KPI can measure, at the KPI of the part at this path."""
    if metric.direction is Direction.MILESTONES:
        raise invalid(
            "A KPI is a number and has no milestones; choose another direction or no KPI.",
            *path,
            "kpi",
            rule=Rule.MILESTONES_NOT_LINKABLE,
        )


LinkAggregate: TypeAlias = Annotated[
    Aggregation | UnsetType,
    doc(
        "How the KPI's readings become the value: LAST, or an aggregate of those measured from the later of the "
        "cycle's first day and `countFrom` to the end of the key result; by default the KPI's own `aggregation`."
    ),
]
CountFrom: TypeAlias = Annotated[
    date | None | UnsetType,
    doc("The first day whose readings are aggregated, for any aggregate but LAST; null for the cycle's first day."),
]


NewPlan: TypeAlias = Annotated[
    list[PlanPoint] | UnsetType,
    doc(
        "The new plan, as in `planKeyResult`; empty for the straight line. If omitted, the points of the plan are "
        "mapped linearly from the old start, target and time to the new ones; a change of direction ends the plan."
    ),
]


MeasuredBy: TypeAlias = Annotated[MetricInput, doc("The metric that measures it."), Parsed(metric_fields)]
WeightInObjective: TypeAlias = Annotated[Weight, doc("The weight among the key results of its objective; above 0.")]
DueDay: TypeAlias = Annotated[date | None, doc("The due date; by default the last day of its cycle.")]
MeasuringKpi: TypeAlias = Annotated[
    KpiBy | None,
    doc(
        "The KPI that measures it. Where the metric needs a start, its default is then the KPI's latest reading, or 0 "
        "with the aggregate SUM."
    ),
]
FirstPlan: TypeAlias = Annotated[
    list[PlanPoint] | UnsetType,
    doc("The planned values, as in `planKeyResult`; by default the straight line from start to target."),
]


class KeyResultDraft(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A key result that is drafted together with its objective."""

    title: Title
    metric: MeasuredBy
    description: Markdown | None = None
    owner: OwnerId | None = None
    weight: WeightInObjective = 1.0
    due: DueDay = None
    kpi: MeasuringKpi = None
    aggregate: LinkAggregate = UNSET
    count_from: CountFrom = UNSET
    plan: FirstPlan = UNSET
    external: NewExternal = UNSET


class AddKeyResult(Command, frozen=True):
    """Add a key result, a measure of an objective."""

    NEEDS = edit_goals("objective")
    ANSWERS = Kind.KEY_RESULT
    RECORDS = KeyResultAdded

    objective: ObjectiveId
    title: Title
    metric: MeasuredBy
    description: Markdown | None = None
    owner: OwnerId | None = None
    weight: WeightInObjective = 1.0
    due: DueDay = None
    kpi: MeasuringKpi = None
    # UNSET, so the digests of commands recorded before these fields existed stay valid
    aggregate: LinkAggregate = UNSET
    count_from: CountFrom = UNSET
    plan: FirstPlan = UNSET
    external: NewExternal = UNSET

    def check(self, faults: Faults) -> None:
        check_measure(self, faults)


def check_measure(given: AddKeyResult | KeyResultDraft, faults: Faults, *path: str) -> None:
    """Keep the faults of the metric and of the link to a KPI that contradict each other, at this path."""
    with faults:
        if given.kpi is None or not given.metric.lacks_start:
            metric_checks.metric(given.metric.complete(Unit()), None, *path, "metric")
    with faults:
        if given.kpi is not None:
            refuse_unlinkable(given.metric, *path)
    for name, value in (("aggregate", given.aggregate), ("countFrom", given.count_from)):
        with faults:
            if given.kpi is None and value is not UNSET and value is not None:
                raise invalid(
                    "Only readings of a KPI are aggregated: name a KPI, or omit this field.",
                    *path,
                    name,
                    rule=Rule.AGGREGATE_WITHOUT_KPI,
                )


class RewordKeyResult(Command, frozen=True):
    """Change a key result's title or description."""

    NEEDS = edit_goals("key_result")
    ANSWERS = Kind.KEY_RESULT
    RECORDS = KeyResultReworded

    key_result: KeyResultId
    title: Annotated[Title | UnsetType, doc("One line of 1 to 300 characters; omitted keeps it.")] = UNSET
    description: Annotated[
        Markdown | None | UnsetType, doc("A longer description; null clears it, omitted keeps it.")
    ] = UNSET


class AssignKeyResult(Command, frozen=True):
    """Change the owner of a key result."""

    NEEDS = edit_goals("key_result")
    ANSWERS = Kind.KEY_RESULT
    RECORDS = KeyResultAssigned

    key_result: KeyResultId
    owner: Annotated[PersonId | None, doc("The new owner, responsible for it; null for none.")]


class RetargetKeyResult(Command, frozen=True):
    """Change the metric of a key result: its target, bounds, start, unit or direction."""

    NEEDS = edit_goals("key_result")
    ANSWERS = Kind.KEY_RESULT
    RECORDS = KeyResultRetargeted
    REASON_REQUIRED = True

    key_result: KeyResultId
    metric: Annotated[MetricInput, doc("The complete new metric."), Parsed(metric_fields)]
    plan: NewPlan = UNSET

    def check(self, faults: Faults) -> None:
        with faults:
            if not self.metric.lacks_start:
                metric_checks.metric(self.metric.complete(Unit()), None, "metric")


class RescheduleKeyResult(Command, frozen=True):
    """Change the due date of a key result."""

    NEEDS = edit_goals("key_result")
    ANSWERS = Kind.KEY_RESULT
    RECORDS = KeyResultRescheduled
    REASON_REQUIRED = True

    key_result: KeyResultId
    due: Annotated[date, doc("The new due date.")]
    plan: NewPlan = UNSET


class MoveKeyResult(Command, frozen=True):
    """Move a key result to another objective, with its measurements, score, plan, labels, references and remarks. Its
    window, and whether it is committed, are the new objective's; a due date that was never set to another day is the
    last day of its cycle. Rejected with `CLOSED` from or to an objective that has ended, and with `CIRCULAR` to one
    that supports it."""

    NEEDS = edit_goals("key_result")
    ANSWERS = Kind.KEY_RESULT
    RECORDS = KeyResultMoved

    key_result: KeyResultId
    to: Annotated[ObjectiveId, doc("The objective that it measures from then on.")]


class PlanKeyResult(Command, frozen=True):
    """Plan the values of a key result on days: a curve in place of the straight line from start to target.

    The curve begins with the start at the beginning: the cycle's first day, or the creation if that is later. It is
    linear between the points and ends with the target on the due date. INCREASE, DECREASE and MILESTONES can have a
    plan, AT_LEAST and AT_MOST with a stated start."""

    NEEDS = edit_goals("key_result")
    ANSWERS = Kind.KEY_RESULT
    RECORDS = KeyResultPlanned
    REASON_REQUIRED = True

    key_result: KeyResultId
    points: Annotated[
        list[PlanPoint],
        doc(
            "All points of the plan, by day and up to 400, from the day of the beginning to the due date. The target "
            "on the due date may be omitted. Empty for the straight line."
        ),
    ]


class ReweighKeyResult(Command, frozen=True):
    """Change the weight of a key result within its objective."""

    NEEDS = edit_goals("key_result")
    ANSWERS = Kind.KEY_RESULT
    RECORDS = KeyResultReweighed
    REASON_REQUIRED = True

    key_result: KeyResultId
    weight: Annotated[Weight, doc("The new weight among the key results of its objective; above 0.")]


class CheckIn(Command, frozen=True):
    """Record a check-in on a key result: a value or milestones, a confidence, or only a note.

    One that is measured after the end of the key result is rejected with `CLOSED`. After the closing of the cycle, one
    that was measured before needs a reason and is marked as late."""

    NEEDS = edit_goals("key_result")
    ANSWERS = Kind.CHECK_IN
    RECORDS = KeyResultCheckedIn

    key_result: KeyResultId
    value: Annotated[
        float | None,
        doc("The current value, in the metric's unit; for DONE from 0 to 1, where only 1 is done."),
    ] = None
    reached: Annotated[list[Key] | None, doc("The keys of all milestones reached so far, not only the new ones.")] = (
        None
    )
    confidence: Annotated[Share | None, doc("The confidence that the target will be reached, from 0 to 1.")] = None
    note: Annotated[Markdown | None, doc("A note on the check-in, as Markdown.")] = None
    measured_at: Annotated[
        datetime | None,
        doc(
            "The time of the measurement; by default, and if it is up to 60 s ahead, the time of recording. Without "
            "EDIT_GOALS, a time more than one cadence of the cycle ago requires a `reason`."
        ),
    ] = None

    def check(self, faults: Faults) -> None:
        if (self.value, self.reached, self.confidence, self.note) == (None, None, None, None):
            message = "The check-in is empty; give a value, the milestones reached, a confidence or a note."
            faults.keep(invalid(message, "value", rule=Rule.CHECK_IN_EMPTY))


class CorrectCheckIn(Command, frozen=True):
    """Correct a check-in. The earlier values stay in the log and in every result as of an earlier time."""

    NEEDS = edit_goals("check_in")
    ANSWERS = Kind.CHECK_IN
    RECORDS = CheckInCorrected
    REASON_REQUIRED = True

    check_in: CheckInId
    value: Annotated[float | None | UnsetType, doc("The value; null clears it, omitted keeps it.")] = UNSET
    reached: Annotated[
        list[Key] | None | UnsetType,
        doc("The keys of all milestones reached so far; null clears it, omitted keeps it."),
    ] = UNSET
    confidence: Annotated[Share | None | UnsetType, doc("The confidence; null clears it, omitted keeps it.")] = UNSET
    note: Annotated[Markdown | None | UnsetType, doc("The note; null clears it, omitted keeps it.")] = UNSET


class LinkKpi(Command, frozen=True):
    """Link a key result to a KPI, whose readings measure it, also those from before the link. For the KPI that it is
    linked to, the aggregate and the first day are changed; what is omitted stays."""

    NEEDS = edit_goals("key_result")
    ANSWERS = Kind.KEY_RESULT
    RECORDS = KeyResultLinked

    key_result: KeyResultId
    kpi: KpiBy
    aggregate: LinkAggregate = UNSET
    count_from: CountFrom = UNSET


class UnlinkKpi(Command, frozen=True):
    """Unlink a key result from its KPI: its own check-ins measure it again. The last value of the KPI stays until a
    check-in."""

    NEEDS = edit_goals("key_result")
    ANSWERS = Kind.KEY_RESULT
    RECORDS = KeyResultUnlinked

    key_result: KeyResultId


class ScoreKeyResult(Command, frozen=True):
    """Score a key result. It goes on until its objective or cycle ends: check-ins and edits stay possible."""

    NEEDS = edit_goals("key_result")
    ANSWERS = Kind.KEY_RESULT
    RECORDS = KeyResultScored

    key_result: KeyResultId
    score: Annotated[Share, doc("The score, from 0 to 1.")]
    note: Annotated[Markdown | None, doc("A note on the score.")] = None


class DropKeyResult(Command, frozen=True):
    """Drop a key result: it no longer counts in its objective."""

    NEEDS = edit_goals("key_result")
    ANSWERS = Kind.KEY_RESULT
    RECORDS = KeyResultDropped
    REASON_REQUIRED = True

    key_result: KeyResultId
