"""Objectives that are private to their team: closing and carrying others discloses nothing of them."""

from uuid import UUID

import pytest
from msgspec import structs

from domain.commands.command import Command
from domain.commands.key_result_commands import AddKeyResult, CheckIn
from domain.commands.objective_commands import (
    AlignObjective,
    AssignObjective,
    CarryObjective,
    CommitObjective,
    DraftObjective,
    SetObjectiveVisibility,
)
from domain.commands.permissions import Author, Role
from domain.model.objective import Objective, ObjectiveClosed
from domain.primitives.values import Source, Verdict, Visibility
from tests.domain.given_goals import (
    BEN,
    NORTH,
    OBJECTIVE,
    OTHER,
    Q1,
    Q2,
    THIRD,
    ZERO_TO_TEN,
    activated,
    ben,
    closed,
    drafted,
    finished,
    in_february,
    north,
    objective_ref,
    opened,
    opened_q2,
    sales,
    third,
)
from tests.domain.scenario import AUTHOR, called, given, made, on
from tests.metric_input import as_input

AS_MEMBER = Author(f"person:{BEN}", Source.API, frozenset({Role.MEMBER}))
AS_LEAD = Author(f"person:{BEN}", Source.API, frozenset({Role.LEAD}))

# Ben owns OBJECTIVE, which has no key results. OTHER is private to the north, which Ben is no member of, and at 0.37.
company = (ben, sales, north, opened, opened_q2, structs.replace(drafted, owner=BEN))
of_north = DraftObjective(cycle=Q1, title="Be known in the north", team=NORTH, visibility=Visibility.TEAM)
private = called("other", structs.replace(of_north, supports=[objective_ref()]))
shown = SetObjectiveVisibility(objective=OTHER, visibility=Visibility.WORKSPACE)
hidden = SetObjectiveVisibility(objective=OTHER, visibility=Visibility.TEAM)


def measured(objective: UUID, value: float) -> tuple[Command, Command]:
    """A new key result of an objective, and a check-in on it."""
    name = f"of {objective}"
    added = called(name, AddKeyResult(objective=objective, title="Visits", metric=as_input(ZERO_TO_TEN)))
    return added, CheckIn(key_result=made(name), value=value, measured_at=on(2, 1))


supported = (*company, private, activated, in_february, *measured(OTHER, 3.7))

# ── closing ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("author", [AS_MEMBER, AS_LEAD, AUTHOR])
def test_default_score_leaves_out_private_supporters_regardless_of_who_closes(author: Author) -> None:
    given(*supported).when(finished, by=author).then(ObjectiveClosed(verdict=None, score=None))
    aligned = AlignObjective(objective=THIRD, to=objective_ref())
    base = given(*supported, third, CommitObjective(objective=THIRD), aligned, *measured(THIRD, 8))
    base.when(finished, by=author).then(ObjectiveClosed(verdict=Verdict.PARTIAL, score=0.8))


def test_default_score_leaves_out_private_objectives_below_a_supporter() -> None:
    support = AlignObjective(objective=THIRD, to=objective_ref())
    below = called("other", structs.replace(of_north, supports=[objective_ref(THIRD)]))
    history = (*company, third, support, below, activated, in_february, *measured(OTHER, 3.7))
    assert given(*history).when(finished, by=AS_MEMBER).the(ObjectiveClosed).score is None
    assert given(*history, shown).when(finished, by=AS_MEMBER).the(ObjectiveClosed).score == 0.37


def test_default_score_follows_the_present_visibility_of_supporters() -> None:
    in_march = (on(3, 1), structs.replace(shown, effective_at=on(3, 1)))
    before = structs.replace(finished, effective_at=on(2, 20))
    assert given(*supported, *in_march).when(before).the(ObjectiveClosed).score == 0.37
    assert given(*supported, *in_march, hidden).when(before).the(ObjectiveClosed).score is None


def test_cycle_closes_its_objectives_without_the_figures_of_private_supporters() -> None:
    then = given(*supported).when(closed, by=AS_LEAD)
    assert then.aggregate(Objective, OBJECTIVE).outcome == (None, None, None)
    assert then.aggregate(Objective, OTHER).outcome == (Verdict.MISSED, 0.37, None)


def test_private_objective_is_scored_by_its_own_key_results() -> None:
    finished_other = structs.replace(finished, objective=OTHER)
    assert given(*supported).when(finished_other).the(ObjectiveClosed).score == 0.37


# ── carrying ─────────────────────────────────────────────────────────────────────────────────────


def test_second_carrying_refers_to_the_first_copy_only_if_the_author_sees_it() -> None:
    carried = called("copy", CarryObjective(objective=OBJECTIVE, into=Q2))
    assigned = AssignObjective(objective=made("copy"), owner=None, team=NORTH)
    of_copy = SetObjectiveVisibility(objective=made("copy"), visibility=Visibility.TEAM)
    base = given(*company, carried, assigned)
    again = structs.replace(carried, idempotency_key=None)
    base.when(again, by=AS_MEMBER).then_refused("DUPLICATE", "into", "edit that one")
    base.when(of_copy)
    refused = base.when(again, by=AS_MEMBER).then_refused("DUPLICATE", "into", "choose another cycle")
    assert "that one" not in refused.message
    base.when(again).then_refused("DUPLICATE", "into", "edit that one")
