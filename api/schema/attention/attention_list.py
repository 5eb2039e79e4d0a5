"""The connection of what calls for attention, by urgency, with its counts."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from operator import itemgetter
from typing import Annotated, Any, TypeAlias
from uuid import UUID

import msgspec
import strawberry

from api.schema.attention.gathering import gathered
from api.schema.attention.item_types import TYPES, AttentionItem
from api.schema.attention.scope import Scope
from api.schema.connections.connection import Connection
from api.schema.primitives.field import resolved
from api.snapshot.pagination import Page, PageRequest, decoded, encoded
from api.snapshot.snapshot import View, as_batch
from domain.metrics.attention.items import AttentionKind, Place, Placed, Urgency

ORDER = "URGENCY"

Until: TypeAlias = Annotated[
    date | None,
    strawberry.argument(
        description="The last day whose check-ins, readings and ends of cycles are listed before they are due. "
        "Default: the day of the view."
    ),
]
WorseSince: TypeAlias = Annotated[
    datetime | None,
    strawberry.argument(
        description="The moment with which the health of goals is compared. Default: seven days before the view."
    ),
]
ORDER_TOLD = (
    "Sorted by urgency: first what is OVERDUE, the most days first; then PROBLEMs by kind, among goals that turned "
    "worse those with the largest gap first; then what is UPCOMING, the nearest day first. Equal items are in the "
    "order of creation of what they are about. Goals that are hidden from the caller give no item and no count."
)


@strawberry.type(description="The number of items of one kind.")
class AttentionCount:
    kind: AttentionKind = strawberry.field(description="The kind of the items.")
    count: int = strawberry.field(description="The number of items of this kind; at least 1.")
    overdue: int = strawberry.field(description="How many of them are OVERDUE.")


@strawberry.type(name="AttentionItemConnection", description="A page of what calls for attention, by urgency.")
class AttentionConnection(Connection[AttentionItem]):
    items: strawberry.Private[Sequence[Placed]]

    @resolved(
        "The number of items of each kind in the whole list, in the order of kinds, without kinds that have none."
    )
    def counts(self) -> list[AttentionCount]:
        items = [one.item for one in self.items]
        counts = Counter(item.kind for item in items)
        overdue = Counter(item.kind for item in items if item.urgency is Urgency.OVERDUE)
        return [
            AttentionCount(kind=kind, count=counts[kind], overdue=overdue[kind])
            for kind in AttentionKind
            if counts[kind]
        ]


def attention(
    view: View, scope: Scope, until: date | None, since: datetime | None, page_request: PageRequest
) -> AttentionConnection:
    """A page of the items of a scope. Raises `INVALID` for an impossible horizon or cursor."""
    items = gathered(view, scope, until, since)
    return AttentionConnection(page=_page(view, items, page_request), items=items)


def _page(view: View, items: Sequence[Placed], request: PageRequest) -> Page[Any]:
    limit = request.limit
    start = 0 if request.after is None else bisect_right(items, _place(request.after, "after"), key=_BY_PLACE)
    stop = len(items) if request.before is None else bisect_left(items, _place(request.before, "before"), key=_BY_PLACE)
    if request.last is not None:
        start = max(start, stop - limit)
    shown = [one.item for one in items[start : max(start, min(stop, start + limit))]]
    nodes = as_batch([TYPES[item.kind] for item in shown], view, shown)
    return Page(
        nodes,
        lambda node: encoded(ORDER, node.row.place, node.row.about.id),
        lambda: start > 0,
        lambda: start + len(shown) < len(items),
        lambda: len(items),
    )


_BY_PLACE = itemgetter(0, 1)
_CURSOR = msgspec.json.Decoder(tuple[str, Place, UUID])


def _place(text: str, field: str) -> tuple[Any, UUID]:
    """The place of a cursor. Raises `INVALID`."""
    place, id = decoded(_CURSOR, text, ORDER, field)
    return tuple(place), id
