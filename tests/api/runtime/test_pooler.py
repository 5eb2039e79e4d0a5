"""A connection pooler in transaction mode is refused at the start; one in session mode is not."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock, Thread

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from pydantic import SecretStr

from api.cli.doctor import Verdict, run_checks
from api.runtime.database import Database, open_database
from tests.domain.log.wire import _close, _read

LOCALHOST = "127.0.0.1"


class Pooler:
    """A connection pooler like PgBouncer: it lets everybody in, and gives each transaction, or each session, one of its
    connections to the server, the one that was used last."""

    def __init__(self, dsn: str, *, per_transaction: bool) -> None:
        self._dsn = dsn
        self._per_transaction = per_transaction
        self._idle: list[psycopg.Connection[tuple[object, ...]]] = []
        self._lock = Lock()
        self._listening = socket.create_server((LOCALHOST, 0))
        self._clients: list[socket.socket] = []
        port = self._listening.getsockname()[1]
        self.dsn = make_conninfo(dsn, host=LOCALHOST, port=port, sslmode="disable", gssencmode="disable")
        Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for one in (self._listening, *self._clients):
            _close(one)
        for conn in self._idle:
            conn.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client = self._listening.accept()[0]
                self._clients.append(client)
                Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError, EOFError):
            _read(client, kind=False)
            version = self._take()
            status = {"server_version": str(version.info.parameter_status("server_version")), "client_encoding": "UTF8"}
            self._idle.append(version)
            client.sendall(_message(b"R", struct.pack(">I", 0)))
            for name, value in status.items():
                client.sendall(_message(b"S", f"{name}\0{value}\0".encode()))
            client.sendall(_message(b"K", struct.pack(">II", 4_000_000, 1)) + _message(b"Z", b"I"))
            self._relay(client)
        _close(client)

    def _relay(self, client: socket.socket) -> None:
        held = None
        while (message := _read(client, kind=True))[:1] != b"X":
            held = held or self._take()
            with socket.socket(fileno=held.fileno()) as server:
                try:
                    ready = _exchange(client, server, message)
                finally:
                    server.detach()
            if ready == b"I" and self._per_transaction:
                self._idle.append(held)
                held = None
        if held is not None:
            held.close()

    def _take(self) -> psycopg.Connection[tuple[object, ...]]:
        with self._lock:
            return self._idle.pop() if self._idle else psycopg.connect(self._dsn, autocommit=True)


def _exchange(client: socket.socket, server: socket.socket, message: bytes) -> bytes:
    """Forward messages up to the next Sync or Query, and the answer; the status of the transaction after it."""
    server.setblocking(True)  # noqa: FBT003
    server.sendall(message)
    while message[:1] not in (b"S", b"Q"):
        message = _read(client, kind=True)
        server.sendall(message)
    while True:
        answer = _read(server, kind=True)
        client.sendall(answer)
        if answer[:1] == b"Z":
            return answer[-1:]


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack(">I", len(body) + 4) + body


@contextmanager
def pooled(database: Database, *, per_transaction: bool) -> Iterator[Pooler]:
    pooler = Pooler(database.dsn, per_transaction=per_transaction)
    try:
        yield pooler
    finally:
        pooler.close()


def test_a_pooler_that_shares_connections_between_transactions_is_refused(database: Database) -> None:
    with pooled(database, per_transaction=True) as pooler:
        behind = database.settings.model_copy(update={"database_url": SecretStr(pooler.dsn)})
        with pytest.raises(RuntimeError, match="Set KEYFRAME_DIRECT_URL"), open_database(behind, patience_s=0):
            pass
        finding = next(found for found in run_checks(behind) if found.check == "database")
    assert finding.verdict is Verdict.WRONG
    assert "or set pool_mode = session" in finding.found


def test_a_pooler_that_keeps_sessions_is_used(database: Database) -> None:
    with pooled(database, per_transaction=False) as pooler:
        behind = database.settings.model_copy(update={"database_url": SecretStr(pooler.dsn)})
        with open_database(behind, patience_s=0) as opened, opened.connect() as conn:
            assert conn.execute("select position from view_position").fetchone() == (0,)
