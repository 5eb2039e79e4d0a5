"""Objectives that take their value from those that support them, and the order in which a cycle is closed."""

from datetime import date
from uuid import UUID

import pytest

from domain.commands.command import Command, CycleBy
from domain.commands.cycle_commands import ActivateCycle, CloseCycle, OpenCycle
from domain.commands.key_result_commands import AddKeyResult, CheckIn, DropKeyResult, ScoreKeyResult
from domain.commands.objective_commands import (
    AlignObjective,
    CloseObjective,
    CommitObjective,
    DraftObjective,
    DropObjective,
    UnalignObjective,
)
from domain.model.objective import Objective, ObjectiveClosed
from domain.primitives.values import Verdict
from tests.domain.given_goals import (
    KEY_RESULT,
    OBJECTIVE,
    OTHER,
    Q1,
    THIRD,
    YEAR,
    ZERO_TO_TEN,
    activated,
    added,
    checked_in,
    closed,
    drafted,
    dropped_key_result,
    finished,
    key_result_ref,
    objective_ref,
    opened,
    opened_q2,
    opened_year,
    other,
    third,
)
from tests.domain.scenario import Given, Then, called, given, made, on
from tests.metric_input import as_input

# OBJECTIVE has no key results; OTHER and THIRD support it and have one each
of_other = called("of other", AddKeyResult(objective=OTHER, title="Visits", metric=as_input(ZERO_TO_TEN)))
of_third = called("of third", AddKeyResult(objective=THIRD, title="Calls", metric=as_input(ZERO_TO_TEN)))
other_supports = AlignObjective(objective=OTHER, to=objective_ref())
third_supports = AlignObjective(objective=THIRD, to=objective_ref())
heading = (
    opened, drafted, other, third, of_other, of_third, other_supports, third_supports, activated, on(2, 10),
)  # fmt: skip


def measured(name: str, value: float) -> CheckIn:
    return CheckIn(key_result=made(name), value=value, measured_at=on(2, 1))


def outcome(then: Then, id: UUID = OBJECTIVE) -> object:
    return then.aggregate(Objective, id).outcome


# ── the default score ────────────────────────────────────────────────────────────────────────────


def test_default_score_is_the_mean_of_what_supports_it() -> None:
    base = given(*heading, measured("of other", 10), measured("of third", 4))
    base.when(finished).then(ObjectiveClosed(verdict=Verdict.PARTIAL, score=0.7))


def test_closed_supporters_count_with_their_score() -> None:
    closing = CloseObjective(objective=OTHER, score=0.2)
    then = given(*heading, measured("of other", 10), measured("of third", 4), closing).when(finished)
    assert then.the(ObjectiveClosed).score == pytest.approx(0.3)


def test_unmeasured_supporters_count_0() -> None:
    assert given(*heading, measured("of other", 10)).when(finished).the(ObjectiveClosed).score == 0.5
    assert given(*heading).when(finished).the(ObjectiveClosed).score == 0.0


def test_dropped_supporters_and_drafts_do_not_count() -> None:
    dropped = DropObjective(objective=THIRD, reason="no")
    assert given(*heading, measured("of other", 8), dropped).when(finished).the(ObjectiveClosed).score == 0.8
    draft = called("draft", DraftObjective(cycle=Q1, title="One more goal", supports=[objective_ref()]))
    measure = called("of draft", AddKeyResult(objective=made("draft"), title="Tries", metric=as_input(ZERO_TO_TEN)))
    history = (*heading, measured("of other", 8), measured("of third", 8), draft, measure)
    assert given(*history).when(finished).the(ObjectiveClosed).score == 0.8
    committed = CommitObjective(objective=made("draft"))
    assert given(*history, committed).when(finished).the(ObjectiveClosed).score == pytest.approx(1.6 / 3)


