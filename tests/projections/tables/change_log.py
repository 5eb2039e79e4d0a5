"""What happened to what, worked out from the log in plain Python: slow, and too simple to be wrong."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from domain.model.cycle import CycleClosed
from domain.model.discussion import CommentAdded, Reflected
from domain.model.event import Event, Recorded
from domain.model.key_result import KeyResultDropped
from domain.primitives.values import Kind

OWN = {Kind.OBJECTIVE: "objective", Kind.KEY_RESULT: "key_result", Kind.KPI: "kpi", Kind.CYCLE: "cycle"}


class Log:
    """Every event up to some position, and what can be said of each."""

    def __init__(self, log: Iterable[Recorded]) -> None:
        self.log = list(log)
        self.first = {said.event.originator_id: said.event for said in self.log if said.event.originator_version == 1}

    def place(self, event: Event) -> dict[str, UUID]:
        """What it belongs to, by kind; of two of a kind the nearest."""
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

    def is_late(self, said: Recorded) -> bool:
        cycle = self.place(said.event).get("cycle")
        closed = [one for one in self.log if isinstance(one.event, CycleClosed)]
        return any(one.event.originator_id == cycle and one.position < said.position for one in closed)

    def value_before(self, id: UUID, name: str, position: int, default: Any = None) -> Any:
        """What the events of a thing last said of something, right before a position."""
        told = [
            getattr(said.event, name)
            for said in self.log
            if said.event.originator_id == id and said.position < position and hasattr(said.event, name)
        ]
        return told[-1] if told else default

    def belongs(self, said: Recorded, kind: Kind, id: UUID, teams: Sequence[UUID] = ()) -> bool:
        """Whether a change belongs to a thing, as `changes.pages` says."""
        event, place = said.event, self.place(said.event)
        if kind is Kind.TEAM:
            return self._is_of_teams(said, place, teams)
        if kind in (Kind.OBJECTIVE, Kind.KEY_RESULT, Kind.CYCLE):
            return place.get(OWN[kind]) == id or self._moves(said, OWN[kind], id)
        if kind is Kind.KPI:
            return place.get("kpi") == id
        return self.subject(event) == (kind, id)

    def _is_of_teams(self, said: Recorded, place: dict[str, UUID], teams: Sequence[UUID]) -> bool:
        if self.subject(said.event)[1] in teams:
            return True
        whose = place.get("objective") or place.get("kpi")
        if whose is None:
            return False
        return any(self.value_before(whose, "team", at) in teams for at in (said.position, said.position + 1))

    def _moves(self, said: Recorded, column: str, id: UUID) -> bool:
        if said.event.KIND is not Kind.READING:
            return False
        key_results = [one for one in self.first.values() if one.KIND is Kind.KEY_RESULT]
        within = [one for one in key_results if self.place(one).get(column) == id]
        return any(self.is_measured_by(one.originator_id, said) for one in within)

    def is_measured_by(self, key_result: UUID, reading: Recorded) -> bool:
        """Whether a key result took its value from the KPI of a reading when that was recorded, since before it."""
        kpi, since = None, reading.effective_at
        for said in self.log:
            event = said.event
            if said.position > reading.position or event.originator_id != key_result:
                continue
            if isinstance(event, KeyResultDropped):
                return False
            if hasattr(event, "kpi"):
                kpi, since = event.kpi, said.effective_at
            elif type(event).__name__ == "KeyResultUnlinked":
                kpi = None
        return kpi is not None and kpi == self.place(reading.event).get("kpi") and since <= reading.effective_at
