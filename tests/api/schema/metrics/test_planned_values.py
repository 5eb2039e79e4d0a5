"""Plans over GraphQL: planning, the plan and the expected progress of every basis, changes, diffs and findings."""

from datetime import date
from uuid import UUID

import pytest

from api.snapshot import global_ids
from domain.commands.key_result_commands import PlanKeyResult, RescheduleKeyResult, RetargetKeyResult
from domain.primitives.values import Direction, Kind, Metric, PlanPoint
from tests.api.schema import goals
from tests.api.schema.goals import day
from tests.asking import AskedWorld
from tests.metric_input import as_input

PLAN = """mutation($input: PlanKeyResultInput!) { planKeyResult(input: $input) {
    keyResult { id } problems { code rule field } changes { position }
} }"""
CHANGE = """{ changes(last: 1) { nodes {
    __typename reason fields { field before after } effects { before }
    ... on KeyResultPlanned { beforePlan { on value } afterPlan { on value } daysBeforeClose }
} } }"""
PLANNED = "{ keyResults { nodes { plan { on value } progress { expected health } } } }"
FEBRUARY = {"on": "2026-02-14", "value": 10}
"""After 45 of the 90 days."""
LAST = {"on": "2026-03-31", "value": 100}


@pytest.fixture
def goal(world: AskedWorld) -> UUID:
    """A key result from 0 to 100 in the 90 days of the cycle."""
    goals.cycle(world)
    return goals.key_result(world, goals.objective(world))


def point(number: int, value: float) -> PlanPoint:
    """The value at the end of a day of the cycle, counted from 1."""
    return PlanPoint(day(number - 1).date(), value)


def plan(world: AskedWorld, goal: UUID, at: float, *points: PlanPoint) -> None:
    world.do(PlanKeyResult(key_result=goal, points=list(points), reason="so", effective_at=day(at)))


def expected(world: AskedWorld, at: float) -> float:
    """The expected progress on a day, as known now."""
    query = f"query($at: DateTime!) {{ asOf(at: $at) {PLANNED} }}"
    (found,) = world.ask(query, at=day(at).isoformat())["asOf"]["keyResults"]["nodes"]
    return float(found["progress"]["expected"])


# ── planning ─────────────────────────────────────────────────────────────────────────────────────


def test_a_plan_is_set_with_a_typed_change(world: AskedWorld, goal: UUID) -> None:
    plan(world, goal, 5, point(45, 10))
    assert world.ask(PLANNED)["keyResults"]["nodes"][0]["plan"] == [FEBRUARY, LAST]
    (change,) = world.ask(CHANGE)["changes"]["nodes"]
    assert change == {
        "__typename": "KeyResultPlanned", "reason": "so", "effects": [],
        "beforePlan": [], "afterPlan": [FEBRUARY, LAST], "daysBeforeClose": 85,
        "fields": [
            {"field": "plan.2026-02-14", "before": None, "after": "10"},
            {"field": "plan.2026-03-31", "before": None, "after": "100"},
        ],
    }  # fmt: skip


def test_wrong_points_are_rejected_with_all_their_problems(world: AskedWorld, goal: UUID) -> None:
    head = world.ask("{ basis { position } }")
    wrong = [{"on": "2025-12-31", "value": 1}, FEBRUARY, FEBRUARY, LAST | {"value": 99}]
    asked = {"keyResult": global_ids.encode(Kind.KEY_RESULT, goal), "points": wrong, "reason": "It starts late."}
    answer = world.ask(PLAN, input=asked)["planKeyResult"]
    assert (answer["keyResult"], answer["changes"]) == (None, [])
    assert [(one["code"], one["rule"], one["field"]) for one in answer["problems"]] == [
        ("INVALID", "PLAN_POINT_OUTSIDE_SPAN", ["points", "0", "on"]),
        ("INVALID", "PLAN_POINTS_NOT_ORDERED", ["points", "2", "on"]),
        ("INVALID", "PLAN_MISSES_TARGET", ["points", "3", "value"]),
    ]
    assert world.ask("{ basis { position } }") == head


# ── figures ──────────────────────────────────────────────────────────────────────────────────────


def test_expected_follows_the_plan_of_its_basis(world: AskedWorld, goal: UUID) -> None:
    plan(world, goal, 10, point(45, 10))
    plan(world, goal, 60, point(80, 20))
    days = [(9, 0.1), (10, 10 / 45 / 10), (45, 0.1), (60, 0.15), (80, 0.2), (85, 0.6), (91, 1)]
    assert [expected(world, at) for at, _ in days] == pytest.approx([share for _, share in days])


