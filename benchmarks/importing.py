"""A fact file imported in groups, against the same file imported with one commit per fact.

Run: python -m benchmarks.importing
"""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from api.facts.importer import Import
from benchmarks.measuring import World, report, worlds
from domain.handlers.dispatcher import Dispatcher

OBJECTIVES, KEY_RESULTS, CHECK_INS = 60, 4, 16
START = datetime(2026, 1, 1, 9, tzinfo=UTC)


def main() -> None:
    lines = [json.dumps(fact).encode() for fact in facts()]
    with worlds() as new:
        grouped, single = _seconds(new(), lines), _seconds(new(), lines, one_by_one=True)
    figures = f"{len(lines) / grouped:,.0f} facts/s in groups, {len(lines) / single:,.0f} facts/s one by one"
    report(f"{len(lines):,} facts: in groups / one by one", grouped / single, "1,500/s", figures)


def facts() -> Iterator[dict[str, Any]]:
    """A quarter of goals with their check-ins, in the order of time."""
    cycle = {"key": "2026-q1", "name": "Q1", "startsOn": "2026-01-01", "endsOn": "2026-03-31"}
    yield _fact(START, "openCycle", cycle, "cycle")
    goals = [f"objective-{number}" for number in range(OBJECTIVES)]
    parts = [f"{goal}/{number}" for goal in goals for number in range(KEY_RESULTS)]
    for goal in goals:
        yield _fact(START, "draftObjective", {"cycle": {"key": "2026-q1"}, "title": f"Delight {goal}"}, goal)
    for part in parts:
        metric = {"direction": "INCREASE", "start": 0, "target": 100}
        of = {"ref": part.partition("/")[0]}
        yield _fact(START, "addKeyResult", {"objective": of, "title": f"Reach {part}", "metric": metric}, part)
    yield _fact(START, "activateCycle", {"cycle": {"key": "2026-q1"}})
    for number in range(CHECK_INS):
        for part in parts:
            check_in = {"keyResult": {"ref": part}, "value": number * 5, "confidence": 0.7}
            yield _fact(START + timedelta(days=number + 1), "checkIn", check_in)


def _fact(at: datetime, do: str, input: dict[str, Any], ref: str | None = None) -> dict[str, Any]:
    return {"at": at.isoformat(), "do": do, "input": input} | ({} if ref is None else {"ref": ref})


def _seconds(world: World, lines: list[bytes], *, one_by_one: bool = False) -> float:
    started = time.perf_counter()
    tally = Import(Dispatcher(world.log), world.log, "machine:benchmark", one_by_one=one_by_one).run(lines)
    assert tally.recorded == len(lines), tally
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
