"""Checkpoints (c2sp.org/tlog-checkpoint): what the whole log was, up to a position, as its keeper signs it."""

import re
from collections.abc import Iterable

import msgspec

from domain.proof.signed_note import NotSigned, Signer, Verifier, decoded, encoded, opened

_TEXT = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n(?:[^\n]+\n)*")


class Checkpoint(msgspec.Struct, frozen=True):
    """A statement: the first `size` events of the log named `origin` are those of the tree with this root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{encoded(self.root)}\n"


def signed(size: int, root: bytes, signer: Signer) -> str:
    """The signed note that says so. The same statement is always the same note."""
    return signer.sign(Checkpoint(signer.name, size, root).text)


def read(note: str) -> Checkpoint:
    """What a note says, whoever may have signed it. Raises `NotSigned` for what is no checkpoint."""
    return _parsed(note.rpartition("\n\n")[0] + "\n")


def verified(note: str, verifiers: Iterable[Verifier]) -> Checkpoint:
    """What a note says that one of these has signed. Raises `NotSigned` for any other, and for one that
    speaks of another log than that of its signer."""
    text, signer = opened(note, verifiers)
    checkpoint = _parsed(text)
    if checkpoint.origin != signer.name:
        raise NotSigned(f"It speaks of {checkpoint.origin}, and was signed by {signer.name}.")
    return checkpoint


def _parsed(text: str) -> Checkpoint:
    found = _TEXT.fullmatch(text)
    if found is None:
        raise NotSigned("This is not a checkpoint.")
    try:
        return Checkpoint(found[1], int(found[2]), decoded(found[3]))
    except ValueError as error:
        raise NotSigned("This is not a checkpoint.") from error
