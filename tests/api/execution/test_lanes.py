"""Callers share the threads of a lane; work ends with its deadline."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from random import Random
from threading import Event
from time import monotonic
from typing import Any

import pytest

from api.execution.lanes import TOGETHER_MAX, Accuracy, Busy, Lane, Lanes, Together
from api.snapshot.loop_reads import NeedsThread
from projections.store.deadline import Deadline, DeadlineExceeded, raise_if_late

SECONDS_MAX = 20


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS_MAX):
        while not holds():  # noqa: ASYNC110 - worker threads change the state
            await asyncio.sleep(0.002)


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, SECONDS_MAX))


class Gate:
    """Work that lasts until the gate opens."""

    def __init__(self) -> None:
        self._open = Event()
        self.entered = 0

    def work(self) -> str:
        self.entered += 1
        assert self._open.wait(SECONDS_MAX)
        return "done"

    def open(self) -> None:
        self._open.set()


def begin(lane: Lane, work: Callable[[], Any], caller: str, deadline: Deadline | None = None) -> asyncio.Task[Any]:
    return asyncio.create_task(lane.run(work, caller, 1.0, deadline or Deadline()))


async def occupied() -> tuple[Lane, Gate, asyncio.Task[Any]]:
    """A lane of one thread on which Ada's work runs, its gate, and its task."""
    lane, gate = Lane("test", 1, caller_max=1), Gate()
    running = begin(lane, gate.work, "ada")
    await until(lambda: gate.entered == 1)
    return lane, gate, running


async def is_usable(lane: Lane) -> None:
    """Assert that a lane becomes empty, and that every thread of it may be used again."""
    await until(lambda: (lane.running, lane.waiting) == (0, 0))
    both = [lane.run(lambda: "usable", caller, 1.0, Deadline(SECONDS_MAX)) for caller in ("ada", "ben", "a", "b")]
    assert await asyncio.gather(*both) == ["usable"] * len(both)


def endless() -> None:
    while True:
        raise_if_late()


def test_caller_has_a_bounded_number_of_operations_in_progress() -> None:
    async def test() -> None:
        lane, gate = Lane("test", 4, caller_max=2), Gate()
        mine = [begin(lane, gate.work, "ada") for _ in range(5)]
        await until(lambda: gate.entered == 2)
        assert (lane.running, lane.waiting) == (2, 3)
        assert await lane.run(lambda: "at once", "ben", 1.0, Deadline()) == "at once"
        assert gate.entered == 2
        gate.open()
        assert await asyncio.gather(*mine) == ["done"] * 5
        await until(lambda: (lane.running, lane.waiting) == (0, 0))

    run(test())


@pytest.mark.parametrize(("threads", "most"), [(2, 1), (3, 2), (8, 4)])
def test_one_caller_leaves_a_heavy_thread_to_others(threads: int, most: int) -> None:
    async def test() -> None:
        lanes, gate = Lanes.of(4, 4, threads, 4, 100, 100), Gate()
        heavy = [begin(lanes.heavy, gate.work, "ada") for _ in range(10)]
        await until(lambda: gate.entered == most)
        for lane in (lanes.light, lanes.writes, lanes.heavy):
            assert await lane.run(lambda: "at once", "ben", 1.0, Deadline()) == "at once"
        assert await lanes.light.run(lambda: "at once", "ada", 1.0, Deadline()) == "at once"
        gate.open()
        await asyncio.gather(*heavy)

    run(test())


def test_full_queue_of_a_caller_rejects_more_with_the_time_to_retry() -> None:
    async def test() -> None:
        lane, gate = Lane("test", 1, caller_max=1, caller_queue_max=2), Gate()
        mine = [begin(lane, gate.work, "ada") for _ in range(3)]
        await until(lambda: lane.waiting == 2)
        with pytest.raises(Busy) as busy:
            await lane.run(gate.work, "ada", 1.0, Deadline())
        assert busy.value.extensions == {"code": "QUEUE_FULL", "retryAfter": 1}
        other = begin(lane, gate.work, "ben")
        await until(lambda: lane.waiting == 3)
        gate.open()
        assert await asyncio.gather(*mine, other) == ["done"] * 4

    run(test())


