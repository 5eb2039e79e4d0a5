"""The retrospective of a cycle: its goals at the plan compared with the same at the outcome, and the causes.

All figures come from a timeline that is read at the outcome, so they contain nothing that was recorded later.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from itertools import pairwise, takewhile
from typing import NamedTuple
from uuid import UUID

from domain.metrics.formulas import attained
from domain.metrics.retrospective import (
    Attainment,
    Attribution,
    Calibration,
    Part,
    Presence,
    Silence,
    attribution,
    averaged,
    calibration,
    came_true,
    mean_attribution,
    presence,
    silences,
    whole,
)
from domain.primitives.calendar import day_end, day_start
from domain.primitives.values import Basis, KeyResultState
from projections.history import formula_inputs
from projections.history.attribution import replay_attribution
from projections.history.timeline import BitemporalTimeline, is_live
from projections.store.versioned_tables import Version
from projections.tables.key_result import KeyResultRow
from projections.tables.objective import ObjectiveRow


class KeyResultReview(NamedTuple):
    """A key result at the outcome and, if it was planned, at the plan. `revisions`: the number of changes of its
    metric, due day or weight since the plan."""

    row: KeyResultRow
    planned: KeyResultRow | None
    presence: Presence
    attainment: Attainment
    revisions: int


class ObjectiveReview(NamedTuple):
    """An objective at the outcome and, if it was planned, at the plan."""

    row: ObjectiveRow
    planned: ObjectiveRow | None
    presence: Presence
    key_results: list[KeyResultReview]
    attainment: Attainment
    attribution: Attribution


class SilenceReview(NamedTuple):
    """A key result, and a period without check-in or reading."""

    key_result: UUID
    silence: Silence


class CycleReview:
    """The retrospective of a cycle at its outcome, or at the present. Each part is computed on first access."""

    def __init__(self, timeline: BitemporalTimeline, plan: Basis, outcome: Basis) -> None:
        self._timeline = timeline
        self._plan = plan
        self._outcome = outcome
        self._policy = timeline.policy(outcome)

    @property
    def ids(self) -> list[UUID]:
        """The ids of all objectives that the cycle ever had."""
        return list(self._timeline.objectives)

    # ── attainment and attribution ───────────────────────────────────────────────────────────────

    @cached_property
    def objectives(self) -> list[ObjectiveReview]:
        """Every objective that was planned or added later, in the order of drafting."""
        return [review for id in self._timeline.objectives if (review := self._objective(id)) is not None]

    @cached_property
    def attainment(self) -> Attainment:
        """Unweighted means: against original over the planned objectives, including dropped ones; against final over
        those not dropped, which is the cycle's progress; the score over those not dropped with a score."""
        live = [one for one in self.objectives if one.presence is not Presence.DROPPED]
        return Attainment(
            averaged(one.attainment.against_original for one in self.objectives),
            averaged(one.attainment.against_final for one in live),
            averaged(one.attainment.score for one in live),
        )

    @cached_property
    def attribution(self) -> Attribution:
        """The unweighted mean over the objectives in the cycle's progress: those not dropped, with a value."""
        live = [one for one in self.objectives if one.presence is not Presence.DROPPED]
        return mean_attribution([one.attribution for one in live if one.attainment.against_final is not None])

    def _objective(self, id: UUID) -> ObjectiveReview | None:
        history = self._timeline.objectives[id]
        row, then = history.at(self._outcome), history.at(self._plan)
        if row is None or _was_gone(then, row):
            return None
        planned = then if is_live(then) else None
        parts = self._key_results(row, planned)
        promised = [Part(one.planned.weight, one.attainment.against_original) for one in parts if one.planned]
        final = self._timeline.progress_of_objective(row, self._outcome, self._policy)
        return ObjectiveReview(
            row,
            planned,
            presence(planned=planned is not None, dropped=not is_live(row)),
            parts,
            Attainment(whole(promised), final.value, row.score),
            self._attribution(id),
        )

    def _attribution(self, id: UUID) -> Attribution:
        replays = {of: replay_attribution(self._timeline, of, self._plan) for of in self._timeline.of_objective[id]}
        planned = {of: part for of, (part, _) in replays.items() if part is not None}
        return attribution(id, planned, [move for _, moves in replays.values() for move in moves])

    # ── key results ──────────────────────────────────────────────────────────────────────────────

    def _key_results(self, objective: ObjectiveRow, planned: ObjectiveRow | None) -> list[KeyResultReview]:
        ids = self._timeline.of_objective[objective.id]
        return [review for id in ids if (review := self._key_result(id, objective, planned)) is not None]

    def _key_result(self, id: UUID, objective: ObjectiveRow, planned: ObjectiveRow | None) -> KeyResultReview | None:
        """A key result of a dropped objective is dropped, and one of an objective that was not planned is not planned.
        None if it does not exist at the outcome, or was dropped before the plan and is still dropped."""
        history = self._timeline.key_results[id]
        row, then = history.at(self._outcome), history.at(self._plan)
        if row is None or _was_gone(then, row):
            return None
        promised = then if planned is not None and is_live(then) else None
        return KeyResultReview(
            row,
            promised,
            presence(planned=promised is not None, dropped=not (is_live(row) and is_live(objective))),
            self._attainment(row, promised),
            sum(self._is_after_plan(one) and _is_revision(before, one) for before, one in pairwise(history.versions)),
        )

    def _attainment(self, row: KeyResultRow, planned: KeyResultRow | None) -> Attainment:
        """The attainment by the last measurement; for a dropped key result, by the last one before it was dropped."""
        until = self._outcome.at if is_live(row) else row.changed_at
        standing = self._timeline.standing(row, Basis(until, self._outcome.position))
        latest = formula_inputs.measured(row, standing)
        return Attainment(
            None if planned is None else attained(planned.metric, latest), attained(row.metric, latest), row.score
        )

    # ── goalposts, silences and calibration ──────────────────────────────────────────────────────

    @cached_property
    def goalposts(self) -> list[int]:
        """The positions of all events since the plan that changed the metric of a key result."""
        return sorted(
            one.position
            for row in self._rows()
            for before, one in pairwise(self._timeline.key_results[row.id].versions)
            if self._is_after_plan(one) and before.metric != one.metric
        )

    @cached_property
    def silences(self) -> list[SilenceReview]:
        """The periods without check-in that are longer than the cadence of the cycle allows, oldest first.

        They begin at the earliest when the key result and the cycle have begun, and end at its due day, the last day of
        the cycle, its own end, or the outcome, whichever is first. Readings of the KPI that it is linked to count.
        """
        allowed = self._policy.stale_after(self._timeline.cycle.check_in_cadence)
        found = [
            SilenceReview(row.id, silence)
            for row in self._rows()
            for silence in silences(self._moments(row.id), self._begins_at(row), self._ends_at(row), allowed)
        ]
        return sorted(found, key=lambda review: review.silence.since)

    @cached_property
    def calibration(self) -> Calibration:
        """Every check-in with a confidence, compared with the final score of its key result, or with its progress if
        it has no score; dropped key results are left out."""
        return calibration(
            [
                (check_in.confidence, came_true(_final_value(key_result), self._policy))
                for objective in self.objectives
                for key_result in objective.key_results
                if key_result.presence is not Presence.DROPPED
                for check_in in self._timeline.measurements(key_result.row.id, self._outcome)
                if check_in.confidence is not None
            ]
        )

    def _rows(self) -> Iterator[KeyResultRow]:
        for objective in self.objectives:
            for key_result in objective.key_results:
                yield key_result.row

    def _moments(self, id: UUID) -> Iterator[datetime]:
        """The times of all check-ins of a key result, and of the readings while it was linked to their KPI."""
        for check_in in self._timeline.measurements(id, self._outcome):
            yield check_in.measured_at
        for kpi, since, until in self._links(id):
            for reading in self._timeline.measurements(kpi, self._outcome):
                if since <= reading.measured_at <= until:
                    yield reading.measured_at

    def _links(self, id: UUID) -> Iterator[tuple[UUID, datetime, datetime]]:
        """The KPIs that a key result was linked to, each with the beginning and the end of the link."""
        versions = self._timeline.key_results[id].versions
        ends = [*(after.changed_at for _, after in pairwise(versions)), self._outcome.at]
        for one, end in zip(versions, ends, strict=True):
            if one.kpi is not None:
                yield one.kpi, one.changed_at, end

    def _begins_at(self, row: KeyResultRow) -> datetime:
        return max(row.created_at, day_start(self._timeline.cycle.starts_on))

    def _ends_at(self, row: KeyResultRow) -> datetime:
        last_day = min(row.due, self._timeline.cycle.ends_on)
        ends = [self._outcome.at, day_end(last_day)]
        objective = self._timeline.objectives[row.objective].at(self._outcome)
        if objective is not None and not is_live(objective):
            ends.append(objective.changed_at)
        if row.state is not KeyResultState.ACTIVE:
            ends.append(self._ended_at(row))
        return min(ends)

    def _ended_at(self, row: KeyResultRow) -> datetime:
        """The time since which a key result is in its final state."""
        versions = reversed(self._timeline.key_results[row.id].versions)
        ended = list(takewhile(lambda one: one.state is row.state, versions))
        return ended[-1].changed_at

    def _is_after_plan(self, version: Version) -> bool:
        """Whether a version is not known at the plan."""
        return version.position > self._plan.position or version.changed_at > self._plan.at


def _was_gone(then: ObjectiveRow | KeyResultRow | None, row: ObjectiveRow | KeyResultRow) -> bool:
    """Whether it was dropped before the plan and still is: such a goal was neither planned nor added later."""
    return then is not None and not is_live(then) and not is_live(row)


def _is_revision(before: KeyResultRow, row: KeyResultRow) -> bool:
    return (before.metric, before.due, before.weight) != (row.metric, row.due, row.weight)


def _final_value(review: KeyResultReview) -> float | None:
    return review.attainment.against_final if review.row.score is None else review.row.score
