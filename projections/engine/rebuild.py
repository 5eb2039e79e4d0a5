"""Rebuild the projections from the log: fill a new generation of tables beside the one in use, then swap them."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from hashlib import sha256

import psycopg
import structlog
from psycopg import sql

from domain.log import erasure, raw
from domain.log.event_store import Log
from domain.log.schema import PROGRAM, application_role, is_role, lock_key, seen_schema, views_schema
from domain.model.event import Recorded
from domain.primitives import time_zones
from projections.engine import leftovers, visibility
from projections.engine.comparison import Comparison, compare
from projections.engine.registry import DEFINITION as TABLES_DEFINITION
from projections.engine.registry import POSITION_DDL, TABLES, advance, read
from projections.store import digests
from projections.store.versioned_tables import Connection
from projections.tables import people


def definition(time_zones_version: str) -> str:
    """A hash of the definitions of a generation, and of the version of the time zones that its days are computed by: a
    generation with another hash is rebuilt."""
    parts = (TABLES_DEFINITION, visibility.DEFINITION, f"tzdata {time_zones_version}")
    return sha256("\n".join(parts).encode()).hexdigest()


DEFINITION = definition(time_zones.VERSION)

_log = structlog.get_logger(__name__)

BATCH_SIZE = 10_000
"""Each batch reads the last rows of what its events change: batches of half the size take a fifth longer."""
ROWS_IN_JOURNAL_MAX = 10
"""How many differences of a table the journal names."""
DROP_ATTEMPTS_MAX = 50
"""How often a rebuild tries to drop the earlier generation, each time waiting shortly for its readers."""


def create(conn: Connection, workspace: str = "keyframe") -> None:
    """Create the schema and tables of the projections if they are missing; safe for several processes at once."""
    schema = views_schema(workspace)
    with conn.transaction():
        _lock(conn, workspace, "views")
        if _position(conn, schema) is None:
            _create_generation(conn, schema, workspace)
            _index(conn)


def may_update(conn: Connection) -> bool:
    """Whether the user of this connection may update the projections, and not only read them."""
    return conn.execute("select has_table_privilege('view_position', 'update')").fetchone() == (True,)


def is_current(conn: Connection) -> bool:
    """Whether the generation in use has the definitions of this program; if not, it needs a rebuild."""
    return outdated(conn) is None


class OutdatedViews(Exception):
    """The generation in use has other tables, or days by other time zones, than this version of Keyframe needs."""

    def __init__(self, program: str | None) -> None:
        by = "an earlier version of Keyframe" if program is None else f"Keyframe {program}"
        super().__init__(
            f"The projections were built by {by}, with other tables or time zones than Keyframe {PROGRAM} has: run "
            "'keyframe rebuild'."
        )


def outdated(conn: Connection) -> OutdatedViews | None:
    """The error for a generation that is not current; None for a current one."""
    row = conn.execute("select definition, to_jsonb(v) ->> 'program' from view_position v").fetchone()
    built, program = row or (None, None)
    return None if built == DEFINITION else OutdatedViews(program)


def rebuild(
    log: Log,
    connect: Callable[[], Connection],
    progress: Callable[[int, int], None] | None = None,
    workspace: str = "keyframe",
    batch_size: int = BATCH_SIZE,
    on_compared: Callable[[Comparison | None], None] | None = None,
) -> int:
    """Build a new generation beside the one in use, catch up, and swap them in one transaction.

    `progress` is called with (position reached, head of the log). `on_compared` is called with the differences between
    both generations, None if they cannot be compared: the one in use is of another version, or ahead of the log.
    Readers never see a gap. Returns the position of the new generation. Raises `Poison` for an event that cannot be
    applied, and `Diverged` if the log is replaced meanwhile; the old generation stays in use then.
    A generation that a long transaction still reads is left for later: see `projections.engine.leftovers`.
    """
    with _beside(connect, workspace) as conn:
        reached, comparison = _compared(conn, log, connect, workspace, batch_size, progress)
        _report(comparison)
        if on_compared is not None:
            on_compared(comparison)
        reached = _fill(conn, log, reached, batch_size, progress, digested=False)
        _index(conn)
        conn.execute(f"analyze {', '.join(table.name for table in TABLES)}")
        digests.compute(conn, {table.name: table.placed for table in TABLES})
        reached = _fill(conn, log, reached, batch_size, progress)
        _wipe(conn)
        return _swap(conn, log, workspace, reached)


def verify_views(
    log: Log,
    connect: Callable[[], Connection],
    progress: Callable[[int, int], None] | None = None,
    workspace: str = "keyframe",
    batch_size: int = BATCH_SIZE,
    on_table: Callable[[int, int], None] | None = None,
) -> Comparison | None:
    """Build a generation beside the one in use up to its position, compare both, and drop it.

    Returns None if the generation in use is ahead of the log, and cannot be compared. Readers and the projector are not
    disturbed; a rebuild waits. `progress` is that of `rebuild`, `on_table` the progress of `compare`. Raises `Poison`
    and `OutdatedViews`.
    """
    with closing(connect()) as conn:
        create(conn, workspace)
        if (reason := outdated(conn)) is not None:
            raise reason
    with _beside(connect, workspace) as conn:
        return _compared(conn, log, connect, workspace, batch_size, progress, on_table)[1]


@contextmanager
def _beside(connect: Callable[[], Connection], workspace: str) -> Iterator[Connection]:
    """A session that alone may build a generation, with the empty tables of the next one. Generations that are not in
    use are dropped before and after."""
    new = leftovers.next_schema(workspace)
    with closing(connect()) as conn:
        conn.execute("set statement_timeout = 0; set lock_timeout = 0; set idle_in_transaction_session_timeout = 0")
        conn.execute("set synchronous_commit = off")  # a rebuild starts over after a crash
        conn.execute("select pg_advisory_lock(%s)", [lock_key(conn.info.dbname, workspace, "rebuild")])
        create(conn, workspace)
        leftovers.retire(conn, new, workspace)
        leftovers.drop_unused(conn, workspace)
        try:
            _create_generation(conn, new, workspace)
            yield conn
        except BaseException:
            with suppress(psycopg.OperationalError):
                leftovers.drop_unused(conn, workspace)
            raise
        leftovers.drop_unused(conn, workspace, DROP_ATTEMPTS_MAX)


# ── creating ─────────────────────────────────────────────────────────────────────────────────────


def _create_generation(conn: Connection, schema: str, workspace: str) -> None:
    """Create a schema with empty tables at position 0, and beside it the schema with their visibility views, both
    readable by the application. The search path of the session is set to the tables."""
    seen = seen_schema(schema)
    for name in (schema, seen):
        leftovers.run(conn, "create schema if not exists {}", name)
    _set_search_path(conn, schema, workspace)
    for ddl in (POSITION_DDL, *digests.DDL, *(table.ddl for table in TABLES)):
        conn.execute(ddl)
    for view in visibility.ddl(seen):
        conn.execute(view)
    conn.execute("insert into view_position (position, definition, program) values (0, %s, %s)", [DEFINITION, PROGRAM])
    digests.begin(conn)
    role = application_role(workspace, conn.info.dbname)
    if is_role(conn, role):
        for name in (schema, seen):
            leftovers.run(conn, "grant usage on schema {} to {}", name, role)
            leftovers.run(conn, "grant select on all tables in schema {} to {}", name, role)


def _index(conn: Connection) -> None:
    for table in TABLES:
        for ddl in table.index_ddl:
            conn.execute(ddl)


def _fill(
    conn: Connection,
    log: Log,
    reached: int,
    batch_size: int,
    progress: Callable[[int, int], None] | None,
    upto: int | None = None,
    *,
    digested: bool = True,
) -> int:
    """Apply all events after a position, or those up to another one; returns the position reached."""
    for entries in _ahead(log, reached, batch_size):
        wanted = entries if upto is None else entries[: max(upto - reached, 0)]
        if not wanted:
            break
        advance(conn, log, wanted, digested=digested)
        reached = wanted[-1].position
        if progress is not None:
            progress(reached, log.head().position)
    return reached


def _ahead(log: Log, after: int, limit: int) -> Iterator[list[Recorded]]:
    """The log in batches, the next one read while this one is written."""
    with ThreadPoolExecutor(1) as reader:
        entries = read(log, after, limit)
        while entries:
            following = reader.submit(read, log, entries[-1].position, limit)
            yield entries
            entries = following.result()


def _wipe(conn: Connection) -> None:
    """Rewrite the table of people and the digests if any was erased: dead rows on their pages still hold names and
    hashes of names."""
    if people.is_any_erased(conn):
        for table in (people.PERSON.name, digests.TABLE):
            erasure.rewrite(conn, table)


# ── comparing ────────────────────────────────────────────────────────────────────────────────────


def _compared(
    conn: Connection,
    log: Log,
    connect: Callable[[], Connection],
    workspace: str,
    batch_size: int,
    progress: Callable[[int, int], None] | None,
    on_table: Callable[[int, int], None] | None = None,
) -> tuple[int, Comparison | None]:
    """Fill the new generation up to the position of the one in use, and compare both; the position reached, and the
    differences. Both are read in one snapshot, so that the projector may go on meanwhile."""
    old, new = views_schema(workspace), leftovers.next_schema(workspace)
    served = _comparable_position(conn, old)
    reached = _fill(conn, log, 0, batch_size, progress, served, digested=False)
    if served is None:
        return reached, None
    with conn.transaction():
        conn.execute("set transaction isolation level repeatable read")
        served = _comparable_position(conn, old)
        if served is None or served > raw.head(conn):
            return reached, None
        reached = _fill(conn, log, reached, batch_size, progress, served, digested=False)
        with closing(connect()) as present:
            erased = raw.erased_after(present, served)
        return reached, compare(conn, old, new, served, erased, on_table)


def _report(comparison: Comparison | None) -> None:
    """Write to the journal in which tables the generation in use differs from the log: without values, which may be
    personal data."""
    for table in comparison.tables if comparison is not None else ():
        _log.critical(
            "projections differed from the log",
            table=table.table,
            rows=table.rows,
            first_position=table.first_position,
            first_rows=[dict(one.key, column=one.column) for one in table.differences[:ROWS_IN_JOURNAL_MAX]],
            definition_differs=table.definition is not None,
        )


def _comparable_position(conn: Connection, schema: str) -> int | None:
    """The position of the projections in a schema; None if they are of another version."""
    query = sql.SQL("select position from {}.view_position where definition = %s").format(sql.Identifier(schema))
    row = conn.execute(query, [DEFINITION]).fetchone()
    return None if row is None else int(row[0])


# ── swapping ─────────────────────────────────────────────────────────────────────────────────────


def _swap(conn: Connection, log: Log, workspace: str, reached: int) -> int:
    """Give the new generation the name of the old one, once it has reached at least the same position, or the end of
    the log."""
    old, new = views_schema(workspace), leftovers.next_schema(workspace)
    with conn.transaction():
        # A projector of the old generation waits for this lock. Afterwards its position row is gone: it
        # reads the position again and continues with the new generation.
        target = _position(conn, old, "for update")
        while target is not None and reached < target:
            entries = read(log, reached, target - reached)
            if not entries:  # the old generation is ahead of the log, which was cut off
                break
            advance(conn, log, entries)
            reached = entries[-1].position
        if target is not None:
            leftovers.run(conn, "delete from {}.view_position", old)
            leftovers.retire(conn, old, workspace)
        leftovers.rename(conn, new, old)
    return reached


# ── SQL ──────────────────────────────────────────────────────────────────────────────────────────


def _position(conn: Connection, schema: str, how: str = "") -> int | None:
    """The position of the projections in a schema; None if there are none."""
    (found,) = conn.execute("select to_regclass(%s)", [f"{schema}.view_position"]).fetchone() or (None,)
    if found is None:
        return None
    query = sql.SQL("select position from {}.view_position {}").format(sql.Identifier(schema), sql.SQL(how))
    row = conn.execute(query).fetchone()
    return None if row is None else int(row[0])


def _set_search_path(conn: Connection, schema: str, workspace: str) -> None:
    conn.execute("select set_config('search_path', %s, false)", [f"{schema}, {workspace}"])


def _lock(conn: Connection, workspace: str, purpose: str) -> None:
    conn.execute("select pg_advisory_xact_lock(%s)", [lock_key(conn.info.dbname, workspace, purpose)])
