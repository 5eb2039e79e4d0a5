"""The hosts of a cluster on one machine: network namespaces where root allows them, addresses of loopback otherwise.

Hosts in namespaces have an interface each, on one bridge, and can be separated from each other as by a broken switch:
what is sent is lost without an answer. Hosts on loopback share the network of the machine and cannot be separated.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Final, NamedTuple

_BRIDGE: Final = "keyframe-net"
_NETWORK: Final = "10.89.0"
_LOOPBACK: Final = "127.89.0"
_NOWHERE: Final = "02:00:00:00:00:fe"
"""A hardware address that no host has: what is sent to it is lost."""


class HostsLeft(Exception):
    """An earlier cluster on this machine is still there."""


class Host(NamedTuple):
    """A host. `namespace` is its network namespace; None on loopback."""

    name: str
    address: str
    namespace: str | None

    def command(self, *command: str, user: str | None = None) -> list[str]:
        """The command as it is run on this host, as this system user."""
        drop = ("setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups") if user else ()
        enter = ("ip", "netns", "exec", self.namespace) if self.namespace else ()
        return [*enter, *drop, *command]


class Network(NamedTuple):
    """The network of some hosts. `gateway` is the address at which they reach this machine."""

    gateway: str
    hosts: Sequence[Host]

    @property
    def can_part(self) -> bool:
        """Whether hosts can be separated from each other."""
        return all(host.namespace for host in self.hosts)

    def isolate(self, host: Host) -> None:
        """Separate a host from everything, this machine included."""
        _ip("link", "set", _port(host), "nomaster")

    def part(self, host: Host, others: Sequence[Host]) -> None:
        """Separate a host from others. This machine still reaches all of them."""
        for one, other in _pairs(host, others):
            _ip(
                "-n", str(one.namespace), "neigh", "replace", other.address,
                "lladdr", _NOWHERE, "dev", "eth0", "nud", "permanent",
            )  # fmt: skip

    def join(self, host: Host) -> None:
        """Undo every separation of a host."""
        _ip("link", "set", _port(host), "master", _BRIDGE)
        for one, other in _pairs(host, [other for other in self.hosts if other != host]):
            with suppress(RuntimeError):  # it was not separated
                _ip("-n", str(one.namespace), "neigh", "del", other.address, "dev", "eth0")


@contextmanager
def network(names: Sequence[str]) -> Iterator[Network]:
    """Hosts with these names, removed at the end. Raises `HostsLeft`."""
    if not _has_namespaces():
        yield Network(f"{_LOOPBACK}.1", [Host(name, f"{_LOOPBACK}.{at}", None) for at, name in _numbered(names)])
        return
    hosts = [Host(name, f"{_NETWORK}.{at}", f"keyframe-{name}") for at, name in _numbered(names)]
    with ExitStack() as leaving:
        _add_bridge()
        leaving.callback(_ip, "link", "del", _BRIDGE)
        for host in hosts:
            _ip("netns", "add", str(host.namespace))
            leaving.callback(_ip, "netns", "del", str(host.namespace))
            _connect(host)
        yield Network(f"{_NETWORK}.1", hosts)


def _numbered(names: Sequence[str]) -> Iterator[tuple[int, str]]:
    return iter(enumerate(names, start=11))


def _has_namespaces() -> bool:
    """Whether this user may create network namespaces."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return False
    probe = f"keyframe-probe-{os.getpid()}"
    try:
        _ip("netns", "add", probe)
    except RuntimeError:
        return False
    _ip("netns", "del", probe)
    return True


def _add_bridge() -> None:
    try:
        _ip("link", "add", _BRIDGE, "type", "bridge")
    except RuntimeError as error:
        raise HostsLeft(
            f"A cluster runs on this machine, or its network is left: stop it, or remove the network with "
            f"'ip link del {_BRIDGE}' and 'ip netns del NAME' for each keyframe-… of 'ip netns list'. ({error})"
        ) from error
    _ip("addr", "add", f"{_NETWORK}.1/24", "dev", _BRIDGE)
    _ip("link", "set", _BRIDGE, "up")


def _connect(host: Host) -> None:
    """Connect the namespace of a host with the bridge."""
    name, port = str(host.namespace), _port(host)
    _ip("link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", name)
    _ip("link", "set", port, "master", _BRIDGE, "up")
    _ip("-n", name, "addr", "add", f"{host.address}/24", "dev", "eth0")
    _ip("-n", name, "link", "set", "eth0", "up")
    _ip("-n", name, "link", "set", "lo", "up")


def _port(host: Host) -> str:
    """The interface of this machine at the other end of the host's cable."""
    return f"keyframe-{host.name}"[-15:]


def _pairs(host: Host, others: Sequence[Host]) -> Iterator[tuple[Host, Host]]:
    for other in others:
        yield host, other
        yield other, host


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
