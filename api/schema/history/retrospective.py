"""Retrospectives: what a cycle planned against what came of it, and why; fixed for ever once it is closed."""

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, TypeAlias

import strawberry
from msgspec import structs

from api.schema.connections.change_lists import at_positions
from api.schema.history.change import Change
from api.schema.history.event_types import CHANGES
from api.schema.primitives import enums
from api.schema.primitives.field import answered, related, to_one
from api.schema.primitives.lookup import CycleBy
from api.schema.primitives.refs import KeyResultRef, ObjectiveRef
from api.schema.types.cycle import Cycle, cycle_named
from api.schema.types.discussion import Reflection
from api.schema.types.key_result import KeyResult
from api.schema.types.kpi import Kpi
from api.schema.types.objective import Objective
from api.schema.types.workspace import Basis, basis_of
from api.snapshot.dataloaders import in_groups, or_none
from api.snapshot.snapshot import Batch, RowProxy, View, as_batch
from domain.metrics import retrospective
from domain.model.key_result import KeyResultRetargeted
from domain.primitives.errors import Code, CommandRejected
from domain.primitives.values import Kind
from projections.history import kpi_delta, timeline
from projections.history.retrospective import CycleReview, KeyResultReview, ObjectiveReview, SilenceReview
from projections.store.basis import ResolvedBasis
from projections.tables import discussion
from projections.tables.cycle import CycleRow

AsFarAs: TypeAlias = Annotated[
    datetime | None,
    strawberry.argument(
        description="As far as had been recorded by then: of a closed cycle its outcome with what was said late; "
        "before its closing what could be said then. Default: of a closed cycle what was known at its closing."
    ),
]

# ── figures ──────────────────────────────────────────────────────────────────────────────────────


@strawberry.type(
    description="Reached, measured against the target first agreed and against the target it ended with; shares of 1, "
    "null where there is none."
)
class Attainment:
    against_original: float | None = strawberry.field(
        description="Of a key result: its last value by the metric it was planned with; null if it was added later. Of "
        "an objective: the mean of its planned key results by their planned weights, dropped ones at their last value. "
        "Of a cycle: the plain mean of its planned objectives, dropped ones too."
    )
    against_final: float | None = strawberry.field(
        description="Of a key result: its last value by its last metric. Of an objective and a cycle: its progress."
    )
    score: float | None = strawberry.field(
        description="How it was scored at its end; of a cycle the plain mean of its objectives' scores."
    )


def _attainment(of: retrospective.Attainment) -> Attainment:
    return Attainment(against_original=of.against_original, against_final=of.against_final, score=of.score)


def _changes(batch: Batch) -> Sequence[Change]:
    found = at_positions(batch.view, sorted({row.position for row in batch.rows}))
    known = {change.row.position: change for change in found}
    return [known[row.position] for row in batch.rows]


@strawberry.type(description="A change of an objective's progress between plan and outcome.")
class AttributionTerm(RowProxy):
    objective: ObjectiveRef = to_one(Kind.OBJECTIVE, "objective", "The objective.")
    cause: enums.Cause = strawberry.field(description="What it is booked to.")
    before: float = strawberry.field(description="The objective's progress right before.")
    after: float = strawberry.field(description="The objective's progress right after.")
    amount: float = strawberry.field(
        description="What is booked: after - before for an objective, the objective's share of that for its cycle."
    )
    change: Change = related("The event that did it.", _changes)


def _terms(batch: Batch) -> Sequence[list[AttributionTerm]]:
    return in_groups(AttributionTerm, batch.view, [row.bookings for row in batch.rows])


@strawberry.type(
    description="Where the final progress came from: initial + movement + goalpost + scope = final, to 1e-9. Every "
    "event of the objective from plan to outcome is walked in the order of the log, and each change of its progress "
    "booked to its cause; no progress yet counts as 0. Of a cycle: the plain mean over the objectives that its "
    "progress is the mean of."
)
class Attribution(RowProxy):
    initial: float = strawberry.field(description="The progress at the plan; 0 for what was added later.")
    movement: float = strawberry.field(description="Because the value moved: check-ins and readings, as corrected.")
    goalpost: float = strawberry.field(
        description="Because the goal was moved: another metric, due day, or KPI to take the value from."
    )
    scope: float = strawberry.field(description="Because key results came, went, or changed weight.")
    final: float = strawberry.field(description="The progress at the outcome.")
    explain: list[AttributionTerm] = related(
        "Every change booked, in the order of the log: the amounts of each cause sum to it.", _terms
    )


