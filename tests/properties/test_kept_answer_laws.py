"""A kept answer equals a fresh one at its own basis, on random histories and for all fields that a query may select."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from math import inf
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from starlette.testclient import TestClient

from api.execution.context import Bounds, Caller, Context, Moment
from api.execution.writer import Writer
from api.graphql_http import caching
from api.graphql_http.kept_answers import Answer, KeptAnswers
from api.runtime.projector import projector_of
from api.schema.schema import schema
from api.server.app import create_app
from domain.commands.objective_commands import SetObjectiveVisibility
from domain.commands.permissions import Role
from domain.log.credentials import api_tokens
from domain.model.objective import ObjectiveDrafted
from domain.primitives.errors import CommandRejected
from domain.primitives.values import Visibility
from projections.store.basis import ResolvedBasis
from tests.api.privacy.generated_documents import documents, of_a_view
from tests.properties.conftest import World, Worlds
from tests.properties.histories import History

pytestmark = [pytest.mark.long, pytest.mark.no_cover]

laws = settings(settings.get_profile("laws"), max_examples=3)

ROUNDS = 3
DOCUMENTS = 25
OF_THE_BASIS = ("ID", "Basis")
"""The types of leaves that say at which basis they were read; every leaf has an alias with its type."""


class Served:
    """The server of a workspace, and what its kept answers were computed at."""

    def __init__(self, world: World, http: TestClient, role: Role) -> None:
        self._world = world
        self._http = http
        with world.database.connect() as conn:
            token = api_tokens.issue(conn, "robot", [role], None, timedelta(hours=1))[1]
        self._headers = {"authorization": f"Bearer {token}"}
        self._caller = Caller("robot", frozenset({role}))
        self._pools = world.database.pool(), world.database.pool(filtered=True)
        self._writer = Writer(world.log, projector_of(world.database), 1.0)

    def kept(self, document: str) -> tuple[Any, Answer | None]:
        """The data of an answer, asked until it is kept; and the kept answer, unless none is."""
        found: list[Answer | None] = [None]
        find = KeptAnswers.find

        def noted(self: KeptAnswers, *args: Any) -> Answer | None:
            found.append(find(self, *args))
            return found[-1]

        position = {"x-keyframe-min-position": str(self._world.log.head().position)}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(KeptAnswers, "find", noted)
            for headers in (position, {}, {}):
                content = self._http.post("/graphql", json={"query": document}, headers=self._headers | headers).content
        assert found[-1] is None or found[-1].body == content
        return orjson.loads(content), found[-1]

    def fresh(self, document: str, answer: Answer) -> Any:
        """The data of the same query, executed at the basis of a kept answer."""
        basis = answer.freshness.newest
        assert isinstance(basis, ResolvedBasis)
        pool, filtered = self._pools
        name = self._world.database.settings.workspace
        context = Context(self._caller, pool, self._world.log, self._writer, name, filtered=filtered)
        moment = Moment(basis, answer.freshness.hidden, inf)
        result = schema.execute_sync(document, {}, replace(context, moment=moment, bounds=Bounds(cost_max=inf)))
        assert result.errors is None
        return orjson.loads(orjson.dumps(result.data))


@contextmanager
def served(world: World, role: Role) -> Iterator[Served]:
    generous = {"cost_max": 10**9, "requests_burst": 10**6, "requests_per_s": 10**6}
    app = create_app(world.database.settings.model_copy(update=generous), world.database, editor=False)
    with TestClient(app, base_url="http://localhost") as http:
        yield Served(world, http, role)


def hide_some(world: World, history: History, chance: Random) -> None:
    """Make some objectives of teams private, and others public again."""
    drafted = [one.event for one in world.log.entries(0, 10_000) if isinstance(one.event, ObjectiveDrafted)]
    for event in chance.sample(drafted, len(drafted) // 3):
        visibility = chance.choice([*Visibility])
        with suppress(CommandRejected):
            history._take(SetObjectiveVisibility(objective=event.originator_id, visibility=visibility), None)


def without_basis(part: Any) -> Any:
    """The answer without what says at which basis it was read."""
    if isinstance(part, list):
        return [without_basis(one) for one in part]
    if not isinstance(part, dict):
        return part
    return {
        key: without_basis(value)
        for key, value in part.items()
        if not key.startswith(OF_THE_BASIS) and not key.endswith("_isNow")
    }


@laws
@given(chance=st.randoms(use_true_random=True), role=st.sampled_from([Role.ADMIN, Role.MEMBER]))
def test_kept_answer_equals_a_fresh_one_at_its_basis(worlds: Worlds, chance: Random, role: Role) -> None:
    count = 0
    with worlds() as world, served(world, role) as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(caching, "NOW_SECONDS", 10**9)
        history = History(world.keyframe, chance)
        for _ in range(ROUNDS):
            history.live(40)
            hide_some(world, history, chance)
            for document in chance.sample(documents(), DOCUMENTS):
                content, answer = server.kept(document)
                if answer is not None:
                    count += 1
                    assert content["data"] == server.fresh(document, answer), document
    assert count > ROUNDS * DOCUMENTS / 3


@laws
@given(chance=st.randoms(use_true_random=True), role=st.sampled_from([Role.ADMIN, Role.MEMBER]))
def test_kept_answer_about_now_equals_as_of_its_basis(worlds: Worlds, chance: Random, role: Role) -> None:
    count = 0
    with worlds() as world, served(world, role) as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(caching, "NOW_SECONDS", 10**9)
        history = History(world.keyframe, chance)
        for _ in range(ROUNDS):
            history.live(40)
            for view in chance.sample(of_a_view(), DOCUMENTS):
                content, answer = server.kept(f"{{ {view} }}")
                if answer is not None and answer.freshness.newest is not None:
                    count += 1
                    at, position = answer.freshness.newest.at.isoformat(), answer.freshness.newest.position
                    then = server.fresh(f'{{ asOf(at: "{at}", position: {position}) {{ {view} }} }}', answer)["asOf"]
                    assert without_basis(content["data"]) == without_basis(then), view
    assert count > ROUNDS * DOCUMENTS / 3
