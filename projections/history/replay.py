"""How did a cycle come about: frame after frame, each at a basis of its own, from a chronicle that is read once.

A frame at a moment T stands on (T, the last position recorded by T): what was true then, as far as it was known
then. But a history that was brought in from elsewhere was not known at all while it happened, and would make a film of
nothing. So no frame stands before the cycle's *arrival*: the end of the unbroken row of events, from its opening on,
that tell of what was true before the opening was recorded. What arrived with the cycle is seen from the moment it
was true; what was recorded since, from the moment it was recorded. See docs/adr/0009.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from domain.log import times
from domain.log.times import Known
from domain.metrics.progress import Health, SharedProgress
from domain.primitives.calendar import Step, day_start, steps
from domain.primitives.errors import Code, CommandRejected, invalid
from domain.primitives.values import EARLIEST, Kind
from projections.history import timeline
from projections.history.timeline import BitemporalTimeline
from projections.store.basis import ResolvedBasis
from projections.store.versioned_tables import OPEN, Connection
from projections.tables.cycle import CycleRow

FIGURES_MAX = 500_000
"""How many key results are worked out for one replay, at most, all frames together."""

HEALTHS = tuple(health for health in Health if health is not Health.DROPPED)
"""What a key result can be that was not dropped."""


class Frame:
    """A cycle at one basis, and what came to be seen since the frame before: the positions of those events.

    The figures are worked out when they are first asked for.
    """

    def __init__(self, told: BitemporalTimeline, basis: ResolvedBasis, changes: Sequence[int]) -> None:
        self._told = told
        self.basis = basis
        self.changes = changes

    @cached_property
    def progress(self) -> SharedProgress:
        """How far the cycle was."""
        return self._told.progress(self.basis)

    @cached_property
    def health(self) -> Mapping[Health, int]:
        """How many key results were in each condition: those not dropped, of objectives not dropped."""
        live = [one for one in self.progress.objectives if one.health is not Health.DROPPED]
        return Counter(part.health for one in live for part in one.key_results)

    @property
    def objectives(self) -> int:
        """How many objectives there were that were not dropped."""
        return sum(one.health is not Health.DROPPED for one in self.progress.objectives)

    @property
    def key_results(self) -> int:
        """How many key results there were, counted as in `health`."""
        return sum(self.health.values())


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

    `known`: every frame as far as had been recorded there, instead of by its own moment. CHANGE makes a frame of
    every event. All is read before this returns, in seven statements whatever the number of frames, and worked out
    as it is asked for. Raises `INVALID` for a span that begins after it ends, `TOO_LARGE` for too many frames.
    """
    first, last = _span(cycle, basis, since, until)
    told = timeline.read(conn, basis, cycle)
    events = _events(conn, told)
    horizon = Known(known.position, known.known) if known is not None else None
    arrival = horizon or _arrival(cycle, events)
    seen = sorted(_seen(events, arrival, is_all=horizon is not None))
    moments = steps(every, first, last, [at for at, _ in seen])
    if len(moments) * len(told.key_results) > FIGURES_MAX:
        raise CommandRejected(
            Code.TOO_LARGE, "Has too many frames for so many key results; take a longer step or a shorter span."
        )
    bases = (
        _bases(conn, basis, moments, arrival) if horizon is None else [ResolvedBasis(at, *horizon) for at in moments]
    )
    return _frames(told, bases, seen)


def _span(
    cycle: CycleRow, basis: ResolvedBasis, since: datetime | None, until: datetime | None
) -> tuple[datetime, datetime]:
    last = min(until or cycle.outcome_at or basis.at, basis.at)
    first = min(day_start(cycle.starts_on), last) if since is None else since
    if first > last:
        raise invalid(f"Begins after it ends, at {last.isoformat()}.", "from")
    return first, last


def _frames(
    told: BitemporalTimeline, bases: Sequence[ResolvedBasis], seen: Sequence[tuple[datetime, int]]
) -> Iterator[Frame]:
    """The first frame has no frame before it, and so no changes."""
    moments = [at for at, _ in seen]
    after = [bisect_right(moments, basis.at) for basis in bases]
    for basis, (begin, end) in zip(bases, pairwise([*after[:1], *after]), strict=True):
        yield Frame(told, basis, sorted(position for _, position in seen[begin:end]))


# ── what is seen when ────────────────────────────────────────────────────────────────────────────


class Event(NamedTuple):
    """An event that figures stand on. `is_own`: of the cycle and its goals, rather than of a KPI or the policy."""

    position: int
    effective_at: datetime
    recorded_at: datetime
    is_own: bool


def _events(conn: Connection, told: BitemporalTimeline) -> list[Event]:
    """All events that the chronicle tells of, in the order of the log."""
    effective = dict(_effective(told))
    recorded = times.recordings(conn, list(effective))
    return [Event(position, at, recorded[position], own) for position, (at, own) in sorted(effective.items())]


def _effective(told: BitemporalTimeline) -> Iterable[tuple[int, tuple[datetime, bool]]]:
    """By position: since when it was true, and whether it is the cycle's own."""
    cycle = told.cycle
    yield cycle.born, (cycle.created_at, True)
    for basis in (cycle.plan, cycle.outcome):
        if basis is not None:
            yield basis.position, (basis.at, True)
    for policy in told.policies.versions:
        yield policy.position, (policy.changed_at, False)
    for goal in told.versions:
        yield goal.position, (goal.changed_at, True)
    for series in told.series.values():
        for said in series.said:
            own = said.node.kind is Kind.CHECK_IN
            yield said.position, (said.measured_at, own)
            if said.until_position <= told.position:
                yield said.until_position, (said.measured_at, own)


def _arrival(cycle: CycleRow, events: Iterable[Event]) -> Known:
    """The end of the unbroken row of events, from the opening on, that tell of what was before it was recorded.

    What others say of a KPI meanwhile does not break the row; the cycle's closing ends it, so that nothing late
    is in the outcome.
    """
    closed = cycle.outcome_position or OPEN
    row = [event for event in events if cycle.born <= event.position <= closed]
    opening = arrival = row[0]
    for event in row:
        if event.effective_at <= opening.recorded_at:
            arrival = event
        elif event.is_own:
            break
    return Known(arrival.position, arrival.recorded_at)


def _seen(events: Iterable[Event], arrival: Known, *, is_all: bool) -> Iterator[tuple[datetime, int]]:
    """Each event with the moment from which on frames show it; `is_all`: nothing after the arrival is known."""
    for event in events:
        if event.position <= arrival.position:
            yield event.effective_at, event.position
        elif not is_all:
            yield event.recorded_at, event.position


def _bases(conn: Connection, basis: ResolvedBasis, moments: Sequence[datetime], arrival: Known) -> list[ResolvedBasis]:
    """Each moment with the last position recorded by it, but none before the arrival, and none that no view has."""
    head = Known(basis.position, basis.known)
    last = [min(head, Known(*known)) if known else Known(0, EARLIEST) for known in times.known_by(conn, moments)]
    return [ResolvedBasis(at, *max(arrival, known)) for at, known in zip(moments, last, strict=True)]
