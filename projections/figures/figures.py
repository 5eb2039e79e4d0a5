"""Progress and health of goals at one horizon of a timeline.

An ended objective that takes its value from others, and an ended cycle of cycles, stand as their parts stood at the
end: their parts are computed at the horizon that is cut there.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from uuid import UUID

from msgspec import structs

from domain.metrics import progress, wholes
from domain.metrics.progress import KeyResultProgress
from domain.metrics.wholes import CycleProgress, ObjectiveProgress
from domain.primitives.calendar import Calendar
from domain.primitives.values import CycleState, ScoringPolicy
from projections.figures import formula_inputs
from projections.figures.horizon import Horizon
from projections.figures.standing import Standing, moments, standing
from projections.figures.timeline import Timeline, is_live
from projections.figures.window import End, Window, end_of_cycle, end_of_goal, window
from projections.tables.cycle import CycleRow
from projections.tables.key_result import KeyResultRow
from projections.tables.objective import ObjectiveRow


def _with_score_of(before: KeyResultRow, row: KeyResultRow) -> KeyResultRow:
    """The version at the end of a key result, with the score that was recorded since."""
    return structs.replace(before, score=row.score, scored_in=row.scored_in, scored_position=row.scored_position)


class Figures:
    """The figures of goals at a horizon. Each goal is computed once, until it is forgotten."""

    def __init__(self, timeline: Timeline, horizon: Horizon) -> None:
        self.timeline = timeline
        self.horizon = horizon
        self._policy: ScoringPolicy | None = None
        self._calendar: Calendar | None = None
        self._key_results: dict[UUID, KeyResultProgress | None] = {}
        self._objectives: dict[UUID, ObjectiveProgress | None] = {}
        self._ended: dict[End, Figures] = {}

    @property
    def policy(self) -> ScoringPolicy:
        """The scoring policy in force at the horizon."""
        if self._policy is None:
            self._policy = self.timeline.policy(self.horizon)
        return self._policy

    @property
    def calendar(self) -> Calendar:
        """The calendar in force at the horizon."""
        if self._calendar is None:
            self._calendar = self.timeline.calendar(self.horizon)
        return self._calendar

    def calendar_of(self, end: End | None) -> Calendar:
        """The calendar in force at an end; without one, at the horizon."""
        return self.calendar if end is None else self.at_end(end).calendar

    def at_end(self, end: End) -> "Figures":
        """The figures at the same horizon, cut at an end."""
        found = self._ended.get(end)
        if found is None:
            found = self._ended[end] = Figures(self.timeline, self.horizon.ended(*end))
        return found

    def forget(self, objectives: Iterable[UUID]) -> None:
        """Compute these objectives and their key results anew at their next use, because the horizon has moved."""
        for objective in objectives:
            self._objectives.pop(objective, None)
            for id in self.timeline.of_objective.get(objective, ()):
                self._key_results.pop(id, None)
        self._ended.clear()
        self._policy = None
        self._calendar = None

    # ── key results ──────────────────────────────────────────────────────────────────────────────

    def key_result(self, id: UUID) -> KeyResultProgress | None:
        """The progress of a key result; None before it was added."""
        if id not in self._key_results:
            row = self.timeline.key_results[id].at(self.horizon)
            self._key_results[id] = None if row is None else self.of_version(row)
        return self._key_results[id]

    def of_version(self, row: KeyResultRow) -> KeyResultProgress:
        """The progress of a version of a key result, or of an earlier one if it was changed after its end."""
        objective, cycle = self._objective_row(row.objective), self.cycle_row(row.cycle)
        span = window(row, objective, cycle, self.horizon.at, self.calendar_of)
        if span.ended is not None and span.ended.precedes(row):
            then = self.at_end(span.ended)
            before = self.timeline.key_results[row.id].at(then.horizon)
            if before is not None:
                return then.of_version(_with_score_of(before, row))
        kpi = None if row.kpi is None else self.timeline.kpis[row.kpi].at(self.horizon)
        facts = formula_inputs.of_key_result(row, self._standing(row, cycle, span), span, cycle, objective, kpi)
        policy = self.policy if span.ended is None else self.at_end(span.ended).policy
        return progress.of_key_result(facts, self.horizon.at, policy)

    def standing(self, id: UUID) -> Standing:
        """The standing of a key result; an empty one before it was added."""
        row = self.timeline.key_results[id].at(self.horizon)
        return Standing() if row is None else self._standing(row, self.cycle_row(row.cycle), self.window(row))

    def moments(self, row: KeyResultRow) -> list[datetime]:
        """The times of the check-ins and readings that the standing of a key result is read from, in any order."""
        return moments(self.timeline, row, self.cycle_row(row.cycle), self.window(row), self.horizon)

    def window(self, row: KeyResultRow) -> Window:
        """The window of a version of a key result."""
        objective, cycle = self._objective_row(row.objective), self.cycle_row(row.cycle)
        return window(row, objective, cycle, self.horizon.at, self.calendar_of)

    def _standing(self, row: KeyResultRow, cycle: CycleRow, span: Window) -> Standing:
        return standing(self.timeline, row, cycle, span, self.horizon)

    def _objective_row(self, id: UUID) -> ObjectiveRow:
        history = self.timeline.objectives[id]
        return history.at(self.horizon) or history.versions[0]

    def cycle_row(self, id: UUID) -> CycleRow:
        """The version of a cycle, the first one before its opening."""
        history = self.timeline.cycles[id]
        return history.at(self.horizon) or history.versions[0]

    # ── objectives ───────────────────────────────────────────────────────────────────────────────

    def objective(self, id: UUID) -> ObjectiveProgress | None:
        """The progress of an objective; None before it was drafted."""
        if id not in self._objectives:
            row = self.timeline.objectives[id].at(self.horizon)
            self._objectives[id] = None if row is None else self._of_objective(row)
        return self._objectives[id]

    def _of_objective(self, row: ObjectiveRow) -> ObjectiveProgress:
        facts, ended = formula_inputs.of_objective(row), end_of_goal(row, self.cycle_row(row.cycle))
        policy = self.policy if ended is None else self.at_end(ended).policy
        then = self if ended is None else self.at_end(ended)
        live = [id for id in self.timeline.of_objective[row.id] if then.is_live(id)]
        if live:
            return wholes.of_objective(facts, [part for id in live if (part := self.key_result(id))], policy)
        return wholes.of_heading(facts, [part for part in then.supporters(row.id) if part is not None], policy)

    def is_live(self, key_result: UUID) -> bool:
        """Whether a key result exists and is not dropped."""
        return is_live(self.timeline.key_results[key_result].at(self.horizon))

    def supporters(self, objective: UUID) -> Iterator[ObjectiveProgress | None]:
        """The progress of the objectives that directly support an objective, in the order of alignment."""
        sees = self.horizon.sees
        for edge in self.timeline.edges.get(objective, ()):
            if (
                edge.objective in self.timeline.objectives
                and sees(edge.position, edge.effective_at)
                and not sees(edge.until_position, edge.until_at)
            ):
                yield self.objective(edge.objective)

    # ── cycles ───────────────────────────────────────────────────────────────────────────────────

    def cycle(self, id: UUID) -> CycleProgress:
        """The progress of a cycle."""
        row = self.cycle_row(id)
        ended = end_of_cycle(row)
        policy = self.policy if ended is None else self.at_end(ended).policy
        own = [part for one in self.timeline.objectives_of_cycle(id) if (part := self.objective(one)) is not None]
        facts = formula_inputs.of_cycle(row)
        if wholes.in_mean(own):
            return wholes.of_cycle(facts, own, (), policy)
        then = self if ended is None else self.at_end(ended)
        return wholes.of_cycle(facts, own, then.children(id), policy, () if ended is None else self._scored(id, ended))

    def _scored(self, cycle: UUID, ended: End) -> list[CycleProgress]:
        """The cycles inside a cycle as they were known at its closing: late facts alter no score."""
        return Figures(self.timeline, Horizon(*ended)).at_end(ended).children(cycle)

    def children(self, cycle: UUID) -> list[CycleProgress]:
        """The progress of the cycles inside a cycle that have been activated, by their first day."""
        rows = [history.at(self.horizon) for history in self.timeline.cycles.values()]
        inside = [row for row in rows if row is not None and row.parent == cycle and row.state != CycleState.PLANNING]
        return [self.cycle(row.id) for row in sorted(inside, key=lambda row: (row.starts_on, row.born))]
