"""Rows of check-ins as facts."""

from typing import Any

from api.cli.sheets.present_things import Present
from domain.commands.key_result_commands import CheckIn as CheckInCommand
from domain.model.cycle import Cycle
from domain.model.key_result import KeyResult
from domain.model.measurements.check_in import CheckIn
from domain.model.objective import Objective
from tests.api.cli.sheets.planning import facts, nothing, planned, present, problems
from tests.domain.given_goals import Q1_ID, ada, ben, closed, key_result_ref, objective_ref, sales, working
from tests.domain.scenario import called, given, made, on

HEADER = "KR,Date,Value,Confidence,Note\n"
COLUMNS: dict[str, Any] = {
    "check_in": {
        "key_result": "KR",
        "measured_at": "Date",
        "value": "Value",
        "confidence": "Confidence",
        "note": "Note",
    }
}
IN_GOALS: dict[str, Any] = {
    "objective": {"id": "O", "title": "Goal", "cycle": {"constant": "2026-q1"}},
    "key_result": {"id": "KR", "title": "Result", "value": "Value", "confidence": "Confidence"},
}
check_in = CheckInCommand(
    key_result=key_result_ref().id, value=30.0, confidence=0.5, measured_at=on(2, 1, 0), note="Well"
)
base = given(ada, ben, sales, *working, called("checked", check_in))
ID = str(key_result_ref().id)


def there() -> Present:
    found = present(
        ("o1", base.aggregate(Objective, objective_ref().id)), ("kr1", base.aggregate(KeyResult, key_result_ref().id))
    )
    found.check_ins = {key_result_ref().id: [base.aggregate(CheckIn, made("checked"))]}
    found.things[Q1_ID] = base.aggregate(Cycle, Q1_ID)
    return found


def test_a_check_in_is_recorded_at_its_time() -> None:
    plan = planned(HEADER + "kr1,2026-02-08,35,60 %,On we go\n", COLUMNS, there())
    assert facts(plan) == [("checkIn", {"keyResult": ID, "value": 35, "confidence": 0.6, "note": "On we go"})]
    assert plan.facts[0].fact["at"] == "2026-02-08T00:00:00+00:00"


def test_the_same_check_in_again_records_nothing_and_another_value_corrects_it() -> None:
    assert facts(planned(HEADER + "kr1,2026-02-01,30,50 %,Well\n", COLUMNS, there())) == []
    plan = planned(HEADER + "kr1,2026-02-01,31,,\n", COLUMNS, there())
    assert facts(plan) == [("correctCheckIn", {"checkIn": str(made("checked")), "value": 31})]
    assert plan.facts[0].fact["reason"] == "Changed in the spreadsheet"


def test_wrong_rows_are_refused_with_line_and_column() -> None:
    rows = "kr9,2026-02-08,1,,\no1,2026-02-08,1,,\nkr1,2026-02-09,,,\nkr1,8 Feb,1,,\n" + "kr1,2026-02-10,1,,\n" * 2
    plan = planned(HEADER + rows, COLUMNS, there())
    assert [(line, column) for line, column, _ in problems(plan)] == [
        (2, "KR"), (3, "KR"), (4, "Value"), (5, "Date"), (7, "Date"),
    ]  # fmt: skip
    assert [one.line for one in plan.facts] == [6]


def test_a_late_check_in_has_the_reason_of_the_mapping() -> None:
    ended = given(ada, ben, sales, *working, closed)
    after = there()
    after.things[Q1_ID] = ended.aggregate(Cycle, Q1_ID)
    plan = planned(HEADER + "kr1,2026-02-08,35,,\n", COLUMNS, after)
    assert plan.facts[0].fact["reason"] == "Changed in the spreadsheet"


def test_a_value_in_a_sheet_of_goals_is_a_check_in_if_it_is_new() -> None:
    header = "O,Goal,KR,Result,Value,Confidence\n"
    assert facts(planned(header + "o1,,kr1,,30,0.5\n", IN_GOALS, there())) == []
    assert facts(planned(header + "o1,,kr1,,32,\n", IN_GOALS, there())) == [("checkIn", {"keyResult": ID, "value": 32})]
    plan = planned(header + "o9,Grow,kr9,Sign,1,\n", IN_GOALS, nothing())
    assert facts(plan)[-1] == ("checkIn", {"keyResult": {"ref": "KeyResult/kr9"}, "value": 1})
