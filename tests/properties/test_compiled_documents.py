"""Answers of compiled documents equal those of graphql-core: bytes, errors and their order, whoever asks."""

from dataclasses import replace
from datetime import UTC, datetime
from math import inf
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.execution import executor
from api.execution.context import Bounds, Caller, Context, Moment, RequestStats
from api.execution.executor import Executor
from api.execution.plans.compiled_documents import CompiledDocuments
from api.execution.writer import Writer
from api.schema.schema import schema
from api.snapshot.global_ids import encode, suffix
from domain.commands.permissions import Role
from domain.primitives.values import Basis
from projections.engine import visibility
from projections.engine.projector import Projector
from projections.engine.rebuild import create
from tests.api.execution.test_executor import Reference
from tests.api.privacy.generated_documents import documents
from tests.properties.conftest import World, Worlds
from tests.properties.histories import History
from tests.properties.random_documents import VARIABLES, Documents
from tests.properties.test_kept_answer_laws import hide_some

pytestmark = [pytest.mark.long, pytest.mark.no_cover]

laws = settings(settings.get_profile("laws"), max_examples=2)

DOCUMENTS = 20
FIXED = 3
MOMENT = datetime(2026, 2, 1, tzinfo=UTC)


class Asker:
    """A workspace with a random history, some objectives of which are hidden from members."""

    def __init__(self, world: World, chance: Random) -> None:
        self.chance = chance
        name = world.database.settings.workspace
        with world.database.connect() as conn:
            create(conn, name)
        history = History(world.keyframe, chance)
        history.live(60)
        hide_some(world, history, chance)
        projector = Projector(world.log, world.database.connect, 500, name)
        projector.catch_up()
        self._world = world
        self._pools = world.database.pool(), world.database.pool(filtered=True)
        self._writer = Writer(world.log, projector, 1.0)

    def caller(self, role: Role) -> Context:
        """The context of a caller whose present is fixed."""
        with self._world.database.connect() as conn:
            basis, hidden = visibility.present_and_hidden(conn, None)
        moment = Moment(basis, visibility.NOTHING if role is Role.ADMIN else hidden, inf)
        caller, (pool, filtered) = Caller("robot", frozenset({role})), self._pools
        name = self._world.database.settings.workspace
        given: dict[str, Any] = {"filtered": filtered, "bounds": Bounds(cost_max=inf), "moment": moment}
        return Context(caller, pool, self._world.log, self._writer, name, **given)

    def ids(self) -> list[str]:
        """Global ids of goals, now and then, and texts that name nothing."""
        with self._world.database.connect() as conn:
            found = conn.execute("select 'Objective', id from objective union select 'KeyResult', id from key_result")
            named = found.fetchall()
        ids = [encode(kind, id) for kind, id in named]
        then = [encode(kind, id, suffix(Basis(MOMENT, 50))) for kind, id in named]
        return [*ids, *then, "nothing"]


def answer(document: str, context: Context, executor: type[Any]) -> tuple[bytes, list[Any]]:
    """The bytes of the data, and the errors in their order."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema, "execution_context_class", executor)
        result = schema.execute_sync(document, VARIABLES, replace(context, stats=RequestStats()))
    return orjson.dumps(result.data), [error.formatted for error in result.errors or ()]


@laws
@given(chance=st.randoms(use_true_random=True), role=st.sampled_from([Role.ADMIN, Role.MEMBER]))
def test_compiled_answer_equals_the_interpreted_one(worlds: Worlds, chance: Random, role: Role) -> None:
    counted = CompiledDocuments()
    with worlds() as world, pytest.MonkeyPatch.context() as patch:
        patch.setattr(executor, "COMPILED", counted)
        asker = Asker(world, chance)
        context, random = asker.caller(role), Documents(chance, asker.ids())
        for document in [*(random.one() for _ in range(DOCUMENTS)), *chance.sample(documents(), FIXED)]:
            ours = answer(document, context, Executor)
            assert ours == answer(document, context, Reference), document
            assert ours == answer(document, context, Executor), document
    assert counted.answered > DOCUMENTS > counted.given_up
