"""What calls for attention in a scope: each kind of item, its day, its sentence, who should act, and the order."""

from datetime import datetime
from typing import Any

from api.schema.attention.alterations import altering
from api.schema.attention.scope import AttentionScope
from api.schema.primitives.lookup import CycleBy as CycleScope
from domain.commands.command import CycleBy
from domain.commands.cycle_commands import ActivateCycle, CloseCycle
from domain.commands.key_result_commands import CorrectCheckIn, MoveKeyResult
from domain.commands.objective_commands import CloseObjective, DraftObjective
from projections.store.versioned_tables import Window
from projections.tables import changes
from tests.api.schema import goals
from tests.api.schema.attention.shop import ASKED, WHOLE, attention, opened, told
from tests.api.schema.crowd import Crowd
from tests.api.schema.goals import check_in, day
from tests.asking import AskedWorld

SHOP = {"team": {"key": "shop"}}


def test_each_kind_tells_what_since_when_and_who_should_act(world: AskedWorld) -> None:
    opened(world)
    found = told(attention(world, 40.5, SHOP))
    assert {name for kind, name in found if kind == "CHECK_IN_DUE"} == {"Asleep", "Falling", "Bent"}
    asleep = found["CHECK_IN_DUE", "Asleep"]
    assert (asleep["dueOn"], asleep["days"], asleep["urgency"]) == ("2026-01-13", 28, "OVERDUE")
    assert asleep["message"] == "A check-in of “Asleep” was due 28 days ago."
    assert asleep["since"] == "2026-01-13T00:00:00Z"
    assert asleep["person"] == {"handle": "bob"}
    never = found["NEVER_CHECKED_IN", "Never"]
    assert (never["dueOn"], never["person"]) == ("2026-01-08", {"handle": "bob"})
    assert never["message"] == "“Never” was never checked in: its first check-in was due 33 days ago."
    read = found["READING_DUE", "orders"]
    assert (read["dueOn"], read["days"], read["urgency"]) == ("2026-02-03", 7, "OVERDUE")
    left = found["OWNER_LEFT", "Never"]
    assert (left["owner"], left["person"], left["since"]) == ({"handle": "max"}, {"handle": "bob"}, iso(10))
    assert found["OWNER_LEFT", "Be old"]["person"] is None
    old = found["TEAM_DISBANDED", "Be old"]
    assert (old["team"], old["since"], old["days"]) == ({"key": "old"}, iso(11), 29)
    bare = found["OWNER_MISSING", "Be bare"]
    assert (bare["person"], bare["since"]) == ({"handle": "lea"}, iso(12))
    assert found["KEY_RESULTS_MISSING", "Be bare"]["since"] == iso(0)
    assert found["PLAN_MISSING", "Bent"]["since"] == iso(9)
    assert found["SEVERE_FINDING", "daily"]["finding"] == {"rule": "formula-with-coarser-input"}
    assert not [name for _, name in found if name == "Done"]


def iso(number: float) -> str:
    return day(number).isoformat().replace("+00:00", "Z")


def test_items_are_sorted_by_urgency_and_counted_by_kind(world: AskedWorld) -> None:
    opened(world)
    found = attention(world, 40.5, SHOP, until="2026-04-01")
    urgencies = [item["urgency"] for item in found["nodes"]]
    assert urgencies == sorted(urgencies, key=["OVERDUE", "PROBLEM", "UPCOMING"].index)
    overdue = [item["days"] for item in found["nodes"] if item["urgency"] == "OVERDUE"]
    assert overdue == sorted(overdue, reverse=True)
    upcoming = {item["kind"]: item for item in found["nodes"] if item["urgency"] == "UPCOMING"}
    assert upcoming["GOALS_UNSCORED"]["goals"] == 3
    assert upcoming["GOALS_UNSCORED"]["message"] == "“2026-Q1” ends in 49 days with 3 objectives not closed yet."
    assert upcoming["GOALS_UNSCORED"]["person"] == {"handle": "lea"}
    counts = {one["kind"]: (one["count"], one["overdue"]) for one in found["counts"]}
    assert counts["CHECK_IN_DUE"] == (3, 3)
    assert counts["OWNER_LEFT"] == (2, 0)
    assert sum(count for count, _ in counts.values()) == found["totalCount"] == len(found["nodes"])
    walked: list[Any] = []
    after = None
    while after is not None or not walked:
        page = world.ask(
            "query($for: AttentionScope!, $after: String, $at: DateTime) { asOf(at: $at) { attention(for: $for, "
            'first: 4, after: $after, until: "2026-04-01") { nodes { message } '
            "pageInfo { endCursor hasNextPage } } } }",
            **{"for": SHOP, "after": after, "at": day(40.5).isoformat()},
        )["asOf"]["attention"]
        walked += page["nodes"]
        after = page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else None
    assert [item["message"] for item in walked] == [item["message"] for item in found["nodes"]]


