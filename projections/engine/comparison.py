"""The comparison of two generations of the projections: which rows, and which definitions of tables, differ.

Rows are compared as a whole, byte by byte. So no alteration escapes it, unlike the digests of
`projections.engine.view_checker`.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from domain.log.schema import seen_schema
from projections.engine.registry import TABLES
from projections.store.versioned_tables import Connection, ValidityTable

DIFFERENCES_MAX: Final = 100
"""How many rows of a table are named; further ones are only counted."""

PERSONAL: Final = "(personal data)"
"""The placeholder of a value that names a person."""


class Difference(msgspec.Struct, frozen=True):
    """A value in use that differs from the one built from the log.

    `key`: the columns of the primary key. `column` is None if the whole row exists on one side only. `position`: the
    first one at which an answer can differ.
    """

    key: Mapping[str, Any]
    position: int
    column: str | None
    served: Any
    built: Any


class TableComparison(msgspec.Struct, frozen=True):
    """What differs in a table: the number of rows, the first position from which they do, and the first differences, by
    position. `definition` is what is defined otherwise; then the rows were compared only if the columns are the same.
    """

    table: str
    rows: int = 0
    first_position: int | None = None
    differences: tuple[Difference, ...] = ()
    definition: Difference | None = None


class Comparison(msgspec.Struct, frozen=True):
    """The result: the position of both generations, the number of tables compared, and those that differ."""

    position: int
    compared: int
    tables: tuple[TableComparison, ...]


def compare(
    conn: Connection,
    served: str,
    built: str,
    position: int,
    erased: Collection[UUID] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Comparison:
    """Compare two schemas at the same position, in one snapshot, which is the caller's transaction.

    `erased`: people erased after that position, so that their names may be missing on one side. `progress` is called
    with (tables compared, all tables).
    """
    shapes, expected = _shapes(conn, served), _shapes(conn, built)
    found = []
    for number, rows in enumerate(_ROWS, 1):
        shape, due = shapes.pop(rows.name, None), expected.pop(rows.name)
        is_readable = shape is not None and shape.columns == due.columns
        differing = _differing(conn, rows, served, built, erased) if is_readable else TableComparison(rows.name)
        found.append(msgspec.structs.replace(differing, definition=_defined(shape, due)))
        if progress is not None:
            progress(number, len(_ROWS))
    found += [TableComparison(name, definition=_defined(shapes.get(name), due)) for name, due in expected.items()]
    return Comparison(position, len(_ROWS), tuple(one for one in found if one.rows or one.definition))


# ── definitions ──────────────────────────────────────────────────────────────────────────────────


class _Shape(NamedTuple):
    """The definition of a table or SQL view: its columns with their types, and everything else that decides what a
    query reads from it."""

    columns: str
    rest: str


_SHAPES = """
    select c.relname::text,
        (select string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' order by attnum)
         from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped),
        concat_ws('; ', case c.relkind when 'r' then 'table' when 'v' then 'view' else c.relkind::text end,
            (select string_agg(pg_get_constraintdef(oid), ', ' order by pg_get_constraintdef(oid))
             from pg_constraint where conrelid = c.oid and contype in ('p', 'u', 'x', 'c', 'f')),
            (select string_agg(pg_get_triggerdef(oid), ', ') from pg_trigger
             where tgrelid = c.oid and not tgisinternal),
            (select string_agg(pg_get_ruledef(oid), ', ') from pg_rewrite
             where ev_class = c.oid and rulename <> '_RETURN'),
            case when c.relrowsecurity then 'row security' end,
            case when c.relkind = 'v' then replace(pg_get_viewdef(c.oid), %s || '.', '') end)
    from pg_class c where relnamespace = to_regnamespace(%s) and relkind in ('r', 'v', 'm', 'p', 'f')
