"""The function calls of one check-in over HTTP: how many, in which modules, and how often a module is called back into.

Run: python -m benchmarks.call_path [--trace]

A call is one event `call` of `sys.setprofile` for code under `api`, `domain` or `projections`; resuming a generator or
coroutine is such an event, too. The projector's threads are counted apart, and nothing watches whether the client
disconnects, since that depends on the load of the machine. A call back enters a module from another one while a call of
the first is still open: A > B > A, or A > B > C > A.
"""

import asyncio
import sys
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import CodeType, FrameType
from typing import Any, NamedTuple
from unittest.mock import patch
from uuid import UUID, uuid4

import httpx
from pydantic import SecretStr

from api.asgi import disconnect
from api.runtime.database import Database, open_database
from api.runtime.settings import Settings
from api.server.app import create_app
from api.snapshot.global_ids import encode
from domain.commands.command import Command, CycleBy
from domain.commands.cycle_commands import OpenCycle
from domain.commands.key_result_commands import AddKeyResult, MetricInput
from domain.commands.objective_commands import DraftObjective
from domain.commands.people_commands import AddPerson
from domain.commands.permissions import Author, Role
from domain.handlers.dispatcher import Dispatcher
from domain.log.credentials import api_tokens
from domain.log.event_store import Log
from domain.primitives.values import Direction, Source

ROOT = Path(__file__).parents[1]
ROOMS = ("api", "domain", "projections")
LAZY = ROOT / "domain" / "primitives" / "lazy.py"
"""It replaces a function of the standard library."""
WARM = 3
CHECK_IN = """
    mutation ($input: CheckInInput!) {
      checkIn(input: $input) {
        position behind problems { code message field } keyResult { id title state current progress { value } }
      }
    }
"""
ADMIN = Author("machine:benchmark", Source.API, frozenset(Role))


class Call(NamedTuple):
    """A function that was called, and the modules of all open calls above it, the nearest last."""

    module: str
    function: str
    callers: tuple[str, ...]

    @property
    def is_back(self) -> bool:
        """Whether another module calls into one that is in the middle of a call."""
        return self.module in self.callers and self.callers[-1] != self.module


class CallPath(NamedTuple):
    """The calls of one request, in order, and those of the projector meanwhile."""

    calls: list[Call]
    projector: list[Call]

    @property
    def modules(self) -> Counter[str]:
        return Counter(call.module for call in self.calls)

    @property
    def backs(self) -> Counter[tuple[str, str]]:
        """The pairs (A, B) of all calls back: B calls into A."""
        return Counter((call.module, call.callers[-1]) for call in self.calls if call.is_back)


class Profile:
    """Records the calls in this thread and in all threads that start while it is installed."""

    def __init__(self) -> None:
        self.on = False
        self.calls: list[Call] = []
        self.projector: list[Call] = []
        self._modules: dict[CodeType, str | None] = {}

    @contextmanager
    def installed(self) -> Iterator[None]:
        before = sys.getprofile()
        threading.setprofile(self)
        sys.setprofile(self)
        try:
            yield
        finally:
            sys.setprofile(before)
            threading.setprofile(None)

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        if not self.on or event != "call":
            return
        module = self._module(frame.f_code)
        if module is not None:
            into = self.projector if threading.current_thread().name.startswith("projector") else self.calls
            into.append(Call(module, frame.f_code.co_qualname, tuple(self._callers(frame))[::-1]))

    def _callers(self, frame: FrameType) -> Iterator[str]:
        above = frame.f_back
        while above is not None:
            module = self._module(above.f_code)
            if module is not None:
                yield module
            above = above.f_back

    def _module(self, code: CodeType) -> str | None:
        """The Keyframe module of this code; None for code of a library."""
        if code not in self._modules:
            path = Path(code.co_filename)
            is_keyframe = path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in ROOMS and path != LAZY
            self._modules[code] = str(path.relative_to(ROOT)) if is_keyframe else None
        return self._modules[code]


def member_with_key_result(database: Database) -> tuple[str, str]:
    """Set up a member who owns an objective; the member's token, and the global id of a key result."""
    dispatcher = Dispatcher(Log(database.pool(), database.settings.workspace))

    def made(command: Command) -> UUID:
        subject = dispatcher.execute(command, ADMIN).result.subject
        assert subject is not None
        return subject.id

    person = made(AddPerson(handle="ada", name="Ada"))
    made(OpenCycle(key="now", name="Now", starts_on=date(2026, 1, 1), ends_on=date(2026, 12, 31)))
    objective = made(DraftObjective(cycle=CycleBy(key="now"), title="Delight people", owner=person))
    metric = MetricInput(direction=Direction.INCREASE, start=0, target=10)
    key_result = made(AddKeyResult(objective=objective, title="Sessions", metric=metric))
    with database.connect() as conn:
        _, token = api_tokens.issue(conn, "ada", [Role.MEMBER], person, timedelta(hours=1))
    return token, encode("KeyResult", key_result)


def call_path(database: Database) -> CallPath:
    """The calls of a member's check-in, with a parsed document and a cached token check."""
    return asyncio.run(_call_path(database))


async def _call_path(database: Database) -> CallPath:
    token, key_result = member_with_key_result(database)
    profile = Profile()
    with profile.installed(), patch.object(disconnect, "WATCH_SECONDS", 60.0):
        async with _served(database, token) as http:
            for value in range(WARM):
                await _check_in(http, key_result, value)
            profile.on = True
            await _check_in(http, key_result, WARM)
            profile.on = False
    return CallPath(profile.calls, profile.projector)


@asynccontextmanager
async def _served(database: Database, token: str) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(database.settings, database, editor=False)
    transport, bearer = httpx.ASGITransport(app), {"authorization": f"Bearer {token}"}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=bearer) as http,
    ):
        yield http


async def _check_in(http: httpx.AsyncClient, key_result: str, value: int) -> None:
    input = {"keyResult": key_result, "value": value, "confidence": 0.5, "note": "On the way"}
    answer = (await http.post("/graphql", json={"query": CHECK_IN, "variables": {"input": input}})).json()
    payload = answer["data"]["checkIn"]
    assert (payload["behind"], payload["problems"], payload["keyResult"]["current"]) == (0, [], value), answer


def main() -> None:
    with ExitStack() as stack:
        directory = stack.enter_context(TemporaryDirectory(prefix="keyframe-bench-", ignore_cleanup_errors=True))
        server = stack.enter_context(open_database(Settings(data_dir=Path(directory))))
        named = Settings(database_url=SecretStr(server.dsn), workspace=f"bench_{uuid4().hex[:8]}")
        database = stack.enter_context(open_database(named))
        database.migrate()
        report(call_path(database), trace="--trace" in sys.argv)


def report(path: CallPath, *, trace: bool) -> None:
    """Print the totals, the calls by module, and with `trace` the calls in order."""
    print(
        f"{len(path.calls)} calls in {len(path.modules)} modules, {path.backs.total()} calls back between "
        f"{len(path.backs)} pairs of modules; the projector's threads: {len(path.projector)}"
    )
    for module, count in path.modules.most_common():
        print(f"{count:5}  {module}")
    for (module, through), count in path.backs.most_common():
        print(f"{count:5}  {through} > {module}")
    for call in path.calls if trace else ():
        print(f"{'.' * len(call.callers)} {call.module} {call.function}{' (back)' if call.is_back else ''}")


if __name__ == "__main__":
    main()
