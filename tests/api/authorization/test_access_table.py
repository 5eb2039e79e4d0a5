"""The access table: every role runs every command on own and foreign aggregates."""

import msgspec
import pytest

from domain.commands.command import Command, CycleBy, verb
from domain.commands.cycle_commands import ActivateCycle, CloseCycle
from domain.commands.objective_commands import CloseObjective, CommitObjective, DropObjective, RewordObjective
from domain.commands.permissions import Role
from domain.commands.registry import VERBS
from domain.log.reads.log_reader import Head
from domain.model.objective import ObjectiveCommitted
from domain.primitives.values import Source
from tests.api.authorization.two_teams import COMMANDS, OUR, THEIR, by, company, goal
from tests.domain.scenario import Given, on

TABLE = """
                                ADMIN LEAD MEMBER AUDITOR METRICS
 addPerson                        x    -     -       -       -
 renamePerson                     x    -     -       -       -
 deactivatePerson                 x    -     -       -       -
 reactivatePerson                 x    -     -       -       -
 handOver                         x    -     -       -       -
 erasePerson                      x    -     -       -       -
 formTeam                         x    -     -       -       -
 renameTeam                       x    -     -       -       -
 moveTeam                         x    -     -       -       -
 appointLead                      x    -     -       -       -
 joinTeam                         x    -     -       -       -
 leaveTeam                        x    -     -       -       -
 disbandTeam                      x    -     -       -       -
 reviveTeam                       x    -     -       -       -
 setCalendar                      x    -     -       -       -
 openCycle                        x    x     -       -       -
 activateCycle                    x    x     -       -       -
 closeCycle                       x    x     -       -       -
 renameCycle                      x    x     -       -       -
 rescheduleCycle                  x    x     -       -       -
 abandonCycle                     x    x     -       -       -
 adoptScoringPolicy               x    -     -       -       -
 draftObjective                   x    x    own      -       -
 rewordObjective                  x    x    own      -       -
 assignObjective                  x    x    own      -       -
 setObjectiveVisibility           x    x    own      -       -
 alignObjective                   x    x    own      -       -
 unalignObjective                 x    x    own      -       -
 commitObjective                  x    x    own      -       -
 closeObjective                   x    x    own      -       -
 dropObjective                    x    x    own      -       -
 reopenObjective                  x    x    own      -       -
 moveObjective                    x    x    own      -       -
 carryObjective                   x    x    own      -       -
 addKeyResult                     x    x    own      -       -
 rewordKeyResult                  x    x    own      -       -
 assignKeyResult                  x    x    own      -       -
 retargetKeyResult                x    x    own      -       -
 rescheduleKeyResult              x    x    own      -       -
 moveKeyResult                    x    x    own      -       -
 planKeyResult                    x    x    own      -       -
 reweighKeyResult                 x    x    own      -       -
 checkIn                          x    x    own      -       -
 correctCheckIn                   x    x    own      -       -
 linkKpi                          x    x    own      -       -
 unlinkKpi                        x    x    own      -       -
 scoreKeyResult                   x    x    own      -       -
 dropKeyResult                    x    x    own      -       -
 defineKpi                        x    x     -       -       -
 redefineKpi                      x    x     -       -       -
 setKpiTargets                    x    x     -       -       -
 retireKpi                        x    x     -       -       -
 reviveKpi                        x    x     -       -       -
 recordReadings                   x    x    own      -       x
 correctReading                   x    x    own      -       x
 retractReading                   x    x    own      -       x
 planInitiative                   x    x    own      -       -
 editInitiative                   x    x    own      -       -
 moveInitiative                   x    x    own      -       -
 addComment                       x    x    own      -       -
 reflect                          x    x    own      -       -
 setLabels                        x    x    own      -       -
 setExternalReference             x    x    own      -       -
 saveAsTemplate                   x    x     -       -       -
 renameTemplate                   x    x     -       -       -
 retireTemplate                   x    x     -       -       -
 applyTemplate                    x    x     -       -       -
"""
HEADS, *ROWS = [line.split() for line in TABLE.strip().splitlines()]
CELLS = [(name, Role(head), mark) for name, *marks in ROWS for head, mark in zip(HEADS, marks, strict=True)]
SILENT = {"leaveTeam"}
"""Commands that succeed but record no event in this setup."""


def head(company: Given) -> Head:
    return company.log.head()


def test_every_command_and_every_role_is_in_the_table() -> None:
    assert {name for name, *_ in ROWS} == set(VERBS) == {verb(kind) for kind in VERBS.values()}
    assert {role for _, role, _ in CELLS} == set(Role)
    assert set(COMMANDS) == set(VERBS.values())


