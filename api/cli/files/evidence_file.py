"""Verifies an evidence file, and shows its events in sentences, without a database."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple
from uuid import UUID

import msgspec
from rich.text import Text

from api.cli.output import USAGE, Failure, out
from api.report import evidence_page
from api.report.evidence_page import Statement
from domain.proof import evidence
from domain.proof.event_descriptions import EventDescription, described
from domain.proof.evidence import Broken, Entry, Proven
from domain.proof.legend import Legend
from domain.proof.signed_note import Verifier


def verify(file: Path, known: Sequence[Verifier]) -> None:
    """Verify an evidence file with public keys. Raises `Failure` if a proof does not hold."""
    try:
        proven = _proven(file, known)
    except Broken as broken:
        raise Failure(f"{file}, {broken}") from broken
    out.print(
        f"{proven.events} events of the cycle {proven.about.key} are in the log {proven.checkpoint.origin}, "
        f"as signed at position {proven.size}.",
        markup=False,
        emoji=False,
        soft_wrap=True,
    )


def show(file: Path, known: Sequence[Verifier], *, html: bool, unproven: bool) -> None:
    """Print what was proved of an evidence file, and each event in a sentence, or both as an HTML page. Without keys
    all is proved but the signatures. Raises `Failure` if a proof does not hold, unless `unproven` asks for the events
    in spite of that."""
    shown = _shown(file, known or None, unproven=unproven)
    with _opened(file) as lines:
        found = evidence.entries(lines)
        events = described(_readable(found) if unproven else found, shown.legend, shown.edited)
        for part in evidence_page.parts(shown.statement, events) if html else ():
            sys.stdout.buffer.write(part.encode())
        if not html:
            _print(shown.statement, events)


class _Shown(NamedTuple):
    """What the first pass over a file finds."""

    statement: Statement
    legend: Legend
    edited: frozenset[UUID]


def _shown(file: Path, known: Sequence[Verifier] | None, *, unproven: bool) -> _Shown:
    try:
        proven = _proven(file, known)
    except Broken as broken:
        if not unproven:
            raise Failure(f"{file}, {broken} --unproven shows it nevertheless.") from broken
        with _opened(file) as lines:
            streams = frozenset(entry.stream for entry in evidence.entries(lines))
        return _Shown(Statement.of_broken(file.name, broken), Legend(), streams)
    return _Shown(Statement.of(proven), proven.legend, proven.edited)


def _proven(file: Path, known: Sequence[Verifier] | None) -> Proven:
    with _opened(file) as lines:
        return evidence.check(lines, known)


def _readable(entries: Iterable[Entry]) -> Iterator[Entry]:
    """The entries whose columns can be read; an altered file may have others."""
    for entry in entries:
        with suppress(ValueError, OverflowError, msgspec.MsgspecError):
            [*described([entry], Legend(), frozenset())]
            yield entry


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    try:
        with file.open("rb") as lines:
            yield lines
    except OSError as error:
        raise Failure(f"{file} cannot be read: {error.strerror}.", USAGE) from error


# ── output ───────────────────────────────────────────────────────────────────────────────────────


def _print(statement: Statement, events: Iterable[EventDescription]) -> None:
    out.print(Text(statement.title, style="bold"))
    out.print(Text(statement.result, style="green" if statement.is_proved else "red"), soft_wrap=True)
    for name, value in statement.facts:
        out.print(Text.assemble((f"{name}: ", "dim"), value), soft_wrap=True)
    for event in events:
        out.print()
        out.print(_sentence(event), soft_wrap=True)


def _sentence(event: EventDescription) -> Text:
    """An event in a paragraph: what happened, who did it and why, and when."""
    parts: list[str | tuple[str, str]] = [(f"{event.position} ", "dim"), (event.actor, "bold"), f": {event.what}"]
    if event.details:
        parts.append(f" {event.details}")
    if event.reason:
        parts.append((f" Reason: {event.reason}", "italic"))
    return Text.assemble(*parts, (f" {event.times}", "dim"))
