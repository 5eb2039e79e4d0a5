"""The legend of an evidence file: the names of what its events refer to by id.

Events name people, teams and goals by id. The legend is attached to the seal, beside its signature, so that the proofs
hold without it and verifiers that do not know it ignore it. It is signed, but not proven: it says what the names were
at the checkpoint, as the server knew them when it wrote the file.
"""

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple, Self
from uuid import UUID

import msgspec

from domain.primitives.values import Kind
from domain.proof.signed_note import Signer, Verifier, attachment, claimed_attachments

FORMAT: Final = "keyframe-legend/1"
BYTES_MAX: Final = 700_000
"""The maximum size of a legend. In Base64 it then fits into a note, of which verifiers read up to 1,000,000
characters."""


class Name(NamedTuple):
    """What is called by this name at the checkpoint; an erased person has none."""

    kind: Kind
    id: UUID
    name: str | None


class Legend(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Names by kind and id: handles of people, names of teams, KPIs and cycles, titles of goals. An erased person has
    null. `left_out` is the number of names for which there was no room."""

    legend: Literal["keyframe-legend/1"] = FORMAT
    names: dict[Kind, dict[UUID, str | None]] = {}
    left_out: int = 0

    @classmethod
    def of(cls, names: Iterable[Name], bytes_max: int = BYTES_MAX) -> Self:
        """The legend with the first of these names that there is room for."""
        found: dict[Kind, dict[UUID, str | None]] = {}
        room, left_out = bytes_max - len(msgspec.json.encode(cls(names={kind: {} for kind in Kind}))), 0
        for kind, id, name in names:
            room -= len(msgspec.json.encode({id: name}))
            if room < 0:
                left_out += 1
            else:
                found.setdefault(kind, {})[id] = name
        return cls(names=found, left_out=left_out)

    def attached_to(self, note: str, signer: Signer) -> str:
        """The note with this legend as an attachment."""
        return signer.attach(note, FORMAT, msgspec.json.encode(self))


_LEGEND: Final = msgspec.json.Decoder(Legend)


def read(note: str, verifier: Verifier) -> Legend:
    """The legend that this key attached to a note; an empty one for a file of an earlier version. Raises `NotSigned`
    for a changed one, and `msgspec.MsgspecError` for an invalid one."""
    content = attachment(note, FORMAT, verifier)
    return Legend() if content is None else _LEGEND.decode(content)


def claimed(note: str) -> Legend:
    """The legend of a note, without verification; an empty one if there is none."""
    for content in claimed_attachments(note):
        try:
            return _LEGEND.decode(content)
        except msgspec.MsgspecError:
            continue
    return Legend()
