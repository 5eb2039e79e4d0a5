"""What a change did is the difference between an objective right before it and right after it, as the views say."""

from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.metrics.cause import CAUSES
from domain.model.objective import ObjectiveDropped
from tests.api.schema.history.asking import Asked
from tests.projections.history.examples import few
from tests.properties.histories import History
from tests.world import Worlds

TOLD = {event.__name__: cause.value for event, cause in CAUSES.items()} | {ObjectiveDropped.__name__: "SCOPE"}
STANDS = "objectives(first: 1000) { nodes { entityId progress { value } } }"


@few(3)
@given(seed=st.integers(0, 2**32))
def test_an_effect_is_progress_right_before_and_right_after(worlds: Worlds, seed: int) -> None:
    with worlds() as world:
        History(world.keyframe, Random(seed)).live(160)
        asked, head = Asked(world), world.catch_up()
        told = asked.changes(
            "__typename position effect { cause } effects { objective { entityId } before after cause }"
        )
        before: dict[str, float | None] = {}
        for change in told[:head]:
            after = _stands(asked, change["position"])
            moved = {effect["objective"]["entityId"]: effect for effect in change["effects"]}
            for id in after:
                if id in moved:
                    assert (moved[id]["before"], moved[id]["after"]) == (before.get(id), after[id]), change
                    assert moved[id]["cause"] == TOLD[change["__typename"]]
                else:
                    assert before.get(id) == after[id], change
            assert (change["effect"] is not None) == (len(moved) == 1)
            assert not moved or change["__typename"] in TOLD
            before = after


def _stands(asked: Asked, position: int) -> dict[str, float | None]:
    query = f"query($position: Position) {{ asOf(position: $position) {{ {STANDS} }} }}"
    nodes: list[Any] = asked.ask(query, position=position)["asOf"]["objectives"]["nodes"]
    return {node["entityId"]: node["progress"]["value"] for node in nodes}


@few(2)
@given(seed=st.integers(0, 2**32))
def test_what_stood_before_a_check_in_is_what_was_known_of_its_moment(worlds: Worlds, seed: int) -> None:
    with worlds() as world:
        History(world.keyframe, Random(seed)).live(200)
        world.catch_up()
        asked = Asked(world)
        selection = (
            "position effectiveAt ... on KeyResultCheckedIn { keyResult { entityId } previousValue previousConfidence }"
        )
        for change in asked.changes(selection, filter={"types": ["KeyResultCheckedIn"]}):
            stands = "... on KeyResult { asOf(at: $at, position: $position) { current confidence } }"
            seen = f"asOf(at: $at, position: $position) {{ node(id: $id) {{ {stands} }} }}"
            query = f"query($at: DateTime!, $position: Position!, $id: ID!) {{ {seen} }}"
            at, known = change["effectiveAt"], change["position"] - 1
            then = asked.ask(query, at=at, position=known, id=change["keyResult"]["entityId"])["asOf"]["node"]
            stood = then and then["asOf"]
            if stood is not None:  # else what was measured is older than the key result
                assert (change["previousValue"], change["previousConfidence"]) == (
                    stood["current"],
                    stood["confidence"],
                )
