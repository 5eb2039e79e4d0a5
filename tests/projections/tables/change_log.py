"""Reference implementation: subjects and filters of changes, derived from the log in plain Python."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from domain.model.cycle import CycleClosed
from domain.model.discussion import CommentAdded, Reflected
from domain.model.event import Event, Recorded
from domain.model.key_result import KeyResultDropped, KeyResultUnlinked
from domain.primitives.values import Kind, Source

OWN = {Kind.OBJECTIVE: "objective", Kind.KEY_RESULT: "key_result", Kind.KPI: "kpi", Kind.CYCLE: "cycle"}


class Log:
    """All events up to a position, and the properties of each as a change."""

    def __init__(self, log: Iterable[Recorded]) -> None:
        self.log = list(log)
        self.first = {
            entry.event.originator_id: entry.event for entry in self.log if entry.event.originator_version == 1
        }

    def place(self, event: Event) -> dict[str, UUID]:
        """The parents of an event by kind; of two parents of one kind the nearest."""
        found: dict[str, UUID] = {}
        id: UUID | None = event.originator_id
        while id is not None:
            first = self.first[id]
            if first.KIND in OWN:
                found.setdefault(OWN[first.KIND], id)
            id = first.belongs_to
        return found

    def subject(self, event: Event) -> tuple[Kind, UUID]:
        if isinstance(event, CommentAdded | Reflected):
            return event.subject.kind, event.subject.id
        return event.KIND, event.originator_id

    def is_late(self, entry: Recorded) -> bool:
        cycle = self.place(entry.event).get("cycle")
        closed = [one for one in self.log if isinstance(one.event, CycleClosed)]
        return any(one.event.originator_id == cycle and one.position < entry.position for one in closed)

    def delay(self, entry: Recorded) -> timedelta:
        """The time until the recording, or for an import until the claim."""
        if entry.by.source is Source.IMPORT:
            return (getattr(entry.event, "claimed_at", None) or entry.effective_at) - entry.effective_at
        return entry.recorded_at - entry.effective_at

    def value_before(self, id: UUID, name: str, position: int, default: Any = None) -> Any:
        """The last value of a field in the events of an aggregate before a position."""
        values = [
            getattr(entry.event, name)
            for entry in self.log
            if entry.event.originator_id == id and entry.position < position and hasattr(entry.event, name)
        ]
        return values[-1] if values else default

    def belongs(self, entry: Recorded, kind: Kind, id: UUID, teams: Sequence[UUID] = ()) -> bool:
        """Whether a change belongs to a node, as `changes.pages` defines it."""
        event, place = entry.event, self.place(entry.event)
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
        within = [one for one in key_results if self.place(one).get(column) == id]
        return any(self.is_measured_by(one.originator_id, entry) for one in within)

    def is_measured_by(self, key_result: UUID, reading: Recorded) -> bool:
        """Whether a key result was linked to the KPI of a reading when it was recorded. The time it was measured at may
        lie before the link."""
        kpi = None
        for entry in self.log:
            event = entry.event
            if entry.position > reading.position or event.originator_id != key_result:
                continue
            if isinstance(event, KeyResultDropped):
                return False
            if hasattr(event, "kpi"):
                kpi = event.kpi
            elif isinstance(event, KeyResultUnlinked):
                kpi = None
        return kpi is not None and kpi == self.place(reading.event).get("kpi")
