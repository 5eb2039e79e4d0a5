"""The replay of a cycle: a sequence of frames, each at its own basis, from a timeline and kept standings that are read
once.

A frame at a moment T has the basis (T, the last position recorded by T): what was effective then, as known then. But
an imported history was not known while it happened, and its frames would be empty. So no frame has a position before
the cycle's *arrival*: the last of the consecutive events, from its opening on, that were effective before the opening
was recorded. Events of the sources of its value are among them: of supporters, and of the cycles inside a cycle without
objectives of its own. Events up to the arrival are visible from their effective time, later ones from their recording
time. See docs/adr/0010.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import pairwise
from operator import itemgetter
from typing import NamedTuple
from uuid import UUID

from domain.log.reads import times
from domain.log.reads.times import Known
from domain.metrics.wholes import Summary
from domain.primitives.calendar import Calendar, Step
from domain.primitives.errors import Code, CommandRejected, invalid
from domain.primitives.values import EARLIEST
from projections.figures import happenings, timeline
from projections.figures.figures import Figures
from projections.figures.horizon import Horizon
from projections.figures.timeline import Timeline
from projections.history.over_time.kept_cycle import KeptCycle, has_kept_figures
from projections.history.sources import Sources, sources
from projections.store.basis import ResolvedBasis
from projections.store.rows import Version
from projections.store.versioned_tables import OPEN, Connection
from projections.tables.cycle import CycleRow

FIGURES_MAX = 500_000
"""The maximum number of key result states in one replay, over all frames."""


class Frame:
    """A cycle at one basis. `label`: the name of the calendar's period that contains its moment.

    The figures are computed on first access, with those of the frames before; for its changes see `changes_of`.
    """

    def __init__(self, course: "_Course", news: "_News", place: int, basis: ResolvedBasis, label: str) -> None:
        self._course = course
        self.news = news
        self.place = place
        self.basis = basis
        self.label = label

    @property
    def progress(self) -> Summary:
        """The progress of the cycle. Raises `DeadlineExceeded`."""
        return self._course.progress(self.place)

    @property
    def objectives(self) -> int:
        """The number of objectives that count: neither drafts nor dropped."""
        return sum(self.progress.objectives.values())

    @property
    def key_results(self) -> int:
        """The number of key results of these objectives."""
        return sum(self.progress.key_results.values())


class _Course:
    """The progress of a cycle at the bases of the frames, in one pass. What is kept of a frame is a summary."""

    def __init__(self, computed: Iterator[Summary]) -> None:
        self._found: list[Summary] = []
        self._rest = computed

    def progress(self, place: int) -> Summary:
        """The progress at the basis of this number."""
        while len(self._found) <= place:
            self._found.append(next(self._rest))
        return self._found[place]


def _summaries(
    conn: Connection, history: Timeline, cycle: UUID, every: Step, bases: Sequence[ResolvedBasis]
) -> Iterator[Summary]:
    """The progress at each basis: from kept standings, unless they do not tell it, or something happens at each."""
    if every is Step.CHANGE or not has_kept_figures(history, cycle):
        return _computed(history, cycle, bases)
    return KeptCycle(conn, cycle, history, partial(_part_of, history), bases).summaries()


def _part_of(history: Timeline, objectives: Sequence[UUID], linked: Sequence[UUID]) -> Timeline:
    return timeline.part_of(history, [*objectives, *linked])


def _computed(history: Timeline, cycle: UUID, bases: Sequence[ResolvedBasis]) -> Iterator[Summary]:
    """The same from a timeline: from one basis to the next, only those goals are computed anew that something has
    happened to, and the clock moves the others."""
    figures = Figures(history, Horizon.of(bases[0]))
    for basis, happened in zip(bases, happenings.along(history, bases), strict=True):
        figures.advance(Horizon.of(basis), *happened)
        yield Summary.of(figures.cycle(cycle))


def replay(
    conn: Connection,
    basis: ResolvedBasis,
    cycle: CycleRow,
    every: Step,
    since: datetime | None = None,
    until: datetime | None = None,
    known: ResolvedBasis | None = None,
) -> Iterator[Frame]:
    """The frames of a cycle from `since` (default: its first day) to `until` (default: its closing, or the basis).

    `known`: the position for every frame, instead of the last one recorded by its own moment. The step CHANGE makes a
    frame for every event. All data is read before this returns, in fourteen statements for any number of frames, three
    more for each level of objectives that give others their value, and one more for each level of formulas; figures are
    computed on access. Raises `INVALID` for a span that begins after it ends, `TOO_LARGE` for too many frames.
    """
    history = timeline.of_cycles(conn, basis, [cycle.id], since)
    calendar = history.calendar(Horizon.of(basis))
    first, last = _span(cycle, basis, calendar, since, until)
    events = _events(history, cycle)
    horizon = Known(known.position, known.known) if known is not None else None
    arrival = horizon or _arrival(conn, cycle, events)
    news = _News(events, arrival, has_hindsight=horizon is not None)
    changes = [at for at, _ in news.seen(conn)] if every is Step.CHANGE else ()
    moments = calendar.steps(every, first, last, changes)
    if len(moments) * len(history.key_results) > FIGURES_MAX:
        raise CommandRejected(
            Code.TOO_LARGE, "Has too many frames for so many key results; take a longer step or a shorter span."
        )
    bases = (
        _bases(conn, basis, moments, arrival) if horizon is None else [ResolvedBasis(at, *horizon) for at in moments]
    )
    news.moments = moments
    course = _Course(_summaries(conn, history, cycle.id, every, bases))
    return (Frame(course, news, place, at, calendar.label(every, at.at)) for place, at in enumerate(bases))


def _span(
    cycle: CycleRow, basis: ResolvedBasis, calendar: Calendar, since: datetime | None, until: datetime | None
) -> tuple[datetime, datetime]:
    last = min(until or cycle.outcome_at or basis.at, basis.at)
    first = min(calendar.day_start(cycle.starts_on), last) if since is None else since
    if first > last:
        raise invalid(f"Begins after it ends, at {last.isoformat()}.", "from")
    return first, last


# ── changes ──────────────────────────────────────────────────────────────────────────────────────


class _News:
    """The events that become visible from frame to frame, at these `moments`. `has_hindsight`: events after the arrival
    are unknown."""

    def __init__(self, events: "Sequence[Event]", arrival: Known, *, has_hindsight: bool) -> None:
        self._events = events
        self._arrival = arrival
        self._has_hindsight = has_hindsight
        self._seen: Sequence[tuple[datetime, int]] | None = None
        self.moments: Sequence[datetime] = ()

    def seen(self, conn: Connection) -> Sequence[tuple[datetime, int]]:
        """Each event as (moment since which frames show it, position), in this order, in one statement."""
        if self._seen is None:
            position = self._arrival.position
            known = [(one.effective_at, one.position) for one in self._events if one.position <= position]
            later = [one.position for one in self._events if one.position > position]
            if later and not self._has_hindsight:
                known += [(at, place) for place, at in times.recordings(conn, later).items()]
            self._seen = sorted(known)
        return self._seen

    def since_previous(self, conn: Connection) -> list[list[int]]:
        """For each frame the positions of the events since the previous one, in log order; none for the first."""
        seen = self.seen(conn)
        after = [bisect_right(seen, at, key=itemgetter(0)) for at in self.moments]
        return [sorted(position for _, position in seen[begin:end]) for begin, end in pairwise([*after[:1], *after])]


def changes_of(conn: Connection, frames: Sequence[Frame]) -> list[list[int]]:
    """For each of these frames the positions of the events that became visible since the previous one, in log order;
    none for the first."""
    found = {news: news.since_previous(conn) for news in {frame.news for frame in frames}}
    return [found[frame.news][frame.place] for frame in frames]


# ── visibility of events ─────────────────────────────────────────────────────────────────────────


class Event(NamedTuple):
    """An event that affects figures. `is_own`: of the cycle or of the sources of its value, not of a KPI, the scoring
    policy or the calendar."""

    position: int
    effective_at: datetime
    is_own: bool


def _events(history: Timeline, cycle: CycleRow) -> list[Event]:
    """All events of the timeline that may affect the figures of the cycle, in the order of the log."""
    effective = dict(_effective(history, cycle))
    return [Event(position, *effective[position]) for position in sorted(effective)]


def _effective(history: Timeline, cycle: CycleRow) -> Iterable[tuple[int, tuple[datetime, bool]]]:
    """By position: the effective time of the event, and whether it is of the cycle or of the sources of its
    value."""
    for of_cycle in history.cycles[cycle.id].versions:
        yield of_cycle.position, (of_cycle.changed_at, True)
    for setting in (*history.policies.versions, *history.calendars.versions):
        yield setting.position, (setting.changed_at, False)
    of = sources(history, cycle.id)
    key_results = [id for objective in of.objectives for id in history.of_objective[objective]]
    for version in _versions(history, of, key_results):
        yield version.position, (version.changed_at, True)
    for edge in of.alignments:
        yield edge.position, (edge.effective_at, True)
        if edge.until_position <= history.position:
            yield edge.until_position, (edge.until_at, True)
    yield from _measured(history, key_results)


def _versions(history: Timeline, of: Sources, key_results: Iterable[UUID]) -> Iterator[Version]:
    """Every version of these goals, and the activations and closings of the other cycles."""
    for id in of.objectives:
        yield from history.objectives[id].versions
    for id in key_results:
        yield from history.key_results[id].versions
    for id in of.cycles:
        yield from history.cycles[id].versions[1:]


def _measured(history: Timeline, key_results: Collection[UUID]) -> Iterator[tuple[int, tuple[datetime, bool]]]:
    """The measurements of these key results, and their ends; and the definitions of the KPIs that they come from."""
    for kpi in {kpi for id in key_results for kpi in history.kpis_of(id)}:
        for version in history.kpis[kpi].versions[1:]:
            yield version.position, (version.changed_at, False)
    for subject in {subject for id in key_results for subject in history.subjects(id)}:
        own = subject in history.key_results
        for measurement in history.series(subject).versions:
            yield measurement.position, (measurement.measured_at, own)
            if measurement.until_position <= history.position:
                yield measurement.until_position, (measurement.measured_at, own)


def _arrival(conn: Connection, cycle: CycleRow, events: Iterable[Event]) -> Known:
    """The last of the consecutive events, from the opening on, that were effective before the opening was recorded.

    Events of KPIs and policies in between do not interrupt the sequence; the closing of the cycle ends it, so that
    the outcome contains no late event.
    """
    closed = cycle.outcome_position or OPEN
    candidates = [event for event in events if cycle.born <= event.position <= closed]
    arrival = candidates[0].position
    opened_at = times.recordings(conn, [arrival])[arrival]
    for event in candidates:
        if event.effective_at <= opened_at:
            arrival = event.position
        elif event.is_own:
            break
    return Known(arrival, times.recordings(conn, [arrival])[arrival])


def _bases(conn: Connection, basis: ResolvedBasis, moments: Sequence[datetime], arrival: Known) -> list[ResolvedBasis]:
    """Each moment with the last position recorded by it, but not before the arrival, and not beyond the position of the
    projections."""
    head = Known(basis.position, basis.known)
    last = [min(head, Known(*known)) if known else Known(0, EARLIEST) for known in times.known_by(conn, moments)]
    return [ResolvedBasis(at, *max(arrival, known)) for at, known in zip(moments, last, strict=True)]
