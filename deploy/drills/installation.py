"""An installation as docs/operations.md describes it: an owner, a login of the application, and two tokens."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import psycopg
from psycopg import sql

from deploy.drills.cluster import PASSWORD, SUPERUSER
from deploy.drills.processes import keyframe

DATABASE: Final = "keyframe"
OWNER: Final = "keyframe_owner"
LOGIN: Final = "keyframe_server"


class Server(Protocol):
    """A PostgreSQL: one server, or a cluster of them."""

    def dsn(self, database: str = "postgres", user: str = SUPERUSER) -> str:
        """The URL of a database for a user."""

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[Any, ...]]:
        """An autocommitting connection of the superuser."""


class Installation(NamedTuple):
    """The settings of the owner and of the login of the application, and a token of each role that a drill needs."""

    owner: Mapping[str, str]
    app: Mapping[str, str]
    admin: str
    metrics: str


def create_roles(cluster: Server) -> None:
    """Create the owner, the login and an empty database of the owner."""
    with cluster.connect() as conn:
        for role, rights in ((OWNER, "login createrole"), (LOGIN, "login")):
            made = sql.SQL("create role {} {} password {}")
            conn.execute(made.format(sql.Identifier(role), sql.SQL(rights), sql.Literal(PASSWORD)))
        conn.execute(sql.SQL("create database {} owner {}").format(sql.Identifier(DATABASE), sql.Identifier(OWNER)))


def settings(cluster: Server, directory: Path, user: str, database: str = DATABASE) -> dict[str, str]:
    """The settings of a process that connects as this user. `directory` holds the key that signs checkpoints."""
    return {
        "KEYFRAME_DATABASE_URL": cluster.dsn(database, user),
        "KEYFRAME_CHECKPOINT_KEY": str(directory / "checkpoint.key"),
        "KEYFRAME_REQUESTS_PER_S": "100000",
        "KEYFRAME_REQUESTS_BURST": "100000",
        "KEYFRAME_CALLER_OPERATIONS_MAX": "16",  # all requests of a drill come from one caller
        "KEYFRAME_JOURNAL": "json",
    }


def install(cluster: Server, directory: Path) -> Installation:
    """Create roles, database, tables, tokens and the signing key."""
    create_roles(cluster)
    owner, app = (settings(cluster, directory, user) for user in (OWNER, LOGIN))
    keyframe(owner, "migrate", "--grant-to", LOGIN)
    keyframe(owner, "key", "create")
    admin, metrics = (keyframe(owner, "token", "create", "--role", role) for role in ("ADMIN", "METRICS"))
    return Installation(owner, app, admin, metrics)
