"""Loses an installation and restores it as docs/operations.md says: `python -m deploy.drills.restore`.

Clients write while a base backup and a dump are made. Then the database is destroyed, and restored to a moment before;
and the dump is restored into another server, for another owner. The exit status is 1 if a command is missing that was
acknowledged before the moment, if one from after it is there, or if the log does not verify.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx

from deploy.drills import guide
from deploy.drills.bookkeeping import Book, read_log
from deploy.drills.clients import MASKED, Goals, Traffic
from deploy.drills.cluster import Cluster, free_port, programs, running
from deploy.drills.figures import Figures, console
from deploy.drills.goals import wait_until_ready, write_goals
from deploy.drills.installation import DATABASE, LOGIN, OWNER, Installation, create_roles, install, settings
from deploy.drills.processes import CommandFailed, Supervised, environment, keyframe, supervised

WRITERS: Final = 12
BEFORE, AFTER = 1, 2
"""The rounds before and after the moment that is restored."""
ARCHIVE: Final = "Archive the WAL"
BASE: Final = "Take a base backup"
MOMENT: Final = "Restore to a moment"
DUMP: Final = "Dump and restore"
CHECK: Final = "Check what was restored"
LATER: Final = "checkpoint-from-after-the-moment"


def main() -> None:
    """The drill from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20, help="how long the clients write, before and after")
    parser.add_argument("--postgres", type=int, default=18, help="the major version of PostgreSQL")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="keyframe-restore-", ignore_cleanup_errors=True) as directory:
        figures = drill(Path(directory), given.seconds, given.postgres)
    figures.show()
    sys.exit(1 if figures.faults else 0)


def drill(directory: Path, seconds: float, version: int) -> Figures:
    """Lose an installation and restore it twice; the figures."""
    figures, book = Figures(), Book()
    cluster = Cluster(directory / "data", programs(version))
    backup = directory / "backup"
    for place in (backup, backup / "wal"):
        place.mkdir()
        cluster.own(place)
    cluster.create(parameters=guide.parameters(ARCHIVE, backup))
    _shim(directory)
    with running(cluster):
        installation = install(cluster, directory)
        with _serving(installation, directory) as url:
            env = _variables(cluster, directory, backup, installation.owner) | {"URL": url, "TOKEN": installation.admin}
            moment = _write_and_back_up(figures, cluster, book, env, seconds)
        _destroy(cluster)
        _restore_to_moment(figures, cluster, {**env, "MOMENT": moment})
        _check(figures, cluster, book, env, "Base backup and WAL")
        figures.faults += _accepts(env, backup / LATER)
    _restore_dump(figures, book, directory, env, Cluster(directory / "other", programs(version)))
    if masked := book.errors()[MASKED]:
        figures.faults.append(f"{masked} answers were {MASKED}.")
    return figures


# ── before the loss ──────────────────────────────────────────────────────────────────────────────


@contextmanager
def _serving(installation: Installation, directory: Path) -> Iterator[str]:
    """A server and a projector; the URL."""
    port, log = free_port(), directory / "log"
    server = Supervised("server", installation.app, ("serve", "--no-project", "--port", str(port)), log)
    projector = Supervised("projector", installation.owner, ("project",), log)
    url = f"http://127.0.0.1:{port}"
    with supervised([server, projector]):
        wait_until_ready(url, installation.admin)
        yield url


def _write_and_back_up(figures: Figures, cluster: Cluster, book: Book, env: Mapping[str, str], seconds: float) -> str:
    """Back up while clients write; the moment between what is to be restored and what is not."""
    url, token, backup = env["URL"], env["TOKEN"], Path(env["BACKUP"])
    goals, user = write_goals(url, token, WRITERS), cluster.system_user
    with _writing(url, token, goals, book, BEFORE):
        time.sleep(seconds / 2)
        figures.timed(BASE, lambda: guide.run(BASE, env, user=user), lambda _: f"{_megabytes(backup / 'base'):.0f} MB")
        _verify_backup(figures, cluster, env)
        time.sleep(seconds / 2)
    figures.timed("pg_dump", lambda: guide.run(DUMP, env), lambda _: f"{_megabytes(backup / 'keyframe.dump'):.1f} MB")
    moment = _now(cluster)
    with _writing(url, token, goals, book, AFTER):
        time.sleep(seconds)
    bearer = {"authorization": f"Bearer {token}"}
    (backup / LATER).write_text(httpx.get(f"{url}/checkpoint", headers=bearer).raise_for_status().text)
    return moment


