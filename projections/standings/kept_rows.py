"""Kept standings: what the progress and the health of a key result depend on, a row for each change of it.

Without this table every figure decodes the definition of its key result and looks for its latest measurement. See
docs/adr/0052.

A row holds from the moment `since` on, as far as the log knew from `position` on, until the next row on either clock:
the standing at a basis is that of the last row by (`since`, `position`) with `since` <= at and `position` <= known. A
late or corrected measurement adds rows for the moments whose standing it changes, so no row ever changes. What only the
basis decides is worked out from a row there: the scoring policy, the calendar, and the ends and states of objective and
cycle.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from domain.primitives.values import Basis, Metric, PlanPoint
from projections.store.versioned_tables import Connection, Table, basis_params, fetch

# ── rows ─────────────────────────────────────────────────────────────────────────────────────────


class KeptRow(msgspec.Struct, frozen=True, gc=False):
    """The standing of a key result from `since` on.

    `parent` and `born`: the positions at which its objective was drafted and it was added. `changed_at` and
    `changed_position`: those of the version of the key result, and from it `is_dropped`, `weight`, `due`, `metric`,
    `plan`, `score` and `scored_in`. `is_kept`: the rest is known here; if not, it depends on a KPI. `is_level`,
    `share`, `baseline`: see `domain.metrics.progress`. `value`, `reached`, `measured_at`: the latest measurement that
    fits the metric; `last_measured_at`: that of the latest check-in of all.
    """

    id: UUID
    since: datetime
    position: int
    objective: UUID
    parent: int
    born: int
    created_at: datetime
    changed_at: datetime
    changed_position: int
    is_dropped: bool
    weight: float
    due: date
    metric: Metric
    plan: tuple[PlanPoint, ...]
    score: float | None
    scored_in: UUID | None
    is_kept: bool
    is_level: bool = False
    share: float | None = None
    baseline: float | None = None
    value: float | None = None
    reached: tuple[str, ...] | None = None
    measured_at: datetime | None = None
    last_measured_at: datetime | None = None
    confidence: float | None = None


# ── tables ───────────────────────────────────────────────────────────────────────────────────────

KEPT = Table("standing", KeptRow, ["id", "since", "position"])
TABLES: tuple[Table[Any], ...] = (KEPT,)

# ── queries ──────────────────────────────────────────────────────────────────────────────────────


class Kept(NamedTuple):
    """The columns of a row that figures are worked out from. `plan` is the stored text of the plan and the metric,
    None without a plan. `changed_at`, `changed_position` and `since` are only read of key results that have ended."""

    parent: int
    born: int
    created_at: datetime
    changed_at: datetime | None
    changed_position: int | None
    since: datetime | None
    is_dropped: bool
    weight: float
    due: date
    metric: bytes | None
    plan: bytes | None
    score: float | None
    scored_in: UUID | None
    is_kept: bool
    is_level: bool
    share: float | None
    value: float | None
    reached: list[str] | None
    measured_at: datetime | None
    last_measured_at: datetime | None
    confidence: float | None


_SELECTED = {name: f"case when v.plan <> '[]' then v.{name} end" for name in ("metric", "plan")} | {
    name: f"case when v.is_dropped or %(ended)s then v.{name} end"
    for name in ("changed_at", "changed_position", "since")
}
_COLUMNS = ", ".join(_SELECTED.get(name, f"v.{name}") for name in Kept._fields)
_AT = (
    "cross join lateral (select * from standing where standing.id = c.id and since <= %(at)s"
    " and position <= %(position)s order by since desc, position desc limit 1) v"
)


_CANDIDATES = "select distinct id, objective from key_result where arrived and objective = any(%(ids)b)"
"""The key results that were ever in one of the objectives, each with the objective that it has to be in. A condition
with all objectives on each standing would compare it with half of them."""
_OF_OBJECTIVES = (
    f"select {_COLUMNS} from ({_CANDIDATES}) c {_AT} where v.objective = c.objective order by v.parent, v.born"
)


def of_objectives(conn: Connection, basis: Basis, objectives: Sequence[UUID], *, ended: bool = True) -> list[Kept]:
    """The standings of the key results of these objectives, dropped ones too, in the order of drafting and addition.
    `ended`: whether one of these objectives may have ended."""
    params = basis_params(basis, ids=list(objectives), ended=ended)
    return list(map(Kept._make, fetch(conn, _OF_OBJECTIVES, params)))


# ── queries of the writer ────────────────────────────────────────────────────────────────────────

_LAST = f"""
    select {KEPT.seen} from unnest(%(ids)b::uuid[]) as c (id) cross join lateral (
        select * from standing where standing.id = c.id order by since desc, position desc limit 1) v
"""
_NEWEST = f"""
    select distinct on (v.id, v.since) {KEPT.seen} from standing v where v.id = any(%(ids)b)
    order by v.id, v.since, v.position desc
"""


def last(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, KeptRow]:
    """The last row of each of these key results by (since, position)."""
    return {row.id: row for row in KEPT.read(conn, _LAST, {"ids": list(ids)})}


def newest(conn: Connection, ids: Sequence[UUID]) -> Iterator[KeptRow]:
    """For each moment since which these key results have rows, the one with the highest position, oldest first."""
    return iter(KEPT.read(conn, _NEWEST, {"ids": list(ids)}))
