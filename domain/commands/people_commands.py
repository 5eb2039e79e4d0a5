"""Commands about people and teams."""

from typing import Annotated, ClassVar

from msgspec import UNSET, UnsetType

from domain.commands.command import Command, Key, PersonId, TeamId
from domain.commands.permissions import MANAGE_PEOPLE
from domain.model.people import (
    PersonAdded,
    PersonDeactivated,
    PersonErased,
    PersonRenamed,
    TeamDisbanded,
    TeamFormed,
    TeamJoined,
    TeamLeadAppointed,
    TeamLeft,
    TeamMoved,
    TeamRenamed,
)
from domain.primitives.documentation import doc
from domain.primitives.values import Kind


class AddPerson(Command, frozen=True):
    """Add a person, who can own goals, belong to teams and be spoken for."""

    NEEDS = MANAGE_PEOPLE
    ANSWERS = Kind.PERSON
    RECORDS = PersonAdded

    handle: Annotated[
        str, doc("A short name, nobody else's until they are erased: lower-case letters, digits, `-`, `_`, `.`.")
    ]
    name: Annotated[str, doc("What the person is called.")]
    email: Annotated[str | None, doc("Where to write to; its truth is not checked.")] = None


class RenamePerson(Command, frozen=True):
    """Change a person's name or email; the handle stays."""

    NEEDS = MANAGE_PEOPLE
    ANSWERS = Kind.PERSON
    RECORDS = PersonRenamed

    person: PersonId
    name: Annotated[str | UnsetType, doc("What the person is called from now on; left out it stays.")] = UNSET
    email: Annotated[
        str | None | UnsetType, doc("Where to write to from now on; null clears it, left out it stays.")
    ] = UNSET


class DeactivatePerson(Command, frozen=True):
    """Note that a person has left: all they did stays, nothing new can be given to them."""

    NEEDS = MANAGE_PEOPLE
    ANSWERS = Kind.PERSON
    RECORDS = PersonDeactivated

    person: PersonId


class ErasePerson(Command, frozen=True):
    """Forget a person for ever: nobody can read their handle, name and email any more, not even in the log. What they
    did stays, as done by an erased person; the handle may be given to somebody else."""

    NEEDS = MANAGE_PEOPLE
    ANSWERS = Kind.PERSON
    RECORDS = PersonErased
    REASON_REQUIRED = True
    DESCRIPTIONS: ClassVar = {
        "reason": "Why, in your words; it stands beside the change for ever, so do not name the person here."
    }

    person: PersonId


class FormTeam(Command, frozen=True):
    """Form a team, inside another or at the top."""

    NEEDS = MANAGE_PEOPLE
    ANSWERS = Kind.TEAM
    RECORDS = TeamFormed

    key: Key
    name: Annotated[str, doc("What the team is called.")]
    parent: Annotated[TeamId | None, doc("The team above; none makes it one at the top.")] = None
    lead: Annotated[PersonId | None, doc("The person who leads.")] = None


class RenameTeam(Command, frozen=True):
    """Change a team's name; its key stays."""

    NEEDS = MANAGE_PEOPLE
    ANSWERS = Kind.TEAM
    RECORDS = TeamRenamed

    team: TeamId
    name: Annotated[str, doc("What the team is called from now on.")]


class MoveTeam(Command, frozen=True):
    """Put a team under another, or at the top; never under one of its own (`CIRCULAR`)."""

    NEEDS = MANAGE_PEOPLE
    ANSWERS = Kind.TEAM
    RECORDS = TeamMoved

    team: TeamId
    parent: Annotated[TeamId | None, doc("The team above from now on; null puts it at the top.")]


class AppointLead(Command, frozen=True):
    """Say who leads a team."""

    NEEDS = MANAGE_PEOPLE
    ANSWERS = Kind.TEAM
    RECORDS = TeamLeadAppointed

    team: TeamId
    person: Annotated[PersonId | None, doc("The person who leads from now on; null for nobody.")]


class JoinTeam(Command, frozen=True):
    """Make a person a member of a team."""

    NEEDS = MANAGE_PEOPLE
    ANSWERS = Kind.TEAM
    RECORDS = TeamJoined

    team: TeamId
    person: PersonId


class LeaveTeam(Command, frozen=True):
    """End a person's membership in a team."""

    NEEDS = MANAGE_PEOPLE
    ANSWERS = Kind.TEAM
    RECORDS = TeamLeft

    team: TeamId
    person: PersonId


class DisbandTeam(Command, frozen=True):
    """End a team: its past goals stay with it, nothing new can be given to it."""

    NEEDS = MANAGE_PEOPLE
    ANSWERS = Kind.TEAM
    RECORDS = TeamDisbanded

    team: TeamId
