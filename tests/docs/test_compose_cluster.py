"""The deployment of a cluster with Compose fits the cluster of the drills, and the rules of every deployment."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.runtime.settings import Settings
from deploy.drills.processes import ROOT
from deploy.patroni import configuration
from deploy.patroni.hosts import Host, Network

FOLDER = ROOT / "deploy" / "compose"
TEXT = (FOLDER / "compose.yml").read_text()
SERVICES: dict[str, Any] = yaml.safe_load(TEXT)["services"]
PATRONI = yaml.safe_load((FOLDER / "patroni.yml").read_text())
HAPROXY = (FOLDER / "haproxy.cfg").read_text()
ROLES = dict.fromkeys(("superuser", "replication", "rewind"), "x")


def test_nodes_have_the_settings_that_the_drill_has_tried() -> None:
    host = Host("n1", "10.89.0.11", None)
    tried = configuration.patroni(host, [host], Path("/data"), Path("/programs"), ROLES)
    ours, theirs = PATRONI["bootstrap"]["dcs"], tried["bootstrap"]["dcs"]
    assert {name: value for name, value in ours.items() if name != "postgresql"} == {
        name: value for name, value in theirs.items() if name != "postgresql"
    }
    assert PATRONI["postgresql"]["pg_hba"] == tried["postgresql"]["pg_hba"]
    assert PATRONI["bootstrap"]["initdb"] == tried["bootstrap"]["initdb"]


def test_proxy_has_the_rules_that_the_drills_have_tried() -> None:
    network = Network("10.89.0.1", [Host("n1", "10.89.0.11", None)])
    tried = configuration.haproxy(network) + configuration.proxy_of_servers("127.0.0.1:1", ["127.0.0.1:2"])
    rules = r"^ +(option httpchk|option http-server-close|http-check .*|default-server .*|retry-on .*)$"
    wanted = {rule.strip() for rule in re.findall(rules, tried, re.MULTILINE)}
    assert len(wanted) > 5
    assert wanted <= {line.strip() for line in HAPROXY.splitlines()}


@pytest.mark.skipif(shutil.which("haproxy") is None, reason="haproxy is not installed: on Debian, the package haproxy")
def test_haproxy_accepts_the_file() -> None:
    done = subprocess.run(["haproxy", "-c", "-f", FOLDER / "haproxy.cfg"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_only_the_proxy_publishes_a_port_and_on_loopback() -> None:
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert ports == {"haproxy": ["127.0.0.1:8000:8000"]}


def test_every_service_runs_without_rights_on_a_read_only_root() -> None:
    assert {(service["read_only"], *service["cap_drop"]) for service in SERVICES.values()} == {(True, "ALL")}


def test_servers_and_projectors_wait_for_the_migration() -> None:
    for name in ("api", "projector"):
        assert SERVICES[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    assert SERVICES["migrate"]["restart"] == "no"


def test_settings_exist_and_images_and_volumes_are_named() -> None:
    known = {f"KEYFRAME_{name.upper()}" for name in Settings.model_fields} | {"KEYFRAME_PASSWORD"}
    named = {name for service in SERVICES.values() for name in service.get("environment", {})}
    assert {name for name in named if name.startswith("KEYFRAME_")} <= known
    assert all(":" in service["image"] or "build" in service for service in SERVICES.values())
    volumes = {one.partition(":")[0] for service in SERVICES.values() for one in service.get("volumes", [])}
    assert {one for one in volumes if not one.startswith(".")} == yaml.safe_load(TEXT)["volumes"].keys()


def test_every_password_is_asked_for() -> None:
    assert set(re.findall(r"\$\{(\w+)", TEXT)) == set(re.findall(r"\$\{(\w+):\?choose", TEXT))
    assert set(re.findall(r"\$\{(\w+)", TEXT)) == {"KEYFRAME_PASSWORD", "POSTGRES_PASSWORD"}


def test_each_node_and_each_member_of_etcd_has_its_own_name() -> None:
    for number in (1, 2, 3):
        node, etcd = SERVICES[f"node{number}"]["environment"], SERVICES[f"etcd{number}"]["environment"]
        assert node["PATRONI_NAME"] == f"node{number}"
        assert node["PATRONI_POSTGRESQL_CONNECT_ADDRESS"] == f"node{number}:5432"
        assert node["PATRONI_RESTAPI_CONNECT_ADDRESS"] == f"node{number}:8008"
        assert etcd["ETCD_NAME"] == f"etcd{number}"
        assert f"etcd{number}:2379" in PATRONI["etcd3"]["hosts"]
        assert f"etcd{number}=http://etcd{number}:2380" in etcd["ETCD_INITIAL_CLUSTER"]


def test_a_server_drains_and_answers_within_the_time_before_it_is_killed() -> None:
    drain = float(SERVICES["api"]["environment"]["KEYFRAME_DRAIN_S"])
    grace = float(SERVICES["api"]["stop_grace_period"].removesuffix("s"))
    assert grace >= drain + Settings().commit_timeout_s + 5 + 10
