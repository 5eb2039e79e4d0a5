"""The window of a key result: the time whose measurements count, and after which none is accepted."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

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

    `ends_at`: the last instant that counts, `WHEN_RECORDED` while it is open. `ended_by`: what ended it, or would.
    `is_late`: its cycle is closed, so that new facts about the window are late.
    """

    ends_at: datetime
    ended_by: str
    is_late: bool


class Window(End, frozen=True):
    """The times that bound a key result's measurements, as known at a moment.

    `starts_at`: the first instant of its cycle, from which aggregates of readings count. `begins_at`: the cycle's
    start, or its creation if that is later. `readings_end_at`: the last instant whose readings of a KPI count, at the
    latest the end of the cycle's last day or of the due day. Days of the cycle, and `calendar`, are those in force at
    the end or at that moment.
    """

    has_ended: bool
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
    has_ended = end.is_late or objective.has_ended or key_result.is_dropped
    if has_ended and uow.calendars:
        calendar = _calendar_at_end(uow, (key_result.id, key_result.objective, cycle.id), end.ends_at)
    else:
        calendar = uow.calendar_at(min(end.ends_at, at))
    starts_at = calendar.day_start(cycle.starts_on)
    return Window(
        **structs.asdict(end),
        has_ended=has_ended,
        starts_at=starts_at,
        begins_at=max(starts_at, key_result.created_at),
        readings_end_at=min(end.ends_at, calendar.last_instant(max(cycle.ends_on, key_result.due))),
        calendar=calendar,
    )


def _calendar_at_end(uow: UnitOfWork, streams: Iterable[UUID], ends_at: datetime) -> Calendar:
    """The calendar in force at the end of a window, which an event of one of these streams has ended. One that was set
    after the end does not count, even if it is effective before."""
    positions = [found for id in streams if (found := uow.position_of(id, _ENDS, ends_at)) is not None]
    return uow.calendar_at(ends_at, min(positions, default=None))


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
    return End(ends[ended_by], ended_by, cycle.is_closed)


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
