"""The forms in which an answer can come, and which of them a client wants most."""

from collections.abc import Mapping
from typing import Final, NamedTuple

JSON: Final = "application/json"
GRAPHQL: Final = "application/graphql-response+json"
EVENTS: Final = "text/event-stream"
PARTS: Final = "multipart/mixed"
"""Only as the protocol for subscriptions has it, which a client asks for by `subscriptionSpec=1.0`."""

_ANSWERED: Final = {GRAPHQL: GRAPHQL, JSON: JSON, "application/*": JSON, "*/*": JSON, EVENTS: EVENTS, PARTS: PARTS}


class _Wanted(NamedTuple):
    """A part of an Accept header."""

    media: str
    quality: float
    parameters: Mapping[str, str]

    @property
    def form(self) -> str | None:
        """The form that this part can be answered in."""
        if self.quality <= 0 or (self.media == PARTS and not self._is_of_subscriptions):
            return None
        return _ANSWERED.get(self.media)

    @property
    def _is_of_subscriptions(self) -> bool:
        boundary = self.parameters.get("boundary", "graphql")
        return boundary == "graphql" and self.parameters.get("subscriptionspec", "").startswith("1.")


def form(accept: str | None) -> str | None:
    """The form to answer in: of those that are wanted most, the first that can be had."""
    if not accept:
        return JSON
    wanted = sorted((_wanted(part) for part in accept.split(",")), key=lambda one: -one.quality)
    return next((one.form for one in wanted if one.form is not None), None)


def _wanted(part: str) -> _Wanted:
    media, *rest = (piece.strip().lower() for piece in part.split(";"))
    parameters = {name.strip(): value.strip().strip("\"'") for name, _, value in (one.partition("=") for one in rest)}
    try:
        quality = float(parameters.pop("q", "1"))
    except ValueError:
        quality = 0.0
    return _Wanted(media, quality, parameters)
