"""Changes over GraphQL: their fields, effects, filters, pages and ids."""

from typing import Any
from uuid import UUID

import pytest

from api.snapshot import global_ids
from domain.commands.command import KpiBy
from domain.commands.cycle_commands import ActivateCycle, CloseCycle
from domain.commands.discussion_commands import AddComment
from domain.commands.key_result_commands import LinkKpi, RetargetKeyResult, ReweighKeyResult
from domain.commands.kpi_commands import DefineKpi, ReadingInput, RecordReadings
from domain.commands.objective_commands import AssignObjective, RewordObjective
from domain.commands.people_commands import AddPerson, ErasePerson, FormTeam, MoveTeam, RenamePerson, RenameTeam
from domain.commands.permissions import Author, Role
from domain.primitives.values import Cadence, Kind, Ref, Source
from projections.engine import rebuild
from tests.api.schema import goals
from tests.api.schema.goals import CYCLE, day, rise
from tests.api.schema.history.asked_changes import EFFECTS, FIELDS, Asked
from tests.metric_input import as_input
from tests.world import World


def fields(change: Any) -> dict[str, tuple[str | None, str | None]]:
    return {one["field"]: (one["before"], one["after"]) for one in change["fields"]}


def global_id(kind: Kind, id: UUID) -> str:
    return global_ids.encode(kind, id)


