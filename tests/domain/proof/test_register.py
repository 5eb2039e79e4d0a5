"""Entries of the register and records of removed checkpoints: only what the log's key signed is read."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest

from domain.log.append import CommandRow
from domain.proof import checkpoint, register
from domain.proof.register import NO_COMMANDS, Entry, Removal
from domain.proof.signed_note import NotSigned, Signer

SIGNER = Signer("keyframe/test", bytes(range(32)))
OTHER = Signer("keyframe/test", bytes(32))
ENTRY = Entry("keyframe/test", 3, 120, bytes(range(32)), NO_COMMANDS)
REMOVAL = Removal("keyframe/test", 3, 16)
COMMAND = CommandRow(UUID(int=7), b"digest", 4, 6, datetime(2026, 1, 1, tzinfo=UTC), b"result")


def test_an_entry_is_read_as_it_was_signed() -> None:
    note = register.signed(ENTRY, SIGNER)
    assert register.entry(note, [SIGNER.verifier]) == ENTRY
    assert register.signed(ENTRY, SIGNER) == note


def test_a_removal_is_read_as_it_was_signed() -> None:
    assert register.removal(register.signed(REMOVAL, SIGNER), [SIGNER.verifier]) == REMOVAL


def test_a_statement_of_another_key_is_refused() -> None:
    with pytest.raises(NotSigned):
        register.entry(register.signed(ENTRY, OTHER), [SIGNER.verifier])
    with pytest.raises(NotSigned):
        register.removal(register.signed(REMOVAL, OTHER), [SIGNER.verifier])


def test_a_statement_of_another_log_is_refused() -> None:
    note = register.signed(msgspec.structs.replace(ENTRY, origin="keyframe/other"), SIGNER)
    with pytest.raises(NotSigned, match="is of keyframe/other"):
        register.entry(note, [SIGNER.verifier])


def test_the_three_kinds_of_signed_statements_are_not_mistaken_for_each_other() -> None:
    notes = {
        "entry": register.signed(ENTRY, SIGNER),
        "removal": register.signed(REMOVAL, SIGNER),
        "checkpoint": checkpoint.signed(120, bytes(32), SIGNER),
    }
    readers = {"entry": register.entry, "removal": register.removal, "checkpoint": checkpoint.verified}
    for kind, note in notes.items():
        for other in notes.keys() - {kind}:
            with pytest.raises(NotSigned):
                readers[other](note, [SIGNER.verifier])


@pytest.mark.parametrize(
    "text",
    [
        "keyframe-register/1\nkeyframe/test\n0\n120\n" + 2 * f"{43 * 'A'}=\n",
        "keyframe-register/1\nkeyframe/test\n01\n120\n" + 2 * f"{43 * 'A'}=\n",
        "keyframe-register/1\nkeyframe/test\n1\n-1\n" + 2 * f"{43 * 'A'}=\n",
        "keyframe-register/1\nkeyframe/test\n1\n120\n" + f"{43 * 'A'}=\n",
        "keyframe-register/1\nkeyframe/test\n1\n120\n" + 2 * f"{42 * 'A'}B=\n",
        "keyframe-register/2\nkeyframe/test\n1\n120\n" + 2 * f"{43 * 'A'}=\n",
        "keyframe-removal/1\nkeyframe/test\n0-3\n",
        "keyframe-removal/1\nkeyframe/test\n3\n",
    ],
)
def test_a_malformed_statement_is_refused(text: str) -> None:
    note = SIGNER.sign(text)
    for read in (register.entry, register.removal):
        with pytest.raises(NotSigned):
            read(note, [SIGNER.verifier])


@pytest.mark.parametrize(
    "other",
    [
        msgspec.structs.replace(COMMAND, id=UUID(int=8)),
        msgspec.structs.replace(COMMAND, digest=b"digesT"),
        msgspec.structs.replace(COMMAND, first=5),
        msgspec.structs.replace(COMMAND, last=7),
        msgspec.structs.replace(COMMAND, recorded_at=datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC)),
        msgspec.structs.replace(COMMAND, result=b""),
        msgspec.structs.replace(COMMAND, digest=b"digestresult", result=b""),
    ],
)
def test_the_digest_of_commands_covers_every_column(other: CommandRow) -> None:
    assert register.with_command(NO_COMMANDS, other) != register.with_command(NO_COMMANDS, COMMAND)


def test_the_digest_of_commands_covers_their_order() -> None:
    other = msgspec.structs.replace(COMMAND, id=UUID(int=8), first=7, last=7)
    one = register.with_command(register.with_command(NO_COMMANDS, COMMAND), other)
    assert one != register.with_command(register.with_command(NO_COMMANDS, other), COMMAND)
