"""Authentication by API tokens, which Keyframe issues itself."""

from typing import Final

from anyio import CapacityLimiter, to_thread

from api.auth.authentication import AuthenticationFailed
from api.execution.context import Caller
from api.runtime.database import Pool
from domain.handlers import identity
from domain.log import api_tokens
from domain.log.event_store import Log

THREADS: Final = 4
"""How many tokens are looked up at once, so that unknown tokens cannot take all database connections."""


class ApiTokenAuthenticator:
    """Looks tokens up in the workspace's table."""

    def __init__(self, pool: Pool, log: Log) -> None:
        self._pool = pool
        self._log = log
        self._threads = CapacityLimiter(THREADS)

    def accepts(self, bearer: str) -> bool:
        return bearer.startswith(api_tokens.PREFIX)

    async def authenticate(self, bearer: str) -> Caller:
        return await to_thread.run_sync(self._look_up, bearer, limiter=self._threads)

    def _look_up(self, bearer: str) -> Caller:
        with self._pool.connection() as conn:
            token = api_tokens.shown(conn, bearer)
        if token is None:
            raise AuthenticationFailed("a token that was not made here")
        if not token.is_live:
            raise AuthenticationFailed(
                f"token {token.id} {'has expired' if token.revoked_at is None else 'was revoked'}"
            )
        if token.person is None:
            return Caller(token.name, token.roles)
        known = identity.by_id(self._log, token.person)
        if known is None or not known.is_here:
            raise AuthenticationFailed(f"token {token.id} is of a person who is not here any more")
        return Caller(known.handle, token.roles, known.id)
