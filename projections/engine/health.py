"""A health check of the projections, for operators."""

import msgspec
import psycopg

from domain.log.event_store import Log
from projections.engine import leftovers, view_checker
from projections.engine.leftovers import Leftovers
from projections.engine.rebuild import DEFINITION, is_current
from projections.engine.registry import Poison, StaleBatch, advance, read
from projections.engine.view_checker import Damage
from projections.proof import log_watch
from projections.proof.continuity import CONTINUES, Diverged, divergence
from projections.store.versioned_tables import Connection
from projections.tables import people

_LOCK_WAIT = "1s"


class Checkup(msgspec.Struct, frozen=True):
    """The result: the position of the projections and the end of the log, whether their tables are those of this
    program, whether a projector leads, the next event if it cannot be applied, the generations that are not in use and
    could not be dropped, whether any person was erased, of whom traces may be left in those, the version of Keyframe
    that built the projections, None before 0.3.0, and why they do not belong to this log, None if they do."""

    position: int
    head: int
    is_current: bool
    has_leader: bool
    poison: Poison | None = None
    left: Leftovers | None = None
    is_any_erased: bool = False
    program: str | None = None
    divergence: Diverged | None = None


def examine(conn: Connection, log: Log, workspace: str) -> Checkup | None:
    """Check the projections of a workspace; None if they do not exist yet. Only their owner learns whether the
    next event can be applied."""
    try:
        row = conn.execute("select position, to_jsonb(v) ->> 'program' from view_position v").fetchone()
    except psycopg.errors.UndefinedTable:
        return None
    position, program = (0, None) if row is None else row
    head, current = log.head().position, is_current(conn)
    poison = _try_next(conn, log, position) if current and position < head else None
    leads, left = leftovers.is_locked(conn, workspace, "project"), leftovers.find(conn, workspace)
    is_any_erased = left is not None and people.is_any_erased(conn)
    return Checkup(position, head, current, leads, poison, left, is_any_erased, program, divergence(conn))


class State(msgspec.Struct, frozen=True):
    """What one cheap look at the projections shows. `lag_s`: for how many seconds the log has had an event that they
    lack, 0 if they lack none. `has_leader`: whether a projector applies events. `leftovers`: the schemas of generations
    that are not in use. `program`: the version of Keyframe that built them, None before 0.3.0. `divergence`: why the
    projections do not belong to this log; None if they do. `contradiction`: how the log contradicts its newest
    checkpoint; None if it does not. `damages`: what the running check has found to be altered."""

    position: int
    head: int
    lag_s: float
    is_current: bool
    has_leader: bool
    leftovers: tuple[str, ...]
    program: str | None = None
    divergence: str | None = None
    contradiction: str | None = None
    damages: tuple[Damage, ...] = ()


_STATE = f"""
    select v.position, v.definition, to_jsonb(v) ->> 'program', coalesce((select max(position) from log), 0),
           coalesce((select extract(epoch from clock_timestamp() - recorded_at)::float8 from log
                     where position = v.position + 1), 0), {CONTINUES}
    from view_position as v
"""


def state(conn: Connection, workspace: str) -> State | None:
    """The state of a workspace's projections; None if they do not exist. It writes nothing and takes no lock."""
    try:
        row = conn.execute(_STATE.encode()).fetchone()
    except psycopg.errors.UndefinedTable:
        return None
    if row is None:
        return None
    position, definition, program, head, lag_s, continues = row
    divergence = None if continues else str(Diverged(position, head))
    left = leftovers.find(conn, workspace)
    leads = leftovers.is_locked(conn, workspace, "project")
    schemas = left.schemas if left else ()
    is_current = definition == DEFINITION
    contradicts = log_watch.contradiction(conn, position) if is_current else None
    damages = tuple(view_checker.alarms(conn)) if is_current else ()
    return State(position, head, lag_s, is_current, leads, schemas, program, divergence, contradicts, damages)


def _try_next(conn: Connection, log: Log, position: int) -> Poison | None:
    """Apply the next event and roll back; returns the event and cause if it cannot be applied."""
    poison = None
    try:
        entries = read(log, position, 1)
        with conn.transaction() as trial:
            conn.execute(f"set local lock_timeout = '{_LOCK_WAIT}'")
            advance(conn, log, entries)
            raise psycopg.Rollback(trial)
    except Poison as found:
        poison = found
    except Diverged:
        pass  # reported as such
    except (StaleBatch, psycopg.errors.LockNotAvailable):
        pass  # a projector has applied it meanwhile
    except psycopg.errors.InsufficientPrivilege:
        pass  # only the owner can try
    return poison
