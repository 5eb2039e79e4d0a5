"""The real server that everything is tried out on: its own data, its own port, and gone at the end."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from api import embedded

KEYFRAME = (sys.executable, "-m", "api.cli")
ROOT = Path(__file__).parents[2]
SECONDS_MAX = 180
WAYS = {"kindly": signal.SIGTERM, "at-once": signal.SIGKILL}
"""How the server ends before it begins again: asked to, or without a word to anybody."""


class Server:
    """`keyframe demo` or `keyframe serve`, one after the other, on the same data and port."""

    def __init__(self, directory: Path) -> None:
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}/graphql"
        self.token: str | None = None
        self._words: tuple[str, ...] = ()
        self._process: subprocess.Popen[bytes] | None = None
        self._journal = (directory / "journal").open("ab")
        rest = {name: value for name, value in os.environ.items() if not name.startswith("KEYFRAME_")}
        self._environment = {
            **rest,
            "KEYFRAME_DATA_DIR": str(directory / "data"),
            "KEYFRAME_PORT": str(self.port),
            "KEYFRAME_WORKSPACE": "demo",
            "PYTHONUNBUFFERED": "1",
        }

    def begin(self, *words: str) -> None:
        """Answers can be had from now on."""
        self._words = words
        self._process = subprocess.Popen(
            [*KEYFRAME, *words], env=self._environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=self._journal
        )
        ready = b"Ask them at" if words == ("demo",) else b"Keyframe answers at"
        assert self._process.stdout is not None
        if not any(line.startswith(ready) for line in self._process.stdout):
            raise SystemExit(f"The server did not start:\n{self.said()}")

    def end(self, by: signal.Signals = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(by)
            self._process.communicate(timeout=SECONDS_MAX)
            self._process = None

    def again(self, by: signal.Signals) -> None:
        self.end(by)
        self.begin(*self._words)

    def said(self) -> str:
        """What it had to say for the journal."""
        return Path(self._journal.name).read_text()


@contextmanager
def running() -> Iterator[tuple[Server, str]]:
    """A server with the demo in it, and the address at which it can be asked to end and begin again."""
    with tempfile.TemporaryDirectory(prefix="keyframe-conformance-") as kept:
        server = Server(Path(kept))
        try:
            server.begin("demo")
            with _controlled(server) as control:
                yield server, control
        finally:
            server.end()
            embedded.stop(Path(kept) / "data")


@contextmanager
def _controlled(server: Server) -> Iterator[str]:
    class Control(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            server.again(WAYS[self.path.rpartition("/")[2]])
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Control) as listener:
        thread = threading.Thread(target=listener.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.server_port}"
        finally:
            listener.shutdown()
            thread.join()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def is_ready(server: Server) -> bool:
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/readyz", timeout=SECONDS_MAX) as response:
        return bool(json.load(response)["ready"])
