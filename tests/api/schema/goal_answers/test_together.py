"""Requests for single objectives of one caller that wait at the same time are answered together, each as if alone."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace
from strawberry.types import ExecutionResult

from api.execution.context import Caller, Context
from api.execution.lanes import Lanes
from api.schema.goal_answers.documents import Answers, Asked, GoalQuery
from api.schema.schema import schema
from api.snapshot.global_ids import encode
from api.snapshot.loop_reads import LoopReads
from domain.commands.permissions import Role
from domain.primitives.values import Kind
from projections.store.stored_times import TIMES_AS_NUMBERS
from tests.api.schema.crowd import Crowd
from tests.api.schema.goal_answers.test_documents import objective_ids
from tests.asking import AskedWorld, until_open

COLUMNS = "query($id: ID!) { objective(id: $id) { id title keyResults { current progress { value health } } } }"
OTHERS = """query($id: ID!) { objective(id: $id) { title owner { name } team { key }
    progress { value explain { label } } keyResults { title owner { handle } } } }"""
PAGE = "query($n: Int) { objectives(first: $n) { nodes { id keyResults { current progress { value health } } } } }"
THEN = "query($id: ID!, $at: Position!) { asOf(position: $at) { objective(id: $id) { id progress { value } } } }"


class Batches:
    """How many requests were answered together."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sizes: list[int] = []
        self.on_loop = 0
        answered, on_loop = GoalQuery.data, GoalQuery.data_on_loop

        def counted(query: GoalQuery, context: Context, asked: Sequence[Asked], executor: Any) -> Answers:
            self.sizes.append(len(asked))
            return answered(query, context, asked, executor)

        async def counted_on_loop(
            query: GoalQuery, context: Context, reads: LoopReads, asked: Sequence[Asked]
        ) -> Answers:
            found = await on_loop(query, context, reads, asked)
            self.sizes.append(len(asked))
            self.on_loop += 1
            return found

        monkeypatch.setattr(GoalQuery, "data", counted)
        monkeypatch.setattr(GoalQuery, "data_on_loop", counted_on_loop)


@pytest.fixture(params=["thread", "loop"], autouse=True)
def place(request: pytest.FixtureRequest, world: AskedWorld) -> Iterator[str]:
    """Whether a process can read on its event loop."""
    reads = world.loop_reads = (
        LoopReads(world.database.connect_reader, TIMES_AS_NUMBERS) if request.param == "loop" else None
    )
    yield request.param
    if reads is not None:
        reads.close()


def at_once(contexts: Sequence[Context], document: str, variables: Sequence[dict[str, Any]]) -> list[ExecutionResult]:
    """The results of requests that are sent at the same time, in one process."""

    async def send() -> list[ExecutionResult]:
        lanes, reads = Lanes(), contexts[0].loop_reads
        if reads is not None:
            await until_open(reads)
        sent = [
            schema.execute(document, given, replace(context, lanes=lanes))
            for context, given in zip(contexts, variables, strict=True)
        ]
        return await asyncio.gather(*sent)

    return asyncio.run(send())


def known(world: AskedWorld, document: str, **variables: Any) -> None:
    """Have the process know a document, and what it costs."""
    at_once([world.context], document, [variables])


def of_two(world: AskedWorld) -> list[str]:
    """The ids of two objectives, for whose columns the process knows the document."""
    Crowd(world).join(2)
    ids = objective_ids(world)
    known(world, COLUMNS, id=ids[0])
    return ids


@pytest.mark.parametrize("document", [COLUMNS, OTHERS])
def test_answers_are_those_of_each_request_alone(
    world: AskedWorld, monkeypatch: pytest.MonkeyPatch, document: str, place: str
) -> None:
    Crowd(world).join(6)
    ids = objective_ids(world)
    ids += [ids[0], encode(Kind.OBJECTIVE, uuid4())]
    alone = [world.ask(document, id=id) for id in ids]
    known(world, document, id=ids[0])
    batches = Batches(monkeypatch)
    contexts = [world.context for _ in ids]
    results = at_once(contexts, document, [{"id": id} for id in ids])
    assert [result.data for result in results] == alone
    assert batches.sizes == [len(ids)]
    assert batches.on_loop == (place == "loop" and document == COLUMNS)
    assert {context.freshness.newest for context in contexts} == {contexts[0].freshness.newest}
    assert all(context.freshness.uses_present and context.stats.costs for context in contexts)


def test_then_is_answered_together_by_position(world: AskedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    Crowd(world).join(4)
    ids, last = objective_ids(world), world.log.head().position
    given = [{"id": id, "at": at} for at in (last, last - 1) for id in ids]
    alone = [world.ask(THEN, **one) for one in given]
    known(world, THEN, **given[0])
    batches = Batches(monkeypatch)
    results = at_once([world.context for _ in given], THEN, given)
    assert [result.data for result in results] == alone
    assert batches.sizes == [4, 4]


def test_callers_are_answered_apart(world: AskedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = of_two(world)
    batches = Batches(monkeypatch)
    other = replace(world.context, caller=Caller("ben", frozenset({Role.ADMIN})))
    results = at_once([world.context, other], COLUMNS, [{"id": id} for id in ids])
    assert [result.data and result.data["objective"]["id"] for result in results] == ids
    assert batches.sizes == [1, 1]


def test_refused_request_does_not_affect_the_others(world: AskedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = of_two(world)
    batches = Batches(monkeypatch)
    given: list[dict[str, Any]] = [{"id": ids[0]}, {"id": ids[1], "other": ["x"] * 100_000}, {"id": "nothing"}]
    results = at_once([world.context for _ in given], COLUMNS, given)
    assert results[0].data and results[0].data["objective"]["id"] == ids[0]
    assert results[1].errors
    assert results[2].data == {"objective": None}
    assert batches.sizes == [2]


def test_each_is_answered_alone_where_all_cannot_be(world: AskedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    Crowd(world).join(3)
    ids = objective_ids(world)
    alone = [world.ask(COLUMNS, id=id) for id in ids]
    known(world, COLUMNS, id=ids[0])

    def fails(*_: object) -> None:
        raise LookupError

    monkeypatch.setattr(GoalQuery, "_answers", fails)
    results = at_once([world.context for _ in ids], COLUMNS, [{"id": id} for id in ids])
    assert [result.data for result in results] == alone


def test_page_is_answered_on_the_loop(world: AskedWorld, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    Crowd(world).join(6)
    alone = world.ask(PAGE, n=4)
    known(world, PAGE, n=4)
    batches = Batches(monkeypatch)
    world.pool.statements.clear()
    (result,) = at_once([world.context], PAGE, [{"n": 4}])
    assert result.data == alone
    assert (batches.on_loop, len(world.pool.statements)) == ((1, 0) if place == "loop" else (0, 1))


def test_query_that_needs_more_statements_is_left_to_threads_for_a_while(
    world: AskedWorld, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    Crowd(world).join(2)
    document = f"# not known yet\n{OTHERS}"
    id, read, rows = objective_ids(world)[1], [], LoopReads.rows

    async def counted(reads: LoopReads, sql: str, *given: Any) -> Any:
        found = await rows(reads, sql, *given)
        read.append(sql)
        return found

    monkeypatch.setattr(LoopReads, "rows", counted)
    alone = world.ask(document, id=id)
    for _ in range(3):
        (result,) = at_once([world.context], document, [{"id": id}])
        assert result.data == alone
    assert len([sql for sql in read if "standing" in sql]) == (place == "loop")