@contextmanager
def _writing(url: str, token: str, goals: Goals, book: Book, round_number: int) -> Iterator[None]:
    traffic = Traffic([url], token, goals, book)
    traffic.round_number = round_number
    traffic.start(WRITERS, readers=1)
    try:
        yield
    finally:
        traffic.stop()


def _verify_backup(figures: Figures, cluster: Cluster, env: Mapping[str, str]) -> None:
    """Compare the base backup with its manifest, if the program works: that of the embedded PostgreSQL 18 does not."""
    try:
        cluster.run("pg_verifybackup", "--version")
    except RuntimeError:
        figures.note("pg_verifybackup", "skipped: the program does not run on this machine")
    else:
        figures.timed("pg_verifybackup", lambda: guide.run(BASE, env, number=1, user=cluster.system_user))


def _now(cluster: Cluster) -> str:
    """A moment that no command is near."""
    time.sleep(1)
    with cluster.connect() as conn:
        row = conn.execute("select clock_timestamp()::text").fetchone()
    time.sleep(1)
    assert row is not None
    return str(row[0])


def _destroy(cluster: Cluster) -> None:
    """Do what no application may: delete the log. The archive gets the WAL up to here."""
    with cluster.connect(DATABASE) as conn:
        conn.execute("drop schema keyframe cascade")
        conn.execute("select pg_switch_wal()")
    time.sleep(2)


# ── the restores ─────────────────────────────────────────────────────────────────────────────────


def _restore_to_moment(figures: Figures, cluster: Cluster, env: Mapping[str, str]) -> None:
    figures.timed(MOMENT, lambda: guide.run(MOMENT, env, user=cluster.system_user))


def _restore_dump(figures: Figures, book: Book, directory: Path, env: Mapping[str, str], other: Cluster) -> None:
    """Restore the dump into another server, where other roles own everything."""
    other.create()
    with running(other):
        create_roles(other)
        of_owner = settings(other, directory, OWNER)
        to = {**env, **other.environment, **of_owner, "PATH": env["PATH"]}
        figures.timed(f"{DUMP}: restore", lambda: guide.run(DUMP, to, number=1))
        _check(figures, other, book, to, "Dump")
        keyframe(settings(other, directory, LOGIN), "doctor")


def _check(figures: Figures, cluster: Cluster, book: Book, env: Mapping[str, str], what: str) -> None:
    """Check a restored log as the page says, and compare it with what was acknowledged before the moment."""
    try:
        figures.timed(
            f"{what}: {CHECK.lower()}", lambda: guide.run(CHECK, env), lambda said: " ".join(said.splitlines()[-2:])
        )
    except guide.StepFailed as failed:
        figures.faults.append(str(failed))
    with cluster.connect(DATABASE) as conn:
        recorded, events, last = read_log(conn)
    surplus = book.compare(recorded, AFTER).present
    figures.compare(f"{what}: commands", book.compare(recorded, BEFORE), surplus)
    if events != last:
        figures.faults.append(f"{what}: {events} events up to position {last}.")


def _accepts(env: Mapping[str, str], checkpoint: Path) -> Iterator[str]:
    """The fault of a restored log that matches a checkpoint from after the moment."""
    try:
        keyframe(env, "verify", "--checkpoint", str(checkpoint))
    except CommandFailed as refused:
        console.print(str(refused))
    else:
        yield "A checkpoint from after the moment was accepted."


# ── the environment of the commands ──────────────────────────────────────────────────────────────


def _variables(cluster: Cluster, directory: Path, backup: Path, owner: Mapping[str, str]) -> dict[str, str]:
    """The variables that the page names, and a `keyframe` of this source tree."""
    path = f"{directory}{os.pathsep}{cluster.environment['PATH']}"
    ours = {"BACKUP": str(backup), "PGDATA": str(cluster.data), "PATH": path}
    return {**environment(owner), **cluster.environment, **owner, **ours}


def _shim(directory: Path) -> None:
    """A program `keyframe` in this directory, which runs this source tree."""
    program = directory / "keyframe"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m api.cli "$@"\n')
    program.chmod(0o755)


def _megabytes(place: Path) -> float:
    files = place.rglob("*") if place.is_dir() else [place]
    return sum(file.stat().st_size for file in files if file.is_file()) / 1e6


if __name__ == "__main__":
    main()
