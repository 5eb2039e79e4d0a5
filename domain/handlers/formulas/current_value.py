"""The value of a key result at a moment, read from the log for the handlers that depend on it.

Everything that it depends on is read through the unit of work, so a concurrent change makes the command run again.
"""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from domain.handlers.formulas import kpi_readings, windows
from domain.handlers.formulas.kpi_readings import Read
from domain.handlers.formulas.windows import Window
from domain.handlers.unit_of_work import UnitOfWork
from domain.metrics import formulas, kpi_series
from domain.metrics.progress import BASELINED, with_start
from domain.model.key_result import KeyResult, Link
from domain.model.measurements.check_in import CheckIn, KeyResultCheckedIn
from domain.model.objective import Objective
from domain.primitives.values import Aggregation, Direction, Metric

CHECK_INS_MAX = 10_000


class Measured(Struct, frozen=True):
    """A measured value, or the milestones reached, and when it was measured."""

    value: float | None
    reached: tuple[str, ...] | None
    measured_at: datetime


# ── progress ─────────────────────────────────────────────────────────────────────────────────────


def progress(uow: UnitOfWork, key_result: KeyResult, at: datetime) -> float | None:
    """Progress in [0, 1] at a moment; None if it was not measured.

    A key result that was never measured and a person scored has its score as progress, from the end of its window on.
    """
    window = windows.of(uow, key_result, at)
    measured = latest(uow, key_result, at)
    if measured is not None:
        return formulas.attained(metric_with_start(uow, key_result, at), measured)
    return key_result.score if window.has_ended and is_scored_by_person(uow, key_result) else None


def is_scored_by_person(uow: UnitOfWork, key_result: KeyResult) -> bool:
    """Whether its score was given by a person: a score that the command of its objective's closing recorded was not."""
    if key_result.score is None:
        return False
    objective = uow.get(Objective, key_result.objective)
    scored_in = uow.command_of(key_result.id, key_result.scored_version)
    return objective.closed_version == 0 or scored_in != uow.command_of(objective.id, objective.closed_version)


def latest(uow: UnitOfWork, key_result: KeyResult, at: datetime) -> Measured | None:
    """The measurement that gives the value at a moment: the latest within the window that fits the metric.

    Measurements are ordered by time, then by the position of their first recording. With a link, the readings of the
    KPI are its only measurements, also those from before the link. After unlinking, the last linked value stays until a
    check-in that is measured later.
    """
    window = windows.of(uow, key_result, at)
    if key_result.link_now is not None:
        return _linked(uow, key_result.link_now, window, at)
    own = _check_ins(uow, key_result, min(at, window.ends_at))
    former = key_result.former
    if former is None or key_result.metric.direction is Direction.MILESTONES:
        return own[0] if own else None
    if own and own[0].measured_at > former.until:
        return own[0]
    return _linked(uow, former, window, at) or (own[0] if own else None)


def _check_ins(uow: UnitOfWork, key_result: KeyResult, until: datetime) -> list[Measured]:
    """The check-ins that fit the metric, measured until a moment, the latest first."""
    ids = uow.measured(KeyResultCheckedIn, key_result.id, upto=until, limit=CHECK_INS_MAX)
    found = [Measured(one.content[0], one.content[1], one.created_at) for one in uow.get_all(CheckIn, ids)]
    return [one for one in found if formulas.fits(key_result.metric, one.value, one.reached)]


# ── readings of a linked KPI ─────────────────────────────────────────────────────────────────────


def _linked(uow: UnitOfWork, link: Link, window: Window, at: datetime) -> Measured | None:
    """The value of a link at a moment: the latest reading, or the aggregate of those since the cycle's first day or the
    link's `count_from`, if that is later."""
    until = min(at, window.readings_end_at, link.until)
    if link.aggregate is Aggregation.LAST:
        reading = kpi_readings.latest(uow, link.kpi, until)
        return None if reading is None else Measured(reading.value, None, reading.measured_at)
    return _aggregated(kpi_readings.between(uow, link.kpi, _counted_from(link, window), until), link.aggregate)


def _aggregated(readings: Sequence[Read], aggregate: Aggregation) -> Measured | None:
    if not readings:
        return None
    value = kpi_series.aggregated([one.value for one in readings], aggregate)
    return Measured(value, None, readings[-1].measured_at)


def _counted_from(link: Link, window: Window) -> datetime:
    since = window.starts_at
    return since if link.count_from is None else max(since, window.calendar.day_start(link.count_from))


# ── the start ────────────────────────────────────────────────────────────────────────────────────


def metric_with_start(uow: UnitOfWork, key_result: KeyResult, at: datetime) -> Metric:
    """The metric with the start from which progress is computed at a moment.

    AT_LEAST, AT_MOST and WITHIN without a stated start take 0 if they are linked through SUM; else the value of a
    linked KPI at the beginning, or the first measured one.
    """
    metric = key_result.metric
    if metric.start is not None or metric.direction not in BASELINED:
        return metric
    return with_start(metric, _first_value(uow, key_result, at))


def _first_value(uow: UnitOfWork, key_result: KeyResult, at: datetime) -> float | None:
    window = windows.of(uow, key_result, at)
    link = key_result.link_now or key_result.former
    if link is not None and (key_result.link_now is not None or _linked(uow, link, window, at) is not None):
        return _first_linked(uow, link, window, at)
    own = _check_ins(uow, key_result, min(at, window.ends_at))
    return next((one.value for one in own if one.measured_at == own[-1].measured_at), None)


def _first_linked(uow: UnitOfWork, link: Link, window: Window, at: datetime) -> float | None:
    """The value of a link at the beginning of the key result; the first reading without any until then."""
    if link.aggregate is Aggregation.SUM:
        return 0.0
    begun = _linked(uow, link, window, min(at, window.begins_at))
    if begun is not None:
        return begun.value
    since = window.begins_at if link.aggregate is Aggregation.LAST else _counted_from(link, window)
    first = kpi_readings.first(uow, link.kpi, since, min(at, window.readings_end_at, link.until))
    return None if first is None else first.value


def is_measured(uow: UnitOfWork, key_result: KeyResult) -> bool:
    """Whether a value was measured: by a check-in, or by a reading of its present or last KPI, retracted or not."""
    link = key_result.link_now or key_result.former
    if link is not None and kpi_readings.is_read(uow, link.kpi):
        return True
    ids = uow.measured(KeyResultCheckedIn, key_result.id, limit=CHECK_INS_MAX)
    return any(one.content[0] is not None for one in uow.get_all(CheckIn, ids))
