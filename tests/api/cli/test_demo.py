import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from api.cli.demo import EDITION, WORKSPACE, is_outdated
from api.runtime import embedded_postgres
from api.runtime.database import Database, open_database
from api.runtime.settings import Settings
from tests.api.cli.terminal import asked, keyframe, line, started, stopped
from tests.conftest import memory
from tests.waiting import until

pytestmark = pytest.mark.long

POSITION_AND_CYCLES = (
    "{ viewer { person { name } } basis { position } cycles(filter: {state: ACTIVE}) { edges { node { key } } } }"
)


def head(database: Database) -> int:
    with database.connect() as conn:
        if conn.execute("select to_regclass('log')").fetchone() == (None,):
            return 0
        row = conn.execute("select coalesce(max(position), 0) from log").fetchone()
        return int(row[0]) if row else 0


@pytest.fixture
def settings() -> Iterator[Settings]:
    """A data directory outside pytest's own, which other runs restrict to its owner."""
    with tempfile.TemporaryDirectory(prefix="keyframe-", dir=memory()) as directory:
        try:
            yield Settings(data_dir=Path(directory), port=0)
        finally:
            embedded_postgres.stop(Path(directory))


def address(demo: "subprocess.Popen[bytes]") -> str:
    """The URL of a demo, as soon as the demo prints it."""
    return line(demo, "Run them at ").removeprefix("Run them at ").partition("/graphql")[0] + "/graphql"


def test_killed_demo_resumes_and_leaves_no_process_running(settings: Settings) -> None:
    with (
        started(settings, "demo") as demo,
        open_database(settings.model_copy(update={"workspace": WORKSPACE})) as database,
    ):
        until(lambda: head(database) >= 1200, seconds_max=120, pause_s=0.1)
        demo.kill()
        _, progress = demo.communicate()
        assert "Creating the demo company … 10 %" in progress.decode()
        position_when_killed = head(database)

    with started(settings, "demo") as demo:
        url = address(demo)
        state = asked(url, POSITION_AND_CYCLES)
        assert state["basis"]["position"] > position_when_killed
        assert len(state["cycles"]["edges"]) == 2
        assert state["viewer"]["person"] == {"name": "Maren Halvorsen"}
        taken = keyframe(settings, "demo", "--port", url.rpartition(":")[2].partition("/")[0])
        assert (taken.returncode, "choose another port" in taken.stderr) == (1, True)
        refused = keyframe(settings, "demo", "--fresh")
        assert (refused.returncode, "stop it first" in refused.stderr) == (1, True)
        assert stopped(demo, signal.SIGINT) == 0
        assert not (settings.data_dir / "postgres" / "postmaster.pid").exists()

    with started(settings, "demo") as demo:
        assert asked(address(demo), POSITION_AND_CYCLES) == state
        assert stopped(demo, signal.SIGINT) == 0


def test_demo_of_an_earlier_edition_is_outdated(tmp_path: Path) -> None:
    with ExitStack() as stack:
        database = Database("", Settings(data_dir=tmp_path), stack)
        assert not is_outdated(database)
        for edition, is_old in (("", True), (f', "edition": {EDITION}', False)):
            (tmp_path / "demo.json").write_text(f'{{"today": "2026-11-28", "position": 5117{edition}}}')
            assert is_outdated(database) is is_old