def test_a_goal_turned_worse_by_a_change_or_by_time(world: AskedWorld) -> None:
    shop = opened(world)
    check_in(world, shop.falling, 20, 30)  # 33 % expected: AT_RISK
    check_in(world, shop.asleep, 40, 38)
    found = told(attention(world, 36, since=day(26).isoformat()))
    falling = found["HEALTH_WORSE", "Falling"]
    assert (falling["from"], falling["to"]) == ("OUTDATED", "AT_RISK")
    assert falling["change"] == {"__typename": "KeyResultCheckedIn", "effectiveAt": iso(30)}
    assert (falling["since"], falling["days"]) == (iso(30), 6)
    assert falling["message"] == "“Falling” went from outdated to at risk, and has been so for 6 days."
    later = told(attention(world, 40, since=day(31).isoformat()))
    assert ("HEALTH_WORSE", "Falling") not in later
    later = told(attention(world, 40, since=day(29.9).isoformat()))
    assert later["HEALTH_WORSE", "Falling"]["since"] == iso(30)
    check_in(world, shop.falling, 50, 39)
    by_time = told(attention(world, 54.5 - 5, since=day(49).isoformat()))
    assert ("HEALTH_WORSE", "Falling") not in by_time


def test_time_alone_can_turn_a_goal_worse(world: AskedWorld) -> None:
    goals.cycle(world)
    of = goals.objective(world)
    part = goals.key_result(world, of, "Slow")
    world.do(ActivateCycle(cycle=goals.CYCLE, effective_at=day(0.5)))
    check_in(world, part, 10, 15)  # 16.7 % expected on day 15, 20 % on day 18
    found = told(attention(world, 20, since=day(16).isoformat()))
    slow = found["HEALTH_WORSE", "Slow"]
    assert (slow["from"], slow["to"], slow["change"]) == ("ON_TRACK", "AT_RISK", None)
    assert abs(datetime.fromisoformat(slow["since"]) - day(18)).total_seconds() <= 60
    assert found["HEALTH_WORSE", "Win the hearts of our users"]["change"] is None


def test_a_person_is_shown_what_the_person_should_act_on(world: AskedWorld) -> None:
    opened(world)
    bob = attention(world, 40.5, {"person": {"handle": "bob"}}, until="2026-04-01")
    assert {item["person"]["handle"] for item in bob["nodes"]} == {"bob"}
    assert {kind for kind, _ in told(bob)} == {
        "CHECK_IN_DUE", "NEVER_CHECKED_IN", "READING_DUE", "OWNER_LEFT", "PLAN_MISSING", "GOALS_UNSCORED",
    }  # fmt: skip
    assert told(bob)["GOALS_UNSCORED", "2026-q1"]["goals"] == 1
    lea = told(attention(world, 40.5, {"person": {"handle": "lea"}}))
    assert set(lea) == {
        ("OWNER_MISSING", "Be bare"), ("KEY_RESULTS_MISSING", "Be bare"), ("SEVERE_FINDING", "daily"),
    }  # fmt: skip
    assert attention(world, 40.5, {"person": {"handle": "max"}})["totalCount"] == 0


def test_cycles_that_begin_without_a_plan_and_end_with_open_goals(world: AskedWorld) -> None:
    opened(world)
    second: Any = {"cycle": {"key": "2026-q2"}}
    assert attention(world, 88.5, second)["totalCount"] == 0
    (soon,) = attention(world, 88.5, second, until="2026-04-01")["nodes"]
    assert (soon["kind"], soon["urgency"], soon["days"]) == ("PLAN_MISSING", "UPCOMING", -2)
    (late,) = attention(world, 93.5, second)["nodes"]
    assert (late["urgency"], late["days"], late["since"]) == ("OVERDUE", 3, iso(90))
    assert late["message"] == "“2026-Q2” began 3 days ago and has no plan: activate the cycle."
    ended = told(attention(world, 93.5))["GOALS_UNSCORED", "2026-q1"]
    assert (ended["urgency"], ended["days"], ended["goals"]) == ("OVERDUE", 4, 3)
    awake = goals.id_of(world, "Stay awake")
    world.do(CloseObjective(objective=awake, reflection="Done", effective_at=day(92)))
    after = told(attention(world, 93.5))
    assert after["GOALS_UNSCORED", "2026-q1"]["goals"] == 2
    assert not [kind for kind, _ in after if kind in ("CHECK_IN_DUE", "NEVER_CHECKED_IN")]
    world.do(CloseCycle(cycle=CycleBy(key="2026-q1"), close_objectives=True, effective_at=day(93)))
    assert attention(world, 93.5)["totalCount"] == 0


