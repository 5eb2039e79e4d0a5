"""Whether somebody may do what they ask for: by role at once, by what is theirs and what they see once it is read.

What is read for that is part of the decision like all else, and is looked at again when it is recorded: nobody slips
through while a goal changes hands, or is hidden.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from msgspec import structs

from domain.commands.command import Command
from domain.commands.permissions import Needs, Permission, Role, permissions, roles_with
from domain.handlers.unit_of_work import Author, UnitOfWork, keyed_id
from domain.model.discussion import Comment, Initiative, Reflection
from domain.model.event import Aggregate, Event
from domain.model.key_result import CheckIn, KeyResult, KeyResultAdded
from domain.model.kpi import Kpi, Reading
from domain.model.objective import Objective, ObjectiveAligned, ObjectiveUnaligned
from domain.model.people import Team
from domain.primitives.errors import Code, CommandRejected
from domain.primitives.values import Kind, Ref, Source, Visibility

SINCE_MAX = 100
"""As many newer versions of a thing are looked through for one that its author sees."""

# ── by role ──────────────────────────────────────────────────────────────────────────────────────


def refuse_by_role(command: Command, author: Author) -> None:
    """Refuse what no role of the author permits, whatever it is about; nothing is read. Raises `FORBIDDEN`."""
    needs, can = command.NEEDS, permissions(author.roles)
    if needs.anybodys not in can and needs.own not in can:
        raise _forbidden(needs)
    if command.effective_at is not None and Permission.BACKDATE not in can:
        said = _either(roles_with(Permission.BACKDATE))
        raise CommandRejected(
            Code.FORBIDDEN, f"This takes the role {said}; left out, it is true from now on.", "effectiveAt"
        )
    if author.source is Source.IMPORT and Permission.IMPORT not in can:
        raise CommandRejected(Code.FORBIDDEN, f"An import takes the role {_either(roles_with(Permission.IMPORT))}.")


def _forbidden(needs: Needs) -> CommandRejected:
    """The same for whatever the command is about."""
    message = f"This takes the role {_either(roles_with(needs.anybodys))}"
    if needs.own is None:
        return CommandRejected(Code.FORBIDDEN, f"{message}.")
    owners = [role for role in roles_with(needs.own) if role not in roles_with(needs.anybodys)]
    return CommandRejected(Code.FORBIDDEN, f"{message}; as {_either(owners)} it can be done with {_OWN[needs.own]}.")


_OWN = {
    Permission.EDIT_OWN_GOALS: "goals that you own, contribute to, or lead the team of",
    Permission.RECORD_OWN_READINGS: "KPIs that you own",
}


def _either(roles: Sequence[Role]) -> str:
    *first, last = roles
    return f"{', '.join(first)} or {last}" if first else last


# ── by what it is about ──────────────────────────────────────────────────────────────────────────


def judge(uow: UnitOfWork) -> list[UUID]:
    """Before anything is decided: hide from the decision what its author does not see, and refuse what it takes
    to be theirs and is not. Raises `FORBIDDEN`. The ids in the input that are hidden: what decides finds nothing
    there, and says so in the words in which it says so of anything that there is not."""
    hidden = [] if Permission.READ_PRIVATE in uow.can else _hide(uow)
    needs = uow.command.NEEDS
    if needs.anybodys not in uow.can and not _is_own(uow, needs):
        raise _forbidden(needs)
    return hidden


def sees(uow: UnitOfWork, objective: Objective) -> bool:
    """Whether the author sees an objective, and all that belongs to it.

    One for TEAM is seen by the members and the lead of its team, its owner and its contributors, the owners of its
    key results (dropped ones, too), and by whoever may READ_PRIVATE. What rules is how all this is now.
    """
    me = uow.me
    if objective.visibility is Visibility.WORKSPACE or Permission.READ_PRIVATE in uow.can:
        return True
    if me is None:
        return False
    if me in (objective.owner, *objective.contributors):
        return True
    team = None if objective.team is None else uow.known(objective.team)
    if isinstance(team, Team) and me in (team.lead, *team.members):
        return True
    return any(one.owner == me for one in uow.children(KeyResult, KeyResultAdded, objective.id))


def _hide(uow: UnitOfWork) -> list[UUID]:
    """All that the input names and the author does not see."""
    named = _named(uow.command)
    uow.load(named)
    hidden = list(filter(partial(_is_hidden, uow), named))
    if uow.command.expected_version is not None:
        _look_new(uow, named, uow.command.expected_version)
    for id in hidden:
        uow.hide(id)
    return hidden


def _named(command: Command) -> list[UUID]:
    """Every id in the input, once. What is named by a key as well, cycles and KPIs, is nobody's secret."""
    named: dict[UUID, None] = {}
    for value in structs.astuple(command):
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, Ref | UUID):
                named[one.id if isinstance(one, Ref) else one] = None
    return list(named)


