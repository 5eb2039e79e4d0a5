"""Checkpoints are numbered without gaps; a missing one, a changed one and changed commands are found."""

import threading
from collections.abc import Iterator

import psycopg
import pytest

from domain.log.raw import commands
from domain.proof import register
from domain.proof.register import Removal
from domain.proof.signed_note import Signer
from projections.proof import checkpoint_register, signer
from projections.proof.checkpoint_register import Stored
from projections.proof.signer import Keys
from tests.projections.proof.conftest import KEYS, OTHER_KEYS, Attested, attested, forged


@pytest.fixture
def signed(server: str) -> Iterator[Attested]:
    """A log of 60 events with six checkpoints, and ten more events."""
    with attested(server) as made:
        for _ in range(6):
            made.fill(10)
            made.sign()
        made.fill(10)
        made.catch_up()
        yield made


def all_stored(world: Attested) -> list[Stored]:
    return list(checkpoint_register.stored(world.conn))


def only_finding(world: Attested) -> str:
    verdict = world.verify()
    assert verdict.damage is None
    (finding,) = verdict.findings
    return finding


def damaged(world: Attested) -> str:
    damage = world.verify().damage
    assert damage is not None
    return damage.what


# ── numbers ──────────────────────────────────────────────────────────────────────────────────────


def test_checkpoints_are_numbered_in_the_order_of_signing(signed: Attested) -> None:
    signed.sign(25)
    assert [(one.size, one.number) for one in all_stored(signed)] == [
        (10, 1), (20, 2), (25, 7), (30, 3), (40, 4), (50, 5), (60, 6),
    ]  # fmt: skip
    assert signed.verify().is_sound


def test_the_number_of_a_checkpoint_is_signed_with_its_size_and_root(signed: Attested) -> None:
    for stored in all_stored(signed):
        assert stored.entry is not None
        entry = register.entry(stored.entry, KEYS.verifiers)
        assert (entry.number, entry.size) == (stored.number, stored.size)


