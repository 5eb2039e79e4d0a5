"""What is large, for a big customer: each row is asked of a real server over HTTP, and compared with its goal.

Every request is measured by the time to its first byte and to its last one, and by the peak of the server's memory. The
customer is made by `benchmarks.customer_workspace` at the first run, and kept.

Run: python -m benchmarks.large [--scale 0.1] [--only replay] [--together]
"""

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from threading import Event as Flag
from threading import Thread
from typing import Annotated, Final, NamedTuple

import httpx
import typer

from benchmarks.customer import Sizes
from benchmarks.customer_workspace import KEPT, Data, Scale, customer
from benchmarks.measuring import World
from benchmarks.neighbours import token
from benchmarks.serving import Served, serving
from domain.commands.permissions import Role

GOAL_RSS_MB: Final = 600
SECONDS_MAX: Final = 600
TIMES: Final = 3
CLOSED: Final = 'cycle: {key: "q1"}'

ATTAINED: Final = "attainment { againstOriginal againstFinal score }"
SUMMARY: Final = f"isFinal {ATTAINED} attribution {{ initial movement goalpost scope final }}"
CHANGES: Final = "nodes { position recordedAt actor { handle } fields { field before after } }"
WHOLE: Final = "progress { value expected health }"
FRAMES: Final = f"frames {{ label {WHOLE} healthCounts {{ health count }} }}"


class Row(NamedTuple):
    """One row: its goal in seconds until the last byte, and a GraphQL document or a path. A goal that the first byte
    has, too, is `first`."""

    goal: float
    asked: str
    first: float | None = None


ROWS: Final = {
    "report of a closed quarter": Row(10, "/report/q1", first=1),
    "report of a quarter in progress": Row(10, "/report/q2", first=1),
    "retrospective: README's": Row(
        1.5,
        f"""{{ retrospective({CLOSED}) {{ {SUMMARY}
            attribution {{ terms {{ nodes {{ cause amount change {{ reason }} }} }} }}
            objectiveRetrospectives {{ nodes {{
                objective {{ title }} presence attainment {{ againstOriginal againstFinal }}
            }} }} }} }}""",
    ),
    "retrospective with weekly trajectories": Row(
        5,
        f"""{{ retrospective({CLOSED}) {{ {SUMMARY} objectives {{ objective {{ title
            keyResults {{ title trajectory(every: WEEK) {{ at planned actual }} }} }} }} }} }}""",
    ),
    "replay by week": Row(3, f"{{ replay({CLOSED}, every: WEEK) {{ {FRAMES} }} }}"),
    "replay by week, in progress": Row(3, f'{{ replay(cycle: {{key: "q2"}}, every: WEEK) {{ {FRAMES} }} }}'),
    "diff of a month, a cycle": Row(
        1.5,
        """query Diff($from: DateTime!) { diff(from: {time: $from}, scope: {cycle: {key: "q2"}}) {
            differences { nodes { kind now { id } fields { field before after } progress { before after } } } } }""",
    ),
    "500 KPIs with comparison": Row(
        0.5,
        """{ kpis(first: 500) { nodes { key name status
            comparison(period: MONTH) { current previous change isPartial previousToDate } } } }""",
    ),
    "progress of every cycle": Row(0.5, f"{{ cycles(first: 50) {{ nodes {{ key {WHOLE} }} }} }}"),
    "a team's subtree with progress": Row(
        0.5, f'{{ team(by: {{key: "team-1"}}) {{ {WHOLE} children {{ name {WHOLE} children {{ name {WHOLE} }} }} }} }}'
    ),
    "objectives at risk or off track": Row(
        0.2, f"{{ objectives(first: 50, filter: {{health: [AT_RISK, OFF_TRACK]}}) {{ nodes {{ title {WHOLE} }} }} }}"
    ),
    "key results at risk or off track": Row(
        0.2, f"{{ keyResults(first: 50, filter: {{health: [AT_RISK, OFF_TRACK]}}) {{ nodes {{ title {WHOLE} }} }} }}"
    ),
    "objectives of a cycle by progress": Row(
        0.2,
        f"""{{ objectives(first: 50, filter: {{cycle: {{key: "q2"}}}}, orderBy: {{field: PROGRESS}}) {{
            nodes {{ title {WHOLE} }} }} }}""",
    ),
    "a list of 50 with key results": Row(
        0.2, f"{{ objectives(first: 50) {{ nodes {{ title {WHOLE} keyResults {{ title {WHOLE} }} }} }} }}"
    ),
    "trend of a cycle": Row(0.5, '{ cycle(by: {key: "q2"}) { progressOverTime(every: WEEK) { at value expected } } }'),
    "the root team's changes": Row(
        0.5, f'{{ changes(last: 50, filter: {{team: {{key: "team-0"}}}}) {{ {CHANGES} }} }}'
    ),
    "changes.csv of a closed quarter": Row(6, "/export/changes.csv?cycle=q1"),
    "readings.csv of all KPIs": Row(6, "/export/readings.csv"),
}


