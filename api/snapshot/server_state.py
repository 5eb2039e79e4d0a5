"""One look at a server: its role, the positions of its log and projections, and the last concealing event.

The statement names the schemas of its tables, so it depends on no session and may pass any pooler.
"""

from datetime import datetime
from typing import Any, NamedTuple

import psycopg
from psycopg import sql

from domain.log.schema import views_schema
from projections.engine.rebuild import DEFINITION
from projections.engine.visibility import CONCEALING

_LOOK = """
    select pg_is_in_recovery(), pg_postmaster_start_time(), (select salt from {log}.workspace), v.position,
           v.definition = %s, coalesce((select max(position) from {log}.log), 0),
           coalesce((select position from {log}.log where position > %s and split_part(topic, '.', 1) = any(%s)
                     order by position desc limit 1), 0)
    from {views}.view_position v
"""
_TOPICS = sorted(event.TOPIC for event in CONCEALING)


class ServerState(NamedTuple):
    """What a look found. `started_at` tells two servers of one name apart, `salt` two workspaces. `position` is that of
    the projections, `is_current` whether this program can read them, `head` the end of the log, and `concealed` the
    position of the last event in it after which somebody may see less."""

    is_standby: bool
    started_at: datetime
    salt: bytes
    position: int
    is_current: bool
    head: int
    concealed: int


class Observer:
    """Looks at one server again and again. It reads each event of the log once."""

    def __init__(self, workspace: str) -> None:
        names = {"log": sql.Identifier(workspace), "views": sql.Identifier(views_schema(workspace))}
        self._query = sql.SQL(_LOOK).format(**names)
        self._head = self._concealed = 0
        self._started_at: datetime | None = None

    def look(self, conn: psycopg.Connection[Any]) -> ServerState:
        """The state of the server now. Raises `psycopg.Error`, and `LookupError` without projections."""
        found = self._read(conn)
        if found.head < self._head or found.started_at != self._started_at:
            # another server took over, perhaps without the last events
            self._started_at, self._head, self._concealed = found.started_at, 0, 0
            found = self._read(conn)
        self._head, self._concealed = found.head, max(found.concealed, self._concealed)
        return found._replace(concealed=self._concealed)

    def _read(self, conn: psycopg.Connection[Any]) -> ServerState:
        row = conn.execute(self._query, [DEFINITION, self._head, _TOPICS]).fetchone()
        if row is None:
            raise LookupError("The table view_position is empty.")
        return ServerState(*row)
