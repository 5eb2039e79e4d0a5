"""Reads over HTTP beside PostGraphile 5 over plain tables with the same goals, each server on one core.

Run: python -m benchmarks.postgraphile [SECONDS [ROUNDS]]

PostGraphile, Node 22 and the load generator autocannon come from npm into a temporary directory; without npm the
benchmark is skipped. The load comes from another core. The servers take turns, and medians of the rounds are compared.
Keyframe is measured with kept answers ("repeated") and without ("fresh"), as of an earlier position, and while five
check-ins a second are recorded.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from threading import Event, Thread
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import httpx
import psycopg

from api.snapshot.global_ids import encode
from benchmarks.company import goals, write
from benchmarks.measuring import World, report, worlds
from benchmarks.neighbours import token
from benchmarks.serving import serving
from deploy.drills.cluster import free_port
from domain.commands.permissions import Role
from domain.primitives.values import Kind

PACKAGES: Final = ("node@22", "postgraphile@5", "autocannon@8")
CONNECTIONS: Final = 8
CHECK_INS_PER_SECOND: Final = 5
SERVER_CORE, LOAD_CORE = 0, 1

_FIELDS = """id title description owner { handle } progress { value health }
  keyResults { id title metric { target unit { symbol } } current progress { health } }"""
_PLAIN_FIELDS = """rowId title description owner progress status
  keyResultsByObjectiveId { nodes { rowId title target current unit status } }"""
ONE: Final = "query A($id: ID!) { objective(id: $id) { " + _FIELDS + " } }"
PAGE: Final = "query B($n: Int) { objectives(first: $n) { nodes { " + _FIELDS + " } } }"
ONE_THEN: Final = "query A($id: ID!, $at: Position!) { asOf(position: $at) { objective(id: $id) { " + _FIELDS + " } } }"
PAGE_THEN: Final = (
    "query B($n: Int, $at: Position!) { asOf(position: $at) { objectives(first: $n) { nodes { " + _FIELDS + " } } } }"
)
PLAIN_ONE: Final = "query A($id: Int!) { objectiveByRowId(rowId: $id) { " + _PLAIN_FIELDS + " } }"
PLAIN_PAGE: Final = "query B($n: Int) { allObjectives(first: $n) { nodes { " + _PLAIN_FIELDS + " } } }"
OBJECTIVES: Final = 200
"""How many objectives are asked for one by one, in turn, each connection beginning elsewhere."""
GOALS: Final = {"a": (1.0, 2.5), "b": (1.5, 5.0), "c": (2.0, 10.0)}
"""Requests a second against PostGraphile, fresh and repeated, by document: one objective, a page of 50, 1,000."""
AS_OF_MAX: Final = 1.2
"""The time of an answer as of another moment, which PostGraphile does not give, against that of the present."""
GOALS_BESIDE: Final = {"a": (0.8, None), "b": (1.2, None), "c": (1.5, None)}
"""The same beside check-ins, each of which makes all answers new: a repeated query finds a kept one until the next."""

_TABLES = """
    create schema okr;
    create table okr.objective (
        id int primary key, title text, description text, owner text, progress float8, status text
    );
    create table okr.key_result (
        id int primary key, objective_id int not null references okr.objective, title text, target float8,
        current float8, unit text, status text
    );
    insert into okr.objective
        select n, 'Objective ' || n, null, null, 0.005, 'OFF_TRACK' from generate_series(1, 1000) n;
    insert into okr.key_result
        select n, (n - 1) / 4 + 1, 'Key result ' || n % 4, 100, 0.5, null, 'OFF_TRACK' from generate_series(1, 4000) n;
    create index on okr.key_result (objective_id);
    analyze okr.objective, okr.key_result;
