"""The diff of two moments over GraphQL."""

from typing import Any

import pytest

from api.snapshot import global_ids
from domain.commands.command import CycleBy, KpiBy
from domain.commands.cycle_commands import ActivateCycle, OpenCycle
from domain.commands.discussion_commands import PlanInitiative
from domain.commands.key_result_commands import DropKeyResult, LinkKpi, RetargetKeyResult, UnlinkKpi
from domain.commands.kpi_commands import DefineKpi, ReadingInput, RecordReadings
from domain.commands.objective_commands import AssignObjective, DraftObjective, DropObjective
from domain.commands.people_commands import FormTeam
from domain.primitives.values import Cadence, Kind, Ref
from tests.api.paging import PAGE_INFO, all_nodes
from tests.api.schema import goals
from tests.api.schema.goals import day, rise
from tests.api.schema.history.asked_changes import Asked
from tests.metric_input import as_input
from tests.world import World

DIFF = """
query($from: Moment!, $to: Moment, $scope: DiffScope) {
  diff(from: $from, to: $to, scope: $scope) {
    from { position isNow } to { position isNow }
    entities {
      kind then { id __typename } now { id __typename }
      fields { field before after }
      changes { __typename position reason }
    }
  }
}
"""


def by_type(diff: Any) -> dict[str, Any]:
    return {(one["now"] or one["then"])["__typename"]: one for one in diff["entities"]}


def fields(one: Any) -> dict[str, tuple[str | None, str | None]]:
    return {field["field"]: (field["before"], field["after"]) for field in one["fields"]}


class Quarter:
    """A cycle whose key result is retargeted and checked in on after day 15, and which gets another objective then."""

    def __init__(self, world: Any) -> None:
        self.cycle = goals.cycle(world)
        self.objective = goals.objective(world)
        self.key_result = goals.key_result(world, self.objective)
        self.before = world.catch_up()
        retarget = RetargetKeyResult(
            key_result=self.key_result, metric=as_input(rise(50)), reason="too hard", effective_at=day(20)
        )
        world.record(retarget)
        goals.check_in(world, self.key_result, 30, 30)
        self.other = goals.objective(world, "Another one", effective_at=day(31))
        self.after = world.catch_up()


@pytest.fixture
def quarter(world: World) -> Quarter:
    return Quarter(world)


def test_diff_lists_added_and_changed_entities_with_their_changes(asked: Asked, quarter: Quarter) -> None:
    diff = asked.ask(DIFF, **{"from": {"position": quarter.before}})["diff"]
    assert diff["from"] == {"position": quarter.before, "isNow": False}
    assert diff["to"] == {"position": quarter.after, "isNow": True}
    found = by_type(diff)
    assert set(found) == {"Objective", "KeyResult"}
    assert (found["Objective"]["kind"], found["Objective"]["then"]) == ("ADDED", None)
    assert fields(found["Objective"])["title"] == (None, "Another one")
    changed = found["KeyResult"]
    assert changed["kind"] == "CHANGED"
    values = fields(changed)
    assert (values["metric.target"], values["current"]) == (("100", "50"), (None, "30"))
    assert values["measuredAt"] == (None, "2026-01-31T00:00:00Z")
    assert [(one["__typename"], one["reason"]) for one in changed["changes"]] == [
        ("KeyResultRetargeted", "too hard"), ("KeyResultCheckedIn", None),
    ]  # fmt: skip
    assert changed["now"]["id"] == global_ids.encode(Kind.KEY_RESULT, quarter.key_result) != changed["then"]["id"]


def test_diff_accepts_times_positions_and_bases(asked: Asked, quarter: Quarter) -> None:
    by_time = asked.ask(DIFF, **{"from": {"time": day(15).isoformat()}, "to": {"time": day(25).isoformat()}})["diff"]
    (one,) = by_time["entities"]
    assert fields(one) == {"metric.target": ("100", "50")}
    known = {"basis": {"at": day(25).isoformat(), "position": quarter.before}}
    (one,) = asked.ask(DIFF, **{"from": known, "to": {"time": day(25).isoformat()}})["diff"]["entities"]
    assert fields(one) == {"metric.target": ("100", "50")}, "only what was recorded later for the same time"
    same = {"position": quarter.after}
    assert asked.ask(DIFF, **{"from": same, "to": same})["diff"]["entities"] == []


