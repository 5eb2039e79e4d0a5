"""What names a person is stored sealed, under a key of their own: without the key it says nothing to anyone."""

import hmac
import secrets
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_NONCE_BYTES = 12

ERASED = "Erased person"
"""What a person is called whose key is gone."""


class Personal(msgspec.Struct, frozen=True, omit_defaults=True):
    """What names a person, and so must be able to be forgotten."""

    handle: str
    name: str
    email: str | None = None


def new_key() -> bytes:
    """A key for one person: 256 random bits."""
    return secrets.token_bytes(KEY_BYTES)


def seal(key: bytes, person: UUID, personal: Personal) -> bytes:
    """AES-256-GCM, bound to the person's id: a random nonce of 12 bytes, then ciphertext and tag."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, msgspec.json.encode(personal), person.bytes)


def unseal(key: bytes, person: UUID, sealed: bytes) -> Personal:
    """What was sealed. Raises `ValueError` for another key, another person, or altered bytes."""
    nonce, ciphertext = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        plain = AESGCM(key).decrypt(nonce, ciphertext, person.bytes)
    except InvalidTag as error:
        raise ValueError(f"This is not what was sealed for person {person}, or not with this key.") from error
    return msgspec.json.decode(plain, type=Personal)


def handle_digest(salt: bytes, handle: str) -> bytes:
    """HMAC-SHA256 under the workspace's salt: equal for equal handles, and says nothing of them."""
    return hmac.digest(salt, handle.encode(), "sha256")


def keyed_digest(key: bytes, digest: bytes) -> bytes:
    """HMAC-SHA256 of a digest of what names a person: without the key nobody can try out names on it."""
    return hmac.digest(key, digest, "sha256")


def erased_handle(person: UUID) -> str:
    """The handle of a person whose key is gone: from their id, which names nobody."""
    return f"erased-{person.hex[:8]}"
