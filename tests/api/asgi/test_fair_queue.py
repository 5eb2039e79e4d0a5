"""The next item is that of the caller who was served least."""

from collections.abc import Hashable

import pytest

from api.asgi import fair_queue
from api.asgi.fair_queue import FairQueue, Waiting


def anyone(_: Hashable) -> bool:
    return True


def filled(*waiting: tuple[str, float]) -> FairQueue[int]:
    queue: FairQueue[int] = FairQueue()
    for number, (caller, cost) in enumerate(waiting):
        queue.push(Waiting(caller, cost, number))
    return queue


def order(queue: FairQueue[int]) -> list[Hashable]:
    callers = []
    while (following := queue.pop(anyone)) is not None:
        callers.append(following.caller)
    return callers


def test_callers_take_turns() -> None:
    queue = filled(("ada", 1), ("ada", 1), ("ada", 1), ("ben", 1), ("ben", 1))
    assert order(queue) == ["ada", "ben", "ada", "ben", "ada"]
    assert queue.count == 0


def test_turns_are_weighted_by_cost() -> None:
    queue = filled(("ada", 30), ("ada", 30), *[("ben", 10)] * 6)
    assert order(queue) == ["ada", "ben", "ben", "ben", "ada", "ben", "ben", "ben"]


def test_items_of_a_caller_keep_their_order() -> None:
    queue = filled(("ada", 1), ("ada", 1), ("ada", 1))
    items = [queue.pop(anyone) for _ in range(3)]
    assert [one and one.item for one in items] == [0, 1, 2]


def test_caller_who_returns_after_a_pause_has_no_credit() -> None:
    queue = filled(("ada", 10), ("ada", 10), ("ada", 10))
    assert queue.pop(anyone) and queue.pop(anyone)
    queue.push(Waiting("ben", 10, 3))
    queue.push(Waiting("ben", 10, 4))
    queue.push(Waiting("ada", 10, 5))
    assert order(queue) == ["ben", "ada", "ben", "ada"]


def test_caller_who_exceeds_the_estimate_waits_longer() -> None:
    queue = filled(("ada", 1), ("ada", 1), ("ben", 1), ("ben", 1))
    assert queue.pop(anyone) == Waiting("ada", 1, 0)
    queue.correct("ada", 100)
    assert order(queue) == ["ben", "ben", "ada"]


def test_callers_who_may_not_begin_are_passed_over() -> None:
    queue = filled(("ada", 1), ("ben", 1))
    assert queue.pop(lambda caller: caller != "ada") == Waiting("ben", 1, 1)
    assert queue.pop(lambda caller: caller != "ada") is None


def test_removed_item_is_not_served() -> None:
    queue = filled(("ada", 1), ("ben", 1))
    queue.discard(Waiting("ada", 1, 0))
    assert queue.line("ada") == ()
    assert order(queue) == ["ben"]


def test_callers_without_debt_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fair_queue, "CALLERS_MAX", 10)
    queue: FairQueue[int] = FairQueue()
    for number in range(100):
        queue.push(Waiting(f"caller {number}", 1, number))
        queue.pop(anyone)
        queue.correct(f"caller {number}", -1)
    assert len(queue._served) <= 11
