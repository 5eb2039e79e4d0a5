"""A shop whose quarter lacks one of everything, and how its attention is asked for."""

from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from domain.commands.command import KpiBy
from domain.commands.cycle_commands import ActivateCycle, OpenCycle
from domain.commands.key_result_commands import PlanKeyResult, RetargetKeyResult
from domain.commands.kpi_commands import DefineKpi, ReadingInput, RecordReadings
from domain.commands.kpi_formula_input import KpiFormulaInput, KpiSumInput, KpiTermInput
from domain.commands.objective_commands import AssignObjective
from domain.commands.people_commands import AddPerson, DeactivatePerson, DisbandTeam, FormTeam
from domain.primitives.values import Cadence, Direction, Metric, PlanPoint
from tests.api.schema import goals
from tests.api.schema.goals import CYCLE, Q2, check_in, day
from tests.asking import AskedWorld
from tests.metric_input import as_input

ITEMS = """totalCount counts { kind count overdue } nodes {
    __typename kind urgency message since days person { handle }
    about { ... on Objective { title } ... on KeyResult { title } ... on Kpi { name } ... on Cycle { key } }
    ... on CheckInDueItem { dueOn } ... on NeverCheckedInItem { dueOn } ... on ReadingDueItem { dueOn }
    ... on GoalsUnscoredItem { goals } ... on OwnerLeftItem { owner { handle } }
    ... on TeamDisbandedItem { team { key } }
    ... on HealthWorseItem { from to change { __typename effectiveAt } } ... on SevereFindingItem { finding { rule } }
}"""
ASKED = f"""query($at: DateTime, $position: Position, $for: AttentionScope!, $until: Date, $since: DateTime) {{
    asOf(at: $at, position: $position) {{ basis {{ at position }}
        attention(for: $for, until: $until, worseSince: $since, first: 1000) {{ {ITEMS} }} }} }}"""
WHOLE: Any = {"cycle": {"key": "2026-q1"}}


class Shop(NamedTuple):
    """The ids that tests need."""

    asleep: UUID
    falling: UUID


def kpi_named(world: AskedWorld, key: str, **more: Any) -> None:
    world.record(DefineKpi(**{"key": key, "name": key, "effective_at": day(0), **more}))


def reading(world: AskedWorld, key: str, at: float) -> None:
    world.do(RecordReadings(readings=[ReadingInput(kpi=KpiBy(key=key), measured_at=day(at), value=5)]))


def opened(world: AskedWorld) -> Shop:
    """A company with a team `shop`, led by Lea, and a team `old` inside it. Bob owns what has an owner; Max leaves on
    day 10, and `old` is disbanded on day 11. The quarter begins on day 0; each key result expects a check-in a week."""
    lea, bob, max_ = (
        world.record(AddPerson(handle=one, name=one, effective_at=day(0))) for one in ("lea", "bob", "max")
    )
    shop = world.record(FormTeam(key="shop", name="Shop", lead=lea, effective_at=day(0)))
    old = world.record(FormTeam(key="old", name="Old", parent=shop, effective_at=day(0)))
    goals.cycle(world)
    given = {"team": shop, "owner": bob}
    awake = goals.objective(world, "Stay awake", **given)
    asleep = goals.key_result(world, awake, "Asleep")
    goals.key_result(world, awake, "Never", owner=max_)
    falling = goals.key_result(world, awake, "Falling")
    bent = goals.key_result(world, awake, "Bent")
    done = goals.key_result(world, awake, "Done")
    bare = goals.objective(world, "Be bare", **given)
    goals.objective(world, "Be old", team=old, owner=max_)
    kpi_named(world, "orders", cadence=Cadence.MONTHLY, owner=bob, team=shop)
    doubled = KpiFormulaInput(sum=KpiSumInput([KpiTermInput(KpiBy(key="orders"), 2)]))
    kpi_named(world, "daily", cadence=Cadence.DAILY, formula=doubled, team=shop)
    world.do(ActivateCycle(cycle=CYCLE, effective_at=day(0.5)))
    points = [PlanPoint(day(45).date(), 10.0)]
    world.do(PlanKeyResult(key_result=bent, points=points, reason="Late", effective_at=day(1)))
    reading(world, "orders", 2)
    for id, value, at in ((asleep, 10, 5), (falling, 20, 6), (bent, 2, 8), (done, 100, 8), (falling, 21, 15)):
        check_in(world, id, value, at)
    fewer = as_input(Metric(direction=Direction.DECREASE, start=9, target=1))
    world.do(RetargetKeyResult(key_result=bent, metric=fewer, reason="Fewer", effective_at=day(9)))
    world.do(DeactivatePerson(person=max_, effective_at=day(10)))
    world.do(DisbandTeam(team=old, effective_at=day(11)))
    world.do(AssignObjective(objective=bare, owner=None, effective_at=day(12)))
    last = Q2 + timedelta(days=90)
    world.record(OpenCycle(key="2026-q2", name="2026-Q2", starts_on=Q2, ends_on=last, effective_at=day(60)))
    return Shop(asleep, falling)


def attention(world: AskedWorld, at: float | None = None, scope: Any = None, **given: Any) -> Any:
    """What calls for attention at a day of the quarter."""
    variables = {"at": None if at is None else day(at).isoformat(), "for": scope or WHOLE, **given}
    return world.ask(ASKED, **variables)["asOf"]["attention"]


def told(found: Any) -> dict[tuple[str, str], Any]:
    """The items by kind and by the name of what they are about."""
    return {(item["kind"], next(iter(item["about"].values()))): item for item in found["nodes"]}
