"""Runs the command line of Keyframe on the workspace of the test.

`keyframe` runs a command inside the test process, because a new process takes a second for its imports. `process` and
`started` are for tests that need a real process: pipes, signals, kills.
"""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from typer.testing import CliRunner

from api.cli.import_facts import run_import
from api.cli.main import app
from api.runtime.database import Database
from api.runtime.settings import Settings

SMALL = Path(__file__).parent / "small.facts.ndjson"
FACTS = SMALL.read_bytes().splitlines(keepends=True)
KEYFRAME = (sys.executable, "-m", "api.cli")
SECONDS_MAX = 120


def environment(settings: Settings) -> dict[str, str]:
    """The variables that make a process use these settings."""
    given = {name: getattr(settings, name) for name in settings.model_fields_set}
    if settings.database_url is not None:
        given["database_url"] = settings.database_url.get_secret_value()
    ours = {f"KEYFRAME_{name.upper()}": str(value) for name, value in given.items()}
    rest = {name: value for name, value in os.environ.items() if not name.startswith("KEYFRAME_")}
    return {**rest, **ours, "PYTHONUNBUFFERED": "1", "COLUMNS": "200"}


def fill(database: Database, facts: Iterable[bytes] = FACTS) -> None:
    """Import the facts into the workspace inside the test process."""
    assert run_import(database, facts, None).refusals == []


def keyframe(settings: Settings, *arguments: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[str]":
    """Run a command to its end. Raises what the command raises, except SystemExit."""
    others = {name: None for name in os.environ if name.startswith("KEYFRAME_")}
    done = CliRunner(env={**others, **environment(settings)}).invoke(app, arguments, input=stdin)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


def process(settings: Settings, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end in a new process."""
    done = subprocess.run(
        [*KEYFRAME, *arguments],
        stdin=subprocess.DEVNULL,
        env=environment(settings),
        capture_output=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


@contextmanager
def started(settings: Settings, *arguments: str) -> "Iterator[subprocess.Popen[bytes]]":
    """A process with pipes for its standard streams; it is killed at the end of the block."""
    pipe = subprocess.PIPE
    command, env = [*KEYFRAME, *arguments], environment(settings)
    with subprocess.Popen(command, env=env, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        try:
            yield process
        finally:
            process.kill()


def stopped(process: "subprocess.Popen[bytes]", by: signal.Signals = signal.SIGTERM) -> int:
    """Send a signal, as a supervisor does; returns the exit code."""
    process.send_signal(by)
    process.communicate(timeout=SECONDS_MAX)
    return process.returncode


def line(process: "subprocess.Popen[bytes]", begins: str) -> str:
    """The first line that begins like this, as soon as it is printed."""
    assert process.stdout is not None
    for printed in process.stdout:
        if printed.startswith(begins.encode()):
            return printed.decode().strip()
    assert process.stderr is not None
    raise AssertionError(process.stderr.read().decode())


def asked(url: str, document: str, token: str | None = None) -> Any:
    """The data of the answer to a GraphQL document, sent with this token if there is one."""
    body = json.dumps({"query": document}).encode()
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(url, body, headers)
    with urllib.request.urlopen(request, timeout=SECONDS_MAX) as response:
        answer = json.load(response)
    assert "errors" not in answer, answer
    return answer["data"]


def table(printed: str) -> dict[str, int]:
    """The counts in the table that an import prints at its end."""
    rows = (line.split("│") for line in printed.splitlines() if line.startswith("│"))
    return {row[1].strip(): int(row[2].replace(",", "")) for row in rows}


def rows(conn: "psycopg.Connection[tuple[object, ...]]") -> list[tuple[object, ...]]:
    """The rows of the log without record times and without the keys of encrypted data."""
    return conn.execute(
        """
        select position, stream, version, topic, effective_at, belongs_to,
               case when topic not like 'person-%%' then data end
        from log order by position
        """
    ).fetchall()
