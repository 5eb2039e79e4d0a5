"""Personal data, encrypted with one key per person. Deleting the key erases the person (crypto-shredding)."""

import hmac
import secrets
from typing import Final
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_NONCE_BYTES = 12

ERASED = "Erased person"
"""The name of a person whose key is deleted."""


class WrongKey(ValueError):
    """A key does not open the data of its person: one of the two was changed."""

    def __init__(self, person: UUID) -> None:
        super().__init__(
            f"The key of person {person} does not open the personal data of that person: it was replaced or damaged. "
            "Restore the row of the table person_key from a backup, or erase the person."
        )
        self.person = person


class Personal(msgspec.Struct, frozen=True, omit_defaults=True):
    """The personal data of a person, which can be erased."""

    handle: str
    name: str
    email: str | None = None


_PERSONAL: Final = msgspec.json.Decoder(Personal)


def new_key() -> bytes:
    """A key for one person: 256 random bits."""
    return secrets.token_bytes(KEY_BYTES)


def seal(key: bytes, person: UUID, personal: Personal) -> bytes:
    """AES-256-GCM, bound to the person's id: a random nonce of 12 bytes, then ciphertext and tag."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, msgspec.json.encode(personal), person.bytes)


def unseal(key: bytes, person: UUID, sealed: bytes) -> Personal:
    """The decrypted personal data. Raises `WrongKey` for another key, another person, or altered bytes."""
    nonce, ciphertext = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        plain = AESGCM(key).decrypt(nonce, ciphertext, person.bytes)
    except (InvalidTag, ValueError) as error:
        raise WrongKey(person) from error
    return _PERSONAL.decode(plain)


def handle_digest(salt: bytes, handle: str) -> bytes:
    """HMAC-SHA256 with the workspace's salt: equal for equal handles, and not reversible."""
    return hmac.digest(salt, handle.encode(), "sha256")


def keyed_digest(key: bytes, digest: bytes) -> bytes:
    """HMAC-SHA256 of a digest of personal data. Without the key, names cannot be guessed from it."""
    return hmac.digest(key, digest, "sha256")


def erased_handle(person: UUID) -> str:
    """The handle of a person whose key is deleted, derived from the id."""
    return f"erased-{person.hex[:8]}"