"""
_SERVER = """
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
const at = createRequire(process.cwd() + '/'), load = async (name) => import(pathToFileURL(at.resolve(name)));
const { postgraphile } = await load('postgraphile');
const { grafserv } = await load('postgraphile/grafserv/node');
const { PostGraphileAmberPreset } = await load('postgraphile/presets/amber');
const { makePgService } = await load('postgraphile/adaptors/pg');
const pool = { connectionString: process.env.DSN, schemas: ['okr'], poolConfig: { max: 10 } };
const grafserved = { watch: false, graphiql: false };
const preset = { extends: [PostGraphileAmberPreset], pgServices: [makePgService(pool)], grafserv: grafserved };
const server = createServer();
await postgraphile(preset).createServ(grafserv).addTo(server);
server.listen(+process.env.PORT, '127.0.0.1');
"""


_LOAD: Final = """
import { createRequire } from 'node:module';
const autocannon = createRequire(process.cwd() + '/')('autocannon');
const { url, headers, bodies, connections, duration } = JSON.parse(process.argv[2]);
const requests = bodies.map((body) => ({ body: JSON.stringify(body) }));
let begun = 0;
const setupClient = (client) => {
  const first = Math.floor((begun++ * requests.length) / connections);
  client.setRequests([...requests.slice(first), ...requests.slice(0, first)]);
};
const load = { url, method: 'POST', headers, connections, duration, timeout: 60, requests, setupClient };
const found = await autocannon(load);
const answers = found['1xx'] + found['2xx'] + found['3xx'] + found['4xx'] + found['5xx'];
console.log(JSON.stringify({ answers, duration: found.duration, non2xx: found.non2xx, errors: found.errors }));
"""


class Asked(NamedTuple):
    """Requests that are sent in turn, again and again."""

    url: str
    headers: Mapping[str, str]
    bodies: Sequence[Mapping[str, Any]]


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """Processes that are started in the block run on one core, where the system has several."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core} if core in before else before)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def installed(folder: Path) -> str | None:
    """Install the packages from npm into a folder; why it is not possible, or None."""
    npm = shutil.which("npm")
    if npm is None:
        return "npm is not installed"
    command = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder), *PACKAGES]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or not (folder / "node_modules/node/bin/node").exists():
        return f"npm cannot install {', '.join(PACKAGES)}"
    return None


@contextmanager
def plain_server(folder: Path, dsn: str) -> Iterator[str]:
    """PostGraphile over the plain tables; its URL."""
    (folder / "server.mjs").write_text(_SERVER)
    port = free_port()
    environment = {**os.environ, "DSN": dsn, "PORT": str(port), "NODE_ENV": "production", "GRAPHILE_ENV": "production"}
    node = [str(folder / "node_modules/node/bin/node"), "server.mjs"]
    with subprocess.Popen(node, env=environment, cwd=folder, stdout=subprocess.DEVNULL) as server:
        try:
            url = f"http://127.0.0.1:{port}/graphql"
            _wait_for(url)
            yield url
        finally:
            server.terminate()


def _wait_for(url: str) -> None:
    for _ in range(300):
        try:
            httpx.post(url, json={"query": "{ __typename }"}).raise_for_status()
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"{url} does not answer")


def per_second(folder: Path, asked: Asked, seconds: float) -> float:
    """The answers a second to requests on some connections. Raises `RuntimeError` if any has errors."""
    answer = httpx.post(asked.url, json=asked.bodies[0], headers=dict(asked.headers), timeout=60)
    if "errors" in answer.json():
        raise RuntimeError(answer.text[:500])
    (folder / "load.mjs").write_text(_LOAD)
    headers = {"content-type": "application/json", **asked.headers}
    load = {"url": asked.url, "headers": headers, "bodies": asked.bodies, "connections": CONNECTIONS}
    node = [str(folder / "node_modules/node/bin/node"), "load.mjs", json.dumps({**load, "duration": seconds})]
    with pinned(LOAD_CORE):
        done = subprocess.run(node, capture_output=True, text=True, check=True, cwd=folder)
    figures = json.loads(done.stdout)
    if figures["non2xx"] or figures["errors"]:
        raise RuntimeError(f"{asked.url}: {figures}; {asked.bodies[0]}")
    return float(figures["answers"] / figures["duration"])


@contextmanager
def checking_in(url: str, headers: Mapping[str, str], key_result: str) -> Iterator[None]:
    """Record some check-ins a second meanwhile."""
    stop = Event()
    query = "mutation ($input: CheckInInput!) { checkIn(input: $input) { position problems { message } } }"

    def work() -> None:
        with httpx.Client(headers=dict(headers), timeout=60) as http:
            number = 0
            while not stop.wait(1 / CHECK_INS_PER_SECOND):
                number += 1
                given = {"keyResult": key_result, "value": number % 100 + 1}
                http.post(url, json={"query": query, "variables": {"input": given}}).raise_for_status()

    thread = Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def compare(
    folder: Path,
    servers: Mapping[str, Mapping[str, Asked]],
    seconds: float,
    rounds: int,
    goals: Mapping[str, tuple[float, float | None]],
    what: str = "",
) -> None:
    """Measure the servers in turn, and report each against PostGraphile. The first round does not count: in it Node
    compiles, and statements are planned."""
    found: dict[tuple[str, str], list[float]] = {}
    for _ in range(1 + rounds):
        for document in GOALS:
            for name, asked in servers.items():
                found.setdefault((document, name), []).append(per_second(folder, asked[document], seconds))
    figures = {key: median(values[1:]) for key, values in found.items()}
    spreads = {key: f"{figures[key]:.0f}/s ({min(of[1:]):.0f} to {max(of[1:]):.0f})" for key, of in found.items()}
    for document, (fresh, repeated) in goals.items():
        plain, now = figures[document, "PostGraphile"], figures[document, "fresh"]
        for name in servers:
            mine, least = figures[document, name], repeated if name == "repeated" else fresh
            shown = f"{spreads[document, name]}, "
            if name == "as of":
                goal = f"<= {AS_OF_MAX}"
                report(f"{document}, time as of a position / now", now / mine, goal, shown + spreads[document, "fresh"])
            elif name != "PostGraphile":
                goal = "no goal" if least is None else f">= {least}"
                figure = shown + spreads[document, "PostGraphile"]
                report(f"{document}, {name}{what} / PostGraphile", mine / plain, goal, figure)


