"""Persisted documents: a client sends the SHA-256 of a document instead of its text.

Trusted documents come from a manifest that is deployed with the clients; the settings may allow these alone. Automatic
persisted queries, as Apollo's clients send them, are cached once they were sent with text and digest.
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
"""Automatic persisted queries that are cached, the most recently used ones."""
REMEMBERED_LENGTH_MAX: Final = 10_000_000
"""Characters of all of them together."""
PREFIX: Final = "sha256:"
"""The prefix of a document id that is a digest."""


class InvalidManifest(Exception):
    """The file with the trusted documents is no manifest; the message is the reason."""


class PersistedDocuments:
    """The known documents. `trusted`: the manifest, by digest; `only`: whether all others are rejected."""

    def __init__(self, trusted: Mapping[str, str] | None = None, *, only: bool = False) -> None:
        self._trusted = trusted or {}
        self._only = only
        self._remembered: OrderedDict[str, str] = OrderedDict()
        self._length = 0
        self._lock = Lock()

    def text(self, query: str | None, extensions: Mapping[str, Any] | None, named: str | None = None) -> str | None:
        """The text of a document, given as text, by `documentId`, or by Apollo's `persistedQuery`.

        Raises `GraphQLError` with a code for one that is unknown, not trusted, or does not match its digest.
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

    # ── automatic persisted queries ──────────────────────────────────────────────────────────────

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
    """The digest in Apollo's `persistedQuery` extension."""
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


def load_manifest(manifest: Path | None) -> dict[str, str]:
    """The documents of a manifest by their digests: `{digest: document}`, as Relay writes it, or Apollo's format.

    Raises `InvalidManifest`, also if a digest does not match its document.
    """
    if manifest is None:
        return {}
    try:
        read = json.loads(manifest.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidManifest(f"{manifest} cannot be read as a manifest of documents: {error}") from error
    documents = _documents(read)
    if documents is None:
        raise InvalidManifest(f"{manifest} is no manifest of documents: an object of digests and their documents.")
    for digest, text in documents.items():
        if _digested(text) != digest:
            raise InvalidManifest(f"{manifest}: {digest} is not the SHA-256 of its document.")
    return documents


def _documents(read: object) -> dict[str, str] | None:
    """The documents, if the file has one of the two formats."""
    if not isinstance(read, dict):
        return None
    pairs: list[tuple[Any, Any]] = list(read.items())
    if isinstance(read.get("operations"), list):
        pairs = [(one.get("id"), one.get("body")) for one in read["operations"] if isinstance(one, dict)]
    if not all(isinstance(name, str) and isinstance(text, str) for name, text in pairs):
        return None
    return {_digest(name): text for name, text in pairs}
