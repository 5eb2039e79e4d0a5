"""Check-ins over HTTP until they are readable: of one caller, and of many at once, who share commits.

The server is a process of its own. Each caller has a token and a connection of its own and checks in on its own key
result; this process sends the requests, and so takes a part of the machine. The CPU time of a check-in depends less on
other load than the clock does: that of the server with its projector, and that of PostgreSQL.

Run: python -m benchmarks.committing
"""

import asyncio
import json
import time
from itertools import count
from statistics import median
from typing import Any, Final, NamedTuple

import psutil

from benchmarks.company import goals, write
from benchmarks.measuring import World, report, worlds
from benchmarks.neighbours import served_on, token
from domain.commands.permissions import Role

CALLERS: Final = 64
SECONDS: Final = 10.0
WARM_SECONDS: Final = 2.0
GOAL_MS: Final = 6
GOAL_PER_SECOND: Final = 800
GOAL_CPU_MS: Final = 2
ONES: Final = "{ keyResults(first: 64) { nodes { id } } }"
CHECK_IN: Final = """
    mutation ($of: ID!, $value: Float!) {
      checkIn(input: {keyResult: $of, value: $value}) { position checkIn { value } problems { message } }
    }
"""


class Measured(NamedTuple):
    """The median time of a check-in of one caller, in seconds; the check-ins of all callers a second; and the CPU
    seconds of one of these in the server and in PostgreSQL."""

    one: float
    many: float
    server_cpu: float
    database_cpu: float


class Caller(NamedTuple):
    """A caller with a connection to the server."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    token: str
    key_result: str

    async def check_in(self, value: float) -> None:
        """Check in. Raises `RuntimeError` if the check-in is not readable in the response."""
        body = json.dumps({"query": CHECK_IN, "variables": {"of": self.key_result, "value": value}}).encode()
        head = f"POST /graphql HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {self.token}\r\n"
        self.writer.write(
            f"{head}content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body
        )
        answer = await self._answer()
        if not ((answer.get("data") or {}).get("checkIn") or {}).get("checkIn"):
            raise RuntimeError(str(answer))

    async def _answer(self) -> Any:
        head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        return json.loads(await self.reader.readexactly(length))


def main() -> None:
    with worlds() as new:
        world = new()
        write(world.log, goals(CALLERS, 1, 1))
        world.catch_up()
        nodes: Any = world.ask(ONES)["keyResults"]
        given = [(token(world, f"caller-{number}", Role.ADMIN), one["id"]) for number, one in enumerate(nodes["nodes"])]
        with served_on(world) as served:
            port = int(served.url.rpartition(":")[2])
            found = asyncio.run(_measured(port, given, served.process, _postmaster(world)))
    report("p50 of a check-in of one caller / goal", found.one / GOAL_MS * 1000, "<= 1", f"{found.one * 1000:.1f} ms")
    report(f"check-ins of {CALLERS} callers / goal", found.many / GOAL_PER_SECOND, ">= 1", f"{found.many:.0f} a second")
    server, database = found.server_cpu * 1000, found.database_cpu * 1000
    figures = f"{server:.2f} ms of the server, {database:.2f} ms of PostgreSQL"
    report("CPU of one of these / goal", (server + database) / GOAL_CPU_MS, "<= 1", figures)


async def _measured(
    port: int, given: list[tuple[str, str]], server: psutil.Process, database: psutil.Process
) -> Measured:
    callers = [Caller(*await asyncio.open_connection("127.0.0.1", port), *one) for one in given]
    await _timed(callers[0], WARM_SECONDS)
    one = median(await _timed(callers[0], SECONDS))
    before = _cpu(server), _cpu(database)
    times = await asyncio.gather(*(_timed(caller, SECONDS) for caller in callers))
    count = sum(map(len, times))
    cpu = (_cpu(server) - before[0]) / count, (_cpu(database) - before[1]) / count
    for caller in callers:
        caller.writer.close()
    return Measured(one, count / SECONDS, *cpu)


def _postmaster(world: World) -> psutil.Process:
    """The process of PostgreSQL whose children serve the connections."""
    with world.database.connect() as conn:
        backend = psutil.Process(conn.info.backend_pid)
        parent = backend.parent()
    assert parent is not None
    return parent


def _cpu(process: psutil.Process) -> float:
    """The CPU seconds of a process and its children so far."""
    return sum(sum(one.cpu_times()) for one in [process, *process.children()])


async def _timed(caller: Caller, seconds: float) -> list[float]:
    """The duration of each check-in, one after another for a time."""
    until, times = time.monotonic() + seconds, list[float]()
    for number in count():
        began = time.monotonic()
        if began > until:
            return times
        await caller.check_in(number % 100 + 0.25)
        times.append(time.monotonic() - began)
    raise AssertionError


if __name__ == "__main__":
    main()
