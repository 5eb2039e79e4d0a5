"""When checkpoints are due, and refusing to sign a log that contradicts earlier checkpoints."""

import threading
from datetime import date
from queue import Queue

import psycopg
import pytest

from api.runtime.session import Role
from domain.commands import permissions
from domain.commands.command import CycleBy
from domain.commands.cycle_commands import ActivateCycle, CloseCycle, OpenCycle
from domain.commands.permissions import Author
from domain.primitives.values import Source
from domain.proof import checkpoint, merkle
from domain.proof.signed_note import Signer
from projections.engine import rebuild
from projections.engine.projector import Projector
from projections.proof import merkle_tree, signer
from projections.proof.merkle_tree import Tree
from projections.proof.signer import CheckpointSigner, Keys, Rewritten
from tests.damage import cut_log
from tests.projections.proof.conftest import KEYS, OTHER_KEYS, Attested

ADA = Author("machine:ada", Source.API, frozenset(permissions.Role))


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keeper(clock: Clock) -> CheckpointSigner:
    return CheckpointSigner(KEYS, events_max=100, interval_s=60, clock=clock)


def sizes(world: Attested) -> list[int]:
    return world.signed_sizes()


def close_a_cycle(world: Attested, key: str) -> int:
    opened = OpenCycle(key=key, name=key, starts_on=date(2026, 1, 1), ends_on=date(2026, 3, 31))
    world.keyframe.execute(opened, ADA)
    world.keyframe.execute(ActivateCycle(cycle=CycleBy(key=key)), ADA)
    closed = world.keyframe.execute(CloseCycle(cycle=CycleBy(key=key)), ADA)
    assert closed.first is not None
    return closed.first


def test_a_checkpoint_signs_the_root_of_the_log(world: Attested) -> None:
    world.fill(300)
    signed = checkpoint.verified(world.sign(), KEYS.verifiers)
    assert (signed.origin, signed.size, signed.root) == ("keyframe/test", 300, Tree(world.conn, 300).root)
    empty = checkpoint.verified(signer.signed(world.conn, 0, KEYS), KEYS.verifiers)
    assert (empty.size, empty.root) == (0, merkle.EMPTY)


def test_a_stored_checkpoint_is_not_replaced(world: Attested) -> None:
    world.fill(3)
    note = world.sign()
    assert signer.keep(world.conn, 3, KEYS) == note
    assert merkle_tree.note(world.conn, 3) == note
    assert signer.signed(world.conn, 3, KEYS) == note
    assert merkle_tree.note(world.conn, 2) is None


@pytest.mark.parametrize("role", ["app", "owner"])
@pytest.mark.parametrize(
    "statement", ["update checkpoint set size = 7", "delete from checkpoint", "truncate checkpoint"]
)
def test_stored_checkpoints_cannot_be_rewritten(world: Attested, role: Role, statement: str) -> None:
    world.fill(3)
    world.sign()
    refusal = r"append-only|permission denied|signed record"
    with world.database.connect(role) as conn, pytest.raises(psycopg.Error, match=refusal):
        conn.execute(statement.encode())


def test_the_application_role_reads_checkpoints_and_stores_none(world: Attested) -> None:
    world.fill(3)
    note = world.sign()
    with world.database.connect("app") as conn:
        assert merkle_tree.note(conn, 3) == note
        assert signer.signed(conn, 2, KEYS)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            signer.keep(conn, 2, KEYS)


# ── due checkpoints ──────────────────────────────────────────────────────────────────────────────


def test_a_checkpoint_is_due_after_events_max_events(world: Attested, keeper: CheckpointSigner) -> None:
    for count in (1, 98, 1, 99, 1, 1, 250):
        world.fill(count)
        keeper.keep(world.conn, world.catch_up())
    assert sizes(world) == [1, 199, 451]


def test_a_checkpoint_is_due_after_the_interval_if_there_are_new_events(
    world: Attested, keeper: CheckpointSigner, clock: Clock
) -> None:
    world.fill(2)
    keeper.keep(world.conn, world.catch_up())
    world.fill(3)
    clock.now += 59.9
    keeper.keep(world.conn, world.catch_up())
    assert sizes(world) == [2]
    clock.now += 0.2
    keeper.keep(world.conn, 5)
    assert sizes(world) == [2, 5]
    clock.now += 1000
    keeper.keep(world.conn, 5)
    assert sizes(world) == [2, 5]


def test_an_empty_log_is_not_signed(world: Attested, keeper: CheckpointSigner) -> None:
    keeper.keep(world.conn, world.catch_up())
    assert sizes(world) == []


def test_a_checkpoint_is_signed_at_the_closing_of_every_cycle(world: Attested, keeper: CheckpointSigner) -> None:
    world.fill(1)
    keeper.keep(world.conn, world.catch_up())
    first = close_a_cycle(world, "2026-q1")
    world.fill(5)
    second = close_a_cycle(world, "2026-q2")
    world.fill(5)
    keeper.keep(world.conn, world.catch_up())
    assert sizes(world) == [1, first, second]


