"""Objectives without key results of their own take their value from the objectives that support them."""

from typing import Any
from uuid import UUID

import pytest

from domain.commands.command import CycleBy
from domain.commands.cycle_commands import ActivateCycle, CloseCycle
from domain.commands.key_result_commands import DropKeyResult
from domain.commands.objective_commands import (
    AlignObjective,
    CloseObjective,
    CommitObjective,
    DropObjective,
    UnalignObjective,
)
from domain.primitives.values import Kind, Ref
from tests.api.schema import goals
from tests.api.schema.goals import CYCLE, day
from tests.asking import AskedWorld

TOP = """query($at: DateTime) { asOf(at: $at) { objectives(filter: {search: "lead the market"}) { nodes {
    progress { value expected health measuredShare explain { label weight value contribution from { __typename } } }
    healthCounts { health count } outcome { verdict score }
} } cycle(by: {key: "2026-q1"}) { progress { value explain { label } } } } }"""


@pytest.fixture
def top(world: AskedWorld) -> UUID:
    """An objective without key results in an active quarter."""
    goals.cycle(world)
    id = goals.objective(world, "Lead the market")
    world.do(ActivateCycle(cycle=CYCLE, effective_at=day(1)))
    return id


def supporter(world: AskedWorld, top: UUID, title: str, value: float | None, *, weight: float = 1) -> tuple[UUID, UUID]:
    """A committed objective that supports `top` from day 2 on, and its key result, measured on day 30."""
    objective = goals.objective(world, title, supports=[Ref(Kind.OBJECTIVE, top)], effective_at=day(2))
    world.do(CommitObjective(objective=objective, effective_at=day(2)))
    key_result = goals.key_result(world, objective, f"{title} measured", weight=weight, effective_at=day(2))
    if value is not None:
        goals.check_in(world, key_result, value, 30)
    return objective, key_result


def asked(world: AskedWorld, at: float | None = None) -> Any:
    return world.ask(TOP, at=None if at is None else day(at).isoformat())["asOf"]


def shown(world: AskedWorld, at: float | None = None) -> Any:
    (node,) = asked(world, at)["objectives"]["nodes"]
    return node


def value(world: AskedWorld, at: float | None = None) -> Any:
    return shown(world, at)["progress"]["value"]


def test_a_heading_takes_the_plain_mean_of_its_supporters_and_explain_names_them(world: AskedWorld, top: UUID) -> None:
    assert (shown(world)["progress"]["value"], shown(world)["progress"]["health"]) == (None, "PENDING")
    supporter(world, top, "Win the north", 80, weight=9)
    supporter(world, top, "Win the south", 40)
    supporter(world, top, "Win the west", None)
    goals.objective(world, "Win the east some day", supports=[Ref(Kind.OBJECTIVE, top)], effective_at=day(2))
    progress = shown(world)["progress"]
    assert progress["value"] == pytest.approx(0.4)
    assert progress["measuredShare"] == pytest.approx(2 / 3)
    assert [(term["label"], term["weight"], term["value"]) for term in progress["explain"]] == [
        ("Win the north", 1, 0.8), ("Win the south", 1, 0.4), ("Win the west", 1, None),
    ]  # fmt: skip
    assert sum(term["contribution"] for term in progress["explain"]) == pytest.approx(0.4)
    assert {term["from"]["__typename"] for term in progress["explain"]} == {"Objective"}
    assert not any(one["count"] for one in shown(world)["healthCounts"])


def test_headings_are_left_out_of_their_cycle_unless_there_is_nothing_else(world: AskedWorld, top: UUID) -> None:
    supporter(world, top, "Win the north", 80)
    goals.check_in(world, supporter(world, top, "Win the south", 40)[1], 60, 31)
    cycle = asked(world)["cycle"]["progress"]
    assert cycle["value"] == pytest.approx(0.7)
    assert [term["label"] for term in cycle["explain"]] == ["Win the north", "Win the south"]


