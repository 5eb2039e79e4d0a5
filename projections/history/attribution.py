"""Attribution: every change of progress between plan and outcome, attributed to the cause of the event behind it.

The walk follows the order of the log. It begins with the events that the plan knows and takes every other event into
account one by one. After each it computes only the objectives anew that the event can change: its own, and those that
take their value from them. The activation and the closing of a cycle are events of the walk, too: they change the value
of the cycles above it. The completion of a period of a KPI with a formula is no event: it comes between the events that
were recorded before and after it. The timeline ends at the outcome, so the last value equals the one at the outcome.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby, pairwise
from math import fsum
from operator import attrgetter
from typing import NamedTuple, TypeVar
from uuid import UUID

import msgspec

from domain.metrics.cause import Cause
from domain.metrics.retrospective import Attribution, Booking, summed
from domain.metrics.wholes import CycleProgress, Worth
from domain.primitives.values import Basis, CycleState, KeyResultState, ObjectiveState
from projections.figures.figures import Figures
from projections.figures.formula_readings import readings_of
from projections.figures.horizon import Horizon, WalkHorizon
from projections.figures.measurement_series import MeasurementVersion
from projections.figures.timeline import History, Timeline
from projections.figures.window import End, end_of_cycle
from projections.history.running_worths import RunningWorths
from projections.store.deadline import raise_if_late
from projections.store.rows import Version
from projections.store.versioned_tables import OPEN
from projections.tables.cycle import CycleRow
from projections.tables.key_result import KeyResultRow
from projections.tables.kpi import KpiRow
from projections.tables.objective import ObjectiveRow

V = TypeVar("V", bound=Version)
_position = attrgetter("position")

_ROUNDING_MAX = 1e-12
"""The largest rounding error of a mean of shares that is computed in two ways."""


class _Step(msgspec.Struct, frozen=True, gc=False):
    """An event, its cause, and the objective whose figures it may change; None if it may change cycles only.

    `key_result`: the only key result whose figures it may change. `measured`: the measurement that it begins or ends;
    with it, or for the completion of a period, the key result stays as it is apart from its value. `is_same_goal`: it
    changes nothing that the value of an open key result depends on, as a score. `closing`: that of the cycle.
    """

    position: int
    cause: Cause
    objective: UUID | None
    key_result: UUID | None = None
    measured: MeasurementVersion | None = None
    is_completion: bool = False
    is_same_goal: bool = False
    closing: End | None = None


class Attributions(NamedTuple):
    """The attributions of objectives by id, and of the mean over all of them."""

    of_objectives: dict[UUID, Attribution]
    of_whole: Attribution


def attributions(
    timeline: Timeline, cycle: UUID, plan: Basis, outcome: Basis, only: Sequence[UUID] | None = None
) -> Attributions:
    """Walk from the plan to the outcome, and book every change of an objective's and of the cycle's progress. `only`:
    these objectives of the cycle and the mean over them, in place of all of them and the cycle's progress. Raises
    `DeadlineExceeded`."""
    walk = _Walk(timeline, cycle, plan, outcome, only)
    for steps in _steps(timeline, plan):
        raise_if_late()
        walk.complete(steps[0].position)
        walk.take(steps)
    walk.complete(OPEN)
    return walk.finish()


class _Walk:
    """The values of the objectives during the walk, and what is booked so far."""

    def __init__(
        self, timeline: Timeline, cycle: UUID, plan: Basis, outcome: Basis, only: Sequence[UUID] | None
    ) -> None:
        self._timeline = timeline
        self._own = timeline.own if only is None else only
        self._is_whole = only is None
        self._cycle = cycle
        self._horizon = WalkHorizon(plan, outcome.at)
        self._figures = Figures(timeline, self._horizon)
        self._above = _takers(timeline)
        self._entangled = set(self._above).union(*self._above.values())
        self._has_children = only is None and _has_children(timeline, cycle)
        self._is_all_plain = not self._has_children and not self._entangled
        self._running = RunningWorths(self._figures, timeline.objectives, cycle if self._is_whole else None)
        self._worths = {id: self._worth(id) for id in timeline.objectives}
        self._initial = {id: _value(self._worths[id]) for id in self._own}
        self._bookings: dict[UUID, list[Booking]] = {id: [] for id in self._own}
        self._in_mean = self._counted()
        self._mean = self._first_mean = self._mean_now()
        self._sources = _sources(self._figures.cycle(cycle)) if self._has_children else {}
        self._of_cycle: list[Booking] = []
        self._completions = deque(one for one in timeline.completions if plan.at < one.at <= outcome.at)

    def take(self, steps: Sequence[_Step]) -> None:
        """Take one event into account: everything that it may change."""
        self._horizon.move_to(steps[0].position)
        self._book(steps)

    def complete(self, before: int) -> None:
        """Take the periods of KPIs into account that completed before the event at a position was recorded."""
        while self._completions and self._completions[0].position < before:
            at = self._completions[0].at
            completed = []
            while self._completions and self._completions[0].at == at:
                completed.append(self._completions.popleft().kpi)
            self._complete(at, completed)

    def _complete(self, at: datetime, kpis: Iterable[UUID]) -> None:
        """Book the change by each of these KPIs to the position of the latest reading that went into its period."""
        self._horizon.complete(at)
        for kpi in kpis:
            reading = readings_of(self._timeline, kpi).latest(self._horizon, at)
            if reading is not None:
                linked = sorted(self._timeline.linked_to(kpi))
                self._book([_Step(reading.position, Cause.MOVEMENT, *of, is_completion=True) for of in linked])

    def _book(self, steps: Sequence[_Step]) -> None:
        """Compute what these steps may change and the objectives above anew, and book the changes."""
        if not steps:
            return
        position, cause = steps[0].position, steps[0].cause
        if not self._is_all_plain and not all(self._is_plain(step.objective) for step in steps):
            self._book_entangled(steps)
            return
        changed = [step.objective for step in steps if self._take(step)]
        if len(steps) > 1:
            changed = list(filter({*changed}.__contains__, dict.fromkeys(step.objective for step in steps)))
        for id in changed:
            if id is not None:
                self._set(position, cause, id)

    def _book_entangled(self, steps: Sequence[_Step]) -> None:
        """The same where objectives take their value from each other, or other cycles from them."""
        position, cause = steps[0].position, steps[0].cause
        touched = self._touched(step.objective for step in steps if step.objective is not None)
        for id in self._changed(steps, touched):
            self._set(position, cause, id)
        if self._has_children:
            self._book_change_of_children(position, cause, touched)

    def _changed(self, steps: Sequence[_Step], touched: Iterable[UUID]) -> list[UUID]:
        """Those of the touched objectives that may have changed; they are computed anew at their next use."""
        changed = {step.objective for step in steps if self._is_plain(step.objective) and self._take(step)}
        others = [id for id in touched if not self._is_plain(id)]
        if others:
            self._forget([step for step in steps if step.objective in others], others)
        return [id for id in touched if id in changed or not self._is_plain(id)]

    def _forget(self, steps: Sequence[_Step], others: Iterable[UUID]) -> None:
        """Objectives that take their value from each other are computed by the figures, which keep the other key
        results of one if the steps concern one of them."""
        parts = [(step.key_result, step) for step in steps if step.key_result is not None]
        kept = {step.objective for _, step in parts} - {step.objective for step in steps if step.key_result is None}
        measured = {id for id, step in parts if step.measured is not None or step.is_completion}
        changed = [id for id, step in parts if step.measured is None and not step.is_completion]
        self._figures.forget([id for id in others if id not in kept], changed, measured)

    def _worth(self, id: UUID) -> Worth | None:
        """The worth of an objective. In a walk of the whole cycle it counts only while it is in the cycle."""
        if self._is_all_plain or self._is_plain(id):
            return self._running.of(id)
        worth, row = self._figures.worth(id), self._figures.objective_row(id)
        is_elsewhere = self._is_whole and row is not None and row.cycle != self._cycle
        return worth._replace(counts=False) if worth is not None and is_elsewhere else worth

    def _take(self, step: _Step) -> bool:
        """Take one step into account; whether it may have changed its objective."""
        if step.objective is None:
            return False
        if step.key_result is not None and (step.measured is not None or step.is_completion):
            return self._running.measure(step.objective, step.key_result, step.measured)
        if step.closing is not None:
            return self._running.close_cycle(step.objective, step.closing)
        if step.key_result is None:
            return self._running.forget(step.objective)
        return self._running.change(step.objective, step.key_result, is_same_goal=step.is_same_goal)

    def _is_plain(self, objective: UUID | None) -> bool:
        """Whether an objective and others, or a cycle above, never take their value from each other."""
        return not self._has_children and objective not in self._entangled

    def _touched(self, objectives: Iterable[UUID]) -> list[UUID]:
        """These objectives, and those that may take their value from them, directly or not."""
        found = dict.fromkeys(objectives)
        level = list(found)
        while level:
            level = [above for id in level for above in self._above.get(id, ()) if above not in found]
            found |= dict.fromkeys(level)
        return list(found)

    def _set(self, position: int, cause: Cause, id: UUID) -> None:
        before, now = self._worths[id], self._worth(id)
        self._worths[id] = now
        bookings = self._bookings.get(id)
        if bookings is None:
            return
        old, new = _value(before), _value(now)
        if new != old:
            bookings.append(Booking(id, position, cause, old, new, new - old))
        if not self._has_children:
            amount = self._moved_by(id, old, new) if _place(before) == _place(now) else self._reset(id)
            if amount:
                self._book_mean(Booking(id, position, cause, old, new, amount))

    def _moved_by(self, id: UUID, old: float, new: float) -> float:
        """The change of the cycle's mean, if its parts are the same."""
        return (new - old) / len(self._in_mean) if new != old and id in self._in_mean else 0.0

    def _reset(self, id: UUID) -> float:
        """The change of the cycle's mean, if an objective may come or go."""
        self._in_mean = self._in_mean_with(id) or self._counted()
        return self._mean_now() - self._mean

    def _in_mean_with(self, id: UUID) -> frozenset[UUID]:
        """The parts of the mean with or without an objective that changed; empty if it may consist of others."""
        worth, others = self._worths[id], self._in_mean - {id}
        if not others or any(one is not None and one.is_heading for one in (worth, self._worths[next(iter(others))])):
            return frozenset()
        return others | {id} if worth is not None and worth.counts else others

    def _book_change_of_children(self, position: int, cause: Cause, touched: Sequence[UUID]) -> None:
        """Book a change of a cycle of cycles, at the first objective that changes in its value, comes or goes."""
        whole = self._figures.cycle(self._cycle)
        before, now = self._sources, _sources(whole)
        self._sources = now
        changed = [id for id in (*touched, *now, *before) if before.get(id) != now.get(id)]
        for id in [*changed, *touched, *now][:1]:
            self._book_mean(Booking(id, position, cause, 0.0, 0.0, (whole.value or 0.0) - self._mean))

    def _book_mean(self, booking: Booking) -> None:
        """Book a change of the cycle's mean. A rounding error is not booked; the next change includes it."""
        if abs(booking.amount) > _ROUNDING_MAX:
            self._mean += booking.amount
            self._of_cycle.append(booking)

    def _counted(self) -> frozenset[UUID]:
        counted = {id: one for id in self._own if (one := self._worths[id]) is not None and one.counts}
        return frozenset([id for id, one in counted.items() if not one.is_heading] or counted)

    def _mean_now(self) -> float:
        if self._has_children:
            return self._figures.cycle(self._cycle).value or 0.0
        values = [_value(self._worths[id]) for id in self._in_mean]
        return fsum(values) / len(values) if values else 0.0

    def finish(self) -> Attributions:
        """The attributions, up to the end of the timeline."""
        self._horizon.move_to(self._timeline.position)
        self._horizon.complete(self._horizon.at)
        self._figures.forget(())
        found = {id: summed(self._initial[id], _value(self._worths[id]), self._bookings[id]) for id in self._own}
        return Attributions(found, summed(self._first_mean, self._mean_now(), self._of_cycle))


