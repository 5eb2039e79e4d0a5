"""Filters by what is due: the next check-ins and readings of a row, and what a filter requires of them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import msgspec

from domain.metrics.attention.due import Due


class Owing(NamedTuple):
    """What a row owes: its next check-ins or readings, the time of its last one, and whether it can have any."""

    dues: Sequence[Due] = ()
    last_at: datetime | None = None
    is_measurable: bool = True


class Owed(msgspec.Struct, frozen=True):
    """What a filter requires of what is due at a moment; None requires nothing."""

    at: datetime
    due_before: date | None = None
    overdue: bool | None = None
    never_checked_in: bool | None = None
    last_check_in_before: datetime | None = None

    @classmethod
    def of(cls, given: Any, at: datetime) -> "Owed | None":
        """What the fields of a filter require; None if they require nothing."""
        fields = [getattr(given, name, None) for name in cls.__struct_fields__[1:]]
        return None if fields == [None] * len(fields) else cls(at, *fields)

    def holds(self, one: Owing) -> bool:
        """Whether a row fulfils it."""
        return (
            (self.due_before is None or any(due.on < self.due_before for due in one.dues))
            and (self.overdue is None or any(due.is_overdue(self.at) for due in one.dues) is self.overdue)
            and (self.never_checked_in is None or (one.is_measurable and one.last_at is None) is self.never_checked_in)
            and (self.last_check_in_before is None or _is_before(one.last_at, self.last_check_in_before))
        )


def _is_before(at: datetime | None, moment: datetime) -> bool:
    return at is not None and at < moment
