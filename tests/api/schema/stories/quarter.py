"""A quarter of a small company: its goals, check-ins and changes of plan."""

from datetime import date
from typing import NamedTuple
from uuid import UUID

from domain.commands.command import CycleBy
from domain.commands.cycle_commands import ActivateCycle, OpenCycle
from domain.commands.discussion_commands import AddComment, PlanInitiative, Reflect
from domain.commands.key_result_commands import CheckIn, DropKeyResult, RetargetKeyResult
from domain.commands.objective_commands import CloseObjective
from domain.commands.people_commands import AddPerson, FormTeam, JoinTeam
from domain.primitives.values import (
    Direction,
    Kind,
    Metric,
    Milestone,
    ObjectiveKind,
    Ref,
    ReflectionKind,
    Unit,
    UnitKind,
    Verdict,
)
from tests.api.schema import goals
from tests.api.schema.goals import CYCLE, day
from tests.asking import AskedWorld
from tests.metric_input import as_input


class People(NamedTuple):
    ada: UUID
    bob: UUID
    company: UUID
    apps: UUID


class Goals(NamedTuple):
    loved: UUID
    users: UUID
    launch: UUID
    given_up: UUID
    fast: UUID
    response: UUID


def run_story(world: AskedWorld) -> None:
    """Execute the commands of the quarter, day by day."""
    people = _people(world)
    _cycles(world)
    of = _goals(world, people)
    _first_half(world, of)
    _second_half(world, people, of)


def _people(world: AskedWorld) -> People:
    ada = world.record(AddPerson(handle="ada", name="Ada", email="ada@example.com", effective_at=day(-400)))
    bob = world.record(AddPerson(handle="bob", name="Bob", effective_at=day(-400)))
    company = world.record(FormTeam(key="company", name="All of us", lead=ada, effective_at=day(-400)))
    apps = world.record(FormTeam(key="apps", name="Apps", parent=company, lead=bob, effective_at=day(-400)))
    world.record(JoinTeam(team=apps, person=bob, effective_at=day(-399)))
    return People(ada, bob, company, apps)


def _cycles(world: AskedWorld) -> None:
    world.record(
        OpenCycle(
            key="2026", name="The year", starts_on=date(2026, 1, 1), ends_on=date(2026, 12, 31), effective_at=day(-30)
        )
    )
    world.record(
        OpenCycle(
            key="2026-q1",
            name="Winter",
            starts_on=date(2026, 1, 1),
            ends_on=date(2026, 3, 31),
            parent=CycleBy(key="2026"),
            check_in_cadence=goals.Cadence.MONTHLY,
            effective_at=day(-20),
        )
    )


def _goals(world: AskedWorld, people: People) -> Goals:
    loved = goals.objective(
        world,
        "Be the tool that people love",
        description="As *they* say it.",
        kind=ObjectiveKind.ASPIRATIONAL,
        owner=people.ada,
        team=people.company,
        effective_at=day(-10),
    )
    users = goals.key_result(
        world, loved, "People who come back every week", metric=goals.rise(400, 100), weight=2.0, effective_at=day(-9)
    )
    launch = goals.key_result(
        world,
        loved,
        "The new editor is with everyone",
        metric=Metric(
            direction=Direction.MILESTONES,
            milestones=(
                Milestone("alpha", "With us", 1.0),
                Milestone("beta", "With friends", 1.0),
                Milestone("all", "With all", 2.0),
            ),
        ),
        effective_at=day(-9),
    )
    given_up = goals.key_result(world, loved, "Print edition sold", metric=goals.rise(50), effective_at=day(-9))
    fast = goals.objective(
        world,
        "Answer before anybody wonders",
        owner=people.bob,
        team=people.apps,
        contributors=[people.ada],
        supports=[Ref(Kind.KEY_RESULT, users)],
        effective_at=day(-8),
    )
    response = goals.key_result(
        world,
        fast,
        "Response time at the ninetieth percentile",
        metric=Metric(direction=Direction.AT_MOST, unit=Unit(UnitKind.DURATION, "ms"), start=900.0, target=300.0),
        owner=people.bob,
        effective_at=day(-8),
    )
    goals.objective(world, "Launch 3 apps", team=people.apps, effective_at=day(-7))
    return Goals(loved, users, launch, given_up, fast, response)


def _first_half(world: AskedWorld, of: Goals) -> None:
    world.record(ActivateCycle(cycle=CYCLE, effective_at=day(0)))
    goals.check_in(world, of.users, 160, 14, confidence=0.7, note="A *good* start")
    goals.check_in(world, of.response, 600, 15, confidence=0.5)
    world.record(CheckIn(key_result=of.launch, reached=["alpha"], confidence=0.8, measured_at=day(20)))
    world.record(
        RetargetKeyResult(
            key_result=of.users, metric=as_input(goals.rise(340, 100)), reason="Winter is slow", effective_at=day(30)
        )
    )
    world.record(DropKeyResult(key_result=of.given_up, reason="Nobody prints", effective_at=day(31)))
    goals.check_in(world, of.users, 220, 40, confidence=0.6)
    world.record(CheckIn(key_result=of.launch, reached=["alpha", "beta"], measured_at=day(45)))


def _second_half(world: AskedWorld, people: People, of: Goals) -> None:
    world.record(
        PlanInitiative(
            title="Cache what is asked twice",
            subject=Ref(Kind.OBJECTIVE, of.fast),
            owner=people.bob,
            due=date(2026, 2, 28),
            effective_at=day(16),
        )
    )
    world.record(
        AddComment(subject=Ref(Kind.OBJECTIVE, of.loved), body="Proud of this", effective_at=day(46)),
        goals.author(people.ada),
    )
    goals.check_in(world, of.response, 280, 50, confidence=0.9)
    goals.check_in(world, of.users, 310, 85, confidence=0.9)
    world.record(
        CloseObjective(
            objective=of.fast, verdict=Verdict.ACHIEVED, score=1.0, reflection="Done early", effective_at=day(89)
        )
    )
    world.record(
        Reflect(
            subject=Ref(Kind.CYCLE, goals.cycle_id(world)),
            kind=ReflectionKind.WENT_WELL,
            body="We measured",
            effective_at=day(89),
        )
    )
