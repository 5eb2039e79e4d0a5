"""The executor gives the same answers and errors as the one of graphql-core."""

import json
from typing import Any

import pytest
from graphql import get_introspection_query, parse
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from api.execution.executor import Executor
from api.schema.schema import schema
from tests.api.schema.crowd import Crowd
from tests.api.snapshot.test_statement_count import DEEP, SIMPLE
from tests.asking import AskedWorld

FRAGMENTS = """query($with: Boolean!, $without: Boolean!, $dropped: Boolean = true) {
    __typename
    first: objectives(first: 2) { ...page }
    second: objectives(last: 2) @include(if: $with) { ...page }
    third: objectives @include(if: $without) { totalCount }
    fourth: objectives(first: 1) @skip(if: $with) { totalCount }
    asOf(position: 3) { ... on View { basis { position } } ... on Snapshot { cycles { nodes { __typename key } } } }
}
fragment page on ObjectiveConnection {
    edges { node { ...goal ... on Node { __typename id } ... on Entity { entityId version } } }
    edges { node { title again: title } }
}
fragment goal on Objective {
    kind state supports { __typename ... on Objective { title cycle { key } } ... on KeyResult { title } }
    keyResults(includeDropped: $dropped) { due metric { direction unit { kind } } current @skip(if: $with) }
}"""

FAILING_HERE_AND_THERE = """{
    cycles { nodes { key asOf(position: 99999) { id } bad: asOf(position: 88888) { id } } }
    objectives(first: 3) { nodes { title owner { asOf(position: 77777) { handle } } } }
    basis { isNow }
}"""

FAILING = """{
    basis { isNow }
    objectives(first: 2) { nodes { title comments(first: -1) { totalCount } } }
    asOf(position: 99999) { basis { at } }
}"""


FLAGS = {"with": True, "without": False}
VARYING = """query($id: ID!, $n: Int, $key: String!, $at: DateTime, $kind: ObjectiveKind, $last: Int = 1) {
    __typename
    node(id: $id) { __typename id }
    objectives(first: $n, filter: {kind: $kind}) { totalCount nodes { title keyResults { title } } }
    some: objectives(last: $last) { nodes { title } }
    cycle(by: {key: $key}) { key }
    asOf(at: $at) { objectives(first: $n) { nodes { title comments(first: $n) { totalCount } } } }
}"""
SIMPLE_VARYING = """query($id: ID!, $n: Int, $at: DateTime, $every: Step!) {
    node(id: $id) { __typename id }
    objectives(first: $n) { totalCount nodes { id keyResults { title } } }
    asOf(at: $at) { objectives(first: $n) { nodes { title comments(first: $n) { totalCount } } } }
    then: asOf(at: "2026-01-20T00:00:00Z") { objectives { nodes { progressOverTime(every: $every) { at } } } }
}"""
GIVEN: list[dict[str, Any]] = [
    {"id": "nothing", "n": 2, "every": "MONTH", "at": "2026-01-20T00:00:00Z", "kind": "COMMITTED", "key": "q1"},
    {"id": 7, "n": 3, "every": "WEEK", "at": "2026-01-21T00:00:00Z", "kind": "ASPIRATIONAL", "last": 2},
    {"id": "nothing", "every": "WEEK"},
    {"id": "nothing", "n": None, "every": "WEEK", "at": None, "kind": None, "key": None, "last": None},
    {"id": "nothing", "n": "many", "every": "WEEK"},
    {"id": "nothing", "n": 1, "every": "SOON", "at": "yesterday"},
    {"id": None, "every": None},
    {},
    {"id": "nothing", "n": -1, "every": "WEEK", "unknown": 1},
    {"id": True, "n": True, "every": 1, "at": 1},
]


class Reference(StrawberryGraphQLCoreExecutionContext):
    """The executor of graphql-core, which counts the operations that it executes."""

    count = 0

    @classmethod
    def of(cls, schema: Any, parsed: Any, root: Any, context: Any, given: Any, **awaits: Any) -> Any:
        return cls.build(schema, parsed.document, root, context, given, parsed.name, **awaits)

    def execute_operation(self, *given: Any) -> Any:
        Reference.count += 1
        return super().execute_operation(*given)


def executed_by(
    executor: type[Any],
    world: AskedWorld,
    query: str,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, Any] = FLAGS,
) -> Any:
    monkeypatch.setattr(schema, "execution_context_class", executor)
    result = schema.execute_sync(query, variables, world.context)
    return json.dumps(result.data), sorted(str(error.formatted) for error in result.errors or ())


@pytest.mark.parametrize(
    "query",
    [DEEP, SIMPLE, FRAGMENTS, FAILING_HERE_AND_THERE, FAILING, get_introspection_query()],
    ids=["deep", "simple", "fragments", "failing here and there", "failing", "introspection"],
)
def test_answer_equals_that_of_graphql_core(world: AskedWorld, query: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Crowd(world).join(12)
    ours = executed_by(Executor, world, query, monkeypatch)
    monkeypatch.setattr(Reference, "count", 0)
    theirs = executed_by(Reference, world, query, monkeypatch)
    assert Reference.count == 1
    assert ours == theirs
    assert len(ours[0]) > 100 or ours[1]


@pytest.mark.parametrize("query", [VARYING, SIMPLE_VARYING], ids=["with defaults", "of leaves"])
def test_answers_to_a_known_query_with_other_variables_equal_those_of_graphql_core(
    world: AskedWorld, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Crowd(world).join(3)
    answers = []
    for given in (*GIVEN, *GIVEN[::-1]):
        answers.append(executed_by(Executor, world, query, monkeypatch, given))
        assert answers[-1] == executed_by(Reference, world, query, monkeypatch, given), given
    assert 5 < len({str(answer) for answer in answers}) <= len(GIVEN)


def test_events_of_a_subscription_do_not_keep_what_earlier_ones_collected() -> None:
    subscription = Executor.build(schema._schema, parse("subscription { changes { position } }"))
    assert isinstance(subscription, Executor)
    for number in range(3):
        event = subscription.build_per_event_executor(number)
        event._relevant_sub_fields[schema._schema.query_type, number] = ([], None)  # type: ignore[index, assignment]
        assert len(event._relevant_sub_fields) == 1
    assert not subscription._relevant_sub_fields
