"""Commands on the calendar of the workspace."""

from typing import Annotated

from msgspec import UNSET, UnsetType

from domain.commands.command import Command, Parsed
from domain.commands.permissions import SET_CALENDAR
from domain.model.workspace import CalendarSet
from domain.primitives import time_zones
from domain.primitives.calendar import Weekday
from domain.primitives.documentation import doc
from domain.primitives.errors import Faults, invalid
from domain.primitives.rules import Rule
from domain.primitives.values import Kind


def _time_zone(name: str, *field: str) -> str:
    """The name of a time zone. Raises `INVALID` for one that does not exist, with the most similar name."""
    if name in time_zones.names():
        return name
    nearest = time_zones.nearest(name)
    hint = "give one like Europe/Lisbon" if nearest is None else f"did you mean {nearest}"
    raise invalid(
        f"The IANA database (tzdata {time_zones.VERSION}) has no time zone with this name: {hint}.",
        *field,
        rule=Rule.TIME_ZONE_UNKNOWN,
        nearest=nearest or "",
        version=time_zones.VERSION,
    )


class SetCalendar(Command, frozen=True):
    """Change the calendar from the effective time on: days end by its time zone, quarters and years by the month in
    which the fiscal year starts, and weeks by their first day. What has ended keeps the calendar of its end."""

    NEEDS = SET_CALENDAR
    ANSWERS = Kind.CALENDAR
    RECORDS = CalendarSet

    time_zone: Annotated[
        str | UnsetType,
        doc("The time zone, a name of the IANA database such as Europe/Lisbon; UTC at first."),
        Parsed(_time_zone),
    ] = UNSET
    fiscal_year_start_month: Annotated[
        int | UnsetType, doc("The month in which the fiscal year starts, from 1 to 12; 1 at first.")
    ] = UNSET
    week_starts_on: Annotated[Weekday | UnsetType, doc("The first day of a week; MONDAY at first.")] = UNSET

    def check(self, faults: Faults) -> None:
        month = self.fiscal_year_start_month
        with faults:
            if month is not UNSET and not 1 <= month <= 12:
                raise invalid(
                    f"Must be a month from 1 to 12, not {month}.",
                    "fiscalYearStartMonth",
                    rule=Rule.MONTH_OUT_OF_RANGE,
                    value=month,
                )
