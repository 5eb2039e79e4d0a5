"""Alignment: the objectives and key results that objectives support.

Queries leave out an edge whose target does not exist yet, is dropped, or is a key result of a dropped objective:
dropping a parent leaves its children unaligned.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import singledispatch
from operator import attrgetter
from typing import Any
from uuid import UUID

import msgspec

from domain.model.event import WHEN_RECORDED, Event, Recorded
from domain.model.key_result import KeyResultMoved
from domain.model.objective import ObjectiveAligned, ObjectiveDrafted, ObjectiveMoved, ObjectiveUnaligned
from domain.primitives.values import Basis, Kind, Ref
from projections.store.basis import is_valid_at
from projections.store.batch_writer import BatchWriter, Reads
from projections.store.versioned_tables import OPEN, Connection, Table, ValidityTable, basis_params, fetch
from projections.tables.key_result import KEY_RESULT
from projections.tables.objective import OBJECTIVE, ObjectiveRow, is_in_force

# ── rows ─────────────────────────────────────────────────────────────────────────────────────────


class Edge(msgspec.Struct, frozen=True, gc=False):
    """`objective` supports `target`, an objective or a key result; `through` is the target's objective. `position` is
    that of the event, and `number` the index among the edges of one event."""

    objective: UUID
    target: Ref
    through: UUID
    position: int
    number: int


class Support(msgspec.Struct, frozen=True, gc=False):
    """A stored edge, with the cycles of both ends; `place` is its index among the edges of one event."""

    objective: UUID
    cycle: UUID
    target_kind: Kind
    target: UUID
    through: UUID
    target_cycle: UUID
    position: int
    place: int
    until_position: int
    effective_at: datetime
    until_at: datetime


# ── tables ───────────────────────────────────────────────────────────────────────────────────────

SUPPORT = ValidityTable(
    "support",
    Support,
    ["objective", "target"],
    ["until_position", "until_at"],
    ["(target)", "(through)", "(cycle)", "(target_cycle)"],
)
TABLES: tuple[Table[Any], ...] = (SUPPORT,)

# ── handlers ─────────────────────────────────────────────────────────────────────────────────────


def _table(target: Ref) -> Table[Any]:
    return OBJECTIVE if target.kind is Kind.OBJECTIVE else KEY_RESULT


READS: Reads = {
    ObjectiveMoved: lambda event: [
        *((_table(target), target.id) for target in event.supports),
        *((OBJECTIVE, id) for id in event.supported_by),
    ],
    KeyResultMoved: lambda event: [(OBJECTIVE, id) for id in event.supported_by],
    ObjectiveDrafted: lambda event: [(_table(target), target.id) for target in event.supports],
    ObjectiveAligned: lambda event: [(_table(event.to), event.to.id)],
}


@singledispatch
def apply(event: Event, entry: Recorded, writer: BatchWriter) -> None:
    """Apply an event to the tables of this projection; most events are ignored."""


@apply.register
def on_objective_drafted(event: ObjectiveDrafted, entry: Recorded, writer: BatchWriter) -> None:
    for place, target in enumerate(dict.fromkeys(event.supports)):
        _align(target, place, entry, writer)


@apply.register
def on_objective_aligned(event: ObjectiveAligned, entry: Recorded, writer: BatchWriter) -> None:
    _align(event.to, 0, entry, writer)


@apply.register
def on_objective_unaligned(event: ObjectiveUnaligned, entry: Recorded, writer: BatchWriter) -> None:
    writer.close(SUPPORT, (event.originator_id, event.to.id), entry.position, event.timestamp)


@apply.register
def on_objective_moved(event: ObjectiveMoved, entry: Recorded, writer: BatchWriter) -> None:
    """Its alignments, and those to it, begin again with the new cycle."""
    for place, target in enumerate(event.supports):
        writer.close(SUPPORT, (event.originator_id, target.id), entry.position, event.timestamp)
        _align(target, place, entry, writer)
    _move(Ref(Kind.OBJECTIVE, event.originator_id), event.supported_by, entry, writer)


@apply.register
def on_key_result_moved(event: KeyResultMoved, entry: Recorded, writer: BatchWriter) -> None:
    _move(Ref(Kind.KEY_RESULT, event.originator_id), event.supported_by, entry, writer)


def _move(target: Ref, supporters: Iterable[UUID], entry: Recorded, writer: BatchWriter) -> None:
    for place, id in enumerate(supporters):
        writer.close(SUPPORT, (id, target.id), entry.position, entry.event.timestamp)
        _align(target, place, entry, writer, id)


def _align(target: Ref, place: int, entry: Recorded, writer: BatchWriter, supporter: UUID | None = None) -> None:
    event = entry.event
    objective = writer.current(OBJECTIVE, supporter or event.originator_id)
    above = writer.current(_table(target), target.id)
    through = getattr(above, "objective", above.id)
    ends = (objective.id, objective.cycle, target.kind, target.id, through, above.cycle)
    writer.add(SUPPORT, Support(*ends, entry.position, place, OPEN, event.timestamp, WHEN_RECORDED))


# ── queries ──────────────────────────────────────────────────────────────────────────────────────


def supports_of_objectives(conn: Connection, basis: Basis, objectives: Sequence[UUID]) -> dict[UUID, list[Ref]]:
    """The targets that each of these objectives supports, in the order of alignment."""
    found: dict[UUID, list[Ref]] = {id: [] for id in objectives}
    for edge in _edges(conn, basis, "e.objective = any(%(ids)b)", ids=list(objectives)):
        found[edge.objective].append(edge.target)
    return found


def dropped_supports_of_objectives(conn: Connection, basis: Basis, objectives: Sequence[UUID]) -> dict[UUID, int]:
    """By objective: to how many dropped goals it is aligned; objectives without one are left out."""
    sql = f"""
        select e.objective, count(*) from support e
        where e.objective = any(%(ids)b) and {is_valid_at(basis, "e")} and not ({is_in_force(basis)})
        group by e.objective
    """
    return dict(fetch(conn, sql, basis_params(basis, ids=list(objectives))))


def supporters_of_targets(conn: Connection, basis: Basis, targets: Sequence[UUID]) -> dict[UUID, list[ObjectiveRow]]:
    """The objectives that support each of these objectives or key results, in the order of drafting."""
    candidates = (
        f"select e.target, e.objective as id from support e where e.target = any(%(ids)b) and {is_in_force(basis)}"
    )
    sql = OBJECTIVE.query(basis, candidates, columns=f"c.target, {OBJECTIVE.seen}")
    found: dict[UUID, list[ObjectiveRow]] = {id: [] for id in targets}
    for target, *columns in fetch(conn, sql, basis_params(basis, ids=list(targets))):
        found[target].append(OBJECTIVE.loaded(columns))
    return {target: sorted(rows, key=attrgetter("born")) for target, rows in found.items()}


def direct_supporters(conn: Connection, basis: Basis, objectives: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """The objectives that support each of these objectives itself, in the order of alignment."""
    valid = f"e.target = any(%(ids)b) and {is_valid_at(basis, 'e')}"
    sql = f"select e.target, e.objective from support e where {valid} order by e.position, e.place"
    found: dict[UUID, list[UUID]] = {id: [] for id in objectives}
    for target, objective in fetch(conn, sql, basis_params(basis, ids=list(objectives))):
        found[target].append(objective)
    return found


def ever_supported(conn: Connection, basis: Basis, objectives: Sequence[UUID]) -> set[UUID]:
    """Those of these objectives that others supported at any moment up to the basis."""
    sql = (
        "select distinct e.target from support e where e.target = any(%(ids)b)"
        " and e.position <= %(position)s and e.effective_at <= %(at)s"
    )
    return {id for (id,) in fetch(conn, sql, basis_params(basis, ids=list(objectives)))}


def ancestors_of_objectives(conn: Connection, basis: Basis, objectives: Sequence[UUID]) -> dict[UUID, list[Ref]]:
    """The targets that each of these objectives supports, directly or through others, nearest first, each once.

    A supported key result is followed by its objective, one step further away.
    """
    above: dict[UUID, list[Edge]] = {}
    sql = f"""
        with recursive up as (
            select e.* from support e where e.objective = any(%(ids)b) and {is_in_force(basis)}
            union
            select e.* from up join support e on e.objective = up.through where {is_in_force(basis)}
        )
        select {_EDGE} from up e order by e.position, e.place
    """
    for edge in _read(conn, sql, basis_params(basis, ids=list(objectives))):
        above.setdefault(edge.objective, []).append(edge)
    return {id: _upwards(id, above) for id in objectives}


def descendants_of_objectives(conn: Connection, basis: Basis, objectives: Sequence[UUID]) -> dict[UUID, list[Ref]]:
    """The objectives that support each of these objectives or its key results, directly or through others, nearest
    first, each once: those that have it among their ancestors."""
    below: dict[UUID, list[UUID]] = {}
    sql = f"""
        with recursive down as (
            select e.* from support e where e.through = any(%(ids)b) and {is_in_force(basis)}
            union
            select e.* from down join support e on e.through = down.objective where {is_in_force(basis)}
        )
        select {_EDGE} from down e order by e.position, e.place
    """
    for edge in _read(conn, sql, basis_params(basis, ids=list(objectives))):
        below.setdefault(edge.through, []).append(edge.objective)
    return {id: [Ref(Kind.OBJECTIVE, one) for one in _downwards(id, below)] for id in objectives}


def edges_of_cycle(conn: Connection, basis: Basis, cycle: UUID) -> list[Edge]:
    """Every edge that begins or ends in this cycle, in the order of alignment."""
    return _edges(conn, basis, "(e.cycle = %(cycle)s or e.target_cycle = %(cycle)s)", cycle=cycle)


def _edges(conn: Connection, basis: Basis, where: str, **params: Any) -> list[Edge]:
    sql = f"select {_EDGE} from support e where {where} and {is_in_force(basis)} order by e.position, e.place"
    return _read(conn, sql, basis_params(basis, **params))


_EDGE = "e.objective, e.target_kind, e.target, e.through, e.position, e.place"


def _read(conn: Connection, sql: str, params: dict[str, Any]) -> list[Edge]:
    return [
        Edge(objective, Ref(Kind(kind), target), through, position, number)
        for objective, kind, target, through, position, number in fetch(conn, sql, params)
    ]


def _upwards(objective: UUID, above: dict[UUID, list[Edge]]) -> list[Ref]:
    """Breadth first: the targets of the objectives of one step, and the objectives of the key results of the step
    before."""
    found: dict[Ref, None] = {}
    step: Iterable[Ref] = [Ref(Kind.OBJECTIVE, objective)]
    owners: dict[UUID, UUID] = {}
    while step:
        following: dict[Ref, None] = {}
        for ref in step:
            if ref.kind is Kind.KEY_RESULT:
                following[Ref(Kind.OBJECTIVE, owners[ref.id])] = None
            for edge in above.get(ref.id, ()):
                owners[edge.target.id] = edge.through
                following[edge.target] = None
        step = [ref for ref in following if ref not in found and ref.id != objective]
        found |= dict.fromkeys(step)
    return list(found)


def _downwards(objective: UUID, below: dict[UUID, list[UUID]]) -> list[UUID]:
    """Breadth first: the objectives that support those of the step before."""
    found: dict[UUID, None] = {}
    step: Iterable[UUID] = [objective]
    while step:
        following = dict.fromkeys(one for above in step for one in below.get(above, ()))
        step = [one for one in following if one not in found and one != objective]
        found |= dict.fromkeys(step)
    return list(found)