@pytest.mark.parametrize("whose", [OUR, THEIR])
@pytest.mark.parametrize(("name", "role", "mark"), CELLS)
def test_each_role_may_run_the_commands_of_the_table(name: str, role: Role, mark: str, whose: str) -> None:
    there, command = company(), COMMANDS[VERBS[name]](whose)
    before = head(there)
    then = there.when(command, by(role))
    if mark == "x" or (mark, whose) == ("own", OUR):
        assert bool(then.topics()) is (name not in SILENT)
    else:
        refused = then.then_refused("FORBIDDEN", "")
        assert refused.message == MESSAGES[marks_of(name)]
        assert head(there) == before


def marks_of(name: str) -> str:
    return " ".join(next(marks for one, *marks in ROWS if one == name))


MESSAGES = {
    "x - - - -": "This requires the role ADMIN.",
    "x x - - -": "This requires the role ADMIN or LEAD.",
    "x x own - -": "This requires the role ADMIN or LEAD; MEMBER suffices for goals that you own, "
    "contribute to, or lead the team of.",
    "x x own - x": "This requires the role ADMIN, LEAD or METRICS; MEMBER suffices for KPIs that you own.",
}
"""The error message by row of the table: the same for every role and aggregate."""


@pytest.mark.parametrize("name", VERBS)
def test_caller_without_roles_is_refused_every_command(name: str) -> None:
    there = company()
    there.when(COMMANDS[VERBS[name]](OUR), by()).then_refused("FORBIDDEN", "")


@pytest.mark.parametrize("name", VERBS)
def test_permissions_of_two_roles_add_up(name: str) -> None:
    marks = {mark for one, role, mark in CELLS if one == name and role in (Role.METRICS, Role.LEAD)}
    then = company().when(COMMANDS[VERBS[name]](THEIR), by(Role.METRICS, Role.LEAD))
    assert (then.refused is None) is ("x" in marks)


@pytest.mark.parametrize("name", [name for name, role, mark in CELLS if role is Role.MEMBER and mark == "own"])
def test_machine_owns_no_goals_or_kpis(name: str) -> None:
    company().when(COMMANDS[VERBS[name]](OUR), by(Role.MEMBER, person=None)).then_refused("FORBIDDEN", "")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
@pytest.mark.parametrize("name", VERBS)
def test_other_roles_cannot_set_effective_at(name: str, role: Role) -> None:
    (mark,) = [mark for one, given, mark in CELLS if (one, given) == (name, role)]
    command = msgspec.structs.replace(COMMANDS[VERBS[name]](OUR), effective_at=on(2, 9))
    refused = company().when(command, by(role)).then_refused("FORBIDDEN")
    assert refused.field == (() if mark == "-" else ("effectiveAt",))


def test_admin_can_set_effective_at() -> None:
    there = company()
    there.log.clock = on(2, 12)
    command = CommitObjective(objective=goal(OUR, "draft"), effective_at=on(2, 11))
    there.when(command, by(Role.ADMIN)).then(ObjectiveCommitted()).effective(on(2, 11))


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_only_admin_can_import(role: Role) -> None:
    there, before = company(), head(company())
    refused = there.when(COMMANDS[RewordObjective](OUR), by(role, source=Source.IMPORT)).then_refused("FORBIDDEN")
    assert head(there) == before
    if role in (Role.LEAD, Role.MEMBER):
        assert refused.message == "An import requires the role ADMIN."


# ── a refusal reveals nothing about the aggregate ─────────────────────────────────────────────────

ENDINGS: list[list[Command]] = [
    [],
    [CloseObjective(objective=goal(THEIR), score=0.5)],
    [DropObjective(objective=goal(THEIR), reason="why not")],
    [ActivateCycle(cycle=CycleBy(key="quarter")), CloseCycle(
        cycle=CycleBy(key="quarter"), close_objectives=True
    )],
]  # fmt: skip


@pytest.mark.parametrize("name", [name for name, role, mark in CELLS if role is Role.MEMBER and mark == "own"])
def test_refusal_does_not_depend_on_the_state_of_the_aggregate(name: str) -> None:
    refusals = set()
    for ending in ENDINGS:
        there = company()
        for command in ending:
            assert there.when(command).refused is None
        for version in (None, 1, 99):
            asked = msgspec.structs.replace(COMMANDS[VERBS[name]](THEIR), expected_version=version)
            refusals.add(str(there.when(asked, by(Role.MEMBER)).then_refused("FORBIDDEN", "")))
    assert len(refusals) == 1
