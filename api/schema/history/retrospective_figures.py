"""The figures of a retrospective: attainment, attribution to causes, silences, calibration, and what was recorded
afterwards."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

import strawberry
from msgspec import structs

from api.schema.connections.change_lists import at_positions
from api.schema.connections.connection import Connection, connection
from api.schema.history.change import Change
from api.schema.primitives import enums
from api.schema.primitives.field import related, resolved, to_one
from api.schema.primitives.refs import KeyResultRef, ObjectiveRef
from api.snapshot.dataloaders import in_groups
from api.snapshot.pagination import PageRequest, shown_as, slice_of
from api.snapshot.snapshot import Batch, RowProxy, View
from domain.metrics import retrospective
from domain.primitives.values import Kind
from projections.history.retrospective import KeyResultReview, ObjectiveReview, SilenceReview
from projections.tables import changes
from projections.tables.changes import Afterwards


@strawberry.type(
    description="The attainment against the original and the final target, as shares of 1; null if it is undefined."
)
class Attainment:
    against_original: float | None = strawberry.field(
        description="For a key result: the progress of its last value by the planned metric; null if it was added "
        "later. For an objective: the mean of its planned key results by planned weight, including dropped ones. For a "
        "cycle: the unweighted mean of its planned objectives, including dropped ones."
    )
    against_final: float | None = strawberry.field(
        description="For a key result: the progress of its last value by its last metric. For an objective or cycle: "
        "its progress."
    )
    score: float | None = strawberry.field(
        description="The final score; for a cycle, the unweighted mean of its objectives' scores."
    )


def attainment_of(of: retrospective.Attainment) -> Attainment:
    """An attainment as the API shows it."""
    return Attainment(against_original=of.against_original, against_final=of.against_final, score=of.score)


def _changes(batch: Batch) -> Sequence[Change]:
    found = at_positions(batch.view, sorted({row.position for row in batch.rows}))
    known = {change.row.position: change for change in found}
    return [known[row.position] for row in batch.rows]


@strawberry.type(description="A change of an objective's progress between plan and outcome, attributed to a cause.")
class AttributionTerm(RowProxy):
    objective: ObjectiveRef = to_one(Kind.OBJECTIVE, "objective", "The affected objective.")
    cause: enums.Cause = strawberry.field(description="The cause to which the amount is attributed.")
    before: float = strawberry.field(description="The objective's progress right before.")
    after: float = strawberry.field(description="The objective's progress right after.")
    amount: float = strawberry.field(
        description="The attributed amount: after - before for an objective, the objective's share of it for a cycle."
    )
    change: Change = related("The event that changed the progress.", _changes)


def _terms(batch: Batch) -> Sequence[list[AttributionTerm]]:
    return in_groups(AttributionTerm, batch.view, [row.bookings for row in batch.rows])


def _pages_of_terms(batch: Batch, page_request: PageRequest) -> Sequence[Connection[AttributionTerm]]:
    """The same page of the terms of each attribution, all of whose changes are read at once."""
    pages = [slice_of(page_request, row.bookings) for row in batch.rows]
    terms = in_groups(AttributionTerm, batch.view, [[one.item for one in page.items] for page in pages])
    return [Connection(page=shown_as(*of)) for of in zip(pages, terms, strict=True)]


@strawberry.type(
    description="The attribution of the final progress to causes: initial + movement + goalpost + scope = final, to "
    "1e-9. The events of the objective from plan to outcome are replayed in log order, and each change of its progress "
    "is attributed to its cause; no progress counts as 0. For a cycle, the mean of the objectives that count at each "
    "moment is replayed: an objective that comes or goes changes it, which is SCOPE. So the parts of the objectives "
    "have another mean if their number has changed."
)
class Attribution(RowProxy):
    initial: float = strawberry.field(description="The progress at the plan; 0 for a goal that was added later.")
    movement: float = strawberry.field(
        description="The part caused by measured values: check-ins, readings and their corrections."
    )
    goalpost: float = strawberry.field(
        description="The part caused by edits of the goal: another metric, due day or linked KPI, another formula of "
        "that KPI, or another calendar."
    )
    scope: float = strawberry.field(description="The part caused by key results that were added, dropped or reweighed.")
    final: float = strawberry.field(description="The progress at the outcome.")
    judgement: float | None = strawberry.field(
        description="What the judgement of people adds to the progress: score - final. Null without a score, and for "
        "a cycle until it is closed."
    )
    explain: list[AttributionTerm] = related(
        "Every attributed change, in log order. The amounts of a cause sum to the part of that cause.",
        _terms,
        deprecated="Use `terms`.",
    )

    @connection("Every attributed change, in log order. The amounts of a cause sum to the part of that cause.")
    def terms(self, page_request: PageRequest) -> Connection[AttributionTerm]:
        return self.each(_pages_of_terms, page_request)


@strawberry.type(description="A period without a measurement of a key result that is longer than its cadence allows.")
class Silence(RowProxy):
    row: strawberry.Private[SilenceReview]

    key_result: KeyResultRef = to_one(Kind.KEY_RESULT, "key_result", "The affected key result.")

    @resolved("The time of the last measurement before, or the key result's beginning.", name="from")
    def since(self) -> datetime:
        return self.row.silence.since

    @resolved("The time of the next measurement, or the key result's end: its due day, drop or cycle end.", name="to")
    def until(self) -> datetime:
        return self.row.silence.until

    @resolved("The length of the period in whole days.")
    def days(self) -> int:
        return self.row.silence.days


@strawberry.type(
    description="How many goals were planned, added later, and dropped. One that was planned and dropped is in both."
)
class GoalCounts:
    planned: int = strawberry.field(description="The number of goals that were planned.")
    added_later: int = strawberry.field(description="The number of goals that were added later and kept.")
    dropped: int = strawberry.field(description="The number of goals that were dropped, planned or not.")


@strawberry.type(description="The check-ins with a stated confidence in [lower, upper); the last bucket includes 1.")
class CalibrationBucket:
    lower: float = strawberry.field(description="The lower bound, inclusive.")
    upper: float = strawberry.field(description="The upper bound, exclusive except for 1.")
    count: int = strawberry.field(description="The number of check-ins in the bucket.")
    stated: float = strawberry.field(description="The mean stated confidence; 0 in an empty bucket.")
    hit: float = strawberry.field(description="The share of check-ins whose key result succeeded; 0 if empty.")


@strawberry.type(
    description="The calibration of stated confidence: each check-in with a confidence, measured from the plan on, is "
    "compared with whether its key result ended ACHIEVED, by the kind of its objective. Dropped key results, and those "
    "that have not ended, are left out."
)
class Calibration:
    summary: str | None = strawberry.field(
        description="One sentence that compares the mean stated confidence with the share of check-ins whose key "
        "result succeeded; null without a stated confidence."
    )
    count: int = strawberry.field(description="The number of check-ins with a stated confidence.")
    stated: float | None = strawberry.field(
        description="The mean stated confidence, in [0, 1]; null without a stated confidence."
    )
    hit: float | None = strawberry.field(
        description="The share of check-ins whose key result succeeded; null without a stated confidence."
    )
    brier: float | None = strawberry.field(
        description="The Brier score, mean (confidence - outcome)²: 0 is perfect, 0.25 is a constant confidence of "
        "one half; null without a stated confidence."
    )
    buckets: list[CalibrationBucket] = strawberry.field(description="Ten buckets of equal width, from 0 to 1.")


def counts_of(reviews: Sequence[ObjectiveReview | KeyResultReview]) -> GoalCounts:
    """The counts of objectives or key results."""
    presences = Counter(one.presence for one in reviews)
    return GoalCounts(
        planned=sum(one.planned is not None for one in reviews),
        added_later=presences[retrospective.Presence.ADDED_LATER],
        dropped=presences[retrospective.Presence.DROPPED],
    )


def calibration_of(of: retrospective.Calibration) -> Calibration:
    """A calibration as the API shows it."""
    buckets = [CalibrationBucket(**structs.asdict(bucket)) for bucket in of.buckets]
    return Calibration(
        summary=of.summary, count=of.count, stated=of.stated, hit=of.hit, brier=of.brier, buckets=buckets
    )


# ── recorded afterwards ──────────────────────────────────────────────────────────────────────────

DAYS_NAMED: Final = 2
"""Up to this many days, the summary names each of them."""


@strawberry.type(description="A day, and the number of changes that were recorded on it afterwards.")
class RecordedOn:
    on: date = strawberry.field(description="The day of the recording.")
    count: int = strawberry.field(description="The number of changes.")


@strawberry.type(
    description="The changes that were recorded afterwards: more than a cadence after they took effect, as for "
    "`Change.backdated`, but by the time of recording for an import, too. An imported history is recorded afterwards "
    "as a whole."
)
class RecordedAfterwards:
    row: strawberry.Private[Afterwards]
    total: int = strawberry.field(description="The number of all changes.")
    count: int = strawberry.field(description="The number of changes that were recorded afterwards.")

    @resolved("The days on which they were recorded, in order.")
    def days(self) -> list[RecordedOn]:
        return [RecordedOn(on=day, count=count) for day, count in self.row.days.items()]

    @resolved("The same in one sentence; null if no change was recorded afterwards.")
    def summary(self) -> str | None:
        return summary(self.row) if self.count else None


def recorded_afterwards(view: View, kind: Kind, ids: Sequence[UUID]) -> RecordedAfterwards:
    """The changes recorded afterwards that belong to these nodes at a view."""
    row = view.read(changes.recorded_afterwards, kind, ids, view.calendar)
    return RecordedAfterwards(row=row, total=row.total, count=row.count)


def summary(of: Afterwards) -> str:
    """How many changes were recorded afterwards, and on which days."""
    whole = "All" if of.count == of.total else f"{of.count:,} of"
    were = "change was" if of.total == 1 else "changes were"
    return f"{whole} {of.total:,} {were} recorded more than a cadence after {_took(of)} effect, {_when(of)}."


def _took(of: Afterwards) -> str:
    return "it took" if of.total == 1 else "they took"


def _when(of: Afterwards) -> str:
    if len(of.days) <= DAYS_NAMED:
        return "on " + " and ".join(map(_day, of.days))
    most = max(of.days, key=lambda day: of.days[day])
    return f"on {len(of.days)} days, {of.days[most]:,} of them on {_day(most)}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
