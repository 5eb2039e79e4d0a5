"""Templates: what is saved of goals, who may see it, and what is drafted from it."""

from datetime import date
from uuid import uuid4

import pytest
from msgspec import structs

from domain.commands.command import Command
from domain.commands.key_result_commands import DropKeyResult
from domain.commands.objective_commands import AssignObjective, DraftObjective, SetObjectiveVisibility
from domain.commands.people_commands import DisbandTeam, FormTeam
from domain.commands.template_commands import (
    GOALS_MAX,
    ApplyTemplate,
    RenameTemplate,
    RetireTemplate,
    SaveAsTemplate,
    TemplateGoalInput,
    TemplateKeyResultInput,
)
from domain.handlers.unit_of_work import keyed_id
from domain.model.key_result import KeyResultAdded
from domain.model.objective import ObjectiveDrafted
from domain.model.templates.template import Template, TemplateRenamed, TemplateRetired, TemplateSaved
from domain.model.templates.template_goals import TemplateGoal, TemplateKeyResult
from domain.primitives.values import Cadence, Kind, ObjectiveKind, Visibility
from tests.domain.given_goals import (
    ADA,
    KEY_RESULT,
    NORTH,
    OBJECTIVE,
    Q1,
    Q2,
    SALES,
    ZERO_TO_TEN,
    ada,
    checked_in,
    closed,
    committed,
    dropped,
    north,
    opened_q2,
    other,
    sales,
    working,
)
from tests.domain.scenario import called, given, made
from tests.metric_input import as_input

TEMPLATE = made("template")
Q2_ID = keyed_id(Kind.CYCLE, "2026-q2")
OF_OBJECTIVE = called("template", SaveAsTemplate(name="Usual", objective=OBJECTIVE))
GOAL = TemplateGoal(
    title="Delight the people who use us",
    kind=ObjectiveKind.COMMITTED,
    key_results=(TemplateKeyResult(title="Sessions held", metric=ZERO_TO_TEN),),
)
GIVEN = SaveAsTemplate(
    name="Usual",
    goals=[
        TemplateGoalInput(
            title=GOAL.title,
            key_results=[TemplateKeyResultInput(title="Sessions held", metric=as_input(ZERO_TO_TEN))],
        )
    ],
)
team_goal = AssignObjective(objective=OBJECTIVE, team=SALES)
base = (ada, sales, north, *working, opened_q2)
APPLY = ApplyTemplate(template=TEMPLATE, cycle=Q2, teams=[SALES, NORTH])


def saved(*history: Command, by: Command = OF_OBJECTIVE) -> tuple[TemplateGoal, ...]:
    done = given(*base, *history).when(by)
    goals: tuple[TemplateGoal, ...] = done.the(TemplateSaved).template_goals
    return goals


# ── saving ────────────────────────────────────────────────────────────────────────────────────────


def test_template_takes_titles_metrics_weights_and_cadence_and_no_people_or_values() -> None:
    owned = AssignObjective(objective=OBJECTIVE, owner=ADA, contributors=[ADA])
    done = given(*base, owned, checked_in(4)).when(OF_OBJECTIVE)
    done.then(TemplateSaved(name="Usual", cadence=Cadence.WEEKLY, template_goals=(GOAL,)))


def test_dropped_key_results_are_left_out() -> None:
    assert saved(DropKeyResult(key_result=KEY_RESULT, reason="no"))[0].key_results == ()


def test_template_of_a_team_has_its_goals_of_the_cycle_that_everybody_sees() -> None:
    private = DraftObjective(cycle=Q1, title="Among us", team=SALES, visibility=Visibility.TEAM)
    of_team = SaveAsTemplate(name="Usual", team=SALES, cycle=Q1)
    assert saved(team_goal, other, private, by=of_team) == (GOAL,)


def test_team_without_goals_that_everybody_sees_is_refused() -> None:
    of_team = SaveAsTemplate(name="Usual", team=SALES, cycle=Q1)
    given(*base, team_goal, dropped).when(of_team).then_refused("CONFLICT", "team")


