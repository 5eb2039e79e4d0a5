"""All faults of an input are told at once, and the state of the workspace is compared with correct inputs only."""

import math
import typing
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest

from domain.commands import parsing
from domain.commands.command import Command, CycleBy, KpiBy
from domain.commands.cycle_commands import AdoptScoringPolicy, OpenCycle
from domain.commands.discussion_commands import AddComment
from domain.commands.key_result_commands import AddKeyResult, CheckIn, MetricInput, RetargetKeyResult
from domain.commands.kpi_commands import DefineKpi, ReadingInput, RecordReadings
from domain.commands.objective_commands import AssignObjective, DraftObjective, RewordObjective
from domain.commands.people_commands import AddPerson
from domain.commands.permissions import Author, Role
from domain.commands.registry import VERBS
from domain.primitives.errors import PROBLEMS_MAX, CommandRejected
from domain.primitives.values import Direction, GoalDirection, KpiGoal, Milestone, Source, Unit, Visibility
from tests.domain.given_goals import (
    ADA,
    KEY_RESULT,
    KPI,
    OBJECTIVE,
    Q1,
    ada,
    defined,
    drafted,
    objective_ref,
    opened,
    working,
)
from tests.domain.scenario import given, made, on

NOW = datetime(2026, 3, 1, tzinfo=UTC)
FALLING = MetricInput(direction=Direction.INCREASE, start=5, target=3)
UNSTORED = {"idempotency_key"}


def broken(command: Command) -> dict[str, str]:
    """The rule that each field of a command breaks, in the order of the fields."""
    with pytest.raises(CommandRejected) as refused:
        parsing.parsed(command, lambda: NOW)
    return {".".join(problem.field): problem.rule for problem in refused.value.problems}


# ── all at once ──────────────────────────────────────────────────────────────────────────────────


def test_all_faults_of_an_input_are_told_at_once() -> None:
    command = AddKeyResult(objective=OBJECTIVE, title="", weight=-1, description="\0", metric=FALLING)
    assert broken(command) == {
        "title": "TITLE_EMPTY",
        "description": "CONTROL_CHARACTER",
        "weight": "WEIGHT_NOT_POSITIVE",
        "metric.target": "METRIC_NOT_ORDERED",
    }
    refused = given(opened, drafted).when(command).then_refused("INVALID", "title")
    assert len(refused.problems) == 4


def test_faults_are_told_before_the_state_is_compared() -> None:
    refused = (
        given().when(DraftObjective(cycle=CycleBy(key="none"), title=" ", description="\0")).then_refused("INVALID")
    )
    assert [problem.rule for problem in refused.problems] == ["TITLE_EMPTY", "CONTROL_CHARACTER"]
    given().when(DraftObjective(cycle=CycleBy(key="none"), title="Grow")).then_refused("NOT_FOUND")


@pytest.mark.parametrize("roles", [{Role.AUDITOR}, {Role.MEMBER}])
def test_a_forbidden_command_says_nothing_about_its_input(roles: set[Role]) -> None:
    author = Author(f"person:{ADA}", Source.API, frozenset(roles))
    wrong = AddKeyResult(objective=OBJECTIVE, title="", weight=-1, metric=FALLING)
    (problem,) = given(ada, opened, drafted).when(wrong, by=author).then_refused("FORBIDDEN", "").problems
    assert (problem.rule, problem.parameters) == ("FORBIDDEN", {})


def test_every_field_of_a_metric_is_checked() -> None:
    metric = MetricInput(
        direction=Direction.WITHIN, start=math.nan, target=3, lower=1, upper=math.inf, change_by=0.1,
        unit=Unit(symbol="x" * 65), milestones=(Milestone("a", "A"),),
    )  # fmt: skip
    assert broken(RetargetKeyResult(key_result=KEY_RESULT, metric=metric)) == {
        "reason": "REASON_NEEDED",
        "metric.start": "NUMBER_NOT_FINITE",
        "metric.target": "METRIC_FIELD_NOT_ALLOWED",
        "metric.changeBy": "METRIC_FIELD_NOT_ALLOWED",
        "metric.upper": "NUMBER_NOT_FINITE",
        "metric.unit.symbol": "UNIT_SYMBOL_TOO_LONG",
        "metric.milestones": "METRIC_FIELD_NOT_ALLOWED",
    }


