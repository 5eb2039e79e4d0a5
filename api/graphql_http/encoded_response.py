"""A response whose body and headers are bytes already: nothing is encoded or looked up when it is sent."""

from typing import Final, NamedTuple, TypeAlias

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

Headers: TypeAlias = list[tuple[bytes, bytes]]


CONTENT_LENGTH: Final = b"content-length"


class EncodedResponse(NamedTuple):
    """A response with all of its headers."""

    status_code: int
    raw_headers: Headers
    body: bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - as Starlette's
        """Send the response."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body})


AnyResponse: TypeAlias = Response | EncodedResponse
