"""Two teams that hardly know each other, with one of everything each; and every command, about the things of either."""

from collections.abc import Callable
from copy import copy
from datetime import date, datetime
from functools import cache
from uuid import UUID

from domain import verbs
from domain.commands import Keyframe
from domain.decision import Author, keyed_id
from domain.kpi import reading_id
from domain.policy import Role
from domain.values import InitiativeState, Kind, Ref, ReflectionKind, Source, Visibility
from domain.verbs import Command, CycleBy, KpiBy
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
            verbs.DraftObjective(
                cycle=QUARTER, title=f"{whose} {which} goal", owner=owner, team=team, visibility=visibility
            ),
        )

    def added(which: str, kpi: KpiBy | None = None) -> Command:
        return called(
            f"{whose} {which} proof",
            verbs.AddKeyResult(objective=goal(whose), title=f"{which} proof", metric=ZERO_TO_TEN, kpi=kpi),
        )

    return [
        verbs.FormTeam(key=whose, name=whose, lead=owner),
        verbs.DefineKpi(key=f"{whose}-kpi", name="KPI", owner=owner),
        verbs.RecordReadings(readings=[verbs.ReadingInput(kpi=kpi(whose), value=1, measured_at=on(2, 1))]),
        *map(drafted, ("draft", "active", "above", "dropped")),
        added("measured"),
        added("linked", kpi(whose)),
        verbs.CommitObjective(objective=goal(whose)),
        verbs.DropObjective(objective=goal(whose, "dropped"), reason="why not"),
        verbs.AlignObjective(objective=goal(whose), to=goal_ref(whose, "above")),
        called(f"{whose} check-in", verbs.CheckIn(key_result=proof(whose), value=1, measured_at=on(1, 5))),
        called(f"{whose} work", verbs.PlanInitiative(title="Work", subject=proof_ref(whose))),
        called(f"{whose} comment", verbs.AddComment(subject=goal_ref(whose), body="Well")),
        called(f"{whose} thought", verbs.Reflect(subject=goal_ref(whose), kind=ReflectionKind.NEXT, body="Well")),
    ]


