"""Key results that a formula measures: current value, explanation, trajectory, effects and attribution."""

from typing import Any
from uuid import UUID

import pytest

from domain.commands.command import KpiBy
from domain.commands.cycle_commands import ActivateCycle, CloseCycle
from domain.commands.key_result_commands import LinkKpi, UnlinkKpi
from domain.commands.kpi_commands import DefineKpi, ReadingInput, RecordReadings, RedefineKpi, RetractReading
from domain.commands.kpi_formula_input import KpiFormulaInput, KpiRatioInput
from domain.commands.objective_commands import CommitObjective
from domain.primitives.values import Aggregation, Cadence
from tests.api.schema import goals
from tests.api.schema.goals import CYCLE, day
from tests.asking import AskedWorld

CONVERSION = KpiBy(key="conversion")
SHOWN = """query($at: DateTime, $position: Position) { asOf(at: $at, position: $position) { keyResults { nodes {
    current measuredAt progress { value explain { value position from { ... on Reading { value } } } }
} } } }"""


def ratio(scale: float) -> KpiFormulaInput:
    return KpiFormulaInput(ratio=KpiRatioInput(KpiBy(key="orders"), KpiBy(key="visits"), scale))


@pytest.fixture
def shop(world: AskedWorld) -> AskedWorld:
    """A quarter from 1 January, and the conversion by month: 10 in January, 20 in February, 60 in March."""
    goals.cycle(world)
    for key in ("orders", "visits"):
        fields: dict[str, Any] = {"cadence": Cadence.DAILY, "aggregation": Aggregation.SUM, "effective_at": day(-20)}
        world.record(DefineKpi(key=key, name=key, **fields))
    formula: dict[str, Any] = {"cadence": Cadence.MONTHLY, "formula": ratio(100), "effective_at": day(-20)}
    world.record(DefineKpi(key="conversion", name="Conversion", **formula))
    world.record(DefineKpi(key="half", name="Half", **{**formula, "formula": ratio(50)}))
    world.do(ActivateCycle(cycle=CYCLE, effective_at=day(1)))
    read(world, "orders", (5, 10), (35, 20), (70, 60))
    read(world, "visits", (6, 40), (7, 60), (40, 100), (75, 100))
    return world


def read(world: AskedWorld, key: str, *readings: tuple[float, float]) -> list[UUID]:
    of = [ReadingInput(kpi=KpiBy(key=key), value=value, measured_at=day(at)) for at, value in readings]
    outcome = world.write(RecordReadings(readings=of))
    world.catch_up()
    return [id for id, _ in outcome.result.readings]


def key_result(world: AskedWorld, **given: Any) -> UUID:
    objective = goals.objective(world, effective_at=day(2))
    return goals.key_result(world, objective, effective_at=day(2), **{"kpi": CONVERSION, **given})


def shown(world: AskedWorld, at: float | None = None, position: int | None = None) -> Any:
    (node,) = world.ask(SHOWN, at=None if at is None else day(at).isoformat(), position=position)["asOf"]["keyResults"][
        "nodes"
    ]
    return node


def current(world: AskedWorld, at: float | None = None, position: int | None = None) -> Any:
    return shown(world, at, position)["current"]


# ── current value ────────────────────────────────────────────────────────────────────────────────


def test_value_is_that_of_the_latest_complete_period(shop: AskedWorld) -> None:
    key_result(shop)
    assert [current(shop, at) for at in (20, 31, 58, 59, 85, 90)] == [None, 10, 10, 20, 20, 60]


def test_period_is_measured_at_its_last_instant_by_the_latest_reading_in_it(shop: AskedWorld) -> None:
    key_result(shop)
    found = shown(shop, 40)
    assert found["measuredAt"] == "2026-01-31T23:59:59.999999Z"
    (term,) = found["progress"]["explain"]
    assert (term["value"], term["from"]) == (0.1, {"value": 60})


def test_period_that_ends_with_the_cycle_counts_and_no_later_one(shop: AskedWorld) -> None:
    key_result(shop)
    read(shop, "orders", (95, 90))
    read(shop, "visits", (96, 100))
    assert current(shop, 125) == 60
    shop.do(CloseCycle(cycle=CYCLE, close_objectives=True, effective_at=day(130)))
    assert current(shop) == 60


def test_value_of_then_is_worked_out_by_what_was_known_then(shop: AskedWorld) -> None:
    key_result(shop)
    before = shop.catch_up()
    read(shop, "orders", (36, 30))
    assert (current(shop, 65), current(shop, position=before)) == (50, 60)
    query = SHOWN.replace("asOf(at: $at, position: $position)", f"asOf(at: $at, position: {before})")
    (node,) = shop.ask(query.replace(", $position: Position", ""), at=day(65).isoformat())["asOf"]["keyResults"][
        "nodes"
    ]
    assert node["current"] == 20


def test_retracted_reading_changes_the_period(shop: AskedWorld) -> None:
    key_result(shop)
    (reading,) = read(shop, "orders", (36, 30))
    shop.do(RetractReading(reading=reading, reason="counted twice"))
    assert current(shop, 65) == 20


def test_later_formula_and_cadence_cut_no_earlier_period_anew(shop: AskedWorld) -> None:
    key_result(shop)
    weekly = RedefineKpi(
        kpi=CONVERSION, cadence=Cadence.WEEKLY, formula=ratio(1), reason="as a share", effective_at=day(62)
    )
    shop.do(weekly)
    assert [current(shop, at) for at in (61, 63, 85)] == [20, 20, 20]
    read(shop, "visits", (69, 100))
    assert [current(shop, at) for at in (61, 81)] == [20, 0.6]


