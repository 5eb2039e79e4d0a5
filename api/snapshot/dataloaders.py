"""Relations, batch first: each function takes all siblings and gives one result for each, in their order.

Each is at most one statement for all siblings (one for each kind, where things may be of several kinds).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

from api.snapshot.snapshot import AnyThing, Batch, ById, ByKey, Connection, RowProxy, View, as_batch
from domain.primitives.values import Basis, Kind, Ref
from projections.tables import cycle, kpi, people

T = TypeVar("T")

Many: TypeAlias = Callable[..., dict[UUID, list[Any]]]
"""A query of `projections` that gives rows by the id of what they belong to."""

TYPES: dict[Kind, tuple[type[RowProxy], ById[Any]]] = {}
"""The type that shows each kind of thing, and the query that reads its rows by their ids."""
BY_KEY: dict[Kind, ByKey[Any]] = {
    Kind.CYCLE: cycle.cycles_by_key,
    Kind.KPI: kpi.kpis_by_key,
    Kind.PERSON: people.people_by_handle,
    Kind.TEAM: people.teams_by_key,
}
"""The query that reads the rows of each kind by their keys or handles."""


def found(view: View, kind: Kind, wanted: Iterable[UUID | None]) -> dict[UUID, Any]:
    """The things of a kind with these ids, as siblings; unknown ones are left out."""
    shown_as, read = TYPES[kind]
    wanted = dict.fromkeys(wanted)
    rows = view.by_id(read, wanted)
    known = {id: rows[id] for id in wanted if id is not None and id in rows}
    return dict(zip(known, as_batch(shown_as, view, list(known.values())), strict=True))


def found_refs(view: View, refs: Iterable[Ref | None]) -> dict[Ref, Any]:
    """The things that these references name; unknown ones are left out."""
    wanted: dict[Kind, list[UUID]] = {}
    for ref in dict.fromkeys(refs):
        if ref is not None and ref.kind in TYPES:
            wanted.setdefault(ref.kind, []).append(ref.id)
    return {Ref(kind, id): thing for kind, ids in wanted.items() for id, thing in found(view, kind, ids).items()}


def one(batch: Batch, kind: Kind, column: str) -> Sequence[Any]:
    """The thing whose id stands in a column, or None."""
    wanted = [getattr(row, column) for row in batch.rows]
    things = found(batch.view, kind, wanted)
    return [things.get(id) for id in wanted]


def one_ref(batch: Batch, column: str) -> Sequence[Any]:
    """The thing that a reference in a column names, or None."""
    wanted = [getattr(row, column) for row in batch.rows]
    things = found_refs(batch.view, wanted)
    return [None if ref is None else things.get(ref) for ref in wanted]


def some(batch: Batch, kind: Kind, column: str) -> Sequence[list[Any]]:
    """The things whose ids stand in a column, in its order."""
    things = found(batch.view, kind, [id for row in batch.rows for id in getattr(row, column)])
    return [[things[id] for id in getattr(row, column) if id in things] for row in batch.rows]


def many(batch: Batch, kind: Kind, query: Many, *args: object) -> Sequence[list[Any]]:
    """The things that a query finds for each."""
    return grouped(batch.view, TYPES[kind][0], batch.view.read(query, _ids(batch), *args), batch)


def many_refs(batch: Batch, query: Callable[[Connection, Basis, list[UUID]], Any]) -> Sequence[list[Any]]:
    """The things that the references which a query finds for each name."""
    refs: dict[UUID, list[Ref]] = batch.view.read(query, _ids(batch))
    things = found_refs(batch.view, [ref for each in refs.values() for ref in each])
    return [[things[ref] for ref in refs.get(row.id, ()) if ref in things] for row in batch.rows]


def grouped(view: View, shown_as: type[RowProxy], rows: dict[Any, Any], batch: Batch) -> Sequence[list[Any]]:
    """Rows by parent as things by parent, all of them siblings of each other."""
    return in_groups(shown_as, view, [rows.get(row.id, ()) for row in batch.rows])


def in_groups(shown_as: type[AnyThing], view: View, groups: Sequence[Sequence[Any]]) -> list[list[AnyThing]]:
    """Rows in groups as things in the same groups, all of them siblings of each other."""
    things = iter(as_batch(shown_as, view, [row for group in groups for row in group]))
    return [[next(things) for _ in group] for group in groups]


def or_none(shown_as: type[AnyThing], view: View, rows: Sequence[Any | None]) -> list[AnyThing | None]:
    """These rows as things, siblings of each other; None where there is no row."""
    things = iter(as_batch(shown_as, view, [row for row in rows if row is not None]))
    return [None if row is None else next(things) for row in rows]


def found_rows(batch: Batch, kind: Kind, rows: dict[UUID, Any]) -> Sequence[Any]:
    """The thing that a row found for each is, or None where there is none."""
    return or_none(TYPES[kind][0], batch.view, [rows.get(row.id) for row in batch.rows])


def then(batch: Batch, kind: Kind, *moment: Any) -> Sequence[Any]:
    """Each as it was at another moment, None where it was not there yet."""
    things = found(batch.view.reads.as_of(*moment), kind, _ids(batch))
    return [things.get(row.id) for row in batch.rows]


def of_each(groups: Sequence[list[Any]], load: Callable[[Batch], Sequence[T]]) -> list[list[T]]:
    """What `load` finds for the things of these groups, which were read together, in the same groups."""
    batch: Batch | None = next((group[0].batch for group in groups if group), None)
    found = iter(() if batch is None else batch.all(load))
    return [[next(found) for _ in group] for group in groups]


def _ids(batch: Batch) -> list[UUID]:
    return list(dict.fromkeys([row.id for row in batch.rows]))
