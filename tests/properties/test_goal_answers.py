"""Answers about goals in one statement equal those of the interpreter byte for byte, for each caller, at the present
and as of a position."""

from asyncio import Runner
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.execution.context import Context
from api.execution.executor import Executor
from api.schema import pipeline
from api.schema.goal_answers.documents import GoalQueries
from api.snapshot.global_ids import encode
from api.snapshot.loop_reads import LoopReads, NeedsThread
from domain.commands.permissions import Role
from domain.primitives.values import Kind
from projections.store.stored_times import TIMES_AS_NUMBERS
from tests.api.execution.test_executor import Reference
from tests.asking import until_open
from tests.properties.askers import Asker, answer
from tests.properties.conftest import World, Worlds
from tests.properties.goal_histories import GoalHistory

pytestmark = [pytest.mark.long, pytest.mark.no_cover]

laws = settings(settings.get_profile("laws"), max_examples=4)
COMMANDS = 200
DOCUMENTS = 12

OF_OBJECTIVES = (
    "id", "title", "description", "kind", "state", "__typename", "createdAt", "labels", "visibility",
    "changedAt", "entityId", "version", "createdBy { person { handle } }",
    "owner { id handle name }", "team { key }", "cycle { key progress { value } }", "contributors { handle }",
    "progress { value health }", "progress { expected confidence measuredShare unclamped confidenceLowest }",
    "why: progress { value explain { label weight value contribution } }", "outcome { verdict score }",
    "healthCounts { health count }", "supports { ... on Objective { title } ... on KeyResult { title } }",
)  # fmt: skip
OF_KEY_RESULTS = (
    "id", "title", "description", "weight", "due", "__typename", "state", "current", "measuredAt", "confidence",
    "createdAt", "changedAt", "labels", "entityId", "version", "createdBy { person { handle } }",
    "metric { direction start target lower upper changeBy unit { symbol } }", "owner { handle }", "score",
    "progress { value health }", "progress { expected unclamped confidence measuredShare }", "progress { health }",
    "nextCheckInDue", "objective { title progress { health } }", "kpi { key }", "plan { on value }",
    "milestones { key reachedAt }",
)  # fmt: skip
COLUMNS_OF_OBJECTIVES = tuple(one for one in OF_OBJECTIVES if "{" not in one or one.startswith("progress"))
COLUMNS_OF_KEY_RESULTS = tuple(
    one for one in OF_KEY_RESULTS if "{" not in one or one.startswith(("progress", "metric"))
)
ROOTS = (
    ("($id: ID!)", "objective(id: $id) { ...G }"),
    ("($n: Int)", "objectives(first: $n) { nodes { ...G } }"),
    ("($n: Int, $at: Position!)", "asOf(position: $at) { objectives(first: $n) { all: nodes { ...G } } }"),
    ("($id: ID!, $at: Position!)", "then: asOf(position: $at) { one: objective(id: $id) { ...G } }"),
)


class GoalAsker(Asker):
    """Asks for goals."""

    def __init__(self, world: World, chance: Random) -> None:
        super().__init__(world, chance, GoalHistory(world.keyframe, chance, datetime.now(UTC).date()), COMMANDS)
        with world.database.connect() as conn:
            self._ids = [id for (id,) in conn.execute("select distinct id from objective").fetchall()]
        self._last = world.log.head().position

    def callers(self) -> Iterator[Context]:
        """Callers from whom nothing and something is hidden, at a present that is known, and an admin whose present
        has to be read."""
        yield self.caller(Role.ADMIN)
        yield self.caller(Role.MEMBER)
        yield self.caller_now(Role.ADMIN)

    def document(self) -> str:
        chance = self.chance
        declared, root = chance.choice(ROOTS)
        of_objectives, of_key_results = chance.choice(
            [(OF_OBJECTIVES, OF_KEY_RESULTS), (COLUMNS_OF_OBJECTIVES, COLUMNS_OF_KEY_RESULTS)]
        )
        parts = chance.sample(of_key_results, chance.randint(1, 7))
        dropped = chance.choice(["", "", "(includeDropped: true)"])
        fields = [*chance.sample(of_objectives, chance.randint(1, 7)), f"keyResults{dropped} {{ {' '.join(parts)} }}"]
        chance.shuffle(fields)
        return f"query{declared} {{ {root} }} fragment G on Objective {{ {' '.join(fields)} }}"

    def variables(self, document: str) -> dict[str, Any]:
        chance = self.chance
        drawn = {
            "id": encode(Kind.OBJECTIVE, chance.choice(self._ids)),
            "n": chance.choice([0, 1, 3, 60]),
            "at": chance.randint(1, self._last),
        }
        return {name: value for name, value in drawn.items() if f"${name}:" in document}


@laws
@given(chance=st.randoms(use_true_random=True))
def test_answer_in_one_statement_equals_the_interpreted_one(worlds: Worlds, chance: Random) -> None:
    none, queries, expected = GoalQueries(), GoalQueries(), 0
    none.learn = lambda *_: None  # type: ignore[method-assign]
    with worlds() as world, pytest.MonkeyPatch.context() as patch, Runner() as runner:
        reads = LoopReads(world.database.connect_reader, TIMES_AS_NUMBERS)
        asker = GoalAsker(world, chance)
        for _ in range(DOCUMENTS):
            document = asker.document()
            for context in asker.callers():
                if context.moment is None and "expected" in document and "$at" not in document:
                    continue  # it grows from one present to the next
                variables = asker.variables(document)
                patch.setattr(pipeline, "GOAL_QUERIES", none)
                reference = answer(document, variables, context, Reference)
                patch.setattr(pipeline, "GOAL_QUERIES", queries)
                answer(document, variables, context, Executor)
                assert answer(document, variables, context, Executor) == reference, (document, variables)
                expected += not reference[1]
                on_loop = runner.run(answer_on_loop(queries, document, variables, context, reads))
                assert on_loop in {None, reference[0]}, (document, variables)
        reads.close()
    assert queries.answered > expected / 2
    assert not queries.given_up


async def answer_on_loop(
    queries: GoalQueries, document: str, variables: dict[str, Any], context: Context, reads: LoopReads
) -> bytes | None:
    """The bytes of the data of a query that is answered on the event loop; None if it needs a thread."""
    query = queries.find((document, None))
    if query is None:
        return None
    await until_open(reads)
    try:
        query.needs_thread = 0
        (data,) = await queries.answers_on_loop(query, context, reads, [query.asked(variables)])
    except NeedsThread:
        return None
    return orjson.dumps(data)