"""


def _shapes(conn: Connection, schema: str) -> dict[str, _Shape]:
    """The definitions of the tables of a generation, and of its visibility views."""
    tables = {name: _Shape(*shape) for name, *shape in conn.execute(_SHAPES, [schema, schema])}
    views = conn.execute(_SHAPES, [schema, seen_schema(schema)])
    return tables | {f"{name} as seen by others": _Shape(*shape) for name, *shape in views}


def _defined(shape: _Shape | None, due: _Shape) -> Difference | None:
    """The difference between two definitions."""
    if shape == due:
        return None
    return Difference({}, 1, "definition", None if shape is None else "; ".join(shape), "; ".join(due))


# ── rows ─────────────────────────────────────────────────────────────────────────────────────────


class _Rows(NamedTuple):
    """The rows of a table: its key, its columns, the expression of the position, the columns with personal data, those
    that are set when a row ends, and those whose bytes are JSON or a hash."""

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    placed: str
    secret: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    encoded: tuple[str, ...] = ()

    def query(self, schema: str, erased: Collection[UUID]) -> str:
        """The query for key, position and whole row; of erased people without their names."""
        rows = f"{schema}.{self.name}"
        if self.secret and erased:
            named = "case when id <> all(%(erased)s::uuid[]) then {0} end as {0}"
            shown = [named.format(name) if name in self.secret else name for name in self.columns]
            rows = f"(select {', '.join(shown)} from {rows})"
        return f"select {', '.join(self.key)}, {self.placed} as placed, r as row from {rows} r"


_ROWS = tuple(
    _Rows(
        table.name,
        table.key,
        tuple(column.name for column in table.stored),
        table.placed,
        table.secret,
        table.ends if isinstance(table, ValidityTable) else (),
        tuple(column.name for column in table.stored if column.type == "bytea"),
    )
    for table in TABLES
)


def _differing(conn: Connection, rows: _Rows, served: str, built: str, erased: Collection[UUID]) -> TableComparison:
    keys = ", ".join(rows.key)
    query = f"""
        with differing as (
            select count(*) over () as n, {keys}, coalesce(s.placed, b.placed, 0) as placed,
                   s.row as served, b.row as built
            from ({rows.query(served, erased)}) s full join ({rows.query(built, erased)}) b using ({keys})
            where s.row is null or b.row is null or s.row *<> b.row
            order by placed, {keys} limit {DIFFERENCES_MAX}
        )
        select n, placed, to_jsonb(served), to_jsonb(built) from differing order by placed, {keys}
    """
    found = conn.execute(query, {"erased": list(erased)}).fetchall()
    if not found:
        return TableComparison(rows.name)
    differences = tuple(one for _, placed, *pair in found for one in _of_row(rows, placed, *pair))
    return TableComparison(rows.name, found[0][0], min(one.position for one in differences), differences)


def _of_row(rows: _Rows, placed: int, served: dict[str, Any] | None, built: dict[str, Any] | None) -> list[Difference]:
    """The differences of a row, one a column."""
    key = {name: (served or built or {})[name] for name in rows.key}
    if served is None or built is None:
        return [Difference(key, placed, None, *("missing" if row is None else "present" for row in (served, built)))]
    columns = [name for name in rows.columns if served[name] != built[name]]
    if not columns:
        return [Difference(key, placed, None, "stored with other bytes", "present")]
    if set(columns) <= set(rows.ends):
        placed = min(served["until_position"], built["until_position"])
    return [
        Difference(key, placed, name, *(_shown(rows, name, row[name]) for row in (served, built))) for name in columns
    ]


def _shown(rows: _Rows, name: str, value: Any) -> Any:
    """The value as it is named: personal data is not, and JSON in bytes is decoded."""
    if value is None:
        return None
    if name in rows.secret:
        return PERSONAL
    if name in rows.encoded:
        return _decoded(bytes.fromhex(value.removeprefix("\\x")))
    return value


def _decoded(value: bytes) -> Any:
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError:
        return value.hex()
