"""The base classes of rows: a version of an aggregate, and a row of one event."""

from datetime import datetime
from uuid import UUID

import msgspec

from domain.primitives.values import Source


class By(msgspec.Struct, frozen=True, gc=False):
    """The author of an event: the actor as "person:UUID" or "machine:NAME", the route, and the person on whose behalf
    an import recorded it."""

    actor: str
    source: Source
    on_behalf_of: UUID | None


class Version(msgspec.Struct, frozen=True, gc=False):
    """One version of an aggregate.

    `born` is the position of its first event and `created_at` the effective time of that event; `position` and
    `changed_at` are those of the event that produced this version.
    """

    id: UUID
    version: int
    born: int
    position: int
    created_at: datetime
    changed_at: datetime
    created_actor: str
    created_source: str
    created_on_behalf_of: UUID | None
    actor: str
    source: str
    on_behalf_of: UUID | None
    reason: str | None

    @property
    def created_by(self) -> By:
        return By(self.created_actor, Source(self.created_source), self.created_on_behalf_of)

    @property
    def changed_by(self) -> By:
        return By(self.actor, Source(self.source), self.on_behalf_of)


class EventRow(msgspec.Struct, frozen=True, gc=False):
    """The base of rows that are one event each: a measurement, a comment."""

    id: UUID
    position: int
    recorded_at: datetime
    actor: str
    source: str
    on_behalf_of: UUID | None
    reason: str | None

    @property
    def by(self) -> By:
        return By(self.actor, Source(self.source), self.on_behalf_of)
