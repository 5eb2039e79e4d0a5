"""The window of a key result: the time whose measurements count, up to its end."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from domain.primitives.calendar import Calendar
from domain.primitives.values import CycleState, KeyResultState
from projections.store.rows import Version
from projections.tables.cycle import CycleRow
from projections.tables.key_result import KeyResultRow
from projections.tables.objective import AnyObjective


class End(NamedTuple):
    """The event that ended a goal."""

    at: datetime
    position: int

    def precedes(self, row: Version) -> bool:
        """Whether a version came after this end. That happens only if the end was recorded later than it was
        effective."""
        return self < (row.changed_at, row.position)

    def precedes_standing(self, changed: "End", since: datetime) -> bool:
        """The same of the last change of a key result, or of its last measurement, which came at `since`."""
        return self < changed or self.at < since


class Window(NamedTuple):
    """`ended`: the end of the window, None while it is open. `begins_at`: the beginning of the key result, the start of
    its cycle or its creation if that is later. `check_ins_until` and `readings_until`: the last moment
    whose check-ins and readings count, not after the moment of the basis. `calendar`: the one in force at its end, or
    at the basis while it is open; its days are those of the cycle and of the due date. `last_instant`: the end of the
    later one of the two."""

    ended: End | None
    begins_at: datetime
    check_ins_until: datetime
    readings_until: datetime
    calendar: Calendar
    last_instant: datetime

    def at(self, moment: datetime) -> "Window":
        """The same window at another moment of the basis, without an event that changes it in between."""
        until = moment if self.ended is None else min(moment, self.ended.at)
        if until == self.check_ins_until:
            return self
        readings_until = min(until, self.last_instant)
        return Window(self.ended, self.begins_at, until, readings_until, self.calendar, self.last_instant)


def end_of_objective(row: AnyObjective) -> End | None:
    """The closing or dropping of an objective."""
    if row.ended_at is None or row.ended_position is None:
        return None
    return End(row.ended_at, row.ended_position)


def end_of_cycle(row: CycleRow) -> End | None:
    """The closing of a cycle."""
    if row.state is not CycleState.CLOSED or row.outcome_at is None or row.outcome_position is None:
        return None
    return End(row.outcome_at, row.outcome_position)


def end_of_goal(row: AnyObjective, cycle: CycleRow) -> End | None:
    """The first of an objective's own end and the closing of its cycle, which ends a draft."""
    own, of_cycle = end_of_objective(row), end_of_cycle(cycle)
    if own is None or of_cycle is None:
        return own or of_cycle
    return min(own, of_cycle)


def window(
    row: KeyResultRow,
    objective: AnyObjective,
    cycle: CycleRow,
    at: datetime,
    in_force: Callable[[End | None], Calendar],
) -> Window:
    """The window of a key result at a moment. `in_force`: the calendar at an end; without one, at the basis.

    It ends at the first of: its own dropping, the closing or dropping of its objective, the closing of its cycle. For
    readings of a linked KPI it ends at the latest with the last day of the cycle, or with the due date if that is
    later. What has ended keeps the days that its cycle had at its end.
    """
    dropped = End(row.changed_at, row.position) if row.state is KeyResultState.DROPPED else None
    ends = [dropped, end_of_objective(objective), end_of_cycle(cycle)]
    ended = min(filter(None, ends), default=None)
    until = at if ended is None else min(at, ended.at)
    calendar, cycle = in_force(ended), cycle.at_end(ended)
    begins_at = max(row.created_at, calendar.day_start(cycle.starts_on))
    last_instant = calendar.last_instant(max(cycle.ends_on, row.due))
    return Window(ended, begins_at, until, min(until, last_instant), calendar, last_instant)
