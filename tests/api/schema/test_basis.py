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
from tests.world import ADA

BASIS = "basis { at known position isNow }"
TITLES = "{ objectives { nodes { title } } }"
AS_OF = f"""query($at: DateTime, $known: DateTime, $position: Position) {{
    asOf(at: $at, known: $known, position: $position) {{ {BASIS} objectives {{ nodes {{ id entityId title }} }} }}
}}"""


def as_of(world: AskedWorld, **moment: Any) -> Any:
    told = {name: write_date_time(value) if isinstance(value, datetime) else value for name, value in moment.items()}
    return world.ask(AS_OF, **told)["asOf"]


def titles(snapshot: Any) -> list[str]:
    return [node["title"] for node in snapshot["objectives"]["nodes"]]


def recorded_at(world: AskedWorld, position: int) -> datetime:
    return world.log.entries(position - 1, 1)[0].recorded_at


@pytest.fixture
def told(world: AskedWorld) -> AskedWorld:
    """An objective drafted on day 0, reworded on day 10, and again on day 20."""
    goals.cycle(world)
    id = goals.objective(world, "First words of ours")
    for number, title in ((10, "Second words of ours"), (20, "Third words of ours")):
        world.record(RewordObjective(objective=id, title=title, effective_at=day(number)))
    return world


def test_the_present_is_the_newest_basis(told: AskedWorld) -> None:
    basis = told.ask(f"{{ {BASIS} }}")["basis"]
    head = told.log.head()
    assert basis["position"] == head.position == 4
    assert basis["isNow"] is True
    assert head.recorded_at is not None
    assert basis["known"] == write_date_time(head.recorded_at)
    assert basis["at"] >= basis["known"]


def test_at_a_moment_it_is_what_was_true_then_by_all_that_is_known_now(told: AskedWorld) -> None:
    assert titles(as_of(told, at=day(9))) == ["First words of ours"]
    assert titles(as_of(told, at=day(10))) == ["Second words of ours"]
    assert titles(as_of(told, at=day(90))) == ["Third words of ours"]


def test_at_a_position_it_is_what_a_reader_saw_right_after_it(told: AskedWorld) -> None:
    snapshot = as_of(told, position=3)
    assert titles(snapshot) == ["Second words of ours"]
    assert snapshot["basis"] == {
        "at": write_date_time(recorded_at(told, 3)),
        "known": write_date_time(recorded_at(told, 3)),
        "position": 3,
        "isNow": False,
    }


def test_known_says_how_far_the_log_counts(told: AskedWorld) -> None:
    second = recorded_at(told, 3)
    assert titles(as_of(told, at=day(30), known=second)) == ["Second words of ours"]
    assert titles(as_of(told, at=day(5), known=second)) == ["First words of ours"]
    assert titles(as_of(told, at=day(30), known=second - timedelta(microseconds=1))) == ["First words of ours"]


def test_what_the_log_knew_and_the_views_do_not_show_yet_is_never_answered_without_it(told: AskedWorld) -> None:
    told.keyframe.execute(AddPerson(handle="ada", name="Ada"), ADA)
    recorded = write_date_time(recorded_at(told, 5))
    for moment in ({"known": recorded}, {"at": write_date_time(day(5)), "known": recorded}, {"position": 5}):
        assert told.code(AS_OF, **moment) == "BEHIND"
    assert told.code(AS_OF, position=6) == "INVALID"
    assert as_of(told, known=recorded_at(told, 4))["basis"]["position"] == 4
    assert as_of(told, at=day(5))["basis"]["position"] == 4
    told.catch_up()
    assert as_of(told, known=recorded_at(told, 5))["basis"]["position"] == 5


def test_known_alone_is_also_the_moment(told: AskedWorld) -> None:
    second = recorded_at(told, 3)
    snapshot = as_of(told, known=second)
    assert snapshot["basis"]["at"] == write_date_time(second)
    assert snapshot["basis"]["position"] == 3


def test_without_a_moment_it_is_now(told: AskedWorld) -> None:
    answer = told.ask(f"{{ {BASIS} asOf {{ {BASIS} }} }}")
    assert answer["asOf"]["basis"] == answer["basis"] | {"isNow": False}


def test_a_basis_asked_for_again_answers_the_same(told: AskedWorld) -> None:
    snapshot = as_of(told, at=day(12))
    goals.objective(told, "Told only afterwards", effective_at=day(3))
    basis = snapshot["basis"]
    assert as_of(told, at=basis["at"], position=basis["position"]) == snapshot
    assert as_of(told, at=basis["at"], known=basis["known"]) == snapshot
    assert len(titles(as_of(told, at=day(12)))) == 2


