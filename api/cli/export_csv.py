"""A cycle for a spreadsheet: one row a key result, as it stood at any basis, in CSV."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, BinaryIO, NamedTuple, TypeAlias

from api.cli.output import USAGE, Failure
from api.cli.serve import local_context
from api.endpoints.csv_cells import table
from api.execution.context import Context
from api.runtime.database import Database
from api.schema.schema import QueryFailed, schema

Json: TypeAlias = dict[str, Any]

OBJECTIVES = 100
"""How many objectives are read at once."""

_QUERY = """
    query Spreadsheet($cycle: String!, $at: DateTime, $position: Position, $first: Int!, $after: String) {
      asOf(at: $at, position: $position) {
        basis { at position }
        cycle(by: {key: $cycle}) {
          key
          objectives(first: $first, after: $after) {
            pageInfo { hasNextPage endCursor }
            nodes {
              entityId title kind state team { key } owner { name } progress { value health } outcome { verdict score }
              keyResults(includeDropped: true) {
                entityId title state owner { name } kpi { key } weight due score current measuredAt confidence
                metric { direction unit { symbol } start target lower upper }
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
    """A column: its name in the first row, what stands in it, and the way to that through the answer."""

    name: str
    meaning: str
    path: tuple[str, ...]


COLUMNS = (
    Column("cycle", "the key of the cycle", ("cycle", "key")),
    Column("team", "the key of the objective's team", ("objective", "team", "key")),
    Column("objective", "the objective, in one line", ("objective", "title")),
    Column("objective_kind", "COMMITTED or ASPIRATIONAL", ("objective", "kind")),
    Column("objective_state", "DRAFT, ACTIVE, CLOSED or DROPPED", ("objective", "state")),
    Column("objective_owner", "who answers for the objective", ("objective", "owner", "name")),
    Column("objective_progress", "how far the objective is, from 0 to 1", ("objective", "progress", "value")),
    Column("objective_health", "what that means", ("objective", "progress", "health")),
    Column("objective_score", "what it was closed with, from 0 to 1", ("objective", "outcome", "score")),
    Column("verdict", "what it was closed as, ACHIEVED or MISSED", ("objective", "outcome", "verdict")),
    Column("key_result", "the key result, in one line", ("key_result", "title")),
    Column("state", "ACTIVE, SCORED or DROPPED", ("key_result", "state")),
    Column("owner", "who answers for the key result", ("key_result", "owner", "name")),
    Column("kpi", "the key of the KPI that it takes its value from", ("key_result", "kpi", "key")),
    Column("direction", "which way its value is meant to go", ("key_result", "metric", "direction")),
    Column("unit", "what its value counts", ("key_result", "metric", "unit", "symbol")),
    Column("start", "where its value starts", ("key_result", "metric", "start")),
    Column("target", "where its value is meant to get to", ("key_result", "metric", "target")),
    Column("lower", "the lowest value that is right", ("key_result", "metric", "lower")),
    Column("upper", "the highest value that is right", ("key_result", "metric", "upper")),
    Column("current", "its latest value", ("key_result", "current")),
    Column("last_measured", "when that was true", ("key_result", "measuredAt")),
    Column("milestones", "how many milestones it has", ("key_result", "milestones_count")),
    Column("milestones_reached", "how many of them are reached", ("key_result", "milestones_reached")),
    Column("progress", "how far it is, from 0 to 1", ("key_result", "progress", "value")),
    Column("expected", "how far it should be by then, from 0 to 1", ("key_result", "progress", "expected")),
    Column("health", "what the gap between the two means", ("key_result", "progress", "health")),
    Column("confidence", "how sure its people were, from 0 to 1", ("key_result", "confidence")),
    Column("weight", "how much it counts within its objective", ("key_result", "weight")),
    Column("due", "the day it is due", ("key_result", "due")),
    Column("score", "what it was scored, from 0 to 1", ("key_result", "score")),
    Column("objective_id", "the objective's global id", ("objective", "entityId")),
    Column("key_result_id", "the key result's global id", ("key_result", "entityId")),
)


def moment(text: str) -> datetime:
    """A time as it is said on the command line. Raises `Failure`."""
    try:
        said = datetime.fromisoformat(text)
    except ValueError as error:
        raise Failure(f"'{text}' is no time; write it like 2026-03-31T18:00:00Z.", USAGE) from error
    if said.tzinfo is None:
        raise Failure(f"'{text}' needs an offset, like 2026-03-31T18:00:00Z.", USAGE)
    return said


def export_csv(
    database: Database, cycle: str, file: BinaryIO, at: datetime | None = None, position: int | None = None
) -> None:
    """Write the cycle with this key into a file, as of a basis, or as it stands. Raises `Failure`."""
    file.write(table([[column.name for column in COLUMNS]]))
    for found in _pages(local_context(database), cycle, at, position):
        rows = [row for objective in found["objectives"]["nodes"] for row in _rows(found, objective)]
        file.write(table([_at(row, column.path) for column in COLUMNS] for row in rows))
    file.flush()


# ── reading ──────────────────────────────────────────────────────────────────────────────────────


def _pages(context: Context, cycle: str, at: datetime | None, position: int | None) -> Iterator[Json]:
    """The cycle with some of its objectives at a time, all at the basis of the first. Raises `Failure`."""
    asked: Json = {"cycle": cycle, "first": OBJECTIVES, "position": position}
    asked["at"] = None if at is None else at.isoformat()
    while True:
        snapshot = _asked(context, asked)
        found = snapshot["cycle"]
        if found is None:
            raise Failure(f"There is no cycle with the key '{cycle}' at {snapshot['basis']['at']}.")
        yield found
        page = found["objectives"]["pageInfo"]
        if not page["hasNextPage"]:
            return
        asked |= snapshot["basis"] | {"after": page["endCursor"]}


def _asked(context: Context, variables: Json) -> Json:
    try:
        snapshot: Json = schema.answer(_QUERY, variables, context)["asOf"]
    except QueryFailed as failed:
        raise Failure(" ".join(error.message for error in failed.errors)) from failed
    return snapshot


# ── writing ──────────────────────────────────────────────────────────────────────────────────────


def _rows(cycle: Json, objective: Json) -> Iterator[Json]:
    """What the columns are found in. An objective without key results has a row of its own."""
    for key_result in objective["keyResults"] or [None]:
        row = {"cycle": cycle, "objective": objective, "key_result": key_result}
        if key_result is not None and key_result["milestones"]:
            reached = [one for one in key_result["milestones"] if one["reachedAt"] is not None]
            counted = {"milestones_count": len(key_result["milestones"]), "milestones_reached": len(reached)}
            row["key_result"] = key_result | counted
        yield row


def _at(row: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        row = None if row is None else row.get(name)
    return row
