"""Maps events to rows of the log and back, and computes their leaf hash."""

import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from typing import Any, Final, NamedTuple, TypeAlias
from uuid import UUID

import msgspec
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import Mapper, Notification, StoredEvent
from msgspec.structs import force_setattr

from domain.model.event import NIL_ID, WHEN_RECORDED, Event
from domain.model.event_registry import EVENTS

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_HEAD = struct.Struct(">qqq16sq")
_LENGTH = struct.Struct(">I")


@dataclass(frozen=True)
class StoredRow(StoredEvent):
    """The library's stored event, extended by effective time and parent."""

    originator_id: UUID
    effective_at: datetime
    belongs_to: UUID | None


@dataclass(frozen=True)
class StoredNotification(Notification, StoredRow):
    """A stored row with its position in the log, `id`."""


class LogRow(NamedTuple):
    """One stored row of the log, with all columns."""

    position: int
    recorded_at: datetime
    effective_at: datetime
    stream: UUID
    version: int
    topic: str
    belongs_to: UUID | None
    metadata: bytes
    data: bytes
    leaf_hash: bytes


def leaf_hash(row: LogRow) -> bytes:
    """SHA-256 of the `leaf` of a row."""
    return sha256(leaf(row)).digest()


def leaf(row: LogRow) -> bytes:
    """An unambiguous encoding of all columns of a row but its hash.

    It is, all integers big-endian: the byte 0x00 (RFC 6962: a leaf, not a node) · position,
    recorded_at and effective_at (signed 8 bytes each; times in microseconds since 1970-01-01 UTC) ·
    stream (16 bytes) · version (signed 8 bytes) · belongs_to (0x00 for none, or 0x01 and 16 bytes) ·
    topic in UTF-8, metadata and data, each preceded by its length (unsigned 4 bytes).
    """
    topic = row.topic.encode()
    parts = (
        b"\x00",
        _HEAD.pack(
            row.position, microseconds(row.recorded_at), microseconds(row.effective_at), row.stream.bytes, row.version
        ),
        b"\x00" if row.belongs_to is None else b"\x01" + row.belongs_to.bytes,
        _LENGTH.pack(len(topic)),
        topic,
        _LENGTH.pack(len(row.metadata)),
        row.metadata,
        _LENGTH.pack(len(row.data)),
        row.data,
    )
    return b"".join(parts)


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970-01-01 UTC, exactly."""
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


Decode: TypeAlias = Callable[[bytes], Event]
"""Reads the stored body of an event."""


def decoders(events: Iterable[type[Event]]) -> dict[str, Decode]:
    """The decoders of all versions of these events, by stored topic."""
    return {
        f"{event.TOPIC}.v{version}": _decoder(event, version)
        for event in events
        for version in range(1, event.VERSION + 1)
    }


def _decoder(event: type[Event], version: int) -> Decode:
    decode = msgspec.json.Decoder(event).decode
    return decode if version == event.VERSION else partial(_upcast, event, version, decode)


def _upcast(cls: type[Event], version: int, decode: Decode, data: bytes) -> Event:
    body: dict[str, Any] = msgspec.json.decode(data)
    for older in range(version, cls.VERSION):
        body = cls.upcast(older, body)
    return decode(msgspec.json.encode(body))


_DECODERS: Final = decoders(EVENTS.values())


class EventMapper(Mapper[UUID]):
    """Turns events into stored rows and back.

    A stored topic is the event's `TOPIC` and version: `key-result-retargeted.v1`. The data is the JSON of the
    body; the header has columns of its own. `Event.upcast` converts older versions step by step at every read; the
    stored bytes never change.

    Implements the two methods of the library's mapper, without its transcoder, compressor and cipher.
    """

    def __init__(self, decoders: Mapping[str, Decode] = _DECODERS) -> None:
        """`decoders` are those of the events that it reads, by stored topic."""
        self._decoders = decoders

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredRow:
        assert isinstance(domain_event, Event)
        body = msgspec.structs.replace(
            domain_event, originator_id=NIL_ID, originator_version=0, timestamp=WHEN_RECORDED
        )
        return StoredRow(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=f"{domain_event.TOPIC}.v{domain_event.VERSION}",
            state=msgspec.json.encode(body),
            effective_at=domain_event.timestamp,
            belongs_to=domain_event.belongs_to if domain_event.originator_version == 1 else None,
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Event:
        """The event of a stored row. Raises `LookupError` for an unknown topic or version."""
        assert isinstance(stored_event, StoredRow)
        assert isinstance(stored_event.originator_id, UUID)
        return self.decode(
            stored_event.topic,
            stored_event.state,
            stored_event.originator_id,
            stored_event.originator_version,
            stored_event.effective_at,
        )

    def decode(self, topic: str, data: bytes, stream: UUID, version: int, effective_at: datetime) -> Event:
        """The event of these columns. Raises `LookupError` for an unknown topic or version, and
        `msgspec.MsgspecError` for an invalid body."""
        decode = self._decoders.get(topic)
        if decode is None:
            raise _unknown(topic)
        event = decode(data)
        force_setattr(event, "originator_id", stream)
        force_setattr(event, "originator_version", version)
        force_setattr(event, "timestamp", effective_at)
        return event


def _unknown(topic: str) -> LookupError:
    """Why a topic has no decoder."""
    name, _, number = topic.rpartition(".v")
    cls = EVENTS.get(name)
    if cls is None or not number.isdecimal() or int(number) <= cls.VERSION:
        return LookupError(f"There is no event with the topic '{topic}'.")
    return LookupError(
        f"{topic} was written by a newer Keyframe; this one reads up to v{cls.VERSION}. Install the newer one."
    )
