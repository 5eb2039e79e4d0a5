"""A cycle without objectives of its own takes its value from the cycles inside it, by their days."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from domain.commands.command import CycleBy
from domain.commands.cycle_commands import AbandonCycle, ActivateCycle, AdoptScoringPolicy, CloseCycle, OpenCycle
from domain.commands.objective_commands import CloseObjective, CommitObjective, DropObjective
from tests.api.schema import goals
from tests.api.schema.goals import day
from tests.asking import AskedWorld

YEAR, Q1, Q2 = (CycleBy(key=key) for key in ("2025", "2025-q1", "2025-q2"))
DAYS = 365
START = date(2025, 1, 1)
FIGURES = """query($at: DateTime) { asOf(at: $at) { cycle(by: {key: "2025"}) {
    progress { value expected health measuredShare explain { label weight value contribution from { __typename } } }
    objectives: healthCounts(of: OBJECTIVES) { health count } keyResults: healthCounts { health count }
} } }"""


@pytest.fixture
def year(world: AskedWorld) -> AskedWorld:
    """The active year 2025 and its first two quarters, of 90 and 91 days, in planning."""
    quarters = (("2025-q1", START, date(2025, 3, 31)), ("2025-q2", date(2025, 4, 1), date(2025, 6, 30)))
    for key, starts_on, ends_on in (("2025", START, date(2025, 12, 31)), *quarters):
        parent = None if key == "2025" else YEAR
        opened: dict[str, Any] = {
            "starts_on": starts_on,
            "ends_on": ends_on,
            "parent": parent,
            "effective_at": day(-365),
        }
        world.do(OpenCycle(key=key, name=key, **opened))
    world.do(ActivateCycle(cycle=YEAR, effective_at=day(-365)))
    return world


def goal(world: AskedWorld, cycle: CycleBy, title: str, since: float) -> tuple[UUID, UUID]:
    objective = goals.objective(world, title, cycle=cycle, effective_at=day(since))
    return objective, goals.key_result(world, objective, f"{title} measured", effective_at=day(since))


def asked(world: AskedWorld, at: float | None = None) -> Any:
    return world.ask(FIGURES, at=None if at is None else day(at).isoformat())["asOf"]["cycle"]


def figures(world: AskedWorld, at: float | None = None) -> Any:
    return asked(world, at)["progress"]


def counted(counts: list[dict[str, Any]]) -> dict[str, int]:
    return {one["health"]: one["count"] for one in counts if one["count"]}


def run(world: AskedWorld) -> dict[str, UUID]:
    """The first quarter ends at 0.6 and is closed; the second is active and measured at 0.5 on day 120 of the year."""
    first, one = goal(world, Q1, "Go the first mile", -365)
    world.do(ActivateCycle(cycle=Q1, effective_at=day(-364)))
    goals.check_in(world, one, 60, -300)
    world.do(CloseCycle(cycle=Q1, close_objectives=True, effective_at=day(-275)))
    second, two = goal(world, Q2, "Go the second mile", -275)
    world.do(ActivateCycle(cycle=Q2, effective_at=day(-274)))
    goals.check_in(world, two, 50, -245)
    return {"first": first, "one": one, "second": second, "two": two}


def test_a_year_fills_up_quarter_by_quarter(year: AskedWorld) -> None:
    assert figures(year)["value"] is None
    assert (figures(year)["health"], figures(year)["expected"]) == ("PENDING", None)
    run(year)
    values = [figures(year, at)["value"] for at in (-364.5, -290, -270, -240)]
    parts = (90 * 0.6, 91 * 0.5)
    assert values == [None, *(pytest.approx(part / DAYS) for part in (parts[0], parts[0], sum(parts)))]
    found = figures(year, at=-230)
    terms = [(one["label"], one["weight"], one["value"], one["from"]["__typename"]) for one in found["explain"]]
    assert terms == [("2025-q1", 90, 0.6, "Cycle"), ("2025-q2", 91, 0.5, "Cycle")]
    assert sum(one["contribution"] for one in found["explain"]) == pytest.approx(found["value"])
    elapsed = 45 / 91  # of the second quarter, which begins at day -275
    assert found["expected"] == pytest.approx((90 * 1 + 91 * elapsed) / DAYS)
    assert found["measuredShare"] == pytest.approx(1)


def test_an_abandoned_cycle_is_dropped_and_counts_in_no_year(year: AskedWorld) -> None:
    run(year)
    before = figures(year)
    third = CycleBy(key="2025-q3")
    year.do(OpenCycle(key="2025-q3", name="Q3", starts_on=date(2025, 7, 1), ends_on=date(2025, 9, 30), parent=YEAR))
    goals.objective(year, "Go the third mile", cycle=third, effective_at=None)
    year.do(AbandonCycle(cycle=third, reason="mistyped"))
    assert [figures(year)[name] for name in ("value", "explain")] == [before[name] for name in ("value", "explain")]
    found = year.ask(
        '{ cycle(by: {key: "2025-q3"}) { state progress { value health } objectives { nodes { state } } } }'
    )
    assert found["cycle"] == {
        "state": "ABANDONED",
        "progress": {"value": None, "health": "DROPPED"},
        "objectives": {"nodes": [{"state": "DROPPED"}]},
    }


def test_the_health_of_a_year_is_its_own_by_the_gaps_of_its_children_by_their_days(year: AskedWorld) -> None:
    run(year)
    # a gap of 0.4 in the first quarter; in the second 35 of 91 days have elapsed
    gap = (90 * 0.4 + 91 * (35 / 91 - 0.5)) / (90 + 91)
    assert 0.1 < gap < 0.3
    assert figures(year, at=-240)["health"] == "AT_RISK"
    assert counted(asked(year, at=-240)["objectives"]) == {"MISSED": 1, "ON_TRACK": 1}
    assert counted(asked(year, at=-240)["keyResults"]) == {"MISSED": 1, "ON_TRACK": 1}
    # more than half of the weight, 91 of 181 days, has not been measured for 15 days
    assert figures(year, at=-230)["health"] == "OUTDATED"
    assert counted(asked(year, at=-230)["objectives"]) == {"MISSED": 1, "OUTDATED": 1}


def test_a_year_with_objectives_of_its_own_does_not_take_its_value_from_its_quarters(year: AskedWorld) -> None:
    run(year)
    objective, own = goal(year, YEAR, "Go all the way", -364)
    assert figures(year)["value"] == pytest.approx((90 * 0.6 + 91 * 0.5) / DAYS)  # a draft does not count
    year.do(CommitObjective(objective=objective, effective_at=day(-250)))
    goals.check_in(year, own, 20, -200)
    assert figures(year)["value"] == 0.2


def test_figures_of_a_closed_year_stay_when_an_objective_of_a_quarter_changes_later(year: AskedWorld) -> None:
    ids = run(year)
    year.do(CloseCycle(cycle=YEAR, effective_at=day(0)))
    closed = figures(year)
    assert closed["value"] == pytest.approx((90 * 0.6 + 91 * 0.5) / DAYS)
    assert closed["health"] == "MISSED"
    goals.check_in(year, ids["two"], 100, 5)
    extra, measure = goal(year, Q2, "Come later", 6)
    year.do(CommitObjective(objective=extra, effective_at=day(6)))
    goals.check_in(year, measure, 0, 7)
    assert figures(year) == closed
    year.do(DropObjective(objective=extra, reason="No.", effective_at=day(8)))
    year.do(CloseObjective(objective=ids["second"], effective_at=day(9)))
    year.do(CloseCycle(cycle=Q2, effective_at=day(10)))
    year.do(AdoptScoringPolicy(score_green=0.2, score_amber=0.1))
    assert figures(year) == closed
    assert figures(year, at=20) == closed
    quarter = year.ask('{ cycle(by: {key: "2025-q2"}) { progress { value } } }')["cycle"]["progress"]["value"]
    assert quarter == 1.0
