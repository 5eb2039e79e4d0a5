"""The plan curves of a retrospective equal those of the reference model, on random histories."""

from datetime import datetime
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from api.snapshot.global_ids import entity
from domain.primitives.values import CycleState, Kind
from tests.properties.cases import Case, basis_of, on_histories
from tests.properties.model_answers import Flat, same
from tests.properties.test_reference_model import retrospective
from tests.reference import plan_curves
from tests.reference.entities import Basis
from tests.reference.fold import View
from tests.reference.wholes import cycle_figures, objective_figures

POINTS = 10
"""The number of points that are compared in each cycle."""
CURVES = """
    plan { at position } outcome { at position }
    planCurve { points { at planned replanned actual } }
    objectives { objective { entityId } planCurve { points { at planned replanned actual } } }
"""


class Model(NamedTuple):
    """The views of the reference model that the curves of one retrospective follow from."""

    case: Case
    outcome: Basis
    first: View
    last: View

    def then(self, at: datetime) -> View | None:
        """What the outcome knows of a moment; None after it."""
        return self.case.log.view(Basis(at, self.outcome.position)) if at <= self.outcome.at else None

    def cycle(self, id: UUID, at: datetime) -> dict[str, float | None]:
        then = self.then(at)
        return {
            "planned": plan_curves.of_cycle(self.first, self.first.cycles[id], at),
            "replanned": plan_curves.of_cycle(self.last, self.last.cycles[id], at),
            "actual": None if then is None or id not in then.cycles else cycle_figures(then, then.cycles[id]).value,
        }

    def objective(self, id: UUID, at: datetime) -> dict[str, float | None]:
        then = self.then(at)
        there = None if then is None else then.objectives.get(id)
        return {
            "planned": plan_curves.of_planned_objective(self.first, id, at),
            "replanned": plan_curves.of_objective(self.last, self.last.objectives[id], at),
            "actual": None if then is None or there is None else objective_figures(then, there).value,
        }


@on_histories()
def test_plan_curves_equal_the_reference_model(case: Case) -> None:
    for cycle in case.log.view(case.now).cycles.values():
        if cycle.state in (CycleState.ACTIVE, CycleState.CLOSED):
            assert misplanned(case, cycle.id, Random(case.seed)) == {}


def misplanned(case: Case, cycle: UUID, chance: Random) -> Flat:
    """Points of the curves of a cycle and of its objectives that differ, each with both answers."""
    answer = retrospective(case, cycle, fields=CURVES)
    plan, outcome = basis_of(answer["plan"]), basis_of(answer["outcome"])
    model = Model(case, outcome, plan_curves.plan_view(case.log, plan, outcome), case.log.view(outcome))
    points = [*points_of(answer)]
    found: Flat = {}
    for id, point in chance.sample(points, min(len(points), POINTS)):
        at = datetime.fromisoformat(point.pop("at"))
        expected = model.cycle(cycle, at) if id is None else model.objective(id, at)
        if not same(point, expected):
            found[f"{id} {at}"] = (point, expected)
    return found


def points_of(answer: Any) -> list[tuple[UUID | None, dict[str, Any]]]:
    """Every point, with the objective that it belongs to; None for the cycle."""
    whole: list[tuple[UUID | None, dict[str, Any]]] = [(None, point) for point in answer["planCurve"]["points"]]
    for one in answer["objectives"]:
        id = entity(one["objective"]["entityId"], Kind.OBJECTIVE)
        whole += [(id, point) for point in one["planCurve"]["points"]]
    return whole
