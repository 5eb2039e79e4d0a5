from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.schema.primitives.scalars import write_date_time
from domain.commands.command import CycleBy
from domain.commands.cycle_commands import ActivateCycle, CloseCycle
from domain.commands.objective_commands import RewordObjective
from domain.commands.people_commands import AddPerson
from tests.api.schema import goals
from tests.api.schema.goals import day
from tests.asking import AskedWorld
from tests.workspace import fresh_workspace
from tests.world import ADA

BASIS = "basis { at known position isNow }"
TITLES = "{ objectives { nodes { title } } }"
AS_OF = f"""query($at: DateTime, $known: DateTime, $position: Position) {{
    asOf(at: $at, known: $known, position: $position) {{ {BASIS} objectives {{ nodes {{ id entityId title }} }} }}
}}"""


def as_of(world: AskedWorld, **moment: Any) -> Any:
    arguments = {
        name: write_date_time(value) if isinstance(value, datetime) else value for name, value in moment.items()
    }
    return world.ask(AS_OF, **arguments)["asOf"]


def titles(snapshot: Any) -> list[str]:
    return [node["title"] for node in snapshot["objectives"]["nodes"]]


def recorded_at(world: AskedWorld, position: int) -> datetime:
    return world.log.entries(position - 1, 1)[0].recorded_at


@pytest.fixture(scope="module")
def recorded(server: str) -> Iterator[AskedWorld]:
    """The reworded objective, for tests that record nothing."""
    with fresh_workspace(server) as database:
        yield with_reworded_objective(AskedWorld(database))


@pytest.fixture
def reworded(world: AskedWorld) -> AskedWorld:
    return with_reworded_objective(world)


def with_reworded_objective(world: AskedWorld) -> AskedWorld:
    """An objective drafted on day 0, reworded on day 10, and again on day 20."""
    goals.cycle(world)
    id = goals.objective(world, "First title of the goal")
    for number, title in ((10, "Second title of the goal"), (20, "Third title of the goal")):
        world.record(RewordObjective(objective=id, title=title, effective_at=day(number)))
    return world


def test_present_is_the_newest_basis(recorded: AskedWorld) -> None:
    basis = recorded.ask(f"{{ {BASIS} }}")["basis"]
    head = recorded.log.head()
    assert basis["position"] == head.position == 4
    assert basis["isNow"] is True
    assert head.recorded_at is not None
    assert basis["known"] == write_date_time(head.recorded_at)
    assert basis["at"] >= basis["known"]


def test_at_reads_the_valid_time_with_present_knowledge(recorded: AskedWorld) -> None:
    assert titles(as_of(recorded, at=day(9))) == ["First title of the goal"]
    assert titles(as_of(recorded, at=day(10))) == ["Second title of the goal"]
    assert titles(as_of(recorded, at=day(90))) == ["Third title of the goal"]


def test_position_reads_the_state_right_after_that_event(recorded: AskedWorld) -> None:
    snapshot = as_of(recorded, position=3)
    assert titles(snapshot) == ["Second title of the goal"]
    assert snapshot["basis"] == {
        "at": write_date_time(recorded_at(recorded, 3)),
        "known": write_date_time(recorded_at(recorded, 3)),
        "position": 3,
        "isNow": False,
    }


def test_known_limits_the_record_time(recorded: AskedWorld) -> None:
    second = recorded_at(recorded, 3)
    assert titles(as_of(recorded, at=day(30), known=second)) == ["Second title of the goal"]
    assert titles(as_of(recorded, at=day(5), known=second)) == ["First title of the goal"]
    assert titles(as_of(recorded, at=day(30), known=second - timedelta(microseconds=1))) == ["First title of the goal"]


def test_basis_ahead_of_the_projections_is_behind(reworded: AskedWorld) -> None:
    reworded.keyframe.execute(AddPerson(handle="ada", name="Ada"), ADA)
    recorded = write_date_time(recorded_at(reworded, 5))
    for moment in ({"known": recorded}, {"at": write_date_time(day(5)), "known": recorded}, {"position": 5}):
        assert reworded.code(AS_OF, **moment) == "BEHIND"
    assert reworded.code(AS_OF, position=6) == "INVALID"
    assert as_of(reworded, known=recorded_at(reworded, 4))["basis"]["position"] == 4
    assert as_of(reworded, at=day(5))["basis"]["position"] == 4
    reworded.catch_up()
    assert as_of(reworded, known=recorded_at(reworded, 5))["basis"]["position"] == 5


