"""What ended stands still: by every direction of a metric, every source of its values and every way to end."""

import io
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from api.cli.export_csv import export_csv
from domain.commands.command import Command, KpiBy
from domain.commands.cycle_commands import ActivateCycle, AdoptScoringPolicy, CloseCycle
from domain.commands.key_result_commands import CheckIn, CorrectCheckIn, DropKeyResult, ScoreKeyResult, UnlinkKpi
from domain.commands.kpi_commands import CorrectReading, DefineKpi, ReadingInput, RecordReadings
from domain.commands.objective_commands import CloseObjective, CommitObjective, DropObjective, ReopenObjective
from domain.primitives.errors import CommandRejected
from domain.primitives.values import Aggregation, Direction, Metric, Milestone
from tests.api.schema import goals
from tests.api.schema.goals import CYCLE, day
from tests.asking import AskedWorld, unlimited

PROGRESS = """progress { value unclamped expected health confidence measuredShare
    explain { label weight value contribution position } }"""
OBJECTIVE = f"""title state {PROGRESS} outcome {{ verdict score }} healthCounts {{ health count }}
    keyResults(includeDropped: true) {{ title state current measuredAt confidence score {PROGRESS}
        milestones {{ key reachedAt }} forecast {{ value }} targets {{ progressBefore progressAfter }}
        trajectory(every: CHANGE) {{ at planned replanned actual progress confidence }} }}"""
BY_PROGRESS = "(first: 200, orderBy: {field: PROGRESS, direction: DESC}) { nodes { title } }"
ENDED = f"""objectives(first: 200) {{ nodes {{ {OBJECTIVE} }} }}
    ordered: objectives{BY_PROGRESS} keyResults{BY_PROGRESS}"""
EFFECTS = """query($types: [String!]) { changes(first: 1000, filter: {types: $types}) { nodes {
    position effects { before after cause } } } }"""


class Goal(NamedTuple):
    """A metric, its values before the end and after it."""

    metric: Metric
    before: tuple[Any, Any]
    after: tuple[Any, Any]


STEPS = (Milestone("a", "First"), Milestone("b", "Second", 3))
GOALS = {
    "INCREASE": Goal(goals.rise(), (20, 60), (90, 10)),
    "DECREASE": Goal(Metric(Direction.DECREASE, start=100, target=0), (80, 40), (10, 90)),
    "AT_LEAST from 0": Goal(Metric(Direction.AT_LEAST, start=0, target=50), (20, 45), (90, 10)),
    "AT_LEAST from the first value": Goal(Metric(Direction.AT_LEAST, target=50), (20, 30), (90, 10)),
    "AT_LEAST held": Goal(Metric(Direction.AT_LEAST, start=60, target=50), (70, 40), (90, 10)),
    "AT_MOST": Goal(Metric(Direction.AT_MOST, target=50), (90, 60), (10, 90)),
    "WITHIN": Goal(Metric(Direction.WITHIN, lower=40, upper=50), (20, 30), (45, 90)),
    "DONE": Goal(Metric(Direction.DONE), (0, 1), (0.5, 0)),
    "MILESTONES": Goal(Metric(Direction.MILESTONES, milestones=STEPS), (["a"], ["a", "b"]), ([], ["b"])),
}
SOURCES = (None, Aggregation.LAST, Aggregation.SUM, Aggregation.MEAN)
"""None: its own check-ins; else a KPI through this aggregate."""

Ending = Callable[[UUID, UUID], Command]
ENDINGS: dict[str, Ending | None] = {
    "closed": lambda objective, _: CloseObjective(objective=objective, effective_at=day(60)),
    "dropped": lambda objective, _: DropObjective(objective=objective, reason="No.", effective_at=day(60)),
    "measure dropped": lambda _, of: DropKeyResult(key_result=of, reason="No.", effective_at=day(60)),
    "closed with its cycle": None,
}


