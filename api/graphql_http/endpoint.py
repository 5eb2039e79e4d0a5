"""GraphQL over HTTP and WebSocket: one address that answers in the form that the client asked for."""

import re
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final, cast

import orjson
from anyio import to_thread
from cross_web import HTTPException
from graphql import GraphQLError
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse
from strawberry.http.streaming import HTTPStreamTransport
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from api.asgi.content_negotiation import EVENTS, GRAPHQL, JSON, PARTS, media_type, negotiate
from api.asgi.error_response import error_response, unavailable_response
from api.asgi.status_codes import PARTIAL_SUCCESS, StatusCodePolicy
from api.execution.context import Context
from api.execution.cost import COST_MAX
from api.execution.writer import Writer
from api.graphql_http import caching
from api.graphql_http import request as requested
from api.graphql_http.caching import Question
from api.graphql_http.csrf import refuse_forgery
from api.graphql_http.persisted_documents import Documents, trusted
from api.graphql_http.request import Denied, Malformed, Requested
from api.graphql_http.streaming import Events, Parts, Stream
from api.graphql_http.websocket import Conversation, Socket
from api.runtime.settings import Settings
from api.schema.primitives.errors import VALIDATION_FAILED
from api.schema.schema import Schema
from api.schema.subscriptions.lifecycle import answers, was_not_begun

MIN_POSITION: Final = "x-keyframe-min-position"
"""A header by which a client says: answer once the views stand at this position, which I know of."""

_STREAMED: Final = (
    f"A subscription is answered as {EVENTS}, as {PARTS};subscriptionSpec=1.0, or over a WebSocket by the protocol "
    f"{GRAPHQL_TRANSPORT_WS_PROTOCOL}: ask for one of them first."
)
_ALLOWED: Final = {"GET": {OperationType.QUERY}, "POST": {OperationType.QUERY, OperationType.MUTATION}}
VARY: Final = "accept, authorization"
_POSITION = re.compile(r"[0-9]{1,16}")


