"""How many parts of a whole have each health."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeAlias
from uuid import UUID

from domain.primitives.values import ObjectiveState
from tests.reference.entities import Cycle, Objective
from tests.reference.figures import figures
from tests.reference.fold import View
from tests.reference.wholes import (
    at_cycle_end,
    can_have_value,
    children_of,
    counted,
    key_results_of,
    objective_figures,
    objectives_in,
    objectives_of_team,
)

Count: TypeAlias = Callable[[View, Sequence[Objective]], Counter[str]]


def of_key_results(view: View, objectives: Sequence[Objective]) -> Counter[str]:
    """The key results of these objectives by health, without dropped ones and those of dropped objectives."""
    found: Counter[str] = Counter()
    for one in (one for one in objectives if one.state is not ObjectiveState.DROPPED):
        found.update(str(figures(view, key_result).health) for key_result in key_results_of(view, one))
    return found


def of_objectives(view: View, objectives: Sequence[Objective]) -> Counter[str]:
    """These objectives by health. Those that can have no value, and those that were closed without a score and so have
    no health, count nowhere."""
    healths = [objective_figures(view, one).health for one in objectives if can_have_value(view, one)]
    return Counter(str(health) for health in healths if health is not None)


def of_cycle(now: View, cycle: Cycle, count: Count) -> Counter[str]:
    """The parts of a cycle: its objectives or their key results, without drafts and dropped ones; of a cycle of
    cycles, those of its children."""
    view = at_cycle_end(now, cycle)
    objectives = objectives_in(view, cycle)
    if counted(view, objectives):
        return count(view, [one for one in objectives if one.counts])
    return sum((of_cycle(view, one, count) for one in children_of(view, cycle)), Counter())


def of_team(now: View, team: UUID, cycle: Cycle | None, count: Count, *, include_subteams: bool) -> Counter[str]:
    """The parts of a team: its objectives in one cycle or in all ACTIVE ones, or their key results."""
    view = now if cycle is None else at_cycle_end(now, cycle)
    owned = objectives_of_team(view, team, cycle, include_subteams=include_subteams)
    return count(view, [one for one in owned if one.counts])