@strawberry.type(description="A stretch in which nobody spoke of a key result for longer than its cadence allows.")
class Silence(RowProxy):
    row: strawberry.Private[SilenceReview]

    key_result: KeyResultRef = to_one(Kind.KEY_RESULT, "key_result", "The key result.")

    @answered("When it was last heard of, or when it began.", name="from")
    def since(self) -> datetime:
        return self.row.silence.since

    @answered("When it was next heard of; or when it was due or dropped, or its cycle was over.", name="to")
    def until(self) -> datetime:
        return self.row.silence.until

    @answered("How many whole days that is.")
    def days(self) -> int:
        return self.row.silence.days


@strawberry.type(description="What was stated with a confidence in [lower, upper); the last one includes 1.")
class CalibrationBucket:
    lower: float = strawberry.field(description="From this confidence on.")
    upper: float = strawberry.field(description="Up to this confidence.")
    count: int = strawberry.field(description="How many check-ins stated one of these.")
    stated: float = strawberry.field(description="The mean of what they stated; 0 if there is none.")
    hit: float = strawberry.field(description="The share of them that came true; 0 if there is none.")


@strawberry.type(
    description="How stated confidence matched what happened: every check-in with a confidence against whether its key "
    "result ended with scoreGreen or better; dropped ones are left out."
)
class Calibration:
    brier: float | None = strawberry.field(
        description="The Brier score, mean (confidence - outcome)²: 0 is a seer's, 0.25 always saying one half; null "
        "where nobody stated any."
    )
    buckets: list[CalibrationBucket] = strawberry.field(description="Ten buckets of equal width, from 0 to 1.")


def _calibration(of: retrospective.Calibration) -> Calibration:
    return Calibration(brier=of.brier, buckets=[CalibrationBucket(**structs.asdict(bucket)) for bucket in of.buckets])


@strawberry.type(description="How a KPI moved from plan to outcome.")
class KpiDelta:
    kpi: Kpi = strawberry.field(description="The KPI, as it was at the outcome.")
    before: float | None = strawberry.field(description="Its latest reading at the plan.")
    after: float | None = strawberry.field(description="Its latest reading at the outcome.")
    change: float | None = strawberry.field(description="after - before; null where one is missing.")
    status_before: enums.KpiStatus = strawberry.field(description="How it stood at the plan.")
    status_after: enums.KpiStatus = strawberry.field(description="How it stood at the outcome.")


# ── goals ────────────────────────────────────────────────────────────────────────────────────────


@strawberry.type(description="A key result as it was planned and as it ended.")
class KeyResultRetrospective:
    key_result: KeyResult = strawberry.field(description="As it was at the outcome.")
    planned: KeyResult | None = strawberry.field(description="As it was at the plan; null if it was added later.")
    presence: enums.Presence = strawberry.field(description="What became of it; dropped with its objective is dropped.")
    attainment: Attainment = strawberry.field(description="How far it got.")
    revisions: int = strawberry.field(
        description="How often its target, due day or weight was changed since the plan, or since it was added."
    )


@strawberry.type(description="An objective as it was planned and as it ended.")
class ObjectiveRetrospective:
    objective: Objective = strawberry.field(description="As it was at the outcome.")
    planned: Objective | None = strawberry.field(description="As it was at the plan; null if it was added later.")
    presence: enums.Presence = strawberry.field(description="What became of it.")
    key_results: list[KeyResultRetrospective] = strawberry.field(
        description="Its key results, planned or added later, as they were added."
    )
    attainment: Attainment = strawberry.field(description="How far it got.")
    attribution: Attribution = strawberry.field(description="Where its progress came from.")


def _objectives(plan: View, outcome: View, looks: Sequence[ObjectiveReview]) -> list[ObjectiveRetrospective]:
    """All goals of one side were read together, and are siblings."""
    parts = [part for look in looks for part in look.key_results]
    key_results = iter(_key_results(plan, outcome, parts))
    things = zip(
        looks,
        as_batch(Objective, outcome, [look.row for look in looks]),
        _planned(Objective, plan, looks),
        as_batch(Attribution, outcome, [look.attribution for look in looks]),
        strict=True,
    )
    return [
        ObjectiveRetrospective(
            objective=objective,
            planned=planned,
            presence=look.presence,
            key_results=[next(key_results) for _ in look.key_results],
            attainment=_attainment(look.attainment),
            attribution=attribution,
        )
        for look, objective, planned, attribution in things
    ]


def _key_results(plan: View, outcome: View, looks: Sequence[KeyResultReview]) -> list[KeyResultRetrospective]:
    key_results = as_batch(KeyResult, outcome, [look.row for look in looks])
    return [
        KeyResultRetrospective(
            key_result=key_result,
            planned=planned,
            presence=look.presence,
            attainment=_attainment(look.attainment),
            revisions=look.revisions,
        )
        for look, key_result, planned in zip(looks, key_results, _planned(KeyResult, plan, looks), strict=True)
    ]


