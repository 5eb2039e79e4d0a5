"""Objectives with the kept standings of their key results and the basis itself, in one statement.

Without it a small answer takes three statements, one after the other, and each of them longer than its rows.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple, TypeAlias
from uuid import UUID

from projections.standings import kept_columns
from projections.standings.kept_columns import KeptColumns
from projections.store import basis as bases
from projections.store.basis import ResolvedBasis, last_known_version, opaque
from projections.store.column_reader import Columns
from projections.store.columns import Conversion
from projections.store.stored_times import TIMES_AS_NUMBERS, day, moment
from projections.store.versioned_tables import Connection, Few, fetch
from projections.tables.objective import OBJECTIVE

Which: TypeAlias = Literal["one", "some", "first"]
"""The objective with an id, those with some ids, or the first ones in the order of drafting."""
At: TypeAlias = Literal["present", "known", "position"]
"""The present; a basis that is known; or a position, with the present, which it must not exceed."""


class Wanted(NamedTuple):
    """What to read: which objectives, at which basis, which columns, `id` first, and which of `kept_rows.SHOWN`."""

    which: Which
    at: At
    columns: tuple[str, ...]
    shown: tuple[str, ...]


class Found(NamedTuple):
    """The bases of an answer, its objectives, and the standings of their key results. `ids`: those of the objectives,
    in sixteen bytes each."""

    present: ResolvedBasis
    basis: ResolvedBasis
    ids: Sequence[bytes]
    objectives: Few
    kept: KeptColumns


_BASES: Final[Mapping[At, str]] = {
    "present": "select head, head_known, now, head as position, now as at"
    f" from ({bases.NOW}) h (head, head_known, now)",
    "known": "select %(position)s::bigint as head, %(known)s::timestamptz as head_known, %(at)s::timestamptz as now,"
    " %(position)s::bigint as position, %(at)s::timestamptz as at",
    "position": "select head, head_known, now, l.position, l.recorded_at as at"
    f" from ({bases.NOW}) h (head, head_known, now)"
    " join log l on l.position = %(asked)s where l.position <= head",
}
_BASIS: Final = ("b.head", "b.head_known", "b.now", "b.position", "b.at")


def read(conn: Connection, wanted: Wanted, params: Mapping[str, Any]) -> Found:
    """What is wanted. `params`: `id`, `ids` or `limit`, and `asked` for a position, or `at`, `known` and `position` of
    a known basis. Raises `LookupError` for a position without an event, or beyond the projections."""
    return found(wanted, fetch(conn, query(wanted), params, loaders=LOADERS))


LOADERS: Final = TIMES_AS_NUMBERS
"""The loaders of the driver for the query."""


def query(wanted: Wanted) -> str:
    """The query of `read`."""
    return _statement(wanted).sql


def found(wanted: Wanted, rows: Sequence[tuple[Any, ...]]) -> Found:
    """What `read` returns, from the rows of its query. Raises `LookupError`."""
    if not rows:
        raise LookupError
    statement = _statement(wanted)
    head, head_known, now, position, at = rows[0][: len(_BASIS)]
    present = bases.of_row((head, None if head_known is None else moment(head_known), moment(now)))
    basis = ResolvedBasis(moment(at), position, moment(at)) if wanted.at == "position" else present
    objectives, standings = statement.columns(rows)
    columns, size = dict(zip(wanted.columns, objectives, strict=True)), len(objectives[0])
    rows = statement.narrow.late(columns, size, _LOADS)
    return Found(present, basis, columns["id"], rows, kept_columns.kept_columns(standings, wanted.shown))


def _uuid(stored: bytes) -> UUID:
    return UUID(bytes=stored)


_AS_SENT: Final[Mapping[str, Conversion]] = {"timestamptz": moment, "date": day, "uuid": _uuid}
"""How values are converted that the driver leaves as PostgreSQL sends them. It makes a `UUID` in the time of five other
values, and most of them are looked at by nothing."""
_LOADS: Final[Mapping[str, Conversion | None]] = {
    column.name: _AS_SENT.get(column.type, column.load) for column in OBJECTIVE.columns
}
_UUIDS: Final = frozenset(column.name for column in OBJECTIVE.columns if column.type == "uuid")
COLUMNS: Final = frozenset(column.name for column in OBJECTIVE.columns if not column.type.endswith("[]"))
"""The columns of objectives that can be read so: arrays of different lengths cannot be aggregated."""


# ── statements ───────────────────────────────────────────────────────────────────────────────────


class _Statement:
    """The statement for what is wanted, and where its columns are. One objective has a row for each key result; many
    have arrays, which the driver reads faster, see `projections.store.column_reader`."""

    def __init__(self, wanted: Wanted) -> None:
        self._reader = kept_columns.reader(wanted.shown)
        self._width = len(wanted.columns)
        self._is_one = wanted.which == "one"
        narrow = OBJECTIVE.narrow(frozenset(wanted.columns))
        assert narrow is not None
        self.narrow = narrow
        self.sql = (self._of_one if self._is_one else self._of_many)(wanted)

    def _of_one(self, wanted: Wanted) -> str:
        columns = ", ".join([*_BASIS, *map(_sent, wanted.columns), self._reader.as_rows])
        return (
            f"with b as materialized ({_BASES[wanted.at]}) select {columns}"
            f" from b left join lateral ({_objectives(wanted)}) o on true"
            f" left join lateral ({_standings(wanted)}) v on true order by {kept_columns.IN_ORDER}"
        )

    def _of_many(self, wanted: Wanted) -> str:
        own = ", ".join(f"array_agg({_sent(name)})" for name in wanted.columns)
        parts = (
            f"select v.*, {self._reader.has_optional} from b cross join o cross join lateral ({_standings(wanted)}) v"
        )
        return (
            f"with b as materialized ({_BASES[wanted.at]}),"
            f" o as materialized (select v.* from b cross join lateral ({_objectives(wanted)}) v)"
            f" select {', '.join(_BASIS)}, oo.*, vv.* from b"
            f" cross join (select {own} from (select * from o order by born, id) o) oo"
            f" cross join (select {self._reader.as_arrays} from ({parts} order by {kept_columns.IN_ORDER}) v) vv"
        )

    def columns(self, rows: Sequence[tuple[Any, ...]]) -> tuple[Sequence[Any], Columns]:
        """The columns of the objectives, and those of their key results."""
        first, middle = len(_BASIS), len(_BASIS) + self._width
        own = rows[0][first:middle]
        if not self._is_one:
            return [values or [] for values in own], self._reader.of_arrays(rows[0][middle:])
        parts = [row[middle:] for row in rows] if rows[0][middle] is not None else []
        return [[] if rows[0][first] is None else [value] for value in own], self._reader.of_rows(parts)


def _sent(name: str) -> str:
    """The expression of a column of an objective `o`."""
    return f"uuid_send(o.{name})" if name in _UUIDS else f"o.{name}"


def _objectives(wanted: Wanted) -> str:
    """The query for the objectives at the basis `b`, in the order of drafting."""
    id = "%(id)s::uuid" if wanted.which == "one" else "c.id"
    last = last_known_version("objective", id, "b.position", ", ".join(dict.fromkeys(["id", "born", *wanted.columns])))
    if wanted.which == "one":
        return last
    first = f"select id, born from objective where version = 1 order by born, id limit {opaque('limit', 'bigint')}"
    ids = f"unnest({opaque('ids', 'uuid[]')}) c (id)" if wanted.which == "some" else f"({first}) c"
    return f"select v.* from {ids} cross join lateral ({last}) v"


def _standings(wanted: Wanted) -> str:
    """The query for the standings of an objective `o` at the basis `b`."""
    return kept_columns.at_level(kept_columns.read_of(wanted.shown), "o.id", "b.position")


_statement = lru_cache(1024)(_Statement)
