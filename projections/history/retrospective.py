"""What was planned, what came of it, and why: a cycle's goals at its plan against the same at its outcome.

Everything follows from a chronicle that was read at the outcome, so that nothing recorded later can be in it.
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


class KeyResultLook(NamedTuple):
    """A key result at its outcome and, if it was planned, at its plan. `revisions`: how often its target, due day
    or weight was changed since."""

    row: KeyResultRow
    planned: KeyResultRow | None
    presence: Presence
    attainment: Attainment
    revisions: int


class ObjectiveLook(NamedTuple):
    """An objective at its outcome and, if it was planned, at its plan."""

    row: ObjectiveRow
    planned: ObjectiveRow | None
    presence: Presence
    key_results: list[KeyResultLook]
    attainment: Attainment
    attribution: Attribution


class SilenceLook(NamedTuple):
    """A key result, and a stretch in which nobody spoke of it."""

    key_result: UUID
    silence: Silence


class Look:
    """A cycle looked back on from its outcome, or from now. Each part is worked out when it is asked for."""

    def __init__(self, told: BitemporalTimeline, plan: Basis, outcome: Basis) -> None:
        self._told = told
        self._plan = plan
        self._outcome = outcome
        self._policy = told.policy(outcome)

    @property
    def ids(self) -> list[UUID]:
        """All objectives that the cycle ever had."""
        return list(self._told.objectives)

    # ── attainment and attribution ───────────────────────────────────────────────────────────────

    @cached_property
    def objectives(self) -> list[ObjectiveLook]:
        """Every objective that was planned or came later, as they were drafted."""
        return [look for id in self._told.objectives if (look := self._objective(id)) is not None]

    @cached_property
    def attainment(self) -> Attainment:
        """The plain means: against original over the objectives that were planned, dropped ones too; against final
        over those not dropped, which is the cycle's progress; the score over those that have one."""
        live = [one for one in self.objectives if one.presence is not Presence.DROPPED]
        return Attainment(
            averaged(one.attainment.against_original for one in self.objectives),
            averaged(one.attainment.against_final for one in live),
            averaged(one.attainment.score for one in live),
        )

    @cached_property
    def attribution(self) -> Attribution:
        """The plain mean over the objectives that the cycle's progress is the mean of: not dropped, with a value."""
        live = [one for one in self.objectives if one.presence is not Presence.DROPPED]
        return mean_attribution([one.attribution for one in live if one.attainment.against_final is not None])

    def _objective(self, id: UUID) -> ObjectiveLook | None:
        history = self._told.objectives[id]
        row, then = history.at(self._outcome), history.at(self._plan)
        if row is None or _was_gone(then, row):
            return None
        planned = then if is_live(then) else None
        parts = self._key_results(row, planned)
        promised = [Part(one.planned.weight, one.attainment.against_original) for one in parts if one.planned]
        final = self._told.progress_of_objective(row, self._outcome, self._policy)
        return ObjectiveLook(
            row,
            planned,
            presence(planned=planned is not None, dropped=not is_live(row)),
            parts,
            Attainment(whole(promised), final.value, row.score),
            self._attribution(id),
        )

    def _attribution(self, id: UUID) -> Attribution:
        walks = {of: replay_attribution(self._told, of, self._plan) for of in self._told.of_objective[id]}
        planned = {of: part for of, (part, _) in walks.items() if part is not None}
        return attribution(id, planned, [move for _, moves in walks.values() for move in moves])

    # ── key results ──────────────────────────────────────────────────────────────────────────────

    def _key_results(self, objective: ObjectiveRow, planned: ObjectiveRow | None) -> list[KeyResultLook]:
        ids = self._told.of_objective[objective.id]
        return [look for id in ids if (look := self._key_result(id, objective, planned)) is not None]

    def _key_result(self, id: UUID, objective: ObjectiveRow, planned: ObjectiveRow | None) -> KeyResultLook | None:
        """What was dropped with its objective is dropped, and what was planned in none was not planned."""
        history = self._told.key_results[id]
        row, then = history.at(self._outcome), history.at(self._plan)
        if row is None or _was_gone(then, row):
            return None
        promised = then if planned is not None and is_live(then) else None
        return KeyResultLook(
            row,
            promised,
            presence(planned=promised is not None, dropped=not (is_live(row) and is_live(objective))),
            self._attainment(row, promised),
            sum(self._is_news(one) and _is_revision(before, one) for before, one in pairwise(history.versions)),
        )

    def _attainment(self, row: KeyResultRow, planned: KeyResultRow | None) -> Attainment:
        """By the last measurement; of a key result that was dropped, by the last one before."""
        until = self._outcome.at if is_live(row) else row.changed_at
        standing = self._told.standing(row, Basis(until, self._outcome.position))
        latest = formula_inputs.measured(row, standing)
        return Attainment(
            None if planned is None else attained(planned.metric, latest), attained(row.metric, latest), row.score
        )

    # ── what stands out ──────────────────────────────────────────────────────────────────────────

    @cached_property
    def goalposts(self) -> list[int]:
        """The positions of all events since the plan that gave a key result another metric."""
        return sorted(
            one.position
            for row in self._rows()
            for before, one in pairwise(self._told.key_results[row.id].versions)
            if self._is_news(one) and before.metric != one.metric
        )

    @cached_property
    def silences(self) -> list[SilenceLook]:
        """The stretches in which a key result was not spoken of for longer than its cadence allows, oldest first.

        They lie between the time from which on progress is expected of it and its due day, its cycle's last day,
        its end or the outcome, whichever is first. What is said of the KPI that measures it counts.
        """
        allowed = self._policy.stale_after(self._told.cycle.check_in_cadence)
        found = [
            SilenceLook(row.id, silence)
            for row in self._rows()
            for silence in silences(self._heard(row.id), self._begins_at(row), self._ends_at(row), allowed)
        ]
        return sorted(found, key=lambda look: look.silence.since)

    @cached_property
    def calibration(self) -> Calibration:
        """Every check-in that states a confidence, against what its key result ended with: its score, or its
        progress where it has none; dropped ones are left out."""
        return calibration(
            [
                (said.confidence, came_true(_ended_with(key_result), self._policy))
                for objective in self.objectives
                for key_result in objective.key_results
                if key_result.presence is not Presence.DROPPED
                for said in self._told.said_of(key_result.row.id, self._outcome)
                if said.confidence is not None
            ]
        )

    def _rows(self) -> Iterator[KeyResultRow]:
        for objective in self.objectives:
            for key_result in objective.key_results:
                yield key_result.row

    def _heard(self, id: UUID) -> Iterator[datetime]:
        for said in self._told.said_of(id, self._outcome):
            yield said.measured_at
        for kpi, since, until in self._links(id):
            for said in self._told.said_of(kpi, self._outcome):
                if since <= said.measured_at <= until:
                    yield said.measured_at

    def _links(self, id: UUID) -> Iterator[tuple[UUID, datetime, datetime]]:
        """The KPIs that measured a key result, each since when and until when."""
        versions = self._told.key_results[id].versions
        ends = [*(after.changed_at for _, after in pairwise(versions)), self._outcome.at]
        for one, end in zip(versions, ends, strict=True):
            if one.kpi is not None:
                yield one.kpi, one.changed_at, end

    def _begins_at(self, row: KeyResultRow) -> datetime:
        return max(row.created_at, day_start(self._told.cycle.starts_on))

    def _ends_at(self, row: KeyResultRow) -> datetime:
        last_day = min(row.due, self._told.cycle.ends_on)
        ends = [self._outcome.at, day_end(last_day)]
        objective = self._told.objectives[row.objective].at(self._outcome)
        if objective is not None and not is_live(objective):
            ends.append(objective.changed_at)
        if row.state is not KeyResultState.ACTIVE:
            ends.append(self._ended_at(row))
        return min(ends)

    def _ended_at(self, row: KeyResultRow) -> datetime:
        """Since when a key result is in the state it ended in."""
        versions = reversed(self._told.key_results[row.id].versions)
        ended = list(takewhile(lambda one: one.state is row.state, versions))
        return ended[-1].changed_at

    def _is_news(self, version: Version) -> bool:
        """Whether the plan does not know a version."""
        return version.position > self._plan.position or version.changed_at > self._plan.at


def _was_gone(then: ObjectiveRow | KeyResultRow | None, row: ObjectiveRow | KeyResultRow) -> bool:
    """Whether it was dropped before the plan, and stayed so: neither planned nor added later."""
    return then is not None and not is_live(then) and not is_live(row)


def _is_revision(before: KeyResultRow, row: KeyResultRow) -> bool:
    return (before.metric, before.due, before.weight) != (row.metric, row.due, row.weight)


def _ended_with(look: KeyResultLook) -> float | None:
    return look.attainment.against_final if look.row.score is None else look.row.score