def test_objectives_no_longer_aligned_do_not_count() -> None:
    unaligned = UnalignObjective(objective=THIRD, from_=objective_ref())
    assert given(*heading, measured("of other", 8), unaligned).when(finished).the(ObjectiveClosed).score == 0.8


def test_dropped_key_results_of_its_own_make_room_for_supporters() -> None:
    history = (*heading, added, checked_in(1), measured("of other", 8), measured("of third", 8))
    assert given(*history).when(finished).the(ObjectiveClosed).score == 0.1
    assert given(*history, dropped_key_result).when(finished).the(ObjectiveClosed).score == 0.8


def test_support_for_one_of_its_key_results_is_no_part_of_its_value() -> None:
    aligned = AlignObjective(objective=THIRD, to=key_result_ref())
    history = (opened, drafted, added, third, of_third, aligned, activated, on(2, 10), measured("of third", 8))
    assert given(*history, dropped_key_result).when(finished).the(ObjectiveClosed).score is None


def test_value_comes_up_through_several_levels() -> None:
    below = AlignObjective(objective=THIRD, to=objective_ref(OTHER))
    history = (opened, drafted, other, third, of_third, other_supports, below, activated, on(2, 10))
    assert given(*history, measured("of third", 8)).when(finished).the(ObjectiveClosed).score == 0.8


def test_supporters_in_overlapping_cycles_count() -> None:
    yearly = called("yearly", DraftObjective(cycle=YEAR, title="Become the place to be"))
    month = CycleBy(key="february")
    opened_month = OpenCycle(key="february", name="F", starts_on=date(2026, 2, 1), ends_on=date(2026, 2, 28))
    monthly = called("monthly", DraftObjective(cycle=month, title="Go there", supports=[objective_ref(made("yearly"))]))
    of_monthly = called("of monthly", AddKeyResult(objective=made("monthly"), title="Go", metric=as_input(ZERO_TO_TEN)))
    history = (
        opened_year, opened_month, opened_q2, yearly, monthly, of_monthly, ActivateCycle(cycle=month),
        ActivateCycle(cycle=YEAR), on(2, 10), measured("of monthly", 6),
    )  # fmt: skip
    closing = CloseObjective(objective=made("yearly"))
    assert given(*history).when(closing).the(ObjectiveClosed).score == 0.6


def test_objective_that_can_have_no_score_is_closed_without_one() -> None:
    base = given(opened, drafted, activated)
    base.when(finished).then(ObjectiveClosed())
    assert outcome(given(opened, drafted, activated).when(CloseObjective(objective=OBJECTIVE, score=0.9))) == (
        Verdict.PARTIAL,
        0.9,
        None,
    )
    achieved = CloseObjective(objective=OBJECTIVE, verdict=Verdict.ACHIEVED)
    assert outcome(given(opened, drafted, activated).when(achieved)) == (Verdict.ACHIEVED, None, None)


def test_supporters_that_can_have_no_value_are_left_out() -> None:
    empty = called("empty", DraftObjective(cycle=Q1, title="Nothing yet", supports=[objective_ref()]))
    committed = CommitObjective(objective=made("empty"))
    history = (*heading, measured("of other", 8), measured("of third", 8), empty, committed)
    assert given(*history).when(finished).the(ObjectiveClosed).score == 0.8
    closed_empty = CloseObjective(objective=made("empty"))
    assert given(*history, closed_empty).when(finished).the(ObjectiveClosed).score == 0.8


def test_supporter_that_ended_below_counts_as_it_stood_at_its_end() -> None:
    below = AlignObjective(objective=THIRD, to=objective_ref(OTHER))
    history = (opened, drafted, other, third, of_third, other_supports, below, activated, on(2, 10))
    closing = CloseObjective(objective=THIRD, score=0.1)
    then = given(*history, measured("of third", 8), closing).when(finished)
    assert then.the(ObjectiveClosed).score == 0.8  # the progress of what is open, which a score does not change


