"""Processes of Keyframe in a drill, under a supervisor that starts each one again when it ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Lock, Thread
from typing import IO, Final

import psutil

KEYFRAME: Final = (sys.executable, "-m", "api.cli")
ROOT: Final = Path(__file__).parents[2]
SECONDS_MAX: Final = 120
RESTART_SECONDS: Final = 1.0
"""How long the supervisor waits before it starts a process again."""
_LOOK_SECONDS: Final = 0.1


def end_on_signals() -> None:
    """Let SIGINT and SIGTERM raise `SystemExit`, so that a drill in the background cleans up, too."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(1))


class CommandFailed(Exception):
    """A command of Keyframe ended with another exit status than 0."""


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of this process with no other setting of Keyframe than these."""
    rest = {name: value for name, value in os.environ.items() if not name.startswith("KEYFRAME_")}
    return {**rest, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **settings}


def keyframe(settings: Mapping[str, str], *arguments: str) -> str:
    """The standard output of a command of Keyframe. Raises `CommandFailed` with its standard error."""
    done = subprocess.run(
        [*KEYFRAME, *arguments], env=environment(settings), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CommandFailed(f"keyframe {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout.strip()


class Supervised:
    """A process that is started again whenever it ends. `deaths` counts how often it ended without being stopped.
    `program`: the beginning of its command."""

    def __init__(
        self,
        name: str,
        settings: Mapping[str, str],
        arguments: Sequence[str],
        log: Path,
        program: Sequence[str] = KEYFRAME,
    ) -> None:
        self.name = name
        self.deaths = 0
        self._command = [*program, *arguments]
        self._environment = environment(settings)
        self._log: IO[bytes] = log.open("ab")
        self._lock = Lock()
        self._process = self._start()
        self._asked = self._is_down = False

    def _start(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(self._command, env=self._environment, stdout=self._log, stderr=subprocess.STDOUT)

    @property
    def process(self) -> psutil.Process:
        """The process as it runs now."""
        with self._lock:
            return psutil.Process(self._process.pid)

    def kill(self) -> None:
        """End the process at once, as `kill -9` does."""
        with self._lock:
            self._asked = True
            self._process.send_signal(signal.SIGKILL)

    def put_down(self) -> None:
        """End the process at once, and start it again after `put_up` only."""
        with self._lock:
            self._is_down = True
        self.kill()

    def put_up(self) -> None:
        """Start the process again."""
        with self._lock:
            self._is_down = False

    def restart(self) -> None:
        """Ask the process to end, as a deployment does; it is started again then."""
        with self._lock:
            self._asked = True
            self._process.terminate()

    def look(self) -> None:
        """Start the process again if it has ended."""
        with self._lock:
            if self._is_down or self._process.poll() is None:
                return
            self.deaths += not self._asked
            self._asked = False
            time.sleep(RESTART_SECONDS)
            self._process = self._start()

    def stop(self) -> None:
        """Stop the process for good, as a supervisor does."""
        with self._lock:
            self._process.terminate()
            try:
                self._process.wait(SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self._process.kill()
            self._log.close()


@contextmanager
def supervised(processes: Sequence[Supervised]) -> Iterator[None]:
    """Watch these processes until the end of the block, then stop them."""
    stop = Event()
    watch = [Thread(target=_watch, args=(one, stop), daemon=True) for one in processes]
    with ExitStack() as leaving:
        for one in processes:
            leaving.callback(one.stop)
        leaving.callback(_end, watch, stop)
        for thread in watch:
            thread.start()
        yield


def _watch(process: Supervised, stop: Event) -> None:
    while not stop.wait(_LOOK_SECONDS):
        process.look()


def _end(watch: Sequence[Thread], stop: Event) -> None:
    stop.set()
    for thread in watch:
        thread.join()