class Endpoint(GraphQL[Context, None]):
    """The address of the API.

    A client that accepts `application/graphql-response+json` is told by the status, too, whether its request was
    carried out; one that wants `application/json` gets 200 with whatever GraphQL has to say. One whose first wish
    is a stream of events, or of parts, gets that; and so does one that comes with a WebSocket. What is asked by GET
    is told how long it may be kept. A browser that comes for a page gets `page`, if there is one.
    """

    websocket_adapter_class: Any = Socket
    graphql_transport_ws_handler_class = Conversation

    def __init__(
        self,
        schema: Schema,
        context: Callable[[HTTPConnection], Context],
        writer: Writer,
        settings: Settings,
        *,
        page: Callable[[], Response] | None,
    ) -> None:
        """Raises `Unnamed` for a manifest of documents that is none."""
        super().__init__(
            schema,
            graphql_ide=None,
            subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL],
            connection_init_wait_timeout=timedelta(seconds=settings.connection_init_timeout_s),
            max_subscriptions_per_connection=settings.connection_operations_max,
        )
        self._context = context
        self._writer = writer
        self._page = page
        self.documents = Documents(trusted(settings.trusted_documents), only=settings.trusted_only)
        self._statuses = settings.http_statuses
        self._batch_max = settings.batch_max
        self._immutable_s = settings.immutable_s
        # twice: so that who leaves the last ping of a WebSocket unanswered is told before it is cut off
        self.patience_s = 2 * settings.keep_alive_s + settings.reader_timeout_s
        self._streams: dict[str | None, HTTPStreamTransport] = {
            EVENTS: Events(settings.keep_alive_s),
            PARTS: Parts(settings.keep_alive_s),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self.run(WebSocket(scope, receive, send))
            return
        request = Request(scope, receive)
        response = await self._respond(request)
        response.headers.setdefault("cache-control", "no-store")
        await response(scope, receive, send)

    def _check_websocket_origin(self, request: Any) -> bool:
        """A page of another site brings nothing with it that lets it in, unless nobody needs anything."""
        return request.state.authenticators.anonymous is None or super()._check_websocket_origin(request)

    async def _respond(self, request: Request) -> Response:
        try:
            return await self._answered(request)
        except HTTPException as refused:
            return self._refused(refused)

    async def _answered(self, request: Request) -> Response:
        if request.method not in _ALLOWED:
            raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED, "GraphQL is asked by GET or POST.")
        if _wants_page(request):
            return (
                self._page()
                if self._page
                else error_response(HTTPStatus.NOT_FOUND, "There is no page here.", "NOT_FOUND")
            )
        wanted = self._negotiate(request)
        refuse_forgery(request)
        behind = await self._behind(request)
        return behind or await self._carried_out(request, await _read(request), wanted)

    def _negotiate(self, request: Request) -> str:
        """The form to answer in. Raises `HTTPException` if none is accepted."""
        usual = GRAPHQL if self._statuses is StatusCodePolicy.DRAFT else JSON
        wanted = negotiate(request.headers.get("accept"), usual)
        if wanted is None:
            raise HTTPException(HTTPStatus.NOT_ACCEPTABLE, f"Answers come as {GRAPHQL} or {JSON}.")
        return wanted

    # ── waiting for what the client knows of ─────────────────────────────────────────────────────

    async def _behind(self, request: Request) -> Response | None:
        """What to answer if the views do not come to stand where the client wants them."""
        said = request.headers.get(MIN_POSITION)
        if said is None:
            return None
        if not _POSITION.fullmatch(said):
            raise HTTPException(HTTPStatus.BAD_REQUEST, f"{MIN_POSITION} takes a position of the log, like 42.")
        position = int(said)
        lag = await to_thread.run_sync(self._writer.behind, position)
        return _too_early(position, position - lag, lag) if lag else None

    # ── carrying out ─────────────────────────────────────────────────────────────────────────────

    async def _carried_out(self, request: Request, asked: Requested | list[Requested], wanted: str) -> Response:
        context, stream = self._context(request), self._streams.get(wanted)
        request.state.noted = context.noted
        if isinstance(asked, list):
            return await self._batch(asked, context, wanted)
        asked = self.named(asked)
        if stream is not None:
            return await self._streamed(request, asked, context, stream)
        if request.method == "GET":
            return await self._kept(request, asked, context, wanted)
        return await self._told(await self._result(asked, context), context, wanted)

    def named(self, asked: Requested) -> Requested:
        """The same with the document that is meant, or with why there is none."""
        try:
            return asked._replace(query=self.documents.text(asked.query, asked.extensions, asked.document_id))
        except GraphQLError as refused:
            return asked._replace(refused=refused)

    async def _result(self, asked: Requested, context: Context, method: str = "POST") -> ExecutionResult:
        if asked.refused is not None:
            return ExecutionResult(None, [asked.refused])
        try:
            return await self.schema.execute(
                asked.query,
                variable_values=asked.variables,
                context_value=context,
                operation_name=asked.operation_name,
                allowed_operation_types=_ALLOWED[method],
            )
        except CannotGetOperationTypeError as error:
            return _not_begun(error.as_http_error_reason())
        except InvalidOperationTypeError as error:
            raise _unasked(error, method) from error

    async def _batch(self, asked: list[Requested], context: Context, wanted: str) -> Response:
        """Several requests one after the other, within the bounds of one."""
        if wanted in self._streams or self._batch_max == 1 or not 0 < len(asked) <= self._batch_max:
            some = f"Up to {self._batch_max} requests" if self._batch_max > 1 else "No requests"
            message = f"{some} may come in one array: send them apart, or see KEYFRAME_BATCH_MAX."
            raise Denied(HTTPStatus.BAD_REQUEST, message, "BATCH_TOO_LARGE")
        answers = [await self._answer(await self._one_of_several(one, context), context) for one in asked]
        return Response(self.encode_json(answers), headers=_form_headers(wanted))

    async def _one_of_several(self, asked: Requested, context: Context) -> ExecutionResult:
        """The result of one; what cannot be asked in this way takes the others' answers from nobody."""
        try:
            return await self._result(self.named(asked), context)
        except HTTPException as refused:
            return ExecutionResult(None, [GraphQLError(refused.reason, extensions={"code": "BAD_REQUEST"})])

    async def _streamed(
        self, request: Request, asked: Requested, context: Context, stream: HTTPStreamTransport
    ) -> Response:
        if asked.refused is not None:
            results: Any = answers(ExecutionResult(None, [asked.refused]), context)
        else:
            results = await self.schema.stream(
                asked.query,
                variable_values=asked.variables,
                context_value=context,
                operation_name=asked.operation_name,
                allowed_operation_types=stream.allowed_operation_types(
                    {*_ALLOWED[request.method], OperationType.SUBSCRIPTION}
                ),
            )
        texts: Any = self._stream_result(request, results, stream)
        return Stream(texts(), stream.headers, self.patience_s)

    # ── what may be kept ─────────────────────────────────────────────────────────────────────────

    async def _kept(self, request: Request, asked: Requested, context: Context, wanted: str) -> Response:
        """The answer to a GET; or that it is still the one that the client has, which takes only a look."""
        question = Question(context.caller, wanted, asked)
        held = await to_thread.run_sync(
            caching.still, question, request.headers.get("if-none-match"), context, self._immutable_s
        )
        if held is not None:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={**held.headers, "vary": VARY})
        result = await self._result(asked, context, "GET")
        response = await self._told(result, context, wanted)
        if not result.errors:
            kept = caching.kept(question, context.footing, self._immutable_s)
            response.headers.update(kept.headers if kept else {})
        return response

    # ── out ──────────────────────────────────────────────────────────────────────────────────────

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:  # noqa: ARG002
        return self._context(request)

    def decode_json(self, data: str | bytes) -> object:
        return orjson.loads(data)

    def encode_json(self, data: object) -> bytes:
        return orjson.dumps(data)

    async def process_result(self, request: Any, result: ExecutionResult) -> GraphQLHTTPResponse:
        data = await super().process_result(request, result)
        if was_not_begun(result):
            del data["data"]
        return data

    async def _answer(self, result: ExecutionResult, context: Context) -> GraphQLHTTPResponse:
        context.noted.codes += [(error.extensions or {}).get("code", "") for error in result.errors or ()]
        answer = await self.process_result(None, result)
        if "data" in answer and context.noted.costs:
            answer["extensions"] = {"cost": {"asked": round(context.noted.costs[-1]), "limit": COST_MAX}}
        return answer

    async def _told(self, result: ExecutionResult, context: Context, wanted: str) -> Response:
        answer = await self._answer(result, context)
        status = self._statuses.of(answer)
        if wanted == JSON:
            if self._statuses is StatusCodePolicy.USUAL or status == PARTIAL_SUCCESS:
                status = HTTPStatus.OK
            elif status != HTTPStatus.OK:
                wanted = GRAPHQL  # the form in which alone a client may trust such a status
        return Response(self.encode_json(answer), status, _form_headers(wanted))

    def _refused(self, refused: HTTPException) -> Response:
        """What to answer to a request that is none, or that asks for something by the wrong method."""
        status = self._statuses.unprocessable if isinstance(refused, Malformed) else refused.status_code
        code = refused.code if isinstance(refused, Denied) else "BAD_REQUEST"
        response = error_response(HTTPStatus(status), refused.reason, code)
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            is_write = isinstance(refused.__cause__, InvalidOperationTypeError)
            response.headers["allow"] = "POST" if is_write else "GET, POST"
        return response

    # ── streams ──────────────────────────────────────────────────────────────────────────────────

    def _get_stream_transport(self, protocol: str) -> HTTPStreamTransport | None:
        return next((stream for stream in self._streams.values() if stream.protocol == protocol), None)


