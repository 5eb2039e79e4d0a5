"""What did each event between plan and outcome do to a key result: its weight and share after each of them.

The walk is in the order of the log, the only order there is. What the plan knows is told first, all at once; then
every other event, one by one. The timeline ends at the outcome, and so the last step stands where that stands.
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
    """An event on the way of a key result, and what it changes. `is_planned`: the plan knows of it."""

    position: int
    is_planned: bool
    cause: Cause | None
    apply: Callable[["_ReplayState"], None]


class _ReplayState:
    """A key result while its events are told."""

    def __init__(self) -> None:
        self.row: KeyResultRow | None = None
        self._said: dict[UUID, list[MeasurementVersion]] = {}

    @property
    def part(self) -> Part | None:
        """What it brings to its objective; none before it is there, and once it is dropped."""
        row = self.row
        if row is None or row.state is KeyResultState.DROPPED:
            return None
        return Part(row.weight, attained(row.metric, self._latest(row)))

    def _latest(self, row: KeyResultRow) -> MeasurementVersion | None:
        if row.kpi is None:
            return next((said for said in reversed(self._said.get(row.id, ())) if said.is_measured), None)
        last = next(reversed(self._said.get(row.kpi, ())), None)
        return last if last is not None and row.kpi_since is not None and last.measured_at >= row.kpi_since else None

    def stand(self, row: KeyResultRow) -> None:
        self.row = row

    def say(self, said: MeasurementVersion) -> None:
        insort(self._said.setdefault(said.subject, []), said, key=_moment)

    def take_back(self, said: MeasurementVersion) -> None:
        self._said[said.subject].remove(said)


_moment = attrgetter("measured_at", "position")


def replay_attribution(told: BitemporalTimeline, key_result: UUID, plan: Basis) -> tuple[Part | None, list[Move]]:
    """What a key result brought at the plan, and after each event since, as far as the chronicle goes."""
    state = _ReplayState()
    events = sorted(_events(told, key_result, plan), key=attrgetter("position"))
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


def _events(told: BitemporalTimeline, key_result: UUID, plan: Basis) -> Iterator[_Event]:
    """Every event of a key result; in the order of the log for each of its sources."""
    versions = told.key_results[key_result].versions
    for before, row in pairwise([None, *versions]):
        assert row is not None
        is_planned = row.position <= plan.position and row.changed_at <= plan.at
        yield _Event(row.position, is_planned, _cause(before, row), _standing(row))
    for subject in {key_result, *(row.kpi for row in versions if row.kpi is not None)}:
        series = told.series.get(subject)
        for said in () if series is None else series.said:
            yield from _saying(said, plan, told.position)


def _saying(said: MeasurementVersion, plan: Basis, last: int) -> Iterator[_Event]:
    """A measurement, and its end if there was one. What had ended at the plan was never there."""
    if said.until_position <= plan.position:
        return
    is_planned = said.position <= plan.position and said.measured_at <= plan.at
    yield _Event(said.position, is_planned, Cause.MOVEMENT, lambda state: state.say(said))
    if said.until_position <= last:
        end = said.until_position
        yield _Event(end, is_planned=False, cause=Cause.MOVEMENT, apply=lambda state: state.take_back(said))


def _standing(row: KeyResultRow) -> Callable[[_ReplayState], None]:
    return lambda state: state.stand(row)


def _cause(before: KeyResultRow | None, row: KeyResultRow) -> Cause | None:
    """What a new version is booked to: see `domain.metrics.cause`; none for one that changes no figure."""
    if before is None or before.weight != row.weight or row.state is KeyResultState.DROPPED:
        return Cause.SCOPE
    measured = (before.metric, before.due, before.kpi, before.kpi_since) != (
        row.metric,
        row.due,
        row.kpi,
        row.kpi_since,
    )
    return Cause.GOALPOST if measured else None
