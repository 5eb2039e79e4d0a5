"""Every kind of event has a type of its own, and every part of it a field: before and after, where it replaces one."""

from random import Random
from typing import Any

from graphql import GraphQLObjectType
from hypothesis import given
from hypothesis import strategies as st

from api.schema.history.event_types import CHANGES
from api.schema.schema import schema
from domain.model.event import EVENTS, Event
from projections.history.field_changes import camel
from tests.api.schema.history.asking import Asked, everything
from tests.projections.history.examples import few
from tests.properties.histories import History
from tests.world import Worlds

laws = few(2)
TYPES: dict[str, Any] = schema._schema.type_map
TOLD_BY_ALL = {"cycle", "subject", "late"}
TOLD_OTHERWISE = {
    ("PersonAdded", "sealed"): {"handle", "name", "email"},
    ("PersonRenamed", "sealed"): {"beforeName", "afterName", "beforeEmail", "afterEmail"},
    ("TeamFormed", "parent"): {"parentTeam"},
    ("TeamMoved", "parent"): {"beforeParentTeam", "afterParentTeam"},
    ("CycleOpened", "parent"): {"parentCycle"},
    ("KeyResultAdded", "carriedFrom"): {"carriedFromKeyResult"},
    ("KeyResultRetargeted", "metric"): {"before", "after"},
    ("ObjectiveUnaligned", "to"): {"from"},
    ("InitiativeMoved", "to"): {"beforeState", "afterState"},
    ("Reflected", "kind"): {"reflectionKind"},
}


def _parts(event: type[Event]) -> list[str]:
    return [camel(name) for name in event.__struct_fields__ if name not in Event.__struct_fields__]


def test_every_event_is_told_as_a_change() -> None:
    assert set(CHANGES) == set(EVENTS.values())
    for event in EVENTS.values():
        told = TYPES[event.__name__]
        assert isinstance(told, GraphQLObjectType)
        assert {one.name for one in told.interfaces} == {"Change", "Node"}


def test_every_part_of_an_event_is_told_typed() -> None:
    untyped = {"JSON", "JSONObject"}
    for event in EVENTS.values():
        fields = set(TYPES[event.__name__].fields)
        for part in _parts(event):
            if part in TOLD_BY_ALL:
                continue
            titled = f"{part[0].upper()}{part[1:]}"
            sides = {f"before{titled}", f"after{titled}"}
            told = TOLD_OTHERWISE.get((event.__name__, part)) or (sides if sides <= fields else {part})
            assert told <= fields, (event, part)
        assert not untyped & {str(field.type).strip("[]!") for field in TYPES[event.__name__].fields.values()}


def test_fields_of_one_name_have_one_type_so_that_one_query_asks_them_all() -> None:
    types: dict[str, set[str]] = {}
    for event in EVENTS.values():
        for name, field in TYPES[event.__name__].fields.items():
            types.setdefault(name, set()).add(str(field.type))
    assert {name: found for name, found in types.items() if len(found) > 1} == {}


@laws
@given(seed=st.integers(0, 2**32))
def test_everything_can_be_asked_of_every_change_at_any_moment(worlds: Worlds, seed: int) -> None:
    chance = Random(seed)
    with worlds() as world:
        History(world.keyframe, chance).live(250)
        world.catch_up()
        asked, log = Asked(world), world.log.entries(0, 100_000)
        told = asked.changes(everything())
        assert [change["__typename"] for change in told] == [type(said.event).__name__ for said in log][:1000]
        assert [change["position"] for change in told] == [said.position for said in log][:1000]
        place = chance.choice(log)
        seen = f"asOf(at: $at, position: $position) {{ changes(first: 1000) {{ nodes {{ {everything()} }} }} }}"
        query = f"query($at: DateTime, $position: Position) {{ {seen} }}"
        then = asked.ask(query, position=place.position)["asOf"]["changes"]["nodes"]
        assert [change["position"] for change in then] == list(range(1, min(place.position, 1000) + 1))
        at = place.effective_at
        then = asked.ask(query, at=at.isoformat())["asOf"]["changes"]["nodes"]
        known = [said.position for said in log if said.effective_at <= at]
        assert [change["position"] for change in then] == known[:1000]