def test_backward_diff_lists_removed_entities(asked: Asked, quarter: Quarter) -> None:
    back = asked.ask(DIFF, **{"from": {"position": quarter.after}, "to": {"position": quarter.before}})["diff"]
    found = by_type(back)
    assert (found["Objective"]["kind"], found["Objective"]["now"]) == ("REMOVED", None)
    assert fields(found["KeyResult"])["metric.target"] == ("50", "100")
    assert len(found["KeyResult"]["changes"]) == 2


def test_dropped_key_result_is_a_changed_entity(asked: Asked, world: World, quarter: Quarter) -> None:
    world.record(DropKeyResult(key_result=quarter.key_result, reason="given up"))
    one = by_type(asked.ask(DIFF, **{"from": {"position": quarter.after}})["diff"])["KeyResult"]
    assert one["kind"] == "CHANGED"
    assert fields(one) == {"state": ("ACTIVE", "DROPPED")}


FIGURES = """
query($from: Moment!, $to: Moment, $scope: DiffScope) {
  diff(from: $from, to: $to, scope: $scope) {
    entities {
      now { __typename } then { __typename } fields { field } changes { position }
      progress { before after } expected { before after } health { before after } current { before after }
    }
  }
}
"""


class ActiveQuarter:
    """An active cycle in a year, with a committed objective whose key results are at 20 of 100 on day 20, and the first
    one at 60 on day 40. Another objective, without key results, is supported by it."""

    def __init__(self, world: Any) -> None:
        year = goals.cycle(world, "2026", days=365)
        world.record(ActivateCycle(cycle=CycleBy(id=year), effective_at=day(0)))
        quarter = goals.cycle(world, parent=CycleBy(id=year))
        self.heading = goals.objective(world, "Grow faster than anybody else")
        self.objective = goals.objective(world, supports=(Ref(Kind.OBJECTIVE, self.heading),))
        self.key_results = [goals.key_result(world, self.objective, title) for title in ("Users", "Fans")]
        world.record(ActivateCycle(cycle=CycleBy(id=quarter), effective_at=day(0)))
        for each in self.key_results:
            goals.check_in(world, each, 20, 20)
        self.before = world.catch_up()
        goals.check_in(world, self.key_results[0], 60, 40)
        self.after = world.catch_up()


@pytest.fixture
def active(world: World) -> ActiveQuarter:
    return ActiveQuarter(world)


def at_positions(before: int, after: int, **scope: Any) -> dict[str, Any]:
    at = {"from": {"basis": {"at": day(30).isoformat(), "position": before}}}
    at["to"] = {"basis": {"at": day(45).isoformat(), "position": after}}
    return {**at, "scope": scope or None}


def test_diff_shows_the_figures_before_and_after(asked: Asked, active: ActiveQuarter) -> None:
    found = asked.ask(FIGURES, **at_positions(active.before, active.after))["diff"]["entities"]
    (key_result,) = [one for one in found if one["now"]["__typename"] == "KeyResult"]
    assert key_result["current"] == {"before": 20, "after": 60}
    assert key_result["progress"] == {"before": 0.2, "after": 0.6}
    assert key_result["expected"] == {"before": pytest.approx(30 / 90), "after": pytest.approx(45 / 90)}
    assert key_result["health"] == {"before": "AT_RISK", "after": "ON_TRACK"}


def test_goals_with_another_progress_are_listed_without_changed_fields(asked: Asked, active: ActiveQuarter) -> None:
    found = asked.ask(FIGURES, **at_positions(active.before, active.after))["diff"]["entities"]
    assert [one["now"]["__typename"] for one in found] == ["Cycle", "Cycle", "Objective", "Objective", "KeyResult"]
    year, quarter, heading, objective, _ = found
    for whole in (year, quarter, heading, objective):
        assert (whole["fields"], whole["changes"], whole["current"]) == ([], [], None)
    for whole in (quarter, heading, objective):
        assert whole["progress"] == {"before": 0.2, "after": pytest.approx(0.4)}
    assert year["progress"]["after"] == pytest.approx(0.4 * 90 / 365)
    assert objective["health"] == {"before": "AT_RISK", "after": "ON_TRACK"}


def test_goals_with_another_progress_are_listed_within_a_scope(asked: Asked, active: ActiveQuarter) -> None:
    def seen(**scope: Any) -> list[str]:
        found = asked.ask(FIGURES, **at_positions(active.before, active.after, **scope))["diff"]["entities"]
        return [one["now"]["__typename"] for one in found]

    assert seen(objective=global_ids.encode(Kind.OBJECTIVE, active.heading)) == ["Objective"]
    assert seen(objective=global_ids.encode(Kind.OBJECTIVE, active.objective)) == ["Objective", "KeyResult"]
    assert seen(cycle={"key": "2026"}) == ["Cycle"]
    assert seen(cycle={"key": "2026-q1"}) == ["Cycle", "Objective", "Objective", "KeyResult"]


