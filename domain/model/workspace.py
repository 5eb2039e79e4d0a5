"""The calendar of the workspace: its time zone, fiscal year and weeks."""

from datetime import datetime
from typing import Annotated

from domain.model.event import Aggregate, Event, stored
from domain.primitives.calendar import Calendar
from domain.primitives.documentation import doc
from domain.primitives.values import Kind

# ── events: their topics are the storage format ──────────────────────────────────────────────────


@stored
class CalendarSet(Event, frozen=True, kw_only=True):
    """The calendar of the workspace, by which days, weeks, months, quarters and years begin and end, was changed."""

    KIND = Kind.CALENDAR
    TOPIC = "calendar-set"
    calendar: Annotated[Calendar, doc("The new calendar.")]

    def apply(self, aggregate: "WorkspaceCalendar") -> None:
        aggregate.calendar = self.calendar
        aggregate.calendars = (*aggregate.calendars, (self.timestamp, self.calendar))


# ── aggregates ───────────────────────────────────────────────────────────────────────────────────


class WorkspaceCalendar(Aggregate):
    """The calendar: one per workspace, a new version at each change."""

    KIND = Kind.CALENDAR
    calendar: Calendar
    calendars: tuple[tuple[datetime, Calendar], ...] = ()

    def in_force(self, at: datetime) -> Calendar:
        """The calendar in force at a moment; the default before the first change."""
        return next((calendar for since, calendar in reversed(self.calendars) if since <= at), Calendar())

    def set(self, calendar: Calendar, at: datetime) -> None:
        if calendar != self.calendar:
            self.record(CalendarSet(calendar=calendar), at)
