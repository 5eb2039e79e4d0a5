"""Cycles: opening, activating and closing them, changes after the end, and the scoring policy."""

from datetime import date

import pytest

from domain.commands.command import Command, CycleBy, KpiBy, verb
from domain.commands.cycle_commands import ActivateCycle, AdoptScoringPolicy, CloseCycle, OpenCycle
from domain.commands.discussion_commands import AddComment, PlanInitiative, Reflect
from domain.commands.key_result_commands import (
    AddKeyResult,
    AssignKeyResult,
    CheckIn,
    CorrectCheckIn,
    DropKeyResult,
    LinkKpi,
    RescheduleKeyResult,
    RetargetKeyResult,
    ReweighKeyResult,
    RewordKeyResult,
    ScoreKeyResult,
    UnlinkKpi,
)
from domain.commands.objective_commands import (
    AlignObjective,
    AssignObjective,
    CarryObjective,
    CloseObjective,
    CommitObjective,
    DraftObjective,
    DropObjective,
    ReopenObjective,
    RewordObjective,
    UnalignObjective,
)
from domain.model.cycle import Cycle, CycleActivated, CycleClosed, CycleOpened, ScoringPolicyAdopted
from domain.model.discussion import CommentAdded, Reflected
from domain.model.key_result import KeyResult
from domain.model.measurements.check_in import CheckInCorrected, KeyResultCheckedIn
from domain.model.objective import Objective, ObjectiveCommitted
from domain.primitives.values import Cadence, CycleState, Kind, ObjectiveState, Ref, ReflectionKind, ScoringPolicy
from tests.domain.given_goals import (
    CHECK_IN,
    KEY_RESULT,
    OBJECTIVE,
    OTHER,
    Q1,
    Q1_ID,
    YEAR,
    ZERO_TO_TEN,
    ZERO_TO_TWENTY,
    activated,
    added,
    checked_in,
    closed,
    defined,
    drafted,
    in_february,
    objective_ref,
    opened,
    opened_year,
    other,
    working,
)
from tests.domain.scenario import given, on
from tests.metric_input import as_input

QUARTER = OpenCycle(key="2026-q1", name="Q1", starts_on=date(2026, 1, 1), ends_on=date(2026, 3, 31), parent=YEAR)


def within_year(key: str, starts_on: date, ends_on: date) -> OpenCycle:
    return OpenCycle(key=key, name=key, starts_on=starts_on, ends_on=ends_on, parent=YEAR)


# ── opening ──────────────────────────────────────────────────────────────────────────────────────


def test_a_cycle_is_opened_in_planning_with_a_weekly_cadence() -> None:
    then = given().when(opened)
    then.then(
        CycleOpened(
            key="2026-q1",
            name="Q1",
            starts_on=date(2026, 1, 1),
            ends_on=date(2026, 3, 31),
            check_in_cadence=Cadence.WEEKLY,
        )
    )
    assert then.aggregate(Cycle, Q1_ID).state is CycleState.PLANNING


def test_a_cycles_key_is_unique() -> None:
    given(opened).when(opened).then_refused("DUPLICATE", "key")


@pytest.mark.parametrize("key", ["", "Q1", "q 1", "-q1", "q1.", "q" * 65, "ü", "q\n1", "q1\n"])
def test_a_key_is_short_and_url_safe(key: str) -> None:
    wrong = OpenCycle(key=key, name="Q1", starts_on=date(2026, 1, 1), ends_on=date(2026, 3, 31))
    given().when(wrong).then_refused("INVALID", "key")


def test_a_cycle_does_not_end_before_it_starts() -> None:
    wrong = OpenCycle(key="q", name="Q", starts_on=date(2026, 1, 2), ends_on=date(2026, 1, 1))
    given().when(wrong).then_refused("INVALID", "endsOn")


def test_a_cycle_may_last_one_day() -> None:
    day = OpenCycle(key="q", name="Q", starts_on=date(2026, 1, 1), ends_on=date(2026, 1, 1))
    assert given().when(day).topics() == ["cycle-opened"]


def test_a_child_cycle_lies_within_its_parent() -> None:
    given(opened_year).when(within_year("q", date(2025, 12, 31), date(2026, 3, 31))).then_refused("INVALID", "startsOn")
    given(opened_year).when(within_year("q", date(2026, 10, 1), date(2027, 1, 1))).then_refused("INVALID", "startsOn")


def test_cycles_of_one_parent_do_not_overlap() -> None:
    given(opened_year, QUARTER).when(within_year("q2", date(2026, 3, 31), date(2026, 6, 30))).then_refused(
        "CONFLICT", "startsOn", "2026-q1"
    )


