"""Differences between the GraphQL type of an event and its class: renamed, omitted and additional fields."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from api.schema.history import event_fields
from api.schema.history.event_fields import AFTER, BEFORE, EVENT, Source
from api.schema.metrics.kpi_plan import KpiGoalChange
from api.schema.primitives import refs
from api.schema.types import workspace
from domain.model import cycle, discussion, key_result, kpi, objective, people
from domain.model import workspace as workspace_events
from domain.model.event import Event, body_fields, field_description
from domain.model.measurements import check_in, reading
from domain.primitives.values import Kind


class EventField(NamedTuple):
    """A field of an event type: its name, description and type, and its loader for all siblings."""

    name: str
    description: str
    type: Any
    load: Callable[..., Sequence[Any]]
    args: tuple[object, ...]


# ── differences from the event class ─────────────────────────────────────────────────────────────

ENDINGS = frozenset({objective.ObjectiveClosed, discussion.ExternalReferenceSet})
"""Events whose fields have no earlier value though they are not the first of their stream."""
OMITTED = frozenset({"sealed", "late", "claimed_at", "cycle", "subject", "policy", "calendar", "goal_from", "targets"})
"""Fields that every change has, or that an entry of `ADDITIONAL` replaces."""
CONCEALED = frozenset({(key_result.KeyResultMoved, "due"), (key_result.KeyResultMoved, "plan")})
"""Fields whose earlier value the caller may not see, and that are required elsewhere: only the new value is shown."""
SHOWN_AS: dict[tuple[type[Event], str], str] = {
    (objective.ObjectiveMoved, "cycle"): "cycle",
    (people.TeamFormed, "parent"): "parent_team",
    (people.TeamMoved, "parent"): "parent_team",
    (cycle.CycleOpened, "parent"): "parent_cycle",
    (objective.ObjectiveUnaligned, "to"): "from_",
    (key_result.KeyResultAdded, "carried_from"): "carried_from_key_result",
    (discussion.InitiativePlanned, "subject"): "planned_for",
    (discussion.InitiativeEdited, "due"): "initiative_due",
    (discussion.InitiativeMoved, "to"): "state",
    (discussion.Reflected, "kind"): "reflection_kind",
}
"""The GraphQL name of a field whose own name has another meaning in another type."""
COLUMN_OF: dict[tuple[type[Event], str], str] = {
    (discussion.InitiativeMoved, "to"): "state",
    (key_result.KeyResultScored, "note"): "score_note",
}
"""The column with the earlier value, if its name differs from the field's."""


_SIDES = {BEFORE: "Before the event", AFTER: "After the event"}


def side_description(side: str, description: str) -> str:
    """The description of a field's value before or after the event."""
    return f"{_SIDES[side]}: {description[0].lower()}{description[1:]}"


def _sides(name: str, description: str, shown: Any, load: Any, event: type[Event]) -> list[EventField]:
    return [
        EventField(f"{side}_{name}", side_description(side, description), shown, load, (Source(event, side, name),))
        for side in (BEFORE, AFTER)
    ]


def _after(name: str, description: str, shown: Any, load: Any, event: type[Event]) -> EventField:
    """A column of the version that the event created."""
    return EventField(name, description, shown, load, (Source(event, AFTER, name),))


def _before(name: str, description: str, shown: Any, load: Any, event: type[Event], *args: object) -> EventField:
    """A column of the version that the event replaced."""
    return EventField(
        f"before_{name}", side_description(BEFORE, description), shown, load, (Source(event, BEFORE, name), *args)
    )


_NAME = field_description(people.TeamFormed, "name")
_EMAIL = "The email address, if it is known; null after an erasure."
_SYSTEM = field_description(discussion.ExternalReferenceSet, "system")
_EXTERNAL_ID = field_description(discussion.ExternalReferenceSet, "external_id")
_DAYS_BEFORE_CLOSE = EventField(
    "days_before_close",
    "The remaining days of the cycle, including this day; 0 or less after its end.",
    int,
    event_fields.days_before_close,
    (),
)
_CHECK_IN = EventField(
    "check_in",
    "The check-in, in the version that this event created.",
    refs.CheckInRef,
    event_fields.measurement,
    (Kind.CHECK_IN,),
)
_READING = EventField(
    "reading",
    "The reading, in the version that this event created or retracted.",
    refs.ReadingRef | None,
    event_fields.measurement,
    (Kind.READING,),
)

