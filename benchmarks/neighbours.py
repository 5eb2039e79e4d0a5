"""A bad neighbour: how long a bystander waits while one member keeps the server busy with heavy queries.

The server is a process of its own, on a workspace of 300 objectives or on that of a big customer. One member sends 60
requests at once, each with 50 retrospectives; then 40 at once, each for 1,000 objectives with their key results; then
24 large answers one after another. Meanwhile a bystander asks for `viewer` and `/readyz`.

Run: python -m benchmarks.neighbours [--customer build/customer] [--scale 0.1]
"""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import httpx
import typer

from benchmarks.company import goals, write
from benchmarks.customer import Sizes
from benchmarks.customer_workspace import Scale, customer
from benchmarks.measuring import World, worlds
from benchmarks.serving import Served, serving
from domain.commands.permissions import Role
from domain.log.credentials import api_tokens

OBJECTIVES: Final = 300
KEY_RESULTS: Final = 4
ROUNDS: Final = 12
ATTACK_SECONDS: Final = 20
LARGE_ANSWERS: Final = 24
BYSTANDER: Final = "bystander"
SMALL: Final = "{ viewer { handle } }"
MOVEMENT: Final = 'retrospective(cycle: {key: "CYCLE"}) { attribution { movement } }'
KEY_RESULT: Final = "{ id title current progress { value expected health explain { label value contribution } } }"
LARGE: Final = f"""{{ objectives(first: 300) {{ nodes {{
  id title progress {{ value expected health explain {{ label value weight contribution }} }}
  keyResults {KEY_RESULT} again: keyResults {KEY_RESULT}
}} }} }}"""
GOALS_MS: Final = {"viewer": 100, "readyz": 300}
GOAL_RSS_MB: Final = 600


class Attack(NamedTuple):
    """Equal requests of one caller, sent at once."""

    name: str
    parallel: int
    query: str


ATTACKS: Final = (
    Attack("60 heavy", 60, f"{{ {' '.join(f'a{number}: {MOVEMENT}' for number in range(50))} }}"),
    Attack("40 lists", 40, LARGE.replace("first: 300", "first: 1000")),
)


@contextmanager
def served_on(world: World) -> Iterator[Served]:
    """`keyframe serve` on the workspace."""
    environment = {
        "KEYFRAME_DATABASE_URL": world.database.dsn,
        "KEYFRAME_WORKSPACE": world.database.settings.workspace,
        "KEYFRAME_JOURNAL": "json",
        "KEYFRAME_COST_MAX": "1000000000",  # so that the heavy requests are executed
    }
    with serving("serve", environment) as served:
        yield served


def token(world: World, name: str, role: Role) -> str:
    with world.database.connect() as conn:
        return api_tokens.issue(conn, name, [role], None, api_tokens.LIFETIME_MAX)[1]


# ── the bystander ────────────────────────────────────────────────────────────────────────────────


def bystand(url: str, bearer: str) -> None:
    """Ask for `viewer` and `/readyz` in turn until standard input has "!"; print the name and milliseconds of each."""
    os.set_blocking(sys.stdin.fileno(), False)
    with httpx.Client(base_url=url, headers={"authorization": f"Bearer {bearer}"}, timeout=120) as http:
        asked: dict[str, Callable[[], httpx.Response]] = {
            "viewer": lambda: http.post("/graphql", json={"query": SMALL}),
            "readyz": lambda: http.get("/readyz"),
        }
        for ask in asked.values():
            ask()
        print("begun", flush=True)
        while sys.stdin.read(1) != "!":
            for name, ask in asked.items():
                began = time.perf_counter()
                ask().raise_for_status()
                print(name, (time.perf_counter() - began) * 1000, flush=True)
            time.sleep(0.01)


@contextmanager
def bystander(url: str, bearer: str) -> Iterator[dict[str, list[float]]]:
    """Run the bystander; its waiting times in milliseconds, by what it asked for, are known after the block."""
    command = [sys.executable, "-m", "benchmarks.neighbours", BYSTANDER, url, bearer]
    waited: dict[str, list[float]] = {"viewer": [], "readyz": []}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        other.stdout.readline()
        yield waited
        for line in other.communicate("!")[0].splitlines():
            name, ms = line.split()
            waited[name].append(float(ms))


def percentile(figures: Sequence[float], share: float) -> float:
    return sorted(figures)[min(len(figures) - 1, round(share * len(figures)))]


