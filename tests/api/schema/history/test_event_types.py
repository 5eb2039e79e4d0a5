"""Every event has its own schema type with a field per event field, or before and after where it replaces a value."""

from random import Random
from typing import Any

from graphql import GraphQLObjectType
from hypothesis import given
from hypothesis import strategies as st

from api.schema.history.event_types import CHANGES
from api.schema.schema import schema
from domain.model.event import EVENTS, Event
from projections.history.field_changes import camel
from tests.api.schema.history.asked_changes import Asked, full_selection
from tests.projections.history.examples import few
from tests.properties.histories import History
from tests.world import Worlds

laws = few(2)
TYPES: dict[str, Any] = schema._schema.type_map
COMMON_FIELDS = {"cycle", "subject", "late", "claimedAt"}
RENAMED_FIELDS = {
    ("PersonAdded", "sealed"): {"handle", "name", "email"},
    ("PersonRenamed", "sealed"): {"beforeName", "afterName", "beforeEmail", "afterEmail"},
    ("TeamFormed", "parent"): {"parentTeam"},
    ("TeamMoved", "parent"): {"beforeParentTeam", "afterParentTeam"},
    ("CycleOpened", "parent"): {"parentCycle"},
    ("KeyResultAdded", "carriedFrom"): {"carriedFromKeyResult"},
    ("KeyResultRetargeted", "metric"): {"before", "after"},
    ("ObjectiveUnaligned", "to"): {"from"},
    ("KpiRedefined", "goalFrom"): {"goalChange"},
    ("InitiativeEdited", "due"): {"beforeInitiativeDue", "afterInitiativeDue"},
    ("InitiativeMoved", "to"): {"beforeState", "afterState"},
    ("Reflected", "kind"): {"reflectionKind"},
}


def _event_fields(event: type[Event]) -> list[str]:
    return [camel(name) for name in event.__struct_fields__ if name not in Event.__struct_fields__]


def test_every_event_type_is_a_change_and_a_node() -> None:
    assert set(CHANGES) == set(EVENTS.values())
    for event in EVENTS.values():
        fields_of = TYPES[event.__name__]
        assert isinstance(fields_of, GraphQLObjectType)
        assert {one.name for one in fields_of.interfaces} == {"Change", "Node"}


def test_every_event_field_has_a_typed_schema_field() -> None:
    untyped = {"JSON", "JSONObject"}
    for event in EVENTS.values():
        fields = set(TYPES[event.__name__].fields)
        for part in _event_fields(event):
            if part in COMMON_FIELDS:
                continue
            titled = f"{part[0].upper()}{part[1:]}"
            sides = {f"before{titled}", f"after{titled}"}
            fields_of = RENAMED_FIELDS.get((event.__name__, part)) or (sides if sides <= fields else {part})
            assert fields_of <= fields, (event, part)
        assert not untyped & {str(field.type).strip("[]!") for field in TYPES[event.__name__].fields.values()}


def test_fields_of_the_same_name_have_the_same_type() -> None:
    types: dict[str, set[str]] = {}
    for event in EVENTS.values():
        for name, field in TYPES[event.__name__].fields.items():
            types.setdefault(name, set()).add(str(field.type))
    assert {name: found for name, found in types.items() if len(found) > 1} == {}


@laws
@given(seed=st.integers(0, 2**32))
def test_all_fields_of_all_changes_can_be_queried_at_any_basis(worlds: Worlds, seed: int) -> None:
    chance = Random(seed)
    with worlds() as world:
        History(world.keyframe, chance).live(250)
        world.catch_up()
        asked, log = Asked(world), world.log.entries(0, 100_000)
        fields_of = asked.changes(full_selection())
        assert [change["__typename"] for change in fields_of] == [type(entry.event).__name__ for entry in log][:1000]
        assert [change["position"] for change in fields_of] == [entry.position for entry in log][:1000]
        place = chance.choice(log)
        seen = f"asOf(at: $at, position: $position) {{ changes(first: 1000) {{ nodes {{ {full_selection()} }} }} }}"
        query = f"query($at: DateTime, $position: Position) {{ {seen} }}"
        then = asked.ask(query, position=place.position)["asOf"]["changes"]["nodes"]
        assert [change["position"] for change in then] == list(range(1, min(place.position, 1000) + 1))
        at = place.effective_at
        then = asked.ask(query, at=at.isoformat())["asOf"]["changes"]["nodes"]
        known = [entry.position for entry in log if entry.effective_at <= at]
        assert [change["position"] for change in then] == known[:1000]
