"""Mutation payloads: the recorded changes and their position, or the problems, and the affected entity."""

from collections.abc import Callable
from typing import Any, Final

import strawberry

from api.schema.connections.connection import Edge
from api.schema.history.change import Change
from api.schema.mutations.command_result import CommandDeclined, CommandSucceeded
from api.schema.mutations.problem import Problem
from api.schema.primitives import view_types
from api.schema.primitives.field import resolved
from api.schema.primitives.refs import QueryRef
from api.schema.primitives.scalars import Position
from api.schema.types.cycle import Cycle
from api.schema.types.discussion import Comment, Initiative, Reflection
from api.schema.types.entity import Entity
from api.schema.types.key_result import KeyResult
from api.schema.types.kpi import Kpi
from api.schema.types.measurements import CheckIn, Reading
from api.schema.types.objective import Objective
from api.schema.types.people import Person, Team
from api.schema.types.templates.template import Template
from api.schema.types.workspace import Calendar, ScoringPolicy
from api.snapshot.dataloaders import found
from api.snapshot.pagination import Page, encode
from api.snapshot.snapshot import StaleProjection
from domain.commands import key_result_commands
from domain.primitives.values import Kind
from projections.store.keyset import List
from projections.store.versioned_tables import Cursor
from projections.tables.cycle import CYCLES
from projections.tables.discussion import comment_cursor
from projections.tables.key_result import KEY_RESULTS
from projections.tables.kpi import KPIS
from projections.tables.measurements import CHECK_INS, READINGS
from projections.tables.objective import OBJECTIVES
from projections.tables.people import PEOPLE, TEAMS


@strawberry.interface(
    description="The result of a mutation: the recorded changes and their position, or the problems. A rejected "
    "command is reported in `problems`; top-level errors are for bugs, invalid documents and an unreachable database."
)
class Payload:
    answer: strawberry.Private[CommandSucceeded | CommandDeclined]

    @resolved("The log position that this payload is based on; null if the command was rejected.")
    def position(self) -> Position | None:
        return Position(self.answer.position) if isinstance(self.answer, CommandSucceeded) else None

    @resolved(
        "How many events the projections lag behind `position` after the write timeout; normally 0, and at least 1 "
        "while the database is unreachable or recovers from a crash. Above 0 the command has succeeded, but its entity "
        "is null here: read it again with the header `X-Keyframe-Min-Position`."
    )
    def behind(self) -> int:
        return self.answer.behind if isinstance(self.answer, CommandSucceeded) else 0

    @resolved("The recorded changes, in log order; empty if the command changed nothing or was rejected.")
    def changes(self) -> list[Change]:
        return self.answer.changes if isinstance(self.answer, CommandSucceeded) else []

    @resolved(
        "Why the command was rejected and nothing was recorded; empty if it succeeded. All faults of an input are "
        "listed at once, one for each field, up to 100."
    )
    def problems(self) -> list[Problem]:
        if not isinstance(self.answer, CommandDeclined):
            return []
        return [Problem(problem=one, declined=self.answer) for one in self.answer.refused.problems]

    @resolved("The present View, at `position` or later.")
    def query(self) -> QueryRef:
        return view_types.query(lambda: self.answer.now)


def _about(kind: Kind, description: str) -> Any:
    """A field for the entity of the command; null if the command was rejected or the entity cannot be read yet."""

    def resolve(self: Payload) -> Any:
        return self.answer.subject(kind) if isinstance(self.answer, CommandSucceeded) else None

    return strawberry.field(resolver=resolve, description=description)


def _edge(kind: Kind, order: str, cursor: Callable[[Any], Cursor], lists: str) -> Any:
    """A field for the entity of the command as a row of lists in an order; null where the entity is."""

    def resolve(self: Payload) -> Any:
        node = self.answer.subject(kind) if isinstance(self.answer, CommandSucceeded) else None
        return None if node is None else _as_edge(node, order, cursor)

    return strawberry.field(
        resolver=resolve,
        description=f"The same as a row of {lists}, to be inserted into a list that a client keeps.",
    )


def _as_edge(node: Any, order: str, cursor: Callable[[Any], Cursor]) -> Edge[Any]:
    def text(one: Any) -> str:
        return encode(cursor(one.row), order)

    return Edge(node=node, page=Page([node], text, lambda: False, lambda: False, lambda: 1))


def _in(rows: List[Any, Any, Any], order: str) -> tuple[str, Callable[[Any], Cursor]]:
    """An order of a list, and the cursors in it."""
    return order, lambda row: rows.cursor(row, order)


@strawberry.type(description="The result of a command on a person.")
class PersonPayload(Payload):
    person: Person | None = _about(Kind.PERSON, "The affected person.")
    person_edge: Edge[Person] | None = _edge(Kind.PERSON, *_in(PEOPLE, "NAME"), "lists of people by name")


@strawberry.type(description="The result of a command on a team.")
class TeamPayload(Payload):
    team: Team | None = _about(Kind.TEAM, "The affected team.")
    team_edge: Edge[Team] | None = _edge(Kind.TEAM, *_in(TEAMS, "NAME"), "lists of teams by name")


@strawberry.type(description="The result of a command on a cycle.")
class CyclePayload(Payload):
    cycle: Cycle | None = _about(Kind.CYCLE, "The affected cycle.")
    cycle_edge: Edge[Cycle] | None = _edge(Kind.CYCLE, *_in(CYCLES, "STARTS_ON"), "lists of cycles by first day")


@strawberry.type(description="The result of a change of the scoring policy.")
class PolicyPayload(Payload):
    @resolved("The policy in force.")
    def policy(self) -> ScoringPolicy | None:
        view = self.answer.view if isinstance(self.answer, CommandSucceeded) else None
        return None if view is None else ScoringPolicy(row=view.policy)


