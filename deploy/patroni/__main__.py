"""Starts a PostgreSQL cluster of three nodes on this machine, until Ctrl-C: `python -m deploy.patroni`.

It needs PostgreSQL 15, etcd and HAProxy, on Debian the packages postgresql-15, etcd-server and haproxy. Root gets
network namespaces as hosts, others addresses of loopback.
"""

import signal
import tempfile
from pathlib import Path

from deploy.drills.figures import console
from deploy.drills.processes import end_on_signals
from deploy.patroni.nodes import running_cluster


def main() -> None:
    """Start the cluster, print how to reach it, and wait."""
    end_on_signals()
    with (
        tempfile.TemporaryDirectory(prefix="keyframe-patroni-", ignore_cleanup_errors=True) as directory,
        running_cluster(Path(directory)) as cluster,
    ):
        console.print(f"primary:  {cluster.dsn()}")
        console.print(f"standbys: {cluster.dsn_of_standbys()}")
        console.print(f"nodes:    {cluster.dsn_of_nodes()}")
        console.print(cluster.describe())
        signal.pause()


if __name__ == "__main__":
    main()
