"""The cache headers of responses, and the validation of a client's ETag.

A response changes only if an event was recorded, or if it is about the present and time has passed. So its ETag is
made of the request, the caller, the position of the log and, for the present, the minute. Validating an ETag reads the
position of the projections and executes nothing. See docs/adr/0022.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from typing import Final, NamedTuple

import orjson

from api.asgi.etag import matches
from api.execution.context import Caller
from api.execution.variable_limits import oversized
from api.graphql_http.request import GraphQLRequest
from api.schema.schema import schema
from api.snapshot.snapshot import FreshnessTracker
from domain.commands.permissions import Permission
from domain.primitives.lazy import cached_property
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

    @property
    def raw_headers(self) -> list[tuple[bytes, bytes]]:
        return [(name.encode(), value.encode()) for name, value in self.headers.items()]


@dataclass(frozen=True)
class CacheKey:
    """The inputs of a response besides the log: the caller, the media type and the request."""

    caller: Caller
    media: str
    request: GraphQLRequest

    @cached_property
    def digest(self) -> str:
        request = self.request
        document = (request.query, request.variables, request.operation_name)
        inputs = [_program(), self.caller.who, self.media, document]
        return sha256(orjson.dumps(inputs, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


@cache
def _program() -> str:
    """A digest of the schema, since another version may respond differently."""
    return sha256(schema.as_str().encode()).hexdigest()


def for_present(key: CacheKey, basis: ResolvedBasis) -> Validator:
    """For a response about the present: revalidated each time. The ETag is weak, since `now` is rounded."""
    return Validator(f'W/"{basis.position}-{minute(basis.at)}-{key.digest}"', "private, no-cache")


def for_past(key: CacheKey, position: int, seconds: float) -> Validator:
    """For a response about the past: valid for `seconds`, since personal data in it may be erased."""
    control = f"private, max-age={round(seconds)}, immutable" if seconds else "private, no-cache"
    return Validator(f'"{position}-{key.digest}"', control)


def validator_of(key: CacheKey, freshness: FreshnessTracker, seconds: float) -> Validator | None:
    """The validator of a response from what it read; None if it does not depend on the log."""
    if freshness.newest is None:
        return None
    if freshness.uses_present or not freshness.uses_past:
        return for_present(key, freshness.newest)
    return for_past(key, freshness.newest.position, seconds)


def may_be_valid(key: CacheKey, etags: str | None) -> bool:
    """Whether the client's ETags contain one of this request, which its caller may validate."""
    if not etags or Permission.READ not in key.caller.can or oversized(key.request.variables or {}):
        return False
    return key.digest in etags


def find_not_modified(key: CacheKey, etags: str, newest: ResolvedBasis, seconds: float) -> Validator | None:
    """The validator of a new response at the newest basis, if the client's ETags contain it."""
    candidates = (for_present(key, newest), for_past(key, newest.position, seconds))
    return next((validator for validator in candidates if matches(validator.etag, etags)), None)


def minute(at: datetime) -> int:
    return int(at.timestamp() // NOW_SECONDS)
