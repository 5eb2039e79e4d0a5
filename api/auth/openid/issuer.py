"""The issuer by which people sign in: its metadata (OpenID Connect Discovery 1.0) and its keys.

Both are fetched on first use and at an interval; what was fetched stays in use while the issuer is unreachable.
"""

import asyncio
from collections.abc import Sequence
from time import monotonic
from typing import Final

import msgspec
import structlog
from anyio import to_thread

from api.auth.issuer_requests import FAILURES, download
from api.auth.jwks import KeySet
from api.auth.openid.sign_in_problem import SignInCode, SignInProblem
from api.runtime.issuer_settings import is_safe

WELL_KNOWN: Final = "/.well-known/openid-configuration"
RENEWED_AFTER_SECONDS: Final = 600.0
"""The age at which the metadata is fetched again."""
RETRIED_AFTER_SECONDS: Final = 5.0
"""The minimum time between two fetches."""

_log = structlog.get_logger(__name__)


class Metadata(msgspec.Struct, frozen=True):
    """The part of the issuer's metadata that a sign-in needs."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str | None = None
    token_endpoint_auth_methods_supported: Sequence[str] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


_METADATA: Final = msgspec.json.Decoder(Metadata)


class Issuer:
    """The issuer with this URL."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.known: Metadata | None = None
        self._keys: KeySet | None = None
        self._tried_at = self._fetched_at = float("-inf")
        self._fetching = asyncio.Lock()
        self._renewal: asyncio.Task[None] | None = None

    async def metadata(self) -> Metadata:
        """The metadata, which may be as old as `RENEWED_AFTER_SECONDS`, and older while the issuer is unreachable.
        Raises `SignInProblem`."""
        if self.known is None:
            await self._fetch()
        elif monotonic() - self._fetched_at > RENEWED_AFTER_SECONDS and (not self._renewal or self._renewal.done()):
            self._renewal = asyncio.create_task(self._fetch())
        if self.known is None:
            raise SignInProblem(SignInCode.ISSUER_UNAVAILABLE, "the metadata of the issuer is not known")
        return self.known

    @property
    def keys(self) -> KeySet:
        """The keys of the issuer, whose metadata is known."""
        assert self._keys is not None
        return self._keys

    async def _fetch(self) -> None:
        async with self._fetching:
            if monotonic() - self._tried_at < RETRIED_AFTER_SECONDS:
                return
            self._tried_at = monotonic()
            try:
                found = await to_thread.run_sync(read, self.url)
            except FAILURES as error:
                _log.warning("issuer_not_read", issuer=self.url, cause=f"{type(error).__name__}: {error}")
                return
            if self.known is None or self.known.jwks_uri != found.jwks_uri:
                self._keys = KeySet(found.jwks_uri)
            self.known, self._fetched_at = found, monotonic()


def read(url: str) -> Metadata:
    """The metadata of an issuer. Raises `OSError`, `ValueError`, `HTTPException`."""
    found = _METADATA.decode(download(url.rstrip("/") + WELL_KNOWN))
    if found.issuer != url:
        raise ValueError(f"the metadata is of the issuer {found.issuer!r}: KEYFRAME_OIDC_ISSUER must be equal to it")
    addresses = (found.authorization_endpoint, found.token_endpoint, found.jwks_uri, found.end_session_endpoint)
    if not all(is_safe(address) for address in addresses if address is not None):
        raise ValueError("the metadata has an address that is neither https nor of loopback")
    return found
