"""What calls for attention in a scope at a view: every item, by urgency, from statements that no row adds to."""

from datetime import date, datetime

from api.schema.attention.framing import Frame, Horizon, horizon
from api.schema.attention.goal_items import goal_items
from api.schema.attention.other_items import cycle_items, kpi_items
from api.schema.attention.scope import Only, Scope
from api.snapshot.snapshot import View
from domain.metrics.attention.items import Item, Placed, placed
from domain.primitives.values import Kind


def gathered(view: View, scope: Scope, until: date | None, since: datetime | None) -> list[Placed]:
    """All items of a scope, the most urgent first. Raises `INVALID` for an impossible horizon."""
    return placed(items(view, scope, horizon(view, until, since)))


def items(view: View, scope: Scope, horizon: Horizon, only: Only | None = None) -> list[Item]:
    """The items of a scope, or of a part of it, in no order."""
    frame = Frame(view, scope, horizon, only)
    found: list[Item] = [*goal_items(frame), *kpi_items(frame), *cycle_items(frame)]
    if scope.kind is Kind.PERSON:
        return [item for item in found if item.person == scope.id]
    return found
