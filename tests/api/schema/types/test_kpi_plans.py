"""Goals and targets of KPIs by day: plan against actual, at every basis."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from domain.commands.command import KpiBy
from domain.commands.kpi_commands import DefineKpi, ReadingInput, RecordReadings, RedefineKpi, RetireKpi, SetKpiTargets
from domain.primitives.values import Aggregation, Cadence, KpiGoal, KpiTarget
from tests.api.schema.goals import at_least
from tests.asking import AskedWorld

KPI = KpiBy(key="orders")
SET_TARGETS = """mutation($input: SetKpiTargetsInput!) { setKpiTargets(input: $input) {
    problems { code rule field } } }"""
PLAN = """query($at: DateTime!) { asOf(at: $at) { kpi(by: {key: "orders"}) {
    goal { target tolerance } status
    series(every: MONTH, from: "2026-01-01T00:00:00Z", to: "2027-01-01T00:00:00Z", includePlanned: true) {
        label planned value variance status isPartial } } } }"""
EDITS = """{ kpi(by: {key: "orders"}) { changes(first: 50) { nodes { __typename reason backdated
    fields { field before after }
    ... on KpiTargetsSet { targets { from before { target } after { target tolerance } } }
    ... on KpiRedefined { goalChange { from before { target } after { target } } } } } } }"""


def moment(month: int, day: int = 1, year: int = 2026) -> datetime:
    return datetime(year, month, day, 12, tzinfo=UTC)


def define(world: AskedWorld, **more: Any) -> None:
    fields = {"goal": at_least(100, 10), "cadence": Cadence.MONTHLY, "effective_at": moment(12, 1, 2025), **more}
    world.record(DefineKpi(key="orders", name="Orders", **fields))


def read(world: AskedWorld, *figures: tuple[int, float]) -> None:
    """A reading in the middle of each of these months."""
    readings = [ReadingInput(kpi=KPI, measured_at=moment(month, 15), value=value) for month, value in figures]
    world.do(RecordReadings(readings=readings))


def target(month: int, value: float, year: int = 2026) -> KpiTarget:
    return KpiTarget(date(year, month, 1), target=value)


def plan(world: AskedWorld, *targets: KpiTarget, reason: str = "Budget", at: datetime | None = None) -> None:
    world.record(SetKpiTargets(kpi=KPI, targets=list(targets), reason=reason, effective_at=at))


def redefine(world: AskedWorld, goal: KpiGoal | None, **more: Any) -> None:
    world.record(RedefineKpi(kpi=KPI, goal=goal, reason="Ask for more.", **more))


def planned(world: AskedWorld, at: datetime) -> dict[str, float | None]:
    """The plan of the year by month, as of a moment."""
    points = world.ask(PLAN, at=at.isoformat())["asOf"]["kpi"]["series"]
    return {point["label"]: point["planned"] for point in points}


def kpi(world: AskedWorld, fields: str, at: datetime | None = None) -> Any:
    query = f'kpi(by: {{key: "orders"}}) {{ {fields} }}'
    if at is None:
        return world.ask(f"{{ {query} }}")["kpi"]
    return world.ask(f"query($at: DateTime!) {{ asOf(at: $at) {{ {query} }} }}", at=at.isoformat())["asOf"]["kpi"]


# ── a year of months ─────────────────────────────────────────────────────────────────────────────


def test_a_year_is_planned_in_one_request_moved_with_a_reason_and_compared_with_what_happened(
    world: AskedWorld,
) -> None:
    define(world)
    year = [{"from": f"2026-{month:02}-01", "target": 100 + 10 * month} for month in range(1, 13)]
    december = moment(12, 10, 2025).isoformat()
    given = {"kpi": {"key": "orders"}, "targets": year, "reason": "Budget 2026", "effectiveAt": december}
    assert world.ask(SET_TARGETS, input=given)["setKpiTargets"]["problems"] == []
    world.catch_up()
    read(world, (1, 115), (2, 112), (3, 95))

    original = {f"2026-{month:02}": 100 + 10 * month for month in range(1, 13)}
    assert planned(world, moment(12, 31, 2025)) == planned(world, moment(3, 20)) == original
    in_march = world.ask(PLAN, at=moment(3, 20).isoformat())["asOf"]["kpi"]
    assert (in_march["goal"], in_march["status"]) == ({"target": 130, "tolerance": 10}, "BREACHED")
    assert in_march["series"][:4] == [
        {"label": "2026-01", "planned": 110, "value": 115, "variance": 5, "status": "HEALTHY", "isPartial": False},
        {"label": "2026-02", "planned": 120, "value": 112, "variance": -8, "status": "WARNING", "isPartial": False},
        {"label": "2026-03", "planned": 130, "value": 95, "variance": -35, "status": "BREACHED", "isPartial": True},
        {"label": "2026-04", "planned": 140, "value": None, "variance": None, "status": "NO_DATA", "isPartial": True},
    ]

    moved = {"targets": [{"from": "2026-05-01", "target": 90}, {"from": "2026-06-01", "target": 95}]}
    world.ask(SET_TARGETS, input=given | moved | {"reason": "Strike", "effectiveAt": moment(4, 2).isoformat()})
    world.catch_up()
    assert planned(world, moment(4, 1)) == original
    assert planned(world, moment(4, 3)) == original | {"2026-05": 90, "2026-06": 95}
    first, second = kpi(world, 'changes(first: 50, filter: {types: ["KpiTargetsSet"]}) { nodes { reason '
                        "... on KpiTargetsSet { targets { from before { target } after { target } } } } }"
                        )["changes"]["nodes"]  # fmt: skip
    assert (first["reason"], len(first["targets"])) == ("Budget 2026", 12)
    assert second == {"reason": "Strike", "targets": [
        {"from": "2026-05-01", "before": {"target": 150}, "after": {"target": 90}},
        {"from": "2026-06-01", "before": {"target": 160}, "after": {"target": 95}},
    ]}  # fmt: skip


def test_next_year_is_planned_before_it_happens(world: AskedWorld) -> None:
    define(world)
    year = world.now.at.year + 1
    plan(world, *(target(month, month, year) for month in range(1, 13)))
    points = kpi(world, "series(every: MONTH, includePlanned: true) { start planned value status }")["series"]
    assert [point["planned"] for point in points[-12:]] == list(range(1, 13))
    assert {(point["value"], point["status"]) for point in points} == {(None, "NO_DATA")}
    assert kpi(world, "series(every: MONTH) { planned }")["series"] == []


# ── the goal in force ────────────────────────────────────────────────────────────────────────────


def test_goal_is_that_of_the_day_of_the_basis(world: AskedWorld) -> None:
    define(world)
    plan(world, target(3, 120), at=moment(1, 10))
    redefine(world, at_least(200), goal_from=date(2026, 5, 1), effective_at=moment(1, 11))
    found = [kpi(world, "goal { target tolerance }", moment(month, 15))["goal"] for month in (1, 2, 3, 4, 5)]
    assert [goal["target"] for goal in found] == [100, 100, 120, 120, 200]
    assert [goal["tolerance"] for goal in found] == [10, 10, 10, 10, 0]


def test_goal_schedule_lists_every_goal_and_target_as_scheduled_at_the_basis(world: AskedWorld) -> None:
    define(world)
    plan(world, target(3, 120), at=moment(1, 10))
    redefine(world, None, goal_from=date(2027, 5, 1), effective_at=moment(1, 11))
    fields = "goalSchedule { from isTarget goal { target } }"
    assert kpi(world, fields, moment(1, 10))["goalSchedule"] == [
        {"from": None, "isTarget": False, "goal": {"target": 100}},
        {"from": "2026-03-01", "isTarget": True, "goal": {"target": 120}},
    ]
    assert kpi(world, fields)["goalSchedule"][2:] == [{"from": "2027-05-01", "isTarget": False, "goal": None}]


def test_definitions_leave_out_changes_of_targets(world: AskedWorld) -> None:
    define(world)
    plan(world, target(3, 120), at=moment(1, 10))
    redefine(world, at_least(200), goal_from=date(2026, 5, 1), effective_at=moment(1, 11))
    found = kpi(world, "definitions { goalFrom goal { target } }")["definitions"]
    assert found == [{"goalFrom": None, "goal": {"target": 100}}, {"goalFrom": "2026-05-01", "goal": {"target": 200}}]


def test_a_kpi_whose_goal_has_ended_has_a_finding(world: AskedWorld) -> None:
    define(world, goal=None)
    redefine(world, at_least(10), goal_from=date(2026, 3, 1), effective_at=moment(1, 10))
    redefine(world, None, goal_from=date(2026, 5, 1), effective_at=moment(1, 11))
    found = [kpi(world, "quality { rule }", moment(month, 15))["quality"] for month in (2, 4, 6)]
    assert ["kpi-without-goal" in [one["rule"] for one in each] for each in found] == [True, False, True]


# ── judging again ────────────────────────────────────────────────────────────────────────────────


def test_target_from_a_past_day_judges_again_at_later_bases_only(world: AskedWorld) -> None:
    define(world)
    read(world, (1, 105), (2, 105))
    before = world.now
    plan(world, target(2, 140), reason="Typed wrongly")
    statuses = 'series(every: MONTH, to: "2026-03-01T00:00:00Z") { status }'
    assert [one["status"] for one in kpi(world, statuses)["series"]] == ["HEALTHY", "BREACHED"]
    query = f'query($p: Position!) {{ asOf(position: $p) {{ kpi(by: {{key: "orders"}}) {{ {statuses} }} }} }}'
    then = world.ask(query, p=before.position)["asOf"]["kpi"]["series"]
    assert [one["status"] for one in then] == ["HEALTHY", "HEALTHY"]


def test_target_or_goal_from_a_past_day_is_backdated(world: AskedWorld) -> None:
    define(world)
    today = world.now.at.date()
    plan(world, KpiTarget(today, target=120))
    plan(world, KpiTarget(today + timedelta(days=1), target=130))
    plan(world, KpiTarget(today - timedelta(days=1), target=110))
    redefine(world, at_least(200), goal_from=today - timedelta(days=3))
    redefine(world, at_least(300))
    flags = [one["backdated"] for one in kpi(world, "changes(first: 50) { nodes { backdated } }")["changes"]["nodes"]]
    assert flags[1:] == [False, False, True, True, False]


def test_changes_tell_each_target_before_and_after(world: AskedWorld) -> None:
    define(world)
    plan(world, target(3, 120), target(4, 130), at=moment(1, 10))
    plan(world, target(3, 125), KpiTarget(date(2026, 4, 1), remove=True), at=moment(1, 11))
    redefine(world, at_least(200), goal_from=date(2026, 3, 1), effective_at=moment(1, 12))
    _, first, second, third = world.ask(EDITS)["kpi"]["changes"]["nodes"]
    assert first["targets"][0]["before"] == {"target": 100}
    assert second["targets"] == [
        {"from": "2026-03-01", "before": {"target": 120}, "after": {"target": 125, "tolerance": 10}},
        {"from": "2026-04-01", "before": {"target": 130}, "after": {"target": 125, "tolerance": 10}},
    ]
    assert second["fields"] == [
        {"field": "targets.2026-03-01.target", "before": "120", "after": "125"},
        {"field": "targets.2026-04-01.target", "before": "130", "after": None},
    ]
    assert third["goalChange"] == {"from": "2026-03-01", "before": {"target": 125}, "after": {"target": 200}}
    assert {"field": "targets.2026-03-01.target", "before": "125", "after": None} in third["fields"]


# ── faults, and the limits of a schedule ─────────────────────────────────────────────────────────


def test_wrong_targets_are_named_by_index_and_nothing_is_recorded(world: AskedWorld) -> None:
    define(world)
    head = world.now.position
    targets = [{"from": "2027-01-01", "target": 1}, {"from": "2027-02-01", "lower": 1}, {"from": "2027-03-01"}]
    given = {"kpi": {"key": "orders"}, "targets": targets, "reason": "Budget"}
    found = [
        (one["code"], one["rule"], one["field"])
        for one in world.ask(SET_TARGETS, input=given)["setKpiTargets"]["problems"]
    ]
    assert found == [
        ("INVALID", "GOAL_FIELD_MISSING", ["targets", "1", "target"]),
        ("INVALID", "GOAL_FIELD_NOT_ALLOWED", ["targets", "1", "lower"]),
        ("INVALID", "GOAL_FIELD_MISSING", ["targets", "2", "target"]),
    ]
    assert world.catch_up() == head


def test_status_follows_the_schedule(world: AskedWorld) -> None:
    define(world, aggregation=Aggregation.SUM)
    read(world, (1, 95), (2, 95))
    plan(world, target(2, 90), at=moment(2, 20))
    assert [kpi(world, "status", moment(month, 25))["status"] for month in (2, 3)] == ["WARNING", "HEALTHY"]


def test_redefinition_tells_the_goal_of_its_first_day_before_and_after(world: AskedWorld) -> None:
    define(world)
    redefine(world, at_least(200), goal_from=date(2026, 6, 1), effective_at=moment(1, 10))
    redefine(world, at_least(150), effective_at=moment(1, 11))
    world.record(RedefineKpi(kpi=KPI, name="All orders", reason="clearer", effective_at=moment(1, 12)))
    changes = [one.get("goalChange") for one in world.ask(EDITS)["kpi"]["changes"]["nodes"]]
    assert changes[1:] == [
        {"from": "2026-06-01", "before": {"target": 100}, "after": {"target": 200}},
        {"from": "2026-01-11", "before": {"target": 100}, "after": {"target": 150}},
        None,
    ]


def test_retired_kpi_keeps_its_schedule(world: AskedWorld) -> None:
    define(world)
    plan(world, target(3, 120), at=moment(1, 10))
    world.record(RetireKpi(kpi=KPI, reason="unused", effective_at=moment(5)))
    assert kpi(world, "goal { target }", moment(6))["goal"] == {"target": 120}


@pytest.mark.parametrize("every", ["MONTH", "DAY"])
def test_periods_and_targets_take_no_more_statements(world: AskedWorld, every: str) -> None:
    define(world)
    plan(world, target(3, 120), at=moment(1, 10))
    query = f"""{{ kpis(first: 100) {{ nodes {{ goal {{ target }} goalSchedule {{ from }} status
        comparison {{ current }}
        series(every: {every}, from: "2026-01-01T00:00:00Z", to: "2026-12-31T00:00:00Z", includePlanned: true)
        {{ planned value }} }} }} }}"""
    few = world.count(query)
    for number in range(5):
        plan(world, *(target(month, month + number) for month in range(1, 13)), at=moment(1, 11))
    world.record(DefineKpi(key="visits", name="Visits", goal=at_least(5)))
    assert world.count(query) == few


def test_comparison_with_the_year_before(world: AskedWorld) -> None:
    define(world)
    world.do(RecordReadings(readings=[ReadingInput(kpi=KPI, measured_at=moment(3, 10, 2025), value=80)]))
    read(world, (2, 90), (3, 100))
    fields = "comparison(to: YEAR_BEFORE) { current previous change } month: comparison { previous }"
    found = kpi(world, fields, moment(3, 20))
    assert found == {"comparison": {"current": 100, "previous": 80, "change": 20}, "month": {"previous": 90}}
