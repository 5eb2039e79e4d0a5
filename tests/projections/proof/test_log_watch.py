"""The running projector notices a rewritten log, reports it until it is mended, and logs it once."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from projections.engine import health
from projections.engine.projector import Condition, Projector
from projections.proof import log_watch
from projections.proof.log_watch import REPEAT_SECONDS, STEP_SECONDS, LogWatch, altered
from projections.proof.signer import CheckpointSigner
from tests.damage import rewrite_event, unguarded
from tests.projections.engine.test_projector import running
from tests.projections.proof.conftest import KEYS, Attested
from tests.projections.proof.test_signer import Clock
from tests.waiting import until


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watch(clock: Clock) -> LogWatch:
    return LogWatch(CheckpointSigner(KEYS, events_max=100, interval_s=60, clock=clock), clock)


def rounds(world: Attested, watch: LogWatch, clock: Clock, count: int = 1) -> list[str | None]:
    """The faults of so many rounds, each with a step."""
    found = []
    for _ in range(count):
        clock.now += STEP_SECONDS
        found.append(watch.keep(world.conn, world.catch_up()))
    return found


def test_an_unchanged_log_has_no_fault(world: Attested, watch: LogWatch, clock: Clock) -> None:
    for count in (0, 3, 300, 512, 40):
        world.fill(count)
        assert rounds(world, watch, clock, 4) == [None] * 4


def test_a_log_without_a_key_is_watched(world: Attested, clock: Clock) -> None:
    watch = LogWatch(None, clock)
    world.fill(300)
    assert rounds(world, watch, clock) == [None]
    rewrite_event(world.database, 7)
    assert "positions 1 to 256 was rewritten" in str(rounds(world, watch, clock)[0])


def test_a_rewritten_newest_event_is_noticed(world: Attested, watch: LogWatch, clock: Clock) -> None:
    world.fill(20)
    rounds(world, watch, clock)
    rewrite_event(world.database, 19)
    (fault,) = rounds(world, watch, clock)
    assert "differs from the log that was signed at position 20" in str(fault)


@pytest.mark.parametrize("position", [1, 256, 257, 700, 768])
def test_a_rewritten_old_event_is_noticed_within_a_round_of_all(
    world: Attested, watch: LogWatch, clock: Clock, position: int
) -> None:
    world.fill(800)
    rounds(world, watch, clock, 2)
    rewrite_event(world.database, position)
    found = rounds(world, watch, clock, 4)
    assert any("was rewritten" in str(fault) for fault in found)


def test_an_event_changed_without_its_hash_is_noticed(world: Attested, watch: LogWatch, clock: Clock) -> None:
    world.fill(300)
    rounds(world, watch, clock)
    with unguarded(world.database) as conn:
        conn.execute("update log set data = data || ' ' where position = 9")
    assert "event at position 9 was changed" in str(rounds(world, watch, clock)[0])


@pytest.mark.parametrize(("count", "position"), [(20, 5), (20, 20), (300, 257), (1_100, 1_090)])
def test_a_newest_event_changed_without_its_hash_is_noticed_at_the_next_step(
    world: Attested, watch: LogWatch, clock: Clock, count: int, position: int
) -> None:
    world.fill(count)
    rounds(world, watch, clock)
    with unguarded(world.database) as conn:
        conn.execute("update log set recorded_at = recorded_at + interval '1 second' where position = %s", [position])
    assert f"event at position {position} was changed" in str(rounds(world, watch, clock)[0])
    assert f"event at position {position} was changed" in str(altered(world.conn, world.catch_up(), 1))


def test_a_fault_stays_until_it_is_mended(world: Attested, watch: LogWatch, clock: Clock) -> None:
    world.fill(800)
    rounds(world, watch, clock)
    row = world.conn.execute("select data, leaf_hash from log where position = 5").fetchone()
    rewrite_event(world.database, 5)
    found = [fault for fault in rounds(world, watch, clock, 8) if fault is not None]
    assert found[-1] == found[0]
    assert rounds(world, watch, clock)[0] is not None
    with unguarded(world.database) as conn:
        conn.execute("update log set data = %s, leaf_hash = %s where position = 5", row)
    assert rounds(world, watch, clock) == [None]


def test_a_fault_is_logged_once_and_repeated_seldom(world: Attested, watch: LogWatch, clock: Clock) -> None:
    world.fill(20)
    rounds(world, watch, clock)
    rewrite_event(world.database, 19)
    with capture_logs() as logs:
        rounds(world, watch, clock, 5)
        assert [(one["log_level"], one["event"]) for one in logs] == [
            ("critical", "the log contradicts what was signed")
        ]
        assert "position 20" in logs[0]["cause"]
        clock.now += REPEAT_SECONDS
        rounds(world, watch, clock)
        assert len(logs) == 2


def test_a_cut_log_is_noticed(world: Attested, watch: LogWatch, clock: Clock) -> None:
    world.fill(20)
    rounds(world, watch, clock)
    with unguarded(world.database) as conn:
        conn.execute("delete from log where position > 15")
        conn.execute("update view_position set position = 15")
    assert "ends at position 15, but was signed up to 20" in str(log_watch.contradiction(world.conn, 15))


def test_projections_behind_the_newest_checkpoint_are_no_fault(world: Attested) -> None:
    world.fill(20)
    world.sign()
    assert log_watch.contradiction(world.conn, 12) is None


def test_the_state_of_the_projections_tells_a_contradiction(world: Attested) -> None:
    world.fill(20)
    world.sign()
    workspace = world.database.settings.workspace

    def contradiction() -> Any:
        state = health.state(world.conn, workspace)
        assert state is not None
        return state.contradiction

    assert contradiction() is None
    rewrite_event(world.database, 3)
    assert "signed at position 20" in contradiction()


def test_a_projector_publishes_the_alarm(world: Attested) -> None:
    alarms: list[str | None] = ["first", "first", None]
    keep = lambda _conn, _position: alarms.pop(0) if alarms else "last"  # noqa: E731
    projector = Projector(world.log, world.database.connect, 10, world.database.settings.workspace, keep=keep)
    with running(projector):
        until(lambda: projector.status.alarm == "last")
        assert projector.status.condition is Condition.LEADING