def test_key_result_that_a_person_scored_and_nobody_measured_counts_its_score_once_ended() -> None:
    below = AlignObjective(objective=THIRD, to=objective_ref(OTHER))
    scored = ScoreKeyResult(key_result=made("of third"), score=0.5)
    history = (opened, drafted, other, third, of_third, other_supports, below, activated, on(2, 10), scored)
    assert given(*history).when(finished).the(ObjectiveClosed).score == 0.0
    assert given(*history, CloseObjective(objective=THIRD)).when(finished).the(ObjectiveClosed).score == 0.5


# ── concurrency ──────────────────────────────────────────────────────────────────────────────────


def concurrently(base: Given, command: Command) -> Then:
    """Close the objective while another command is recorded."""
    return base.meanwhile("append", command).when(finished)


def test_concurrent_check_in_on_a_supporter_is_included() -> None:
    base = given(*heading, measured("of other", 8))
    assert outcome(concurrently(base, measured("of third", 2))) == (Verdict.MISSED, 0.5, None)


def test_concurrent_new_supporter_is_included() -> None:
    unaligned = UnalignObjective(objective=THIRD, from_=objective_ref())
    base = given(*heading, measured("of other", 8), measured("of third", 2), unaligned)
    then = concurrently(base, third_supports)
    assert outcome(then) == (Verdict.MISSED, 0.5, None)


def test_concurrent_closing_of_a_supporter_is_included() -> None:
    base = given(*heading, measured("of other", 8), measured("of third", 8))
    assert outcome(concurrently(base, CloseObjective(objective=THIRD, score=0.2))) == (Verdict.MISSED, 0.5, None)


def test_concurrent_drop_of_a_supporters_key_result_is_included() -> None:
    base = given(*heading, measured("of other", 8), measured("of third", 4))
    dropped = DropKeyResult(key_result=made("of third"), reason="no")
    assert outcome(concurrently(base, dropped)) == (Verdict.PARTIAL, 0.8, None)


# ── closing a cycle ──────────────────────────────────────────────────────────────────────────────


def closed_titles(then: Then) -> list[str]:
    """The titles of the closed objectives, in the order of the log."""
    events = [then.given.log.event(entry) for entry in then.entries]
    closings = [event for event in events if isinstance(event, ObjectiveClosed)]
    return [then.aggregate(Objective, event.originator_id).title for event in closings]


def test_cycle_closes_its_objectives_parts_before_wholes() -> None:
    then = given(*heading, measured("of other", 10), measured("of third", 4)).when(closed)
    assert closed_titles(then) == [third.title, other.title, drafted.title]
    assert outcome(then) == (Verdict.PARTIAL, 0.7, None)
    assert then.topics()[-1] == "cycle-closed"


def test_chain_of_objectives_closes_from_below() -> None:
    below = AlignObjective(objective=OBJECTIVE, to=objective_ref(THIRD))
    up = AlignObjective(objective=THIRD, to=objective_ref(OTHER))
    history = (opened, other, third, drafted, added, up, below, activated, on(2, 10), checked_in(8))
    then = given(*history).when(closed)
    assert closed_titles(then) == [drafted.title, third.title, other.title]
    assert outcome(then, OTHER) == (Verdict.PARTIAL, 0.8, None)


def test_wholes_close_by_the_scores_of_their_parts() -> None:
    scored = ScoreKeyResult(key_result=made("of other"), score=1.0)
    then = given(*heading, measured("of other", 2), measured("of third", 4), scored).when(closed)
    assert outcome(then) == (Verdict.PARTIAL, 0.7, None)


def test_supporters_of_a_key_result_close_first() -> None:
    aligned = AlignObjective(objective=THIRD, to=key_result_ref())
    history = (opened, drafted, added, third, of_third, aligned, activated, on(2, 10))
    then = given(*history).when(CloseCycle(cycle=Q1, close_objectives=True))
    assert closed_titles(then) == [third.title, drafted.title]
    assert KEY_RESULT in {entry.row.originator_id for entry in then.entries}