def test_before_the_first_event_everything_is_empty(told: AskedWorld) -> None:
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
    assert told.ask(query, position=0)["asOf"] == empty | {"basis": {"position": 0}}
    at_head = told.ask(query, at=before)["asOf"]
    assert at_head == empty | {"basis": {"position": 4}, "workspace": {"head": 4, "policy": {"version": 0}}}
    known = told.ask(
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
def test_a_basis_that_cannot_be_read_is_invalid(told: AskedWorld, moment: str) -> None:
    assert told.code(f"{{ asOf({moment}) {{ basis {{ at }} }} }}") == "INVALID"
    assert told.code(f"{{ objectives {{ nodes {{ asOf({moment}) {{ id }} }} }} }}") == "INVALID"


def test_everything_can_be_seen_as_it_was(told: AskedWorld) -> None:
    query = """query($at: DateTime) { objectives { nodes { id title asOf(at: $at) {
        id entityId title cycle { key objectives { nodes { title } } } } } } }"""
    (node,) = told.ask(query, at="2026-01-05T00:00:00Z")["objectives"]["nodes"]
    assert node["title"] == "Third words of ours"
    assert node["asOf"]["title"] == "First words of ours"
    assert node["asOf"]["entityId"] == node["id"] != node["asOf"]["id"]
    assert node["asOf"]["cycle"]["objectives"]["nodes"] == [{"title": "First words of ours"}]
    (node,) = told.ask(query, at="2025-01-05T00:00:00Z")["objectives"]["nodes"]
    assert node["asOf"] is None


def test_one_answer_never_mixes_two_moments(told: AskedWorld) -> None:
    """A word is said before each statement of the answer, and none of them is heard."""
    said = iter(range(1, 100))

    def meanwhile() -> None:
        id = goals.objective(told, f"Said meanwhile {next(said)}", cycle=CycleBy(key="2026-q1"))
        goals.key_result(told, id)

    before = told.ask(TITLES)
    told.pool.meanwhile = meanwhile
    answer = told.ask(
        f"{{ {BASIS} objectives {{ totalCount nodes {{ title keyResults {{ id }} }} }}"
        ' cycle(by: {key: "2026-q1"}) { progress { explain { label } } objectives { totalCount nodes { title } } } }'
    )
    told.pool.meanwhile = int
    assert answer["basis"]["position"] == 6, "what was said before the first statement is heard, and nothing after it"
    assert answer["objectives"]["totalCount"] == len(before["objectives"]["nodes"]) + 1
    assert [len(node["keyResults"]) for node in answer["objectives"]["nodes"]] == [0, 1]
    assert answer["cycle"]["objectives"]["totalCount"] == 2
    assert len(answer["cycle"]["objectives"]["nodes"]) == 2


def test_the_present_is_resolved_once_an_operation(told: AskedWorld) -> None:
    told.pool.statements.clear()
    told.ask(f"{{ one: {BASIS} two: {BASIS} workspace {{ head }} }}")
    assert len(told.pool.statements) == 1


def test_plan_and_outcome_are_the_views_at_activation_and_closing(told: AskedWorld) -> None:
    cycle = CycleBy(key="2026-q1")
    query = """{ cycle(by: {key: "2026-q1"}) {
        plan { basis { position } objectives { nodes { title } }
            cycle(by: {key: "2026-q1"}) { state plan { basis { position } } } }
        outcome { basis { position } objectives { nodes { state } } } } }"""
    assert told.ask(query)["cycle"] == {"plan": None, "outcome": None}
    told.record(ActivateCycle(cycle=cycle, effective_at=day(21)))
    activated = told.log.head().position
    goals.objective(told, "Only an afterthought", effective_at=day(30))
    told.record(CloseCycle(cycle=cycle, close_objectives=True, effective_at=day(90)))
    answer = told.ask(query)["cycle"]
    assert answer["plan"] == {
        "basis": {"position": activated},
        "objectives": {"nodes": [{"title": "Third words of ours"}]},
        "cycle": {"state": "ACTIVE", "plan": {"basis": {"position": activated}}},
    }
    assert answer["outcome"]["basis"]["position"] == told.log.head().position
    assert [node["state"] for node in answer["outcome"]["objectives"]["nodes"]] == ["CLOSED", "DRAFT"]


def test_all_moments_of_one_answer_know_the_same(told: AskedWorld) -> None:
    said = iter(range(1, 100))
    told.pool.meanwhile = lambda: goals.objective(told, f"Said meanwhile {next(said)}")
    then = "objectives { totalCount } basis { position }"
    query = f"""query($one: DateTime, $two: DateTime) {{
        {then} one: asOf(at: $one) {{ {then} }} two: asOf(at: $two) {{ {then} }} }}"""
    answer = told.ask(query, one=write_date_time(day(30)), two=write_date_time(day(40)))
    told.pool.meanwhile = int
    now = {"objectives": answer["objectives"], "basis": answer["basis"]}
    assert answer["one"] == answer["two"] == now
