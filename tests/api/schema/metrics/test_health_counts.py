"""How many key results and objectives of an objective, a cycle and a frame of a replay have each health."""

from typing import Any

from domain.commands.cycle_commands import ActivateCycle
from domain.commands.key_result_commands import DropKeyResult
from domain.commands.objective_commands import DropObjective
from domain.primitives.values import Kind, Ref
from tests.api.schema import goals
from tests.api.schema.goals import CYCLE, day
from tests.asking import AskedWorld

COUNTS = """query($at: DateTime!) { asOf(at: $at) { cycle(by: {key: "2026-q1"}) {
    keyResults: healthCounts { health count } all: healthCounts(of: OBJECTIVES) { health count }
    objectives { nodes { title healthCounts { health count } } }
} } }"""
FRAMES = """query($at: DateTime!) { replay(cycle: {key: "2026-q1"}, every: QUARTER, from: $at, to: $at) { frames {
    objectives keyResults byHealth { health count }
    counted: healthCounts { health count } all: healthCounts(of: OBJECTIVES) { health count }
} } }"""


def counted(counts: list[dict[str, Any]]) -> dict[str, int]:
    return {one["health"]: one["count"] for one in counts if one["count"]}


def run(world: AskedWorld) -> None:
    """Four objectives: with three key results, with a dropped one, dropped, and without key results; and a draft."""
    goals.cycle(world)
    many = goals.objective(world, "Go on all ways")
    parts = [goals.key_result(world, many, f"Way {number}") for number in range(3)]
    lost = goals.objective(world, "Lose one way")
    kept, dropped = (goals.key_result(world, lost, title) for title in ("Kept", "Dropped"))
    gone = goals.objective(world, "Be gone")
    goals.key_result(world, gone, "Gone")
    goals.objective(world, "Lead the market")
    supporter = goals.objective(world, "Go first", supports=[Ref(Kind.OBJECTIVE, goals.id_of(world, "Lead"))])
    first = goals.key_result(world, supporter, "First")
    world.do(ActivateCycle(cycle=CYCLE, effective_at=day(1)))
    draft = goals.objective(world, "Perhaps some day", effective_at=day(2))
    goals.key_result(world, draft, "Perhaps", effective_at=day(2))
    for id, value in (*zip(parts, (60, 30, 5), strict=True), (kept, 50), (first, 45)):
        goals.check_in(world, id, value, 45)
    world.do(DropKeyResult(key_result=dropped, reason="No.", effective_at=day(20)))
    world.do(DropObjective(objective=gone, reason="No.", effective_at=day(20)))


def test_health_counts_leave_out_drafts_and_dropped_goals(world: AskedWorld) -> None:
    run(world)
    cycle = world.ask(COUNTS, at=day(45).isoformat())["asOf"]["cycle"]
    # half of the time has elapsed: gaps of -0.1, 0.2 and 0.45 in the first one, 0 in the second, 0.05 in the last
    assert counted(cycle["keyResults"]) == {"ON_TRACK": 3, "AT_RISK": 1, "OFF_TRACK": 1}
    # the mean gap of the first one is 0.1833; the objective above takes its health from that of the last
    assert counted(cycle["all"]) == {"AT_RISK": 1, "ON_TRACK": 3}
    by_title = {one["title"]: counted(one["healthCounts"]) for one in cycle["objectives"]["nodes"]}
    assert by_title == {
        "Go on all ways": {"ON_TRACK": 1, "AT_RISK": 1, "OFF_TRACK": 1},
        "Lose one way": {"ON_TRACK": 1},
        "Be gone": {},
        "Lead the market": {},
        "Go first": {"ON_TRACK": 1},
        "Perhaps some day": {"PENDING": 1},
    }


def test_health_counts_of_a_frame_are_those_of_the_cycle_at_its_basis(world: AskedWorld) -> None:
    run(world)
    (frame,) = world.ask(FRAMES, at=day(45).isoformat())["replay"]["frames"]
    cycle = world.ask(COUNTS, at=day(45).isoformat())["asOf"]["cycle"]
    assert frame["byHealth"] == frame["counted"] == cycle["keyResults"]
    assert frame["all"] == cycle["all"]
    assert (frame["objectives"], frame["keyResults"]) == (4, 5)
