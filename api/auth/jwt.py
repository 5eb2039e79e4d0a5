"""Authentication by JWTs of an external issuer, which publishes its keys."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Iterable
from typing import Any, Final

import jwt
from anyio import CapacityLimiter, to_thread

from api.auth.api_tokens import THREADS
from api.auth.authentication import AuthBackendUnavailable, AuthenticationFailed
from api.auth.jwks import KeySet, KeysUnavailable
from api.execution.context import Caller
from api.runtime.settings import Settings
from domain.commands.permissions import Role
from domain.handlers import identity
from domain.log.event_store import Log
from domain.primitives.json_keys import unique_members

KID_LENGTH_MAX: Final = 256
ANYONE: Final = "*"

_TIMES: Final = ("exp", "nbf", "iat")
_OPTIONS: Any = {"require": ["exp", "iss", "aud"], "enforce_minimum_key_length": True}


class JwtAuthenticator:
    """Accepts the JWTs of one issuer whose audience is this API.

    The handle claim names a person by handle. Any other name is a machine, and the settings must list it, so that no
    token writes the name of a person into the log in clear text. Unknown roles in the roles claim are ignored.
    """

    def __init__(self, settings: Settings, log: Log) -> None:
        assert settings.jwt_jwks is not None
        self._rules = settings
        self._log = log
        self._keys = KeySet(settings.jwt_jwks)
        self._algorithms = frozenset(settings.listed("jwt_algorithms"))
        self._machines = frozenset(settings.listed("jwt_machines"))
        self._threads = CapacityLimiter(THREADS)

    def accepts(self, bearer: str) -> bool:
        return bearer.count(".") == 2

    async def authenticate(self, bearer: str) -> Caller:
        claims = await self._claims(bearer)
        expires_at = claims["exp"] + self._rules.jwt_leeway_s
        roles = _roles(claims, self._rules.jwt_roles_claim)
        if not roles:
            raise AuthenticationFailed("the JWT has no known role")
        name = _claim(claims, self._rules.jwt_handle_claim)
        if not isinstance(name, str) or not 0 < len(name) <= KID_LENGTH_MAX or not name.isprintable():
            raise AuthenticationFailed("the handle claim of the JWT is missing or invalid")
        person = await to_thread.run_sync(identity.by_handle, self._log, name, limiter=self._threads)
        if person is not None:
            if not person.is_active:
                raise AuthenticationFailed(f"person {person.id} of the JWT is no longer active")
            return Caller(person.handle, roles, person.id, expires_at=expires_at)
        if not self._machines & {name, ANYONE}:
            raise AuthenticationFailed("the JWT names neither a person nor a machine in KEYFRAME_JWT_MACHINES")
        return Caller(name, roles, expires_at=expires_at)

    async def _claims(self, bearer: str) -> dict[str, Any]:
        """The claims of a token whose signature, issuer, audience and time are valid.

        Raises `AuthenticationFailed`, `AuthBackendUnavailable`.
        """
        header = _decoded(bearer.partition(".")[0])
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
                bearer,
                key,
                algorithms=[algorithm],
                issuer=self._rules.jwt_issuer,
                audience=self._rules.jwt_audience,
                leeway=self._rules.jwt_leeway_s,
                options=_OPTIONS,
            )
        except Exception as error:  # noqa: BLE001 - any error of a token makes it invalid
            raise AuthenticationFailed(f"the JWT is invalid: {type(error).__name__}") from None
        _check_times(_decoded(bearer.split(".")[1]))
        return claims


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


def _claim(claims: dict[str, Any], name: str) -> Any:
    """A claim by its name, or by its path: 'realm_access.roles' is also `roles` within `realm_access`."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _roles(claims: dict[str, Any], name: str) -> frozenset[Role]:
    listed = _claim(claims, name)
    names: Iterable[Any] = listed.split() if isinstance(listed, str) else listed if isinstance(listed, list) else ()
    return frozenset(Role(role) for role in names if isinstance(role, str) and role in Role.__members__)
