"""Reference implementation: subjects and filters of changes, derived from the log in plain Python."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from domain.model.cycle import CycleClosed, CycleOpened, CycleRescheduled
from domain.model.discussion import CommentAdded, ExternalReferenceRemoved, ExternalReferenceSet, Reflected
from domain.model.event import Event, Recorded
from domain.model.key_result import KeyResultDropped, KeyResultUnlinked
from domain.model.objective import ObjectiveClosed, ObjectiveDropped, ObjectiveReopened
from domain.model.workspace import CalendarSet
from domain.primitives.calendar import Calendar
from domain.primitives.values import Kind, Source

OWN = {Kind.OBJECTIVE: "objective", Kind.KEY_RESULT: "key_result", Kind.KPI: "kpi", Kind.CYCLE: "cycle"}


class Log:
    """All events up to a position, and the properties of each as a change."""

    def __init__(self, log: Iterable[Recorded]) -> None:
        self.log = list(log)
        self.first = {
            entry.event.originator_id: entry.event for entry in self.log if entry.event.originator_version == 1
        }
        self.moves: dict[UUID, list[tuple[int, UUID]]] = {}
        for entry in self.log:
            if entry.event.moves_to is not None:
                self.moves.setdefault(entry.event.originator_id, []).append((entry.position, entry.event.moves_to))

    def place(self, event: Event, position: int) -> dict[str, UUID]:
        """The parents of an event by kind, as of a position; of two parents of one kind the nearest."""
        found: dict[str, UUID] = {}
        id: UUID | None = event.originator_id
        while id is not None:
            first = self.first[id]
            if first.KIND in OWN:
                found.setdefault(OWN[first.KIND], id)
            moved = [to for at, to in self.moves.get(id, ()) if at <= position]
            id = moved[-1] if moved else first.belongs_to
        return found

    def days_at(self, cycle: UUID, position: int) -> tuple[date, date]:
        """The first and the last day of a cycle as of a position."""
        events = [one.event for one in self.log if one.event.originator_id == cycle and one.position <= position]
        known: Any = [one for one in events if isinstance(one, CycleOpened | CycleRescheduled)][-1]
        return known.starts_on, known.ends_on

    def subject(self, event: Event) -> tuple[Kind, UUID]:
        if isinstance(event, CommentAdded | Reflected | ExternalReferenceSet | ExternalReferenceRemoved):
            return event.subject.kind, event.subject.id
        return event.KIND, event.originator_id

    def is_late(self, entry: Recorded) -> bool:
        """Whether it was recorded after the closing of its cycle; for a reading, of one of a key result that its KPI
        measures, within whose window it was measured."""
        if self._closing(self.place(entry.event, entry.position).get("cycle"), entry) is not None:
            return True
        key_results = [one for one in self.first.values() if one.KIND is Kind.KEY_RESULT]
        is_reading = entry.event.KIND is Kind.READING
        return is_reading and any(self._is_in_closed_window(one.originator_id, entry) for one in key_results)

    def _closing(self, cycle: UUID | None, entry: Recorded) -> Recorded | None:
        """The closing of a cycle before an entry."""
        before = self.log[: entry.position - 1]
        closed = [one for one in before if isinstance(one.event, CycleClosed) and one.event.originator_id == cycle]
        return closed[0] if closed else None

    def _is_in_closed_window(self, key_result: UUID, reading: Recorded) -> bool:
        place, position = self.place(self.first[key_result], len(self.log)), reading.position
        closing, ended = self._closing(place["cycle"], reading), self._end(place["objective"], position)
        if closing is None or not self.is_measured_by(key_result, reading):
            return False
        end = min((one.effective_at, one.position) for one in (closing, ended) if one is not None)
        calendar = self.calendar_at(end)
        starts_on, ends_on = self.days_at(place["cycle"], min(one.position for one in (closing, ended) if one))
        days = [starts_on, self.value_before(key_result, "count_from", position)]
        if self.value_before(key_result, "aggregate", position) is None:  # LAST, which has no first day
            days = [date.min]
        last_day = max(ends_on, self.value_before(key_result, "due", position))
        measured_at = reading.effective_at
        return max(filter(None, days)) <= calendar.day_of(measured_at) <= last_day and measured_at <= end[0]

    def calendar_at(self, end: tuple[datetime, int] | None) -> Calendar:
        """The calendar in force at an end, given as moment and position, as was known there; without one, the last
        one."""
        seen = [one.event for one in self.log if end is None or (one.effective_at <= end[0] and one.position <= end[1])]
        known = [event.calendar for event in seen if isinstance(event, CalendarSet)]
        return known[-1] if known else Calendar()

    def _end(self, objective: UUID, position: int) -> Recorded | None:
        """The closing or dropping of an objective, as known before a position."""
        end = None
        for entry in self.log[: position - 1]:
            if entry.event.originator_id == objective:
                if isinstance(entry.event, ObjectiveClosed | ObjectiveDropped):
                    end = entry
                elif isinstance(entry.event, ObjectiveReopened):
                    end = None
        return end

    def delay(self, entry: Recorded) -> timedelta:
        """The time until the recording, or for an import until the claim."""
        if entry.by.source is Source.IMPORT:
            return (getattr(entry.event, "claimed_at", None) or entry.effective_at) - entry.effective_at
        return entry.recorded_at - entry.effective_at

    def value_before(self, id: UUID, name: str, position: int) -> Any:
        """The last value of a field in the events of an aggregate before a position; None without any."""
        values = [
            getattr(entry.event, name)
            for entry in self.log
            if entry.event.originator_id == id and entry.position < position and hasattr(entry.event, name)
        ]
        return values[-1] if values else None

    def belongs(self, entry: Recorded, kind: Kind, id: UUID, teams: Sequence[UUID] = ()) -> bool:
        """Whether a change belongs to a node, as `changes.pages` defines it."""
        event, place = entry.event, self.place(entry.event, entry.position)
        if kind is Kind.TEAM:
            return self._is_of_teams(entry, place, teams)
        if kind in (Kind.OBJECTIVE, Kind.KEY_RESULT, Kind.CYCLE):
            return place.get(OWN[kind]) == id or self._moves(entry, OWN[kind], id)
        if kind is Kind.KPI:
            return place.get("kpi") == id
        return self.subject(event) == (kind, id)

    def _is_of_teams(self, entry: Recorded, place: dict[str, UUID], teams: Sequence[UUID]) -> bool:
        if self.subject(entry.event)[1] in teams:
            return True
        owner = place.get("objective") or place.get("kpi")
        if owner is None:
            return False
        return any(self.value_before(owner, "team", at) in teams for at in (entry.position, entry.position + 1))

    def _moves(self, entry: Recorded, column: str, id: UUID) -> bool:
        if entry.event.KIND is not Kind.READING:
            return False
        key_results = [one for one in self.first.values() if one.KIND is Kind.KEY_RESULT]
        within = [one for one in key_results if self.place(one, entry.position).get(column) == id]
        return any(self.is_measured_by(one.originator_id, entry) for one in within)

    def is_measured_by(self, key_result: UUID, reading: Recorded) -> bool:
        """Whether a key result was linked to the KPI of a reading when it was recorded. The time it was measured at may
        lie before the link, but not after the last day of the cycle, or the due date if that is later."""
        kpi = None
        added: Any = self.first[key_result]
        due = added.due
        place = self.place(added, reading.position)
        for entry in self.log:
            event = entry.event
            if entry.position > reading.position or event.originator_id != key_result:
                continue
            if isinstance(event, KeyResultDropped):
                return False
            due = event.due if hasattr(event, "due") else due
            if hasattr(event, "kpi"):
                kpi = event.kpi
            elif isinstance(event, KeyResultUnlinked):
                kpi = None
        closings = [one for one in self.log if isinstance(one.event, CycleClosed)]
        closed = [one for one in closings if one.event.originator_id == place["cycle"]]
        ends = [*closed, *filter(None, [self._end(place["objective"], len(self.log) + 1)])]
        _, last_day = self.days_at(place["cycle"], min((one.position for one in ends), default=len(self.log)))
        calendar = self.calendar_at(min(((one.effective_at, one.position) for one in ends), default=None))
        is_within = reading.effective_at < calendar.day_end(max(due, last_day))
        return is_within and kpi is not None and kpi == self.place(reading.event, reading.position).get("kpi")