def history(their_visibility: Visibility) -> list[Command | datetime]:
    """All that happened; `scenario.AUTHOR` tells of it."""
    return [
        ada,
        ben,
        called("carl", verbs.AddPerson(handle="carl", name="Carl")),
        called("dora", verbs.AddPerson(handle="dora", name="Dora")),
        verbs.OpenCycle(key="over", name="Over", starts_on=date(2025, 1, 1), ends_on=date(2025, 3, 31)),
        verbs.ActivateCycle(cycle=OVER),
        verbs.OpenCycle(key="quarter", name="Quarter", starts_on=date(2026, 1, 1), ends_on=date(2026, 3, 31)),
        verbs.OpenCycle(key="next", name="Next", starts_on=date(2026, 4, 1), ends_on=date(2026, 6, 30)),
        verbs.FormTeam(key="third", name="Third"),
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
    anew.log, anew.keyframe = log, Keyframe(log)
    return anew


def by(*roles: Role, person: UUID | None = ADA, source: Source = Source.API) -> Author:
    """Somebody with these roles; a machine, if it is nobody."""
    return Author("machine:robot" if person is None else f"person:{person}", source, frozenset(roles))


COMMANDS: dict[type[Command], Callable[[str], Command]] = {
    verbs.AddPerson: lambda _: verbs.AddPerson(handle="eve", name="Eve"),
    verbs.RenamePerson: lambda _: verbs.RenamePerson(person=CARL, name="Carol"),
    verbs.DeactivatePerson: lambda _: verbs.DeactivatePerson(person=CARL),
    verbs.ErasePerson: lambda _: verbs.ErasePerson(person=CARL, reason="asked for"),
    verbs.FormTeam: lambda _: verbs.FormTeam(key="new", name="New"),
    verbs.RenameTeam: lambda whose: verbs.RenameTeam(team=TEAMS[whose], name="Other"),
    verbs.MoveTeam: lambda whose: verbs.MoveTeam(team=TEAMS[whose], parent=keyed_id(Kind.TEAM, "third")),
    verbs.AppointLead: lambda whose: verbs.AppointLead(team=TEAMS[whose], person=CARL),
    verbs.JoinTeam: lambda whose: verbs.JoinTeam(team=TEAMS[whose], person=CARL),
    verbs.LeaveTeam: lambda whose: verbs.LeaveTeam(team=TEAMS[whose], person=CARL),
    verbs.DisbandTeam: lambda whose: verbs.DisbandTeam(team=TEAMS[whose]),
    verbs.OpenCycle: lambda _: verbs.OpenCycle(
        key="new", name="New", starts_on=date(2027, 1, 1), ends_on=date(2027, 3, 31)
    ),
    verbs.ActivateCycle: lambda _: verbs.ActivateCycle(cycle=QUARTER),
    verbs.CloseCycle: lambda _: verbs.CloseCycle(cycle=OVER),
    verbs.AdoptScoringPolicy: lambda _: verbs.AdoptScoringPolicy(score_green=0.8),
    verbs.DraftObjective: lambda whose: verbs.DraftObjective(
        cycle=QUARTER, title="New", owner={OUR: ADA, THEIR: BEN}[whose], supports=[goal_ref(whose), proof_ref(whose)]
    ),
    verbs.RewordObjective: lambda whose: verbs.RewordObjective(objective=goal(whose), title="Other"),
    verbs.AssignObjective: lambda whose: verbs.AssignObjective(objective=goal(whose), contributors=[CARL]),
    verbs.SetObjectiveVisibility: lambda whose: verbs.SetObjectiveVisibility(
        objective=goal(whose), visibility=Visibility.TEAM
    ),
    verbs.AlignObjective: lambda whose: verbs.AlignObjective(objective=goal(whose, "draft"), to=goal_ref(whose)),
    verbs.UnalignObjective: lambda whose: verbs.UnalignObjective(objective=goal(whose), from_=goal_ref(whose, "above")),
    verbs.CommitObjective: lambda whose: verbs.CommitObjective(objective=goal(whose, "draft")),
    verbs.CloseObjective: lambda whose: verbs.CloseObjective(objective=goal(whose)),
    verbs.DropObjective: lambda whose: verbs.DropObjective(objective=goal(whose), reason="why not"),
    verbs.ReopenObjective: lambda whose: verbs.ReopenObjective(objective=goal(whose, "dropped"), reason="after all"),
    verbs.CarryObjective: lambda whose: verbs.CarryObjective(objective=goal(whose), into=NEXT),
    verbs.AddKeyResult: lambda whose: verbs.AddKeyResult(objective=goal(whose), title="New", metric=ZERO_TO_TEN),
    verbs.RewordKeyResult: lambda whose: verbs.RewordKeyResult(key_result=proof(whose), title="Other"),
    verbs.AssignKeyResult: lambda whose: verbs.AssignKeyResult(key_result=proof(whose), owner=CARL),
    verbs.RetargetKeyResult: lambda whose: verbs.RetargetKeyResult(
        key_result=proof(whose), metric=ZERO_TO_TWENTY, reason="more"
    ),
    verbs.RescheduleKeyResult: lambda whose: verbs.RescheduleKeyResult(
        key_result=proof(whose), due=date(2026, 3, 1), reason="sooner"
    ),
    verbs.ReweighKeyResult: lambda whose: verbs.ReweighKeyResult(key_result=proof(whose), weight=2, reason="more"),
    verbs.CheckIn: lambda whose: verbs.CheckIn(key_result=proof(whose), value=3),
    verbs.CorrectCheckIn: lambda whose: verbs.CorrectCheckIn(
        check_in=made(f"{whose} check-in"), value=2, reason="miscounted"
    ),
    verbs.LinkKpi: lambda whose: verbs.LinkKpi(key_result=proof(whose), kpi=kpi(whose)),
    verbs.UnlinkKpi: lambda whose: verbs.UnlinkKpi(key_result=proof(whose, "linked")),
    verbs.ScoreKeyResult: lambda whose: verbs.ScoreKeyResult(key_result=proof(whose), score=0.5),
    verbs.DropKeyResult: lambda whose: verbs.DropKeyResult(key_result=proof(whose), reason="why not"),
    verbs.DefineKpi: lambda _: verbs.DefineKpi(key="new", name="New"),
    verbs.RedefineKpi: lambda whose: verbs.RedefineKpi(kpi=kpi(whose), name="Other", reason="agreed"),
    verbs.RetireKpi: lambda whose: verbs.RetireKpi(kpi=kpi(whose), reason="nobody looks"),
    verbs.RecordReadings: lambda whose: verbs.RecordReadings(
        readings=[verbs.ReadingInput(kpi=kpi(whose), value=2, measured_at=on(2, 2))]
    ),
    verbs.CorrectReading: lambda whose: verbs.CorrectReading(reading=reading(whose), value=2, reason="misread"),
    verbs.RetractReading: lambda whose: verbs.RetractReading(reading=reading(whose), reason="wrong meter"),
    verbs.PlanInitiative: lambda whose: verbs.PlanInitiative(title="New", subject=goal_ref(whose)),
    verbs.MoveInitiative: lambda whose: verbs.MoveInitiative(
        initiative=made(f"{whose} work"), to=InitiativeState.DOING
    ),
    verbs.AddComment: lambda whose: verbs.AddComment(subject=goal_ref(whose), body="Indeed"),
    verbs.Reflect: lambda whose: verbs.Reflect(subject=goal_ref(whose), kind=ReflectionKind.NEXT, body="Indeed"),
}
"""By verb, a command that is carried out by whoever may do it, about the things of either side."""
