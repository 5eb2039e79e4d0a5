"""Evidence for readers: each event of a file in a sentence, from the file alone.

The sentence of an event is the description of its type, as the API publishes it. Names are those of the events read so
far, else those of the legend. Values are the stored ones.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from domain.log.mapper import LogRow
from domain.model.event import AUTHORSHIP, Event, body_fields, description
from domain.model.event_registry import EVENTS
from domain.primitives.personal_data import erased_handle
from domain.primitives.values import Kind, Source
from domain.proof.evidence import Entry
from domain.proof.legend import Legend

_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NOT_PRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]+")
_SINGULAR: Final = frozenset({"to"})
"""Fields that name one item of a list, which have no value before."""
_NAMES: Final = frozenset({"title", "name"})
"""Fields with the name of a goal."""
_BODY: Final = msgspec.json.Decoder(dict[str, Any])


_ATTACHED: Final = frozenset({Kind.CHECK_IN, Kind.READING, Kind.COMMENT, Kind.REFLECTION, Kind.EXTERNAL_REFERENCE})
"""Kinds of what is attached to a thing, which its events are about."""


class FieldDescription(NamedTuple):
    """A field with its value before and after an event, as text; None for no value."""

    name: str
    before: str | None
    after: str | None

    @property
    def text(self) -> str:
        after = "none" if self.after is None else self.after
        return f"{self.name} {after}" if self.before is None else f"{self.name} {self.before} → {after}"


class EventDescription(NamedTuple):
    """An event: what happened to what, who did it and on whose behalf, when it was true and when it was recorded, why,
    and which fields it changed."""

    position: int
    what: str
    subject: str
    who: str
    on_behalf_of: str | None
    source: Source
    effective_at: datetime
    recorded_at: datetime
    reason: str | None
    fields: list[FieldDescription]

    @property
    def actor(self) -> str:
        """Who did it, in words."""
        behalf = "" if self.on_behalf_of is None else f" on behalf of {self.on_behalf_of}"
        return f"{self.who}{behalf}{' by an import' if self.source is Source.IMPORT else ''}"

    @property
    def times(self) -> str:
        """When it was true and when it was recorded, in words."""
        if self.effective_at == self.recorded_at:
            return f"True and recorded at {moment(self.recorded_at)}."
        return f"True at {moment(self.effective_at)}, recorded at {moment(self.recorded_at)}."

    @property
    def changes(self) -> str:
        """The changed fields, in words."""
        return "; ".join(field.text for field in self.fields)

    @property
    def details(self) -> str:
        """What it is about, and the changed fields, in words; empty if there is nothing to tell."""
        parts = [one for one in (self.subject, self.changes) if one]
        return f"{': '.join(parts).removesuffix('.')}." if parts else ""


def moment(at: datetime) -> str:
    """A moment in UTC, to the second."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def described(entries: Iterable[Entry], legend: Legend, edited: frozenset[UUID]) -> Iterator[EventDescription]:
    """The events of a file in words, in its order. `edited` are the streams with more than one event; the values of
    others are forgotten. Raises `ValueError` for an entry that is no row."""
    streams = _Streams(_Names(legend), edited)
    for entry in entries:
        yield streams.described(entry.row())


# ── names ────────────────────────────────────────────────────────────────────────────────────────


class _Names:
    """The names of ids: of goals as the events read so far give them, of others as the legend does."""

    def __init__(self, legend: Legend) -> None:
        self._people = legend.names.get(Kind.PERSON, {})
        self._named = {
            id: name for kind, names in legend.names.items() if kind is not Kind.PERSON for id, name in names.items()
        }

    def learn(self, id: UUID, body: Mapping[str, Any]) -> None:
        """Take the name of an aggregate from the body of its event, if it has one."""
        for field in _NAMES & body.keys():
            self._named[id] = str(body[field])

    def of(self, id: UUID) -> str:
        """The name of an id; the beginning of the id if it is unknown."""
        if id in self._people:
            return _printable(self._people[id] or erased_handle(id))
        name = self._named.get(id)
        return f"“{_printable(name)}”" if name else f"id {id.hex[:8]}"

    def of_actor(self, actor: str) -> str:
        """The name of an actor: of a person by id, of a machine as it is."""
        kind, _, name = actor.partition(":")
        return self.of(UUID(name)) if kind == "person" and _UUID.fullmatch(name) else _printable(name)


