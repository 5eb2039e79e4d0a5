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


class Reference(StrawberryGraphQLCoreExecutionContext):
    """The executor of graphql-core, which counts the operations that it executes."""

    count = 0

    def execute_operation(self, *given: Any) -> Any:
        Reference.count += 1
        return super().execute_operation(*given)


def executed_by(executor: type[Any], world: AskedWorld, query: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(schema, "execution_context_class", executor)
    result = schema.execute_sync(query, {"with": True, "without": False}, world.context)
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


def test_events_of_a_subscription_do_not_keep_what_earlier_ones_collected() -> None:
    subscription = Executor.build(schema._schema, parse("subscription { changes { position } }"))
    assert isinstance(subscription, Executor)
    for number in range(3):
        event = subscription.build_per_event_executor(number)
        event._relevant_sub_fields[schema._schema.query_type, number] = ([], None)  # type: ignore[index, assignment]
        assert len(event._relevant_sub_fields) == 1
    assert not subscription._relevant_sub_fields
