"""The readings of a KPI for the handlers that depend on them: recorded ones, or the complete periods of a formula.

Everything that they depend on is read through the unit of work, so a concurrent change makes the command run again.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from domain.handlers import related
from domain.handlers.unit_of_work import UnitOfWork
from domain.metrics.kpi_series import Bucket
from domain.metrics.worked.kpi_formulas import Method
from domain.metrics.worked.kpi_periods import Periods, own_rules
from domain.model.kpi import Kpi
from domain.model.measurements.reading import Reading, ReadingRecorded
from domain.primitives.calendar import INSTANT, Calendar
from domain.primitives.values import EARLIEST

_EVER = datetime.min.replace(tzinfo=UTC)
_FIRST = 10
_LONGEST = timedelta(days=100)
"""More than the length of any period."""
_measured_at = attrgetter("measured_at")


class Read(NamedTuple):
    """A reading that is not retracted, or the value of a complete period at its last instant."""

    value: float
    measured_at: datetime


def latest(uow: UnitOfWork, kpi: UUID, until: datetime) -> Read | None:
    """The KPI's latest reading measured by a moment."""
    if not _has_formula(uow, kpi):
        return _nearest(uow, kpi, None, until, oldest_first=False)
    found = _periods(uow, kpi).latest(min(until, uow.now))
    return None if found is None else Read(found.value, found.measured_at)


def between(uow: UnitOfWork, kpi: UUID, since: datetime, until: datetime) -> list[Read]:
    """The KPI's readings measured from `since` to `until`, oldest first."""
    if not _has_formula(uow, kpi):
        return _recorded(uow, kpi, since, until)
    until = min(until, uow.now)
    return [Read(one.value, one.measured_at) for one in _periods(uow, kpi, since).between(since, until)]


def first(uow: UnitOfWork, kpi: UUID, since: datetime, until: datetime) -> Read | None:
    """The KPI's first reading measured from `since` to `until`."""
    if not _has_formula(uow, kpi):
        return _nearest(uow, kpi, since, until, oldest_first=True)
    found = _periods(uow, kpi, since).between(since, min(until, uow.now))
    return Read(found[0].value, found[0].measured_at) if found else None


def is_read(uow: UnitOfWork, kpi: UUID) -> bool:
    """Whether a reading was ever recorded, retracted or not, or a complete period has a value."""
    if _has_formula(uow, kpi):
        return latest(uow, kpi, uow.now) is not None
    return is_recorded(uow, kpi)


# ── recorded readings ────────────────────────────────────────────────────────────────────────────


def is_recorded(uow: UnitOfWork, kpi: UUID) -> bool:
    """Whether a reading was ever recorded, retracted or not."""
    return bool(uow.measured(ReadingRecorded, kpi, limit=1))


def _recorded(uow: UnitOfWork, kpi: UUID, since: datetime, until: datetime) -> list[Read]:
    ids = uow.measured(ReadingRecorded, kpi, since, until, oldest_first=True)
    return list(_current(uow, ids))


def _nearest(uow: UnitOfWork, kpi: UUID, since: datetime | None, until: datetime, *, oldest_first: bool) -> Read | None:
    """The first reading in this order."""
    limit = _FIRST
    while True:
        ids = uow.measured(ReadingRecorded, kpi, since, until, limit, oldest_first=oldest_first)
        found = next(_current(uow, ids), None)
        if found is not None or len(ids) < limit:
            return found
        limit *= 10


def _current(uow: UnitOfWork, ids: Sequence[UUID]) -> Iterator[Read]:
    return (Read(one.value, one.created_at) for one in uow.get_all(Reading, ids) if not one.retracted)


# ── formulas ─────────────────────────────────────────────────────────────────────────────────────


def _has_formula(uow: UnitOfWork, kpi: UUID) -> bool:
    return uow.get(Kpi, kpi).definition.formula is not None


def _periods(uow: UnitOfWork, kpi: UUID, since: datetime | None = None) -> Periods:
    source = _Source(uow, kpi, since)
    return Periods(kpi, source, own_rules(source.methods(kpi), _calendars(uow)))


def _calendars(uow: UnitOfWork) -> Sequence[tuple[datetime, Calendar]]:
    return [(EARLIEST, Calendar()), *uow.calendars]


class _Source:
    """The definitions and readings in the log. `since`: the moment from which on many periods are asked for; from
    then on the readings of a KPI are read at once, else those of each period."""

    def __init__(self, uow: UnitOfWork, kpi: UUID, since: datetime | None) -> None:
        self._uow = uow
        self._begins_at = None if since is None else since - _LONGEST
        self._known: dict[UUID, list[Read]] = {}
        self._methods = {id: _methods(uow.get(Kpi, id)) for id in related.kpis_below(uow, [kpi], _EVER)}

    def methods(self, kpi: UUID) -> Sequence[Method]:
        return self._methods[kpi]

    def readings(self, kpi: UUID, bucket: Bucket) -> Sequence[Read]:
        if self._begins_at is None or bucket[0] < self._begins_at:
            return _recorded(self._uow, kpi, bucket[0], bucket[1] - INSTANT)
        known = self._read(kpi, self._begins_at)
        begin, beyond = (bisect_left(known, edge, key=_measured_at) for edge in bucket)
        return known[begin:beyond]

    def latest(self, kpi: UUID, until: datetime) -> datetime | None:
        if self._begins_at is not None:
            known = self._read(kpi, self._begins_at)
            place = bisect_right(known, until, key=_measured_at)
            if place:
                return known[place - 1].measured_at
        found = _nearest(self._uow, kpi, None, until, oldest_first=False)
        return None if found is None else found.measured_at

    def _read(self, kpi: UUID, since: datetime) -> list[Read]:
        """All readings from a moment on, read once."""
        if kpi not in self._known:
            self._known[kpi] = _recorded(self._uow, kpi, since, self._uow.now)
        return self._known[kpi]


def _methods(kpi: Kpi) -> Sequence[Method]:
    """Those of all definitions, oldest first."""
    return [Method(at, made.cadence, made.aggregation, made.formula) for at, made in kpi.definitions]
