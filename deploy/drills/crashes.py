"""Kills every process of an installation in turn while clients write: `python -m deploy.drills.crashes --rounds 40`.

Two servers, two projectors, one PostgreSQL, 12 writers with idempotency keys and two readers. After each damage the
drill waits until both servers acknowledge a command and show what it wrote. At the end the log is compared with what
was acknowledged. The exit status is 1 if a command was lost, doubled or misplaced, if an answer was
INTERNAL_SERVER_ERROR, or if the log does not verify.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

from rich.box import SIMPLE
from rich.table import Table

from deploy.drills.bookkeeping import Book, Tally, read_log
from deploy.drills.clients import MASKED, Traffic
from deploy.drills.cluster import Cluster, free_port, programs, running
from deploy.drills.damage import DAMAGES, Victims
from deploy.drills.figures import console
from deploy.drills.goals import wait_until_ready, write_goals
from deploy.drills.installation import DATABASE, Installation, install
from deploy.drills.processes import Supervised, supervised
from deploy.drills.promises import broken, rebuild, verify

WRITERS: Final = 12
READERS: Final = 2
WRITE_SECONDS: Final = 2.0
"""How long the clients write undisturbed before each damage."""


class Round(NamedTuple):
    """One damage: what it was, and the seconds until both servers had recovered."""

    number: int
    damage: str
    recovery_s: float


def main() -> None:
    """The drill from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40, help="how many times something is killed")
    parser.add_argument("--minutes-max", type=float, default=20, help="begin no round after this many minutes")
    parser.add_argument("--postgres", type=int, default=18, help="the major version of PostgreSQL")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="keyframe-crashes-", ignore_cleanup_errors=True) as directory:
        sys.exit(drill(Path(directory), given.rounds, given.minutes_max, given.postgres))


def drill(directory: Path, count: int, minutes_max: float, version: int) -> int:
    """Run the rounds and print the figures; the exit status."""
    began = time.monotonic()
    cluster = Cluster(directory / "data", programs(version))
    cluster.create()
    with running(cluster):
        installation = install(cluster, directory)
        book = Book()
        with _night(cluster, installation, directory, book) as (victims, traffic):
            rounds = list(_rounds(victims, traffic, count, began + 60 * minutes_max))
            traffic.stop()
        with cluster.connect(DATABASE) as conn:
            recorded, events, last = read_log(conn)
        _show(rounds, book, recorded)
        faults = [*broken(book.compare(recorded), book, events, last), *verify(installation), *rebuild(installation)]
        if len(rounds) < count:
            console.print(f"{len(rounds)} of {count} rounds fitted into {minutes_max:g} minutes.")
        deaths = sum(one.deaths for one in (*victims.servers, *victims.projectors))
        console.print(f"{events:,} events without a gap; {deaths} processes of Keyframe ended by themselves.")
    for fault in faults:
        console.print(f"[red]✗[/red] {fault}")
    console.print(f"{time.monotonic() - began:.0f} s in all.")
    return 1 if faults else 0


@contextmanager
def _night(
    cluster: Cluster, installation: Installation, directory: Path, book: Book
) -> Iterator[tuple[Victims, Traffic]]:
    """Two servers, two projectors and the clients."""
    ports = [free_port(), free_port()]
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    servers = [
        Supervised(
            f"server {port}", installation.app, ("serve", "--no-project", "--port", str(port)), directory / "log"
        )
        for port in ports
    ]
    projectors = [Supervised(f"projector {n}", installation.owner, ("project",), directory / "log") for n in (1, 2)]
    with supervised([*servers, *projectors]):
        for url in urls:
            wait_until_ready(url, installation.admin)
        traffic = Traffic(urls, installation.admin, write_goals(urls[0], installation.admin, WRITERS), book)
        traffic.start(WRITERS, READERS)
        yield Victims(cluster, servers, projectors), traffic


def _rounds(victims: Victims, traffic: Traffic, count: int, deadline: float) -> Iterator[Round]:
    names = list(DAMAGES)
    for number in range(1, count + 1):
        if time.monotonic() > deadline:
            return
        traffic.round_number = number
        time.sleep(WRITE_SECONDS)
        name = names[(number - 1) % len(names)]
        began = time.monotonic()
        DAMAGES[name](victims, number // len(names))
        with ThreadPoolExecutor(len(victims.servers)) as pool:
            list(pool.map(traffic.recovered, range(len(victims.servers))))
        made = Round(number, name, time.monotonic() - began)
        console.print(f"round {number:2}  {name:<22} recovered after {made.recovery_s:5.1f} s")
        yield made


# ── the figures ──────────────────────────────────────────────────────────────────────────────────


def _show(rounds: Sequence[Round], book: Book, recorded: dict[str, list[int]]) -> None:
    columns = ("rounds", "acknowledged", "present", "lost", "doubled", MASKED, "recovery p50", "max")
    table = Table("damage", *columns, box=SIMPLE)
    for name in DAMAGES:
        those = [one for one in rounds if one.damage == name]
        if those:
            table.add_row(name, *_figures(those, [book.compare(recorded, one.number) for one in those], book))
    if rounds:
        table.add_section()
        table.add_row("all", *_figures(rounds, [book.compare(recorded)], book))
    console.print(table)
    others = ", ".join(f"{code} {times}" for code, times in sorted(book.errors().items()))
    console.print(f"Answers that were errors, and were sent again: {others or 'none'}.")


def _figures(rounds: Sequence[Round], tallies: Sequence[Tally], book: Book) -> list[str]:
    counts = (
        len(rounds),
        sum(one.acknowledged for one in tallies),
        sum(one.present for one in tallies),
        sum(len(one.lost) for one in tallies),
        sum(len(one.doubled) for one in tallies),
        sum(book.errors(one.number)[MASKED] for one in rounds),
    )
    seconds = [one.recovery_s for one in rounds]
    return [*(f"{count:,}" for count in counts), f"{median(seconds):.1f} s", f"{max(seconds):.1f} s"]


if __name__ == "__main__":
    main()