# ── events ───────────────────────────────────────────────────────────────────────────────────────


class _Streams:
    """Describes events in the order of the log."""

    def __init__(self, names: _Names, edited: frozenset[UUID]) -> None:
        self._names = names
        self._edited = edited
        self._values: dict[UUID, dict[str, str]] = {}
        self._parents: dict[UUID, UUID | None] = {}

    def described(self, row: LogRow) -> EventDescription:
        body, by = _BODY.decode(row.data), AUTHORSHIP.decode(row.metadata)
        event = EVENTS.get(row.topic.partition(".")[0])
        self._names.learn(row.stream, body)
        return EventDescription(
            position=row.position,
            what=f"{row.topic} was recorded, which this version does not know."
            if event is None
            else description(event),
            subject=self._subject(row, event),
            who=self._names.of_actor(by.actor),
            on_behalf_of=None if by.on_behalf_of is None else self._names.of(by.on_behalf_of),
            source=by.source,
            effective_at=row.effective_at,
            recorded_at=row.recorded_at,
            reason=None if by.reason is None else _printable(by.reason),
            fields=self._fields(row, event, dict(_flat(body, self._names))),
        )

    def _subject(self, row: LogRow, event: type[Event] | None) -> str:
        """What the event is about: its own goal, or that of a measurement or remark."""
        if row.version == 1 and row.stream in self._edited:
            self._parents[row.stream] = row.belongs_to
        if event is None or event.KIND in (Kind.POLICY, Kind.CALENDAR):
            return ""
        if event.KIND not in _ATTACHED:
            return self._names.of(row.stream)
        parent = row.belongs_to or self._parents.get(row.stream)
        return "" if parent is None else self._names.of(parent)

    def _fields(self, row: LogRow, event: type[Event] | None, after: dict[str, str]) -> list[FieldDescription]:
        """The fields that differ from the last known value. The name of a new goal is left out: it is the subject."""
        before = self._values.get(row.stream, {})
        known = _stored_names(event) if event is not None else frozenset()
        gone = [name for name in before if name not in after and name.partition(".")[0] in known]
        if row.stream in self._edited:
            kept = {name: text for name, text in before.items() if name not in gone}
            self._values[row.stream] = kept | {name: text for name, text in after.items() if name not in _SINGULAR}
        shown = after.keys() - (_NAMES if row.version == 1 and event is not None else frozenset())
        changed = [
            FieldDescription(name, before.get(name), text)
            for name, text in after.items()
            if name in shown and before.get(name) != text
        ]
        return [*changed, *(FieldDescription(name, before[name], None) for name in gone)]


def _stored_names(event: type[Event]) -> frozenset[str]:
    """The names of the body's fields in the stored bytes."""
    named = dict(zip(event.__struct_fields__, event.__struct_encode_fields__, strict=True))
    return frozenset(named[field] for field in body_fields(event))


def _flat(body: Mapping[str, Any], names: _Names, prefix: str = "") -> Iterator[tuple[str, str]]:
    """The values of a stored body by dotted name, as text. A list is one value."""
    for name, value in body.items():
        if isinstance(value, dict) and value.keys() != {"kind", "id"}:
            yield from _flat(value, names, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", _text(value, names)


def _text(value: Any, names: _Names) -> str:
    match value:
        case {"kind": _, "id": id, **others} if not others:
            return _text(id, names)
        case dict():
            return " ".join(f"{name} {text}" for name, text in _flat(value, names))
        case list():
            return ", ".join(_text(item, names) for item in value) or "none"
        case str() if _UUID.fullmatch(value):
            return names.of(UUID(value))
    return _scalar(value)


def _scalar(value: str | float | bool | None) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case float():
            return str(value).removesuffix(".0")
    return _printable(str(value))


def _printable(text: str) -> str:
    """The text on one line, without characters that control a terminal or the direction of text."""
    return _NOT_PRINTABLE.sub(" ", text)
