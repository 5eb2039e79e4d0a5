"""Drafting an objective together with its key results, and committing it, in one command."""

from uuid import uuid4

import pytest
from msgspec import structs

from domain.commands.command import CycleBy, KpiBy
from domain.commands.key_result_commands import AddKeyResult, KeyResultDraft
from domain.commands.objective_commands import KEY_RESULTS_MAX, CommitObjective, DraftObjective
from domain.model.event import Event
from domain.model.key_result import KeyResult
from domain.model.objective import Objective
from domain.primitives.values import Direction, ObjectiveState
from tests.domain.given_goals import (
    ADA,
    OBJECTIVE,
    Q1,
    ZERO_TO_TEN,
    ada,
    ada_left,
    defined,
    opened,
)
from tests.domain.scenario import Given, called, given, made, on
from tests.metric_input import as_input

SESSIONS = KeyResultDraft(title="Sessions held", metric=as_input(ZERO_TO_TEN), weight=2.0, owner=ADA)
PROMOTERS = KeyResultDraft(title="Promoters", metric=as_input(ZERO_TO_TEN), kpi=KpiBy(key="nps"))
WHOLE = DraftObjective(cycle=Q1, title="Delight people", key_results=[SESSIONS, PROMOTERS], commit=True)


def bodies(done: Given) -> list[Event]:
    """The events of the log, but the first three, without the names of their streams."""
    header = {"originator_id": made("any"), "timestamp": on(1, 1)}
    events = map(done.log.event, done.log.entries_made[3:])
    bare = [structs.replace(one, **header) for one in events]
    return [structs.replace(one, objective=made("any")) if hasattr(one, "objective") else one for one in bare]


def test_objective_is_drafted_with_its_key_results_and_committed() -> None:
    done = given(opened, ada, defined).when(called("objective", WHOLE))
    assert done.topics() == ["objective-drafted", "key-result-added", "key-result-added", "objective-committed"]
    assert done.aggregate(Objective, OBJECTIVE).state is ObjectiveState.ACTIVE
    first, second = (done.aggregate(KeyResult, made("objective", nth)) for nth in (2, 3))
    assert (first.title, first.weight, first.owner, second.title) == ("Sessions held", 2.0, ADA, "Promoters")
    assert {first.objective, second.objective} == {OBJECTIVE}


def test_one_request_records_the_same_events_as_the_single_commands() -> None:
    history = (opened, ada, defined)
    singles = [AddKeyResult(objective=OBJECTIVE, **structs.asdict(one)) for one in (SESSIONS, PROMOTERS)]
    drafted = called("objective", DraftObjective(cycle=Q1, title="Delight people"))
    assert bodies(given(*history, called("objective", WHOLE))) == bodies(
        given(*history, drafted, *singles, CommitObjective(objective=OBJECTIVE))
    )


def test_all_faults_of_the_input_are_told_at_once_by_the_path_of_the_item() -> None:
    steps = as_input(structs.replace(ZERO_TO_TEN, direction=Direction.INCREASE, target=None))
    faulty = structs.replace(
        WHOLE, title=" ", key_results=[structs.replace(SESSIONS, metric=steps), structs.replace(PROMOTERS, weight=0.0)]
    )
    refused = given(opened, ada, defined).when(faulty).then_refused("INVALID")
    assert [".".join(one.field) for one in refused.problems] == [
        "title",
        "keyResults.1.weight",
        "keyResults.0.metric.target",
    ]


def test_all_faults_that_the_state_decides_are_told_at_once_by_the_path_of_the_item() -> None:
    faulty = structs.replace(
        WHOLE, owner=uuid4(), key_results=[SESSIONS, structs.replace(PROMOTERS, kpi=KpiBy(key="none"))]
    )
    refused = given(opened, ada, ada_left).when(faulty).then_refused("NOT_FOUND", "owner")
    found = [(one.code, ".".join(one.field)) for one in refused.problems]
    assert found == [("NOT_FOUND", "owner"), ("CONFLICT", "keyResults.0.owner"), ("NOT_FOUND", "keyResults.1.kpi.key")]


def test_too_many_key_results_are_refused() -> None:
    many = structs.replace(WHOLE, key_results=[SESSIONS] * (KEY_RESULTS_MAX + 1))
    given(opened, ada).when(many).then_refused("TOO_LARGE", "keyResults")


@pytest.mark.parametrize("commit", [None, False])
def test_objective_stays_a_draft_unless_it_is_committed(commit: bool | None) -> None:
    plain = DraftObjective(cycle=Q1, title="Delight people", key_results=[])
    command = plain if commit is None else structs.replace(plain, commit=commit)
    done = given(opened).when(called("objective", command))
    assert done.aggregate(Objective, OBJECTIVE).state is ObjectiveState.DRAFT


def test_unknown_cycle_is_refused_alone() -> None:
    given(ada).when(structs.replace(WHOLE, cycle=CycleBy(key="none"))).then_refused("NOT_FOUND", "cycle.key")
