"""The register of checkpoints: what is signed about a stored checkpoint beside the checkpoint itself.

A checkpoint says what the log was; it does not say which other checkpoints there are. So each stored one has a number,
without gaps, and an entry that ties number, size and root together. Checkpoints are removed only with a signed record
of their numbers: a number without either was removed by another party. An entry also covers the commands that recorded
the events up to its size, whose rows are not part of the log's tree.

Both texts are signed notes. Their second line is the name of the log, so they cannot be mistaken for a checkpoint.
"""

import re
import struct
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

import msgspec

from domain.log.append import CommandRow
from domain.log.mapper import microseconds
from domain.proof.signed_note import NotSigned, Signer, Verifier, decoded, encoded, opened

NO_COMMANDS: Final = sha256(b"").digest()
"""The digest of no commands."""

_ENTRY: Final = "keyframe-register/1"
_REMOVAL: Final = "keyframe-removal/1"
_ENTRY_TEXT = re.compile(
    rf"{_ENTRY}\n([^\n]+)\n([1-9][0-9]{{0,18}})\n(0|[1-9][0-9]{{0,18}})\n([A-Za-z0-9+/]{{43}}=)\n([A-Za-z0-9+/]{{43}}=)\n"
)
_REMOVAL_TEXT = re.compile(rf"{_REMOVAL}\n([^\n]+)\n([1-9][0-9]{{0,18}})-([1-9][0-9]{{0,18}})\n")
_COMMAND = struct.Struct(">16sqqqII")


class Entry(msgspec.Struct, frozen=True):
    """The statement that the checkpoint with this number has this size and root, and that the events up to the size
    were recorded by commands with this digest."""

    origin: str
    number: int
    size: int
    root: bytes
    commands: bytes

    @property
    def text(self) -> str:
        parts = (_ENTRY, self.origin, self.number, self.size, encoded(self.root), encoded(self.commands))
        return "".join(f"{part}\n" for part in parts)


class Removal(msgspec.Struct, frozen=True):
    """The statement that the checkpoints with the numbers from `first` to `last` were removed."""

    origin: str
    first: int
    last: int

    @property
    def text(self) -> str:
        return f"{_REMOVAL}\n{self.origin}\n{self.first}-{self.last}\n"


def signed(statement: Entry | Removal, signer: Signer) -> str:
    """The signed note of a statement. It is deterministic."""
    return signer.sign(statement.text)


def entry(note: str, verifiers: Iterable[Verifier]) -> Entry:
    """The entry of a note that one of these keys signed. Raises `NotSigned`."""
    found, origin = _read(note, verifiers, _ENTRY_TEXT, "entry of the register")
    try:
        return Entry(origin, int(found[2]), int(found[3]), decoded(found[4]), decoded(found[5]))
    except ValueError as error:
        raise NotSigned("This is not an entry of the register.") from error


def removal(note: str, verifiers: Iterable[Verifier]) -> Removal:
    """The removal of a note that one of these keys signed. Raises `NotSigned`."""
    found, origin = _read(note, verifiers, _REMOVAL_TEXT, "record of removed checkpoints")
    return Removal(origin, int(found[2]), int(found[3]))


def with_command(before: bytes, command: CommandRow) -> bytes:
    """The digest of commands extended by the next one, in the order of their first events.

    It is the SHA-256 of: the digest before (32 bytes) · the command's id (16 bytes) · first and last position and time
    of recording (signed 8 bytes each, big-endian; the time in microseconds since 1970-01-01 UTC) · the lengths of input
    digest and answer (unsigned 4 bytes each) · the two.
    """
    moment = microseconds(command.recorded_at)
    lengths = len(command.digest), len(command.result)
    head = _COMMAND.pack(command.id.bytes, command.first, command.last, moment, *lengths)
    return sha256(before + head + command.digest + command.result).digest()


def _read(note: str, verifiers: Iterable[Verifier], pattern: re.Pattern[str], kind: str) -> tuple[re.Match[str], str]:
    text, signer = opened(note, verifiers)
    found = pattern.fullmatch(text)
    if found is None:
        raise NotSigned(f"This is no {kind}.")
    if found[1] != signer.name:
        raise NotSigned(f"The {kind} is of {found[1]}, but signed by {signer.name}.")
    return found, found[1]
