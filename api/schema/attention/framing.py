"""What the items of one scope at one view share: its goals and KPIs, its horizon, and who should act."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from api.schema.attention.scope import InScope, Only, Scope, in_scope
from api.snapshot.snapshot import View
from domain.metrics.attention.due import days_past
from domain.metrics.attention.items import AttentionKind, Item, Urgency, first_active
from domain.primitives.errors import invalid
from domain.primitives.values import EARLIEST, Kind, Ref
from projections.attention import owned
from projections.attention.owned import Owned
from projections.tables import cycle, people
from projections.tables.kpi import KpiRow
from projections.tables.objective import AnyObjective

WORSE_WITHIN = timedelta(days=7)
"""How far back the health of goals is compared, unless a moment is given."""

UNIT_OF_KEY_RESULT = "key-result-unit-changed"
UNIT_OF_KPI = "kpi-unit-changed"
COARSER_INPUT = "formula-with-coarser-input"
SEVERE_RULES = (UNIT_OF_KEY_RESULT, UNIT_OF_KPI, COARSER_INPUT)
"""The rules whose findings are of severity ERROR, in the order of their items; a goal without key results is a kind of
its own."""


class Horizon(NamedTuple):
    """How far attention reaches: to what is due on the day `until`, and to goals that turned worse since a moment."""

    until: date
    since: datetime


def horizon(view: View, until: date | None, since: datetime | None) -> Horizon:
    """The requested horizon; by default the day of the basis, and seven days before the basis. Raises `INVALID` for a
    day before that of the basis, and a moment after the basis."""
    at = view.basis.at
    today = view.calendar.day_of(at)
    if until is not None and until < today:
        raise invalid(f"Lies before the day of this view, {today}; what was due by then is listed anyway.", "until")
    if since is not None and since > at:
        raise invalid(f"Lies after the moment of this view, {at.isoformat()}.", "worseSince")
    is_early = at - EARLIEST < WORSE_WITHIN
    return Horizon(until or today, since or (EARLIEST if is_early else at - WORSE_WITHIN))


class Frame:
    """One scope, or a part of it, at one view."""

    def __init__(self, view: View, scope: Scope, horizon: Horizon, only: Only | None = None) -> None:
        self.view = view
        self.scope = scope
        self.horizon = horizon
        self.within: InScope = in_scope(view, scope, only)
        self.at = view.basis.at
        self.calendar = view.calendar
        self.goals = {goal.born: goal for goal in self.within.goals}
        self.cycles = view.by_id(cycle.cycles, self.within.cycles)
        rows: Sequence[Any] = (*self.within.goals, *self.within.kpis)
        self.teams = view.by_id(people.teams, [scope.id, *(row.team for row in rows)])
        self.left = view.read(owned.left)

    # ── who should act ───────────────────────────────────────────────────────────────────────────

    def lead(self, team: UUID | None) -> UUID | None:
        """The lead of a team; None for any other id."""
        found = None if team is None else self.teams.get(team)
        return None if found is None else found.lead

    def responsible(self, row: AnyObjective | KpiRow) -> UUID | None:
        """Who should act on an objective or KPI."""
        if row.owner is not None and row.owner not in self.left:
            return row.owner
        return first_active((self.lead(row.team),), self.left)

    def responsible_for(self, row: Owned, goal: AnyObjective) -> UUID | None:
        """Who should act on a key result of this objective."""
        if row.owner is not None and row.owner not in self.left:
            return row.owner
        return self.responsible(goal)

    # ── items ────────────────────────────────────────────────────────────────────────────────────

    def dated(self, kind: AttentionKind, about: Ref, born: int, on: date, *, is_overdue: bool, **of: Any) -> Item:
        """An item with a day."""
        urgency = Urgency.OVERDUE if is_overdue else Urgency.UPCOMING
        return Item(kind, urgency, about, born, due=on, days=days_past(on, self.at, self.calendar), **of)

    def problem(self, kind: AttentionKind, row: AnyObjective | KpiRow) -> Item:
        """A problem of an objective or KPI."""
        of = Kind.KPI if isinstance(row, KpiRow) else Kind.OBJECTIVE
        return Item(kind, Urgency.PROBLEM, Ref(of, row.id), row.born, self.responsible(row))

    def finding(self, about: Ref, born: int, person: UUID | None, rule: str) -> Item:
        """A finding of severity ERROR."""
        order = float(SEVERE_RULES.index(rule))
        return Item(AttentionKind.SEVERE_FINDING, Urgency.PROBLEM, about, born, person, rule=rule, order=order)

    def has_left(self, person: UUID | None) -> bool:
        return person is not None and person in self.left

    def is_disbanded(self, team: UUID | None) -> bool:
        found = None if team is None else self.teams.get(team)
        return found is not None and found.disbanded
