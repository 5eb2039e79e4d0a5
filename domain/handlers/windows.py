"""The window of a key result: the time whose measurements count, and after which none is accepted."""

from datetime import datetime

from msgspec import Struct

from domain.handlers.unit_of_work import UnitOfWork
from domain.model.cycle import Cycle
from domain.model.event import WHEN_RECORDED
from domain.model.key_result import KeyResult
from domain.model.objective import Objective
from domain.primitives.calendar import day_start, last_instant
from domain.primitives.errors import Code, CommandRejected
from domain.primitives.rules import Rule


class Window(Struct, frozen=True):
    """The times that bound a key result's measurements, as known at a moment.

    `starts_at`: the first instant of its cycle, from which aggregates of readings count. `begins_at`: the cycle's
    start, or its creation if that is later. `ends_at`: the last instant that counts, `WHEN_RECORDED` while it is open.
    `readings_end_at`: the same for readings of a KPI, at the latest the end of the cycle's last day or of the due day.
    `has_ended`, and `ended_by` what. `is_late`: its cycle is closed, so that new facts about the window are late.
    """

    starts_at: datetime
    begins_at: datetime
    ends_at: datetime
    readings_end_at: datetime
    has_ended: bool
    ended_by: str
    is_late: bool


def of(uow: UnitOfWork, key_result: KeyResult, at: datetime = WHEN_RECORDED) -> Window:
    """The window of a key result as of a moment.

    It ends at the first of: its own dropping; the closing or dropping of its objective; the closing of its cycle.
    """
    (objective,) = uow.all_as_of([uow.get(Objective, key_result.objective)], at)
    (cycle,) = uow.all_as_of([uow.get(Cycle, objective.cycle)], at)
    ends = {
        "the key result was dropped": key_result.dropped_at,
        f"its objective was {objective.state.lower()}": objective.ended_at,
        f"the cycle '{cycle.key}' was closed": cycle.closed_at,
    }
    ended_by = min(ends, key=ends.__getitem__)
    starts_at, is_late = day_start(cycle.starts_on), cycle.is_closed
    return Window(
        starts_at=starts_at,
        begins_at=max(starts_at, key_result.created_at),
        ends_at=ends[ended_by],
        readings_end_at=min(ends[ended_by], last_instant(max(cycle.ends_on, key_result.due))),
        has_ended=key_result.is_dropped or objective.has_ended or is_late,
        ended_by=ended_by,
        is_late=is_late,
    )


def late(uow: UnitOfWork, key_result: KeyResult, measured_at: datetime, *field: str) -> bool:
    """Whether a check-in is late: measured within the window, but recorded after the cycle's closing.

    A late one changes no score and no outcome. One that is recorded after its objective has ended early, in a cycle
    that is still open, is a fact about the window and neither late nor in need of a reason. Raises `CLOSED` for one
    measured after the window, and `INVALID` for a late one without a reason.
    """
    window = of(uow, key_result)
    if measured_at > window.ends_at:
        raise CommandRejected(
            Code.CLOSED,
            f"Ended at {window.ends_at.isoformat()}, when {window.ended_by}: only check-ins that were measured until "
            "then are recorded; give `measuredAt`.",
            *field,
            rule=Rule.MEASURED_AFTER_END,
            endsAt=window.ends_at,
        )
    if window.is_late:
        uow.refuse_without_reason("The cycle is closed, so this measurement is late")
    return window.is_late
