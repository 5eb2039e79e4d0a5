"""The values of KPIs that are worked out from others: one a period, from the values of the inputs for that period.

The definitions and readings of the KPIs come from a `Source`, as of one basis. A period uses the definition in force on
its last day, of the KPI as of each input. It has no value where an input has none, or where a denominator is 0.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol
from uuid import UUID

from domain.metrics.formulas import Fact, NumericMeasurement, difference, finite, total, without_noise
from domain.metrics.kpi_series import Bucket, aggregated, earlier
from domain.primitives.calendar import Calendar, Step
from domain.primitives.kpi_formula import (
    Formula,
    KpiAverage,
    KpiDifference,
    KpiGrowth,
    KpiRatio,
    KpiSum,
    Shape,
)
from domain.primitives.values import Aggregation, Cadence


class Gap(StrEnum):
    """Why a period has no value."""

    NO_READING = "NO_READING"
    DIVISION_BY_ZERO = "DIVISION_BY_ZERO"
    COARSER_INPUT = "COARSER_INPUT"


class Method(Fact, frozen=True, gc=False):
    """How a definition of a KPI, effective since a moment, makes the value of a period: by a formula, or without one by
    aggregating its readings. `cadence` is the length of its own periods."""

    since: datetime
    cadence: Cadence
    aggregation: Aggregation = Aggregation.LAST
    formula: Formula | None = None


class Source(Protocol):
    """The definitions and readings of KPIs at a basis."""

    def methods(self, kpi: UUID) -> Sequence[Method]:
        """Those of its definitions, oldest first; empty for an unknown KPI."""

    def readings(self, kpi: UUID, bucket: Bucket) -> Sequence[NumericMeasurement]:
        """Its readings in a period, oldest first."""


class Worked(Fact, frozen=True):
    """The value of a KPI for a period, and where it comes from.

    `gap`: why there is no value. `parts`: the inputs of a formula, with the factor of each; of a growth, the KPI in the
    period and in the earlier one. `readings`: those of a KPI without a formula. `latest`: the latest reading that went
    in, directly or not.
    """

    kpi: UUID
    bucket: Bucket
    value: float | None = None
    gap: Gap | None = None
    parts: tuple["Part", ...] = ()
    readings: Sequence[Any] = ()
    latest: Any = None

    @property
    def count(self) -> int:
        """The number of readings that went in."""
        return len(self.readings) + sum(part.worked.count for part in self.parts)

    def read(self) -> Iterator[Any]:
        """The readings that went in, directly or not; one that went in twice, twice."""
        yield from self.readings
        for part in self.parts:
            yield from part.worked.read()


class Part(Fact, frozen=True):
    """An input of a formula, and the factor of its value."""

    worked: Worked
    factor: float = 1.0


def in_force(methods: Sequence[Method], end: datetime) -> Method | None:
    """The method in force on the last day of a period that ends at `end`; the first one also holds before it takes
    effect, because readings may be older than their KPI's definition."""
    return methods[max(bisect_left(methods, end, key=_since) - 1, 0)] if methods else None


def _since(method: Method) -> datetime:
    return method.since


# ── evaluation ───────────────────────────────────────────────────────────────────────────────────


