"""GraphQL over HTTP: one address that takes JSON and answers JSON, in the form that the client asked for."""

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final
from uuid import uuid4

import orjson
from anyio import to_thread
from cross_web import AsyncHTTPRequestAdapter, HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse
from strawberry.http.parse_content_type import parse_content_type
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types import ExecutionResult

from api.context import Context
from api.guards import refusal
from api.schema.schema import Schema
from api.writing import Writing

MIN_POSITION: Final = "x-keyframe-min-position"
"""A header by which a client says: answer once the views stand at this position, which I know of."""
REQUEST_ID: Final = "x-request-id"

JSON: Final = "application/json"
GRAPHQL: Final = "application/graphql-response+json"
_ANSWERED: Final = {GRAPHQL: GRAPHQL, JSON: JSON, "application/*": JSON, "*/*": JSON}
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_POSITION = re.compile(r"[0-9]{1,16}")


class Endpoint(GraphQL[Context, None]):
    """The address of the API.

    A client that accepts `application/graphql-response+json` is told by the status, too, whether its request was
    carried out; one that wants `application/json` gets 200 with whatever GraphQL has to say. A browser that comes
    for a page gets the IDE, if there is one.
    """

    def __init__(self, schema: Schema, context: Callable[[Request], Context], writing: Writing, *, ide: bool) -> None:
        super().__init__(schema, graphql_ide="graphiql" if ide else None, subscription_protocols=())
        self._context = context
        self._writing = writing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        request.state.id = _request_id(request)
        response = await self._respond(request)
        response.headers[REQUEST_ID] = request.state.id
        response.headers["cache-control"] = "no-store"
        await response(scope, receive, send)

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

    # ── in and out ───────────────────────────────────────────────────────────────────────────────

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:  # noqa: ARG002
        assert isinstance(request, Request)
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
        reply.media_type = _media(request.headers.get("accept"))
        return reply

    async def process_result(self, request: Request, result: ExecutionResult) -> GraphQLHTTPResponse:
        data = await super().process_result(request, result)
        if _was_not_begun(result):
            del data["data"]
        return data

    def create_response(self, response_data: Any, sub_response: Response) -> Response:
        media = sub_response.media_type or JSON
        begun = isinstance(response_data, list) or "data" in response_data
        status = HTTPStatus.OK if begun or media == JSON else HTTPStatus.BAD_REQUEST
        headers = {"content-type": f"{media}; charset=utf-8", "vary": "accept"}
        return Response(self.encode_json(response_data), status, headers)


def _request_id(request: Request) -> str:
    """The caller's name for this request, if it is fit to be logged; else a new one."""
    said = request.headers.get(REQUEST_ID, "")
    return said if _ID.fullmatch(said) else uuid4().hex


def _refused(refused: HTTPException) -> Response:
    """What to answer to a request that is none, or that asks for something by the wrong method."""
    status, allowed = HTTPStatus(refused.status_code), "GET, POST"
    if isinstance(refused.__cause__, InvalidOperationTypeError):
        status, allowed = HTTPStatus.METHOD_NOT_ALLOWED, "POST"
    response = refusal(status, refused.reason, "BAD_REQUEST")
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        response.headers["allow"] = allowed
    return response


def _was_not_begun(result: ExecutionResult) -> bool:
    """Whether the document or its variables were so wrong that nothing was carried out."""
    return result.data is None and bool(result.errors) and all(not error.path for error in result.errors or ())


def _too_early(position: int, stands_at: int, lag: int) -> Response:
    message = f"The views stand at {stands_at} and did not reach {position} in time; ask again in a moment."
    response = refusal(HTTPStatus.SERVICE_UNAVAILABLE, message, "BEHIND", position=stands_at, wanted=position, lag=lag)
    response.headers["retry-after"] = "1"
    return response


# ── what a client accepts ────────────────────────────────────────────────────────────────────────


def _refuse_unanswerable(request: Request) -> None:
    """Refuse a client that accepts nothing we could answer in."""
    accept = request.headers.get("accept")
    if _media(accept) is None and "text/html" not in (accept or ""):
        raise HTTPException(HTTPStatus.NOT_ACCEPTABLE, f"Answers come as {GRAPHQL} or {JSON}.")


def _media(accept: str | None) -> str | None:
    """The form to answer in: of those that are wanted most, the first that can be had."""
    if not accept:
        return JSON
    wanted = sorted((_wanted(part) for part in accept.split(",")), key=lambda one: -one[1])
    return next((_ANSWERED[media] for media, quality in wanted if quality > 0 and media in _ANSWERED), None)


def _wanted(part: str) -> tuple[str, float]:
    media, *parameters = (piece.strip().lower() for piece in part.split(";"))
    quality = next((value[2:] for value in parameters if value.startswith("q=")), "1")
    try:
        return media, float(quality)
    except ValueError:
        return media, 0.0
