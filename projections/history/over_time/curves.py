"""Curves: the progress of objectives, cycles and teams at the steps of a span, computed in one pass: over one timeline,
or, of most cycles, over kept standings.

Every point has the position of the basis, so it shows what was true at its moment by all that the basis knows (unlike
the frames of a replay, which show what was known at their moment). After the moment of the basis only the expected
progress goes on: the planned line. See docs/adr/0035.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import NamedTuple, TypeAlias, TypeVar
from uuid import UUID

from domain.metrics.progress import Progress
from domain.metrics.rating import Health
from domain.metrics.wholes import GroupProgress, ObjectiveProgress, Summary
from domain.primitives.calendar import Step, bounded
from domain.primitives.errors import Code, CommandRejected, invalid
from domain.primitives.values import Basis
from projections.figures import timeline
from projections.figures.figures import Figures
from projections.figures.happenings import Happenings
from projections.figures.horizon import Horizon
from projections.figures.team_figures import TeamFigures
from projections.figures.timeline import Check, Timeline
from projections.figures.window import end_of_goal
from projections.history.over_time.kept_cycle import KeptCycle, Means, has_kept_figures
from projections.history.sources import givers, sources
from projections.store.versioned_tables import Connection

FIGURES_MAX = 1_000_000
"""The maximum number of key result states in the curves of one request, over all their points."""

AnyWhole: TypeAlias = ObjectiveProgress | GroupProgress
Counts: TypeAlias = Mapping[Health | None, int]
F = TypeVar("F")


class CurvePoint(NamedTuple):
    """A whole at one moment, with its key results and objectives by health. After the moment of the basis all but
    `expected` is None."""

    at: datetime
    value: float | None
    expected: float | None
    health: Health | None = None
    confidence: float | None = None
    of_key_results: Counts | None = None
    of_objectives: Counts | None = None


class KeptPoint:
    """The same for a cycle, whose figures are computed at their first use, with those of the other points."""

    def __init__(self, of: "_KeptCurve", at: datetime, place: int) -> None:
        self.at = at
        self._of = of
        self._place = place

    @property
    def value(self) -> float | None:
        return self._of.means(self._place).value if self._of.is_past(self._place) else None

    @property
    def expected(self) -> float | None:
        return self._of.means(self._place).expected

    @property
    def health(self) -> Health | None:
        return None if self._summary is None else self._summary.health

    @property
    def confidence(self) -> float | None:
        return None if self._summary is None else self._summary.confidence

    @property
    def of_key_results(self) -> Counts | None:
        return None if self._summary is None else self._summary.key_results

    @property
    def of_objectives(self) -> Counts | None:
        return None if self._summary is None else self._summary.objectives

    @property
    def _summary(self) -> Summary | None:
        return self._of.summary(self._place)


AnyPoint: TypeAlias = CurvePoint | KeptPoint


@dataclass(eq=False)
class Shown:
    """What an answer shows of the points of a curve. `is_whole`: more than value and expected progress, so that one
    pass computes all figures."""

    is_whole: bool = False


class _KeptCurve:
    """What the points of a cycle share. `moments`: all of them, the first ones not after the basis."""

    def __init__(self, cycle: KeptCycle, moments: Sequence[datetime], past: int, shown: Shown) -> None:
        self._cycle = cycle
        self._moments = moments
        self._past = past
        self._shown = shown

    def is_past(self, place: int) -> bool:
        """Whether a moment is not after the basis."""
        return place < self._past

    def means(self, place: int) -> Means | Summary:
        """The value and the expected progress."""
        return self._found(self._cycle.figures if self._shown.is_whole else self._cycle.means, place)

    def summary(self, place: int) -> Summary | None:
        """All figures; None after the moment of the basis."""
        self._shown.is_whole = True
        found = self._found(self._cycle.figures, place) if self.is_past(place) else None
        return found if isinstance(found, Summary) else None

    def _found(self, each: Sequence[F], place: int) -> F:
        """What was computed for a moment. If all moments are after the basis, that of the basis precedes them."""
        return each[place - len(self._moments)]


class Span(NamedTuple):
    """The steps of a curve. Without `since` it begins with the plan, without `until` it ends with the goal or, while
    that is open, with the last day of its cycle or at the basis, whichever is later."""

    every: Step
    since: datetime | None = None
    until: datetime | None = None

    def ends(self, first: datetime, last: datetime) -> tuple[datetime, datetime]:
        """The first and the last moment, by these defaults. Raises `INVALID` for a span that begins after it ends."""
        if self.since is not None and self.until is not None and self.since > self.until:
            raise invalid(f"Begins after it ends, at {self.until.isoformat()}.", "from")
        since = min(first, self.until or first) if self.since is None else self.since
        return since, max(last, since) if self.until is None else self.until


class Curve(NamedTuple):
    """A curve to compute.

    `span`: its default first and last moments. `objectives`: those that may give it its value at any moment. `changes`:
    the moments at which something else changed that it depends on. `whole`: its progress at the moment of figures.
    """

    span: tuple[datetime, datetime]
    objectives: Collection[UUID]
    changes: Collection[datetime]
    whole: Callable[[Figures], AnyWhole | None]


def of_objectives(conn: Connection, basis: Basis, ids: Sequence[UUID], span: Span) -> dict[UUID, list[CurvePoint]]:
    """The curve of each of these objectives, by default from its creation on. Raises `INVALID`, `TOO_LARGE`."""

    def curves(figures: Figures) -> Mapping[UUID, Curve]:
        return {id: _of_objective(figures, id) for id in ids}

    read = partial(timeline.of_objectives, conn, basis, ids)
    return _read_and_computed(read, basis, span, curves)


def of_cycles(
    conn: Connection, basis: Basis, ids: Sequence[UUID], span: Span, shown: Shown | None = None
) -> dict[UUID, Sequence[AnyPoint]]:
    """The curve of each of these cycles, by default from its activation on, or from its first day while it is in
    PLANNING. `shown`: what is known of the answer. Raises `INVALID`, `TOO_LARGE`."""
    started = timeline.started(conn, basis)
    if is_kept(started, ids, span):
        figures = Figures(started, Horizon.of(basis))
        return {ids[0]: _kept_points(conn, basis, figures, ids[0], span, shown or Shown())}
    history = timeline.of_cycles(conn, basis, ids, span.since)
    figures = Figures(history, Horizon.of(basis))
    return {**_computed(figures, span, {id: curve_of_cycle(figures, id) for id in ids})}


def of_teams(
    conn: Connection,
    basis: Basis,
    ids: Sequence[UUID],
    span: Span,
    cycle: UUID | None,
    include_subteams: bool,
) -> dict[UUID, list[CurvePoint]]:
    """The curve of each of these teams in a cycle, or in the cycles that are active at each moment: by default over the
    time of that cycle, or of the cycles active at the basis in which it has objectives. Raises `INVALID`,
    `TOO_LARGE`."""

    def curves(figures: Figures) -> Mapping[UUID, Curve]:
        teams = TeamFigures(figures.timeline, cycle, include_subteams=include_subteams)
        return {id: _of_team(figures, teams, id, cycle) for id in ids}

    read = partial(timeline.of_teams, conn, basis, ids, cycle, span.since)
    return _read_and_computed(read, basis, span, curves)


# ── what a curve depends on ──────────────────────────────────────────────────────────────────────


def _of_objective(figures: Figures, id: UUID) -> Curve:
    row = figures.timeline.objectives[id].versions[-1]
    cycle = figures.cycle_row(row.cycle)
    ended = end_of_goal(row, cycle)
    last = max(figures.horizon.at, figures.calendar.day_end(cycle.ends_on)) if ended is None else ended.at
    return Curve((row.created_at, last), givers(figures.timeline, [id]), (), lambda then: then.objective(id))


def curve_of_cycle(figures: Figures, id: UUID) -> Curve:
    """What the curve of a cycle is computed from."""
    of = sources(figures.timeline, id)
    changes = [row.changed_at for one in (id, *of.cycles) for row in figures.timeline.cycles[one].versions]
    return Curve(span_of_cycle(figures, id), of.objectives, changes, lambda then: then.cycle(id))


def span_of_cycle(figures: Figures, id: UUID) -> tuple[datetime, datetime]:
    row = figures.cycle_row(id)
    last = row.outcome_at or max(figures.horizon.at, figures.calendar.day_end(row.ends_on))
    return min(row.plan_at or figures.calendar.day_start(row.starts_on), last), last


def _of_team(figures: Figures, teams: TeamFigures, id: UUID, cycle: UUID | None) -> Curve:
    history = figures.timeline
    inside = timeline.ever_inside(history, [id])
    objectives = [one for one in history.own if any(row.team in inside for row in history.objectives[one].versions)]
    changes = [row.changed_at for one in inside for row in history.teams[one].versions]
    span = _span_of_team(figures, teams, id, cycle)
    return Curve(span, givers(history, objectives), changes, lambda then: teams.team(id, then))


def _span_of_team(figures: Figures, teams: TeamFigures, id: UUID, cycle: UUID | None) -> tuple[datetime, datetime]:
    owned = [figures.objective_row(one) for one in teams.objectives(id, figures)]
    cycles = {row.cycle for row in owned if row is not None} if cycle is None else {cycle}
    spans = [span_of_cycle(figures, one) for one in cycles & figures.timeline.cycles.keys()]
    now = figures.horizon.at
    return min((first for first, _ in spans), default=now), max((last for _, last in spans), default=now)


# ── cycles from kept standings ───────────────────────────────────────────────────────────────────


def is_kept(started: Timeline, cycles: Sequence[UUID], span: Span) -> bool:
    """Whether the curve of these cycles is computed from kept standings: of one alone, if its steps do not depend on
    its events, and no other cycle may give it its value. Several share the statements of one timeline."""
    return len(cycles) == 1 and span.every is not Step.CHANGE and has_kept_figures(started, cycles[0])


def _kept_points(
    conn: Connection, basis: Basis, started: Figures, cycle: UUID, span: Span, shown: Shown
) -> Sequence[KeptPoint]:
    moments = moments_between(started, span, span_of_cycle(started, cycle))
    past = [at for at in moments if at <= basis.at]
    of = kept_cycle(conn, basis, started.timeline, cycle, moments, span.since)
    curve = _KeptCurve(of, moments, len(past), shown)
    return [KeptPoint(curve, at, place) for place, at in enumerate(moments)]


def kept_cycle(
    conn: Connection,
    basis: Basis,
    started: Timeline,
    cycle: UUID,
    moments: Sequence[datetime],
    since: datetime | None,
    only: Collection[UUID] | None = None,
) -> KeptCycle:
    """A cycle at these moments, all by what the basis knows. Raises `TOO_LARGE`."""
    past = [Basis(at, basis.position) for at in moments if at <= basis.at] or [Basis(basis.at, basis.position)]
    later = [at for at in moments if at > basis.at]
    read = partial(timeline.of_goals_in, conn, basis, cycle=cycle, since=since)
    found = KeptCycle(conn, cycle, started, read, past, later, only)
    _check_size(found.size * len(moments))
    return found


# ── the pass ─────────────────────────────────────────────────────────────────────────────────────


def _read_and_computed(
    read: Callable[[Check], Timeline], basis: Basis, span: Span, curves: Callable[[Figures], Mapping[UUID, Curve]]
) -> dict[UUID, list[CurvePoint]]:
    """The points of curves of a timeline, whose size is checked before its measurements are read, too: then only the
    moments are missing at which something was measured."""

    def check(goals: Timeline) -> None:
        figures = Figures(goals, Horizon.of(basis))
        checked_moments(figures, span, curves(figures), None)

    figures = Figures(read(check), Horizon.of(basis))
    return _computed(figures, span, curves(figures))


def _computed(figures: Figures, span: Span, curves: Mapping[UUID, Curve]) -> dict[UUID, list[CurvePoint]]:
    """The points of these curves, moment by moment, so that what several curves share is computed once."""
    happened = Happenings(figures.timeline)
    moments = checked_moments(figures, span, curves, happened)
    points: dict[UUID, list[CurvePoint]] = {id: [] for id in curves}
    for at, ids, then in passed(figures, moments, happened):
        for id in ids:
            whole = curves[id].whole(then)
            points[id].append(point(at, whole) if at <= then.horizon.at else planned_point(at, whole))
    return points


def checked_moments(
    figures: Figures, span: Span, curves: Mapping[UUID, Curve], happened: Happenings | None
) -> Mapping[UUID, Sequence[datetime]]:
    """The moments of each curve. Raises `TOO_LARGE`."""
    moments = {id: _moments_of(figures, span, curve, happened) for id, curve in curves.items()}
    of_objective = figures.timeline.of_objective
    key_results = {id: sum(len(of_objective[one]) for one in curve.objectives) for id, curve in curves.items()}
    _check_size(sum(key_results[id] * len(of) for id, of in moments.items()))
    return moments


def _moments_of(figures: Figures, span: Span, curve: Curve, happened: Happenings | None) -> list[datetime]:
    """Every step up to the basis, the basis, and every step of the planned line after it; by the basis's calendar."""
    changes = list(curve.changes)
    if span.every is Step.CHANGE and happened is not None:
        changes += happened.moments(curve.objectives)
    return moments_between(figures, span, curve.span, changes)