@strawberry.type(description="The result of a change of the calendar.")
class CalendarPayload(Payload):
    @resolved("The calendar in force.")
    def calendar(self) -> Calendar | None:
        view = self.answer.view if isinstance(self.answer, CommandSucceeded) else None
        return None if view is None else Calendar(row=view.settings.calendars.current)


@strawberry.type(description="The result of a command on an objective.")
class ObjectivePayload(Payload):
    objective: Objective | None = _about(Kind.OBJECTIVE, "The affected objective; for `carryObjective`, the new one.")
    objective_edge: Edge[Objective] | None = _edge(
        Kind.OBJECTIVE, *_in(OBJECTIVES, "RECORDED"), "lists of objectives in the order of recording"
    )


@strawberry.type(description="The result of a command on a key result.")
class KeyResultPayload(Payload):
    key_result: KeyResult | None = _about(Kind.KEY_RESULT, "The affected key result.")
    key_result_edge: Edge[KeyResult] | None = _edge(
        Kind.KEY_RESULT, *_in(KEY_RESULTS, "RECORDED"), "lists of key results in the order of recording"
    )


@strawberry.type(description="The result of a check-in or its correction.")
class CheckInPayload(Payload):
    check_in: CheckIn | None = _about(Kind.CHECK_IN, "The check-in; after a correction, its current version.")
    check_in_edge: Edge[CheckIn] | None = _edge(
        Kind.CHECK_IN, "MEASURED_AT", CHECK_INS.cursor, "the check-ins of its key result"
    )

    @resolved("The key result, including this check-in.")
    def key_result(self) -> KeyResult | None:
        if isinstance(self.answer, CommandDeclined) or self.answer.view is None:
            return None
        if isinstance(self.answer.command, key_result_commands.CheckIn):
            return KeyResult.find(self.answer.view, self.answer.command.key_result)
        check_in = self.answer.subject(Kind.CHECK_IN)
        return None if check_in is None else KeyResult.find(self.answer.view, check_in.row.key_result)


@strawberry.type(description="The result of a command on a KPI.")
class KpiPayload(Payload):
    kpi: Kpi | None = _about(Kind.KPI, "The affected KPI.")
    kpi_edge: Edge[Kpi] | None = _edge(Kind.KPI, *_in(KPIS, "NAME"), "lists of KPIs by name")


@strawberry.type(description="The result of recording, correcting or retracting readings.")
class ReadingsPayload(Payload):
    @resolved("The readings in their current version, in the order of the input.")
    def readings(self) -> list[Reading]:
        if isinstance(self.answer, CommandDeclined) or self.answer.view is None:
            return []
        readings = found(self.answer.view, Kind.READING, self.answer.measured)
        if not readings.keys() >= {*self.answer.measured}:  # the database crashed since the view was fixed
            raise StaleProjection
        return [readings[id] for id in self.answer.measured]

    @resolved("The same as rows of the readings of their KPIs, to be inserted into lists that a client keeps.")
    def reading_edges(self) -> list[Edge[Reading]]:
        return [_as_edge(reading, "MEASURED_AT", READINGS.cursor) for reading in self.readings()]

    @resolved("How many of the readings were recorded or changed.")
    def recorded(self) -> int:
        return self.answer.recorded if isinstance(self.answer, CommandSucceeded) else 0

    @resolved("How many of the readings already existed with the same value.")
    def unchanged(self) -> int:
        return len(self.answer.measured) - self.answer.recorded if isinstance(self.answer, CommandSucceeded) else 0


@strawberry.type(description="The result of a command on an initiative.")
class InitiativePayload(Payload):
    initiative: Initiative | None = _about(Kind.INITIATIVE, "The affected initiative.")


@strawberry.type(description="The result of a command on a template.")
class TemplatePayload(Payload):
    template: Template | None = _about(Kind.TEMPLATE, "The affected template.")


@strawberry.type(description="The result of adding a comment.")
class CommentPayload(Payload):
    comment: Comment | None = _about(Kind.COMMENT, "The added comment.")
    comment_edge: Edge[Comment] | None = _edge(Kind.COMMENT, "SAID", comment_cursor, "the comments on its subject")


@strawberry.type(description="The result of adding a reflection.")
class ReflectionPayload(Payload):
    reflection: Reflection | None = _about(Kind.REFLECTION, "The added reflection.")


@strawberry.type(description="The result of a command on a thing of one of several kinds.")
class EntityPayload(Payload):
    @resolved("The affected thing; null if the command was rejected or it cannot be read yet.")
    def entity(self) -> Entity | None:
        return self.answer.entity if isinstance(self.answer, CommandSucceeded) else None


PAYLOADS: Final[dict[Kind | None, type[Payload]]] = {
    Kind.PERSON: PersonPayload,
    Kind.TEAM: TeamPayload,
    Kind.CYCLE: CyclePayload,
    Kind.POLICY: PolicyPayload,
    Kind.CALENDAR: CalendarPayload,
    Kind.OBJECTIVE: ObjectivePayload,
    Kind.KEY_RESULT: KeyResultPayload,
    Kind.CHECK_IN: CheckInPayload,
    Kind.KPI: KpiPayload,
    Kind.READING: ReadingsPayload,
    Kind.INITIATIVE: InitiativePayload,
    Kind.COMMENT: CommentPayload,
    Kind.REFLECTION: ReflectionPayload,
    Kind.TEMPLATE: TemplatePayload,
    None: EntityPayload,
}
"""The payload type of a command, by the kind of its result; None for a command on things of several kinds."""
