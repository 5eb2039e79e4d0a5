"""Subscriptions over HTTP: server-sent events and multipart responses.

strawberry implements both protocols; this module adds what clients in use need. See docs/adr/0014.
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


class EventStreamTransport(SSETransport):
    """Server-sent events, by the distinct connections mode of GraphQL over SSE."""

    def encode_event(self, event: str, data: str | None = None) -> str:
        """One event. Lines end in LF, since some clients accept nothing else."""
        return f"event: {event}\ndata: {data or ''}\n\n"

    def encode_comment(self, comment: str) -> str:
        return f": {comment}\n\n"


class MultipartTransport(MultipartSubscriptionTransport):
    """A multipart response, by Apollo's protocol for subscriptions."""

    def __init__(self, heartbeat_interval: float) -> None:
        super().__init__()
        self.heartbeat_interval = heartbeat_interval

    def encode_next(self, response: GraphQLHTTPResponse, encode_json: Callable[[object], str]) -> str:
        """One result. An error that ends the stream is outside the payload."""
        if "data" in response:
            return super().encode_next(response, encode_json)
        return self.encode_multipart_data({"payload": None, **response}, encode_json)


class TimeoutStreamingResponse(StreamingResponse):
    """A streaming response that ends if one write takes longer than a timeout."""

    def __init__(self, texts: AsyncGenerator[str, None], headers: Mapping[str, str], write_timeout_s: float) -> None:
        super().__init__(texts, headers=headers)
        # proxies must not store, buffer or transform it
        self.headers.update({"cache-control": "no-store, no-transform", "x-accel-buffering": "no", "vary": "accept"})
        self._write_timeout_s = write_timeout_s

    async def stream_response(self, send: Send) -> None:
        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(self._write_timeout_s):
                await send(message)

        async with aclosing(cast("AsyncGenerator[Any, None]", self.body_iterator)):
            try:
                await super().stream_response(send_in_time)
            except TimeoutError:
                _log.warning("subscriber_cut_off", over="http", seconds=self._write_timeout_s)
