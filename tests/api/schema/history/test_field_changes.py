"""Field changes: applied in order, the fields of all changes of an entity add up to its current state."""

from random import Random
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from api.schema.history.field_changes import text
from domain.primitives.values import Kind, Ref
from projections.figures.kpis.kpi_standing import goal_schedule
from projections.history import field_changes
from projections.store.basis import is_valid_at
from projections.store.versioned_tables import basis_params
from projections.tables import kpi
from projections.tables.alignment import SUPPORT
from projections.tables.cycle import settings
from projections.tables.people import MEMBERSHIP
from tests.api.schema.history.asked_changes import FIELDS, Asked
from tests.projections.history.examples import few
from tests.properties.histories import History
from tests.world import World, Worlds

LISTS = {"contributors", "labels", "supports", "members", "formula.average.of"}
CHAINS = [Kind.PERSON, Kind.TEAM, Kind.CYCLE, Kind.OBJECTIVE, Kind.KEY_RESULT, Kind.KPI, Kind.INITIATIVE, Kind.TEMPLATE]


@few(3)
@given(seed=st.integers(0, 2**32))
def test_field_changes_add_up_to_the_current_state(worlds: Worlds, seed: int) -> None:
    with worlds() as world:
        History(world.keyframe, Random(seed)).live(250)
        world.catch_up()
        log = {entry.position: entry.event for entry in world.log.entries(0, 1000)}
        made: dict[UUID, dict[str, Any]] = {}
        for change in Asked(world).changes(f"position {FIELDS}"):
            event = log[change["position"]]
            if event.KIND in CHAINS:
                _apply(made.setdefault(event.originator_id, {}), change["fields"])
        for kind in CHAINS:
            ids = {event.originator_id for event in log.values() if event.KIND is kind}
            for id, row in field_changes.TABLES_OF[kind].by_id(world.conn, world.now, ids).items():  # type: ignore[attr-defined]
                expected = {name: _text(value) for name, value in field_changes.field_values(row).items()} | _edges_of(
                    world, kind, id
                )
                assert made[id] == {name: value for name, value in expected.items() if value != set()}


def _apply(state: dict[str, Any], changed: list[Any]) -> None:
    for one in changed:
        name, before, after = one["field"], one["before"], one["after"]
        if name in LISTS:
            items = state.setdefault(name, set())
            assert (before is None) != (after is None)
            assert before is None or before in items
            items ^= {before or after}
            if not items:
                del state[name]
        else:
            assert state.get(name) == before
            assert before != after
            state[name] = after
            if after is None:
                del state[name]


def _text(value: Any) -> Any:
    return {text(item) for item in value} if isinstance(value, tuple) else text(value)


def _edges_of(world: World, kind: Kind, id: UUID) -> dict[str, Any]:
    """What the projections keep outside the current version: supports, members, and the targets of a KPI."""
    now = world.now
    if kind is Kind.OBJECTIVE:
        sql = f"select v.* from support v where v.objective = %(id)s and {is_valid_at(now, 'v')}"
        edges = SUPPORT.read(world.conn, sql, basis_params(now, id=id))
        return {"supports": {text(Ref(edge.target_kind, edge.target)) for edge in edges}}
    if kind is Kind.KPI:
        (versions,) = kpi.kpi_versions(world.conn, now, [id]).values()
        schedule = goal_schedule(versions, settings(world.conn, now).calendar)
        return {name: _text(value) for name, value in field_changes.target_fields(schedule).items()}
    if kind is Kind.TEAM:
        sql = f"select v.* from membership v where v.team = %(id)s and {is_valid_at(now, 'v')}"
        joined = MEMBERSHIP.read(world.conn, sql, basis_params(now, id=id))
        return {"members": {text(Ref(Kind.PERSON, one.person)) for one in joined}}
    return {}
