"""Filters of changes for an audit: by the claimed author, backdated, goalposts, and near the end of a cycle."""

import json
from datetime import date
from typing import Any

import pytest

from api.facts.importer import Import
from api.runtime.database import Database
from domain.commands.command import KpiBy
from domain.commands.cycle_commands import ActivateCycle, CloseCycle
from domain.commands.key_result_commands import LinkKpi, RescheduleKeyResult, RetargetKeyResult, ReweighKeyResult
from domain.commands.kpi_commands import DefineKpi, RedefineKpi, SetKpiTargets
from domain.commands.people_commands import AddPerson
from domain.commands.permissions import Author
from domain.primitives.values import KpiTarget, Source
from tests.api.schema import goals
from tests.api.schema.goals import CYCLE, at_least, day, rise
from tests.api.schema.history.asked_changes import Asked
from tests.asking import AskedWorld
from tests.metric_input import as_input
from tests.world import ADA


@pytest.fixture
def world(database: Database) -> AskedWorld:
    return AskedWorld(database)


def types(asked: Asked, **filter: Any) -> list[str]:
    return [change["__typename"] for change in asked.changes("__typename", filter=filter)]


# ── claimed authors ──────────────────────────────────────────────────────────────────────────────


def test_filter_by_actor_includes_what_an_import_recorded_on_their_behalf(asked: Asked, world: AskedWorld) -> None:
    cycle = {"key": "q1", "name": "Q1", "startsOn": "2026-01-01", "endsOn": "2026-03-31"}
    team = {"key": "core", "name": "Core"}
    facts = [
        {"at": "2026-01-01T09:00:00Z", "by": "person:grace", "do": "openCycle", "input": cycle},
        {"at": "2026-01-01T10:00:00Z", "do": "formTeam", "input": team},
    ]
    tally = Import(world.keyframe, world.log, "machine:console").run([json.dumps(fact).encode() for fact in facts])
    assert not tally.refusals
    world.catch_up()
    grace = asked.ask('{ person(by: {handle: "grace"}) { id } }')
    assert grace["person"]
    assert types(asked, actor="grace") == ["CycleOpened"]
    assert types(asked, actor="grace", includeOnBehalfOf=False) == []
    assert "CycleOpened" in types(asked, actor="console")
    assert asked.ask('{ changes(filter: {actor: "grace"}) { totalCount } }')["changes"]["totalCount"] == 1


def test_change_by_the_same_person_on_their_own_behalf_is_listed_once(asked: Asked, world: AskedWorld) -> None:
    person = world.record(AddPerson(handle="grace", name="Grace"))
    own = Author(f"person:{person}", Source.IMPORT, ADA.roles, on_behalf_of=person)
    world.do(AddPerson(handle="bob", name="Bob"), own)
    assert types(asked, actor="grace") == ["PersonAdded"]


# ── goalposts and the end of a cycle ─────────────────────────────────────────────────────────────


def quarter(world: AskedWorld) -> None:
    """A quarter with goalposts before its plan, in its middle and near its end, and with other changes."""
    goals.cycle(world)
    key_result = goals.key_result(world, goals.objective(world), metric=rise(100))
    linked = goals.key_result(world, goals.objective(world), metric=rise(100))
    world.do(DefineKpi(key="nps", name="Promoters", goal=at_least(100), effective_at=day(0)))
    world.do(DefineKpi(key="other", name="Others", goal=at_least(100), effective_at=day(0)))
    world.do(LinkKpi(key_result=linked, kpi=KpiBy(key="nps"), effective_at=day(0)))
    _retarget(world, key_result, 90, 0.5)
    world.do(ActivateCycle(cycle=CYCLE, effective_at=day(1)))
    _retarget(world, key_result, 80, 20)
    for key in ("nps", "other"):
        target = KpiTarget(date(2026, 2, 1), target=90)
        world.do(SetKpiTargets(kpi=KpiBy(key=key), targets=[target], reason="Slower.", effective_at=day(30)))
    world.do(RedefineKpi(kpi=KpiBy(key="nps"), name="Fans", reason="Its name.", effective_at=day(40)))
    world.do(ReweighKeyResult(key_result=key_result, weight=2, reason="It matters.", effective_at=day(80)))
    due = date(2026, 3, 20)
    world.do(RescheduleKeyResult(key_result=key_result, due=due, reason="The fair.", effective_at=day(80)))
    world.do(CloseCycle(cycle=CYCLE, close_objectives=True, effective_at=day(91)))
    world.do(RedefineKpi(kpi=KpiBy(key="nps"), goal=at_least(50), reason="Next.", effective_at=day(92)))


