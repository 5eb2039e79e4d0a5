"""What happens to the goals of a timeline, in the order of the world or along a sequence of bases.

A computation that moves from one basis to a later one (see `projections.figures.figures.Figures.advance`) computes only
those goals anew that something has happened to since the basis before.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from operator import attrgetter
from typing import NamedTuple, TypeAlias
from uuid import UUID

from domain.primitives.values import EARLIEST, Basis
from projections.figures.formula_readings import EVER, FormulaSeries
from projections.figures.measurement_series import MeasurementVersion
from projections.figures.timeline import Timeline

Happened: TypeAlias = tuple[Collection[UUID], Collection[UUID]]
"""The objectives that an event changed, and the key results that were measured."""


class _Happening(NamedTuple):
    """What an event happened to, when it was effective, and its position; 0 for what is no event."""

    at: datetime
    position: int
    id: UUID


_at = attrgetter("at")

# ── moment by moment ─────────────────────────────────────────────────────────────────────────────


class Happenings:
    """What happens to the objectives and key results of a timeline, in the order of the world."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._changes = _Queue(_changes(timeline))
        self._measurements = _Queue(chain(_measurements(timeline), _foreseen(timeline)))

    def by(self, at: datetime) -> Happened:
        """What an event changed by this moment, and what was measured by it; both since the moment asked for before, at
        the position of the timeline."""
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
        return list(dict.fromkeys(one.id for one in self._happenings[begin : self._taken]))

    def moments(self, ids: Collection[UUID]) -> Iterator[datetime]:
        return (one.at for one in self._happenings if one.id in ids)


# ── basis by basis ───────────────────────────────────────────────────────────────────────────────


def along(timeline: Timeline, bases: Sequence[Basis]) -> list[Happened]:
    """What happens to the objectives and key results of a timeline until each of these bases, since the one before;
    nothing until the first, with which a computation begins. Neither clock of them goes backwards."""
    places = _Places(bases)
    changed: list[set[UUID]] = [set() for _ in bases]
    measured: list[set[UUID]] = [set() for _ in bases]
    places.add_happenings(changed, _changes(timeline))
    places.add_happenings(measured, _foreseen(timeline))
    known: dict[UUID, set[int]] = {}
    for id in timeline.key_results:
        for subject in timeline.subjects(id):
            if subject not in known:
                known[subject] = places.of_measurements(timeline.series(subject).versions, timeline.position)
                known[subject] |= places.of(_of_kpi(timeline, subject, bases[0].at, bases[-1].at))
            places.add(measured, id, known[subject])
    return list(zip(changed, measured, strict=True))


class _Places:
    """The bases that see events first, by their places."""

    def __init__(self, bases: Sequence[Basis]) -> None:
        self._moments = [basis.at for basis in bases]
        self._positions = [basis.position for basis in bases]

    def of(self, events: Iterable[tuple[datetime, int]]) -> set[int]:
        """The places of the bases that see one of these events first, each with its moment and its position."""
        moments, positions = self._moments, self._positions
        return {max(bisect_left(moments, at), bisect_left(positions, position)) for at, position in events}

    def of_measurements(self, versions: Iterable[MeasurementVersion], last: int) -> set[int]:
        """The same for the beginnings of these versions and for their ends up to the position `last`. Most versions are
        known at the first basis, so that only their moment counts."""
        moments, first = self._moments, self._positions[0]
        begun = {bisect_left(moments, one.measured_at) for one in versions if one.position <= first}
        late = [(one.measured_at, one.position) for one in versions if one.position > first]
        return begun | self.of(chain(late, _ends(versions, last)))

    def add(self, to: Sequence[set[UUID]], id: UUID, places: Iterable[int]) -> None:
        """Add an id at these places, without the first one, as far as there are bases."""
        for place in places:
            if 0 < place < len(to):
                to[place].add(id)

    def add_happenings(self, to: Sequence[set[UUID]], happenings: Iterable[_Happening]) -> None:
        """Add what events happened to at the places of the bases that see them first."""
        events: defaultdict[UUID, list[tuple[datetime, int]]] = defaultdict(list)
        for at, position, id in happenings:
            events[id].append((at, position))
        for id, of in events.items():
            self.add(to, id, self.of(of))


# ── events ───────────────────────────────────────────────────────────────────────────────────────


def _changes(timeline: Timeline) -> Iterator[_Happening]:
    """The events of each objective, its key results, its cycle and the alignments to it, policies and calendars."""
    for setting in (*timeline.policies.versions, *timeline.calendars.versions):
        yield from (_Happening(setting.changed_at, setting.position, id) for id in timeline.objectives)
    for cycle, changed in timeline.cycles.items():
        for row in changed.versions:
            yield from (_Happening(row.changed_at, row.position, id) for id in timeline.objectives_of_cycle(cycle))
    for id, history in timeline.objectives.items():
        yield from (_Happening(row.changed_at, row.position, id) for row in history.versions)
        for one in timeline.of_objective[id]:
            yield from (_Happening(row.changed_at, row.position, id) for row in timeline.key_results[one].versions)
        for edge in timeline.edges.get(id, ()):
            yield _Happening(edge.effective_at, edge.position, id)
            yield _Happening(edge.until_at, edge.until_position, id)


def _measurements(timeline: Timeline) -> Iterator[_Happening]:
    """The check-ins of each key result, and the readings and changes of the KPIs that ever measured it; of a formula
    the completion of each period, too."""
    known: dict[UUID, Sequence[tuple[datetime, int]]] = {}
    for id in timeline.key_results:
        for subject in timeline.subjects(id):
            if subject not in known:
                known[subject] = list(_measured(timeline, subject))
            yield from (_Happening(at, position, id) for at, position in known[subject])


def _measured(timeline: Timeline, subject: UUID) -> Iterator[tuple[datetime, int]]:
    """When something changed the measurements of a key result or a KPI, with the position."""
    versions = timeline.series(subject).versions
    yield from ((one.measured_at, one.position) for one in versions)
    yield from _ends(versions, timeline.position)
    yield from _of_kpi(timeline, subject)


def _ends(versions: Iterable[MeasurementVersion], last: int) -> Iterator[tuple[datetime, int]]:
    """The ends of these versions up to the position `last`."""
    return ((one.measured_at, one.until_position) for one in versions if one.until_position <= last)


def _of_kpi(
    timeline: Timeline, subject: UUID, since: datetime = EARLIEST, until: datetime = EVER
) -> Iterator[tuple[datetime, int]]:
    """When a definition of a KPI changed, or a period of its formula completed after one moment and up to another."""
    if timeline.is_worked_out(subject):
        yield from ((at, 0) for at in FormulaSeries(timeline, subject).completions(since, until))
    if subject in timeline.kpis:
        yield from ((row.changed_at, row.position) for row in timeline.kpis[subject].versions)


def _foreseen(timeline: Timeline) -> Iterator[_Happening]:
    """The links to KPIs and the definitions of these, which hold before they take effect, too: from their recording
    on."""
    for id, history in timeline.key_results.items():
        yield from (_Happening(EARLIEST, row.position, id) for row in history.versions if row.kpi is not None)
        for kpi in timeline.kpis_of(id):
            yield from (_Happening(EARLIEST, row.position, id) for row in timeline.kpis[kpi].versions)
