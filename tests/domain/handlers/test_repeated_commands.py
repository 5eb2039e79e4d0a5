"""Idempotence: a command whose effect is already in place records nothing. Every state-setting command is listed."""

from datetime import date

import pytest

from domain.commands.command import Command, verb
from domain.commands.cycle_commands import (
    AbandonCycle,
    ActivateCycle,
    AdoptScoringPolicy,
    OpenCycle,
    RenameCycle,
    RescheduleCycle,
)
from domain.commands.discussion_commands import AddComment, EditInitiative, MoveInitiative, PlanInitiative, Reflect
from domain.commands.key_result_commands import (
    AddKeyResult,
    AssignKeyResult,
    CheckIn,
    CorrectCheckIn,
    MoveKeyResult,
    PlanKeyResult,
    RescheduleKeyResult,
    RetargetKeyResult,
    ReweighKeyResult,
    RewordKeyResult,
    ScoreKeyResult,
    UnlinkKpi,
)
from domain.commands.kpi_commands import (
    CorrectReading,
    DefineKpi,
    RedefineKpi,
    RetractReading,
    ReviveKpi,
    SetKpiTargets,
)
from domain.commands.objective_commands import (
    AlignObjective,
    AssignObjective,
    CarryObjective,
    CloseObjective,
    CommitObjective,
    DraftObjective,
    MoveObjective,
    ReopenObjective,
    RewordObjective,
    SetObjectiveVisibility,
    UnalignObjective,
)
from domain.commands.people_commands import (
    AddPerson,
    AppointLead,
    DeactivatePerson,
    DisbandTeam,
    ErasePerson,
    FormTeam,
    HandOver,
    JoinTeam,
    LeaveTeam,
    MoveTeam,
    ReactivatePerson,
    RenamePerson,
    RenameTeam,
    ReviveTeam,
)
from domain.commands.registry import VERBS
from domain.commands.subject_commands import SetExternalReference, SetLabels
from domain.commands.template_commands import ApplyTemplate, RenameTemplate, RetireTemplate, SaveAsTemplate
from domain.commands.workspace_commands import SetCalendar
from domain.primitives.values import (
    GoalDirection,
    InitiativeState,
    KpiGoal,
    KpiTarget,
    Metric,
    PlanPoint,
    Visibility,
)
from tests.domain.given_goals import (
    ADA,
    BEN,
    CHECK_IN,
    KEY_RESULT,
    KPI,
    NORTH,
    OBJECTIVE,
    OTHER,
    Q1,
    Q2,
    SALES,
    ZERO_TO_TWENTY,
    activated,
    ada,
    ben,
    checked_in,
    closed,
    defined,
    dropped,
    dropped_key_result,
    finished,
    linked,
    north,
    objective_ref,
    opened_q2,
    other,
    read,
    retired,
    sales,
    working,
)
from tests.domain.handlers.test_kpis import GOAL, READING
from tests.domain.scenario import called, given, made
from tests.metric_input import as_input

planned = called("work", PlanInitiative(title="Ask ten people", subject=objective_ref()))
private = called("private", DraftObjective(cycle=Q1, title="Among ourselves", team=SALES, visibility=Visibility.TEAM))
PRIVATE = made("private")
watched = RedefineKpi(
    kpi=KPI, goal=KpiGoal(GoalDirection.AT_LEAST, target=40), goal_from=date(2027, 1, 1), reason="a goal for next year"
)
led = AppointLead(team=NORTH, person=BEN)
everything = (
    ada,
    ben,
    sales,
    north,
    led,
    defined,
    watched,
    *working,
    opened_q2,
    other,
    checked_in(3),
    read(40),
    planned,
    private,
    called("template", SaveAsTemplate(name="Usual", objective=OBJECTIVE)),
)

