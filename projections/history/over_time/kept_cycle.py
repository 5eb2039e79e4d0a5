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
from functools import partial
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from domain.metrics import wholes
from domain.metrics.progress import Progress
from domain.metrics.wholes import ObjectiveOutline, Summary
from domain.primitives.lazy import cached_property
from domain.primitives.values import Basis
from projections.figures import formula_inputs, happenings
from projections.figures.figures import Figures
from projections.figures.happenings import Happened
from projections.figures.horizon import Horizon
from projections.figures.kept_frames import Frame, Rulebook
from projections.figures.timeline import Timeline
from projections.figures.window import End, end_of_cycle, end_of_objective
from projections.history.over_time.kept_objectives import (
    AnyObjective,
    Apart,
    KeyResultAt,
    Linked,
    Objective,
    Shapes,
    expected,
    worths,
)
from projections.standings import kept_rows
from projections.standings.kept_rows import Since
from projections.store.deadline import raise_if_late
from projections.store.stored_times import stored
from projections.store.versioned_tables import Connection
from projections.tables import alignment, objective
from projections.tables.cycle import Calendars, Policies, Settings
from projections.tables.objective import Goal

ReadGoals: TypeAlias = Callable[[Sequence[UUID], Sequence[UUID]], Timeline]
"""Reads a timeline that has the first objectives, and at least the key results of the second ones that a KPI measures,
up to the basis of all moments."""


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
        standings = kept_rows.along(conn, bases, list(ids.values()))
        supported = alignment.ever_supported(conn, bases[-1], list(ids.values()))
        self._goals = _by_place(bases, goals)
        self._standings = _by_place(bases, ((one.place, one) for one in standings))
        homes = {one.born: one.parent for one in standings}
        self.size = len(homes)
        """The number of key results that were ever in one of its objectives."""
        apart = {*_moved(homes, standings), *_changed_after_end(started, goals, standings)}
        apart |= _may_take_from_others({born for born, id in ids.items() if id in supported}, goals, standings)
        self._apart = {born: id for born, id in ids.items() if born in apart}
        linked = {one.parent for one in standings if not one.is_kept} & ids.keys() - apart
        self._history = read(list(self._apart.values()), [ids[born] for born in sorted(linked)])

    @cached_property
    def means(self) -> Sequence[Means]:
        """The value and the expected progress at each moment, those after the last basis too. Raises
        `DeadlineExceeded`."""
        return [then.means() for then in self._course(self._later)]

    @cached_property
    def figures(self) -> Sequence[Summary | Means]:
        """All figures at each of the bases, and these means at the moments after. Raises `DeadlineExceeded`."""
        return [then.summary() if self._is_base(place) else then.means() for place, then in self._each()]

    def summaries(self) -> Iterator[Summary]:
        """All figures at each of the bases. Raises `DeadlineExceeded`."""
        return (then.summary() for then in self._course())

    def goals(self) -> "Iterator[tuple[datetime, GoalsAt | Means]]":
        """Each moment with all figures of all goals, or with the means after the last basis. Raises
        `DeadlineExceeded`."""
        for place, then in self._each():
            yield then.at, then.goals() if self._is_base(place) else then.means()

    def _each(self) -> "Iterator[tuple[int, _Then]]":
        return enumerate(self._course(self._later))

    def _is_base(self, place: int) -> bool:
        return place < len(self._bases)

    def _course(self, later: Sequence[datetime] = ()) -> "Iterator[_Then]":
        """The cycle at each of the bases and these later moments. It is one object that changes."""
        figures = Figures(self._history, Horizon.of(self._bases[0]))
        then = _Then(self._id, self._started, figures, self._apart)
        for place, happened in enumerate(self._happened):
            raise_if_late()
            then.move(self._bases[place], happened)
            then.take(self._goals[place], self._standings[place], happened)
            yield then
        for at in later:
            raise_if_late()
            then.wait(at)
            yield then

    @cached_property
    def _happened(self) -> Sequence[Happened]:
        return happenings.along(self._history, self._bases)


def _by_place(bases: Sequence[Basis], of: Iterable[tuple[int, Any]]) -> list[list[Any]]:
    found: list[list[Any]] = [[] for _ in bases]
    for place, one in of:
        found[place].append(one)
    return found


# ── a moment ─────────────────────────────────────────────────────────────────────────────────────


def _new_linked(figures: Figures, ids: Mapping[int, UUID], of: Since) -> Linked:
    """A key result that a KPI measures. `ids`: by the position at which each was added. As a method it would refer back
    to all that was read."""
    return Linked(of, figures, ids[of.born])


