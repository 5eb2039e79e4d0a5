"""Retrospectives: the plan of a cycle against its outcome, with causes. They are final once the cycle is closed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, TypeAlias

import strawberry

from api.schema.connections.change_lists import at_positions, page_by
from api.schema.connections.connection import Connection, connection
from api.schema.history.against_plan import PlanCurve
from api.schema.history.change import Change
from api.schema.history.event_types import CHANGES
from api.schema.history.kpi_against_plan import KpiDelta, kpi_deltas_of
from api.schema.history.narrowed import narrowing
from api.schema.history.remarks import ClosingReflection, Remarks
from api.schema.history.retrospective_figures import (
    Attainment,
    Attribution,
    Calibration,
    GoalCounts,
    RecordedAfterwards,
    Silence,
    attainment_of,
    calibration_of,
    counts_of,
    recorded_afterwards,
)
from api.schema.history.retrospective_teams import TeamRetrospective, teams_of
from api.schema.primitives import enums
from api.schema.primitives.field import resolved
from api.schema.primitives.lookup import CycleBy, PersonBy, TeamBy
from api.schema.primitives.refs import ChangeRef
from api.schema.types.cycle import Cycle, find_cycle
from api.schema.types.discussion import Reflection
from api.schema.types.key_result import KeyResult
from api.schema.types.measurements import CheckIn
from api.schema.types.objective import Objective
from api.schema.types.workspace import Basis, Calendar, basis_of
from api.snapshot.dataloaders import or_none
from api.snapshot.pagination import PageRequest, paginate, shown_as, slice_of
from api.snapshot.snapshot import View, as_batch
from domain.metrics.wholes import Counted
from domain.model.key_result import KeyResultRetargeted
from domain.primitives.errors import Code, CommandRejected
from domain.primitives.lazy import cached_property
from domain.primitives.values import Kind
from projections.figures.formula_readings import of_cycles_with_completions
from projections.history import goalposts, kpi_delta
from projections.history.plan_curves import PlanCurves
from projections.history.retrospective import CycleReview, KeyResultReview, Narrowing, ObjectiveReview
from projections.store.basis import ResolvedBasis
from projections.store.versioned_tables import Cursor
from projections.tables import discussion
from projections.tables.cycle import CycleRow

AsFarAs: TypeAlias = Annotated[
    datetime | None,
    strawberry.argument(
        description="The recording time: only what had been recorded by then. Default: for a closed cycle, what was "
        "known at its closing; a later time includes late changes."
    ),
]

AllKpis: TypeAlias = Annotated[
    bool,
    strawberry.argument(description="Every KPI, in place of those that its key results were ever linked to."),
]

# ── goals ────────────────────────────────────────────────────────────────────────────────────────


@strawberry.type(description="A key result at the plan and at the outcome.")
class KeyResultRetrospective:
    key_result: KeyResult = strawberry.field(description="The key result at the outcome.")
    planned: KeyResult | None = strawberry.field(description="The key result at the plan; null if it was added later.")
    presence: enums.Presence = strawberry.field(
        description="Whether it was kept, added later or dropped, by itself or with its objective."
    )
    attainment: Attainment = strawberry.field(description="The attainment of the key result.")
    revisions: int = strawberry.field(
        description="The number of changes of its target, due day, plan or weight since the plan of the cycle, or "
        "since it was added."
    )
    curves: strawberry.Private[PlanCurves]

    @resolved("The key result against its plans, in progress and in its unit.")
    def plan_curve(self) -> PlanCurve:
        return PlanCurve(row=self.curves.of_key_result(self.key_result.row.id))


@strawberry.type(description="An objective at the plan and at the outcome.")
class ObjectiveRetrospective:
    objective: Objective = strawberry.field(description="The objective at the outcome.")
    planned: Objective | None = strawberry.field(description="The objective at the plan; null if it was added later.")
    presence: enums.Presence = strawberry.field(description="Whether it was kept, added later or dropped.")
    key_results: list[KeyResultRetrospective] = strawberry.field(
        description="The key results, planned or added later, in the order of creation."
    )
    attainment: Attainment = strawberry.field(description="The attainment of the objective.")
    attribution: Attribution = strawberry.field(description="The attribution of the objective's progress to causes.")
    curves: strawberry.Private[PlanCurves]

    @resolved("The progress of the objective against its plans.")
    def plan_curve(self) -> PlanCurve:
        return PlanCurve(row=self.curves.of_objective(self.objective.row.id))


def _objectives(
    plan: View, outcome: View, review: CycleReview, reviews: Sequence[ObjectiveReview]
) -> list[ObjectiveRetrospective]:
    """The retrospectives of these objectives. All goals of one view are siblings."""
    curves = review.curves_of(reviews)
    parts = [part for review in reviews for part in review.key_results]
    key_results = iter(_key_results(plan, outcome, parts, curves))
    rows = zip(
        reviews,
        as_batch(Objective, outcome, [review.row for review in reviews]),
        _planned(Objective, plan, reviews),
        as_batch(Attribution, outcome, [review.attribution for review in reviews]),
        strict=True,
    )
    return [
        ObjectiveRetrospective(
            objective=objective,
            planned=planned,
            presence=review.presence,
            key_results=[next(key_results) for _ in review.key_results],
            attainment=attainment_of(review.attainment),
            attribution=attribution,
            curves=curves,
        )
        for review, objective, planned, attribution in rows
    ]


def _key_results(
    plan: View, outcome: View, reviews: Sequence[KeyResultReview], curves: PlanCurves
) -> list[KeyResultRetrospective]:
    key_results = as_batch(KeyResult, outcome, [review.row for review in reviews])
    return [
        KeyResultRetrospective(
            key_result=key_result,
            planned=planned,
            presence=review.presence,
            attainment=attainment_of(review.attainment),
            revisions=review.revisions,
            curves=curves,
        )
        for review, key_result, planned in zip(reviews, key_results, _planned(KeyResult, plan, reviews), strict=True)
    ]


def _planned(shown_as: type[Any], plan: View, reviews: Sequence[Any]) -> list[Any]:
    return or_none(shown_as, plan, [review.planned for review in reviews])


# ── the retrospective ────────────────────────────────────────────────────────────────────────────


def _goalposts(self: "Retrospective") -> list[Any]:
    return at_positions(self.ended, self.review.goalposts)


@strawberry.type(
    description="The retrospective of a cycle: its plan at the activation against its outcome at the closing, or "
    "against now before the closing. Once the cycle is closed, all values are final, even after late changes and "
    "corrections; only reflections can still be added."
)
class Retrospective:
    row: strawberry.Private[CycleRow]
    reader: strawberry.Private[View]
    planned: strawberry.Private[View]
    ended: strawberry.Private[View]
    narrowing: strawberry.Private[Narrowing]
    is_final: bool = strawberry.field(description="Whether the cycle is closed and this is its outcome of record.")

    @cached_property
    def review(self) -> CycleReview:
        history = self.ended.read(of_cycles_with_completions, [self.row.id], self.planned.basis)
        return CycleReview(history, self.row, self.planned.basis, self.ended.basis, self.narrowing)

    @cached_property
    def remarks(self) -> Remarks:
        return Remarks(self.planned.basis, self.ended, self.review)

    @resolved("The cycle at the outcome.")
    def cycle(self) -> Cycle:
        return as_batch(Cycle, self.ended, [self.row])[0]

    @resolved("The basis of the plan: the activation of the cycle.")
    def plan(self) -> Basis:
        return basis_of(self.planned)

    @resolved("The basis of the outcome: the closing of the cycle, or now.")
    def outcome(self) -> Basis:
        return basis_of(self.ended)

    @resolved("The calendar of the outcome, by which the days of the cycle begin and end.")
    def calendar(self) -> Calendar:
        return Calendar(row=self.ended.settings.calendars.current)

    @resolved(
        "The objectives, planned or added later, in the order of drafting, without those dropped before the plan.",
        deprecated="Use `objectiveRetrospectives`.",
    )
    def objectives(self) -> list[ObjectiveRetrospective]:
        return _objectives(self.planned, self.ended, self.review, self.review.objectives)

    @connection(
        "The objectives, planned or added later, in the order of drafting, without those dropped before the plan."
    )
    def objective_retrospectives(self, page_request: PageRequest) -> Connection[ObjectiveRetrospective]:
        page = paginate(page_request, self.review.objectives, lambda one: Cursor(one.row.born, one.row.id), "RECORDED")
        return Connection(page=shown_as(page, _objectives(self.planned, self.ended, self.review, page.items)))

    @resolved("How many of its objectives or key results were planned, added later, and dropped.")
    def goal_counts(
        self, of: Annotated[enums.Counted, strawberry.argument(description="The goals to count.")] = Counted.OBJECTIVES
    ) -> GoalCounts:
        return counts_of(self.review.objectives if of is Counted.OBJECTIVES else self.review.parts)

    @connection("Its objectives by the team that owns them at the outcome, teams by their first objective.")
    def teams(self, page_request: PageRequest) -> Connection[TeamRetrospective]:
        page = slice_of(page_request, list(self.review.by_team.items()))
        return Connection(page=shown_as(page, teams_of(self.ended, self.review, [one.item for one in page.items])))

    @resolved("The attainment of the cycle.")
    def attainment(self) -> Attainment:
        return attainment_of(self.review.attainment)

    @resolved("The attribution of the cycle's progress to causes.")
    def attribution(self) -> Attribution:
        return as_batch(Attribution, self.ended, [self.review.attribution])[0]

    @resolved("The progress of the cycle, or of the mean over the objectives that remain, against its plans.")
    def plan_curve(self) -> PlanCurve:
        return PlanCurve(row=self.review.curves.whole)

    goalposts: list[Any] = strawberry.field(
        resolver=_goalposts,
        graphql_type=list.__class_getitem__(CHANGES[KeyResultRetargeted]),
        description="Every change of a key result's metric since the plan, in log order.",
        deprecation_reason="Use `goalpostChanges`.",
    )

    @connection(
        "The changes since the plan of what the key results should reach, by which measure, and when, in log order: "
        "new targets, due days and plans, links to KPIs and their ends, new days of the cycle, a new calendar, and new "
        "goals, targets and formulas of the KPIs that they are or were linked to, if they begin by the last day of the "
        "cycle."
    )
    def goalpost_changes(self, page_request: PageRequest) -> Connection[ChangeRef]:
        view, of = self.ended, self.review.goals
        return page_by(
            view,
            page_request,
            lambda window: view.read(goalposts.page, of, window),
            lambda: view.read(goalposts.count, of),
        )

    @resolved(
        "The periods longer than cadence · staleAfterCadences without a measurement of a key result, oldest first: "
        "between two check-ins or readings, after its beginning and before its end.",
        deprecated="Use `silentPeriods`.",
    )
    def silences(self) -> list[Silence]:
        return as_batch(Silence, self.ended, self.review.silences)

    @connection(
        "The periods longer than cadence · staleAfterCadences without a measurement of a key result, oldest first: "
        "between two check-ins or readings, after its beginning and before its end."
    )
    def silent_periods(self, page_request: PageRequest) -> Connection[Silence]:
        silences = self.review.silences
        page = paginate(page_request, silences, lambda one: Cursor(one.silence.since, one.key_result), "SINCE")
        return Connection(page=shown_as(page, as_batch(Silence, self.ended, page.items)))

    @resolved("The number of key results with such a period.")
    def silent_key_results(self) -> int:
        return len({one.key_result for one in self.review.silences})

    @resolved(
        "The changes of the cycle, or of the objectives that remain, that were recorded afterwards, as far as this "
        "retrospective includes them."
    )
    def recorded_afterwards(self) -> RecordedAfterwards:
        is_whole = self.narrowing.is_whole
        kind, ids = (Kind.CYCLE, [self.row.id]) if is_whole else (Kind.OBJECTIVE, self.review.ids)
        return recorded_afterwards(self.ended, kind, ids)

    @resolved("The calibration of stated confidence.")
    def calibration(self) -> Calibration:
        return calibration_of(self.review.calibration)

    @resolved(
        "The change of each KPI from plan to outcome, by name, without KPIs retired before.",
        deprecated="Use `kpiChanges`.",
    )
    def kpis(self, all: AllKpis = False) -> list[KpiDelta]:
        return kpi_deltas_of(self.planned, self.ended, self.row, self._kpi_deltas(all=all))

    @connection("The change of each KPI from plan to outcome, by name, without KPIs retired before.")
    def kpi_changes(self, page_request: PageRequest, all: AllKpis = False) -> Connection[KpiDelta]:
        deltas = self._kpi_deltas(all=all)
        page = paginate(page_request, deltas, lambda one: Cursor(one.row.name, one.row.id), "NAME")
        return Connection(page=shown_as(page, kpi_deltas_of(self.planned, self.ended, self.row, page.items)))

    def _kpi_deltas(self, *, all: bool) -> list[kpi_delta.KpiDelta]:
        before, after = self.planned, self.ended
        bases = (before.basis, after.basis, before.settings, after.settings)
        found: list[kpi_delta.KpiDelta] = after.reads.read(
            kpi_delta.kpi_deltas, *bases, None if all else self.review.kpis
        )
        return found

    @resolved(
        "The reflections on the objectives, and on the cycle unless it is narrowed, in the order of recording. They "
        "can be added after the closing and are shown as of now."
    )
    def reflections(self) -> list[Reflection]:
        reflections = self.reader.read(discussion.reflections_of_subjects, self.review.subjects)
        rows = sorted((row for rows in reflections.values() for row in rows), key=lambda row: row.position)
        return as_batch(Reflection, self.reader, rows)

    @resolved("The reflections that were given with the closings of objectives, in log order.")
    def closing_reflections(self) -> list[ClosingReflection]:
        return self.remarks.closings()

    @connection(
        "The changes since the plan that gave a reason, in log order: those of the objectives, the key results with "
        "their check-ins and linked KPIs, and of the cycle unless it is narrowed."
    )
    def reasons(self, page_request: PageRequest) -> Connection[Change]:
        return self.remarks.reasons(page_request)

    @connection(
        "The check-ins with a note that were measured from the plan on, in their current version, by `measuredAt`."
    )
    def check_in_notes(self, page_request: PageRequest) -> Connection[CheckIn]:
        return self.remarks.notes(page_request)


def retrospective_of(
    view: View,
    by: CycleBy,
    known: datetime | None,
    team: TeamBy | None,
    person: PersonBy | None,
    objective: str | None,
) -> Retrospective:
    """The retrospective of a cycle, narrowed to what is given. Raises `NOT_FOUND`, and `CONFLICT` for a cycle that has
    no plan yet."""
    reads = view.reads
    reader = view if known is None else reads.as_of(None, known, None)
    row = find_cycle(reader, by)
    if row.plan is None:
        raise CommandRejected(
            Code.CONFLICT, f"The cycle '{row.key}' was not activated: it has no plan to review back on.", "cycle"
        )
    ended = reader
    if row.outcome is not None:
        late = ResolvedBasis(row.outcome.at, reader.basis.position, reader.basis.known)
        ended = reads.at(row.outcome if known is None else late)
    is_final = row.outcome is not None and known is None
    return Retrospective(
        row=row,
        reader=reader,
        planned=reads.at(row.plan),
        ended=ended,
        narrowing=narrowing(ended, row, team, person, objective),
        is_final=is_final,
    )