ADDITIONAL: dict[type[Event], list[EventField]] = {
    people.PersonAdded: [
        _after(
            "handle",
            "A short name for the person, unique in the workspace.",
            str,
            event_fields.handle,
            people.PersonAdded,
        ),
        _after("name", _NAME, str, event_fields.name, people.PersonAdded),
        _after("email", _EMAIL, str | None, event_fields.value, people.PersonAdded),
    ],
    people.PersonRenamed: [
        *_sides("name", _NAME, str, event_fields.name, people.PersonRenamed),
        *_sides("email", _EMAIL, str | None, event_fields.value, people.PersonRenamed),
    ],
    cycle.ScoringPolicyAdopted: _sides(
        "policy",
        field_description(cycle.ScoringPolicyAdopted, "policy"),
        workspace.ScoringPolicy,
        event_fields.policy,
        cycle.ScoringPolicyAdopted,
    ),
    workspace_events.CalendarSet: _sides(
        "calendar",
        field_description(workspace_events.CalendarSet, "calendar"),
        workspace.Calendar,
        event_fields.calendar,
        workspace_events.CalendarSet,
    ),
    key_result.KeyResultRetargeted: [_DAYS_BEFORE_CLOSE],
    key_result.KeyResultRescheduled: [_DAYS_BEFORE_CLOSE],
    cycle.CycleRescheduled: [_DAYS_BEFORE_CLOSE],
    key_result.KeyResultPlanned: [_DAYS_BEFORE_CLOSE],
    key_result.KeyResultLinked: [_DAYS_BEFORE_CLOSE],
    key_result.KeyResultUnlinked: [
        _before(
            "kpi",
            field_description(key_result.KeyResultLinked, "kpi"),
            refs.KpiRef | None,
            event_fields.node,
            key_result.KeyResultUnlinked,
            Kind.KPI,
        ),
        _DAYS_BEFORE_CLOSE,
    ],
    key_result.KeyResultReopened: [
        _before(
            "score",
            field_description(key_result.KeyResultScored, "score"),
            float | None,
            event_fields.value,
            key_result.KeyResultReopened,
        )
    ],
    check_in.KeyResultCheckedIn: [
        _CHECK_IN,
        EventField(
            "previous_value",
            "The value of the key result before, as of this check-in's `measuredAt`; null if it had none.",
            float | None,
            event_fields.previous,
            ("value",),
        ),
        EventField(
            "previous_confidence",
            "The stated confidence before, as of this check-in's `measuredAt`; null if it had none.",
            float | None,
            event_fields.previous,
            ("confidence",),
        ),
    ],
    check_in.CheckInCorrected: [_CHECK_IN],
    kpi.KpiDefined: [
        EventField(
            "goal_from",
            field_description(kpi.KpiDefined, "goal_from"),
            date | None,
            event_fields.value,
            (Source(kpi.KpiDefined, EVENT, "goal_from"),),
        )
    ],
    kpi.KpiRedefined: [
        EventField(
            "goal_change",
            "The first day of the goal that begins by the redefinition, with the goal in force on that day before and "
            "after; null if none begins.",
            KpiGoalChange | None,
            event_fields.begun_goals,
            (),
        )
    ],
    kpi.KpiTargetsSet: [
        EventField(
            "targets",
            "The days of the targets that were set or removed, in order, each with the goal in force before and after.",
            list[KpiGoalChange],
            event_fields.target_changes,
            (),
        )
    ],
    reading.ReadingRecorded: [_READING],
    reading.ReadingCorrected: [_READING],
    reading.ReadingRetracted: [
        _READING,
        _before(
            "value",
            field_description(reading.ReadingRecorded, "value"),
            float | None,
            event_fields.value,
            reading.ReadingRetracted,
        ),
    ],
    discussion.CommentAdded: [
        EventField("comment", "The added comment.", refs.CommentRef | None, event_fields.own_node, (Kind.COMMENT,))
    ],
    discussion.ExternalReferenceSet: [
        _before("external_id", _EXTERNAL_ID, str | None, event_fields.value, discussion.ExternalReferenceSet)
    ],
    discussion.ExternalReferenceRemoved: [
        _after("system", _SYSTEM, str, event_fields.value, discussion.ExternalReferenceRemoved),
        _before("external_id", _EXTERNAL_ID, str | None, event_fields.value, discussion.ExternalReferenceRemoved),
    ],
    discussion.Reflected: [
        EventField(
            "reflected", "The added reflection.", refs.ReflectionRef | None, event_fields.own_node, (Kind.REFLECTION,)
        )
    ],
}
"""Fields of a type in addition to those of its event class."""


def require_fields(names: Iterable[tuple[type[Event], str]], table: str) -> None:
    """Raise `TypeError` for an entry that names a field its event does not have."""
    for event, name in names:
        if name not in body_fields(event):
            raise TypeError(f"{table} names the field '{name}' of the event {event.__name__}, which has no such field")


require_fields(SHOWN_AS, "SHOWN_AS")
require_fields(COLUMN_OF, "COLUMN_OF")
