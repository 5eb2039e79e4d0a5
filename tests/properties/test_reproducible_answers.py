"""Answers at a position stay the same after later corrections and after a rebuild of the projections."""

from operator import itemgetter
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.execution.context import Caller, Context
from api.execution.writer import Writer
from api.schema.schema import schema
from api.snapshot.global_ids import encode
from domain.commands.permissions import Role
from domain.model.people import PersonErased
from domain.primitives.personal_data import ERASED, erased_handle
from domain.primitives.values import Kind
from projections.engine.projector import Projector
from projections.engine.rebuild import create, rebuild
from tests.asking import unlimited
from tests.properties.conftest import World, Worlds
from tests.properties.histories import History

pytestmark = [pytest.mark.long, pytest.mark.no_cover]

laws = settings.get_profile("laws")

# All fields except those that depend on the current time, such as expected progress.
VIEW = """
    basis { position }
    workspace { head policy { version onTrackGap scoreGreen } }
    cycles(first: 1000) { totalCount nodes {
      entityId version key name state startsOn endsOn parent { key } changedAt progress { value confidence }
      plan { basis { at position } } outcome { basis { at position } }
      reflections { kind body recordedAt } externalReferences { system externalId url }
    } }
    objectives(first: 1000) { totalCount nodes {
      entityId version title description state kind owner { entityId name } team { key } contributors { entityId }
      cycle { key } createdAt changedAt createdBy { handle source } carriedFrom { entityId } carriedInto { entityId }
      supports { __typename ... on Objective { entityId } ... on KeyResult { entityId } }
      supportedBy(first: 1000) { nodes { entityId } }
      progress { value unclamped confidence explain { label weight value contribution position } }
      outcome { verdict score reflection closedAt }
      initiatives { entityId title state due owner { entityId } externalReferences { system externalId url } }
      labels externalReferences { system externalId url }
      keyResults(includeDropped: true) {
        entityId version title weight due state score current measuredAt confidence kpi { key }
        metric { direction start target lower upper unit { kind symbol } } milestones { key reachedAt }
        progress { value unclamped } labels externalReferences { system externalId url }
        targets { position reason metric { target } weight progressBefore progressAfter }
        checkIns(first: 1000) { nodes { value reached confidence note measuredAt claimedAt position late } }
      }
      comments(first: 1000) { nodes { body recordedAt } }
    } }
    kpis(first: 1000) { totalCount nodes {
      entityId version key name retired goal { direction target lower upper } latest { value position }
      goalSchedule { from isTarget goal { direction target lower upper tolerance } }
      readings(first: 1000) { nodes { value measuredAt claimedAt position retracted } }
      definitions { position reason } labels externalReferences { system externalId url }
    } }
    teams(first: 1000) { nodes {
      entityId version key name parent { key } lead { entityId } members { entityId }
      labels externalReferences { system externalId url }
    } }
    people(first: 1000) { nodes { entityId version handle name active externalReferences { system externalId url } } }
    labelCounts { label objectives keyResults kpis teams }
"""


class Asker:
    """The GraphQL schema over a workspace whose projections catch up on request."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._name = world.database.settings.workspace
        pool = world.database.pool()
        with world.database.connect() as conn:
            create(conn, self._name)
        self.projector = Projector(world.log, world.database.connect, 7, self._name)
        writer = Writer(world.log, self.projector, 1)
        self._context = Context(Caller("asker", frozenset(Role)), pool, world.log, writer, self._name)

    def now(self) -> Any:
        return self.ask(f"{{ {VIEW} }}")

    def as_of(self, position: int) -> Any:
        return self.ask(f"query ($at: Position!) {{ asOf(position: $at) {{ {VIEW} }} }}", at=position)["asOf"]

    def rebuild(self, batch_size: int) -> None:
        rebuild(self._world.log, self._world.database.connect, workspace=self._name, batch_size=batch_size)

    def ask(self, document: str, **variables: Any) -> Any:
        """Execute a document without the cost limits of the server."""
        with unlimited():
            result = schema.execute_sync(document, variables, self._context)
        assert result.errors is None, result.errors
        return result.data


def without_erased_names(answer: Any, erased: dict[str, str]) -> Any:
    """The answer with the names of erased people replaced, and people in an order that does not depend on names."""
    handles = {node["handle"]: erased.get(node["entityId"], node["handle"]) for node in answer["people"]["nodes"]}

    def redacted(part: Any) -> Any:
        if isinstance(part, list):
            return [redacted(one) for one in part]
        if not isinstance(part, dict):
            return part
        names = {"name": ERASED} if part.get("entityId") in erased and "name" in part else {}
        called = {"handle": handles.get(part["handle"], part["handle"])} if "handle" in part else {}
        return {key: redacted(value) for key, value in part.items()} | names | called

    result = redacted(answer)
    result["people"]["nodes"].sort(key=itemgetter("entityId"))
    return result


@laws
@given(chance=st.randoms(use_true_random=True))
def test_answers_at_a_position_are_reproducible(worlds: Worlds, chance: Random) -> None:
    with worlds() as world:
        asker = Asker(world)
        seen: dict[int, Any] = {}

        def look(*_: object) -> None:
            if chance.random() < 0.08:
                position = asker.projector.catch_up()
                seen[position] = asker.now()

        History(world.keyframe, chance).live(120, after=look)
        head = asker.projector.catch_up()
        erased = {
            encode(Kind.PERSON, entry.event.originator_id): erased_handle(entry.event.originator_id)
            for entry in world.log.entries(0, 1_000)
            if isinstance(entry.event, PersonErased)
        }
        seen = {position: without_erased_names(answer, erased) for position, answer in seen.items()}
        assert {position: without_erased_names(asker.as_of(position), erased) for position in seen} == seen
        asker.rebuild(chance.choice([1, 7, 500]))
        assert {position: without_erased_names(asker.as_of(position), erased) for position in seen} == seen
        assert asker.as_of(head) == asker.now()


def test_answers_before_the_first_event_are_empty_without_errors(worlds: Worlds) -> None:
    with worlds() as world:
        asker = Asker(world)
        empty = asker.as_of(0)
        assert empty == asker.now()
        assert empty["objectives"] == {"totalCount": 0, "nodes": []}
