"""Why an objective's progress changed: the value moved, the goal was moved, or what counts was."""

from enum import StrEnum

from domain.model.event import Event
from domain.model.key_result import (
    CheckInCorrected,
    KeyResultAdded,
    KeyResultCheckedIn,
    KeyResultDropped,
    KeyResultLinked,
    KeyResultRescheduled,
    KeyResultRetargeted,
    KeyResultReweighed,
    KeyResultUnlinked,
)
from domain.model.kpi import ReadingCorrected, ReadingRecorded, ReadingRetracted
from domain.model.objective import ObjectiveDrafted


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
"""By the kind of event; no other kind ever changes how far an objective is."""