def test_goals_with_the_same_progress_are_not_listed(asked: Asked, world: World, active: ActiveQuarter) -> None:
    goals.check_in(world, active.key_results[1], None, 41, confidence=0.5)  # type: ignore[arg-type]
    found = asked.ask(FIGURES, **at_positions(active.after, world.catch_up(), cycle={"key": "2026-q1"}))
    at_one_time = asked.ask(FIGURES, **{"from": {"position": active.after}})["diff"]["entities"]
    assert [one["now"]["__typename"] for one in at_one_time] == ["KeyResult"]
    assert "KeyResult" in [one["now"]["__typename"] for one in found["diff"]["entities"]]


def test_figures_of_a_diff_are_null_where_there_are_none(asked: Asked, world: World, active: ActiveQuarter) -> None:
    world.record(DefineKpi(key="users", name="Users", cadence=Cadence.WEEKLY))
    world.record(FormTeam(key="sales", name="Sales"))
    added = goals.key_result(world, active.objective, "Friends")  # type: ignore[arg-type]
    goals.check_in(world, added, 50, 46)  # type: ignore[arg-type]
    found = by_type(asked.ask(FIGURES, **{"from": {"position": active.after}})["diff"])
    figures = {name: [found[name][of] for of in ("progress", "expected", "health", "current")] for name in found}
    assert figures["Kpi"] == [None] * 4
    assert figures["Team"][0] == {"before": None, "after": None}
    assert figures["Team"][3] is None
    progress, expected, health, current = figures["KeyResult"]
    assert (progress, current) == ({"before": None, "after": 0.5}, {"before": None, "after": 50})
    assert expected["before"] is health["before"] is None


def test_figures_of_a_diff_take_a_constant_number_of_statements(
    asked: Asked, world: World, active: ActiveQuarter
) -> None:
    moments = {"from": {"position": active.before}}
    alone = asked.count(FIGURES, **moments)
    for number in range(8):
        more = goals.objective(world, f"Objective {number}")  # type: ignore[arg-type]
        goals.check_in(world, goals.key_result(world, more), number, 40)  # type: ignore[arg-type]
    assert asked.count(FIGURES, **moments) == alone


def test_diff_is_limited_to_its_scope(asked: Asked, world: World, quarter: Quarter) -> None:
    team = world.record(FormTeam(key="sales", name="Sales"))
    inside = world.record(FormTeam(key="north", name="North", parent=team))
    world.record(AssignObjective(objective=quarter.objective, team=inside))
    world.record(PlanInitiative(title="Call them", subject=Ref(Kind.KEY_RESULT, quarter.key_result)))
    world.record(DefineKpi(key="users", name="Users", cadence=Cadence.WEEKLY, team=inside))
    world.record(OpenCycle(key="2027", name="2027", starts_on=day(365).date(), ends_on=day(700).date()))
    world.record(DraftObjective(cycle=CycleBy(key="2027"), title="Go on like that"))

    def seen(**scope: Any) -> list[str]:
        found = asked.ask(DIFF, **{"from": {"position": quarter.before}, "scope": scope})["diff"]["entities"]
        return sorted(one["now"]["__typename"] for one in found)

    assert seen(objective=global_ids.encode(Kind.OBJECTIVE, quarter.objective)) == [
        "Initiative",
        "KeyResult",
        "Objective",
    ]
    assert seen(cycle={"key": "2026-q1"}) == ["Initiative", "KeyResult", "Objective", "Objective"]
    assert seen(cycle={"key": "2027"}) == ["Cycle", "Objective"]
    assert seen(team={"key": "sales"}) == ["Initiative", "KeyResult", "Kpi", "Objective", "Team", "Team"]
    assert seen(team={"key": "north"}, cycle={"key": "2026-q1"}) == ["Initiative", "KeyResult", "Objective"]
    assert seen(team={"key": "nobody"}) == []


def test_reading_changes_the_kpi_and_its_linked_key_result(asked: Asked, world: World, quarter: Quarter) -> None:
    kpi = world.record(DefineKpi(key="users", name="Users", cadence=Cadence.WEEKLY, effective_at=day(0)))
    world.record(LinkKpi(key_result=quarter.key_result, kpi=KpiBy(id=kpi), effective_at=day(40)))
    linked = world.catch_up()
    reading = ReadingInput(kpi=KpiBy(id=kpi), value=44, measured_at=day(50))
    world.write(RecordReadings(readings=[reading]))
    world.catch_up()
    found = by_type(asked.ask(DIFF, **{"from": {"position": linked}})["diff"])
    assert fields(found["Kpi"])["latest"] == fields(found["KeyResult"])["current"] == (None, "44")
    for name in ("Kpi", "KeyResult"):
        assert [change["__typename"] for change in found[name]["changes"]] == ["ReadingRecorded"]


