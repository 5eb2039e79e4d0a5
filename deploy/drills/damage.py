"""What a night does to an installation: kills of every process in turn, each with SIGKILL, and one immediate stop."""

import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

import psutil

from deploy.drills.cluster import Cluster
from deploy.drills.processes import Supervised

_BACKENDS: Final = """
    select pid from pg_stat_activity where application_name like 'keyframe %' and backend_type = 'client backend'
    order by state = 'active' desc
"""
_LEADER: Final = """
    select a.client_port from pg_locks l join pg_stat_activity a using (pid)
    where l.locktype = 'advisory' and l.granted and a.application_name like 'keyframe %'
"""


class Victims(NamedTuple):
    """The processes of an installation."""

    cluster: Cluster
    servers: Sequence[Supervised]
    projectors: Sequence[Supervised]


def kill_app(victims: Victims, round_number: int) -> None:
    victims.servers[round_number % len(victims.servers)].kill()


def kill_projector(victims: Victims, _: int) -> None:
    """Kill the projector that leads, so that the other one takes over."""
    with victims.cluster.connect() as conn:
        ports = {port for (port,) in conn.execute(_LEADER).fetchall()}
    leading = [one for one in victims.projectors if ports & _ports(one.process)]
    (leading or list(victims.projectors))[0].kill()


def kill_one_backend(victims: Victims, _: int) -> None:
    """Kill one process of PostgreSQL that works for Keyframe. PostgreSQL then ends all others, and recovers."""
    _kill(_backends(victims.cluster)[:1])


def kill_all_backends(victims: Victims, _: int) -> None:
    _kill(_backends(victims.cluster))


def kill_postmaster(victims: Victims, _: int) -> None:
    victims.cluster.kill()
    victims.cluster.start()


def stop_immediately(victims: Victims, _: int) -> None:
    """Stop PostgreSQL without a checkpoint, and start it."""
    victims.cluster.stop("immediate")
    victims.cluster.start()


DAMAGES: Final[dict[str, Callable[[Victims, int], None]]] = {
    "kill -9 app": kill_app,
    "kill -9 projector": kill_projector,
    "kill -9 one backend": kill_one_backend,
    "kill -9 all backends": kill_all_backends,
    "kill -9 postmaster": kill_postmaster,
    "immediate stop": stop_immediately,
}


def _backends(cluster: Cluster) -> list[int]:
    with cluster.connect() as conn:
        return [pid for (pid,) in conn.execute(_BACKENDS).fetchall()]


def _kill(pids: Sequence[int]) -> None:
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            psutil.Process(pid).send_signal(signal.SIGKILL)


def _ports(process: psutil.Process) -> set[Any]:
    """The local ports of the connections of a process."""
    with suppress(psutil.Error):
        return {one.laddr.port for one in process.net_connections("tcp")}
    return set()
