"""The retrospective of a cycle: its goals at the plan compared with the same at the outcome, and the causes.

All figures come from a timeline that is read at the outcome, so they contain nothing that was recorded later.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple, TypeVar
from uuid import UUID

import msgspec
from msgspec import structs

from domain.metrics.formulas import attained
from domain.metrics.progress import KeyResultProgress, with_start
from domain.metrics.rating import Health
from domain.metrics.retrospective import (
    Attainment,
    Attribution,
    Calibration,
    Presence,
    Silence,
    averaged,
    calibration,
    presence,
    silences,
    with_judgement,
)
from domain.metrics.wholes import mean_value
from domain.primitives.lazy import cached_property
from domain.primitives.values import Basis
from projections.figures.figures import Figures
from projections.figures.horizon import Horizon
from projections.figures.timeline import Timeline, is_live
from projections.history.attribution import Attributions, attributions
from projections.history.goalposts import Goals
from projections.history.plan_curves import PlanCurves
from projections.history.trajectory import is_revision
from projections.store.rows import Version
from projections.tables.cycle import CycleRow
from projections.tables.key_result import KeyResultRow
from projections.tables.objective import ObjectiveRow

G = TypeVar("G", ObjectiveRow, KeyResultRow)


class Narrowing(msgspec.Struct, frozen=True):
    """All conditions given must hold at the outcome; without any, the whole cycle remains, with what was moved away.

    `teams`: one of them owns the objective. `person`: owns the objective or a key result of it. `objective`: that one.
    """

    teams: frozenset[UUID] | None = None
    person: UUID | None = None
    objective: UUID | None = None

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return self.teams is None and self.person is None and self.objective is None

    def keeps(self, objective: ObjectiveRow, key_results: list[KeyResultRow]) -> bool:
        """Whether an objective with these key results remains."""
        if self.objective not in (None, objective.id):
            return False
        if self.teams is not None and objective.team not in self.teams:
            return False
        return self.person in (None, objective.owner) or any(self.keeps_part(objective, one) for one in key_results)

    def keeps_part(self, objective: ObjectiveRow, key_result: KeyResultRow) -> bool:
        """Whether a key result of an objective that remains does, too: of an objective that the person does not own,
        only those that the person owns."""
        return self.person in (None, objective.owner, key_result.owner)


WHOLE = Narrowing()
"""Nothing is left out."""


class KeyResultReview(NamedTuple):
    """A key result at the outcome and, if it was planned, at the plan. `revisions`: the number of changes of its
    metric, due day, plan or weight since the plan of the cycle."""

    row: KeyResultRow
    planned: KeyResultRow | None
    presence: Presence
    attainment: Attainment
    revisions: int


class ObjectiveReview(NamedTuple):
    """An objective at the outcome and, if it was planned, at the plan. `parts` are all of its key results,
    `key_results` those that remain in a narrowed retrospective; its figures are over all parts."""

    row: ObjectiveRow
    planned: ObjectiveRow | None
    presence: Presence
    parts: list[KeyResultReview]
    key_results: list[KeyResultReview]
    attainment: Attainment
    attribution: Attribution


class SilenceReview(NamedTuple):
    """A key result, and a period without check-in or reading."""

    key_result: UUID
    silence: Silence


class CycleReview:
    """The retrospective of a cycle at its outcome, or at the present. Each part is computed on first access.

    A narrowed one is over the objectives and key results that remain: its attainment and its attribution are those of
    the mean over these objectives, like the progress of a team.
    """

    def __init__(
        self, timeline: Timeline, cycle: CycleRow, plan: Basis, outcome: Basis, narrowing: Narrowing = WHOLE
    ) -> None:
        self._timeline = timeline
        self._narrowing = narrowing
        self._cycle = cycle
        self._plan = plan
        self._outcome = outcome
        self._then = Horizon.of(plan)
        self._now = Horizon.of(outcome)
        self._figures = Figures(timeline, self._now)

    @cached_property
    def ids(self) -> list[UUID]:
        """The ids of all objectives that the cycle ever had, or of those that remain."""
        if self._narrowing.is_whole:
            return self._timeline.own
        return [id for id in self._timeline.own if self._keeps(id)]

    def _is_here(self, row: ObjectiveRow) -> bool:
        return row.cycle == self._cycle.id

    @property
    def subjects(self) -> list[UUID]:
        """The subjects of its reflections: these objectives, and the cycle unless it is narrowed."""
        return [self._cycle.id, *self.ids] if self._narrowing.is_whole else self.ids

    def _keeps(self, id: UUID) -> bool:
        row = self._timeline.objectives[id].at(self._now)
        parts = [self._timeline.key_results[part].at(self._now) for part in self._timeline.of_objective[id]]
        present = [part for part in parts if part is not None and part.objective == id]
        return row is not None and self._is_here(row) and self._narrowing.keeps(row, present)

    # ── attainment and attribution ───────────────────────────────────────────────────────────────

    @cached_property
    def objectives(self) -> list[ObjectiveReview]:
        """Every objective that was planned or added later, in the order of drafting."""
        return [review for id in self.ids if (review := self._objective(id)) is not None]

    @cached_property
    def by_team(self) -> dict[UUID | None, list[ObjectiveReview]]:
        """These objectives by the team that owns them at the outcome, in the order of its first objective; None for
        those without a team."""
        found: dict[UUID | None, list[ObjectiveReview]] = {}
        for one in self.objectives:
            found.setdefault(one.row.team, []).append(one)
        return found

    @property
    def parts(self) -> list[KeyResultReview]:
        """The key results of these objectives that remain."""
        return [part for one in self.objectives for part in one.key_results]

    @cached_property
    def attainment(self) -> Attainment:
        """That of the mean over its objectives; the score of the cycle, once it is closed."""
        found = _attainment_of(self.objectives, self._value_at(self._figures))
        return found if self._score is None else structs.replace(found, score=self._score)

    def attainment_of(self, objectives: Sequence[ObjectiveReview]) -> Attainment:
        """The attainment of the mean over some of its objectives."""
        return _attainment_of(objectives, self._figures.group_value(one.row.id for one in objectives))

    def _value_at(self, figures: Figures) -> float | None:
        """The value of the same whole."""
        if self._narrowing.is_whole:
            return figures.cycle_value(self._cycle.id)
        return figures.group_value(self.ids)

    @cached_property
    def _score(self) -> float | None:
        """The score of the cycle, None while it is open and for a narrowed retrospective."""
        return self._figures.cycle_score(self._cycle.id) if self._narrowing.is_whole else None

    @cached_property
    def _attributions(self) -> Attributions:
        only = None if self._narrowing.is_whole else self.ids
        return attributions(self._timeline, self._cycle.id, self._plan, self._outcome, only)

    @cached_property
    def attribution(self) -> Attribution:
        """The attribution of the cycle's progress, or of the mean over the objectives that remain. It has a judgement
        once the cycle is closed."""
        is_closed = self._cycle.outcome is not None
        return with_judgement(self._attributions.of_whole, self.attainment.score if is_closed else None)

    def _objective(self, id: UUID) -> ObjectiveReview | None:
        history = self._timeline.objectives[id]
        row, then, final = history.at(self._now), history.at(self._then), self._figures.worth(id)
        if row is None or final is None or _was_gone(then, row, self._is_here):
            return None
        planned = then if then is not None and is_live(then) and self._is_here(then) else None
        is_here = is_live(row) and self._is_here(row)
        parts = self._key_results(row, planned)
        promised = [(one.attainment.against_original, one.planned.weight) for one in parts if one.planned is not None]
        original = mean_value([value for value, _ in promised], [weight for _, weight in promised])
        return ObjectiveReview(
            row,
            planned,
            presence(planned=planned is not None, dropped=not is_here),
            parts,
            [part for part in parts if self._narrowing.keeps_part(row, part.row)],
            Attainment(original, final.value, row.score),
            with_judgement(self._attributions.of_objectives[id], row.score),
        )

    # ── key results ──────────────────────────────────────────────────────────────────────────────

    def _key_results(self, objective: ObjectiveRow, planned: ObjectiveRow | None) -> list[KeyResultReview]:
        ids = self._timeline.of_objective[objective.id]
        return [review for id in ids if (review := self._key_result(id, objective, planned)) is not None]

    def _key_result(self, id: UUID, objective: ObjectiveRow, planned: ObjectiveRow | None) -> KeyResultReview | None:
        """A key result of a dropped objective is dropped, one that was moved away is, too, and one of an objective that
        was not planned is not planned. None if it does not exist at the outcome, or was dropped or elsewhere at the
        plan and still is."""
        history = self._timeline.key_results[id]
        row, then = history.at(self._now), history.at(self._then)
        if row is None or _was_gone(then, row, lambda one: one.objective == objective.id):
            return None
        was_here = then is not None and is_live(then) and then.objective == objective.id
        promised = then if planned is not None and was_here else None
        is_here = is_live(row) and row.objective == objective.id
        return KeyResultReview(
            row,
            promised,
            presence(planned=promised is not None, dropped=not (is_here and is_live(objective))),
            self._attainment(row, promised),
            sum(self._is_after_plan(one) and is_revision(before, one) for before, one in pairwise(self._versions(id))),
        )

    def _attainment(self, row: KeyResultRow, planned: KeyResultRow | None) -> Attainment:
        """The attainment by the last measurement within the window, with the start known at the outcome."""
        final = self._figures.part(row.id)
        assert final is not None
        original = None if planned is None else attained(with_start(planned.metric, final.baseline), final.latest)
        return Attainment(original, final.value, row.score)

    def _progress(self, row: KeyResultRow) -> KeyResultProgress:
        found = self._figures.key_result(row.id)
        assert found is not None
        return found

    # ── plan curves ──────────────────────────────────────────────────────────────────────────────

    @cached_property
    def curves(self) -> PlanCurves:
        """The plan curves of the cycle, or of the mean over the objectives that remain, and of its goals."""
        return self.curves_of(self.objectives)

    def curves_of(self, objectives: Sequence[ObjectiveReview]) -> PlanCurves:
        """The plan curves of the same whole, and of the goals of these objectives only."""
        of = [one.row.id for one in objectives]
        subject = None if self._narrowing.is_whole else self.ids
        return PlanCurves(self._timeline, self._cycle, self._plan, self._outcome, subject, of)

    # ── goalposts, silences and calibration ──────────────────────────────────────────────────────

    @cached_property
    def goalposts(self) -> list[int]:
        """The positions of all events since the plan that changed the metric of a key result."""
        return sorted(
            one.position
            for row in self._rows()
            for before, one in pairwise(self._versions(row.id))
            if self._is_after_plan(one) and before.metric != one.metric
        )

    def later_versions(self) -> Iterator[Version]:
        """Every version since the plan, as far as the outcome knows it, of its objectives, its key results and their
        KPIs, and of the cycle unless it is narrowed."""
        timeline = self._timeline
        histories: list[Sequence[Version]] = [
            *(timeline.objectives[one.row.id].versions for one in self.objectives),
            *(timeline.key_results[id].versions for id in self.key_results),
            *(timeline.kpis[id].versions for id in self.kpis if id in timeline.kpis),
            *([timeline.cycles[self._cycle.id].versions] if self._narrowing.is_whole else []),
        ]
        seen = (one for versions in histories for one in versions if self._now.sees(one.position, one.changed_at))
        return (one for one in seen if self._is_after_plan(one))

    def closing(self, objective: ObjectiveRow) -> Version:
        """The version that closed an objective that is closed."""
        versions = self._timeline.objectives[objective.id].versions
        return next(one for one in versions if one.position == objective.ended_position)

    @property
    def key_results(self) -> list[UUID]:
        """The ids of its key results."""
        return [row.id for row in self._rows()]

    @cached_property
    def kpis(self) -> set[UUID]:
        """The KPIs that its key results were ever linked to."""
        return {row.kpi for id in self.key_results for row in self._versions(id) if row.kpi is not None}

    @cached_property
    def goals(self) -> Goals:
        """The goals whose goalposts are reviewed."""
        return Goals(self._cycle.id, self.key_results, sorted(self.kpis), self._plan, self._cycle.ends_on)

    @cached_property
    def silences(self) -> list[SilenceReview]:
        """The periods without measurement that are longer than the cadence allows, oldest first: the longer one of the
        cycle and the linked KPI, as for health.

        They begin at the earliest when the key result and the cycle have begun, and end at its due day, the last day of
        the cycle, its own end, or the outcome, whichever is first. The readings of a linked KPI count, also those from
        before the link.
        """
        found = [review for row in self._rows() for review in self._silences(row)]
        return sorted(found, key=lambda review: review.silence.since)

    def _silences(self, row: KeyResultRow) -> Iterator[SilenceReview]:
        allowed = self._figures.policy.stale_after(self._progress(row).of.cadence)
        measured = self._figures.moments(row)
        for silence in silences(measured, self._begins_at(row), self._ends_at(row), allowed):
            yield SilenceReview(row.id, silence)

    @cached_property
    def calibration(self) -> Calibration:
        """Every check-in with a confidence that was measured from the plan on and within its window, and whether its
        key result ended ACHIEVED. Key results that were dropped or have not ended are left out."""
        return calibration(list(self._statements()))

    def _statements(self) -> Iterator[tuple[float, bool]]:
        for row in self._rows():
            progress = self._progress(row)
            ended_at = progress.of.ended_at
            if ended_at is None or progress.health is Health.DROPPED:
                continue
            for check_in in self._timeline.series(row.id).current(self._now):
                if check_in.confidence is not None and self._plan.at <= check_in.measured_at <= ended_at:
                    yield check_in.confidence, progress.health is Health.ACHIEVED

    def _rows(self) -> Iterator[KeyResultRow]:
        for objective in self.objectives:
            for key_result in objective.key_results:
                yield key_result.row

    def _begins_at(self, row: KeyResultRow) -> datetime:
        return self._progress(row).of.begins_at

    def _ends_at(self, row: KeyResultRow) -> datetime:
        window, ended_at = self._figures.window(row), self._progress(row).of.ended_at
        closes_at = window.calendar.day_end(min(row.due, self._cycle.at_end(window.ended).ends_on))
        return min(self._outcome.at, closes_at, ended_at or self._outcome.at)

    def _versions(self, key_result: UUID) -> Sequence[KeyResultRow]:
        """The versions of a key result that the outcome knows, oldest first."""
        versions = self._timeline.key_results[key_result].versions
        return [one for one in versions if self._now.sees(one.position, one.changed_at)]

    def _is_after_plan(self, version: Version) -> bool:
        """Whether a version is not known at the plan."""
        return version.position > self._plan.position or version.changed_at > self._plan.at


def _attainment_of(objectives: Sequence[ObjectiveReview], value: float | None) -> Attainment:
    """The attainment of a mean over objectives, which has this value.

    Against original: the unweighted mean over those with planned key results, including dropped ones, one without a
    value counting 0. Against final: the value. The score: the mean of the scores that exist, without those of
    objectives without key results unless there is nothing else.
    """
    measurable = [one for one in objectives if any(part.planned is not None for part in one.parts)]
    planned = [one.attainment.against_original for one in measurable if one.planned is not None]
    live = [one for one in objectives if one.presence is not Presence.DROPPED]
    scored = [one for one in live if one.parts] or live
    score = averaged(one.attainment.score for one in scored)
    return Attainment(mean_value(planned, [1.0] * len(planned)), value, score)


def _was_gone(then: G | None, row: G, is_here: Callable[[G], bool]) -> bool:
    """Whether a goal was neither planned here nor added later: it was dropped or elsewhere at the plan, and is still
    dropped or is elsewhere again."""
    if then is not None and is_live(then) and is_here(then):
        return False
    was_dropped_here = then is not None and is_here(then)
    return not is_here(row) or (was_dropped_here and not is_live(row))