def _is_hidden(uow: UnitOfWork, id: UUID) -> bool:
    """Whether it is an objective that the author does not see, or belongs to one."""
    thing = uow.known(id)
    while thing is not None and not isinstance(thing, Objective):
        above = _above(thing)
        thing = None if above is None else uow.known(above)
    return thing is not None and not sees(uow, thing)


def _above(thing: Aggregate) -> UUID | None:
    """What a thing belongs to, on its way to an objective."""
    match thing:
        case KeyResult():
            return thing.objective
        case CheckIn():
            return thing.key_result
        case Initiative() | Comment() | Reflection():
            return thing.subject.id
    return None


def _look_new(uow: UnitOfWork, named: Sequence[UUID], expected: int) -> None:
    """Note where the version that the author saw is the newest that they see: all since is about what is hidden."""
    for thing in map(uow.known, named):
        if isinstance(thing, Objective) and expected < thing.version:
            since = [said.event for said in uow.log.since(thing.id, expected, SINCE_MAX)]
            if len(since) == thing.version - expected and all(_names_hidden(uow, event) for event in since):
                uow.looks_new.add((thing.id, expected))


def _names_hidden(uow: UnitOfWork, event: Event) -> bool:
    return isinstance(event, ObjectiveAligned | ObjectiveUnaligned) and _is_hidden(uow, event.to.id)


# ── what is one's own ────────────────────────────────────────────────────────────────────────────


def _is_own(uow: UnitOfWork, needs: Needs) -> bool:
    """Whether every subject of the command is the author's own. A subject that does not exist is left to the handler,
    which refuses it; so is the id of another kind where a KPI is named: it may be hidden, and ids of KPIs were not
    checked for that."""
    me = uow.me
    if me is None:
        return False
    command: Any = uow.command
    if needs.of is None:
        return me in (command.owner, *command.contributors) or _leads(uow, me, command.team)
    about, kind = _about(getattr(command, needs.of))
    uow.load(about)
    others = [thing for thing in map(uow.known, about) if isinstance(thing, kind) and not is_own(thing, uow, me)]
    return not others


def _about(named: Any) -> tuple[list[UUID], type[Aggregate]]:
    """The ids that a command's subject field names, and the kind that they must be of."""
    if isinstance(named, list):
        kpis = {reading.kpi for reading in named}
        return [keyed_id(Kind.KPI, by.key or "") if by.id is None else by.id for by in kpis], Kpi
    return [named.id if isinstance(named, Ref) else named], Aggregate


def is_own(thing: Aggregate, uow: UnitOfWork, me: UUID) -> bool:
    """Whether a thing is a person's own: a goal as owner, contributor, or lead of the team whose it is; a key result
    and an initiative also as its owner; a KPI as its owner. All else by what it belongs to."""
    part: Aggregate | None = thing
    while part is not None:
        if _names(part, uow, me):
            return True
        above = part.kpi if isinstance(part, Reading) else _above(part)
        part = None if above is None else uow.known(above)
    return False


def _names(thing: Aggregate, uow: UnitOfWork, me: UUID) -> bool:
    """Whether the thing itself names this person as one of its own."""
    match thing:
        case Objective():
            return me in (thing.owner, *thing.contributors) or _leads(uow, me, thing.team)
        case KeyResult() | Initiative():
            return thing.owner == me
        case Kpi():
            return thing.definition.owner == me
    return False


def _leads(uow: UnitOfWork, me: UUID, team: UUID | None) -> bool:
    found = None if team is None else uow.known(team)
    return isinstance(found, Team) and found.lead == me
