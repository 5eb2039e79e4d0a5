"""What a connection needs to read and write a workspace: search path, role, formats and timeouts.

They are set once for a session. Behind a pooler that shares connections between transactions they are set for each
transaction, and end with it: the next one may be of another caller.
"""

from collections.abc import Mapping
from itertools import chain, repeat
from typing import Any, Final, Literal, NamedTuple

import psycopg

from domain.log.schema import application_role, seen_schema, views_schema

Connection = psycopg.Connection[tuple[Any, ...]]
Role = Literal["app", "owner"]

_FORMATS: Final = {
    # the formats that psycopg reads, whatever the defaults of the server, the database or the role are
    "client_encoding": "UTF8",
    "datestyle": "ISO, MDY",
    "intervalstyle": "postgres",
    "timezone": "UTC",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    # the SQL that Keyframe writes
    "standard_conforming_strings": "on",
    "array_nulls": "on",
    "transform_null_equals": "off",
    "default_transaction_isolation": "read committed",
    "default_transaction_deferrable": "off",
    # no statement reads so much that compiling it would pay
    "jit": "off",
    # lists look each row up once, and keeping what was found costs more than the lookup
    "enable_memoize": "off",
    # timeouts: connections of a pool may be idle, transactions may not
    "idle_in_transaction_session_timeout": "60s",
    "idle_session_timeout": "0",
}
_TRANSACTION_TIMEOUT_VERSION_MIN: Final = 170_000
_SET: Final = "set_config(%s, %s, %s)"
_TAKE_ROLE: Final = """
    select set_config('role', rolname, %s) from pg_roles where rolname = %s and pg_has_role(current_user, oid, %s)
"""


class Session(NamedTuple):
    """The parameters of connections to a workspace.

    `filtered` connections have the filtered rows of the projections (`projections.engine.visibility`) in their search
    path instead of the tables. Timeouts are in seconds, 0 for none.
    """

    workspace: str
    role: Role
    statement_timeout_s: float
    lock_timeout_s: float
    filtered: bool = False

    def begin(self, conn: Connection) -> None:
        """Set the parameters for the whole session; they take precedence over every default."""
        self._apply(conn, is_local=False)

    def begin_transaction(self, conn: Connection) -> None:
        """Set the parameters until the end of the transaction that is open."""
        self._apply(conn, is_local=True)

    def _apply(self, conn: Connection, *, is_local: bool) -> None:
        parameters = self._parameters(conn.info.server_version)
        calls = ", ".join([_SET] * len(parameters))
        given = chain.from_iterable(zip(parameters, parameters.values(), repeat(is_local)))
        conn.execute(f"select {calls}", list(given))
        if self.role == "app":
            privilege = "SET" if conn.info.server_version >= 160_000 else "MEMBER"
            conn.execute(_TAKE_ROLE, [is_local, application_role(self.workspace, conn.info.dbname), privilege])

    def _parameters(self, version: int) -> Mapping[str, str]:
        views = views_schema(self.workspace)
        newer = {"transaction_timeout": "0"} if version >= _TRANSACTION_TIMEOUT_VERSION_MIN else {}
        return {
            **_FORMATS,
            **newer,
            "search_path": f"{seen_schema(views) if self.filtered else views}, {self.workspace}",
            "statement_timeout": _milliseconds(self.statement_timeout_s),
            "lock_timeout": _milliseconds(self.lock_timeout_s),
        }


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))
