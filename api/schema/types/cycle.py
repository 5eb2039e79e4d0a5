"""Cycles: the stretches of time that goals are set for."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import strawberry

from api.schema.connections import filters
from api.schema.connections.connection import Connection, Where, connection
from api.schema.connections.filters import ObjectiveFilter
from api.schema.metrics.goal_lists import Whose, objectives_of
from api.schema.metrics.progress import Progress, of_cycles, progress_by
from api.schema.primitives import enums
from api.schema.primitives.field import related, to_many, to_one
from api.schema.primitives.lookup import CycleBy, id_of, key_of
from api.schema.primitives.refs import CycleRef, ObjectiveRef, ReflectionRef, SnapshotRef
from api.schema.primitives.view_types import snapshot
from api.schema.types.entity import Entity, at_another_moment
from api.snapshot.pagination import PageRequest
from api.snapshot.snapshot import Batch, View
from domain.primitives.errors import Code, CommandRejected
from domain.primitives.values import Kind
from projections.tables import cycle, discussion


def _snapshots(batch: Batch, column: str) -> Sequence[Any]:
    """The View that each of these cycles had at an event of its own, if it has come to that."""
    bases = [getattr(row, column) for row in batch.rows]
    return [None if basis is None else snapshot(batch.view.reads.at(basis)) for basis in bases]


@strawberry.type(
    description="A quarter, a year: the stretch of days that goals are set for. PLANNING, then ACTIVE, then CLOSED."
)
class Cycle(Entity, kind=Kind.CYCLE, read=cycle.cycles):
    row: strawberry.Private[cycle.CycleRow]

    key: str = strawberry.field(description="A short name, unique in the workspace, like 2026-q1.")
    name: str = strawberry.field(description="What it is called.")
    starts_on: date = strawberry.field(description="Its first day.")
    ends_on: date = strawberry.field(description="Its last day.")
    state: enums.CycleState = strawberry.field(description="Where it is in its life.")
    parent: CycleRef | None = to_one(Kind.CYCLE, "parent", "The cycle it lies in.")
    children: list[CycleRef] = to_many(Kind.CYCLE, cycle.cycles_within, "The cycles inside it, by start.")
    check_in_cadence: enums.Cadence = strawberry.field(
        description="How often its key results are expected to be checked in on."
    )
    plan: SnapshotRef | None = related(
        "The View when it was activated: the plan of record; null before.", _snapshots, "plan"
    )
    outcome: SnapshotRef | None = related("The View when it was closed; null before.", _snapshots, "outcome")
    progress: Progress = progress_by(of_cycles, "The plain mean of its objectives, dropped ones left out.")
    reflections: list[ReflectionRef] = to_many(
        Kind.REFLECTION, discussion.reflections_of_subjects, "What was thought when looking back on it."
    )

    @connection("Its objectives, in the order of recording.")
    def objectives(self, asked: PageRequest, filter: Where[ObjectiveFilter] = None) -> Connection[ObjectiveRef]:
        return objectives_of(self, Whose.CYCLE, filter, asked)

    as_of = at_another_moment(CycleRef)


def cycle_named(view: View, by: CycleBy) -> cycle.CycleRow:
    """The cycle with this id or key, at this view whatever basis the id names. Raises `NOT_FOUND`."""
    id = filters.identified(Kind.CYCLE, id_of(by))
    row = view.by_key(cycle.cycles_by_key, key_of(by)) if id is None else view.by_id(cycle.cycles, [id]).get(id)
    if row is None:
        raise CommandRejected(Code.NOT_FOUND, "There is no such cycle.", "cycle")
    return row
