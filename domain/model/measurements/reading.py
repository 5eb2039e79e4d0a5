"""Readings, the measurements of a KPI.

Each reading has a stream of its own, identified by (KPI, measured at): there is one reading per instant. Later events
correct or retract it.
"""

from datetime import UTC, datetime
from hashlib import sha1
from uuid import UUID

from domain.model.event import Aggregate, Event, stored
from domain.model.fields import ClaimedAt, MeasuringKpi, Note, Value
from domain.primitives.errors import Code, CommandRejected
from domain.primitives.rules import Rule
from domain.primitives.values import Kind

# ── events: their topics are the storage format ──────────────────────────────────────────────────


class ReadingEvent(Event, frozen=True, kw_only=True):
    KIND = Kind.READING


@stored
class ReadingRecorded(ReadingEvent, frozen=True, kw_only=True):
    """A reading of a KPI was recorded."""

    TOPIC = "reading-recorded"
    FIRST = True
    kpi: MeasuringKpi
    value: Value
    note: Note | None = None
    claimed_at: ClaimedAt | None = None

    @property
    def belongs_to(self) -> UUID | None:
        return self.kpi

    def apply(self, aggregate: "Reading") -> None:
        aggregate.kpi = self.kpi
        aggregate.value = self.value
        aggregate.note = self.note


@stored
class ReadingCorrected(ReadingEvent, frozen=True, kw_only=True):
    """A reading was corrected, or recorded again after it was retracted."""

    TOPIC = "reading-corrected"
    value: Value
    note: Note | None = None
    claimed_at: ClaimedAt | None = None

    def apply(self, aggregate: "Reading") -> None:
        aggregate.value = self.value
        aggregate.note = self.note
        aggregate.retracted = False


@stored
class ReadingRetracted(ReadingEvent, frozen=True, kw_only=True):
    """A reading was retracted."""

    TOPIC = "reading-retracted"
    claimed_at: ClaimedAt | None = None

    def apply(self, aggregate: "Reading") -> None:
        aggregate.retracted = True


# ── aggregate ────────────────────────────────────────────────────────────────────────────────────


class Reading(Aggregate):
    KIND = Kind.READING
    kpi: UUID
    value: float
    note: str | None
    retracted: bool = False

    def repeat(
        self, value: float, note: str | None, claimed_at: datetime | None, *field: str, shows_value: bool
    ) -> None:
        """Handle a second report for the same instant. Records nothing for the same value; raises `CONFLICT` for
        another value, which names the recorded value if `shows_value`. A retracted reading can be recorded again."""
        if self.retracted:
            self.record(ReadingCorrected(value=value, note=note, claimed_at=claimed_at), self.created_at)
        elif value != self.value:
            recorded = f"a reading of {self.value:.15g}" if shows_value else "a reading of another value"
            raise CommandRejected(
                Code.CONFLICT,
                f"There is already {recorded} at {self.created_at.isoformat()}; change it with correctReading and a "
                "reason.",
                *field,
                rule=Rule.READING_DIFFERS,
                measuredAt=self.created_at,
            )

    def correct(self, value: float, note: str | None, claimed_at: datetime | None) -> None:
        self._refuse_retracted()
        if (value, note) != (self.value, self.note):
            self.record(ReadingCorrected(value=value, note=note, claimed_at=claimed_at), self.created_at)

    def retract(self, claimed_at: datetime | None) -> None:
        if not self.retracted:
            self.record(ReadingRetracted(claimed_at=claimed_at), self.created_at)

    def _refuse_retracted(self) -> None:
        if self.retracted:
            raise CommandRejected(
                Code.CONFLICT,
                "This reading is retracted; record it again with recordReadings.",
                "reading",
                rule=Rule.READING_RETRACTED,
            )


def reading_id(kpi: UUID, measured_at: datetime) -> UUID:
    """The id of the reading of a KPI at an instant, to the microsecond. It equals `uuid5` but skips its per-call
    overhead, because imports compute hundreds of thousands of ids."""
    name = measured_at.astimezone(UTC).isoformat(timespec="microseconds")
    return UUID(bytes=sha1(kpi.bytes + name.encode(), usedforsecurity=False).digest()[:16], version=5)
