"""Trajectories of many key results, whose histories are read in parts."""

import pytest

from api.schema.metrics import trajectory
from domain.commands.key_result_commands import CheckIn
from tests.api.schema import goals
from tests.api.schema.goals import day
from tests.asking import AskedWorld

QUERY = """{ objectives { nodes { keyResults {
    title trajectory(every: WEEK) { at planned replanned actual progress }
    targets { progressAfter } forecast { value }
} } } }"""


@pytest.mark.parametrize("kept", [1, 2])
def test_histories_read_in_parts_give_the_same_trajectories(
    world: AskedWorld, monkeypatch: pytest.MonkeyPatch, kept: int
) -> None:
    goals.cycle(world)
    for title in ("Orders arrive on time", "Every customer is answered"):
        objective = goals.objective(world, title=title)
        for number in range(2):
            key_result = goals.key_result(world, objective, title=f"{title} {number}")
            for at in (3, 9, 20):
                world.do(CheckIn(key_result=key_result, value=at + number, measured_at=day(at)))
    whole = world.ask(QUERY)
    points = [one["trajectory"] for each in whole["objectives"]["nodes"] for one in each["keyResults"]]
    assert len(points) == 4
    assert all(any(point["actual"] is not None for point in one) for one in points)
    monkeypatch.setattr(trajectory, "KEPT_MAX", kept)
    assert world.ask(QUERY) == whole
