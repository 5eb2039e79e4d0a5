"""Authorization of commands: first by role, then by ownership and visibility of the aggregates.

The streams read for authorization belong to the unit of work, and the append checks their versions. So a concurrent
change of owner or visibility makes the command run again.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from msgspec import structs

from domain.commands.command import Command
from domain.commands.permissions import Author, Needs, Permission, Role, roles_with
from domain.handlers import related
from domain.handlers.unit_of_work import UnitOfWork
from domain.model.discussion import Comment, Initiative, Reflection
from domain.model.event import Aggregate, Event
from domain.model.key_result import KeyResult, KeyResultAdded
from domain.model.kpi import Kpi
from domain.model.measurements.check_in import CheckIn
from domain.model.measurements.reading import Reading
from domain.model.objective import Objective, ObjectiveAligned, ObjectiveUnaligned
from domain.model.people import Team
from domain.primitives.errors import Code, CommandRejected
from domain.primitives.values import Kind, Ref, Source, Visibility

SINCE_MAX = 100
"""The number of newer versions that are searched for one that the author sees."""

# ── by role ──────────────────────────────────────────────────────────────────────────────────────


def refuse_by_role(command: Command, author: Author) -> None:
    """Check the roles of the author, without reading the log. Raises `FORBIDDEN`."""
    refuse_kind(type(command), author)
    can = author.can
    if command.effective_at is not None and Permission.BACKDATE not in can:
        roles = _either(roles_with(Permission.BACKDATE))
        raise CommandRejected(
            Code.FORBIDDEN,
            f"An effective time requires the role {roles}; omit it for the time of recording.",
            "effectiveAt",
        )
    if author.source is Source.IMPORT and Permission.IMPORT not in can:
        raise CommandRejected(Code.FORBIDDEN, f"An import requires the role {_either(roles_with(Permission.IMPORT))}.")


def refuse_kind(kind: type[Command], author: Author) -> None:
    """Check that the roles of the author suffice for some command of a kind. Raises `FORBIDDEN`."""
    needs, can = kind.NEEDS, author.can
    if needs.any_subject not in can and needs.own not in can:
        raise _forbidden(needs)


def _forbidden(needs: Needs) -> CommandRejected:
    """The rejection, independent of the subject."""
    message = f"This requires the role {_either(roles_with(needs.any_subject))}"
    if needs.own is None:
        return CommandRejected(Code.FORBIDDEN, f"{message}.")
    owners = [role for role in roles_with(needs.own) if role not in roles_with(needs.any_subject)]
    return CommandRejected(Code.FORBIDDEN, f"{message}; {_either(owners)} suffices for {_OWN[needs.own]}.")


_OWN = {
    Permission.EDIT_OWN_GOALS: "goals that you own, contribute to, or lead the team of",
    Permission.RECORD_OWN_READINGS: "KPIs that you own",
}


def _either(roles: Sequence[Role]) -> str:
    *first, last = roles
    return f"{', '.join(first)} or {last}" if first else last


# ── by subject ───────────────────────────────────────────────────────────────────────────────────


def authorize(uow: UnitOfWork) -> list[UUID]:
    """Hide the aggregates that the author does not see, and check ownership. Raises `FORBIDDEN`.

    Returns the hidden ids of the input. The handler does not find them and rejects them with the same message as ids
    that do not exist.
    """
    hidden = [] if Permission.READ_PRIVATE in uow.can else _hide(uow)
    needs = uow.command.NEEDS
    if needs.of_kind:
        needs = _needs_of_kind(uow.command)
    if needs.any_subject not in uow.can and not (needs.own in uow.can and _is_own(uow, needs)):
        raise _forbidden(needs)
    return hidden


def _needs_of_kind(command: Command) -> Needs:
    """What the command requires for a subject of the kind that it states."""
    subject: Ref = getattr(command, command.NEEDS.of or "")
    return command.NEEDS.for_subject(subject.kind)


def sees(uow: UnitOfWork, objective: Objective) -> bool:
    """Whether the author sees an objective, and all that belongs to it.

    An objective with the visibility TEAM is seen by the members and the lead of its team, its owner and contributors,
    the owners of its key results (dropped ones, too), and callers with READ_PRIVATE. The current state decides.
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
    return any(one.owner == me for one in related.children(uow, KeyResult, KeyResultAdded, objective.id))


def _hide(uow: UnitOfWork) -> list[UUID]:
    """Hide the ids of the input that the author does not see, and return them."""
    named = _named(uow.command)
    uow.load(named)
    hidden = list(filter(partial(_is_hidden, uow), named))
    if uow.command.expected_version is not None:
        _accept_hidden_changes(uow, named, uow.command.expected_version)
    for id in hidden:
        uow.hide(id)
    return hidden


