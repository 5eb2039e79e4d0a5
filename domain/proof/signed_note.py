"""Signed notes (c2sp.org/signed-note): a text, a blank line, and Ed25519 signatures.

A verifier key is written as `NAME+ID+KEY`: the name, 8 hexadecimal digits derived from name and key, and the key in
Base64. A signer key has the prefix `PRIVATE+KEY+` and is secret.

A note may carry an attachment: a signature line of the type 0xff, which the specification leaves to its users. Its
signature covers the text and the attached bytes, which follow it on the line. Every other verifier ignores the line,
as it ignores signatures by keys that it does not know.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

NOTE_CHARACTERS_MAX = 1_000_000
SIGNATURES_MAX = 100

_ED25519 = b"\x01"
_ATTACHMENT = b"\xff"
_KEY_ID_BYTES = 4
_SIGNATURE_BYTES = 64
_SECRET = "PRIVATE+KEY+"  # noqa: S105  the prefix of private keys, not a key
_NAME = re.compile(r"[^\s+\x00-\x20]{1,200}")
_VERIFIER = re.compile(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)")
_SIGNATURE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/=]+)")
_FORBIDDEN = re.compile(r"[\x00-\x09\x0b-\x1f]")


class NotSigned(ValueError):
    """A note is not signed by a known key, or is no signed note."""


class Verifier:
    """A public key and the name of its signer."""

    def __init__(self, name: str, key: bytes) -> None:
        self.name = key_name(name)
        self.id = _id(self.name, key)
        self._bytes = key
        self._key = Ed25519PublicKey.from_public_bytes(key)

    @classmethod
    def read(cls, vkey: str) -> Self:
        """Parses a key of the form `NAME+ID+KEY`. Raises `ValueError`."""
        found = _VERIFIER.fullmatch(vkey.strip())
        if found is None:
            raise ValueError("A public key is written as NAME+ID+KEY.")
        verifier = cls(found[1], _key_bytes(found[3]))
        if verifier.id.hex() != found[2]:
            raise ValueError(f"This is no public key: its id {found[2]} does not match its name and bytes.")
        return verifier

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{encoded(_ED25519 + self._bytes)}"

    def __repr__(self) -> str:
        return f"Verifier({self})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Verifier) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def id_of_attachments(self, type: str) -> bytes:
        """The key id of this key in the signature lines of attachments of a type."""
        return _id(self.name, self._bytes, _ATTACHMENT + type.encode())

    def has_signed(self, text: str, signature: bytes) -> bool:
        try:
            self._key.verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


class Signer:
    """A private key with its name. Only `secret` reveals the key."""

    def __init__(self, name: str, seed: bytes) -> None:
        self._seed = seed
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = Verifier(name, self._key.public_key().public_bytes_raw())

    @classmethod
    def new(cls, name: str) -> Self:
        """Generates a key. Raises `ValueError` for an invalid name."""
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def read(cls, secret: str) -> Self:
        """Parses the result of `secret`. Raises `ValueError`, whose message never contains the key."""
        text = secret.strip()
        found = _VERIFIER.fullmatch(text.removeprefix(_SECRET))
        if not text.startswith(_SECRET) or found is None:
            raise ValueError("This is not a private key as 'keyframe key create' writes it.")
        signer = cls(found[1], _key_bytes(found[3]))
        if signer.verifier.id.hex() != found[2]:
            raise ValueError("This private key is damaged: its id does not match.")
        return signer

    @property
    def name(self) -> str:
        return self.verifier.name

    def secret(self) -> str:
        """The key as text, to be stored in the key file."""
        return f"{_SECRET}{self.name}+{self.verifier.id.hex()}+{encoded(_ED25519 + self._seed)}"

    def __repr__(self) -> str:
        return f"Signer({self.name})"

    def sign(self, text: str) -> str:
        """The signed note of a text. Raises `ValueError` for an invalid text."""
        if not text.endswith("\n") or _FORBIDDEN.search(text):
            raise ValueError("The text of a note must end with a newline and have no other control characters.")
        signature = self.verifier.id + self._key.sign(text.encode())
        return f"{text}\n— {self.name} {encoded(signature)}\n"

    def attach(self, note: str, type: str, content: bytes) -> str:
        """The note with an attachment of a type."""
        signature = self._key.sign(_attached_text(_parts(note)[0], type, content).encode())
        line = encoded(self.verifier.id_of_attachments(type) + signature + content)
        return f"{note}— {self.name} {line}\n"


def opened(note: str, verifiers: Iterable[Verifier]) -> tuple[str, Verifier]:
    """The text of a note, and its first known signer.

    Signatures by unknown keys are ignored. Raises `NotSigned` if no signer is known, if a signature of a known key is
    wrong, or if this is not a signed note.
    """
    text, lines = _parts(note)
    known = {(one.name, one.id): one for one in verifiers}
    signers = []
    for name, signature in map(_signature, lines):
        signer = known.get((name, signature[:4]))
        if signer is not None:
            if not signer.has_signed(text, signature[4:]):
                raise NotSigned(f"The signature of {name} does not match the text.")
            signers.append(signer)
    if not signers:
        raise NotSigned("The note is not signed by a known key.")
    return text, signers[0]


def attachment(note: str, type: str, verifier: Verifier) -> bytes | None:
    """The attachment of this type by a key; None without one. Raises `NotSigned` if the key did not sign it."""
    text, lines = _parts(note)
    for name, signature in map(_signature, lines):
        if (name, signature[:_KEY_ID_BYTES]) == (verifier.name, verifier.id_of_attachments(type)):
            proof, content = signature[_KEY_ID_BYTES:][:_SIGNATURE_BYTES], _content(signature)
            if not verifier.has_signed(_attached_text(text, type, content), proof):
                raise NotSigned(f"The {type} of {name} was changed: its signature does not match.")
            return content
    return None


def claimed(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """The text of a note and its signature lines, each as name and key id with signature, without verification. Raises
    `NotSigned` if this is not a signed note."""
    text, lines = _parts(note)
    return text, [*map(_signature, lines)]


def claimed_attachments(note: str) -> list[bytes]:
    """What may be the attachments of a note, of any type and without verification."""
    return [_content(signature) for _, signature in claimed(note)[1] if _content(signature)]


def _content(signature: bytes) -> bytes:
    """The attached bytes after key id and signature; empty for a plain signature."""
    return signature[_KEY_ID_BYTES + _SIGNATURE_BYTES :]


def _attached_text(text: str, type: str, content: bytes) -> str:
    """The text that the signature of an attachment covers. Its first line distinguishes it from the text of a note."""
    return f"{type}\n{encoded(sha256(content).digest())}\n{text}"


def key_name(name: str) -> str:
    """The name, if it is a valid key name. Raises `ValueError`."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a valid key name: use up to 200 characters without spaces and '+'.")
    return name


