"""When a goal turned worse, and by which change, from a timeline at the position of the basis.

The walk goes backwards from the basis over the moments at which something happened to the goal: it turned worse at the
last moment before which it was less bad than at the basis. If nothing happened there, time passed: the goal fell behind
what was expected.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from domain.metrics.badness import degree
from domain.primitives.calendar import INSTANT
from domain.primitives.values import Basis, Kind, Ref
from projections.figures import timeline
from projections.figures.figures import Figures
from projections.figures.formula_readings import FormulaSeries
from projections.figures.horizon import Horizon
from projections.figures.timeline import Timeline
from projections.store.versioned_tables import Connection

PRECISION = timedelta(minutes=1)
"""How exactly a moment is found at which nothing but time passed."""


class Turn(NamedTuple):
    """The moment since which a goal has been as bad as it is, and the position of the change that made it so; None if
    time did."""

    at: datetime
    position: int | None


def turns(conn: Connection, basis: Basis, since: datetime, goals: dict[Ref, UUID]) -> dict[Ref, Turn]:
    """The turn of each of these key results and objectives, given with their objectives, which are worse than at the
    moment `since`."""
    history = timeline.of_objectives(conn, basis, list(set(goals.values()))) if goals else None
    return (
        {}
        if history is None
        else {goal: _Walk(history, goal, of, since, basis.at).turn() for goal, of in goals.items()}
    )


class _Walk:
    """The way back from the basis of one goal."""

    def __init__(self, history: Timeline, goal: Ref, objective: UUID, since: datetime, at: datetime) -> None:
        self._history = history
        self._goal = goal
        self._since = since
        self._at = at
        self._now = self._badness(self._figures(at))
        happened = (one for one in self._happened(objective) if since < one[0] <= at)
        self._events = list(dict(sorted(happened)).items())

    def turn(self) -> Turn:
        later = self._at
        for moment, position in reversed(self._events):
            if self._badness(self._figures(moment)) < self._now:
                return self._in_between(moment, later)
            if self._badness(self._figures(moment - INSTANT)) < self._now:
                return Turn(moment, position or None)
            later = moment
        return self._in_between(self._since, later)

    def _in_between(self, first: datetime, last: datetime) -> Turn:
        """The turn while nothing happened, after the first of two moments, and at the latest at the last one."""
        figures, begin = self._figures(first), first
        while last - begin > PRECISION:
            middle = begin + (last - begin) / 2
            figures.wait(middle)
            begin, last = (begin, middle) if self._badness(figures) >= self._now else (middle, last)
        return Turn(last, None)

    def _figures(self, at: datetime) -> Figures:
        return Figures(self._history, Horizon(at, self._history.position))

    def _badness(self, figures: Figures) -> int:
        of = figures.key_result if self._goal.kind is Kind.KEY_RESULT else figures.objective
        progress = of(self._goal.id)
        return 0 if progress is None else degree(progress.health)

    def _happened(self, objective: UUID) -> Iterator[tuple[datetime, int]]:
        """The moments and positions of what concerns the goal: of an objective, also of those that support it."""
        history = self._history
        if self._goal.kind is Kind.KEY_RESULT:
            key_results: Sequence[UUID] = [self._goal.id]
            objectives = history.homes_of(self._goal.id)
        else:
            objectives = [objective, *_supporters(history, objective)]
            key_results = [id for one in objectives for id in history.of_objective.get(one, ())]
        for setting in (*history.policies.versions, *history.calendars.versions):
            yield setting.changed_at, setting.position
        for one in objectives:
            yield from _versions(history, one)
        for id in key_results:
            yield from ((row.changed_at, row.position) for row in history.key_results[id].versions)
            for subject in history.subjects(id):
                yield from _measured(history, subject)


def _versions(history: Timeline, objective: UUID) -> Iterator[tuple[datetime, int]]:
    rows = history.objectives[objective].versions
    yield from ((row.changed_at, row.position) for row in rows)
    for cycle in {row.cycle for row in rows}:
        yield from ((row.changed_at, row.position) for row in history.cycles[cycle].versions)
    for edge in history.edges.get(objective, ()):
        yield edge.effective_at, edge.position
        if edge.until_position <= history.position:
            yield edge.until_at, edge.until_position


def _measured(history: Timeline, subject: UUID) -> Iterator[tuple[datetime, int]]:
    """The current measurements of a key result or KPI, and the complete periods of a formula, which are no events."""
    yield from (
        (one.measured_at, one.position) for one in history.series(subject).versions
        if one.until_position > history.position
    )  # fmt: skip
    if history.is_worked_out(subject):
        yield from ((at, 0) for at in FormulaSeries(history, subject).completions())


def _supporters(history: Timeline, objective: UUID) -> list[UUID]:
    """The objectives that ever supported an objective, directly or not."""
    found: dict[UUID, None] = {}
    level = [objective]
    while level:
        edges = [edge for one in level for edge in history.edges.get(one, ())]
        level = [
            edge.objective for edge in edges if edge.objective not in found and edge.objective in history.objectives
        ]
        found.update(dict.fromkeys(level))
    return list(found)
