"""The legend of evidence: names beside the proofs, signed, and ignored by verifiers that do not know it."""

import json
from base64 import b64decode, b64encode
from uuid import UUID

import pytest

from domain.primitives.values import Kind
from domain.proof import legend
from domain.proof.legend import Legend, Name
from domain.proof.signed_note import NOTE_CHARACTERS_MAX, NotSigned, Signer, opened

SIGNER, OTHER = Signer("okr/test", bytes(range(32))), Signer("okr/test", bytes(32))
ADA, EVE, TEAM = UUID(int=1), UUID(int=2), UUID(int=3)
NAMES = [Name(Kind.PERSON, ADA, "ada"), Name(Kind.PERSON, EVE, None), Name(Kind.TEAM, TEAM, "Orders – Süd")]  # noqa: RUF001
TEXT = "keyframe-evidence/1\nAAAA\n"


def note(names: list[Name] = NAMES) -> str:
    return Legend.of(names).attached_to(SIGNER.sign(TEXT), SIGNER)


def test_legend_is_read_with_the_key_that_signed_it() -> None:
    read = legend.read(note(), SIGNER.verifier)
    assert read.names == {Kind.PERSON: {ADA: "ada", EVE: None}, Kind.TEAM: {TEAM: "Orders – Süd"}}  # noqa: RUF001
    assert legend.claimed(note()) == read


def test_note_with_a_legend_has_the_text_and_signature_of_one_without() -> None:
    assert note().startswith(SIGNER.sign(TEXT))
    assert opened(note(), [SIGNER.verifier]) == (TEXT, SIGNER.verifier)


def test_note_without_a_legend_has_an_empty_one() -> None:
    assert legend.read(SIGNER.sign(TEXT), SIGNER.verifier) == legend.claimed(SIGNER.sign(TEXT)) == Legend()


def test_changed_legend_is_rejected() -> None:
    head, _, line = note()[:-1].rpartition(" ")
    changed = b64encode(b64decode(line).replace(b'"ada"', b'"eve"')).decode()
    with pytest.raises(NotSigned, match="was changed"):
        legend.read(f"{head} {changed}\n", SIGNER.verifier)


def test_legend_of_another_note_is_rejected() -> None:
    other = SIGNER.sign("keyframe-evidence/1\nBBBB\n")
    with pytest.raises(NotSigned, match="was changed"):
        legend.read(f"{other}{note().splitlines()[-1]}\n", SIGNER.verifier)


def test_legend_of_another_key_is_ignored() -> None:
    both = Legend.of(NAMES).attached_to(SIGNER.sign(TEXT), OTHER)
    assert legend.read(both, SIGNER.verifier) == Legend()


def test_legend_counts_the_names_for_which_there_is_no_room() -> None:
    names = [Name(Kind.PERSON, UUID(int=number), "\N{GREEK SMALL LETTER OMEGA}" * 60) for number in range(5_000)]
    full = Legend.of(names)
    kept = full.names[Kind.PERSON]
    assert [*kept] == [UUID(int=number) for number in range(len(kept))]
    assert full.left_out == 5_000 - len(kept) > 0
    written = full.attached_to(SIGNER.sign(TEXT), SIGNER)
    assert len(written) < NOTE_CHARACTERS_MAX
    assert legend.read(written, SIGNER.verifier) == full


def test_legend_is_json_after_key_id_and_signature() -> None:
    content = b64decode(note().splitlines()[-1].split(" ")[2])[4 + 64 :]
    assert json.loads(content)["names"]["Person"] == {str(ADA): "ada", str(EVE): None}
