"""What calls for attention: the kinds, their urgency, their order, and who should act."""

from collections.abc import Container, Iterable
from datetime import date, datetime
from enum import StrEnum
from operator import itemgetter
from typing import NamedTuple
from uuid import UUID

from domain.metrics.rating import Health
from domain.primitives.values import Ref


class AttentionKind(StrEnum):
    """The kinds, in the order in which problems are listed."""

    NEVER_CHECKED_IN = "NEVER_CHECKED_IN"
    CHECK_IN_DUE = "CHECK_IN_DUE"
    READING_DUE = "READING_DUE"
    GOALS_UNSCORED = "GOALS_UNSCORED"
    PLAN_MISSING = "PLAN_MISSING"
    HEALTH_WORSE = "HEALTH_WORSE"
    OWNER_LEFT = "OWNER_LEFT"
    OWNER_MISSING = "OWNER_MISSING"
    TEAM_DISBANDED = "TEAM_DISBANDED"
    KEY_RESULTS_MISSING = "KEY_RESULTS_MISSING"
    SEVERE_FINDING = "SEVERE_FINDING"


class Urgency(StrEnum):
    """How urgent an item is, the most urgent first."""

    OVERDUE = "OVERDUE"
    """Its day has passed."""
    PROBLEM = "PROBLEM"
    """It is wrong now, and has no day."""
    UPCOMING = "UPCOMING"
    """Its day is to come."""


_KIND_PLACES = {kind: place for place, kind in enumerate(AttentionKind)}
_URGENCY_PLACES = {urgency: place for place, urgency in enumerate(Urgency)}

Place = tuple[int, float, float, int]
"""Where an item is in the order by urgency; items of one place are about different goals."""


class Item(NamedTuple):
    """One thing that calls for attention.

    `born`: the position at which what it is about was created. `due`: the day of what is due; None for a problem.
    `days`: the days since that day, negative before it. `person`: who should act. `before` and `health`: the rating of
    a goal that turned worse, at the moment `compared_at` and at the basis. `goals`: the number of unscored objectives.
    `rule`: that of a finding. `order`: its place among the problems of its kind, the lowest first.
    """

    kind: AttentionKind
    urgency: Urgency
    about: Ref
    born: int
    person: UUID | None = None
    due: date | None = None
    days: int = 0
    before: Health | None = None
    health: Health | None = None
    compared_at: datetime | None = None
    goals: int = 0
    rule: str = ""
    order: float = 0.0

    @property
    def place(self) -> Place:
        """Overdue items by days, the longest first, then by kind; problems by kind, then by `order`; upcoming items by
        day, then by kind. Equal ones in the order of creation."""
        kind, urgency = _KIND_PLACES[self.kind], _URGENCY_PLACES[self.urgency]
        if self.urgency is Urgency.PROBLEM:
            return urgency, float(kind), self.order, self.born
        return urgency, float(-self.days), float(kind), self.born


class Placed(NamedTuple):
    """An item at its place in the order by urgency; `id` is that of what it is about."""

    place: Place
    id: UUID
    item: Item


def placed(items: Iterable[Item]) -> list[Placed]:
    """These items, the most urgent first."""
    return sorted((Placed(item.place, item.about.id, item) for item in items), key=itemgetter(0, 1))


def first_active(candidates: Iterable[UUID | None], left: Container[UUID]) -> UUID | None:
    """Who should act: the first of these people who has not left."""
    return next((one for one in candidates if one is not None and one not in left), None)
