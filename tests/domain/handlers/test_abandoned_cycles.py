"""Renaming cycles, and abandoning those that were never activated."""

import pytest

from domain.commands.command import Command, CycleBy
from domain.commands.cycle_commands import AbandonCycle, ActivateCycle, CloseCycle, OpenCycle, RenameCycle
from domain.commands.key_result_commands import CheckIn
from domain.commands.objective_commands import (
    CarryObjective,
    CommitObjective,
    DraftObjective,
    DropObjective,
    ReopenObjective,
)
from domain.commands.permissions import Author, Role
from domain.model.cycle import Cycle, CycleAbandoned, CycleRenamed
from domain.model.objective import ObjectiveDropped
from domain.primitives.values import CycleState, Source, Visibility
from tests.domain.given_goals import (
    BEN,
    KEY_RESULT,
    OBJECTIVE,
    OTHER,
    Q1,
    Q1_ID,
    Q2,
    SALES,
    YEAR,
    added,
    ben,
    closed,
    drafted,
    opened,
    opened_q2,
    opened_year,
    other,
    sales,
    working,
)
from tests.domain.scenario import called, given, made, on

abandoned = AbandonCycle(cycle=Q1, reason="mistyped")
planning = (opened, opened_q2, drafted, added, other)


def test_a_cycle_is_renamed_until_it_has_ended() -> None:
    renamed = RenameCycle(cycle=Q1, name="First quarter")
    given(opened).when(renamed).then(CycleRenamed(name="First quarter"))
    given(*working).when(renamed).then(CycleRenamed(name="First quarter"))
    given(*working, closed).when(renamed).then_refused("CLOSED", "cycle")
    given(opened, abandoned).when(renamed).then_refused("CLOSED", "cycle")


def test_abandoning_a_cycle_drops_its_drafts() -> None:
    then = given(*planning).when(abandoned)
    then.then(ObjectiveDropped(), ObjectiveDropped(), CycleAbandoned())
    assert then.aggregate(Cycle, Q1_ID).state is CycleState.ABANDONED


def test_abandoning_keeps_what_was_dropped_before() -> None:
    dropped = DropObjective(objective=OTHER, reason="no")
    given(*planning, dropped).when(abandoned).then(ObjectiveDropped(), CycleAbandoned())


def test_only_a_cycle_in_planning_is_abandoned() -> None:
    refused = given(*working).when(abandoned).then_refused("CONFLICT", "cycle")
    assert refused.problems[0].rule == "CYCLE_ACTIVATED"
    given(*working, closed).when(abandoned).then_refused("CLOSED", "cycle")


def test_a_cycle_with_an_active_objective_is_not_abandoned() -> None:
    base = given(*planning, CommitObjective(objective=OBJECTIVE))
    refused = base.when(abandoned).then_refused("CONFLICT", "cycle", "Still active: 'Delight the people who use us'.")
    assert refused.problems[0].rule == "OBJECTIVES_STILL_ACTIVE"
    assert "closeObjectives" not in refused.message


def test_the_titles_of_private_objectives_are_not_told() -> None:
    secret = DraftObjective(cycle=Q1, title="Quietly", team=SALES, visibility=Visibility.TEAM)
    lead = Author(f"person:{BEN}", Source.API, frozenset({Role.LEAD}))
    base = given(ben, sales, *planning, called("secret", secret), CommitObjective(objective=made("secret")))
    assert "Quietly" not in base.when(abandoned, lead).then_refused("CONFLICT", "cycle").message


@pytest.mark.parametrize(
    "command",
    [
        ActivateCycle(cycle=Q1),
        CloseCycle(cycle=Q1),
        DraftObjective(cycle=Q1, title="Be heard"),
        ReopenObjective(objective=OBJECTIVE, reason="after all"),
        CheckIn(key_result=KEY_RESULT, value=1),
        CarryObjective(objective=made("later"), into=Q1),
        OpenCycle(key="m1", name="M1", starts_on=opened.starts_on, ends_on=opened.starts_on, parent=Q1),
    ],
)
def test_an_abandoned_cycle_never_comes_back(command: Command) -> None:
    later = called("later", DraftObjective(cycle=Q2, title="Be heard"))
    given(*planning, later, abandoned).when(command).then_refused("CLOSED")


def test_the_key_of_an_abandoned_cycle_stays_taken() -> None:
    given(*planning, abandoned).when(opened).then_refused("DUPLICATE", "key")


def test_dropped_drafts_can_be_carried_into_another_cycle() -> None:
    carried = given(*planning, on(2, 1), abandoned).when(CarryObjective(objective=OBJECTIVE, into=Q2))
    assert carried.topics() == ["objective-drafted", "key-result-added"]


def test_a_cycle_may_overlap_an_abandoned_one_of_the_same_parent() -> None:
    wrong = OpenCycle(key="q", name="Q1", starts_on=opened.starts_on, ends_on=opened.ends_on, parent=YEAR)
    right = OpenCycle(key="q1", name="Q1", starts_on=opened.starts_on, ends_on=opened.ends_on, parent=YEAR)
    base = given(opened_year, wrong)
    base.when(right).then_refused("CONFLICT", "startsOn")
    assert base.when(AbandonCycle(cycle=CycleBy(key="q"), reason="mistyped")).topics() == ["cycle-abandoned"]
    assert base.when(right).topics() == ["cycle-opened"]


def test_an_objective_that_is_drafted_meanwhile_is_dropped_too() -> None:
    base = given(*planning).meanwhile("append", DraftObjective(cycle=Q1, title="Be heard"))
    assert base.when(abandoned).topics().count("objective-dropped") == 3
