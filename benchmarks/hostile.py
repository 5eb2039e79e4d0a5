"""Hostile requests: how long each one occupies the server, and how long another client waits meanwhile.

They are sent to `keyframe demo` while a bystander process sends a small query over and over. The time that the server
takes is read from its request log.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

import httpx
from graphql import get_introspection_query

from benchmarks.serving import serving
from tests.api.execution.test_hostile_documents import HOSTILE, document

TIMES = 7
SLOW_CONNECTIONS = 500
HEADERS = {"content-type": "application/json"}
SMALL = document("{ viewer { handle } }")
BYSTANDER = "bystander"


class Served(NamedTuple):
    """A running demo: its URL, and the file of its request log."""

    url: str
    log_file: Path

    def took_ms(self, name: str) -> list[float]:
        """The duration of each logged request with this request id."""
        lines = (json.loads(line) for line in self.log_file.read_text().splitlines() if line.startswith("{"))
        return [line["ms"] for line in lines if line.get("event") == "request" and line["request_id"] == name]


@contextmanager
def demo() -> Iterator[Served]:
    with tempfile.TemporaryDirectory(prefix="keyframe-hostile-") as place:
        log_file = Path(place) / "request.log"
        with log_file.open("w") as log, serving("demo", {"KEYFRAME_DATA_DIR": place}, log) as server:
            yield Served(f"{server.url}/graphql", log_file)


def bystand(url: str) -> None:
    """Send a small query until standard input has "!", and print how long each response took."""
    os.set_blocking(sys.stdin.fileno(), False)
    with httpx.Client(headers=HEADERS) as http:
        for _ in range(20):
            http.post(url, content=SMALL)
        print("begun", flush=True)
        while sys.stdin.read(1) != "!":
            began = time.perf_counter()
            http.post(url, content=SMALL)
            print((time.perf_counter() - began) * 1000)
            time.sleep(0.002)


@contextmanager
def bystander(url: str) -> Iterator[list[float]]:
    """Run the bystander; the list has its waiting times in milliseconds after the block."""
    command = [sys.executable, "-m", "benchmarks.hostile", BYSTANDER, url]
    waited: list[float] = []
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdin
        assert other.stdout
        other.stdout.readline()
        yield waited
        waited += [float(line) for line in other.communicate("!")[0].splitlines()]


@contextmanager
def slow_bodies(url: str) -> Iterator[None]:
    """Many connections that send only the beginning of a body."""
    host, port = url.split("/")[2].split(":")
    head = (
        b"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"
    )
    with ExitStack() as stack:
        for _ in range(SLOW_CONNECTIONS):
            connection = stack.enter_context(socket.create_connection((host, int(port))))
            connection.sendall(head)
        yield


def measured(served: Served, number: int, body: bytes) -> tuple[float, float]:
    """The median time of the server, and the longest wait of the bystander, both in milliseconds."""
    name = f"hostile-{number}"
    with bystander(served.url) as waited, httpx.Client(headers={**HEADERS, "x-request-id": name}, timeout=60) as http:
        for _ in range(TIMES):
            http.post(served.url, content=body)
        time.sleep(0.1)
    return median(served.took_ms(name)), max(waited)


def main() -> None:
    with demo() as served:
        with bystander(served.url) as alone:
            time.sleep(3)
        print(f"a bystander alone waits {median(alone):.0f} ms, and {max(alone):.0f} at most\n")
        print(f"{'':45}{'server':>12}{'bystander':>12}")
        cases = {name: body for name, (body, _) in HOSTILE.items()}
        cases["the whole schema, which is allowed"] = document(get_introspection_query())
        found = []
        for number, (name, body) in enumerate(cases.items()):
            took, longest = measured(served, number, body)
            found.append((took, name))
            print(f"{name:45}{took:9.1f} ms{longest:9.0f} ms")
        with slow_bodies(served.url), bystander(served.url) as waited:
            time.sleep(2)
        print(f"{f'{SLOW_CONNECTIONS} incomplete bodies':45}{'':12}{max(waited):9.0f} ms")
        slowest, name = max(found)
        print(f"\nratio {slowest / median(alone):.1f}: the slowest ({name}) / a small query")


if __name__ == "__main__":
    if sys.argv[1:2] == [BYSTANDER]:
        bystand(sys.argv[2])
    else:
        main()