def _planned(shown_as: type[Any], plan: View, looks: Sequence[Any]) -> list[Any]:
    return or_none(shown_as, plan, [look.planned for look in looks])


def _kpis(view: View, deltas: Sequence[kpi_delta.KpiDelta]) -> list[KpiDelta]:
    return [
        KpiDelta(
            kpi=kpi,
            before=delta.before,
            after=delta.after,
            change=delta.change,
            status_before=delta.status_before,
            status_after=delta.status_after,
        )
        for kpi, delta in zip(as_batch(Kpi, view, [delta.row for delta in deltas]), deltas, strict=True)
    ]


# ── the retrospective ────────────────────────────────────────────────────────────────────────────


def _goalposts(self: "Retrospective") -> list[Any]:
    return at_positions(self.ended, self.look.goalposts)


@strawberry.type(
    description="A cycle looked back on: what it planned, when it was activated, against what came of it, when it was "
    "closed; until then, against now. Once the cycle is closed every figure stays what it is, whatever is said or "
    "corrected later; only reflections may still be added."
)
class Retrospective:
    row: strawberry.Private[CycleRow]
    reader: strawberry.Private[View]
    planned: strawberry.Private[View]
    ended: strawberry.Private[View]
    is_final: bool = strawberry.field(description="Whether the cycle is closed, and this is its outcome of record.")

    @cached_property
    def look(self) -> CycleReview:
        told = self.ended.read(timeline.read, self.row)
        return CycleReview(told, self.planned.basis, self.ended.basis)

    @answered("The cycle, as it was at the outcome.")
    def cycle(self) -> Cycle:
        return as_batch(Cycle, self.ended, [self.row])[0]

    @answered("What the plan stands on: the activation of the cycle.")
    def plan(self) -> Basis:
        return basis_of(self.planned)

    @answered("What the outcome stands on: the closing of the cycle, or now.")
    def outcome(self) -> Basis:
        return basis_of(self.ended)

    @answered("The objectives that were planned or added later, as they were drafted; not what the plan had dropped.")
    def objectives(self) -> list[ObjectiveRetrospective]:
        return _objectives(self.planned, self.ended, self.look.objectives)

    @answered("How far the cycle got.")
    def attainment(self) -> Attainment:
        return _attainment(self.look.attainment)

    @answered("Where the cycle's progress came from.")
    def attribution(self) -> Attribution:
        return as_batch(Attribution, self.ended, [self.look.attribution])[0]

    goalposts: list[Any] = strawberry.field(
        resolver=_goalposts,
        graphql_type=list.__class_getitem__(CHANGES[KeyResultRetargeted]),
        description="Every edit of what a key result is measured by since the plan, in the order of the log: by whom, "
        "when, why, and how many days before the end.",
    )

    @answered(
        "The stretches in which a key result was not spoken of for longer than cadence · staleAfterCadences, oldest "
        "first: between two check-ins or readings, from its beginning, and to its end."
    )
    def silences(self) -> list[Silence]:
        return as_batch(Silence, self.ended, self.look.silences)

    @answered("How stated confidence matched what happened.")
    def calibration(self) -> Calibration:
        return _calibration(self.look.calibration)

    @answered("How each KPI moved from plan to outcome, by name; those that were retired before are left out.")
    def kpis(self) -> list[KpiDelta]:
        before, after = self.planned, self.ended
        deltas = after.reads.read(kpi_delta.kpi_deltas, before.basis, after.basis, before.scoring, after.scoring)
        return _kpis(after, deltas)

    @answered(
        "What was thought when looking back on the cycle and its objectives, in the order of recording. Reflections "
        "may be added after the closing; they are told as they are now."
    )
    def reflections(self) -> list[Reflection]:
        subjects = [self.row.id, *self.look.ids]
        said = self.reader.read(discussion.reflections_of_subjects, subjects)
        rows = sorted((row for rows in said.values() for row in rows), key=lambda row: row.position)
        return as_batch(Reflection, self.reader, rows)


def look_back(view: View, by: CycleBy, known: datetime | None) -> Retrospective:
    """The retrospective of a cycle. Raises `NOT_FOUND`, and `CONFLICT` for one that has no plan yet."""
    reads = view.reads
    reader = view if known is None else reads.as_of(None, known, None)
    row = cycle_named(reader, by)
    if row.plan is None:
        raise CommandRejected(
            Code.CONFLICT, f"The cycle '{row.key}' was not activated: it has no plan to look back on.", "cycle"
        )
    ended = reader
    if row.outcome is not None:
        late = ResolvedBasis(row.outcome.at, reader.basis.position, reader.basis.known)
        ended = reads.at(row.outcome if known is None else late)
    is_final = row.outcome is not None and known is None
    return Retrospective(row=row, reader=reader, planned=reads.at(row.plan), ended=ended, is_final=is_final)
