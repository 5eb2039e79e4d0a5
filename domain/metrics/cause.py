"""Why an objective's progress changed: a value moved, a target was edited, or the set of key results changed.

Every event of a key result, check-in or reading has a cause or is listed as having none. The check runs when this
module is imported.
"""

from collections.abc import Iterable
from enum import StrEnum

from domain.model.event import Event
from domain.model.event_registry import EVENTS
from domain.model.key_result import (
    CheckInCorrected,
    KeyResultAdded,
    KeyResultAssigned,
    KeyResultCheckedIn,
    KeyResultDropped,
    KeyResultLinked,
    KeyResultReopened,
    KeyResultRescheduled,
    KeyResultRetargeted,
    KeyResultReweighed,
    KeyResultReworded,
    KeyResultScored,
    KeyResultUnlinked,
)
from domain.model.kpi import ReadingCorrected, ReadingRecorded, ReadingRetracted
from domain.model.objective import ObjectiveDrafted
from domain.primitives.values import Kind


class Cause(StrEnum):
    """What a change of progress is booked to.

    MOVEMENT: a check-in or reading, its correction or its retraction. GOALPOST: what a key result is measured
    by was edited: its target, its due day, or the KPI it takes its value from, since then the figure changed
    though nothing moved. SCOPE: a key result came, went or changed weight, or the objective itself began.
    """

    MOVEMENT = "MOVEMENT"
    GOALPOST = "GOALPOST"
    SCOPE = "SCOPE"


CAUSES: dict[type[Event], Cause] = {
    KeyResultCheckedIn: Cause.MOVEMENT,
    CheckInCorrected: Cause.MOVEMENT,
    ReadingRecorded: Cause.MOVEMENT,
    ReadingCorrected: Cause.MOVEMENT,
    ReadingRetracted: Cause.MOVEMENT,
    KeyResultRetargeted: Cause.GOALPOST,
    KeyResultRescheduled: Cause.GOALPOST,
    KeyResultLinked: Cause.GOALPOST,
    KeyResultUnlinked: Cause.GOALPOST,
    KeyResultAdded: Cause.SCOPE,
    KeyResultDropped: Cause.SCOPE,
    KeyResultReweighed: Cause.SCOPE,
    ObjectiveDrafted: Cause.SCOPE,
}
"""By event: what its change of progress is booked to."""
NEUTRAL: frozenset[type[Event]] = frozenset({KeyResultReworded, KeyResultAssigned, KeyResultScored, KeyResultReopened})
"""Events of key results that change no progress."""
_MEASURED = frozenset({Kind.KEY_RESULT, Kind.CHECK_IN, Kind.READING})


def require_causes(events: Iterable[type[Event]]) -> None:
    """Raise `TypeError` for an event of a key result, check-in or reading whose cause is not stated."""
    for event in events:
        if event.KIND in _MEASURED and event not in CAUSES and event not in NEUTRAL:
            raise TypeError(
                f"the event {event.__name__} has no cause: enter it in CAUSES, or in NEUTRAL if it changes no progress"
            )


require_causes(EVENTS.values())
