"""Restarts every process of Keyframe in turn under load: `python -m deploy.drills.rolling`.

Four servers behind HAProxy, two projectors, 12 writers, readers and subscribers over WebSockets, all through HAProxy.
Each process is asked to stop and is started again when the one before it is ready, as a deployment does. The exit
status is 1 if a request failed otherwise than with `GOING_AWAY`, an acknowledged command is lost, doubled or misplaced,
a subscriber missed a change or got one twice, or the log does not verify.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import reduce
from pathlib import Path
from typing import Final, NamedTuple

from rich.box import SIMPLE
from rich.table import Table

from deploy.drills.bookkeeping import Book, read_log
from deploy.drills.clients import Traffic
from deploy.drills.cluster import Cluster, NoPrograms, free_port, programs, running
from deploy.drills.figures import console
from deploy.drills.gaps import percentile
from deploy.drills.goals import wait_until_ready, write_goals
from deploy.drills.installation import DATABASE, Installation, install
from deploy.drills.processes import Supervised, end_on_signals, supervised
from deploy.drills.promises import broken, verify
from deploy.drills.subscribers import Received, Subscriber, compared, read_changes
from deploy.patroni import configuration

SERVERS: Final = 4
PROJECTORS: Final = 2
WRITERS: Final = 12
READERS: Final = 4
SUBSCRIBERS: Final = 8
DRAIN_SECONDS: Final = 10
"""How long a server goes on after it is asked to stop. HAProxy asks every second whether it is ready, and on a loaded
machine takes some seconds to notice."""
WRITE_SECONDS: Final = 3.0
GOING_AWAY: Final = "GOING_AWAY"


class Restart(NamedTuple):
    """A restart: of which process, how long until it was ready again, and the longest stretches without an
    acknowledged command and without an answer meanwhile."""

    number: int
    process: str
    seconds: float
    write_gap_s: float
    read_gap_s: float


class Deployment(NamedTuple):
    """The processes of Keyframe, each with its own address, and the address of HAProxy."""

    servers: Sequence[Supervised]
    projectors: Sequence[Supervised]
    addresses: Sequence[str]
    url: str

    @property
    def processes(self) -> list[tuple[Supervised, str]]:
        return list(zip([*self.servers, *self.projectors], self.addresses, strict=True))


def main() -> None:
    """The drill from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2, help="how often all processes are restarted")
    parser.add_argument("--postgres", type=int, default=18, help="the major version of PostgreSQL")
    given = parser.parse_args()
    end_on_signals()
    with tempfile.TemporaryDirectory(prefix="keyframe-rolling-", ignore_cleanup_errors=True) as directory:
        try:
            sys.exit(drill(Path(directory), given.rounds, given.postgres))
        except NoPrograms as reason:
            sys.exit(str(reason))


def drill(directory: Path, rounds: int, version: int) -> int:
    """Run the restarts and print the figures; the exit status."""
    cluster, book = Cluster(directory / "data", programs(version)), Book()
    cluster.create()
    with running(cluster):
        installation = install(cluster, directory)
        with _deployed(installation, directory) as deployment:
            traffic, subscribers = _clients(cluster, deployment, installation, book)
            restarts = list(_restarts(deployment, installation, traffic, rounds))
            traffic.stop()
            with cluster.connect(DATABASE) as conn:
                recorded, events, last = read_log(conn)
                log = read_changes(conn, subscribers[0].after)
            for one in subscribers:
                one.stop(last)
        received = reduce(Received.plus, (compared(one.received, log) for one in subscribers))
        problems = [*broken(book.compare(recorded), book, events, last, retried={GOING_AWAY}), *verify(installation)]
    _show(restarts, book, recorded)
    _conclude(received, subscribers)
    if not received.is_sound:
        problems.append(f"Subscribers received other changes than the log has: {received}.")
    for problem in problems:
        console.print(f"[red]✗[/red] {problem}")
    return 1 if problems else 0