def test_full_queue_of_a_lane_rejects_everyone() -> None:
    async def test() -> None:
        lane, gate = Lane("test", 1, caller_max=1, queue_max=2), Gate()
        mine = [begin(lane, gate.work, caller) for caller in ("ada", "ben", "cy")]
        await until(lambda: lane.waiting == 2)
        with pytest.raises(Busy):
            await lane.run(gate.work, "dee", 1.0, Deadline())
        gate.open()
        await asyncio.gather(*mine)

    run(test())


def test_turn_that_would_come_after_the_deadline_is_rejected_at_once() -> None:
    async def test() -> None:
        lane, gate, running = await occupied()
        waiting = asyncio.create_task(lane.run(gate.work, "ada", 50_000, Deadline()))
        await until(lambda: lane.waiting == 1)
        with pytest.raises(Busy) as busy:
            await lane.run(gate.work, "ada", 1.0, Deadline(10))
        assert busy.value.seconds == 50
        gate.open()
        await asyncio.gather(running, waiting)

    run(test())


def test_estimates_that_were_too_high_lately_reject_nothing() -> None:
    async def test() -> None:
        lane, gate, running = await occupied()
        gate.open()
        await running
        for _ in range(3):
            await lane.run(int, "ada", 60_000, Deadline())
        waiting = [asyncio.create_task(lane.run(gate.work, "ada", 60_000, Deadline(10))) for _ in range(5)]
        assert await asyncio.gather(*waiting) == ["done"] * 5

    run(test())


def test_one_slow_operation_does_not_raise_the_estimates_of_others() -> None:
    accuracy = Accuracy()
    accuracy.learn(1, 30_000)
    assert accuracy.corrected(10) == 10


def test_accuracy_follows_the_latest_operations() -> None:
    accuracy = Accuracy()
    for _ in range(50):
        accuracy.learn(100, 10)
    assert accuracy.corrected(100) == pytest.approx(10)
    for _ in range(50):
        accuracy.learn(100, 80)
    assert accuracy.corrected(100) == pytest.approx(80, abs=1)


def test_deadline_that_passes_in_the_queue_rejects_the_operation() -> None:
    async def test() -> None:
        lane, gate, running = await occupied()
        with pytest.raises(Busy):
            await lane.run(gate.work, "ben", 1.0, Deadline(0.01))
        assert lane.waiting == 0
        gate.open()
        await running

    run(test())


def test_cancelled_operation_leaves_the_queue_and_never_runs() -> None:
    async def test() -> None:
        lane, gate, running = await occupied()
        waiting = begin(lane, gate.work, "ben")
        await until(lambda: lane.waiting == 1)
        waiting.cancel()
        await until(lambda: lane.waiting == 0)
        gate.open()
        assert await running == "done"
        assert gate.entered == 1

    run(test())


def test_operation_cancelled_as_its_turn_comes_takes_no_thread() -> None:
    """Both happen in one iteration of the loop, before the cancelled operation can leave the queue."""

    async def test() -> None:
        lane, gate, running = await occupied()
        waiting = [begin(lane, gate.work, caller) for caller in ("ada", "ben")]
        await until(lambda: lane.waiting == 2)
        gate.open()
        lane._threads.submit(int).result(SECONDS_MAX)  # the work is over, which the loop has not noticed
        for task in waiting:
            task.cancel()
        assert await running == "done"
        await is_usable(lane)
        assert gate.entered == 1

    run(test())


