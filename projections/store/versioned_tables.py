"""Bitemporal tables: each row has the position and the moment since which it is valid.

A row class defines its table: its fields are the columns, its annotations their types. There are three shapes.

- A `VersionedTable` holds every version of an aggregate, one row each; rows never change. A version is valid from
  (`position`, `changed_at`) until its successor begins. Within one aggregate both clocks have the same order, so the
  state at a basis is *the last version with position <= P and changed_at <= A*: one index lookup at any basis,
  however many events and versions there are.
- A `ValidityTable` holds rows that begin and end: a measurement until it is corrected, an edge until it is removed.
- A `Table` holds rows that never change and have no versions.
"""

from collections import Counter, namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from itertools import chain, repeat
from operator import attrgetter, itemgetter
from typing import Any, Final, Generic, TypeVar, get_type_hints
from uuid import UUID

import msgspec
import psycopg
from psycopg.rows import tuple_row

from domain.primitives.lazy import cached_property
from domain.primitives.values import Basis, Kind
from projections.store import digests, search_text
from projections.store.basis import is_level, last_version, opaque
from projections.store.columnar import Columnar
from projections.store.columns import Column, Conversion, column_of
from projections.store.deadline import raise_if_late
from projections.store.packed_columns import Packed
from projections.store.rows import Version

R = TypeVar("R", bound=msgspec.Struct)
V = TypeVar("V", bound=Version)
Row = TypeVar("Row")
OrderField = TypeVar("OrderField")
Connection = psycopg.Connection[Any]
Params = Mapping[str, Any]

OPEN = 2**63 - 1
"""The `until_position` of a row that has not ended."""


# ── pages of lists ───────────────────────────────────────────────────────────────────────────────


class Order(msgspec.Struct, Generic[OrderField], frozen=True):
    """A field to order by; rows with equal values are ordered by id."""

    field: OrderField
    descending: bool = False


class Cursor(msgspec.Struct, frozen=True):
    """A place in an ordered list: the value of the row there, and `tie`, the tie-breaker among equal values.

    For versions `tie` is the id, and for comments the position. For check-ins and readings it is the position of the
    first version, then that of the version itself.
    """

    value: str | float | int | date | datetime | None
    tie: UUID | int | tuple[int, int]

    @property
    def ties(self) -> tuple[UUID | int, ...]:
        """The tie-breakers, in order."""
        return self.tie if isinstance(self.tie, tuple) else (self.tie,)


class Window(msgspec.Struct, frozen=True):
    """A page of an ordered list: up to `limit` rows after one cursor and before another.

    It has the first of these rows, or the last ones if `backwards`; both in the order of the list.
    """

    limit: int
    after: Cursor | None = None
    before: Cursor | None = None
    backwards: bool = False


# ── values ───────────────────────────────────────────────────────────────────────────────────────


def row_loader(row: Callable[..., Row], loads: Iterable[Conversion | None]) -> Callable[[Iterable[Any]], Row]:
    """The function that makes a row of its values from the database. `loads`: the conversion of each column."""
    conversions = [(place, load) for place, load in enumerate(loads) if load is not None]

    def loaded(values: Iterable[Any]) -> Row:
        of = list(values)
        for place, load in conversions:
            if of[place] is not None:
                of[place] = load(of[place])
        return row(*of)

    return loaded


def loaded_column(values: Sequence[Any], load: Conversion | None) -> Sequence[Any]:
    """The values of a column from the database, converted if it has a conversion: equal ones once, except arrays,
    which have no hash."""
    if load is None:
        return values
    if load is tuple:
        return [None if one is None else tuple(one) for one in values]
    known = {one: None if one is None else load(one) for one in set(values)}
    return list(map(known.__getitem__, values))


# ── tables ───────────────────────────────────────────────────────────────────────────────────────


