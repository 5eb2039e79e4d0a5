"""Authentication by JWTs of an external issuer, which publishes its keys."""

from typing import Final

from anyio import CapacityLimiter, to_thread

from api.auth.api_tokens import THREADS
from api.auth.authentication import AuthenticationFailed
from api.auth.jwks import KeySet
from api.auth.signed_claims import SignedClaims, name_in, roles_in
from api.execution.context import Caller
from api.runtime.settings import Settings
from domain.handlers import identity
from domain.log.event_store import Log

ANYONE: Final = "*"


class JwtAuthenticator:
    """Accepts the JWTs of one issuer whose audience is this API.

    The handle claim names a person by handle. Any other name is a machine, and the settings must list it, so that no
    token writes the name of a person into the log in clear text. Unknown roles in the roles claim are ignored.
    """

    def __init__(self, settings: Settings, log: Log) -> None:
        assert settings.jwt_jwks is not None
        self._rules = settings
        self._log = log
        self._claims = SignedClaims(settings, KeySet(settings.jwt_jwks), settings.jwt_issuer, settings.jwt_audience)
        self._machines = frozenset(settings.listed("jwt_machines"))
        self._threads = CapacityLimiter(THREADS)

    def accepts(self, bearer: str) -> bool:
        return bearer.count(".") == 2

    async def authenticate(self, bearer: str) -> Caller:
        claims = await self._claims.read(bearer)
        expires_at = claims["exp"] + self._rules.jwt_leeway_s
        roles = roles_in(claims, self._rules.jwt_roles_claim)
        if not roles:
            raise AuthenticationFailed("the JWT has no known role")
        name = name_in(claims, self._rules.jwt_handle_claim)
        if name is None:
            raise AuthenticationFailed("the handle claim of the JWT is missing or invalid")
        person = await to_thread.run_sync(identity.by_handle, self._log, name, limiter=self._threads)
        if person is not None:
            if not person.is_active:
                raise AuthenticationFailed(f"person {person.id} of the JWT is no longer active")
            return Caller(person.handle, roles, person.id, expires_at=expires_at)
        if not self._machines & {name, ANYONE}:
            raise AuthenticationFailed("the JWT names neither a person nor a machine in KEYFRAME_JWT_MACHINES")
        return Caller(name, roles, expires_at=expires_at)