@pytest.fixture
def ended(world: AskedWorld) -> AskedWorld:
    """A closed quarter with a goal of every direction for every way to end; their sources take turns. What the KPIs
    and the check-ins show after an early end was recorded before that end was."""
    goals.cycle(world)
    world.do(ActivateCycle(cycle=CYCLE, effective_at=day(0)))
    for row, name in enumerate(GOALS):
        world.write(DefineKpi(key=f"kpi-{row}", name=name, effective_at=day(0)))
        ids = [_goal(world, row, column) for column in range(len(ENDINGS))]
        for at, value in zip((10, 50, 70), (*GOALS[name].before, GOALS[name].after[0]), strict=True):
            _read(world, row, at, value)
        for (objective, key_result), end in zip(ids, ENDINGS.values(), strict=True):
            if end is not None:
                world.write(end(objective, key_result))
    world.do(CloseCycle(cycle=CYCLE, close_objectives=True, effective_at=day(92)))
    return world


def _objective(world: AskedWorld, title: str = "Win the hearts of our users") -> UUID:
    """A committed objective."""
    objective = goals.objective(world, title)
    world.do(CommitObjective(objective=objective, effective_at=day(0)))
    return objective


def _goal(world: AskedWorld, row: int, column: int) -> tuple[UUID, UUID]:
    """An objective and its key result, measured on days 10, 50 and 70 by its source."""
    name, end = list(GOALS)[row], list(ENDINGS)[column]
    goal, source = GOALS[name], _source(row, column)
    link = {} if source is None else {"kpi": KpiBy(key=f"kpi-{row}"), "aggregate": source}
    objective = _objective(world, f"{name} {end}")
    key_result = goals.key_result(world, objective, f"{name} {end} {source}", goal.metric, **link)
    for at, value in zip((10, 50, 70), (*goal.before, goal.after[0]), strict=True):
        if source is None:
            world.write(_check_in(key_result, at, value))
    return objective, key_result


def _source(row: int, column: int) -> Aggregation | None:
    is_by_milestones = bool(list(GOALS.values())[row].metric.milestones)
    return None if is_by_milestones else SOURCES[(row + column) % len(SOURCES)]


def _check_in(key_result: UUID, at: float, value: Any, **given: Any) -> CheckIn:
    measured = {"reached": value} if isinstance(value, list) else {"value": value}
    return CheckIn(key_result=key_result, measured_at=day(at), confidence=at / 100, **measured, **given)


def _read(world: AskedWorld, row: int, at: float, value: Any) -> None:
    if not isinstance(value, list):
        reading = ReadingInput(kpi=KpiBy(key=f"kpi-{row}"), value=value, measured_at=day(at))
        world.do(RecordReadings(readings=[reading]))


def _shown(world: AskedWorld, position: int | None = None) -> tuple[Any, bytes]:
    """All figures, the order by progress and the export, now or at a position."""
    query = f"query($position: Position) {{ asOf(position: $position) {{ {ENDED} }} }}"
    file = io.BytesIO()
    with unlimited():
        answer = world.ask(query, position=position)["asOf"]
    export_csv(world.database, "2026-q1", file, position=position)
    return answer, file.getvalue()


def _move_on(world: AskedWorld) -> None:
    """Readings of every KPI after the end, and another policy."""
    for row, goal in enumerate(GOALS.values()):
        for at, value in zip((95, 200), goal.after, strict=True):
            _read(world, row, at, value)
    policy = AdoptScoringPolicy(score_green=0.1, score_amber=0.05, on_track_gap=0.9, at_risk_gap=0.95)
    world.do(policy)


@pytest.mark.long
def test_figures_of_ended_goals_stay_for_every_direction_source_and_ending(ended: AskedWorld) -> None:
    then, position = _shown(ended), ended.log.head().position
    values = {one["title"]: one["keyResults"][0]["progress"] for one in then[0]["objectives"]["nodes"]}
    assert [values[f"DECREASE {end}"]["value"] for end in ENDINGS] == pytest.approx([0.6, 0.0, 0.4, 0.9])
    assert values["WITHIN closed with its cycle"]["value"] == 1
    assert values["AT_LEAST held measure dropped"]["health"] == "DROPPED"
    _move_on(ended)
    assert _shown(ended) == then
    assert _shown(ended, position) == then


@pytest.mark.long
def test_readings_after_the_end_have_no_effect(ended: AskedWorld) -> None:
    position = ended.log.head().position
    _move_on(ended)
    nodes = ended.ask(EFFECTS, types=["ReadingRecorded"])["changes"]["nodes"]
    later = [one["effects"] for one in nodes if one["position"] > position]
    assert later == [[]] * 16


