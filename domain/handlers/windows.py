"""The window of a key result: the time whose measurements count, and after which none is accepted."""

from datetime import datetime

from msgspec import Struct, structs

from domain.handlers import related
from domain.handlers.unit_of_work import UnitOfWork
from domain.model.cycle import Cycle, CycleClosed
from domain.model.event import WHEN_RECORDED
from domain.model.key_result import KeyResult, KeyResultDropped
from domain.model.objective import Objective, ObjectiveClosed, ObjectiveDropped
from domain.primitives.calendar import Calendar
from domain.primitives.errors import Code, CommandRejected
from domain.primitives.rules import Rule


class End(Struct, frozen=True):
    """The end of a key result's window, as known at a moment.

    `ends_at`: the last instant that counts, `WHEN_RECORDED` while it is open. `has_ended`, and `ended_by` what.
    `is_late`: its cycle is closed, so that new facts about the window are late.
    """

    ends_at: datetime
    has_ended: bool
    ended_by: str
    is_late: bool


class Window(End, frozen=True):
    """The times that bound a key result's measurements, as known at a moment.

    `starts_at`: the first instant of its cycle, from which aggregates of readings count. `begins_at`: the cycle's
    start, or its creation if that is later. `readings_end_at`: the last instant whose readings of a KPI count, at the
    latest the end of the cycle's last day or of the due day. Days of the cycle, and `calendar`, are those in force at
    the end or at that moment.
    """

    starts_at: datetime
    begins_at: datetime
    readings_end_at: datetime
    calendar: Calendar


def of(uow: UnitOfWork, key_result: KeyResult, at: datetime = WHEN_RECORDED) -> Window:
    """The window of a key result as of a moment."""
    (objective,) = related.all_as_of(uow, [uow.get(Objective, key_result.objective)], at)
    (cycle,) = related.all_as_of(uow, [uow.get(Cycle, objective.cycle)], at)
    end = _end(key_result, objective, cycle)
    (cycle,) = related.all_as_of(uow, [cycle], min(end.ends_at, at))
    calendar = _calendar(uow, key_result, cycle, end, at)
    starts_at = calendar.day_start(cycle.starts_on)
    return Window(
        **structs.asdict(end),
        starts_at=starts_at,
        begins_at=max(starts_at, key_result.created_at),
        readings_end_at=min(end.ends_at, calendar.last_instant(max(cycle.ends_on, key_result.due))),
        calendar=calendar,
    )


def _calendar(uow: UnitOfWork, key_result: KeyResult, cycle: Cycle, end: End, at: datetime) -> Calendar:
    """The calendar in force at the end, or while the window is open at the moment. One that was set after the end does
    not count, even if it is effective before."""
    if not end.has_ended or not uow.calendars:
        return uow.calendar_at(min(end.ends_at, at))
    ids = (key_result.id, key_result.objective, cycle.id)
    positions = [found for id in ids if (found := uow.position_of(id, _ENDS, end.ends_at)) is not None]
    return uow.calendar_at(end.ends_at, min(positions, default=None))


_ENDS = (KeyResultDropped, ObjectiveClosed, ObjectiveDropped, CycleClosed)


def _end(key_result: KeyResult, objective: Objective, cycle: Cycle) -> End:
    """The end of the window, the first of: its own dropping; the closing or dropping of its objective; the closing of
    its cycle."""
    ends = {
        "the key result was dropped": key_result.dropped_at,
        f"its objective was {objective.state.lower()}": objective.ended_at,
        f"the cycle '{cycle.key}' was closed": cycle.closed_at,
    }
    ended_by = min(ends, key=ends.__getitem__)
    is_late = cycle.is_closed
    has_ended = key_result.is_dropped or objective.has_ended or is_late
    return End(ends[ended_by], has_ended, ended_by, is_late)


def late(uow: UnitOfWork, key_result: KeyResult, measured_at: datetime, *field: str) -> bool:
    """Whether a check-in is late: measured within the window, but recorded after the cycle's closing.

    A late one changes no score and no outcome. One that is recorded after its objective has ended early, in a cycle
    that is still open, is a fact about the window and neither late nor in need of a reason. Raises `CLOSED` for one
    measured after the window, and `INVALID` for a late one without a reason.
    """
    objective = uow.get(Objective, key_result.objective)
    end = _end(key_result, objective, uow.get(Cycle, objective.cycle))
    if measured_at > end.ends_at:
        raise CommandRejected(
            Code.CLOSED,
            f"Ended at {end.ends_at.isoformat()}, when {end.ended_by}: only check-ins that were measured until "
            "then are recorded; give `measuredAt`.",
            *field,
            rule=Rule.MEASURED_AFTER_END,
            endsAt=end.ends_at,
        )
    if end.is_late:
        uow.refuse_without_reason("The cycle is closed, so this measurement is late")
    return end.is_late
