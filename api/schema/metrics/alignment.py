"""Who pulls in whose direction: the goals of a cycle as a map."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any
from uuid import UUID

import strawberry

from api.schema.metrics.findings import Finding, written_objectives
from api.schema.primitives.field import answered, to_one, to_ref
from api.schema.primitives.refs import AlignmentTarget, ObjectiveRef
from api.snapshot.dataloaders import TYPES
from api.snapshot.snapshot import RowProxy, View, as_batch
from domain.metrics.findings import WrittenObjective, alignment_findings
from domain.primitives.values import Kind, ObjectiveState
from projections.tables import alignment, objective
from projections.tables.alignment import Edge

_OPEN = frozenset({ObjectiveState.DRAFT, ObjectiveState.ACTIVE})


@strawberry.type(description="An objective supports an objective or a key result.")
class AlignmentEdge(RowProxy):
    from_: ObjectiveRef = to_one(Kind.OBJECTIVE, "objective", "What supports.", "from")
    to: AlignmentTarget = to_ref("target", "What is supported.")


class Map:
    """The objectives of a cycle that are not dropped, and every edge that begins or ends there."""

    def __init__(self, view: View, cycle: UUID) -> None:
        self.view = view
        self._cycle = cycle

    @cached_property
    def objectives(self) -> list[Any]:
        rows = self.view.read(objective.objectives_of_cycles, [self._cycle], objective.ObjectiveFilter())
        live = [row for row in rows.get(self._cycle, ()) if row.state is not ObjectiveState.DROPPED]
        return as_batch(TYPES[Kind.OBJECTIVE][0], self.view, live)

    @cached_property
    def edges(self) -> list[Edge]:
        return self.view.read(alignment.edges_of_cycle, self._cycle)

    @cached_property
    def written(self) -> Sequence[WrittenObjective]:
        return self.objectives[0].batch.all(written_objectives) if self.objectives else ()

    def without_parent(self) -> list[tuple[Any, WrittenObjective]]:
        """The objectives that support nothing, each with how it is written."""
        supporting = {edge.objective for edge in self.edges}
        return [
            (thing, written)
            for thing, written in zip(self.objectives, self.written, strict=True)
            if thing.row.id not in supporting
        ]

    def roots(self) -> list[Any]:
        supported = {edge.through for edge in self.edges}
        return [thing for thing, written in self.without_parent() if written.company_level or thing.row.id in supported]

    def unaligned(self) -> list[Any]:
        return [
            thing for thing, written in self.without_parent() if not written.company_level and thing.row.state in _OPEN
        ]

    def findings(self) -> list[Any]:
        return [*alignment_findings(self.written)]


@strawberry.type(description="How the objectives of a cycle hang together, across teams and cycles.")
class AlignmentMap:
    map: strawberry.Private[Map]

    @answered("The objectives of the cycle that are not dropped, as they were drafted.")
    def objectives(self) -> list[ObjectiveRef]:
        return self.map.objectives

    @answered("Every edge that begins or ends in the cycle.")
    def edges(self) -> list[AlignmentEdge]:
        return as_batch(AlignmentEdge, self.map.view, self.map.edges)

    @answered("Where trees begin: they support nothing, and stand at the top or are supported.")
    def roots(self) -> list[ObjectiveRef]:
        return self.map.roots()

    @answered("Drafts and active objectives that support nothing though their team is part of another.")
    def unaligned(self) -> list[ObjectiveRef]:
        return self.map.unaligned()

    @answered("What could be better about how they hang together.")
    def findings(self) -> list[Finding]:
        return self.map.findings()
