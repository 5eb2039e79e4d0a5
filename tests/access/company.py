"""Two teams that hardly know each other, with one of everything each; and every command, about the things of either."""

from collections.abc import Callable
from copy import copy
from datetime import date, datetime
from functools import cache
from uuid import UUID

from domain.model.commands import Command, CycleBy, KpiBy
from domain.model.permissions import Role

from domain.handlers.dispatcher import Dispatcher
from domain.handlers.unit_of_work import Author, keyed_id
from domain.model import commands
from domain.model.kpi import reading_id
from domain.primitives.values import InitiativeState, Kind, Ref, ReflectionKind, Source, Visibility
from tests.domain.given_goals import ADA, BEN, ZERO_TO_TEN, ZERO_TO_TWENTY, ada, ben
from tests.domain.scenario import Given, called, given, made, on

OUR, THEIR = "our", "their"
"""Ours is what Ada has to do with: she leads the one team and owns its things. Theirs is Ben's."""
CARL, DORA = made("carl"), made("dora")
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


def _things(whose: str, visibility: Visibility) -> list[Command]:
    team, owner = TEAMS[whose], {OUR: ADA, THEIR: BEN}[whose]

    def drafted(which: str) -> Command:
        return called(
            f"{whose} {which} goal",
            commands.DraftObjective(
                cycle=QUARTER, title=f"{whose} {which} goal", owner=owner, team=team, visibility=visibility
            ),
        )

    def added(which: str, kpi: KpiBy | None = None) -> Command:
        return called(
            f"{whose} {which} proof",
            commands.AddKeyResult(objective=goal(whose), title=f"{which} proof", metric=ZERO_TO_TEN, kpi=kpi),
        )

    return [
        commands.FormTeam(key=whose, name=whose, lead=owner),
        commands.DefineKpi(key=f"{whose}-kpi", name="KPI", owner=owner),
        commands.RecordReadings(readings=[commands.ReadingInput(kpi=kpi(whose), value=1, measured_at=on(2, 1))]),
        *map(drafted, ("draft", "active", "above", "dropped")),
        added("measured"),
        added("linked", kpi(whose)),
        commands.CommitObjective(objective=goal(whose)),
        commands.DropObjective(objective=goal(whose, "dropped"), reason="why not"),
        commands.AlignObjective(objective=goal(whose), to=goal_ref(whose, "above")),
        called(f"{whose} check-in", commands.CheckIn(key_result=proof(whose), value=1, measured_at=on(1, 5))),
        called(f"{whose} work", commands.PlanInitiative(title="Work", subject=proof_ref(whose))),
        called(f"{whose} comment", commands.AddComment(subject=goal_ref(whose), body="Well")),
        called(f"{whose} thought", commands.Reflect(subject=goal_ref(whose), kind=ReflectionKind.NEXT, body="Well")),
    ]


def history(their_visibility: Visibility) -> list[Command | datetime]:
    """All that happened; `scenario.AUTHOR` tells of it."""
    return [
        ada,
        ben,
        called("carl", commands.AddPerson(handle="carl", name="Carl")),
        called("dora", commands.AddPerson(handle="dora", name="Dora")),
        commands.OpenCycle(key="over", name="Over", starts_on=date(2025, 1, 1), ends_on=date(2025, 3, 31)),
        commands.ActivateCycle(cycle=OVER),
        commands.OpenCycle(key="quarter", name="Quarter", starts_on=date(2026, 1, 1), ends_on=date(2026, 3, 31)),
        commands.OpenCycle(key="next", name="Next", starts_on=date(2026, 4, 1), ends_on=date(2026, 6, 30)),
        commands.FormTeam(key="third", name="Third"),
        on(2, 10),
        *_things(OUR, Visibility.WORKSPACE),
        *_things(THEIR, their_visibility),
    ]


@cache
def _lived(their_visibility: Visibility) -> Given:
    return given(*history(their_visibility))


def company(their_visibility: Visibility = Visibility.WORKSPACE) -> Given:
    """The company, anew for whoever asks."""
    lived = _lived(their_visibility)
    log = copy(lived.log)
    log.entries_made, log._commands, log._people = map(copy, (log.entries_made, log._commands, log._people))
    anew = copy(lived)
    anew.log, anew.keyframe = log, Dispatcher(log)
    return anew


def by(*roles: Role, person: UUID | None = ADA, source: Source = Source.API) -> Author:
    """Somebody with these roles; a machine, if it is nobody."""
    return Author("machine:robot" if person is None else f"person:{person}", source, frozenset(roles))


