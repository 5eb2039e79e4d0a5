"""GraphQL over HTTP and WebSocket: one address that answers in the form that the client asked for."""

import re
from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final, cast
from uuid import uuid4

import orjson
from anyio import to_thread
from cross_web import AsyncHTTPRequestAdapter, HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse
from strawberry.http.parse_content_type import parse_content_type
from strawberry.http.streaming import HTTPStreamTransport
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from api.context import Context
from api.forms import EVENTS, GRAPHQL, JSON, PARTS, form
from api.guards import refusal
from api.schema.schema import Schema
from api.schema.subscribing import was_not_begun
from api.settings import Settings
from api.sockets import Conversation, Socket
from api.streams import Events, Parts, Stream
from api.writing import Writing

MIN_POSITION: Final = "x-keyframe-min-position"
"""A header by which a client says: answer once the views stand at this position, which I know of."""
REQUEST_ID: Final = "x-request-id"

_STREAMED: Final = (
    f"A subscription is answered as {EVENTS}, as {PARTS};subscriptionSpec=1.0, or over a WebSocket by the protocol "
    f"{GRAPHQL_TRANSPORT_WS_PROTOCOL}: ask for one of them first."
)
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_POSITION = re.compile(r"[0-9]{1,16}")


class Endpoint(GraphQL[Context, None]):
    """The address of the API.

    A client that accepts `application/graphql-response+json` is told by the status, too, whether its request was
    carried out; one that wants `application/json` gets 200 with whatever GraphQL has to say. One whose first wish
    is a stream of events, or of parts, gets that; and so does one that comes with a WebSocket. A browser that comes
    for a page gets the IDE, if there is one.
    """

    websocket_adapter_class: Any = Socket
    graphql_transport_ws_handler_class = Conversation

    def __init__(
        self,
        schema: Schema,
        context: Callable[[HTTPConnection], Context],
        writing: Writing,
        settings: Settings,
        *,
        ide: bool,
    ) -> None:
        super().__init__(
            schema,
            graphql_ide="graphiql" if ide else None,
            subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL],
            connection_init_wait_timeout=timedelta(seconds=settings.connection_init_timeout_s),
            max_subscriptions_per_connection=settings.connection_operations_max,
        )
        self._context = context
        self._writing = writing
        # twice: so that who leaves the last ping of a WebSocket unanswered is told before it is cut off
        self.patience_s = 2 * settings.keep_alive_s + settings.reader_timeout_s
        self._streams: dict[str | None, HTTPStreamTransport] = {
            EVENTS: Events(settings.keep_alive_s),
            PARTS: Parts(settings.keep_alive_s),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._converse(WebSocket(scope, receive, send))
            return
        request = Request(scope, receive)
        request.state.id = _request_id(request)
        response = await self._respond(request)
        response.headers[REQUEST_ID] = request.state.id
        response.headers.setdefault("cache-control", "no-store")
        await response(scope, receive, send)

    async def _converse(self, socket: WebSocket) -> None:
        socket.state.id = _request_id(socket)
        await self.run(socket)

    async def _respond(self, request: Request) -> Response:
        try:
            _refuse_unanswerable(request)
            behind = await self._behind(request)
            response: Response = behind or await self.run(request)
        except HTTPException as refused:
            response = _refused(refused)
        return response

    # ── waiting for what the client knows of ─────────────────────────────────────────────────────

    async def _behind(self, request: Request) -> Response | None:
        """What to answer if the views do not come to stand where the client wants them."""
        said = request.headers.get(MIN_POSITION)
        if said is None:
            return None
        if not _POSITION.fullmatch(said):
            raise HTTPException(HTTPStatus.BAD_REQUEST, f"{MIN_POSITION} takes a position of the log, like 42.")
        position = int(said)
        lag = await to_thread.run_sync(self._writing.behind, position)
        return _too_early(position, position - lag, lag) if lag else None

    def _check_websocket_origin(self, request: Any) -> bool:
        """A page of another site brings nothing with it that lets it in, unless nobody needs anything."""
        return request.state.entrance.anonymous is None or super()._check_websocket_origin(request)

    # ── in and out ───────────────────────────────────────────────────────────────────────────────

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:  # noqa: ARG002
        return self._context(request)

    async def parse_http_body(self, request: AsyncHTTPRequestAdapter) -> Any:
        kind = parse_content_type(request.content_type or "")[0]
        if request.method == "POST" and kind != JSON:
            raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"A request comes as {JSON}.")
        return await super().parse_http_body(request)

    def parse_json(self, data: str | bytes) -> Any:
        parsed = super().parse_json(data)
        if not isinstance(parsed, dict | list):
            raise HTTPException(HTTPStatus.BAD_REQUEST, "A request is a JSON object with a query.")
        return parsed

    def decode_json(self, data: str | bytes) -> object:
        return orjson.loads(data)

    def encode_json(self, data: object) -> bytes:
        return orjson.dumps(data)

    async def get_sub_response(self, request: Request | WebSocket) -> Response:
        reply: Response = await super().get_sub_response(request)
        reply.media_type = form(request.headers.get("accept"))
        return reply

    async def process_result(self, request: Request, result: ExecutionResult) -> GraphQLHTTPResponse:
        data = await super().process_result(request, result)
        if was_not_begun(result):
            del data["data"]
        return data

    def create_response(self, response_data: Any, sub_response: Response) -> Response:
        media = sub_response.media_type or JSON
        begun = isinstance(response_data, list) or "data" in response_data
        status = HTTPStatus.OK if begun or media == JSON else HTTPStatus.BAD_REQUEST
        headers = {"content-type": f"{media}; charset=utf-8", "vary": "accept"}
        return Response(self.encode_json(response_data), status, headers)

    # ── streams ──────────────────────────────────────────────────────────────────────────────────

    def _get_stream_transport_from_headers(self, headers: Mapping[str, str]) -> HTTPStreamTransport | None:
        """A client may list streams behind what it wants on every request: only its first wish counts."""
        return self._streams.get(form(headers.get("accept")))

    def _get_stream_transport(self, protocol: str) -> HTTPStreamTransport | None:
        return next((stream for stream in self._streams.values() if stream.protocol == protocol), None)

    async def create_streaming_response(
        self,
        request: Request | WebSocket,  # noqa: ARG002
        stream: Callable[[], Any],
        sub_response: Response,  # noqa: ARG002
        headers: Mapping[str, str],
    ) -> Response:
        return Stream(cast("AsyncGenerator[str, None]", stream()), headers, self.patience_s)


