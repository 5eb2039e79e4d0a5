"""A cycle at a sequence of moments, from the kept standings of its key results.

Everything is read before the pass: each version of its objectives and each standing, with the first basis that sees it.
From one moment to the next only those objectives are computed anew that something has happened to; the clock moves the
expected progress of the others, which is the same for all with the same weights and days. Goals whose standings do not
tell their figures come from a timeline: key results that a KPI measures, and objectives that may take their value from
others, whose key results moved, or were changed after an end. See docs/adr/0073.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias, TypeVar
from uuid import UUID

from domain.metrics import wholes
from domain.metrics.progress import Progress
from domain.metrics.wholes import ObjectiveOutline, Summary, Worth
from domain.primitives.lazy import cached_property
from domain.primitives.values import Basis
from projections.figures import formula_inputs
from projections.figures.figures import Figures
from projections.figures.happenings import Happened, Happenings
from projections.figures.horizon import Horizon
from projections.figures.timeline import Timeline
from projections.figures.window import End, end_of_cycle, end_of_objective
from projections.history.over_time.kept_objectives import (
    Frame,
    KeyResult,
    KeyResultAt,
    Linked,
    Objective,
    Rules,
    Shapes,
)
from projections.standings import kept_rows
from projections.standings.kept_rows import Kept, Since
from projections.store.deadline import raise_if_late
from projections.store.versioned_tables import Connection
from projections.tables import alignment, objective
from projections.tables.cycle import Calendars, CycleRow, Policies, Settings
from projections.tables.objective import Goal

ReadGoals: TypeAlias = Callable[[Sequence[UUID]], Timeline]
"""Reads a timeline that has these objectives, up to the basis of all moments."""


def has_kept_figures(started: Timeline, cycle: UUID) -> bool:
    """Whether no cycle was ever inside a cycle, which could give it its value."""
    return not any(row.parent == cycle for history in started.cycles.values() for row in history.versions)


class Means(NamedTuple):
    """The value and the expected progress of a cycle at one moment."""

    value: float | None
    expected: float | None


class GoalsAt(NamedTuple):
    """A cycle at one moment, with the objectives in it, and their key results that are not dropped, by the position at
    which each was drafted or added."""

    cycle: Summary
    objectives: Mapping[int, Progress]
    key_results: Mapping[int, KeyResultAt]


class KeptCycle:
    """A cycle that never had cycles inside it, at these bases and, after the last one, at moments until which nothing
    happens.

    `started`: all cycles and settings. Neither clock of the bases goes backwards. `only`: without its other objectives.
    `objectives`: those that were ever in it, in the order of drafting.
    """

    def __init__(
        self,
        conn: Connection,
        cycle: UUID,
        started: Timeline,
        read: ReadGoals,
        bases: Sequence[Basis],
        later: Sequence[datetime] = (),
        only: Collection[UUID] | None = None,
    ) -> None:
        self._id = cycle
        self._bases = bases
        self._later = later
        self._started = started
        goals = [one for one in objective.goals_along(conn, bases, [cycle]) if only is None or one[1].id in only]
        ids = {goal.born: goal.id for _, goal in goals}
        self.objectives = dict(sorted(ids.items()))
        standings = list(kept_rows.along(conn, bases, list(ids.values())))
        supported = alignment.ever_supported(conn, bases[-1], list(ids.values()))
        self._goals = _by_place(bases, goals)
        self._standings = _by_place(bases, ((one.place, one) for one in standings))
        self._key_results = {one.kept.born for one in standings}
        apart = {*_moved(standings), *_changed_after_end(started, goals, standings)}
        apart |= _may_take_from_others({born for born, id in ids.items() if id in supported}, goals, standings)
        self._apart = {born: id for born, id in ids.items() if born in apart}
        self._linked = {one.kept.parent for one in standings if not one.kept.is_kept} & ids.keys() - apart
        self._history = read([ids[born] for born in sorted({*self._apart, *self._linked})])

    @property
    def size(self) -> int:
        """The number of key results that were ever in one of its objectives."""
        return len(self._key_results)

    @cached_property
    def means(self) -> Sequence[Means]:
        """The value and the expected progress at each moment, those after the last basis too. Raises
        `DeadlineExceeded`."""
        return list(map(self._pass().means, self._course(self._later)))

    def summaries(self) -> Iterator[Summary]:
        """All figures at each of the bases. Raises `DeadlineExceeded`."""
        return map(self._pass().summary, self._course())

    def goals(self) -> "Iterator[tuple[datetime, GoalsAt | None, Means]]":
        """Each moment with all figures of all goals, None after the last basis. Raises `DeadlineExceeded`."""
        one = self._pass()
        for place, then in enumerate(self._course(self._later)):
            yield then.at, one.goals(then) if place < len(self._bases) else None, one.means(then)

    def _pass(self) -> "_Pass":
        return _Pass(self._id, self._apart, self._linked, self._born)

    @cached_property
    def _born(self) -> Mapping[int, UUID]:
        """The key results of the timeline, by the position at which each was added."""
        return {history.versions[0].born: id for id, history in self._history.key_results.items()}

    @cached_property
    def _happened(self) -> Sequence[Happened]:
        return list(Happenings(self._history, self._bases[0]).along(self._bases))

    # ── the course ───────────────────────────────────────────────────────────────────────────────

    def _course(self, later: Sequence[datetime] = ()) -> "Iterator[_Then]":
        """What is known at each of the bases and these later moments. It is one object that changes."""
        figures = Figures(self._history, Horizon.of(self._bases[0]))
        then = _Then(self._bases[0], figures)
        for place, happened in enumerate(self._happened):
            raise_if_late()
            figures.advance(Horizon.of(self._bases[place]), *happened)
            then.move(self._bases[place], self._started)
            then.take(self._goals[place], self._standings[place])
            yield then
        for at in later:
            raise_if_late()
            figures.wait(at)
            then.wait(at)
            yield then


def _by_place(bases: Sequence[Basis], of: Iterable[tuple[int, Any]]) -> list[list[Any]]:
    found: list[list[Any]] = [[] for _ in bases]
    for place, one in of:
        found[place].append(one)
    return found


# ── what is known at a moment ────────────────────────────────────────────────────────────────────


class _Then:
    """What is known at a moment of the pass: the objectives, and the standings of their key results, each by the
    position at which it was drafted or added. `changed`: the objectives that something has happened to since the moment
    before."""

    def __init__(self, basis: Basis, figures: Figures) -> None:
        self.at = basis.at
        self.figures = figures
        self.goals: dict[int, Goal] = {}
        self.changed: Collection[int] = ()
        self.cycles: Mapping[UUID, CycleRow] = {}
        self.settings = Settings(Policies(()), Calendars(()))
        self.rules = Rules(self.at, self.cycles, self.settings)
        self._standings: defaultdict[int, dict[int, Since]] = defaultdict(dict)
        self._is_same = False

    def move(self, basis: Basis, started: Timeline) -> None:
        """Move to a basis, with its cycles and settings."""
        self.at = basis.at
        horizon = Horizon.of(basis)
        cycles = {id: history.at(horizon) or history.versions[0] for id, history in started.cycles.items()}
        policies, calendars = [
            [row for row in history.versions if horizon.sees(row.position, row.changed_at)]
            for history in (started.policies, started.calendars)
        ]
        settings = Settings(Policies(policies), Calendars(calendars))  # type: ignore[arg-type]
        self._is_same = (cycles, settings) == (self.cycles, self.settings)
        if not self._is_same:
            self.cycles, self.settings = cycles, settings
            self.rules = Rules(self.at, self.cycles, self.settings)
        self.rules.at = basis.at

    def take(self, goals: Sequence[Goal], standings: Sequence[Since]) -> None:
        """Take versions of objectives and standings into account that the basis sees."""
        self.goals.update({row.born: row for row in goals})
        for one in standings:
            of = self._standings[one.kept.parent]
            known = of.get(one.kept.born)
            if known is None or known.order < one.order:
                of[one.kept.born] = one
        if self._is_same:
            self.changed = {row.born for row in goals} | {one.kept.parent for one in standings}
        else:
            self.changed = self.goals.keys()

    def wait(self, at: datetime) -> None:
        """Let time pass without events."""
        self.at = self.rules.at = at
        self.changed = ()

    def live(self, parent: int) -> list[Kept]:
        """The key results of an objective that are not dropped."""
        return [one.kept for one in self._standings[parent].values() if not one.kept.is_dropped]


# ── the pass ─────────────────────────────────────────────────────────────────────────────────────


class _Pass:
    """The figures of a cycle, moment by moment. `apart`: its objectives that a timeline tells. `linked`: those of which
    a KPI measures key results; `born`: these key results. All by the position at which each was drafted or added."""

    def __init__(
        self, cycle: UUID, apart: Mapping[int, UUID], linked: Collection[int], born: Mapping[int, UUID]
    ) -> None:
        self._cycle = cycle
        self._apart = apart
        self._linked = linked
        self._born = born
        self._known: dict[int, Objective] = {}
        self._parts: dict[int, KeyResult] = {}
        self._shapes: Shapes = {}

    def means(self, then: _Then) -> Means:
        """The value and the expected progress at the next moment."""
        self._move(then)
        return Means(*wholes.means_of([self._mean(row, then) for row in self._shown(then)]))

    def summary(self, then: _Then) -> Summary:
        """All figures of the cycle at the next moment."""
        self._move(then)
        return self._summary([self._outline(row, then) for row in self._shown(then)], then)

    def goals(self, then: _Then) -> GoalsAt:
        """All figures of the cycle and its goals at the next moment."""
        self._move(then)
        objectives = {row.born: self._outline(row, then) for row in self._shown(then)}
        key_results: dict[int, KeyResultAt] = {}
        for born, outline in objectives.items():
            key_results.update(
                self._told(born, then) if born in self._apart else self._known[born].shown(outline, then.at)
            )
        return GoalsAt(self._summary(list(objectives.values()), then), objectives, key_results)

    def _summary(self, outlines: Sequence[ObjectiveOutline], then: _Then) -> Summary:
        of = then.cycles[self._cycle]
        policy = then.settings.policies.in_force(end_of_cycle(of))
        return wholes.summary_of_cycle(formula_inputs.of_cycle(of), outlines, policy)

    def _told(self, objective: int, then: _Then) -> Iterator[tuple[int, KeyResultAt]]:
        """The key results of an objective that a timeline tells."""
        figures, id = then.figures, self._apart[objective]
        for one in figures.timeline.of_objective[id]:
            if figures.is_live_in(one, id):
                of = _found(figures.key_result(one))
                current = None if of.of.latest is None else of.of.latest.value
                born = figures.timeline.key_results[one].versions[0].born
                yield born, KeyResultAt(of.value, of.expected, of.health, of.confidence, current)

    def _shown(self, then: _Then) -> Iterator[Goal]:
        return (row for row in then.goals.values() if row.cycle == self._cycle)

    def _move(self, then: _Then) -> None:
        """Take the objectives anew that something has happened to."""
        for born in {*then.changed, *self._linked} & then.goals.keys():
            if born not in self._apart:
                row, known = then.goals[born], self._known.get(born)
                is_same = known is not None and known.row is row and known.frame.rules is then.rules
                frame = known.frame if known is not None and is_same else Frame(then.rules, row)
                parts = [self._part(one, frame, then) for one in then.live(born)]
                self._known[born] = Objective(row, frame, parts, self._shapes)

    def _part(self, of: Kept, frame: Frame, then: _Then) -> KeyResult | Linked:
        if not of.is_kept:
            return Linked(of, _found(then.figures.key_result(self._born[of.born])))
        known = self._parts.get(of.born)
        if known is None or known.of is not of or known.frame is not frame:
            known = self._parts[of.born] = KeyResult(of, frame)
        return known

    def _mean(self, row: Goal, then: _Then) -> tuple[Worth, float | None]:
        if row.born in self._apart:
            whole = _found(then.figures.objective(row.id))
            return Worth(whole.value, whole.counts, whole.is_heading), whole.expected
        of = self._known[row.born]
        return of.worth, of.expected(then.at)

    def _outline(self, row: Goal, then: _Then) -> ObjectiveOutline:
        if row.born in self._apart:
            return ObjectiveOutline.of_whole(_found(then.figures.objective(row.id)))
        return self._known[row.born].outline(then.at)


F = TypeVar("F")


def _found(of: F | None) -> F:
    """The figures of a goal that exists."""
    assert of is not None
    return of


# ── goals that their standings do not tell ───────────────────────────────────────────────────────


def _moved(standings: Iterable[Since]) -> Iterator[int]:
    """The objectives of which a key result moved to another one, or from it."""
    homes: defaultdict[int, set[int]] = defaultdict(set)
    for one in standings:
        homes[one.kept.born].add(one.kept.parent)
    return (home for of in homes.values() if len(of) > 1 for home in of)


def _changed_after_end(
    started: Timeline, goals: Iterable[tuple[int, Goal]], standings: Iterable[Since]
) -> Iterator[int]:
    """The objectives of which a key result was changed or measured after any end of theirs, which happens if the end
    was recorded later than it was effective, or if they were reopened."""
    ends: dict[int, End] = {}
    for _, row in goals:
        of_cycle = end_of_cycle(started.cycles[row.cycle].versions[-1])
        known = [end for end in (ends.get(row.born), end_of_objective(row), of_cycle) if end is not None]
        if known:
            ends[row.born] = min(known)
    for one in standings:
        end = ends.get(one.kept.parent)
        if end is not None and _is_after(one.kept, end):
            yield one.kept.parent


def _is_after(of: Kept, ended: End) -> bool:
    assert of.since is not None
    assert of.changed_at is not None
    assert of.changed_position is not None
    return ended.precedes_standing(End(of.changed_at, of.changed_position), of.since)


def _may_take_from_others(
    supported: Collection[int], goals: Iterable[tuple[int, Goal]], standings: Iterable[Since]
) -> set[int]:
    """Those of these objectives that are ever seen without a key result: none is seen as early, and was never
    dropped."""
    first: dict[int, int] = {}
    for place, row in goals:
        first.setdefault(row.born, place)
    seen: dict[int, tuple[int, int]] = {}
    dropped = set()
    for one in standings:
        of = one.kept
        seen[of.born] = min(seen.get(of.born, (one.place, of.parent)), (one.place, of.parent))
        if of.is_dropped:
            dropped.add(of.born)
    settled = {
        parent
        for born, (place, parent) in seen.items()
        if born not in dropped and parent in first and place <= first[parent]
    }
    return {*supported} - settled
