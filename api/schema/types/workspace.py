"""The workspace, the viewer, and the basis of an answer."""

from datetime import datetime
from typing import Any

import strawberry

from api.schema.attention.attention_list import ORDER_TOLD, AttentionConnection, Until, WorseSince, attention
from api.schema.attention.scope import Scope
from api.schema.connections.connection import connection
from api.schema.connections.filters import NOTHING
from api.schema.primitives import enums
from api.schema.primitives.field import resolved
from api.schema.primitives.refs import PersonRef
from api.schema.primitives.scalars import Position
from api.schema.primitives.view_types import Open
from api.snapshot.pagination import PageRequest
from api.snapshot.snapshot import View
from domain.primitives import values
from domain.primitives.values import Kind
from projections.tables.cycle import CalendarRow, PolicyRow


@strawberry.type(
    description="The effective time and the log position that an answer is based on. `asOf(at:, position:)` with these "
    "values returns the same answer at any later time."
)
class Basis:
    at: datetime = strawberry.field(description="The effective time.")
    known: datetime = strawberry.field(description="The recording time of the last included event.")
    position: Position = strawberry.field(description="The position of the last included event; 0 if there is none.")
    is_now: bool = strawberry.field(description="Whether this is the present and not a Snapshot.")


def basis_of(view: View) -> Basis:
    """The basis of a view as its GraphQL type."""
    basis = view.basis
    return Basis(at=basis.at, known=basis.known, position=Position(basis.position), is_now=view.is_now)


@strawberry.type(
    description="The thresholds for health and scores. Policies are versioned in the log: an answer uses the policy in "
    "force at its basis, so past answers do not change. A gap equal to an upper bound is inside the band, and so is a "
    "score equal to a lower bound."
)
class ScoringPolicy:
    row: strawberry.Private[PolicyRow]

    @property
    def policy(self) -> values.ScoringPolicy:
        return self.row.policy

    @resolved("The version of the policy; 0 is the built-in default.")
    def version(self) -> int:
        return self.row.version

    @resolved("The effective time from which it is in force.")
    def since(self) -> datetime:
        return self.row.changed_at

    @resolved("The largest gap between expected and actual progress that is ON_TRACK, as a share of 1.")
    def on_track_gap(self) -> float:
        return self.policy.on_track_gap

    @resolved("The largest gap that is AT_RISK, as a share of 1. A larger gap is OFF_TRACK.")
    def at_risk_gap(self) -> float:
        return self.policy.at_risk_gap

    @resolved(
        "The lowest score that is ACHIEVED for an ASPIRATIONAL objective or a cycle, and PARTIAL for a COMMITTED "
        "objective, in [0, 1]."
    )
    def score_green(self) -> float:
        return self.policy.score_green

    @resolved("The lowest score that is PARTIAL for an ASPIRATIONAL objective or a cycle, in [0, 1].")
    def score_amber(self) -> float:
        return self.policy.score_amber

    @resolved("The number of cadences without a measurement after which a goal or KPI is out of date.")
    def stale_after_cadences(self) -> float:
        return self.policy.stale_after_cadences

    @resolved("The largest number of key results of an objective without a finding.")
    def max_key_results_per_objective(self) -> int:
        return self.policy.max_key_results_per_objective

    @resolved("The largest number of objectives of an owner in a cycle without a finding.")
    def max_objectives_per_owner(self) -> int:
        return self.policy.max_objectives_per_owner


@strawberry.type(
    description="The calendar of the workspace, by which days, weeks, months, quarters and years begin and end. "
    "Calendars are versioned in the log: an answer uses the calendar in force at its basis, for past periods, too; "
    "what has ended keeps the calendar of its end."
)
class Calendar:
    row: strawberry.Private[CalendarRow]

    @resolved("The version of the calendar; 0 is the built-in default.")
    def version(self) -> int:
        return self.row.version

    @resolved("The effective time from which it is in force.")
    def since(self) -> datetime:
        return self.row.changed_at

    @resolved("The time zone by which days begin and end, a name of the IANA database; UTC by default.")
    def time_zone(self) -> str:
        return self.row.calendar.time_zone

    @resolved("The month in which the fiscal year starts, from 1 to 12; 1 by default.")
    def fiscal_year_start_month(self) -> int:
        return self.row.calendar.fiscal_year_start_month

    @resolved("The first day of a week; MONDAY by default.")
    def week_starts_on(self) -> enums.Weekday:
        return self.row.calendar.week_starts_on


@strawberry.type(description="The workspace of one organisation: one log with its goals and KPIs.")
class Workspace:
    name: str = strawberry.field(description="The name of the workspace.")
    view: strawberry.Private[View]

    @resolved("The scoring policy in force: the thresholds for health and scores.")
    def policy(self) -> ScoringPolicy:
        return ScoringPolicy(row=self.view.policy)

    @resolved("The calendar in force, by which days, weeks, months, quarters and years begin and end.")
    def calendar(self) -> Calendar:
        return Calendar(row=self.view.settings.calendars.current)

    @resolved("The position of the last event that this answer includes.")
    def head(self) -> Position:
        return Position(self.view.basis.position)


@strawberry.type(description="The caller of this request.")
class Viewer:
    person: PersonRef | None = strawberry.field(description="The person; null for a machine token.")
    handle: str = strawberry.field(description="The person's handle, or the machine token's name.")
    roles: list[enums.Role] = strawberry.field(description="The roles in this workspace.")
    can: list[enums.Permission] = strawberry.field(description="The permissions that follow from the roles.")
    open: strawberry.Private[Open]

    @connection(
        "What the person should act on, as `attention(for: {person: …})`; empty for a machine token. "
        f"{ORDER_TOLD} Null only with an error."
    )
    def attention(
        self, page_request: PageRequest, until: Until = None, worse_since: WorseSince = None
    ) -> AttentionConnection | None:
        person: Any = self.person
        scope = Scope(Kind.PERSON, NOTHING if person is None else person.row.id)
        return attention(self.open(), scope, until, worse_since, page_request)
