"""A key result that is moved into or out of a private objective belongs to its present one, at every basis."""

from typing import Any
from uuid import UUID

from api.snapshot.global_ids import encode
from domain.commands.discussion_commands import AddComment, PlanInitiative
from domain.commands.key_result_commands import AddKeyResult, CheckIn, MoveKeyResult
from domain.commands.objective_commands import AlignObjective
from domain.primitives.values import Kind, Ref, Visibility
from tests.api.privacy.conftest import Asked
from tests.api.privacy.small_company import RISE

SEEN = """{
    keyResults(first: 9) { totalCount nodes {
        title objective { title } checkIns(first: 9) { totalCount } comments(first: 9) { totalCount }
    } }
    changes(first: 99) { totalCount nodes {
        position __typename fields { field before after }
        ... on KeyResultMoved {
            beforeObjective { title } afterObjective { title } due plan { on } supportedBy { title }
        }
    } }
    objectives(first: 9) { nodes { title progress { value } } }
}"""
THEN = "query ($at: Position!) { asOf(position: $at) { keyResults(first: 9) { nodes { title objective { title } } } } }"
NODE = "query ($id: ID!) { node(id: $id) { __typename } }"


def lived(asked: Asked) -> dict[str, UUID]:
    """An open objective with a measured key result, which another objective supports; things that are about it."""
    small = asked.small
    small.draft("open", Visibility.WORKSPACE)
    small.draft("helper", Visibility.WORKSPACE)
    small.record("moving", AddKeyResult(objective=small["open"], title="Moving result", metric=RISE))
    measure = Ref(Kind.KEY_RESULT, small["moving"])
    small.record("check-in", CheckIn(key_result=measure.id, value=1))
    small.record("comment", AddComment(subject=measure, body="Well"))
    small.record("initiative", PlanInitiative(title="Ask", subject=measure))
    small.record("aligned", AlignObjective(objective=small["helper"], to=measure))
    return small.ids


def move(asked: Asked, to: str) -> int:
    small = asked.small
    return small.record("moved", MoveKeyResult(key_result=small["moving"], to=small[to]))


def titles(answer: Any) -> list[tuple[str, str]]:
    return [(one["title"], one["objective"]["title"]) for one in answer["keyResults"]["nodes"]]


def test_what_is_moved_into_a_private_objective_never_existed_for_others(asked: Asked) -> None:
    ids = lived(asked)
    before = asked.ask("moe", SEEN)
    there = move(asked, "hush")
    assert titles(asked.ask("tom", SEEN)) == []
    seen = asked.ask("moe", SEEN)
    assert seen["keyResults"]["totalCount"] == 0
    assert {one["progress"]["value"] for one in seen["objectives"]["nodes"]} == {None}
    kinds = [one["__typename"] for one in seen["changes"]["nodes"]]
    assert len(kinds) == before["changes"]["totalCount"] - 5
    assert not {"KeyResultAdded", "KeyResultMoved", "KeyResultCheckedIn", "ObjectiveAligned"} & {*kinds}
    for at in range(there - 6, there + 1):
        assert titles(asked.ask("moe", THEN, at=at)["asOf"]) == []
    kinds_of = {"moving": Kind.KEY_RESULT, "check-in": Kind.CHECK_IN, "comment": Kind.COMMENT}
    for name, kind in {**kinds_of, "initiative": Kind.INITIATIVE}.items():
        assert asked.ask("moe", NODE, id=encode(kind, ids[name])) == {"node": None}, name


def test_what_is_moved_out_of_a_private_objective_exists_since_then_with_its_measurements(asked: Asked) -> None:
    ids = lived(asked)
    inside = move(asked, "hush")
    outside = move(asked, "open")
    seen = asked.ask("moe", SEEN)
    assert titles(seen) == [("Moving result", "open")]
    assert seen["keyResults"]["nodes"][0]["checkIns"]["totalCount"] == 1
    assert seen["keyResults"]["nodes"][0]["comments"]["totalCount"] == 1
    assert [one["progress"]["value"] for one in seen["objectives"]["nodes"] if one["title"] == "open"] == [1.0]
    (moved,) = [one for one in seen["changes"]["nodes"] if one["__typename"] == "KeyResultMoved"]
    assert (moved["position"], moved["beforeObjective"]) == (outside, None)
    assert moved["afterObjective"] == {"title": "open"}
    assert "hush" not in str(moved)
    assert moved["supportedBy"] == [{"title": "helper"}]
    assert titles(asked.ask("moe", THEN, at=inside)["asOf"]) == []
    assert titles(asked.ask("moe", THEN, at=outside)["asOf"]) == [("Moving result", "open")]
    assert asked.ask("moe", NODE, id=encode(Kind.COMMENT, ids["comment"]))["node"] is not None
