"""Many check-ins in one request: all or none, or each by itself."""

from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from msgspec import structs

from domain.commands.batch_commands import CheckInMany
from domain.commands.key_result_commands import AddKeyResult, CheckIn
from domain.commands.objective_commands import DraftObjective
from domain.commands.permissions import Author, Role
from domain.handlers.batches.batch_dispatcher import BatchDispatcher
from domain.handlers.dispatcher import Outcome
from domain.primitives.errors import CommandRejected
from domain.primitives.values import BatchMode, Source, Visibility
from tests.domain.given_goals import (
    ADA,
    BEN,
    KEY_RESULT,
    Q1,
    SALES,
    ZERO_TO_TEN,
    ada,
    ben,
    closed,
    committed,
    sales,
    working,
)
from tests.domain.handlers.batches.batches import brief, execute, refused, topics
from tests.domain.scenario import AUTHOR, called, given, made, on
from tests.metric_input import as_input

GOOD = CheckIn(key_result=KEY_RESULT, value=4, confidence=0.5)
EMPTY = CheckIn(key_result=KEY_RESULT)
UNKNOWN = CheckIn(key_result=uuid4(), value=1)
EACH = CheckInMany(check_ins=[GOOD, EMPTY, UNKNOWN, GOOD], mode=BatchMode.EACH, idempotency_key="week")
MEMBER = Author(f"person:{ADA}", Source.API, frozenset({Role.MEMBER}))

own = called("own", DraftObjective(cycle=Q1, title="Mine to do", owner=ADA))
own_key_result = called("own kr", AddKeyResult(objective=made("own"), title="Calls", metric=as_input(ZERO_TO_TEN)))
OWN = CheckIn(key_result=made("own kr"), value=2)


def test_each_records_those_that_can_be_and_every_other_has_its_own_problems() -> None:
    history = given(*working)
    done = execute(history, EACH)
    assert brief(done) == ["recorded", "INVALID", "NOT_FOUND", "recorded"]
    assert [one.problems[0].field for one in done if isinstance(one, CommandRejected)] == [("value",), ("keyResult",)]
    assert topics(history, 5) == ["key-result-checked-in"] * 2


def test_all_records_none_if_one_is_rejected_and_tells_all_problems() -> None:
    batch = structs.replace(EACH, mode=BatchMode.ALL)
    problems = [(path, code) for path, code, _ in refused(given(*working), batch)]
    assert problems == [("checkIns.1.value", "INVALID"), ("checkIns.2.keyResult", "NOT_FOUND")]


def test_repeat_of_each_returns_the_first_results_and_tries_the_rejected_again() -> None:
    history = given(*working)
    first = execute(history, EACH)
    again = execute(history, EACH)
    assert brief(again) == ["repeated", "INVALID", "NOT_FOUND", "repeated"]
    assert [one.result for one in again if isinstance(one, Outcome)] == [
        one.result for one in first if isinstance(one, Outcome)
    ]


def test_key_of_an_item_is_that_of_the_batch_with_its_place() -> None:
    history = given(*working)
    (first, *_) = execute(history, EACH)
    again = history.keyframe.execute(structs.replace(GOOD, idempotency_key="week/0"), AUTHOR)
    assert isinstance(first, Outcome)
    assert (again.repeated, again.result) == (True, first.result)


def test_item_with_another_input_under_a_used_key_is_a_mismatch_of_its_own() -> None:
    history = given(*working)
    execute(history, EACH)
    changed = structs.replace(EACH, check_ins=[structs.replace(GOOD, value=5), EMPTY, UNKNOWN, GOOD])
    assert brief(execute(history, changed)) == ["IDEMPOTENCY_MISMATCH", "INVALID", "NOT_FOUND", "repeated"]


def test_repeated_measurement_records_nothing_within_and_after_a_batch() -> None:
    history = given(*working)
    measured = structs.replace(GOOD, measured_at=on(2, 3))
    batch = CheckInMany(check_ins=[measured, measured, structs.replace(measured, value=5)])
    assert brief(execute(history, batch)) == ["recorded", "nothing", "recorded"]
    assert brief(execute(history, batch)) == ["nothing", "nothing", "nothing"]


