"""Labels of goals, KPIs and teams."""

from domain.commands.subject_commands import SetLabels
from domain.handlers.handler_registry import handles
from domain.handlers.unit_of_work import UnitOfWork
from domain.model.cycle import Cycle
from domain.model.key_result import KeyResult
from domain.model.kpi import Kpi
from domain.model.objective import Objective
from domain.model.people import Team

_LABELLED = (Objective, KeyResult, Kpi, Team)


@handles
def set_labels(uow: UnitOfWork, command: SetLabels) -> Objective | KeyResult | Kpi | Team:
    """Not of what has ended, nor in a closed cycle: labels are edited as everything else of the thing is."""
    subject = uow.subject(uow.ref(command.subject, _LABELLED, "subject"))
    assert isinstance(subject, Objective | KeyResult | Kpi | Team)
    labels = tuple(command.labels)
    if labels != subject.labels:
        _refuse_ended_goal(uow, subject)
    subject.label(labels, uow.at)
    return subject


def _refuse_ended_goal(uow: UnitOfWork, subject: Objective | KeyResult | Kpi | Team) -> None:
    if isinstance(subject, Objective | KeyResult):
        objective = uow.get(Objective, subject.objective) if isinstance(subject, KeyResult) else subject
        uow.get(Cycle, objective.cycle).refuse_closed("subject")
        objective.refuse_ended("subject")
