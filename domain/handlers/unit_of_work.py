"""The unit of work of one command: the streams it has read, its preconditions, and the aggregates it changes."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain, filterfalse
from typing import TypeVar
from uuid import UUID, uuid5

from msgspec import UNSET

from domain.commands.command import By, Command, External, exactly_one, reason_needed
from domain.commands.permissions import Author
from domain.handlers.recent_aggregates import NONE_KEPT, RecentAggregates
from domain.log.append import NoNewer, PersonKey
from domain.log.event_store import Log
from domain.log.reads.log_reader import Head
from domain.model.cycle import Cycle, CycleOpened, Policy
from domain.model.discussion import ExternalReference
from domain.model.event import AGGREGATES, WHEN_RECORDED, Aggregate, Event, Recorded, replay
from domain.model.people import Person, Team
from domain.model.workspace import CalendarSet, WorkspaceCalendar
from domain.primitives import parsers
from domain.primitives.calendar import Calendar
from domain.primitives.errors import Code, CommandRejected, invalid
from domain.primitives.lazy import cached_property
from domain.primitives.rules import Rule
from domain.primitives.values import Kind, Ref, ScoringPolicy

WORKSPACE = UUID("6b657966-7261-4d65-8000-000000000000")
"""The UUID namespace of ids that are derived from a key."""

A = TypeVar("A", bound=Aggregate)


def keyed_id(kind: Kind, key: str) -> UUID:
    """The id of an aggregate with a key. One key has one stream."""
    return uuid5(WORKSPACE, f"{kind}:{key}")


POLICY_ID = keyed_id(Kind.POLICY, "")
CALENDAR_ID = keyed_id(Kind.CALENDAR, "")


class UnitOfWork:
    """Loads aggregates for one command and keeps the version of each, so that the append can detect concurrent
    changes. It may recall `recent` ones, which can be outdated; `has_recalled`: at least one."""

    def __init__(
        self,
        log: Log,
        author: Author,
        command: Command,
        command_id: UUID,
        recent: RecentAggregates = NONE_KEPT,
        *,
        may_recall: bool = True,
    ) -> None:
        self.log = log
        self.has_recalled = False
        self.author = author
        self.can = author.can
        self.me = author.person
        self.command: Command = command
        self.command_id = command_id
        self.reads: dict[UUID, int] = {}
        self.no_newer: list[NoNewer] = []
        self.keys: list[PersonKey] = []
        self.names: bytes | None = None
        """The encryption key of the person whose personal data is in the input; None without any."""
        self.paths: dict[UUID, Sequence[Aggregate]] = {}
        """By id: the aggregate and those that it belongs to, for the authorization."""
        self.accepted_versions: set[tuple[UUID, int]] = set()
        """Older versions that differ from the current ones only in changes hidden from the author."""
        self._recent = recent
        self._may_recall = may_recall
        self._compared = False
        self.children_read: dict[tuple[UUID, str], list[UUID]] = {}
        """By parent and first event: the children that `related` has read."""
        self._first: dict[UUID, None] = {}
        self._known: dict[UUID, Aggregate] = {}
        self._new: dict[UUID, Aggregate] = {}
        self._ids = 0
        self.collected: list[Event] = []
        """The events of `record_now`."""

    # ── time ─────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def head(self) -> Head:
        """The end of the log and the database's clock, at the first access."""
        return self.log.head()

    @property
    def now(self) -> datetime:
        """The database's clock at the first access."""
        return self.head.now

    @cached_property
    def at(self) -> datetime:
        """The effective time of the command; `WHEN_RECORDED` if it has none, or one slightly ahead of the database's
        clock. Raises `INVALID`."""
        if self.command.effective_at is None:
            return WHEN_RECORDED
        moment = self.moment(self.command.effective_at, "effectiveAt")
        return moment if moment <= self.now else WHEN_RECORDED

    def moment(self, given: datetime | None, *field: str) -> datetime:
        return WHEN_RECORDED if given is None else parsers.moment(given, self.now, *field)

    def claimed_at(self, measured_at: datetime, earliest: datetime | None = None) -> datetime | None:
        """When an imported measurement was reported: the `at` of its fact, None if that is when it was measured.

        `earliest` is when the earliest reading of a batch was measured. An `at` from then on claims nothing about the
        readings that were measured after it: an export writes such an `at` for readings without a claim. Raises
        `INVALID`.
        """
        if self.author.claimed_at is None:
            return None
        claimed = self.moment(self.author.claimed_at, "at")
        if measured_at is WHEN_RECORDED or (earliest or measured_at) <= claimed <= measured_at:
            return None
        return claimed

    def refuse_without_reason(self, because: str) -> None:
        """Raises `INVALID` for a command without a reason where the state requires one."""
        if self.command.reason is None:
            raise reason_needed(because)

    # ── reading ──────────────────────────────────────────────────────────────────────────────────

    def get(self, kind: type[A], id: UUID, *field: str) -> A:
        """The aggregate with this id. Raises `NOT_FOUND`."""
        aggregate = self._known.get(id) or self.known(id)
        if not isinstance(aggregate, kind):
            raise _missing(kind, id, *field)
        return aggregate

    def get_all(self, kind: type[A], ids: Sequence[UUID], *field: str) -> list[A]:
        """The aggregates, in the order of the ids, read in one statement. Raises `NOT_FOUND`."""
        self.load(ids)
        return [self.get(kind, id, *field) for id in ids]

    def load(self, ids: Iterable[UUID]) -> None:
        """Read the streams that are not loaded yet, and keep their versions; 0 for a stream that does not exist."""
        unknown = list(filterfalse(self.reads.__contains__, dict.fromkeys(ids)))
        if not unknown:
            return
        recalled = self._recent.find(unknown) if self._may_recall else {}
        self.has_recalled |= bool(recalled)
        left = list(filterfalse(recalled.__contains__, unknown))
        streams = self.log.streams(left) if left else {}
        for id in unknown:
            aggregate = recalled.get(id) or replay(streams.get(id, ()))
            self.reads[id] = 0 if aggregate is None else aggregate.version
            if aggregate is not None:
                self._known[id] = aggregate
                if id in streams:
                    self._recent.keep(aggregate)

    def hide(self, id: UUID) -> None:
        """Hide an aggregate from the handler. Its version is still checked by the append."""
        self._known.pop(id, None)

    def known(self, id: UUID) -> Aggregate | None:
        if id not in self.reads:
            self.load([id])
        return self._known.get(id)

    def find(self, kind: type[A], by: By, *field: str) -> A:
        """The aggregate with this id, key or external reference. Raises `INVALID` unless exactly one is given, and
        `NOT_FOUND`."""
        exactly_one(by, *field)
        if by.id is not None:
            return self.get(kind, by.id, *field)
        if by.external is not UNSET:
            return self._find_external(kind, by.external, *field)
        aggregate = self.known(keyed_id(kind.KIND, by.key or ""))
        if not isinstance(aggregate, kind):
            raise CommandRejected(Code.NOT_FOUND, f"There is no {kind.KIND} with the key '{by.key}'.", *field, "key")
        return aggregate

    def _find_external(self, kind: type[A], external: External, *field: str) -> A:
        ref = self.referring(external)
        aggregate = None if ref is None else self.known(ref.id)
        if not isinstance(aggregate, kind):
            message = f"There is no {kind.KIND} with the id '{external.id}' of '{external.system}'."
            raise CommandRejected(Code.NOT_FOUND, message, *field, "external")
        return aggregate

    def id_of(self, kind: Kind, by: By) -> UUID | None:
        """The id of a lookup, of whatever it finds; None for an external reference that nothing has."""
        if by.external is not UNSET:
            ref = self.referring(by.external)
            return None if ref is None else ref.id
        return by.id or keyed_id(kind, by.key or "")

    def referring(self, external: External) -> Ref | None:
        """The thing that has this counterpart in another system, seen by the author or not; also one that this unit of
        work has begun."""
        name = external.stored
        ids = [] if name is None else self.externally_named(name)
        self.load(ids)
        found = [one for one in self._known.values() if isinstance(one, ExternalReference)]
        return next(
            (
                one.subject
                for one in found
                if name is not None and (one.system, one.external_id) == (name.system, name.id)
            ),
            None,
        )

    def is_handle_taken(self, digest: bytes) -> bool:
        """Whether a person has the handle with this digest."""
        return self.log.person_by_handle(digest) is not None

    def externally_named(self, name: External) -> list[UUID]:
        """The streams of the references that ever had this id, in its stored form."""
        return self.log.externally_named(name.system, name.id)

    def refuse_newer(self, topic: str) -> None:
        """Any new event of this topic before the append is a conflict."""
        self.no_newer.append(NoNewer(belongs_to=None, topic=topic, position=self.head.position))

    def subject(self, aggregate: A) -> A:
        """Declare the aggregate that the command changes. Raises `STALE` if the expected version differs."""
        expected = self.command.expected_version
        self._compared = True
        if (
            expected is not None
            and expected != aggregate.version
            and (aggregate.id, expected) not in self.accepted_versions
        ):
            raise CommandRejected(
                Code.STALE,
                f"You expected version {expected}, the current one is {aggregate.version}: check the changes since.",
                "expectedVersion",
                since=(aggregate.id, expected),
            )
        return aggregate

    def refuse_unused_version(self) -> None:
        """Raises `INVALID` for an expected version that was not compared with any aggregate."""
        if self.command.expected_version is not None and not self._compared:
            raise invalid(
                "The command changes no existing object; omit the version.",
                "expectedVersion",
                rule=Rule.VERSION_NOT_COMPARABLE,
            )

    def change(self, kind: type[A], id: UUID, *field: str) -> A:
        return self.subject(self.get(kind, id, *field))

    def ref(self, ref: Ref, allowed: tuple[type[Aggregate], ...], *field: str) -> Aggregate:
        """The aggregate of a reference, if its kind is allowed. Raises `INVALID`, `NOT_FOUND`."""
        kind = AGGREGATES.get(ref.kind)
        if kind not in allowed:
            names = " or ".join(one.KIND for one in allowed)
            raise invalid(
                f"This refers to a {ref.kind}; allowed here: {names}.",
                *field,
                rule=Rule.ID_OF_OTHER_KIND,
                kind=ref.kind,
                allowed=names,
            )
        return self.get(kind, ref.id, *field)

    @cached_property
    def cycles(self) -> list[Cycle]:
        """All cycles. A change of one before the append, or a new one, is a conflict."""
        self.refuse_newer(CycleOpened.TOPIC)
        return self.get_all(Cycle, self.log.cycles())

    def command_of(self, id: UUID, version: int) -> UUID:
        """The command that recorded this version of a stream."""
        if version > self.reads[id]:
            return self.command_id
        (recorded,) = self.log.since(id, version - 1, 1)
        return recorded.by.command

    def measured(
        self,
        first: type[Event],
        parent: UUID,
        since: datetime | None = None,
        upto: datetime | None = None,
        limit: int | None = None,
        *,
        oldest_first: bool = False,
    ) -> list[UUID]:
        """Measurements from `since` to `upto`, both included, the latest first unless `oldest_first`. Any new
        measurement before the append is a conflict."""
        self.no_newer.append(NoNewer(belongs_to=parent, topic=first.TOPIC, position=self.head.position))
        return self.log.measurements(
            parent, first.TOPIC, since=since, upto=upto, limit=limit, oldest_first=oldest_first
        )

    @property
    def policy(self) -> ScoringPolicy:
        """The scoring policy in force at the command's effective time."""
        adopted = self._settings(POLICY_ID)
        return adopted.in_force(self.at) if isinstance(adopted, Policy) else ScoringPolicy()

    @property
    def calendar(self) -> Calendar:
        """The calendar in force at the command's effective time."""
        return self.calendar_at(self.at)

    def calendar_at(self, at: datetime, known: int | None = None) -> Calendar:
        """The calendar in force at a moment, by all calendars or by those known at a position."""
        found = self._settings(CALENDAR_ID)
        if not isinstance(found, WorkspaceCalendar):
            return Calendar()
        if known is None:
            return found.in_force(at)
        seen = [
            one.event.calendar
            for one in self._recorded(CALENDAR_ID)
            if isinstance(one.event, CalendarSet) and one.position <= known and one.effective_at <= at
        ]
        return seen[-1] if seen else Calendar()

    def position_of(self, id: UUID, kinds: tuple[type[Event], ...], at: datetime) -> int | None:
        """The position of the last event of these kinds in a stream that is effective at a moment; None if there is
        none, or if this command records it."""
        found = [one.position for one in self._recorded(id) if isinstance(one.event, kinds) and one.effective_at == at]
        return found[-1] if found else None

    def _recorded(self, id: UUID) -> Sequence[Recorded]:
        return self.log.since(id, 0, self.reads[id])

    @property
    def calendars(self) -> Sequence[tuple[datetime, Calendar]]:
        """Each calendar that was set, with the time since which it is in force, oldest first."""
        found = self._settings(CALENDAR_ID)
        return found.calendars if isinstance(found, WorkspaceCalendar) else ()

    def _settings(self, id: UUID) -> Aggregate | None:
        """The scoring policy or the calendar; both are read at once."""
        if id not in self.reads:
            self.load((POLICY_ID, CALENDAR_ID))
        return self._known.get(id)

    def colleague(self, person: UUID | None, *field: str) -> UUID | None:
        """A person to whom work can be assigned. Raises `NOT_FOUND`, or `CONFLICT` for a deactivated one."""
        if person is not None and not self.get(Person, person, *field).active:
            raise CommandRejected(
                Code.CONFLICT, "This person is deactivated; choose another.", *field, rule=Rule.PERSON_DEACTIVATED
            )
        return person

    def team(self, team: UUID | None, *field: str) -> UUID | None:
        """A team to which work can be assigned. Raises `NOT_FOUND`, or `CONFLICT` for a disbanded one."""
        if team is not None and self.get(Team, team, *field).disbanded:
            raise CommandRejected(
                Code.CONFLICT, "This team is disbanded; choose another.", *field, rule=Rule.TEAM_DISBANDED
            )
        return team

    # ── recording ────────────────────────────────────────────────────────────────────────────────

    def new_id(self) -> UUID:
        """The next id derived from the command's id, so that a repeated command creates the same ids."""
        self._ids += 1
        return uuid5(self.command_id, str(self._ids))

    def begin(self, kind: type[A], event: Event, id: UUID | None = None, at: datetime | None = None) -> A:
        """Create an aggregate with its first event. Raises `DUPLICATE` if it exists already."""
        if id is None:
            id = self.new_id()
            self.reads[id] = 0
        elif id not in self.reads:
            self.load([id])
        at = self.at if at is None else at
        if self.reads[id] or id in self._known:
            raise CommandRejected(
                Code.DUPLICATE,
                f"There is already a {kind.KIND} with this key; choose another.",
                "key",
                rule=Rule.KEY_TAKEN,
                kind=kind.KIND,
            )
        aggregate = kind.begin(id, event, at)
        self._known[id] = aggregate
        self._new[id] = aggregate
        return aggregate

    def not_before(self, parent: Aggregate) -> None:
        """Raises `INVALID` if the effective time is before the creation of the parent."""
        if self.at < parent.created_at:
            raise invalid(
                f"Must not be before the creation of its {parent.KIND}: {parent.created_at.isoformat()} or later.",
                "effectiveAt",
                rule=Rule.BEFORE_PARENT,
                kind=parent.KIND,
                earliest=parent.created_at,
            )

    def not_before_move(self, goal: Aggregate) -> None:
        """Raises `INVALID` if the effective time is before the last move of a goal that is to be supported: until then
        it was in another place."""
        if goal.moved_at is not None and self.at < goal.moved_at:
            raise invalid(
                f"Must not be before the last move of the supported {goal.KIND}: {goal.moved_at.isoformat()} or later.",
                "effectiveAt",
                rule=Rule.BEFORE_LAST_CHANGE,
                kind=goal.KIND,
                earliest=goal.moved_at,
            )

    def record_first(self, aggregates: Iterable[Aggregate]) -> None:
        """Record the changes of these before those of all others, in this order and after earlier ones."""
        self._first.update(dict.fromkeys(one.id for one in aggregates))

    def record_now(self) -> None:
        """Record what has changed so far before everything that changes from now on."""
        self.collected += chain.from_iterable(map(Aggregate.collect_events, self.changed()))

    def changed(self) -> list[Aggregate]:
        """The changed aggregates in the order of recording: those of `record_first`; then the other existing ones,
        children first, so that a cycle closes after its objectives; then the new ones, parents first."""
        old = {
            id: aggregate
            for id, aggregate in self._known.items()
            if id not in self._new and aggregate.version > self.reads[id]
        }
        first = list(map(old.pop, filter(old.__contains__, self._first)))
        return [*first, *reversed(old.values()), *self._new.values()]


def _missing(kind: type[Aggregate], id: UUID, *field: str) -> CommandRejected:
    return CommandRejected(Code.NOT_FOUND, f"There is no {kind.KIND} with the id {id}.", *field)
