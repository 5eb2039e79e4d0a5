"""Commands on templates of goals."""

from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from domain.commands.command import Command, CycleBy, Markdown, ObjectiveId, Parsed, TeamId, TemplateId, Title, Weight
from domain.commands.key_result_commands import MetricInput, metric_fields
from domain.commands.objective_commands import KEY_RESULTS_MAX
from domain.commands.permissions import RUN_CYCLES
from domain.model.objective import ObjectiveDrafted
from domain.model.templates.template import TemplateRenamed, TemplateRetired, TemplateSaved
from domain.primitives.checks import metric_checks
from domain.primitives.documentation import doc
from domain.primitives.errors import Code, CommandRejected, Faults, invalid
from domain.primitives.rules import Rule
from domain.primitives.values import Cadence, Kind, ObjectiveKind, Unit

GOALS_MAX = 100
"""Objectives of one template."""
TEAMS_MAX = 500
"""Teams for which a template is applied in one command."""


class TemplateKeyResultInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A key result of a template."""

    title: Title
    metric: Annotated[MetricInput, doc("The metric that measures it, with its start."), Parsed(metric_fields)]
    description: Markdown | None = None
    weight: Annotated[Weight, doc("The weight among the key results of its objective; above 0.")] = 1.0


class TemplateGoalInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """An objective of a template."""

    title: Title
    description: Markdown | None = None
    kind: Annotated[ObjectiveKind, doc("Whether it is committed or aspirational.")] = ObjectiveKind.COMMITTED
    key_results: Annotated[list[TemplateKeyResultInput], doc("Its key results, up to 50.")] = msgspec.field(
        default_factory=list
    )


class SaveAsTemplate(Command, frozen=True):
    """Save goals as a template, to draft them again: an objective; or those of a team in a cycle; or goals that are
    given. It takes titles, descriptions, kinds, metrics and weights, and no people, days, values and links.

    Everybody sees a template: an objective that only its team sees cannot be saved, and is left out of a team's."""

    NEEDS = RUN_CYCLES
    ANSWERS = Kind.TEMPLATE
    RECORDS = TemplateSaved

    name: Annotated[Title, doc("The name of the template.")]
    objective: Annotated[ObjectiveId | None, doc("The objective to save.")] = None
    team: Annotated[TeamId | None, doc("The team whose goals to save, with the cycle.")] = None
    cycle: Annotated[CycleBy | None, doc("The cycle whose goals of the team to save.")] = None
    goals: Annotated[list[TemplateGoalInput] | UnsetType, doc("The goals themselves, up to 100.")] = UNSET
    cadence: Annotated[
        Cadence | UnsetType, doc("How often its key results are checked in; by default that of the cycle, or WEEKLY.")
    ] = UNSET

    def check(self, faults: Faults) -> None:
        ways = (self.objective is not None, (self.team, self.cycle) != (None, None), self.goals is not UNSET)
        if sum(ways) != 1 or (self.team is None) != (self.cycle is None):
            message = "Give an objective, or a team and a cycle, or goals: exactly one of the three."
            faults.keep(invalid(message, rule=Rule.TEMPLATE_SOURCE_NOT_ONE))
        goals = self.goals or []
        _refuse_more(GOALS_MAX, len(goals), faults, "goals")
        for index, goal in enumerate(goals[:GOALS_MAX]):
            _check_goal(goal, faults, "goals", str(index))


def _check_goal(goal: TemplateGoalInput, faults: Faults, *path: str) -> None:
    _refuse_more(KEY_RESULTS_MAX, len(goal.key_results), faults, *path, "keyResults")
    for index, one in enumerate(goal.key_results[:KEY_RESULTS_MAX]):
        with faults:
            metric_checks.metric(one.metric.complete(Unit()), None, *path, "keyResults", str(index), "metric")


def _refuse_more(most: int, count: int, faults: Faults, *path: str) -> None:
    if count > most:
        message = f"A template has at most {most} of these; save two templates."
        faults.keep(CommandRejected(Code.TOO_LARGE, message, *path, rule=Rule.TEMPLATE_TOO_LARGE, max=most))


class RenameTemplate(Command, frozen=True):
    """Change the name of a template."""

    NEEDS = RUN_CYCLES
    ANSWERS = Kind.TEMPLATE
    RECORDS = TemplateRenamed

    template: TemplateId
    name: Annotated[Title, doc("The new name.")]


class RetireTemplate(Command, frozen=True):
    """Retire a template: nothing is drafted from it any more. What was drafted stays."""

    NEEDS = RUN_CYCLES
    ANSWERS = Kind.TEMPLATE
    RECORDS = TemplateRetired

    template: TemplateId


class ApplyTemplate(Command, frozen=True):
    """Draft the goals of a template in a cycle, for each of these teams, all or nothing. They have no owners, and are
    due on the last day of the cycle."""

    NEEDS = RUN_CYCLES
    ANSWERS = Kind.OBJECTIVE
    ANSWERS_MANY = True
    RECORDS = ObjectiveDrafted

    template: TemplateId
    cycle: CycleBy
    teams: Annotated[list[TeamId], doc("The teams, up to 500.")]

    def check(self, faults: Faults) -> None:
        if not self.teams:
            faults.keep(invalid("Name at least one team.", "teams", rule=Rule.BATCH_EMPTY))
        if len(self.teams) > TEAMS_MAX:
            message = f"At most {TEAMS_MAX} teams in one request; split it."
            faults.keep(CommandRejected(Code.TOO_LARGE, message, "teams", rule=Rule.BATCH_TOO_MANY, max=TEAMS_MAX))
