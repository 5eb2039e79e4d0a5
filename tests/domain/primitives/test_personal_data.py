"""Personal data can be decrypted only with the key of its person."""

from uuid import uuid4

import pytest

from domain.primitives import personal_data
from domain.primitives.personal_data import Personal

ADA = Personal(handle="ada", name="Ada Lovelace", email="ada@example.com")


def test_sealed_data_can_be_unsealed() -> None:
    key, person = personal_data.new_key(), uuid4()
    assert personal_data.unseal(key, person, personal_data.seal(key, person, ADA)) == ADA


def test_sealed_data_is_unreadable_and_randomized() -> None:
    key, person = personal_data.new_key(), uuid4()
    sealed = personal_data.seal(key, person, ADA)
    assert b"lovelace" not in sealed.lower()
    assert sealed != personal_data.seal(key, person, ADA)


def test_unsealing_fails_with_another_key_another_person_or_altered_bytes() -> None:
    key, person = personal_data.new_key(), uuid4()
    sealed = personal_data.seal(key, person, ADA)
    altered = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for args in [(personal_data.new_key(), person, sealed), (key, uuid4(), sealed), (key, person, altered)]:
        with pytest.raises(ValueError, match="not"):
            personal_data.unseal(*args)


def test_a_handle_digest_is_deterministic_per_salt() -> None:
    assert personal_data.handle_digest(b"salt", "ada") == personal_data.handle_digest(b"salt", "ada")
    assert personal_data.handle_digest(b"salt", "ada") != personal_data.handle_digest(b"salt", "bob")
    assert personal_data.handle_digest(b"salt", "ada") != personal_data.handle_digest(b"pepper", "ada")
