"""Checkpoints (c2sp.org/tlog-checkpoint): signed statements of the log's size and root hash."""

import re
from collections.abc import Iterable

import msgspec

from domain.proof.signed_note import NotSigned, Signer, Verifier, decoded, encoded, opened

_TEXT = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n(?:[^\n]+\n)*")


class Checkpoint(msgspec.Struct, frozen=True):
    """The statement that the first `size` events of the log `origin` form the tree with this root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{encoded(self.root)}\n"


def signed(size: int, root: bytes, signer: Signer) -> str:
    """The signed note of a checkpoint. It is deterministic."""
    return signer.sign(Checkpoint(signer.name, size, root).text)


def read(note: str) -> Checkpoint:
    """The checkpoint of a note, without verification. Raises `NotSigned` if it is no checkpoint."""
    return _parsed(note.rpartition("\n\n")[0] + "\n")


def verified(note: str, verifiers: Iterable[Verifier]) -> Checkpoint:
    """The checkpoint of a note that one of these keys signed. Raises `NotSigned` without a valid signature, and for a
    checkpoint of a log other than the signer's."""
    text, signer = opened(note, verifiers)
    checkpoint = _parsed(text)
    if checkpoint.origin != signer.name:
        raise NotSigned(f"The checkpoint is of {checkpoint.origin}, but signed by {signer.name}.")
    return checkpoint


def _parsed(text: str) -> Checkpoint:
    found = _TEXT.fullmatch(text)
    if found is None:
        raise NotSigned("This is not a checkpoint.")
    try:
        return Checkpoint(found[1], int(found[2]), decoded(found[3]))
    except ValueError as error:
        raise NotSigned("This is not a checkpoint.") from error
