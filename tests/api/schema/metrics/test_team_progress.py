"""The progress of a team: over its subtree by default, in the active cycles or in one cycle, as of its closing."""

from typing import Any
from uuid import UUID

import pytest

from domain.commands.command import CycleBy
from domain.commands.cycle_commands import ActivateCycle, CloseCycle
from domain.commands.objective_commands import AssignObjective, CommitObjective
from domain.commands.people_commands import DisbandTeam, FormTeam, MoveTeam
from domain.primitives.values import Kind, Ref
from tests.api.schema import goals
from tests.api.schema.goals import CYCLE, day
from tests.asking import AskedWorld

TEAM = """query($key: String!, $cycle: CycleBy, $subteams: Boolean!, $at: DateTime) {
    asOf(at: $at) { team(by: {key: $key}) {
        progress(cycle: $cycle, includeSubteams: $subteams) { value health explain { label } }
        keyResults: healthCounts(cycle: $cycle, includeSubteams: $subteams) { health count }
        objectives: healthCounts(cycle: $cycle, includeSubteams: $subteams, of: OBJECTIVES) { health count }
    } }
}"""
Q1, Q2 = {"key": "2026-q1"}, {"key": "2026-q2"}


@pytest.fixture
def teams(world: AskedWorld) -> dict[str, UUID]:
    """The company with sales inside it and the north inside sales. Each has one objective in the first quarter: that of
    the company is at 0.2, that of sales at 0.4, and that of the north is not measured."""
    ids: dict[str, UUID] = {}
    for key, parent in (("company", None), ("sales", "company"), ("north", "sales")):
        above = None if parent is None else ids[parent]
        ids[key] = world.record(FormTeam(key=key, name=key, parent=above, effective_at=day(-9)))
    goals.cycle(world)
    goals.cycle(world, "2026-q2", goals.Q2)
    for key, value in (("company", 20), ("sales", 40), ("north", None)):
        measure(world, key, ids[key], value)
    world.do(ActivateCycle(cycle=CYCLE, effective_at=day(1)))
    return ids


def measure(world: AskedWorld, title: str, team: UUID, value: float | None, **given: Any) -> UUID:
    """An objective of a team with a key result, measured on day 30."""
    objective = goals.objective(world, f"Goal of {title}", team=team, **given)
    since: dict[str, Any] = {"effective_at": day(95)} if given else {}
    key_result = goals.key_result(world, objective, **since)
    if value is not None:
        goals.check_in(world, key_result, value, 96 if given else 30)
    return objective


def asked(world: AskedWorld, key: str, *, subteams: bool = True, cycle: Any = None, at: float | None = None) -> Any:
    moment = None if at is None else day(at).isoformat()
    return world.ask(TEAM, key=key, subteams=subteams, cycle=cycle, at=moment)["asOf"]["team"]


def value(world: AskedWorld, key: str, **given: Any) -> Any:
    return asked(world, key, **given)["progress"]["value"]


def counted(counts: list[dict[str, Any]]) -> dict[str, int]:
    return {one["health"]: one["count"] for one in counts if one["count"]}


def test_a_teams_progress_is_over_its_whole_subtree_by_default(world: AskedWorld, teams: dict[str, UUID]) -> None:
    assert value(world, "company") == pytest.approx((0.2 + 0.4 + 0) / 3)
    assert value(world, "sales") == pytest.approx((0.4 + 0) / 2)
    assert value(world, "north") is None
    answer = world.ask('{ team(by: {key: "company"}) { progress { value } } }')
    assert answer["team"]["progress"]["value"] == pytest.approx(0.2)


def test_a_teams_progress_without_its_subteams_is_over_its_own_objectives(
    world: AskedWorld, teams: dict[str, UUID]
) -> None:
    found = asked(world, "company", subteams=False)
    assert (found["progress"]["value"], found["progress"]["explain"]) == (0.2, [{"label": "Goal of company"}])
    assert value(world, "sales", subteams=False) == 0.4