def test_known_alone_is_also_the_valid_time(recorded: AskedWorld) -> None:
    second = recorded_at(recorded, 3)
    snapshot = as_of(recorded, known=second)
    assert snapshot["basis"]["at"] == write_date_time(second)
    assert snapshot["basis"]["position"] == 3


def test_as_of_without_arguments_is_the_present(recorded: AskedWorld) -> None:
    answer = recorded.ask(f"{{ {BASIS} asOf {{ {BASIS} }} }}")
    assert answer["asOf"]["basis"] == answer["basis"] | {"isNow": False}


def test_same_basis_returns_the_same_answer(reworded: AskedWorld) -> None:
    snapshot = as_of(reworded, at=day(12))
    goals.objective(reworded, "Drafted only afterwards", effective_at=day(3))
    basis = snapshot["basis"]
    assert as_of(reworded, at=basis["at"], position=basis["position"]) == snapshot
    assert as_of(reworded, at=basis["at"], known=basis["known"]) == snapshot
    assert len(titles(as_of(reworded, at=day(12)))) == 2


def test_snapshot_before_the_first_event_is_empty(recorded: AskedWorld) -> None:
    before = write_date_time(datetime(2020, 1, 1, tzinfo=UTC))
    query = """query($at: DateTime, $position: Position) { asOf(at: $at, position: $position) {
        basis { position } workspace { head policy { version } } cycle(by: {key: "2026-q1"}) { id }
        cycles { nodes { id } totalCount } objectives { nodes { id } } keyResults { nodes { id } } kpis { nodes { id } }
        teams { nodes { id } } people { nodes { id } }
        alignment(cycle: {key: "2026-q1"}) { objectives { id } edges { to { __typename } } }
    } }"""
    empty: dict[str, Any] = {
        "workspace": {"head": 0, "policy": {"version": 0}},
        "cycle": None,
        "cycles": {"nodes": [], "totalCount": 0},
        "alignment": {"objectives": [], "edges": []},
    } | {name: {"nodes": []} for name in ("objectives", "keyResults", "kpis", "teams", "people")}
    assert recorded.ask(query, position=0)["asOf"] == empty | {"basis": {"position": 0}}
    at_head = recorded.ask(query, at=before)["asOf"]
    assert at_head == empty | {"basis": {"position": 4}, "workspace": {"head": 4, "policy": {"version": 0}}}
    known = recorded.ask(
        "query($t: DateTime) { asOf(known: $t) { basis { position } objectives { totalCount } } }", t=before
    )
    assert known["asOf"] == {"basis": {"position": 0}, "objectives": {"totalCount": 0}}


@pytest.mark.parametrize(
    "moment",
    [
        'at: "2090-01-01T00:00:00Z"',
        'known: "2090-01-01T00:00:00Z"',
        'at: "2026-01-01T00:00:00Z", known: "2090-01-01T00:00:00Z"',
        "position: 5",
        'at: "2026-01-01T00:00:00Z", position: 5',
        'known: "2026-01-01T00:00:00Z", position: 2',
    ],
)
def test_future_or_contradictory_basis_is_invalid(recorded: AskedWorld, moment: str) -> None:
    assert recorded.code(f"{{ asOf({moment}) {{ basis {{ at }} }} }}") == "INVALID"
    assert recorded.code(f"{{ objectives {{ nodes {{ asOf({moment}) {{ id }} }} }} }}") == "INVALID"


