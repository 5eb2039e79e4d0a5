"""Kept standings as columns, for the figures of many key results at one basis.

Without them each standing would be a record of 21 values, most of which no answer looks at.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
import numpy as np

from domain.metrics.columns.arrays import Places
from domain.primitives.lazy import cached_property
from domain.primitives.values import Basis
from projections.standings.kept_rows import EACH, ID_BYTES, KEPT, WAS_LAST
from projections.store.basis import is_level, opaque
from projections.store.column_reader import ColumnReader, Columns, Unpacked, unpacked
from projections.store.columns import Conversion
from projections.store.stored_times import TIMES_AS_NUMBERS, day, moment
from projections.store.versioned_tables import Connection, basis_params, fetch, loaded_column, row_loader

# ── columns ──────────────────────────────────────────────────────────────────────────────────────


class Kept(NamedTuple):
    """The columns of a row that figures are worked out from. Those from `metric` on are in `Few`."""

    since: datetime
    parent: int
    born: int
    created_at: datetime
    changed_at: datetime
    changed_position: int
    is_dropped: bool
    weight: float
    due: date
    is_kept: bool
    is_level: bool
    share: float | None
    value: float | None
    measured_at: datetime | None
    last_measured_at: datetime | None
    confidence: float | None
    metric: bytes | None
    plan: bytes | None
    score: float | None
    scored_in: UUID | None
    reached: list[str] | None


class Few(NamedTuple):
    """The columns that are only read of few rows, as stored: of those with a plan, a score or reached milestones.
    `metric` and `plan` are None without a plan."""

    metric: bytes | None = None
    plan: bytes | None = None
    score: float | None = None
    scored_in: UUID | None = None
    reached: str | None = None


_NONE: Final = Few()
_LOADERS: Final[Mapping[str, Conversion]] = {
    "created_at": moment,
    "due": day,
    "measured_at": moment,
    "last_measured_at": moment,
    "reached": msgspec.json.decode,
    "changed_at": moment,
    "since": moment,
}
_kept: Final = row_loader(Kept, map(_LOADERS.get, Kept._fields))


@dataclass(eq=False)
class KeptColumns:
    """Kept standings as columns, in the order of drafting and addition; a record is made only if one is looked at.
    Times are numbers, see `projections.store.stored_times`. `columns`: those that are read of each row,
    by name, as stored. `by_birth`: those that are read of few rows, by `born`. `shown`: those of `SHOWN` that were
    asked for, as stored."""

    columns: Unpacked
    by_birth: Mapping[int, Few]
    shown: Mapping[str, list[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return self.columns.size

    def __add__(self, others: "KeptColumns") -> "KeptColumns":
        """These standings, followed by others, without what is only shown."""
        return KeptColumns(self.columns + others.columns, {**self.by_birth, **others.by_birth})

    def loaded(self, name: str) -> list[Any]:
        """The values of a column that is read of each row."""
        values, load = self.columns[name], _LOADERS.get(name)
        return list(values if load is None else loaded_column(values, load))

    def at(self, place: int) -> Kept:
        """The standing at a place."""
        return _kept([*[self.columns[name][place] for name in EACH], *self.few(place)])

    def few(self, place: int) -> Few:
        """The columns of the standing at a place that are read of few."""
        return self.by_birth.get(self.columns["born"][place], _NONE)

    @cached_property
    def planned(self) -> Sequence[int]:
        """The places of the standings that have a plan."""
        planned = {born for born, few in self.by_birth.items() if few.plan is not None}
        return [place for place, born in enumerate(self.columns["born"]) if born in planned] if planned else ()

    @cached_property
    def by_objective(self) -> tuple[list[int], Places]:
        """The objectives of these standings by the positions at which they were drafted, and where the standings of
        each begin, followed by their number."""
        parents = self.columns.array("parent")
        if len(parents) and parents[0] == parents[-1]:
            return [int(parents[0])], np.array([0, len(parents)])
        are_bounds = np.ones(len(parents) + 1, np.bool_)
        np.not_equal(parents[1:], parents[:-1], out=are_bounds[1:-1])
        bounds = are_bounds.nonzero()[0]
        return parents[bounds[:-1]].tolist(), bounds


NO_STANDINGS: Final = KeptColumns(unpacked(KEPT.packed, b""), {})

# ── queries ──────────────────────────────────────────────────────────────────────────────────────

_POSITION: Final = opaque("position", "bigint")
_OBJECTIVES: Final = f"select unnest({opaque('ids', 'uuid[]')}) as id"


def at_level(columns: Iterable[str], objective: str, position: str) -> str:
    """The query for the standings of the key results that are in an objective at a level basis with this position: one
    range of an index, whatever the number of key results and of their standings. `objective` and `position` are
    expressions. In a lateral join it has the same plan for any number of objectives."""
    current = f"objective = {objective} and until_position > {position} and position <= {position} and {WAS_LAST}"
    return f"select {', '.join(columns)} from standing where {current} offset 0"


def _at_any(columns: Iterable[str], objectives: str) -> str:
    """What follows `from` in the query for the same standings `v` of several objectives at any basis: each key result
    that was ever in one of them is looked up."""
    ever = f"({objectives}) o join key_result k on k.objective = o.id and k.arrived"
    known = "standing.id = c.id and since <= %(at)s and position <= %(position)s"
    last = f"select * from standing where {known} order by since desc, position desc limit 1"
    return (
        f"(select distinct k.id, k.objective from {ever}) c"
        f" cross join lateral (select {', '.join(columns)} from ({last}) l where objective = c.objective) v"
    )


_HAS_FEW = "(v.plan <> '[]' or v.score is not null or v.reached is not null)"
_FEW: Final = {name: f"v.{name}" for name in Few._fields} | {
    "metric": "case when v.plan <> '[]' then v.metric end",
    "plan": "case when v.plan <> '[]' then v.plan end",
    "reached": "to_json(v.reached)::text",  # arrays of different lengths cannot be aggregated
}


@lru_cache
def reader(shown: tuple[str, ...]) -> ColumnReader:
    """How standings are read with these of `SHOWN` or `ID_BYTES`."""
    columns = ["uuid_send(v.id)" if name == ID_BYTES else f"v.{name}" for name in shown]
    return ColumnReader(KEPT.packed, columns, _HAS_FEW, ["v.born", *_FEW.values()])


def read_of(shown: Iterable[str]) -> Iterable[str]:
    """The columns of standings that a reader needs."""
    known = ["id" if name == ID_BYTES else name for name in shown]
    return dict.fromkeys([*KEPT.packed.stored, "parent", "born", *known, *Few._fields])


@lru_cache
def _of_objectives(shown: tuple[str, ...], is_level: bool, are_many: bool) -> str:
    """The query for standings with these of `SHOWN`: `are_many` as arrays, others as rows."""
    read, how = read_of(shown), reader(shown)
    level = f"({_OBJECTIVES}) o cross join lateral ({at_level(read, 'o.id', _POSITION)}) v"
    source = f"from {level if is_level else _at_any(read, _OBJECTIVES)}"
    if are_many:
        return f"select {how.as_arrays} from (select v.*, {how.has_optional} {source} order by {IN_ORDER}) v"
    return f"select {how.as_rows} {source} order by {IN_ORDER}"


IN_ORDER: Final = "v.parent, v.born"
"""The order of drafting and addition."""
_MANY: Final = 50
"""Objectives that have hundreds of key results."""


def of_objectives(
    conn: Connection, basis: Basis, objectives: Sequence[UUID], shown: tuple[str, ...] = ()
) -> KeptColumns:
    """The standings of the key results of these objectives, dropped ones too, in the order of drafting and addition.
    `objectives`: each once. `shown`: which of `SHOWN` to read, too."""
    are_many, how = len(objectives) >= _MANY, reader(shown)
    query = _of_objectives(shown, is_level(basis), are_many)
    rows = fetch(conn, query, basis_params(basis, ids=list(objectives)), loaders=TIMES_AS_NUMBERS)
    return kept_columns(how.of_arrays(rows[0]) if are_many else how.of_rows(rows), shown)


def kept_columns(read: Columns, shown: tuple[str, ...] = ()) -> KeptColumns:
    """Standings from what their `reader` read."""
    by_birth: dict[int, Few] = {}
    if read.optional:
        births, *few = read.optional
        by_birth = dict(zip(births, map(Few._make, zip(*few, strict=True)), strict=True))
    return KeptColumns(read.packed, by_birth, dict(zip(shown, read.each, strict=True)))
