"""Projections that contain events which the log does not have: found in every place, and mended by a rebuild."""

import psycopg
import pytest

from projections.engine import health
from projections.engine import rebuild as generations
from projections.engine.projector import Condition, Projector
from projections.proof.continuity import Diverged, divergence
from projections.proof.verification import verify
from tests.damage import cut_log, rewrite_event, unguarded
from tests.projections.engine.test_projector import SECONDS, kpi, running, until
from tests.world import World


def grow(world: World, count: int, prefix: str) -> None:
    for number in range(count):
        world.write(kpi(f"{prefix}-{number}"))


def rebuild(world: World) -> int:
    return generations.rebuild(world.log, world.database.connect, workspace=world.workspace)


@pytest.fixture
def cut(world: World) -> World:
    """A workspace whose log lost its last three events, after the projections had applied them."""
    grow(world, 10, "kept")
    world.catch_up()
    cut_log(world.database, 7)
    return world


def test_projections_that_follow_the_log_are_not_diverged(world: World) -> None:
    assert divergence(world.conn) is None
    grow(world, 3, "one")
    assert divergence(world.conn) is None
    world.catch_up()
    assert divergence(world.conn) is None


def test_projections_ahead_of_the_log_are_reported(cut: World) -> None:
    found = divergence(cut.conn)
    assert "at position 10, ahead of the log, which ends at 7" in str(found)
    assert "keyframe rebuild" in str(found)
    state = health.state(cut.conn, cut.workspace)
    assert state is not None
    assert (state.head - state.position, state.divergence) == (-3, str(found))
    checkup = health.examine(cut.conn, cut.log, cut.workspace)
    assert checkup is not None
    assert str(checkup.divergence) == str(found)


def test_verify_reports_projections_ahead_of_the_log(cut: World) -> None:
    verdict = verify(cut.conn, ())
    assert verdict.damage is None
    assert not verdict.is_sound
    assert "ahead of the log" in verdict.findings[0]


@pytest.mark.parametrize("again", [1, 3, 9])
def test_a_log_that_grew_again_with_other_events_is_reported(cut: World, again: int) -> None:
    grow(cut, again, "other")
    assert divergence(cut.conn) is not None
    if again >= 3:
        assert "another event at position 10" in str(divergence(cut.conn))
    assert not verify(cut.conn, ()).is_sound
    with pytest.raises(Diverged):
        cut.new_projector().catch_up()
    assert rebuild(cut) == 7 + again
    assert divergence(cut.conn) is None
    assert verify(cut.conn, ()).is_sound


def test_a_rebuild_ends_at_the_end_of_a_log_that_was_cut(cut: World) -> None:
    assert rebuild(cut) == 7
    grow(cut, 2, "other")
    assert cut.new_projector().catch_up() == 9


def test_a_rebuild_of_an_emptied_log_ends_at_zero(world: World) -> None:
    grow(world, 3, "kept")
    world.catch_up()
    cut_log(world.database, 0)
    assert rebuild(world) == 0
    assert divergence(world.conn) is None


def test_a_rewritten_last_event_is_reported_and_nothing_is_applied_after_it(world: World) -> None:
    grow(world, 5, "kept")
    world.catch_up()
    rewrite_event(world.database, 5)
    grow(world, 2, "new")
    with pytest.raises(Diverged, match="another event at position 5"):
        world.new_projector().catch_up()
    assert world.conn.execute("select position from view_position").fetchone() == (5,)


def test_a_leading_projector_notices_that_the_log_was_cut(world: World) -> None:
    grow(world, 10, "kept")
    projector = world.new_projector()
    with running(projector):
        assert projector.wait(10, SECONDS)
        cut_log(world.database, 7)
        until(projector, Condition.DIVERGED)
        assert "ahead of the log" in (projector.status.cause or "")
        assert not projector.wait(11, SECONDS)
        assert rebuild(world) == 7
        until(projector, Condition.LEADING)
        grow(world, 2, "other")
        assert projector.wait(9, SECONDS)
        assert divergence(world.conn) is None


def test_a_following_projector_notices_that_the_log_was_cut(cut: World) -> None:
    follower = Projector(cut.log, cut.database.connect, 100, cut.workspace, may_lead=False)
    with running(follower):
        until(follower, Condition.DIVERGED)


def test_projections_without_a_known_hash_are_compared_by_position(cut: World) -> None:
    with unguarded(cut.database) as conn:
        conn.execute("update view_position set leaf_hash = null")
    assert divergence(cut.conn) is not None
    grow(cut, 3, "other")
    assert divergence(cut.conn) is None


def test_missing_projections_are_not_diverged(world: World) -> None:
    grow(world, 2, "one")
    with psycopg.connect(world.database.dsn, autocommit=True) as conn:
        conn.execute(f"set search_path to {world.workspace}")
        assert divergence(conn) is None
