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
def told(world: AskedWorld) -> AskedWorld:
    goals.cycle(world)
    return world


def targets(world: AskedWorld) -> Any:
    (key_result,) = world.ask(TARGETS)["keyResults"]["nodes"]
    return key_result["targets"]


def retarget(world: AskedWorld, of: Any) -> None:
    world.record(
        RetargetKeyResult(key_result=of, metric=as_input(goals.rise(200)), reason="twice", effective_at=day(5))
    )


def test_what_a_target_did_stays_as_it_was_known_then(told: AskedWorld) -> None:
    id = goals.key_result(told, goals.objective(told))
    check_in = goals.check_in(told, id, 50, 3)
    retarget(told, id)
    assert targets(told) == RETARGETED
    told.record(CorrectCheckIn(check_in=check_in, value=60, reason="miscounted"))
    goals.check_in(told, id, 70, 4)
    assert targets(told) == RETARGETED


def test_what_a_target_did_was_measured_by_the_kpi_of_that_time(told: AskedWorld) -> None:
    told.record(DefineKpi(key="nps", name="Promoters"))
    id = goals.key_result(told, goals.objective(told), kpi=NPS)
    told.do(RecordReadings(readings=[ReadingInput(kpi=NPS, value=50, measured_at=day(3))]))
    retarget(told, id)
    assert targets(told) == RETARGETED
    told.record(UnlinkKpi(key_result=id, effective_at=day(7)))
    assert targets(told) == RETARGETED


def test_a_milestone_that_is_no_longer_reached_was_reached_at_no_time(told: AskedWorld) -> None:
    id = goals.key_result(told, goals.objective(told), metric=STEPS)
    goals.check_in(told, id, None, 3, reached=["a", "b"])
    goals.check_in(told, id, None, 5, reached=["a"])
    (key_result,) = told.ask("{ keyResults { nodes { milestones { key reachedAt } } } }")["keyResults"]["nodes"]
    assert key_result["milestones"] == [
        {"key": "a", "reachedAt": "2026-01-04T00:00:00Z"},
        {"key": "b", "reachedAt": None},
    ]


def test_the_way_of_a_key_result_is_told_by_what_measured_it_at_each_moment(told: AskedWorld) -> None:
    told.record(DefineKpi(key="nps", name="Promoters"))
    id = goals.key_result(told, goals.objective(told))
    goals.check_in(told, id, 20, 3)
    told.do(
        RecordReadings(
            readings=[
                ReadingInput(kpi=NPS, value=value, measured_at=day(at)) for value, at in ((5, 4), (50, 8), (60, 14))
            ]
        )
    )
    told.record(LinkKpi(key_result=id, kpi=NPS, effective_at=day(6)))
    told.record(UnlinkKpi(key_result=id, effective_at=day(12)))
    goals.check_in(told, id, 70, 16)
    (key_result,) = told.ask("{ keyResults { nodes { id trajectory(every: CHANGE) { at actual progress } } } }")[
        "keyResults"
    ]["nodes"]
    points = [(point["at"], point["actual"]) for point in key_result["trajectory"]]
    assert [(at[:10], actual) for at, actual in points[:-1]] == [
        ("2026-01-01", None), ("2026-01-04", 20), ("2026-01-07", None), ("2026-01-09", 50), ("2026-01-13", 20),
        ("2026-01-17", 70),
    ]  # fmt: skip
    then = "query ($id: ID!, $at: DateTime!) { node(id: $id) { ... on KeyResult { asOf(at: $at) { current } } } }"
    for at, actual in points[:-1]:
        assert told.ask(then, id=key_result["id"], at=at)["node"]["asOf"]["current"] == actual