def test_every_milestone_is_checked() -> None:
    milestones = (Milestone("a b", "A"), Milestone("c", "", -1), Milestone("d", "D"), Milestone("d", "E"))
    metric = MetricInput(direction=Direction.MILESTONES, milestones=milestones)
    assert broken(AddKeyResult(objective=OBJECTIVE, title="Launch", metric=metric, kpi=KPI)) == {
        "metric.milestones.0.key": "KEY_MALFORMED",
        "metric.milestones.1.title": "TITLE_EMPTY",
        "metric.milestones.1.weight": "WEIGHT_NOT_POSITIVE",
        "metric.milestones.3.key": "MILESTONE_KEY_REPEATED",
        "kpi": "MILESTONES_NOT_LINKABLE",
    }


def test_a_metric_names_every_missing_field() -> None:
    command = AddKeyResult(objective=OBJECTIVE, title="Sell", metric=MetricInput(direction=Direction.INCREASE))
    assert broken(command) == {"metric.start": "METRIC_FIELD_MISSING", "metric.target": "METRIC_FIELD_MISSING"}


def test_a_missing_start_is_no_fault_of_an_input_with_a_kpi() -> None:
    rising = MetricInput(direction=Direction.INCREASE, target=10)
    command = AddKeyResult(objective=OBJECTIVE, title="Sell", metric=rising, kpi=KPI)
    assert parsing.parsed(command, lambda: NOW).metric == rising
    given(opened, drafted, defined).when(command).then_refused("INVALID", "metric.start")


def test_every_reading_of_a_batch_is_checked() -> None:
    readings = [
        ReadingInput(kpi=KPI, value=1, measured_at=on(2, 1)),
        ReadingInput(kpi=KpiBy(), value=math.nan, note="\a"),
        ReadingInput(kpi=KPI, value=2, measured_at=on(4, 1)),
    ]
    assert broken(RecordReadings(readings=readings)) == {
        "readings.1.kpi": "ID_OR_KEY_NEEDED",
        "readings.1.value": "NUMBER_NOT_FINITE",
        "readings.1.note": "CONTROL_CHARACTER",
        "readings.2.measuredAt": "TIME_IN_FUTURE",
    }


def test_a_rejection_has_at_most_100_problems() -> None:
    readings = [ReadingInput(kpi=KPI, value=math.inf)] * (PROBLEMS_MAX + 1)
    assert len(broken(RecordReadings(readings=readings))) == PROBLEMS_MAX


