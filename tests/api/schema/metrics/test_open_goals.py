"""The figures of open goals: what is not measured yet, what is silent, and what is expected."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.commands.command import CycleBy, KpiBy
from domain.commands.cycle_commands import ActivateCycle, OpenCycle
from domain.commands.key_result_commands import CheckIn
from domain.commands.kpi_commands import DefineKpi, ReadingInput, RecordReadings
from domain.commands.objective_commands import CommitObjective
from domain.primitives.values import Cadence, Direction, Metric, Milestone
from tests.api.schema import goals
from tests.asking import AskedWorld
from tests.workspace import fresh_workspace

OPEN = CycleBy(key="open")
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
FIRST = TODAY - timedelta(days=45)
"""The first day of a quarter of 90 days, half of which has passed."""
PROGRESS = """{ cycle(by: {key: "open"}) { progress { value expected health } }
    keyResults(first: 100) { nodes { title progress { value expected health } } } }"""
OUTDATED = "{ keyResults(filter: {health: [OUTDATED]}) { nodes { title } } }"
HOLD = Metric(Direction.AT_LEAST, target=50)
METRICS = {
    "INCREASE": goals.rise(),
    "DECREASE": Metric(Direction.DECREASE, start=100, target=0),
    "AT_LEAST": HOLD,
    "AT_MOST": Metric(Direction.AT_MOST, target=50),
    "WITHIN": Metric(Direction.WITHIN, lower=40, upper=50),
    "DONE": Metric(Direction.DONE),
    "MILESTONES": Metric(Direction.MILESTONES, milestones=(Milestone("a", "A"), Milestone("b", "B"))),
}


@pytest.fixture
def half(world: AskedWorld) -> AskedWorld:
    return at_half(world)


@pytest.fixture(scope="module")
def searched(server: str) -> Iterator[AskedWorld]:
    """The quarter with key results whose titles have accents, ligatures and letters without a capital."""
    with fresh_workspace(server) as database:
        world = at_half(AskedWorld(database))
        of = objective(world)
        for title in ("Straße bauen", "Cafe\u0301 Umsatz", "Caf\u00e9 Ertrag", "ﬁnanz Plan", "Große Änderung"):
            key_result(world, of, title)
        yield world


def at_half(world: AskedWorld) -> AskedWorld:
    """An active quarter at its half, with weekly check-ins."""
    starts_on, ends_on = FIRST.date(), (FIRST + timedelta(days=89)).date()
    world.do(OpenCycle(key="open", name="Open", starts_on=starts_on, ends_on=ends_on, effective_at=FIRST))
    world.do(ActivateCycle(cycle=OPEN, effective_at=FIRST))
    return world


def objective(world: AskedWorld, *, is_draft: bool = False) -> UUID:
    made = goals.objective(world, cycle=OPEN, effective_at=FIRST)
    if not is_draft:
        world.do(CommitObjective(objective=made, effective_at=FIRST))
    return made


def key_result(world: AskedWorld, of: UUID, title: str = "Users", metric: Metric | None = None, **given: Any) -> UUID:
    return goals.key_result(world, of, title, metric, effective_at=FIRST, **given)


def check_in(world: AskedWorld, of: UUID, value: Any, days_ago: float = 0) -> None:
    measured = {"reached": value} if isinstance(value, list) else {"value": value}
    world.do(CheckIn(key_result=of, measured_at=TODAY - timedelta(days=days_ago), **measured))


def shown(world: AskedWorld) -> tuple[Any, dict[str, Any]]:
    """The progress of the cycle, and of its key results by title."""
    answer = world.ask(PROGRESS)
    return answer["cycle"]["progress"], {one["title"]: one["progress"] for one in answer["keyResults"]["nodes"]}


# ── what is not measured ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("direction", METRICS)
def test_a_first_measurement_never_lowers_the_progress_of_a_quarter(half: AskedWorld, direction: str) -> None:
    of = objective(half)
    check_in(half, key_result(half, of), 60)
    unmeasured = key_result(half, of, direction, METRICS[direction], weight=3)
    before = shown(half)[0]["value"]
    assert before == pytest.approx(0.6 / 4)
    check_in(half, unmeasured, ["a"] if direction == "MILESTONES" else 0)
    assert shown(half)[0]["value"] >= before


def test_drafts_do_not_pull_a_quarter_down(half: AskedWorld) -> None:
    check_in(half, key_result(half, objective(half)), 60)
    check_in(half, key_result(half, objective(half, is_draft=True), "Draft"), 5)
    key_result(half, objective(half, is_draft=True), "Silent draft")
    of_cycle = shown(half)[0]
    assert (of_cycle["value"], of_cycle["health"]) == (0.6, "ON_TRACK")
    assert shown(half)[1]["Draft"]["health"] == "PENDING"


def test_a_goal_to_be_held_is_expected_in_full_only_if_it_begins_inside(half: AskedWorld) -> None:
    of = objective(half)
    half.do(DefineKpi(key="users", name="Users", effective_at=FIRST - timedelta(days=30)))
    for title, first in (("from outside", 10), ("level", 60)):
        check_in(half, key_result(half, of, title, HOLD), first, 40)
    key_result(half, of, "linked", HOLD, kpi=KpiBy(key="users"))
    readings = [
        ReadingInput(kpi=KpiBy(key="users"), value=value, measured_at=FIRST + timedelta(days=days))
        for days, value in ((-1, 20), (1, 80))  # at the beginning it stood at 20
    ]
    half.do(RecordReadings(readings=readings))
    expected = {title: one["expected"] for title, one in shown(half)[1].items()}
    assert expected == {"from outside": pytest.approx(0.5, abs=0.02), "level": 1, "linked": expected["from outside"]}


# ── silence ──────────────────────────────────────────────────────────────────────────────────────


def test_who_never_checked_in_is_found_by_the_health_outdated(half: AskedWorld) -> None:
    of = objective(half)
    key_result(half, of, "Never")
    check_in(half, key_result(half, of, "Long ago"), 30, 20)
    check_in(half, key_result(half, of, "Lately"), 30, 3)
    half.do(CheckIn(key_result=key_result(half, of, "Without a value"), confidence=0.5))
    goals.key_result(half, of, "Just added", effective_at=TODAY)
    assert [one["title"] for one in half.ask(OUTDATED)["keyResults"]["nodes"]] == ["Never", "Long ago"]


def test_what_is_finished_does_not_become_outdated_after_its_due_day(half: AskedWorld) -> None:
    of, due = objective(half), (TODAY - timedelta(days=30)).date()
    for title, value, days_ago in (("Reached", 100, 44), ("Reported in time", 40, 35), ("Silent before", 40, 44)):
        check_in(half, key_result(half, of, title, due=due), value, days_ago)
    check_in(half, key_result(half, of, "To be held", Metric(Direction.AT_LEAST, start=60, target=50), due=due), 60, 44)
    healths = {title: one["health"] for title, one in shown(half)[1].items()}
    assert healths == {
        "Reached": "ON_TRACK",
        "Reported in time": "OFF_TRACK",
        "Silent before": "OUTDATED",
        "To be held": "OUTDATED",
    }


def test_the_longer_cadence_of_cycle_and_kpi_decides_when_a_key_result_is_outdated(half: AskedWorld) -> None:
    of, at = objective(half), FIRST + timedelta(days=15)
    for key, cadence in (("slow", Cadence.MONTHLY), ("fast", Cadence.DAILY)):
        half.do(DefineKpi(key=key, name=key, cadence=cadence, effective_at=FIRST))
        key_result(half, of, key, kpi=KpiBy(key=key))
        half.do(RecordReadings(readings=[ReadingInput(kpi=KpiBy(key=key), value=90, measured_at=at)]))
    assert [one["title"] for one in half.ask(OUTDATED)["keyResults"]["nodes"]] == ["fast"]


# ── words ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("cafe", ["Café Umsatz", "Café Ertrag"]),
        ("CAFE\u0301", ["Café Umsatz", "Café Ertrag"]),
        ("ertrag café", ["Café Ertrag"]),
        ("strasse", ["Straße bauen"]),
        ("STRASSE bau", ["Straße bauen"]),
        ("finanz", ["ﬁnanz Plan"]),
        ("anderung grosse", ["Große Änderung"]),
        ("aenderung", []),
        ("100%", []),
    ],
)
def test_search_finds_every_word_in_any_order_case_accent_and_unicode_form(
    searched: AskedWorld, query: str, found: list[str]
) -> None:
    answer = searched.ask("query($q: String) { keyResults(filter: {search: $q}) { nodes { title } } }", q=query)
    assert [one["title"] for one in answer["keyResults"]["nodes"]] == found
