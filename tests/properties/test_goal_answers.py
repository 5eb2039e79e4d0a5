"""Answers about goals in one statement equal those of the interpreter: bytes, whoever asks, now and then."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from math import inf
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.execution.context import Bounds, Caller, Context, Moment, RequestStats
from api.execution.executor import Executor
from api.execution.writer import Writer
from api.schema import pipeline
from api.schema.goal_answers.documents import GoalQueries
from api.schema.schema import schema
from api.snapshot.global_ids import encode
from domain.commands.permissions import Role
from domain.primitives.values import Kind
from projections.engine import visibility
from projections.engine.projector import Projector
from projections.engine.rebuild import create
from tests.api.execution.test_executor import Reference
from tests.properties.conftest import World, Worlds
from tests.properties.goal_histories import GoalHistory
from tests.properties.test_kept_answer_laws import hide_some

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
    "progress { value health }", "progress { expected unclamped confidence measuredShare }", "nextCheckInDue",
    "objective { title progress { health } }", "kpi { key }", "plan { on value }", "milestones { key reachedAt }",
)  # fmt: skip
ROOTS = (
    ("($id: ID!)", "objective(id: $id) { ...G }"),
    ("($n: Int)", "objectives(first: $n) { nodes { ...G } }"),
    ("($n: Int, $at: Position!)", "asOf(position: $at) { objectives(first: $n) { all: nodes { ...G } } }"),
    ("($id: ID!, $at: Position!)", "then: asOf(position: $at) { one: objective(id: $id) { ...G } }"),
)


class Asker:
    """A workspace with a random history, some objectives of which are hidden from members."""

    def __init__(self, world: World, chance: Random) -> None:
        self.chance = chance
        name = world.database.settings.workspace
        with world.database.connect() as conn:
            create(conn, name)
        history = GoalHistory(world.keyframe, chance, datetime.now(UTC).date())
        history.live(COMMANDS)
        hide_some(world, history, chance)
        projector = Projector(world.log, world.database.connect, 500, name)
        projector.catch_up()
        pools = {"pool": world.database.pool(), "filtered": world.database.pool(filtered=True)}
        self._given = {"log": world.log, "writer": Writer(world.log, projector, 1.0), "workspace": name, **pools}
        with world.database.connect() as conn:
            self._present = visibility.present_and_hidden(conn, None)
            self._ids = [id for (id,) in conn.execute("select distinct id from objective").fetchall()]
        self._last = world.log.head().position

    def callers(self) -> Iterator[Context]:
        """Callers from whom nothing and something is hidden, at a present that is known, and an admin whose present
        has to be read."""
        basis, hidden = self._present
        admin, member = (Caller("robot", frozenset({role})) for role in (Role.ADMIN, Role.MEMBER))
        given: dict[str, Any] = {**self._given, "bounds": Bounds(cost_max=inf)}
        yield Context(admin, **given, moment=Moment(basis, visibility.NOTHING, inf))
        yield Context(member, **given, moment=Moment(basis, hidden, inf))
        yield Context(admin, **given)

    def document(self) -> str:
        chance = self.chance
        declared, root = chance.choice(ROOTS)
        parts = chance.sample(OF_KEY_RESULTS, chance.randint(1, 7))
        dropped = chance.choice(["", "", "(includeDropped: true)"])
        fields = [*chance.sample(OF_OBJECTIVES, chance.randint(1, 7)), f"keyResults{dropped} {{ {' '.join(parts)} }}"]
        chance.shuffle(fields)
        return f"query{declared} {{ {root} }} fragment G on Objective {{ {' '.join(fields)} }}"

    def variables(self) -> dict[str, Any]:
        chance = self.chance
        return {
            "id": encode(Kind.OBJECTIVE, chance.choice(self._ids)),
            "n": chance.choice([0, 1, 3, 60]),
            "at": chance.randint(1, self._last),
        }


def answer(document: str, variables: dict[str, Any], context: Context, executor: type[Any]) -> tuple[bytes, list[Any]]:
    """The bytes of the data, and the errors in their order."""
    used = {name: value for name, value in variables.items() if f"${name}:" in document}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema, "execution_context_class", executor)
        result = schema.execute_sync(document, used, replace(context, stats=RequestStats()))
    return orjson.dumps(result.data), [error.formatted for error in result.errors or ()]


@laws
@given(chance=st.randoms(use_true_random=True))
def test_answer_in_one_statement_equals_the_interpreted_one(worlds: Worlds, chance: Random) -> None:
    none, queries, expected = GoalQueries(), GoalQueries(), 0
    none.learn = lambda *_: None  # type: ignore[method-assign]
    with worlds() as world, pytest.MonkeyPatch.context() as patch:
        asker = Asker(world, chance)
        for _ in range(DOCUMENTS):
            document = asker.document()
            for context in asker.callers():
                if context.moment is None and "expected" in document and "$at" not in document:
                    continue  # it grows from one present to the next
                variables = asker.variables()
                patch.setattr(pipeline, "GOAL_QUERIES", none)
                reference = answer(document, variables, context, Reference)
                patch.setattr(pipeline, "GOAL_QUERIES", queries)
                answer(document, variables, context, Executor)
                assert answer(document, variables, context, Executor) == reference, (document, variables)
                expected += not reference[1]
    assert queries.answered > expected / 2
    assert not queries.given_up
