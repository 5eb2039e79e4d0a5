"""What happens to a cluster in a drill: deaths of nodes, of etcd and of Keyframe, switch-overs, and broken networks.

Every fault ends by itself: what was ended runs again, and what was separated is joined.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

import httpx

from deploy.drills.processes import Supervised
from deploy.patroni.nodes import PatroniCluster

SHORT_SECONDS: Final = 4
"""Shorter than the lease of a primary: no other node takes over."""
LONG_SECONDS: Final = 30
"""Longer than the lease of a primary."""


class Scene(NamedTuple):
    """A cluster and the processes of Keyframe. `projectors`: each with the address of its metrics."""

    cluster: PatroniCluster
    servers: Sequence[Supervised]
    projectors: Sequence[tuple[Supervised, str]]
    token: str


Fault = Callable[[Scene, int], None]


# ── PostgreSQL and Patroni ───────────────────────────────────────────────────────────────────────


def kill_primary(scene: Scene, _: int) -> None:
    """Kill the postmaster of the primary. Patroni starts it again, or another node takes over."""
    scene.cluster.primary().kill_postgres()


def kill_standby(scene: Scene, turn: int) -> None:
    scene.cluster.standbys()[turn % 2].kill_postgres()


def crash_primary(scene: Scene, _: int) -> None:
    """Turn off the host of the primary, with its Patroni and its member of etcd, and on again."""
    node = scene.cluster.primary()
    node.crash()
    time.sleep(LONG_SECONDS)
    node.boot()


def freeze_primary(scene: Scene, _: int) -> None:
    """Stop the time of the primary's host. When it goes on, it still believes that it is the primary."""
    node = scene.cluster.primary()
    node.freeze()
    time.sleep(LONG_SECONDS)
    node.thaw()


def kill_patroni(scene: Scene, _: int) -> None:
    """Kill the Patroni of the primary and keep it down. Its PostgreSQL goes on, while another node takes over."""
    node = scene.cluster.primary()
    node.patroni.put_down()
    time.sleep(LONG_SECONDS)
    node.patroni.put_up()


def switch_over(scene: Scene, _: int) -> None:
    """Hand the lead to another node, as before the maintenance of a host."""
    scene.cluster.primary().switch_over()


def crash_standbys(scene: Scene, _: int) -> None:
    """Turn off both standbys. No commit is confirmed meanwhile."""
    nodes = scene.cluster.standbys()
    for node in nodes:
        node.patroni.put_down()
        node.kill_postgres()
    time.sleep(LONG_SECONDS)
    for node in nodes:
        node.patroni.put_up()


# ── etcd and HAProxy ─────────────────────────────────────────────────────────────────────────────


def kill_etcd_leader(scene: Scene, _: int) -> None:
    scene.cluster.etcd_leader().etcd.kill()


def stop_etcd(scene: Scene, _: int) -> None:
    """Turn all of etcd off. A primary that reaches the other nodes stays primary."""
    for node in scene.cluster.nodes:
        node.etcd.put_down()
    time.sleep(LONG_SECONDS)
    for node in scene.cluster.nodes:
        node.etcd.put_up()


def kill_haproxy(scene: Scene, _: int) -> None:
    scene.cluster.haproxy.kill()


# ── Keyframe ─────────────────────────────────────────────────────────────────────────────────────


def kill_server(scene: Scene, turn: int) -> None:
    scene.servers[turn % len(scene.servers)].kill()


def kill_projector(scene: Scene, _: int) -> None:
    """Kill the projector that leads, so that the other one takes over."""
    leading = [process for process, url in scene.projectors if _leads(url, scene.token)]
    (leading or [process for process, _ in scene.projectors])[0].kill()


def _leads(url: str, token: str) -> bool:
    with suppress(httpx.TransportError):
        metrics = httpx.get(f"{url}/metrics", headers={"authorization": f"Bearer {token}"}, timeout=5).text
        return 'keyframe_projector{condition="LEADING"} 1' in metrics
    return False


# ── the network ──────────────────────────────────────────────────────────────────────────────────


def isolate_primary(scene: Scene, _: int) -> None:
    """Separate the primary from everything."""
    node = scene.cluster.primary()
    scene.cluster.network.isolate(node.host)
    time.sleep(LONG_SECONDS)
    scene.cluster.network.join(node.host)


def part_primary(scene: Scene, _: int) -> None:
    """Separate the primary from the other nodes. Keyframe still reaches all of them."""
    _part(scene, LONG_SECONDS)


def part_primary_shortly(scene: Scene, _: int) -> None:
    """Separate the primary from the other nodes for less time than its lease."""
    _part(scene, SHORT_SECONDS)


def isolate_standby(scene: Scene, turn: int) -> None:
    node = scene.cluster.standbys()[turn % 2]
    scene.cluster.network.isolate(node.host)
    time.sleep(LONG_SECONDS)
    scene.cluster.network.join(node.host)


def _part(scene: Scene, seconds: float) -> None:
    node, others = scene.cluster.primary(), scene.cluster.standbys()
    scene.cluster.network.part(node.host, [other.host for other in others])
    time.sleep(seconds)
    scene.cluster.network.join(node.host)


PROCESS_FAULTS: Final[dict[str, Fault]] = {
    "kill -9 primary": kill_primary,
    "switch over": switch_over,
    "primary's host off": crash_primary,
    "kill -9 server": kill_server,
    "kill -9 leading projector": kill_projector,
    "kill -9 standby": kill_standby,
    "kill -9 etcd leader": kill_etcd_leader,
    "primary's host frozen": freeze_primary,
    "both standbys off": crash_standbys,
    "kill -9 HAProxy": kill_haproxy,
    "primary's Patroni off": kill_patroni,
    "etcd off": stop_etcd,
}
NETWORK_FAULTS: Final[dict[str, Fault]] = {
    "primary isolated": isolate_primary,
    "primary parted from nodes": part_primary,
    "primary parted for 4 s": part_primary_shortly,
    "standby isolated": isolate_standby,
}


def faults(cluster: PatroniCluster) -> dict[str, Fault]:
    """The faults that this cluster can have, in the order of the drill: kinds take turns."""
    network = list(NETWORK_FAULTS.items() if cluster.network.can_part else ())
    mixed: dict[str, Fault] = {}
    for number, (name, fault) in enumerate(PROCESS_FAULTS.items()):
        mixed[name] = fault
        if number % 3 == 2 and network:
            mixed.update([network.pop(0)])
    return mixed
