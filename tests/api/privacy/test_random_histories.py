"""Whatever happens, and in whatever order: who does not see an objective finds no trace of it."""

import re
from contextlib import suppress
from random import Random
from uuid import UUID

import pytest

from domain.commands.objective_commands import SetObjectiveVisibility
from domain.model.objective import ObjectiveDrafted, ObjectiveVisibilitySet
from domain.primitives.errors import CommandRejected
from domain.primitives.values import Visibility
from tests.api.privacy.company import parted
from tests.api.privacy.conftest import Asked, Lived
from tests.api.privacy.documents import documents, of_a_view
from tests.api.privacy.traces import traces
from tests.properties.histories import History
from tests.world import World, fresh_world

LISTS = re.compile(r"(\{ )?(objectives|keyResults|changes|kpis|teams|people|cycles)\b")
"""What is asked of everything there is, rather than of something by its key."""


@pytest.mark.parametrize("seed", [6, 10])
def test_no_trace_is_left_by_chance(server: str, seed: int) -> None:
    with fresh_world(server) as world:
        History(world.keyframe, Random(seed)).live(350)
        hidden = hide_some(world)
        world.catch_up()
        asked, log = Asked(Lived(world)), world.log.entries(0, 10_000)
        secret, visible = parted(log, hidden)
        assert hidden
        assert 0 < len(visible) < len(log)
        changes = asked.ask("machine", "{ changes(first: 1000) { nodes { position } totalCount } }")["changes"]
        assert [node["position"] for node in changes["nodes"]] == visible[:1000]
        then = (
            f"{{ asOf(position: {len(log) * 2 // 3}) {{ {query} }} }}" for query in filter(LISTS.match, of_a_view())
        )
        for query in [*filter(LISTS.match, documents()), *then]:
            assert traces(asked.ask("machine", query), [], secret, visible) == [], query


def hide_some(world: World) -> set[UUID]:
    """Make every second objective that is a team's private to it; the ids of all that are."""
    drafted = [said.event for said in world.log.entries(0, 10_000) if isinstance(said.event, ObjectiveDrafted)]
    for event in drafted[::2]:
        with suppress(CommandRejected):
            world.write(SetObjectiveVisibility(objective=event.originator_id, visibility=Visibility.TEAM))
    ruled: dict[UUID, Visibility] = {}
    for said in world.log.entries(0, 10_000):
        if isinstance(said.event, ObjectiveDrafted | ObjectiveVisibilitySet):
            ruled[said.event.originator_id] = said.event.visibility
    return {id for id, visibility in ruled.items() if visibility is Visibility.TEAM}