def test_checkpoints_stored_at_once_are_numbered_without_gaps(world: Attested) -> None:
    world.fill(40)
    world.catch_up()

    def sign(sizes: range) -> None:
        with world.database.connect() as conn:
            for size in sizes:
                signer.keep(conn, size, KEYS)

    threads = [threading.Thread(target=sign, args=(range(start, 41, 2),)) for start in (1, 2, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.number for one in all_stored(world)) == list(range(1, 41))
    assert world.verify().is_sound


@pytest.mark.parametrize("number", [1, 3, 5])
def test_a_removed_checkpoint_is_found(signed: Attested, number: int) -> None:
    with signed.stolen() as thief:
        thief.does("delete from checkpoint where number = %s", number)
        assert only_finding(signed) == (
            f"Checkpoints were removed without a signed record: number {number} is missing."
        )


def test_a_removed_checkpoint_whose_successors_were_renumbered_is_found(signed: Attested) -> None:
    with signed.stolen() as thief:
        thief.does("delete from checkpoint where number = 3")
        thief.does("update checkpoint set number = number - 1 where number = 4")
        assert "was signed as number 4" in damaged(signed)


def test_a_checkpoint_in_place_of_a_removed_one_is_found(signed: Attested) -> None:
    note = signer.signed(signed.conn, 21, KEYS)
    with signed.stolen() as thief:
        thief.does("delete from checkpoint where number = 3")
        thief.does("insert into checkpoint (size, note, number) values (21, %s, 3)", note)
        assert "number 3 has no entry in the register" in only_finding(signed)


def test_an_entry_of_another_checkpoint_is_found(signed: Attested) -> None:
    with signed.stolen() as thief:
        thief.does("update checkpoint set entry = (select entry from checkpoint where number = 2) where number = 3")
        assert "entry in the register is of another checkpoint" in damaged(signed)


def test_checkpoints_of_earlier_versions_are_numbered_and_go_on(world: Attested) -> None:
    world.fill(30)
    world.catch_up()
    for size in (10, 20):
        forged(world.conn, size, signer.signed(world.conn, size, KEYS))
    world.sign()
    assert [(one.number, one.entry is None) for one in all_stored(world)] == [(1, True), (2, True), (3, False)]
    assert world.verify().is_sound
    with world.stolen() as thief:
        thief.does("delete from checkpoint where number = 1")
        thief.does("update checkpoint set number = 1 where number = 2")
        assert "number 2 is missing" in only_finding(world)


# ── records of removed checkpoints ───────────────────────────────────────────────────────────────


def remove(world: Attested, first: int, last: int, keys: Keys = KEYS) -> None:
    with world.conn.transaction():
        checkpoint_register.lock(world.conn)
        checkpoint_register.remove(world.conn, Removal(keys.signer.name, first, last), keys.signer)


def test_recorded_removals_are_no_damage(signed: Attested) -> None:
    remove(signed, 1, 2)
    remove(signed, 4, 4)
    remove(signed, 5, 5)
    assert [one.number for one in all_stored(signed)] == [3, 6]
    verdict = signed.verify()
    assert (verdict.is_sound, verdict.checkpoints) == (True, 2)
    signed.sign()
    assert all_stored(signed)[-1].number == 7


def test_a_removal_beside_a_recorded_one_is_found(signed: Attested) -> None:
    remove(signed, 2, 3)
    with signed.stolen() as thief:
        thief.does("delete from checkpoint where number in (1, 4, 5)")
        assert signed.verify().findings == (
            "Checkpoints were removed without a signed record: number 1 is missing.",
            "Checkpoints were removed without a signed record: numbers 4 to 5 are missing.",
        )


def test_a_removed_record_is_found(signed: Attested) -> None:
    remove(signed, 2, 3)
    with signed.stolen() as thief:
        thief.does("delete from checkpoint_removal")
        assert "numbers 2 to 3 are missing" in only_finding(signed)


def test_a_forged_record_is_found(signed: Attested) -> None:
    remove(signed, 2, 3, OTHER_KEYS)
    findings = signed.verify().findings
    assert "record of the removed checkpoints 2 to 3 is not genuine" in findings[0]
    assert "numbers 2 to 3 are missing" in findings[1]


def test_a_widened_record_is_found(signed: Attested) -> None:
    remove(signed, 2, 2)
    with signed.stolen() as thief:
        thief.does("update checkpoint_removal set last = 3")
        thief.does("delete from checkpoint where number = 3")
        findings = signed.verify().findings
    assert "is one of 2 to 2" in findings[0]
    assert "number 3 is missing" in findings[1]


def test_checkpoints_are_removed_only_with_a_record(signed: Attested) -> None:
    with pytest.raises(psycopg.errors.RestrictViolation, match="checkpoint 2 is removed only with"):
        signed.conn.execute("delete from checkpoint where number = 2")
    for statement in ("update checkpoint_removal set last = 9", "delete from checkpoint_removal"):
        with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
            signed.conn.execute(statement)
    assert len(all_stored(signed)) == 6


# ── commands ─────────────────────────────────────────────────────────────────────────────────────

CHANGES = {
    "the digest of an input": "digest = digest || 'x'",
    "an answer": "result = result || ' '",
    "a time": "recorded_at = recorded_at + interval '1 second'",
    "an id": "id = gen_random_uuid()",
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_changed_command_is_found_between_two_checkpoints(signed: Attested, what: str) -> None:
    with signed.stolen() as thief:
        thief.does(f"update command set {CHANGES[what]} where first = 31")
        damage = signed.verify().damage
    assert damage is not None
    assert (damage.position, "to position 40 " in damage.what) == (31, True)


def test_a_command_after_the_last_checkpoint_is_covered_by_the_next(signed: Attested) -> None:
    with signed.stolen() as thief:
        thief.does("update command set digest = 'x' where first = 61")
        assert signed.verify().is_sound
    signed.sign()
    with signed.stolen() as thief:
        thief.does("update command set digest = 'x' where first = 61")
        assert not signed.verify().is_sound


def test_a_duplicated_event_of_a_covered_command_is_found(signed: Attested) -> None:
    """The last event of a command is repeated as a new one, with a matching hash, and the command is widened."""
    signed.sign()
    with signed.stolen() as thief:
        thief.unlocks()
        thief.does(
            "insert into log select position + 1, recorded_at + interval '1 s', effective_at, stream, version + 1,"
            " topic, null, metadata, data, leaf_hash from log where position = 70"
        )
        thief.rehashes(71)
        thief.does("update command set last = 71 where last = 70")
        assert "commands that recorded the events" in damaged(signed)


def test_the_digest_of_commands_continues_from_the_newest_entry(signed: Attested) -> None:
    with signed.conn.transaction():
        whole = register.NO_COMMANDS
        for command in commands(signed.conn, 0, 45):
            whole = register.with_command(whole, command)
        assert checkpoint_register.commands_upto(signed.conn, 45, KEYS.verifiers) == whole


def test_a_log_with_a_forged_entry_is_not_signed(signed: Attested) -> None:
    forgery = register.signed(register.Entry("keyframe/test", 6, 60, bytes(32), bytes(32)), OTHER_KEYS.signer)
    with signed.stolen() as thief:
        thief.does("update checkpoint set entry = %s where number = 6", forgery)
        with pytest.raises(signer.Rewritten, match="register of checkpoints is not genuine"):
            signer.keep(signed.conn, 70, KEYS)


def test_a_new_key_with_another_origin_continues_the_register(signed: Attested) -> None:
    renewed = Keys(Signer.new("goals.example.org/test"), KEYS.verifiers)
    signer.keep(signed.conn, 70, renewed)
    verdict = signed.verify(keys=renewed)
    assert (verdict.is_sound, verdict.checkpoints) == (True, 7)
    assert [one.number for one in all_stored(signed)] == list(range(1, 8))


# ── pages ────────────────────────────────────────────────────────────────────────────────────────


def test_a_log_with_more_checkpoints_than_a_page_verifies_in_parts(
    signed: Attested, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint_register, "PAGE", 2)
    monkeypatch.setattr("projections.proof.verification.PAGE", 2)
    given = [signer.signed(signed.conn, size, KEYS) for size in (5, 10, 35, 60, 65, 70)]
    verdict = signed.verify(given)
    assert (verdict.is_sound, verdict.checkpoints, verdict.signed_size) == (True, 12, 70)
    for position, expected in ((1, 1), (20, 20), (21, 21), (45, 45), (60, 60), (70, 70)):
        with signed.stolen() as thief:
            thief.unlocks()
            thief.does("delete from log where position = %s", position)
            damage = signed.verify().damage
            assert damage is not None
            assert damage.position == expected
