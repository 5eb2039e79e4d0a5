"""The retrospective of the quarter in `quarter`, with every number computed by hand."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from domain.commands.command import KpiBy
from domain.commands.cycle_commands import ActivateCycle, AdoptScoringPolicy, CloseCycle
from domain.commands.discussion_commands import Reflect
from domain.commands.key_result_commands import (
    CorrectCheckIn,
    DropKeyResult,
    LinkKpi,
    PlanKeyResult,
    RescheduleKeyResult,
    ScoreKeyResult,
    UnlinkKpi,
)
from domain.commands.kpi_commands import (
    CorrectReading,
    DefineKpi,
    ReadingInput,
    RecordReadings,
    RedefineKpi,
    RetractReading,
    SetKpiTargets,
)
from domain.commands.objective_commands import CloseObjective
from domain.commands.workspace_commands import SetCalendar
from domain.primitives.values import Cadence, Kind, KpiTarget, ObjectiveKind, PlanPoint, Ref, ReflectionKind
from tests.api.retrospective.conftest import made
from tests.api.retrospective.quarter_by_hand import planned, run_quarter
from tests.api.schema import goals
from tests.api.schema.goals import CYCLE, check_in, day, rise
from tests.asking import AskedWorld

BY_KEY = '(cycle: {key: "2026-q1"})'
FIGURES = """
    isFinal plan { at position } outcome { at position }
    attainment { againstOriginal againstFinal score }
    attribution { initial movement goalpost scope final explain { amount cause change { position } } }
    objectives {
        presence objective { title progress { value } } planned { title progress { value } }
        attainment { againstOriginal againstFinal score }
        attribution { initial movement goalpost scope final explain { cause before after amount change { position } } }
        keyResults {
            presence revisions keyResult { title metric { target } } planned { title metric { target } }
            attainment { againstOriginal againstFinal score }
        }
    }
    goalposts { position reason before { target } after { target } daysBeforeClose }
    silences { keyResult { title } from to days }
    calibration { summary count stated hit brier buckets { lower upper count stated hit } }
    kpis(all: true) { kpi { key } before after change statusBefore statusAfter }
