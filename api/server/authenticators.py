"""The entrance of one process, with the doors that its settings open, and whose pages may knock."""

from typing import Final

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from api.asgi.rate_limiter import TokenBucketLimiter
from api.auth.api_tokens import Tokens
from api.auth.authentication import DEMO, Door, Entrance
from api.auth.jwt import Jwts
from api.runtime.database import Pool
from api.runtime.settings import Settings
from domain.log.event_store import Log

EXPOSED: Final = (
    "etag", "retry-after", "www-authenticate", "x-keyframe-at", "x-keyframe-position", "x-request-id",
)  # fmt: skip
"""What a page of another site may read of an answer beside its body."""
PREFLIGHT_SECONDS: Final = 600
"""For so long a browser need not ask again whether it may ask."""


def opened(settings: Settings, pool: Pool, log: Log, *, anonymous: bool) -> Entrance:
    """The entrance. `anonymous`: who shows nothing comes in, too, and may do everything."""
    doors: list[Door] = [Tokens(pool, log)]
    if settings.jwt_jwks is not None:
        doors.append(Jwts(settings, log))
    requests = TokenBucketLimiter(settings.requests_per_s, settings.requests_burst)
    return Entrance(doors, requests, DEMO if anonymous else None)


def cors(settings: Settings) -> list[Middleware]:
    """What answers the browsers of pages elsewhere, if any may ask. Their preflights come without credentials, and
    no cookie is ever taken."""
    origins = settings.listed("cors_origins")
    if not origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=("GET", "POST"),
            allow_headers=("*",),
            expose_headers=EXPOSED,
            max_age=PREFLIGHT_SECONDS,
        )
    ]