class _Then:
    """A cycle at a moment: its objectives, and the standings of their key results, each by the position at which it was
    drafted or added. `figures`: those of the goals that a timeline tells. `apart`: the objectives among these; of the
    others a KPI measures some key results."""

    def __init__(self, cycle: UUID, started: Timeline, figures: Figures, apart: Mapping[int, UUID]) -> None:
        self.at = figures.horizon.at
        self._cycle = cycle
        self._started = started
        self._figures = figures
        self._book = Rulebook(self.at, {}, Settings(Policies(()), Calendars(())))
        self._is_new = True
        self._rows: dict[int, Goal] = {}
        self._standings: defaultdict[int, dict[int, Since]] = defaultdict(dict)
        self._objectives: dict[int, AnyObjective] = {born: Apart(id, figures) for born, id in apart.items()}
        self._shown: Sequence[tuple[int, AnyObjective]] = ()
        self._shapes: Shapes = {}
        self._born = {history.versions[0].born: id for id, history in figures.timeline.key_results.items()}
        self._linked: dict[UUID, Since] = {}
        """The key results that a KPI measures, by their last standing."""
        self._new_linked = partial(_new_linked, figures, self._born)

    # ── the course ───────────────────────────────────────────────────────────────────────────────

    def move(self, basis: Basis, happened: Happened) -> None:
        """Move to a basis, with its cycles and settings."""
        horizon = Horizon.of(basis)
        self._figures.advance(horizon, *happened)
        cycles = {id: history.at(horizon) or history.versions[0] for id, history in self._started.cycles.items()}
        policies, calendars = [
            [row for row in history.versions if horizon.sees(row.position, row.changed_at)]
            for history in (self._started.policies, self._started.calendars)
        ]
        settings = Settings(Policies(policies), Calendars(calendars))  # type: ignore[arg-type]
        self._is_new = (cycles, settings) != (self._book.cycles, self._book.settings)
        if self._is_new:
            self._book = Rulebook(basis.at, cycles, settings)
        self.at = self._book.at = basis.at

    def take(self, goals: Sequence[Goal], standings: Sequence[Since], happened: Happened) -> None:
        """Take versions of objectives and standings into account that the basis sees, and what happened to the goals
        that a timeline tells."""
        self._rows.update({row.born: row for row in goals})
        self._take_rows(self._rows.keys() if self._is_new else {row.born for row in goals})
        self._take_standings(standings)
        self._take_measured(*happened)

    def _take_rows(self, anew: Iterable[int]) -> None:
        """Make objectives of these rows."""
        for born in anew:
            if not isinstance(self._objectives.get(born), Apart):
                row, standings = self._rows[born], self._standings[born]
                frame = Frame(self._book, row)
                self._objectives[born] = Objective(row, frame, standings, self._new_linked, self._shapes)
        if anew:
            rows = self._rows.items()
            self._shown = [(born, self._objectives[born]) for born, row in rows if row.cycle == self._cycle]

    def _take_standings(self, standings: Iterable[Since]) -> None:
        changed: set[int] = set()
        redefined: set[int] = set()
        for one in standings:
            of = self._standings[one.parent]
            before = of.get(one.born)
            if before is None or one.is_after(before):
                of[one.born] = one
                is_same = before is not None and one.has_definition_of(before)
                (changed if is_same else redefined).add(one.parent)
                if not one.is_kept:
                    self._linked[self._born[one.born]] = one
        for parents, is_redefined in ((changed - redefined, False), (redefined, True)):
            for born in parents:
                objective = self._objectives.get(born)
                if isinstance(objective, Objective):
                    objective.take_changed(is_redefined=is_redefined)

    def _take_measured(self, objectives: Collection[UUID], key_results: Collection[UUID]) -> None:
        """Events changed these objectives or measured these key results, of those that a timeline tells."""
        measured = [self._linked[id] for id in key_results if id in self._linked]
        if objectives:
            changed = {born for born, row in self._rows.items() if row.id in objectives}
            measured += [one for one in self._linked.values() if one.parent in changed]
        for one in measured:
            objective = self._objectives.get(one.parent)
            if isinstance(objective, Objective):
                objective.take_measured(one.born)

    def wait(self, at: datetime) -> None:
        """Let time pass without events."""
        self._figures.wait(at)
        self.at = self._book.at = at

    # ── the figures ──────────────────────────────────────────────────────────────────────────────

    def means(self) -> Means:
        """The value and the expected progress."""
        shown = [one for _, one in self._shown]
        return Means(*wholes.means_of(worths(shown), expected(shown, self.at)))

    def summary(self) -> Summary:
        """All figures of the cycle."""
        return self._summary([one.outline(self.at) for _, one in self._shown])

    def goals(self) -> GoalsAt:
        """All figures of the cycle and its goals."""
        objectives = {born: one.outline(self.at) for born, one in self._shown}
        key_results: dict[int, KeyResultAt] = {}
        for born, one in self._shown:
            key_results.update(one.shown(objectives[born], self.at))
        return GoalsAt(self._summary(list(objectives.values())), objectives, key_results)

    def _summary(self, outlines: Sequence[ObjectiveOutline]) -> Summary:
        of = self._book.cycles[self._cycle]
        policy = self._book.settings.policies.in_force(end_of_cycle(of))
        return wholes.summary_of_cycle(formula_inputs.of_cycle(of), outlines, policy)


# ── goals that their standings do not tell ───────────────────────────────────────────────────────


def _moved(homes: Mapping[int, int], standings: Iterable[Since]) -> Iterator[int]:
    """The objectives of which a key result moved to another one, or from it. `homes`: an objective of each."""
    for one in standings:
        if homes[one.born] != one.parent:
            yield from (homes[one.born], one.parent)


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
    numbers = {born: (stored(end.at), end.position) for born, end in ends.items()}
    for one in standings:
        end = numbers.get(one.parent)
        if end is not None and (end < (one.changed_at, one.changed_position) or end[0] < one.since):
            yield one.parent


def _may_take_from_others(
    supported: Collection[int], goals: Iterable[tuple[int, Goal]], standings: Iterable[Since]
) -> set[int]:
    """Those of these objectives that are ever seen without a key result: none is seen as early, and was never
    dropped. Key results that moved do not matter here, since their objectives are among the `_moved` ones."""
    first: dict[int, int] = {}
    for place, row in goals:
        first.setdefault(row.born, place)
    seen: dict[int, tuple[int, int]] = {}
    dropped = set()
    for one in standings:
        if one.parent in supported:
            known = seen.get(one.born)
            if known is None or one.place < known[0]:
                seen[one.born] = one.place, one.parent
            if one.is_dropped:
                dropped.add(one.born)
    settled = {
        parent
        for born, (place, parent) in seen.items()
        if born not in dropped and parent in first and place <= first[parent]
    }
    return {*supported} - settled
