"""Prometheus evaluates the alerts while an installation is damaged: `python -m deploy.drills.alerts`.

It needs the program `prometheus`, on Debian of the package of the same name. A server and a projector are scraped; then
the database is stopped, and later the projector. The exit status is 1 if a rule cannot be evaluated, an alert fires
without damage, or one that should fire does not, or does not end after the repair.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from deploy.drills.clients import Client
from deploy.drills.cluster import Cluster, free_port, programs, running
from deploy.drills.figures import Figures, console
from deploy.drills.goals import wait_until_ready
from deploy.drills.installation import Installation, install
from deploy.drills.processes import ROOT, Supervised

ALERTS: Final = ROOT / "deploy" / "observability" / "alerts.yml"
SCRAPE_SECONDS: Final = 5
HEALTHY_SECONDS: Final = 15
SECONDS_MAX: Final = 420
WITHOUT_DATABASE: Final = frozenset({"KeyframeDatabaseDown"})
WITHOUT_PROJECTOR: Final = frozenset({"KeyframeDown", "KeyframeNoProjector", "KeyframeProjectionsLag"})
_WRITE: Final = 'mutation { done: formTeam(input: {key: "late", name: "Late"}) { position behind problems { code } } }'


class Prometheus:
    """A Prometheus that scrapes these processes, and evaluates the alerts every second."""

    def __init__(self, directory: Path, ports: Sequence[int], token: str) -> None:
        self._url = f"http://127.0.0.1:{free_port()}"
        configuration = directory / "prometheus.json"  # YAML contains JSON
        configuration.write_text(json.dumps(_configuration(ports, token)))
        self._command = [
            "prometheus", f"--config.file={configuration}", f"--storage.tsdb.path={directory / 'tsdb'}",
            f"--web.listen-address={self._url.removeprefix('http://')}",
        ]  # fmt: skip
        self._log = directory / "prometheus.log"

    @contextmanager
    def running(self) -> Iterator["Prometheus"]:
        with (
            self._log.open("w") as log,
            subprocess.Popen(self._command, stdout=log, stderr=subprocess.STDOUT) as process,
        ):
            try:
                yield self
            finally:
                process.terminate()

    def rules(self) -> list[Mapping[str, Any]]:
        """The rules with their state and the error of their last evaluation; empty until Prometheus answers."""
        try:
            answer = httpx.get(f"{self._url}/api/v1/rules", timeout=5).raise_for_status().json()
        except httpx.HTTPError:
            return []
        return [rule for group in answer["data"]["groups"] for rule in group["rules"]]

    def firing(self) -> frozenset[str]:
        """The names of the alerts that fire."""
        return frozenset(rule["name"] for rule in self.rules() if rule["state"] == "firing")

    def seconds_until(self, expected: frozenset[str]) -> float | None:
        """How long it takes until exactly these alerts fire; None if it takes too long."""
        began = time.monotonic()
        while time.monotonic() - began < SECONDS_MAX:
            if self.rules() and self.firing() == expected:
                return time.monotonic() - began
            time.sleep(0.5)
        return None


def _configuration(ports: Sequence[int], token: str) -> dict[str, Any]:
    scraped = {
        "job_name": "keyframe",
        "authorization": {"credentials": token},
        "static_configs": [{"targets": [f"127.0.0.1:{port}" for port in ports]}],
    }
    every = {
        "scrape_interval": f"{SCRAPE_SECONDS}s",
        "scrape_timeout": f"{SCRAPE_SECONDS}s",
        "evaluation_interval": "1s",
    }
    return {"global": every, "rule_files": [str(ALERTS)], "scrape_configs": [scraped]}


def main() -> None:
    """The drill from the command line."""
    if shutil.which("prometheus") is None:
        sys.exit("prometheus is not installed: install it, on Debian the package prometheus.")
    with tempfile.TemporaryDirectory(prefix="keyframe-alerts-", ignore_cleanup_errors=True) as directory:
        figures = drill(Path(directory))
    figures.show()
    sys.exit(1 if figures.faults else 0)


def drill(directory: Path) -> Figures:
    """Damage an installation that Prometheus watches; what fired, and after how many seconds."""
    figures, cluster = Figures(), Cluster(directory / "data", programs(18))
    cluster.create()
    with running(cluster):
        installation = install(cluster, directory)
        ports = [free_port(), free_port()]
        server = Supervised(
            "server", installation.app, ("serve", "--no-project", "--port", str(ports[0])), _log(directory)
        )
        try:
            _watch(figures, cluster, installation, directory, ports)
        finally:
            server.stop()
    return figures


def _watch(
    figures: Figures, cluster: Cluster, installation: Installation, directory: Path, ports: Sequence[int]
) -> None:
    url = f"http://127.0.0.1:{ports[0]}"
    projector = _projector(installation, directory, ports[1])
    try:
        wait_until_ready(url, installation.admin)
        with Prometheus(directory, ports, installation.metrics).running() as prometheus:
            _expect(figures, prometheus, "all is well", frozenset())
            time.sleep(HEALTHY_SECONDS)
            figures.faults += _unhealthy(prometheus)
            cluster.stop("immediate")
            _expect(figures, prometheus, "PostgreSQL is stopped", WITHOUT_DATABASE)
            cluster.start()
            _expect(figures, prometheus, "PostgreSQL runs again", frozenset())
            projector.stop()
            Client([url], installation.admin).ask(0, _WRITE, {})
            _expect(figures, prometheus, "the projector is stopped", WITHOUT_PROJECTOR)
            projector = _projector(installation, directory, ports[1])
            _expect(figures, prometheus, "a projector runs again", frozenset())
    finally:
        projector.stop()


def _projector(installation: Installation, directory: Path, port: int) -> Supervised:
    return Supervised("projector", installation.owner, ("project", "--port", str(port)), _log(directory))


def _log(directory: Path) -> Path:
    return directory / "log"


def _expect(figures: Figures, prometheus: Prometheus, state: str, expected: frozenset[str]) -> None:
    """Wait until exactly these alerts fire, and note after how many seconds."""
    console.print(f"{state} …")
    names = ", ".join(sorted(expected)) or "no alert"
    seconds = prometheus.seconds_until(expected)
    if seconds is None:
        found = ", ".join(sorted(prometheus.firing())) or "none"
        figures.faults.append(f"When {state}, {names} should fire; after {SECONDS_MAX} s there is {found}.")
    else:
        figures.note(state, f"{names} after {seconds:.0f} s")


def _unhealthy(prometheus: Prometheus) -> Iterator[str]:
    """The rules that cannot be evaluated, and those that fire without damage."""
    rules = prometheus.rules()
    console.print(f"{len(rules)} rules are evaluated.")
    for rule in rules:
        if rule["health"] != "ok" or rule["state"] == "firing":
            yield f"{rule['name']} is {rule['state']}, {rule['health']}: {rule.get('lastError', '')}"


if __name__ == "__main__":
    main()