def test_cycles_of_one_parent_may_follow_each_other() -> None:
    then = given(opened_year, QUARTER).when(within_year("q2", date(2026, 4, 1), date(2026, 6, 30)))
    assert then.topics() == ["cycle-opened"]


def test_cycles_without_a_parent_may_overlap() -> None:
    assert given(opened).when(opened_year).topics() == ["cycle-opened"]


def test_closed_parent_cycle_accepts_no_children() -> None:
    year = (opened_year, ActivateCycle(cycle=YEAR), CloseCycle(cycle=YEAR))
    given(*year).when(QUARTER).then_refused("CLOSED")


def test_closing_a_parent_cycle_leaves_its_children_open() -> None:
    objective = DraftObjective(cycle=Q1, title="Delight the people who use us")
    closing = CloseCycle(cycle=YEAR)
    world = (opened_year, QUARTER, ActivateCycle(cycle=Q1), ActivateCycle(cycle=YEAR))
    given(*world).when(closing).then(CycleClosed())
    given(*world, closing, objective).when(CloseCycle(cycle=Q1)).then(CycleClosed())


def test_unknown_parent_is_not_found() -> None:
    given().when(QUARTER).then_refused("NOT_FOUND", "parent.key")


@pytest.mark.parametrize("by", [CycleBy(), CycleBy(id=Q1_ID, key="2026-q1")])
def test_a_cycle_is_referenced_by_either_id_or_key(by: CycleBy) -> None:
    given(opened).when(ActivateCycle(cycle=by)).then_refused("INVALID", "cycle")


def test_a_cycle_may_be_referenced_by_id() -> None:
    given(opened).when(ActivateCycle(cycle=CycleBy(id=Q1_ID))).then(CycleActivated())


# ── activating and closing ───────────────────────────────────────────────────────────────────────


def test_activating_commits_every_draft_and_then_fixes_the_plan() -> None:
    then = given(opened, drafted, other).when(activated)
    then.then(ObjectiveCommitted(), ObjectiveCommitted(), CycleActivated())
    assert then.aggregate(Objective, OBJECTIVE).state is then.aggregate(Objective, OTHER).state is ObjectiveState.ACTIVE


def test_activating_skips_dropped_drafts() -> None:
    given(opened, drafted, DropObjective(objective=OBJECTIVE, reason="no")).when(activated).then(CycleActivated())


def test_repeated_activation_does_not_commit_later_drafts() -> None:
    given(opened, activated, drafted).when(activated).then_nothing()


def test_planning_cycle_refuses_to_close() -> None:
    given(opened).when(closed).then_refused("CONFLICT", "cycle")


def test_closed_cycle_refuses_activation() -> None:
    given(opened, activated, closed).when(activated).then_refused("CLOSED")


def test_closing_is_refused_while_an_objective_is_active_and_names_it() -> None:
    given(*working).when(CloseCycle(cycle=Q1)).then_refused("CONFLICT", "cycle", "Delight the people who use us")


def test_closing_may_close_the_objectives_first() -> None:
    then = given(*working).when(closed)
    assert then.topics() == ["key-result-scored", "objective-closed", "cycle-closed"]


def test_closing_leaves_drafts_and_dropped_objectives_unchanged() -> None:
    history = (opened, drafted, activated, DropObjective(objective=OBJECTIVE, reason="no"), other)
    given(*history).when(CloseCycle(cycle=Q1)).then(CycleClosed())


def test_a_cycle_is_not_closed_as_of_a_time_before_the_last_change_in_it() -> None:
    history = (*working, on(2, 20), CloseObjective(objective=OBJECTIVE), on(3, 1))
    given(*history).when(CloseCycle(cycle=Q1, effective_at=on(2, 15))).then_refused("INVALID", "effectiveAt")
    given(*history).when(CloseCycle(cycle=Q1, effective_at=on(2, 21))).then(CycleClosed())


# ── after the end ────────────────────────────────────────────────────────────────────────────────

after_the_end = (*working, checked_in(4), closed)


