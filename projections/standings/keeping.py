"""Adds the rows of kept standings that a batch of events makes.

Without it each reader would work standings out from the history of a key result. A check-in that is measured after
everything else continues the last row of its key result, and so does a later change of its definition that leaves the
meaning of its measurements as it is. Every other event is applied to the history of the key result, and the standing is
written anew for the moments from the event on at which it differs.
"""

from bisect import insort
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple, TypeGuard
from uuid import UUID

from msgspec.structs import replace

from domain.metrics.formulas import fits, unclamped
from domain.metrics.progress import is_level, needs_baseline, with_start
from domain.model.event import Event, Recorded
from domain.model.key_result import (
    KeyResultAdded,
    KeyResultEvent,
    KeyResultLinked,
    KeyResultMoved,
    KeyResultRetargeted,
    KeyResultUnlinked,
)
from domain.model.measurements.check_in import CheckInCorrected, KeyResultCheckedIn
from domain.primitives.values import EARLIEST, Direction, KeyResultState, Metric
from projections.standings import kept_rows
from projections.standings.kept_rows import KEPT, KeptRow
from projections.store.batch_writer import BatchWriter
from projections.store.versioned_tables import OPEN, Connection, fetch
from projections.tables.key_result import KEY_RESULT, KeyResultRow
from projections.tables.measurements import CHECK_IN
from projections.tables.objective import OBJECTIVE

# ── the standing at a moment ─────────────────────────────────────────────────────────────────────


class CheckedIn(NamedTuple):
    """The current version of a check-in, in the order of measurements."""

    measured_at: datetime
    first_position: int
    id: UUID
    value: float | None
    reached: tuple[str, ...] | None
    confidence: float | None


class History:
    """The versions of a key result, oldest first, its current check-ins in order, and for each moment the newest row
    since then. `parents`: the positions at which the objectives were drafted that it was in."""

    def __init__(self) -> None:
        self.parents: dict[UUID, int] = {}
        self.versions: list[KeyResultRow] = []
        self.check_ins: list[CheckedIn] = []
        self.rows: dict[datetime, KeptRow] = {}

    @property
    def is_kept(self) -> bool:
        """Whether no version links it to a KPI: a link also tells the values before it takes effect and after its
        end."""
        return all(row.kpi is None for row in self.versions)

    def changed(self, since: datetime, position: int) -> Iterator[KeptRow]:
        """The rows of the moments from `since` on whose standing now differs from the newest row. Keeps them."""
        for row in self._swept(since, position):
            known = self.rows.get(row.since)
            if known is None or replace(known, position=position, until_position=OPEN) != row:
                self.rows[row.since] = row
                yield row

    def _swept(self, since: datetime, position: int) -> Iterator[KeptRow]:
        """The standing from each moment on at which it changes, of those from `since` on, in one pass."""
        born = self.versions[0].created_at
        seen = self.check_ins if self.is_kept else []
        moments = self.rows.keys() | {row.changed_at for row in self.versions}
        moments |= {max(born, one.measured_at) for one in seen}
        known = version = 0
        for moment in sorted(moments):
            while version + 1 < len(self.versions) and self.versions[version + 1].changed_at <= moment:
                version += 1
            while known < len(seen) and seen[known].measured_at <= moment:
                known += 1
            if moment >= since:
                yield self._row(self.versions[version], moment, position, seen, known)

    def _row(self, of: KeyResultRow, moment: datetime, position: int, seen: Sequence[CheckedIn], known: int) -> KeptRow:
        row = defined(of, moment, position, self.parents[of.objective], is_kept=self.is_kept)
        if known == 0:
            return row
        latest = next(_fitting(of.metric, seen, range(known - 1, -1, -1)), None)
        stated = (one.confidence for one in (seen[at] for at in range(known - 1, -1, -1)) if one.confidence is not None)
        baseline = _first_value(of.metric, seen, known) if needs_baseline(of.metric) else None
        return replace(
            measured(row, latest, baseline), last_measured_at=seen[known - 1].measured_at, confidence=next(stated, None)
        )


