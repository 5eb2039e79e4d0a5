"""The effect of a change is the difference in progress right before and right after it, in the projections."""

from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.metrics.cause import CAUSES
from domain.model.objective import ObjectiveClosed, ObjectiveDropped, ObjectiveReopened
from tests.api.schema.history.asked_changes import Asked
from tests.projections.history.examples import few
from tests.properties.histories import History
from tests.world import Worlds

CAUSES_OF = {event.__name__: {cause.value} for event, cause in CAUSES.items()} | {
    ObjectiveDropped.__name__: {"SCOPE"},
    ObjectiveClosed.__name__: {"MOVEMENT"},
    ObjectiveReopened.__name__: {"MOVEMENT", "SCOPE"},
}
PROGRESS = "objectives(first: 1000) { nodes { entityId progress { value } } }"


@few(3)
@given(seed=st.integers(0, 2**32))
def test_effect_equals_progress_before_and_after_the_change(worlds: Worlds, seed: int) -> None:
    with worlds() as world:
        History(world.keyframe, Random(seed)).live(160)
        asked, head = Asked(world), world.catch_up()
        all_changes = asked.changes(
            "__typename position effect { cause } effects { objective { entityId } before after cause }"
        )
        before: dict[str, float | None] = {}
        for change in all_changes[:head]:
            after = _progress_at(asked, change["position"])
            moved = {effect["objective"]["entityId"]: effect for effect in change["effects"]}
            for id in after:
                if id in moved:
                    assert (moved[id]["before"], moved[id]["after"]) == (before.get(id), after[id]), change
                    assert moved[id]["cause"] in CAUSES_OF[change["__typename"]]
                else:
                    assert before.get(id) == after[id], change
            assert (change["effect"] is not None) == (len(moved) == 1)
            assert not moved or change["__typename"] in CAUSES_OF
            before = after


def _progress_at(asked: Asked, position: int) -> dict[str, float | None]:
    query = f"query($position: Position) {{ asOf(position: $position) {{ {PROGRESS} }} }}"
    nodes: list[Any] = asked.ask(query, position=position)["asOf"]["objectives"]["nodes"]
    return {node["entityId"]: node["progress"]["value"] for node in nodes}


@few(2)
@given(seed=st.integers(0, 2**32))
def test_previous_value_of_a_check_in_equals_the_state_known_before_it(worlds: Worlds, seed: int) -> None:
    with worlds() as world:
        History(world.keyframe, Random(seed)).live(200)
        world.catch_up()
        asked = Asked(world)
        selection = (
            "position effectiveAt ... on KeyResultCheckedIn { keyResult { entityId } previousValue previousConfidence }"
        )
        for change in asked.changes(selection, filter={"types": ["KeyResultCheckedIn"]}):
            selection_at = "... on KeyResult { asOf(at: $at, position: $position) { current confidence } }"
            seen = f"asOf(at: $at, position: $position) {{ node(id: $id) {{ {selection_at} }} }}"
            query = f"query($at: DateTime!, $position: Position!, $id: ID!) {{ {seen} }}"
            at, known = change["effectiveAt"], change["position"] - 1
            then = asked.ask(query, at=at, position=known, id=change["keyResult"]["entityId"])["asOf"]["node"]
            state_before = then and then["asOf"]
            if state_before is not None:  # otherwise the measurement is older than the key result
                assert (change["previousValue"], change["previousConfidence"]) == (
                    state_before["current"],
                    state_before["confidence"],
                )
