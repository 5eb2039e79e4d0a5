"""What objectives are in the mean of their cycle, kept up to date while a horizon moves along the log.

A measurement changes one part of one objective, so only that part and the mean over the parts are computed anew.
"""

from collections.abc import Container, Iterable, Sequence
from uuid import UUID

from domain.metrics import wholes
from domain.metrics.wholes import Part, Worth
from domain.primitives.values import ObjectiveState
from projections.figures.figures import Figures
from projections.figures.measurement_series import MeasurementVersion
from projections.figures.running import RunningPart
from projections.figures.window import End


class _Part:
    """A key result in the mean of its objective. `running`: keeps its value up to date, None where the figures compute
    it anew. `exists`: whether it was added."""

    __slots__ = ("exists", "running", "value", "weight")

    def __init__(self, running: RunningPart | None, of: RunningPart | Part | None) -> None:
        self.running = running
        self.exists = of is not None
        self.value = None if of is None else of.value
        self.weight = 0.0 if of is None else of.weight

    @property
    def worth(self) -> tuple[bool, float | None, float]:
        """What the worth of the objective depends on."""
        return self.exists, self.value, self.weight


class _Parts:
    """An objective with its key results that are not dropped."""

    def __init__(self) -> None:
        self.state: ObjectiveState | None = None
        """None if it must be computed anew."""
        self.is_elsewhere = False
        """Whether the objective is in another cycle than that of the mean."""
        self.of: dict[UUID, _Part] = {}


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
            self._complete(known, self._figures.live_key_results(objective), known.of.keys())
        parts = [part for part in known.of.values() if part.exists]
        if not parts:
            worth = self._figures.worth_of_heading(objective)
        else:
            worth = wholes.worth(known.state, [part.value for part in parts], [part.weight for part in parts])
        return worth._replace(counts=False) if worth is not None and known.is_elsewhere else worth

    # Each of these takes one event into account, and returns whether it may have changed the objective.

    def measure(self, objective: UUID, key_result: UUID, changed: MeasurementVersion | None) -> bool:
        """The beginning or the end of a measurement; None for the completion of a period of a formula."""
        known = self._objectives[objective]
        part = known.of.get(key_result)
        if part is None:
            return known.state is None
        if part.running is None or changed is None:
            self._figures.forget((), (), [key_result])
            known.of[key_result] = self._part(key_result, None)
            return True
        is_changed = part.running.take(changed)
        part.value = part.running.value
        return is_changed

    def change(self, objective: UUID, key_result: UUID, *, is_same_goal: bool) -> bool:
        """Another version of a key result; its objective and the other key results stay. `is_same_goal`: its value
        depends on the version only after the end, at which all is computed anew."""
        known = self._objectives[objective]
        if is_same_goal and key_result in known.of and self._figures.end_of(objective) is None:
            return False
        self._figures.forget((), [key_result])
        before = [part.worth for part in known.of.values()]
        self._complete(known, self._figures.live_key_results(objective), (key_result,))
        return known.state is None or before != [part.worth for part in known.of.values()]

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

    def _complete(self, of: _Parts, live: Sequence[UUID], changed: Container[UUID]) -> None:
        """The parts of these key results, in their order; those that are known and did not change stay."""
        before, of.of = of.of, {}
        for id in live:
            known = before.get(id)
            if known is None or id in changed:
                known = self._part(id, None if known is None else known.running)
            of.of[id] = known

    def _part(self, id: UUID, before: RunningPart | None) -> _Part:
        running = self._figures.running_part(id, before)
        return _Part(running, self._figures.part(id) if running is None else running)