BROKEN: dict[str, tuple[Command, dict[str, str]]] = {
    "a cycle": (
        OpenCycle(key="Q 1", name="Q\n1", starts_on=date(2026, 4, 1), ends_on=date(2026, 3, 1), parent=CycleBy()),
        {
            "key": "KEY_MALFORMED",
            "name": "TITLE_NOT_ONE_LINE",
            "parent": "ID_OR_KEY_NEEDED",
            "endsOn": "CYCLE_ENDS_BEFORE_START",
        },
    ),
    "a cycle of twelve years": (
        OpenCycle(key="long", name="Long", starts_on=date(2026, 1, 1), ends_on=date(2037, 12, 31)),
        {"endsOn": "CYCLE_TOO_LONG"},
    ),
    "a policy": (
        AdoptScoringPolicy(
            score_green=1.5,
            on_track_gap=-1,
            stale_after_cadences=0,
            max_objectives_per_owner=0,
            max_key_results_per_objective=0,
        ),
        {
            "onTrackGap": "SHARE_OUT_OF_RANGE",
            "scoreGreen": "SHARE_OUT_OF_RANGE",
            "staleAfterCadences": "CADENCES_NOT_POSITIVE",
            "maxKeyResultsPerObjective": "LIMIT_NOT_POSITIVE",
            "maxObjectivesPerOwner": "LIMIT_NOT_POSITIVE",
        },
    ),
    "an objective": (
        DraftObjective(
            cycle=Q1,
            title="x" * 301,
            description="x" * 20_001,
            visibility=Visibility.TEAM,
            contributors=[made(str(number)) for number in range(101)],
            supports=[objective_ref(made(str(number))) for number in range(101)],
        ),
        {
            "title": "TITLE_TOO_LONG",
            "description": "TEXT_TOO_LONG",
            "contributors": "CONTRIBUTORS_TOO_MANY",
            "supports": "SUPPORTS_TOO_MANY",
            "visibility": "VISIBILITY_NEEDS_TEAM",
        },
    ),
    "contributors": (
        AssignObjective(objective=OBJECTIVE, contributors=[made(str(number)) for number in range(101)]),
        {"contributors": "CONTRIBUTORS_TOO_MANY"},
    ),
    "a KPI": (
        DefineKpi(
            key="", name="", unit=Unit(symbol="\a"), goal=KpiGoal(GoalDirection.WITHIN, target=1, lower=0, tolerance=-1)
        ),
        {
            "key": "KEY_MALFORMED",
            "name": "TITLE_EMPTY",
            "unit.symbol": "CONTROL_CHARACTER",
            "goal.target": "GOAL_FIELD_NOT_ALLOWED",
            "goal.upper": "GOAL_FIELD_MISSING",
            "goal.tolerance": "TOLERANCE_NEGATIVE",
        },
    ),
    "a person": (
        AddPerson(handle="Ada", name="", email="ada"),
        {"handle": "KEY_MALFORMED", "name": "TITLE_EMPTY", "email": "EMAIL_MALFORMED"},
    ),
    "a check-in": (
        CheckIn(key_result=KEY_RESULT, value=math.nan, confidence=2, measured_at=on(4, 1), effective_at=on(4, 2)),
        {
            "effectiveAt": "TIME_IN_FUTURE",
            "value": "NUMBER_NOT_FINITE",
            "confidence": "SHARE_OUT_OF_RANGE",
            "measuredAt": "TIME_IN_FUTURE",
        },
    ),
    "an empty check-in": (CheckIn(key_result=KEY_RESULT, note=" "), {"value": "CHECK_IN_EMPTY"}),
    "an empty batch": (RecordReadings(readings=[]), {"readings": "READINGS_EMPTY"}),
    "a comment": (AddComment(subject=objective_ref(), body=" "), {"body": "TEXT_EMPTY"}),
    "a time": (
        RewordObjective(objective=OBJECTIVE, title="\0", effective_at=datetime(2026, 1, 1)),  # noqa: DTZ001
        {"effectiveAt": "TIME_WITHOUT_OFFSET", "title": "CONTROL_CHARACTER"},
    ),
}


@pytest.mark.parametrize(("command", "faults"), BROKEN.values(), ids=BROKEN.keys())
def test_every_fault_has_its_rule_and_field(command: Command, faults: dict[str, str]) -> None:
    found = broken(command)
    assert found == faults


# ── the stored form ──────────────────────────────────────────────────────────────────────────────


def test_a_command_is_parsed_to_its_stored_form() -> None:
    command = RewordObjective(objective=OBJECTIVE, title=" Cafe\u0301 ", description="  ", reason="Cafe\u0301")
    stored = parsing.parsed(command, lambda: NOW)
    assert (stored.title, stored.description, stored.reason) == ("Caf\u00e9", None, "Caf\u00e9")


def test_a_parsed_command_parses_to_itself() -> None:
    command = DefineKpi(key="nps", name="Promoters", goal=KpiGoal(GoalDirection.AT_LEAST, target=40))
    assert parsing.parsed(parsing.parsed(command, lambda: NOW), lambda: NOW) == command


def test_text_is_recorded_in_nfc() -> None:
    then = given(*working).when(RewordObjective(objective=OBJECTIVE, title="Cafe\u0301", reason="Stra\u0308\u00dfe"))
    (entry,) = then.entries
    assert then.given.log.event(entry).title == "Caf\u00e9"  # type: ignore[attr-defined]
    assert entry.by.reason == "Str\u00e4\u00dfe"


@pytest.mark.parametrize("verb", VERBS)
def test_every_text_of_a_command_has_a_parser(verb: str) -> None:
    assert [field for field in unparsed(VERBS[verb]) if field not in UNSTORED] == []


def unparsed(kind: type[msgspec.Struct]) -> Iterator[str]:
    """The fields of a struct that contain text and have no parser."""
    parsed = {attribute for attribute, *_ in parsing._fields(kind)}
    for name, hint in typing.get_type_hints(kind, include_extras=True).items():
        if name in kind.__struct_fields__ and name not in parsed and str in texts(hint):
            yield name


def texts(hint: Any) -> set[Any]:
    """The plain types in an annotation."""
    parts = list(parsing._parts(hint))
    return {one for part in parts for one in [part, *typing.get_args(part)] if isinstance(one, type)}