"""


def look(world: AskedWorld, fields: str = FIGURES, **asked: Any) -> dict[str, Any]:
    query = f'query($known: DateTime) {{ retrospective(cycle: {{key: "2026-q1"}}, known: $known) {{ {fields} }} }}'
    found: dict[str, Any] = world.ask(query, **asked)["retrospective"]
    return found


def nearly(*figures: float | None) -> Any:
    return [figure if figure is None else pytest.approx(figure, abs=1e-9) for figure in figures]


def by_title(world: AskedWorld) -> dict[str, dict[str, Any]]:
    """Objectives and key results by title."""
    objectives = look(world)["objectives"]
    parts = {part["keyResult"]["title"]: part for one in objectives for part in one["keyResults"]}
    return {one["objective"]["title"]: one for one in objectives} | parts


# ── attainment and presence ───────────────────────────────────────────────────────────────────────

WIN, GROW, QUICK = "Win the hearts of users", "Grow in the north", "Be quicker"

KEY_RESULTS = [
    # title, presence, against original, against final, score, revisions
    ("a1", "KEPT", 0.45, 0.9, 0.9, 1),  # 45 of 100, as planned; of 50, as it was retargeted
    ("a2", "DROPPED", 0.2, 0.2, None, 1),  # 10 of 50, when it was dropped; reweighed
    ("a3", "ADDED_LATER", None, 0.5, 0.5, 0),  # 5 of 10
    ("b1", "DROPPED", 0.2, 0.2, None, 0),  # 2 of 10, and dropped with its objective
    ("c1", "ADDED_LATER", None, 0.75, 0.75, 1),  # 3 of 4; rescheduled
]
OBJECTIVES = [
    # title, presence, against original, against final, score
    (WIN, "KEPT", 0.325, 0.7, 0.7),  # (0.45 + 0.2) / 2 by the weights planned; (0.9 + 0.5) / 2 without a2
    (GROW, "DROPPED", 0.2, 0.2, None),
    (QUICK, "ADDED_LATER", None, 0.75, 0.75),
]


@pytest.fixture(scope="module")
def closed(server: str) -> Iterator[AskedWorld]:
    """The quarter, for tests that only read."""
    with made(server) as world:
        run_quarter(world)
        yield world


def test_key_result_attainment_against_plan_and_final_targets(closed: AskedWorld) -> None:
    found = by_title(closed)
    for title, presence, original, final, score, revisions in KEY_RESULTS:
        one = found[title]
        assert (one["presence"], one["revisions"]) == (presence, revisions), title
        assert list(one["attainment"].values()) == nearly(original, final, score), title
        assert (one["planned"] is None) == (presence == "ADDED_LATER"), title


def test_objective_attainment_against_plan_and_final_goals(closed: AskedWorld) -> None:
    found = by_title(closed)
    for title, presence, original, final, score in OBJECTIVES:
        one = found[title]
        assert one["presence"] == presence, title
        assert list(one["attainment"].values()) == nearly(original, final, score), title
        assert one["attainment"]["againstFinal"] == one["objective"]["progress"]["value"], title


def test_objective_dropped_before_the_plan_is_excluded(closed: AskedWorld) -> None:
    assert [one["objective"]["title"] for one in look(closed)["objectives"]] == [WIN, GROW, QUICK]


def test_dropped_key_result_keeps_its_attainment(world: AskedWorld) -> None:
    own = planned(world)
    users = KpiBy(key="users")
    world.do(LinkKpi(key_result=own["b1"], kpi=users, effective_at=day(2)))
    read = [ReadingInput(kpi=users, value=value, measured_at=day(at)) for value, at in ((4, 20), (9, 60))]
    world.do(RecordReadings(readings=read))
    world.do(DropKeyResult(key_result=own["b1"], reason="Enough.", effective_at=day(30)))
    assert list(by_title(world)["b1"]["attainment"].values()) == [0.4, 0.4, None]


def test_retrospective_shows_planned_and_actual_metrics(closed: AskedWorld) -> None:
    a1 = by_title(closed)["a1"]
    assert (a1["planned"]["metric"]["target"], a1["keyResult"]["metric"]["target"]) == (100, 50)


def test_cycle_attainment_covers_all_planned_objectives(closed: AskedWorld) -> None:
    # Planned were A and B: (0.325 + 0.2) / 2. Left are A and C: (0.7 + 0.75) / 2.
    assert list(look(closed)["attainment"].values()) == nearly(0.2625, 0.725, 0.725)


# ── attribution ───────────────────────────────────────────────────────────────────────────────────

EXPLANATION = [
    # A after each event that changed it                                     booked to
    (0.1, "MOVEMENT", 0.1),  # day 8: a1 at 20 of 100, a2 not measured: (0.2 + 0) / 2
    (0.2, "MOVEMENT", 0.1),  # day 8: a2 at 10 of 50: (0.2 + 0.2) / 2
    (0.3, "MOVEMENT", 0.1),  # day 15: a1 at 40 of 100: (0.4 + 0.2) / 2
    (0.5, "GOALPOST", 0.2),  # day 20: a1 to be 50: (0.8 + 0.2) / 2
    (0.35, "SCOPE", -0.15),  # day 30: a2 counts 3: (0.8 + 3 · 0.2) / 4
    (0.28, "SCOPE", -0.07),  # day 35: a3 is added and not measured: (0.8 + 3 · 0.2 + 0) / 5
    (0.38, "MOVEMENT", 0.1),  # day 40: a3 at 5 of 10: (0.8 + 3 · 0.2 + 0.5) / 5
    (0.65, "SCOPE", 0.27),  # day 50: a2 is dropped: (0.8 + 0.5) / 2
    (0.7, "MOVEMENT", 0.05),  # day 80: a1 at 45 of 50: (0.9 + 0.5) / 2
]
ATTRIBUTIONS = [
    # title, initial, movement, goalpost, scope, final
    (WIN, 0, 0.45, 0.2, 0.05, 0.7),
    (GROW, 0, 0.2, 0, 0, 0.2),
    (QUICK, 0, 0.75, 0, 0, 0.75),
]


def test_every_change_of_progress_is_attributed_to_its_cause(closed: AskedWorld) -> None:
    explained = by_title(closed)[WIN]["attribution"]["explain"]
    assert [(one["after"], one["cause"], one["amount"]) for one in explained] == [
        (pytest.approx(after), cause, pytest.approx(amount)) for after, cause, amount in EXPLANATION
    ]


def test_attribution_adds_up_from_plan_to_outcome(closed: AskedWorld) -> None:
    found = by_title(closed)
    for title, *figures in ATTRIBUTIONS:
        attribution = found[title]["attribution"]
        attributed = [attribution[name] for name in ("initial", "movement", "goalpost", "scope", "final")]
        assert attributed == nearly(*figures), title


CYCLE_EXPLANATION = [
    # the cause and the amount of each change of the cycle's mean
    ("MOVEMENT", 0.1 / 2),  # day 8: A by 0.1; in the mean are A and B
    ("MOVEMENT", 0.1 / 2),  # day 8: A by 0.1
    ("MOVEMENT", 0.2 / 2),  # day 10: B by 0.2
    ("MOVEMENT", 0.1 / 2),  # day 15: A by 0.1
    ("SCOPE", 0.5 / 3 - 0.5 / 2),  # day 20: C can have a value from c1 on: (0.3 + 0.2 + 0) / 3
    ("GOALPOST", 0.2 / 3),  # day 20: A by 0.2
    ("SCOPE", -0.15 / 3),  # day 30: A by -0.15
    ("MOVEMENT", 0.75 / 3),  # day 30: C by 0.75
    ("SCOPE", -0.07 / 3),  # day 35: A by -0.07
    ("MOVEMENT", 0.1 / 3),  # day 40: A by 0.1
    ("SCOPE", 0.27 / 3),  # day 50: A by 0.27
    ("SCOPE", 1.4 / 2 - 1.6 / 3),  # day 60: B is dropped: (0.65 + 0.75) / 2
    ("MOVEMENT", 0.05 / 2),  # day 80: A by 0.05
]


def test_cycle_attribution_walks_the_mean_of_the_cycle(closed: AskedWorld) -> None:
    whole = look(closed)["attribution"]
    booked = [(one["cause"], one["amount"]) for one in whole["explain"]]
    assert booked == [(cause, pytest.approx(amount)) for cause, amount in CYCLE_EXPLANATION]
    attributed = [whole[name] for name in ("initial", "movement", "goalpost", "scope", "final")]
    sums = [
        sum(amount for cause, amount in CYCLE_EXPLANATION if cause == one) for one in ("MOVEMENT", "GOALPOST", "SCOPE")
    ]
    assert attributed == nearly(0, *sums, 0.725)


def test_attribution_names_the_causing_event(closed: AskedWorld) -> None:
    asked = "attribution { explain { objective { title } change { __typename reason subject { __typename } } } }"
    kinds = [
        (one["objective"]["title"], one["change"]["__typename"])
        for one in look(closed, asked)["attribution"]["explain"]
    ]
    assert kinds == [
        (WIN, "KeyResultCheckedIn"),
        (WIN, "KeyResultCheckedIn"),
        (GROW, "KeyResultCheckedIn"),
        (WIN, "KeyResultCheckedIn"),
        (QUICK, "KeyResultAdded"),
        (WIN, "KeyResultRetargeted"),
        (WIN, "KeyResultReweighed"),
        (QUICK, "KeyResultCheckedIn"),
        (WIN, "KeyResultAdded"),
        (WIN, "KeyResultCheckedIn"),
        (WIN, "KeyResultDropped"),
        (GROW, "ObjectiveDropped"),
        (WIN, "KeyResultCheckedIn"),
    ]


def test_linking_a_kpi_is_goalpost_and_its_readings_are_movement(world: AskedWorld) -> None:
    own = planned(world)
    check_in(world, own["b1"], 2, 10)
    users = KpiBy(key="users")
    world.do(RecordReadings(readings=[ReadingInput(kpi=users, value=5, measured_at=day(20))]))
    world.do(LinkKpi(key_result=own["b1"], kpi=users, effective_at=day(20)))
    world.do(RecordReadings(readings=[ReadingInput(kpi=users, value=9, measured_at=day(30))]))
    world.do(RetractReading(reading=goals.reading(world, "users", 30), reason="Wrong sheet."))
    explained = by_title(world)[GROW]["attribution"]["explain"]
    assert [(one["cause"], one["after"]) for one in explained] == [
        ("MOVEMENT", 0.2), ("GOALPOST", 0.5), ("MOVEMENT", 0.9), ("MOVEMENT", 0.5),
    ]  # fmt: skip
    assert by_title(world)["b1"]["attainment"]["againstFinal"] == 0.5  # read in the very moment of the link


def test_reading_retracted_before_the_plan_has_no_effect(world: AskedWorld) -> None:
    goals.cycle(world)
    users = KpiBy(id=world.record(DefineKpi(key="users", name="Users", effective_at=day(0))))
    of = goals.key_result(world, goals.objective(world), kpi=users)
    world.do(RecordReadings(readings=[ReadingInput(kpi=users, value=50, measured_at=day(0.5))]))
    world.do(RetractReading(reading=goals.reading(world, "users", 0.5), reason="Wrong sheet."))
    world.do(ActivateCycle(cycle=CYCLE, effective_at=day(1)))
    check_in(world, of, None, 8, confidence=0.5)
    attribution = look(world)["objectives"][0]["attribution"]
    assert (attribution["initial"], attribution["final"], attribution["explain"]) == (0, 0, [])


# ── goalposts, silences, calibration and KPIs ─────────────────────────────────────────────────────


def test_goalposts_are_metric_changes_after_the_plan(closed: AskedWorld) -> None:
    (goalpost,) = look(closed)["goalposts"]
    assert goalpost["reason"] == "The market shrank."
    assert (goalpost["before"]["target"], goalpost["after"]["target"]) == (100, 50)
    assert goalpost["daysBeforeClose"] == 70  # from 21 January to 31 March, both included


CHANGES = """goalpostChanges(first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor } nodes {
    __typename effectiveAt reason subject { ... on KeyResult { title } }
    ... on KeyResultRetargeted { before { target } after { target } daysBeforeClose }
    ... on KeyResultRescheduled { beforeDue afterDue beforePlan { value } afterPlan { value } daysBeforeClose }
    ... on KeyResultPlanned { beforePlan { value } afterPlan { value } daysBeforeClose }
} }"""


def changes(world: AskedWorld, first: int = 10, after: str | None = None) -> Any:
    """A page of the goalposts of the quarter."""
    retrospective = f'retrospective(cycle: {{key: "2026-q1"}}) {{ {CHANGES} }}'
    query = f"query($first: Int, $after: String) {{ {retrospective} }}"
    return world.ask(query, first=first, after=after)["retrospective"]["goalpostChanges"]


def test_goalpost_changes_are_retargets_reschedules_and_plan_edits_after_the_plan(world: AskedWorld) -> None:
    own = planned(world)
    for at, value in ((30, 10.0), (85, 2.0)):
        points = [PlanPoint(day(88).date(), value)]
        world.do(PlanKeyResult(key_result=own["a1"], points=points, reason="The fair.", effective_at=day(at)))
    due = RescheduleKeyResult(key_result=own["a2"], due=day(80).date(), reason="Ready.", effective_at=day(40))
    world.do(due)
    first = changes(world, first=2)
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (3, True)
    (last,) = changes(world, after=first["pageInfo"]["endCursor"])["nodes"]
    found = [*first["nodes"], last]
    assert [(one["__typename"], one["subject"]["title"], one["daysBeforeClose"]) for one in found] == [
        ("KeyResultPlanned", "a1", 60), ("KeyResultPlanned", "a1", 5), ("KeyResultRescheduled", "a2", 50),
    ]  # fmt: skip
    assert (found[0]["beforePlan"], found[1]["beforePlan"]) == ([], [{"value": 10}, {"value": 100}])
    assert found[1]["afterPlan"] == [{"value": 2}, {"value": 100}]
    assert found[2]["afterDue"] == "2026-03-22"


def test_a_plan_that_is_recorded_after_the_activation_is_a_goalpost_even_if_it_took_effect_before(
    world: AskedWorld,
) -> None:
    own = planned(world)
    points = [PlanPoint(day(50).date(), 10.0)]
    world.do(PlanKeyResult(key_result=own["a1"], points=points, reason="First.", effective_at=day(0.5)))
    assert [one["daysBeforeClose"] for one in changes(world)["nodes"]] == [90]


def test_goalpost_changes_of_the_quarter_include_retargets(closed: AskedWorld) -> None:
    found = [(one["__typename"], one["reason"]) for one in changes(closed)["nodes"]]
    assert found == [("KeyResultRetargeted", "The market shrank."), ("KeyResultRescheduled", "The fair.")]


def test_goalpost_changes_include_links_to_kpis_their_ends_and_calendars(world: AskedWorld) -> None:
    own = planned(world)
    world.do(LinkKpi(key_result=own["b1"], kpi=KpiBy(key="users"), effective_at=day(2)))
    world.do(UnlinkKpi(key_result=own["b1"], effective_at=day(3)))
    world.do(SetCalendar(time_zone="Pacific/Tongatapu", effective_at=day(4)))
    query = """{ retrospective(cycle: {key: "2026-q1"}) { goalpostChanges { nodes {
        __typename ... on KeyResultLinked { daysBeforeClose } ... on KeyResultUnlinked { daysBeforeClose }
    } } } }"""
    assert world.ask(query)["retrospective"]["goalpostChanges"]["nodes"] == [
        {"__typename": "KeyResultLinked", "daysBeforeClose": 88},
        {"__typename": "KeyResultUnlinked", "daysBeforeClose": 87},
        {"__typename": "CalendarSet"},
    ]


def test_goalpost_changes_include_new_goals_and_targets_of_linked_kpis(world: AskedWorld) -> None:
    own, users = planned(world), KpiBy(key="users")
    world.do(LinkKpi(key_result=own["b1"], kpi=users, effective_at=day(2)))
    target = KpiTarget(from_=day(60).date(), target=130)
    world.do(SetKpiTargets(kpi=users, targets=[target], reason="Plan.", effective_at=day(3)))
    world.do(RedefineKpi(kpi=users, name="People", reason="Clearer.", effective_at=day(4)))
    world.do(RedefineKpi(kpi=users, goal=goals.at_least(110), reason="More.", effective_at=day(5)))
    world.do(RedefineKpi(kpi=KpiBy(key="speed"), name="Pace", reason="Clearer.", effective_at=day(31)))
    later = KpiTarget(from_=day(400).date(), target=150)
    world.do(SetKpiTargets(kpi=users, targets=[later], reason="Plan of next year.", effective_at=day(32)))
    goal = goals.at_least(140)
    world.do(RedefineKpi(kpi=users, goal=goal, goal_from=day(380).date(), reason="Next year.", effective_at=day(33)))
    found = [(one["__typename"], one["effectiveAt"][:10]) for one in changes(world)["nodes"]]
    assert found == [
        ("KeyResultLinked", "2026-01-03"), ("KpiTargetsSet", "2026-01-04"), ("KpiRedefined", "2026-01-06"),
    ]  # fmt: skip


SILENCES = [
    # key result, from, to, days: longer than 10.5 days
    ("a2", 8, 50, 42),  # until it was dropped
    ("b1", 10, 60, 50),  # until its objective was dropped
    ("a1", 15, 80, 65),
    ("c1", 30, 74, 44),  # until the end of 15 March, when it was due
    ("a3", 40, 90, 50),  # until the cycle's last day was over, and not until it was closed
]


def test_silences_are_gaps_between_measurements(closed: AskedWorld) -> None:
    found = [
        (one["keyResult"]["title"], _days(one["from"]), _days(one["to"]), one["days"])
        for one in look(closed)["silences"]
    ]
    assert found == SILENCES


def silent(world: AskedWorld, title: str) -> list[tuple[float, float]]:
    """The silences of a key result, each by its first and last day."""
    found = [one for one in look(world)["silences"] if one["keyResult"]["title"] == title]
    return [(_days(one["from"]), _days(one["to"])) for one in found]


def _days(moment: str) -> float:
    return (datetime.fromisoformat(moment) - day(0)).total_seconds() / 86400


def test_readings_of_a_linked_kpi_end_a_silence(world: AskedWorld) -> None:
    own = planned(world)
    users = KpiBy(key="users")
    world.do(LinkKpi(key_result=own["b1"], kpi=users, effective_at=day(9)))
    readings = [ReadingInput(kpi=users, value=1, measured_at=day(at)) for at in (5, 18, 27)]
    world.do(RecordReadings(readings=readings))
    world.do(UnlinkKpi(key_result=own["b1"], effective_at=day(20)))
    # The readings from before the link count, those from after it do not.
    assert silent(world, "b1") == [(5, 18), (18, 90)]


def test_silences_use_the_longer_cadence_of_cycle_and_kpi(world: AskedWorld) -> None:
    own = planned(world)
    sales = KpiBy(key="sales")
    world.do(DefineKpi(key="sales", name="Sales", cadence=Cadence.MONTHLY, effective_at=day(1)))
    world.do(LinkKpi(key_result=own["b1"], kpi=sales, effective_at=day(2)))
    readings = [ReadingInput(kpi=sales, value=1, measured_at=day(at)) for at in (30, 80)]
    world.do(RecordReadings(readings=readings))
    assert silent(world, "b1") == [(30, 80)]  # longer than 46.5 days, that is 1.5 months


def test_measurements_after_the_end_do_not_end_a_silence(world: AskedWorld) -> None:
    own = planned(world)
    check_in(world, own["b1"], 2, 10)
    check_in(world, own["b1"], 3, 45)  # recorded before the closing, measured after it
    world.do(CloseObjective(objective=own["B"], effective_at=day(40)))
    assert silent(world, "b1") == [(10, 40)]


def test_a_silence_goes_on_after_a_persons_score_until_the_end(world: AskedWorld) -> None:
    own = planned(world)
    check_in(world, own["b1"], 2, 10)
    world.do(ScoreKeyResult(key_result=own["b1"], score=0.5, effective_at=day(15)))
    world.do(CloseObjective(objective=own["B"], effective_at=day(40)))
    assert silent(world, "b1") == [(10, 40)]


def test_calibration_compares_confidence_with_results(closed: AskedWorld) -> None:
    # All objectives are committed, so nothing came true: a1 at 0.9: 0.9, 0.9, 1.0; a3 at 0.5: 0.6; c1 at 0.75: 0.8.
    # a2 was dropped.
    calibration = look(closed)["calibration"]
    assert calibration["brier"] == pytest.approx((0.81 + 0.81 + 1 + 0.36 + 0.64) / 5)
    filled = {index: bucket for index, bucket in enumerate(calibration["buckets"]) if bucket["count"]}
    assert {index: (one["count"], one["stated"], one["hit"]) for index, one in filled.items()} == {
        6: (1, 0.6, 0.0),
        8: (1, 0.8, 0.0),
        9: (3, pytest.approx(2.8 / 3), 0.0),
    }
    assert len(calibration["buckets"]) == 10


def test_calibration_judges_a_key_result_by_the_kind_of_its_objective(world: AskedWorld) -> None:
    goals.cycle(world)
    for title, kind in (("Go far", ObjectiveKind.ASPIRATIONAL), ("Keep our word", ObjectiveKind.COMMITTED)):
        of = goals.key_result(world, goals.objective(world, title, kind=kind))
        check_in(world, of, 10, 0.5, confidence=0.1)  # before the plan
        world.do(ActivateCycle(cycle=CYCLE, effective_at=day(1)))
        check_in(world, of, 90, 30, confidence=0.9)
    open_ended = look(world)["calibration"]
    assert (open_ended["count"], open_ended["brier"]) == (0, None)
    world.do(CloseCycle(cycle=CYCLE, close_objectives=True, effective_at=day(91)))
    calibration = look(world)["calibration"]
    assert (calibration["count"], calibration["stated"], calibration["hit"]) == (2, pytest.approx(0.9), 0.5)
    assert calibration["brier"] == pytest.approx((0.01 + 0.81) / 2)


def test_calibration_leaves_out_what_was_said_after_the_end(world: AskedWorld) -> None:
    goals.cycle(world)
    objective = goals.objective(world)
    of = goals.key_result(world, objective)
    world.do(ActivateCycle(cycle=CYCLE, effective_at=day(1)))
    check_in(world, of, 100, 30, confidence=0.6)
    check_in(world, of, 100, 60, confidence=1)  # recorded before the closing, measured after it
    world.do(CloseObjective(objective=objective, effective_at=day(40)))
    assert look(world)["calibration"]["summary"] == "Said 60 % on average, 100 % came true (1 statement)."


def test_calibration_is_summarized_in_one_sentence(closed: AskedWorld) -> None:
    calibration = look(closed)["calibration"]
    stated, hit = (
        sum(bucket[name] * bucket["count"] for bucket in calibration["buckets"]) / calibration["count"]
        for name in ("stated", "hit")
    )
    assert calibration["count"] == sum(bucket["count"] for bucket in calibration["buckets"]) > 1
    assert (calibration["stated"], calibration["hit"]) == pytest.approx((stated, hit))
    counted = f"({calibration['count']} statements)"
    assert calibration["summary"] == f"Said {100 * stated:.0f} % on average, {100 * hit:.0f} % came true {counted}."


def test_kpis_are_compared_with_their_state_at_the_plan(closed: AskedWorld) -> None:
    assert [list(one.values())[1:] for one in look(closed)["kpis"]] == [
        [None, 5, None, "NO_DATA", "STALE"],  # speed, defined later; read 51 days before, and 46.5 are allowed
        [80, 120, 40, "BREACHED", "HEALTHY"],  # users, to be at least 100
    ]


# ── stability ─────────────────────────────────────────────────────────────────────────────────────


def test_retrospective_of_a_closed_cycle_never_changes(world: AskedWorld) -> None:
    own = run_quarter(world)
    before = look(world)
    check = check_in(world, own["a1"], 50, 85, reason="found in a drawer")
    world.do(CorrectCheckIn(check_in=check, value=48, confidence=0.1, reason="a typing error"))
    world.do(CorrectReading(reading=goals.reading(world, "users", 85), value=1, reason="a typing error"))
    world.do(AdoptScoringPolicy(score_green=0.95, stale_after_cadences=9))
    world.do(RedefineKpi(kpi=KpiBy(key="users"), goal=None, reason="No goal any more."))
    assert look(world) == before
    assert before["isFinal"]


def test_late_facts_are_shown_with_later_knowledge_only(world: AskedWorld) -> None:
    own = run_quarter(world)
    check_in(world, own["a1"], 50, 85, reason="found in a drawer")
    now = world.ask("{ basis { known } }")["basis"]["known"]
    late = look(world, known=now)
    assert not late["isFinal"]
    assert late["outcome"]["at"] == look(world)["outcome"]["at"]
    assert late["attainment"]["againstFinal"] == pytest.approx(0.75)  # a1 at 50 of 50: ((1 + 0.5) / 2 + 0.75) / 2
    assert late["attainment"]["score"] == pytest.approx(0.725)
    assert look(world)["attainment"]["againstFinal"] == pytest.approx(0.725)


def test_reflections_after_the_closing_are_included(world: AskedWorld) -> None:
    own = run_quarter(world)
    world.do(Reflect(subject=Ref(Kind.OBJECTIVE, own["A"]), kind=ReflectionKind.LEARNED, body="Ask first."))
    world.do(Reflect(subject=Ref(Kind.CYCLE, goals.cycle_id(world)), kind=ReflectionKind.WENT_WELL, body="We spoke."))
    assert [one["body"] for one in look(world, "reflections { body }")["reflections"]] == ["Ask first.", "We spoke."]


def test_retrospective_reads_the_bases_of_plan_and_outcome(closed: AskedWorld) -> None:
    shown = look(
        closed,
        """plan { at position } outcome { at position } cycle { state asOf { state } }
        objectives { objective { outcome { verdict } } planned { state outcome { verdict } } }""",
    )
    cycle = closed.ask(
        '{ cycle(by: {key: "2026-q1"}) { plan { basis { at position } } outcome { basis { at position } } } }'
    )["cycle"]
    assert (shown["plan"], shown["outcome"]) == (cycle["plan"]["basis"], cycle["outcome"]["basis"])
    assert shown["cycle"]["state"] == "CLOSED"
    assert shown["objectives"][0] == {
        "objective": {"outcome": {"verdict": "PARTIAL"}},
        "planned": {"state": "ACTIVE", "outcome": None},
    }


def test_outcome_of_an_open_cycle_is_the_present(world: AskedWorld) -> None:
    run_quarter(world, closed=False)
    shown = look(world, "isFinal outcome { isNow } objectives { objective { id entityId } } attainment { score }")
    assert (shown["isFinal"], shown["outcome"]["isNow"]) == (False, True)
    assert all(one["objective"]["id"] == one["objective"]["entityId"] for one in shown["objectives"])
    assert shown["attainment"]["score"] is None


def test_cycle_without_a_plan_has_no_retrospective(world: AskedWorld) -> None:
    query = '{ retrospective(cycle: {key: "2026-q1"}) { isFinal } }'
    assert world.code(query) == "NOT_FOUND"
    goals.cycle(world)
    assert world.code(query) == "CONFLICT"


# ── a constant number of statements ───────────────────────────────────────────────────────────────

STATEMENTS_MAX = 47
CURVES_AND_REMARKS = """
    planCurve { points { planned replanned actual } }
    objectives { planCurve { largestDistance { at } } keyResults { planCurve { largestDistance { at } } } }
    closingReflections { body } reasons { nodes { reason } } checkInNotes { nodes { note } }
    planned: kpis(all: true) { planned { key } planCurve { points { value } } }
"""


def test_statement_count_does_not_depend_on_the_number_of_goals(world: AskedWorld) -> None:
    run_quarter(world, closed=False)
    query = f"{{ retrospective{BY_KEY} {{ {FIGURES} {CURVES_AND_REMARKS} reflections {{ body }} }} }}"
    few = world.count(query)
    for number in range(6):
        of = goals.objective(world, f"One of many {number}", effective_at=day(30))
        for part in range(3):
            check_in(
                world, goals.key_result(world, of, f"{part}", effective_at=day(30), metric=rise(9)), part, 40 + part
            )
    assert world.count(query) == few
    assert few <= STATEMENTS_MAX
