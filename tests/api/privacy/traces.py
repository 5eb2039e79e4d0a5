"""Answers looked through: for any trace of what is hidden, and as what they would be if it had never been."""

import json
import re
from binascii import Error, a2b_base64
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from typing import Any
from uuid import UUID

from api.snapshot import global_ids
from api.snapshot.global_ids import ChangeId

_ALIAS = re.compile(r"L*([A-Z][A-Za-z]+?)0*_\w+")
_TOLD = "2026-07-01"
"""What is later than this was recorded by the test; all that is told in it was earlier in the world."""


def leaves(answer: Any, of: str = "") -> Iterator[tuple[str, Any]]:
    """Every leaf of an answer, with the type that its alias says."""
    if isinstance(answer, dict):
        for name, value in answer.items():
            named = _ALIAS.fullmatch(name)
            yield from leaves(value, "" if named is None else named[1])
    elif isinstance(answer, list):
        for value in answer:
            yield from leaves(value, of)
    else:
        yield of, answer


def traces(answer: Any, words: Collection[str], secret: Collection[UUID], seen: Collection[int]) -> list[str]:
    """What an answer tells of these words and things, and of events at other places than those that are seen."""
    found = [word for word in words if word in json.dumps(answer)]
    forms = {form for id in secret for form in (id.hex, str(id))}
    for _, value in leaves(answer):
        if isinstance(value, str):
            text = f"{value} {_decoded(value)}"
            found += [value for form in forms if form in text]
            named = global_ids.decode(value)
            found += [value] if isinstance(named, ChangeId) and named.position not in seen else []
    return [*found, *(f"event {position}" for position in _events(answer) if position not in seen)]


def _decoded(text: str) -> str:
    """What stands in an id or a cursor."""
    try:
        return a2b_base64(text.encode() + b"=" * (-len(text) % 4)).decode("latin-1")
    except (Error, UnicodeEncodeError):
        return ""


def _events(answer: Any) -> Iterator[int]:
    """The places of all events that are told as such. How long the log was, at any basis, is nobody's secret."""
    if isinstance(answer, list):
        for one in answer:
            yield from _events(one)
    elif isinstance(answer, dict):
        is_basis = {"Position0_head", "DateTime0_known"} & answer.keys()
        for name, value in answer.items():
            if name in ("Position0_position", "Position_position") and value is not None and not is_basis:
                yield value
            yield from _events(value)


class Normal:
    """How answers of one company are told so that they can be compared with those of its twin.

    An event is called by its number among those that both have; what tells of the length of the log, by the number
    of the last one before. A version is left out: it numbers what happened to a thing, the hidden, too. `same` are
    things that have another id in the twin.
    """

    def __init__(self, visible: Sequence[int], same: dict[UUID, str]) -> None:
        self._visible = visible
        self._same = same

    def of(self, answer: Any, of: str = "") -> Any:
        """The answer, with everything that may differ made the same."""
        if isinstance(answer, dict):
            return {name: self._told(name, value) for name, value in answer.items()}
        if isinstance(answer, list):
            return [self.of(one, of) for one in answer]
        return self._leaf(answer, of)

    def _told(self, name: str, value: Any) -> Any:
        named = _ALIAS.fullmatch(name)
        return "…" if name == "Int0_version" and isinstance(value, int) else self.of(value, named[1] if named else "")

    def _leaf(self, value: Any, of: str) -> Any:
        if of == "Position" and value is not None:
            return bisect_right(self._visible, value)
        if of == "DateTime" and value is not None:
            return "just now" if value > _TOLD else value
        return self._id(value) if isinstance(value, str) else value

    def _id(self, text: str) -> str:
        """An id, without what it says of its basis and version; any other text as it is."""
        named = global_ids.decode(text)
        if named is None:
            return self._cursor(text)
        if isinstance(named, ChangeId):
            return f"change {bisect_right(self._visible, named.position)}"
        return f"{named.kind} {self._same.get(named.id, named.id)}"

    def _cursor(self, text: str) -> str:
        """A cursor, with the places of the log in it called as above; any other text as it is."""
        try:
            order, *place = json.loads(_decoded(text))
        except ValueError:
            return text
        named = [self._place(part) for part in place]
        return f"{order} {named}"

    def _place(self, part: Any) -> Any:
        if isinstance(part, int):
            return bisect_right(self._visible, part)
        return next((name for id, name in self._same.items() if part == str(id)), part)


def differences(one: Any, other: Any, at: str = "") -> Iterator[str]:
    """Where two answers differ. What depends on the clock may do so by what passes in a few minutes."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for name in one:
            yield from differences(one[name], other[name], f"{at}.{name}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (this, that) in enumerate(zip(one, other, strict=True)):
            yield from differences(this, that, f"{at}[{number}]")
    elif isinstance(one, float) and isinstance(other, float | int):
        if abs(one - other) > 1e-4 * max(1.0, abs(one)):
            yield f"{at}: {one} and {other}"
    elif one != other:
        yield f"{at}: {_short(one)} and {_short(other)}"


def _short(value: Any) -> str:
    text = json.dumps(value)
    return f"{text[:300]} ({len(value)})" if isinstance(value, list | dict) else text
