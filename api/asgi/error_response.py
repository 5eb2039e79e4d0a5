"""Error responses that carry no data, in the form of a GraphQL error."""

from http import HTTPStatus

import orjson
from starlette.responses import Response


def error_response(status: HTTPStatus, message: str, code: str, **extensions: object) -> Response:
    """A response with one error, as GraphQL formats it."""
    error = {"message": message, "extensions": {"code": code, **extensions}}
    return Response(orjson.dumps({"errors": [error]}), status, media_type="application/json")


def unavailable_response(message: str, code: str, **extensions: object) -> Response:
    """A 503 for a temporary failure: the client may send the same request again after a second."""
    response = error_response(HTTPStatus.SERVICE_UNAVAILABLE, message, code, **extensions)
    response.headers.update({"retry-after": "1", "cache-control": "no-store"})
    return response


def too_many_response(message: str, code: str, seconds: int, **extensions: object) -> Response:
    """A 429 for a caller with too many requests: the client may try again after some seconds."""
    response = error_response(HTTPStatus.TOO_MANY_REQUESTS, message, code, **extensions)
    response.headers.update({"retry-after": str(seconds), "cache-control": "no-store"})
    return response
