"""The server under test: a real process with its own data and port, removed at the end."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from urllib.parse import parse_qsl, urlsplit

from api.runtime import embedded_postgres
from deploy.drills.cluster import free_port

KEYFRAME = (sys.executable, "-m", "api.cli")
ROOT = Path(__file__).parents[2]
SECONDS_MAX = 180
SIGNALS = {"kindly": signal.SIGTERM, "at-once": signal.SIGKILL}
"""The signal that stops the server before a restart, by the name in the control URL."""


class Server:
    """`keyframe serve` on the data of the demo, with a token for its clients."""

    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/graphql"
        self._process: subprocess.Popen[bytes] | None = None
        self._journal = (directory / "journal").open("ab")
        rest = {name: value for name, value in os.environ.items() if not name.startswith("KEYFRAME_")}
        self._environment = {
            **rest,
            "KEYFRAME_DATA_DIR": str(directory / "data"),
            "KEYFRAME_PORT": str(self.port),
            "KEYFRAME_WORKSPACE": "demo",
            "KEYFRAME_REQUESTS_PER_S": "10000",  # all requests of the tests come from one caller
            "KEYFRAME_REQUESTS_BURST": "10000",
            "PYTHONUNBUFFERED": "1",
        }
        self._run(("demo",), b"Run them at")
        self.stop()
        self.token = self._output_of("token", "create", "--role", "ADMIN", "--expires", "1d")
        self.member_token = self._output_of("token", "create", "--role", "MEMBER", "--person", "leila")
        self.start()

    def start(self, settings: Mapping[str, str] = MappingProxyType({})) -> None:
        """Start the server and wait until it answers; `settings` are added to the environment."""
        self._run(("serve",), b"Keyframe answers at", settings)

    def _run(self, arguments: Sequence[str], ready: bytes, settings: Mapping[str, str] = MappingProxyType({})) -> None:
        environment = {**self._environment, **settings}
        self._process = subprocess.Popen(
            [*KEYFRAME, *arguments], env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=self._journal
        )
        assert self._process.stdout is not None
        if not any(line.startswith(ready) for line in self._process.stdout):
            raise SystemExit(f"keyframe {' '.join(arguments)} did not start:\n{self.log_text()}")

    def _output_of(self, *arguments: str) -> str:
        done = subprocess.run(
            [*KEYFRAME, *arguments], env=self._environment, cwd=ROOT, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"keyframe {' '.join(arguments)}:\n{done.stderr}")
        return done.stdout.strip()

    def stop(self, by: signal.Signals = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(by)
            self._process.communicate(timeout=SECONDS_MAX)
            self._process = None

    def log_text(self) -> str:
        """The log of the server."""
        return Path(self._journal.name).read_text()


@contextmanager
def running() -> Iterator[tuple[Server, str]]:
    """A server with the demo data, and the URL that stops and starts it."""
    with tempfile.TemporaryDirectory(prefix="keyframe-conformance-") as kept, ExitStack() as leaving:
        leaving.callback(embedded_postgres.stop, Path(kept) / "data")
        server = Server(Path(kept))
        leaving.callback(server.stop)
        yield server, leaving.enter_context(_controlled(server))


@contextmanager
def _controlled(server: Server) -> Iterator[str]:
    class Control(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = urlsplit(self.path)
            _, what, *how = asked.path.split("/")
            try:
                if what in ("stop", "restart"):
                    server.stop(SIGNALS[how[0]])
                if what in ("start", "restart"):
                    server.start(dict(parse_qsl(asked.query)))
            except SystemExit as failed:
                self._answer(500, str(failed))
            else:
                self._answer(200, "Done.")

        def _answer(self, status: int, text: str) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

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