class Measured(NamedTuple):
    """Seconds until the first byte and the last one, the size in bytes, the peak of the server's memory in MB, and the
    seconds for which its threads computed, which other load on the machine changes less."""

    first: float
    whole: float
    size: int
    peak_mb: float
    cpu: float
    fault: str


@contextmanager
def served(world: World) -> Iterator[tuple[Served, str]]:
    """The server on the customer's workspace, and the token of a member of the board, who reads everything."""
    environment = {
        "KEYFRAME_DATABASE_URL": world.database.dsn,
        "KEYFRAME_WORKSPACE": world.database.settings.workspace,
        "KEYFRAME_JOURNAL": "json",
        "KEYFRAME_COST_MAX": "1000000000",
        "KEYFRAME_ANSWER_TIMEOUT_S": str(SECONDS_MAX),
        "KEYFRAME_STATEMENT_TIMEOUT_S": str(SECONDS_MAX),
    }
    bearer = token(world, "reader", Role.ADMIN)
    with serving("serve", environment) as found:
        yield found, bearer


@contextmanager
def peak(of: Served) -> Iterator[list[float]]:
    """The highest memory of the server during the block, in MB."""
    found, stop = [of.rss_mb], Flag()

    def watch() -> None:
        while not stop.wait(0.02):
            found[0] = max(found[0], of.rss_mb)

    thread = Thread(target=watch)
    thread.start()
    try:
        yield found
    finally:
        stop.set()
        thread.join()


def ask(of: Served, bearer: str, asked: str) -> Measured:
    """Ask once, and read the answer to its end."""
    headers = {"authorization": f"Bearer {bearer}", "accept-encoding": "identity"}
    month = time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime(time.time() - 30 * 86_400))
    with httpx.Client(base_url=of.url, headers=headers, timeout=SECONDS_MAX) as http, peak(of) as highest:
        began, busy = time.perf_counter(), sum(of.process.cpu_times()[:2])
        if asked.startswith("/"):
            request = http.stream("GET", asked)
        else:
            variables = {"from": month} if "$from" in asked else {}
            request = http.stream("POST", "/graphql", json={"query": asked, "variables": variables})
        first, content = 0.0, bytearray()
        with request as response:
            for part in response.iter_raw():
                first = first or time.perf_counter() - began
                content += part
        whole = time.perf_counter() - began
    is_bad = response.status_code != httpx.codes.OK or b'"errors"' in content[:200]
    cpu = sum(of.process.cpu_times()[:2]) - busy
    return Measured(
        first, whole, len(content), highest[0], cpu, content[:300].decode(errors="replace") if is_bad else ""
    )


def show(name: str, row: Row, found: Measured) -> None:
    """Print one line, with the ratio of the figure to its goal first."""
    ratios = [found.whole / row.goal] + ([] if row.first is None else [found.first / row.first])
    first = "" if row.first is None else f", first byte {found.first:.2f} s of {row.first:g} s"
    memory = f"{found.peak_mb:,.0f} MB" + ("" if found.peak_mb < GOAL_RSS_MB else " (too much)")
    figures = f"{found.whole:.2f} s of {row.goal:g} s{first}, computing {found.cpu:.2f} s"
    figures += f", {found.size / 1e6:.2f} MB, {memory}"
    sys.stdout.write(f"{name:<46} {max(ratios):8.2f}x   {figures} {found.fault}\n")
    sys.stdout.flush()


def main(
    data: Data = KEPT,
    scale: Scale = 1.0,
    only: Annotated[str, typer.Option(help="Only the rows whose name has this in it.")] = "",
    times: Annotated[int, typer.Option(help="How often each row is asked; the fastest counts.")] = TIMES,
    together: Annotated[bool, typer.Option(help="Ask all rows of one process: what does one answer leave?")] = False,
) -> None:
    """Ask each row, and print its figure, its goal, and the ratio of both."""
    sizes = Sizes() if scale == 1 else Sizes().scaled(scale)
    with customer(data, sizes) as world, ExitStack() as stack:
        shared = stack.enter_context(served(world)) if together else None
        for name, row in ROWS.items():
            if only in name:
                # Otherwise each row has a process of its own, so that its memory is its own.
                with served(world) if shared is None else nullcontext(shared) as (server, bearer):
                    found = [ask(server, bearer, row.asked) for _ in range(times)]
                fastest = min(found, key=lambda one: one.whole)
                show(name, row, fastest._replace(peak_mb=max(one.peak_mb for one in found)))


if __name__ == "__main__":
    typer.run(main)
