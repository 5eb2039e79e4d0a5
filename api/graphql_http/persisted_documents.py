"""Persisted documents: a client sends the SHA-256 of a document instead of its text.

Trusted documents come from a manifest that is deployed with the clients; the settings may reject all others. Automatic
persisted queries of Apollo's clients are cached once they were sent with text and digest.
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
"""The maximum number of cached automatic persisted queries; the least recently used one is dropped."""
REMEMBERED_LENGTH_MAX: Final = 10_000_000
"""The maximum total length of the cached queries, in characters."""
PREFIX: Final = "sha256:"
"""The prefix of a document id that is a digest."""


class InvalidManifest(Exception):
    """The file with the trusted documents is not a valid manifest. The message is the reason."""


class PersistedDocuments:
    """The known documents. `trusted`: the manifest, by digest; `only`: whether all others are rejected."""

    def __init__(self, trusted: Mapping[str, str] | None = None, *, only: bool = False) -> None:
        self._trusted = trusted or {}
        self._only = only
        self._remembered: OrderedDict[str, str] = OrderedDict()
        self._length = 0
        self._lock = Lock()

    def text(
        self, query: str | None, extensions: Mapping[str, Any] | None, document_id: str | None = None
    ) -> str | None:
        """The text of a document, given as text, by `documentId`, or by Apollo's `persistedQuery`.

        Raises `GraphQLError` with a code if the document is unknown, not trusted, or does not match its digest.
        """
        persisted = _persisted(extensions) if extensions else None
        if document_id is not None:
            return self._found(query, _digest(document_id))
        if persisted is not None:
            return self._found(query, persisted)
        if query is not None and self._only:
            self._refuse_untrusted(query)
        return query

    def _refuse_untrusted(self, query: str) -> None:
        if _digested(query) not in self._trusted:
            raise _error(
                "DOCUMENT_NOT_TRUSTED",
                "Only documents of the server's manifest are accepted; add this one to the manifest.",
            )

    def _found(self, query: str | None, digest: str) -> str:
        if query:
            if _digested(query) != digest:
                raise _error(
                    "PERSISTED_QUERY_HASH_MISMATCH",
                    "The digest does not match the document; send the SHA-256 of its text.",
                )
            if self._only:
                self._refuse_untrusted(query)
            self._remember(digest, query)
            return query
        known = self._trusted.get(digest) or self._cached(digest)
        if known is None:
            raise _error("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
        return known

    # ── automatic persisted queries ──────────────────────────────────────────────────────────────

    def _cached(self, digest: str) -> str | None:
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


def _persisted(extensions: Mapping[str, Any]) -> str | None:
    """The digest in Apollo's `persistedQuery` extension."""
    persisted = extensions.get("persistedQuery")
    if persisted is None:
        return None
    if (
        not isinstance(persisted, dict)
        or persisted.get("version") != 1
        or not isinstance(persisted.get("sha256Hash"), str)
    ):
        raise _error("PERSISTED_QUERY_NOT_SUPPORTED", "persistedQuery must have version 1 and a sha256Hash.")
    digest: str = persisted["sha256Hash"]
    return digest.lower()


def _digest(document_id: str) -> str:
    return document_id.removeprefix(PREFIX).lower()


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
        raise InvalidManifest(f"{manifest} cannot be read as a manifest: {error}") from error
    documents = _documents(read)
    if documents is None:
        raise InvalidManifest(f"{manifest} is not a manifest: write a JSON object from digests to documents.")
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
        pairs = [(item.get("id"), item.get("body")) for item in read["operations"] if isinstance(item, dict)]
    if not all(isinstance(name, str) and isinstance(text, str) for name, text in pairs):
        return None
    return {_digest(name): text for name, text in pairs}
