"""Batch loaders of relations: each takes a whole batch and returns one result for each row, in the order of the rows.

A loader runs at most one statement for the batch, or one for each kind where a relation has several kinds.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

from api.snapshot.siblings import SiblingGroups, in_sizes
from api.snapshot.snapshot import AnyProxy, Batch, ById, ByKey, NarrowBatch, RowProxy, View, as_batch
from api.snapshot.sources import Connection
from domain.primitives.values import Basis, Kind, Ref
from projections.store.versioned_tables import Few, Narrow
from projections.tables import cycle, kpi, people

T = TypeVar("T")

Many: TypeAlias = Callable[..., dict[UUID, list[Any]]]
"""A query of `projections` that returns rows by the id of their parent."""

FewColumns: TypeAlias = Callable[..., tuple[Few, Sequence[int]]]
"""The same query, of a few columns, with the number of rows of each parent."""

TYPES: dict[Kind, tuple[type[RowProxy], ById[Any]]] = {}
"""The API type of each kind, and the query that reads its rows by their ids."""
BY_KEY: dict[Kind, ByKey[Any]] = {
    Kind.CYCLE: cycle.cycles_by_key,
    Kind.KPI: kpi.kpis_by_key,
    Kind.PERSON: people.people_by_handle,
    Kind.TEAM: people.teams_by_key,
}
"""The query that reads the rows of each kind by their keys or handles."""


def found(view: View, kind: Kind, wanted: Iterable[UUID | None]) -> dict[UUID, Any]:
    """The objects of a kind with these ids, as one batch; unknown ids are left out."""
    proxy_type, read = TYPES[kind]
    wanted = dict.fromkeys(wanted)
    rows = view.by_id(read, wanted)
    known = {id: row for id in wanted if id is not None and (row := rows.get(id)) is not None}
    return dict(zip(known, as_batch(proxy_type, view, list(known.values())), strict=True))


def found_refs(view: View, refs: Iterable[Ref | None]) -> dict[Ref, Any]:
    """The objects that these references name; unknown references are left out."""
    wanted: dict[Kind, list[UUID]] = {}
    for ref in dict.fromkeys(refs):
        if ref is not None and ref.kind in TYPES:
            wanted.setdefault(ref.kind, []).append(ref.id)
    return {Ref(kind, id): object_ for kind, ids in wanted.items() for id, object_ in found(view, kind, ids).items()}


def one(batch: Batch, kind: Kind, column: str) -> Sequence[Any]:
    """The object whose id is in a column, or None."""
    wanted = batch.column(column)
    if not any(wanted):
        return [None] * len(wanted)
    objects = found(batch.view, kind, wanted)
    return [objects.get(id) for id in wanted]


def one_ref(batch: Batch, column: str) -> Sequence[Any]:
    """The object that the reference in a column names, or None."""
    wanted = batch.column(column)
    objects = found_refs(batch.view, wanted)
    return [None if ref is None else objects.get(ref) for ref in wanted]


def some(batch: Batch, kind: Kind, column: str) -> Sequence[list[Any]]:
    """The objects whose ids are in a column, in the order of the column."""
    ids = batch.column(column)
    objects = found(batch.view, kind, [id for each in ids for id in each])
    return [[objects[id] for id in each if id in objects] for each in ids]


def many(batch: Batch, kind: Kind, query: Many, *args: object) -> Sequence[list[Any]]:
    """The objects that a query returns for each row."""
    return grouped(batch.view, TYPES[kind][0], batch.view.read(query, _ids(batch), *args), batch)


def few_columns(batch: Batch, kind: Kind, query: FewColumns, narrow: Narrow, *args: object) -> SiblingGroups[Any]:
    """The objects that a query returns for each row, of which it reads a few columns."""
    few, sizes = batch.view.read(query, list(batch.column("id")), narrow, *args)
    return in_sizes(TYPES[kind][0], narrow_batch(batch.view, kind, few), sizes)


def narrow_batch(view: View, kind: Kind, few: Few) -> NarrowBatch:
    """Rows of which a few columns were read, with the whole rows for whoever asks for more."""
    read = TYPES[kind][1]

    def whole(ids: Sequence[UUID]) -> Sequence[Any]:
        rows = view.by_id(read, ids)
        return [rows[id] for id in ids]

    return NarrowBatch(view, few, whole)


def many_refs(batch: Batch, query: Callable[[Connection, Basis, list[UUID]], Any]) -> Sequence[list[Any]]:
    """The objects whose references a query returns for each row."""
    refs: dict[UUID, list[Ref]] = batch.view.read(query, _ids(batch))
    objects = found_refs(batch.view, [ref for each in refs.values() for ref in each])
    return [[objects[ref] for ref in refs.get(id, ()) if ref in objects] for id in batch.column("id")]


def grouped(view: View, proxy_type: type[RowProxy], rows: dict[Any, Any], batch: Batch) -> Sequence[list[Any]]:
    """Rows by parent as objects by parent, all of them in one batch."""
    return in_groups(proxy_type, view, [rows.get(row.id, ()) for row in batch.rows])


def in_groups(proxy_type: type[AnyProxy], view: View, groups: Sequence[Sequence[Any]]) -> list[list[AnyProxy]]:
    """Rows in groups as objects in the same groups, all of them in one batch."""
    objects = iter(as_batch(proxy_type, view, [row for group in groups for row in group]))
    return [[next(objects) for _ in group] for group in groups]


def or_none(proxy_type: type[AnyProxy], view: View, rows: Sequence[Any | None]) -> list[AnyProxy | None]:
    """These rows as objects of one batch; None where there is no row."""
    objects = iter(as_batch(proxy_type, view, [row for row in rows if row is not None]))
    return [None if row is None else next(objects) for row in rows]


def found_rows(batch: Batch, kind: Kind, rows: dict[UUID, Any]) -> Sequence[Any]:
    """The object of the row found for each, or None where there is no row."""
    return or_none(TYPES[kind][0], batch.view, [rows.get(row.id) for row in batch.rows])


def then(batch: Batch, kind: Kind, *moment: Any) -> Sequence[Any]:
    """Each object at another moment, or None where it did not exist yet."""
    objects = found(batch.view.reads.as_of(*moment), kind, _ids(batch))
    return [objects.get(row.id) for row in batch.rows]


def of_each(groups: Sequence[list[Any]], load: Callable[[Batch], Sequence[T]]) -> list[list[T]]:
    """The results of `load` for the objects of these groups, in the same groups. The objects are of one batch."""
    batch: Batch | None = next((group[0].batch for group in groups if group), None)
    found = iter(() if batch is None else batch.all(load))
    return [[next(found) for _ in group] for group in groups]


def _ids(batch: Batch) -> list[UUID]:
    return list(dict.fromkeys(batch.column("id")))
