"""Authentication by API tokens, which Keyframe issues itself."""

from typing import Final

from anyio import CapacityLimiter, to_thread

from api.auth.authentication import AuthenticationFailed
from api.auth.token_uses import TokenUses
from api.execution.context import Caller
from api.runtime.database import Pool
from domain.handlers import identity
from domain.log.credentials import api_tokens
from domain.log.event_store import Log

THREADS: Final = 4
"""Concurrent token lookups, limited so that unknown tokens cannot take all database connections."""


class ApiTokenAuthenticator:
    """Looks up API tokens in the workspace's table."""

    def __init__(self, pool: Pool, log: Log, uses: TokenUses) -> None:
        self._pool = pool
        self._log = log
        self._uses = uses
        self._threads = CapacityLimiter(THREADS)

    def accepts(self, bearer: str) -> bool:
        return bearer.startswith(api_tokens.PREFIX)

    async def authenticate(self, bearer: str) -> Caller:
        return await to_thread.run_sync(self._look_up, bearer, limiter=self._threads)

    def _look_up(self, bearer: str) -> Caller:
        with self._pool.connection() as conn:
            token = api_tokens.matching(conn, bearer)
        if token is None:
            raise AuthenticationFailed("the API token is unknown")
        if not token.is_live:
            raise AuthenticationFailed(
                f"token {token.id} {'has expired' if token.revoked_at is None else 'was revoked'}"
            )
        self._uses.note(token.id)
        if token.person is None:
            return Caller(token.name, token.roles, expires_at=token.expires_at.timestamp())
        person = identity.by_id(self._log, token.person)
        if person is None or not person.is_active:
            raise AuthenticationFailed(f"the person of token {token.id} is no longer active")
        return Caller(person.handle, token.roles, person.id, expires_at=token.expires_at.timestamp())