@pytest.mark.parametrize(
    "command",
    [
        DraftObjective(cycle=Q1, title="One more goal"),
        AddKeyResult(objective=OBJECTIVE, title="One more measure", metric=as_input(ZERO_TO_TEN)),
        LinkKpi(key_result=KEY_RESULT, kpi=KpiBy(key="nps")),
        RewordObjective(objective=OBJECTIVE, title="Another way to put it"),
        AssignObjective(objective=OBJECTIVE, contributors=[]),
        AlignObjective(objective=OBJECTIVE, to=objective_ref(OTHER)),
        UnalignObjective(objective=OBJECTIVE, from_=objective_ref(OTHER)),
        CommitObjective(objective=OBJECTIVE),
        CloseObjective(objective=OBJECTIVE, score=1.0),
        DropObjective(objective=OBJECTIVE, reason="no"),
        ReopenObjective(objective=OBJECTIVE, reason="not done"),
        RewordKeyResult(key_result=KEY_RESULT, title="Another title"),
        AssignKeyResult(key_result=KEY_RESULT, owner=None),
        RetargetKeyResult(key_result=KEY_RESULT, metric=as_input(ZERO_TO_TWENTY), reason="easier"),
        RescheduleKeyResult(key_result=KEY_RESULT, due=date(2026, 4, 1), reason="later"),
        ReweighKeyResult(key_result=KEY_RESULT, weight=2, reason="matters more"),
        UnlinkKpi(key_result=KEY_RESULT),
        ScoreKeyResult(key_result=KEY_RESULT, score=1.0),
        DropKeyResult(key_result=KEY_RESULT, reason="no"),
        PlanInitiative(title="One more push", subject=objective_ref()),
        CarryObjective(objective=OBJECTIVE, into=Q1),
    ],
    ids=lambda command: verb(type(command)),
)
def test_closed_cycle_refuses_structural_changes(command: Command) -> None:
    given(defined, *after_the_end).when(command).then_refused("CLOSED")


def test_a_late_check_in_needs_a_reason() -> None:
    late = CheckIn(key_result=KEY_RESULT, value=9, measured_at=on(2, 5))
    given(*after_the_end).when(late).then_refused("INVALID", "reason")


def test_late_check_in_is_marked_and_changes_no_score() -> None:
    late = CheckIn(key_result=KEY_RESULT, value=10, measured_at=on(2, 5), reason="the figures came late")
    then = given(*after_the_end).when(late)
    then.then(KeyResultCheckedIn(key_result=KEY_RESULT, value=10.0, late=True))
    assert then.aggregate(KeyResult, KEY_RESULT).score == 0.4
    outcome = then.aggregate(Objective, OBJECTIVE).outcome
    assert outcome is not None and outcome[1] == 0.4


def test_a_late_correction_is_marked() -> None:
    late = CorrectCheckIn(check_in=CHECK_IN, value=5, reason="miscounted")
    given(*after_the_end).when(late).then(CheckInCorrected(value=5.0, late=True))


def test_closed_cycle_accepts_comments_and_reflections() -> None:
    cycle = Ref(Kind.CYCLE, Q1_ID)
    given(*after_the_end).when(AddComment(subject=objective_ref(), body="Well done")).then(
        CommentAdded(subject=objective_ref(), body="Well done")
    )
    given(*after_the_end).when(Reflect(subject=cycle, kind=ReflectionKind.LEARNED, body="Ask sooner")).then(
        Reflected(subject=cycle, kind=ReflectionKind.LEARNED, body="Ask sooner")
    )


# ── the scoring policy ───────────────────────────────────────────────────────────────────────────


def test_a_policy_is_changed_field_by_field() -> None:
    first = AdoptScoringPolicy(score_green=0.8)
    given().when(first).then(ScoringPolicyAdopted(policy=ScoringPolicy(score_green=0.8)))
    given(first).when(AdoptScoringPolicy(at_risk_gap=0.2)).then(
        ScoringPolicyAdopted(policy=ScoringPolicy(score_green=0.8, at_risk_gap=0.2))
    )


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (AdoptScoringPolicy(on_track_gap=0.5), "onTrackGap"),
        (AdoptScoringPolicy(score_amber=0.9), "scoreAmber"),
        (AdoptScoringPolicy(score_green=1.1), "scoreGreen"),
        (AdoptScoringPolicy(at_risk_gap=-0.1), "atRiskGap"),
        (AdoptScoringPolicy(score_green=float("nan")), "scoreGreen"),
        (AdoptScoringPolicy(stale_after_cadences=0), "staleAfterCadences"),
        (AdoptScoringPolicy(max_key_results_per_objective=0), "maxKeyResultsPerObjective"),
        (AdoptScoringPolicy(max_objectives_per_owner=0), "maxObjectivesPerOwner"),
    ],
)
def test_a_policy_whose_bands_contradict_each_other_is_refused(command: Command, field: str) -> None:
    given().when(command).then_refused("INVALID", field)


def test_verdict_follows_the_adopted_policy() -> None:
    lenient = AdoptScoringPolicy(score_green=0.4)
    then = given(lenient, opened, drafted, added, activated, in_february, checked_in(4)).when(closed)
    outcome = then.aggregate(Objective, OBJECTIVE).outcome
    assert outcome is not None and outcome[0] == "PARTIAL"
