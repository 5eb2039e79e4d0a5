"""Keyframe as somebody at a terminal uses it: real processes, on a workspace of the test's own."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg

from api.settings import Settings

SMALL = Path(__file__).parent / "small.facts.ndjson"
KEYFRAME = (sys.executable, "-m", "api.cli")
SECONDS_MAX = 120


def environment(settings: Settings) -> dict[str, str]:
    """The variables that make a process use these settings."""
    ours = {"KEYFRAME_WORKSPACE": settings.workspace, "KEYFRAME_DATA_DIR": str(settings.data_dir)}
    if settings.database_url is not None:
        ours["KEYFRAME_DATABASE_URL"] = settings.database_url.get_secret_value()
    rest = {name: value for name, value in os.environ.items() if not name.startswith("KEYFRAME_")}
    return {**rest, **ours, "PYTHONUNBUFFERED": "1", "COLUMNS": "200"}


def keyframe(settings: Settings, *words: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[str]":
    """Run to the end."""
    done = subprocess.run(
        [*KEYFRAME, *words],
        input=stdin,
        env=environment(settings),
        capture_output=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def started(settings: Settings, *words: str) -> "subprocess.Popen[bytes]":
    """Begin, with pipes to talk through."""
    return subprocess.Popen(
        [*KEYFRAME, *words],
        env=environment(settings),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def table(printed: str) -> dict[str, int]:
    """The figures of the table that an import ends with."""
    rows = (line.split("│") for line in printed.splitlines() if line.startswith("│"))
    return {row[1].strip(): int(row[2].replace(",", "")) for row in rows}


def rows(conn: "psycopg.Connection[tuple[object, ...]]") -> list[tuple[object, ...]]:
    """What a log says, but for when and by which key it was said."""
    return conn.execute(
        """
        select position, stream, version, topic, effective_at, belongs_to,
               case when topic not like 'person-%%' then data end
        from log order by position
        """
    ).fetchall()
