"""What objectives are in the mean of their cycle, kept up to date while a horizon moves along the log.

A measurement changes one part of one objective, so only that part and the mean over the parts are computed anew.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from domain.metrics import wholes
from domain.metrics.wholes import Part, Worth
from domain.primitives.values import ObjectiveState
from projections.figures.figures import Figures
from projections.figures.measurement_series import MeasurementVersion
from projections.figures.running import RunningPart
from projections.figures.window import End


class _Parts:
    """The key results of an objective that are not dropped, each with its part; None before it was added."""

    def __init__(self) -> None:
        self.state: ObjectiveState | None = None
        """None if it must be computed anew."""
        self.is_elsewhere = False
        """Whether the objective is in another cycle than that of the mean."""
        self.running: dict[UUID, RunningPart | None] = {}
        self.found: dict[UUID, Part | None] = {}


class RunningWorths:
    """The worths of objectives, as `Figures.worth`, at the horizon of these figures. `cycle`: that of the mean, in
    which an objective of another one does not count."""

    def __init__(self, figures: Figures, objectives: Iterable[UUID], cycle: UUID | None) -> None:
        self._figures = figures
        self._cycle = cycle
        self._objectives = {id: _Parts() for id in objectives}

    def of(self, objective: UUID) -> Worth | None:
        """The worth of an objective; None before it was drafted."""
        known = self._objectives[objective]
        if known.state is None:
            row = self._figures.objective_row(objective)
            if row is None:
                return None
            known.state = row.state
            known.is_elsewhere = self._cycle not in (None, row.cycle)
            known.found.clear()
            self._complete(known, self._figures.live_key_results(objective))
        parts = [part for part in known.found.values() if part is not None]
        if not parts:
            worth = self._figures.worth_of_heading(objective)
        else:
            worth = wholes.worth(known.state, [part.value for part in parts], [part.weight for part in parts])
        return worth._replace(counts=False) if worth is not None and known.is_elsewhere else worth

    # Each of these takes one event into account, and returns whether it may have changed the objective.

    def measure(self, objective: UUID, key_result: UUID, changed: MeasurementVersion | None) -> bool:
        """The beginning or the end of a measurement; None for the completion of a period of a formula."""
        known = self._objectives[objective]
        if key_result not in known.found:
            return known.state is None
        running = known.running[key_result]
        if running is None or changed is None:
            self._figures.forget((), (), [key_result])
            known.found.pop(key_result)
            known.running[key_result] = None
            self._complete(known, [*known.running])
            return True
        is_changed = running.take(changed)
        known.found[key_result] = running.part
        return is_changed

    def change(self, objective: UUID, key_result: UUID) -> bool:
        """Another version of a key result; its objective and the other key results stay."""
        self._figures.forget((), [key_result])
        known = self._objectives[objective]
        before = [*known.found.values()]
        known.found.pop(key_result, None)
        self._complete(known, self._figures.live_key_results(objective))
        return known.state is None or before != [*known.found.values()]

    def close_cycle(self, objective: UUID, end: End) -> bool:
        """The closing of its cycle, which changes nothing of what has ended before."""
        ended = self._figures.end_of(objective)
        if ended is None or end <= ended:
            return self.forget(objective)
        self._figures.forget([objective])
        return False

    def forget(self, objective: UUID) -> bool:
        """Another event: the objective and its key results are computed anew."""
        self._figures.forget([objective])
        self._objectives[objective].state = None
        return True

    def _complete(self, of: _Parts, live: Sequence[UUID]) -> None:
        """The parts of these key results, in their order; those that are found stay."""
        found, running = of.found, of.running
        of.found, of.running = {}, {}
        for id in live:
            of.running[id] = running[id] if id in found else self._figures.running_part(id, running.get(id))
            of.found[id] = found[id] if id in found else self._part(id, of.running[id])

    def _part(self, id: UUID, running: RunningPart | None) -> Part | None:
        return self._figures.part(id) if running is None else running.part
