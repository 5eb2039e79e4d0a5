"""An import records facts in groups, exactly as it would record them one by one."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from api.facts import importer
from api.facts.importer import Import, ImportResult
from api.runtime.database import Database
from domain.handlers.dispatcher import Dispatcher
from domain.log.append import Append, CommandRow
from domain.log.event_store import Log
from domain.log.group import GroupedLog
from domain.log.mapper import StoredRow
from domain.model.people import PersonAdded, PersonRenamed
from tests.api.facts.round_trip import renamed
from tests.damage import unguarded
from tests.upgrades import make

FACTS = Path(make.__file__).parent / "facts.ndjson"
ADA = {"at": "2026-01-01T09:00:00Z", "do": "addPerson", "ref": "person:ada", "input": {"handle": "ada", "name": "Ada"}}


def kpi(key: str, minute: int = 0) -> dict[str, Any]:
    at = f"2026-01-01T10:{minute:02}:00Z"
    return {"at": at, "by": "person:ada", "do": "defineKpi", "ref": key, "input": {"key": key, "name": key}}


def reading(key: str, day: int, value: float) -> dict[str, Any]:
    at = f"2026-02-{day:02}T09:00:00Z"
    return {"at": at, "do": "recordReadings", "input": {"readings": [{"kpi": {"key": key}, "value": value}]}}


def lines(*facts: dict[str, Any]) -> list[bytes]:
    return [json.dumps(fact).encode() for fact in facts]


def run(database: Database, facts: list[bytes], *, go_on: bool = False, one_by_one: bool = False) -> ImportResult:
    log = database.log()
    return Import(Dispatcher(log), log, "machine:test", one_by_one=one_by_one).run(facts, go_on=go_on)


def contents(log: Log) -> list[Any]:
    """The log without times of recording and encrypted names."""
    events = [
        (one.position, type(one.event).__name__, one.by, *(
            getattr(one.event, name)
            for name in one.event.__struct_fields__
            if not (name == "sealed" and isinstance(one.event, PersonAdded | PersonRenamed))
        ))
        for one in log.entries(0, 10_000)
    ]  # fmt: skip
    return list(renamed(events, {}))


class AllAtOnce:
    """A reader of lines that are all there: whether a line is there in time depends on the machine."""

    def __init__(self, lines: list[bytes], lines_max: int, bytes_max: int) -> None:
        assert len(lines) <= lines_max
        assert sum(map(len, lines)) <= bytes_max
        self._lines = lines

    def groups(self) -> Iterator[list[bytes]]:
        yield self._lines

    def close(self) -> None:
        """There is no thread to end."""


@pytest.fixture
def emptied(database: Database) -> Callable[[], None]:
    """Empties the log of the workspace."""

    def empty() -> None:
        with unguarded(database) as conn:
            for table in ("log", "command", "person_key"):
                conn.execute(f"delete from {table}")

    return empty


def test_import_in_groups_records_what_an_import_one_by_one_records(
    database: Database, emptied: Callable[[], None]
) -> None:
    facts = FACTS.read_bytes().splitlines()
    grouped = run(database, facts, go_on=True)
    in_groups = contents(database.log())
    emptied()
    one_by_one = run(database, facts, go_on=True, one_by_one=True)
    assert grouped == one_by_one
    assert grouped.recorded > 80
    assert in_groups == contents(database.log())


def test_facts_of_a_group_are_recorded_in_few_commits(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importer, "GROUP_SECONDS_MAX", 1e9)
    monkeypatch.setattr(importer, "LineReader", AllAtOnce)
    sizes: list[int] = []
    append_all = Log.append_all

    def counted(self: Log, commands: Sequence[tuple[Sequence[StoredRow], Append]]) -> list[CommandRow]:
        sizes.append(len(commands))
        return append_all(self, commands)

    monkeypatch.setattr(Log, "append_all", counted)
    readings = [
        reading("sales", 1 + n % 28, n) | {"at": f"2026-03-01T{n // 60:02}:{n % 60:02}:00Z"} for n in range(300)
    ]
    tally = run(database, lines(ADA, kpi("sales"), *readings))
    assert (tally.recorded, tally.refusals) == (302, [])
    assert sizes == [301]


def test_refusal_in_a_group_keeps_what_came_before_and_stops(database: Database) -> None:
    facts = lines(ADA, kpi("sales"), reading("sales", 1, 5), reading("sales", 1, 6), reading("sales", 2, 7))
    tally = run(database, facts)
    assert [refusal.line for refusal in tally.refusals] == [4]
    assert (tally.read, tally.recorded) == (4, 3)
    assert [row.topic for row in database.log().rows(0, 10)][-1] == "reading-recorded.v1"
    assert database.log().head().position == 3


def test_refusal_in_a_group_refuses_only_its_line_with_the_option_to_go_on(database: Database) -> None:
    facts = lines(ADA, kpi("sales"), reading("sales", 1, 5), reading("sales", 1, 6), reading("sales", 2, 7))
    tally = run(database, facts, go_on=True)
    assert [refusal.line for refusal in tally.refusals] == [4]
    assert (tally.read, tally.recorded) == (5, 4)
    assert run(database, facts, go_on=True).already_there == 4


def test_interrupted_group_is_resumed_without_repeating_anything(database: Database) -> None:
    facts = lines(ADA, *(kpi(f"kpi-{n}", n) for n in range(20)))

    def cut() -> Iterator[bytes]:
        yield from facts[:10]
        raise KeyboardInterrupt

    log = database.log()
    with pytest.raises(KeyboardInterrupt):
        Import(Dispatcher(log), log, "machine:test").run(cut())
    tally = run(database, facts)
    assert (tally.recorded + tally.already_there, tally.refusals) == (21, [])
    assert database.log().head().position == 21


def test_group_that_others_interfere_with_is_recorded_one_by_one(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the group is committed, somebody else records the KPI that its facts depend on."""
    other = Import(Dispatcher(database.log()), database.log(), "machine:other")
    commit = GroupedLog.commit
    waiting = [True]

    def interfered(self: GroupedLog) -> None:
        if self._kept and waiting:
            waiting.clear()
            assert other.run(lines(ADA, kpi("sales"), reading("sales", 9, 9))).recorded == 2
        commit(self)

    monkeypatch.setattr(GroupedLog, "commit", interfered)
    tally = run(database, lines(ADA, kpi("sales"), reading("sales", 1, 5), reading("sales", 9, 9), kpi("visits", 5)))
    assert (tally.recorded, tally.already_there, tally.refusals) == (3, 2, [])
    assert database.log().head().position == 5


def test_same_file_imported_twice_at_once_is_recorded_once(database: Database) -> None:
    facts = lines(
        ADA, *(kpi(f"kpi-{n}", n) for n in range(10)), *(reading(f"kpi-{n % 8}", 1 + n % 25, n) for n in range(200))
    )
    tallies: list[ImportResult] = []
    threads = [Thread(target=lambda: tallies.append(run(database, facts))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [tally.refusals for tally in tallies] == [[], []]
    assert [tally.recorded + tally.already_there for tally in tallies] == [len(facts)] * 2
    assert database.log().head().position == len(set(facts)) == len(facts)
