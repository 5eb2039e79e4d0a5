"""Checks of labels: the short words by which people group goals, KPIs and teams."""

from collections.abc import Sequence

from domain.primitives import parsers
from domain.primitives.errors import Code, CommandRejected, Faults, invalid
from domain.primitives.rules import Rule

LABELS_MAX = 20
LABEL_LENGTH_MAX = 50


def label(text: str, *field: str) -> str:
    """A line of 1 to 50 characters in NFC, without control characters, trimmed. Raises `INVALID`."""
    line = parsers.clean(text, field).strip()
    if len(line) > LABEL_LENGTH_MAX:
        raise invalid(
            f"A label has at most {LABEL_LENGTH_MAX} characters; this has {len(line)}.",
            *field,
            rule=Rule.LABEL_TOO_LONG,
            max=LABEL_LENGTH_MAX,
            length=len(line),
        )
    return parsers.title(line, *field)


def labels(given: Sequence[str], *field: str) -> list[str]:
    """The labels once each, in alphabetical order. Raises `INVALID` for each faulty one, `TOO_LARGE` for more than
    20."""
    if len(given) > LABELS_MAX:
        raise CommandRejected(
            Code.TOO_LARGE,
            f"At most {LABELS_MAX} labels; leave some out.",
            *field,
            rule=Rule.LABELS_TOO_MANY,
            max=LABELS_MAX,
        )
    faults, found = Faults(), set[str]()
    for index, text in enumerate(given):
        with faults:
            found.add(label(text, *field, str(index)))
    faults.refuse()
    return sorted(found, key=lambda one: (one.casefold(), one))
