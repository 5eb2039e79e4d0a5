"""The objectives of a report by team: each team has a page of its own."""

from typing import NamedTuple

from api.report.content import Story
from api.report.goal_looks import KeyedTeam, ObjectiveLook, TeamLook


class TeamPage(NamedTuple):
    """The objectives of one team, or of none. `look`: the figures of all its objectives; None for a team beyond those
    that the report reads."""

    team: KeyedTeam | None
    look: TeamLook | None
    objectives: list[ObjectiveLook]

    @property
    def name(self) -> str:
        return self.team.name if self.team else "Without a team"

    @property
    def is_replanned(self) -> bool:
        """Whether the last plan of any of its goals differs from the first one."""
        return any(goal.plan_curve.is_replanned for look in self.objectives for goal in look.goals)

    @property
    def anchor(self) -> str:
        """The id of its element."""
        return f"team-{self.team.key if self.team else ''}"


def team_pages(story: Story) -> list[TeamPage]:
    """The teams by name, then the objectives without one; each in the order of drafting."""
    looks = {one.team.key if one.team else None: one for one in story.teams.nodes}
    found: dict[str | None, TeamPage] = {}
    for look in story.objectives:
        team = look.objective.team
        key = team.key if team else None
        found.setdefault(key, TeamPage(team, looks.get(key), [])).objectives.append(look)
    return sorted(found.values(), key=lambda page: (page.team is None, page.name.casefold(), page.anchor))
