"""Answers of compiled documents equal those of graphql-core: bytes, errors and their order, for each caller."""

from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.execution import executor
from api.execution.executor import Executor
from api.execution.plans.compiled_documents import CompiledDocuments
from api.snapshot.global_ids import encode, suffix
from domain.commands.permissions import Role
from domain.primitives.values import Basis
from tests.api.execution.test_executor import Reference
from tests.api.privacy.generated_documents import documents
from tests.properties.askers import Asker, answer
from tests.properties.conftest import Worlds
from tests.properties.histories import History
from tests.properties.random_documents import VARIABLES, Documents

pytestmark = [pytest.mark.long, pytest.mark.no_cover]

laws = settings(settings.get_profile("laws"), max_examples=2)

COMMANDS = 60
DOCUMENTS = 20
FIXED = 3
MOMENT = datetime(2026, 2, 1, tzinfo=UTC)


def ids(asker: Asker) -> list[str]:
    """Global ids of goals, now and then, and texts that name nothing."""
    with asker.world.database.connect() as conn:
        found = conn.execute("select 'Objective', id from objective union select 'KeyResult', id from key_result")
        named = found.fetchall()
    now = [encode(kind, id) for kind, id in named]
    then = [encode(kind, id, suffix(Basis(MOMENT, 50))) for kind, id in named]
    return [*now, *then, "nothing"]


@laws
@given(chance=st.randoms(use_true_random=True), role=st.sampled_from([Role.ADMIN, Role.MEMBER]))
def test_compiled_answer_equals_the_interpreted_one(worlds: Worlds, chance: Random, role: Role) -> None:
    counted = CompiledDocuments()
    with worlds() as world, pytest.MonkeyPatch.context() as patch:
        patch.setattr(executor, "COMPILED", counted)
        asker = Asker(world, chance, History(world.keyframe, chance), COMMANDS)
        context, random = asker.caller(role), Documents(chance, ids(asker))
        for document in [*(random.one() for _ in range(DOCUMENTS)), *chance.sample(documents(), FIXED)]:
            ours = answer(document, VARIABLES, context, Executor)
            assert ours == answer(document, VARIABLES, context, Reference), document
            assert ours == answer(document, VARIABLES, context, Executor), document
    assert counted.answered > DOCUMENTS > counted.given_up
