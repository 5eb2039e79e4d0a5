"""The seal of a report: a signed note that ties a page to the log, to its figures, and to the text that readers see."""

import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Final, NamedTuple

from domain.proof.signed_note import NotSigned, Signer, Verifier, encoded, opened

FORMAT: Final = "keyframe-report/1"

_TEXT: Final = re.compile(r"keyframe-report/1\n([1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n([A-Za-z0-9+/]{43}=)\n")


class Sealed(NamedTuple):
    """The statement of a seal: the size of the log that the report was computed from, and in Base64 the SHA-256 of its
    figures and of the page before the seal."""

    size: int
    figures: str
    page: str

    @classmethod
    def of(cls, size: int, figures: bytes, page: bytes) -> "Sealed":
        """The statement over these digests."""
        return cls(size, encoded(figures), encoded(page))

    @property
    def text(self) -> str:
        return f"{FORMAT}\n{self.size}\n{self.figures}\n{self.page}\n"

    def signed(self, signer: Signer) -> str:
        """The seal as a signed note. It is deterministic."""
        return signer.sign(self.text)


def digest(content: str) -> bytes:
    """The SHA-256 of a part of a report."""
    return sha256(content.encode()).digest()


def verified(note: str, verifiers: Sequence[Verifier]) -> tuple[Sealed, Verifier]:
    """The statement of a seal, and its signer. Raises `NotSigned` for a note that none of these keys signed, and for
    one that is no seal of a report."""
    text, signer = opened(note, verifiers)
    found = _TEXT.fullmatch(text)
    if found is None:
        raise NotSigned("This is not the seal of a report.")
    return Sealed(int(found[1]), found[2], found[3]), signer