# ── one quarter, step by step ────────────────────────────────────────────────────────────────────


@pytest.fixture
def quarter(world: AskedWorld) -> AskedWorld:
    goals.cycle(world)
    world.do(ActivateCycle(cycle=CYCLE, effective_at=day(0)))
    world.do(DefineKpi(key="kpi-0", name="Users", effective_at=day(0)))
    return world


def _current(world: AskedWorld) -> list[tuple[Any, ...]]:
    """Value, score and progress of every key result."""
    nodes = world.ask("{ keyResults { nodes { current score progress { value } } } }")["keyResults"]["nodes"]
    return [(one["current"], one["score"], one["progress"]["value"]) for one in nodes]


def test_readings_and_check_ins_of_the_time_between_count_after_a_reopening(quarter: AskedWorld) -> None:
    objective = _objective(quarter)
    goals.key_result(quarter, objective, kpi=KpiBy(key="kpi-0"))
    own = goals.key_result(quarter, objective)
    _read(quarter, 0, 10, 20)
    goals.check_in(quarter, own, 30, 10)
    quarter.do(CloseObjective(objective=objective, effective_at=day(30)))
    _read(quarter, 0, 40, 70)
    with pytest.raises(CommandRejected, match="Ended at"):
        goals.check_in(quarter, own, 50, 40)
    assert _current(quarter) == [(20, 0.2, 0.2), (30, 0.3, 0.3)]
    quarter.do(ReopenObjective(objective=objective, reason="Not yet.", effective_at=day(50)))
    goals.check_in(quarter, own, 50, 40)
    assert _current(quarter) == [(70, None, 0.7), (50, None, 0.5)]
    quarter.do(CloseCycle(cycle=CYCLE, close_objectives=True, effective_at=day(92)))
    assert _current(quarter) == [(70, 0.7, 0.7), (50, 0.5, 0.5)]


def test_a_check_in_at_the_instant_of_the_end_is_within_the_window(quarter: AskedWorld) -> None:
    # An import knows days only: the last check-in and the closing share one instant.
    own = goals.key_result(quarter, _objective(quarter))
    goals.check_in(quarter, own, 40, 92)
    quarter.do(CloseCycle(cycle=CYCLE, close_objectives=True, effective_at=day(92)))
    assert _current(quarter) == [(40, 0.4, 0.4)]
    goals.check_in(quarter, own, 60, 92, reason="Counted again.")
    assert _current(quarter) == [(60, 0.4, 0.6)]
    with pytest.raises(CommandRejected, match="Ended at"):
        goals.check_in(quarter, own, 80, 92.001, reason="Counted again.")


def test_late_facts_about_the_window_show_as_of_now_but_scores_and_verdicts_stay(quarter: AskedWorld) -> None:
    objective = _objective(quarter)
    goals.key_result(quarter, objective, kpi=KpiBy(key="kpi-0"))
    own = goals.key_result(quarter, objective)
    scored = goals.key_result(quarter, objective)
    _read(quarter, 0, 80, 20)
    check_in = goals.check_in(quarter, own, 30, 80)
    goals.check_in(quarter, scored, 80, 80)
    quarter.do(ScoreKeyResult(key_result=scored, score=0.1, effective_at=day(85)))
    quarter.do(CloseCycle(cycle=CYCLE, close_objectives=True, effective_at=day(92)))
    position, then = quarter.log.head().position, _shown(quarter)
    quarter.do(CorrectReading(reading=goals.reading(quarter, "kpi-0", 80), value=90, reason="Misread."))
    quarter.do(CorrectCheckIn(check_in=check_in, value=95, reason="Misread."))
    assert _current(quarter) == [(90, 0.2, 0.9), (95, 0.3, 0.95), (80, 0.1, 0.8)]
    (node,) = quarter.ask("{ objectives { nodes { outcome { verdict score } progress { health } } } }")["objectives"][
        "nodes"
    ]
    assert node == {"outcome": {"verdict": "MISSED", "score": pytest.approx(0.2)}, "progress": {"health": "MISSED"}}
    assert _shown(quarter, position) == then


