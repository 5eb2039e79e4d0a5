"""Content negotiation: the media types of a response, and which one an Accept header prefers."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from starlette.requests import HTTPConnection

JSON: Final = "application/json"
GRAPHQL: Final = "application/graphql-response+json"
EVENTS: Final = "text/event-stream"
PARTS: Final = "multipart/mixed"
"""Only for the multipart subscription protocol, which a client requests by `subscriptionSpec=1.0`."""

ACCEPT_LENGTH_MAX: Final = 4_096
"""The number of characters of an Accept header that are parsed."""

ACCEPTS_CACHED_MAX: Final = 128
"""Parsed Accept headers that are cached; a client usually sends the same one."""

TYPES_CACHED_MAX: Final = 16
"""Content-Type headers whose media type is cached."""

_SUPPORTED: Final = {media: media for media in (GRAPHQL, JSON, EVENTS, PARTS)}
_ANY: Final = ("application/*", "*/*")


class _AcceptEntry(NamedTuple):
    """One entry of an Accept header."""

    media: str
    quality: float
    parameters: Mapping[str, str]

    def media_type_for(self, usual: str) -> str | None:
        """The supported media type that this entry accepts, or None; `usual` for a wildcard."""
        if self.quality <= 0 or (self.media == PARTS and not self._is_for_subscriptions):
            return None
        return usual if self.media in _ANY else _SUPPORTED.get(self.media)

    @property
    def _is_for_subscriptions(self) -> bool:
        boundary = self.parameters.get("boundary", "graphql")
        return boundary == "graphql" and self.parameters.get("subscriptionspec", "").startswith("1.")


@lru_cache(ACCEPTS_CACHED_MAX)
def negotiate(accept: str, usual: str) -> str | None:
    """The media type of the response to an Accept header, of which the first `ACCEPT_LENGTH_MAX` characters count, or
    to an empty one: the supported type with the highest quality, the first of equals."""
    if not accept:
        return usual
    entries = sorted((_parse_entry(part) for part in accept.split(",")), key=lambda entry: -entry.quality)
    return next((media for entry in entries if (media := entry.media_type_for(usual)) is not None), None)


@lru_cache(TYPES_CACHED_MAX)
def media_type(content_type: str | None) -> str:
    """The media type of a Content-Type header, in lower case and without parameters."""
    return (content_type or "").partition(";")[0].strip().lower()


def _parse_entry(part: str) -> _AcceptEntry:
    media, *rest = (piece.strip().lower() for piece in part.split(";"))
    parameters = {name.strip(): value.strip().strip("\"'") for name, _, value in (item.partition("=") for item in rest)}
    try:
        quality = float(parameters.pop("q", "1"))
    except ValueError:
        quality = 0.0
    return _AcceptEntry(media, quality, parameters)


def asks_for_page(request: HTTPConnection) -> bool:
    """Whether a request is that of a browser that opens the page at `/graphql`: a GET that accepts HTML, without a
    GraphQL request in its URL."""
    if request.scope.get("method") != "GET" or "text/html" not in request.headers.get("accept", ""):
        return False
    return not any(request.query_params.get(name) for name in ("query", "documentId", "extensions"))
