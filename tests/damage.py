"""Damage to a database by a party that may do everything in it, but has no signing key."""

from collections.abc import Iterator
from contextlib import contextmanager

from api.runtime.database import Connection, Database
from domain.log.mapper import LogRow, leaf_hash

_GUARDED = "select relname::text, tgname::text from pg_trigger join pg_class on pg_class.oid = tgrelid where relnamespace = to_regnamespace(%s) and not tgisinternal"  # noqa: E501


@contextmanager
def unguarded(database: Database) -> Iterator[Connection]:
    """A connection to a workspace without its triggers, which are back afterwards."""
    with database.connect() as conn:
        guards = conn.execute(_GUARDED, [database.settings.workspace]).fetchall()
        for table, guard in guards:
            conn.execute(f"alter table {table} disable trigger {guard}")
        yield conn
        for table, guard in guards:
            conn.execute(f"alter table {table} enable always trigger {guard}")


def cut_log(database: Database, position: int) -> None:
    """Remove everything after a position from the log, its commands and its checkpoints."""
    with unguarded(database) as conn:
        conn.execute("delete from log where position > %s", [position])
        conn.execute("delete from command where last > %s", [position])
        conn.execute("delete from checkpoint where size > %s", [position])


def rewrite_event(database: Database, position: int) -> None:
    """Change an event together with its hash."""
    with unguarded(database) as conn:
        conn.execute("update log set data = data || ' ' where position = %s", [position])
        row = conn.execute(f"select {', '.join(LogRow._fields)} from log where position = %s", [position]).fetchone()
        assert row is not None
        hash = leaf_hash(LogRow(*row))
        conn.execute("update log set leaf_hash = %s where position = %s", [hash, position])
