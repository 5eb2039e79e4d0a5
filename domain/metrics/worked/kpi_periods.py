"""The complete periods of a KPI that is worked out from others.

For the key results that it measures, each is one reading at its last instant: a period of the cadence, the calendar and
the formula in force on its last day, which no later definition or calendar cuts anew. So a period that ends with the
last day of a cycle belongs to that cycle. A period without a value is no reading.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, Protocol
from uuid import UUID

from domain.metrics.kpi_series import Bucket
from domain.metrics.kpi_status import PERIODS
from domain.metrics.worked.kpi_formulas import Evaluation, Method, Source, Worked
from domain.primitives.calendar import INSTANT, Calendar, Step
from domain.primitives.kpi_formula import KpiGrowth
from domain.primitives.lazy import cached_property

_EVER: Final = datetime.min.replace(tzinfo=UTC)
_END: Final = datetime.max.replace(tzinfo=UTC) - INSTANT


class ReadSource(Source, Protocol):
    """The definitions and readings of KPIs at a basis."""

    def latest(self, kpi: UUID, until: datetime) -> datetime | None:
        """When the latest reading of a KPI was measured, of those measured until a moment."""


class Period(NamedTuple):
    """A period and its value."""

    bucket: Bucket
    worked: Worked

    @property
    def measured_at(self) -> datetime:
        """The last instant of the period."""
        return self.bucket[1] - INSTANT

    @property
    def value(self) -> float:
        assert self.worked.value is not None
        return self.worked.value

    @property
    def latest(self) -> Any:
        """The latest reading that went into the value."""
        return self.worked.latest


class Rule(NamedTuple):
    """The length of the periods that end after a moment, and their calendar."""

    since: datetime
    every: Step
    calendar: Calendar

    def last_until(self, moment: datetime) -> Bucket | None:
        """The last period that ends at this moment or before; None before the first."""
        end = self.calendar.floor(self.every, moment)
        return None if end <= self.since else (self.calendar.floor(self.every, end - INSTANT), end)

    def after(self, moment: datetime) -> datetime:
        """The end of the period that contains a moment."""
        _, end = self.calendar.period(self.every, moment)
        return end


def own_rules(methods: Sequence[Method], calendars: Sequence[tuple[datetime, Calendar]]) -> list[Rule]:
    """The rules in force after each change of the cadence or the calendar, the first one from the beginning on."""
    if not methods:
        return []
    changes = sorted({one.since for one in methods[1:]} | {since for since, _ in calendars[1:]})
    cadences = [(one.since, one.cadence) for one in methods]
    return [
        Rule(since, PERIODS[_in_force(cadences, since)], _in_force(calendars, since)) for since in (_EVER, *changes)
    ]


def _in_force(changes: Sequence[tuple[datetime, Any]], since: datetime) -> Any:
    """What is in force after a moment; before the first change, what it set."""
    begun = [value for at, value in changes if at <= since]
    return begun[-1] if begun else changes[0][1]


def rules_of(every: Step, calendar: Calendar) -> list[Rule]:
    """The rule for periods of one length in one calendar, whenever they end."""
    return [Rule(_EVER, every, calendar)]


class Periods:
    """The complete periods of one KPI with a formula, by these rules."""

    def __init__(self, kpi: UUID, source: ReadSource, rules: Sequence[Rule]) -> None:
        self._kpi = kpi
        self._source = source
        self._rules = rules
        self._evaluations: dict[Calendar, Evaluation] = {}
        self._leaves: dict[UUID, frozenset[UUID]] = {}
        formulas = {one.formula for one in source.methods(kpi) if one.formula is not None}
        self._needed = next(iter(formulas)).inputs if len(formulas) == 1 else (kpi,)

    def latest(self, until: datetime) -> Period | None:
        """The latest period with a value whose last instant is at `until` or before."""
        return next(self._backwards(_EVER, until), None)

    def latest_after(self, change: datetime, until: datetime, before: Period | None) -> Period | None:
        """The same, if only a reading at the moment `change` has changed since `before` was the latest one: then only
        the period with it can have another value, unless periods are compared with earlier ones or have had other
        lengths. No period until a moment depends on readings after it."""
        self._evaluations.clear()
        if change > until:
            return before
        if self._depend_on_others:
            return self.latest(until)
        (rule,) = self._rules
        bucket = rule.calendar.period(rule.every, change)
        if bucket[1] - INSTANT > until or (before is not None and bucket[0] < before.bucket[0]):
            return before
        worked = Evaluation(self._source, rule.calendar).of(self._kpi, rule.every, bucket)
        if worked.value is not None:
            return Period(bucket, worked)
        return before if before is None or before.bucket != bucket else self.latest(until)

    @cached_property
    def _depend_on_others(self) -> bool:
        """Whether the value of a period may depend on readings of another one."""
        return len(self._rules) != 1 or has_growth(self._source, self._kpi)

    def between(self, since: datetime | None, until: datetime) -> list[Period]:
        """The periods with a value whose last instant lies from `since` to `until`, oldest first."""
        return [*self._backwards(since or _EVER, until)][::-1]

    def ends(self, after: datetime, until: datetime) -> Iterator[datetime]:
        """The last instant of each period after a moment and until another one, with or without a value, the latest
        first."""
        for rule, last in self._down(until):
            end = last
            while (bucket := rule.last_until(end)) is not None:
                if bucket[1] - INSTANT <= after:
                    return
                yield bucket[1] - INSTANT
                end = bucket[0]

    def _backwards(self, since: datetime, until: datetime) -> Iterator[Period]:
        """The periods with a value whose last instant lies from `since` to `until`, the latest first."""
        for rule, last in self._down(until):
            end, evaluation = last, self._evaluation(rule.calendar)
            while (bucket := rule.last_until(end)) is not None:
                if bucket[1] - INSTANT < since:
                    return
                worked = evaluation.of(self._kpi, rule.every, bucket)
                if worked.value is not None:
                    yield Period(bucket, worked)
                latest = self._needed_until(bucket[0] - INSTANT)
                if latest is None:
                    break
                end = min(bucket[0], rule.after(latest))

    def _down(self, until: datetime) -> Iterator[tuple[Rule, datetime]]:
        """Each rule with the moment up to which its periods end, the last one first."""
        last = min(until, _END) + INSTANT
        for rule in reversed(self._rules):
            if rule.since < last:
                yield rule, last
                last = rule.since

    def _evaluation(self, calendar: Calendar) -> Evaluation:
        found = self._evaluations.get(calendar)
        if found is None:
            found = self._evaluations[calendar] = Evaluation(self._source, calendar)
        return found

    # ── empty periods ────────────────────────────────────────────────────────────────────────────

    def _needed_until(self, until: datetime) -> datetime | None:
        """The latest moment, until this one, by which each input had been read: no period after that of this moment has
        a value. None if some input had never been read."""
        moments = [self._read(id, until) for id in self._needed]
        return None if None in moments else min(filter(None, moments))

    def _read(self, kpi: UUID, until: datetime) -> datetime | None:
        """The latest moment at which a KPI, or for one with a formula any KPI below it, was read."""
        moments = (self._source.latest(id, until) for id in self._leaves_of(kpi))
        return max(filter(None, moments), default=None)

    def _leaves_of(self, kpi: UUID) -> frozenset[UUID]:
        """The KPIs with readings that a KPI is worked out from at any time; a KPI with readings itself. Formulas of
        different times may name each other."""
        found = self._leaves.get(kpi)
        if found is None:
            found = self._leaves[kpi] = frozenset(leaves(self._source, kpi))
        return found


def leaves(source: Source, kpi: UUID) -> Iterator[UUID]:
    """The KPIs without a formula that a KPI is worked out from at any time; a KPI without a formula itself."""
    seen, level = {kpi}, [kpi]
    while level:
        inputs = {id: _inputs(source.methods(id)) for id in level}
        yield from (id for id, of in inputs.items() if not of)
        level = [id for id in set().union(*inputs.values()) if id not in seen]
        seen.update(level)


def has_growth(source: Source, kpi: UUID) -> bool:
    """Whether a KPI, or one that it is worked out from at any time, is a growth over an earlier period."""
    seen, level = {kpi}, [kpi]
    while level:
        formulas = [one.formula for id in level for one in source.methods(id) if one.formula is not None]
        if any(isinstance(one.shape, KpiGrowth) for one in formulas):
            return True
        level = list({id for one in formulas for id in one.inputs} - seen)
        seen.update(level)
    return False


def _inputs(methods: Sequence[Method]) -> set[UUID]:
    return {id for one in methods if one.formula is not None for id in one.formula.inputs}
