"""Events and the aggregates they make: stable names, versions, two clocks, and who did it and why."""

from collections.abc import Iterable
from datetime import UTC, datetime
from inspect import cleandoc
from typing import Annotated, Any, ClassVar, Self, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec
from eventsourcing.domain import CanMutateProtocol

from domain.primitives.errors import invalid
from domain.primitives.values import Kind, Source

NOBODY = UUID(int=0)
WHEN_RECORDED = datetime.max.replace(tzinfo=UTC)
"""Stands as the effective time of an event that is true from the moment it is recorded: the log
stores the earlier of what was said and its own clock."""


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """Something that happened to one thing. The class name, in kebab case, is its topic in storage.

    The first paragraph of the docstring of a stored event says what it means, and the `Meta` of each field what that
    means. Both are published: they are the descriptions of the event's type in the GraphQL schema.

    The first three fields are the header and stand in columns of their own; all others are the body
    that is stored. `timestamp` is the effective time: when it was true in the world. A new version
    of an event raises `VERSION` and adds to `upcast` how an older body becomes a newer one. `FIRST`: the
    event begins its stream, so its fields replace no earlier value.
    """

    KIND: ClassVar[Kind]
    TOPIC: ClassVar[str]
    VERSION: ClassVar[int] = 1
    FIRST: ClassVar[bool] = False

    originator_id: UUID = NOBODY
    originator_version: int = 0
    timestamp: datetime = WHEN_RECORDED

    @property
    def belongs_to(self) -> UUID | None:
        """The thing this event's stream is part of for ever; only a first event says it."""
        return None

    @classmethod
    def upcast(cls, version: int, body: dict[str, Any]) -> dict[str, Any]:
        """The body of an older version as one of the version after it."""
        raise LookupError(f"{cls.TOPIC} never had a version {version}, nor a body like {sorted(body)}")

    def apply(self, aggregate: Any) -> None:
        """Change the aggregate as this event says. No rule stands here: it runs at every replay."""

    def mutate(self, aggregate: Any) -> Any:
        """The aggregate after this event; the library's protocol for replay."""
        if aggregate is None:
            aggregate = AGGREGATES[self.KIND](self.originator_id)
            aggregate.created_at = self.timestamp
        assert (self.originator_id, self.originator_version) == (aggregate.id, aggregate.version + 1)
        self.apply(aggregate)
        aggregate.version = self.originator_version
        aggregate.changed_at = self.timestamp
        return aggregate


EVENTS: dict[str, type[Event]] = {}
AGGREGATES: dict[Kind, type["Aggregate"]] = {}


def stored(cls: type[Event]) -> type[Event]:
    """Enter an event class in the registry of everything that can be stored.

    Raises `TypeError` for one that lacks its topic, its description, or the description of a field.
    """
    if not hasattr(cls, "KIND") or not hasattr(cls, "TOPIC"):
        raise TypeError(f"the event {cls.__name__} has no KIND or no TOPIC: write both into its class")
    if cls.TOPIC in EVENTS:
        raise TypeError(f"{EVENTS[cls.TOPIC].__name__} and {cls.__name__} are both stored as '{cls.TOPIC}'")
    description(cls)
    for field in body_fields(cls):
        field_description(cls, field)
    EVENTS[cls.TOPIC] = cls
    return cls


def body_fields(event: type[Event]) -> tuple[str, ...]:
    """The names of the fields beside the header: what is stored as the body of the event."""
    return tuple(name for name in event.__struct_fields__ if name not in Event.__struct_fields__)


def description(event: type[Event]) -> str:
    """What the event means: the first paragraph of its docstring. Raises `TypeError` if there is none."""
    paragraph = cleandoc(event.__doc__ or "").partition("\n\n")[0]
    if not paragraph:
        raise TypeError(f"the event {event.__name__} has no description: write one sentence as its docstring")
    return " ".join(paragraph.split())


def field_description(event: type[Event], field: str) -> str:
    """What a field of the body means. Raises `TypeError` if its annotation says nothing."""
    found = _described(get_type_hints(event, include_extras=True)[field])
    if found is None:
        raise TypeError(
            f"the field '{field}' of the event {event.__name__} has no description: annotate it as "
            'Annotated[TYPE, Meta(description="…")], or with a type of domain.model.fields'
        )
    return found


def _described(hint: Any) -> str | None:
    """The description in an annotation, or in one of the types of a union."""
    if get_origin(hint) is Annotated:
        return next((meta.description for meta in get_args(hint)[1:] if isinstance(meta, msgspec.Meta)), None)
    return next(filter(None, map(_described, get_args(hint))), None)


class Aggregate:
    """One thing that is edited alone. Subclasses are named in `AGGREGATES` by their kind.

    A verb is three steps: refuse, stay silent if nothing changes, record. Structure has two clocks
    but one chain: within one thing the effective time never goes backwards.
    """

    KIND: ClassVar[Kind]

    def __init__(self, id: UUID) -> None:
        self.id = id
        self.version = 0
        self.created_at = WHEN_RECORDED
        self.changed_at = WHEN_RECORDED
        self._pending: list[Event] = []

    def __init_subclass__(cls) -> None:
        AGGREGATES[cls.KIND] = cls

    @classmethod
    def begin(cls, id: UUID, event: Event, at: datetime) -> Self:
        """A new thing, by its first event."""
        aggregate = cls(id)
        aggregate.created_at = at
        aggregate.changed_at = at
        aggregate._record(event, at)
        return aggregate

    def record(self, event: Event, at: datetime) -> None:
        """Apply an event that is true from `at` on. Raises `INVALID` if that is before the last one."""
        if at < self.changed_at:
            raise invalid(
                f"Lies before the last change of this {self.KIND} ({self.changed_at.isoformat()}); "
                "structure is changed in order.",
                "effectiveAt",
            )
        self._record(event, at)

    def _record(self, event: Event, at: datetime) -> None:
        event = msgspec.structs.replace(event, originator_id=self.id, originator_version=self.version + 1, timestamp=at)
        event.apply(self)
        self.version = event.originator_version
        self.changed_at = at
        self._pending.append(event)

    @property
    def has_news(self) -> bool:
        """Whether something was recorded that is not handed over yet."""
        return bool(self._pending)

    def collect_events(self) -> list[Event]:
        """Hand over what was recorded since the last time; the library's protocol for saving."""
        pending, self._pending = self._pending, []
        return pending


class Authorship(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who did something, by what route, why, and in which command; stored beside each event.

    `actor` names people by id ("person:UUID") and machines by name ("machine:NAME"), so that a person
    can be erased without touching the log. `on_behalf_of` is an import's claim, not a proof.
    """

    actor: str
    source: Source
    command: UUID
    reason: str | None = None
    on_behalf_of: UUID | None = None


class Recorded(msgspec.Struct, frozen=True):
    """An event as the log holds it: where, when it was learned, and by whom it was said."""

    position: int
    recorded_at: datetime
    event: Event
    by: Authorship

    @property
    def effective_at(self) -> datetime:
        return self.event.timestamp


def replay(events: Iterable[CanMutateProtocol[Any]]) -> Any:
    """The aggregate that these events make, or None if there are none."""
    aggregate = None
    for event in events:
        aggregate = event.mutate(aggregate)
    return aggregate
