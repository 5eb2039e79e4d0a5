"""What was acknowledged against what is recorded: lost, doubled and misplaced commands of a drill.

Every command carries a mark, a text that no other command has. A mark that was acknowledged must be in the log exactly
once, at the position that the answer named. A mark that was never acknowledged may be there once, or not at all.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Any, Final, NamedTuple

import psycopg

_MARK: Final = re.compile(rb"drill-(\d+)-[a-z0-9-]+-\d+")


class Tally(NamedTuple):
    """The figures of a round, or of all rounds. `misplaced`: marks at another position than the acknowledged one."""

    acknowledged: int = 0
    present: int = 0
    lost: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    misplaced: tuple[str, ...] = ()

    @property
    def is_sound(self) -> bool:
        return not (self.lost or self.doubled or self.misplaced)


def mark(round_number: int, writer: str, number: int) -> str:
    """The mark of a command: no two have the same."""
    return f"drill-{round_number}-{writer}-{number}"


class Book:
    """The acknowledged commands, by their mark, with the position of each. Several threads may write it."""

    def __init__(self) -> None:
        self._positions: dict[str, int] = {}
        self._errors: Counter[tuple[int, str]] = Counter()
        self._lock = Lock()

    def acknowledge(self, marked: str, position: int) -> None:
        """Note that the command with this mark was answered with success, at this position."""
        with self._lock:
            self._positions[marked] = position

    def answered_with(self, round_number: int, code: str) -> None:
        """Note that a request was answered with this error."""
        with self._lock:
            self._errors[round_number, code] += 1

    def errors(self, round_number: int | None = None) -> Counter[str]:
        """The errors of a round, or of all, by code."""
        with self._lock:
            counted: Counter[str] = Counter()
            for (number, code), count in self._errors.items():
                if round_number in {None, number}:
                    counted[code] += count
            return counted

    def compare(self, recorded: Mapping[str, list[int]], round_number: int | None = None) -> Tally:
        """Compare the acknowledged marks, of a round or of all, with the positions of the recorded ones."""
        with self._lock:
            acknowledged = {one: at for one, at in self._positions.items() if _is_of(one, round_number)}
        there = {one: at for one, at in recorded.items() if _is_of(one, round_number)}
        return Tally(
            len(acknowledged),
            len(acknowledged.keys() & there.keys()),
            tuple(sorted(acknowledged.keys() - there.keys())),
            tuple(sorted(one for one, at in there.items() if len(at) > 1)),
            tuple(sorted(one for one, at in acknowledged.items() if there.get(one, [at]) != [at])),
        )


def _is_of(marked: str, round_number: int | None) -> bool:
    return round_number is None or marked.split("-", 2)[1] == str(round_number)


def recorded(rows: Iterable[tuple[int, bytes]]) -> dict[str, list[int]]:
    """The marks in these events, each with the positions where it is."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for position, data in rows:
        for marked in {match[0] for match in _MARK.finditer(data)}:
            found[marked.decode()].append(position)
    return dict(found)


def read_log(conn: psycopg.Connection[Any]) -> tuple[dict[str, list[int]], int, int]:
    """The recorded marks, the number of events, and the last position; the two are equal in a log without gaps."""
    rows: list[tuple[int, bytes]] = conn.execute("select position, data from keyframe.log").fetchall()
    return recorded(rows), len(rows), max((position for position, _ in rows), default=0)