def test_a_position_shows_the_plan_known_then(world: AskedWorld, goal: UUID) -> None:
    plan(world, goal, 10, point(45, 10))
    known = world.ask("{ basis { position } }")["basis"]["position"]
    plan(world, goal, 10, point(45, 50))
    query = f"query($at: DateTime!, $position: Position!) {{ asOf(at: $at, position: $position) {PLANNED} }}"
    found = world.ask(query, at=day(45).isoformat(), position=known)["asOf"]["keyResults"]["nodes"]
    assert (found[0]["plan"], found[0]["progress"]["expected"]) == ([FEBRUARY, LAST], pytest.approx(0.1))
    assert expected(world, 45) == pytest.approx(0.5)


def test_wholes_expect_the_mean_of_the_plans(world: AskedWorld, goal: UUID) -> None:
    plan(world, goal, 10, point(45, 10))
    objective = goals.id_of(world, "Win the hearts of our users")
    goals.key_result(world, objective, "Loyal users", weight=3)
    query = "query($at: DateTime!) { asOf(at: $at) { objectives { nodes { progress { expected } } } } }"
    (found,) = world.ask(query, at=day(45).isoformat())["asOf"]["objectives"]["nodes"]
    assert found["progress"]["expected"] == pytest.approx((0.1 + 3 * 0.5) / 4)


def test_a_diff_compares_expected_progress_and_the_points_of_a_plan(world: AskedWorld, goal: UUID) -> None:
    plan(world, goal, 10, point(45, 10))
    plan(world, goal, 46, point(60, 20))
    query = """query($then: DateTime!, $now: DateTime!) { diff(from: {time: $then}, to: {time: $now}) { entities {
        kind then { __typename } expected { before after } progress { before after } fields { field before after }
    } } }"""
    (found,) = world.ask(query, then=day(45).isoformat(), now=day(48).isoformat())["diff"]["entities"]
    assert found["then"] == {"__typename": "KeyResult"}
    assert found["progress"] == {"before": None, "after": None}
    assert found["expected"] == pytest.approx({"before": 0.1, "after": 0.16})
    assert found["fields"] == [
        {"field": "plan.2026-03-01", "before": None, "after": "20"},
        {"field": "plan.2026-02-14", "before": "10", "after": None},
    ]


def test_a_target_revision_shows_its_plan(world: AskedWorld, goal: UUID) -> None:
    plan(world, goal, 10, point(45, 10))
    retarget = RetargetKeyResult(key_result=goal, metric=as_input(goals.rise(200)), reason="more", effective_at=day(20))
    world.do(retarget)
    found = world.ask("{ keyResults { nodes { targets { metric { target } plan { on value } } } } }")
    assert found["keyResults"]["nodes"][0]["targets"] == [
        {"metric": {"target": 100}, "plan": []},
        {"metric": {"target": 100}, "plan": [FEBRUARY, LAST]},
        {"metric": {"target": 200}, "plan": [FEBRUARY | {"value": 20}, LAST | {"value": 200}]},
    ]


# ── findings ─────────────────────────────────────────────────────────────────────────────────────

PLAN_RULES = '(rules: ["key-result-planned-against-direction", "key-result-plan-ended"])'


def rules(world: AskedWorld, at: float) -> list[str]:
    fields = f"keyResults {{ nodes {{ quality{PLAN_RULES} {{ rule }} }} }}"
    query = f"query($at: DateTime!) {{ asOf(at: $at) {{ {fields} }} }}"
    (found,) = world.ask(query, at=day(at).isoformat())["asOf"]["keyResults"]["nodes"]
    return [one["rule"] for one in found["quality"]]


def test_a_plan_that_another_direction_ended_has_a_finding_until_it_is_planned_again(
    world: AskedWorld, goal: UUID
) -> None:
    plan(world, goal, 10, point(45, 10))
    falling = Metric(Direction.DECREASE, start=100, target=0)
    world.do(RetargetKeyResult(key_result=goal, metric=as_input(falling), reason="so", effective_at=day(20)))
    world.do(RescheduleKeyResult(key_result=goal, due=date(2026, 3, 30), reason="so", effective_at=day(25)))
    plan(world, goal, 30, point(45, 50), point(60, 80))
    assert [rules(world, at) for at in (15, 21, 26, 31)] == [
        [], ["key-result-plan-ended"], ["key-result-plan-ended"], ["key-result-planned-against-direction"],
    ]  # fmt: skip
    plan(world, goal, 40)
    assert rules(world, 41) == []