def test_check_ins_keep_their_order_within_a_batch() -> None:
    history = given(*working)
    execute(history, CheckInMany(check_ins=[structs.replace(GOOD, value=value) for value in (1, 2, 3)]))
    events = [history.log.event(one) for one in history.log.entries_made[5:]]
    assert [getattr(event, "value", None) for event in events] == [1, 2, 3]


def test_permission_is_checked_for_each_check_in() -> None:
    history = given(ada, *working, own, own_key_result)
    batch = CheckInMany(check_ins=[OWN, GOOD], mode=BatchMode.EACH)
    assert brief(execute(history, batch, MEMBER)) == ["recorded", "FORBIDDEN"]
    problems = refused(history, structs.replace(batch, mode=BatchMode.ALL), MEMBER)
    assert [(path, code) for path, code, _ in problems] == [("checkIns.1", "FORBIDDEN")]


def test_hidden_key_result_is_not_found_like_an_unknown_one() -> None:
    private = called(
        "private", DraftObjective(cycle=Q1, title="Among us", team=SALES, owner=BEN, visibility=Visibility.TEAM)
    )
    hidden = called("hidden", AddKeyResult(objective=made("private"), title="Calls", metric=as_input(ZERO_TO_TEN)))
    history = given(ada, ben, sales, *working, private, hidden)
    batch = CheckInMany(check_ins=[CheckIn(key_result=made("hidden"), value=1), UNKNOWN], mode=BatchMode.EACH)
    first, second = execute(history, batch, MEMBER)
    assert isinstance(first, CommandRejected) and isinstance(second, CommandRejected)
    assert first.message.replace(str(made("hidden")), "") == second.message.replace(str(UNKNOWN.key_result), "")


def test_late_check_in_takes_the_reason_of_the_batch() -> None:
    history = given(*working, committed, closed)
    late = CheckIn(key_result=KEY_RESULT, value=3, measured_at=on(2, 5))
    batch = CheckInMany(check_ins=[late], mode=BatchMode.EACH)
    assert brief(execute(history, batch)) == ["INVALID"]
    assert brief(execute(history, structs.replace(batch, reason="found in the notes"))) == ["recorded"]


def test_batch_runs_again_after_a_conflict() -> None:
    history = given(*working)
    history.meanwhile("append_all", called("drop", CheckIn(key_result=KEY_RESULT, value=9, measured_at=on(2, 3))))
    batch = CheckInMany(check_ins=[CheckIn(key_result=KEY_RESULT, value=9, measured_at=on(2, 3)), GOOD])
    dispatcher = BatchDispatcher(history.log)
    assert brief(dispatcher.execute_batch(batch, AUTHOR)) == ["nothing", "recorded"]
    assert dispatcher.conflicts == 1


def test_batch_reads_no_more_often_for_more_items(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = []
    for size in (2, 60):
        history = given(ada, *working, own, *(called(f"kr {n}", _addition(n)) for n in range(size)))
        reads, before = Counter[str](), Counter[str]()
        append_all = history.log.append_all
        monkeypatch.setattr(history.log, "append_all", lambda kept: (before.update(reads), append_all(kept))[1])  # noqa: B023
        for name in (
            "streams",
            "children",
            "children_of",
            "measurements",
            "measured_at",
            "commands",
            "command",
            "head",
        ):
            monkeypatch.setattr(history.log, name, _counted(reads, name, getattr(history.log, name)))
        batch = CheckInMany(
            check_ins=[CheckIn(key_result=made(f"kr {n}"), value=1, measured_at=on(2, 9)) for n in range(size)],
            idempotency_key="week",
        )
        assert set(brief(execute(history, batch, MEMBER))) == {"recorded"}
        counts.append(before)
    assert counts[0] == counts[1]
    assert counts[0].total() <= 9


def _addition(n: int) -> AddKeyResult:
    return AddKeyResult(objective=made("own"), title=f"Calls {n}", metric=as_input(ZERO_TO_TEN))


def _counted(reads: Counter[str], name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    def counted(*args: Any, **kwargs: Any) -> Any:
        reads[name] += 1
        return original(*args, **kwargs)

    return counted
