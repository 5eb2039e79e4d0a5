"""Saving goals as templates, and drafting goals from them."""

from collections.abc import Sequence

from msgspec import UNSET, Struct

from domain.commands.template_commands import (
    ApplyTemplate,
    RenameTemplate,
    RetireTemplate,
    SaveAsTemplate,
    TemplateGoalInput,
    TemplateKeyResultInput,
)
from domain.handlers import related
from domain.handlers.handler_registry import handles
from domain.handlers.unit_of_work import UnitOfWork
from domain.model.cycle import Cycle
from domain.model.key_result import KeyResult, KeyResultAdded
from domain.model.objective import Objective, ObjectiveDrafted
from domain.model.people import Team
from domain.model.templates.template import Template, TemplateSaved
from domain.model.templates.template_goals import TemplateGoal, TemplateKeyResult
from domain.primitives.checks import metric_checks
from domain.primitives.errors import Code, CommandRejected, ItemFaults
from domain.primitives.rules import Rule
from domain.primitives.values import Cadence, ObjectiveState, Unit, Visibility

EVENTS_MAX = 10_000
"""How many events applying a template may record."""


class Drafted(Struct, frozen=True):
    """The objectives that a command has drafted, in their order."""

    objectives: list[Objective]


# ── saving ───────────────────────────────────────────────────────────────────────────────────────


@handles
def save_as_template(uow: UnitOfWork, command: SaveAsTemplate) -> Template:
    """What is saved is the present state of the goals, without dropped ones. Raises `CONFLICT` for a private objective,
    and for a team without goals in the cycle."""
    cycle, objectives = _source(uow, command)
    cadence = cycle.check_in_cadence if cycle is not None else Cadence.WEEKLY
    event = TemplateSaved(
        name=command.name,
        cadence=cadence if command.cadence is UNSET else command.cadence,
        template_goals=tuple(
            _goals(uow, objectives) if command.goals is UNSET else [_given(goal) for goal in command.goals]
        ),
    )
    return uow.begin(Template, event)


def _source(uow: UnitOfWork, command: SaveAsTemplate) -> tuple[Cycle | None, Sequence[Objective]]:
    """The cycle and the objectives to save; none of them for goals that are given."""
    if command.objective is not None:
        objective = uow.get(Objective, command.objective, "objective")
        _refuse_private(objective)
        return uow.get(Cycle, objective.cycle), [objective]
    if command.cycle is None or command.team is None:
        return None, ()
    cycle, team = uow.find(Cycle, command.cycle, "cycle"), uow.get(Team, command.team, "team")
    found = [one for one in related.children(uow, Objective, ObjectiveDrafted, cycle.id) if one.team == team.id]
    shown = [one for one in found if _is_public(one) and one.state is not ObjectiveState.DROPPED]
    if not shown:
        raise CommandRejected(
            Code.CONFLICT,
            f"'{team.name}' has no goals in '{cycle.key}' that everybody sees; choose another cycle or team.",
            "team",
            rule=Rule.TEMPLATE_EMPTY,
            team=team.name,
            cycle=cycle.key,
        )
    return cycle, shown


def _is_public(objective: Objective) -> bool:
    return objective.visibility is Visibility.WORKSPACE


def _refuse_private(objective: Objective) -> None:
    if not _is_public(objective):
        raise CommandRejected(
            Code.CONFLICT,
            "Everybody sees a template, and only its team sees this objective; choose another, or give the goals.",
            "objective",
            rule=Rule.TEMPLATE_OF_PRIVATE_GOAL,
        )


def _goals(uow: UnitOfWork, objectives: Sequence[Objective]) -> list[TemplateGoal]:
    key_results = related.children_of(uow, KeyResult, KeyResultAdded, [one.id for one in objectives])
    return [
        TemplateGoal(
            title=one.title,
            kind=one.kind,
            description=one.description,
            key_results=tuple(_key_result(each) for each in key_results[one.id] if not each.is_dropped),
        )
        for one in objectives
    ]


def _key_result(one: KeyResult) -> TemplateKeyResult:
    return TemplateKeyResult(title=one.title, metric=one.metric, description=one.description, weight=one.weight)


def _given(goal: TemplateGoalInput) -> TemplateGoal:
    return TemplateGoal(
        title=goal.title,
        kind=goal.kind,
        description=goal.description,
        key_results=tuple(map(_given_key_result, goal.key_results)),
    )


def _given_key_result(one: TemplateKeyResultInput) -> TemplateKeyResult:
    metric = metric_checks.metric(one.metric.complete(Unit()), None, "metric")
    return TemplateKeyResult(title=one.title, metric=metric, description=one.description, weight=one.weight)


@handles
def rename_template(uow: UnitOfWork, command: RenameTemplate) -> Template:
    template = uow.change(Template, command.template, "template")
    template.rename(command.name, uow.at)
    return template


@handles
def retire_template(uow: UnitOfWork, command: RetireTemplate) -> Template:
    template = uow.change(Template, command.template, "template")
    template.retire(uow.at)
    return template


# ── applying ─────────────────────────────────────────────────────────────────────────────────────


@handles
def apply_template(uow: UnitOfWork, command: ApplyTemplate) -> Drafted:
    """A team that is named twice gets the goals once. Applying it again drafts them again."""
    template = uow.change(Template, command.template, "template")
    template.refuse_retired()
    cycle = uow.find(Cycle, command.cycle, "cycle")
    cycle.refuse_closed("cycle")
    uow.not_before(cycle)
    uow.not_before(template)
    uow.load(command.teams)
    faults, teams = ItemFaults(), dict.fromkeys(command.teams)
    for index, team in enumerate(command.teams):
        with faults.of():
            uow.team(team, "teams", str(index))
    faults.refuse()
    _refuse_many(len(teams) * sum(1 + len(goal.key_results) for goal in template.goals))
    drafts = [(goal, ObjectiveDrafted(
        cycle=cycle.id, title=goal.title, description=goal.description, kind=goal.kind, team=team
    )) for team in teams for goal in template.goals]  # fmt: skip
    return Drafted([_draft(uow, cycle, goal, event) for goal, event in drafts])


def _draft(uow: UnitOfWork, cycle: Cycle, goal: TemplateGoal, event: ObjectiveDrafted) -> Objective:
    objective = uow.begin(Objective, event)
    for one in goal.key_results:
        added = KeyResultAdded(
            objective=objective.id, title=one.title, description=one.description, metric=one.metric,
            weight=one.weight, due=cycle.ends_on,
        )  # fmt: skip
        uow.begin(KeyResult, added)
    return objective


def _refuse_many(events: int) -> None:
    if events > EVENTS_MAX:
        message = f"The request would record {events} changes; at most {EVENTS_MAX} are recorded together. Split it."
        raise CommandRejected(Code.TOO_LARGE, message, "teams", rule=Rule.BATCH_TOO_LARGE, max=EVENTS_MAX, count=events)
