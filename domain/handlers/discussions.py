"""What is decided about initiatives, comments and reflections."""

from domain.commands.discussion_commands import AddComment, MoveInitiative, PlanInitiative, Reflect
from domain.handlers.handler_registry import handles
from domain.handlers.unit_of_work import KINDS, Decision
from domain.model.cycle import Cycle
from domain.model.discussion import Comment, CommentAdded, Initiative, InitiativePlanned, Reflected, Reflection
from domain.model.event import Aggregate
from domain.model.key_result import KeyResult
from domain.model.objective import Objective
from domain.primitives import values
from domain.primitives.errors import invalid
from domain.primitives.values import Kind

_COMMENTED = tuple(kind for kind in KINDS if kind.KIND is not Kind.POLICY)


@handles
def plan_initiative(case: Decision, do: PlanInitiative) -> Initiative:
    subject = case.subject(case.ref(do.subject, (Objective, KeyResult), "subject"))
    case.not_before(subject)
    _cycle_of(case, subject).refuse_closed("subject")
    event = InitiativePlanned(
        title=values.title(do.title, "title"),
        subject=do.subject,
        owner=case.colleague(do.owner, "owner"),
        due=do.due,
    )
    return case.begin(Initiative, event)


@handles
def move_initiative(case: Decision, do: MoveInitiative) -> Initiative:
    initiative = case.change(Initiative, do.initiative, "initiative")
    if initiative.state is not do.to:
        subject = case.ref(initiative.subject, (Objective, KeyResult), "initiative")
        _cycle_of(case, subject).refuse_closed("initiative")
    initiative.move(do.to, case.at)
    return initiative


@handles
def add_comment(case: Decision, do: AddComment) -> Comment:
    case.not_before(case.subject(case.ref(do.subject, _COMMENTED, "subject")))
    return case.begin(Comment, CommentAdded(subject=do.subject, body=_said(do.body)))


@handles
def reflect(case: Decision, do: Reflect) -> Reflection:
    case.not_before(case.subject(case.ref(do.subject, (Cycle, Objective), "subject")))
    return case.begin(Reflection, Reflected(subject=do.subject, kind=do.kind, body=_said(do.body)))


def _said(body: str) -> str:
    said = values.prose(body, "body")
    if said is None:
        raise invalid("Say something: the body is blank.", "body")
    return said


def _cycle_of(case: Decision, subject: Aggregate) -> Cycle:
    objective = case.get(Objective, subject.objective) if isinstance(subject, KeyResult) else subject
    assert isinstance(objective, Objective)
    return case.get(Cycle, objective.cycle)