class Table(Generic[R]):
    """Rows of a row class that are written once.

    `key`: the columns of the primary key. `indexes`: the text after `create index on TABLE`. `secret`: columns with
    personal data that may have to be erased, of which the database collects no statistics. `searched`: the fields of
    the row that a search looks into; the table has one column more for them, `search_text.COLUMN`. `placed`: the
    expression of the position of the row's event. `packed`: columns that are also stored as one, see
    `projections.store.packed_columns`. Every write keeps the digests of the table up to date.
    """

    def __init__(
        self,
        name: str,
        row: type[R],
        key: Sequence[str],
        indexes: Sequence[str] = (),
        secret: Sequence[str] = (),
        searched: Sequence[str] = (),
        placed: str = "position",
        packed: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.row = row
        self.key = tuple(key)
        self.placed = placed
        self.indexes = (*indexes, *(["(position)"] if placed == "position" != self.key[0] else []))
        self.searched = tuple(searched)
        self.secret = (*secret, search_text.COLUMN) if set(secret) & set(searched) else tuple(secret)
        hints = get_type_hints(row)
        self.columns = [column_of(field, hints[field]) for field in row.__struct_fields__]
        self.stored = [*self.columns, *([Column(search_text.COLUMN, "text")] if searched else [])]
        self.packed = Packed([column for column in self.columns if column.name in packed])
        self._dumps = [(place, column.dump) for place, column in enumerate(self.columns) if column.dump]
        self.loaded = row_loader(row, (column.load for column in self.columns))
        """The row for these values from the database."""
        self.names = ", ".join(column.name for column in self.columns)
        self.seen = ", ".join(f"v.{column.name}" for column in self.columns)

    @property
    def ddl(self) -> str:
        """The table with its key, in the first schema of the search path."""
        columns = ", ".join([*(f"{column.name} {column.type}" for column in self.stored), *self.packed.ddl])
        no_statistics = "".join(f"; alter table {self.name} alter {column} set statistics 0" for column in self.secret)
        return f"create table {self.name} ({columns}, primary key ({', '.join(self.key)})){no_statistics}"

    @property
    def index_ddl(self) -> list[str]:
        """The statements for the other indexes; apart from `ddl`, because a rebuild fills the table first."""
        return [f"create index on {self.name} {index}" for index in self.indexes]

    @property
    def last(self) -> str:
        """The query for the last row of each of the ids in the parameter `ids`."""
        row = f"select {self.names} from {self.name} where {self.name}.id = c.id order by position desc limit 1"
        return f"select v.* from unnest({opaque('ids', 'uuid[]')}) as c (id) cross join lateral ({row}) v"

    def insert(self, conn: Connection, rows: Iterable[R]) -> None:
        sql = digests.inserting(self.name, self.placed, ", ".join(["%b"] * len(self.stored)))
        for row in rows:
            conn.execute(sql, self.dumped(row), prepare=True)

    def copy(self, conn: Connection, rows: Iterable[R]) -> None:
        """Insert many rows, without their digests."""
        with conn.cursor().copy(f"copy {self.name} from stdin (format binary)") as copy:
            copy.set_types([column.type for column in self.stored])
            for row in rows:
                copy.write_row(self.dumped(row))

    def dump(self, conn: Connection) -> Iterator[bytes]:
        """Every row as text, in the order of the key: equal for equal contents, whatever the order of the writes."""
        with conn.cursor().copy(f"copy (select * from {self.name} order by {', '.join(self.key)}) to stdout") as copy:
            for line in copy:
                yield bytes(line)

    def dumped(self, row: R) -> Sequence[Any]:
        """The values of the row for the database."""
        values = list(msgspec.structs.astuple(row))
        for place, dump in self._dumps:
            if values[place] is not None:
                values[place] = dump(values[place])
        if self.searched:
            values.append(search_text.searchable(getattr(row, name) for name in self.searched))
        return values

    def loads(self, name: str) -> Conversion:
        """The conversion of a stored value of this column, which must have one."""
        (load,) = (column.load for column in self.columns if column.name == name and column.load is not None)
        return load

    def read(self, conn: Connection, sql: str, params: Params, *, prepare: bool = True) -> list[R]:
        """The rows of a query that selects all columns of this table, in their order. As `fetch`."""
        return list(map(self.loaded, fetch(conn, sql, params, prepare=prepare)))


class ValidityTable(Table[R]):
    """Rows that begin and may end.

    `ends`: the columns that are set at the end, `until_position` first; all others never change. `natural_key`: the
    natural key; at most one row with the same natural key is open.
    """

    def __init__(
        self,
        name: str,
        row: type[R],
        natural_key: Sequence[str],
        ends: Sequence[str],
        indexes: Sequence[str] = (),
        searched: Sequence[str] = (),
        packed: Sequence[str] = (),
    ) -> None:
        super().__init__(name, row, (*natural_key, "position"), indexes, searched=searched, packed=packed)
        self.natural_key = tuple(natural_key)
        self.ends = tuple(ends)
        self.seen = ", ".join(self._seen(column.name) for column in self.columns)
        self.natural_key_of = (
            attrgetter(*natural_key) if len(natural_key) > 1 else lambda row: (getattr(row, natural_key[0]),)
        )

    def _seen(self, name: str) -> str:
        """The expression of a column at a basis: null for an end that is not known there."""
        if name not in self.ends:
            return f"v.{name}"
        return f"case when v.until_position <= %(position)s then v.{name} end as {name}"

    def close(self, conn: Connection, ended: Sequence[tuple[Any, ...]]) -> None:
        """Close open rows. Each tuple has the values of the natural key, followed by those of the end columns."""
        given = [column for name in (*self.natural_key, *self.ends) for column in self.columns if column.name == name]
        arrays = ", ".join(f"%b::{column.type}[]" for column in given)
        ends = f"select * from unnest({arrays}) as given ({', '.join(column.name for column in given)})"
        sets = ", ".join(f"{name} = g.{name}" for name in self.ends)
        same = " and ".join(f"r.{name} = g.{name}" for name in self.natural_key)
        sql = digests.updating(self.name, self.placed, ends, sets, f"{same} and r.until_position = {OPEN}")
        conn.execute(sql, [list(values) for values in zip(*ended, strict=True)], prepare=True)


class Few(Columnar[Any]):
    """Rows of which a few columns were read."""

    def __init__(self, narrow: "Narrow", columns: Mapping[str, Sequence[Any]], length: int) -> None:
        self.names = narrow.names
        self._row = narrow.row
        self._columns = columns
        self._length = length

    def __len__(self) -> int:
        return self._length

    @cached_property
    def records(self) -> Sequence[Any]:
        rows: list[Any] = [*map(self._row._make, zip(*map(self.column, self._row._fields), strict=True))]
        return rows

    def column(self, name: str) -> Sequence[Any]:
        return self._columns[name]

    def __getitem__(self, place: Any) -> Any:
        """A row, which is made without the others, or several."""
        if isinstance(place, slice) or "records" in vars(self):
            return self.records[place]
        return self._row._make(self._values(place))

    def _values(self, place: int) -> list[Any]:
        """The values of the row at a place."""
        return [self._columns[name][place] for name in self._row._fields]


class LateFew(Few):
    """The same with columns as stored, each of which is converted when it is looked at. `loads`: the conversions."""

    def __init__(
        self, narrow: "Narrow", stored: Mapping[str, Sequence[Any]], length: int, loads: Mapping[str, Conversion | None]
    ) -> None:
        super().__init__(narrow, stored, length)
        self._loads = loads
        self._loaded: dict[str, Sequence[Any]] = {}

    def column(self, name: str) -> Sequence[Any]:
        found = self._loaded.get(name)
        if found is None:
            found = self._loaded[name] = loaded_column(self._columns[name], self._loads[name])
        return found

    def distinct(self, name: str) -> set[Any]:
        return set(loaded_column([*set(self._columns[name])], self._loads[name]))

    def _values(self, place: int) -> list[Any]:
        found = []
        for name in self._row._fields:
            value, load = self._columns[name][place], self._loads[name]
            found.append(value if load is None or value is None else load(value))
        return found


class Narrow:
    """A few columns of a table, with rows that have only these: most columns of a large list are in no answer."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self.names = frozenset(column.name for column in columns)
        self.seen = self.seen_without("")
        self.row: Any = namedtuple("_row", [column.name for column in columns])  # type: ignore[misc]  # noqa: PYI024

    def seen_without(self, known: str) -> str:
        """The columns in a query that need not read one of them."""
        return ", ".join("null" if column.name == known else f"v.{column.name}" for column in self._columns)

    def loaded(self, found: Sequence[Sequence[Any]], known: str = "", values: Sequence[Any] = ()) -> Few:
        """The rows for these values from the database, which may be followed by others. `known`: a column that was not
        read, since it has these values."""
        read = zip(*found, strict=True) if found else [()] * len(self._columns)
        columns = {column.name: one for column, one in zip(self._columns, read, strict=False)}
        return self.of_columns(columns, len(found), {known: values} if known else {})

    def of_columns(self, stored: Mapping[str, Sequence[Any]], length: int, known: Mapping[str, Sequence[Any]]) -> Few:
        """The rows with these columns as stored, and others whose values are known."""
        columns = {
            column.name: known[column.name] if column.name in known else loaded_column(stored[column.name], column.load)
            for column in self._columns
        }
        return Few(self, columns, length)

    def late(self, stored: Mapping[str, Sequence[Any]], length: int, loads: Mapping[str, Conversion | None]) -> LateFew:
        """The rows with these columns, which are converted when they are looked at."""
        return LateFew(self, stored, length, loads)


class VersionedTable(Table[V]):
    """Every version of the aggregates of one kind."""

    def __init__(
        self,
        kind: Kind,
        row: type[V],
        indexes: Sequence[str] = (),
        secret: Sequence[str] = (),
        searched: Sequence[str] = (),
    ) -> None:
        self.kind = kind
        name = "".join(f"_{c.lower()}" if c.isupper() else c for c in kind).removeprefix("_")
        everywhere = ("(id, changed_at, position)", "(born, id) where version = 1")
        super().__init__(name, row, ("id", "position"), (*everywhere, *indexes), secret, searched)
        self._moves = "arrived" in row.__struct_fields__
        """Whether these aggregates move between parents; `arrived` then marks the first version under each."""
        self._by_id: dict[tuple[bool, str | None], str] = {}
        """Queries by ids, cached by whether the basis is level, and their columns."""
        self._narrow: dict[frozenset[str], Narrow] = {}

    def narrow(self, columns: frozenset[str]) -> "Narrow | None":
        """Some columns of this table; None if it does not have one of them."""
        found = self._narrow.get(columns)
        if found is None:
            known = {column.name: column for column in self.columns}
            if not columns <= known.keys():
                return None
            found = self._narrow[columns] = Narrow([known[name] for name in sorted(columns)])
        return found

    def at(self, basis: Basis, alias: str, id: str) -> str:
        return last_version(self.name, basis, alias, id)

    def query(self, basis: Basis, candidates: str, where: str = "true", columns: str | None = None) -> str:
        """The query for the versions `v` at the basis with an id among the `candidates` `c`."""
        version = last_version(self.name, basis, "v", "c.id")
        return f"select {columns or self.seen} from ({candidates}) c cross join {version} where {where}"

    def by_id(self, conn: Connection, basis: Basis, ids: Iterable[UUID]) -> dict[UUID, V]:
        rows = list(map(self.loaded, self.columns_by_id(conn, basis, list(ids))))
        return dict(zip(map(_id, rows), rows, strict=True))

    def columns_by_id(
        self, conn: Connection, basis: Basis, ids: Sequence[UUID], columns: str | None = None
    ) -> list[tuple[Any, ...]]:
        """These columns of the versions at the basis with these ids, by default all."""
        kind = is_level(basis), columns
        if kind not in self._by_id:
            self._by_id[kind] = self.query(basis, f"select unnest({opaque('ids', 'uuid[]')}) as id", columns=columns)
        return fetch(conn, self._by_id[kind], basis_params(basis, ids=ids))

    def by(self, conn: Connection, basis: Basis, column: str, values: Iterable[Any], where: str = "true") -> list[V]:
        """The versions at the basis of which `column` has one of these values, in the order of creation."""
        asked = f"{column} = any(%(values)b)"
        sql = self.query(basis, f"select distinct id from {self.name} where {asked}", f"v.{asked} and ({where})")
        return sorted(self.read(conn, sql, basis_params(basis, values=list(values))), key=_born)

    def within(
        self, conn: Connection, basis: Basis, column: str, parents: Sequence[UUID], where: str = "true"
    ) -> dict[UUID, list[V]]:
        """The children of each of these parents at the basis, in the order of creation; `column` must be one that only
        a move changes."""
        sql = self.query(basis, *self._below(column, where), f"c.n, {self.seen}")
        groups: list[list[V]] = [[] for _ in parents]
        for n, *columns in fetch(conn, sql, basis_params(basis, parents=parents)):
            groups[n - 1].append(self.loaded(columns))
        return {parent: sorted(rows, key=_born) for parent, rows in zip(parents, groups, strict=True)}

    def narrow_within(
        self, conn: Connection, basis: Basis, column: str, parents: Sequence[UUID], narrow: Narrow, where: str = "true"
    ) -> tuple[Few, Sequence[int]]:
        """The same children with a few columns, and how many of them each parent has."""
        seen = narrow.seen_without(column)
        sql = self.query(basis, *self._below(column, where), f"{seen}, c.n") + " order by c.n, c.born"
        found = fetch(conn, sql, basis_params(basis, parents=parents))
        counts = Counter(map(itemgetter(-1), found))
        sizes = [counts[number] for number in range(1, len(parents) + 1)]
        return narrow.loaded(found, column, [*chain.from_iterable(map(repeat, parents, sizes))]), sizes

    def _below(self, column: str, where: str) -> tuple[str, str]:
        """The candidates that were ever below one of the parents, and the condition that they are at the basis."""
        parents = (
            f"from unnest(%(parents)b::uuid[]) with ordinality as p (id, n) join {self.name} f on f.{column} = p.id"
        )
        if not self._moves:
            return f"select f.id, f.born, p.n {parents} and f.version = 1", where
        return (
            f"select distinct f.id, f.born, p.n, p.id as of {parents} and f.arrived",
            f"v.{column} = c.of and ({where})",
        )

    def redact(self, conn: Connection, ids: Sequence[UUID], columns: Sequence[str]) -> None:
        """Set these columns, and the searchable text made of any of them, to null in every version with these ids."""
        derived = [search_text.COLUMN] if set(columns) & set(self.searched) else []
        sets = ", ".join(f"{name} = null" for name in [*columns, *derived])
        sql = digests.updating(self.name, self.placed, "select unnest(%b::uuid[]) as id", sets, "r.id = g.id")
        conn.execute(sql, [list(set(ids))])

    def versions(self, conn: Connection, basis: Basis, ids: Iterable[UUID]) -> dict[UUID, list[V]]:
        """Every version of these aggregates up to the basis, oldest first."""
        wanted = list(ids)
        return grouped(wanted, self.history(conn, basis, "select unnest(%(ids)b::uuid[])", ids=wanted), _id)

    def history(self, conn: Connection, basis: Basis, ids_query: str, **params: Any) -> list[V]:
        """Every version up to the basis of the aggregates whose ids this query selects, oldest first."""
        sql = (
            f"select {self.names} from {self.name} where id in ({ids_query})"
            " and position <= %(position)s and changed_at <= %(at)s order by position"
        )
        return self.read(conn, sql, basis_params(basis, **params))


# ── reading ──────────────────────────────────────────────────────────────────────────────────────

USUAL: Final[Mapping[str, Any]] = {}
"""No other loaders than the driver's."""


def fetch(
    conn: Connection, sql: str, params: Params, *, prepare: bool = True, loaders: Mapping[str, Any] = USUAL
) -> list[tuple[Any, ...]]:
    """The rows of a query as tuples. Use a connection of `Deadline.reading`, which checks and cancels the read.
    `loaders`: other loaders of the driver than the usual ones, by type.

    A query is prepared, so that later calls need no parsing and planning, unless its best plan depends on its
    parameters (docs/adr/0048)."""
    cursor = conn.cursor(binary=True, row_factory=tuple_row)
    if loaders:
        _register(cursor, loaders)
    return cursor.execute(sql, params, prepare=prepare).fetchall()


def _register(cursor: psycopg.Cursor[Any], loaders: Mapping[str, Any]) -> None:
    for type_, loader in loaders.items():
        cursor.adapters.register_loader(type_, loader)


_ROWS_AT_ONCE: Final = 500


def each(conn: Connection, sql: str, params: Params, loaders: Mapping[str, Any] = USUAL) -> Iterator[tuple[Any, ...]]:
    """The rows of a query one by one, for very many of them. It is not prepared: the best plan depends on how many. The
    driver makes tuples of some hundred at once, in half the time that each one alone takes. `loaders`: see `fetch`."""
    raise_if_late()
    cursor = conn.cursor(binary=True, row_factory=tuple_row)
    _register(cursor, loaders)
    cursor.execute(sql, params, prepare=False)
    return chain.from_iterable(iter(partial(cursor.fetchmany, _ROWS_AT_ONCE), []))


def basis_params(basis: Basis, **params: Any) -> dict[str, Any]:
    """The parameters of a query, with those of its basis."""
    return {"at": basis.at, "position": basis.position, **params}


def is_last(table: str, basis: Basis, alias: str) -> str:
    """The condition that a version is the one at the basis, for statements that look at most versions of a table: one
    pass over them costs less than a lookup for each aggregate."""
    reach = "{0}.position <= %(position)s"
    if not is_level(basis):
        reach += " and {0}.changed_at <= %(at)s"
    later = f"n.id = {alias}.id and n.position > {alias}.position and {reach.format('n')}"
    return f"{reach.format(alias)} and not exists (select from {table} n where {later})"


def grouped(keys: Iterable[UUID], rows: Iterable[R], key: Callable[[R], UUID]) -> dict[UUID, list[R]]:
    """The rows by key, in their order; a list for each of the `keys`. No row may have another key."""
    groups: dict[UUID, list[R]] = {id: [] for id in keys}
    for row in rows:
        groups[key(row)].append(row)
    return groups


_born = attrgetter("born")
_id = attrgetter("id")
