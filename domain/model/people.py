"""People and teams.

    Person:  active ◀──reactivate / deactivate──▶ inactive ──erase──▶ erased; an active person can be erased, too
    Team:    formed ──(rename, move, appoint lead, join, leave)──▶ disbanded ──revive──▶ formed

Personal data (handle, name, email) is stored only in the person's own events, encrypted with a key of the person.
Everywhere else a person is referred to by id.
"""

from datetime import datetime
from typing import Annotated, TypeAlias
from uuid import UUID

from domain.model.event import Aggregate, Event, stored
from domain.model.fields import Key, Labels, Name
from domain.primitives.documentation import doc
from domain.primitives.errors import Code, CommandRejected
from domain.primitives.rules import Rule
from domain.primitives.values import Kind

# ── fields of events ─────────────────────────────────────────────────────────────────────────────

Sealed: TypeAlias = Annotated[bytes, doc("The handle, name and email, encrypted with the key of the person.")]
ParentTeam: TypeAlias = Annotated[UUID, doc("The parent team.")]
Lead: TypeAlias = Annotated[UUID, doc("The team lead.")]
Taker: TypeAlias = Annotated[UUID, doc("The person who took the work over.")]
Member: TypeAlias = Annotated[UUID, doc("The person who joined or left.")]

# ── events: their topics are the storage format ──────────────────────────────────────────────────


class PersonEvent(Event, frozen=True, kw_only=True):
    KIND = Kind.PERSON


@stored
class PersonAdded(PersonEvent, frozen=True, kw_only=True):
    """A person was added."""

    TOPIC = "person-added"
    FIRST = True
    sealed: Sealed

    def apply(self, aggregate: "Person") -> None:
        aggregate.sealed = self.sealed
        aggregate.active = True


@stored
class PersonRenamed(PersonEvent, frozen=True, kw_only=True):
    """A person's name or email was changed."""

    TOPIC = "person-renamed"
    sealed: Sealed

    def apply(self, aggregate: "Person") -> None:
        aggregate.sealed = self.sealed


@stored
class PersonDeactivated(PersonEvent, frozen=True, kw_only=True):
    """A person was deactivated; the person's history stays."""

    TOPIC = "person-deactivated"

    def apply(self, aggregate: "Person") -> None:
        aggregate.active = False


@stored
class PersonReactivated(PersonEvent, frozen=True, kw_only=True):
    """A deactivated person was reactivated: work can be assigned to the person again."""

    TOPIC = "person-reactivated"

    def apply(self, aggregate: "Person") -> None:
        aggregate.active = True


@stored
class WorkHandedOver(PersonEvent, frozen=True, kw_only=True):
    """A person's open goals, KPIs and initiatives and the lead of teams were handed over to another person."""

    TOPIC = "work-handed-over"
    taker: Taker


@stored
class PersonErased(PersonEvent, frozen=True, kw_only=True):
    """A person was erased: handle, name and email can no longer be read.

    The append deletes the person's key in the same transaction: see `domain.log.schema`.
    """

    TOPIC = "person-erased"

    def apply(self, aggregate: "Person") -> None:
        aggregate.active = False
        aggregate.erased = True


class TeamEvent(Event, frozen=True, kw_only=True):
    KIND = Kind.TEAM


@stored
class TeamFormed(TeamEvent, frozen=True, kw_only=True):
    """A team was formed."""

    TOPIC = "team-formed"
    FIRST = True
    key: Key
    name: Name
    parent: ParentTeam | None = None
    lead: Lead | None = None

    def apply(self, aggregate: "Team") -> None:
        aggregate.key = self.key
        aggregate.name = self.name
        aggregate.parent = self.parent
        aggregate.lead = self.lead


@stored
class TeamRenamed(TeamEvent, frozen=True, kw_only=True):
    """A team was renamed."""

    TOPIC = "team-renamed"
    name: Name

    def apply(self, aggregate: "Team") -> None:
        aggregate.name = self.name


@stored
class TeamMoved(TeamEvent, frozen=True, kw_only=True):
    """A team's parent was changed or removed."""

    TOPIC = "team-moved"
    parent: ParentTeam | None = None

    def apply(self, aggregate: "Team") -> None:
        aggregate.parent = self.parent


