"""The JSON Web Key Set of a JWT issuer: fetched on first use, then at an interval, and for unknown key ids.

Fetched keys stay in use while the issuer is unreachable. The rate of fetches is limited, so that tokens with invented
key ids cause no load.
"""

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path
from time import monotonic
from typing import Any, Final

import structlog
from anyio import to_thread
from jwt import PyJWK, PyJWTError

from api.auth.issuer_requests import FAILURES, download

KEYS_MAX: Final = 100
RENEWED_AFTER_SECONDS: Final = 600.0
"""The age at which keys are fetched again, so that a withdrawn key is no longer accepted."""
UNKNOWN_AFTER_SECONDS: Final = 30.0
"""The minimum time between two fetches for an unknown key id."""
EMPTY_AFTER_SECONDS: Final = 5.0
"""The minimum time between two fetches while no keys are known."""

_FAMILY = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521", "EdDSA": "Ed25519"}

_log = structlog.get_logger(__name__)


class KeysUnavailable(Exception):
    """No keys have been fetched yet, and the issuer is unreachable."""


class KeySet:
    """The keys at an address, which is a URL or a file."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._keys: list[dict[str, Any]] | None = None
        self._tried_at = self._fetched_at = float("-inf")
        self._fetching = asyncio.Lock()
        self._renewal: asyncio.Task[bool] | None = None

    async def find(self, kid: str | None, algorithm: str) -> PyJWK | None:
        """The key with this id for this algorithm; without an id, the only matching key. Raises `KeysUnavailable`."""
        if self._keys is None:
            await self._fetch(EMPTY_AFTER_SECONDS)
        elif monotonic() - self._fetched_at > RENEWED_AFTER_SECONDS and (not self._renewal or self._renewal.done()):
            self._renewal = asyncio.create_task(self._fetch(UNKNOWN_AFTER_SECONDS))
        found = self._matching(kid, algorithm)
        if not found and await self._fetch(UNKNOWN_AFTER_SECONDS):
            found = self._matching(kid, algorithm)
        return _parsed(found[0], algorithm) if len(found) == 1 else None

    def _matching(self, kid: str | None, algorithm: str) -> list[dict[str, Any]]:
        if self._keys is None:
            raise KeysUnavailable
        return [key for key in self._keys if kid in (None, key.get("kid")) and _fits(key, algorithm)]

    async def _fetch(self, seconds: float) -> bool:
        """Fetch the keys unless that was tried within the last `seconds`; returns whether keys were fetched."""
        async with self._fetching:
            if monotonic() - self._tried_at < seconds:
                return False
            self._tried_at = monotonic()
            try:
                self._keys = await to_thread.run_sync(read, self._where)
            except FAILURES as error:
                _log.warning("jwks_not_fetched", where=self._where, cause=f"{type(error).__name__}: {error}")
                return False
            self._fetched_at = monotonic()
            return True


def read(where: str) -> list[dict[str, Any]]:
    """The keys at a URL or in a file. Raises `OSError`, `ValueError`, `HTTPException`."""
    text = download(where) if "://" in where else Path(where).read_bytes()
    document = json.loads(text)
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list):
        raise ValueError("the document is not a JSON Web Key Set")  # noqa: TRY004 - the document is wrong, not a type
    return [key for key in keys[:KEYS_MAX] if isinstance(key, dict)]


def _fits(key: dict[str, Any], algorithm: str) -> bool:
    """Whether signatures of this algorithm may be verified with this key."""
    return (
        key.get("kty") == _FAMILY[algorithm[:2]]
        and key.get("crv") == _CURVES.get(algorithm)
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and _may_verify(key.get("key_ops"))
    )


def _may_verify(operations: object) -> bool:
    return operations is None or (isinstance(operations, Iterable) and "verify" in operations)


def _parsed(key: dict[str, Any], algorithm: str) -> PyJWK | None:
    try:
        return PyJWK(key, algorithm)
    except (PyJWTError, TypeError, ValueError) as error:
        _log.warning("jwk_not_usable", cause=type(error).__name__)
        return None
