"""Which changes alter the attention of a scope."""

from typing import Any

from api.schema.attention.alterations import altering
from api.schema.attention.scope import AttentionScope
from api.schema.primitives.lookup import CycleBy, PersonBy, TeamBy
from domain.commands.command import KpiBy
from domain.commands.key_result_commands import LinkKpi, UnlinkKpi
from domain.commands.kpi_commands import DefineKpi
from domain.commands.objective_commands import AssignObjective, RewordObjective
from domain.commands.people_commands import AddPerson, DeactivatePerson, FormTeam
from projections.store.versioned_tables import Window
from projections.tables import changes
from tests.api.schema import goals
from tests.asking import AskedWorld


def altered(world: AskedWorld, after: int, **scope: Any) -> list[str]:
    """The topics of the changes after a position that alter the attention of a scope."""
    view = world.context.reads.present
    rows = [row for row in view.read(changes.page, changes.ChangeFilter(), Window(1000)) if row.position > after]
    return [row.topic for row in altering(view, rows, AttentionScope(**scope))]


def test_changes_that_bring_or_take_an_item_alter_attention(world: AskedWorld) -> None:
    ann, bob = (world.record(AddPerson(handle=one, name=one)) for one in ("ann", "bob"))
    team = world.record(FormTeam(key="shop", name="Shop", lead=ann))
    goals.cycle(world)
    begin = world.log.head().position
    mine = goals.objective(world, "Be mine", owner=bob, team=team)
    goals.objective(world, "Be alone", owner=bob)
    world.do(RewordObjective(objective=mine, title="Be mine for ever"))
    part = goals.key_result(world, mine)
    world.do(AssignObjective(objective=mine, owner=None))
    world.record(DefineKpi(key="orders", name="Orders", effective_at=goals.day(0)))
    world.do(LinkKpi(key_result=part, kpi=KpiBy(key="orders")))
    world.do(UnlinkKpi(key_result=part))
    world.do(AssignObjective(objective=mine, owner=bob))
    world.do(DeactivatePerson(person=bob))
    of_team = altered(world, begin, team=TeamBy(key="shop"))
    assert of_team == [
        "objective-drafted", "key-result-added", "objective-assigned", "objective-assigned", "person-deactivated",
    ]  # fmt: skip
    of_cycle = altered(world, begin, cycle=CycleBy(key="2026-q1"))
    assert of_cycle[1:4] == ["objective-drafted", "key-result-added", "objective-assigned"]
    assert {"key-result-linked", "key-result-unlinked"} <= {*of_cycle}
    of_ann = altered(world, begin, person=PersonBy(handle="ann"))
    assert of_ann == ["objective-assigned", "objective-assigned", "person-deactivated"]
