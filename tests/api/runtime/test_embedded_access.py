"""No other user of the machine reaches the embedded PostgreSQL, and data directories of earlier versions go on."""

import os
import pwd
import shutil
import socket
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from api.runtime import embedded_postgres
from api.runtime.embedded_access import PASSWORD_FILE, socket_directory
from tests.conftest import memory

LONG_NAME = "a-long-name-of-a-directory-" * 4


@pytest.fixture(params=["short", "long"])
def data_dir(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data directory whose path is short enough for a socket, and one whose path is not."""
    top = Path(tempfile.mkdtemp(prefix="kf-", dir=memory()))
    monkeypatch.setattr(tempfile, "tempdir", str(top))
    data_dir = top / (LONG_NAME if request.param == "long" else "data")
    yield data_dir
    embedded_postgres.stop(data_dir)
    shutil.rmtree(top)


def without_password(dsn: str, **others: str) -> str:
    return make_conninfo(dsn, passfile=os.devnull, **others)


@contextmanager
def effective_user(name: str) -> Iterator[None]:
    os.seteuid(pwd.getpwnam(name).pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)


def earlier_server(data_dir: Path) -> embedded_postgres.Server:
    """A server as version 0.2.0 ran it: without a password."""
    directory = (data_dir / "postgres").resolve()
    directory.mkdir(parents=True)
    server = embedded_postgres.Server(directory, postgres_version=embedded_postgres.MAJOR_VERSION)
    server.ensure_pgdata_inited()
    super(embedded_postgres.Server, server).ensure_postgres_running()
    return server


def test_embedded_server_requires_its_password(data_dir: Path) -> None:
    with embedded_postgres.running(data_dir) as dsn:
        psycopg.connect(dsn).close()
        assert "password" not in conninfo_to_dict(dsn)
        for other in ({}, {"password": "guessed"}):
            with pytest.raises(psycopg.OperationalError, match="password"):
                psycopg.connect(without_password(dsn, **other))
    file = data_dir / "postgres" / PASSWORD_FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "trust" not in [line.split()[-1] for line in _rules(data_dir)]


def test_socket_directory_is_private_and_keeps_its_name(data_dir: Path) -> None:
    hosts = set()
    for _ in range(2):
        with embedded_postgres.running(data_dir) as dsn:
            directory = Path(str(conninfo_to_dict(dsn)["host"]))
            assert stat.S_IMODE(directory.stat().st_mode) == 0o700
            assert directory.stat().st_uid == (data_dir / "postgres").stat().st_uid
            hosts.add(directory)
    assert len(hosts) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may act as another user")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may act as another user")
def test_another_user_cannot_reach_the_socket(data_dir: Path) -> None:
    with embedded_postgres.running(data_dir) as dsn, socket.socket(socket.AF_UNIX) as client:
        path = Path(str(conninfo_to_dict(dsn)["host"])) / ".s.PGSQL.5432"
        with effective_user("nobody"), pytest.raises(PermissionError):
            client.connect(str(path))
        client.connect(str(path))


def test_socket_directory_that_another_user_made_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "read_bytes", lambda _: b"*:*:*:postgres:secret\n")
    pgdata = Path("/") / LONG_NAME
    with tempfile.TemporaryDirectory(prefix="kf-") as runtime:
        made = socket_directory(pgdata, Path(runtime), None)
        assert stat.S_IMODE(made.stat().st_mode) == 0o700
        made.rmdir()
        made.symlink_to(runtime)
        with pytest.raises(RuntimeError, match=r"belongs to another user: delete it, or choose a shorter path"):
            socket_directory(pgdata, Path(runtime), None)


def test_data_directory_of_an_earlier_version_goes_on_with_a_password(data_dir: Path) -> None:
    server = earlier_server(data_dir)
    with psycopg.connect(server.get_uri(), autocommit=True) as conn:
        conn.execute("create table kept ()")
    with embedded_postgres.running(data_dir) as dsn:  # the earlier server had no processes left: it is replaced
        with psycopg.connect(dsn) as conn:
            assert conn.execute("select * from kept").fetchall() == []
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(without_password(dsn))


def test_server_without_a_password_that_is_in_use_is_refused(data_dir: Path) -> None:
    server = earlier_server(data_dir)
    server.global_process_id_list.get_and_add(os.getppid())
    with (
        pytest.raises(RuntimeError, match=rf"without a password, for the processes {os.getppid()}: stop them first"),
        embedded_postgres.running(data_dir),
    ):
        pass
    psycopg.connect(server.get_uri()).close()
    assert not (data_dir / "postgres" / PASSWORD_FILE).exists()


def test_interrupted_protection_is_repeated(data_dir: Path) -> None:
    with embedded_postgres.running(data_dir):
        pass
    (data_dir / "postgres" / PASSWORD_FILE).unlink()
    with embedded_postgres.running(data_dir) as dsn:
        psycopg.connect(dsn).close()


def _rules(data_dir: Path) -> list[str]:
    text = (data_dir / "postgres/pg_hba.conf").read_text()
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
