"""Check-ins, the measurements of a key result.

Each check-in has a stream of its own: the first event is the measurement, later events correct it.
"""

from datetime import datetime
from typing import Annotated, TypeAlias
from uuid import UUID

from domain.model.event import Aggregate, Event, stored
from domain.model.fields import ClaimedAt, Note, Value
from domain.primitives.documentation import doc
from domain.primitives.errors import invalid
from domain.primitives.rules import Rule
from domain.primitives.values import Direction, Kind, Metric

# ── fields of events ─────────────────────────────────────────────────────────────────────────────

Reached: TypeAlias = Annotated[
    tuple[str, ...], doc("The keys of all milestones reached so far; null if none were given.")
]
Confidence: TypeAlias = Annotated[
    float, doc("The confidence that the target will be reached, in [0, 1]; null if none was given.")
]
Late: TypeAlias = Annotated[
    bool,
    doc("Whether it was recorded after the cycle was closed. It then changes no score and no outcome."),
]

# ── events: their topics are the storage format ──────────────────────────────────────────────────


class CheckInEvent(Event, frozen=True, kw_only=True):
    KIND = Kind.CHECK_IN


@stored
class KeyResultCheckedIn(CheckInEvent, frozen=True, kw_only=True):
    """A check-in on a key result was recorded."""

    TOPIC = "key-result-checked-in"
    FIRST = True
    key_result: Annotated[UUID, doc("The key result.")]
    value: Value | None = None
    reached: Reached | None = None
    confidence: Confidence | None = None
    note: Note | None = None
    late: Late = False
    claimed_at: ClaimedAt | None = None

    @property
    def belongs_to(self) -> UUID | None:
        return self.key_result

    def apply(self, aggregate: "CheckIn") -> None:
        aggregate.key_result = self.key_result
        aggregate.content = (self.value, self.reached, self.confidence, self.note)


@stored
class CheckInCorrected(CheckInEvent, frozen=True, kw_only=True):
    """A check-in was corrected."""

    TOPIC = "check-in-corrected"
    value: Value | None = None
    reached: Reached | None = None
    confidence: Confidence | None = None
    note: Note | None = None
    late: Late = False
    claimed_at: ClaimedAt | None = None

    def apply(self, aggregate: "CheckIn") -> None:
        aggregate.content = (self.value, self.reached, self.confidence, self.note)


# ── aggregate ────────────────────────────────────────────────────────────────────────────────────


class CheckIn(Aggregate):
    KIND = Kind.CHECK_IN
    key_result: UUID
    content: tuple[float | None, tuple[str, ...] | None, float | None, str | None]
    """value, reached, confidence, note"""

    @property
    def has_measurement(self) -> bool:
        """Whether it has a value or reached milestones."""
        return self.content[0] is not None or self.content[1] is not None

    def correct(
        self,
        value: float | None,
        reached: tuple[str, ...] | None,
        confidence: float | None,
        note: str | None,
        late: bool,
        claimed_at: datetime | None,
    ) -> None:
        if (value, reached, confidence, note) != self.content:
            corrected = CheckInCorrected(
                value=value, reached=reached, confidence=confidence, note=note, late=late, claimed_at=claimed_at
            )
            self.record(corrected, self.created_at)


def refuse_misfit(metric: Metric, value: float | None, reached: tuple[str, ...] | None, *, is_linked: bool) -> None:
    """Raises `INVALID` for a measurement that does not fit the metric of its key result, or for any value if the key
    result `is_linked` to a KPI."""
    if is_linked and (value is not None or reached is not None):
        raise invalid(
            "This key result takes its value from its KPI: record a reading of the KPI, and check in with "
            "confidence and note only.",
            "value",
            rule=Rule.VALUE_FROM_KPI,
        )
    if metric.direction is Direction.MILESTONES:
        _refuse_other_milestones(metric, value, reached or ())
        return
    if reached is not None:
        raise invalid(
            f"{metric.direction} is measured by a value, not by milestones.",
            "reached",
            rule=Rule.MEASURED_BY_VALUE,
            direction=metric.direction,
        )
    if metric.direction is Direction.DONE and value is not None and not 0 <= value <= 1:
        raise invalid(
            f"DONE takes a value from 0 (not done) to 1 (done), not {value:g}.",
            "value",
            rule=Rule.DONE_OUT_OF_RANGE,
            value=value,
        )


def _refuse_other_milestones(metric: Metric, value: float | None, reached: tuple[str, ...]) -> None:
    """Raises `INVALID` for a value, and for keys of no milestone of the metric."""
    if value is not None:
        raise invalid(
            "MILESTONES is measured by the milestones reached, not by a value.",
            "value",
            rule=Rule.MEASURED_BY_MILESTONES,
        )
    for key in reached:
        if key not in {milestone.key for milestone in metric.milestones}:
            raise invalid(
                f"The metric has no milestone '{key}'; use the key of one of its milestones.",
                "reached",
                rule=Rule.MILESTONE_UNKNOWN,
                key=key,
            )
