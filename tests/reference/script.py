"""A log that is written by hand: events on days of one quarter, for tests of the reference model."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec

from domain.model.cycle import CycleActivated, CycleClosed, CycleOpened
from domain.model.event import Authorship, Event, Recorded
from domain.model.key_result import KeyResultAdded, KeyResultScored
from domain.model.kpi import KpiDefined
from domain.model.measurements.check_in import KeyResultCheckedIn
from domain.model.measurements.reading import ReadingRecorded
from domain.model.objective import ObjectiveClosed, ObjectiveCommitted, ObjectiveDrafted
from domain.primitives.values import Cadence, Direction, Kind, Metric, ObjectiveKind, Ref, Source, Unit, Verdict
from tests.reference.entities import Basis
from tests.reference.fold import Log, View

STARTS_ON = date(2026, 7, 1)
ENDS_ON = date(2026, 9, 30)
INCREASE = Metric(Direction.INCREASE, start=0.0, target=100.0)


def day(number: float) -> datetime:
    """So many days after the first instant of the quarter, which has 92."""
    return datetime(2026, 7, 1, tzinfo=UTC) + timedelta(days=number)


class Script:
    """Events in log order. Each is recorded a moment after the one before it, and never before it is effective."""

    def __init__(self) -> None:
        self._events: list[Recorded] = []

    def add(self, event: Event, at: float, id: UUID | None = None, command: UUID | None = None) -> UUID:
        """Append an event that is effective (measured) on a day; the id of its entity."""
        id = id or uuid4()
        event = msgspec.structs.replace(event, originator_id=id, timestamp=day(at))
        last = self._events[-1].recorded_at if self._events else day(0)
        by = Authorship("machine:script", Source.API, command or uuid4())
        self._events.append(Recorded(len(self._events) + 1, max(last, day(at)) + timedelta(microseconds=1), event, by))
        return id

    def view(self, at: float, position: int | None = None) -> View:
        """What was true on a day, by everything recorded or by what was known at a position."""
        return Log(self._events).view(Basis(day(at), position or len(self._events)))

    @property
    def log(self) -> Log:
        return Log(self._events)

    @property
    def head(self) -> int:
        return len(self._events)

    # ── the usual events ─────────────────────────────────────────────────────────────────────────

    def cycle(
        self, starts_on: date = STARTS_ON, ends_on: date = ENDS_ON, *, parent: UUID | None = None, active: bool = True
    ) -> UUID:
        opened = CycleOpened(
            key="c", name="c", starts_on=starts_on, ends_on=ends_on, check_in_cadence=Cadence.WEEKLY, parent=parent
        )
        cycle = self.add(opened, -30)
        if active:
            self.add(CycleActivated(), 0, cycle)
        return cycle

    def objective(
        self,
        cycle: UUID,
        *,
        supports: UUID | None = None,
        committed: bool = True,
        team: UUID | None = None,
        **given: Any,
    ) -> UUID:
        kind = given.get("kind", ObjectiveKind.COMMITTED)
        refs = () if supports is None else (Ref(Kind.OBJECTIVE, supports),)
        drafted = ObjectiveDrafted(cycle=cycle, title="o", kind=kind, supports=refs, team=team)
        objective = self.add(drafted, given.get("at", 0))
        if committed:
            self.add(ObjectiveCommitted(), given.get("at", 0), objective)
        return objective

    def key_result(self, objective: UUID, metric: Metric = INCREASE, at: float = 0, **given: Any) -> UUID:
        return self.add(
            KeyResultAdded(**{"objective": objective, "title": "k", "metric": metric, "due": ENDS_ON, **given}), at
        )

    def check_in(
        self, key_result: UUID, at: float, value: float | None = None, confidence: float | None = None
    ) -> UUID:
        return self.add(KeyResultCheckedIn(key_result=key_result, value=value, confidence=confidence), at)

    def kpi(self, cadence: Cadence = Cadence.WEEKLY, **given: Any) -> UUID:
        return self.add(KpiDefined(key="k", name="k", unit=Unit(), cadence=cadence, **given), -30)

    def read(self, kpi: UUID, at: float, value: float) -> UUID:
        return self.add(ReadingRecorded(kpi=kpi, value=value), at)

    def score(self, key_result: UUID, at: float, score: float, command: UUID | None = None) -> None:
        self.add(KeyResultScored(score=score), at, key_result, command)

    def close(self, objective: UUID, at: float, score: float = 0.0, command: UUID | None = None) -> None:
        self.add(ObjectiveClosed(verdict=Verdict.MISSED, score=score), at, objective, command)

    def close_cycle(self, cycle: UUID, at: float) -> None:
        self.add(CycleClosed(), at, cycle)