def _parts(note: str) -> tuple[str, Sequence[str]]:
    """The text of a note, and its signature lines."""
    text, blank, signatures = note.rpartition("\n\n")
    lines = signatures.split("\n")
    whole = bool(blank) and lines[-1] == "" and 1 < len(lines) <= SIGNATURES_MAX + 1
    if not whole or len(note) > NOTE_CHARACTERS_MAX or _FORBIDDEN.search(note):
        raise NotSigned("This is not a signed note.")
    return f"{text}\n", lines[:-1]


def _signature(line: str) -> tuple[str, bytes]:
    """The name of the signer, and the key id followed by the signature."""
    found = _SIGNATURE.fullmatch(line)
    if found is None:
        raise NotSigned("This is not a signed note.")
    try:
        return found[1], decoded(found[2])
    except ValueError as error:
        raise NotSigned("This is not a signed note.") from error


def encoded(content: bytes) -> str:
    """The content in Base64."""
    return b64encode(content).decode()


def decoded(text: str) -> bytes:
    """The bytes of canonical Base64. Raises `ValueError`."""
    content = b64decode(text)
    if encoded(content) != text:
        raise ValueError("This is not Base64.")
    return content


def _id(name: str, key: bytes, type: bytes = _ED25519) -> bytes:
    return sha256(name.encode() + b"\n" + type + key).digest()[:_KEY_ID_BYTES]


def _key_bytes(text: str) -> bytes:
    key = decoded(text)
    if len(key) != 33 or not key.startswith(_ED25519):
        raise ValueError("This is not an Ed25519 key.")
    return key[1:]