def _named(command: Command) -> list[UUID]:
    """Every id in the input, once. Cycles and KPIs, which have other names, too, are never hidden."""
    named: dict[UUID, None] = {}
    for value in structs.astuple(command):
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, Ref | UUID):
                named[one.id if isinstance(one, Ref) else one] = None
    return list(named)


def _is_hidden(uow: UnitOfWork, id: UUID) -> bool:
    """Whether the id is of an objective that the author does not see, or of an aggregate that belongs to one."""
    path = _path(uow, id)
    objective = path[-1] if path else None
    return isinstance(objective, Objective) and not sees(uow, objective)


def _path(uow: UnitOfWork, id: UUID) -> Sequence[Aggregate]:
    """The aggregate with this id, and those that it belongs to: up to an objective or a KPI. Empty if there is none."""
    path = uow.paths.get(id)
    if path is None:
        path, aggregate = [], uow.known(id)
        while aggregate is not None:
            path.append(aggregate)
            parent = _PARENTS.get(type(aggregate))
            aggregate = None if parent is None else uow.known(parent(aggregate))
        uow.paths[id] = path
    return path


_PARENTS: Final[Mapping[type[Aggregate], Callable[[Any], UUID]]] = {
    Reading: attrgetter("kpi"),
    KeyResult: attrgetter("objective"),
    CheckIn: attrgetter("key_result"),
    **dict.fromkeys((Initiative, Comment, Reflection), attrgetter("subject.id")),
}
"""By kind: the id of the parent, on the path to an objective or a KPI."""


def _accept_hidden_changes(uow: UnitOfWork, named: Sequence[UUID], expected: int) -> None:
    """Accept an older expected version if all changes since are hidden from the author."""
    for aggregate in map(uow.known, named):
        if isinstance(aggregate, Objective) and expected < aggregate.version:
            since = [recorded.event for recorded in uow.log.since(aggregate.id, expected, SINCE_MAX)]
            if len(since) == aggregate.version - expected and all(_names_hidden(uow, event) for event in since):
                uow.accepted_versions.add((aggregate.id, expected))


def _names_hidden(uow: UnitOfWork, event: Event) -> bool:
    return isinstance(event, ObjectiveAligned | ObjectiveUnaligned) and _is_hidden(uow, event.to.id)


# ── ownership ────────────────────────────────────────────────────────────────────────────────────


def _is_own(uow: UnitOfWork, needs: Needs) -> bool:
    """Whether the author owns every subject of the command. The handler rejects subjects that do not exist."""
    me = uow.me
    if me is None:
        return False
    command: Any = uow.command
    if needs.of is None:
        return me in (command.owner, *command.contributors) or _leads(uow, me, command.team)
    named = getattr(command, needs.of)
    if isinstance(named, list):
        return _owns_kpis(uow, me, named)
    subject = uow.known(named.id if isinstance(named, Ref) else named)
    return subject is None or is_own(uow, me, subject)


def _owns_kpis(uow: UnitOfWork, me: UUID, readings: Iterable[Any]) -> bool:
    """Whether a person owns the KPI of each of these readings. The handler rejects an id of another kind in place of a
    KPI, which may be hidden: visibility is not checked for KPI ids."""
    named = {reading.kpi for reading in readings}
    ids = [id for id in (uow.id_of(Kind.KPI, by) for by in named) if id is not None]
    uow.load(ids)
    found = [one for one in map(uow.known, ids) if isinstance(one, Kpi)]
    return all(map(partial(is_own, uow, me), found))


def refuse_foreign(uow: UnitOfWork, aggregate: Aggregate) -> None:
    """The same for another aggregate that the command changes, besides its subject. Raises `FORBIDDEN`."""
    needs, me = uow.command.NEEDS, uow.me
    if needs.any_subject not in uow.can and (me is None or not is_own(uow, me, aggregate)):
        raise _forbidden(needs)


def is_own(uow: UnitOfWork, me: UUID, aggregate: Aggregate) -> bool:
    """Whether a person owns an aggregate: an objective as owner, contributor or lead of its team; a key result or
    initiative also as its owner; a KPI as its owner. Other aggregates have the owners of their parents."""
    return any(map(partial(_names, uow, me), _path(uow, aggregate.id)))


def _names(uow: UnitOfWork, me: UUID, aggregate: Aggregate) -> bool:
    """Whether the aggregate itself names this person as an owner."""
    match aggregate:
        case Objective():
            return me in (aggregate.owner, *aggregate.contributors) or _leads(uow, me, aggregate.team)
        case KeyResult() | Initiative():
            return aggregate.owner == me
        case Kpi():
            return aggregate.definition.owner == me
    return False


def _leads(uow: UnitOfWork, me: UUID, team: UUID | None) -> bool:
    found = None if team is None else uow.known(team)
    return isinstance(found, Team) and found.lead == me
