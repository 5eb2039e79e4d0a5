"""The GraphQL endpoint, over HTTP and WebSocket."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from math import ceil
from time import monotonic
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Protocol, TypeAlias, TypeVar, cast

import orjson
from cross_web import HTTPException
from graphql import GraphQLError
from msgspec.structs import replace
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse, process_result
from strawberry.http.streaming import HTTPStreamTransport
from strawberry.http.websocket_origin import is_same_origin
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from api.asgi.connection_timeout import EncodedResponse, header_lines
from api.asgi.content_negotiation import (
    ACCEPT_LENGTH_MAX,
    EVENTS,
    GRAPHQL,
    JSON,
    PARTS,
    asks_for_page,
    media_type,
    negotiate,
)
from api.asgi.cross_origin import ORIGIN_NOT_ALLOWED, not_allowed
from api.asgi.disconnect import WhileConnected
from api.asgi.error_response import error_response, unavailable_response
from api.asgi.status_codes import PARTIAL_SUCCESS, StatusCodePolicy
from api.asgi.websocket_limit import TooManyWebSockets, WebSocketLimit
from api.auth.authentication import network_of
from api.auth.authentication_middleware import address
from api.execution.admission import Operation
from api.execution.context import Caller, Context, Moment
from api.execution.sizes import WorkspaceSizes
from api.execution.writer import Writer
from api.graphql_http import caching
from api.graphql_http import request as graphql_request
from api.graphql_http.caching import CacheKey, Validator
from api.graphql_http.csrf import reject_forgery
from api.graphql_http.kept_answers import Answer, KeptAnswers, Question
from api.graphql_http.persisted_documents import PersistedDocuments, load_manifest
from api.graphql_http.request import GraphQLRequest, MalformedRequest, RequestRejected
from api.graphql_http.streaming import EventStreamTransport, MultipartTransport, TimeoutStreamingResponse
from api.graphql_http.websocket import TimeoutWebSocketAdapter, WebSocketHandler
from api.runtime.settings import Settings
from api.schema.primitives.errors import VALIDATION_FAILED
from api.schema.schema import Schema
from api.schema.subscriptions.lifecycle import answers, was_not_begun
from api.snapshot.shared_present import SharedPresent
from projections.engine.visibility import NOTHING

T = TypeVar("T")
AnyResponse: TypeAlias = Response | EncodedResponse

MIN_POSITION: Final = "x-keyframe-min-position"
"""Request header: respond once the projections have reached this position (read your own writes)."""

POSITION: Final = "x-keyframe-position"
"""Response header: the position of the present at which a query was answered."""

MOMENT_SECONDS: Final = 1.0
"""How old the present of a query may be when its execution begins."""

_STREAMED: Final = (
    f"A subscription needs the Accept header {EVENTS} or {PARTS};subscriptionSpec=1.0, "
    f"or a WebSocket with the protocol {GRAPHQL_TRANSPORT_WS_PROTOCOL}."
)
_ALLOWED: Final = {"GET": (OperationType.QUERY,), "POST": (OperationType.QUERY, OperationType.MUTATION)}
TOO_MANY_WEBSOCKETS: Final = "TOO_MANY_WEBSOCKETS"
VARY: Final = "accept, authorization, cookie"
_CONTENT_HEADERS: Final = {
    media: ((b"content-type", f"{media}; charset=utf-8".encode()), (b"vary", VARY.encode()))
    for media in (JSON, GRAPHQL)
}
_CONTENT_LENGTH: Final = b"content-length"
_CACHE_CONTROL: Final = b"cache-control"
_NO_STORE: Final = (_CACHE_CONTROL, b"no-store")
_POSITION_HEADER: Final = POSITION.encode()
_POSITION = re.compile(r"[0-9]{1,16}")


class Known(NamedTuple):
    """What is known of a query before it is executed: its present, and the question whose answer may be kept."""

    moment: Moment | None = None
    question: Question | None = None


class Contexts(Protocol):
    """The contexts of the requests of a process. `sizes` are those of its workspace."""

    @property
    def sizes(self) -> WorkspaceSizes: ...

    def wanted(self, caller: Caller) -> int:
        """The position that a present must have reached for this caller."""

    def context(self, request: HTTPConnection, moment: Moment | None = None) -> Context:
        """The context of an authenticated request, at a present that was read for it."""


class Endpoint(GraphQL[Context, None]):
    """The endpoint of the API.

    A client that accepts `application/graphql-response+json` gets status codes; with `application/json`, the status is
    200 whatever the result. If the preferred media type is that of server-sent events or of multipart responses, the
    response is a stream. Responses to GET have cache headers. A browser that requests HTML gets `page`, if it is set.
    `documents`, by digest, are trusted beside those of the settings.
    """

    websocket_adapter_class: Any = TimeoutWebSocketAdapter
    graphql_transport_ws_handler_class = WebSocketHandler

    def __init__(
        self,
        schema: Schema,
        contexts: Contexts,
        writer: Writer,
        answers: KeptAnswers,
        present: SharedPresent,
        settings: Settings,
        *,
        page: Callable[[Request], Response] | None,
        documents: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Raises `InvalidManifest`."""
        super().__init__(
            schema,
            graphql_ide=None,
            subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL],
            connection_init_wait_timeout=timedelta(seconds=settings.connection_init_timeout_s),
            max_subscriptions_per_connection=settings.connection_operations_max,
            allowed_origins=settings.listed("cors_origins"),
        )
        self._contexts = contexts
        self._schema = schema
        self._writer = writer
        self._answers = answers
        self._present = present
        self._page = page
        self._websockets = WebSocketLimit(settings.websockets_max, settings.websockets_silent_max)
        self.documents = PersistedDocuments(
            {**documents, **load_manifest(settings.trusted_documents)}, only=settings.trusted_only
        )
        self._statuses = settings.http_statuses
        self._batch_max = settings.batch_max
        self._immutable_s = settings.immutable_s
        # twice the interval: the timeout of an unanswered ping, with its close code, comes first
        self.write_timeout_s = 2 * settings.keep_alive_s + settings.reader_timeout_s
        self._streams: dict[str | None, HTTPStreamTransport] = {
            EVENTS: EventStreamTransport(settings.keep_alive_s),
            PARTS: MultipartTransport(settings.keep_alive_s),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
            return
        response = await self.respond(Request(scope, receive))
        await response(scope, receive, send)

    async def respond(self, request: Request) -> AnyResponse:
        """The response to an authenticated request over HTTP. Raises `Busy`, `ClientDisconnected`."""
        try:
            is_page = request.scope["method"] == "GET" and asks_for_page(request)
            response = self._page_response(request) if is_page else await self._handle(request)
        except HTTPException as rejected:
            response = self._rejection(rejected)
        if not isinstance(response, EncodedResponse) and _CACHE_CONTROL not in dict(response.raw_headers):
            response.raw_headers.append(_NO_STORE)
        return response

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run a WebSocket, or reject its handshake if there are too many."""
        websocket = WebSocket(scope, receive, send)
        try:
            with self._websockets.opened(network_of(address(websocket))) as websocket.state.opened:
                await self.run(websocket)
        except TooManyWebSockets as reason:
            rejection = unavailable_response(f"{reason}; try again later.", TOO_MANY_WEBSOCKETS)
            await rejection(scope, receive, send)

    def _check_websocket_origin(self, request: Any) -> bool:
        """Origins matter only without authentication: a page of another site has no token to send."""
        headers = request.headers
        origin = headers.get("origin")
        return (
            request.state.authenticators.anonymous is None
            or origin is None
            or headers.get("sec-fetch-site") == "same-origin"
            or is_same_origin(origin, headers.get("host"))
            or self.is_websocket_origin_allowed(request, origin)
        )

    async def reject_websocket(self, request: Any) -> Any:
        """Reject a handshake from an origin that is not allowed, and say what to set."""
        response = error_response(
            HTTPStatus.FORBIDDEN, not_allowed(request.headers.get("origin", "")), ORIGIN_NOT_ALLOWED
        )
        await request.send_denial_response(response)
        return request

    def _page_response(self, request: Request) -> Response:
        if self._page is None:
            return error_response(
                HTTPStatus.NOT_FOUND, "This server has no query editor; send a GraphQL request.", "NOT_FOUND"
            )
        return self._page(request)

    async def _handle(self, request: Request) -> AnyResponse:
        """Check the headers, read the request, and execute it. Raises `HTTPException`, `Busy`, `ClientDisconnected`."""
        media = self._check_headers(request)
        asked = await self._asked(request)
        required, context = request.headers.get(MIN_POSITION), None
        if required is not None:
            context = self._contexts.context(request)
            async with WhileConnected(request.receive):
                stale = await self._wait_for_position(required, context)
            if stale is not None:
                return stale
        if isinstance(asked, list) or media in self._streams:
            async with WhileConnected(request.receive):
                return await self._several(request, asked, context or self._contexts.context(request), media)
        asked = self.resolve_document(asked)
        moment = question = None
        if request.method == "GET" or (asked.query, asked.operation_name) in self._answers.shareable:
            known = await self._known(request, asked, media, context)
            if not isinstance(known, Known):
                return known
            moment, question = known
        context = self._contexts.context(request, moment) if context is None else replace(context, moment=moment)
        async with WhileConnected(request.receive):
            return await self._executed(request, asked, context, media, question)

    async def _several(
        self, request: Request, asked: GraphQLRequest | list[GraphQLRequest], context: Context, media: str
    ) -> AnyResponse:
        """The response to a batch, or a stream of results."""
        request.scope["state"]["stats"] = context.stats
        if isinstance(asked, list):
            return await self._batch(asked, context, media)
        return await self._stream(request, self.resolve_document(asked), context, self._streams[media])

    def _check_headers(self, request: Request) -> str:
        """The media type of the response. Raises `HTTPException` for a wrong method, for media types of which none is
        acceptable, and for a forgery."""
        if request.method not in _ALLOWED:
            raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED, "Use GET or POST for GraphQL requests.")
        usual = GRAPHQL if self._statuses is StatusCodePolicy.DRAFT else JSON
        media = negotiate(request.headers.get("accept", "")[:ACCEPT_LENGTH_MAX], usual)
        if media is None:
            raise HTTPException(HTTPStatus.NOT_ACCEPTABLE, f"The Accept header must include {GRAPHQL} or {JSON}.")
        reject_forgery(request)
        return media

    async def _asked(self, request: Request) -> GraphQLRequest | list[GraphQLRequest]:
        """The request, or the batch of them. Raises `HTTPException`."""
        is_get = request.method == "GET"
        if not is_get and media_type(request.headers.get("content-type")) != JSON:
            raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Content-Type must be {JSON}.")
        try:
            if is_get:
                return graphql_request.from_query(request.query_params)
            body = await request.body()
            return self._answers.requests.get(body) or graphql_request.from_body(body)
        except ValueError as error:
            raise HTTPException(HTTPStatus.BAD_REQUEST, f"The request is not valid JSON in UTF-8: {error}") from None

    # ── read your own writes ─────────────────────────────────────────────────────────────────────

    async def _wait_for_position(self, required: str, context: Context) -> Response | None:
        """Wait for the position that the client requires; returns a 503 response on timeout."""
        if not _POSITION.fullmatch(required):
            raise HTTPException(HTTPStatus.BAD_REQUEST, f"{MIN_POSITION} must be a log position, like 42.")
        position = int(required)
        context.want(position)
        if context.is_at_hand(position):
            return None
        wait = partial(self._writer.behind, position)
        lag = await context.lanes.writes.run(wait, context.caller.actor, 1.0, context.deadline)
        return _stale_response(position, position - lag, lag) if lag else None

    # ── execution ────────────────────────────────────────────────────────────────────────────────

    def resolve_document(self, requested: GraphQLRequest) -> GraphQLRequest:
        """The request with the text of its persisted document, or with the error."""
        try:
            text = self.documents.text(requested.query, requested.extensions, requested.document_id)
        except GraphQLError as error:
            return requested._replace(error=error)
        return requested if text is requested.query else requested._replace(query=text, is_resolved=True)

    async def _executed(
        self, request: Request, asked: GraphQLRequest, context: Context, media: str, question: Question | None
    ) -> AnyResponse:
        """Execute one request, and encode its result on the same thread. Raises `HTTPException`, `Busy`."""
        request.scope["state"]["stats"] = context.stats
        execute = partial(self._run, asked, context, request.method, partial(self._computed, asked, context))
        if question is None:
            answer = await execute()
        else:
            answer = await self._answers.once(question, context, execute)
            self._answers.count(answer)
        return self._response(request, asked, answer, media)

    def _computed(self, asked: GraphQLRequest, context: Context, execute: Callable[[], ExecutionResult]) -> Answer:
        """The answer by executing the operation, which is kept if it may be."""
        body = self._to_response(execute(), context)
        stats, freshness = context.stats, context.freshness
        status = self._statuses.of(body) if "errors" in body else HTTPStatus.OK
        answer = Answer(self.encode_json(body), status, freshness, stats, {})
        if stats.is_shareable and freshness.newest is not None:
            if not context.caller.sees_everything:
                self._present.learn(context.caller.person, freshness.newest, freshness.hidden)
            self._answers.keep(asked, context, answer, freshness.newest)
        return answer

    async def _run(
        self,
        asked: GraphQLRequest,
        context: Context,
        method: str,
        work: Callable[[Callable[[], ExecutionResult]], T],
    ) -> T:
        """What `work` makes of the execution of a request. Raises `HTTPException`, `Busy`."""
        error = asked.error
        if error is not None:
            return work(lambda: ExecutionResult(None, [error]))
        operation = Operation(asked.query, asked.variables, asked.operation_name)
        try:
            return await self._schema.execute_in_lane(operation, context, _ALLOWED[method], work)
        except CannotGetOperationTypeError as refused:
            message = refused.as_http_error_reason()
            return work(lambda: _not_executed(message))
        except InvalidOperationTypeError as refused:
            raise _wrong_operation_type(refused, method) from refused

    async def _batch(self, requested: list[GraphQLRequest], context: Context, media: str) -> AnyResponse:
        """Execute several requests one after the other, within the limits of a single request."""
        if media in self._streams or self._batch_max == 1 or not 0 < len(requested) <= self._batch_max:
            message = f"A batch may have up to {self._batch_max} requests; split it, or raise KEYFRAME_BATCH_MAX."
            if self._batch_max == 1:
                message = "Batches are disabled; send one request at a time, or raise KEYFRAME_BATCH_MAX."
            raise RequestRejected(HTTPStatus.BAD_REQUEST, message, "BATCH_TOO_LARGE")
        bodies = [self._to_response(await self._batch_entry(entry, context), context) for entry in requested]
        body = self.encode_json(bodies)
        headers = [*_CONTENT_HEADERS[media], _NO_STORE, (_CONTENT_LENGTH, b"%d" % len(body))]
        return EncodedResponse(HTTPStatus.OK, header_lines(headers), body)

    async def _batch_entry(self, requested: GraphQLRequest, context: Context) -> ExecutionResult:
        """The result of one request of a batch; its rejection does not affect the others."""
        try:
            return await self._run(self.resolve_document(requested), context, "POST", lambda execute: execute())
        except HTTPException as rejected:
            return ExecutionResult(None, [GraphQLError(rejected.reason, extensions={"code": "BAD_REQUEST"})])

    async def _stream(
        self, request: Request, requested: GraphQLRequest, context: Context, stream: HTTPStreamTransport
    ) -> Response:
        if requested.error is not None:
            results: Any = answers(ExecutionResult(None, [requested.error]), context)
        else:
            results = await self.schema.stream(
                requested.query,
                variable_values=requested.variables,
                context_value=context,
                operation_name=requested.operation_name,
                allowed_operation_types=stream.allowed_operation_types(
                    {*_ALLOWED[request.method], OperationType.SUBSCRIPTION}
                ),
            )
        texts: Any = self._stream_result(request, results, stream)
        return TimeoutStreamingResponse(texts(), stream.headers, self.write_timeout_s)

    # ── caching ──────────────────────────────────────────────────────────────────────────────────

    async def _known(
        self, request: Request, asked: GraphQLRequest, media: str, context: Context | None
    ) -> AnyResponse | Known:
        """The response to a request that need not be executed: 304 if the client's copy is still valid, or a kept
        answer. Otherwise what is known of it."""
        caller: Caller = request.scope["state"]["caller"]
        etags = request.headers.get("if-none-match", "") if request.method == "GET" else ""
        key = CacheKey(caller, media, asked) if etags else None
        validates = key is not None and caching.may_be_valid(key, etags)
        question = self._answers.question(asked, caller, self._contexts.sizes.bounds)
        seen = await self._present.newest() if validates or question is not None else None
        if seen is None or not self._is_met(caller, context, seen.basis.position):
            return Known()
        newest = seen.basis
        valid = caching.find_not_modified(key, etags, newest, self._immutable_s) if key and validates else None
        if valid is not None:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={**valid.headers, "vary": VARY})
        hidden = NOTHING if caller.sees_everything else self._present.hidden(caller.person, newest)
        if question is None or hidden is None:
            return Known()
        self._answers.begin(newest)
        answer = self._answers.find(question, newest, hidden)
        if answer is None:
            return Known(Moment(newest, hidden, monotonic() + MOMENT_SECONDS, seen.source), question)
        self._answers.count(answer)
        return self._response(request, asked, answer, media)

    def _is_met(self, caller: Caller, context: Context | None, position: int) -> bool:
        """Whether a present at this position has what the caller wants to read, also if it came from a standby."""
        return position >= self._contexts.wanted(caller) if context is None else context.is_met_by(position)

    # ── responses ────────────────────────────────────────────────────────────────────────────────

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:  # noqa: ARG002
        return self._contexts.context(request)

    def decode_json(self, data: str | bytes) -> object:
        return graphql_request.decoded(data)

    encode_json: Any = staticmethod(orjson.dumps)

    async def process_result(self, request: Any, result: ExecutionResult) -> GraphQLHTTPResponse:  # noqa: ARG002
        return _body_of(result)

    def _to_response(self, result: ExecutionResult, context: Context) -> GraphQLHTTPResponse:
        stats, response = context.stats, GraphQLHTTPResponse(data=result.data)
        if result.errors:
            stats.codes += [(error.extensions or {}).get("code", "") for error in result.errors]
            response = _body_of(result)
        if "data" in response and stats.costs:
            cost = {"asked": ceil(stats.costs[-1]), "actual": ceil(stats.ms), "limit": round(context.bounds.cost_max)}
            response["extensions"] = {"cost": cost}  # both costs are those of the last operation
        return response

    def _response(self, request: Request, asked: GraphQLRequest, answer: Answer, media: str) -> EncodedResponse:
        """The response with an answer: one to a GET without errors has cache headers."""
        state = request.scope["state"]
        state["stats"] = answer.stats
        if request.method == "GET":
            key = CacheKey(state["caller"], media, asked)
            is_right = not answer.stats.codes
            validator = caching.validator_of(key, answer.freshness, self._immutable_s) if is_right else None
            return self._encoded(answer, media, validator)
        found = answer.responses.get(media)
        if found is None:
            found = answer.responses[media] = self._encoded(answer, media, None)
        return found

    def _encoded(self, answer: Answer, media: str, validator: Validator | None) -> EncodedResponse:
        status = answer.status
        if media == JSON:
            if self._statuses is StatusCodePolicy.USUAL or status == PARTIAL_SUCCESS:
                status = HTTPStatus.OK
            elif status != HTTPStatus.OK:
                media = GRAPHQL  # only with this media type may a client rely on the status
        headers = [*_CONTENT_HEADERS[media], (_CONTENT_LENGTH, b"%d" % len(answer.body))]
        headers += (_NO_STORE,) if validator is None else validator.raw_headers
        if answer.freshness.newest is not None:
            headers.append((_POSITION_HEADER, b"%d" % answer.freshness.newest.position))
        return EncodedResponse(status, header_lines(headers), answer.body)

    def _rejection(self, rejected: HTTPException) -> Response:
        """The response to a rejected request."""
        status = self._statuses.unprocessable if isinstance(rejected, MalformedRequest) else rejected.status_code
        code = rejected.code if isinstance(rejected, RequestRejected) else "BAD_REQUEST"
        response = error_response(HTTPStatus(status), rejected.reason, code)
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            is_write = isinstance(rejected.__cause__, InvalidOperationTypeError)
            response.headers["allow"] = "POST" if is_write else "GET, POST"
        return response

    # ── streams ──────────────────────────────────────────────────────────────────────────────────

    def _get_stream_transport(self, protocol: str) -> HTTPStreamTransport | None:
        return next((stream for stream in self._streams.values() if stream.protocol == protocol), None)


def _body_of(result: ExecutionResult) -> GraphQLHTTPResponse:
    body = process_result(result)
    if result.errors and was_not_begun(result):
        del body["data"]
    return body


def _not_executed(message: str) -> ExecutionResult:
    return ExecutionResult(None, [GraphQLError(message, extensions={"code": VALIDATION_FAILED})])


def _wrong_operation_type(error: InvalidOperationTypeError, method: str) -> HTTPException:
    """The rejection of an operation type that this method or media type does not allow."""
    if error.operation_type is OperationType.SUBSCRIPTION:
        return HTTPException(HTTPStatus.NOT_ACCEPTABLE, _STREAMED)
    return HTTPException(HTTPStatus.METHOD_NOT_ALLOWED, error.as_http_error_reason(cast("Any", method)))


def _stale_response(position: int, reached: int, lag: int) -> Response:
    message = f"The projections are at position {reached} and did not reach {position} in time; retry in a moment."
    return unavailable_response(message, "BEHIND", position=reached, wanted=position, lag=lag)