def test_a_teams_progress_without_a_cycle_is_over_the_active_ones(world: AskedWorld, teams: dict[str, UUID]) -> None:
    second = CycleBy(key="2026-q2")
    measure(world, "the spring", teams["sales"], 100, cycle=second, effective_at=day(95))
    assert value(world, "sales", subteams=False) == 0.4
    world.do(ActivateCycle(cycle=second, effective_at=day(95)))
    assert value(world, "sales", subteams=False) == pytest.approx(0.7)
    assert value(world, "sales", subteams=False, cycle=Q2) == 1.0
    world.do(CloseCycle(cycle=CYCLE, close_objectives=True, effective_at=day(100)))
    assert value(world, "sales", subteams=False) == 1.0
    assert value(world, "sales", subteams=False, cycle=Q1) == 0.4
    assert value(world, "sales", subteams=False, at=99) == pytest.approx(0.7)
    assert value(world, "sales", cycle={"key": "unknown"}) is None


def test_drafts_do_not_count_in_a_teams_progress(world: AskedWorld, teams: dict[str, UUID]) -> None:
    later = measure(world, "tomorrow", teams["company"], 100, effective_at=day(50))
    assert value(world, "company", subteams=False) == 0.2
    world.do(CommitObjective(objective=later, effective_at=day(95)))
    assert value(world, "company", subteams=False) == pytest.approx(0.6)


def test_in_an_open_cycle_subtree_and_owning_team_are_those_of_the_basis(
    world: AskedWorld, teams: dict[str, UUID]
) -> None:
    world.do(MoveTeam(team=teams["sales"], parent=None, effective_at=day(50)))
    assert value(world, "company", cycle=Q1) == 0.2
    assert value(world, "company", cycle=Q1, at=45) == pytest.approx(0.2)
    assert len(asked(world, "company", cycle=Q1, at=45)["progress"]["explain"]) == 3
    world.do(AssignObjective(objective=goals.id_of(world, "sales"), team=teams["company"], effective_at=day(60)))
    assert value(world, "company", cycle=Q1) == pytest.approx(0.3)
    assert value(world, "sales", cycle=Q1) is None


def test_in_a_closed_cycle_subtree_and_owning_team_are_those_of_its_closing(
    world: AskedWorld, teams: dict[str, UUID]
) -> None:
    world.do(CloseCycle(cycle=CYCLE, close_objectives=True, effective_at=day(91)))
    closed = {key: asked(world, key, cycle=Q1) for key in teams}
    assert closed["company"]["progress"]["value"] == pytest.approx(0.2)
    assert len(closed["company"]["progress"]["explain"]) == 3
    world.do(MoveTeam(team=teams["sales"], parent=None, effective_at=day(92)))
    world.do(DisbandTeam(team=teams["north"], effective_at=day(93)))
    assert {key: asked(world, key, cycle=Q1) for key in teams} == closed
    assert {key: asked(world, key, cycle=Q1, at=100) for key in teams} == closed


def test_objectives_that_take_their_value_from_others_count_only_if_there_is_nothing_else(
    world: AskedWorld, teams: dict[str, UUID]
) -> None:
    top = goals.objective(world, "Lead the market", team=teams["north"], effective_at=day(2))
    world.do(CommitObjective(objective=top, effective_at=day(2)))
    sales = goals.objective(world, "Win all", supports=[Ref(Kind.OBJECTIVE, top)], effective_at=day(2))
    world.do(CommitObjective(objective=sales, effective_at=day(2)))
    goals.check_in(world, goals.key_result(world, sales, effective_at=day(2)), 90, 30)
    assert value(world, "north") is None
    world.do(AssignObjective(objective=goals.id_of(world, "north"), team=teams["sales"], effective_at=day(40)))
    found = asked(world, "north")["progress"]
    assert (found["value"], found["explain"]) == (0.9, [{"label": "Lead the market"}])


def test_health_counts_of_a_team_count_its_key_results_and_objectives(
    world: AskedWorld, teams: dict[str, UUID]
) -> None:
    found = asked(world, "company", at=33)
    # 32 of 90 days have elapsed, 0.37: 0.2 is at risk, 0.4 on track; what nobody measured is outdated after 10.5 days
    expected = {"AT_RISK": 1, "ON_TRACK": 1, "OUTDATED": 1}
    assert counted(found["keyResults"]) == counted(found["objectives"]) == expected
    assert [one["health"] for one in found["objectives"]] == [
        "PENDING", "ON_TRACK", "AT_RISK", "OFF_TRACK", "OUTDATED", "ACHIEVED", "PARTIAL", "MISSED",
    ]  # fmt: skip
    alone = asked(world, "company", subteams=False, at=33)
    assert counted(alone["keyResults"]) == counted(alone["objectives"]) == {"AT_RISK": 1}
