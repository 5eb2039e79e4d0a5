"""The cache headers of responses, and the validation of a client's ETag.

A response changes only if an event was recorded, or if it is about the present and time has passed. So its ETag is
made of the request, the caller, the position of the log and, for the present, the minute. Validating an ETag reads the
position of the views and executes nothing. See docs/adr/0022.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from hashlib import sha256
from typing import Final, NamedTuple

import orjson
import psycopg
from psycopg_pool import PoolTimeout

from api.asgi.etag import matches
from api.execution.context import Caller, Context
from api.execution.variable_limits import oversized
from api.graphql_http.request import GraphQLRequest
from api.schema.schema import schema
from api.snapshot.snapshot import DeadlineExceeded, FreshnessTracker
from domain.commands.permissions import Permission
from projections.store.basis import ResolvedBasis

NOW_SECONDS: Final = 60
"""How long a response about the present stays valid while the log does not change."""


class Validator(NamedTuple):
    """The ETag and Cache-Control of a response."""

    etag: str
    cache_control: str

    @property
    def headers(self) -> dict[str, str]:
        return {"etag": self.etag, "cache-control": self.cache_control}


@dataclass(frozen=True)
class CacheKey:
    """Everything but the log that a response depends on: the caller, the request and the media type."""

    caller: Caller
    form: str
    asked: GraphQLRequest

    @cached_property
    def digest(self) -> str:
        asked = self.asked
        what = (asked.query, asked.variables, asked.operation_name)
        told = [_program(), self.caller.who, self.form, what]
        return sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


@cache
def _program() -> str:
    """A digest of the schema, since another version may respond otherwise."""
    return sha256(schema.as_str().encode()).hexdigest()


def for_present(key: CacheKey, stood: ResolvedBasis) -> Validator:
    """For a response about the present: revalidated each time. The ETag is weak, since `now` is rounded."""
    return Validator(f'W/"{stood.position}-{_minute(stood.at)}-{key.digest}"', "private, no-cache")


def for_past(key: CacheKey, position: int, seconds: float) -> Validator:
    """For a response about the past: valid for so many seconds, since personal data in it may be erased."""
    kept = f"private, max-age={round(seconds)}, immutable" if seconds else "private, no-cache"
    return Validator(f'"{position}-{key.digest}"', kept)


def kept(key: CacheKey, freshness: FreshnessTracker, seconds: float) -> Validator | None:
    """The validator of a response with this footing; None if it depends on nothing in the log."""
    if freshness.newest is None:
        return None
    if freshness.uses_present or not freshness.uses_past:
        return for_present(key, freshness.newest)
    return for_past(key, freshness.newest.position, seconds)


def find_not_modified(key: CacheKey, names: str | None, context: Context, seconds: float) -> Validator | None:
    """The validator among the client's ETags that a new response would have, if any. Blocks."""
    if not names or Permission.READ not in context.caller.can or oversized(key.asked.variables or {}):
        return None
    if key.digest not in names:
        return None
    try:
        stood = context.reads.newest
    except (psycopg.OperationalError, PoolTimeout, DeadlineExceeded):
        return None  # executing the operation will report it
    held = (for_present(key, stood), for_past(key, stood.position, seconds))
    return next((one for one in held if matches(one.etag, names)), None)


def _minute(at: datetime) -> int:
    return int(at.timestamp() // NOW_SECONDS)
