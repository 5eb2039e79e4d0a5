"""Estimated costs against measured times: the weights of `api.execution.weights` are calibrated by this.

Run: python -m benchmarks.costs
"""

import gc
import time
from collections.abc import Iterator
from itertools import chain
from typing import Final

from graphql import parse

from api.execution.cost import weigh
from api.execution.sizes import WorkspaceSizes
from api.execution.weights import Sizes
from api.schema.schema import schema
from benchmarks.company import goals, kpi, readings, write
from benchmarks.measuring import World, report, worlds
from domain.handlers.unit_of_work import keyed_id
from domain.model.event import Event
from domain.primitives.values import Kind

OBJECTIVES: Final = 100
KEY_RESULTS: Final = 4
ROUNDS: Final = 6
KPIS: Final = 20
READINGS: Final = 366
TIMES: Final = 3

_IN: Final = 'cycle: {key: "2026-q1"}'
_SINCE: Final = f"from: {{position: 6000}}, scope: {{{_IN}}}"
DOCUMENTS: Final = {
    "a page of objectives": "{ objectives(first: 100) { nodes { id title state description } } }",
    "a page with progress": "{ objectives(first: 100) { nodes { id progress { value health expected } } } }",
    "a page with key results": "{ objectives(first: 100) { nodes { id keyResults { id title progress { value } } } } }",
    "explained progress": "{ objectives(first: 100) { nodes { progress { explain { label value weight } } } } }",
    "forecasts": "{ objectives(first: 100) { nodes { keyResults { forecast { value } } } } }",
    "weekly trajectories": "{ objectives(first: 20) { nodes { keyResults { trajectory(every: WEEK) { actual } } } } }",
    "daily trajectories": "{ objectives(first: 20) { nodes { keyResults { trajectory(every: DAY) { actual } } } } }",
    "a retrospective": f"{{ retrospective({_IN}) {{ attribution {{ movement }} }} }}",
    "… of all objectives": f"{{ retrospective({_IN}) {{ objectives {{ attribution {{ movement scope }} }} }} }}",
    "a replay by week": f"{{ replay({_IN}, every: WEEK) {{ frames {{ progress {{ value }} }} }} }}",
    "a replay by month": f"{{ replay({_IN}, every: MONTH) {{ frames {{ progress {{ value }} }} }} }}",
    "a diff": f"{{ diff({_SINCE}) {{ entities {{ kind }} }} }}",
    "a diff with changes": f"{{ diff({_SINCE}) {{ entities {{ changes {{ position }} }} }} }}",
    "series of KPIs": "{ kpis(first: 20) { nodes { series(every: WEEK) { value } } } }",
    "comparisons of KPIs": "{ kpis(first: 20) { nodes { comparison { change } } } }",
    "what calls for attention": f"{{ attention(for: {{{_IN}}}, first: 100) {{ nodes {{ kind message since }} }} }}",
    "changes with effects": "{ changes(last: 500) { nodes { position effects { before after } } } }",
}


def company() -> Iterator[Event]:
    """A quarter of goals, and KPIs with readings."""
    keys = [f"kpi-{number}" for number in range(KPIS)]
    of_kpis = [readings(keyed_id(Kind.KPI, key), READINGS) for key in keys]
    return chain(goals(OBJECTIVES, KEY_RESULTS, ROUNDS), map(kpi, keys), *of_kpis)


def milliseconds(world: World, document: str) -> float:
    """The shortest duration of some runs, after one that does not count."""
    world.ask(document)
    durations = []
    for _ in range(TIMES):
        began = time.perf_counter()
        world.ask(document)
        durations.append((time.perf_counter() - began) * 1000)
    return min(durations)


def estimated(document: str, sizes: Sizes) -> float:
    return weigh(schema._schema, parse(document), {}, sizes).costs[None]  # noqa: SLF001 - as the server does


def main() -> None:
    with worlds() as new:
        world = new()
        write(world.log, company())
        world.catch_up()
        sizes = WorkspaceSizes(world.pool)
        sizes.count()
        gc.collect()
        gc.freeze()
        gc.set_threshold(100_000, 50, 100)
        for name, document in DOCUMENTS.items():
            cost, ms = estimated(document, sizes.bounds.sizes), milliseconds(world, document)
            report(f"{name}: cost / ms", cost / ms, "0.3 to 3", f"cost {cost:.0f}, {ms:.0f} ms")


if __name__ == "__main__":
    main()
