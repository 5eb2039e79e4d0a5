"""When a check-in or a reading is due, as pure functions: by the same silence that makes a goal OUTDATED.

A key result owes a check-in when its cadence has passed since its last check-in or reading, or since its beginning. It
owes none where it can never be OUTDATED: a dropped or ended one, one of a draft or of a cycle in PLANNING, one that is
reached and no level goal, and one whose next check-in would lie after its due day. A KPI owes a reading when its
cadence has passed since its last reading, or since its definition; a retired one and one with a formula owe none.
"""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from domain.metrics.progress import Judged
from domain.primitives.calendar import Calendar
from domain.primitives.values import Cadence, ScoringPolicy

NEVER = datetime.max.replace(tzinfo=UTC)


class Due(NamedTuple):
    """A check-in or reading that is expected on a day. `last_at`: the last moment at which it is not overdue."""

    on: date
    last_at: datetime

    def is_overdue(self, at: datetime) -> bool:
        """Whether its day has ended, or the silence has made its goal OUTDATED before."""
        return at > self.last_at


class Wait(NamedTuple):
    """How long after one measurement the next one is expected, and how long silence is allowed."""

    expected: timedelta
    allowed: timedelta

    @classmethod
    def of(cls, cadence: Cadence, policy: ScoringPolicy) -> "Wait":
        """A cadence by its fixed length, or less if the policy allows less than a cadence of silence."""
        allowed = policy.stale_after(cadence)
        return cls(min(cadence.length, allowed), allowed)

    def expected_at(self, since: datetime) -> datetime:
        """When the next measurement after one at `since` is due."""
        return _later(since, self.expected)

    def due(self, since: datetime, calendar: Calendar) -> Due:
        """The next measurement after one at `since`: due on the day on which its moment lies, by the calendar."""
        on = calendar.day_of(self.expected_at(since))
        return Due(on, min(calendar.last_instant(on), _later(since, self.allowed)))


def _later(since: datetime, by: timedelta) -> datetime:
    """So much later, at most the last moment there is."""
    try:
        return since + by
    except OverflowError:
        return NEVER


def silent_since(of: Judged, value: float | None, *, is_level: bool) -> datetime | None:
    """The moment from which a key result owes its next check-in within a cadence: its last check-in or reading, or its
    beginning. None if it owes none. `is_level`: its goal is to hold what is given."""
    if of.is_dropped or of.ended_at is not None or of.is_planned or (value == 1.0 and not is_level):
        return None
    return of.last_measured_at or of.begins_at


def next_check_in(
    of: Judged, value: float | None, wait: Wait, calendar: Calendar, *, is_level: bool, until: datetime = NEVER
) -> Due | None:
    """The next check-in of a key result with this value, if it is due before `until`; None if it owes none. `wait`:
    that of its cadence."""
    since = silent_since(of, value, is_level=is_level)
    if since is None or wait.expected_at(since) >= min(of.due_at, until):
        return None
    return wait.due(since, calendar)


def days_past(on: date, at: datetime, calendar: Calendar) -> int:
    """The days from `on` to the day of a moment: 0 on the day itself, negative before it."""
    return (calendar.day_of(at) - on) // timedelta(days=1)