def _request_id(request: HTTPConnection) -> str:
    """The caller's name for this request, if it is fit to be logged; else a new one."""
    said = request.headers.get(REQUEST_ID, "")
    return said if _ID.fullmatch(said) else uuid4().hex


def _refused(refused: HTTPException) -> Response:
    """What to answer to a request that is none, or that asks for something by the wrong method."""
    status, allowed, message = HTTPStatus(refused.status_code), "GET, POST", refused.reason
    cause = refused.__cause__
    if isinstance(cause, InvalidOperationTypeError):
        status, allowed = HTTPStatus.METHOD_NOT_ALLOWED, "POST"
        if cause.operation_type is OperationType.SUBSCRIPTION:
            status, message = HTTPStatus.NOT_ACCEPTABLE, _STREAMED
    response = refusal(status, message, "BAD_REQUEST")
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        response.headers["allow"] = allowed
    return response


def _too_early(position: int, stands_at: int, lag: int) -> Response:
    message = f"The views stand at {stands_at} and did not reach {position} in time; ask again in a moment."
    response = refusal(HTTPStatus.SERVICE_UNAVAILABLE, message, "BEHIND", position=stands_at, wanted=position, lag=lag)
    response.headers["retry-after"] = "1"
    return response


def _refuse_unanswerable(request: Request) -> None:
    """Refuse a client that accepts nothing we could answer in."""
    accept = request.headers.get("accept")
    if form(accept) is None and "text/html" not in (accept or ""):
        raise HTTPException(HTTPStatus.NOT_ACCEPTABLE, f"Answers come as {GRAPHQL} or {JSON}.")