COMMANDS: dict[type[Command], Callable[[str], Command]] = {
    commands.AddPerson: lambda _: commands.AddPerson(handle="eve", name="Eve"),
    commands.RenamePerson: lambda _: commands.RenamePerson(person=CARL, name="Carol"),
    commands.DeactivatePerson: lambda _: commands.DeactivatePerson(person=CARL),
    commands.ErasePerson: lambda _: commands.ErasePerson(person=CARL, reason="asked for"),
    commands.FormTeam: lambda _: commands.FormTeam(key="new", name="New"),
    commands.RenameTeam: lambda whose: commands.RenameTeam(team=TEAMS[whose], name="Other"),
    commands.MoveTeam: lambda whose: commands.MoveTeam(team=TEAMS[whose], parent=keyed_id(Kind.TEAM, "third")),
    commands.AppointLead: lambda whose: commands.AppointLead(team=TEAMS[whose], person=CARL),
    commands.JoinTeam: lambda whose: commands.JoinTeam(team=TEAMS[whose], person=CARL),
    commands.LeaveTeam: lambda whose: commands.LeaveTeam(team=TEAMS[whose], person=CARL),
    commands.DisbandTeam: lambda whose: commands.DisbandTeam(team=TEAMS[whose]),
    commands.OpenCycle: lambda _: commands.OpenCycle(
        key="new", name="New", starts_on=date(2027, 1, 1), ends_on=date(2027, 3, 31)
    ),
    commands.ActivateCycle: lambda _: commands.ActivateCycle(cycle=QUARTER),
    commands.CloseCycle: lambda _: commands.CloseCycle(cycle=OVER),
    commands.AdoptScoringPolicy: lambda _: commands.AdoptScoringPolicy(score_green=0.8),
    commands.DraftObjective: lambda whose: commands.DraftObjective(
        cycle=QUARTER, title="New", owner={OUR: ADA, THEIR: BEN}[whose], supports=[goal_ref(whose), proof_ref(whose)]
    ),
    commands.RewordObjective: lambda whose: commands.RewordObjective(objective=goal(whose), title="Other"),
    commands.AssignObjective: lambda whose: commands.AssignObjective(objective=goal(whose), contributors=[CARL]),
    commands.SetObjectiveVisibility: lambda whose: commands.SetObjectiveVisibility(
        objective=goal(whose), visibility=Visibility.TEAM
    ),
    commands.AlignObjective: lambda whose: commands.AlignObjective(objective=goal(whose, "draft"), to=goal_ref(whose)),
    commands.UnalignObjective: lambda whose: commands.UnalignObjective(
        objective=goal(whose), from_=goal_ref(whose, "above")
    ),
    commands.CommitObjective: lambda whose: commands.CommitObjective(objective=goal(whose, "draft")),
    commands.CloseObjective: lambda whose: commands.CloseObjective(objective=goal(whose)),
    commands.DropObjective: lambda whose: commands.DropObjective(objective=goal(whose), reason="why not"),
    commands.ReopenObjective: lambda whose: commands.ReopenObjective(
        objective=goal(whose, "dropped"), reason="after all"
    ),
    commands.CarryObjective: lambda whose: commands.CarryObjective(objective=goal(whose), into=NEXT),
    commands.AddKeyResult: lambda whose: commands.AddKeyResult(objective=goal(whose), title="New", metric=ZERO_TO_TEN),
    commands.RewordKeyResult: lambda whose: commands.RewordKeyResult(key_result=proof(whose), title="Other"),
    commands.AssignKeyResult: lambda whose: commands.AssignKeyResult(key_result=proof(whose), owner=CARL),
    commands.RetargetKeyResult: lambda whose: commands.RetargetKeyResult(
        key_result=proof(whose), metric=ZERO_TO_TWENTY, reason="more"
    ),
    commands.RescheduleKeyResult: lambda whose: commands.RescheduleKeyResult(
        key_result=proof(whose), due=date(2026, 3, 1), reason="sooner"
    ),
    commands.ReweighKeyResult: lambda whose: commands.ReweighKeyResult(
        key_result=proof(whose), weight=2, reason="more"
    ),
    commands.CheckIn: lambda whose: commands.CheckIn(key_result=proof(whose), value=3),
    commands.CorrectCheckIn: lambda whose: commands.CorrectCheckIn(
        check_in=made(f"{whose} check-in"), value=2, reason="miscounted"
    ),
    commands.LinkKpi: lambda whose: commands.LinkKpi(key_result=proof(whose), kpi=kpi(whose)),
    commands.UnlinkKpi: lambda whose: commands.UnlinkKpi(key_result=proof(whose, "linked")),
    commands.ScoreKeyResult: lambda whose: commands.ScoreKeyResult(key_result=proof(whose), score=0.5),
    commands.DropKeyResult: lambda whose: commands.DropKeyResult(key_result=proof(whose), reason="why not"),
    commands.DefineKpi: lambda _: commands.DefineKpi(key="new", name="New"),
    commands.RedefineKpi: lambda whose: commands.RedefineKpi(kpi=kpi(whose), name="Other", reason="agreed"),
    commands.RetireKpi: lambda whose: commands.RetireKpi(kpi=kpi(whose), reason="nobody looks"),
    commands.RecordReadings: lambda whose: commands.RecordReadings(
        readings=[commands.ReadingInput(kpi=kpi(whose), value=2, measured_at=on(2, 2))]
    ),
    commands.CorrectReading: lambda whose: commands.CorrectReading(reading=reading(whose), value=2, reason="misread"),
    commands.RetractReading: lambda whose: commands.RetractReading(reading=reading(whose), reason="wrong meter"),
    commands.PlanInitiative: lambda whose: commands.PlanInitiative(title="New", subject=goal_ref(whose)),
    commands.MoveInitiative: lambda whose: commands.MoveInitiative(
        initiative=made(f"{whose} work"), to=InitiativeState.DOING
    ),
    commands.AddComment: lambda whose: commands.AddComment(subject=goal_ref(whose), body="Indeed"),
    commands.Reflect: lambda whose: commands.Reflect(subject=goal_ref(whose), kind=ReflectionKind.NEXT, body="Indeed"),
}
"""By verb, a command that is carried out by whoever may do it, about the things of either side."""
