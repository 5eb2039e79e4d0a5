"""Handlers of the commands on people and teams."""

from uuid import UUID

from msgspec import UNSET

from domain.commands.people_commands import (
    AddPerson,
    AppointLead,
    DeactivatePerson,
    DisbandTeam,
    ErasePerson,
    FormTeam,
    JoinTeam,
    LeaveTeam,
    MoveTeam,
    ReactivatePerson,
    RenamePerson,
    RenameTeam,
    ReviveTeam,
)
from domain.handlers.across.referencing import with_reference
from domain.handlers.handler_registry import handles
from domain.handlers.unit_of_work import UnitOfWork, keyed_id
from domain.log.append import PersonKey
from domain.model.people import Person, PersonAdded, Team, TeamFormed
from domain.primitives import personal_data
from domain.primitives.errors import Code, CommandRejected
from domain.primitives.personal_data import Personal
from domain.primitives.rules import Rule
from domain.primitives.values import Kind


@handles
def add_person(uow: UnitOfWork, command: AddPerson) -> Person:
    personal = Personal(
        handle=command.handle,
        name=command.name,
        email=command.email,
    )
    digest = personal_data.handle_digest(uow.log.salt(), personal.handle)
    if uow.is_handle_taken(digest):
        raise CommandRejected(
            Code.DUPLICATE,
            f"The handle '{personal.handle}' is taken; choose another.",
            "handle",
            rule=Rule.HANDLE_TAKEN,
        )
    id, key = uow.new_id(), personal_data.new_key()
    uow.names = key
    uow.keys.append(PersonKey(person=id, key=key, handle_digest=digest))
    person = uow.begin(Person, PersonAdded(sealed=personal_data.seal(key, id, personal)), id)
    return with_reference(uow, person, command.external)


@handles
def rename_person(uow: UnitOfWork, command: RenamePerson) -> Person:
    person = uow.change(Person, command.person, "person")
    key = uow.log.person_keys([person.id]).get(person.id)
    if key is None:
        raise CommandRejected(
            Code.CLOSED, "This person was erased and has no name to change.", "person", rule=Rule.PERSON_ERASED
        )
    uow.names = key
    old = personal_data.unseal(key, person.id, person.sealed)
    new = Personal(
        handle=old.handle,
        name=old.name if command.name is UNSET else command.name,
        email=old.email if command.email is UNSET else command.email,
    )
    if new != old:
        person.rename(personal_data.seal(key, person.id, new), uow.at)
    return person


@handles
def deactivate_person(uow: UnitOfWork, command: DeactivatePerson) -> Person:
    person = uow.change(Person, command.person, "person")
    person.deactivate(uow.at)
    return person


@handles
def reactivate_person(uow: UnitOfWork, command: ReactivatePerson) -> Person:
    person = uow.change(Person, command.person, "person")
    person.reactivate(uow.at)
    return person


@handles
def erase_person(uow: UnitOfWork, command: ErasePerson) -> Person:
    """Only the personal data is erased; the person's actions and memberships stay."""
    person = uow.change(Person, command.person, "person")
    person.erase(uow.at)
    return person


@handles
def form_team(uow: UnitOfWork, command: FormTeam) -> Team:
    key = command.parent_key
    field = "parent" if key is UNSET else "parentKey"
    parent = uow.team(command.parent if key is UNSET else keyed_id(Kind.TEAM, key), field)
    uow.load(command.members or ())
    event = TeamFormed(
        key=command.key,
        name=command.name,
        parent=parent,
        lead=uow.colleague(command.lead, "lead"),
    )
    if parent is not None:
        uow.not_before(uow.get(Team, parent, field))
    joining = [uow.colleague(person, "members", str(index)) for index, person in enumerate(command.members or [])]
    team = uow.begin(Team, event, keyed_id(Kind.TEAM, command.key))
    for person in filter(None, joining):
        team.join(person, uow.at)
    return with_reference(uow, team, command.external)


@handles
def rename_team(uow: UnitOfWork, command: RenameTeam) -> Team:
    team = uow.change(Team, command.team, "team")
    team.rename(command.name, uow.at)
    return team


@handles
def move_team(uow: UnitOfWork, command: MoveTeam) -> Team:
    team = uow.change(Team, command.team, "team")
    above: UUID | None = uow.team(command.parent, "parent")
    while above is not None:
        if above == team.id:
            raise CommandRejected(Code.CIRCULAR, f"'{team.key}' is above that team; choose one outside it.", "parent")
        above = uow.get(Team, above, "parent").parent
    team.move(command.parent, uow.at)
    return team


@handles
def appoint_lead(uow: UnitOfWork, command: AppointLead) -> Team:
    team = uow.change(Team, command.team, "team")
    team.appoint(uow.colleague(command.person, "person"), uow.at)
    return team


@handles
def join_team(uow: UnitOfWork, command: JoinTeam) -> Team:
    team = uow.change(Team, command.team, "team")
    person = uow.get(Person, command.person, "person")
    if person.id not in team.members:
        uow.colleague(person.id, "person")
    team.join(person.id, uow.at)
    return team


@handles
def leave_team(uow: UnitOfWork, command: LeaveTeam) -> Team:
    team = uow.change(Team, command.team, "team")
    team.leave(uow.get(Person, command.person, "person").id, uow.at)
    return team


@handles
def disband_team(uow: UnitOfWork, command: DisbandTeam) -> Team:
    team = uow.change(Team, command.team, "team")
    team.disband(uow.at)
    return team


@handles
def revive_team(uow: UnitOfWork, command: ReviveTeam) -> Team:
    team = uow.change(Team, command.team, "team")
    team.revive(uow.at)
    return team
