"""The order in which the teams of one request are formed: parents first."""

from collections.abc import Sequence

from msgspec import UNSET

from domain.commands.people_commands import FormTeam
from domain.primitives.errors import Code, CommandRejected


def parents_first(teams: Sequence[FormTeam]) -> list[int]:
    """The places of the teams, each after that of its parent; those of a circle last."""
    places = {team.key: place for place, team in enumerate(teams)}
    above = {place: places.get(team.parent_key or "") for place, team in enumerate(teams)}
    order: dict[int, None] = {}
    for place in range(len(teams)):
        chain: list[int] = []
        next_: int | None = place
        while next_ is not None and next_ not in order and next_ not in chain:
            chain.append(next_)
            next_ = above[next_]
        if next_ is None or next_ in order:
            order.update(dict.fromkeys(reversed(chain)))
    return [*order, *(place for place in range(len(teams)) if place not in order)]


def refuse_circle(team: FormTeam, teams: Sequence[FormTeam]) -> None:
    """Raises `CIRCULAR` for a team that would be inside itself, by the parents in these teams of the same request."""
    parents = {one.key: one.parent_key for one in teams}
    seen: set[str] = set()
    above = team.parent_key
    while above is not UNSET and above != team.key and above in parents and above not in seen:
        seen.add(above)
        above = parents[above]
    if above == team.key:
        raise CommandRejected(
            Code.CIRCULAR, f"'{team.key}' would be inside itself; choose another parent.", "parentKey"
        )