def moments_between(
    figures: Figures, span: Span, ends: tuple[datetime, datetime], changes: Sequence[datetime] = ()
) -> list[datetime]:
    """The same between these moments, if the span has no others. `changes`: the steps of CHANGE."""
    (first, last), now, steps = span.ends(*ends), figures.horizon.at, figures.calendar.steps
    past = steps(span.every, first, min(now, last), changes)
    future = steps(span.every, max(now, first), last)
    return bounded([*past, *(future[1:] if past else future)])


def _check_size(states: int) -> None:
    if states > FIGURES_MAX:
        raise CommandRejected(
            Code.TOO_LARGE, "Has too many points for so many key results; take a longer step or a shorter span."
        )


def passed(
    figures: Figures, moments: Mapping[UUID, Sequence[datetime]], happened: Happenings
) -> Iterator[tuple[datetime, Sequence[UUID], Figures]]:
    """Each moment in order, with the ids that have it and the figures there. After the moment of the basis the figures
    stay at it, and only time passes."""
    now = figures.horizon.at
    asked: dict[datetime, list[UUID]] = {now: []}
    for id, of in moments.items():
        for at in of:
            asked.setdefault(at, []).append(id)
    then = Figures(figures.timeline, Horizon(min(asked), figures.horizon.position))
    for at in sorted(asked):
        if at > now:
            then.wait(at)
        else:
            then.advance(Horizon(at, figures.horizon.position), *happened.by(at))
        yield at, asked[at], then


# ── points ───────────────────────────────────────────────────────────────────────────────────────


def point(at: datetime, whole: AnyWhole | None) -> CurvePoint:
    if whole is None:
        return CurvePoint(at, None, None, None, None, {}, {})
    return CurvePoint(
        at, whole.value, whole.expected, whole.health, whole.confidence,
        by_health(whole.key_results), by_health(whole.counted),
    )  # fmt: skip


def planned_point(at: datetime, whole: AnyWhole | None) -> CurvePoint:
    return CurvePoint(at, None, None if whole is None else whole.expected)


def by_health(parts: Iterable[Progress]) -> Counts:
    return Counter(part.health for part in parts)
