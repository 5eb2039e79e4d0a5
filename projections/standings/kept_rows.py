"""Kept standings: what the progress and the health of a key result depend on, a row for each change of it.

Without this table every figure decodes the definition of its key result and looks for its latest measurement. See
docs/adr/0052.

A row holds from the moment `since` on, as far as the log knew from `position` on, until the next row on either clock:
the standing at a basis is that of the last row by (`since`, `position`) with `since` <= at and `position` <= known. A
late or corrected measurement adds rows for the moments whose standing it changes. A row changes once: `until_position`
is set when another one becomes the last of its key result. At a level basis the standing is that of the row with
`position` <= known and `until_position` > known. See docs/adr/0077. What only the basis decides is worked out from a
row there: the scoring policy, the calendar, and the ends and states of objective and cycle.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import starmap
from typing import Any, Final
from uuid import UUID

import msgspec

from domain.primitives.values import Basis, Metric, PlanPoint
from projections.store.basis import along_params, first_place, opaque
from projections.store.stored_times import TIMES_AS_NUMBERS
from projections.store.versioned_tables import OPEN, Connection, Table, ValidityTable, each

# ── rows ─────────────────────────────────────────────────────────────────────────────────────────


class KeptRow(msgspec.Struct, frozen=True, gc=False):
    """The standing of a key result from `since` on.

    `parent` and `born`: the positions at which its objective was drafted and it was added. `changed_at` and
    `changed_position`: those of the version of the key result, and from it `title`, `owner`, `is_dropped`, `weight`,
    `due`, `metric`, `plan`, `score` and `scored_in`. `is_kept`: the rest is known here; if not, it depends on a KPI.
    `is_level`, `share`, `baseline`: see `domain.metrics.progress`. `value`, `reached`, `measured_at`: the latest
    measurement that fits the metric; `last_measured_at`: that of the latest check-in of all. `until_position`: from
    this position on another row is the last one by (`since`, `position`), its own if it never was.
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
    title: str
    owner: UUID | None
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
    until_position: int = OPEN


# ── tables ───────────────────────────────────────────────────────────────────────────────────────

EACH: Final = (
    "since", "parent", "born", "created_at", "changed_at", "changed_position", "is_dropped", "weight", "due", "is_kept",
    "is_level", "share", "value", "measured_at", "last_measured_at", "confidence",
)  # fmt: skip
"""The columns that are read of each row."""
WAS_LAST: Final = "until_position > position"
"""The condition that a row was the last one at some position."""
KEPT = ValidityTable(
    "standing",
    KeptRow,
    ["id", "since"],
    ["until_position"],
    [f"(objective, until_position, position) where {WAS_LAST}"],
    packed=EACH,
)
TABLES: tuple[Table[Any], ...] = (KEPT,)
SHOWN: Final = ("id", "title", "owner", "metric")
"""Columns of the key result itself that no figure needs, for answers that show both."""
ID_BYTES: Final = "id_bytes"
"""The id in sixteen bytes, which may be shown, too: Python makes a `UUID` of one in the time of five other values."""

# ── standings along bases ────────────────────────────────────────────────────────────────────────


class Since(msgspec.Struct, frozen=True, gc=False):
    """A standing that a sequence of bases sees from one of them on, by its `place` among these. Times are numbers, see
    `projections.store.stored_times`; `metric` and `plan` are as stored, None without a plan."""

    place: int
    since: int
    position: int
    parent: int
    born: int
    created_at: int
    changed_at: int
    changed_position: int
    is_dropped: bool
    weight: float
    due: int
    metric: bytes | None
    plan: bytes | None
    score: float | None
    scored_in: UUID | None
    is_kept: bool
    is_level: bool
    share: float | None
    value: float | None
    last_measured_at: int | None
    confidence: float | None

    def is_after(self, other: "Since") -> bool:
        """Whether this standing of a key result holds in place of another one, where both are seen."""
        return (self.since, self.position) > (other.since, other.position)

    def has_definition_of(self, other: "Since") -> bool:
        """Whether the definition and the start of the goal are those of another standing of the key result."""
        return self.changed_position == other.changed_position and self.is_level == other.is_level


_WITH_PLAN: Final = {name: f"case when v.plan <> '[]' then v.{name} end" for name in ("metric", "plan")}
_SINCE: Final = ", ".join(_WITH_PLAN.get(name, f"v.{name}") for name in Since.__struct_fields__[1:])
_ALONG: Final = f"""
    select {first_place("v", "since")}, {_SINCE}
    from (select distinct id from key_result where arrived and objective = any(%(ids)b)) c
    join standing v on v.id = c.id where v.since <= %(at)s and v.position <= %(position)s
"""


def along(conn: Connection, bases: Sequence[Basis], objectives: Sequence[UUID]) -> list[Since]:
    """The standings of the key results that were ever in these objectives, as a sequence of bases sees them. Neither
    clock of the bases goes backwards."""
    params = along_params(bases, ids=list(objectives))
    return list(starmap(Since, each(conn, _ALONG, params, loaders=TIMES_AS_NUMBERS)))


# ── queries of the writer ────────────────────────────────────────────────────────────────────────

_LAST = f"""
    select v.* from unnest({opaque("ids", "uuid[]")}) as c (id) cross join lateral (
        select {KEPT.names} from standing where standing.id = c.id order by since desc, position desc limit 1) v
"""
_NEWEST = f"""
    select distinct on (id, since) {KEPT.names} from standing where id = any(%(ids)b)
    order by id, since, position desc
"""


def last(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, KeptRow]:
    """The last row of each of these key results by (since, position)."""
    return {row.id: row for row in KEPT.read(conn, _LAST, {"ids": list(ids)})}


def newest(conn: Connection, ids: Sequence[UUID]) -> Iterator[KeptRow]:
    """For each moment since which these key results have rows, the one with the highest position, oldest first."""
    return iter(KEPT.read(conn, _NEWEST, {"ids": list(ids)}))