def test_attention_as_of_a_moment_is_what_was_captured_then(world: AskedWorld) -> None:
    shop = opened(world)
    asked = ASKED.replace("asOf(at: $at, position: $position) { basis", "asOf { basis")
    captured = world.ask(
        asked.replace("$at: DateTime, $position: Position, ", ""), **{"for": WHOLE, "until": "2100-01-01"}
    )["asOf"]
    seen = attention(world, 40.5)
    at, position = captured["basis"]["at"], captured["basis"]["position"]
    then = check_in(world, shop.asleep, 44, 30)
    world.do(CorrectCheckIn(check_in=then, value=45, reason="Mistyped"))
    again = world.ask(ASKED, **{"at": at, "position": position, "for": WHOLE, "until": "2100-01-01"})["asOf"]
    assert again == captured
    known = world.ask(ASKED, **{"at": day(40.5).isoformat(), "position": position, "for": WHOLE})["asOf"]["attention"]
    assert known == seen != attention(world, 40.5)


def test_a_scope_that_does_not_exist_is_empty_and_a_reach_that_cannot_be_is_refused(world: AskedWorld) -> None:
    opened(world)
    for scope in ({"person": {"handle": "nobody"}}, {"team": {"key": "none"}}, {"cycle": {"key": "none"}}):
        assert attention(world, 40.5, scope)["totalCount"] == 0
    assert attention(world, -10_000)["totalCount"] == 0
    given = {"at": day(40.5).isoformat(), "for": WHOLE}
    assert world.refused(ASKED, **given, until="2026-02-09") == ("INVALID", ["until"])
    assert world.refused(ASKED, **given, since=day(41).isoformat()) == ("INVALID", ["worseSince"])


def test_statements_do_not_depend_on_the_number_of_goals(world: AskedWorld) -> None:
    crowd = Crowd(world)
    crowd.join(10)
    filters = """{ keyResults(first: 1000, filter: {overdue: true}) {
            totalCount nodes { nextCheckInDue lastCheckIn { id } } }
        objectives(first: 1000, filter: {overdue: true}) { totalCount }
        kpis(first: 1000, filter: {overdue: true}) { totalCount nodes { nextReadingDue } }
        people(first: 10) { nodes { keyResults(filter: {neverCheckedIn: true}) { totalCount } } } }"""
    variables = {"at": day(40).isoformat(), "for": WHOLE, "until": "2026-04-01"}
    few = world.count(ASKED, **variables), world.count(filters)
    crowd.join(300)
    assert (world.count(ASKED, **variables), world.count(filters)) == few


def test_a_goal_that_moves_takes_its_attention_along(world: AskedWorld) -> None:
    shop = opened(world)
    world.record(DraftObjective(cycle=CycleBy(key="2026-q2"), title="Be next", effective_at=day(61)))
    head = world.log.head().position
    world.do(MoveKeyResult(key_result=shop.asleep, to=goals.id_of(world, "Be next"), effective_at=day(62)))
    assert ("CHECK_IN_DUE", "Asleep") in told(attention(world, 61.5))
    assert ("CHECK_IN_DUE", "Asleep") not in told(attention(world, 62.5))
    second: Any = {"cycle": {"key": "2026-q2"}}
    assert ("KEY_RESULTS_MISSING", "Be next") in told(attention(world, 61.5, second))
    assert ("KEY_RESULTS_MISSING", "Be next") not in told(attention(world, 62.5, second))
    view = world.context.reads.present
    rows = [row for row in view.read(changes.page, changes.ChangeFilter(), Window(1000)) if row.position > head]
    for key in ("2026-q1", "2026-q2"):
        scope = AttentionScope(cycle=CycleScope(key=key))
        assert [row.topic for row in altering(view, rows, scope)] == ["key-result-moved"]
