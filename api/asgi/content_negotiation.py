"""The forms in which an answer can come, and which of them a client wants most."""

from collections.abc import Mapping
from typing import Final, NamedTuple

JSON: Final = "application/json"
GRAPHQL: Final = "application/graphql-response+json"
EVENTS: Final = "text/event-stream"
PARTS: Final = "multipart/mixed"
"""Only as the protocol for subscriptions has it, which a client asks for by `subscriptionSpec=1.0`."""

ACCEPT_LENGTH_MAX: Final = 4_096
"""Characters of an Accept header that are looked at; no client has more to wish."""

_ANSWERED: Final = {one: one for one in (GRAPHQL, JSON, EVENTS, PARTS)}
_ANY: Final = ("application/*", "*/*")


class _Wanted(NamedTuple):
    """A part of an Accept header."""

    media: str
    quality: float
    parameters: Mapping[str, str]

    def form(self, usual: str) -> str | None:
        """The form that this part can be answered in; `usual`, if any will do."""
        if self.quality <= 0 or (self.media == PARTS and not self._is_of_subscriptions):
            return None
        return usual if self.media in _ANY else _ANSWERED.get(self.media)

    @property
    def _is_of_subscriptions(self) -> bool:
        boundary = self.parameters.get("boundary", "graphql")
        return boundary == "graphql" and self.parameters.get("subscriptionspec", "").startswith("1.")


def form(accept: str | None, usual: str = JSON) -> str | None:
    """The form to answer in: of those that are wanted most, the first that can be had."""
    if not accept:
        return usual
    wanted = sorted((_wanted(part) for part in accept[:ACCEPT_LENGTH_MAX].split(",")), key=lambda one: -one.quality)
    return next((found for one in wanted if (found := one.form(usual)) is not None), None)


def media_type(content_type: str | None) -> str:
    """What a Content-Type header says a body is, without its parameters; types are the same in capitals."""
    return (content_type or "").partition(";")[0].strip().lower()


def _wanted(part: str) -> _Wanted:
    media, *rest = (piece.strip().lower() for piece in part.split(";"))
    parameters = {name.strip(): value.strip().strip("\"'") for name, _, value in (one.partition("=") for one in rest)}
    try:
        quality = float(parameters.pop("q", "1"))
    except ValueError:
        quality = 0.0
    return _Wanted(media, quality, parameters)
