"""Parsers of fields: each brings a text, a number or a moment into its stored form, or rejects it."""

import re
import sys
import unicodedata
from datetime import UTC, date, datetime, timedelta

from domain.primitives.errors import invalid
from domain.primitives.rules import Rule
from domain.primitives.values import EARLIEST

TITLE_LENGTH_MAX = 300
TEXT_LENGTH_MAX = 20_000
KEY_LENGTH_MAX = 64
FUTURE_TOLERANCE = timedelta(seconds=60)

_KEY = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


def clean(text: str, field: tuple[str, ...]) -> str:
    """The text in NFC. Raises `INVALID` for control characters."""
    if text.isascii() and text.isprintable():
        return text
    for character in text:
        if unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\r\t":
            name = f"U+{ord(character):04X}"
            raise invalid(
                f"Contains the control character {name}; remove it.",
                *field,
                rule=Rule.CONTROL_CHARACTER,
                character=name,
            )
    return unicodedata.normalize("NFC", text)


def title(text: str, *field: str) -> str:
    """A line of 1 to 300 characters in NFC, without control characters, trimmed. Raises `INVALID`."""
    line = clean(text, field).strip()
    if all(unicodedata.category(character)[0] in "CZ" for character in line):
        raise invalid("Has no visible characters; give a text.", *field, rule=Rule.TITLE_EMPTY)
    if len(line) > TITLE_LENGTH_MAX:
        raise invalid(
            f"Needs 1 to {TITLE_LENGTH_MAX} characters; this has {len(line)}.",
            *field,
            rule=Rule.TITLE_TOO_LONG,
            max=TITLE_LENGTH_MAX,
            length=len(line),
        )
    if any(character in "\n\r\t\u2028\u2029" for character in line):
        raise invalid("Must be a single line; remove the line breaks and tabs.", *field, rule=Rule.TITLE_NOT_ONE_LINE)
    return line


def prose(text: str | None, *field: str) -> str | None:
    """Free text of up to 20,000 characters in NFC; None for blank text. Raises `INVALID`."""
    text = None if text is None else clean(text, field)
    if text is None or not text.strip():
        return None
    if len(text) > TEXT_LENGTH_MAX:
        raise invalid(
            f"Must have at most {TEXT_LENGTH_MAX} characters; this has {len(text)}.",
            *field,
            rule=Rule.TEXT_TOO_LONG,
            max=TEXT_LENGTH_MAX,
            length=len(text),
        )
    return text


def body(text: str, *field: str) -> str:
    """Free text like `prose` that is not blank. Raises `INVALID`."""
    written = prose(text, *field)
    if written is None:
        raise invalid("Is blank; give a text.", *field, rule=Rule.TEXT_EMPTY)
    return written


def key(text: str, *field: str) -> str:
    """A short name for URLs: lower-case letters, digits, `-`, `_`, `.`. Raises `INVALID`."""
    if len(text) > KEY_LENGTH_MAX or not _KEY.fullmatch(text):
        raise invalid(
            f"A key has up to {KEY_LENGTH_MAX} lower-case letters, digits, '-', '_' or '.', and begins "
            "and ends with a letter or digit, like '2026-q1'.",
            *field,
            rule=Rule.KEY_MALFORMED,
            max=KEY_LENGTH_MAX,
        )
    return text


def email(text: str | None, *field: str) -> str | None:
    """An email address in NFC: an @ between two parts. It is not verified. Raises `INVALID`."""
    address = None if text is None else clean(text.strip(), field)
    if not address:
        return None
    if len(address) > TITLE_LENGTH_MAX or not _EMAIL.fullmatch(address):
        raise invalid(
            "This is not an email address; write it like 'ada@example.com'.", *field, rule=Rule.EMAIL_MALFORMED
        )
    return address


def number(value: float, *field: str) -> float:
    """A finite number. Raises `INVALID` for NaN, the infinities, and integers beyond the largest float."""
    if not -sys.float_info.max <= value <= sys.float_info.max:
        raise invalid("Must be a finite number, not NaN or infinity.", *field, rule=Rule.NUMBER_NOT_FINITE)
    return float(value)


def share(value: float | None, *field: str) -> float | None:
    """A finite number from 0 to 1, or None. Raises `INVALID`."""
    if value is None or 0 <= value <= 1:
        return value
    raise invalid(
        f"Must be from 0 to 1, not {number(value, *field):g}. Write 70 % as 0.7.",
        *field,
        rule=Rule.SHARE_OUT_OF_RANGE,
        value=float(value),
    )


def weight(value: float, *field: str) -> float:
    """A finite number above 0. Raises `INVALID`."""
    if number(value, *field) <= 0:
        raise invalid(
            f"A weight must be above 0, not {value:g}. Drop the key result or milestone if it should not count.",
            *field,
            rule=Rule.WEIGHT_NOT_POSITIVE,
            value=float(value),
        )
    return float(value)


def moment(value: datetime, now: datetime, *field: str) -> datetime:
    """A time in UTC, not before 1900 and not more than 60 s after `now`. Raises `INVALID`."""
    if value.tzinfo is None:
        raise invalid("Needs a time zone offset, like '2026-01-31T09:00:00Z'.", *field, rule=Rule.TIME_WITHOUT_OFFSET)
    instant = value.astimezone(UTC) if 1 < value.year < 9999 else value  # the conversion could leave the range of years
    if instant < EARLIEST:
        raise invalid(
            f"Is before {EARLIEST.date()}; correct the year.",
            *field,
            rule=Rule.TIME_TOO_EARLY,
            earliest=EARLIEST.date(),
        )
    if instant > now + FUTURE_TOLERANCE:
        raise invalid(
            f"Is in the future ({instant.isoformat()}); record it when it has happened.",
            *field,
            rule=Rule.TIME_IN_FUTURE,
            now=now,
        )
    return instant


def day(value: date, *field: str) -> date:
    """A day, not before 1900. Raises `INVALID`."""
    if value < EARLIEST.date():
        raise invalid(
            f"Is before {EARLIEST.date()}; correct the year.", *field, rule=Rule.DAY_TOO_EARLY, earliest=EARLIEST.date()
        )
    return value
