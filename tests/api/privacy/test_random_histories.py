"""On random histories a caller finds no trace of objectives hidden from them."""

import re
from collections.abc import Collection, Sequence
from contextlib import suppress
from random import Random
from uuid import UUID

import pytest

from domain.commands.objective_commands import SetObjectiveVisibility
from domain.model.event import Recorded
from domain.model.objective import ObjectiveDrafted, ObjectiveVisibilitySet
from domain.primitives.errors import CommandRejected
from domain.primitives.values import Kind, Visibility
from tests.api.privacy.company_with_secrets import parted
from tests.api.privacy.conftest import Asked, Lived
from tests.api.privacy.generated_documents import documents, of_a_view
from tests.api.privacy.traces import traces
from tests.properties.histories import History
from tests.world import World, fresh_world

LISTS = re.compile(r"(\{ )?(objectives|keyResults|changes|kpis|teams|people|cycles)\b")
"""Root fields that list everything, rather than looking up one key."""
THEN = "query($at: Position!) { asOf(position: $at) { %s } }"


@pytest.mark.no_cover
@pytest.mark.long("the same documents")  # which are validated once
@pytest.mark.parametrize("seed", [9, 18])
def test_random_history_leaves_no_trace_of_hidden_goals(server: str, seed: int) -> None:
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
        shown = [*visible, *moved_along(log, secret)]
        for query in filter(LISTS.match, documents()):
            assert traces(asked.ask("machine", query), [], secret, shown) == [], query
        for fields in filter(LISTS.match, of_a_view()):
            answer = asked.ask("machine", THEN % fields, at=len(log) * 2 // 3)
            assert traces(answer, [], secret, shown) == [], fields


def moved_along(log: Sequence[Recorded], secret: Collection[UUID]) -> list[int]:
    """The positions of measurements and remarks, which have left a hidden objective with their key result."""
    return [
        entry.position
        for entry in log
        if entry.event.KIND not in (Kind.OBJECTIVE, Kind.KEY_RESULT) and entry.event.originator_id not in secret
    ]


def hide_some(world: World) -> set[UUID]:
    """Make every second objective of a team private; returns the ids of all private objectives."""
    drafted = [entry.event for entry in world.log.entries(0, 10_000) if isinstance(entry.event, ObjectiveDrafted)]
    for event in drafted[::2]:
        with suppress(CommandRejected):
            world.write(SetObjectiveVisibility(objective=event.originator_id, visibility=Visibility.TEAM))
    ruled: dict[UUID, Visibility] = {}
    for entry in world.log.entries(0, 10_000):
        if isinstance(entry.event, ObjectiveDrafted | ObjectiveVisibilitySet):
            ruled[entry.event.originator_id] = entry.event.visibility
    return {id for id, visibility in ruled.items() if visibility is Visibility.TEAM}
