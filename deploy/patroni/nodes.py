"""A PostgreSQL cluster on this machine: three hosts with etcd and Patroni each, and HAProxy before them.

`running_cluster` starts it in a directory of its own. Patroni starts and stops PostgreSQL, elects a primary, and says
over HTTP which node is what.
"""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import httpx
import psutil
import psycopg
from psycopg.conninfo import make_conninfo

from deploy.drills.cluster import PASSWORD, SUPERUSER, NoPrograms, own, postmaster, programs, system_user
from deploy.drills.processes import ROOT, Supervised, supervised
from deploy.patroni import configuration
from deploy.patroni.hosts import Host, Network, network

VERSION: Final = 15
NAMES: Final = ("n1", "n2", "n3")
SECONDS_MAX: Final = 600
NEEDED: Final = {"etcd": "etcd-server", "haproxy": "haproxy"}
"""The programs that must be installed, each with its package in Debian."""
_REQUIREMENTS: Final = ROOT / "deploy" / "requirements" / "patroni.txt"
_ENVIRONMENT: Final = ROOT / "build" / "patroni"
_ROLES: Final = ("superuser", "replication", "rewind")
_ANSWER_SECONDS: Final = 5
_LOOK_SECONDS: Final = 0.5


class Unhealthy(Exception):
    """The cluster did not become healthy in time. The message has what its nodes say."""


