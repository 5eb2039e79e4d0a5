"""What people wrote in the time of a retrospective: the reflections of closings, and the reasons of changes."""

from datetime import datetime
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from projections.history.retrospective import CycleReview
from projections.store.rows import By
from projections.tables.objective import ObjectiveRow


class ClosingReflection(NamedTuple):
    """The reflection that was given with the closing of an objective, its author, and the event."""

    objective: UUID
    body: str
    by: By
    at: datetime
    position: int


def closing_reflections(review: CycleReview) -> list[ClosingReflection]:
    """The reflections that were given with the closings of its objectives, in log order."""
    found = [_closing_reflection(review, one.row) for one in review.objectives]
    return sorted((one for one in found if one is not None), key=attrgetter("position"))


def _closing_reflection(review: CycleReview, row: ObjectiveRow) -> ClosingReflection | None:
    if not row.reflection:
        return None
    closing = review.closing(row)
    return ClosingReflection(row.id, row.reflection, closing.changed_by, closing.changed_at, closing.position)


def reasons(review: CycleReview) -> set[int]:
    """The positions of all events since the plan that gave a reason. The corrections of check-ins are not among
    them."""
    return {one.position for one in review.later_versions() if one.reason is not None}
