"""A primary with a hot standby, as real PostgreSQL servers with streaming replication."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

import pytest

from deploy.drills.cluster import Cluster, NoPrograms, programs
from tests.conftest import memory
from tests.waiting import until

VERSIONS = (18, 16, 15)
FAST = {"fsync": "off", "max_connections": "60", "shared_buffers": "32MB", "max_wal_senders": "4"}


def installed() -> Path:
    """The programs of a PostgreSQL that can copy a server. Skips the test without one."""
    for version in VERSIONS:
        try:
            found = programs(version)
        except NoPrograms:
            continue
        if (found / "pg_basebackup").exists():
            return found
    pytest.skip("no PostgreSQL with pg_basebackup is installed")


class Pair:
    """A running primary and a running standby that receives what it commits."""

    def __init__(self, place: Path) -> None:
        binaries = installed()
        self.primary = Cluster(place / "primary", binaries)
        self.primary.create(parameters=FAST)
        self.primary.start()
        self.standby = Cluster(place / "standby", binaries)
        self._copy()
        self.standby.start()

    def _copy(self) -> None:
        self.primary.run(
            "pg_basebackup", f"--pgdata={self.standby.data}", "--write-recovery-conf", "--checkpoint=fast",
            "--wal-method=stream",
        )  # fmt: skip
        self.standby.configure({"port": str(self.standby.port), "wal_retrieve_retry_interval": "100ms"})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for cluster in (self.standby, self.primary):
            if cluster.postmaster() is not None:
                cluster.stop("immediate")

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let the standby receive, but not apply what the primary commits."""
        with self.standby.connect() as conn:
            conn.execute("select pg_wal_replay_pause()")
            until(lambda: conn.execute("select pg_get_wal_replay_pause_state()").fetchone() == ("paused",))
            try:
                yield
            finally:
                conn.execute("select pg_wal_replay_resume()")

    @contextmanager
    def without_primary(self) -> Iterator[None]:
        """Stop the primary at once, as a crash does, and start it again at the end."""
        self.primary.stop("immediate")
        try:
            yield
        finally:
            self.primary.start()


@contextmanager
def running_pair() -> Iterator[Pair]:
    """A pair, in memory where the other servers of the tests are."""
    with (
        TemporaryDirectory(prefix="keyframe-pair-", dir=memory()) as place,
        Pair(Path(place)) as pair,
    ):
        yield pair
