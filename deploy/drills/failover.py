"""Breaks a PostgreSQL cluster in turn while clients write: `python -m deploy.drills.failover --faults 40`.

Three nodes with Patroni, etcd and quorum commit behind HAProxy (`deploy/patroni`); two servers and two projectors, one
of each through HAProxy and one that knows all nodes; 12 writers with idempotency keys, readers that standbys answer,
and subscribers over WebSockets. The next fault begins when both servers acknowledge a command and the cluster is whole.
The exit status is 1 if an acknowledged command is lost, doubled or misplaced, a subscriber missed a change, got one
twice or a false one, the log has gaps, differs between nodes or does not verify, or a rebuild gives other projections.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import reduce
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final, NamedTuple

import psycopg
from rich.box import SIMPLE
from rich.table import Table

from deploy.drills.bookkeeping import Book, read_log
from deploy.drills.clients import Traffic
from deploy.drills.cluster import SUPERUSER, NoPrograms, free_port
from deploy.drills.faults import Fault, Scene, faults
from deploy.drills.figures import console
from deploy.drills.gaps import percentile
from deploy.drills.goals import wait_until_ready, write_goals
from deploy.drills.installation import DATABASE, LOGIN, OWNER, Installation, install
from deploy.drills.processes import Supervised, end_on_signals, keyframe, supervised
from deploy.drills.promises import broken, rebuild, verify
from deploy.drills.subscribers import Received, Subscriber, compared, read_changes
from deploy.patroni.hosts import HostsLeft
from deploy.patroni.nodes import PatroniCluster, Unhealthy, running_cluster

WRITERS: Final = 12
READERS: Final = 4
SUBSCRIBERS: Final = 6
WRITE_SECONDS: Final = 5.0
"""How long the clients write undisturbed before each fault."""
_LOG_DIGEST: Final = "select count(*), md5(string_agg(md5(data), '' order by position)) from keyframe.log"


class Round(NamedTuple):
    """A fault, and the longest stretches without an acknowledged command and without an answer until all recovered."""

    number: int
    fault: str
    write_gap_s: float
    read_gap_s: float


class Night(NamedTuple):
    """What runs in the drill."""

    scene: Scene
    installation: Installation
    traffic: Traffic
    subscribers: Sequence[Subscriber]


def main() -> None:
    """The drill from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=int, default=40, help="how many faults; 100 for a long night")
    parser.add_argument("--minutes-max", type=float, default=80, help="begin no fault after this many minutes")
    parser.add_argument("--only", help="this kind of fault alone")
    given = parser.parse_args()
    end_on_signals()
    with tempfile.TemporaryDirectory(prefix="keyframe-failover-", ignore_cleanup_errors=True) as directory:
        try:
            sys.exit(drill(Path(directory), given.faults, given.minutes_max, given.only))
        except (NoPrograms, HostsLeft, Unhealthy) as reason:
            sys.exit(str(reason))


def drill(directory: Path, count: int, minutes_max: float, only: str | None = None) -> int:
    """Run the faults and print the figures; the exit status."""
    began, book = time.monotonic(), Book()
    with running_cluster(directory) as cluster, _night(cluster, directory, book) as night:
        kinds = {only: faults(cluster)[only]} if only else faults(cluster)
        rounds: list[Round] = []
        problems = list(_endured(rounds, _rounds(night, kinds, count, began + 60 * minutes_max)))
        night.traffic.stop()
        with cluster.connect(DATABASE) as conn:
            recorded, events, last = read_log(conn)
        received = _received(night, cluster, last)
        _show(rounds, book, recorded)
        problems += [
            *broken(book.compare(recorded), book, events, last), *_broken_streams(received), *_differing(cluster),
            *verify(night.installation), *rebuild(night.installation),
        ]  # fmt: skip
    _conclude(rounds, count, events, received, night)
    for problem in problems:
        console.print(f"[red]✗[/red] {problem}")
    load = " ".join(f"{one:.1f}" for one in os.getloadavg())
    console.print(f"{(time.monotonic() - began) / 60:.0f} minutes in all, on {os.cpu_count()} cores, load {load}.")
    return 1 if problems else 0


@contextmanager
def _night(cluster: PatroniCluster, directory: Path, book: Book) -> Iterator[Night]:
    """Servers, projectors, clients and subscribers on a cluster."""
    installation = install(cluster, directory)
    reading = {**installation.app, "KEYFRAME_READ_URL": cluster.dsn_of_nodes(DATABASE, LOGIN)}
    servers, urls = _started("serve", "--no-project", LOGIN, reading, cluster, directory)
    projectors, metrics = _started("project", None, OWNER, installation.owner, cluster, directory)
    with supervised([*servers, *projectors]):
        for url in urls:
            wait_until_ready(url, installation.admin)
        goals = write_goals(urls[0], installation.admin, WRITERS)
        with cluster.connect(DATABASE) as conn:
            _, _, last = read_log(conn)
        reader = keyframe(installation.owner, "token", "create", "--role", "AUDITOR")
        traffic = Traffic(urls, installation.admin, goals, book, reader)
        subscribers = [Subscriber(urls, reader, last, first) for first in range(SUBSCRIBERS)]
        for one in subscribers:
            one.start()
        traffic.start(WRITERS, READERS)
        scene = Scene(cluster, servers, list(zip(projectors, metrics, strict=True)), installation.admin)
        yield Night(scene, installation, traffic, subscribers)


