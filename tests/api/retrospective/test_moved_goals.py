"""What moves, and cycles with other days, in figures and retrospectives; with numbers computed by hand.

A  a1  0 to 10, at 5          B  b1  0 to 10, at 2          both in the first quarter; C in the second one
"""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from domain.commands.command import CycleBy, KpiBy
from domain.commands.cycle_commands import ActivateCycle, CloseCycle, OpenCycle, RescheduleCycle
from domain.commands.key_result_commands import AddKeyResult, MoveKeyResult
from domain.commands.kpi_commands import DefineKpi, ReadingInput, RecordReadings
from domain.commands.objective_commands import AlignObjective, CommitObjective, MoveObjective
from domain.primitives.values import Aggregation, Kind, Ref
from tests.api.schema.goals import CYCLE, check_in, cycle, day, key_result, objective, rise
from tests.asking import AskedWorld
from tests.metric_input import as_input

Q2 = CycleBy(key="2026-q2")
REVIEW = """
    attribution { initial movement goalpost scope final }
    goalpostChanges(first: 9) { nodes { __typename } }
    objectives {
        presence objective { title } attribution { initial movement goalpost scope final }
        keyResults { presence keyResult { title } }
    }
"""
NONE = {"initial": 0.0, "movement": 0.0, "goalpost": 0.0, "scope": 0.0}


@pytest.fixture
def quarters(world: AskedWorld) -> tuple[AskedWorld, dict[str, UUID]]:
    """Two active quarters."""
    cycle(world)
    world.do(OpenCycle(key="2026-q2", name="Q2", starts_on=date(2026, 4, 1), ends_on=date(2026, 6, 30),
                       effective_at=day(0)))  # fmt: skip
    made = {name: objective(world, f"{name} goal of ours") for name in "AB"}
    for name in "AB":
        made[name.lower()] = key_result(world, made[name], name.lower(), metric=rise(10))
    for one in (CYCLE, Q2):
        world.do(ActivateCycle(cycle=one, effective_at=day(1)))
    check_in(world, made["a"], 5, 10)
    check_in(world, made["b"], 2, 10)
    return world, made


def review(world: AskedWorld, key: str) -> dict[str, Any]:
    found = world.ask(f'{{ retrospective(cycle: {{key: "{key}"}}) {{ {REVIEW} }} }}')["retrospective"]
    assert isinstance(found, dict)
    return found


def values(world: AskedWorld, at: float | None = None) -> dict[str, Any]:
    """The value of each objective and cycle, and the titles of the key results of each objective."""
    asked = """
        cycles(first: 9) { nodes { key progress { value } } }
        objectives(first: 9) { nodes { title cycle { key } progress { value } keyResults { title } } }
    """
    then = "" if at is None else f'asOf(at: "{day(at).isoformat()}")'
    answer = world.ask(f"{{ {then} {{ {asked} }} }}")["asOf"] if then else world.ask(f"{{ {asked} }}")
    goals = {
        one["title"][0]: (one["cycle"]["key"], one["progress"]["value"], [of["title"] for of in one["keyResults"]])
        for one in answer["objectives"]["nodes"]
    }
    return goals | {one["key"]: one["progress"]["value"] for one in answer["cycles"]["nodes"]}


def test_a_moved_key_result_counts_in_its_new_objective_and_before_the_move_in_the_old_one(
    quarters: tuple[AskedWorld, dict[str, UUID]],
) -> None:
    world, made = quarters
    world.do(MoveKeyResult(key_result=made["a"], to=made["B"], effective_at=day(20)))
    assert values(world, 19) == {
        "A": ("2026-q1", 0.5, ["a"]), "B": ("2026-q1", 0.2, ["b"]), "2026-q1": pytest.approx(0.35), "2026-q2": None,
    }  # fmt: skip
    assert values(world) == {
        "A": ("2026-q1", None, []), "B": ("2026-q1", 0.35, ["a", "b"]), "2026-q1": 0.35, "2026-q2": None,
    }  # fmt: skip
    seen = review(world, "2026-q1")
    of_a, of_b = seen["objectives"]
    assert of_a["attribution"] == NONE | {"movement": 0.5, "scope": -0.5, "final": 0.0}
    assert of_b["attribution"] == pytest.approx(NONE | {"movement": 0.2, "scope": 0.15, "final": 0.35})
    assert [(one["presence"], one["keyResult"]["title"]) for one in of_a["keyResults"]] == [("DROPPED", "a")]
    assert [one["presence"] for one in of_b["keyResults"]] == ["ADDED_LATER", "KEPT"]


