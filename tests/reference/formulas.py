"""KPIs with a formula: the value of a period, and the complete periods as readings."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from math import fsum
from uuid import UUID

from domain.model.kpi import KpiDefined
from domain.primitives.calendar import Calendar, Step
from domain.primitives.kpi_formula import (
    Formula,
    KpiAverage,
    KpiDifference,
    KpiGrowth,
    KpiRatio,
    KpiSum,
)
from domain.primitives.values import Aggregation, Cadence, EarlierPeriod
from tests.reference.calendars import DAY, begins, period_of, starts
from tests.reference.entities import Definition, Reading
from tests.reference.fold import View, definition_of
from tests.reference.measured import aggregated

INSTANT = timedelta(microseconds=1)
STEPS = {
    Cadence.DAILY: Step.DAY,
    Cadence.WEEKLY: Step.WEEK,
    Cadence.BIWEEKLY: Step.BIWEEKLY,
    Cadence.MONTHLY: Step.MONTH,
    Cadence.QUARTERLY: Step.QUARTER,
}

# ── definitions ──────────────────────────────────────────────────────────────────────────────────


def definitions_of(view: View, kpi: UUID) -> Sequence[Definition]:
    """Those in effect at the basis. A KPI that the log knows, and that takes effect later, is worked out by its first
    definition, as readings may be older than their KPI; at the end of a whole, nothing later shows."""
    if kpi in view.kpis:
        return view.kpis[kpi].definitions
    known = (
        definition_of(one.effective_at, one.event)
        for one in view.log.events
        if isinstance(one.event, KpiDefined)
        and one.event.originator_id == kpi
        and one.position <= view.basis.position
        and view.basis.tie is None
    )
    return list(known)[:1]


def on_last_day(view: View, kpi: UUID, end: datetime) -> Definition | None:
    """The definition in force on the last day of a period, or the first one."""
    known = definitions_of(view, kpi)
    begun = [one for one in known if one.at < end]
    return begun[-1] if begun else next(iter(known), None)


def has_formula(view: View, kpi: UUID) -> bool:
    return any(one.formula is not None for one in definitions_of(view, kpi))


def leaves(view: View, kpi: UUID) -> set[UUID]:
    """The KPIs with readings below a KPI with a formula, at any time. Formulas of different times may name each
    other."""
    below, level = {kpi}, [kpi]
    while level:
        inputs = {id for of in level for id in named_by(view, of)}
        level = list(inputs - below)
        below |= inputs
    return {id for id in below if not named_by(view, id)}


def named_by(view: View, kpi: UUID) -> set[UUID]:
    return {id for one in definitions_of(view, kpi) if one.formula for id in one.formula.inputs}


# ── values of periods ────────────────────────────────────────────────────────────────────────────


def value_of(view: View, kpi: UUID, calendar: Calendar, every: Step, start: datetime, end: datetime) -> float | None:
    """The value of a period: of a formula from the values of its inputs for it, else from the readings in it."""
    definition = on_last_day(view, kpi, end)
    if definition is None or definition.formula is None:
        read = [one.value for one in readings_in(view, kpi, start, end)]
        return aggregated(definition.aggregation, read) if read and definition else None
    shape, inputs = definition.formula.shape, definition.formula.inputs
    found = [input_of(view, id, definition, calendar, every, start, end) for id in inputs]
    if isinstance(shape, KpiGrowth):
        found.append(input_of(view, shape.of, definition, calendar, every, *earlier(calendar, every, start, shape)))
    values = [value for value in found if value is not None]
    return worked_out(definition.formula, values) if len(values) == len(found) else None


def input_of(
    view: View, kpi: UUID, above: Definition, calendar: Calendar, every: Step, start: datetime, end: datetime
) -> float | None:
    """The value of an input; one with a coarser cadence than the formula's has none."""
    own = on_last_day(view, kpi, end)
    if own is not None and own.cadence.days > above.cadence.days:
        return None
    return value_of(view, kpi, calendar, every, start, end)