def test_late_reading_of_a_former_link_changes_the_key_result(asked: Asked, world: World, quarter: Quarter) -> None:
    kpi = world.record(DefineKpi(key="users", name="Users", cadence=Cadence.WEEKLY, effective_at=day(0)))
    world.record(LinkKpi(key_result=quarter.key_result, kpi=KpiBy(id=kpi), effective_at=day(40)))
    world.record(UnlinkKpi(key_result=quarter.key_result, effective_at=day(60)))
    unlinked = world.catch_up()
    world.do(RecordReadings(readings=[ReadingInput(kpi=KpiBy(id=kpi), value=44, measured_at=day(50))]))
    found = by_type(asked.ask(DIFF, **{"from": {"position": unlinked}})["diff"])
    assert fields(found["KeyResult"])["current"] == ("30", "44")
    assert [change["__typename"] for change in found["KeyResult"]["changes"]] == ["ReadingRecorded"]


def test_a_drop_that_is_effective_before_a_check_in_changes_the_key_result(
    asked: Asked, world: World, quarter: Quarter
) -> None:
    world.record(DropObjective(objective=quarter.objective, reason="given up", effective_at=day(25)))
    found = by_type(asked.ask(DIFF, **{"from": {"position": quarter.after}})["diff"])
    assert set(found) == {"Objective", "KeyResult"}
    assert fields(found["KeyResult"])["current"] == ("30", None)
    assert [change["__typename"] for change in found["KeyResult"]["changes"]] == ["ObjectiveDropped"]


def test_future_moment_is_invalid(asked: Asked, quarter: Quarter) -> None:
    assert asked.refused(DIFF, **{"from": {"position": quarter.after + 1}})[0] == "INVALID"
    assert asked.refused(DIFF, **{"from": {"time": "2999-01-01T00:00:00Z"}})[0] == "INVALID"
    beyond = {"basis": {"at": day(1).isoformat(), "position": quarter.after + 1}}
    assert asked.refused(DIFF, **{"from": beyond})[0] == "INVALID"


def test_differences_have_pages_in_the_order_of_the_diff(asked: Asked, quarter: Quarter) -> None:
    node = "kind now { id } fields { field }"
    of = {"from": {"position": quarter.before}}
    whole = asked.ask(f"query($from: Moment!) {{ diff(from: $from) {{ entities {{ {node} }} }} }}", **of)["diff"][
        "entities"
    ]
    assert len(whole) > 2
    for size in (1, 2, len(whole)):
        for forwards in (True, False):
            assert _paged(asked, node, size, forwards=forwards, **of) == whole


def _paged(asked: Asked, node: str, size: int, *, forwards: bool, **of: Any) -> list[Any]:
    """The differences, page by page from one end to the other."""
    count, bound = ("first", "after") if forwards else ("last", "before")
    query = (
        f"query($from: Moment!, $bound: String) {{ diff(from: $from) {{"
        f" differences({count}: {size}, {bound}: $bound) {{ totalCount nodes {{ {node} }} {PAGE_INFO} }} }} }}"
    )
    return all_nodes(lambda end: asked.ask(query, bound=end, **of)["diff"]["differences"], forwards=forwards)


def test_diff_takes_a_constant_number_of_statements(asked: Asked, world: World, quarter: Quarter) -> None:
    moments = {"from": {"position": quarter.before}}
    alone = asked.count(DIFF, **moments)
    for number in range(8):
        more = goals.objective(world, f"Objective {number}")  # type: ignore[arg-type]
        goals.check_in(world, goals.key_result(world, more), number, 40)  # type: ignore[arg-type]
    assert asked.count(DIFF, **moments) == alone


def test_the_count_of_a_page_with_all_differences_takes_no_more_statements(asked: Asked, quarter: Quarter) -> None:
    moments, shown = {"from": {"position": quarter.before}}, "nodes { progress { before after } }"
    alone, counted = (
        f"query($from: Moment!) {{ diff(from: $from) {{ differences(first: 50) {{ {asks} }} }} }}"
        for asks in (shown, f"totalCount {shown}")
    )
    assert asked.count(counted, **moments) == asked.count(alone, **moments)