STATES: list[Command] = [
    RenamePerson(person=ADA, name="Ada King", email="ada@example.com"),
    DeactivatePerson(person=ADA),
    ErasePerson(person=ADA, reason="asked to be"),
    HandOver(from_=BEN, to=ADA),
    SetLabels(subject=objective_ref(), labels=["b", "a"]),
    SetExternalReference(subject=objective_ref(), system="jira", id="OKR-7", url="https://jira.example.com/OKR-7"),
    RenameTeam(team=SALES, name="Growth"),
    MoveTeam(team=NORTH, parent=None),
    AppointLead(team=SALES, person=ADA),
    JoinTeam(team=SALES, person=ADA),
    DisbandTeam(team=SALES),
    RenameCycle(cycle=Q1, name="First quarter"),
    RescheduleCycle(cycle=Q1, ends_on=date(2026, 5, 31), reason="longer"),
    AbandonCycle(cycle=Q2, reason="mistyped"),
    AdoptScoringPolicy(score_green=0.8),
    SetCalendar(time_zone="Europe/Lisbon", fiscal_year_start_month=2),
    RewordObjective(objective=OBJECTIVE, title="Otherwise", description="How"),
    AssignObjective(objective=OBJECTIVE, owner=ADA, team=SALES, contributors=[BEN, ADA]),
    SetObjectiveVisibility(objective=PRIVATE, visibility=Visibility.WORKSPACE),
    AlignObjective(objective=OBJECTIVE, to=objective_ref(OTHER)),
    CommitObjective(objective=OTHER),
    CloseObjective(objective=OBJECTIVE, score=0.9, reflection="Well"),
    finished,
    dropped,
    closed,
    RewordKeyResult(key_result=KEY_RESULT, title="Otherwise", description="How"),
    AssignKeyResult(key_result=KEY_RESULT, owner=ADA),
    RetargetKeyResult(key_result=KEY_RESULT, metric=as_input(ZERO_TO_TWENTY), reason="more"),
    RetargetKeyResult(
        key_result=KEY_RESULT,
        metric=as_input(Metric(direction=ZERO_TO_TWENTY.direction, start=1, change_by=0.1)),
        reason="more",
    ),
    RescheduleKeyResult(key_result=KEY_RESULT, due=date(2026, 3, 1), reason="sooner"),
    MoveKeyResult(key_result=KEY_RESULT, to=OTHER),
    MoveObjective(objective=OBJECTIVE, to=Q2),
    PlanKeyResult(key_result=KEY_RESULT, points=[PlanPoint(date(2026, 3, 1), 2.0)], reason="later"),
    ReweighKeyResult(key_result=KEY_RESULT, weight=2, reason="more"),
    CorrectCheckIn(check_in=CHECK_IN, value=4, confidence=0.5, reason="miscounted"),
    linked,
    ScoreKeyResult(key_result=KEY_RESULT, score=0.5, note="Agreed"),
    dropped_key_result,
    RedefineKpi(kpi=KPI, name="Loyalty", goal=GOAL, owner=ADA, reason="agreed"),
    RedefineKpi(kpi=KPI, goal=GOAL, goal_from=date(2027, 1, 1), reason="agreed"),
    SetKpiTargets(kpi=KPI, targets=[KpiTarget(date(2027, 2, 1), target=60)], reason="planned"),
    retired,
    read(41, 2, 2),
    CorrectReading(reading=READING, value=42, note="Misread", reason="misread"),
    RetractReading(reading=READING, reason="wrong meter"),
    EditInitiative(initiative=made("work"), title="Ask twenty people", owner=ADA, due=date(2026, 3, 1)),
    MoveInitiative(initiative=made("work"), to=InitiativeState.DOING),
    RenameTemplate(template=made("template"), name="Otherwise"),
    RetireTemplate(template=made("template")),
]

UNDOING: list[tuple[Command, Command]] = [
    (JoinTeam(team=SALES, person=ADA), LeaveTeam(team=SALES, person=ADA)),
    (
        AlignObjective(objective=OBJECTIVE, to=objective_ref(OTHER)),
        UnalignObjective(objective=OBJECTIVE, from_=objective_ref(OTHER)),
    ),
    (linked, UnlinkKpi(key_result=KEY_RESULT)),
    (retired, ReviveKpi(kpi=KPI)),
    (DeactivatePerson(person=ADA), ReactivatePerson(person=ADA)),
    (DisbandTeam(team=SALES), ReviveTeam(team=SALES)),
    (dropped, ReopenObjective(objective=OBJECTIVE, reason="after all")),
    (finished, ReopenObjective(objective=OBJECTIVE, reason="after all")),
]

FACTS = {
    AddPerson, FormTeam, OpenCycle, DraftObjective, CarryObjective,
    AddKeyResult,
    CheckIn, DefineKpi, PlanInitiative, AddComment, Reflect, SaveAsTemplate, ApplyTemplate,
}  # fmt: skip
"""Commands that create an aggregate each time or refuse a duplicate; an identical check-in records nothing."""


def test_every_command_is_either_repeated_here_or_creates_an_aggregate() -> None:
    tried = {type(command) for command in STATES} | {type(command) for _, command in UNDOING} | {ActivateCycle}
    assert tried | FACTS == set(VERBS.values())
    assert not tried & FACTS


@pytest.mark.parametrize("command", STATES, ids=lambda command: verb(type(command)))
def test_a_repeated_command_records_nothing(command: Command) -> None:
    assert given(*everything).when(command).topics()
    given(*everything, command).when(command).then_nothing()


@pytest.mark.parametrize(("doing", "undoing"), UNDOING, ids=lambda command: verb(type(command)))
def test_a_repeated_undo_records_nothing(doing: Command, undoing: Command) -> None:
    given(*everything).when(undoing).then_nothing()
    assert given(*everything, doing).when(undoing).topics()
    given(*everything, doing, undoing).when(undoing).then_nothing()


def test_activating_an_active_cycle_records_nothing() -> None:
    given(*everything).when(activated).then_nothing()


def test_closing_again_with_another_score_is_refused() -> None:
    other_score = CloseObjective(objective=OBJECTIVE, score=0.5)
    given(*everything, finished).when(other_score).then_refused("CLOSED", "objective")


def test_a_command_without_any_field_records_nothing() -> None:
    given(*everything).when(RewordObjective(objective=OBJECTIVE)).then_nothing()
    given(*everything).when(AssignObjective(objective=OBJECTIVE)).then_nothing()
    given(*everything).when(RedefineKpi(kpi=KPI, reason="why not")).then_nothing()
    given(*everything).when(AdoptScoringPolicy()).then_nothing()


def test_a_command_without_events_keeps_the_version() -> None:
    base = given(*everything)
    first = base.when(CommitObjective(objective=OTHER)).outcome
    second = base.when(CommitObjective(objective=OTHER)).outcome
    assert first is not None and second is not None
    assert second.result == first.result
    assert (second.first, second.last, second.head) == (None, None, first.head)