def defined(of: KeyResultRow, since: datetime, position: int, parent: int, *, is_kept: bool) -> KeptRow:
    """The row of a version of a key result before any measurement."""
    return KeptRow(
        of.id, since, position, of.objective, parent, of.born, of.created_at, of.changed_at, of.position, of.title,
        of.owner, of.state is KeyResultState.DROPPED, of.weight, of.due, of.metric, of.plan, of.score, of.scored_in,
        is_kept, is_kept and is_level(of.metric),
    )  # fmt: skip


def measured(row: KeptRow, latest: CheckedIn | None, baseline: float | None) -> KeptRow:
    """The row with this latest measurement that fits its metric, and the value that its metric begins at."""
    metric = with_start(row.metric, baseline)
    row = replace(row, baseline=baseline, is_level=is_level(metric))
    if latest is None:
        return row
    share = unclamped(metric, latest)
    return replace(row, share=share, value=latest.value, reached=latest.reached, measured_at=latest.measured_at)


def _fitting(metric: Metric, seen: Sequence[CheckedIn], places: Iterable[int]) -> Iterator[CheckedIn]:
    return (one for one in map(seen.__getitem__, places) if fits(metric, one.value, one.reached))


def _first_value(metric: Metric, seen: Sequence[CheckedIn], known: int) -> float | None:
    """The first value that fits; of several at that instant, the one first recorded last."""
    fitting = _fitting(metric, seen, range(known))
    found = next(fitting, None)
    for one in fitting:
        if found is None or one.measured_at != found.measured_at:
            break
        found = one
    return None if found is None else found.value


# ── events that continue the last row ────────────────────────────────────────────────────────────

_OF_THE_VALUE = (KeyResultRetargeted, KeyResultLinked, KeyResultUnlinked)
"""The events that change what the measurements of a key result mean."""


def _redefines(event: Event, since: datetime) -> bool:
    """Whether an event changes a key result, but not its value, after everything that a last row knows."""
    return isinstance(event, KeyResultEvent) and not isinstance(event, _OF_THE_VALUE) and event.timestamp >= since


def _retargets(event: Event, since: datetime, metric: Metric) -> TypeGuard[KeyResultRetargeted]:
    """Whether an event changes the metric after everything that a last row knows, and keeps what was measured."""
    return isinstance(event, KeyResultRetargeted) and event.timestamp >= since and _keeps_meaning(metric, event.metric)


def redefined(row: KeptRow, of: KeyResultRow, position: int, parent: int | None = None) -> KeptRow:
    """The row after a version that changes no value. `parent`: that of another objective."""
    return replace(
        row, since=of.changed_at, position=position, objective=of.objective,
        parent=row.parent if parent is None else parent, changed_at=of.changed_at, changed_position=of.position,
        title=of.title, owner=of.owner, is_dropped=of.state is KeyResultState.DROPPED, weight=of.weight, due=of.due,
        plan=of.plan, score=of.score, scored_in=of.scored_in,
    )  # fmt: skip


def continues(since: datetime, last_measured_at: datetime | None, measured_at: datetime) -> bool:
    """Whether a check-in is measured after everything that a last row knows."""
    return measured_at >= since and (last_measured_at is None or measured_at > last_measured_at)


def continued(row: KeptRow, of: CheckedIn, position: int) -> KeptRow:
    """The row after a check-in that continues the last row."""
    confidence = row.confidence if of.confidence is None else of.confidence
    after = replace(
        row, since=of.measured_at, position=position, last_measured_at=of.measured_at, confidence=confidence
    )
    if not fits(row.metric, of.value, of.reached):
        return after
    is_first = row.baseline is None and needs_baseline(row.metric)
    return measured(after, of, of.value if is_first else row.baseline)


