"""Commands on people and teams."""

from typing import Annotated, ClassVar

import msgspec
from msgspec import UNSET, UnsetType

from domain.commands.command import Command, Email, Key, NewExternal, PersonId, TeamId, Title
from domain.commands.permissions import MANAGE_PEOPLE
from domain.model.people import (
    PersonAdded,
    PersonDeactivated,
    PersonErased,
    PersonReactivated,
    PersonRenamed,
    TeamDisbanded,
    TeamFormed,
    TeamJoined,
    TeamLeadAppointed,
    TeamLeft,
    TeamMoved,
    TeamRenamed,
    TeamRevived,
    WorkHandedOver,
)
from domain.primitives.documentation import doc
from domain.primitives.errors import Code, CommandRejected, Faults, invalid
from domain.primitives.rules import Rule
from domain.primitives.values import Kind

MEMBERS_MAX = 500
"""Members with which a team is formed."""


class AddPerson(Command, frozen=True):
    """Add a person, who can own goals and join teams."""

    NEEDS = MANAGE_PEOPLE
    ANSWERS = Kind.PERSON
    RECORDS = PersonAdded

    handle: Annotated[
        Key, doc("A short name, unique among persons who are not erased: lower-case letters, digits, `-`, `_`, `.`.")
    ]
    name: Annotated[Title, doc("The person's name.")]
    email: Annotated[Email | None, doc("The email address; it is not verified.")] = None
    external: NewExternal = UNSET


class RenamePerson(Command, frozen=True):
    """Change a person's name or email; the handle stays."""

    NEEDS = MANAGE_PEOPLE
    ANSWERS = Kind.PERSON
    RECORDS = PersonRenamed

    person: PersonId
    name: Annotated[Title | UnsetType, doc("The new name; omitted keeps it.")] = UNSET
    email: Annotated[Email | None | UnsetType, doc("The new email address; null clears it, omitted keeps it.")] = UNSET


class DeactivatePerson(Command, frozen=True):
    """Deactivate a person who has left. The person's history stays; nothing new can be assigned to the person."""

    NEEDS = MANAGE_PEOPLE
    ANSWERS = Kind.PERSON
    RECORDS = PersonDeactivated

    person: PersonId


class ReactivatePerson(Command, frozen=True):
    """Reactivate a person who was deactivated and has come back. The handle was never free for another person. An
    erased person cannot be reactivated."""

    NEEDS = MANAGE_PEOPLE
    ANSWERS = Kind.PERSON
    RECORDS = PersonReactivated

    person: PersonId


class HandOver(Command, frozen=True):
    """Hand everything that is open over from one person to another, all or nothing: the objectives and key results in
    cycles that have not ended, the KPIs, the initiatives to do, and the lead of teams. Contributions and memberships
    stay."""

    NEEDS = MANAGE_PEOPLE
    ANSWERS = Kind.PERSON
    RECORDS = WorkHandedOver

    from_: Annotated[PersonId, doc("The person who hands over, who may be deactivated or erased.")] = msgspec.field(
        name="from"
    )
    to: Annotated[PersonId, doc("The person who takes over.")]

    def check(self, faults: Faults) -> None:
        super().check(faults)
        with faults:
            if self.from_ == self.to:
                raise invalid("Is the person who hands over; name another one.", "to", rule=Rule.HANDED_TO_SAME_PERSON)


class ErasePerson(Command, frozen=True):
    """Erase a person permanently: handle, name and email can no longer be read, not even in the log. The person's
    actions stay, attributed to an erased person; the handle becomes available again."""

    NEEDS = MANAGE_PEOPLE
    ANSWERS = Kind.PERSON
    RECORDS = PersonErased
    REASON_REQUIRED = True
    DESCRIPTIONS: ClassVar = {
        "reason": "The reason, as free text. It is recorded permanently with the change: do not name the person here."
    }

    person: PersonId


class FormTeam(Command, frozen=True):
    """Form a team with its members, at the top level or inside another team."""

    NEEDS = MANAGE_PEOPLE
    ANSWERS = Kind.TEAM
    RECORDS = TeamFormed

    key: Key
    name: Annotated[Title, doc("The name of the team.")]
    parent: Annotated[TeamId | None, doc("The parent team; null for the top level.")] = None
    lead: Annotated[PersonId | None, doc("The team lead.")] = None
    # UNSET, so the digests of commands recorded before these fields existed stay valid
    parent_key: Annotated[
        Key | UnsetType, doc("The key of the parent team in place of its id; in `formTeams` also of one of the others.")
    ] = UNSET
    members: Annotated[list[PersonId] | UnsetType, doc("The people who join it, in this order, up to 500.")] = UNSET
    external: NewExternal = UNSET

    def check(self, faults: Faults) -> None:
        with faults:
            if self.parent is not None and self.parent_key is not UNSET:
                raise invalid("Name the parent by id or by key, not both.", "parentKey", rule=Rule.PARENT_NAMED_TWICE)
        with faults:
            if len(self.members or []) > MEMBERS_MAX:
                raise CommandRejected(
                    Code.TOO_LARGE,
                    f"A team is formed with at most {MEMBERS_MAX} members; let the others join later.",
                    "members",
                    rule=Rule.MEMBERS_TOO_MANY,
                    max=MEMBERS_MAX,
                )


class RenameTeam(Command, frozen=True):
    """Change a team's name; its key stays."""

    NEEDS = MANAGE_PEOPLE
    ANSWERS = Kind.TEAM
    RECORDS = TeamRenamed

    team: TeamId
    name: Annotated[Title, doc("The new name.")]


class MoveTeam(Command, frozen=True):
    """Move a team under another team or to the top level, but not under one of its descendants (`CIRCULAR`)."""

    NEEDS = MANAGE_PEOPLE
    ANSWERS = Kind.TEAM
    RECORDS = TeamMoved

    team: TeamId
    parent: Annotated[TeamId | None, doc("The new parent team; null for the top level.")]


class AppointLead(Command, frozen=True):
    """Appoint or remove the lead of a team."""

    NEEDS = MANAGE_PEOPLE
    ANSWERS = Kind.TEAM
    RECORDS = TeamLeadAppointed

    team: TeamId
    person: Annotated[PersonId | None, doc("The new lead; null for none.")]


class JoinTeam(Command, frozen=True):
    """Add a person to a team."""

    NEEDS = MANAGE_PEOPLE
    ANSWERS = Kind.TEAM
    RECORDS = TeamJoined

    team: TeamId
    person: PersonId


class LeaveTeam(Command, frozen=True):
    """Remove a person from a team."""

    NEEDS = MANAGE_PEOPLE
    ANSWERS = Kind.TEAM
    RECORDS = TeamLeft

    team: TeamId
    person: PersonId


class DisbandTeam(Command, frozen=True):
    """Disband a team. It keeps its past goals; nothing new can be assigned to it."""

    NEEDS = MANAGE_PEOPLE
    ANSWERS = Kind.TEAM
    RECORDS = TeamDisbanded

    team: TeamId


class ReviveTeam(Command, frozen=True):
    """Revive a disbanded team, with the parent, lead and members that it had. Its key was never free for another
    team."""

    NEEDS = MANAGE_PEOPLE
    ANSWERS = Kind.TEAM
    RECORDS = TeamRevived

    team: TeamId
