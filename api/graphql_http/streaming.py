"""Answers that go on over HTTP: as server-sent events or as parts of one body, for as long as the client takes them.

Both protocols are strawberry's; what is here is what clients in use need beside. See docs/adr/0014.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any, cast

import structlog
from starlette.responses import StreamingResponse
from starlette.types import Message, Send
from strawberry.http import GraphQLHTTPResponse
from strawberry.http.streaming import MultipartSubscriptionTransport, SSETransport

_log = structlog.get_logger(__name__)


class Events(SSETransport):
    """Server-sent events, by the GraphQL over SSE protocol in its mode of distinct connections."""

    def encode_event(self, event: str, data: str | None = None) -> str:
        """One event. Lines end in LF: some clients look for nothing else."""
        return f"event: {event}\ndata: {data or ''}\n\n"

    def encode_comment(self, comment: str) -> str:
        return f": {comment}\n\n"


class Parts(MultipartSubscriptionTransport):
    """Parts of a body, by Apollo's protocol for multipart subscriptions."""

    def __init__(self, heartbeat_interval: float) -> None:
        super().__init__()
        self.heartbeat_interval = heartbeat_interval

    def encode_next(self, response: GraphQLHTTPResponse, encode_json: Callable[[object], str]) -> str:
        """One result. What ended the stream rather than an event stands outside the payload."""
        if "data" in response:
            return super().encode_next(response, encode_json)
        return self.encode_multipart_data({"payload": None, **response}, encode_json)


class Stream(StreamingResponse):
    """A response that goes on, until its client takes nothing of it for so many seconds."""

    def __init__(self, texts: AsyncGenerator[str, None], headers: Mapping[str, str], patience_s: float) -> None:
        super().__init__(texts, headers=headers)
        # neither kept nor held back nor changed by whoever stands between
        self.headers.update({"cache-control": "no-store, no-transform", "x-accel-buffering": "no", "vary": "accept"})
        self._patience_s = patience_s

    async def stream_response(self, send: Send) -> None:
        async def patiently(message: Message) -> None:
            async with asyncio.timeout(self._patience_s):
                await send(message)

        async with aclosing(cast("AsyncGenerator[Any, None]", self.body_iterator)):
            try:
                await super().stream_response(patiently)
            except TimeoutError:
                _log.warning("subscriber_cut_off", over="http", seconds=self._patience_s)
