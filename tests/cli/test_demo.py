import signal
import subprocess
import time
from pathlib import Path

from api import embedded
from api.database import Database, open_database
from api.demonstration import WORKSPACE
from api.settings import Settings
from tests.cli.terminal import asked, keyframe, line, started

STANDS = "{ basis { position } cycles(filter: {state: ACTIVE}) { edges { node { key } } } }"


def head(database: Database) -> int:
    with database.connect() as conn:
        if conn.execute("select to_regclass('log')").fetchone() == (None,):
            return 0
        row = conn.execute("select coalesce(max(position), 0) from log").fetchone()
        return int(row[0]) if row else 0


def shown(settings: Settings) -> "tuple[subprocess.Popen[bytes], str]":
    """A demo that has come to where it answers, and its address."""
    demo = started(settings, "demo", "--port", "0")
    return demo, line(demo, "Ask them at ").removeprefix("Ask them at ").partition("/graphql")[0] + "/graphql"


def test_a_demo_that_was_killed_goes_on_and_leaves_nothing_running(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    first = started(settings, "demo", "--port", "0")
    with open_database(settings.model_copy(update={"workspace": WORKSPACE})) as database:
        deadline = time.monotonic() + 60
        while head(database) < 100:
            assert time.monotonic() < deadline
        first.kill()
        first.communicate()
        told = head(database)

    second, address = shown(settings)
    stands = asked(address, STANDS)
    assert stands["basis"]["position"] > told
    assert stands["cycles"]["edges"] != []
    taken = keyframe(settings, "demo", "--port", address.rpartition(":")[2].partition("/")[0])
    assert (taken.returncode, "choose another port" in taken.stderr) == (1, True)
    refused = keyframe(settings, "demo", "--fresh", "--port", "0")
    assert (refused.returncode, "stop that one first" in refused.stderr) == (1, True)
    second.send_signal(signal.SIGINT)
    second.communicate()
    assert second.returncode == 0
    assert not (tmp_path / "postgres" / "postmaster.pid").exists()

    third, address = shown(settings)
    assert asked(address, STANDS) == stands
    third.send_signal(signal.SIGINT)
    third.communicate()
    embedded.stop(tmp_path)