def test_entity_can_be_read_as_of_a_time(recorded: AskedWorld) -> None:
    query = """query($at: DateTime) { objectives { nodes { id title asOf(at: $at) {
        id entityId title cycle { key objectives { nodes { title } } } } } } }"""
    (node,) = recorded.ask(query, at="2026-01-05T00:00:00Z")["objectives"]["nodes"]
    assert node["title"] == "Third title of the goal"
    assert node["asOf"]["title"] == "First title of the goal"
    assert node["asOf"]["entityId"] == node["id"] != node["asOf"]["id"]
    assert node["asOf"]["cycle"]["objectives"]["nodes"] == [{"title": "First title of the goal"}]
    (node,) = recorded.ask(query, at="2025-01-05T00:00:00Z")["objectives"]["nodes"]
    assert node["asOf"] is None


def test_one_answer_reads_one_basis(reworded: AskedWorld) -> None:
    """An event is recorded before each statement of the answer; only the first one is read."""
    numbers = iter(range(1, 100))

    def meanwhile() -> None:
        id = goals.objective(reworded, f"Meanwhile {next(numbers)}", cycle=CycleBy(key="2026-q1"))
        goals.key_result(reworded, id)

    before = reworded.ask(TITLES)
    reworded.pool.meanwhile = meanwhile
    answer = reworded.ask(
        f"{{ {BASIS} objectives {{ totalCount nodes {{ title keyResults {{ id }} }} }}"
        ' cycle(by: {key: "2026-q1"}) { progress { explain { label } } objectives { totalCount nodes { title } } } }'
    )
    reworded.pool.meanwhile = int
    assert answer["basis"]["position"] == 6, "events before the first statement are read, later events are not"
    assert answer["objectives"]["totalCount"] == len(before["objectives"]["nodes"]) + 1
    assert [len(node["keyResults"]) for node in answer["objectives"]["nodes"]] == [0, 1]
    assert answer["cycle"]["objectives"]["totalCount"] == 2
    assert len(answer["cycle"]["objectives"]["nodes"]) == 2


def test_present_is_resolved_once_per_operation(recorded: AskedWorld) -> None:
    recorded.pool.statements.clear()
    recorded.ask(f"{{ one: {BASIS} two: {BASIS} workspace {{ head }} }}")
    assert len(recorded.pool.statements) == 1


def test_plan_and_outcome_are_snapshots_at_activation_and_closing(reworded: AskedWorld) -> None:
    cycle = CycleBy(key="2026-q1")
    query = """{ cycle(by: {key: "2026-q1"}) {
        plan { basis { position } objectives { nodes { title } }
            cycle(by: {key: "2026-q1"}) { state plan { basis { position } } } }
        outcome { basis { position } objectives { nodes { state } } } } }"""
    assert reworded.ask(query)["cycle"] == {"plan": None, "outcome": None}
    reworded.record(ActivateCycle(cycle=cycle, effective_at=day(21)))
    activated = reworded.log.head().position
    goals.objective(reworded, "Only an afterthought", effective_at=day(30))
    reworded.record(CloseCycle(cycle=cycle, close_objectives=True, effective_at=day(90)))
    answer = reworded.ask(query)["cycle"]
    assert answer["plan"] == {
        "basis": {"position": activated},
        "objectives": {"nodes": [{"title": "Third title of the goal"}]},
        "cycle": {"state": "ACTIVE", "plan": {"basis": {"position": activated}}},
    }
    assert answer["outcome"]["basis"]["position"] == reworded.log.head().position
    assert [node["state"] for node in answer["outcome"]["objectives"]["nodes"]] == ["CLOSED", "DRAFT"]


def test_all_snapshots_of_one_answer_share_the_known_position(reworded: AskedWorld) -> None:
    numbers = iter(range(1, 100))
    reworded.pool.meanwhile = lambda: goals.objective(reworded, f"Meanwhile {next(numbers)}")
    then = "objectives { totalCount } basis { position }"
    query = f"""query($one: DateTime, $two: DateTime) {{
        {then} one: asOf(at: $one) {{ {then} }} two: asOf(at: $two) {{ {then} }} }}"""
    answer = reworded.ask(query, one=write_date_time(day(30)), two=write_date_time(day(40)))
    reworded.pool.meanwhile = int
    now = {"objectives": answer["objectives"], "basis": answer["basis"]}
    assert answer["one"] == answer["two"] == now
