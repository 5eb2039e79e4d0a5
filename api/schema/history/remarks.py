"""Remarks in the time of a retrospective: reflections of closings, reasons of changes, notes of check-ins."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import strawberry

from api.schema.connections.change_lists import page_at
from api.schema.connections.connection import Connection
from api.schema.primitives.actor import Actor, actor
from api.schema.primitives.field import to_one
from api.schema.primitives.refs import ObjectiveRef
from api.schema.primitives.scalars import Markdown, Position
from api.schema.types.measurements import CheckIn
from api.snapshot.pagination import PageRequest, paginate
from api.snapshot.snapshot import RowProxy, View, as_batch
from domain.primitives.lazy import cached_property
from domain.primitives.values import Basis, Kind
from projections.history import review_remarks
from projections.history.retrospective import CycleReview
from projections.tables.measurements import CHECK_INS, CheckInRow


@strawberry.type(description="The reflection that was given with the closing of an objective.")
class ClosingReflection(RowProxy):
    objective: ObjectiveRef = to_one(Kind.OBJECTIVE, "objective", "The objective that was closed.")
    body: Markdown = strawberry.field(description="The text of the reflection.")
    by: Actor = actor("by", "The person who closed the objective.")
    at: datetime = strawberry.field(description="The effective time of the closing.")
    position: Position = strawberry.field(description="The log position of the closing.")


class Remarks:
    """The remarks of one retrospective, at its outcome."""

    def __init__(self, plan: Basis, outcome: View, review: CycleReview) -> None:
        self._plan = plan
        self._outcome = outcome
        self._review = review

    @cached_property
    def _check_ins(self) -> Sequence[CheckInRow]:
        """The check-ins with a note or a reason."""
        return self._outcome.read(CHECK_INS.remarked, self._review.key_results)

    def closings(self) -> list[ClosingReflection]:
        """The reflections of closings, in log order."""
        return as_batch(ClosingReflection, self._outcome, review_remarks.closing_reflections(self._review))

    def notes(self, page_request: PageRequest) -> Connection[CheckIn]:
        """A page of the current check-ins with a note that were measured from the plan on."""
        noted = [row for row in self._check_ins if row.note and row.ended is None and row.measured_at >= self._plan.at]
        nodes = as_batch(CheckIn, self._outcome, noted)
        return Connection(page=paginate(page_request, nodes, lambda node: CHECK_INS.cursor(node.row), "MEASURED_AT"))

    def reasons(self, page_request: PageRequest) -> Connection[Any]:
        """A page of the changes with a reason since the plan, in log order."""
        reasoned = {row.position for row in self._check_ins if row.reason and row.position > self._plan.position}
        return page_at(self._outcome, sorted(review_remarks.reasons(self._review) | reasoned), page_request)
