"""History that was entered afterwards: how many changes were recorded long after they took effect, and when."""

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

import strawberry

from api.schema.primitives.field import resolved
from api.snapshot.snapshot import View
from domain.primitives.values import Kind
from projections.tables import changes
from projections.tables.changes import Afterwards

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