def test_aggregate_of_a_link_is_over_the_periods_since_the_first_day(shop: AskedWorld) -> None:
    read(shop, "orders", (-10, 99))
    read(shop, "visits", (-10, 100))
    key_result(shop, aggregate=Aggregation.MEAN)
    assert [current(shop, at) for at in (10, 35, 65, 90)] == [None, 10, 15, 30]


def test_after_unlinking_the_value_of_the_last_complete_period_stays(shop: AskedWorld) -> None:
    id = key_result(shop)
    shop.record(UnlinkKpi(key_result=id, effective_at=day(62)))
    assert (current(shop), current(shop, 90)) == (20, 20)
    goals.check_in(shop, id, 33, 63)
    assert current(shop) == 33


def test_a_moment_before_the_link_shows_the_periods_seen_from_now(shop: AskedWorld) -> None:
    id = goals.key_result(shop, goals.objective(shop, effective_at=day(2)), effective_at=day(2))
    shop.do(LinkKpi(key_result=id, kpi=CONVERSION, effective_at=day(70)))
    assert [current(shop, at) for at in (20, 40, 65)] == [None, 10, 20]


def test_statements_do_not_grow_with_the_number_of_formulas(shop: AskedWorld) -> None:
    key_result(shop)
    query = SHOWN.replace("query($at: DateTime, $position: Position)", "").replace("(at: $at, position: $position)", "")
    one = shop.count(query)
    for _ in range(4):
        goals.key_result(shop, goals.objective(shop, effective_at=day(2)), effective_at=day(2), kpi=KpiBy(key="half"))
    assert shop.count(query) == one


def test_trajectory_has_a_point_for_each_complete_period(shop: AskedWorld) -> None:
    key_result(shop)
    (node,) = shop.ask("{ keyResults { nodes { trajectory(every: CHANGE) { at actual } } } }")["keyResults"]["nodes"]
    points = {point["at"]: point["actual"] for point in node["trajectory"]}
    ends = [f"2026-{month}T23:59:59.999999Z" for month in ("01-31", "02-28", "03-31")]
    assert [points[end] for end in ends] == [10, 20, 60]
    assert set(points.values()) == {None, 10, 20, 60}


# ── effects and attribution ──────────────────────────────────────────────────────────────────────

EFFECTS = "{ changes(last: 1) { nodes { effects { cause before after } } } }"
ATTRIBUTION = """{ retrospective(cycle: {key: "2026-q1"}) { attribution {
    initial movement goalpost scope final explain { cause amount change { __typename } } } } }"""


def effects(world: AskedWorld) -> Any:
    (node,) = world.ask(EFFECTS)["changes"]["nodes"]
    return [(one["cause"], one["before"], one["after"]) for one in node["effects"]]


def test_reading_of_an_input_has_an_effect_only_on_a_complete_period(shop: AskedWorld) -> None:
    key_result(shop)
    read(shop, "orders", (71, 20))
    assert effects(shop) == [("MOVEMENT", 0.6, 0.8)]
    read(shop, "orders", (36, 20))
    assert effects(shop) == []


def test_edit_of_a_formula_is_a_goalpost(shop: AskedWorld) -> None:
    key_result(shop)
    shop.do(RedefineKpi(kpi=CONVERSION, formula=ratio(50), reason="halved", effective_at=day(80)))
    assert effects(shop) == [("GOALPOST", 0.6, 0.3)]


def test_edit_of_an_input_is_a_goalpost(shop: AskedWorld) -> None:
    key_result(shop)
    shop.do(RedefineKpi(kpi=KpiBy(key="orders"), aggregation=Aggregation.MAX, reason="peaks", effective_at=day(1)))
    assert effects(shop) == []
    read(shop, "orders", (71, 20))
    assert effects(shop) == []
    shop.do(RedefineKpi(kpi=KpiBy(key="orders"), aggregation=Aggregation.FIRST, reason="first", effective_at=day(85)))
    assert effects(shop) == []
    shop.do(RedefineKpi(kpi=KpiBy(key="orders"), aggregation=Aggregation.MIN, reason="least", effective_at=day(86)))
    assert effects(shop) == [("GOALPOST", 0.6, 0.2)]


def test_attribution_books_readings_of_inputs_and_edits_of_formulas(shop: AskedWorld) -> None:
    key_result(shop)
    shop.do(CommitObjective(objective=goals.id_of(shop, "hearts"), effective_at=day(3)))
    read(shop, "orders", (71, 20))
    shop.do(RedefineKpi(kpi=CONVERSION, formula=ratio(50), reason="halved", effective_at=day(80)))
    found = shop.ask(ATTRIBUTION)["retrospective"]["attribution"]
    *_, movement, goalpost = found["explain"]
    assert (movement["change"]["__typename"], movement["cause"]) == ("ReadingRecorded", "MOVEMENT")
    assert (goalpost["change"]["__typename"], goalpost["cause"]) == ("KpiRedefined", "GOALPOST")
    assert [movement["amount"], goalpost["amount"]] == pytest.approx([0.2, -0.4])
    assert found["initial"] + found["movement"] + found["goalpost"] + found["scope"] == pytest.approx(0.4)
