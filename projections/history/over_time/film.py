"""The film of a cycle: the figures of the cycle, its objectives and its key results at the steps of a span.

One pass computes all of them, since the cycle's progress is computed from theirs. A moment of the film shows what is
true there by all that the basis knows, like the points of a curve, and so equals the figures as of that moment.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import NamedTuple
from uuid import UUID

from domain.metrics.progress import KeyResultProgress, Progress
from domain.metrics.rating import Health
from domain.metrics.wholes import ObjectiveProgress
from domain.primitives.values import Basis
from projections.figures import timeline
from projections.figures.figures import Figures
from projections.figures.happenings import Happenings
from projections.figures.horizon import Horizon
from projections.figures.timeline import is_live
from projections.history.over_time.curves import (
    Curve,
    CurvePoint,
    Span,
    checked_moments,
    curve_of_cycle,
    is_kept,
    kept_cycle,
    moments_between,
    passed,
    planned_point,
    point,
    span_of_cycle,
)
from projections.history.over_time.kept_cycle import GoalsAt, Means
from projections.history.over_time.kept_objectives import KeyResultAt
from projections.store.versioned_tables import Connection
from projections.tables.key_result import ever_in_objectives


class Filmed(NamedTuple):
    """The figures of a goal at each moment that is not after the basis; None where it is not in the cycle.

    `currents`: the latest values of a key result, in its metric's unit.
    """

    id: UUID
    values: list[float | None]
    expecteds: list[float | None]
    healths: list[Health | None]
    confidences: list[float | None]
    currents: list[float | None]

    @classmethod
    def of(cls, id: UUID) -> "Filmed":
        """A goal without any moment yet."""
        return cls(id, [], [], [], [], [])

    def add(self, found: Progress | KeyResultAt | None, current: float | None = None) -> None:
        """Add a moment."""
        self.values.append(None if found is None else found.value)
        self.expecteds.append(None if found is None else found.expected)
        self.healths.append(None if found is None else found.health)
        self.confidences.append(None if found is None else found.confidence)
        self.currents.append(current)


class Film(NamedTuple):
    """`at`: the moments that are not after the basis, which the columns of goals have. `points`: the curve of the cycle
    with its planned line, empty for a film of some objectives."""

    at: Sequence[datetime]
    points: Sequence[CurvePoint]
    objectives: Sequence[Filmed]
    key_results: Sequence[Filmed]


def films(
    conn: Connection, basis: Basis, cycles: Sequence[UUID], span: Span, only: Sequence[UUID] | None = None
) -> dict[UUID, Film]:
    """The film of each of these cycles over a span, by default that of its curve. `only`: of these objectives with
    their key results, without the cycle. Raises `INVALID`, `TOO_LARGE`."""
    started = timeline.started(conn, basis)
    if is_kept(started, cycles, span):
        figures = Figures(started, Horizon.of(basis))
        return {cycles[0]: _from_standings(conn, basis, figures, cycles[0], span, only)}
    return _from_timeline(conn, basis, cycles, span, only)


def _from_standings(
    conn: Connection, basis: Basis, started: Figures, cycle: UUID, span: Span, only: Sequence[UUID] | None
) -> Film:
    is_whole = only is None
    ends = _ends(span_of_cycle(started, cycle), basis.at, is_whole=is_whole)
    moments = moments_between(started, span, ends)
    of = kept_cycle(conn, basis, started.timeline, cycle, moments, span.since, only)
    objectives = {born: Filmed.of(id) for born, id in of.objectives.items()}
    ids = ever_in_objectives(conn, basis, list(of.objectives.values()))
    key_results = {born: Filmed.of(id) for born, id in ids.items()}
    points = []
    for at, then in of.goals():
        if at not in moments:
            continue
        points.append(_kept_point(at, then))
        if isinstance(then, GoalsAt):
            for born, one in objectives.items():
                one.add(then.objectives.get(born))
            for born, one in key_results.items():
                found = then.key_results.get(born)
                one.add(found, None if found is None else found.current)
    past = [at for at in moments if at <= basis.at]
    return Film(past, points if is_whole else (), list(objectives.values()), list(key_results.values()))


def _kept_point(at: datetime, then: GoalsAt | Means) -> CurvePoint:
    if isinstance(then, Means):
        return CurvePoint(at, None, then.expected)
    of = then.cycle
    return CurvePoint(at, of.value, of.expected, of.health, of.confidence, of.key_results, of.objectives)


def _from_timeline(
    conn: Connection, basis: Basis, cycles: Sequence[UUID], span: Span, only: Sequence[UUID] | None
) -> dict[UUID, Film]:
    read = timeline.of_objectives(conn, basis, only) if only is not None else None
    figures = Figures(read or timeline.of_cycles(conn, basis, cycles, span.since), Horizon.of(basis))
    happened = Happenings(figures.timeline)
    curves = {id: _curve(figures, id, is_whole=only is None) for id in cycles}
    moments = checked_moments(figures, span, curves, happened)
    reels = {id: _Reel(figures, id, is_whole=only is None) for id in cycles}
    for at, asked, then in passed(figures, moments, happened):
        for id in asked:
            reels[id].take(at, then)
    return {id: reel.film for id, reel in reels.items()}


def _curve(figures: Figures, cycle: UUID, *, is_whole: bool) -> Curve:
    curve = curve_of_cycle(figures, cycle)
    return curve._replace(span=_ends(curve.span, figures.horizon.at, is_whole=is_whole))


def _ends(span: tuple[datetime, datetime], now: datetime, *, is_whole: bool) -> tuple[datetime, datetime]:
    """The first and the last moment; those of some objectives have no planned line."""
    first, last = span
    return span if is_whole else (first, max(first, min(last, now)))


class _Reel:
    """What is filmed so far."""

    def __init__(self, figures: Figures, cycle: UUID, *, is_whole: bool) -> None:
        self._cycle = cycle
        self._is_whole = is_whole
        self._now = figures.horizon.at
        own, of_objective = set(figures.timeline.own), figures.timeline.of_objective
        shown = [id for id in figures.timeline.objectives_of_cycle(cycle) if id in own]
        self._at: list[datetime] = []
        self._points: list[CurvePoint] = []
        self._objectives = {id: Filmed.of(id) for id in shown}
        self._key_results = {id: Filmed.of(id) for one in shown for id in of_objective[one]}

    @property
    def film(self) -> Film:
        return Film(self._at, self._points, list(self._objectives.values()), list(self._key_results.values()))

    def take(self, at: datetime, then: Figures) -> None:
        """Add a moment of these figures."""
        is_known = at <= self._now
        if self._is_whole:
            self._points.append((point if is_known else planned_point)(at, then.cycle(self._cycle)))
        if is_known:
            self._at.append(at)
            present = [id for id in then.objectives_in(self._cycle) if id in self._objectives]
            self._take_goals({id: then.objective(id) for id in present}, then)

    def _take_goals(self, present: Mapping[UUID, ObjectiveProgress | None], then: Figures) -> None:
        for id, objective in self._objectives.items():
            objective.add(present.get(id))
        parts = chain.from_iterable(one.key_results for one in present.values() if one is not None)
        counted = {one.of.id: one for one in parts if isinstance(one, KeyResultProgress)}
        for id, key_result in self._key_results.items():
            found = (counted.get(id) or then.key_result(id)) if _is_listed(id, present, then) else None
            key_result.add(found, None if found is None or found.of.latest is None else found.of.latest.value)


def _is_listed(key_result: UUID, objectives: Collection[UUID], then: Figures) -> bool:
    """Whether a key result is among those of these objectives: it is not dropped."""
    row = then.timeline.key_results[key_result].at(then.horizon)
    return row is not None and row.objective in objectives and is_live(row)
