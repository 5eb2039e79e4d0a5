"""Callers of different sight ask through one connection of a PgBouncer: `python -m deploy.drills.pooler`.

It needs the program `pgbouncer`, on Debian of the package of the same name. All requests of a server that read share
one connection to PostgreSQL, which PgBouncer gives to another of them after each transaction. The exit status is 1 if
an answer has a goal that is hidden from its caller, or lacks one that is not.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final

import httpx

from deploy.drills.cluster import Cluster, free_port, programs, running
from deploy.drills.figures import console
from deploy.drills.goals import wait_until_ready
from deploy.drills.installation import DATABASE, LOGIN, Installation, install
from deploy.drills.pgbouncer import NoPgBouncer, pooled, version
from deploy.drills.processes import Supervised, keyframe

QUESTIONS: Final = 10_000
THREADS: Final = 16
VERSION: Final = 18
OPEN: Final = "Open the doors to all"
HIDDEN: Final = "Hide the loom from rivals"
SIGHTS: Final[Mapping[str, list[str]]] = {"moe": [OPEN], "ann": [HIDDEN, OPEN], "admin": [HIDDEN, OPEN]}
"""The goals that each caller sees: a member of another team, a member of the goal's team, and an admin."""

Post = Callable[[str, str], Any]
"""Sends a query with a token; returns the answer."""
Issue = Callable[[str, str | None], str]
"""Issues a token with a role, for a person by handle or a machine."""


class Company:
    """A company with a goal that only the team `weavers` sees, and three callers."""

    def __init__(self, post: Post, issue: Issue) -> None:
        self._post = post
        self._tokens = {"admin": issue("ADMIN", None)}
        self._do("openCycle", 'key: "q1", name: "2026", startsOn: "2026-01-01", endsOn: "2026-12-31"')
        team = self._do("formTeam", 'key: "weavers", name: "Weavers"', "team { id }")["team"]["id"]
        for handle in ("ann", "moe"):
            person = self._do("addPerson", f'handle: "{handle}", name: "{handle}"', "person { id }")["person"]["id"]
            self._tokens[handle] = issue("MEMBER", handle)
            if handle == "ann":
                self._do("joinTeam", f'team: "{team}", person: "{person}"')
        self._do("draftObjective", f'cycle: {{key: "q1"}}, title: "{OPEN}"')
        self._do("draftObjective", f'cycle: {{key: "q1"}}, title: "{HIDDEN}", team: "{team}", visibility: TEAM')

    def titles(self, caller: str, number: int) -> list[str]:
        """The titles of all objectives that a caller sees, by a query that no kept answer knows."""
        answer = self._ask(caller, f"{{ q{number}: objectives {{ totalCount nodes {{ title }} }} }}")[f"q{number}"]
        assert answer["totalCount"] == len(answer["nodes"])
        return sorted(node["title"] for node in answer["nodes"])

    def wrong(self, questions: int) -> list[tuple[str, list[str]]]:
        """Ask so many questions, the callers in turn and many at once; the callers and titles of wrong answers."""
        callers = list(islice(cycle(SIGHTS), questions))
        with ThreadPoolExecutor(THREADS) as threads:
            found = list(threads.map(self.titles, callers, range(questions)))
        return [(caller, titles) for caller, titles in zip(callers, found, strict=True) if titles != SIGHTS[caller]]

    def _ask(self, caller: str, query: str) -> Any:
        answer = self._post(self._tokens[caller], query)
        if "errors" in answer:
            raise RuntimeError(answer["errors"][0]["message"])
        return answer["data"]

    def _do(self, verb: str, input: str, selection: str = "position") -> Any:
        query = f"mutation {{ {verb}(input: {{{input}}}) {{ {selection} problems {{ message }} }} }}"
        payload = self._ask("admin", query)[verb]
        if payload["problems"]:
            raise RuntimeError(payload["problems"][0]["message"])
        return payload


def main() -> None:
    """The drill from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--questions", type=int, default=QUESTIONS)
    questions: int = parser.parse_args().questions
    try:
        console.print(f"PgBouncer {version()}, pool_mode = transaction, one connection")
    except NoPgBouncer as missing:
        sys.exit(str(missing))
    with tempfile.TemporaryDirectory(prefix="keyframe-pooler-", ignore_cleanup_errors=True) as directory:
        wrong, seconds = drill(Path(directory), questions)
    console.print(
        f"{questions:,} questions in {seconds:.0f} s, wrong answers: {len(wrong)} {dict(Counter(map(str, wrong)))}"
    )
    sys.exit(1 if wrong else 0)


def drill(directory: Path, questions: int) -> tuple[list[tuple[str, list[str]]], float]:
    """Ask through a pooler; the wrong answers, and the seconds of all."""
    cluster = Cluster(directory / "data", programs(VERSION))
    cluster.create()
    place = directory / "pgbouncer"
    place.mkdir()
    with running(cluster):
        installation = install(cluster, directory)
        with pooled(cluster.dsn(DATABASE, LOGIN), place) as pooler:
            port = free_port()
            urls = {"KEYFRAME_DATABASE_URL": pooler, "KEYFRAME_DIRECT_URL": installation.app["KEYFRAME_DATABASE_URL"]}
            serve = ("serve", "--no-project", "--port", str(port))
            processes = [
                Supervised("server", {**installation.app, **urls}, serve, directory / "server.log"),
                Supervised("projector", installation.owner, ["project"], directory / "projector.log"),
            ]
            try:
                return _asked(installation, f"http://127.0.0.1:{port}", questions)
            finally:
                for process in processes:
                    process.stop()


def _asked(installation: Installation, url: str, questions: int) -> tuple[list[tuple[str, list[str]]], float]:
    wait_until_ready(url, installation.admin)
    with httpx.Client(base_url=url, timeout=60) as http:

        def post(token: str, query: str) -> Any:
            headers = {"authorization": f"Bearer {token}"}
            return http.post("/graphql", json={"query": query}, headers=headers).json()

        def issue(role: str, person: str | None) -> str:
            return keyframe(
                installation.owner, "token", "create", "--role", role, *(("--person", person) if person else ())
            )

        company = Company(post, issue)
        began = time.monotonic()
        return company.wrong(questions), time.monotonic() - began


if __name__ == "__main__":
    main()
