"""The arguments that narrow a retrospective to a team, a person or an objective."""

from typing import Annotated, TypeAlias
from uuid import UUID

import strawberry

from api.schema.connections.filters import identified, named
from api.schema.primitives.lookup import By, PersonBy, TeamBy
from api.snapshot.dataloaders import found
from api.snapshot.snapshot import View
from domain.primitives.errors import Code, CommandRejected
from domain.primitives.values import Kind
from projections.history.retrospective import Narrowing
from projections.tables.cycle import CycleRow

OfTeam: TypeAlias = Annotated[
    TeamBy | None,
    strawberry.argument(description="Only the objectives of this team and of the teams inside it, as at the outcome."),
]
OfPerson: TypeAlias = Annotated[
    PersonBy | None,
    strawberry.argument(
        description="Only the objectives that this person owns, and those with a key result that this person owns: of "
        "the latter only these key results are listed."
    ),
]
OfObjective: TypeAlias = Annotated[
    strawberry.ID | None, strawberry.argument(description="Only this objective of the cycle.")
]


def narrowing(
    outcome: View, cycle: CycleRow, team: TeamBy | None, person: PersonBy | None, objective: str | None
) -> Narrowing:
    """What the retrospective of a cycle is narrowed to. Raises `NOT_FOUND` for what does not exist at the outcome, and
    for an objective of another cycle."""
    of_team = _found(outcome, Kind.TEAM, team)
    return Narrowing(
        teams=None if of_team is None else frozenset(outcome.teams_inside(of_team)),
        person=_found(outcome, Kind.PERSON, person),
        objective=_objective(outcome, cycle, objective),
    )


def _found(view: View, kind: Kind, by: By | None) -> UUID | None:
    id = named(view, kind, by)
    if id is not None and id not in found(view, kind, [id]):
        raise CommandRejected(Code.NOT_FOUND, f"There was no such {kind.lower()} at the outcome.", kind.lower())
    return id


def _objective(view: View, cycle: CycleRow, id: str | None) -> UUID | None:
    wanted = identified(Kind.OBJECTIVE, id)
    if wanted is not None:
        objective = found(view, Kind.OBJECTIVE, [wanted]).get(wanted)
        if objective is None or objective.row.cycle != cycle.id:
            raise CommandRejected(
                Code.NOT_FOUND, f"The cycle '{cycle.key}' had no such objective at the outcome.", "objective"
            )
    return wanted
