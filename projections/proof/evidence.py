"""Evidence of a cycle: all its events, each with an inclusion proof against one signed checkpoint."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

from domain.handlers.unit_of_work import CALENDAR_ID, POLICY_ID, keyed_id
from domain.log import raw
from domain.log.mapper import EventMapper, LogRow
from domain.model.cycle import CycleClosed, CycleOpened
from domain.model.event import Event
from domain.model.key_result import KeyResultAdded, KeyResultLinked
from domain.model.kpi import ReadingRecorded
from domain.model.workspace import CalendarSet
from domain.primitives.calendar import Calendar
from domain.primitives.errors import Code, CommandRejected
from domain.primitives.values import Kind
from domain.proof import evidence
from domain.proof.evidence import About, Broken, Entry
from projections.proof import signer
from projections.proof.merkle_tree import Tree
from projections.proof.signer import Keys, Rewritten
from projections.store.versioned_tables import Connection, fetch

_ENDLESS = datetime.max.replace(tzinfo=UTC)
_mapper = EventMapper()


def of_cycle(conn: Connection, workspace: str, key: str, keys: Keys) -> Iterator[bytes]:
    """The lines of an evidence file of the cycle with this key, up to the position of the projections.

    It holds, complete and in order, the streams of: the cycle, its objectives, their key results, check-ins,
    initiatives, comments and reflections; every KPI that measured one of the key results, and its readings
    within the cycle; the scoring policy and the calendar. The checkpoint is stored, and the file is verified before its
    first line is returned. Raises `CommandRejected` with `NOT_FOUND`, `Rewritten` for a log that contradicts its
    checkpoint, and `ValueError` for a damaged event.
    """
    size = int(fetch(conn, "select position from view_position", {})[0][0])
    rows = _rows(conn, keyed_id(Kind.CYCLE, key), key, size)
    note = signer.keep(conn, size, keys)
    about = About(evidence.FORMAT, workspace, rows[0].stream, key, note)
    tree = Tree(conn, size)
    _require_verifiable(evidence.written(about, _proven(rows, tree), keys.signer), keys)
    return evidence.written(about, _proven(rows, tree), keys.signer)


def _require_verifiable(lines: Iterator[bytes], keys: Keys) -> None:
    """Raise `Rewritten` for a file that its own verifiers would reject: the log contradicts its checkpoint."""
    try:
        evidence.check(lines, keys.verifiers)
    except Broken as broken:
        raise Rewritten(
            f"No evidence is written, since its verification fails: {broken.what} Run 'keyframe verify'."
        ) from broken


def _proven(rows: Sequence[LogRow], tree: Tree) -> Iterator[Entry]:
    for row in rows:
        yield Entry.of(row, tree.inclusion(row.position).path)


# ── rows ─────────────────────────────────────────────────────────────────────────────────────────


def _rows(conn: Connection, cycle: UUID, key: str, size: int) -> list[LogRow]:
    """Every row of the evidence, in the order of the log."""
    held = raw.rows_of(conn, raw.descendants(conn, cycle, size), size)
    if not held:
        raise CommandRejected(Code.NOT_FOUND, f"There is no {Kind.CYCLE} with the key '{key}'.", "cycle")
    linked = _links(held)
    kpis = list(linked)
    calendar = raw.rows_of(conn, [CALENDAR_ID], size)
    own = [row for row in held if row.stream == cycle]
    span = _span(own, _calendars(calendar), min(linked.values(), default=_ENDLESS))
    readings = raw.measurements_of(conn, kpis, ReadingRecorded.TOPIC, span, size)
    related = raw.rows_of(conn, [*kpis, *readings, POLICY_ID], size)
    return sorted([*held, *calendar, *related], key=_position)


def _links(rows: Sequence[LogRow]) -> dict[UUID, datetime]:
    """The KPIs that any key result was ever linked to, each with the time of its first link."""
    linked: dict[UUID, datetime] = {}
    for event in (_event(row) for row in rows if row.topic.startswith((KeyResultAdded.TOPIC, KeyResultLinked.TOPIC))):
        if isinstance(event, KeyResultAdded | KeyResultLinked) and event.kpi is not None:
            linked[event.kpi] = min(linked.get(event.kpi, _ENDLESS), event.timestamp)
    return linked


def _calendars(rows: Sequence[LogRow]) -> list[Calendar]:
    """Every calendar that was ever in force."""
    return [Calendar(), *(event.calendar for event in map(_event, rows) if isinstance(event, CalendarSet))]


def _span(rows: Sequence[LogRow], calendars: Sequence[Calendar], linked_at: datetime) -> tuple[datetime, datetime]:
    """The time span of the evidence: from the start of the cycle, or the first link if that is earlier, to its end, or
    its closing if that is later; without end while the cycle is open. Of several calendars, the earliest start and the
    latest end, so that it has the readings that counted at any basis."""
    opened, last = _event(rows[0]), _event(rows[-1])
    assert isinstance(opened, CycleOpened)
    begins = min(calendar.day_start(opened.starts_on) for calendar in calendars)
    ends = max(calendar.day_end(opened.ends_on) for calendar in calendars)
    return min(begins, linked_at), max(ends, last.timestamp) if isinstance(last, CycleClosed) else _ENDLESS


def _event(row: LogRow) -> Event:
    return _mapper.decode(row.topic, row.data, row.stream, row.version, row.effective_at)


def _position(row: LogRow) -> int:
    return row.position
