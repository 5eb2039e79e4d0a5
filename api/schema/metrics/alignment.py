"""The alignment map of a cycle: which objectives support which goals."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import strawberry

from api.schema.connections.connection import Connection, connection
from api.schema.metrics.findings import Finding, FindingCount, finding_counts_by, findings_by, written_objectives
from api.schema.primitives.field import resolved, to_one, to_ref
from api.schema.primitives.refs import AlignmentTarget, ObjectiveRef
from api.schema.primitives.semantic_non_null import NULL_ON_FAILURE
from api.snapshot.dataloaders import TYPES, found
from api.snapshot.pagination import Page, PageRequest, paginate, shown_as
from api.snapshot.snapshot import RowProxy, View, as_batch
from domain.findings.findings import alignment_findings
from domain.findings.objective_rules import WrittenObjective
from domain.primitives.lazy import cached_property
from domain.primitives.values import Kind, ObjectiveState
from projections.store.versioned_tables import Cursor
from projections.tables import alignment, objective
from projections.tables.alignment import Edge

_OPEN = frozenset({ObjectiveState.DRAFT, ObjectiveState.ACTIVE})


@strawberry.type(description="An alignment: an objective supports an objective or a key result.")
class AlignmentEdge(RowProxy):
    from_: ObjectiveRef = to_one(Kind.OBJECTIVE, "objective", "The supporting objective.", "from")
    to: AlignmentTarget = to_ref("target", "The supported objective or key result.")


class Map:
    """The objectives of a cycle that are not dropped, and every edge from or to them."""

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

    def alignments(self, page_request: PageRequest) -> Page[Any]:
        """A page of the edges."""
        page = paginate(page_request, self.edges, lambda edge: Cursor(edge.position, edge.number), "ALIGNED")
        return shown_as(page, as_batch(AlignmentEdge, self.view, page.items))

    @cached_property
    def written(self) -> Sequence[WrittenObjective]:
        return self.objectives[0].batch.all(written_objectives) if self.objectives else ()

    def without_parent(self) -> list[tuple[Any, WrittenObjective]]:
        """The objectives that support nothing, each with the input of its findings."""
        supporting = {edge.objective for edge in self.edges}
        return [
            (one, written)
            for one, written in zip(self.objectives, self.written, strict=True)
            if one.row.id not in supporting
        ]

    def roots(self) -> list[Any]:
        """The tops of the edges, of whichever cycle, and the company-level objectives of the cycle that support
        nothing; in the order of drafting."""
        tops = {edge.through for edge in self.edges} - {edge.objective for edge in self.edges}
        alone = {one.row.id for one, written in self.without_parent() if written.company_level}
        return sorted(found(self.view, Kind.OBJECTIVE, tops | alone).values(), key=lambda root: root.row.born)

    def unaligned(self) -> list[Any]:
        return [one for one, written in self.without_parent() if not written.company_level and one.row.state in _OPEN]

    @cached_property
    def findings(self) -> list[Any]:
        return [*alignment_findings(self.written)]


def _in_map(self: "AlignmentMap") -> list[Any]:
    return self.map.findings


@strawberry.type(description="The alignment of the objectives of a cycle, across teams and cycles.")
class AlignmentMap:
    map: strawberry.Private[Map]

    @resolved("The objectives of the cycle, without dropped ones, in the order of drafting.")
    def objectives(self) -> list[ObjectiveRef]:
        return self.map.objectives

    @connection("Every alignment from or to a goal of the cycle, in the order of alignment.", NULL_ON_FAILURE)
    def alignments(self, page_request: PageRequest) -> Connection[AlignmentEdge] | None:
        return Connection(page=self.map.alignments(page_request))

    @resolved("Every alignment from or to a goal of the cycle.", deprecated="Use `alignments`. Removed in 0.5.")
    def edges(self) -> list[AlignmentEdge]:
        return as_batch(AlignmentEdge, self.map.view, self.map.edges)

    @resolved(
        "The roots of the map, in the order of drafting: the tops of its edges, which may be in another cycle, and the "
        "company-level objectives of the cycle that support nothing."
    )
    def roots(self) -> list[ObjectiveRef]:
        return self.map.roots()

    @resolved("Drafts and active objectives that support nothing although their team has a parent team.")
    def unaligned(self) -> list[ObjectiveRef]:
        return self.map.unaligned()

    findings: list[Finding] = findings_by(_in_map, "Suggestions for a better alignment.")
    finding_counts: list[FindingCount] = finding_counts_by(_in_map, "The number of findings of each rule.")