def test_a_moved_objective_is_scope_here_and_there(quarters: tuple[AskedWorld, dict[str, UUID]]) -> None:
    world, made = quarters
    world.do(MoveObjective(objective=made["A"], to=Q2, effective_at=day(20)))
    assert values(world, 19)["2026-q1"] == pytest.approx(0.35)
    assert values(world) == {
        "A": ("2026-q2", 0.5, ["a"]), "B": ("2026-q1", 0.2, ["b"]), "2026-q1": 0.2, "2026-q2": 0.5,
    }  # fmt: skip
    left, joined = review(world, "2026-q1"), review(world, "2026-q2")
    assert left["attribution"] == pytest.approx(NONE | {"movement": 0.35, "scope": -0.15, "final": 0.2})
    assert joined["attribution"] == NONE | {"scope": 0.5, "final": 0.5}
    assert [one["presence"] for one in left["objectives"]] == ["DROPPED", "KEPT"]
    assert [(one["presence"], one["objective"]["title"][0]) for one in joined["objectives"]] == [("ADDED_LATER", "A")]
    world.do(CloseCycle(cycle=CYCLE, close_objectives=True))
    assert values(world)["A"] == ("2026-q2", 0.5, ["a"])
    changes = world.ask('{ changes(first: 9, filter: {cycle: {key: "2026-q2"}}) { nodes { __typename } } }')["changes"]
    assert [one["__typename"] for one in changes["nodes"]] == [
        "CycleOpened", "CycleActivated", "ObjectiveMoved", "KeyResultMoved",
    ]  # fmt: skip


def test_readings_in_between_count_again_after_a_rescheduling_as_goalpost(
    quarters: tuple[AskedWorld, dict[str, UUID]],
) -> None:
    world, made = quarters
    world.do(DefineKpi(key="sold", name="Sold", aggregation=Aggregation.SUM, effective_at=day(0)))
    kpi = KpiBy(key="sold")
    sold = AddKeyResult(objective=made["A"], title="sold", metric=as_input(rise(100)), kpi=kpi, effective_at=day(5))
    world.do(sold)
    readings = [ReadingInput(kpi=kpi, value=20, measured_at=day(at)) for at in (30, 95)]
    world.do(RecordReadings(readings=readings))
    assert values(world)["A"][1] == pytest.approx((0.5 + 0.2) / 2)
    world.do(RescheduleCycle(cycle=CYCLE, ends_on=date(2026, 4, 15), reason="late", effective_at=day(100)))
    assert values(world)["A"][1] == pytest.approx((0.5 + 0.4) / 2)
    assert values(world, 99)["A"][1] == pytest.approx((0.5 + 0.2) / 2)
    seen = review(world, "2026-q1")
    assert seen["objectives"][0]["attribution"]["goalpost"] == pytest.approx(0.1)
    kinds = [one["__typename"] for one in seen["goalpostChanges"]["nodes"]]
    assert kinds == ["CycleRescheduled", *["KeyResultRescheduled"] * 3]


def test_alignments_count_while_the_cycles_overlap(quarters: tuple[AskedWorld, dict[str, UUID]]) -> None:
    world, made = quarters
    heading = objective(world, "C goal of ours", cycle=Q2, effective_at=day(12))
    world.do(CommitObjective(objective=heading, effective_at=day(12)))
    for first, at in ((date(2026, 3, 15), 13), (date(2026, 4, 1), 15)):
        world.do(RescheduleCycle(cycle=Q2, starts_on=first, reason="moved", effective_at=day(at)))
        if at == 13:
            world.do(AlignObjective(objective=made["A"], to=Ref(Kind.OBJECTIVE, heading), effective_at=day(14)))
    assert values(world, 14.5)["C"][1] == 0.5
    assert values(world)["C"][1] is None
    (of_c,) = review(world, "2026-q2")["objectives"]
    assert of_c["attribution"] == NONE | {"scope": 0.5, "goalpost": -0.5, "final": 0.0}
