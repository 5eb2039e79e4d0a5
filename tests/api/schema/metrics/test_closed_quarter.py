"""The figures of what has ended stand still, at every later basis, except for facts about the time before the end."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from domain.commands.command import KpiBy
from domain.commands.cycle_commands import ActivateCycle, AdoptScoringPolicy, CloseCycle
from domain.commands.key_result_commands import CheckIn, DropKeyResult, RescheduleKeyResult, ScoreKeyResult
from domain.commands.kpi_commands import CorrectReading, DefineKpi, ReadingInput, RecordReadings
from domain.commands.objective_commands import CloseObjective, DropObjective, ReopenObjective
from domain.primitives.errors import CommandRejected
from tests.api.schema import goals
from tests.api.schema.goals import CYCLE, day
from tests.asking import AskedWorld

USERS = KpiBy(key="users")
PROGRESS = """progress {
    value unclamped expected health confidence confidenceLowest measuredShare
    explain { label weight value contribution }
}"""
CLOSED = f"""{{
    cycle(by: {{key: "2026-q1"}}) {{ {PROGRESS} healthCounts {{ health count }} objectives {{ nodes {{
        title state {PROGRESS} healthCounts {{ health count }} outcome {{ verdict score }}
        keyResults(includeDropped: true) {{
            title current measuredAt score {PROGRESS} trajectory(every: MONTH) {{ at planned actual progress }}
            forecast {{ value }}
        }}
    }} }} }}
}}"""

OF_ONE = """query($title: String!, $at: DateTime) { asOf(at: $at) { objectives(filter: {search: $title}) { nodes {
    progress { value health } keyResults(includeDropped: true) { progress { value health } }
} } } }"""


@pytest.fixture
def quarter(world: AskedWorld) -> AskedWorld:
    """An open quarter with a KPI that has one reading."""
    goals.cycle(world)
    world.record(DefineKpi(key="users", name="Users", effective_at=day(0)))
    read(world, 5, 10)
    return world


def read(world: AskedWorld, at: float, value: float) -> None:
    reading = ReadingInput(kpi=USERS, value=value, measured_at=day(at))
    world.do(RecordReadings(readings=[reading]))


def goal(world: AskedWorld, title: str, **given: Any) -> tuple[UUID, UUID]:
    """An objective with one key result that the KPI measures."""
    objective = goals.objective(world, title)
    return objective, goals.key_result(world, objective, f"{title} measured", kpi=USERS, **given)


def activate(world: AskedWorld) -> None:
    world.do(ActivateCycle(cycle=CYCLE, effective_at=day(1)))


def figures(world: AskedWorld, title: str, at: float | None = None) -> tuple[Any, Any]:
    """The value and health of the key result of an objective, and of the objective, now or at a day."""
    answer = world.ask(OF_ONE, title=title, at=None if at is None else day(at).isoformat())
    (node,) = answer["asOf"]["objectives"]["nodes"]
    return tuple(node["keyResults"][0]["progress"].values()), tuple(node["progress"].values())


def test_figures_of_a_closed_quarter_stay(quarter: AskedWorld) -> None:
    goal(quarter, "Grow with the readings")
    own = goals.key_result(quarter, goals.objective(quarter, "Grow by ourselves"))
    _, dropped = goal(quarter, "Lose a measure on the way")
    kept = goals.key_result(quarter, goals.id_of(quarter, "Lose a measure"), "Kept")
    activate(quarter)
    goals.check_in(quarter, own, 70, 30, confidence=0.5)
    goals.check_in(quarter, kept, 20, 30, confidence=0.9)
    quarter.do(DropKeyResult(key_result=dropped, reason="Enough.", effective_at=day(40)))
    read(quarter, 50, 40)
    quarter.do(CloseCycle(cycle=CYCLE, close_objectives=True, effective_at=day(85)))
    closed = quarter.ask(CLOSED)
    assert closed["cycle"]["progress"]["value"] == pytest.approx((0.4 + 0.7 + 0.2) / 3)
    assert [one["state"] for one in closed["cycle"]["objectives"]["nodes"]] == ["CLOSED"] * 3
    for at, value in ((86, 90), (88, 95), (200, 99)):
        read(quarter, at, value)
    quarter.do(CorrectReading(reading=goals.reading(quarter, "users", 86), value=1, reason="Misread."))
    quarter.do(AdoptScoringPolicy(score_green=0.1, score_amber=0.05, on_track_gap=0.9, at_risk_gap=0.95))
    with pytest.raises(CommandRejected) as refused:
        quarter.do(CheckIn(key_result=own, value=99, measured_at=day(86), reason="Late."))
    assert (refused.value.code, "2026-03-27" in str(refused.value)) == ("CLOSED", True)
    assert quarter.ask(CLOSED) == closed


def test_late_facts_about_the_window_change_progress_but_no_score(quarter: AskedWorld) -> None:
    goal(quarter, "Grow with the readings")
    activate(quarter)
    read(quarter, 50, 40)
    quarter.do(CloseCycle(cycle=CYCLE, close_objectives=True, effective_at=day(85)))
    read(quarter, 84, 90)
    (node,) = quarter.ask(CLOSED)["cycle"]["objectives"]["nodes"]
    assert node["outcome"] == {"verdict": "MISSED", "score": 0.4}
    assert node["progress"]["value"] == 0.9
    assert (node["keyResults"][0]["current"], node["keyResults"][0]["score"]) == (90, 0.4)
    assert node["progress"]["health"] == node["keyResults"][0]["progress"]["health"] == "MISSED"


def test_figures_of_an_objective_closed_early_stay_while_its_cycle_goes_on(quarter: AskedWorld) -> None:
    objective, _ = goal(quarter, "Grow with the readings")
    activate(quarter)
    read(quarter, 10, 80)
    quarter.do(CloseObjective(objective=objective, effective_at=day(20)))
    read(quarter, 30, 30)
    assert figures(quarter, "readings") == ((0.8, "PARTIAL"), (0.8, "PARTIAL"))
    assert figures(quarter, "readings", at=40) == ((0.8, "PARTIAL"), (0.8, "PARTIAL"))
    quarter.do(ReopenObjective(objective=objective, reason="It went on.", effective_at=day(35)))
    assert figures(quarter, "readings", at=40)[0][0] == 0.3
    assert figures(quarter, "readings", at=34) == ((0.8, "PARTIAL"), (0.8, "PARTIAL"))


def test_a_dropped_objective_and_a_dropped_key_result_stand_still(quarter: AskedWorld) -> None:
    objective, _ = goal(quarter, "Leave it all")
    _, key_result = goal(quarter, "Lose a measure on the way")
    activate(quarter)
    quarter.do(DropObjective(objective=objective, reason="No.", effective_at=day(20)))
    quarter.do(DropKeyResult(key_result=key_result, reason="No.", effective_at=day(20)))
    read(quarter, 30, 60)
    assert figures(quarter, "Leave") == ((0.1, "DROPPED"), (0.1, "DROPPED"))
    assert figures(quarter, "Lose") == ((0.1, "DROPPED"), (None, "PENDING"))


def test_the_window_for_readings_ends_with_the_last_day_of_the_cycle_or_of_due_if_that_is_later(
    quarter: AskedWorld,
) -> None:
    goal(quarter, "Grow with the readings")
    _, longer = goal(quarter, "Grow for longer")
    _, sooner = goal(quarter, "Grow sooner", due=date(2026, 2, 15))
    quarter.do(RescheduleKeyResult(key_result=longer, due=date(2026, 4, 10), reason="The fair.", effective_at=day(2)))
    activate(quarter)
    for at, value in ((89.999, 50), (90, 60), (99.999, 70), (100, 80)):
        read(quarter, at, value)
    assert [figures(quarter, one)[0][0] for one in ("readings", "longer", "sooner")] == [0.5, 0.7, 0.5]
    quarter.do(CloseCycle(cycle=CYCLE, close_objectives=True, effective_at=day(120)))
    assert [figures(quarter, one)[0][0] for one in ("readings", "longer", "sooner")] == [0.5, 0.7, 0.5]
    goals.check_in(quarter, sooner, None, 110, confidence=0.5, reason="Late.")


def test_a_score_of_a_person_is_the_value_of_an_unmeasured_key_result_from_the_end_on(quarter: AskedWorld) -> None:
    objective = goals.objective(quarter, "Be trusted by all")
    key_result = goals.key_result(quarter, objective, "Trust")
    unscored = goals.key_result(quarter, objective, "Nobody looked")
    activate(quarter)
    quarter.do(ScoreKeyResult(key_result=key_result, score=0.6, effective_at=day(50)))
    assert figures(quarter, "trusted", at=60) == ((None, "OUTDATED"), (None, "OUTDATED"))
    quarter.do(CloseObjective(objective=objective, effective_at=day(80)))
    assert figures(quarter, "trusted", at=60) == ((None, "OUTDATED"), (None, "OUTDATED"))
    assert figures(quarter, "trusted") == ((0.6, "MISSED"), (0.3, "MISSED"))
    query = """{ keyResults { nodes { title score progress { value expected
        explain { label value contribution position } } } } }"""
    scored, other = quarter.ask(query)["keyResults"]["nodes"]
    (term,) = scored["progress"].pop("explain")
    assert scored == {"title": "Trust", "score": 0.6, "progress": {"value": 0.6, "expected": 1.0}}
    event = quarter.log.entries(term.pop("position") - 1, 1)[0].event
    assert (event.TOPIC, event.originator_id) == ("key-result-scored", key_result)
    assert term == {"label": "scored", "value": 0.6, "contribution": 0.6}
    assert other == {
        "title": "Nobody looked",
        "score": 0.0,
        "progress": {"value": None, "expected": 1.0, "explain": []},
    }
    assert unscored != key_result
