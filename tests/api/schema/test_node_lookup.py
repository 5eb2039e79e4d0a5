from typing import Any
from uuid import uuid4

import pytest

from api.snapshot import global_ids
from domain.commands.command import KpiBy
from domain.commands.cycle_commands import AdoptScoringPolicy
from domain.commands.discussion_commands import AddComment, PlanInitiative, Reflect
from domain.commands.key_result_commands import CorrectCheckIn
from domain.commands.kpi_commands import DefineKpi, ReadingInput, RecordReadings
from domain.commands.objective_commands import RewordObjective
from domain.commands.people_commands import AddPerson, FormTeam
from domain.primitives.values import Kind, Ref, ReflectionKind
from tests.api.schema import goals
from tests.api.schema.goals import day
from tests.asking import AskedWorld

NODE = "query($id: ID!) { node(id: $id) { __typename id ... on Objective { title entityId } } }"
NODES = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"


@pytest.fixture
def id_by_type(world: AskedWorld) -> dict[str, Any]:
    """The id of one entity of every node type, by the name of the type."""
    cycle = goals.cycle(world)
    person = world.record(AddPerson(handle="bob", name="Bob"))
    team = world.record(FormTeam(key="apps", name="Apps"))
    objective = goals.objective(world)
    key_result = goals.key_result(world, objective)
    about = Ref(Kind.OBJECTIVE, objective)
    world.record(DefineKpi(key="nps", name="NPS"))
    kpi = world.do(RecordReadings(readings=[ReadingInput(kpi=KpiBy(key="nps"), value=1.0)]))
    return {
        "Cycle": global_ids.encode(Kind.CYCLE, cycle),
        "Person": global_ids.encode(Kind.PERSON, person),
        "Team": global_ids.encode(Kind.TEAM, team),
        "Objective": global_ids.encode(Kind.OBJECTIVE, objective),
        "KeyResult": global_ids.encode(Kind.KEY_RESULT, key_result),
        "CheckIn": global_ids.encode_version(Kind.CHECK_IN, goals.check_in(world, key_result, 10, 5), 1),
        "Reading": global_ids.encode_version(Kind.READING, kpi.result.readings[0][0], 1),
        "Kpi": world.ask('{ kpi(by: {key: "nps"}) { id } }')["kpi"]["id"],
        "Initiative": global_ids.encode(Kind.INITIATIVE, world.record(PlanInitiative(title="Build it", subject=about))),
        "Comment": global_ids.encode(Kind.COMMENT, world.record(AddComment(subject=about, body="Good"))),
        "Reflection": global_ids.encode(
            Kind.REFLECTION, world.record(Reflect(subject=about, kind=ReflectionKind.LEARNED, body="Much"))
        ),
        "CycleOpened": global_ids.encode_change(1),
    }


def test_every_node_type_is_found_by_its_id(world: AskedWorld, id_by_type: dict[str, str]) -> None:
    found = world.ask(NODES, ids=list(id_by_type.values()))["nodes"]
    assert found == [{"__typename": name, "id": id} for name, id in id_by_type.items()]
    for name, id in id_by_type.items():
        assert world.ask(NODE, id=id)["node"]["__typename"] == name


def test_nodes_keep_the_order_of_ids_with_null_for_unknown_ids(world: AskedWorld, id_by_type: dict[str, str]) -> None:
    asked = [id_by_type["Team"], "nonsense", id_by_type["Cycle"], id_by_type["Team"], global_ids.encode_change(9_999)]
    asked.append(global_ids.encode(Kind.OBJECTIVE, uuid4()))
    found = world.ask(NODES, ids=asked)["nodes"]
    assert [node and node["id"] for node in found] == [asked[0], None, asked[2], asked[3], None, None]


def test_id_of_another_kind_is_unknown_without_an_error(world: AskedWorld, id_by_type: dict[str, str]) -> None:
    assert world.ask("query($id: ID!) { objective(id: $id) { id } }", id=id_by_type["KeyResult"])["objective"] is None
    for field in ("cycle", "kpi", "team"):
        query = f"query($id: ID!) {{ {field}(by: {{id: $id}}) {{ id }} }}"
        assert world.ask(query, id=id_by_type["Objective"])[field] is None
        assert world.ask(query, id=id_by_type[field.capitalize()])[field] == {"id": id_by_type[field.capitalize()]}
        for unknown in ("nothing-here", "NOT A KEY", "", "\x00"):
            query = f"query($key: String!) {{ {field}(by: {{key: $key}}) {{ id }} }}"
            assert world.ask(query, key=unknown)[field] is None


def test_lookup_takes_either_an_id_or_a_key(world: AskedWorld) -> None:
    for by in ('{id: "a", key: "b"}', "{}", "{key: null}"):
        assert world.code(f"{{ cycle(by: {by}) {{ id }} }}") == "GRAPHQL_VALIDATION_FAILED"


