"""Thinning keeps the last checkpoint of each day and those of closings, and signs the numbers of the others."""

from typing import Any

import pytest

from domain.proof import register
from projections.proof import checkpoint_register, thinning
from projections.proof.signer import THIN_SECONDS, CheckpointSigner
from projections.proof.thinning import Thinning
from tests.damage import unguarded
from tests.projections.proof.conftest import KEYS, Attested
from tests.projections.proof.test_signer import Clock, close_a_cycle


def sign_daily(world: Attested, days: int, count: int) -> None:
    """So many checkpoints on each of the days before today, the last of them yesterday."""
    for _ in range(days * count):
        world.fill(1)
        world.sign()
    with unguarded(world.database) as conn:
        conn.execute(
            "update checkpoint set signed_at = date_trunc('day', clock_timestamp(), 'UTC')"
            " - make_interval(days => %(days)s - ((number - 1) / %(count)s)::int)"
            " + make_interval(hours => ((number - 1) %% %(count)s)::int)",
            {"days": days, "count": count},
        )


def numbers(world: Attested) -> list[int]:
    return sorted(one.number for one in checkpoint_register.stored(world.conn))


def removals(world: Attested) -> list[tuple[Any, ...]]:
    return world.conn.execute("select first, last from checkpoint_removal order by first").fetchall()


def thin(world: Attested, days: int) -> None:
    steps = Thinning(KEYS.signer, days)
    while steps.step(world.conn, world.catch_up()):
        pass


def test_the_last_checkpoint_of_each_day_stays(world: Attested) -> None:
    sign_daily(world, 4, 5)
    thin(world, 1)
    assert numbers(world) == [5, 10, 15, *range(16, 21)]
    assert removals(world) == [(1, 4), (6, 9), (11, 14)]
    assert world.verify().is_sound


def test_checkpoints_of_the_newest_days_stay(world: Attested) -> None:
    sign_daily(world, 4, 3)
    thin(world, 4)
    assert numbers(world) == list(range(1, 13))
    assert removals(world) == []


def test_checkpoints_of_closings_stay(world: Attested) -> None:
    world.fill(1)
    world.sign()
    closing = close_a_cycle(world, "2026-q1")
    world.catch_up()
    world.sign(closing)
    world.fill(1)
    world.sign()
    world.fill(1)
    world.sign()
    with unguarded(world.database) as conn:
        conn.execute("update checkpoint set signed_at = '2026-01-05T10:00:00Z'::timestamptz + number * interval '1 s'")
    thin(world, 1)
    assert numbers(world) == [2, 4]
    assert closing in world.signed_sizes()
    assert world.verify().is_sound


def test_the_numbers_of_thinned_checkpoints_are_signed(world: Attested) -> None:
    sign_daily(world, 2, 4)
    thin(world, 1)
    ((note,),) = world.conn.execute("select note from checkpoint_removal").fetchall()
    removal = register.removal(note, KEYS.verifiers)
    assert (removal.origin, removal.first, removal.last) == ("keyframe/test", 1, 3)


def test_thinning_goes_on_page_by_page(world: Attested, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_daily(world, 4, 5)
    monkeypatch.setattr(thinning, "PAGE", 3)
    thin(world, 1)
    assert numbers(world) == [5, 10, 15, *range(16, 21)]
    assert world.verify().is_sound
    thin(world, 1)
    assert numbers(world) == [5, 10, 15, *range(16, 21)]


def test_closings_that_the_projections_do_not_know_yet_are_not_thinned(world: Attested) -> None:
    sign_daily(world, 2, 4)
    assert not Thinning(KEYS.signer, 1).step(world.conn, 0)
    assert numbers(world) == list(range(1, 9))


def test_thinning_is_off_by_default(world: Attested) -> None:
    sign_daily(world, 3, 4)
    CheckpointSigner(KEYS, events_max=100, interval_s=60).keep(world.conn, world.catch_up())
    assert numbers(world) == list(range(1, 13))


def test_a_signer_with_the_setting_thins_every_hour(world: Attested) -> None:
    sign_daily(world, 3, 4)
    clock = Clock()
    keeper = CheckpointSigner(KEYS, 100, 60, thin_after_days=1, clock=clock)
    assert keeper.keep(world.conn, world.catch_up()) is None
    assert numbers(world) == [4, 8, *range(9, 13)]
    with unguarded(world.database) as conn:
        conn.execute("update checkpoint set signed_at = signed_at - interval '1 day'")
    keeper.keep(world.conn, world.size)
    assert 9 in numbers(world)
    clock.now += THIN_SECONDS
    keeper.keep(world.conn, world.size)
    assert numbers(world) == [4, 8, 12]
    assert world.verify().is_sound
