"""Authentication by sessions of the console, and their beginning and end."""

from time import time
from typing import Final

from anyio import CapacityLimiter, to_thread

from api.auth.authentication import AuthenticationFailed
from api.execution.context import Caller
from api.runtime.database import Pool
from domain.handlers import identity
from domain.log.credentials import api_tokens, sessions
from domain.log.credentials.sessions import Session
from domain.log.event_store import Log
from domain.primitives.values import Source

THREADS: Final = 4
"""Concurrent look-ups, limited so that unknown sessions cannot take all database connections."""


class ConsoleSessions:
    """The sessions in the workspace's table; an `Authenticator`."""

    def __init__(self, pool: Pool, log: Log) -> None:
        self._pool = pool
        self._log = log
        self._threads = CapacityLimiter(THREADS)

    def accepts(self, bearer: str) -> bool:
        return bearer.startswith(sessions.PREFIX)

    async def authenticate(self, bearer: str) -> Caller:
        return await to_thread.run_sync(self._look_up, bearer, limiter=self._threads)

    async def begin(
        self, caller: Caller, *, bearer: str | None = None, previous: str | None = None
    ) -> tuple[str, float]:
        """Open a session for a caller, who authenticated by this bearer token if any, and end the previous one. Returns
        its secret and when it ends, in seconds since 1970. Raises database errors."""
        return await to_thread.run_sync(self._begin, caller, bearer, previous, limiter=self._threads)

    async def end(self, secret: str) -> None:
        """End a session; idempotent. Raises database errors."""
        await to_thread.run_sync(self._end, secret, limiter=self._threads)

    async def is_any_token_valid(self) -> bool:
        """Whether there is an API token by which one could sign in. Raises database errors."""
        return await to_thread.run_sync(self._is_any_token_valid, limiter=self._threads)

    def _is_any_token_valid(self) -> bool:
        with self._pool.connection() as conn:
            return api_tokens.is_any_live(conn)

    def _begin(self, caller: Caller, bearer: str | None, previous: str | None) -> tuple[str, float]:
        token = None if bearer is None else api_tokens.id_of(bearer)
        name = caller.handle if caller.person is None else ""  # a person's handle is personal data
        until = min(caller.expires_at, time() + sessions.LIFETIME_MAX.total_seconds())  # a JWT may last for ages
        with self._pool.connection() as conn, conn.transaction():
            if previous is not None:
                sessions.close_session(conn, previous)
            session, secret = sessions.open_session(conn, name, caller.roles, caller.person, token=token, until=until)
        return secret, session.expires_at.timestamp()

    def _end(self, secret: str) -> None:
        with self._pool.connection() as conn:
            sessions.close_session(conn, secret)

    def _look_up(self, secret: str) -> Caller:
        with self._pool.connection() as conn:
            session = sessions.matching(conn, secret)
        if session is None:
            raise AuthenticationFailed("the session is unknown or has ended")
        return Caller(
            self._handle(session), session.roles, session.person, Source.CONSOLE, session.expires_at.timestamp()
        )

    def _handle(self, session: Session) -> str:
        if session.person is None:
            return session.name
        person = identity.by_id(self._log, session.person)
        if person is None or not person.is_active:
            raise AuthenticationFailed("the person of the session is no longer active")
        return person.handle
