"""Evidence: a self-contained file of stored events with their inclusion proofs.

Every line is a JSON object: first a header with the signed checkpoint, then one line per event, and finally a seal, a
signature over all bytes before it, which detects removed lines. The seal carries a legend with the names of what the
events refer to. `docs/evidence.md` specifies the format.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, Literal, NamedTuple, TypeVar
from uuid import UUID

import msgspec

from domain.log.mapper import LogRow, leaf_hash
from domain.proof import checkpoint, legend, merkle
from domain.proof.checkpoint import Checkpoint
from domain.proof.legend import Legend
from domain.proof.signed_note import NotSigned, Signer, Verifier, claimed, decoded, encoded, opened

FORMAT: Final = "keyframe-evidence/1"


class Broken(Exception):
    """Invalid evidence: the line, counted from 1, and what is wrong with it."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(f"line {line}: {what}")
        self.line = line
        self.what = what


class About(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The header of a file: the cycle, and the checkpoint of its proofs."""

    evidence: Literal["keyframe-evidence/1"]
    workspace: str
    cycle: UUID
    key: str
    checkpoint: str


class Entry(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """An event: all columns of its row, and the path from its leaf hash to the checkpoint's root.

    `metadata` and `data` are the stored bytes, which are JSON, as text; hashes are in Base64.
    """

    position: int
    recorded_at: str
    effective_at: str
    stream: UUID
    version: int
    topic: str
    belongs_to: UUID | None
    metadata: str
    data: str
    leaf_hash: str
    path: list[str]

    @classmethod
    def of(cls, row: LogRow, path: Sequence[bytes]) -> "Entry":
        """The entry of a row. Raises `ValueError` if its leaf hash does not match."""
        if leaf_hash(row) != row.leaf_hash:
            raise ValueError(f"The event at position {row.position} is damaged: run 'keyframe verify'.")
        return cls(
            position=row.position,
            recorded_at=_written(row.recorded_at),
            effective_at=_written(row.effective_at),
            stream=row.stream,
            version=row.version,
            topic=row.topic,
            belongs_to=row.belongs_to,
            metadata=row.metadata.decode(),
            data=row.data.decode(),
            leaf_hash=encoded(row.leaf_hash),
            path=[encoded(hash) for hash in path],
        )

    def row(self) -> LogRow:
        """The row of this entry. Raises `ValueError` for an invalid one."""
        return LogRow(
            self.position,
            _read(self.recorded_at),
            _read(self.effective_at),
            self.stream,
            self.version,
            self.topic,
            self.belongs_to,
            self.metadata.encode(),
            self.data.encode(),
            decoded(self.leaf_hash),
        )


class Seal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last line: a signed note over all lines before it."""

    seal: str


_ABOUT: Final = msgspec.json.Decoder(About)
_ENTRY: Final = msgspec.json.Decoder(Entry)
_SEAL: Final = msgspec.json.Decoder(Seal)


class Proven(NamedTuple):
    """The result of a check: the number of events of the cycle, the checkpoint that they were proven against, and the
    legend. `signer` is None if no signature was verified. `edited` are the streams with more than one event."""

    about: About
    events: int
    checkpoint: Checkpoint
    signer: Verifier | None
    legend: Legend
    edited: frozenset[UUID]

    @property
    def size(self) -> int:
        """The number of events of the signed log."""
        return self.checkpoint.size


# ── writing ──────────────────────────────────────────────────────────────────────────────────────


class Writing:
    """Writes a file line by line; each line ends with a newline."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        self._digest = sha256()

    def line(self, part: About | Entry) -> bytes:
        """The line of the header, or of an event."""
        line = msgspec.json.encode(part) + b"\n"
        self._digest.update(line)
        return line

    def seal(self, names: Legend) -> bytes:
        """The last line: the seal of all lines so far, with the legend."""
        note = self._signer.sign(_sealed(self._digest.digest()))
        return msgspec.json.encode(Seal(names.attached_to(note, self._signer))) + b"\n"


def _sealed(digest: bytes) -> str:
    """The text of the seal. It has two lines, so that it cannot be mistaken for a checkpoint."""
    return f"{FORMAT}\n{encoded(digest)}\n"


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


# ── reading ──────────────────────────────────────────────────────────────────────────────────────


def check(lines: Iterable[bytes], verifiers: Sequence[Verifier] | None) -> Proven:
    """Check a file of evidence offline against public keys. Raises `Broken`.

    Without keys (None), everything is checked but the signatures: an invented file can pass.
    """
    reading = _Reading(verifiers)
    for number, line in enumerate(lines, 1):
        try:
            reading.take(number, line)
        except (NotSigned, ValueError) as error:
            raise Broken(number, f"{str(error).removesuffix('.')}.") from error
    return reading.end()


def entries(lines: Iterable[bytes]) -> Iterator[Entry]:
    """The events of a file. Lines that are no events are left out; `check` finds out whether the others are proven."""
    for line in lines:
        with suppress(msgspec.MsgspecError):
            yield _ENTRY.decode(line)


Line = TypeVar("Line")


def _parsed(line: bytes, decoder: msgspec.json.Decoder[Line], what: str) -> Line:
    """A line of the file. Raises `ValueError` in words for people, in place of the message of the parser."""
    try:
        return decoder.decode(line)
    except (msgspec.MsgspecError, ValueError) as error:
        raise ValueError(f"This is not {what}: the file is of another kind, was changed, or was cut off.") from error


class _Reading:
    """Checks a file line by line."""

    def __init__(self, verifiers: Sequence[Verifier] | None) -> None:
        self._verifiers = verifiers
        self._digest = sha256()
        self._lines = 0
        self._about: About | None = None
        self._checkpoint = Checkpoint("", 0, merkle.EMPTY)
        self._last: LogRow | None = None
        self._versions: dict[UUID, int] = {}
        self._signer: Verifier | None = None
        self._legend: Legend | None = None

    def take(self, number: int, line: bytes) -> None:
        if self._legend is not None:
            raise ValueError("There are lines after the seal.")
        self._lines = number
        if self._about is None:
            self._begin(line)
        elif line.startswith(b'{"seal":'):
            self._end(_parsed(line, _SEAL, "the seal").seal)
        else:
            self._prove(_parsed(line, _ENTRY, "an event"))
        self._digest.update(line)

    def _begin(self, line: bytes) -> None:
        self._about = _parsed(line, _ABOUT, "the header of an evidence file")
        note = self._about.checkpoint
        given = self._verifiers
        self._checkpoint = checkpoint.read(note) if given is None else checkpoint.verified(note, given)

    def _prove(self, entry: Entry) -> None:
        try:
            row, path = entry.row(), [decoded(hash) for hash in entry.path]
        except (ValueError, OverflowError) as error:
            raise ValueError(f"The event at position {entry.position} has a column that cannot be read.") from error
        if leaf_hash(row) != row.leaf_hash:
            raise ValueError(f"The event at position {row.position} was changed: its hash does not match.")
        if not merkle.includes(self._checkpoint.root, self._checkpoint.size, row.leaf_hash, row.position - 1, path):
            raise ValueError(f"The event at position {row.position} is not in the signed log.")
        before = self._last
        if before is not None and not (before.position < row.position and before.recorded_at < row.recorded_at):
            raise ValueError(f"The event at position {row.position} is out of order.")
        if row.effective_at > row.recorded_at or row.version != self._versions.get(row.stream, 0) + 1:
            raise ValueError(f"The event at position {row.position} does not follow the one before it in its stream.")
        self._last = row
        self._versions[row.stream] = row.version

    def _end(self, note: str) -> None:
        text, self._signer = (claimed(note)[0], None) if self._verifiers is None else opened(note, self._verifiers)
        if text != _sealed(self._digest.digest()):
            raise ValueError("The seal does not match the file: a line was changed, added or removed.")
        if self._signer is None:
            self._legend = legend.claimed(note)
            return
        if self._signer.name != self._checkpoint.origin:
            raise ValueError("The seal and the checkpoint are of different logs.")
        self._legend = legend.read(note, self._signer)

    def end(self) -> Proven:
        if self._about is None or self._legend is None:
            raise Broken(self._lines + 1, "The file ends before its seal.")
        if self._about.cycle not in self._versions:
            raise Broken(1, "The file does not contain the cycle that its header names.")
        edited = frozenset(stream for stream, version in self._versions.items() if version > 1)
        return Proven(self._about, sum(self._versions.values()), self._checkpoint, self._signer, self._legend, edited)


def _read(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or _written(moment) != text:
        raise ValueError(f"{text!r} is not a UTC time in microseconds, like 2026-01-31T09:00:00.000000Z.")
    return moment
