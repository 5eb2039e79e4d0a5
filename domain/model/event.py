"""Base classes of events and aggregates: topics, versions, bitemporal timestamps, authorship and replay."""

from collections.abc import Iterable
from datetime import UTC, datetime
from inspect import cleandoc
from typing import Any, ClassVar, Final, Self, get_type_hints
from uuid import UUID

import msgspec
from eventsourcing.domain import CanMutateProtocol

from domain.primitives.documentation import annotated
from domain.primitives.errors import invalid
from domain.primitives.rules import Rule
from domain.primitives.values import Kind, Source

NIL_ID = UUID(int=0)
WHEN_RECORDED = datetime.max.replace(tzinfo=UTC)
"""The effective time of an event that takes effect when it is recorded: the log stores the earlier of the given
effective time and its own clock."""


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A domain event of one aggregate. Its topic in storage is the class name in kebab case.

    The first paragraph of a stored event's docstring describes the event, and the `doc` of each field describes the
    field. The GraphQL schema publishes both as descriptions.

    The first three fields are the header, stored in columns of their own; all others are the stored body. `timestamp`
    is the effective time, when the event took effect in the world. A new version of an event increments `VERSION` and
    extends `upcast`. `FIRST`: the event begins its stream, so its fields replace no earlier value.
    """

    KIND: ClassVar[Kind]
    TOPIC: ClassVar[str]
    VERSION: ClassVar[int] = 1
    FIRST: ClassVar[bool] = False

    originator_id: UUID = NIL_ID
    originator_version: int = 0
    timestamp: datetime = WHEN_RECORDED

    @property
    def belongs_to(self) -> UUID | None:
        """The id of the permanent parent of this event's stream. Set by first events only."""
        return None

    @property
    def moves_to(self) -> UUID | None:
        """The id of the parent that this event gives its stream in place of another one."""
        return None

    @classmethod
    def upcast(cls, version: int, body: dict[str, Any]) -> dict[str, Any]:
        """The body of `version`, converted to the next version. Raises `LookupError` for an unknown version."""
        raise LookupError(f"{cls.TOPIC} has no version {version} with the fields {sorted(body)}")

    def apply(self, aggregate: Any) -> None:
        """Apply the event to the aggregate. Checks no rules, since it runs at every replay."""

    def mutate(self, aggregate: Any) -> Any:
        """The aggregate after this event. Implements the library's protocol for replay."""
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
    """Register an event class in `EVENTS`.

    Raises `TypeError` for a class that lacks its topic, its description, or the description of a field.
    """
    if not hasattr(cls, "KIND") or not hasattr(cls, "TOPIC"):
        raise TypeError(f"the event {cls.__name__} has no KIND or no TOPIC: define both in the class")
    if cls.TOPIC in EVENTS:
        raise TypeError(
            f"{EVENTS[cls.TOPIC].__name__} and {cls.__name__} both have the topic '{cls.TOPIC}': rename one"
        )
    description(cls)
    for field in body_fields(cls):
        field_description(cls, field)
    EVENTS[cls.TOPIC] = cls
    return cls


def body_fields(event: type[Event]) -> tuple[str, ...]:
    """The names of the fields that are stored as the body, without the header."""
    return tuple(name for name in event.__struct_fields__ if name not in Event.__struct_fields__)


def description(event: type[Event]) -> str:
    """The event's description: the first paragraph of its docstring. Raises `TypeError` if there is none."""
    paragraph = cleandoc(event.__doc__ or "").partition("\n\n")[0]
    if not paragraph:
        raise TypeError(f"the event {event.__name__} has no description: write one sentence as its docstring")
    return " ".join(paragraph.split())


def field_description(event: type[Event], field: str) -> str:
    """The description of a body field. Raises `TypeError` if its annotation has none."""
    found = annotated(get_type_hints(event, include_extras=True)[field])
    if not found:
        raise TypeError(
            f"the field '{field}' of the event {event.__name__} has no description: annotate it as "
            'Annotated[TYPE, doc("…")], or with a type of domain.model.fields'
        )
    return found


class Aggregate:
    """Base class of aggregates: consistency boundaries with one event stream each. `AGGREGATES` maps kinds to them.

    A public method has three steps: check the rules, return if nothing changes, record an event. Within one stream
    of structural events the effective time never decreases.
    """

    KIND: ClassVar[Kind]
    moved_at: datetime | None = None
    """The time of its last move to another parent, or with its parent."""

    @property
    def home(self) -> UUID | None:
        """The id of its present parent; None if that never changes."""
        return None

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
        """A new aggregate, from its first event."""
        aggregate = cls(id)
        aggregate.created_at = at
        aggregate.changed_at = at
        aggregate._record(event, at)
        return aggregate

    def copy(self) -> Self:
        """A copy to change independently: events replace values, and change none in place."""
        copied = object.__new__(type(self))
        copied.__dict__.update(self.__dict__)
        copied._pending = []
        return copied

    def record(self, event: Event, at: datetime) -> None:
        """Apply and keep an event effective at `at`. Raises `INVALID` if the last change is later."""
        self.refuse_earlier(at)
        self._record(event, at)

    def refuse_earlier(self, at: datetime) -> None:
        """Raises `INVALID` for an effective time before the last change."""
        if at < self.changed_at:
            raise invalid(
                f"The effective time is before the last change of this {self.KIND} ({self.changed_at.isoformat()}); "
                "choose a later one.",
                "effectiveAt",
                rule=Rule.BEFORE_LAST_CHANGE,
                kind=self.KIND,
                earliest=self.changed_at,
            )

    def _record(self, event: Event, at: datetime) -> None:
        event = msgspec.structs.replace(event, originator_id=self.id, originator_version=self.version + 1, timestamp=at)
        event.apply(self)
        self.version = event.originator_version
        self.changed_at = at
        self._pending.append(event)

    @property
    def has_pending_events(self) -> bool:
        """Whether there are events that are not collected yet."""
        return bool(self._pending)

    def collect_events(self) -> list[Event]:
        """Return and clear the pending events. Implements the library's protocol for saving."""
        pending, self._pending = self._pending, []
        return pending


class Authorship(msgspec.Struct, frozen=True, omit_defaults=True):
    """The actor, source, command and reason of an event, stored as its metadata.

    `actor` names people by id ("person:UUID") and machines by name ("machine:NAME"), so that a person
    can be erased without touching the log. `on_behalf_of` is claimed by an import and not verified.
    """

    actor: str
    source: Source
    command: UUID
    reason: str | None = None
    on_behalf_of: UUID | None = None


AUTHORSHIP: Final = msgspec.json.Decoder(Authorship)
"""Decodes the metadata of events."""


class Recorded(msgspec.Struct, frozen=True):
    """An event in the log, with its position, its time of recording and its authorship."""

    position: int
    recorded_at: datetime
    event: Event
    by: Authorship

    @property
    def effective_at(self) -> datetime:
        return self.event.timestamp


def replay(events: Iterable[CanMutateProtocol[Any]]) -> Any:
    """The aggregate rebuilt from these events, or None if there are none."""
    aggregate = None
    for event in events:
        aggregate = event.mutate(aggregate)
    return aggregate
