"""The configuration of each program of a cluster: etcd, Patroni and HAProxy."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from deploy.patroni.hosts import Host, Network

SCOPE: Final = "keyframe"
POSTGRES_PORT: Final = 5432
REST_PORT: Final = 8008
ETCD_PORT: Final = 2379
PEER_PORT: Final = 2380
PRIMARY_PORT: Final = 5000
STANDBY_PORT: Final = 5001

TIMES: Final = {"ttl": 20, "loop_wait": 5, "retry_timeout": 5}
"""In seconds. A primary that cannot renew its lease steps down before `ttl` has passed, and another node takes over
then. Patroni wants `ttl` >= `loop_wait` + 2 * `retry_timeout`."""

PARAMETERS: Final = {
    "max_connections": "300",
    "shared_buffers": "64MB",
    "wal_keep_size": "256MB",
    "max_wal_size": "256MB",
    "wal_receiver_timeout": "10s",
    "wal_sender_timeout": "10s",
}


def etcd(host: Host, hosts: Sequence[Host], data: Path) -> list[str]:
    """The command of a member of etcd."""
    members = ",".join(f"{one.name}=http://{one.address}:{PEER_PORT}" for one in hosts)
    clients, peers = f"http://{host.address}:{ETCD_PORT}", f"http://{host.address}:{PEER_PORT}"
    return [
        "etcd", "--name", host.name, "--data-dir", str(data), "--log-level", "warn",
        "--listen-client-urls", clients, "--advertise-client-urls", clients,
        "--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers,
        "--initial-cluster", members, "--initial-cluster-token", SCOPE, "--initial-cluster-state", "new",
        "--heartbeat-interval", "250", "--election-timeout", "2500",
    ]  # fmt: skip


def patroni(host: Host, hosts: Sequence[Host], data: Path, programs: Path, passwords: Mapping[str, str]) -> Any:
    """The configuration of Patroni on a host, which starts PostgreSQL. `passwords`: of each of its roles."""
    accounts = {"superuser": "postgres", "replication": "replicator", "rewind": "rewinder"}
    return {
        "scope": SCOPE,
        "name": host.name,
        "restapi": {"listen": f"{host.address}:{REST_PORT}", "connect_address": f"{host.address}:{REST_PORT}"},
        "etcd3": {"hosts": [f"{one.address}:{ETCD_PORT}" for one in hosts]},
        "bootstrap": {"dcs": _dynamic(), "initdb": [{"encoding": "UTF8"}, {"locale": "C"}, "data-checksums"]},
        "postgresql": {
            "listen": f"{host.address}:{POSTGRES_PORT}",
            "connect_address": f"{host.address}:{POSTGRES_PORT}",
            "data_dir": str(data),
            "bin_dir": str(programs),
            "pgpass": str(data.with_name(f"{data.name}.pgpass")),
            "authentication": {
                role: {"username": name, "password": passwords[role]} for role, name in accounts.items()
            },
            "pg_hba": ["host all all samenet scram-sha-256", "host replication replicator samenet scram-sha-256"],
            "parameters": {"unix_socket_directories": "", "password_encryption": "scram-sha-256"},
        },
    }


def _dynamic() -> dict[str, Any]:
    """What all nodes share. `quorum`: a commit is confirmed when one of the two standbys has it, whichever; `strict`:
    without a standby, commits wait rather than be on one node alone. With `failsafe_mode` a primary that reaches all
    other nodes stays primary when etcd is away."""
    return {
        **TIMES,
        "synchronous_mode": "quorum",
        "synchronous_mode_strict": True,
        "synchronous_node_count": 1,
        "failsafe_mode": True,
        "postgresql": {"use_pg_rewind": True, "use_slots": True, "parameters": PARAMETERS},
    }


def haproxy(network: Network) -> str:
    """The configuration of HAProxy: one port that leads to the primary, and one that leads to the standbys. Patroni
    says which node is what; connections to a node that is no longer that are closed at once."""
    return f"""
global
    maxconn 2000
defaults
    mode tcp
    timeout connect 3s
    timeout client 1h
    timeout server 1h
    timeout check 3s
    retries 2
    option clitcpka
    option srvtcpka
{_listen("primary", network, PRIMARY_PORT)}{_listen("replica", network, STANDBY_PORT)}"""


def _listen(role: str, network: Network, port: int) -> str:
    servers = "".join(f"    server {host.name} {host.address}:{POSTGRES_PORT}\n" for host in network.hosts)
    return f"""
listen {role}
    bind {network.gateway}:{port}
    balance roundrobin
    option httpchk
    http-check send meth GET uri /{role}
    http-check expect status 200
    default-server inter 1s fall 2 rise 1 on-marked-down shutdown-sessions check port {REST_PORT}
{servers}"""


def proxy_of_servers(bind: str, servers: Sequence[str]) -> str:
    """The configuration of HAProxy before servers of Keyframe. A server that is leaving says so at /readyz. A request
    is sent again only if no server took it, so that no command is sent twice."""
    lines = "".join(f"    server server{number} {address}\n" for number, address in enumerate(servers, start=1))
    return f"""
global
    maxconn 2000
defaults
    mode http
    timeout connect 3s
    timeout client 70s
    timeout server 70s
    timeout tunnel 1h
    timeout check 5s
listen keyframe
    bind {bind}
    balance leastconn
    option http-server-close
    option redispatch
    retries 3
    retry-on conn-failure
    option httpchk
    http-check send meth GET uri /readyz hdr Host localhost
    http-check expect status 200
    default-server check inter 1s fall 2 rise 1
{lines}"""