def test_a_heading_whose_supporters_are_in_another_cycle_counts_in_its_own(world: AskedWorld) -> None:
    goals.cycle(world, "2026", days=365)
    goals.cycle(world)
    top = goals.objective(world, "Lead the market", cycle=CycleBy(key="2026"))
    for cycle in (CycleBy(key="2026"), CYCLE):
        world.do(ActivateCycle(cycle=cycle, effective_at=day(1)))
    supporter(world, top, "Win the north", 80)
    year = world.ask('{ cycle(by: {key: "2026"}) { progress { value explain { label } } } }')["cycle"]["progress"]
    assert year == {"value": 0.8, "explain": [{"label": "Lead the market"}]}


def test_a_heading_of_headings_takes_its_value_recursively(world: AskedWorld, top: UUID) -> None:
    middle = goals.objective(world, "Win it all", supports=[Ref(Kind.OBJECTIVE, top)], effective_at=day(2))
    world.do(CommitObjective(objective=middle, effective_at=day(2)))
    assert value(world) is None
    supporter(world, middle, "Win the north", 80)
    supporter(world, middle, "Win the south", 40)
    supporter(world, top, "Win the west", 30)
    assert value(world) == pytest.approx((0.6 + 0.3) / 2)


def test_an_objective_whose_key_results_are_all_dropped_becomes_a_heading(world: AskedWorld, top: UUID) -> None:
    supporter(world, top, "Win the north", 80)
    own = goals.key_result(world, top, "Market share", effective_at=day(3))
    goals.check_in(world, own, 20, 30)
    assert value(world) == 0.2
    world.do(DropKeyResult(key_result=own, reason="Not ours.", effective_at=day(40)))
    assert value(world) == 0.8
    assert value(world, at=35) == 0.2


def test_supporters_come_and_go_with_alignment_and_dropping(world: AskedWorld, top: UUID) -> None:
    north, _ = supporter(world, top, "Win the north", 80)
    south, _ = supporter(world, top, "Win the south", 40)
    world.do(UnalignObjective(objective=south, from_=Ref(Kind.OBJECTIVE, top), effective_at=day(40)))
    assert (value(world, at=35), value(world)) == (pytest.approx(0.6), 0.8)
    world.do(AlignObjective(objective=south, to=Ref(Kind.OBJECTIVE, top), effective_at=day(50)))
    world.do(DropObjective(objective=north, reason="Enough.", effective_at=day(60)))
    assert [value(world, at) for at in (45, 55, 65)] == [0.8, pytest.approx(0.6), 0.4]


def test_a_closed_heading_is_frozen_at_its_own_end(world: AskedWorld, top: UUID) -> None:
    _, north = supporter(world, top, "Win the north", 80)
    south, measure = supporter(world, top, "Win the south", 40)
    world.do(CloseObjective(objective=top, effective_at=day(50)))
    closed = shown(world)
    assert closed["outcome"] == {"verdict": "MISSED", "score": pytest.approx(0.6)}
    assert (closed["progress"]["value"], closed["progress"]["health"]) == (pytest.approx(0.6), "MISSED")
    goals.check_in(world, north, 100, 60)
    world.do(DropKeyResult(key_result=measure, reason="No.", effective_at=day(61)))
    world.do(UnalignObjective(objective=south, from_=Ref(Kind.OBJECTIVE, top), effective_at=day(62)))
    supporter_later = goals.objective(world, "Win more", supports=[], effective_at=day(62))
    world.do(CommitObjective(objective=supporter_later, effective_at=day(62)))
    assert shown(world) == closed
    assert shown(world, at=70) == closed
    goals.check_in(world, north, 90, 45, reason="Found later.")
    assert value(world) == pytest.approx(0.65)
    assert shown(world)["outcome"] == closed["outcome"]


def test_closing_a_cycle_scores_a_heading_by_the_scores_of_its_supporters(world: AskedWorld, top: UUID) -> None:
    north, _ = supporter(world, top, "Win the north", 80)
    supporter(world, top, "Win the south", 40)
    world.do(CloseObjective(objective=north, score=1.0, effective_at=day(50)))
    world.do(CloseCycle(cycle=CYCLE, close_objectives=True, effective_at=day(91)))
    node = shown(world)
    assert node["outcome"] == {"verdict": "PARTIAL", "score": pytest.approx(0.7)}
    assert node["progress"]["value"] == pytest.approx(0.6)
