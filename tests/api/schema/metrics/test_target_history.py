from typing import Any

import pytest

from domain.commands.command import KpiBy
from domain.commands.key_result_commands import CorrectCheckIn, LinkKpi, RetargetKeyResult, UnlinkKpi
from domain.commands.kpi_commands import DefineKpi, ReadingInput, RecordReadings
from domain.primitives.values import Direction, Metric, Milestone
from tests.api.schema import goals
from tests.api.schema.goals import day
from tests.asking import AskedWorld
from tests.metric_input import as_input

TARGETS = "{ keyResults { nodes { targets { progressBefore progressAfter } } } }"
RETARGETED = [{"progressBefore": None, "progressAfter": None}, {"progressBefore": 0.5, "progressAfter": 0.25}]
STEPS = Metric(Direction.MILESTONES, milestones=(Milestone("a", "First"), Milestone("b", "Second")))
NPS = KpiBy(key="nps")


@pytest.fixture
def world_with_cycle(world: AskedWorld) -> AskedWorld:
    goals.cycle(world)
    return world


def targets(world: AskedWorld) -> Any:
    (key_result,) = world.ask(TARGETS)["keyResults"]["nodes"]
    return key_result["targets"]


def retarget(world: AskedWorld, of: Any) -> None:
    world.record(
        RetargetKeyResult(key_result=of, metric=as_input(goals.rise(200)), reason="twice", effective_at=day(5))
    )


def test_later_check_ins_do_not_change_the_effect_of_a_retarget(world_with_cycle: AskedWorld) -> None:
    id = goals.key_result(world_with_cycle, goals.objective(world_with_cycle))
    check_in = goals.check_in(world_with_cycle, id, 50, 3)
    retarget(world_with_cycle, id)
    assert targets(world_with_cycle) == RETARGETED
    world_with_cycle.record(CorrectCheckIn(check_in=check_in, value=60, reason="miscounted"))
    goals.check_in(world_with_cycle, id, 70, 4)
    assert targets(world_with_cycle) == RETARGETED


def test_effect_of_a_retarget_uses_the_kpi_linked_at_that_time(world_with_cycle: AskedWorld) -> None:
    world_with_cycle.record(DefineKpi(key="nps", name="Promoters"))
    id = goals.key_result(world_with_cycle, goals.objective(world_with_cycle), kpi=NPS)
    world_with_cycle.do(RecordReadings(readings=[ReadingInput(kpi=NPS, value=50, measured_at=day(3))]))
    retarget(world_with_cycle, id)
    assert targets(world_with_cycle) == RETARGETED
    world_with_cycle.record(UnlinkKpi(key_result=id, effective_at=day(7)))
    assert targets(world_with_cycle) == RETARGETED


def test_milestone_taken_back_has_no_reached_at(world_with_cycle: AskedWorld) -> None:
    id = goals.key_result(world_with_cycle, goals.objective(world_with_cycle), metric=STEPS)
    goals.check_in(world_with_cycle, id, None, 3, reached=["a", "b"])
    goals.check_in(world_with_cycle, id, None, 5, reached=["a"])
    (key_result,) = world_with_cycle.ask("{ keyResults { nodes { milestones { key reachedAt } } } }")["keyResults"][
        "nodes"
    ]
    assert key_result["milestones"] == [
        {"key": "a", "reachedAt": "2026-01-04T00:00:00Z"},
        {"key": "b", "reachedAt": None},
    ]


def test_trajectory_shows_the_readings_of_the_linked_kpi_until_a_check_in_after_unlinking(
    world_with_cycle: AskedWorld,
) -> None:
    world_with_cycle.record(DefineKpi(key="nps", name="Promoters"))
    id = goals.key_result(world_with_cycle, goals.objective(world_with_cycle))
    goals.check_in(world_with_cycle, id, 20, 3)
    world_with_cycle.do(
        RecordReadings(
            readings=[
                ReadingInput(kpi=NPS, value=value, measured_at=day(at)) for value, at in ((5, 4), (50, 8), (60, 14))
            ]
        )
    )
    world_with_cycle.record(LinkKpi(key_result=id, kpi=NPS, effective_at=day(6)))
    world_with_cycle.record(UnlinkKpi(key_result=id, effective_at=day(12)))
    goals.check_in(world_with_cycle, id, 70, 16)
    (key_result,) = world_with_cycle.ask(
        "{ keyResults { nodes { id trajectory(every: CHANGE) { at actual progress } } } }"
    )["keyResults"]["nodes"]
    points = [(point["at"], point["actual"]) for point in key_result["trajectory"]]
    assert [(at[:10], actual) for at, actual in points[:-1]] == [
        ("2026-01-01", None), ("2026-01-04", None), ("2026-01-05", 5), ("2026-01-07", 5), ("2026-01-09", 50),
        ("2026-01-13", 50), ("2026-01-17", 70),
    ]  # fmt: skip
    then = "query ($id: ID!, $at: DateTime!) { node(id: $id) { ... on KeyResult { asOf(at: $at) { current } } } }"
    for at, actual in points[:-1]:
        assert world_with_cycle.ask(then, id=key_result["id"], at=at)["node"]["asOf"]["current"] == actual