@pytest.mark.parametrize("seed", range(20))
def test_lane_is_empty_after_its_operations_are_cancelled_in_all_phases(seed: int) -> None:
    """Some wait, some have their turn and no thread yet, some run, and some are over; all within few iterations."""
    draw = Random(seed)

    def work() -> None:
        until_when = monotonic() + draw.choice([0, 0.001, 0.003])
        while monotonic() < until_when:
            raise_if_late()

    async def test() -> None:
        lane = Lane("test", 2, caller_max=1)
        begun: list[asyncio.Task[Any]] = []
        for _ in range(60):
            begun += [begin(lane, work, draw.choice("abc")) for _ in range(draw.randrange(6))]
            await asyncio.sleep(draw.choice([0, 0, 0.001, 0.002]))
            for task in draw.sample(begun, len(begun) // 2):
                task.cancel()
        for task in begun[1::2]:
            task.cancel()
        outcomes = await asyncio.gather(*begun, return_exceptions=True)
        assert {type(one) for one in outcomes} <= {type(None), asyncio.CancelledError, DeadlineExceeded}
        await is_usable(lane)

    run(test())


def test_cancelled_work_stops_at_its_next_check_and_frees_its_thread() -> None:
    outcome: list[BaseException] = []

    def work() -> None:
        try:
            endless()
        except DeadlineExceeded as error:
            outcome.append(error)
            raise

    async def test() -> None:
        lane = Lane("test", 1, caller_max=1)
        running = begin(lane, work, "ada")
        await until(lambda: lane.running == 1)
        running.cancel()
        await until(lambda: lane.running == 0)
        assert len(outcome) == 1
        assert await lane.run(lambda: "next", "ada", 1.0, Deadline()) == "next"

    run(test())


def test_thread_of_cancelled_work_is_occupied_until_it_stops() -> None:
    async def test() -> None:
        lane, gate, running = await occupied()
        running.cancel()
        following = begin(lane, lambda: "next", "ben")
        await until(lambda: lane.waiting == 1)
        assert lane.running == 1
        gate.open()
        assert await following == "next"

    run(test())


def test_work_beyond_its_deadline_stops_at_its_next_check() -> None:
    async def test() -> None:
        lane = Lane("test", 1, caller_max=1)
        with pytest.raises(DeadlineExceeded):
            await lane.run(endless, "ada", 1.0, Deadline(0.05))

    run(test())


def test_closed_lanes_end_what_is_in_progress() -> None:
    async def test() -> None:
        lanes = Lanes()
        running = begin(lanes.heavy, endless, "ada")
        await until(lambda: lanes.heavy.running == 1)
        lanes.close()
        with pytest.raises(DeadlineExceeded):
            await running

    run(test())


# ── on the event loop ────────────────────────────────────────────────────────────────────────────


def test_work_on_the_loop_takes_the_turn_of_its_caller() -> None:
    async def test() -> None:
        lane, gate, running = await occupied()
        order: list[str] = []

        async def on_loop() -> str:
            order.append("loop")
            return "read"

        later = asyncio.create_task(lane.run(gate.work, "ben", 1.0, Deadline(SECONDS_MAX), on_loop))
        await until(lambda: lane.waiting == 1)
        assert order == []
        gate.open()
        assert [await running, await later] == ["done", "read"]
        assert gate.entered == 1
        await is_usable(lane)

    run(test())


def test_work_that_needs_a_thread_gets_one() -> None:
    async def test() -> None:
        lane = Lane("test", 1, caller_max=1)

        async def needs_thread() -> str:
            raise NeedsThread

        both = [lane.run(lambda: "done", caller, 1.0, Deadline(SECONDS_MAX), needs_thread) for caller in ("ada", "ben")]
        assert await asyncio.gather(*both) == ["done", "done"]
        await is_usable(lane)

    run(test())


@pytest.mark.parametrize("seconds", [0.05, -1.0])
def test_work_on_the_loop_ends_at_the_deadline_and_the_thread_reports_it(seconds: float) -> None:
    async def test() -> None:
        lane, ended = Lane("test", 1, caller_max=1), asyncio.Event()

        async def waits() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

        with pytest.raises(DeadlineExceeded):
            await lane.run(raise_if_late, "ada", 1.0, Deadline(seconds), waits)
        assert ended.is_set()
        await is_usable(lane)

    run(test())


def test_failure_and_cancellation_on_the_loop_free_the_lane() -> None:
    async def test() -> None:
        lane, begun = Lane("test", 1, caller_max=1), asyncio.Event()

        async def fails() -> str:
            raise LookupError

        async def waits() -> str:
            begun.set()
            await asyncio.Event().wait()
            return "late"

        with pytest.raises(LookupError):
            await lane.run(lambda: "done", "ada", 1.0, Deadline(SECONDS_MAX), fails)
        waiting = asyncio.create_task(lane.run(lambda: "done", "ada", 1.0, Deadline(), waits))
        await begun.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await is_usable(lane)

    run(test())


# ── together ─────────────────────────────────────────────────────────────────────────────────────


class Doubling:
    """Doubles numbers, of several requests at once, when its gate is open; 13 is an error."""

    def __init__(self) -> None:
        self.gate = Gate()
        self.batches: list[list[int]] = []

    def work(self, asked: Sequence[int]) -> Sequence[int | ValueError]:
        self.batches.append(list(asked))
        self.gate.work()
        return [ValueError(one) if one == 13 else 2 * one for one in asked]


def doubled(lane: Lane, of: Doubling, number: int, key: str = "double") -> asyncio.Task[int]:
    return asyncio.create_task(lane.run_together(key, number, Together(of.work), "ada", 1.0, Deadline(SECONDS_MAX)))


def test_requests_that_come_meanwhile_are_answered_together() -> None:
    async def test() -> None:
        lane, of = Lane("test", 4, caller_max=4), Doubling()
        first = [doubled(lane, of, number) for number in (1, 2)]
        await until(lambda: of.gate.entered == 1)
        later = [doubled(lane, of, number) for number in (3, 13, 5)]
        await asyncio.sleep(0)
        of.gate.open()
        assert [await one for one in first] == [2, 4]
        assert await later[0] == 6
        with pytest.raises(ValueError, match="13"):
            await later[1]
        assert await later[2] == 10
        assert of.batches == [[1, 2], [3, 13, 5]]
        await is_usable(lane)

    run(test())


def test_request_that_is_given_up_is_left_out() -> None:
    async def test() -> None:
        lane, of = Lane("test", 4, caller_max=4), Doubling()
        first = doubled(lane, of, 1)
        await until(lambda: of.gate.entered == 1)
        later = [doubled(lane, of, number) for number in (2, 3)]
        await asyncio.sleep(0)
        later[0].cancel()
        first.cancel()
        await asyncio.sleep(0)
        of.gate.open()
        assert await later[1] == 6
        assert of.batches == [[1], [3]]
        await is_usable(lane)

    run(test())


def test_requests_with_other_keys_are_answered_apart() -> None:
    async def test() -> None:
        lane, of = Lane("test", 4, caller_max=4), Doubling()
        of.gate.open()
        both = doubled(lane, of, 1), doubled(lane, of, 2, "other")
        assert [await one for one in both] == [2, 4]
        assert sorted(of.batches) == [[1], [2]]

    run(test())


def test_together_a_bounded_number_waits_and_is_answered_at_once() -> None:
    async def test() -> None:
        lane, of = Lane("test", 4, caller_max=4, caller_queue_max=TOGETHER_MAX + 3), Doubling()
        first = doubled(lane, of, 0)
        await until(lambda: of.gate.entered == 1)
        later = [doubled(lane, of, number) for number in range(100, 100 + TOGETHER_MAX + 4)]
        await asyncio.sleep(0)
        of.gate.open()
        outcomes = await asyncio.gather(first, *later, return_exceptions=True)
        assert outcomes[:-1] == [0, *(2 * number for number in range(100, 100 + TOGETHER_MAX + 3))]
        assert isinstance(outcomes[-1], Busy)
        assert list(map(len, of.batches)) == [1, TOGETHER_MAX, 3]

    run(test())


def test_failure_of_all_reaches_each_request() -> None:
    async def test() -> None:
        lane = Lane("test", 4, caller_max=4)

        def fails(_: Sequence[int]) -> Sequence[int]:
            raise LookupError("all")

        both = [lane.run_together("k", number, Together(fails), "ada", 1.0, Deadline(SECONDS_MAX)) for number in (1, 2)]
        outcomes = await asyncio.gather(*both, return_exceptions=True)
        assert list(map(repr, outcomes)) == ["LookupError('all')"] * 2
        await is_usable(lane)

    run(test())
