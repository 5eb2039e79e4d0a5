"""The objectives that support an objective, and the value that it takes from them, read from the log.

An objective without key results of its own (none, or all dropped) takes its value from the objectives that directly
support it. All of them are read through the unit of work: a concurrent alignment, closing or check-in makes the command
run again.
"""

from datetime import datetime
from math import fsum
from typing import TypeAlias
from uuid import UUID

from domain.handlers import current_value
from domain.handlers.unit_of_work import UnitOfWork
from domain.metrics import formulas
from domain.model.cycle import Cycle
from domain.model.key_result import KeyResult, KeyResultAdded
from domain.model.objective import Objective, ObjectiveDrafted
from domain.primitives.values import Kind, ObjectiveState, Ref

_Moment: TypeAlias = tuple[UUID, datetime]
"""An objective at a moment."""


def score(uow: UnitOfWork, objective: Objective, at: datetime) -> float | None:
    """The mean over the objectives that directly support it: of the score where closed, else of the progress, 0 where
    nothing is measured. Those that can have neither are left out; None without any."""
    parts = of(uow, objective, at)
    values = [_score(one) if one.state is ObjectiveState.CLOSED else _value(uow, one, at) for one in parts]
    return _mean([value for value in values if value is not None])


def of(uow: UnitOfWork, objective: Objective, at: datetime) -> list[Objective]:
    """The objectives that directly support it at a moment, as they are then: in the same or an overlapping cycle,
    neither drafts nor dropped."""
    to = Ref(Kind.OBJECTIVE, objective.id)
    (cycle,) = uow.all_as_of([uow.get(Cycle, objective.cycle)], at)
    return [
        one
        for one in overlapping(uow, cycle, at)
        if to in one.supports and one.state in (ObjectiveState.ACTIVE, ObjectiveState.CLOSED)
    ]


def overlapping(uow: UnitOfWork, cycle: Cycle, at: datetime) -> list[Objective]:
    """All objectives of the cycles that overlap a cycle, itself included, as of a moment."""
    cycles = [one for one in uow.all_as_of(uow.cycles, at) if one.overlaps(cycle.starts_on, cycle.ends_on)]
    return [one for other in cycles for one in uow.children_as_of(Objective, ObjectiveDrafted, other.id, at)]


def live_key_results(uow: UnitOfWork, objective: Objective, at: datetime) -> list[KeyResult]:
    """The key results of an objective that are not dropped, as of a moment, in the order of creation."""
    return [one for one in uow.children_as_of(KeyResult, KeyResultAdded, objective.id, at) if not one.is_dropped]


# ── values ───────────────────────────────────────────────────────────────────────────────────────


def _score(objective: Objective) -> float | None:
    assert objective.outcome is not None
    return objective.outcome[1]


def _value(uow: UnitOfWork, objective: Objective, at: datetime) -> float | None:
    """The progress of an objective at a moment, 0 where nothing is measured; None if it can have none.

    Depth-first without recursion, since chains of objectives may be long, and each objective once. An objective that
    has ended counts its parts as they stood at its end.
    """
    known: dict[_Moment, float | None] = {}
    parts: dict[_Moment, list[Objective]] = {}
    stack = [(objective, min(at, objective.ended_at))]
    while stack:
        one, until = stack[-1]
        key = (one.id, until)
        if key not in parts:
            own = live_key_results(uow, one, until)
            parts[key] = [] if own else of(uow, one, until)
            known[key] = _of_key_results(uow, own, until) if own else None
            stack += [(part, min(until, part.ended_at)) for part in parts[key]]
            continue
        stack.pop()
        if parts[key]:
            values = [known[part.id, min(until, part.ended_at)] for part in parts[key]]
            known[key] = _mean([value for value in values if value is not None])
    return known[objective.id, min(at, objective.ended_at)]


def _of_key_results(uow: UnitOfWork, key_results: list[KeyResult], at: datetime) -> float:
    progress = [current_value.progress(uow, one, at) or 0.0 for one in key_results]
    return formulas.mean([one.weight for one in key_results], progress)


def _mean(values: list[float]) -> float | None:
    return fsum(values) / len(values) if values else None