def test_missed_cycle_closings_are_signed_later(world: Attested, keeper: CheckpointSigner) -> None:
    closing = close_a_cycle(world, "2026-q1")
    world.fill(20)
    world.sign()
    keeper.keep(world.conn, world.catch_up())
    assert sizes(world) == [closing, closing + 20]
    assert world.verify().damage is None


def test_a_new_signer_continues_after_the_last_checkpoint(
    world: Attested, keeper: CheckpointSigner, clock: Clock
) -> None:
    world.fill(10)
    keeper.keep(world.conn, world.catch_up())
    another = CheckpointSigner(KEYS, events_max=100, interval_s=60, clock=clock)
    world.fill(99)
    another.keep(world.conn, world.catch_up())
    assert sizes(world) == [10]
    world.fill(1)
    another.keep(world.conn, world.catch_up())
    assert sizes(world) == [10, 110]


def test_a_log_that_was_cut_with_its_checkpoints_is_signed_again_after_a_rebuild(
    world: Attested, keeper: CheckpointSigner
) -> None:
    close_a_cycle(world, "2026-q1")
    world.fill(120)
    keeper.keep(world.conn, world.catch_up())
    cut_log(world.database, 0)
    closing = close_a_cycle(world, "2026-q2")
    world.fill(20)
    rebuild.rebuild(world.log, world.database.connect, workspace=world.database.settings.workspace)
    assert keeper.keep(world.conn, world.catch_up()) is None
    assert sizes(world) == [closing]
    assert world.verify().is_sound


def test_a_rebuild_signs_nothing_again(world: Attested, keeper: CheckpointSigner) -> None:
    world.fill(120)
    keeper.keep(world.conn, world.catch_up())
    rebuild.rebuild(world.log, world.database.connect, workspace=world.database.settings.workspace)
    keeper.keep(world.conn, 50)
    assert sizes(world) == [120]


def test_only_the_leading_projector_signs_checkpoints(world: Attested) -> None:
    world.fill(5)
    kept: Queue[tuple[str, int]] = Queue()
    stop = threading.Event()

    def projector(name: str, *, may_lead: bool) -> Projector:
        record = lambda _, position: kept.put((name, position))  # noqa: E731
        workspace = world.database.settings.workspace
        return Projector(world.log, world.database.connect, 2, workspace, may_lead=may_lead, keep=record)

    running = [projector("follower", may_lead=False), projector("leader", may_lead=True)]
    threads = [threading.Thread(target=one.run, args=(stop,)) for one in running]
    for thread in threads:
        thread.start()
    try:
        first = [kept.get(timeout=30) for _ in range(4)]
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert first == [("leader", 2), ("leader", 4), ("leader", 5), ("leader", 5)]


# ── rewritten logs ───────────────────────────────────────────────────────────────────────────────


def rewrite(world: Attested, position: int) -> None:
    """Permanently rewrite an event and everything derived from it."""
    with world.stolen() as thief:
        thief.does("update log set data = data || ' ' where position = %s", position)
        thief.rehashes(position)
        thief.forgets_the_tree()
        thief.keeps_it()


def test_a_rewritten_log_is_not_signed(world: Attested, keeper: CheckpointSigner) -> None:
    world.fill(300)
    keeper.keep(world.conn, world.catch_up())
    rewrite(world, 7)
    world.fill(300)
    position = world.catch_up()
    with pytest.raises(Rewritten, match="signed at position 300"):
        signer.signed(world.conn, position, KEYS)
    with pytest.raises(Rewritten, match="signed at position 300"):
        signer.signed(world.conn, 200, KEYS)
    keeper.keep(world.conn, position)
    keeper.keep(world.conn, position)
    assert sizes(world) == [300]
    assert world.catch_up() == position


def test_a_truncated_log_is_not_signed(world: Attested) -> None:
    world.fill(300)
    world.sign()
    with world.stolen() as thief:
        thief.does("delete from log where position > 280")
        thief.does("update view_position set position = 280")
        with pytest.raises(Rewritten, match="ends at position 280"):
            signer.signed(world.conn, 280, KEYS)


def test_a_log_with_a_checkpoint_of_another_key_is_not_signed(world: Attested) -> None:
    world.fill(3)
    signer.keep(world.conn, world.catch_up(), OTHER_KEYS)
    world.fill(3)
    with pytest.raises(Rewritten, match="not genuine"):
        signer.signed(world.conn, world.catch_up(), KEYS)


def test_a_new_key_continues_after_checkpoints_of_the_old_one(world: Attested) -> None:
    world.fill(3)
    world.sign()
    world.fill(3)
    renewed = Keys(Signer.new(KEYS.signer.name), KEYS.verifiers)
    signer.keep(world.conn, world.catch_up(), renewed)
    assert world.verify(keys=renewed).damage is None
    assert world.verify(keys=renewed).checkpoints == 2
    assert world.verify().damage is not None