def _keeps_meaning(before: Metric, after: Metric) -> bool:
    """Whether the same measurements fit both metrics, with no value to begin at among them."""
    directions = {before.direction, after.direction}
    return directions.isdisjoint(_OF_OTHER_MEASUREMENTS) and not (needs_baseline(before) or needs_baseline(after))


_OF_OTHER_MEASUREMENTS = (Direction.MILESTONES, Direction.DONE)
"""The directions that only some measurements fit."""


def retargeted(row: KeptRow, of: KeyResultRow, position: int) -> KeptRow:
    """The row after a version with a metric that keeps the meaning of the measurements."""
    after = defined(of, of.changed_at, position, row.parent, is_kept=row.is_kept)
    if row.last_measured_at is None:
        return after
    latest = None
    if row.measured_at is not None:
        latest = CheckedIn(row.measured_at, row.position, row.id, row.value, row.reached, row.confidence)
    after = measured(after, latest, None)
    return replace(after, last_measured_at=row.last_measured_at, confidence=row.confidence)


# ── batches ──────────────────────────────────────────────────────────────────────────────────────


class Keeper:
    """Adds the rows of one batch to its writer, event by event, after the handlers of the tables."""

    def __init__(self, conn: Connection, entries: Sequence[Recorded], writer: BatchWriter) -> None:
        self._writer = writer
        self._last: dict[UUID, KeptRow] = {}
        self._histories: dict[UUID, History] = {}
        subjects = _by_key_result(entries, writer)
        before = [id for id, events in subjects.items() if not isinstance(events[0].event, KeyResultAdded)]
        if before:
            self._last = kept_rows.last(conn, before)
        if rewritten := [id for id, events in subjects.items() if self._is_rewritten(id, events)]:
            self._read(conn, rewritten)

    def apply(self, entry: Recorded) -> None:
        """Add the rows that an event makes."""
        event = entry.event
        if isinstance(event, KeyResultEvent):
            self._changed(event, entry.position)
        elif isinstance(event, KeyResultCheckedIn | CheckInCorrected):
            self._checked_in(event, entry.position)

    # ── events ───────────────────────────────────────────────────────────────────────────────────

    def _changed(self, event: KeyResultEvent, position: int) -> None:
        version = self._writer.current(KEY_RESULT, event.originator_id)
        history, before = self._histories.get(version.id), self._last.get(version.id)
        parent = None
        if isinstance(event, KeyResultAdded | KeyResultMoved):
            parent = self._writer.current(OBJECTIVE, event.objective).born
            if history is not None:
                history.parents[event.objective] = parent
        if isinstance(event, KeyResultAdded):
            assert parent is not None
            row = defined(version, version.changed_at, position, parent, is_kept=version.kpi is None)
        elif before is not None and _redefines(event, before.since):
            row = redefined(before, version, position, parent)
        elif before is not None and history is None:
            row = retargeted(before, version, position)
        else:
            assert history is not None
            history.versions.append(version)
            since = EARLIEST if isinstance(event, KeyResultLinked) else version.changed_at
            self._add(history.changed(since, position))
            return
        self._add([row])
        if history is not None:
            history.versions.append(version)
            history.rows[row.since] = row

    def _checked_in(self, event: KeyResultCheckedIn | CheckInCorrected, position: int) -> None:
        row = self._writer.current(CHECK_IN, event.originator_id)
        of = CheckedIn(row.measured_at, row.first_position, row.id, row.value, row.reached, row.confidence)
        history, before = self._histories.get(row.key_result), self._last[row.key_result]
        since = of.measured_at
        if history is not None:
            since = min([since, *_taken_out(history.check_ins, of.id)])
            insort(history.check_ins, of)
        if not before.is_kept:
            return
        if isinstance(event, KeyResultCheckedIn) and continues(before.since, before.last_measured_at, of.measured_at):
            self._add([continued(before, of, position)])
            if history is not None:
                history.rows[of.measured_at] = self._last[row.key_result]
        elif history is not None:
            self._add(history.changed(max(since, history.versions[0].created_at), position))

    def _add(self, rows: Iterable[KeptRow]) -> None:
        """Add rows in the order of (`since`, `position`). Each ends the last row of its key result, unless it begins
        before that one: then it never is the last."""
        for row in rows:
            last = self._last.get(row.id)
            if last is not None and last.since > row.since:
                self._writer.add(KEPT, replace(row, until_position=row.position))
                continue
            if last is not None:
                self._writer.close(KEPT, KEPT.natural_key_of(last), row.position)
            self._writer.add(KEPT, row)
            self._last[row.id] = row

    # ── histories ────────────────────────────────────────────────────────────────────────────────

    def _is_rewritten(self, id: UUID, events: Sequence[Recorded]) -> bool:
        """Whether some event does more than begin the key result or continue its last row."""
        last = self._last.get(id)
        if last is not None and not last.is_kept and all(_is_measured(entry.event) for entry in events):
            return False
        since, moment, metric = EARLIEST, None, None
        if last is not None:
            since, moment, metric = last.since, last.last_measured_at, last.metric if last.is_kept else None
        for entry in events:
            event = entry.event
            if isinstance(event, KeyResultAdded):
                since, metric = event.timestamp, event.metric if event.kpi is None else None
            elif isinstance(event, KeyResultCheckedIn) and continues(since, moment, event.timestamp):
                since = moment = event.timestamp
            elif _redefines(event, since):
                since = event.timestamp
            elif metric is not None and _retargets(event, since, metric):
                since, metric = event.timestamp, event.metric
            else:
                return True
        return False

    def _read(self, conn: Connection, ids: Sequence[UUID]) -> None:
        """The histories of these key results before the batch."""
        self._histories = {id: History() for id in ids}
        known = {"ids": [id for id in ids if id in self._last]}
        if not known["ids"]:
            return
        for version in KEY_RESULT.read(conn, _VERSIONS, known):
            self._histories[version.id].versions.append(version)
        for id, *columns in fetch(conn, _CHECK_INS, known):
            at, first, check_in, value, reached, confidence = columns
            reached = None if reached is None else tuple(reached)
            self._histories[id].check_ins.append(CheckedIn(at, first, check_in, value, reached, confidence))
        for row in kept_rows.newest(conn, known["ids"]):
            self._histories[row.id].rows[row.since] = row
            self._histories[row.id].parents[row.objective] = row.parent


