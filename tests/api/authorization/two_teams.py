"""Two teams with one aggregate of each kind, and one instance of every command for the aggregates of either team."""

from collections.abc import Callable
from copy import copy
from datetime import date, datetime
from functools import cache
from uuid import UUID

from domain.commands.command import Command, CycleBy, KpiBy
from domain.commands.cycle_commands import (
    AbandonCycle,
    ActivateCycle,
    AdoptScoringPolicy,
    CloseCycle,
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
    DropKeyResult,
    LinkKpi,
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
    ReadingInput,
    RecordReadings,
    RedefineKpi,
    RetireKpi,
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
    DropObjective,
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
from domain.commands.permissions import Author, Role
from domain.commands.subject_commands import SetExternalReference, SetLabels
from domain.commands.template_commands import (
    ApplyTemplate,
    RenameTemplate,
    RetireTemplate,
    SaveAsTemplate,
    TemplateGoalInput,
)
from domain.commands.workspace_commands import SetCalendar
from domain.handlers.dispatcher import Dispatcher
from domain.handlers.unit_of_work import keyed_id
from domain.model.measurements.reading import reading_id
from domain.primitives.values import (
    GoalDirection,
    InitiativeState,
    Kind,
    KpiGoal,
    KpiTarget,
    PlanPoint,
    Ref,
    ReflectionKind,
    Source,
    Visibility,
)
from tests.domain.given_goals import ADA, BEN, ZERO_TO_TEN, ZERO_TO_TWENTY, ada, ben
from tests.domain.scenario import Given, called, given, made, on
from tests.metric_input import as_input

OUR, THEIR = "our", "their"
"""Ada leads the first team and owns its goals and KPI; Ben leads the second and owns its goals and KPI."""
CARL, DORA, DAN = made("carl"), made("dora"), made("dan")
OURS, THEIRS = keyed_id(Kind.TEAM, "our"), keyed_id(Kind.TEAM, "their")
TEAMS = {OUR: OURS, THEIR: THEIRS}
QUARTER, NEXT, OVER = CycleBy(key="quarter"), CycleBy(key="next"), CycleBy(key="over")


def goal(whose: str, which: str = "active") -> UUID:
    return made(f"{whose} {which} goal")


def proof(whose: str, which: str = "measured") -> UUID:
    return made(f"{whose} {which} proof")


def goal_ref(whose: str, which: str = "active") -> Ref:
    return Ref(Kind.OBJECTIVE, goal(whose, which))


def proof_ref(whose: str) -> Ref:
    return Ref(Kind.KEY_RESULT, proof(whose))


def kpi(whose: str) -> KpiBy:
    return KpiBy(key=f"{whose}-kpi")


def reading(whose: str) -> UUID:
    return reading_id(keyed_id(Kind.KPI, f"{whose}-kpi"), on(2, 1))


def team_history(whose: str, visibility: Visibility) -> list[Command]:
    team, owner = TEAMS[whose], {OUR: ADA, THEIR: BEN}[whose]

    def drafted(which: str) -> Command:
        return called(
            f"{whose} {which} goal",
            DraftObjective(cycle=QUARTER, title=f"{whose} {which} goal", owner=owner, team=team, visibility=visibility),
        )

    def added(which: str, kpi: KpiBy | None = None) -> Command:
        return called(
            f"{whose} {which} proof",
            AddKeyResult(objective=goal(whose), title=f"{which} proof", metric=as_input(ZERO_TO_TEN), kpi=kpi),
        )

    return [
        FormTeam(key=whose, name=whose, lead=owner),
        DefineKpi(key=f"{whose}-kpi", name="KPI", owner=owner, goal=KpiGoal(GoalDirection.AT_LEAST, target=1)),
        RecordReadings(readings=[ReadingInput(kpi=kpi(whose), value=1, measured_at=on(2, 1))]),
        *map(drafted, ("draft", "active", "above", "dropped")),
        added("measured"),
        added("linked", kpi(whose)),
        CommitObjective(objective=goal(whose)),
        DropObjective(objective=goal(whose, "dropped"), reason="why not"),
        AlignObjective(objective=goal(whose), to=goal_ref(whose, "above")),
        called(f"{whose} check-in", CheckIn(key_result=proof(whose), value=1, measured_at=on(1, 5))),
        called(f"{whose} work", PlanInitiative(title="Work", subject=proof_ref(whose))),
        called(f"{whose} comment", AddComment(subject=goal_ref(whose), body="Well")),
        called(f"{whose} thought", Reflect(subject=goal_ref(whose), kind=ReflectionKind.NEXT, body="Well")),
    ]


def history(their_visibility: Visibility) -> list[Command | datetime]:
    """The commands that set up both teams, with the clock times between them; `scenario.AUTHOR` sends them."""
    return [
        ada,
        ben,
        called("carl", AddPerson(handle="carl", name="Carl")),
        called("dora", AddPerson(handle="dora", name="Dora")),
        OpenCycle(key="over", name="Over", starts_on=date(2025, 1, 1), ends_on=date(2025, 3, 31)),
        ActivateCycle(cycle=OVER),
        OpenCycle(key="quarter", name="Quarter", starts_on=date(2026, 1, 1), ends_on=date(2026, 3, 31)),
        OpenCycle(key="next", name="Next", starts_on=date(2026, 4, 1), ends_on=date(2026, 6, 30)),
        FormTeam(key="third", name="Third"),
        called("template", SaveAsTemplate(name="Usual", goals=[TemplateGoalInput(title="Usual goal")])),
        *_ended(),
        on(2, 10),
        *team_history(OUR, Visibility.WORKSPACE),
        *team_history(THEIR, their_visibility),
    ]


def _ended() -> list[Command]:
    """A person who has left, a disbanded team and a retired KPI."""
    return [
        called("dan", AddPerson(handle="dan", name="Dan")),
        DeactivatePerson(person=DAN),
        FormTeam(key="gone", name="Gone"),
        DisbandTeam(team=keyed_id(Kind.TEAM, "gone")),
        DefineKpi(key="gone", name="Gone"),
        RetireKpi(kpi=KpiBy(key="gone"), reason="unused"),
    ]


@cache
def cached_company(their_visibility: Visibility) -> Given:
    return given(*history(their_visibility))


def company(their_visibility: Visibility = Visibility.WORKSPACE) -> Given:
    """A fresh copy of the company: what a test records in it does not reach other tests."""
    original = cached_company(their_visibility)
    log = copy(original.log)
    log.entries_made = copy(log.entries_made)
    log._commands = copy(log._commands)
    log._people = copy(log._people)
    duplicate = copy(original)
    duplicate.log, duplicate.keyframe = log, Dispatcher(log)
    return duplicate


def by(*roles: Role, person: UUID | None = ADA, source: Source = Source.API) -> Author:
    """An author with these roles: the given person, or a machine if `person` is None."""
    return Author("machine:robot" if person is None else f"person:{person}", source, frozenset(roles))


COMMANDS: dict[type[Command], Callable[[str], Command]] = {
    AddPerson: lambda _: AddPerson(handle="eve", name="Eve"),
    RenamePerson: lambda _: RenamePerson(person=CARL, name="Carol"),
    DeactivatePerson: lambda _: DeactivatePerson(person=CARL),
    ReactivatePerson: lambda _: ReactivatePerson(person=DAN),
    HandOver: lambda whose: HandOver(from_={OUR: ADA, THEIR: BEN}[whose], to=CARL),
    ErasePerson: lambda _: ErasePerson(person=CARL, reason="asked for"),
    FormTeam: lambda _: FormTeam(key="new", name="New"),
    RenameTeam: lambda whose: RenameTeam(team=TEAMS[whose], name="Other"),
    MoveTeam: lambda whose: MoveTeam(team=TEAMS[whose], parent=keyed_id(Kind.TEAM, "third")),
    AppointLead: lambda whose: AppointLead(team=TEAMS[whose], person=CARL),
    JoinTeam: lambda whose: JoinTeam(team=TEAMS[whose], person=CARL),
    LeaveTeam: lambda whose: LeaveTeam(team=TEAMS[whose], person=CARL),
    DisbandTeam: lambda whose: DisbandTeam(team=TEAMS[whose]),
    ReviveTeam: lambda _: ReviveTeam(team=keyed_id(Kind.TEAM, "gone")),
    OpenCycle: lambda _: OpenCycle(key="new", name="New", starts_on=date(2027, 1, 1), ends_on=date(2027, 3, 31)),
    ActivateCycle: lambda _: ActivateCycle(cycle=QUARTER),
    CloseCycle: lambda _: CloseCycle(cycle=OVER),
    RenameCycle: lambda _: RenameCycle(cycle=QUARTER, name="Other"),
    RescheduleCycle: lambda _: RescheduleCycle(cycle=QUARTER, ends_on=date(2026, 3, 1), reason="shorter"),
    AbandonCycle: lambda _: AbandonCycle(cycle=NEXT, reason="mistyped"),
    SetCalendar: lambda _: SetCalendar(time_zone="Europe/Lisbon"),
    AdoptScoringPolicy: lambda _: AdoptScoringPolicy(score_green=0.8),
    DraftObjective: lambda whose: DraftObjective(
        cycle=QUARTER, title="New", owner={OUR: ADA, THEIR: BEN}[whose], supports=[goal_ref(whose), proof_ref(whose)]
    ),
    RewordObjective: lambda whose: RewordObjective(objective=goal(whose), title="Other"),
    AssignObjective: lambda whose: AssignObjective(objective=goal(whose), contributors=[CARL]),
    SetObjectiveVisibility: lambda whose: SetObjectiveVisibility(objective=goal(whose), visibility=Visibility.TEAM),
    AlignObjective: lambda whose: AlignObjective(objective=goal(whose, "draft"), to=goal_ref(whose)),
    UnalignObjective: lambda whose: UnalignObjective(objective=goal(whose), from_=goal_ref(whose, "above")),
    CommitObjective: lambda whose: CommitObjective(objective=goal(whose, "draft")),
    CloseObjective: lambda whose: CloseObjective(objective=goal(whose)),
    DropObjective: lambda whose: DropObjective(objective=goal(whose), reason="why not"),
    ReopenObjective: lambda whose: ReopenObjective(objective=goal(whose, "dropped"), reason="after all"),
    MoveObjective: lambda whose: MoveObjective(objective=goal(whose), to=NEXT),
    CarryObjective: lambda whose: CarryObjective(objective=goal(whose), into=NEXT),
    AddKeyResult: lambda whose: AddKeyResult(objective=goal(whose), title="New", metric=as_input(ZERO_TO_TEN)),
    RewordKeyResult: lambda whose: RewordKeyResult(key_result=proof(whose), title="Other"),
    AssignKeyResult: lambda whose: AssignKeyResult(key_result=proof(whose), owner=CARL),
    RetargetKeyResult: lambda whose: RetargetKeyResult(
        key_result=proof(whose), metric=as_input(ZERO_TO_TWENTY), reason="more"
    ),
    RescheduleKeyResult: lambda whose: RescheduleKeyResult(
        key_result=proof(whose), due=date(2026, 3, 1), reason="sooner"
    ),
    MoveKeyResult: lambda whose: MoveKeyResult(key_result=proof(whose), to=goal(whose, "draft")),
    PlanKeyResult: lambda whose: PlanKeyResult(
        key_result=proof(whose), points=[PlanPoint(date(2026, 3, 1), 1.0)], reason="later"
    ),
    ReweighKeyResult: lambda whose: ReweighKeyResult(key_result=proof(whose), weight=2, reason="more"),
    CheckIn: lambda whose: CheckIn(key_result=proof(whose), value=3),
    CorrectCheckIn: lambda whose: CorrectCheckIn(check_in=made(f"{whose} check-in"), value=2, reason="miscounted"),
    LinkKpi: lambda whose: LinkKpi(key_result=proof(whose), kpi=kpi(whose)),
    UnlinkKpi: lambda whose: UnlinkKpi(key_result=proof(whose, "linked")),
    ScoreKeyResult: lambda whose: ScoreKeyResult(key_result=proof(whose), score=0.5),
    DropKeyResult: lambda whose: DropKeyResult(key_result=proof(whose), reason="why not"),
    DefineKpi: lambda _: DefineKpi(key="new", name="New"),
    RedefineKpi: lambda whose: RedefineKpi(kpi=kpi(whose), name="Other", reason="agreed"),
    SetKpiTargets: lambda whose: SetKpiTargets(
        kpi=kpi(whose), targets=[KpiTarget(date(2027, 1, 1), target=2)], reason="planned"
    ),
    RetireKpi: lambda whose: RetireKpi(kpi=kpi(whose), reason="unused"),
    ReviveKpi: lambda _: ReviveKpi(kpi=KpiBy(key="gone")),
    RecordReadings: lambda whose: RecordReadings(
        readings=[ReadingInput(kpi=kpi(whose), value=2, measured_at=on(2, 2))]
    ),
    CorrectReading: lambda whose: CorrectReading(reading=reading(whose), value=2, reason="misread"),
    RetractReading: lambda whose: RetractReading(reading=reading(whose), reason="wrong meter"),
    PlanInitiative: lambda whose: PlanInitiative(title="New", subject=goal_ref(whose)),
    EditInitiative: lambda whose: EditInitiative(initiative=made(f"{whose} work"), title="Other"),
    MoveInitiative: lambda whose: MoveInitiative(initiative=made(f"{whose} work"), to=InitiativeState.DOING),
    SaveAsTemplate: lambda whose: SaveAsTemplate(name="Again", objective=goal(whose)),
    RenameTemplate: lambda _: RenameTemplate(template=made("template"), name="Other"),
    RetireTemplate: lambda _: RetireTemplate(template=made("template")),
    ApplyTemplate: lambda whose: ApplyTemplate(template=made("template"), cycle=NEXT, teams=[TEAMS[whose]]),
    AddComment: lambda whose: AddComment(subject=goal_ref(whose), body="Indeed"),
    SetLabels: lambda whose: SetLabels(subject=goal_ref(whose), labels=["north"]),
    SetExternalReference: lambda whose: SetExternalReference(subject=goal_ref(whose), system="jira", id="OKR-7"),
    Reflect: lambda whose: Reflect(subject=goal_ref(whose), kind=ReflectionKind.NEXT, body="Indeed"),
}
"""By command type: makes an instance that succeeds for a permitted author, for the aggregates of one team."""
