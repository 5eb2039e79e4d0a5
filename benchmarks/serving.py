"""Keyframe as a server in a process of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, NamedTuple

import httpx
import psutil

from deploy.drills.cluster import free_port


class Served(NamedTuple):
    """A running server: its URL, and its process."""

    url: str
    process: psutil.Process

    @property
    def rss_mb(self) -> float:
        return float(self.process.memory_info().rss) / 1e6


@contextmanager
def serving(verb: str, environment: Mapping[str, str], log: IO[str] | int = subprocess.DEVNULL) -> Iterator[Served]:
    """Run `keyframe` with this verb and environment, without limits of requests; `log` gets its standard error."""
    port = free_port()
    unlimited = {"KEYFRAME_REQUESTS_PER_S": "1000000", "KEYFRAME_REQUESTS_BURST": "1000000"}
    given = {**os.environ, **unlimited, **environment, "KEYFRAME_PORT": str(port)}
    command = [sys.executable, "-m", "api.cli", verb]
    with subprocess.Popen(command, env=given, stdout=subprocess.DEVNULL, stderr=log) as server:
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_until_alive(url, server)
            yield Served(url, psutil.Process(server.pid))
        finally:
            server.terminate()


def _wait_until_alive(url: str, server: "subprocess.Popen[bytes]") -> None:
    while True:
        if server.poll() is not None:
            raise RuntimeError(f"the server ended with status {server.returncode}")
        try:
            httpx.get(f"{url}/healthz")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