def _has_children(timeline: Timeline, cycle: UUID) -> bool:
    """Whether other cycles are inside a cycle."""
    return any(one.versions[0].parent == cycle for one in timeline.cycles.values())


def _sources(whole: CycleProgress) -> dict[UUID, float | None]:
    """The values of the objectives that a cycle's value comes from."""
    return {one.of.id: one.value for one in whole.counted}


def _value(worth: Worth | None) -> float:
    return 0.0 if worth is None or worth.value is None else worth.value


def _place(worth: Worth | None) -> tuple[bool, bool]:
    """Whether an objective counts in its cycle, and whether it takes its value from others."""
    return (False, False) if worth is None else worth[1:]


def _takers(timeline: Timeline) -> dict[UUID, set[UUID]]:
    """By objective: those that it ever supported directly, and that may have taken their value from it."""
    found: dict[UUID, set[UUID]] = {}
    for target, edges in timeline.edges.items():
        if timeline.may_take_from_others(target):
            for edge in edges:
                found.setdefault(edge.objective, set()).add(target)
    return found


# ── the events ───────────────────────────────────────────────────────────────────────────────────


def _steps(timeline: Timeline, plan: Basis) -> Iterator[list[_Step]]:
    """Every event that the plan does not know, in the order of the log, as all that it may change directly."""
    steps = sorted(_all_steps(timeline, Horizon.of(plan)), key=_position)
    return (list(of) for _, of in groupby(steps, key=_position))


