"""A proxy to the PostgreSQL server that can lose a connection at any message, in either direction."""

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock, Thread

from psycopg.conninfo import conninfo_to_dict, make_conninfo

LOCALHOST = "127.0.0.1"


class Wire:
    """Forwards the messages of PostgreSQL's protocol and counts them once it is armed.

    At the given message it calls `happens(backend)` with the process id of the server's backend before it
    forwards the message; if the result is False, it drops the message and the connection.
    """

    def __init__(self, dsn: str) -> None:
        self._server = conninfo_to_dict(dsn)
        self._listening = socket.create_server((LOCALHOST, 0))
        self._sockets = [self._listening]
        self._lock = Lock()
        self._left = 0
        self._happens: Callable[[int], bool] | None = None
        self._answer = b""
        self.open = True
        port = self._listening.getsockname()[1]
        self.dsn = make_conninfo(dsn, host=LOCALHOST, port=port, sslmode="disable", gssencmode="disable")
        Thread(target=self._accept, daemon=True).start()

    def arm(self, message: int, happens: Callable[[int], bool], *, answer: bytes = b"") -> None:
        """Call `happens` at the nth message from now, or at the nth message of kind `answer` from the server."""
        with self._lock:
            self._left, self._happens, self._answer = message, happens, answer

    def disarm(self) -> bool:
        """Disarm; whether `happens` was not called yet."""
        with self._lock:
            armed, self._happens = self._happens is not None, None
        return armed

    def close(self) -> None:
        for one in self._sockets:
            _close(one)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client = self._listening.accept()[0]
                if not self.open:
                    _close(client)
                    continue
                server = self._connect()
                self._sockets += [client, server]
                backend = [0]
                Thread(target=self._pump, args=(client, server, backend, True), daemon=True).start()
                Thread(target=self._pump, args=(server, client, backend, False), daemon=True).start()

    def _connect(self) -> socket.socket:
        host, port = str(self._server["host"]), int(self._server.get("port") or 5432)
        if not host.startswith("/"):
            return socket.create_connection((host, port))
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        server.connect(f"{host}/.s.PGSQL.{port}")
        return server

    def _pump(self, source: socket.socket, sink: socket.socket, backend: list[int], from_client: bool) -> None:
        with suppress(OSError, EOFError):
            if from_client:
                sink.sendall(_read(source, kind=False))  # the first message alone has no kind
            while True:
                message = _read(source, kind=True)
                if message[:1] == b"K" and not from_client:
                    backend[0] = struct.unpack_from(">I", message, 5)[0]
                if not self._pass(backend[0], b"" if from_client else message[:1]):
                    break
                sink.sendall(message)
        _close(source)
        _close(sink)

    def _pass(self, backend: int, answer: bytes) -> bool:
        with self._lock:
            self._left -= self._answer in (b"", answer)
            if self._happens is None or self._left:
                return True
            happens, self._happens = self._happens, None
        return happens(backend)


@contextmanager
def wire_to(dsn: str) -> Iterator[Wire]:
    wire = Wire(dsn)
    try:
        yield wire
    finally:
        wire.close()


def _read(source: socket.socket, *, kind: bool) -> bytes:
    head = _exactly(source, 5 if kind else 4)
    return head + _exactly(source, struct.unpack(">I", head[-4:])[0] - 4)


def _exactly(source: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = source.recv(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def _close(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
