"""Whether the log still has the events that the projections were built from.

They differ after the log alone was restored from a backup, or was cut off: the projections are then ahead of the log,
or contain events in whose place it has others. Nothing may be appended until a rebuild, since the projector would take
new events for ones that it has applied.
"""

from typing import Final

from projections.store.versioned_tables import Connection

CONTINUES: Final = """
    (v.position = 0 or exists (
        select from log l where l.position = v.position
        and l.leaf_hash = coalesce((to_jsonb(v) ->> 'leaf_hash')::bytea, l.leaf_hash)
    ))
"""
"""An SQL condition on the row `v` of `view_position`: the log has the last event of the projections, by position and
hash. A generation of an earlier version has no hash; of that, only the position is compared."""


class Diverged(Exception):
    """The projections contain events that the log does not have: the message says what to do."""

    def __init__(self, position: int, head: int) -> None:
        if position > head:
            what = f"The projections are at position {position}, ahead of the log, which ends at {head}"
        else:
            what = f"The projections contain another event at position {position} than the log"
        super().__init__(
            f"{what}, as after the log alone was restored from a backup: commands are refused until 'keyframe rebuild' "
            "has built the projections from this log. Run 'keyframe verify' to find out whether events are missing."
        )


def viewed(conn: Connection) -> int:
    """The position of the projections; 0 without projections."""
    if conn.execute("select to_regclass('view_position') is null").fetchone() == (True,):
        return 0
    return int((conn.execute("select position from view_position").fetchone() or (0,))[0])


def divergence(conn: Connection) -> Diverged | None:
    """The error for projections that the log does not have the events of; None if it has them, and without
    projections."""
    if conn.execute("select to_regclass('view_position') is null").fetchone() == (True,):
        return None
    query = f"select position, coalesce((select max(position) from log), 0), {CONTINUES} from view_position v"
    row = conn.execute(query.encode()).fetchone()
    return None if row is None or row[2] else Diverged(*row[:2])