@stored
class TeamLeadAppointed(TeamEvent, frozen=True, kw_only=True):
    """A team's lead was changed or removed."""

    TOPIC = "team-lead-appointed"
    lead: Lead | None = None

    def apply(self, aggregate: "Team") -> None:
        aggregate.lead = self.lead


@stored
class TeamJoined(TeamEvent, frozen=True, kw_only=True):
    """A person joined a team."""

    TOPIC = "team-joined"
    person: Member

    def apply(self, aggregate: "Team") -> None:
        aggregate.members = (*aggregate.members, self.person)


@stored
class TeamLeft(TeamEvent, frozen=True, kw_only=True):
    """A person left a team."""

    TOPIC = "team-left"
    person: Member

    def apply(self, aggregate: "Team") -> None:
        aggregate.members = tuple(member for member in aggregate.members if member != self.person)


@stored
class TeamLabelled(TeamEvent, frozen=True, kw_only=True):
    """A team's labels were set."""

    TOPIC = "team-labelled"
    labels: Labels

    def apply(self, aggregate: "Team") -> None:
        aggregate.labels = self.labels


@stored
class TeamDisbanded(TeamEvent, frozen=True, kw_only=True):
    """A team was disbanded; it keeps its past goals."""

    TOPIC = "team-disbanded"

    def apply(self, aggregate: "Team") -> None:
        aggregate.disbanded = True


@stored
class TeamRevived(TeamEvent, frozen=True, kw_only=True):
    """A disbanded team was revived: work can be assigned to it again."""

    TOPIC = "team-revived"

    def apply(self, aggregate: "Team") -> None:
        aggregate.disbanded = False


# ── aggregates ───────────────────────────────────────────────────────────────────────────────────


class Person(Aggregate):
    KIND = Kind.PERSON
    sealed: bytes
    active: bool
    erased: bool = False

    def rename(self, sealed: bytes, at: datetime) -> None:
        self.record(PersonRenamed(sealed=sealed), at)

    def deactivate(self, at: datetime) -> None:
        if self.active:
            self.record(PersonDeactivated(), at)

    def reactivate(self, at: datetime) -> None:
        if self.erased:
            raise CommandRejected(
                Code.CLOSED, "This person was erased; add a new person.", "person", rule=Rule.PERSON_ERASED
            )
        if not self.active:
            self.record(PersonReactivated(), at)

    def hand_over(self, taker: UUID, at: datetime) -> None:
        self.record(WorkHandedOver(taker=taker), at)

    def erase(self, at: datetime) -> None:
        if not self.erased:
            self.record(PersonErased(), at)


class Team(Aggregate):
    KIND = Kind.TEAM
    key: str
    name: str
    parent: UUID | None
    lead: UUID | None
    members: tuple[UUID, ...] = ()
    labels: tuple[str, ...] = ()
    disbanded: bool = False

    def rename(self, name: str, at: datetime) -> None:
        self._refuse_disbanded()
        if name != self.name:
            self.record(TeamRenamed(name=name), at)

    def move(self, parent: UUID | None, at: datetime) -> None:
        self._refuse_disbanded()
        if parent != self.parent:
            self.record(TeamMoved(parent=parent), at)

    def appoint(self, lead: UUID | None, at: datetime) -> None:
        self._refuse_disbanded()
        if lead != self.lead:
            self.record(TeamLeadAppointed(lead=lead), at)

    def join(self, person: UUID, at: datetime) -> None:
        self._refuse_disbanded()
        if person not in self.members:
            self.record(TeamJoined(person=person), at)

    def leave(self, person: UUID, at: datetime) -> None:
        if person in self.members:
            self._refuse_disbanded()
            self.record(TeamLeft(person=person), at)

    def label(self, labels: tuple[str, ...], at: datetime) -> None:
        """Replace all labels."""
        self._refuse_disbanded()
        if labels != self.labels:
            self.record(TeamLabelled(labels=labels), at)

    def disband(self, at: datetime) -> None:
        if not self.disbanded:
            self.record(TeamDisbanded(), at)

    def revive(self, at: datetime) -> None:
        if self.disbanded:
            self.record(TeamRevived(), at)

    def _refuse_disbanded(self) -> None:
        if self.disbanded:
            raise CommandRejected(
                Code.CONFLICT,
                f"The team '{self.key}' is disbanded; revive it or form a new one.",
                "team",
                rule=Rule.TEAM_DISBANDED,
            )
