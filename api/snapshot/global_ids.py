"""Global object ids: the opaque ids of the API. An id that is read in a snapshot stays bound to that basis.

An id is base64url of `Kind:key`. The key is the UUID of an aggregate in hex, `UUID.version` for a check-in or reading
(versions of one stream), or the position of a change. An id that is read in a snapshot ends with `@micros.position`:
the basis, as microseconds since 1970 and a position of the log.
"""

import re
from binascii import Error, a2b_base64, b2a_base64
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from domain.primitives.values import Basis, Kind

CHANGE = "Change"
"""The kind of an id that names an event of the log."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TEXT = re.compile(
    rb"([A-Za-z]+):(?:([0-9a-f]{32})(?:\.([0-9]{1,9}))?|([0-9]{1,16}))(?:@(-?[0-9]{1,18})\.([0-9]{1,16}))?"
)
_KINDS: dict[bytes, Kind] = {kind.value.encode(): kind for kind in Kind}
_VERSIONED = frozenset({Kind.CHECK_IN, Kind.READING})
_uuid = msgspec.json.Decoder(UUID).decode


class GlobalId(NamedTuple):
    """The kind and id of an object, the version of a check-in or reading, and the basis it is bound to, if any."""

    kind: Kind
    id: UUID
    version: int | None = None
    basis: Basis | None = None


class ChangeId(NamedTuple):
    """An event by its position in the log."""

    position: int
    basis: Basis | None = None


def suffix(basis: Basis | None) -> bytes:
    """The end of the ids that are read at this basis; empty at present."""
    if basis is None:
        return b""
    return b"@%d.%d" % ((basis.at - _EPOCH) // timedelta(microseconds=1), basis.position)


def encode(kind: str, id: UUID, end: bytes = b"") -> str:
    """The global id of an object, with the `suffix` of the basis it was read at."""
    return _base64(b"%b:%032x%b" % (kind.encode(), id.int, end))


def encode_all(kind: str, ids: Sequence[UUID], end: bytes = b"") -> list[str]:
    """The global ids of objects of one kind, as `encode` returns each."""
    return encode_stored(kind, [id.bytes for id in ids], end)


def encode_stored(kind: str, ids: Sequence[bytes], end: bytes = b"") -> list[str]:
    """The same for ids as PostgreSQL stores them, in sixteen bytes each."""
    head = b"%b:" % kind.encode()
    if (len(head) + 32) % 3:
        return [_base64(b"%b%b%b" % (head, id.hex().encode(), end)) for id in ids]
    try:
        texts = list(map(_KEPT[head].__getitem__, ids))
    except KeyError:
        texts = _keep(head, ids)
    if not end:
        return texts
    encoded_end = _base64(end)  # there is no padding before it
    return [text + encoded_end for text in texts]


KEPT_MAX: Final = 20_000
"""How many global ids of a kind are kept, in some 190 bytes each: most answers show ids that an earlier one has shown,
and to look one up takes a fourth of the time."""
_KEPT: Final[dict[bytes, dict[bytes, str]]] = {}


def _keep(head: bytes, ids: Sequence[bytes]) -> list[str]:
    """The global ids of the present, which are kept. All are encoded at once: the UUIDs are written as one text, with a
    line end between each two."""
    text = head + b"".join(ids).hex("\n", 16).encode().replace(b"\n", head)
    found = re.findall(rf"(?s).{{{(len(head) + 32) // 3 * 4}}}", _base64(text))
    known = _KEPT.setdefault(head, {})
    known.update(zip(ids, found, strict=True))
    if len(known) > KEPT_MAX:
        _KEPT[head] = dict(zip(ids[:KEPT_MAX], found, strict=False))
    return found


def encode_version(kind: str, id: UUID, version: int, end: bytes = b"") -> str:
    """The global id of one version of a check-in or reading."""
    return _base64(b"%b:%032x.%d%b" % (kind.encode(), id.int, version, end))


def encode_change(position: int, end: bytes = b"") -> str:
    """The global id of the event at a position."""
    return _base64(b"Change:%d%b" % (position, end))


def decode(text: str) -> GlobalId | ChangeId | None:
    """What a global id names, or None if the text is not a global id."""
    return _decoded(text) if len(text) <= LENGTH_MAX else None


LENGTH_MAX: Final = 128
"""No global id is longer."""


@lru_cache(KEPT_MAX)
def _decoded(text: str) -> GlobalId | ChangeId | None:
    try:
        raw = a2b_base64(text.encode("ascii") + b"=" * (-len(text) % 4), strict_mode=True)
    except (Error, UnicodeEncodeError):
        return None
    found = _TEXT.fullmatch(raw)
    if found is None or _base64(raw) != text:
        return None
    kind, key, version, position, micros, as_known = found.groups()
    basis = None if micros is None else _basis(int(micros), int(as_known))
    if micros is not None and basis is None:
        return None
    if key is None:
        return ChangeId(int(position), basis) if kind == b"Change" else None
    known_kind = _KINDS.get(kind)
    if known_kind is None or (version is not None) != (known_kind in _VERSIONED):
        return None
    return GlobalId(known_kind, _uuid(b'"%b"' % key), None if version is None else int(version), basis)


def entity(text: str, *kinds: Kind) -> UUID | None:
    """The id of the object that a global id names, whatever its basis and version; None if its kind is another one."""
    found = decode(text)
    return found.id if isinstance(found, GlobalId) and found.kind in kinds else None


def _basis(micros: int, position: int) -> Basis | None:
    try:
        return Basis(_EPOCH + timedelta(microseconds=micros), position)
    except OverflowError:
        return None


def _base64(text: bytes) -> str:
    """Ids hold only letters, digits and `:.@-`, whose base64 has neither `+` nor `/`: it is base64url as it is."""
    return b2a_base64(text, newline=False).rstrip(b"=").decode()
