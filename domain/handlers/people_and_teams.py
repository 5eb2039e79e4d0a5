"""What is decided about people and teams."""

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
    RenamePerson,
    RenameTeam,
)
from domain.handlers.handler_registry import handles
from domain.handlers.unit_of_work import Decision, keyed_id
from domain.log.event_store import PersonKey
from domain.model.people import Person, PersonAdded, Team, TeamFormed
from domain.primitives import personal_data, values
from domain.primitives.errors import Code, Refused
from domain.primitives.personal_data import Personal
from domain.primitives.values import Kind


@handles
def add_person(case: Decision, do: AddPerson) -> Person:
    personal = Personal(
        handle=values.key(do.handle, "handle"),
        name=values.title(do.name, "name"),
        email=values.email(do.email, "email"),
    )
    digest = personal_data.handle_digest(case.log.salt(), personal.handle)
    if case.log.person_by_handle(digest) is not None:
        raise Refused(Code.DUPLICATE, f"There is a person with the handle '{personal.handle}' already.", "handle")
    id, key = case.new_id(), personal_data.new_key()
    case.names = key
    case.keys.append(PersonKey(person=id, key=key, handle_digest=digest))
    return case.begin(Person, PersonAdded(sealed=personal_data.seal(key, id, personal)), id)


@handles
def rename_person(case: Decision, do: RenamePerson) -> Person:
    person = case.change(Person, do.person, "person")
    key = case.log.person_keys([person.id]).get(person.id)
    if key is None:
        raise Refused(Code.CLOSED, "This person was erased; there is no name to change.", "person")
    case.names = key
    old = personal_data.unseal(key, person.id, person.sealed)
    new = Personal(
        handle=old.handle,
        name=old.name if do.name is UNSET else values.title(do.name, "name"),
        email=old.email if do.email is UNSET else values.email(do.email, "email"),
    )
    if new != old:
        person.rename(personal_data.seal(key, person.id, new), case.at)
    return person


@handles
def deactivate_person(case: Decision, do: DeactivatePerson) -> Person:
    person = case.change(Person, do.person, "person")
    person.deactivate(case.at)
    return person


@handles
def erase_person(case: Decision, do: ErasePerson) -> Person:
    """What they did stays, and so does where they belong: only what names them goes, here and everywhere."""
    person = case.change(Person, do.person, "person")
    person.erase(case.at)
    return person


@handles
def form_team(case: Decision, do: FormTeam) -> Team:
    key = values.key(do.key, "key")
    event = TeamFormed(
        key=key,
        name=values.title(do.name, "name"),
        parent=case.team(do.parent, "parent"),
        lead=case.colleague(do.lead, "lead"),
    )
    if do.parent is not None:
        case.not_before(case.get(Team, do.parent, "parent"))
    return case.begin(Team, event, keyed_id(Kind.TEAM, key))


@handles
def rename_team(case: Decision, do: RenameTeam) -> Team:
    team = case.change(Team, do.team, "team")
    team.rename(values.title(do.name, "name"), case.at)
    return team


@handles
def move_team(case: Decision, do: MoveTeam) -> Team:
    team = case.change(Team, do.team, "team")
    above: UUID | None = case.team(do.parent, "parent")
    while above is not None:
        if above == team.id:
            raise Refused(Code.CIRCULAR, f"'{team.key}' stands above that team; choose one outside it.", "parent")
        above = case.get(Team, above, "parent").parent
    team.move(do.parent, case.at)
    return team


@handles
def appoint_lead(case: Decision, do: AppointLead) -> Team:
    team = case.change(Team, do.team, "team")
    team.appoint(case.colleague(do.person, "person"), case.at)
    return team


@handles
def join_team(case: Decision, do: JoinTeam) -> Team:
    team = case.change(Team, do.team, "team")
    person = case.get(Person, do.person, "person")
    if person.id not in team.members:
        case.colleague(person.id, "person")
    team.join(person.id, case.at)
    return team


@handles
def leave_team(case: Decision, do: LeaveTeam) -> Team:
    team = case.change(Team, do.team, "team")
    team.leave(case.get(Person, do.person, "person").id, case.at)
    return team


@handles
def disband_team(case: Decision, do: DisbandTeam) -> Team:
    team = case.change(Team, do.team, "team")
    team.disband(case.at)
    return team
