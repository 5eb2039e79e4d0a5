"""The cluster of the drills: the configuration of its programs, and its pinned versions."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from deploy.drills.processes import ROOT
from deploy.patroni import configuration
from deploy.patroni.hosts import Host, Network

HOSTS = [Host(name, f"10.89.0.{at}", f"keyframe-{name}") for at, name in enumerate(("n1", "n2", "n3"), start=11)]
NETWORK = Network("10.89.0.1", HOSTS)
ROLES = ("superuser", "replication", "rewind")


def test_a_commit_is_confirmed_by_a_standby_and_never_by_the_primary_alone() -> None:
    shared = configuration.patroni(HOSTS[0], HOSTS, Path("/d"), Path("/p"), dict.fromkeys(ROLES, "x"))["bootstrap"]
    dynamic = shared["dcs"]
    assert (dynamic["synchronous_mode"], dynamic["synchronous_mode_strict"]) == ("quorum", True)
    assert dynamic["ttl"] >= dynamic["loop_wait"] + 2 * dynamic["retry_timeout"]


def test_commands_run_in_the_network_of_their_host_as_the_user_of_the_server() -> None:
    command = HOSTS[1].command("patroni", "file", user="pgserver")
    assert command[:4] == ["ip", "netns", "exec", "keyframe-n2"]
    assert "--reuid=pgserver" in command
    assert command[-2:] == ["patroni", "file"]
    assert Host("n1", "127.89.0.11", None).command("etcd") == ["etcd"]


def test_hosts_on_loopback_cannot_be_parted() -> None:
    assert NETWORK.can_part
    assert not Network("127.89.0.1", [Host("n1", "127.89.0.11", None)]).can_part


def test_connections_to_a_node_that_is_no_longer_primary_are_closed() -> None:
    text = configuration.haproxy(NETWORK)
    assert text.count("on-marked-down shutdown-sessions") == 2
    assert "uri /primary" in text
    assert "uri /replica" in text


def test_proxy_repeats_a_request_only_if_no_server_took_it() -> None:
    text = configuration.proxy_of_servers("127.0.0.1:8000", ["127.0.0.1:8001"])
    assert re.findall(r"retry-on (.*)", text) == ["conn-failure"]
    assert "uri /readyz hdr Host localhost" in text  # a request without a known host is answered with 421


@pytest.mark.skipif(shutil.which("haproxy") is None, reason="haproxy is not installed: on Debian, the package haproxy")
@pytest.mark.parametrize(
    "text",
    [configuration.haproxy(NETWORK), configuration.proxy_of_servers("127.0.0.1:8000", ["127.0.0.1:8001"])],
    ids=["nodes", "servers"],
)
def test_haproxy_accepts_its_configuration(text: str, tmp_path: Path) -> None:
    file = tmp_path / "haproxy.cfg"
    file.write_text(text)
    done = subprocess.run(["haproxy", "-c", "-f", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_patroni_and_what_it_needs_are_pinned_and_name_no_index() -> None:
    text = (ROOT / "deploy" / "requirements" / "patroni.txt").read_text()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][A-Za-z0-9.]*", line)] == []
    assert {line.partition("==")[0] for line in lines} >= {"patroni", "psycopg-binary"}