def _retarget(world: AskedWorld, key_result: Any, target: float, at: float) -> None:
    metric = as_input(rise(target))
    world.do(RetargetKeyResult(key_result=key_result, metric=metric, reason="Less.", effective_at=day(at)))


def test_goalposts_are_those_of_retrospectives(asked: Asked, world: AskedWorld) -> None:
    quarter(world)
    moved = asked.changes("position __typename", filter={"goalposts": True})
    assert [one["__typename"] for one in moved] == ["KeyResultRetargeted", "KpiTargetsSet", "KeyResultRescheduled"]
    shown = 'retrospective(cycle: {key: "2026-q1"}) { goalpostChanges { nodes { position __typename } } }'
    assert asked.ask(f"{{ {shown} }}")["retrospective"]["goalpostChanges"]["nodes"] == moved
    assert len(types(asked, goalposts=False)) == len(types(asked)) - 3


def test_goalposts_near_the_end_are_found_by_combined_filters(asked: Asked, world: AskedWorld) -> None:
    quarter(world)
    late = {"goalposts": True, "cycle": {"key": "2026-q1"}, "daysBeforeClose": {"lte": 14}}
    assert types(asked, **late) == ["KeyResultRescheduled"]
    assert types(asked, **late | {"daysBeforeClose": {"gte": 15}}) == ["KeyResultRetargeted"]
    days = [change["daysBeforeClose"] for change in _rescheduled(asked)]
    assert types(asked, **late | {"daysBeforeClose": {"gte": days[0], "lte": days[0]}}) == ["KeyResultRescheduled"]


def _rescheduled(asked: Asked) -> list[Any]:
    return asked.changes("... on KeyResultRescheduled { daysBeforeClose }", filter={"types": ["KeyResultRescheduled"]})


def test_days_before_close_match_no_change_without_a_cycle(asked: Asked, world: AskedWorld) -> None:
    quarter(world)
    found = asked.changes("cycle { key }", filter={"daysBeforeClose": {"gte": -100_000}})
    assert {change["cycle"]["key"] for change in found} == {"2026-q1"}
    assert types(asked, daysBeforeClose={}) == [change["__typename"] for change in _of_cycles(asked)]


def _of_cycles(asked: Asked) -> list[Any]:
    return [change for change in asked.changes("__typename cycle { key }") if change["cycle"]]


@pytest.mark.parametrize("bound", [100_001, -100_001, 2**31 - 1])
def test_impossible_number_of_days_is_invalid(asked: Asked, bound: int) -> None:
    filter = {"daysBeforeClose": {"lte": bound}}
    query = "query($filter: ChangeFilter) { changes(filter: $filter) { nodes { position } } }"
    assert asked.refused(query, filter=filter) == ("INVALID", ["daysBeforeClose", "lte"])


# ── backdated ────────────────────────────────────────────────────────────────────────────────────


def test_backdated_filter_agrees_with_the_field(asked: Asked, world: AskedWorld) -> None:
    quarter(world)
    world.do(AddPerson(handle="grace", name="Grace"))
    all_of = asked.changes("position backdated")
    for is_backdated in (True, False):
        found = asked.changes("position backdated", filter={"backdated": is_backdated})
        assert found == [change for change in all_of if change["backdated"] is is_backdated]
        assert found
