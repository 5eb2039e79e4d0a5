"""Objectives with the kept standings of their key results and the basis itself, in one statement.

Without it a small answer takes three statements, one after the other, and each of them longer than its rows.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import compress
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from domain.primitives.values import EARLIEST
from projections.standings import kept_rows
from projections.standings.kept_rows import KeptColumns
from projections.store.basis import ResolvedBasis
from projections.store.columns import Conversion
from projections.store.stored_columns import TIMES_AS_NUMBERS, day, moment
from projections.store.versioned_tables import Connection, fetch, loaded_column
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
    """The bases of an answer, and its objectives as columns with the standings of their key results."""

    present: ResolvedBasis
    basis: ResolvedBasis
    columns: Mapping[str, Sequence[Any]]
    kept: KeptColumns

    @property
    def size(self) -> int:
        """The number of objectives."""
        return len(self.columns["id"])


_BASES: Final[Mapping[At, str]] = {
    "present": "select position as head, recorded_at as head_known, now, position, now as at from ("
    "select position, recorded_at, greatest(clock_timestamp(), recorded_at) as now from view_position) h",
    "known": "select %(position)s::bigint as head, %(known)s::timestamptz as head_known, %(at)s::timestamptz as now,"
    " %(position)s::bigint as position, %(at)s::timestamptz as at",
    "position": "select h.position as head, h.recorded_at as head_known,"
    " greatest(clock_timestamp(), h.recorded_at) as now, l.position, l.recorded_at as at"
    " from view_position h join log l on l.position = %(asked)s where l.position <= h.position",
}
_LAST: Final = "select * from objective where objective.id = {} and objective.position <= b.position"
_OBJECTIVES: Final[Mapping[Which, str]] = {
    "one": f"{_LAST.format('%(id)s::uuid')} order by position desc limit 1",
    "some": "select v.* from unnest(%(ids)b::uuid[]) c (id)"
    f" cross join lateral ({_LAST.format('c.id')} order by position desc limit 1) v",
    "first": "select v.* from (select id, born from objective where version = 1) c"
    f" cross join lateral ({_LAST.format('c.id')} order by position desc limit 1) v"
    " order by c.born, c.id limit %(limit)s",
}
_BASIS: Final = ("b.head", "b.head_known", "b.now", "b.position", "b.at")


def read(conn: Connection, wanted: Wanted, params: Mapping[str, Any]) -> Found | None:
    """What is wanted; None for a position without an event, or beyond the projections. `params`: `id`, `ids` or
    `limit`, and `asked` for a position, or `at`, `known` and `position` of a known basis."""
    statement = _statement(wanted)
    rows = fetch(conn, statement.sql, params, loaders=TIMES_AS_NUMBERS)
    if not rows:
        return None
    head, head_known, now, position, at = rows[0][: len(_BASIS)]
    present = ResolvedBasis(moment(now), head, EARLIEST if head_known is None else moment(head_known))
    basis = ResolvedBasis(moment(at), position, moment(at)) if wanted.at == "position" else present
    objectives, each, few = statement.columns(rows)
    columns = {name: _loaded(name, values) for name, values in zip(wanted.columns, objectives, strict=True)}
    return Found(present, basis, columns, kept_rows.kept_columns(each, few, wanted.shown))


def _loaded(name: str, values: Sequence[Any]) -> Sequence[Any]:
    load = _LOADERS.get(name)
    return values if load is None else loaded_column(values, load)


_TIMES: Final[Mapping[str, Conversion]] = {"timestamptz": moment, "date": day}
_LOADERS: Final[Mapping[str, Conversion | None]] = {
    column.name: _TIMES.get(column.type, column.load) for column in OBJECTIVE.columns
}
COLUMNS: Final = frozenset(column.name for column in OBJECTIVE.columns if not column.type.endswith("[]"))
"""The columns of objectives that can be read so: arrays of different lengths cannot be aggregated."""


# ── statements ───────────────────────────────────────────────────────────────────────────────────


class _Statement:
    """The statement for what is wanted, and where its columns are. One objective has a row for each key result; many
    have arrays, which the driver reads faster, see `projections.store.stored_columns`."""

    def __init__(self, wanted: Wanted) -> None:
        standings, self._each, self._few = kept_rows.of_one_objective(wanted.shown)
        self._width = len(wanted.columns)
        self._is_one = wanted.which == "one"
        bases, objectives = f"b as materialized ({_BASES[wanted.at]})", _OBJECTIVES[wanted.which]
        names = [f"k{place}" for place in range(self._each + 1 + self._few)]
        named = f"({', '.join(names)})"
        own = [f"o.{name}" for name in wanted.columns]
        parts = [f"k.{name}" for name in names]
        if self._is_one:
            columns = ", ".join([*_BASIS, *own, *parts])
            self.sql = (
                f"with {bases} select {columns} from b left join lateral ({objectives}) o on true"
                f" left join lateral ({standings} order by v.born) k {named} on true"
            )
            return
        has_few = f"filter (where k.{names[self._each]})"
        of_own = ", ".join(f"array_agg({one})" for one in own)
        of_parts = ", ".join(
            [f"array_agg({one})" for one in parts[: self._each]]
            + [f"array_agg({one}) {has_few}" for one in parts[self._each + 1 :]]
        )
        self.sql = (
            f"with {bases}, o as materialized (select v.* from b cross join lateral ({objectives}) v),"
            f" k as (select k.* from b cross join o cross join lateral ({standings}) k {named})"
            f" select {', '.join(_BASIS)}, oo.*, kk.* from b"
            f" cross join (select {of_own} from (select * from o order by born, id) o) oo"
            f" cross join (select {of_parts} from (select * from k order by k0, k1) k) kk"
        )

    def columns(
        self, rows: Sequence[tuple[Any, ...]]
    ) -> tuple[Sequence[Any], Sequence[list[Any]], Sequence[list[Any]]]:
        """The columns of the objectives, and of their key results those of each and of few."""
        first, middle = len(_BASIS), len(_BASIS) + self._width
        if not self._is_one:
            found = [values or [] for values in rows[0][first:]]
            width = self._width
            return found[:width], found[width : width + self._each], found[width + self._each :]
        own = [[value] for value in rows[0][first:middle]] if rows[0][first] is not None else [[]] * self._width
        if rows[0][middle] is None:
            return own, [[] for _ in range(self._each)], []
        columns = list(map(list, zip(*rows, strict=True)))[middle:]
        has_few = columns[self._each]
        few = [list(compress(values, has_few)) for values in columns[self._each + 1 :]] if True in has_few else []
        return own, columns[: self._each], few


_statement = lru_cache(1024)(_Statement)
