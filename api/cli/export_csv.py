"""The `export --csv` command: a cycle as CSV as of any basis, one row per key result."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, BinaryIO, NamedTuple, TypeAlias

from api.cli.output import USAGE, Failure
from api.cli.serve import local_context
from api.endpoints.csv_cells import BOM, table
from api.execution.context import Context
from api.runtime.database import Database
from api.schema.schema import QueryFailed, schema

Json: TypeAlias = dict[str, Any]

OBJECTIVES = 100
"""Objectives per query."""

_QUERY = """
    query Spreadsheet($cycle: String!, $at: DateTime, $position: Position, $first: Int!, $after: String) {
      asOf(at: $at, position: $position) {
        basis { at position }
        cycle(by: {key: $cycle}) {
          key
          objectives(first: $first, after: $after) {
            pageInfo { hasNextPage endCursor }
            nodes {
              entityId title kind state team { key } owner { name handle }
              progress { value health } outcome { verdict score }
              keyResults(includeDropped: true) {
                entityId title state owner { name handle } kpi { key } weight due score current measuredAt confidence
                metric { direction unit { symbol } start target lower upper } plan { on value }
                milestones { reachedAt }
                progress { value expected health }
              }
            }
          }
        }
      }
    }
"""


class Column(NamedTuple):
    """A column: its name in the header row, its meaning, and the path to its value in a row of the query result."""

    name: str
    meaning: str
    path: tuple[str, ...]


COLUMNS = (
    Column("cycle", "the key of the cycle", ("cycle", "key")),
    Column("team", "the key of the objective's team", ("objective", "team", "key")),
    Column("objective", "the title of the objective", ("objective", "title")),
    Column("objective_kind", "COMMITTED or ASPIRATIONAL", ("objective", "kind")),
    Column("objective_state", "DRAFT, ACTIVE, CLOSED or DROPPED", ("objective", "state")),
    Column("objective_owner", "the name of the objective's owner", ("objective", "owner", "name")),
    Column("objective_progress", "the progress of the objective, from 0 to 1", ("objective", "progress", "value")),
    Column(
        "objective_health",
        "the health of the objective; once it is closed, its verdict",
        ("objective", "progress", "health"),
    ),
    Column("objective_score", "the final score of the objective, from 0 to 1", ("objective", "outcome", "score")),
    Column("verdict", "the verdict at its closing: ACHIEVED, PARTIAL or MISSED", ("objective", "outcome", "verdict")),
    Column("key_result", "the title of the key result", ("key_result", "title")),
    Column("state", "ACTIVE, SCORED or DROPPED", ("key_result", "state")),
    Column("owner", "the name of the key result's owner", ("key_result", "owner", "name")),
    Column("kpi", "the key of the KPI that supplies its value", ("key_result", "kpi", "key")),
    Column("direction", "the intended direction of its value", ("key_result", "metric", "direction")),
    Column("unit", "the unit of its value", ("key_result", "metric", "unit", "symbol")),
    Column("start", "the start value", ("key_result", "metric", "start")),
    Column("target", "the target value", ("key_result", "metric", "target")),
    Column("lower", "the lowest value within the target range", ("key_result", "metric", "lower")),
    Column("upper", "the highest value within the target range", ("key_result", "metric", "upper")),
    Column("plan", "its planned values by day, as JSON; empty for the straight line", ("key_result", "planned_values")),
    Column("current", "its latest value", ("key_result", "current")),
    Column("last_measured", "when the latest value was measured", ("key_result", "measuredAt")),
    Column("milestones", "the number of its milestones", ("key_result", "milestones_count")),
    Column("milestones_reached", "the number of its reached milestones", ("key_result", "milestones_reached")),
    Column("progress", "its progress, from 0 to 1", ("key_result", "progress", "value")),
    Column("expected", "its expected progress at that time, from 0 to 1", ("key_result", "progress", "expected")),
    Column("health", "its health, from the gap between the two, or from its end", ("key_result", "progress", "health")),
    Column("confidence", "the latest stated confidence, from 0 to 1", ("key_result", "confidence")),
    Column("weight", "its weight within the objective", ("key_result", "weight")),
    Column("due", "its due date", ("key_result", "due")),
    Column("score", "its score, from 0 to 1", ("key_result", "score")),
    Column("objective_id", "the objective's global id", ("objective", "entityId")),
    Column("key_result_id", "the key result's global id", ("key_result", "entityId")),
    Column("objective_owner_handle", "the handle of the objective's owner", ("objective", "owner", "handle")),
    Column("owner_handle", "the handle of the key result's owner", ("key_result", "owner", "handle")),
)


def moment(text: str) -> datetime:
    """Parse a time from the command line. Raises `Failure` without an offset."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError as error:
        raise Failure(f"--at: '{text}' is not a time; write it like 2026-03-31T18:00:00Z.", USAGE) from error
    if parsed.tzinfo is None:
        raise Failure(f"--at: '{text}' has no offset; write it like 2026-03-31T18:00:00Z.", USAGE)
    return parsed


def export_csv(
    database: Database,
    cycle: str,
    file: BinaryIO,
    at: datetime | None = None,
    position: int | None = None,
    *,
    bom: bool = False,
) -> None:
    """Write the cycle with this key to `file`, as of a basis or its current state. Raises `Failure`, and then
    has written nothing if there is no such cycle.

    With `bom` the file begins with a byte order mark, from which Excel knows that it is UTF-8.
    """
    head = (BOM if bom else b"") + table([[column.name for column in COLUMNS]])
    with local_context(database) as context:
        for found in _pages(context, cycle, at, position):
            rows = [row for objective in found["objectives"]["nodes"] for row in _rows(found, objective)]
            file.write(head + table([_value(row, column.path) for column in COLUMNS] for row in rows))
            head = b""
    file.flush()


# ── reading ──────────────────────────────────────────────────────────────────────────────────────


def _pages(context: Context, cycle: str, at: datetime | None, position: int | None) -> Iterator[Json]:
    """The cycle in pages of objectives; all pages use the basis of the first. Raises `Failure`."""
    variables: Json = {"cycle": cycle, "first": OBJECTIVES, "position": position}
    variables["at"] = None if at is None else at.isoformat()
    while True:
        snapshot = _query(context, variables)
        found = snapshot["cycle"]
        if found is None:
            raise Failure(f"There is no cycle with the key '{cycle}' at {snapshot['basis']['at']}.")
        yield found
        page = found["objectives"]["pageInfo"]
        if not page["hasNextPage"]:
            return
        variables |= snapshot["basis"] | {"after": page["endCursor"]}


def _query(context: Context, variables: Json) -> Json:
    try:
        snapshot: Json = schema.answer(_QUERY, variables, context)["asOf"]
    except QueryFailed as failed:
        raise Failure(" ".join(error.message for error in failed.errors)) from failed
    return snapshot


# ── writing ──────────────────────────────────────────────────────────────────────────────────────


def _rows(cycle: Json, objective: Json) -> Iterator[Json]:
    """One row per key result; an objective without key results has one row as well."""
    for key_result in objective["keyResults"] or [None]:
        row = {"cycle": cycle, "objective": objective, "key_result": key_result}
        if key_result is not None and key_result["milestones"]:
            reached = [item for item in key_result["milestones"] if item["reachedAt"] is not None]
            counted = {"milestones_count": len(key_result["milestones"]), "milestones_reached": len(reached)}
            row["key_result"] = key_result | counted
        if key_result is not None and key_result["plan"]:
            row["key_result"] |= {"planned_values": key_result["plan"]}
        yield row


def _value(row: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        row = None if row is None else row.get(name)
    return row
