"""The supervisor of drills: it starts a process again, unless that is to stay down, and counts deaths by themselves."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy.drills import processes
from deploy.drills.processes import Supervised
from tests.waiting import until


@pytest.fixture
def sleeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervised]:
    monkeypatch.setattr(processes, "RESTART_SECONDS", 0)
    process = Supervised("sleeper", {}, ("60",), tmp_path / "log", program=("sleep",))
    yield process
    process.stop()


def has_ended(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_a_killed_process_is_started_again_and_counts_as_no_death(sleeper: Supervised) -> None:
    first = sleeper.process
    sleeper.kill()
    until(lambda: has_ended(first))
    sleeper.look()
    assert (sleeper.process.pid != first.pid, sleeper.deaths) == (True, 0)


def test_a_process_that_ends_by_itself_counts_as_a_death(sleeper: Supervised) -> None:
    first = sleeper.process
    first.terminate()
    until(lambda: has_ended(first))
    sleeper.look()
    assert sleeper.deaths == 1


def test_a_process_that_is_put_down_stays_down_until_it_is_put_up(sleeper: Supervised) -> None:
    first = sleeper.process
    sleeper.put_down()
    until(lambda: has_ended(first))
    sleeper.look()
    assert sleeper.process.pid == first.pid
    sleeper.put_up()
    sleeper.look()
    assert (sleeper.process.pid != first.pid, sleeper.deaths) == (True, 0)


def test_a_process_that_is_asked_to_restart_counts_as_no_death(sleeper: Supervised) -> None:
    first = sleeper.process
    sleeper.restart()
    until(lambda: has_ended(first))
    sleeper.look()
    assert (sleeper.process.pid != first.pid, sleeper.deaths) == (True, 0)
