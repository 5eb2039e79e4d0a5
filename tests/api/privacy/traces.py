"""Searches answers for traces of hidden data, and normalizes them for the comparison with the twin."""

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
_STORY_END = "2026-07-01"
"""Later times are record times of the test; all effective times of the story are earlier."""


def leaves(answer: Any, of: str = "") -> Iterator[tuple[str, Any]]:
    """Every leaf of an answer, with the type from its alias."""
    if isinstance(answer, dict):
        for name, value in answer.items():
            named = _ALIAS.fullmatch(name)
            yield from leaves(value, "" if named is None else named[1])
    elif isinstance(answer, list):
        for value in answer:
            yield from leaves(value, of)
    else:
        yield of, answer


def traces(answer: Any, secret_words: Collection[str], secret: Collection[UUID], seen: Collection[int]) -> list[str]:
    """Occurrences in an answer of these words, ids, and positions outside the visible ones."""
    found = [word for word in secret_words if word in json.dumps(answer)]
    forms = {form for id in secret for form in (id.hex, str(id))}
    for _, value in leaves(answer):
        if isinstance(value, str):
            text = f"{value} {_decoded(value)}"
            found += [value for form in forms if form in text]
            named = global_ids.decode(value)
            found += [value] if isinstance(named, ChangeId) and named.position not in seen else []
    return [*found, *(f"event {position}" for position in _events(answer) if position not in seen)]


def _decoded(text: str) -> str:
    """The decoded content of an id or a cursor."""
    try:
        return a2b_base64(text.encode() + b"=" * (-len(text) % 4)).decode("latin-1")
    except (Error, UnicodeEncodeError):
        return ""


def _events(answer: Any) -> Iterator[int]:
    """The positions of all events in an answer. The length of the log is not secret."""
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
    """Normalizes the answers of one company for the comparison with its twin.

    An event is named by its number among the events of both; a length of the log by the number of the last event
    before it. Versions are left out because they count hidden events, too. `same` holds the ids that differ in the
    twin.
    """

    def __init__(self, visible: Sequence[int], same: dict[UUID, str]) -> None:
        self._visible = visible
        self._same = same

    def of(self, answer: Any, of: str = "") -> Any:
        """The answer with all permitted differences removed."""
        if isinstance(answer, dict):
            return {name: self._normalized(name, value) for name, value in answer.items()}
        if isinstance(answer, list):
            return [self.of(one, of) for one in answer]
        return self._leaf(answer, of)

    def _normalized(self, name: str, value: Any) -> Any:
        named = _ALIAS.fullmatch(name)
        return "…" if name == "Int0_version" and isinstance(value, int) else self.of(value, named[1] if named else "")

    def _leaf(self, value: Any, of: str) -> Any:
        if of == "Position" and value is not None:
            return bisect_right(self._visible, value)
        if of == "DateTime" and value is not None:
            return "just now" if value > _STORY_END else value
        return self._id(value) if isinstance(value, str) else value

    def _id(self, text: str) -> str:
        """An id without its basis and version; any other text unchanged."""
        named = global_ids.decode(text)
        if named is None:
            return self._cursor(text)
        if isinstance(named, ChangeId):
            return f"change {bisect_right(self._visible, named.position)}"
        return f"{named.kind} {self._same.get(named.id, named.id)}"

    def _cursor(self, text: str) -> str:
        """A cursor with normalized positions; any other text unchanged."""
        try:
            order, *place = json.loads(_decoded(text))
        except ValueError:
            return text
        named = [self._place(part) for part in place]
        return f"{order} {named}"

    def _place(self, part: Any) -> Any:
        if isinstance(part, list):
            return [self._place(one) for one in part]
        if isinstance(part, int):
            return bisect_right(self._visible, part)
        return next((name for id, name in self._same.items() if part == str(id)), part)


def differences(one: Any, other: Any, at: str = "") -> Iterator[str]:
    """The differences of two answers. Values that depend on the clock may differ by a few minutes."""
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
