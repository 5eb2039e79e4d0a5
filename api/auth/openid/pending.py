"""A sign-in that waits for the issuer's answer, kept in a sealed cookie of the browser that began it.

The cookie is encrypted and authenticated with a key that every process derives from the client secret, so that the
answer may reach another process than the one that began, and nothing is written before a person is known.
"""

import secrets
from base64 import urlsafe_b64encode
from time import time
from typing import Final, Self

import msgspec
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from api.auth.openid.sign_in_problem import SignInCode, SignInProblem

LIFETIME_SECONDS: Final = 600
"""How long a person may take at the issuer."""
LEEWAY_SECONDS: Final = 60
"""The tolerated difference between the clocks of two processes."""
_RANDOM_BYTES: Final = 32
_PURPOSE: Final = b"keyframe: pending sign-in by OpenID Connect"


class Pending(msgspec.Struct, frozen=True):
    """What the issuer's answer must fit. `verifier`: of PKCE (RFC 7636); `to`: the page to open afterwards."""

    state: str
    nonce: str
    verifier: str
    redirect_uri: str
    to: str
    begun_at: float

    @classmethod
    def begin(cls, redirect_uri: str, to: str) -> Self:
        state, nonce, verifier = (secrets.token_urlsafe(_RANDOM_BYTES) for _ in range(3))
        return cls(state, nonce, verifier, redirect_uri, to, time())


_PENDING: Final = msgspec.json.Decoder(Pending)


class Seal:
    """Seals sign-ins with a key of this client at this issuer."""

    def __init__(self, secret: str, issuer: str, client_id: str) -> None:
        purpose = b"\0".join([_PURPOSE, issuer.encode(), client_id.encode()])
        key = HKDF(SHA256(), 32, None, purpose).derive(secret.encode())
        self._fernet = Fernet(urlsafe_b64encode(key))

    def seal(self, pending: Pending) -> str:
        """The sign-in as a text for a cookie."""
        return self._fernet.encrypt(msgspec.json.encode(pending)).decode()

    def open(self, sealed: str | None) -> Pending:
        """The sign-in of a cookie. Raises `SignInProblem`."""
        if sealed is None:
            raise SignInProblem(SignInCode.SIGN_IN_NOT_BEGUN, "the browser has no pending sign-in")
        try:
            pending = _PENDING.decode(self._fernet.decrypt(sealed))
        except (InvalidToken, ValueError):
            raise SignInProblem(SignInCode.SIGN_IN_NOT_BEGUN, "the pending sign-in was not sealed here") from None
        if not -LEEWAY_SECONDS <= time() - pending.begun_at <= LIFETIME_SECONDS:
            raise SignInProblem(SignInCode.SIGN_IN_EXPIRED, f"the sign-in is older than {LIFETIME_SECONDS} s")
        return pending