_VERSIONS = f"select {KEY_RESULT.seen} from key_result v where v.id = any(%(ids)b) order by v.position"
_CHECK_INS = f"""
    select key_result, measured_at, first_position, id, value, reached, confidence from check_in
    where key_result = any(%(ids)b) and until_position = {OPEN} order by key_result, measured_at, first_position
"""


def _is_measured(event: Event) -> bool:
    return isinstance(event, KeyResultCheckedIn | CheckInCorrected)


def _taken_out(check_ins: list[CheckedIn], id: UUID) -> list[datetime]:
    """Remove the version of a check-in that is corrected; when it was measured, if there was one."""
    places = [place for place, one in enumerate(check_ins) if one.id == id]
    return [check_ins.pop(place).measured_at for place in places]


def _by_key_result(entries: Sequence[Recorded], writer: BatchWriter) -> dict[UUID, list[Recorded]]:
    """The events of the batch that may change the standing of a key result, by its id."""
    found: dict[UUID, list[Recorded]] = {}
    begun: dict[UUID, UUID] = {}
    for entry in entries:
        event = entry.event
        if isinstance(event, KeyResultCheckedIn):
            begun[event.originator_id] = event.key_result
            found.setdefault(event.key_result, []).append(entry)
        elif isinstance(event, CheckInCorrected):
            id = event.originator_id
            of = begun[id] if id in begun else writer.current(CHECK_IN, id).key_result
            found.setdefault(of, []).append(entry)
        elif isinstance(event, KeyResultEvent):
            found.setdefault(event.originator_id, []).append(entry)
    return found
