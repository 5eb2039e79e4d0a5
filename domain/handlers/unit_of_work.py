"""One command in the making: what it has read, and so depends on, and what it is about to record."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cached_property
from itertools import filterfalse
from typing import TypeVar
from uuid import UUID, uuid5

import msgspec

from domain.commands.command import By, Command, verb
from domain.commands.permissions import Permission, Role, permissions
from domain.log.event_store import Head, Log, NoNewer, PersonKey
from domain.model.cycle import Cycle, Policy
from domain.model.discussion import Comment, Initiative, Reflection
from domain.model.event import AGGREGATES, WHEN_RECORDED, Aggregate, Event, replay
from domain.model.key_result import CheckIn, KeyResult
from domain.model.kpi import Kpi, Reading
from domain.model.objective import Objective
from domain.model.people import Person, Team
from domain.primitives import values
from domain.primitives.errors import Code, CommandRejected, invalid
from domain.primitives.values import Kind, Ref, ScoringPolicy, Source

WORKSPACE = UUID("6b657966-7261-4d65-8000-000000000000")
"""The namespace of ids that follow from a key."""

KINDS: tuple[type[Aggregate], ...] = (
    Person, Team, Cycle, Policy, Objective, KeyResult, CheckIn, Kpi, Reading, Initiative, Comment, Reflection,
)  # fmt: skip

A = TypeVar("A", bound=Aggregate)


class Author(msgspec.Struct, frozen=True):
    """Who sends a command: `actor` is "person:UUID" or "machine:NAME". `on_behalf_of` permits nothing."""

    actor: str
    source: Source
    roles: frozenset[Role]
    on_behalf_of: UUID | None = None

    @property
    def person(self) -> UUID | None:
        """The person; None for a machine."""
        kind, _, name = self.actor.partition(":")
        return UUID(name) if kind == "person" else None

    @property
    def can(self) -> frozenset[Permission]:
        return permissions(self.roles)


def keyed_id(kind: Kind, key: str) -> UUID:
    """The id of a thing that is named by a key: two with one key would be one stream."""
    return uuid5(WORKSPACE, f"{kind}:{key}")


POLICY_ID = keyed_id(Kind.POLICY, "")


class UnitOfWork:
    """Loads things for one command and remembers each version seen, so that the log can refuse to
    record what was decided on a world that has moved on."""

    def __init__(self, log: Log, author: Author, command: Command, command_id: UUID) -> None:
        self.log = log
        self.author = author
        self.can = permissions(author.roles)
        self.me = author.person
        self.command = command
        self.command_id = command_id
        self.reads: dict[UUID, int] = {}
        self.no_newer: list[NoNewer] = []
        self.keys: list[PersonKey] = []
        self.names: bytes | None = None
        """The key of the person whom the command's input names, if it names one."""
        self.looks_new: set[tuple[UUID, int]] = set()
        """Versions of things that differ from the newest ones in nothing that the author sees."""
        self._compared = False
        self._known: dict[UUID, Aggregate] = {}
        self._new: dict[UUID, Aggregate] = {}
        self._ids = 0

    # ── the moment ───────────────────────────────────────────────────────────────────────────────

    @cached_property
    def head(self) -> Head:
        """The end of the log, and the database's clock, when the decision first looked at them."""
        return self.log.head()

    @property
    def now(self) -> datetime:
        """The database's clock when the decision began."""
        return self.head.now

    @cached_property
    def at(self) -> datetime:
        """Since when the command says it is true; `WHEN_RECORDED` if it does not say, or says a little ahead
        of the database's clock."""
        if self.command.effective_at is None:
            return WHEN_RECORDED
        said = self.moment(self.command.effective_at, "effectiveAt")
        return said if said <= self.now else WHEN_RECORDED

    def moment(self, said: datetime | None, *field: str) -> datetime:
        return WHEN_RECORDED if said is None else values.moment(said, self.now, *field)

    @cached_property
    def reason(self) -> str | None:
        """The reason given. Raises `INVALID` where the command needs one and has none."""
        reason = values.prose(self.command.reason, "reason")
        if reason is None and self.command.REASON_REQUIRED:
            self.refuse_without_reason(f"{verb(type(self.command))} changes what was agreed")
        return reason

    def refuse_without_reason(self, because: str) -> None:
        if values.prose(self.command.reason, "reason") is None:
            raise invalid(f"{because}: say why in `reason`.", "reason")

    # ── reading ──────────────────────────────────────────────────────────────────────────────────

    def get(self, kind: type[A], id: UUID, *field: str) -> A:
        """The thing as the log has it. Raises `NOT_FOUND`."""
        thing = self.known(id)
        if not isinstance(thing, kind):
            raise _missing(kind, id, *field)
        return thing

    def get_all(self, kind: type[A], ids: Sequence[UUID], *field: str) -> list[A]:
        """The things, in the order of their ids, read in one statement. Raises `NOT_FOUND`."""
        self.load(ids)
        return [self.get(kind, id, *field) for id in ids]

    def load(self, ids: Iterable[UUID]) -> None:
        """Read the streams that were not read yet and remember their versions, 0 where there is none."""
        unknown = list(filterfalse(self.reads.__contains__, dict.fromkeys(ids)))
        streams = self.log.streams(unknown) if unknown else {}
        for id in unknown:
            thing = replay(streams.get(id, ()))
            self.reads[id] = 0 if thing is None else thing.version
            if thing is not None:
                self._known[id] = thing

    def hide(self, id: UUID) -> None:
        """From now on this thing is not there for the command; whether it changes meanwhile is still looked at."""
        self._known.pop(id, None)

    def known(self, id: UUID) -> Aggregate | None:
        if id not in self.reads:
            self.load([id])
        return self._known.get(id)

    def find(self, kind: type[A], by: By, *field: str) -> A:
        """The thing by its id or its key. Raises `INVALID` for both or neither, `NOT_FOUND`."""
        if (by.id is None) == (by.key is None):
            raise invalid("Name it by id or by key: exactly one of the two.", *field)
        if by.id is not None:
            return self.get(kind, by.id, *field)
        thing = self.known(keyed_id(kind.KIND, by.key or ""))
        if not isinstance(thing, kind):
            raise CommandRejected(Code.NOT_FOUND, f"There is no {kind.KIND} with the key '{by.key}'.", *field, "key")
        return thing

    def subject(self, thing: A) -> A:
        """The thing that the command changes. Raises `STALE` if the caller saw another version."""
        expected = self.command.expected_version
        self._compared = True
        if expected is not None and expected != thing.version and (thing.id, expected) not in self.looks_new:
            raise CommandRejected(
                Code.STALE,
                f"You saw version {expected}, it is at {thing.version} now: look at the changes since, then ask again.",
                "expectedVersion",
                since=(thing.id, expected),
            )
        return thing

    def refuse_idle_expectation(self) -> None:
        """Refuse an expected version that nothing was compared with, rather than ignore it. Raises `INVALID`."""
        if self.command.expected_version is not None and not self._compared:
            raise invalid("It changes nothing that is there already; leave the version out.", "expectedVersion")

    def change(self, kind: type[A], id: UUID, *field: str) -> A:
        return self.subject(self.get(kind, id, *field))

    def ref(self, ref: Ref, allowed: tuple[type[Aggregate], ...], *field: str) -> Aggregate:
        """The thing that a reference of several kinds names. Raises `INVALID`, `NOT_FOUND`."""
        kind = AGGREGATES.get(ref.kind)
        if kind not in allowed:
            names = " or ".join(one.KIND for one in allowed)
            raise invalid(f"This names one of the kind {ref.kind}; here can stand: {names}.", *field)
        return self.get(kind, ref.id, *field)

    def children(self, kind: type[A], first: type[Event], parent: UUID) -> list[A]:
        """All things of a kind that belong to another; a new one before the end is a conflict."""
        children = self.log.children(parent, first.TOPIC)
        self.no_newer.append(NoNewer(belongs_to=parent, topic=first.TOPIC, position=children.position))
        return self.get_all(kind, children.ids)

    def measured(self, first: type[Event], parent: UUID, upto: datetime, limit: int) -> list[UUID]:
        """Measurements of a thing, not after a moment, the latest first; a new one before the end is a conflict."""
        self.no_newer.append(NoNewer(belongs_to=parent, topic=first.TOPIC, position=self.head.position))
        return self.log.measurements(parent, first.TOPIC, upto=upto, limit=limit)

    def measured_at(self, first: type[Event], parent: UUID, moment: datetime, limit: int) -> list[UUID]:
        """Measurements of a thing at exactly a moment; a new one of whatever moment before the end is a conflict."""
        self.no_newer.append(NoNewer(belongs_to=parent, topic=first.TOPIC, position=self.head.position))
        return self.log.measurements(parent, first.TOPIC, at=moment, limit=limit)

    @property
    def policy(self) -> ScoringPolicy:
        """The scoring policy in force at the command's effective time."""
        adopted = self.known(POLICY_ID)
        return adopted.in_force(self.at) if isinstance(adopted, Policy) else ScoringPolicy()

    def colleague(self, person: UUID | None, *field: str) -> UUID | None:
        """A person who can be given work. Raises `NOT_FOUND`, or `CONFLICT` for one who has left."""
        if person is not None and not self.get(Person, person, *field).active:
            raise CommandRejected(Code.CONFLICT, "This person was deactivated; choose someone else.", *field)
        return person

    def team(self, team: UUID | None, *field: str) -> UUID | None:
        """A team that can be given work. Raises `NOT_FOUND`, or `CONFLICT` for a disbanded one."""
        if team is not None and self.get(Team, team, *field).disbanded:
            raise CommandRejected(Code.CONFLICT, "This team was disbanded; choose another.", *field)
        return team

    # ── recording ────────────────────────────────────────────────────────────────────────────────

    def new_id(self) -> UUID:
        """An id that follows from the command's: the same command makes the same things."""
        self._ids += 1
        return uuid5(self.command_id, str(self._ids))

    def begin(self, kind: type[A], event: Event, id: UUID | None = None, at: datetime | None = None) -> A:
        """A new thing by its first event. Raises `DUPLICATE` if it exists, `INVALID` if it would be
        true before what it belongs to (measurements may be: a baseline is often older than its goal)."""
        if id is None:
            id = self.new_id()
            self.reads[id] = 0
        elif id not in self.reads:
            self.load([id])
        at = self.at if at is None else at
        if self.reads[id]:
            raise CommandRejected(Code.DUPLICATE, f"There is such a {kind.KIND} already; its key is taken.", "key")
        thing = kind.begin(id, event, at)
        self._known[id] = thing
        self._new[id] = thing
        return thing

    def not_before(self, parent: Aggregate) -> None:
        """Refuse what would be true before the thing it belongs to. Raises `INVALID`."""
        if self.at < parent.created_at:
            raise invalid(
                f"Lies before the {parent.KIND} it belongs to, which is there since {parent.created_at.isoformat()}.",
                "effectiveAt",
            )

    def changed(self) -> list[Aggregate]:
        """What is to be recorded: first what was there, innermost first, so that a cycle's closing
        comes after all it closes; then what is new, outermost first, so that nothing precedes what
        it belongs to."""
        old = [thing for id, thing in self._known.items() if id not in self._new and thing.version > self.reads[id]]
        return [*reversed(old), *self._new.values()]


def _missing(kind: type[Aggregate], id: UUID, *field: str) -> CommandRejected:
    return CommandRejected(Code.NOT_FOUND, f"There is no {kind.KIND} with the id {id}.", *field)