def test_snapshot_id_always_returns_the_same_state(world: AskedWorld, id_by_type: dict[str, str]) -> None:
    objective = global_ids.entity(id_by_type["Objective"], Kind.OBJECTIVE)
    assert objective is not None
    head = world.log.head().position
    query = "query($p: Position) { asOf(position: $p) { objectives { nodes { __typename id title entityId } } } }"
    (then,) = world.ask(query, p=head)["asOf"]["objectives"]["nodes"]
    assert then["entityId"] == id_by_type["Objective"] != then["id"]
    world.record(RewordObjective(objective=objective, title="Another title by now"))
    assert world.ask(NODE, id=then["id"])["node"] == then
    assert world.ask(NODES, ids=[then["id"], then["entityId"]])["nodes"][0]["id"] == then["id"]
    assert (
        world.ask("query($id: ID!) { objective(id: $id) { title } }", id=then["id"])["objective"]["title"]
        == then["title"]
    )
    inside = "query($p: Position, $id: ID!) { asOf(position: $p) { node(id: $id) { id } } }"
    assert world.ask(inside, p=head + 1, id=then["id"])["asOf"]["node"]["id"] == then["id"]
    present = world.ask(inside, p=head, id=id_by_type["Objective"])["asOf"]["node"]["id"]
    assert present == then["id"], "a present id inside a snapshot names the entity at that basis"


def test_id_with_an_impossible_basis_is_unknown(world: AskedWorld, id_by_type: dict[str, str]) -> None:
    objective = global_ids.decode(id_by_type["Objective"])
    assert isinstance(objective, global_ids.GlobalId)
    for basis in (goals.basis(day(0), 99_999), goals.basis(day(100_000), 1)):
        id = global_ids.encode(Kind.OBJECTIVE, objective.id, global_ids.suffix(basis))
        assert world.ask(NODE, id=id)["node"] is None
    assert (
        world.ask(NODE, id=global_ids.encode(Kind.OBJECTIVE, objective.id, global_ids.suffix(goals.basis(day(0), 1))))[
            "node"
        ]
        is None
    )


def test_each_version_of_a_check_in_is_a_node(world: AskedWorld) -> None:
    goals.cycle(world)
    key_result = goals.key_result(world, goals.objective(world))
    check_in = goals.check_in(world, key_result, 10, 5, note="Guessed")
    world.record(CorrectCheckIn(check_in=check_in, value=12.0, reason="Counted"))
    query = """query($id: ID!) { node(id: $id) { ... on CheckIn {
        id value note corrected { id value } supersededBy { id value }
        keyResult { current checkIns { nodes { id } } } } } }"""
    first, second = (global_ids.encode_version(Kind.CHECK_IN, check_in, version) for version in (1, 2))
    key = {"current": 12.0, "checkIns": {"nodes": [{"id": second}]}}
    assert world.ask(query, id=first)["node"] == {
        "id": first, "value": 10.0, "note": "Guessed", "corrected": None,
        "supersededBy": {"id": second, "value": 12.0}, "keyResult": key,
    }  # fmt: skip
    assert world.ask(query, id=second)["node"] == {
        "id": second, "value": 12.0, "note": "Guessed", "corrected": {"id": first, "value": 10.0},
        "supersededBy": None, "keyResult": key,
    }  # fmt: skip


def test_number_of_ids_is_limited_to_the_page_size(world: AskedWorld) -> None:
    assert world.code(NODES, ids=["x"] * 1_001) == "INVALID"


def test_changes_have_their_subject_and_cycle(world: AskedWorld) -> None:
    cycle = goals.cycle(world)
    objective = goals.objective(world)
    key_result = goals.key_result(world, objective)
    goals.check_in(world, key_result, 10, 5, reason="Measured")
    world.record(AddComment(subject=Ref(Kind.OBJECTIVE, objective), body="Good"))
    world.record(PlanInitiative(title="Build it", subject=Ref(Kind.KEY_RESULT, key_result)))
    world.record(AdoptScoringPolicy(on_track_gap=0.2))
    world.record(FormTeam(key="apps", name="Apps"))
    query = """query($ids: [ID!]!) { nodes(ids: $ids) { __typename ... on Change {
        position reason late actor { handle source } subject { __typename } cycle { id } recordedAt effectiveAt } } }"""
    found = world.ask(query, ids=[global_ids.encode_change(position) for position in range(1, 9)])["nodes"]
    assert [(node["__typename"], node["subject"] and node["subject"]["__typename"]) for node in found] == [
        ("CycleOpened", "Cycle"),
        ("ObjectiveDrafted", "Objective"),
        ("KeyResultAdded", "KeyResult"),
        ("KeyResultCheckedIn", "KeyResult"),
        ("CommentAdded", "Objective"),
        ("InitiativePlanned", "Initiative"),
        ("ScoringPolicyAdopted", None),
        ("TeamFormed", "Team"),
    ]
    its = {"id": global_ids.encode(Kind.CYCLE, cycle)}
    assert [node["cycle"] for node in found] == [its, its, its, its, its, its, None, None]
    assert found[3]["reason"] == "Measured"
    assert found[3]["effectiveAt"] == "2026-01-06T00:00:00Z" < found[3]["recordedAt"]
    assert found[0]["actor"] == {"handle": "ada", "source": "API"}
