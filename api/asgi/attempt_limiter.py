"""Limits failed attempts by name, those in progress included, so that many at once cost no more than one by one."""

import asyncio
from collections.abc import Hashable
from time import monotonic
from typing import Final

from api.asgi.rate_limiter import TokenBucketLimiter

WAIT_SECONDS_MAX: Final = 2.0
"""How long an attempt waits for the outcome of others."""


class AttemptLimiter:
    """A name may fail `burst` times at once, and then `per_second`. As many attempts as may still fail are in progress
    at once; more wait for their outcome, since attempts that succeed are not limited."""

    def __init__(self, per_second: float, burst: float) -> None:
        self._bucket = TokenBucketLimiter(per_second, burst)
        self._running: dict[Hashable, _Running] = {}

    def __len__(self) -> int:
        return len(self._bucket)

    def fail(self, name: Hashable) -> float:
        """Count a failure, and return 0; if none is allowed any more, return the seconds until the next one."""
        return self._bucket.take(name)

    async def begin(self, name: Hashable) -> float:
        """Begin an attempt, and return 0; the caller ends it. If none is allowed any more, return the seconds until the
        next one."""
        until = monotonic() + WAIT_SECONDS_MAX
        while seconds := self._bucket.take(name):
            running = self._running.get(name)
            if running is None or not await running.ends_before(until):
                return seconds
        self._running.setdefault(name, _Running()).count += 1
        return 0.0

    def end(self, name: Hashable, *, is_failure: bool) -> None:
        """End an attempt. Unless it is a failure, it counts no longer."""
        if not is_failure:
            self._bucket.give_back(name)
        running = self._running[name]
        running.count -= 1
        if not running.count:
            del self._running[name]
        running.wake()


class _Running:
    """The attempts in progress of one name."""

    def __init__(self) -> None:
        self.count = 0
        self._ended = asyncio.Event()

    def wake(self) -> None:
        """One has ended."""
        ended, self._ended = self._ended, asyncio.Event()
        ended.set()

    async def ends_before(self, until: float) -> bool:
        """Whether one of them ends before this time of the monotonic clock."""
        try:
            async with asyncio.timeout(max(0.0, until - monotonic())):
                await self._ended.wait()
        except TimeoutError:
            return False
        return True