def _started(
    verb: str, option: str | None, user: str, given: Any, cluster: PatroniCluster, directory: Path
) -> tuple[list[Supervised], list[str]]:
    """Two processes of Keyframe and their addresses: one connects through HAProxy, the other knows all nodes."""
    processes, urls = [], []
    for dsn in (cluster.dsn(DATABASE, user), cluster.dsn_of_nodes(DATABASE, user)):
        port = str(free_port())
        settings = {**given, "KEYFRAME_DATABASE_URL": dsn, "KEYFRAME_CONNECT_TIMEOUT_S": "5"}
        arguments = (verb, *([option] if option else ()), "--port", port)
        processes.append(Supervised(f"{verb} {port}", settings, arguments, directory / f"{verb}-{port}.log"))
        urls.append(f"http://127.0.0.1:{port}")
    return processes, urls


def _endured(rounds: list[Round], faults_in_turn: Iterator[Round]) -> Iterator[str]:
    """Add the rounds to the list; the fault of a cluster that does not become whole again, which ends them."""
    try:
        rounds.extend(faults_in_turn)
    except Unhealthy as reason:
        yield f"The cluster does not become whole again. {reason}"


def _rounds(night: Night, kinds: dict[str, Fault], count: int, deadline: float) -> Iterator[Round]:
    traffic, cluster = night.traffic, night.scene.cluster
    for number, (name, fault) in enumerate(islice(cycle(kinds.items()), count), start=1):
        if time.monotonic() > deadline:
            return
        traffic.round_number = number
        time.sleep(WRITE_SECONDS)
        began = time.monotonic()
        fault(night.scene, number // len(kinds))
        with ThreadPoolExecutor(len(night.scene.servers)) as pool:
            list(pool.map(traffic.recovered, range(len(night.scene.servers))))
        ended = time.monotonic()
        cluster.wait_until_healthy()
        gaps = traffic.writes.longest_gap(began, ended), traffic.reads.longest_gap(began, ended)
        made = Round(number, name, *gaps)
        console.print(
            f"fault {number:3}  {name:<26} without writes {gaps[0]:5.1f} s, without reads {gaps[1]:5.1f} s, "
            f"recovered after {ended - began:5.1f} s, whole after {time.monotonic() - began:5.1f} s"
        )
        yield made


# ── the figures ──────────────────────────────────────────────────────────────────────────────────


def _received(night: Night, cluster: PatroniCluster, last: int) -> Received:
    """What all subscribers received, compared with the log."""
    with ThreadPoolExecutor(len(night.subscribers)) as pool:
        list(pool.map(lambda one: one.stop(last), night.subscribers))
    with cluster.connect(DATABASE) as conn:
        log = read_changes(conn, night.subscribers[0].after)
    return reduce(Received.plus, (compared(one.received, log) for one in night.subscribers))


def _show(rounds: Sequence[Round], book: Book, recorded: dict[str, list[int]]) -> None:
    columns = ("faults", "acknowledged", "lost", "doubled", "write gap p50", "p99", "read gap p50", "p99")
    table = Table("fault", *columns, box=SIMPLE)
    for name in dict.fromkeys(one.fault for one in rounds):
        table.add_row(name, *_figures([one for one in rounds if one.fault == name], book, recorded))
    if rounds:
        table.add_section()
        table.add_row("all", *_figures(rounds, book, recorded))
    console.print(table)
    codes = ", ".join(f"{code} {times:,}" for code, times in sorted(book.errors().items()))
    console.print(f"Answers that were errors, and were sent again: {codes or 'none'}.")


def _figures(rounds: Sequence[Round], book: Book, recorded: dict[str, list[int]]) -> list[str]:
    tallies = [book.compare(recorded, one.number) for one in rounds]
    counts = (
        len(rounds),
        sum(one.acknowledged for one in tallies),
        sum(len(one.lost) for one in tallies),
        sum(len(one.doubled) for one in tallies),
    )
    writes, reads = [one.write_gap_s for one in rounds], [one.read_gap_s for one in rounds]
    seconds = [percentile(gaps, share) for gaps in (writes, reads) for share in (0.5, 0.99)]
    return [*(f"{count:,}" for count in counts), *(f"{one:.1f} s" for one in seconds)]


def _conclude(rounds: Sequence[Round], count: int, events: int, received: Received, night: Night) -> None:
    if len(rounds) < count:
        console.print(f"{len(rounds)} of {count} faults fitted into the time.")
    deaths = sum(one.deaths for one in (*night.scene.servers, *(process for process, _ in night.scene.projectors)))
    console.print(f"{events:,} events without a gap; {deaths} processes of Keyframe ended by themselves.")
    again = sum(one.reconnects for one in night.subscribers)
    console.print(
        f"{len(night.subscribers)} subscribers received {received.changes:,} changes and resumed {again} times: "
        f"{received.missed} missed, {received.repeated} twice, {received.disordered} out of order, "
        f"{received.false} that the log does not have."
    )


def _broken_streams(received: Received) -> Iterator[str]:
    if not received.is_sound:
        yield f"Subscribers received other changes than the log has: {received}."


def _differing(cluster: PatroniCluster) -> Iterator[str]:
    """The fault of nodes whose logs differ."""
    digests = {}
    for node in cluster.nodes:
        with psycopg.connect(cluster.dsn_of(node, DATABASE, SUPERUSER)) as conn:
            digests[node.host.name] = conn.execute(_LOG_DIGEST).fetchone()
    if len(set(digests.values())) != 1:
        yield f"The logs of the nodes differ: {digests}."


if __name__ == "__main__":
    main()
