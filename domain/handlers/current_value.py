"""The current value of a key result, read from the log for the handlers that depend on it."""

from datetime import datetime
from uuid import UUID

from domain.handlers.unit_of_work import UnitOfWork
from domain.metrics import formulas
from domain.metrics.formulas import Measurement
from domain.model.event import WHEN_RECORDED
from domain.model.key_result import CheckIn, KeyResult, KeyResultCheckedIn
from domain.model.kpi import Reading, ReadingRecorded
from domain.primitives.values import Kind, Ref

CHECK_INS_MAX = 10_000
READINGS_FIRST = 10


def progress(uow: UnitOfWork, key_result: KeyResult) -> float | None:
    """Progress in [0, 1] at the command's effective time, or None without a measurement."""
    return formulas.attained(key_result.metric, latest(uow, key_result))


def latest(uow: UnitOfWork, key_result: KeyResult) -> Measurement | None:
    """The latest measurement by (measured at, position of its first recording): of the linked KPI since the link, or
    its own."""
    if key_result.kpi is not None:
        reading = latest_reading(uow, key_result.kpi)
        return None if reading is None else _measurement(reading.value, None, reading, Kind.READING)
    check_in = _latest_check_in(uow, key_result.id)
    return None if check_in is None else _measurement(*check_in.content[:2], check_in, Kind.CHECK_IN)


def latest_reading(uow: UnitOfWork, kpi: UUID) -> Reading | None:
    """The KPI's latest reading that is not retracted, measured by the command's effective time."""
    limit = READINGS_FIRST
    while True:
        ids = uow.measured(ReadingRecorded, kpi, _until(uow), limit)
        for reading in uow.get_all(Reading, ids):
            if not reading.retracted:
                return reading
        if len(ids) < limit:
            return None
        limit *= 10


def _latest_check_in(uow: UnitOfWork, key_result: UUID) -> CheckIn | None:
    """The latest check-in with a measurement. A correction keeps the place of the check-in that it corrects."""
    ids = uow.measured(KeyResultCheckedIn, key_result, _until(uow), CHECK_INS_MAX)
    return next((one for one in uow.get_all(CheckIn, ids) if one.has_measurement), None)


def _measurement(
    value: float | None, reached: tuple[str, ...] | None, of: CheckIn | Reading, kind: Kind
) -> Measurement:
    """The measurement without its position, which no handler needs."""
    return Measurement(value, reached, of.created_at, 0, Ref(kind, of.id))


def _until(uow: UnitOfWork) -> datetime:
    return uow.now if uow.at is WHEN_RECORDED else uow.at