def keyframe(url: str, headers: Mapping[str, str], ids: Sequence[str], at: int | None = None) -> dict[str, Asked]:
    """The documents for Keyframe, as of a position or now; `ids` are those of the objectives that are asked for."""
    then = {} if at is None else {"at": at}
    one, page = (ONE, PAGE) if at is None else (ONE_THEN, PAGE_THEN)
    bodies = {"a": [{"query": one, "variables": {"id": id, **then}} for id in ids]}
    bodies |= {name: [{"query": page, "variables": {"n": n, **then}}] for name, n in (("b", 50), ("c", 1_000))}
    return {name: Asked(f"{url}/graphql", headers, asked) for name, asked in bodies.items()}


def plain(url: str) -> dict[str, Asked]:
    """The same documents for PostGraphile."""
    bodies = {"a": [{"query": PLAIN_ONE, "variables": {"id": n}} for n in range(1, OBJECTIVES + 1)]}
    bodies |= {name: [{"query": PLAIN_PAGE, "variables": {"n": n}}] for name, n in (("b", 50), ("c", 1_000))}
    return {name: Asked(url, {}, asked) for name, asked in bodies.items()}


def measured(world: World, folder: Path, seconds: float, rounds: int) -> None:
    position = write(world.log, goals(1_000, 4, 1))
    world.catch_up()
    with world.database.connect() as conn:
        url = url_of(conn)
        conn.execute(_TABLES)
        query = "select id from objective where version = 1 order by position limit %s"
        ids = [encode(Kind.OBJECTIVE, id) for (id,) in conn.execute(query, [OBJECTIVES])]
        ((key_result,),) = conn.execute("select id from key_result order by position limit 1")
    headers = {"authorization": f"Bearer {token(world, 'load', Role.ADMIN)}"}
    environment = {
        "KEYFRAME_DATABASE_URL": world.database.dsn,
        "KEYFRAME_WORKSPACE": world.database.settings.workspace,
        "KEYFRAME_COST_MAX": "1000000",
    }
    without = {"KEYFRAME_KEPT_ANSWERS_BYTES_MAX": "0"}
    with ExitStack() as stack:
        with pinned(SERVER_CORE):
            repeated = stack.enter_context(serving("serve", environment)).url
            fresh = stack.enter_context(serving("serve", environment | without)).url
            beside = stack.enter_context(plain_server(folder, url))
        servers = {
            "fresh": keyframe(fresh, headers, ids),
            "as of": keyframe(fresh, headers, ids, position),
            "repeated": keyframe(repeated, headers, ids),
            "PostGraphile": plain(beside),
        }
        compare(folder, servers, seconds, rounds, GOALS)
        del servers["as of"]
        with checking_in(f"{repeated}/graphql", headers, encode(Kind.KEY_RESULT, key_result)):
            compare(folder, servers, seconds, rounds, GOALS_BESIDE, ", with check-ins")


def url_of(conn: psycopg.Connection[Any]) -> str:
    """The URL of a connection, with a password and for a socket, as Node's driver reads it."""
    info = conn.info
    user, password, host = (quote(part, safe="") for part in (info.user, info.password, info.host))
    return f"postgresql://{user}:{password}@{host}:{info.port}/{info.dbname}"


def main() -> None:
    seconds, rounds = map(float, sys.argv[1:3] if len(sys.argv) > 2 else (3, 3))
    folder = Path(tempfile.mkdtemp(prefix="keyframe-postgraphile-"))
    try:
        missing = installed(folder) if hasattr(os, "sched_setaffinity") else "the system cannot bind processes to cores"
        if missing is not None:
            print(f"PostGraphile: skipped, {missing}")
            return
        with worlds() as new:
            measured(new(), folder, seconds, round(rounds))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
