"""The claims of JWTs: their signature, issuer, audience and times, and what they say of a person."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Iterable
from typing import Any, Final

import jwt

from api.auth.authentication import AuthBackendUnavailable, AuthenticationFailed
from api.auth.jwks import KeySet, KeysUnavailable
from api.runtime.settings import Settings
from domain.commands.permissions import Role
from domain.primitives.json_keys import unique_members

KID_LENGTH_MAX: Final = 256
NAME_LENGTH_MAX: Final = 256

_TIMES: Final = ("exp", "nbf", "iat")
_OPTIONS: Any = {"require": ["exp", "iss", "aud"], "enforce_minimum_key_length": True}


class ClaimsInvalid(AuthenticationFailed):
    """A JWT with a good form that is not valid. `fault`: the error of the library, such as `ExpiredSignatureError`."""

    def __init__(self, fault: type[Exception]) -> None:
        super().__init__(f"the JWT is invalid: {fault.__name__}")
        self.fault = fault


class SignedClaims:
    """Reads the JWTs of one issuer for one audience, with the algorithms and the leeway of the settings."""

    def __init__(self, settings: Settings, keys: KeySet, issuer: str | None, audience: str | None) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._leeway_s = settings.jwt_leeway_s
        self._algorithms = frozenset(settings.listed("jwt_algorithms"))

    async def read(self, token: str) -> dict[str, Any]:
        """The claims of a token whose signature, issuer, audience and time are valid.

        Raises `AuthenticationFailed`, `AuthBackendUnavailable`.
        """
        header = _decoded(token.partition(".")[0])
        algorithm, kid = header.get("alg"), header.get("kid")
        if not isinstance(algorithm, str) or algorithm not in self._algorithms:
            raise AuthenticationFailed("the algorithm of the JWT is not allowed")
        if kid is not None and (not isinstance(kid, str) or len(kid) > KID_LENGTH_MAX):
            raise AuthenticationFailed("the key id of the JWT is invalid")
        try:
            key = await self._keys.find(kid, algorithm)
        except KeysUnavailable as error:
            raise AuthBackendUnavailable("the issuer's keys are unavailable") from error
        if key is None:
            raise AuthenticationFailed("the issuer has no such key for the JWT")
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                issuer=self._issuer,
                audience=self._audience,
                leeway=self._leeway_s,
                options=_OPTIONS,
            )
        except Exception as error:  # noqa: BLE001 - any error of a token makes it invalid
            raise ClaimsInvalid(type(error)) from None
        _check_times(_decoded(token.split(".")[1]))
        return claims


def claim(claims: dict[str, Any], name: str) -> Any:
    """A claim by its name, or by its path: 'realm_access.roles' is also `roles` within `realm_access`."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def name_in(claims: dict[str, Any], name: str) -> str | None:
    """The name in a claim; None if it is missing, empty, too long or not printable."""
    found = claim(claims, name)
    if not isinstance(found, str) or not 0 < len(found) <= NAME_LENGTH_MAX or not found.isprintable():
        return None
    return found


def roles_in(claims: dict[str, Any], name: str) -> frozenset[Role]:
    """The known roles in a claim, which is a list or a text with spaces."""
    listed = claim(claims, name)
    names: Iterable[Any] = listed.split() if isinstance(listed, str) else listed if isinstance(listed, list) else ()
    return frozenset(Role(role) for role in names if isinstance(role, str) and role in Role.__members__)


def _check_times(claims: dict[str, Any]) -> None:
    """Raise `AuthenticationFailed` for a time that is not a JSON number (`NumericDate`, RFC 7519), such as a string of
    digits, which the library accepts."""
    for name in _TIMES:
        if name in claims and type(claims[name]) not in (int, float):
            raise AuthenticationFailed(f"the claim {name} of the JWT is not a number")


def _decoded(part: str) -> dict[str, Any]:
    """A decoded part of a JWT. Raises `AuthenticationFailed`, also for a duplicate key."""
    try:
        decoded = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)), object_pairs_hook=unique_members)
    except (ValueError, RecursionError):
        decoded = None
    if not isinstance(decoded, dict):
        raise AuthenticationFailed("the JWT is malformed or has a duplicate key")
    return decoded