def readings_in(view: View, kpi: UUID, start: datetime, end: datetime) -> list[Reading]:
    found = [one for one in view.readings.values() if one.kpi == kpi and not one.retracted]
    return sorted((one for one in found if start <= one.measured_at < end), key=lambda one: one.measured_at)


def earlier(calendar: Calendar, every: Step, start: datetime, growth: KpiGrowth) -> tuple[datetime, datetime]:
    """The period before, or the one a year before: 52 weeks for weeks, else the same day of the year before."""
    if growth.over is EarlierPeriod.PREVIOUS:
        return period_of(calendar, every, start - INSTANT)
    day = next(day for day in (start.date() + n * DAY for n in (-1, 0, 1)) if starts(calendar, day) == start)
    if every in (Step.WEEK, Step.BIWEEKLY):
        before = day - 364 * DAY
    else:
        before = date(day.year - 1, day.month, 28 if (day.month, day.day) == (2, 29) else day.day)
    return period_of(calendar, every, starts(calendar, before))


def worked_out(formula: Formula, in_order: Sequence[float]) -> float | None:
    """The value of a formula for the values of its inputs, of a growth with the earlier one; None where it divides by
    0."""
    values = dict(zip(formula.inputs, in_order, strict=False))
    match formula.shape:
        case KpiRatio() as one:
            below = values[one.denominator]
            return None if below == 0 else values[one.numerator] / below * one.scale
        case KpiSum() as one:
            return fsum(term.factor * values[term.kpi] for term in one.terms)
        case KpiDifference() as one:
            return values[one.minuend] - values[one.subtrahend]
        case KpiGrowth():
            now, before = in_order
            return None if before == 0 else (now - before) / abs(before)
        case KpiAverage() as one:
            return fsum(values[id] / len(one.of) for id in one.of)


def has_sum(view: View, kpi: UUID, end: datetime) -> bool:
    """Whether a sum of readings goes into the value of a period."""
    definition = on_last_day(view, kpi, end)
    if definition is None or definition.formula is None:
        return definition is not None and definition.aggregation is Aggregation.SUM
    return any(has_sum(view, id, end) for id in definition.formula.inputs)


# ── complete periods ─────────────────────────────────────────────────────────────────────────────


def complete_periods(view: View, kpi: UUID) -> list[Reading]:
    """Each complete period with a value as a reading at its last instant, oldest first."""
    if kpi not in view.periods:
        found = (_reading(view, kpi, calendar, every, end) for end, calendar, every in ends(view, kpi))
        view.periods[kpi] = [one for one in found if one is not None]
    return view.periods[kpi]


def _reading(view: View, kpi: UUID, calendar: Calendar, every: Step, end: datetime) -> Reading | None:
    start, _ = period_of(calendar, every, end - INSTANT)
    value = value_of(view, kpi, calendar, every, start, end)
    return None if value is None else Reading(kpi, end - INSTANT, value)


def ends(view: View, kpi: UUID) -> Iterator[tuple[datetime, Calendar, Step]]:
    """The ends of the complete periods, each by the calendar and the cadence in force on the last day of the period."""
    read = [one.measured_at for leaf in leaves(view, kpi) for one in view.readings.values() if one.kpi == leaf]
    if not read:
        return
    calendars = {one.calendar for one in view.calendars} | {Calendar()}
    steps = {STEPS[one.cadence] for one in definitions_of(view, kpi)}
    day = min(read).date() - DAY
    while day <= min(view.complete_until.date(), max(read).date() + 100 * DAY) + DAY:
        for calendar in calendars:
            if not any(begins(calendar, every, day) for every in steps):
                continue
            end = starts(calendar, day)
            definition = on_last_day(view, kpi, end)
            if definition is None or end - INSTANT > view.complete_until:
                continue
            if calendar_before(view, end) == calendar and begins(calendar, STEPS[definition.cadence], day):
                yield end, calendar, STEPS[definition.cadence]
        day += DAY


def calendar_before(view: View, end: datetime) -> Calendar:
    """The calendar in force on the last day of a period."""
    known = [one for one in view.calendars if one.at < end]
    return known[-1].calendar if known else Calendar()
