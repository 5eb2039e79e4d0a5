"""Tables whose rows remember: every version of a thing, for which positions and which moments it holds."""

from datetime import date, datetime
from typing import Generic, TypeVar
from uuid import UUID

import msgspec

from domain.values import Source

OrderField = TypeVar("OrderField")


class By(msgspec.Struct, frozen=True):
    """Who said it: "person:UUID" or "machine:NAME", the route, and for whom an import says it spoke."""

    actor: str
    source: Source
    on_behalf_of: UUID | None


class Version(msgspec.Struct, frozen=True):
    """One version of a thing, as it was at a basis.

    `born` is the position of its first event and `created_at` that event's effective time; `position`
    and `changed_at` are those of the event that made this version.
    """

    id: UUID
    version: int
    born: int
    position: int
    created_at: datetime
    changed_at: datetime
    created_by: By
    changed_by: By
    reason: str | None


class Order(msgspec.Struct, Generic[OrderField], frozen=True):
    """A field to order by; equal values follow their ids."""

    field: OrderField
    descending: bool = False


class Cursor(msgspec.Struct, frozen=True):
    """A place in an ordered list: the value of the row there, and what tells equal values apart.

    For versions `tie` is the id; for check-ins, readings, comments it is the position.
    """

    value: str | float | int | date | datetime | None
    tie: UUID | int


class Window(msgspec.Struct, frozen=True):
    """A stretch of an ordered list: `limit` rows after one cursor and before another.

    They are the first ones, or the last ones if `backwards`; they come in the list's order either way.
    """

    limit: int
    after: Cursor | None = None
    before: Cursor | None = None
    backwards: bool = False
