"""What an answer was computed from is free once it is given, without the garbage collector."""

import gc
from collections.abc import Iterator

import pytest

from api.execution.executor import Executor
from api.snapshot.snapshot import Batch, SnapshotReader, View
from domain.commands.command import KpiBy
from domain.commands.cycle_commands import ActivateCycle
from domain.commands.kpi_commands import DefineKpi
from domain.commands.kpi_formula_input import KpiFormulaInput, KpiRatioInput
from domain.primitives.values import Cadence
from projections.figures.figures import Figures
from projections.figures.timeline import Timeline
from tests.api.schema import goals
from tests.api.schema.goals import CYCLE, day
from tests.asking import AskedWorld

KEPT = (Batch, Executor, Figures, SnapshotReader, Timeline, View)
OF = 'cycle: {key: "2026-q1"}'


@pytest.fixture
def quarter(world: AskedWorld) -> AskedWorld:
    """A quarter with a key result that a formula measures."""
    goals.cycle(world)
    for key in ("orders", "visits"):
        world.record(DefineKpi(key=key, name=key, cadence=Cadence.DAILY, effective_at=day(-20)))
    ratio = KpiFormulaInput(ratio=KpiRatioInput(KpiBy(key="orders"), KpiBy(key="visits"), 100))
    world.record(
        DefineKpi(key="conversion", name="Conversion", cadence=Cadence.MONTHLY, formula=ratio, effective_at=day(-20))
    )
    objective = goals.objective(world, effective_at=day(2))
    goals.key_result(world, objective, effective_at=day(2), kpi=KpiBy(key="conversion"))
    world.do(ActivateCycle(cycle=CYCLE, effective_at=day(3)))
    world.catch_up()
    return world


@pytest.fixture
def without_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def alive() -> list[str]:
    return [type(one).__name__ for one in gc.get_objects() if isinstance(one, KEPT)]


@pytest.mark.usefixtures("without_collector")
@pytest.mark.parametrize(
    "query",
    [
        f"{{ replay({OF}, every: MONTH) {{ frames {{ progress {{ value explain {{ label }} }} }} }} }}",
        f"{{ retrospective({OF}) {{ attribution {{ final }} planCurve {{ points {{ at actual }} }} }} }}",
        """{ objectives { nodes { progress { explain { label } } keyResults {
            progress { value explain { label value } } checkIns { nodes { note } }
            changes(first: 1) { pageInfo { hasNextPage } }
        } } } }""",
        """{ kpis { nodes {
            keyResults { title } readings(first: 1) { totalCount pageInfo { hasNextPage } nodes { value } }
        } } }""",
    ],
    ids=["replay", "retrospective", "objectives with their key results", "KPIs with their readings"],
)
def test_answer_leaves_nothing_for_the_garbage_collector(quarter: AskedWorld, query: str) -> None:
    before = alive()
    quarter.ask(query)
    quarter.ask(query)  # a query for goals is known now
    assert alive() == before
