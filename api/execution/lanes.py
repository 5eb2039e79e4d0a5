"""The worker threads of a process, in lanes, each shared fairly by its callers. See docs/adr/0038.

Cheap operations, writes and heavy work have lanes of their own, so that none of them waits for another kind. Within a
lane a caller has a limited number of operations in progress; more wait in a fair queue.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from math import ceil, inf
from time import monotonic
from typing import Any, Final, Generic, NamedTuple, Self, TypeVar

from api.asgi.fair_queue import FairQueue, Waiting
from api.runtime.turns import Turns
from api.snapshot.loop_reads import NeedsThread, until_idle
from projections.store.deadline import APPLIED, Deadline

T = TypeVar("T")

LIGHT_COST_MAX: Final = 50.0
"""The largest cost of an operation in the lane of cheap operations, in units of about 1 ms."""
AGAIN_SECONDS: Final = 0.25
"""The interval at which an operation that was ended is cancelled again, until it has stopped."""
WAITING: Final = 2
"""Heavy operations that may wait for PostgreSQL beside those that compute. One is being read while another one, which
has been read, waits for its turn."""
TOGETHER_MAX: Final = 32
"""The largest number of requests that are answered together."""
FORGETTING: Final = 0.9
"""What remains of the weight of earlier operations in the accuracy of estimates after each operation."""
RETRY_SECONDS_MAX: Final = 60
"""The largest `Retry-After`."""


class Busy(Exception):
    """The queue is full, or the turn would come too late. `seconds`: when to try again."""

    code: Final = "QUEUE_FULL"

    def __init__(self, seconds: float) -> None:
        self.seconds = min(RETRY_SECONDS_MAX, max(1, ceil(seconds)))
        super().__init__(
            f"Too many of your operations are waiting, or the server has too many: retry after {self.seconds} s, and "
            "send fewer at once."
        )

    @property
    def extensions(self) -> dict[str, object]:
        """The extensions of the GraphQL error."""
        return {"code": self.code, "retryAfter": self.seconds}


class Accuracy:
    """How much less the latest operations took than was estimated. Estimates are upper bounds, which may be ten times
    too high."""

    def __init__(self) -> None:
        self._estimated = 0.0
        self._actual = 0.0

    def learn(self, estimated: float, actual: float) -> None:
        """Note what an operation took, in the unit of its estimate. Each one counts a tenth less than the next."""
        self._estimated = FORGETTING * self._estimated + estimated
        self._actual = FORGETTING * self._actual + actual

    def corrected(self, estimated: float) -> float:
        """The estimate, lowered by the share that the latest operations took of theirs; never raised, so that one slow
        operation does not reject those of others."""
        return estimated if self._actual >= self._estimated else estimated * self._actual / self._estimated


class Job(Generic[T]):
    """Work of a caller on a worker thread, with its estimated cost; `result` is for its outcome. Work that is abandoned
    before its thread begins is left out."""

    __slots__ = ("_context", "_loop", "_work", "caller", "cost", "deadline", "is_abandoned", "is_over", "result")

    def __init__(
        self, work: Callable[[], T], caller: Hashable, cost: float, deadline: Deadline, turns: Turns | None
    ) -> None:
        self.caller = caller
        self.cost = cost
        self.deadline = deadline
        self._work = work if turns is None else turns.taking(work, caller, deadline)
        self._context = copy_context()
        self._context.run(APPLIED.set, deadline)
        self._loop = asyncio.get_running_loop()
        self.result: asyncio.Future[T] = self._loop.create_future()
        self.is_abandoned = False
        self.is_over = False

    def run(self, ended: Callable[["Job[T]", Callable[[], object], float], None]) -> None:
        """Run the work. Called on the worker thread. Then `ended` is called on the event loop, with the function that
        gives `result` the outcome, and the seconds that the work took."""
        began = monotonic()
        settle: Callable[[], object] = self.result.cancel
        if not self.is_abandoned:
            try:
                settle = partial(self.result.set_result, self._context.run(self._work))
            except BaseException as error:  # noqa: BLE001 - the operation raises it
                settle = partial(self.result.set_exception, error)
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(ended, self, settle, monotonic() - began)


class Together(NamedTuple):
    """Work for several requests: it returns the result of each, or the exception that it raises. `on_loop`: see
    `Lane.run`."""

    on_thread: Callable[[Sequence[Any]], Sequence[Any]]
    on_loop: Callable[[Sequence[Any]], Awaitable[Sequence[Any]]] | None = None


class Waiter(NamedTuple):
    """One of several requests that are answered together: what it asks, its estimated cost, its deadline, and its
    outcome. The deadline of all is that of the first one."""

    asked: Any
    cost: float
    deadline: Deadline
    outcome: asyncio.Future[Any]


class Lane:
    """Worker threads for one kind of operations. All methods are called on the event loop.

    `threads` operations are in progress at most, `caller_max` of one caller; with `turns` fewer of them compute.
    `queue_max` wait at most, `caller_queue_max` of one caller.
    """

    def __init__(
        self,
        name: str,
        threads: int,
        *,
        caller_max: int,
        queue_max: int = 1_000,
        caller_queue_max: int = 200,
        turns: Turns | None = None,
    ) -> None:
        self.name = name
        self._turns = turns
        self._threads = ThreadPoolExecutor(threads, f"keyframe-{name}")
        self._cancelling = ThreadPoolExecutor(1, f"keyframe-{name}-cancelling")
        self._free = threads
        self._caller_max = caller_max
        self._queue_max = queue_max
        self._caller_queue_max = caller_queue_max
        self._queue: FairQueue[asyncio.Future[None]] = FairQueue()
        self._running: Counter[Hashable] = Counter()
        self._deadlines: set[Deadline] = set()
        self._accuracy = Accuracy()
        self._gathered: dict[Hashable, list[Waiter]] = {}
        self._serving: set[asyncio.Task[None]] = set()

    @property
    def running(self) -> int:
        """How many operations are in progress."""
        return self._running.total()

    @property
    def waiting(self) -> int:
        """How many operations wait."""
        return self._queue.count + sum(map(len, self._gathered.values()))

    async def run(
        self,
        work: Callable[[], T],
        caller: Hashable,
        cost: float,
        deadline: Deadline,
        on_loop: Callable[[], Awaitable[T]] | None = None,
    ) -> T:
        """The result of a blocking function, on a worker thread in the caller's turn. Raises `Busy`.

        `on_loop` gives the same result on the event loop in that turn, or raises `NeedsThread`.

        When the deadline passes, or when this is cancelled, the statement of the work is cancelled, and its next check
        raises `DeadlineExceeded`. A thread that was given up so is free again when its work has stopped.
        """
        if self._free and not self._queue.count and self._running[caller] < self._caller_max:
            self._queue.serve(caller, cost)
            self._reserve(caller)
        else:
            await self._turn(caller, cost, deadline)
        if on_loop is not None:
            with suppress(NeedsThread):
                return await self._run_on_loop(on_loop, caller, cost, deadline)
        job = Job(work, caller, cost, deadline, self._turns)
        self._threads.submit(job.run, self._ended)
        self._deadlines.add(deadline)
        late: asyncio.TimerHandle | None = None
        if deadline.until < inf:
            late = asyncio.get_running_loop().call_later(deadline.until - monotonic(), self._end, job)
        try:
            return await job.result
        except asyncio.CancelledError:
            job.is_abandoned = True
            self._end(job)
            raise
        finally:
            if late is not None:
                late.cancel()

    async def _run_on_loop(
        self, on_loop: Callable[[], Awaitable[T]], caller: Hashable, cost: float, deadline: Deadline
    ) -> T:
        """The result of work on the event loop. Raises `NeedsThread`, also when the deadline passes: then its turn is
        kept for the thread, on which the next check raises."""
        began, applied = monotonic(), APPLIED.set(deadline)
        try:
            async with asyncio.timeout(deadline.timeout):
                result = await on_loop()
        except TimeoutError:
            raise NeedsThread from None
        except NeedsThread:
            raise
        except BaseException:
            self._release(caller, -cost, deadline)
            raise
        finally:
            APPLIED.reset(applied)
        ms = (monotonic() - began) * 1000
        self._accuracy.learn(cost, ms)
        self._release(caller, ms - cost, deadline)
        return result

    async def run_together(
        self,
        key: Hashable,
        asked: object,
        work: Together,
        caller: Hashable,
        cost: float,
        deadline: Deadline,
    ) -> Any:
        """The result of what several requests of a caller ask, which come before this begins or while an earlier one of
        the same key is in progress. Raises `Busy`.

        They take one turn and, if `work` can do it, one statement instead of one each.
        """
        mine = Waiter(asked, cost, deadline, asyncio.get_running_loop().create_future())
        others = self._gathered.get(key)
        if others is None:
            self._gathered[key] = [mine]
            serving = asyncio.create_task(self._serve(key, work, caller))
            self._serving.add(serving)
            serving.add_done_callback(self._serving.discard)
        elif len(others) < self._caller_queue_max:
            others.append(mine)
        else:
            raise Busy(1)
        return await mine.outcome

    async def _serve(self, key: Hashable, work: Together, caller: Hashable) -> None:
        """Answer those who have gathered, again and again until there are none."""
        batch: list[Waiter] = []
        try:
            while self._gathered[key]:
                await until_idle(lambda: len(self._gathered[key]), TOGETHER_MAX)
                batch, self._gathered[key] = self._gathered[key][:TOGETHER_MAX], self._gathered[key][TOGETHER_MAX:]
                batch = [one for one in batch if not one.outcome.done()]
                if batch:
                    await self._serve_batch(batch, work, caller)
        finally:
            for one in (*batch, *self._gathered.pop(key)):
                one.outcome.cancel()

    async def _serve_batch(self, batch: Sequence[Waiter], work: Together, caller: Hashable) -> None:
        asked, cost = [one.asked for one in batch], sum(one.cost for one in batch)
        found: Sequence[Any]
        try:
            on_loop = None if work.on_loop is None else partial(work.on_loop, asked)
            found = await self.run(partial(work.on_thread, asked), caller, cost, batch[0].deadline, on_loop)
        except Exception as error:  # noqa: BLE001 - the requests raise it
            found = [error] * len(batch)
        for one, result in zip(batch, found, strict=True):
            if not one.outcome.done():
                settle = one.outcome.set_exception if isinstance(result, Exception) else one.outcome.set_result
                settle(result)

    def close(self) -> None:
        """End all operations in progress."""
        for deadline in self._deadlines:
            self._cancelling.submit(deadline.end)

    # ── turns ────────────────────────────────────────────────────────────────────────────────────

    async def _turn(self, caller: Hashable, cost: float, deadline: Deadline) -> None:
        """Wait in the queue until a thread is reserved for the caller. Raises `Busy`."""
        self._check_queue(caller, deadline)
        mine = Waiting(caller, cost, asyncio.get_running_loop().create_future())
        self._queue.push(mine)
        self._admit()
        try:
            async with asyncio.timeout(deadline.timeout):
                await mine.item
        except BaseException as error:
            if mine.item.cancelled():
                self._queue.discard(mine)
            else:
                self._release(caller, -cost, deadline)
            if isinstance(error, TimeoutError):
                raise Busy(RETRY_SECONDS_MAX) from None
            raise

    def _check_queue(self, caller: Hashable, deadline: Deadline) -> None:
        line = self._queue.line(caller)
        seconds = self._accuracy.corrected(sum(one.cost for one in line)) / 1000 / self._caller_max
        if len(line) >= self._caller_queue_max or self._queue.count >= self._queue_max:
            raise Busy(seconds)
        if line and seconds > deadline.seconds_left:
            raise Busy(seconds)

    def _admit(self) -> None:
        """Reserve free threads for the next operations that wait."""
        while self._free:
            following = self._queue.pop(self._may_begin)
            if following is None:
                return
            if following.item.cancelled():  # its operation was cancelled, and has not run since
                self._queue.correct(following.caller, -following.cost)
            else:
                self._reserve(following.caller)
                following.item.set_result(None)

    def _reserve(self, caller: Hashable) -> None:
        self._free -= 1
        self._running[caller] += 1

    def _may_begin(self, caller: Hashable) -> bool:
        return self._running[caller] < self._caller_max

    def _release(self, caller: Hashable, correction: float, deadline: Deadline) -> None:
        self._deadlines.discard(deadline)
        self._free += 1
        self._running[caller] -= 1
        if not self._running[caller]:
            del self._running[caller]
        self._queue.correct(caller, correction)
        if self._queue.count:
            self._admit()

    # ── work ─────────────────────────────────────────────────────────────────────────────────────

    def _ended(self, job: Job[T], settle: Callable[[], object], seconds: float) -> None:
        """Free the thread of work that took so long, and give the caller the outcome."""
        job.is_over = True
        if not job.is_abandoned:
            self._accuracy.learn(job.cost, seconds * 1000)
        self._release(job.caller, seconds * 1000 - job.cost, job.deadline)
        if not job.result.done():
            settle()

    def _end(self, job: Job[T]) -> None:
        """End the work, again and again until it has stopped: between two statements there is nothing to cancel."""
        if not job.is_over:
            self._cancelling.submit(job.deadline.end)
            asyncio.get_running_loop().call_later(AGAIN_SECONDS, self._end, job)


@dataclass(frozen=True)
class Lanes:
    """The lanes of one process: `light` for cheap reads, `writes` for commands and for waiting until they are readable,
    `heavy` for everything else, files included."""

    light: Lane = field(default_factory=lambda: Lane("light", 4, caller_max=4))
    writes: Lane = field(default_factory=lambda: Lane("writes", 4, caller_max=4))
    heavy: Lane = field(default_factory=lambda: Lane("heavy", 4, caller_max=3, turns=Turns(2, 1)))

    @classmethod
    def of(cls, light: int, writes: int, heavy: int, caller_max: int, queue_max: int, caller_queue_max: int) -> Self:
        """The lanes of a process with so many threads for light operations and for writes, and so many heavy operations
        that compute at a time, beside which `WAITING` wait for PostgreSQL. One caller computes all heavy ones but
        one at most, so that another one never waits for a single caller."""

        def lane(name: str, threads: int, caller_max: int, turns: Turns | None = None) -> Lane:
            queue = {"queue_max": queue_max, "caller_queue_max": caller_queue_max}
            return Lane(name, threads, caller_max=caller_max, **queue, turns=turns)

        of_caller = max(1, min(caller_max, heavy - 1))
        return cls(
            lane("light", light, caller_max),
            lane("writes", writes, caller_max),
            lane("heavy", heavy + WAITING, of_caller + WAITING, Turns(heavy, of_caller)),
        )

    @property
    def all(self) -> tuple[Lane, ...]:
        return self.light, self.writes, self.heavy

    def close(self) -> None:
        """End all operations in progress."""
        for lane in self.all:
            lane.close()