def _all_steps(timeline: Timeline, plan: Horizon) -> Iterator[_Step]:
    for id, objective in timeline.objectives.items():
        for before, version in _changes(objective.versions, plan):
            yield _Step(version.position, _cause_of_objective(before, version), id)
        for key_result in timeline.of_objective[id]:
            yield from _steps_of_key_result(timeline, key_result, id, plan)
    yield from _steps_of_calendar(timeline, plan)
    for cycle in timeline.cycles.values():
        yield from _steps_of_cycle(timeline, cycle, plan)
    for target, edges in timeline.edges.items():
        for edge in edges:
            if not plan.sees(edge.position, edge.effective_at):
                yield _Step(edge.position, Cause.SCOPE, target)
            if edge.until_position <= timeline.position and not plan.sees(edge.until_position, edge.until_at):
                yield _Step(edge.until_position, Cause.SCOPE, target)


def _steps_of_calendar(timeline: Timeline, plan: Horizon) -> Iterator[_Step]:
    """A new calendar moves the days of every objective."""
    for _, version in _changes(timeline.calendars.versions, plan):
        for objective in timeline.objectives:
            yield _Step(version.position, Cause.GOALPOST, objective)


def _steps_of_cycle(timeline: Timeline, cycle: History[CycleRow], plan: Horizon) -> Iterator[_Step]:
    """The activation of a cycle as SCOPE, its closing as MOVEMENT and its new days as GOALPOST, for each of its
    objectives; a cycle without objectives of its own may give others the value of the cycles inside it."""
    objectives: list[UUID | None] = [*timeline.objectives_of_cycle(cycle.versions[0].id)] or [None]
    for before, version in _changes(cycle.versions, plan):
        is_closing = before is not None and version.state is CycleState.CLOSED
        closing = end_of_cycle(version) if is_closing else None
        for id in objectives:
            yield _Step(version.position, _cause_of_cycle(before, version), id, closing=closing)


