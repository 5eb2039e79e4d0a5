"""Runs tests on a PostgreSQL of another version: `python -m deploy.drills.versions 15 [ARGUMENT of pytest …]`.

Without arguments for pytest it runs the tests of the log, of the projections and of the API. With `--hostile`, server,
database and roles have the defaults that other administrators might choose: language, time zone, formats, isolation.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from deploy.drills.cluster import Cluster, NoPrograms, programs, running
from deploy.drills.figures import console
from deploy.drills.processes import ROOT

ROOMS: Final = ("tests/domain/log", "tests/projections", "tests/api")
SPEED: Final = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "200",
    "shared_buffers": "256MB",
}
HOSTILE: Final = {
    "datestyle": "german",
    "intervalstyle": "sql_standard",
    "timezone": "Asia/Kathmandu",
    "default_transaction_isolation": "serializable",
    "default_transaction_deferrable": "on",
    "bytea_output": "escape",
    "extra_float_digits": "-5",
    "synchronous_commit": "on",
    "search_path": "nowhere",
    "statement_timeout": "50s",
    "idle_in_transaction_session_timeout": "5s",
    "lc_messages": "C",
}
"""The defaults of another administrator's server."""


def main() -> None:
    """The tests from the command line; the exit status is that of pytest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("version", type=int, help="the major version of PostgreSQL")
    parser.add_argument("--hostile", action="store_true", help="with another administrator's defaults")
    given, arguments = parser.parse_known_args()
    with tempfile.TemporaryDirectory(prefix="keyframe-postgres-", ignore_cleanup_errors=True) as directory:
        try:
            cluster = Cluster(Path(directory) / "data", programs(given.version))
        except NoPrograms as absent:
            sys.exit(str(absent))
        cluster.create(parameters={**SPEED, **(HOSTILE if given.hostile else {})})
        with running(cluster):
            sys.exit(_tested(cluster, arguments or ROOMS))


def _tested(cluster: Cluster, arguments: "list[str] | tuple[str, ...]") -> int:
    """Run pytest on the server; its exit status."""
    with cluster.connect() as conn:
        console.print(conn.execute("select version()").fetchone())
    environment = {**os.environ, "KEYFRAME_TEST_DATABASE_URL": cluster.dsn()}
    return subprocess.run(
        [sys.executable, "-m", "pytest", *arguments], env=environment, cwd=ROOT, check=False
    ).returncode


if __name__ == "__main__":
    main()
