"""Attribution replay: the contribution of a key result (weight and progress) after each event between plan and outcome.

The replay follows the order of the log. First it applies all events that the plan knows, then every other event, one by
one. The timeline ends at the outcome, so the last contribution equals the one at the outcome.
"""

from bisect import insort
from collections.abc import Callable, Iterator
from itertools import groupby, pairwise
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from domain.metrics.cause import Cause
from domain.metrics.formulas import attained
from domain.metrics.retrospective import Move, Part
from domain.primitives.values import Basis, KeyResultState
from projections.history.timeline import BitemporalTimeline, MeasurementVersion
from projections.tables.key_result import KeyResultRow


class _Event(NamedTuple):
    """An event that affects a key result, and the state change it applies. `is_planned`: it is known at the plan."""

    position: int
    is_planned: bool
    cause: Cause | None
    apply: Callable[["_ReplayState"], None]


class _ReplayState:
    """The state of a key result during the replay."""

    def __init__(self) -> None:
        self.row: KeyResultRow | None = None
        self._current: dict[UUID, list[MeasurementVersion]] = {}

    @property
    def part(self) -> Part | None:
        """Its contribution to the objective; None before it is added, and once it is dropped."""
        row = self.row
        if row is None or row.state is KeyResultState.DROPPED:
            return None
        return Part(row.weight, attained(row.metric, self._latest(row)))

    def _latest(self, row: KeyResultRow) -> MeasurementVersion | None:
        if row.kpi is None:
            return next((one for one in reversed(self._current.get(row.id, ())) if one.is_measured), None)
        last = next(reversed(self._current.get(row.kpi, ())), None)
        return last if last is not None and row.kpi_since is not None and last.measured_at >= row.kpi_since else None

    def set_row(self, row: KeyResultRow) -> None:
        self.row = row

    def add(self, measurement: MeasurementVersion) -> None:
        insort(self._current.setdefault(measurement.subject, []), measurement, key=_moment)

    def remove(self, measurement: MeasurementVersion) -> None:
        self._current[measurement.subject].remove(measurement)


_moment = attrgetter("measured_at", "position")


def replay_attribution(timeline: BitemporalTimeline, key_result: UUID, plan: Basis) -> tuple[Part | None, list[Move]]:
    """The contribution of a key result at the plan, and after each later event up to the end of the timeline."""
    state = _ReplayState()
    events = sorted(_events(timeline, key_result, plan), key=attrgetter("position"))
    for event in events:
        if event.is_planned:
            event.apply(state)
    planned, moves = state.part, []
    for position, same in groupby((event for event in events if not event.is_planned), key=attrgetter("position")):
        causes = [_applied(event, state) for event in same]
        moves += [Move(position, cause, key_result, state.part) for cause in causes[:1] if cause is not None]
    return planned, moves


def _applied(event: _Event, state: _ReplayState) -> Cause | None:
    event.apply(state)
    return event.cause


def _events(timeline: BitemporalTimeline, key_result: UUID, plan: Basis) -> Iterator[_Event]:
    """Every event that affects a key result: its own versions, and the measurements of it and of its KPIs."""
    versions = timeline.key_results[key_result].versions
    for before, row in pairwise([None, *versions]):
        assert row is not None
        is_planned = row.position <= plan.position and row.changed_at <= plan.at
        yield _Event(row.position, is_planned, _cause(before, row), _set_row(row))
    for subject in {key_result, *(row.kpi for row in versions if row.kpi is not None)}:
        series = timeline.series.get(subject)
        for measurement in () if series is None else series.versions:
            yield from _measurement_events(measurement, plan, timeline.position)


def _measurement_events(measurement: MeasurementVersion, plan: Basis, last: int) -> Iterator[_Event]:
    """The beginning of a measurement, and its end if it has one. A measurement that ended before the plan has none."""
    if measurement.until_position <= plan.position:
        return
    is_planned = measurement.position <= plan.position and measurement.measured_at <= plan.at
    yield _Event(measurement.position, is_planned, Cause.MOVEMENT, lambda state: state.add(measurement))
    if measurement.until_position <= last:
        end = measurement.until_position
        yield _Event(end, is_planned=False, cause=Cause.MOVEMENT, apply=lambda state: state.remove(measurement))


def _set_row(row: KeyResultRow) -> Callable[[_ReplayState], None]:
    return lambda state: state.set_row(row)


def _cause(before: KeyResultRow | None, row: KeyResultRow) -> Cause | None:
    """The cause that a new version is attributed to, see `domain.metrics.cause`; None if progress is not affected."""
    if before is None or before.weight != row.weight or row.state is KeyResultState.DROPPED:
        return Cause.SCOPE
    measured = (before.metric, before.due, before.kpi, before.kpi_since) != (
        row.metric,
        row.due,
        row.kpi,
        row.kpi_since,
    )
    return Cause.GOALPOST if measured else None