class Quarter:
    """A cycle with one objective of a team, and a key result that was retargeted, reweighed and checked in on."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.cycle = goals.cycle(world)
        self.team = world.record(FormTeam(key="sales", name="Sales", effective_at=day(0)))
        self.objective = goals.objective(world, team=self.team)
        self.key_result = goals.key_result(world, self.objective)
        self.check_in = goals.check_in(world, self.key_result, 20, 10, confidence=0.5)
        world.record(
            RetargetKeyResult(
                key_result=self.key_result, metric=as_input(rise(50)), reason="too hard", effective_at=day(20)
            )
        )
        world.record(ReweighKeyResult(key_result=self.key_result, weight=2, reason="it matters", effective_at=day(21)))
        goals.check_in(world, self.key_result, 30, 30, confidence=0.9)


@pytest.fixture
def quarter(world: World) -> Quarter:
    return Quarter(world)


# ── fields and effects ────────────────────────────────────────────────────────────────────────────


def test_retarget_shows_both_metrics_and_its_effect(asked: Asked, quarter: Quarter) -> None:
    selection = f"reason before: before {{ target }} after {{ target }} daysBeforeClose {FIELDS} {EFFECTS}"
    (change,) = asked.changes(
        f"... on KeyResultRetargeted {{ {selection} }}", filter={"types": ["KeyResultRetargeted"]}
    )
    assert (change["before"], change["after"]) == ({"target": 100}, {"target": 50})
    assert (change["daysBeforeClose"], change["reason"]) == (70, "too hard")
    assert fields(change) == {"metric.target": ("100", "50")}
    (effect,) = change["effects"]
    assert (effect["before"], effect["after"], effect["cause"]) == (0.2, 0.4, "GOALPOST")


def test_check_in_shows_the_previous_value_and_confidence(asked: Asked, quarter: Quarter) -> None:
    selection = (
        f"previousValue previousConfidence checkIn {{ value confidence }} {FIELDS} effect {{ before after cause }}"
    )
    first, second = asked.changes(
        f"... on KeyResultCheckedIn {{ {selection} }}", filter={"types": ["KeyResultCheckedIn"]}
    )
    assert (first["previousValue"], first["previousConfidence"]) == (None, None)
    assert first["effect"] == {"before": None, "after": 0.2, "cause": "MOVEMENT"}
    assert (second["previousValue"], second["previousConfidence"]) == (20, 0.5)
    assert second["checkIn"] == {"value": 30, "confidence": 0.9}
    assert fields(second) == {"value": ("20", "30"), "confidence": ("0.5", "0.9")}
    assert second["effect"] == {"before": 0.4, "after": 0.6, "cause": "MOVEMENT"}


def test_reading_has_an_effect_on_every_linked_objective(asked: Asked, world: World, quarter: Quarter) -> None:
    kpi = world.record(DefineKpi(key="users", name="Users", cadence=Cadence.WEEKLY, effective_at=day(0)))
    other = goals.objective(world, "Another")  # type: ignore[arg-type]
    first = goals.key_result(world, other, kpi=KpiBy(id=kpi))  # type: ignore[arg-type]
    _read(world, kpi, 25, 40)
    selection = f"... on ReadingRecorded {{ value {FIELDS} effect {{ objective {{ title }} before after }} {EFFECTS} }}"
    only = {"types": ["ReadingRecorded"]}
    (alone,) = asked.changes(selection, filter=only)
    assert alone["effect"] == {"objective": {"title": "Another"}, "before": None, "after": 0.25}
    world.record(LinkKpi(key_result=quarter.key_result, kpi=KpiBy(id=kpi), effective_at=day(31)))
    _read(world, kpi, 30, 41)
    both = asked.changes(selection, filter=only)[1]
    assert both["effect"] is None
    assert sorted(effect["after"] for effect in both["effects"]) == [0.3, 0.6]
    for id_, kind in ((first, Kind.KEY_RESULT), (other, Kind.OBJECTIVE)):
        seen = asked.changes("__typename", filter={"subject": global_id(kind, id_), **only})
        assert len(seen) == 2
    theirs = asked.changes("position", filter={"subject": global_id(Kind.KEY_RESULT, quarter.key_result), **only})
    assert len(theirs) == 1, "readings from before the link are none of its"


def _read(world: World, kpi: UUID, value: float, at: float) -> None:
    reading = ReadingInput(kpi=KpiBy(id=kpi), value=value, measured_at=day(at))
    world.write(RecordReadings(readings=[reading]))
    world.catch_up()


def test_change_recorded_after_its_cycle_closed_is_late(asked: Asked, world: World, quarter: Quarter) -> None:
    world.record(ActivateCycle(cycle=CYCLE))
    world.record(CloseCycle(cycle=CYCLE, close_objectives=True))
    goals.check_in(world, quarter.key_result, 44, 80, reason="found in a drawer")  # type: ignore[arg-type]
    world.record(AddComment(subject=Ref(Kind.OBJECTIVE, quarter.objective), body="What a quarter"))
    selection = asked.changes("__typename late", filter={"late": True})
    assert [change["__typename"] for change in selection] == ["KeyResultCheckedIn", "CommentAdded"]
    assert (
        asked.ask("{ changes(filter: {late: false}) { totalCount } }")["changes"]["totalCount"] == world.catch_up() - 2
    )


def test_changes_do_not_name_an_erased_person(asked: Asked, world: World) -> None:
    ada = world.record(AddPerson(handle="ada", name="Ada King", email="ada@example.com"))
    world.record(RenamePerson(person=ada, name="Ada Lovelace"))
    selection = f"{FIELDS} ... on PersonAdded {{ handle name email }} ... on PersonRenamed {{ beforeName afterName }}"
    added, renamed = asked.changes(selection)
    named = {"handle": "ada", "name": "Ada King", "email": "ada@example.com", "active": "true"}
    assert fields(added) == {field: (None, value) for field, value in named.items()}
    assert fields(renamed) == {"name": ("Ada King", "Ada Lovelace")}
    assert (renamed["beforeName"], renamed["afterName"]) == ("Ada King", "Ada Lovelace")
    world.record(ErasePerson(person=ada, reason="asked to be"))
    for again in (asked.changes(selection), _rebuilt(asked, selection)):
        assert "Ada King" not in str(again) and "Lovelace" not in str(again)
        assert "ada@example" not in str(again)
        assert fields(again[0]) == {"active": (None, "true")}
        assert again[0]["name"] == "Erased person"
        assert fields(again[2]) == {"active": ("true", "false")}


def _rebuilt(asked: Asked, selection: str) -> list[Any]:
    world = asked.world
    rebuild.rebuild(world.log, world.database.connect, workspace=world.workspace)
    return asked.changes(selection)


# ── filters ───────────────────────────────────────────────────────────────────────────────────────


def test_changes_are_filtered_by_subject_team_and_cycle(asked: Asked, quarter: Quarter) -> None:
    all_of_it = [
        "ObjectiveDrafted",
        "KeyResultAdded",
        "KeyResultCheckedIn",
        "KeyResultRetargeted",
        "KeyResultReweighed",
    ]
    all_of_it.append("KeyResultCheckedIn")
    assert _names(asked, {"subject": global_id(Kind.OBJECTIVE, quarter.objective)}) == all_of_it
    assert _names(asked, {"team": {"key": "sales"}}) == ["TeamFormed", *all_of_it]
    assert _names(asked, {"cycle": {"key": "2026-q1"}}) == ["CycleOpened", *all_of_it]
    assert _names(asked, {"subject": global_id(Kind.KEY_RESULT, quarter.key_result)}) == all_of_it[1:]
    check_in = global_ids.encode_version(Kind.CHECK_IN, quarter.check_in, 1)
    assert _names(asked, {"subject": check_in}) == ["KeyResultCheckedIn"]
    assert _names(asked, {"cycle": {"key": "2030"}}) == []
    assert _names(asked, {"subject": "bm90aGluZw"}) == []
    both = {"cycle": {"key": "2026-q1"}, "team": {"key": "sales"}, "types": ["ObjectiveDrafted", "TeamFormed"]}
    assert _names(asked, both) == ["ObjectiveDrafted"]


def test_reassignment_appears_in_the_changes_of_both_teams(asked: Asked, world: World, quarter: Quarter) -> None:
    east = world.record(FormTeam(key="east", name="East"))
    world.record(AssignObjective(objective=quarter.objective, team=east))
    world.record(RewordObjective(objective=quarter.objective, title="Win more hearts of users"))
    assert _names(asked, {"team": {"key": "sales"}})[-1] == "ObjectiveAssigned"
    assert _names(asked, {"team": {"key": "east"}}) == ["TeamFormed", "ObjectiveAssigned", "ObjectiveReworded"]


def test_changes_of_a_child_team_belong_to_its_parent_too(asked: Asked, world: World, quarter: Quarter) -> None:
    above = world.record(FormTeam(key="company", name="Company"))
    world.record(MoveTeam(team=quarter.team, parent=above))
    inside = _names(asked, {"team": {"key": "sales"}})
    assert len(inside) == 8
    assert sorted(_names(asked, {"team": {"key": "company"}})) == sorted([*inside, "TeamFormed"])


def test_changes_are_filtered_by_actor(asked: Asked, world: World) -> None:
    ada = world.record(AddPerson(handle="ada", name="Ada"))
    by_ada = Author(f"person:{ada}", Source.API, frozenset(Role))
    world.keyframe.execute(FormTeam(key="sales", name="Sales"), by_ada)
    world.keyframe.execute(FormTeam(key="east", name="East"), Author("machine:ben", Source.API, frozenset(Role)))
    world.catch_up()
    assert _names(asked, {"actor": "ada"}) == ["PersonAdded", "TeamFormed"], "the machine ada and the person"
    assert _names(asked, {"actor": "ben"}) == ["TeamFormed"]
    assert _names(asked, {"actor": "nobody\0"}) == []


def test_unknown_change_type_is_invalid(asked: Asked) -> None:
    query = "query($types: [String!]) { changes(filter: {types: $types}) { totalCount } }"
    assert asked.refused(query, types=["KeyResultRetargeted", "KeyResultImproved"]) == ("INVALID", ["types"])
    assert asked.refused('{ changes(after: "x") { totalCount } }') == ("INVALID", ["after"])


def _names(asked: Asked, filter: dict[str, Any]) -> list[str]:
    return [change["__typename"] for change in asked.changes("__typename", filter=filter)]


# ── pages and ids ─────────────────────────────────────────────────────────────────────────────────

PAGE = "nodes { id position } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount"


def test_pages_follow_the_log_in_both_directions_and_are_stable(asked: Asked, world: World, quarter: Quarter) -> None:
    forward = "query($after: String) { changes(first: 3, after: $after) { %s } }" % PAGE  # noqa: UP031
    one = asked.ask(forward)["changes"]
    assert [node["position"] for node in one["nodes"]] == [1, 2, 3]
    assert (one["pageInfo"]["hasNextPage"], one["pageInfo"]["hasPreviousPage"]) == (True, False)
    world.record(RenameTeam(team=quarter.team, name="Sellers"))
    two = asked.ask(forward, after=one["pageInfo"]["endCursor"])["changes"]
    assert [node["position"] for node in two["nodes"]] == [4, 5, 6]
    backward = "query($before: String) { changes(last: 2, before: $before) { %s } }" % PAGE  # noqa: UP031
    back = asked.ask(backward, before=two["pageInfo"]["startCursor"])["changes"]
    assert [node["position"] for node in back["nodes"]] == [2, 3]
    assert (back["pageInfo"]["hasNextPage"], back["pageInfo"]["hasPreviousPage"]) == (True, True)
    assert back["totalCount"] == world.catch_up()


def test_change_id_of_a_snapshot_keeps_its_basis(asked: Asked, quarter: Quarter) -> None:
    node = "query($id: ID!) { node(id: $id) { id ... on Change { position cycle { name } } } }"
    last = asked.ask("{ changes(last: 1) { nodes { id position } } }")["changes"]["nodes"][0]
    assert asked.ask(node, id=last["id"])["node"] == {**last, "cycle": {"name": "2026-Q1"}}
    then = asked.ask("{ asOf(position: 5) { changes(last: 1) { nodes { id position } } } }")["asOf"]["changes"][
        "nodes"
    ][0]
    assert then["position"] == 5
    assert asked.ask(node, id=then["id"])["node"]["id"] == then["id"] != global_ids.encode_change(5)
    at_five = "query($id: ID!) { asOf(position: 5) { node(id: $id) { id } } }"
    assert asked.ask(at_five, id=last["id"])["asOf"]["node"] is None, "not known there yet"
    assert asked.ask(node, id=global_ids.encode_change(1000))["node"] is None
    assert asked.ask(node, id=global_ids.encode_change(0))["node"] is None


def test_changes_of_many_objectives_take_a_constant_number_of_statements(asked: Asked, quarter: Quarter) -> None:
    selection = f"__typename subject {{ id }} cycle {{ name }} actor {{ handle }} {FIELDS} {EFFECTS}"
    query = f"{{ objectives(first: 100) {{ nodes {{ changes(first: 20) {{ nodes {{ {selection} }} }} }} }} }}"
    alone = asked.count(query)
    for number in range(9):
        more = goals.objective(quarter.world, f"Objective {number}")
        goals.check_in(quarter.world, goals.key_result(quarter.world, more), number, 40)
    assert asked.count(query) == alone
