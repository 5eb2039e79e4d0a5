"""The moments at which something happens to the goals of a timeline, in the order of the world.

A computation that moves through the moments of one basis (see `projections.figures.figures.Figures.advance`) computes
only those goals anew that something has happened to since the moment before.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from operator import itemgetter
from typing import TypeAlias
from uuid import UUID

from projections.figures.formula_readings import FormulaSeries
from projections.figures.timeline import Timeline

_Happening: TypeAlias = tuple[datetime, UUID]
"""A moment, and the id of what something happened to then."""

_at = itemgetter(0)


class Happenings:
    """What happens to the objectives and key results of a timeline, taken moment by moment."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._changes = _Queue(_changes(timeline))
        self._measurements = _Queue(_measurements(timeline))

    def by(self, at: datetime) -> tuple[list[UUID], list[UUID]]:
        """The objectives that an event changed by this moment, and the key results that were measured by it; both since
        the moment asked for before."""
        return self._changes.take(at), self._measurements.take(at)

    def moments(self, objectives: Collection[UUID]) -> Iterator[datetime]:
        """When something happened to one of these objectives or its key results."""
        key_results = {id for one in objectives for id in self._timeline.of_objective[one]}
        yield from self._changes.moments({*objectives})
        yield from self._measurements.moments(key_results)


class _Queue:
    def __init__(self, happenings: Iterable[_Happening]) -> None:
        self._happenings = sorted(happenings, key=_at)
        self._taken = 0

    def take(self, until: datetime) -> list[UUID]:
        begin, self._taken = self._taken, bisect_right(self._happenings, until, lo=self._taken, key=_at)
        return list(dict.fromkeys(id for _, id in self._happenings[begin : self._taken]))

    def moments(self, ids: Collection[UUID]) -> Iterator[datetime]:
        return (at for at, id in self._happenings if id in ids)


def _changes(timeline: Timeline) -> Iterator[_Happening]:
    """The events of each objective, its key results, its cycle and the alignments to it, policies and calendars."""
    for setting in (*timeline.policies.versions, *timeline.calendars.versions):
        yield from ((setting.changed_at, id) for id in timeline.objectives)
    for cycle, changed in timeline.cycles.items():
        for version in changed.versions:
            yield from ((version.changed_at, id) for id in timeline.objectives_of_cycle(cycle))
    for id, history in timeline.objectives.items():
        yield from ((version.changed_at, id) for version in history.versions)
        for one in timeline.of_objective[id]:
            yield from ((version.changed_at, id) for version in timeline.key_results[one].versions)
        yield from ((at, id) for edge in timeline.edges.get(id, ()) for at in (edge.effective_at, edge.until_at))


def _measurements(timeline: Timeline) -> Iterator[_Happening]:
    """The check-ins of each key result, and the readings and changes of the KPIs that ever measured it; of a formula
    the completion of each period, too."""
    for id in timeline.key_results:
        for subject in timeline.subjects(id):
            yield from ((one.measured_at, id) for one in timeline.series(subject).versions)
            if timeline.is_worked_out(subject):
                yield from ((at, id) for at in FormulaSeries(timeline, subject).completions())
            if subject in timeline.kpis:
                yield from ((version.changed_at, id) for version in timeline.kpis[subject].versions)
