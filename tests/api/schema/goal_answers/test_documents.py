"""Queries for goals are answered by one statement; whatever is irregular is left to the executor of all queries."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from api.schema import pipeline
from api.schema.goal_answers.documents import GoalQueries
from api.snapshot.global_ids import encode, suffix
from domain.commands.cycle_commands import ActivateCycle, CloseCycle
from domain.primitives.values import Basis, Kind
from tests.api.schema import goals
from tests.api.schema.crowd import Crowd
from tests.api.schema.goals import day
from tests.asking import AskedWorld

FIELDS = "id title progress { value health } keyResults { title current metric { target } progress { health } }"
ONE = f"query($id: ID!) {{ objective(id: $id) {{ {FIELDS} }} }}"
PAGE = f"query($n: Int) {{ objectives(first: $n) {{ nodes {{ {FIELDS} }} }} }}"
THEN = (
    f"query($at: Position!, $n: Int) {{ asOf(position: $at) {{ objectives(first: $n) {{ nodes {{ {FIELDS} }} }} }} }}"
)


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> GoalQueries:
    queries = GoalQueries()
    monkeypatch.setattr(pipeline, "GOAL_QUERIES", queries)
    return queries


def objective_ids(world: AskedWorld) -> list[str]:
    return [node["id"] for node in world.ask("{ objectives(first: 1000) { nodes { id } } }")["objectives"]["nodes"]]


def asked_twice(world: AskedWorld, document: str, **variables: Any) -> Any:
    """The answer by the executor, which the query for goals must equal."""
    first = world.ask(document, **variables)
    assert world.ask(document, **variables) == first
    return first


def test_one_statement_answers_now_and_then(world: AskedWorld, queries: GoalQueries) -> None:
    Crowd(world).join(30)
    position = world.log.head().position
    chosen = objective_ids(world)[7]
    for document, variables in (
        (ONE, {"id": chosen}),
        (PAGE, {"n": 20}),
        (THEN, {"at": position - 20, "n": 20}),
    ):
        asked_twice(world, document, **variables)
        world.pool.statements.clear()
        world.ask(document, **variables)
        assert len(world.pool.statements) == 1, document
    assert (queries.answered, queries.given_up) == (6, 0)


def test_unknown_objective_is_null_and_an_empty_page_is_empty(world: AskedWorld, queries: GoalQueries) -> None:
    Crowd(world).join(3)
    asked_twice(world, ONE, id=objective_ids(world)[0])
    assert world.ask(ONE, id=encode(Kind.OBJECTIVE, uuid4())) == {"objective": None}
    asked_twice(world, PAGE, n=1)
    assert world.ask(PAGE, n=0) == {"objectives": {"nodes": []}}
    assert queries.answered == 4


def test_what_the_executor_has_to_convert_or_refuse_is_left_to_it(world: AskedWorld, queries: GoalQueries) -> None:
    Crowd(world).join(3)
    chosen, position = objective_ids(world)[0], world.log.head().position
    for document, variables in ((ONE, {"id": chosen}), (PAGE, {"n": 2}), (THEN, {"at": position, "n": 2})):
        asked_twice(world, document, **variables)
    answered = queries.answered
    bound = encode(Kind.OBJECTIVE, UUID(int=1), suffix(Basis(day(0), 1)))
    for other in ("nothing", bound, encode(Kind.TEAM, UUID(int=1))):
        assert world.ask(ONE, id=other) == {"objective": None}
    assert len(world.ask(PAGE, n=None)["objectives"]["nodes"]) == 3
    assert world.ask(THEN, at=0, n=2) == {"asOf": {"objectives": {"nodes": []}}}
    assert world.code(PAGE, n=1_001) == "INVALID"
    assert world.code(PAGE, n=-1) == "INVALID"
    assert world.code(THEN, at=position + 1, n=1) == "INVALID"
    assert world.errors(PAGE, n="two")
    assert world.errors(ONE)
    assert queries.answered == answered


@pytest.mark.parametrize(
    "document",
    [
        "{ objectives(first: 2, after: null) { nodes { progress { value } } } }",
        "{ objectives(first: 2) { totalCount nodes { progress { value } } } }",
        "{ objectives(first: 2) { nodes { title } } }",
        "{ objectives(first: 2) { nodes { progress { value } } } cycles { nodes { key } } }",
        "query($on: Boolean = true) { objectives(first: 2) { nodes { title @include(if: $on) progress { value } } } }",
        "query($n: Int = 2) { objectives(first: $n, last: null) { nodes { progress { value } } } }",
        '{ asOf(at: "2026-02-01T00:00:00Z") { objectives { nodes { progress { value } } } } }',
        "{ keyResults(first: 2) { nodes { progress { value } } } }",
    ],
)
def test_other_queries_are_left_to_the_executor(world: AskedWorld, queries: GoalQueries, document: str) -> None:
    Crowd(world).join(3)
    asked_twice(world, document)
    assert (queries.answered, queries.given_up) == (0, 0)


def test_failure_is_reported_by_the_executor(
    world: AskedWorld, queries: GoalQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    Crowd(world).join(3)
    expected = asked_twice(world, PAGE, n=2)

    def fails(*_: object) -> None:
        raise LookupError

    monkeypatch.setattr("projections.standings.goals_at_once.read", fails)
    assert world.ask(PAGE, n=2) == expected
    assert (queries.answered, queries.given_up) == (1, 1)


def test_draft_in_a_closed_cycle_is_read_again_with_its_end(world: AskedWorld, queries: GoalQueries) -> None:
    goals.cycle(world)
    world.record(ActivateCycle(cycle=goals.CYCLE, effective_at=day(1)))
    for number in range(3):
        goals.key_result(world, goals.objective(world, f"Objective {number}", effective_at=day(2)), effective_at=day(2))
    world.record(CloseCycle(cycle=goals.CYCLE, effective_at=day(80)))
    world.catch_up()
    asked_twice(world, PAGE, n=3)
    assert (queries.answered, queries.given_up) == (1, 0)


def test_a_bounded_number_of_documents_is_kept(
    world: AskedWorld, queries: GoalQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.schema.goal_answers.documents.DOCUMENTS_KEPT", 3)
    documents = [f"{{ objectives(first: {number}) {{ nodes {{ progress {{ value }} }} }} }}" for number in range(5)]
    for document in documents:
        world.ask(document)
    assert [queries.find((document, None)) is not None for document in documents] == [False, False, True, True, True]
