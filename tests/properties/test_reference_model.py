"""The API's figures equal those of the reference model, which is written from the rules alone."""

from random import Random
from typing import Any
from uuid import UUID

import pytest
from msgspec import UNSET

from api.snapshot.global_ids import encode
from domain.commands.command import Command
from domain.commands.objective_commands import CloseObjective
from domain.model.event import Recorded
from domain.model.key_result import KeyResultRescheduled, KeyResultRetargeted, KeyResultScored
from domain.model.objective import ObjectiveClosed
from domain.primitives.values import Kind
from tests.properties.cases import Case, basis_of, on_histories, past
from tests.properties.model_answers import Flat, same
from tests.reference import attribution, plans
from tests.reference.closing import closings, default_closing
from tests.reference.entities import Basis
from tests.reference.fold import Log
from tests.reference.wholes import cycle_score

RETROSPECTIVE = """
    plan { at position } outcome { at position }
    attribution { initial movement goalpost scope final judgement }
    objectives { objective { entityId } attribution { initial movement goalpost scope final judgement } }
"""


@on_histories()
def test_figures_equal_the_reference_model_at_present_and_in_the_past(case: Case) -> None:
    for arguments in ["", *past(case, Random(case.seed))]:
        assert (arguments, case.differing(arguments)) == (arguments, {})


@on_histories()
def test_closings_record_the_scores_and_verdicts_of_the_reference_model(case: Case) -> None:
    for closed in closings(case.log):
        assert recorded_outcome(case.log, closed) == expected_outcome(case, closed)


def recorded_outcome(log: Log, closed: Recorded) -> tuple[Any, ...]:
    """Score, verdict, and the scores that the closing gave to key results, as recorded."""
    assert isinstance(closed.event, ObjectiveClosed)
    view = log.view(Basis(closed.effective_at, closed.position))
    scores = {
        one.event.originator_id: rounded(one.event.score)
        for one in log.events
        if one.by.command == closed.by.command
        and isinstance(one.event, KeyResultScored)
        and view.key_results[one.event.originator_id].objective == closed.event.originator_id
    }
    return rounded(closed.event.score), closed.event.verdict, scores


def expected_outcome(case: Case, closed: Recorded) -> tuple[Any, ...]:
    """The same by the reference model: what was given, else the default."""
    command = closing_command(case, closed)
    stated = {one.key_result: one.score for one in command.scores or []} if command else {}
    default = default_closing(case.log, closed, command.score if command else None, stated)
    before = case.log.view(Basis(closed.effective_at, closed.position))
    scores = {id: rounded(one) for id, one in default.scores.items() if not before.key_results[id].scored_by_person}
    return rounded(default.score), (command and command.verdict) or default.verdict, scores


def closing_command(case: Case, closed: Recorded) -> CloseObjective | None:
    """The command that closed the objective; None if its cycle was closed."""
    command = command_of(case, closed)
    return command if isinstance(command, CloseObjective) else None


def command_of(case: Case, recorded: Recorded) -> Command:
    """The command of the history that recorded an event."""
    return next(
        command
        for command, outcome in case.history.done
        if outcome.first is not None and outcome.last is not None and outcome.first <= recorded.position <= outcome.last
    )


def rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 9)


@on_histories()
def test_plans_on_new_terms_equal_the_reference_model(case: Case) -> None:
    for recorded in case.log.events:
        is_mapped = getattr(command_of(case, recorded), "plan", UNSET) is UNSET
        if is_mapped and isinstance(recorded.event, KeyResultRetargeted | KeyResultRescheduled):
            expected = plans.on_new_terms(case.log, recorded)
            assert [point.on for point in recorded.event.plan] == [point.on for point in expected]
            assert [point.value for point in recorded.event.plan] == pytest.approx([point.value for point in expected])


@on_histories(4)
def test_attributions_equal_the_reference_model(case: Case) -> None:
    begun = [one for one in case.log.view(case.now).cycles.values() if one.state.was_activated]
    for cycle in begun:
        assert misattributed(case, cycle.id) == {}
        assert misattributed_to_teams(case, cycle.id) == {}


def misattributed(case: Case, cycle: UUID) -> Flat:
    """The attributions of a cycle and of its objectives that differ, each with both answers."""
    id = encode(Kind.CYCLE, cycle)
    answer = retrospective(case, cycle)
    plan, outcome = basis_of(answer["plan"]), basis_of(answer["outcome"])
    view = case.log.view(outcome)
    answered = {id: answer["attribution"]}
    answered |= {one["objective"]["entityId"]: one["attribution"] for one in answer["objectives"]}
    whole = attribution.of_cycle(case.log, cycle, plan, outcome)
    expected = {id: judged(whole, cycle_score(view, view.cycles[cycle]))}
    for objective in view.objectives.values():
        if (name := encode(Kind.OBJECTIVE, objective.id)) in answered:
            of = attribution.of_objective(case.log, objective.id, plan, outcome)
            expected[name] = judged(of, objective.score)
    return {name: (answered[name], expected[name]) for name in answered if not same(answered[name], expected[name])}


def retrospective(case: Case, cycle: UUID, narrowed: str = "", fields: str = RETROSPECTIVE) -> Any:
    id = encode(Kind.CYCLE, cycle)
    return case.ask(f'retrospective(cycle: {{id: "{id}"}}{narrowed}) {{ {fields} }}')["retrospective"]


def judged(of: attribution.Attribution, score: float | None) -> dict[str, float | None]:
    """The attribution with its judgement."""
    return {**vars(of), "judgement": None if score is None else score - of.final}


def misattributed_to_teams(case: Case, cycle: UUID) -> Flat:
    """The attributions of a retrospective narrowed to a team that differ, each with both answers."""
    found: Flat = {}
    outcome = basis_of(retrospective(case, cycle, fields="outcome { at position }")["outcome"])
    for team in list(case.log.view(outcome).teams)[:2]:
        answer = retrospective(case, cycle, f', team: {{id: "{encode(Kind.TEAM, team)}"}}')
        plan = basis_of(answer["plan"])
        answered = {key: value for key, value in answer["attribution"].items() if key != "judgement"}
        expected = vars(attribution.of_team(case.log, team, cycle, plan, outcome))
        if not same(answered, expected):
            found[str(team)] = (answered, expected)
    return found
