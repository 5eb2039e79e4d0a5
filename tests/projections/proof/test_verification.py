"""Verification finds every change of the stored log and accepts every unchanged log."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.log.mapper import LogRow
from domain.proof import checkpoint
from domain.proof.signed_note import NotSigned
from projections.proof import merkle_tree, verification
from projections.proof.verification import Damage, Verdict
from tests.projections.proof.conftest import KEYS, OTHER_KEYS, Attested, Thief, attested
from tests.projections.proof.test_signer import close_a_cycle

CHANGES = {
    "position": "position + 1000000",
    "recorded_at": "recorded_at + interval '1 microsecond'",
    "effective_at": "effective_at - interval '1 microsecond'",
    "stream": "gen_random_uuid()",
    "version": "version + 1",
    "topic": "topic || 'x'",
    "belongs_to": "case when belongs_to is null then gen_random_uuid() end",
    "metadata": "metadata || ' '::bytea",
    "data": "set_byte(data, length(data) - 2, (get_byte(data, length(data) - 2) + 1) %% 256)",
    "leaf_hash": "set_byte(leaf_hash, 31, (get_byte(leaf_hash, 31) + 1) %% 256)",
}
OTHER_CHANGES = {
    "position": ["-position", "0", "position - 1", "position + 1"],
    "recorded_at": ["recorded_at - interval '1 hour'", "recorded_at + interval '1 hour'", "'infinity'"],
    "effective_at": ["recorded_at + interval '1 microsecond'", "'-infinity'", "effective_at + interval '1 day'"],
    "version": ["version - 1", "0", "-1", "100"],
    "topic": ["''", "upper(topic)"],
    "belongs_to": ["gen_random_uuid()"],
    "metadata": ["''", "substr(metadata, 1, length(metadata) - 1)"],
    "data": ["''", "data || data", "metadata"],
    "leaf_hash": ["''", "leaf_hash || leaf_hash", "sha256(data)"],
}


@pytest.fixture(scope="module")
def world(server: str) -> Iterator[Attested]:
    """A random history, signed three times; a few events are newer than the last checkpoint."""
    with attested(server) as made:
        made.live(60, Random(7))
        made.sign()
        made.fill(90)
        made.sign()
        made.live(50, Random(8))
        made.sign()
        made.fill(8)
        made.catch_up()
        yield made


@pytest.fixture
def signed_size(world: Attested) -> int:
    last = merkle_tree.last_signed(world.conn)
    assert last is not None
    assert last.size < world.size
    return last.size


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> Random:
    return Random(request.node.name)


def found(verdict: Verdict) -> Damage:
    assert verdict.damage is not None
    return verdict.damage


def test_an_unchanged_log_verifies(world: Attested) -> None:
    verdict = world.verify()
    assert verdict.damage is None
    assert (verdict.size, verdict.checkpoints) == (world.size, 3)
    assert verdict.root == merkle_tree.Tree(world.conn, world.size).root


# ── changed rows ─────────────────────────────────────────────────────────────────────────────────


def test_every_column_is_covered() -> None:
    assert set(CHANGES) == set(LogRow._fields)


@pytest.mark.parametrize("column", CHANGES)
def test_a_changed_column_is_found_at_its_position(world: Attested, chance: Random, column: str) -> None:
    for position in (1, world.size, chance.randint(2, world.size - 1), chance.randint(2, world.size - 1)):
        with world.stolen() as thief:
            thief.unlocks()
            thief.does(f"update log set {column} = {CHANGES[column]} where position = %s", position)
            assert found(world.verify()).position in {position, position + 1}


@pytest.mark.parametrize(("column", "value"), [(name, one) for name, all in OTHER_CHANGES.items() for one in all])
def test_changes_to_edge_values_are_found(world: Attested, chance: Random, column: str, value: str) -> None:
    position = chance.randint(2, world.size - 1)
    with world.stolen() as thief:
        thief.unlocks()
        thief.does(
            f"update log set {column} = {value} where position = %s and {column} is distinct from {value}", position
        )
        changed = world.conn.execute("select count(*) from log where xmin = pg_current_xact_id()::xid").fetchone()
        assert changed == (1,)
        assert abs(found(world.verify()).position - position) <= 1 or column == "position"


@pytest.mark.parametrize("column", [name for name in LogRow._fields if name != "belongs_to"])
def test_an_emptied_column_is_found(world: Attested, chance: Random, column: str) -> None:
    position = chance.randint(1, world.size)
    with world.stolen() as thief:
        thief.unlocks()
        thief.does(f"update log set {column} = null where position = %s", position)
        assert found(world.verify()).position == position


@pytest.mark.parametrize("column", [name for name in CHANGES if name != "leaf_hash"])
def test_a_change_with_a_matching_hash_is_found_by_the_checkpoints(
    world: Attested, chance: Random, signed_size: int, column: str
) -> None:
    position = chance.randint(2, signed_size - 1)
    with world.stolen() as thief:
        thief.unlocks()
        thief.does(f"update log set {column} = {CHANGES[column]} where position = %s", position)
        thief.rehashes(position if column != "position" else position + 1_000_000)
        thief.forgets_the_tree() if column != "position" else None
        assert found(world.verify()).position <= position + 1


def test_a_rewritten_event_is_located_between_two_checkpoints(world: Attested) -> None:
    sizes = world.signed_sizes()
    with world.stolen() as thief:
        thief.does("update log set data = data || ' ' where position = %s", sizes[0] + 5)
        thief.rehashes(sizes[0] + 5)
        damage = found(world.verify())
    assert damage.position == sizes[0] + 1
    assert f"to position {sizes[1]} " in damage.what


# ── deleted, inserted and swapped rows ───────────────────────────────────────────────────────────


@pytest.mark.parametrize("which", ["first", "some", "last"])
def test_a_deleted_row_is_found(world: Attested, chance: Random, which: str) -> None:
    position = {"first": 1, "some": chance.randint(2, world.size - 1), "last": world.size}[which]
    with world.stolen() as thief:
        thief.does("delete from log where position = %s", position)
        assert found(world.verify()).position == position


def renumber(thief: Thief, after: int, by: int) -> None:
    """Shift all rows after a position and recompute their hashes."""
    thief.does("update log set position = position + %s where position > %s", by, after)
    rows = thief._conn.execute("select position from log where position > %s", [after + min(by, 0)]).fetchall()
    for (position,) in rows:
        thief.rehashes(position)


def test_a_deleted_row_is_found_after_renumbering(world: Attested, signed_size: int) -> None:
    end = world.size
    for position in (5, signed_size, end - 2):
        with world.stolen() as thief:
            thief.unlocks()
            thief.does("delete from log where position = %s", position)
            renumber(thief, position, -1)
            assert found(world.verify()).position <= end


def copied(thief: Thief, position: int, to: int, **values: str) -> None:
    """Insert a copy of a row at another position, with some columns replaced."""
    columns = [str({"position": str(to), **values}.get(name, name)) for name in LogRow._fields]
    thief.does(f"insert into log select {', '.join(columns)} from log where position = %s", position)


def test_a_duplicated_row_is_found(world: Attested, chance: Random) -> None:
    position = chance.randint(1, world.size)
    with world.stolen() as thief:
        thief.unlocks()
        copied(thief, position, position)
        damage = found(world.verify())
    assert damage == Damage(position, "the position occurs twice")


def test_an_inserted_row_with_a_matching_hash_is_found(world: Attested, signed_size: int) -> None:
    for position in (1, signed_size - 3, signed_size + 2):
        with world.stolen() as thief:
            thief.unlocks()
            renumber(thief, position, 1)
            moment = "recorded_at + interval '1 microsecond' * 0.5"
            copied(thief, position, position + 1, stream="gen_random_uuid()", version="1", recorded_at=moment)
            thief.rehashes(position + 1)
            assert found(world.verify()).position <= position + 2


def test_a_forged_last_event_without_a_command_is_found(world: Attested) -> None:
    end = world.size
    with world.stolen() as thief:
        thief.unlocks()
        later = "recorded_at + interval '1 minute'"
        copied(thief, end, end + 1, stream="gen_random_uuid()", version="1", recorded_at=later)
        thief.rehashes(end + 1)
        damage = found(world.verify())
    assert damage.position == end + 1
    assert "no command made" in damage.what


def test_deleted_and_rewritten_commands_are_found_at_their_events(world: Attested) -> None:
    commands = world.conn.execute("select first, last from command where last >= first order by first").fetchall()
    first, last = commands[len(commands) // 2]
    for change, position in (
        ("delete from command where first = %s", first),
        ("update command set last = last + 1 where first = %s", last + 1),
        ("update command set first = first + 1 where first = %s", first),
        ("delete from command where first <= %s", 1),
        ("delete from command where first >= %s", first),
        ("delete from command where first > %s - 1000000", 1),
    ):
        with world.stolen() as thief:
            thief.unlocks()
            thief.does(change, first)
            damage = found(world.verify())
        assert (damage.position, "command" in damage.what) == (position, True), change


@pytest.mark.parametrize("with_times", [False, True])
@pytest.mark.parametrize("with_hashes", [False, True])
def test_two_swapped_rows_are_found(
    world: Attested, chance: Random, signed_size: int, with_times: bool, with_hashes: bool
) -> None:
    one, other = sorted(chance.sample(range(1, signed_size + 1), 2))
    times = "recorded_at = other.recorded_at, effective_at = other.effective_at," if with_times else ""
    with world.stolen() as thief:
        thief.unlocks()
        thief.does(
            f"update log set {times} position = other.position from log other"
            " where (log.position, other.position) in ((%s, %s), (%s, %s))",
            *(one, other, other, one),
        )
        if with_hashes:
            thief.rehashes(one)
            thief.rehashes(other)
        assert found(world.verify()).position <= other


# ── truncated logs ───────────────────────────────────────────────────────────────────────────────


def cut(thief: Thief, size: int) -> None:
    """Truncate the log at a size, and remove the commands after it."""
    thief.does("delete from log where position > %s", size)
    thief.does("delete from command where last > %s", size)
    events = "(select coalesce(sum(last - first + 1), 0) from command)"
    thief.does(f"insert into command select gen_random_uuid(), '', {events} + 1, %s, now(), '' where {events} < %s",
               size, size)  # fmt: skip


def test_a_truncated_signed_tail_is_found_by_the_checkpoints(world: Attested, signed_size: int) -> None:
    for size in (0, 1, signed_size - 1):
        with world.stolen() as thief:
            cut(thief, size)
            damage = found(world.verify())
        assert damage.position == size + 1
        assert "tail is cut off" in damage.what


def test_a_truncated_unsigned_tail_is_found_by_its_commands(world: Attested) -> None:
    end = world.size
    with world.stolen() as thief:
        thief.does("delete from log where position = %s", end)
        assert "a command recorded" in found(world.verify()).what


def test_deleted_checkpoints_are_compensated_by_an_external_one(world: Attested, signed_size: int) -> None:
    note = merkle_tree.note(world.conn, signed_size)
    assert note is not None
    with world.stolen() as thief:
        thief.does("delete from checkpoint")
        cut(thief, signed_size - 1)
        assert world.verify().damage is None
        assert "tail is cut off" in found(world.verify([note])).what
    with world.stolen() as thief:
        thief.does("delete from checkpoint")
        thief.does("update log set data = data || ' ' where position = 3")
        thief.rehashes(3)
        assert world.verify().damage is None
        damage = found(world.verify([note]))
    assert damage.position == 1
    assert "a checkpoint given" in damage.what
    assert world.verify([note]).damage is None


# ── forged checkpoints ───────────────────────────────────────────────────────────────────────────


def test_a_consistently_rewritten_log_is_found_without_the_signing_key(world: Attested) -> None:
    """The whole database is rewritten consistently, including the checkpoints."""
    with world.stolen() as thief:
        thief.does("update log set data = data || ' ' where position = 3")
        thief.rehashes(3)
        thief.forgets_the_tree()
        for size in world.signed_sizes():
            forged = checkpoint.signed(size, merkle_tree.Tree(world.conn, size).root, OTHER_KEYS.signer)
            thief.does("update checkpoint set note = %s, entry = null where size = %s", forged, size)
        assert world.verify(keys=OTHER_KEYS).damage is None
        assert "not genuine" in found(world.verify()).what


@pytest.mark.parametrize(
    "statement",
    [
        "update checkpoint set size = size + 1",
        "update checkpoint set note = replace(note, E'\\n', E'\\n\\n')",
        "update checkpoint set note = (select min(note) from checkpoint)",
        "update checkpoint set note = ''",
        "insert into checkpoint (size, note) select size - 1, note from checkpoint limit 1",
        "update checkpoint set entry = replace(entry, E'\\n', E'\\n\\n')",
        "update checkpoint set entry = (select min(entry) from checkpoint)",
        "update checkpoint set entry = ''",
    ],
)
def test_a_changed_checkpoint_is_found(world: Attested, statement: str) -> None:
    with world.stolen() as thief:
        thief.does(statement)
        assert "checkpoint kept" in found(world.verify()).what


def test_a_checkpoint_of_another_log_is_refused(world: Attested) -> None:
    for wrong in ("", "no note", checkpoint.signed(1, bytes(32), OTHER_KEYS.signer)):
        with pytest.raises(NotSigned):
            world.verify([wrong])


def test_a_contradicting_external_checkpoint_is_reported(world: Attested) -> None:
    damage = found(world.verify([checkpoint.signed(5, bytes(32), KEYS.signer)]))
    assert (damage.position, "a checkpoint given at 5" in damage.what) == (1, True)
    beyond = checkpoint.signed(world.size + 1, bytes(32), KEYS.signer)
    assert found(world.verify([beyond])).position == world.size + 1


# ── beside the rows ──────────────────────────────────────────────────────────────────────────────


def test_an_event_recorded_in_the_future_is_found(server: str) -> None:
    with attested(server) as made:
        made.fill(5)
        made.sign()
        with made.stolen() as thief:
            thief.does(
                "insert into log select 6, '2031-05-01T09:30:00Z', effective_at, gen_random_uuid(), 1, topic, null,"
                " metadata, data, leaf_hash from log where position = 4"
            )
            thief.rehashes(6)
            thief.does(
                "insert into command select gen_random_uuid(), digest, 6, 6, '2031-05-01T09:30:00Z', result"
                " from command where first <= 4 and last >= 4"
            )
            verdict = made.verify()
        assert verdict.damage is None
        assert "event at position 6 was recorded in the future, on 2031-05-01, 09:30 UTC" in verdict.findings[0]


def test_a_closing_without_a_checkpoint_is_found(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with attested(server) as made:
        closing = close_a_cycle(made, "2024-q1")
        made.fill(3)
        made.sign()
        assert made.verify().is_sound, "a running signer may still be about to sign it"
        monkeypatch.setattr(verification, "SIGNING_TIME", timedelta(0))
        verdict = made.verify()
        assert verdict.unsigned_closings == (closing,)
        assert f"closing of a cycle at position {closing} has no checkpoint" in verdict.findings[0]
        made.sign(closing)
        assert made.verify().is_sound


def test_a_log_that_no_projector_could_sign_has_unsigned_closings_and_no_finding(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "SIGNING_TIME", timedelta(0))
    with attested(server) as made:
        closing = close_a_cycle(made, "2024-q1")
        assert verification.verify(made.conn, KEYS.verifiers).unsigned_closings == (), "not projected yet"
        made.catch_up()
        verdict = verification.verify(made.conn, ())
        assert (verdict.is_sound, verdict.unsigned_closings) == (True, (closing,))


# ── no false alarms ──────────────────────────────────────────────────────────────────────────────


@settings(max_examples=5, print_blob=True)
@given(chance=st.randoms(use_true_random=True))
def test_every_unchanged_history_verifies(server: str, chance: Random) -> None:
    with attested(server) as made:
        assert made.verify().is_sound
        made.sign()
        for _ in range(2):
            made.live(25, chance)
            if chance.random() < 0.7:
                made.sign()
            made.catch_up()
            assert made.verify().is_sound


def test_a_log_that_grows_during_verification_verifies(server: str) -> None:
    with attested(server) as made:
        over = threading.Event()

        def write() -> None:
            while not over.is_set():
                made.fill(3)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            sizes: list[int] = []
            while len(sizes) < 5:
                made.sign()
                verdict = made.verify()
                assert verdict.damage is None
                sizes.append(verdict.size)
        finally:
            over.set()
            writer.join()
        assert sizes[0] < sizes[-1]


def test_verification_reports_progress(world: Attested, monkeypatch: Any) -> None:
    progress_calls: list[tuple[int, int]] = []
    monkeypatch.setattr(verification, "PROGRESS_EVENTS", 50)
    verification.verify(world.conn, KEYS.verifiers, (), lambda *progress: progress_calls.append(progress))
    assert progress_calls[-1] == (world.size, world.size)
    assert len(progress_calls) > 4
    assert [position for position, _ in progress_calls] == sorted(position for position, _ in progress_calls)
