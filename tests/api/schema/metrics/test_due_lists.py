"""Lists that are filtered by what is due, and the days on which check-ins and readings are due."""

from typing import Any

from domain.commands.command import KpiBy
from domain.commands.cycle_commands import ActivateCycle
from domain.commands.key_result_commands import LinkKpi
from tests.api.schema import goals
from tests.api.schema.attention.shop import opened, reading
from tests.api.schema.goals import CYCLE, check_in, day
from tests.asking import AskedWorld

LISTS = """query($at: DateTime!, $k: KeyResultFilter, $o: ObjectiveFilter, $p: KpiFilter) { asOf(at: $at) {
    keyResults(filter: $k) { totalCount nodes { title nextCheckInDue lastCheckIn { measuredAt value } } }
    objectives(filter: $o) { totalCount nodes { title } }
    kpis(filter: $p) { totalCount nodes { name nextReadingDue } }
    people { nodes { handle keyResults(filter: $k) { totalCount nodes { title } } } }
    person(by: {handle: "max"}) { keyResults(filter: $k) { totalCount nodes { title } } }
    team(by: {key: "shop"}) { objectives(filter: $o) { totalCount nodes { title } } }
} }"""


def listed(world: AskedWorld, at: float, **conditions: Any) -> dict[str, Any]:
    """The lists at a day of the quarter, filtered by the same conditions."""
    of_kpis = {name: given for name, given in conditions.items() if name in ("dueBefore", "overdue")}
    found: dict[str, Any] = world.ask(LISTS, at=day(at).isoformat(), k=conditions, o=conditions, p=of_kpis)["asOf"]
    for list_ in (found["keyResults"], found["objectives"], found["kpis"]):
        assert list_["totalCount"] == len(list_["nodes"])
    return found


def titles(list_: Any) -> set[str]:
    return {node.get("title", node.get("name")) for node in list_["nodes"]}


def test_lists_are_filtered_by_what_is_due(world: AskedWorld) -> None:
    opened(world)
    all_ = listed(world, 13.5)
    days = {node["title"]: node["nextCheckInDue"] for node in all_["keyResults"]["nodes"]}
    assert days == {
        "Asleep": "2026-01-13", "Never": "2026-01-08", "Falling": "2026-01-14", "Bent": "2026-01-16", "Done": None,
    }  # fmt: skip
    last = {node["title"]: node["lastCheckIn"] for node in all_["keyResults"]["nodes"]}
    assert last["Never"] is None
    assert last["Asleep"] == {"measuredAt": "2026-01-06T00:00:00Z", "value": 10}
    assert {node["name"]: node["nextReadingDue"] for node in all_["kpis"]["nodes"]} == {
        "orders": "2026-02-03", "daily": None,
    }  # fmt: skip
    overdue = listed(world, 13.5, overdue=True)
    assert titles(overdue["keyResults"]) == {"Asleep", "Never"}
    assert titles(overdue["objectives"]) == titles(overdue["team"]["objectives"]) == {"Stay awake"}
    assert titles(overdue["kpis"]) == set()
    assert titles(overdue["person"]["keyResults"]) == {"Never"}
    assert {one["handle"]: one["keyResults"]["totalCount"] for one in overdue["people"]["nodes"]} == {
        "bob": 0, "lea": 0, "max": 1,
    }  # fmt: skip
    not_overdue = listed(world, 13.5, overdue=False)
    assert titles(not_overdue["keyResults"]) == {"Falling", "Bent", "Done"}
    assert titles(not_overdue["objectives"]) == {"Be bare", "Be old"}
    assert titles(not_overdue["kpis"]) == {"orders", "daily"}
    before = listed(world, 13.5, dueBefore="2026-01-15")
    assert titles(before["keyResults"]) == {"Asleep", "Never", "Falling"}
    assert titles(listed(world, 13.5, dueBefore="2026-02-04")["kpis"]) == {"orders"}
    never = listed(world, 13.5, neverCheckedIn=True)
    assert (titles(never["keyResults"]), titles(never["objectives"])) == ({"Never"}, set())
    late = listed(world, 13.5, lastCheckInBefore=day(7).isoformat())
    assert (titles(late["keyResults"]), titles(late["objectives"])) == ({"Asleep", "Falling"}, set())
    assert titles(listed(world, 40, overdue=True)["kpis"]) == {"orders"}
    assert titles(listed(world, 0.7, overdue=True)["keyResults"]) == set(), "nobody was late on the first day"


def test_a_reading_of_its_kpi_is_a_check_in_of_a_key_result(world: AskedWorld) -> None:
    opened(world)
    awake = goals.id_of(world, "Stay awake")
    linked = goals.key_result(world, awake, "Linked", effective_at=day(13))
    world.do(LinkKpi(key_result=linked, kpi=KpiBy(key="orders"), effective_at=day(13)))
    found = {node["title"]: node for node in listed(world, 20)["keyResults"]["nodes"]}["Linked"]
    assert found == {"title": "Linked", "nextCheckInDue": "2026-02-03", "lastCheckIn": None}
    reading(world, "orders", 19)
    found = {node["title"]: node for node in listed(world, 20)["keyResults"]["nodes"]}["Linked"]
    assert found["nextCheckInDue"] == "2026-02-20", "by the longer cadence, a month of 31 days"
    assert "Linked" not in titles(listed(world, 20, neverCheckedIn=True)["keyResults"])


def test_drafts_and_planned_cycles_owe_nothing(world: AskedWorld) -> None:
    goals.cycle(world)
    part = goals.key_result(world, goals.objective(world), "Early")
    check_in(world, part, 5, 1)
    assert listed(world, 30, overdue=True)["keyResults"]["totalCount"] == 0
    world.do(ActivateCycle(cycle=CYCLE, effective_at=day(31)))
    assert titles(listed(world, 32, overdue=True)["keyResults"]) == {"Early"}
    assert listed(world, 30, overdue=True)["keyResults"]["totalCount"] == 0