def _wants_page(request: Request) -> bool:
    """Whether a browser came for a page, and not for an answer."""
    asks = any(request.query_params.get(name) for name in ("query", "documentId", "extensions"))
    return request.method == "GET" and not asks and "text/html" in request.headers.get("accept", "")


async def _read(request: Request) -> Requested | list[Requested]:
    """What is asked for. Raises `HTTPException`."""
    if request.method == "GET":
        return requested.of_address(request.query_params)
    if media_type(request.headers.get("content-type")) != JSON:
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"A request comes as {JSON}.")
    return requested.of_body(await request.body())


def _not_begun(message: str) -> ExecutionResult:
    return ExecutionResult(None, [GraphQLError(message, extensions={"code": VALIDATION_FAILED})])


def _unasked(error: InvalidOperationTypeError, method: str) -> HTTPException:
    """What cannot be asked in this way."""
    if error.operation_type is OperationType.SUBSCRIPTION:
        return HTTPException(HTTPStatus.NOT_ACCEPTABLE, _STREAMED)
    return HTTPException(HTTPStatus.METHOD_NOT_ALLOWED, error.as_http_error_reason(cast("Any", method)))


def _form_headers(media: str) -> dict[str, str]:
    return {"content-type": f"{media}; charset=utf-8", "vary": VARY}


def _too_early(position: int, stands_at: int, lag: int) -> Response:
    message = f"The views stand at {stands_at} and did not reach {position} in time; ask again in a moment."
    return unavailable_response(message, "BEHIND", position=stands_at, wanted=position, lag=lag)
