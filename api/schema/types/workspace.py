"""The workspace, who looks at it, and what an answer stands on."""

from datetime import datetime

import strawberry

from api.schema.primitives import enums
from api.schema.primitives.field import answered
from api.schema.primitives.refs import PersonRef
from api.schema.primitives.scalars import Position
from api.snapshot.snapshot import View
from domain.primitives import values
from projections.tables.cycle import PolicyRow


@strawberry.type(
    description="The two clocks and the log position that an answer stands on. Ask again with `asOf(at:, position:)` "
    "and the answer is the same, for ever."
)
class Basis:
    at: datetime = strawberry.field(description="The moment in the world: what was true then.")
    known: datetime = strawberry.field(description="When the last event that counts was recorded.")
    position: Position = strawberry.field(description="The last event that counts; 0 is before the first.")
    is_now: bool = strawberry.field(description="Whether this is the present, rather than a Snapshot.")


def basis_of(view: View) -> Basis:
    """The basis of a view as clients see it."""
    basis = view.basis
    return Basis(at=basis.at, known=basis.known, position=Position(basis.position), is_now=view.is_now)


@strawberry.type(
    description="The bands by which health and scores are judged. It is an event, too: an answer uses the policy that "
    "was in force at its basis, so an old answer stays what it was. Bands are half-open: a gap on a band's upper bound "
    "still belongs to it, and so does a score on a band's lower bound."
)
class ScoringPolicy:
    row: strawberry.Private[PolicyRow]

    @property
    def policy(self) -> values.ScoringPolicy:
        return self.row.policy

    @answered("How often it was adopted; 0 is the default, which nobody adopted.")
    def version(self) -> int:
        return self.row.version

    @answered("Since when it is in force.")
    def since(self) -> datetime:
        return self.row.changed_at

    @answered("Up to this gap between expected and actual progress it is ON_TRACK.")
    def on_track_gap(self) -> float:
        return self.policy.on_track_gap

    @answered("Up to this gap it is AT_RISK, beyond it OFF_TRACK.")
    def at_risk_gap(self) -> float:
        return self.policy.at_risk_gap

    @answered("From this score on it is ACHIEVED.")
    def score_green(self) -> float:
        return self.policy.score_green

    @answered("From this score on it is amber rather than red.")
    def score_amber(self) -> float:
        return self.policy.score_amber

    @answered("After how many cadences of silence a measure is out of date.")
    def stale_after_cadences(self) -> float:
        return self.policy.stale_after_cadences

    @answered("How many key results an objective has before a finding says it is too many.")
    def max_key_results_per_objective(self) -> int:
        return self.policy.max_key_results_per_objective

    @answered("How many objectives a person owns in a cycle before a finding says it is too many.")
    def max_objectives_per_owner(self) -> int:
        return self.policy.max_objectives_per_owner


@strawberry.type(description="Everything of one organisation: one log, one set of goals and measures.")
class Workspace:
    name: str = strawberry.field(description="What it is called.")
    view: strawberry.Private[View]

    @answered("The bands by which health and scores are judged.")
    def policy(self) -> ScoringPolicy:
        return ScoringPolicy(row=self.view.policy)

    @answered("The last event of the log that this answer knows.")
    def head(self) -> Position:
        return Position(self.view.basis.position)


@strawberry.type(description="Who asks.")
class Viewer:
    person: PersonRef | None = strawberry.field(description="The person; null for a machine token.")
    handle: str = strawberry.field(description="The person's handle, or the machine token's name.")
    roles: list[enums.Role] = strawberry.field(description="What they are in this workspace.")
    can: list[enums.Permission] = strawberry.field(description="What they may do.")