def test_private_objective_becomes_no_template() -> None:
    hidden = SetObjectiveVisibility(objective=OBJECTIVE, visibility=Visibility.TEAM)
    given(*base, team_goal, hidden).when(OF_OBJECTIVE).then_refused("CONFLICT", "objective")


def test_given_goals_are_saved_as_those_of_an_objective() -> None:
    assert saved(by=GIVEN) == (GOAL,)


def test_ended_objective_can_be_saved() -> None:
    assert saved(committed, closed) == (GOAL,)


@pytest.mark.parametrize(
    "more", [{"goals": []}, {"team": SALES, "cycle": Q1}, {"team": SALES}, {"objective": None}], ids=str
)
def test_template_has_exactly_one_source(more: dict[str, object]) -> None:
    given(*base).when(structs.replace(OF_OBJECTIVE, **more)).then_refused("INVALID", "")


def test_faults_of_given_goals_are_told_by_path() -> None:
    (goal,) = GIVEN.goals or []
    bad = structs.replace(goal, key_results=[structs.replace(goal.key_results[0], title=" ")])
    given(*base).when(structs.replace(GIVEN, goals=[goal, bad])).then_refused("INVALID", "goals.1.keyResults.0.title")
    many = structs.replace(GIVEN, goals=[goal] * (GOALS_MAX + 1))
    given(*base).when(many).then_refused("TOO_LARGE", "goals")


# ── renaming and retiring ─────────────────────────────────────────────────────────────────────────


def test_template_is_renamed_and_retired() -> None:
    given(*base, OF_OBJECTIVE).when(RenameTemplate(template=TEMPLATE, name="New")).then(TemplateRenamed(name="New"))
    given(*base, OF_OBJECTIVE).when(RetireTemplate(template=TEMPLATE)).then(TemplateRetired())


def test_retired_template_is_neither_renamed_nor_applied() -> None:
    retired = (*base, OF_OBJECTIVE, RetireTemplate(template=TEMPLATE))
    given(*retired).when(RenameTemplate(template=TEMPLATE, name="New")).then_refused("CLOSED", "template")
    given(*retired).when(APPLY).then_refused("CLOSED", "template")


# ── applying ──────────────────────────────────────────────────────────────────────────────────────


def test_template_drafts_its_goals_in_the_cycle_for_each_team() -> None:
    done = given(*base, OF_OBJECTIVE).when(called("apply", APPLY))
    drafted = [
        ObjectiveDrafted(cycle=Q2_ID, title=GOAL.title, kind=ObjectiveKind.COMMITTED, team=team)
        for team in (SALES, NORTH)
    ]
    added = [
        KeyResultAdded(objective=made("apply", nth), title="Sessions held", metric=ZERO_TO_TEN, weight=1.0,
                       due=date(2026, 6, 30))
        for nth in (1, 3)
    ]  # fmt: skip
    done.then(drafted[0], added[0], drafted[1], added[1])
    assert done.outcome is not None
    assert [ref.id for ref in done.outcome.result.created] == [made("apply", 1), made("apply", 3)]


def test_all_teams_that_cannot_take_goals_are_told_at_once() -> None:
    gone = (FormTeam(key="east", name="East"), DisbandTeam(team=NORTH))
    bad = structs.replace(APPLY, teams=[SALES, NORTH, uuid4()])
    refused = given(*base, OF_OBJECTIVE, *gone).when(bad).then_refused("CONFLICT", "teams.1")
    assert [one.field for one in refused.problems] == [("teams", "1"), ("teams", "2")]


def test_template_is_not_applied_in_a_closed_cycle_or_for_no_team() -> None:
    given(*base, OF_OBJECTIVE, committed, closed).when(structs.replace(APPLY, cycle=Q1)).then_refused("CLOSED", "cycle")
    given(*base, OF_OBJECTIVE).when(structs.replace(APPLY, teams=[])).then_refused("INVALID", "teams")


def test_repeated_key_returns_the_first_drafts() -> None:
    history = given(*base, OF_OBJECTIVE, called("apply", APPLY))
    again = history.when(called("apply", APPLY)).then_nothing()
    assert again.outcome is not None
    assert (again.outcome.repeated, len(again.outcome.result.created)) == (True, 2)
    assert history.aggregate(Template, TEMPLATE).version == 1
