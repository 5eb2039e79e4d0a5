"""The authenticators and CORS policy of the settings."""

from collections.abc import Callable
from typing import Final

from starlette.middleware import Middleware

from api.asgi.cross_origin import CrossOrigin
from api.asgi.rate_limiter import TokenBucketLimiter
from api.auth.api_tokens import ApiTokenAuthenticator
from api.auth.authentication import Authenticator, Authenticators
from api.auth.console_sessions import ConsoleSessions
from api.auth.jwt import JwtAuthenticator
from api.auth.token_memory import TokenMemory
from api.auth.token_uses import TokenUses
from api.execution.context import Caller
from api.runtime.database import Pool
from api.runtime.settings import Settings
from domain.log.event_store import Log

EXPOSED: Final = (
    "etag", "retry-after", "www-authenticate", "x-keyframe-at", "x-keyframe-position", "x-request-id",
)  # fmt: skip
"""Response headers that a page of another origin may read."""
TOKEN_MEMORY_SECONDS: Final = 300.0
"""The default of `KEYFRAME_TOKEN_MEMORY_S`."""
PREFLIGHT_SECONDS: Final = 600
"""How long a browser may cache a preflight."""


def authenticators_of(
    settings: Settings,
    pool: Pool,
    log: Log,
    uses: TokenUses,
    sessions: ConsoleSessions,
    *,
    anonymous: Caller | None,
    is_primary_away: Callable[[], bool] | None,
) -> Authenticators:
    """The authenticators of these settings. `anonymous`: the caller of a request without a token, if any.
    `is_primary_away`: whether the primary does not answer, where standbys answer reads."""
    authenticators: list[Authenticator] = [ApiTokenAuthenticator(pool, log, uses), sessions]
    if settings.jwt_jwks is not None:
        authenticators.append(JwtAuthenticator(settings, log))
    requests = TokenBucketLimiter(settings.requests_per_s, settings.requests_burst)
    seconds = TOKEN_MEMORY_SECONDS if settings.token_memory_s is None else settings.token_memory_s
    memory = None if is_primary_away is None else TokenMemory(seconds, is_primary_away)
    return Authenticators(authenticators, requests, anonymous, memory)


def cors(settings: Settings) -> Middleware:
    """The CORS middleware for the allowed origins. Neither preflights nor requests carry credentials, and a cookie of
    another origin never counts."""
    return Middleware(
        CrossOrigin,
        allow_origins=settings.listed("cors_origins"),
        allow_methods=("GET", "POST"),
        allow_headers=("*",),
        expose_headers=EXPOSED,
        max_age=PREFLIGHT_SECONDS,
    )
