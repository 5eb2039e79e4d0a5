"""Documents are compiled once, complete queries by columns, and leave what has an error to the interpreter."""

from typing import Any

import pytest

from api.execution import executor
from api.execution.plans.compiled_documents import CompiledDocuments
from api.schema import pipeline
from api.schema.goal_answers.documents import GoalQueries
from api.schema.schema import schema
from tests.api.execution.test_executor import FAILING_HERE_AND_THERE, FRAGMENTS
from tests.api.schema.crowd import Crowd
from tests.api.snapshot.test_statement_count import SIMPLE
from tests.asking import AskedWorld

CHOSEN = """query($with: Boolean!, $count: Int) {
    objectives(first: $count) { nodes { title state @include(if: $with) kind @skip(if: $with) } }
}"""


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> CompiledDocuments:
    counted = CompiledDocuments()
    monkeypatch.setattr(executor, "COMPILED", counted)
    monkeypatch.setattr(pipeline, "GOAL_QUERIES", GoalQueries())  # none is known, whatever ran before
    return counted


def titles(world: AskedWorld, **variables: Any) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = world.ask(CHOSEN, **variables)["objectives"]["nodes"]
    return nodes


def test_queries_without_errors_are_completed_by_columns(world: AskedWorld, counted: CompiledDocuments) -> None:
    Crowd(world).join(5)
    world.ask(SIMPLE)
    world.ask(FRAGMENTS, **{"with": True, "without": False})
    assert (counted.answered, counted.given_up) == (4, 0)


def test_a_value_with_an_error_is_completed_by_the_interpreter(world: AskedWorld, counted: CompiledDocuments) -> None:
    Crowd(world).join(3)
    errors = world.errors(FAILING_HERE_AND_THERE)
    assert ["cycles", "nodes", 0, "asOf"] in [error.path for error in errors]
    assert (counted.answered, counted.given_up) == (1, 2)


@pytest.mark.parametrize("wrong", ["asOf(position: 99999) { key }", "objectives(first: 1, last: 1) { totalCount }"])
def test_what_was_read_is_not_read_again_for_an_error(
    world: AskedWorld, counted: CompiledDocuments, wrong: str
) -> None:
    Crowd(world).join(5)
    heavy = """objectives(first: 100) { nodes { progress { value explain { value } } changes { totalCount }
        keyResults { trajectory(every: WEEK) { actual } forecast { value } } } }
        progressOverTime(every: WEEK) { value }"""
    plain = f"{{ cycles(first: 1) {{ nodes {{ {heavy} }} }} }}"
    statements = world.count(plain)
    world.pool.statements.clear()
    world.errors(f"{{ cycles(first: 1) {{ nodes {{ {heavy} wrong: {wrong} }} }} }}")
    assert (counted.answered, counted.given_up) == (1, 1)
    assert len(world.pool.statements) <= statements + 2


def test_flags_decide_what_is_selected_and_other_variables_are_bound_at_each_run(
    world: AskedWorld, counted: CompiledDocuments
) -> None:
    Crowd(world).join(5)
    assert [list(one) for one in titles(world, **{"with": True, "count": 2})] == [["title", "state"]] * 2
    assert [list(one) for one in titles(world, **{"with": False, "count": 3})] == [["title", "kind"]] * 3
    assert len(titles(world, **{"with": True, "count": 4})) == 4
    assert len(counted._kept) == 2
    assert counted.given_up == 0


def test_a_bounded_number_of_documents_is_kept(
    world: AskedWorld, counted: CompiledDocuments, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.execution.plans.compiled_documents.COMPILED_MAX", 3)
    for number in range(5):
        world.ask(f"{{ alias{number}: basis {{ position }} }}")
    assert [root.name for (root,) in counted._kept.values()] == ["alias2", "alias3", "alias4"]


def test_mutations_are_not_compiled(world: AskedWorld, counted: CompiledDocuments) -> None:
    world.ask('mutation { addPerson(input: {handle: "cy", name: "Cy"}) { person { handle } } }')
    assert counted.answered == counted.given_up == 0


def test_an_object_that_occurs_often_is_completed_once(world: AskedWorld) -> None:
    Crowd(world).join(4)
    result = schema.execute_sync("{ objectives { nodes { cycle { key } } } }", {}, world.context)
    assert result.data is not None
    cycles = [one["cycle"] for one in result.data["objectives"]["nodes"]]
    assert len(cycles) > 3
    assert len({id(one) for one in cycles}) == 1


def test_objects_with_one_equal_member_of_an_enum_are_one(world: AskedWorld) -> None:
    Crowd(world).join(4)
    asked = "{ objectives { nodes { progress { health } other: progress { rated: health value } } } }"
    result = schema.execute_sync(asked, {}, world.context)
    assert result.data is not None
    found = [one["progress"] for one in result.data["objectives"]["nodes"]]
    assert len(found) > 3
    assert len({id(one) for one in found}) == len({one["health"] for one in found})
    assert len({id(one["other"]) for one in result.data["objectives"]["nodes"]}) == len(found)
    assert [one["other"]["rated"] for one in result.data["objectives"]["nodes"]] == [one["health"] for one in found]
