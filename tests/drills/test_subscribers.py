"""What subscribers received is compared with the log, change by change."""

from datetime import UTC, datetime, timedelta

from deploy.drills.subscribers import Change, Received, compared

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
LOG = {position: BEGAN + timedelta(seconds=position) for position in (5, 6, 7)}
ALL = [Change(position, at) for position, at in LOG.items()]


def test_every_change_once_and_in_order_is_sound() -> None:
    received = compared(ALL, LOG)
    assert received == Received(changes=3)
    assert received.is_sound


def test_a_change_that_did_not_arrive_is_missed() -> None:
    assert compared([ALL[0], ALL[2]], LOG) == Received(changes=2, missed=1)


def test_a_change_that_arrived_again_is_repeated_and_out_of_order() -> None:
    assert compared([*ALL[:2], ALL[0], ALL[2]], LOG) == Received(changes=4, repeated=1, disordered=1)


def test_a_change_that_the_log_does_not_have_is_false() -> None:
    assert compared([*ALL, Change(8, BEGAN)], LOG) == Received(changes=4, false=1)


def test_another_change_at_the_position_of_the_log_is_false() -> None:
    received = compared([ALL[0], Change(6, BEGAN), ALL[2]], LOG)
    assert received == Received(changes=3, false=1)
    assert not received.is_sound


def test_what_several_subscribers_received_is_added() -> None:
    assert Received(3, 1, 0, 2, 0).plus(Received(4, 0, 1, 0, 5)) == Received(7, 1, 1, 2, 5)