# ── the attacks ──────────────────────────────────────────────────────────────────────────────────


def attack(served: Served, bearer: str, query: str, parallel: int) -> tuple[Counter[str], float]:
    """Send the query many times at once, and hang up after some seconds; the outcomes, and the peak of the memory."""
    peak, began = served.rss_mb, time.monotonic()
    limits = httpx.Limits(max_connections=parallel)
    with (
        httpx.Client(headers={"authorization": f"Bearer {bearer}"}, timeout=ATTACK_SECONDS, limits=limits) as http,
        ThreadPoolExecutor(parallel) as pool,
    ):
        sent = [pool.submit(_outcome, http, served.url, query) for _ in range(parallel)]
        while time.monotonic() - began < ATTACK_SECONDS and not all(one.done() for one in sent):
            peak = max(peak, served.rss_mb)
            time.sleep(0.1)
        return Counter(one.result() for one in sent), max(peak, served.rss_mb)


def _outcome(http: httpx.Client, url: str, query: str) -> str:
    try:
        answer = http.post(f"{url}/graphql", json={"query": query})
    except httpx.TimeoutException:
        return "hung up"
    errors = answer.json().get("errors", [])
    return f"{answer.status_code} {errors[0]['extensions']['code'] if errors else 'answered'}"


def large_answers(served: Served, bearer: str) -> tuple[int, float]:
    """Ask for large answers one after another; the bytes of each, and the peak of the memory in MB."""
    peak, size = served.rss_mb, 0
    with httpx.Client(headers={"authorization": f"Bearer {bearer}"}, timeout=120) as http:
        for _ in range(LARGE_ANSWERS):
            size = len(http.post(f"{served.url}/graphql", json={"query": LARGE}).raise_for_status().content)
            peak = max(peak, served.rss_mb)
    return size, peak


def show(what: str, waited: dict[str, list[float]]) -> None:
    for name, figures in waited.items():
        p50, p99 = percentile(figures, 0.5), percentile(figures, 0.99)
        print(
            f"{what:<16}{name:<8} p50 {p50:8.1f} ms   p99 {p99:8.1f} ms   max {max(figures):8.1f} ms   "
            f"of {len(figures):5}   goal p99 <= {GOALS_MS[name]} ms"
        )


@contextmanager
def attacked(kept: Path | None, scale: float) -> Iterator[tuple[World, str]]:
    """The workspace that is attacked, and the key of a cycle in it."""
    if kept is None:
        with worlds() as new:
            world = new()
            write(world.log, goals(OBJECTIVES, KEY_RESULTS, ROUNDS))
            world.catch_up()
            yield world, "2026-q1"
    else:
        with customer(kept, Sizes() if scale == 1 else Sizes().scaled(scale)) as world:
            yield world, "q1"


def measure(world: World, cycle: str) -> None:
    """Attack a server on the workspace, and print how long the bystander waited."""
    member, other = token(world, "neighbour", Role.MEMBER), token(world, "bystander", Role.MEMBER)
    with served_on(world) as served:
        before = served.rss_mb
        with bystander(served.url, other) as alone:
            time.sleep(3)
        show("alone", alone)
        for name, parallel, query in ATTACKS:
            with bystander(served.url, other) as waited:
                outcomes, peak = attack(served, member, query.replace("CYCLE", cycle), parallel)
            show(name, waited)
            print(f"outcomes: {dict(outcomes)}")
            print(f"memory: {before:.0f} MB before, {peak:.0f} MB at most, {served.rss_mb:.0f} MB after")
        with bystander(served.url, other) as waited:
            size, peak = large_answers(served, member)
        show("large answers", waited)
        answers = f"{LARGE_ANSWERS} answers of {size / 1e6:.1f} MB"
        print(f"memory: {peak:.0f} MB at most for {answers}, {served.rss_mb:.0f} MB after; goal {GOAL_RSS_MB} MB")


def main(
    data: Annotated[Path | None, typer.Option("--customer", help="The directory of a big customer.")] = None,
    scale: Scale = 1.0,
) -> None:
    """Attack a workspace of 300 objectives, or that of a big customer."""
    with attacked(data, scale) as (world, cycle):
        measure(world, cycle)


if __name__ == "__main__":
    if sys.argv[1:2] == [BYSTANDER]:
        bystand(*sys.argv[2:])
    else:
        typer.run(main)
