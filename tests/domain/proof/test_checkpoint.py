"""Checkpoints are signed notes in the C2SP format of transparency logs."""

import pytest

from domain.proof import checkpoint, merkle, signed_note
from domain.proof.checkpoint import Checkpoint
from domain.proof.signed_note import NotSigned, Signer, Verifier

# The example of the reference implementation, golang.org/x/mod/sumdb/note.
PUBLISHED_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
PUBLISHED_TEXT = "This is an example message.\n"
PUBLISHED_NOTE = (
    f"{PUBLISHED_TEXT}\n— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)

SIGNER = Signer("example.com/okr", bytes(range(32)))
ROOT = merkle.parent(b"left", b"right")
NOTE = checkpoint.signed(7, ROOT, SIGNER)


def test_a_published_note_verifies_with_its_published_key() -> None:
    key = Verifier.read(PUBLISHED_KEY)
    assert str(key) == PUBLISHED_KEY
    assert signed_note.opened(PUBLISHED_NOTE, [key]) == (PUBLISHED_TEXT, key)


def test_a_checkpoint_has_origin_size_root_and_signature() -> None:
    lines = NOTE.split("\n")
    assert lines[:4] == ["example.com/okr", "7", "I8JKzKnpqpZvObkOQVTZEzNPoWDjX8vNA05nO/szOa0=", ""]
    assert lines[4].startswith("— example.com/okr ")
    assert lines[5:] == [""]
    assert checkpoint.verified(NOTE, [SIGNER.verifier]) == Checkpoint("example.com/okr", 7, ROOT)
    assert checkpoint.read(NOTE) == Checkpoint("example.com/okr", 7, ROOT)


def test_signing_is_deterministic() -> None:
    assert checkpoint.signed(7, ROOT, SIGNER) == NOTE


def test_keys_survive_a_round_trip() -> None:
    made = Signer.new("example.com/okr")
    again = Signer.read(made.secret() + "\n")
    assert again.verifier == made.verifier
    assert Verifier.read(str(made.verifier)) == made.verifier
    assert Signer.new("example.com/okr").verifier != made.verifier


def test_the_private_key_is_not_in_repr_or_errors() -> None:
    secret = SIGNER.secret().split("+", 4)[4]
    assert secret not in f"{SIGNER} {SIGNER!r} {SIGNER.verifier!r}"
    with pytest.raises(ValueError, match="damaged") as wrong:
        Signer.read(SIGNER.secret().replace("/okr+", "/okr2+"))
    assert secret not in str(wrong.value)
    with pytest.raises(ValueError, match="NAME") as wrong:
        Verifier.read(SIGNER.secret())
    assert secret not in str(wrong.value)


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "example.com/foo",
        PUBLISHED_KEY.replace("530d903a", "530d903b"),
        PUBLISHED_KEY.replace("foo", "fob"),
        PUBLISHED_KEY[:-4],
        PUBLISHED_KEY.replace("+Aeky", "+Beky"),
        PUBLISHED_KEY.replace("foo", "f oo"),
        PUBLISHED_KEY + "=",
    ],
)
def test_a_damaged_public_key_is_refused(vkey: str) -> None:
    with pytest.raises(ValueError, match=r"key|Base64"):
        Verifier.read(vkey)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u2003b", "a\x00"])
def test_invalid_key_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not a valid key name"):
        Signer.new(name)


def test_every_changed_character_of_a_checkpoint_is_detected() -> None:
    for at, old in enumerate(NOTE):
        for new in {"A", "7", "\n", "é"} - {old}:
            with pytest.raises(NotSigned):
                checkpoint.verified(NOTE[:at] + new + NOTE[at + 1 :], [SIGNER.verifier])
        with pytest.raises(NotSigned):
            checkpoint.verified(NOTE[:at] + NOTE[at + 1 :], [SIGNER.verifier])


@pytest.mark.parametrize("note", ["", "\n\n", "text", "text\n", "text\n\n", NOTE * 2, NOTE + "\n", NOTE + "x\n"])
def test_malformed_notes_are_not_signed(note: str) -> None:
    with pytest.raises(NotSigned):
        checkpoint.verified(note, [SIGNER.verifier])


def test_signatures_of_unknown_keys_are_ignored() -> None:
    witness = Signer("witness.example", bytes(32))
    both = NOTE + witness.sign(checkpoint.read(NOTE).text).rpartition("\n\n")[2]
    assert checkpoint.verified(both, [SIGNER.verifier]).size == 7
    with pytest.raises(NotSigned, match="signed by witness"):
        checkpoint.verified(both, [witness.verifier])
    with pytest.raises(NotSigned, match="by a known key"):
        checkpoint.verified(NOTE, [witness.verifier])


def test_an_invalid_signature_of_a_known_key_invalidates_the_note() -> None:
    other = checkpoint.signed(8, ROOT, SIGNER)
    with pytest.raises(NotSigned, match="does not match the text"):
        checkpoint.verified(other.rpartition("— ")[0] + NOTE.rpartition("\n\n")[2], [SIGNER.verifier])


@pytest.mark.parametrize(
    "text",
    [
        "example.com/okr\n07\n{root}\n",
        "example.com/okr\n-7\n{root}\n",
        "example.com/okr\n7\n{root}A\n",
        "example.com/okr\n7\nAAAA\n",
        "example.com/okr\n7\n",
        "\n7\n{root}\n",
        "example.com/okr\n\u0667\n{root}\n",
    ],
)
def test_a_signed_text_that_is_not_a_checkpoint_is_refused(text: str) -> None:
    root = checkpoint.read(NOTE).text.split("\n")[2]
    with pytest.raises(NotSigned, match="not a checkpoint"):
        checkpoint.verified(SIGNER.sign(text.format(root=root)), [SIGNER.verifier])


@pytest.mark.parametrize("text", ["no newline", "a\x00b\n", "a\tb\n", "a\r\n"])
def test_a_text_with_control_characters_cannot_be_signed(text: str) -> None:
    with pytest.raises(ValueError, match="control characters"):
        SIGNER.sign(text)
