"""Progress of teams, from a timeline that was read for teams."""

from uuid import UUID

from domain.metrics import wholes
from domain.metrics.wholes import GroupProgress
from domain.primitives.values import CycleState
from projections.figures.figures import Figures
from projections.figures.horizon import Horizon
from projections.figures.timeline import Timeline
from projections.figures.window import End, end_of_cycle
from projections.tables.objective import ObjectiveRow
from projections.tables.people import reached


class TeamFigures:
    """The progress of teams: of their objectives in a cycle, or in all active cycles.

    `include_subteams`: the objectives of the teams inside a team count, too. In a closed cycle, hierarchy and ownership
    are those at its closing.
    """

    def __init__(self, timeline: Timeline, cycle: UUID | None, *, include_subteams: bool) -> None:
        self._timeline = timeline
        self._cycle = cycle
        self._include_subteams = include_subteams
        self._read_at: Horizon | None = None
        self._closed: End | None = None
        self._within: dict[UUID | None, list[UUID]] = {}
        self._owned: dict[UUID, list[UUID]] = {}

    def team(self, id: UUID, figures: Figures) -> GroupProgress:
        """The progress of a team at the horizon of these figures."""
        parts = [part for one in self.objectives(id, figures) if (part := figures.objective(one)) is not None]
        return wholes.of_team(parts, figures.at_end(self._closed).policy)

    def objectives(self, team: UUID, figures: Figures) -> list[UUID]:
        """The objectives of a team there, drafts and dropped ones too."""
        if self._read_at is not figures.horizon:
            self._read(figures)
        inside = reached(team, self._within) if self._include_subteams else {team}
        return [id for one in inside for id in self._owned.get(one, ())]

    def _read(self, figures: Figures) -> None:
        """Read hierarchy and ownership."""
        self._read_at = figures.horizon
        self._closed = end_of_cycle(figures.cycle_row(self._cycle)) if self._cycle in self._timeline.cycles else None
        then = self._read_at if self._closed is None else Horizon(self._closed.at, self._read_at.position)
        self._within, self._owned = {}, {}
        for id, team in self._timeline.teams.items():
            if (version := team.at(then)) is not None:
                self._within.setdefault(version.parent, []).append(id)
        for id in self._timeline.own:
            row = self._timeline.objectives[id].at(then)
            if row is not None and row.team is not None and self._is_asked_for(row, figures):
                self._owned.setdefault(row.team, []).append(id)

    def _is_asked_for(self, row: ObjectiveRow, figures: Figures) -> bool:
        if self._cycle is not None:
            return row.cycle == self._cycle
        return figures.cycle_row(row.cycle).state is CycleState.ACTIVE