class Evaluation:
    """The values of KPIs by the periods of one calendar. Each is worked out once."""

    def __init__(self, source: Source, calendar: Calendar) -> None:
        self._source = source
        self._calendar = calendar
        self._worked: dict[tuple[UUID, Step, datetime, datetime], Worked] = {}
        self._sums: dict[tuple[UUID, datetime], bool] = {}

    def of(self, kpi: UUID, every: Step, bucket: Bucket, until: datetime | None = None) -> Worked:
        """The value of a KPI for a period, by the readings before `until` if that is given."""
        start, end = bucket
        key = (kpi, every, start, min(end, until or end))
        found = self._worked.get(key)
        if found is None:
            found = self._worked[key] = self._of(kpi, every, bucket, key[3])
        return found

    def _of(self, kpi: UUID, every: Step, bucket: Bucket, until: datetime) -> Worked:
        method = in_force(self._source.methods(kpi), bucket[1])
        if method is None:
            return Worked(kpi, bucket, gap=Gap.NO_READING)
        if method.formula is None:
            return _read(kpi, bucket, self._source.readings(kpi, (bucket[0], until)), method.aggregation)
        parts = tuple(self._parts(method, every, bucket, until))
        latest = max((part.worked.latest for part in parts if part.worked.latest), key=_moment, default=None)
        gap = next((part.worked.gap for part in parts if part.worked.gap), None)
        value = None if gap else _VALUES[type(method.formula.shape)](method.formula.shape, parts)
        if gap is None and value is None:
            gap = Gap.DIVISION_BY_ZERO
        return Worked(kpi, bucket, value, gap, parts, latest=latest)

    def _parts(self, method: Method, every: Step, bucket: Bucket, until: datetime) -> Sequence[Part]:
        assert method.formula is not None
        shape = method.formula.shape
        if isinstance(shape, KpiGrowth):
            before = earlier(self._calendar, every, bucket[0], shape.over)
            both = ((bucket, until), (before, before[1]))
            return [Part(self._input(shape.of, method, every, period, cut)) for period, cut in both]
        factors = {term.kpi: term.factor for term in shape.terms} if isinstance(shape, KpiSum) else {}
        operands = method.formula.operands
        return [Part(self._input(id, method, every, bucket, until), factors.get(id, 1.0)) for id in operands]

    def _input(self, kpi: UUID, above: Method, every: Step, bucket: Bucket, until: datetime) -> Worked:
        """The value of an input. One that is read less often than the formula is worked out has none."""
        own = in_force(self._source.methods(kpi), bucket[1])
        if own is not None and own.cadence.days > above.cadence.days:
            return Worked(kpi, bucket, gap=Gap.COARSER_INPUT)
        return self.of(kpi, every, bucket, until)

    def has_sum(self, kpi: UUID, end: datetime) -> bool:
        """Whether a sum of readings goes into the value of a period that ends at `end`."""
        found = self._sums.get((kpi, end))
        if found is None:
            found = self._sums[kpi, end] = self._has_sum(in_force(self._source.methods(kpi), end), end)
        return found

    def _has_sum(self, method: Method | None, end: datetime) -> bool:
        if method is None or method.formula is None:
            return method is not None and method.aggregation is Aggregation.SUM
        return any(self.has_sum(id, end) for id in method.formula.inputs)


def _read(kpi: UUID, bucket: Bucket, readings: Sequence[Any], aggregation: Aggregation) -> Worked:
    values = [reading.value for reading in readings if reading.value is not None]
    if not values:
        return Worked(kpi, bucket, gap=Gap.NO_READING)
    return Worked(kpi, bucket, aggregated(values, aggregation), readings=readings, latest=readings[-1])


def _moment(reading: Any) -> datetime:
    at: datetime = reading.measured_at
    return at


# ── shapes ───────────────────────────────────────────────────────────────────────────────────────


def _ratio(shape: KpiRatio, parts: Sequence[Part]) -> float | None:
    numerator, denominator = _values(parts)
    return finite(without_noise(finite(numerator / denominator) * shape.scale)) if denominator else None


def _sum(_: KpiSum, parts: Sequence[Part]) -> float | None:
    return total([finite(part.factor * value) for part, value in zip(parts, _values(parts), strict=True)])


def _difference(_: KpiDifference, parts: Sequence[Part]) -> float | None:
    minuend, subtrahend = _values(parts)
    return difference(minuend, subtrahend)


def _growth(_: KpiGrowth, parts: Sequence[Part]) -> float | None:
    value, before = _values(parts)
    return finite(without_noise(difference(value, before) / abs(before))) if before else None


def _average(_: KpiAverage, parts: Sequence[Part]) -> float | None:
    return total([value / len(parts) for value in _values(parts)])


_VALUES: Final[dict[type[Shape], Callable[[Any, Sequence[Part]], float | None]]] = {
    KpiRatio: _ratio, KpiSum: _sum, KpiDifference: _difference, KpiGrowth: _growth, KpiAverage: _average,
}  # fmt: skip
"""The formula of each shape, for inputs that have values; None for a division by 0."""


def _values(parts: Sequence[Part]) -> list[float]:
    return [part.worked.value for part in parts if part.worked.value is not None]
