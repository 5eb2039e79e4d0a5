"""The cause of each change of an objective's progress: a measurement, an edited target, or a changed scope.

Every event of a key result, check-in or reading has a cause or is listed as having none. The check runs when this
module is imported.
"""

from collections.abc import Iterable
from enum import StrEnum

from domain.model.cycle import CycleRescheduled
from domain.model.event import Event
from domain.model.event_registry import EVENTS
from domain.model.key_result import (
    KeyResultAdded,
    KeyResultAssigned,
    KeyResultDropped,
    KeyResultLabelled,
    KeyResultLinked,
    KeyResultMoved,
    KeyResultPlanned,
    KeyResultReopened,
    KeyResultRescheduled,
    KeyResultRetargeted,
    KeyResultReweighed,
    KeyResultReworded,
    KeyResultScored,
    KeyResultUnlinked,
)
from domain.model.kpi import KpiRedefined
from domain.model.measurements.check_in import CheckInCorrected, KeyResultCheckedIn
from domain.model.measurements.reading import ReadingCorrected, ReadingRecorded, ReadingRetracted
from domain.model.objective import ObjectiveDrafted, ObjectiveMoved
from domain.primitives.values import Kind


class Cause(StrEnum):
    """The cause that a change of progress is attributed to.

    MOVEMENT: a check-in or reading, its correction or its retraction, or a period of a KPI with a formula that
    completes. GOALPOST: an edit of a key result's metric, due date or linked KPI, of the days of its cycle, or of a
    KPI's formula, which changes the progress without a new measurement. SCOPE: a key result was added, dropped, moved
    or reweighed, or the objective was drafted or moved.
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
    KpiRedefined: Cause.GOALPOST,
    CycleRescheduled: Cause.GOALPOST,
    KeyResultAdded: Cause.SCOPE,
    KeyResultDropped: Cause.SCOPE,
    KeyResultReweighed: Cause.SCOPE,
    KeyResultMoved: Cause.SCOPE,
    ObjectiveDrafted: Cause.SCOPE,
    ObjectiveMoved: Cause.SCOPE,
}
"""The cause of each event's change of progress."""
NEUTRAL: frozenset[type[Event]] = frozenset(
    {KeyResultReworded, KeyResultAssigned, KeyResultLabelled, KeyResultPlanned, KeyResultScored, KeyResultReopened}
)
"""Events of key results that do not change progress."""
_MEASURED = frozenset({Kind.KEY_RESULT, Kind.CHECK_IN, Kind.READING})


def require_causes(events: Iterable[type[Event]]) -> None:
    """Raises `TypeError` for an event of a key result, check-in or reading without a cause."""
    for event in events:
        if event.KIND in _MEASURED and event not in CAUSES and event not in NEUTRAL:
            raise TypeError(
                f"the event {event.__name__} has no cause: add it to CAUSES, or to NEUTRAL if it changes no progress"
            )


require_causes(EVENTS.values())