class Node:
    """A host with a member of etcd, and Patroni with its PostgreSQL."""

    def __init__(self, host: Host, etcd: Supervised, patroni: Supervised, data: Path) -> None:
        self.host, self.etcd, self.patroni, self.data = host, etcd, patroni, data

    def kill_postgres(self) -> None:
        """Kill the postmaster; Patroni finds it dead."""
        if (process := postmaster(self.data)) is not None:
            process.kill()

    def crash(self) -> None:
        """Kill everything on the host, as a loss of power does."""
        for one in (self.patroni, self.etcd):
            one.put_down()
        self._signal(signal.SIGKILL)

    def boot(self) -> None:
        """Start what a crash ended."""
        for one in (self.etcd, self.patroni):
            one.put_up()

    def freeze(self) -> None:
        """Stop the time of the host, as a virtual machine that is moved."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def ask(self, path: str) -> httpx.Response | None:
        """What Patroni answers at a path; None if it does not."""
        with suppress(httpx.TransportError):
            return httpx.get(self._url(path), timeout=_ANSWER_SECONDS)
        return None

    def switch_over(self) -> str:
        """Hand the lead, which this node has, to another node; what Patroni answers."""
        order = {"leader": self.host.name}
        return httpx.post(self._url("switchover"), json=order, timeout=60).text

    def _url(self, path: str) -> str:
        return f"http://{self.host.address}:{configuration.REST_PORT}/{path}"

    def _signal(self, number: signal.Signals) -> None:
        for process in self._processes():
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def _processes(self) -> Iterator[psutil.Process]:
        for one in (self.patroni, self.etcd):
            with suppress(psutil.NoSuchProcess):
                yield one.process
        if (first := postmaster(self.data)) is not None:
            yield first
            yield from first.children(recursive=True)


class PatroniCluster:
    """The nodes, their network, and HAProxy at `network.gateway`."""

    def __init__(self, nodes: Sequence[Node], hosts: Network, haproxy: Supervised) -> None:
        self.nodes, self.network, self.haproxy = nodes, hosts, haproxy

    def dsn(self, database: str = "postgres", user: str = SUPERUSER) -> str:
        """The connection string for the primary, through HAProxy."""
        return _dsn(self.network.gateway, configuration.PRIMARY_PORT, database, user)

    def dsn_of_standbys(self) -> str:
        """The connection string for a standby, through HAProxy."""
        return _dsn(self.network.gateway, configuration.STANDBY_PORT, "postgres", SUPERUSER)

    def dsn_of_nodes(self, database: str = "postgres", user: str = SUPERUSER) -> str:
        """The connection string that names all nodes, for clients that find the primary themselves."""
        hosts = ",".join(node.host.address for node in self.nodes)
        return _dsn(hosts, configuration.POSTGRES_PORT, database, user)

    def dsn_of(self, node: Node, database: str, user: str) -> str:
        """The connection string for one node, whatever it is."""
        return _dsn(node.host.address, configuration.POSTGRES_PORT, database, user)

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[Any, ...]]:
        """An autocommitting connection of the superuser to the primary."""
        return psycopg.connect(self.dsn(database), autocommit=True, connect_timeout=10)

    def leaders(self) -> list[Node]:
        """The nodes that say that they are the primary."""
        asked = [(node, node.ask("primary")) for node in self.nodes]
        return [node for node, answer in asked if answer is not None and answer.status_code == 200]

    def primary(self) -> Node:
        """The primary; waits until there is one. Raises `Unhealthy`."""
        _wait(lambda: bool(self.leaders()), self.describe)
        return self.leaders()[0]

    def standbys(self) -> list[Node]:
        """The nodes that follow the primary."""
        primary = self.primary()
        return [node for node in self.nodes if node is not primary]

    def etcd_leader(self) -> Node:
        """The node whose member of etcd leads."""
        leading = [node for node in self.nodes if _leads_etcd(node.host)]
        return (leading or list(self.nodes))[0]

    def wait_until_healthy(self) -> None:
        """Wait for one primary, two standbys whose confirmation counts, and all members of etcd. Raises `Unhealthy`."""
        _wait(self._is_healthy, self.describe)

    def describe(self) -> str:
        """What the nodes say about the cluster."""
        answers = {node.host.name: node.ask("cluster") for node in self.nodes}
        return "\n".join(f"{name}: {answer.text if answer else 'no answer'}" for name, answer in answers.items())

    def _is_healthy(self) -> bool:
        leaders = self.leaders()
        answer = leaders[0].ask("cluster") if len(leaders) == 1 else None
        if answer is None or not all(_is_etcd_healthy(node.host) for node in self.nodes):
            return False
        members = sorted((one["role"], one["state"]) for one in answer.json()["members"])
        return members == [("leader", "running"), *[("quorum_standby", "streaming")] * (len(self.nodes) - 1)]


@contextmanager
def running_cluster(directory: Path) -> Iterator[PatroniCluster]:
    """Start a cluster with its data in a directory, and remove its processes and its network at the end. Raises
    `NoPrograms`, `HostsLeft` and `Unhealthy`."""
    _require()
    own(directory)
    program = environment()
    with network(NAMES) as hosts, ExitStack() as leaving:
        nodes = [_node(host, hosts.hosts, directory, program) for host in hosts.hosts]
        leaving.callback(_end, nodes)
        file = directory / "haproxy.cfg"
        file.write_text(configuration.haproxy(hosts))
        haproxy = _supervised("haproxy", ["haproxy", "-db", "-f", str(file)], directory)
        leaving.enter_context(supervised([haproxy, *(one for node in nodes for one in (node.patroni, node.etcd))]))
        cluster = PatroniCluster(nodes, hosts, haproxy)
        cluster.wait_until_healthy()
        yield cluster


def environment() -> Path:
    """The program Patroni, in a virtual environment with the pinned versions, which is made when it is missing or of
    other versions. Raises `NoPrograms`."""
    made, wanted = _ENVIRONMENT / "requirements.txt", _REQUIREMENTS.read_text()
    if not made.exists() or made.read_text() != wanted:
        subprocess.run([_python(), "-m", "venv", "--clear", str(_ENVIRONMENT)], check=True)
        pip = [str(_ENVIRONMENT / "bin" / "python"), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        subprocess.run([*pip, "--requirement", str(_REQUIREMENTS)], check=True)
        made.write_text(wanted)
    program = _ENVIRONMENT / "bin" / "patroni"
    if not _may_run(program, "--version"):
        raise NoPrograms(
            f"{program} cannot be executed by the user {system_user()}: move the checkout to where it can."
        )
    return program


def _python() -> str:
    """A Python that the system user of servers may execute: this one, or that of the system. Raises `NoPrograms`."""
    for python in (sys.executable, "/usr/bin/python3"):
        if _may_run(Path(python), "-c", "import ensurepip"):
            return python
    raise NoPrograms("PostgreSQL does not run as root, and its user finds no Python: install python3-venv.")


def _may_run(program: Path, *arguments: str) -> bool:
    """Whether the system user of servers may execute a program."""
    with suppress(OSError):
        done = subprocess.run([program, *arguments], user=system_user(), cwd="/", capture_output=True, check=False)
        return done.returncode == 0
    return False


def _require() -> None:
    missing = [package for program, package in NEEDED.items() if shutil.which(program) is None]
    if missing:
        raise NoPrograms(f"Install {' and '.join(missing)}, as the packages of Debian are called.")


def _node(host: Host, hosts: Sequence[Host], directory: Path, program: Path) -> Node:
    place, data = directory / host.name, directory / host.name / "postgres"
    place.mkdir()
    own(place)
    passwords = dict.fromkeys(_ROLES, PASSWORD)
    file = place / "patroni.json"  # YAML contains JSON
    file.write_text(json.dumps(configuration.patroni(host, hosts, data, programs(VERSION), passwords), indent=2))
    own(file)
    etcd = host.command(*configuration.etcd(host, hosts, place / "etcd"))
    patroni = host.command(str(program), str(file), user=system_user())
    return Node(host, _supervised("etcd", etcd, place), _supervised("patroni", patroni, place), data)


def _supervised(name: str, command: Sequence[str], directory: Path) -> Supervised:
    return Supervised(name, {}, (), directory / f"{name}.log", program=command)


def _end(nodes: Sequence[Node]) -> None:
    """End what Patroni left, such as the PostgreSQL of a frozen or killed host."""
    for node in nodes:
        node.thaw()
        node.kill_postgres()


def _dsn(host: str, port: int, database: str, user: str) -> str:
    return make_conninfo(host=host, port=port, dbname=database, user=user, password=PASSWORD)


def _wait(condition: Callable[[], bool], describe: Callable[[], str]) -> None:
    deadline = time.monotonic() + SECONDS_MAX
    while not condition():
        if time.monotonic() > deadline:
            raise Unhealthy(f"After {SECONDS_MAX} s:\n{describe()}")
        time.sleep(_LOOK_SECONDS)


def _is_etcd_healthy(host: Host) -> bool:
    with suppress(httpx.TransportError):
        return bool(httpx.get(_etcd(host, "health"), timeout=_ANSWER_SECONDS).json() == {"health": "true"})
    return False


def _leads_etcd(host: Host) -> bool:
    with suppress(httpx.TransportError):
        status = httpx.post(_etcd(host, "v3/maintenance/status"), json={}, timeout=_ANSWER_SECONDS).json()
        return bool(status["header"]["member_id"] == status["leader"])
    return False


def _etcd(host: Host, path: str) -> str:
    return f"http://{host.address}:{configuration.ETCD_PORT}/{path}"
