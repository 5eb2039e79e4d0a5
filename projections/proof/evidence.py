"""Evidence of a cycle: all its events, each with an inclusion proof against one signed checkpoint.

A file is a function of the log up to the checkpoint, of the signing key, and of the people erased until it is written:
asked for again, it is the same bytes. It is written in parts, each on a connection of its own, so that neither the size
of the cycle nor a slow reader holds memory or a connection.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from hashlib import sha256
from itertools import chain
from typing import Final, NamedTuple, TypeAlias
from uuid import UUID

from domain.handlers.unit_of_work import CALENDAR_ID, POLICY_ID, keyed_id
from domain.log import raw
from domain.log.mapper import EventMapper, LogRow
from domain.model.cycle import CycleClosed, CycleOpened, CycleRescheduled
from domain.model.event import Event
from domain.model.key_result import KeyResultAdded, KeyResultLinked
from domain.model.measurements.reading import ReadingRecorded
from domain.model.people import PersonErased
from domain.model.workspace import CalendarSet
from domain.primitives.calendar import Calendar
from domain.primitives.errors import Code, CommandRejected, invalid
from domain.primitives.values import Kind
from domain.proof import checkpoint, evidence, merkle
from domain.proof.checkpoint import Checkpoint
from domain.proof.evidence import About, Broken, Entry, Writing
from domain.proof.legend import Legend
from domain.proof.signed_note import NotSigned
from projections.proof import names, signer
from projections.proof.merkle_tree import Tree
from projections.proof.names import Mentions
from projections.proof.signer import Keys, Rewritten
from projections.store.versioned_tables import Connection, fetch

Connect: TypeAlias = Callable[[], AbstractContextManager[Connection]]
"""Opens a connection for one part."""

PART: Final = 200
"""The maximum number of events in a part."""
_LINKING: Final = (KeyResultAdded.TOPIC, KeyResultLinked.TOPIC)
_ENDLESS = datetime.max.replace(tzinfo=UTC)
_mapper = EventMapper()


class Wanted(NamedTuple):
    """The cycle of a file by its key, and the size of the log that it is proven against; None for the newest."""

    cycle: str
    size: int | None = None


class Digest(NamedTuple):
    """The number of bytes of a file, and their SHA-256."""

    size: int
    sha256: bytes


class EvidenceFile(NamedTuple):
    """The evidence of a cycle at a checkpoint: its header, and the positions of its events in ascending order, as
    numbers of eight bytes. `erased` is the position of the last erasure, 0 without one: the names in it depend on
    that."""

    about: About
    checkpoint: Checkpoint
    positions: "array[int]"
    keys: Keys
    erased: int

    @property
    def tag(self) -> str:
        """A name of the bytes of this file: equal for equal bytes."""
        parts = (self.about.checkpoint, str(self.about.cycle), str(self.keys.signer.verifier), str(self.erased))
        return sha256("\0".join((evidence.FORMAT, *parts)).encode()).hexdigest()[:32]

    def parts(self, connect: Connect) -> Iterator[bytes]:
        """The file, in parts of up to `PART` events, each read on a connection of its own. Raises `Rewritten` if an
        event does not match the checkpoint, and `ValueError` for a damaged one."""
        writing, mentions = Writing(self.keys.signer), Mentions()
        yield writing.line(self.about)
        for start in range(0, len(self.positions), PART):
            with connect() as conn:
                rows = raw.rows_at(conn, self.positions[start : start + PART])
                found = b"".join(map(writing.line, self._proven(rows, Tree(conn, self.checkpoint.size))))
            for row in rows:
                mentions.add(_event(row), row.metadata)
            yield found
        with connect() as conn:
            yield writing.seal(Legend.of(names.named(conn, mentions.ids, self.checkpoint.size)))

    def digest(self, connect: Connect) -> Digest:
        """The digest of the file, which is written for it. Raises as `parts`."""
        size, hash = 0, sha256()
        for part in self.parts(connect):
            size += len(part)
            hash.update(part)
        return Digest(size, hash.digest())

    def _proven(self, rows: Sequence[LogRow], tree: Tree) -> Iterator[Entry]:
        root, size = self.checkpoint.root, self.checkpoint.size
        for row in rows:
            path = tree.inclusion(row.position).path
            if not merkle.includes(root, size, row.leaf_hash, row.position - 1, path):
                raise Rewritten(
                    f"The event at position {row.position} is not in the log that was signed: run 'keyframe verify'."
                )
            yield Entry.of(row, path)


def evidence_file(conn: Connection, workspace: str, wanted: Wanted, keys: Keys) -> EvidenceFile:
    """The evidence of a cycle, by default at the position of the projections.

    It holds, complete and in order, the streams of: the cycle, its objectives, their key results, check-ins,
    initiatives, comments and reflections; every KPI that measured one of the key results, and its readings
    within the cycle; the scoring policy and the calendar. Raises `CommandRejected` with `NOT_FOUND` for a cycle that
    does not exist at that size, and `INVALID` for a size that the log does not have, and `Rewritten`.
    """
    head = int(fetch(conn, "select position from view_position", {})[0][0])
    size = head if wanted.size is None else wanted.size
    if not 0 < size <= head:
        raise invalid(f"The log has no checkpoint of the size {size}; choose one from 1 to {head}.", "size")
    cycle = keyed_id(Kind.CYCLE, wanted.cycle)
    positions = _positions(conn, cycle, wanted.cycle, size)
    note = _signed(conn, size, keys)
    about = About(evidence.FORMAT, workspace, cycle, wanted.cycle, note)
    return EvidenceFile(about, checkpoint.read(note), positions, keys, _last_erasure(conn))


def of_cycle(conn: Connection, workspace: str, key: str, keys: Keys) -> Iterator[bytes]:
    """The lines of an evidence file of the cycle with this key, up to the position of the projections. The file is
    verified before its first line is returned, and the checkpoint is stored. Raises as `evidence_file` and
    `EvidenceFile.parts`, and `Rewritten` for a file that its verifiers would reject."""
    file = evidence_file(conn, workspace, Wanted(key), keys)
    try:
        evidence.check(_lines(file, conn), keys.verifiers)
    except Broken as broken:
        raise Rewritten(f"No evidence is written, since it does not verify: {broken.what}") from broken
    signer.keep(conn, file.checkpoint.size, keys)
    return _lines(file, conn)


def _lines(file: EvidenceFile, conn: Connection) -> Iterator[bytes]:
    return chain.from_iterable(part.splitlines(keepends=True) for part in file.parts(lambda: nullcontext(conn)))


def _signed(conn: Connection, size: int, keys: Keys) -> str:
    """The checkpoint of this size, signed with the current key: a file has all its signatures from one key, even after
    the key was replaced."""
    note = signer.signed(conn, size, keys)
    try:
        checkpoint.verified(note, [keys.signer.verifier])
    except NotSigned:
        return checkpoint.signed(size, checkpoint.verified(note, keys.verifiers).root, keys.signer)
    return note


def _last_erasure(conn: Connection) -> int:
    query = f"select coalesce(max(position), 0) from change where topic = '{PersonErased.TOPIC}'"
    return int(fetch(conn, query, {})[0][0])


# ── positions ────────────────────────────────────────────────────────────────────────────────────


def _positions(conn: Connection, cycle: UUID, key: str, size: int) -> "array[int]":
    """The position of every event of the evidence, in the order of the log."""
    own = raw.rows_of(conn, [cycle], size)
    if not own:
        message = f"There is no {Kind.CYCLE} with the key '{key[:60]}' in the first {size} events of the log."
        raise CommandRejected(Code.NOT_FOUND, message, "cycle")
    linked = _links(raw.held_rows(conn, cycle, _LINKING, size))
    kpis = list(linked)
    settings = raw.rows_of(conn, [CALENDAR_ID, POLICY_ID, *kpis], size)
    span = _span(own, _calendars([row for row in settings if row.stream == CALENDAR_ID]), linked.values())
    held = raw.held_positions(conn, cycle, size)
    readings = raw.measured_positions(conn, kpis, ReadingRecorded.TOPIC, span, size)
    return array("q", sorted(chain(held, readings, (row.position for row in settings))))


def _links(rows: Sequence[LogRow]) -> dict[UUID, datetime]:
    """The KPIs that any key result was ever linked to, each with the time of its first link."""
    linked: dict[UUID, datetime] = {}
    for event in map(_event, rows):
        if isinstance(event, KeyResultAdded | KeyResultLinked) and event.kpi is not None:
            linked[event.kpi] = min(linked.get(event.kpi, _ENDLESS), event.timestamp)
    return linked


def _calendars(rows: Sequence[LogRow]) -> list[Calendar]:
    """Every calendar that was ever in force."""
    return [Calendar(), *(event.calendar for event in map(_event, rows) if isinstance(event, CalendarSet))]


def _span(
    rows: Sequence[LogRow], calendars: Sequence[Calendar], links: Iterable[datetime]
) -> tuple[datetime, datetime]:
    """The time span of the evidence: from the start of the cycle, or the first link if that is earlier, to its end, or
    its closing if that is later; without end while the cycle is open. Of several calendars, and of the days before and
    after a rescheduling, the earliest start and the latest end, so that it has the readings that counted at any
    basis."""
    events = list(map(_event, rows))
    given, last = [one for one in events if isinstance(one, CycleOpened | CycleRescheduled)], events[-1]
    begins = min(calendar.day_start(one.starts_on) for calendar in calendars for one in given)
    ends = max(calendar.day_end(one.ends_on) for calendar in calendars for one in given)
    return min([begins, *links]), max(ends, last.timestamp) if isinstance(last, CycleClosed) else _ENDLESS


def _event(row: LogRow) -> Event:
    return _mapper.decode(row.topic, row.data, row.stream, row.version, row.effective_at)