def _cause_of_cycle(before: CycleRow | None, row: CycleRow) -> Cause:
    if before is not None and before.former_days != row.former_days:
        return Cause.GOALPOST
    return Cause.MOVEMENT if before is not None and row.state is CycleState.CLOSED else Cause.SCOPE


def _steps_of_key_result(timeline: Timeline, key_result: UUID, objective: UUID, plan: Horizon) -> Iterator[_Step]:
    for before, version in _changes(timeline.key_results[key_result].versions, plan):
        cause, is_same = _cause(before, version), before is not None and _value_goal(before) == _value_goal(version)
        yield _Step(version.position, cause, objective, key_result, is_same_goal=is_same)
    kpis = timeline.kpis_of(key_result)
    for kpi in kpis:
        for earlier, definition in _changes(timeline.kpis[kpi].versions, plan):
            if earlier is not None and _method(earlier) != _method(definition):
                yield _Step(definition.position, Cause.GOALPOST, objective, key_result)
    for subject in (key_result, *kpis):
        for measurement in timeline.series(subject).versions:
            if measurement.until_position == OPEN and plan.sees(measurement.position, measurement.measured_at):
                continue  # most readings of a KPI are older than the plan
            for position in _positions(measurement, plan, timeline.position):
                yield _Step(position, Cause.MOVEMENT, objective, key_result, measurement)


def _method(row: KpiRow) -> tuple[object, ...]:
    """What the values of a KPI depend on beside its readings."""
    return row.cadence, row.aggregation, row.formula


def _changes(versions: Sequence[V], plan: Horizon) -> Iterator[tuple[V | None, V]]:
    """The versions that the plan does not know, each with the one before it."""
    for before, version in pairwise([None, *versions]):
        if version is not None and not plan.sees(version.position, version.changed_at):
            yield before, version


def _positions(measurement: MeasurementVersion, plan: Horizon, last: int) -> Iterator[int]:
    """The positions of the beginning and the end of a measurement, as far as the plan does not know them."""
    if measurement.until_position <= plan.position:
        return
    if not plan.sees(measurement.position, measurement.measured_at):
        yield measurement.position
    if measurement.until_position <= min(last, OPEN - 1):
        yield measurement.until_position


def _cause_of_objective(before: ObjectiveRow | None, row: ObjectiveRow) -> Cause:
    """SCOPE for objectives that come and go; MOVEMENT for a closing or reopening, which moves the end up to which
    measurements count."""
    came_or_went = before is None or ObjectiveState.CLOSED not in (before.state, row.state)
    return Cause.SCOPE if came_or_went else Cause.MOVEMENT


def _cause(before: KeyResultRow | None, row: KeyResultRow) -> Cause:
    """The cause that a version of a key result is attributed to, see `domain.metrics.cause`."""
    is_moved = before is not None and (before.objective, before.cycle) != (row.objective, row.cycle)
    if before is None or is_moved or before.weight != row.weight or row.state is KeyResultState.DROPPED:
        return Cause.SCOPE
    return Cause.GOALPOST if _goal(before) != _goal(row) else Cause.MOVEMENT


def _goal(row: KeyResultRow) -> tuple[object, ...]:
    return row.metric, row.due, row.kpi, row.aggregate, row.count_from


def _value_goal(row: KeyResultRow) -> tuple[object, ...]:
    """What the value of an open key result and its part in the mean of its objective depend on, beside measurements."""
    return row.objective, row.state is KeyResultState.DROPPED, row.weight, row.former, *_goal(row)
