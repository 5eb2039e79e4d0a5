"""Handlers of the commands on initiatives, comments and reflections."""

from msgspec import UNSET

from domain.commands.discussion_commands import AddComment, EditInitiative, MoveInitiative, PlanInitiative, Reflect
from domain.handlers.across.referencing import with_reference
from domain.handlers.handler_registry import handles
from domain.handlers.unit_of_work import UnitOfWork
from domain.model.cycle import Cycle
from domain.model.discussion import Comment, CommentAdded, Initiative, InitiativePlanned, Reflected, Reflection
from domain.model.event import Aggregate
from domain.model.key_result import KeyResult
from domain.model.kpi import Kpi
from domain.model.measurements.check_in import CheckIn
from domain.model.measurements.reading import Reading
from domain.model.objective import Objective
from domain.model.people import Person, Team
from domain.model.templates.template import Template

_COMMENTED: tuple[type[Aggregate], ...] = (
    Person, Team, Cycle, Objective, KeyResult, CheckIn, Kpi, Reading, Initiative, Comment, Reflection, Template,
)  # fmt: skip
"""What takes comments."""


@handles
def plan_initiative(uow: UnitOfWork, command: PlanInitiative) -> Initiative:
    subject = uow.subject(uow.ref(command.subject, (Objective, KeyResult), "subject"))
    uow.not_before(subject)
    _cycle_of(uow, subject).refuse_closed("subject")
    event = InitiativePlanned(
        title=command.title,
        subject=command.subject,
        owner=uow.colleague(command.owner, "owner"),
        due=command.due,
    )
    return with_reference(uow, uow.begin(Initiative, event), command.external)


@handles
def edit_initiative(uow: UnitOfWork, command: EditInitiative) -> Initiative:
    """Not in a closed cycle."""
    initiative = uow.change(Initiative, command.initiative, "initiative")
    _cycle_of(uow, uow.ref(initiative.subject, (Objective, KeyResult), "initiative")).refuse_closed("initiative")
    initiative.edit(
        title=initiative.title if command.title is UNSET else command.title,
        owner=initiative.owner if command.owner is UNSET else uow.colleague(command.owner, "owner"),
        due=initiative.due if command.due is UNSET else command.due,
        at=uow.at,
    )
    return initiative


@handles
def move_initiative(uow: UnitOfWork, command: MoveInitiative) -> Initiative:
    initiative = uow.change(Initiative, command.initiative, "initiative")
    if initiative.state is not command.to:
        subject = uow.ref(initiative.subject, (Objective, KeyResult), "initiative")
        _cycle_of(uow, subject).refuse_closed("initiative")
    initiative.move(command.to, uow.at)
    return initiative


@handles
def add_comment(uow: UnitOfWork, command: AddComment) -> Comment:
    uow.not_before(uow.subject(uow.ref(command.subject, _COMMENTED, "subject")))
    return uow.begin(Comment, CommentAdded(subject=command.subject, body=command.body))


@handles
def reflect(uow: UnitOfWork, command: Reflect) -> Reflection:
    uow.not_before(uow.subject(uow.ref(command.subject, (Cycle, Objective), "subject")))
    return uow.begin(Reflection, Reflected(subject=command.subject, kind=command.kind, body=command.body))


def _cycle_of(uow: UnitOfWork, subject: Aggregate) -> Cycle:
    objective = uow.get(Objective, subject.objective) if isinstance(subject, KeyResult) else subject
    assert isinstance(objective, Objective)
    return uow.get(Cycle, objective.cycle)
