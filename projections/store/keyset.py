"""Keyset pagination of long lists: filter, order and cursor in one statement."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from operator import attrgetter
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar
from uuid import UUID

import msgspec

from domain.primitives.values import Basis
from projections.store import search_text
from projections.store.basis import opaque
from projections.store.versioned_tables import (
    Connection,
    Cursor,
    Few,
    Narrow,
    Order,
    OrderField,
    Params,
    R,
    Table,
    V,
    VersionedTable,
    Window,
    basis_params,
    fetch,
    grouped,
)

# ── orders ───────────────────────────────────────────────────────────────────────────────────────


class SortKey(NamedTuple):
    """A sort order: the field of the row whose value a cursor contains, the SQL expressions of that value and of the
    tie-breakers, their types, and the expression by which values are compared."""

    field: str
    value: str
    type: str
    ties: tuple[str, ...] = ("c.id",)
    tie_type: str = "uuid"
    compared: str = "{}"

    def by(self, direction: str) -> str:
        return ", ".join(f"{one} {direction}" for one in (self.compared.format(self.value), *self.ties))

    def limits(self, window: Window, descending: bool) -> tuple[list[str], Params]:
        """The conditions that a row is after one cursor and before the other, and their parameters."""
        conditions: list[str] = []
        params: dict[str, Any] = {}
        for name, cursor, past in (("after", window.after, ">"), ("before", window.before, "<")):
            if cursor is not None:
                ties = {f"{name}_tie_{place}": tie for place, tie in enumerate(cursor.ties)}
                params |= {f"{name}_value": cursor.value, **ties}
                bound = self.compared.format(f"%({name}_value)s::{self.type}")
                side = past if not descending else {">": "<", "<": ">"}[past]
                here = ", ".join((self.compared.format(self.value), *self.ties))
                there = ", ".join((bound, *(f"%({tie})s::{self.tie_type}" for tie in ties)))
                conditions.append(f"({here}) {side} ({there})")
        return conditions, params

    @property
    def place(self) -> Callable[[Any], Any]:
        """The function that returns the value and the tie-breakers of a row, which is at `v`."""
        return attrgetter(self.field, *(tie.removeprefix("v.") for tie in self.ties))


_EVERYWHERE = {
    "RECORDED": SortKey("born", "c.born", "bigint"),
    "CREATED_AT": SortKey("created_at", "v.created_at", "timestamptz"),
    "CHANGED_AT": SortKey("changed_at", "v.changed_at", "timestamptz"),
}
"""The orders that all lists have."""


def text(field: str) -> SortKey:
    """Alphabetical order in any case; rows without a text come first."""
    return SortKey(field, f"v.{field}", "text", compared="lower(coalesce({}, ''))")


LABELLED = ("using gin (labels)", "(id) where labels <> '{}'")
"""The indexes of tables whose rows have labels."""

# ── filters ──────────────────────────────────────────────────────────────────────────────────────


class Range(msgspec.Struct, frozen=True):
    """Values from `gte` to `lte`, both included; None is no bound. It includes no missing value."""

    gte: float | date | datetime | None = None
    lte: float | date | datetime | None = None

    def includes(self, value: Any) -> bool:
        """Whether a value lies between the bounds."""
        return value is not None and (self.gte is None or value >= self.gte) and (self.lte is None or value <= self.lte)


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """The base of filters. A row must have one of the `ids` if they are given, and match all of `all_of`, at least one
    of `any_of` if it is given, and none of `none_of`, besides the own conditions of the filter."""

    ids: tuple[UUID, ...] | None = None
    all_of: tuple["Filter", ...] = ()
    any_of: tuple["Filter", ...] | None = None
    none_of: tuple["Filter", ...] = ()


_PARAMETER = re.compile(r"%\((?=(?:g\d+_)*p\d+\)s)")
"""The start of a parameter of a filter."""
FIRST = "f.version = 1"
"""The condition on candidates that never move: their first version."""


class FilterBuilder:
    """The SQL conditions of a filter and their parameters; a condition with the value None is left out.

    `first`: the condition on the version `f` of the candidates, the first one or each that arrived somewhere: of what
    was moved out of a hidden objective, the first one is hidden. `where_first` adds a condition on it, for columns that
    never change; `where` one on the version `v` at the basis. `{0}` in a condition is replaced by the parameter.
    """

    def __init__(self, first: str = FIRST) -> None:
        self.first_conditions: list[str] = [first]
        self.conditions: list[str] = ["true"]
        self.params: dict[str, Any] = {}
        self._groups = 0

    @property
    def is_narrowed(self) -> bool:
        """Whether there is any condition. How many rows fulfil it differs by orders of magnitude, and with it the best
        plan: such a list is planned for its parameters."""
        return bool(self.params)

    def where_first(self, condition: str, value: Any) -> None:
        self._add(self.first_conditions, condition, value)

    def where(self, condition: str, value: Any) -> None:
        self._add(self.conditions, condition, value)

    def where_column(self, table: VersionedTable[Any], column: str, value: Any) -> None:
        """Require that a column that may change has this value, or one of these, at the basis. The candidates are
        the ids that have it in any version."""
        same = f"{column} = any({{0}})" if isinstance(value, tuple) else f"{column} = {{0}}"
        self.where_first(f"f.id in (select id from {table.name} where {same})", value)
        self.where(f"v.{same}", value)

    def where_home(self, table: VersionedTable[Any], column: str, value: Any) -> None:
        """Require that a column that only a move changes has this value, or one of these, at the basis."""
        same = f"{column} = any({{0}})" if isinstance(value, tuple) else f"{column} = {{0}}"
        self.where_first(f"f.id in (select id from {table.name} where arrived and {same})", value)
        self.where(f"v.{same}", value)

    def where_labels(self, table: VersionedTable[Any], labels: tuple[str, ...] | None) -> None:
        """Require that a row has all of these labels at the basis."""
        has_all = "labels @> {0}::text[]"
        self.where_first(f"f.id in (select id from {table.name} where {has_all})", labels)
        self.where(f"v.{has_all}", labels)

    def where_any_label(self, table: VersionedTable[Any], labels: tuple[str, ...] | None) -> None:
        """Require that a row has one of these labels at the basis."""
        has_one = "labels && {0}::text[]"
        self.where_first(f"f.id in (select id from {table.name} where {has_one})", labels)
        self.where(f"v.{has_one}", labels)

    def where_in(self, expression: str, bounds: Range | None) -> None:
        """Require that the value of an expression lies in a range."""
        if bounds is not None:
            self.where(f"{expression} >= {{0}}", bounds.gte)
            self.where(f"{expression} <= {{0}}", bounds.lte)

    def nested(self, group: "FilterBuilder", table: VersionedTable[Any]) -> str:
        """All conditions of another filter as one condition on the version `v`, with its parameters in this one."""
        prefix = f"g{self._groups}_"
        self._groups += 1
        self.params |= {f"{prefix}{name}": value for name, value in group.params.items()}
        first = " and ".join(group.first_conditions)
        unchanged = [f"v.id in (select f.id from {table.name} f where {first})"] * (len(group.first_conditions) > 1)
        return f"coalesce({_PARAMETER.sub(f'%({prefix}', ' and '.join([*unchanged, *group.conditions]))}, false)"

    def search(self, query: str | None) -> None:
        """Require that the searchable text contains every word of the query, as a part of a word and in any order;
        a query without words requires nothing."""
        for word in search_text.words(query or ""):
            self.where(f"strpos(v.{search_text.COLUMN}, {{0}}) > 0", word)

    def _add(self, conditions: list[str], condition: str, value: Any) -> None:
        if value is not None:
            name = f"p{len(self.params)}"
            self.params[name] = list(value) if isinstance(value, tuple) else value
            conditions.append(condition.format(f"%({name})s"))


# ── lists ────────────────────────────────────────────────────────────────────────────────────────


F = TypeVar("F", bound=Filter)
Conditions: TypeAlias = Callable[[Basis, F], FilterBuilder]
"""The SQL conditions of a filter at a basis."""


class List(Generic[V, F, OrderField]):
    """The list of all aggregates of a versioned table, filtered by `conditions`, ordered by `keys` or `_EVERYWHERE`."""

    def __init__(self, table: VersionedTable[V], conditions: Conditions[F], keys: Mapping[OrderField, SortKey]) -> None:
        self._table = table
        self._conditions = conditions
        self._keys: Mapping[Any, SortKey] = {**_EVERYWHERE, **keys}

    def narrow(self, columns: frozenset[str], order: OrderField) -> Narrow | None:
        """These columns of the table with those that a cursor of this order needs; None if it lacks one of them."""
        return self._table.narrow(columns | {"id", "born", self._keys[order].field})

    def page(self, conn: Connection, basis: Basis, filter: F, order: Order[OrderField], window: Window) -> list[V]:
        """A page of the rows that pass the filter."""
        return list(map(self._table.loaded, self._page(conn, basis, filter, order, window)))

    def narrow_page(
        self, conn: Connection, basis: Basis, filter: F, order: Order[OrderField], window: Window, narrow: Narrow
    ) -> Few:
        """The same page with a few columns."""
        return narrow.loaded(self._page(conn, basis, filter, order, window, narrow.seen))

    def _page(
        self,
        conn: Connection,
        basis: Basis,
        filter: F,
        order: Order[OrderField],
        window: Window,
        columns: str | None = None,
    ) -> list[tuple[Any, ...]]:
        builder, key = self._builder(basis, filter), self._keys[order.field]
        limits, cursors = key.limits(window, order.descending)
        found = self._query(basis, builder, *limits, columns=columns)
        direction = key.by("desc" if order.descending != window.backwards else "asc")
        params = basis_params(basis, limit=window.limit, **builder.params, **cursors)
        limit = "%(limit)s" if builder.is_narrowed else opaque("limit", "bigint")
        sql = f"{found} order by {direction} limit {limit}"
        rows = fetch(conn, sql, params, prepare=not builder.is_narrowed)
        return rows[::-1] if window.backwards else rows

    def columns(self, conn: Connection, basis: Basis, filter: F, columns: str) -> list[tuple[Any, ...]]:
        """These columns of all rows that pass the filter, in the order of creation."""
        builder = self._builder(basis, filter)
        sql = f"{self._query(basis, builder, columns=columns)} order by c.born"
        return fetch(conn, sql, basis_params(basis, **builder.params), prepare=not builder.is_narrowed)

    def count(self, conn: Connection, basis: Basis, filter: F) -> int:
        """The number of rows that pass the filter."""
        builder = self._builder(basis, filter)
        sql = self._query(basis, builder, columns="count(*)")
        ((number,),) = fetch(conn, sql, basis_params(basis, **builder.params), prepare=not builder.is_narrowed)
        return int(number)

    def orders_by(self, field: str) -> bool:
        """Whether the list has this order."""
        return field in self._keys

    def expression(self, field: str) -> str:
        """The value of an order, or of the column with that name, for `values`."""
        return self._keys[field].value if field in self._keys else f"v.{field.lower()}"

    def values(
        self, conn: Connection, basis: Basis, filter: F, expressions: Sequence[str]
    ) -> dict[UUID, tuple[Any, ...]]:
        """The values of these expressions in all rows that pass the filter, by id, in the order of creation."""
        columns = ", ".join(["v.id", *expressions])
        return {id: tuple(values) for id, *values in self.columns(conn, basis, filter, columns)}

    def cursor(self, row: V, field: OrderField) -> Cursor:
        """The place of this row in the order by `field`."""
        return Cursor(getattr(row, self._keys[field].field), row.id)

    def with_column(
        self, conn: Connection, basis: Basis, filter: F, column: str, values: Sequence[UUID]
    ) -> dict[UUID, list[V]]:
        """By each of these values of a column: the rows that pass the filter and have it, in the order of creation."""
        builder = self._builder(basis, filter)
        builder.where_column(self._table, column, tuple(values))
        rows = self._table.read(conn, self._query(basis, builder), basis_params(basis, **builder.params), prepare=False)
        return grouped(values, sorted(rows, key=attrgetter("born")), attrgetter(column))

    def _builder(self, basis: Basis, filter: F) -> FilterBuilder:
        """The conditions of a filter with those of the filters inside it."""
        builder = self._conditions(basis, filter)
        builder.where_first("f.id = any({0})", filter.ids)

        def each(filters: Sequence[Any]) -> list[str]:
            return [builder.nested(self._builder(basis, one), self._table) for one in filters]

        builder.conditions += each(filter.all_of)
        if filter.any_of is not None:
            builder.conditions.append(f"({' or '.join(['false', *each(filter.any_of)])})")
        builder.conditions += [f"not {one}" for one in each(filter.none_of)]
        return builder

    def _query(self, basis: Basis, builder: FilterBuilder, *conditions: str, columns: str | None = None) -> str:
        first = " and ".join(builder.first_conditions)
        distinct = "" if builder.first_conditions[0] == FIRST else "distinct "
        candidates = f"select {distinct}f.id, f.born from {self._table.name} f where {first}"
        return self._table.query(basis, candidates, " and ".join([*builder.conditions, *conditions]), columns)


# ── lists under a parent ─────────────────────────────────────────────────────────────────────────


def pages(
    conn: Connection,
    basis: Basis,
    table: Table[R],
    parent: str,
    parents: Sequence[UUID],
    window: Window,
    key: SortKey,
    where: str,
    *,
    descending: bool = False,
    **params: Any,
) -> dict[UUID, list[R]]:
    """The same page of the rows of each of these parents, in one statement."""
    limits, cursors = key.limits(window, descending)
    order = key.by("desc" if descending != window.backwards else "asc")
    under = f"v.{parent} = c.id and {' and '.join([where, *limits])} order by {order} limit %(limit)s"
    each = f"lateral (select {table.seen} from {table.name} v where {under}) v"
    sql = f"select v.* from unnest(%(parents)b::uuid[]) as c (id) cross join {each}"
    all_params = basis_params(basis, parents=list(parents), limit=window.limit, **params, **cursors)
    rows = sorted(table.read(conn, sql, all_params), key=key.place, reverse=descending)
    return grouped(parents, rows, attrgetter(parent))


def counts(
    conn: Connection, basis: Basis, table: Table[Any], parent: str, parents: Sequence[UUID], where: str, **params: Any
) -> dict[UUID, int]:
    """The number of rows of each of these parents."""
    sql = (
        f"select v.{parent}, count(*) from {table.name} v"
        f" where v.{parent} = any(%(parents)b) and {where} group by v.{parent}"
    )
    found = fetch(conn, sql, basis_params(basis, parents=list(parents), **params), prepare=False)
    return dict.fromkeys(parents, 0) | dict(found)


def ordered(
    conn: Connection,
    basis: Basis,
    table: Table[R],
    column: str,
    ids: Sequence[UUID],
    where: str,
    order: str = "v.position",
    **params: Any,
) -> list[R]:
    """All rows that have one of these ids in a column, in this order."""
    sql = f"select {table.seen} from {table.name} v where v.{column} = any(%(ids)b) and {where} order by {order}"
    return table.read(conn, sql, basis_params(basis, ids=list(ids), **params))
