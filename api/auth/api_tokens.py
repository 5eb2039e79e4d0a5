"""The door for tokens that Keyframe made itself."""

from typing import Final

from anyio import CapacityLimiter, to_thread

from api.auth.authentication import NotAdmitted
from api.execution.context import Caller
from api.runtime.database import Pool
from domain.handlers import identity
from domain.log import api_tokens
from domain.log.event_store import Log

THREADS: Final = 4
"""How many tokens are looked up at once, so that a crowd of strangers leaves connections for those who belong."""


class Tokens:
    """Looks tokens up in the workspace's table."""

    def __init__(self, pool: Pool, log: Log) -> None:
        self._pool = pool
        self._log = log
        self._threads = CapacityLimiter(THREADS)

    def knows(self, bearer: str) -> bool:
        return bearer.startswith(api_tokens.PREFIX)

    async def admit(self, bearer: str) -> Caller:
        return await to_thread.run_sync(self._look_up, bearer, limiter=self._threads)

    def _look_up(self, bearer: str) -> Caller:
        with self._pool.connection() as conn:
            token = api_tokens.shown(conn, bearer)
        if token is None:
            raise NotAdmitted("a token that was not made here")
        if not token.is_live:
            raise NotAdmitted(f"token {token.id} {'has expired' if token.revoked_at is None else 'was revoked'}")
        if token.person is None:
            return Caller(token.name, token.roles)
        known = identity.by_id(self._log, token.person)
        if known is None or not known.is_here:
            raise NotAdmitted(f"token {token.id} is of a person who is not here any more")
        return Caller(known.handle, token.roles, known.id)
