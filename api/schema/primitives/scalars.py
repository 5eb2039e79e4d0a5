"""Scalars: `DateTime`, `Date`, `Position` and `Markdown`."""

import re
from datetime import UTC, date, datetime
from typing import Any, NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

Position = NewType("Position", int)
Markdown = NewType("Markdown", str)

POSITION_MAX = 2**53

_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def read_date_time(text: Any) -> datetime:
    """The moment in UTC of an RFC 3339 text with an offset, to the microsecond. Raises `GraphQLError`."""
    if isinstance(text, str) and _DATE_TIME.fullmatch(text):
        try:
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise GraphQLError(f"{text!r} is not a DateTime: write RFC 3339 with an offset, like 2026-01-31T09:00:00Z.")


def write_date_time(moment: datetime) -> str:
    """The moment as RFC 3339 in UTC, ending in Z."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat()[:-6] + "Z"


def read_date(text: Any) -> date:
    """The day of a text YYYY-MM-DD. Raises `GraphQLError`."""
    if isinstance(text, str) and _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise GraphQLError(f"{text!r} is not a Date: write YYYY-MM-DD, like 2026-01-31.")


def read_position(value: Any) -> Position:
    """The log position of a whole number from 0, which is before the first event. Raises `GraphQLError`."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= POSITION_MAX:
        return Position(value)
    raise GraphQLError(f"{value!r} is not a Position: a whole number from 0 to 2^53.")


def read_markdown(text: Any) -> Markdown:
    if isinstance(text, str):
        return Markdown(text)
    raise GraphQLError(f"{text!r} is not a String.")


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment as RFC 3339 with an offset, like 2026-01-31T09:00:00Z. Output is always in UTC.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=write_date_time,
        parse_value=read_date_time,
    ),
    date: strawberry.scalar(
        name="Date",
        description="A calendar day as YYYY-MM-DD. It starts and ends by the time zone of `Workspace.calendar`.",
        serialize=date.isoformat,
        parse_value=read_date,
    ),
    Position: strawberry.scalar(
        name="Position",
        description="A position in the workspace's log: 1, 2, 3 … without gaps. 0 is before the first event.",
        serialize=int,
        parse_value=read_position,
    ),
    Markdown: strawberry.scalar(
        name="Markdown",
        description="Text that a client may render as Markdown. It is returned as it was written: sanitise it.",
        serialize=str,
        parse_value=read_markdown,
    ),
}