@contextmanager
def _deployed(installation: Installation, directory: Path) -> Iterator[Deployment]:
    """The processes and HAProxy, until the end of the block."""
    ports = [free_port() for _ in range(SERVERS + PROJECTORS)]
    drained = {**installation.app, "KEYFRAME_DRAIN_S": str(DRAIN_SECONDS)}
    servers = [
        Supervised(
            f"server {number}", drained, ("serve", "--no-project", "--port", str(port)), directory / "servers.log"
        )
        for number, port in enumerate(ports[:SERVERS], start=1)
    ]
    projectors = [
        Supervised(
            f"projector {number}", installation.owner, ("project", "--port", str(port)), directory / "project.log"
        )
        for number, port in enumerate(ports[SERVERS:], start=1)
    ]
    front, file = free_port(), directory / "haproxy.cfg"
    file.write_text(
        configuration.proxy_of_servers(f"127.0.0.1:{front}", [f"127.0.0.1:{one}" for one in ports[:SERVERS]])
    )
    proxy = Supervised("haproxy", {}, (), directory / "haproxy.log", program=("haproxy", "-db", "-f", str(file)))
    with supervised([*servers, *projectors, proxy]):
        addresses = [f"http://127.0.0.1:{port}" for port in ports]
        for address in addresses:
            wait_until_ready(address, installation.admin)
        url = f"http://127.0.0.1:{front}"
        wait_until_ready(url, installation.admin)
        yield Deployment(servers, projectors, addresses, url)


def _clients(
    cluster: Cluster, deployment: Deployment, installation: Installation, book: Book
) -> tuple[Traffic, list[Subscriber]]:
    """Clients that know HAProxy alone, started."""
    goals = write_goals(deployment.url, installation.admin, WRITERS)
    with cluster.connect(DATABASE) as conn:
        _, _, last = read_log(conn)
    subscribers = [Subscriber([deployment.url], installation.admin, last) for _ in range(SUBSCRIBERS)]
    for one in subscribers:
        one.start()
    traffic = Traffic([deployment.url], installation.admin, goals, book)
    traffic.start(WRITERS, READERS)
    return traffic, subscribers


def _restarts(deployment: Deployment, installation: Installation, traffic: Traffic, rounds: int) -> Iterator[Restart]:
    for number, (process, address) in enumerate(deployment.processes * rounds, start=1):
        traffic.round_number = number
        time.sleep(WRITE_SECONDS)
        began, before = time.monotonic(), process.process.pid
        process.restart()
        while process.process.pid == before:
            time.sleep(0.1)
        wait_until_ready(address, installation.admin)
        ended = time.monotonic()
        gaps = traffic.writes.longest_gap(began, ended), traffic.reads.longest_gap(began, ended)
        console.print(f"{number:3}  {process.name:<12} ready again after {ended - began:.1f} s")
        yield Restart(number, process.name, ended - began, *gaps)


# ── the figures ──────────────────────────────────────────────────────────────────────────────────


def _show(restarts: Sequence[Restart], book: Book, recorded: dict[str, list[int]]) -> None:
    columns = (
        "restarts",
        "acknowledged",
        "lost",
        "doubled",
        "failed",
        GOING_AWAY,
        "ready after",
        "write gap",
        "read gap",
    )
    table = Table("restarted", *columns, box=SIMPLE)
    for kind in ("server", "projector"):
        those = [one for one in restarts if one.process.startswith(kind)]
        tallies = [book.compare(recorded, one.number) for one in those]
        errors = [book.errors(one.number) for one in those]
        away = sum(one[GOING_AWAY] for one in errors)
        counts = (
            len(those),
            sum(one.acknowledged for one in tallies),
            sum(len(one.lost) for one in tallies),
            sum(len(one.doubled) for one in tallies),
            sum(one.total() for one in errors) - away,
            away,
        )
        longest = [percentile([getattr(one, name) for one in those], 1) for name in Restart._fields[2:]]
        table.add_row(kind, *(f"{count:,}" for count in counts), *(f"{one:.1f} s" for one in longest))
    console.print(table)
    codes = ", ".join(f"{code} {times:,}" for code, times in sorted(book.errors().items()))
    console.print(f"Answers that were errors: {codes or 'none'}. The times are the longest.")


def _conclude(received: Received, subscribers: Sequence[Subscriber]) -> None:
    again = sum(one.reconnects for one in subscribers)
    load = " ".join(f"{one:.1f}" for one in os.getloadavg())
    console.print(
        f"{len(subscribers)} subscribers received {received.changes:,} changes and resumed {again} times: "
        f"{received.missed} missed, {received.repeated} twice, {received.disordered} out of order, "
        f"{received.false} that the log does not have. {os.cpu_count()} cores, load {load}."
    )


if __name__ == "__main__":
    main()
