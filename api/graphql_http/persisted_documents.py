"""Documents that are named instead of sent: by the SHA-256 of their text.

Two ways lead to a document by its name. Trusted documents stand in a manifest that whoever runs this server was given
with the clients; they may be all that is answered. And any document is remembered, for a while, once it was sent
together with its name, as Apollo's clients do.
"""

import json
from collections import OrderedDict
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any, Final

from graphql import GraphQLError

REMEMBERED_MAX: Final = 1_000
"""Documents that are remembered, those that were asked for last."""
REMEMBERED_LENGTH_MAX: Final = 10_000_000
"""Characters of all of them together."""
PREFIX: Final = "sha256:"
"""How a document's identifier begins that is the digest of its text."""


class Unnamed(Exception):
    """What the file with the trusted documents holds is no manifest; the message says why."""


class Documents:
    """What is known by name. `trusted`: the manifest, by digest; `only`: whether nothing else is answered."""

    def __init__(self, trusted: Mapping[str, str] | None = None, *, only: bool = False) -> None:
        self._trusted = trusted or {}
        self._only = only
        self._remembered: OrderedDict[str, str] = OrderedDict()
        self._length = 0
        self._lock = Lock()

    def text(self, query: str | None, extensions: Mapping[str, Any] | None, named: str | None = None) -> str | None:
        """The document that is meant: by its text, by `documentId`, or by Apollo's `persistedQuery`.

        Raises `GraphQLError` with a code for one that is not known, not trusted, or not what it is called.
        """
        persisted = _persisted(extensions)
        if named is not None:
            return self._found(query, _digest(named))
        if persisted is not None:
            return self._found(query, persisted)
        return None if query is None else self._sent(query)

    def _sent(self, query: str) -> str:
        if self._only and _digested(query) not in self._trusted:
            raise _error("DOCUMENT_NOT_TRUSTED", "Only documents that were agreed on are answered here.")
        return query

    def _found(self, query: str | None, digest: str) -> str:
        if query:
            if _digested(query) != digest:
                raise _error("PERSISTED_QUERY_HASH_MISMATCH", "The digest is not that of the document.")
            text = self._sent(query)
            self._remember(digest, text)
            return text
        known = self._trusted.get(digest) or self._recalled(digest)
        if known is None:
            raise _error("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
        return known

    # ── remembered ───────────────────────────────────────────────────────────────────────────────

    def _recalled(self, digest: str) -> str | None:
        with self._lock:
            text = self._remembered.get(digest)
            if text is not None:
                self._remembered.move_to_end(digest)
            return text

    def _remember(self, digest: str, text: str) -> None:
        if digest in self._trusted:
            return
        with self._lock:
            if digest not in self._remembered:
                self._remembered[digest] = text
                self._length += len(text)
            self._remembered.move_to_end(digest)
            while len(self._remembered) > REMEMBERED_MAX or self._length > REMEMBERED_LENGTH_MAX:
                self._length -= len(self._remembered.popitem(last=False)[1])


def _persisted(extensions: Mapping[str, Any] | None) -> str | None:
    """The digest that Apollo's clients name a document by."""
    said = (extensions or {}).get("persistedQuery")
    if said is None:
        return None
    if not isinstance(said, dict) or said.get("version") != 1 or not isinstance(said.get("sha256Hash"), str):
        raise _error("PERSISTED_QUERY_NOT_SUPPORTED", "A persisted query is named by version 1 and its sha256Hash.")
    digest: str = said["sha256Hash"]
    return digest.lower()


def _digest(named: str) -> str:
    return named.removeprefix(PREFIX).lower()


def _digested(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _error(code: str, message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": code})


# ── the manifest ─────────────────────────────────────────────────────────────────────────────────


def trusted(manifest: Path | None) -> dict[str, str]:
    """The documents of a manifest by their digests: `{digest: document}`, as Relay writes it, or Apollo's format.

    Raises `Unnamed` for a file that is none, or in which a digest is not that of its document.
    """
    if manifest is None:
        return {}
    try:
        read = json.loads(manifest.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise Unnamed(f"{manifest} cannot be read as a manifest of documents: {error}") from error
    documents = _documents(read)
    if documents is None:
        raise Unnamed(f"{manifest} is no manifest of documents: an object of digests and their documents.")
    for digest, text in documents.items():
        if _digested(text) != digest:
            raise Unnamed(f"{manifest}: {digest} is not the SHA-256 of its document.")
    return documents


def _documents(read: object) -> dict[str, str] | None:
    """What was read, if it is of one of the two shapes."""
    if not isinstance(read, dict):
        return None
    pairs: list[tuple[Any, Any]] = list(read.items())
    if isinstance(read.get("operations"), list):
        pairs = [(one.get("id"), one.get("body")) for one in read["operations"] if isinstance(one, dict)]
    if not all(isinstance(name, str) and isinstance(text, str) for name, text in pairs):
        return None
    return {_digest(name): text for name, text in pairs}
