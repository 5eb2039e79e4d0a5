"""The servers of drills: their programs, their configuration, and that nobody else reaches them."""

import tempfile
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from deploy.drills.cluster import Cluster, NoPrograms, programs, running
from tests.conftest import memory


def test_programs_of_an_absent_version_say_what_to_install() -> None:
    with pytest.raises(NoPrograms, match=r"PostgreSQL 9 is not installed: .* on Debian postgresql-9\."):
        programs(9)


@pytest.mark.long
def test_a_cluster_recovers_after_a_kill_and_asks_for_a_password() -> None:
    with tempfile.TemporaryDirectory(prefix="keyframe-cluster-", dir=memory()) as place:  # the server may enter it
        cluster = Cluster(Path(place) / "data", programs(18))
        cluster.create(parameters={"application_name": "it's ours"})
        with running(cluster):
            assert answer(cluster, "show application_name") == "it's ours"
            with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                psycopg.connect(cluster.dsn(password="wrong"))
            cluster.kill()
            assert cluster.postmaster() is None
            cluster.start()
            assert answer(cluster, "select 1") == 1
        assert cluster.postmaster() is None


def answer(cluster: Cluster, query: LiteralString) -> object:
    with cluster.connect() as conn:
        row = conn.execute(query).fetchone()
    assert row is not None
    return row[0]