def _effects(world: AskedWorld, *types: str) -> list[list[dict[str, Any]]]:
    """The effects of the changes of these types, in the order of the log."""
    return [one["effects"] for one in world.ask(EFFECTS, types=types)["changes"]["nodes"]]


def test_closing_and_reopening_have_an_effect_if_they_change_the_progress(quarter: AskedWorld) -> None:
    objective, measured = _objective(quarter, "Be trusted by all"), _objective(quarter, "Grow by ourselves")
    silent = goals.key_result(quarter, objective)
    goals.check_in(quarter, goals.key_result(quarter, measured), 40, 10)
    quarter.do(ScoreKeyResult(key_result=silent, score=0.6, effective_at=day(20)))
    for id in (objective, measured):
        quarter.do(CloseObjective(objective=id, effective_at=day(30)))
        quarter.do(ReopenObjective(objective=id, reason="Not yet.", effective_at=day(40)))
    appeared = {"before": None, "after": 0.6, "cause": "MOVEMENT"}
    gone = {"before": 0.6, "after": None, "cause": "MOVEMENT"}
    assert _effects(quarter, "ObjectiveClosed", "ObjectiveReopened") == [[appeared], [gone], [], []]


def test_reopening_a_dropped_objective_is_scope(quarter: AskedWorld) -> None:
    objective = _objective(quarter)
    goals.key_result(quarter, objective, kpi=KpiBy(key="kpi-0"))
    _read(quarter, 0, 10, 20)
    _read(quarter, 0, 30, 70)
    quarter.do(DropObjective(objective=objective, reason="No.", effective_at=day(20)))
    quarter.do(ReopenObjective(objective=objective, reason="Yes.", effective_at=day(40)))
    assert _effects(quarter, "ObjectiveReopened") == [[{"before": 0.2, "after": 0.7, "cause": "SCOPE"}]]


def test_a_late_reading_from_before_the_unlinking_has_an_effect(quarter: AskedWorld) -> None:
    of = goals.key_result(quarter, _objective(quarter), kpi=KpiBy(key="kpi-0"))
    quarter.do(UnlinkKpi(key_result=of, effective_at=day(30)))
    _read(quarter, 0, 40, 90)
    _read(quarter, 0, 29, 20)
    late = [{"before": None, "after": 0.2, "cause": "MOVEMENT"}]
    assert _effects(quarter, "ReadingRecorded") == [[], late]


def test_a_reading_of_the_window_is_late_after_the_closing_and_one_after_the_window_is_not(quarter: AskedWorld) -> None:
    goals.key_result(quarter, _objective(quarter), kpi=KpiBy(key="kpi-0"))
    closed_early = _objective(quarter, "Grow by ourselves")
    quarter.do(DefineKpi(key="kpi-1", name="Orders", effective_at=day(0)))
    goals.key_result(quarter, closed_early, kpi=KpiBy(key="kpi-1"))
    _read(quarter, 0, 10, 1)
    quarter.do(CloseObjective(objective=closed_early, effective_at=day(30)))
    quarter.do(CloseCycle(cycle=CYCLE, close_objectives=True, effective_at=day(92)))
    for row, at in ((0, 89.5), (0, 90.5), (0, 200), (1, 20), (1, 40)):
        _read(quarter, row, at, 2)
    quarter.do(CorrectReading(reading=goals.reading(quarter, "kpi-0", 10), value=7, reason="Misread."))
    assert _days(quarter, late=True) == [89.5, 20, 10]
    assert _days(quarter, late=False) == [10, 90.5, 200, 40]


def _days(world: AskedWorld, *, late: bool) -> list[float]:
    """The days of the readings and corrections that are late, or that are not, in the order of the log."""
    query = """query($late: Boolean!) { changes(first: 1000, filter: {
        late: $late, types: ["ReadingRecorded", "ReadingCorrected"]}) { nodes { late effectiveAt } } }"""
    nodes = world.ask(query, late=late)["changes"]["nodes"]
    assert all(one["late"] is late for one in nodes)
    return [(datetime.fromisoformat(one["effectiveAt"]) - day(0)) / timedelta(days=1) for one in nodes]
