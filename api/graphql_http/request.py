"""What a request over HTTP asks for: read from its address or its body, and well formed."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

import orjson
from cross_web import HTTPException
from graphql import GraphQLError

from api.execution.variable_limits import VALUES_MAX


class Denied(HTTPException):
    """A request that is not carried out, and the code of why."""

    def __init__(self, status: int, reason: str, code: str) -> None:
        super().__init__(status, reason)
        self.code = code


class Malformed(HTTPException):
    """What can be read as JSON, and is no request."""

    def __init__(self, reason: str) -> None:
        super().__init__(HTTPStatus.BAD_REQUEST, reason)


class Requested(NamedTuple):
    """One operation, as it was asked for."""

    query: str | None
    variables: dict[str, Any] | None
    operation_name: str | None
    extensions: dict[str, Any] | None
    document_id: str | None
    refused: GraphQLError | None = None
    """Why its document is not carried out, if that is known beforehand."""


_KINDS: Mapping[str, type] = {
    "query": str, "variables": dict, "operationName": str, "extensions": dict, "documentId": str,
}  # fmt: skip


def of_address(params: Mapping[str, str]) -> Requested:
    """What stands in an address; what is empty there is not said. Raises `HTTPException`."""
    said: dict[str, Any] = {name: params[name] for name in _KINDS if params.get(name)}
    for name in ("variables", "extensions"):
        if name in said:
            said[name] = _json(said[name])
    return _requested(said)


def of_body(body: bytes) -> Requested | list[Requested]:
    """What stands in a body: a request, or several in an array. Raises `HTTPException`."""
    if body.count(b"[") + body.count(b"{") > VALUES_MAX:  # what takes long is to make so many, and to forget them
        message = f"A request holds up to {VALUES_MAX:,} lists and objects."
        raise Denied(HTTPStatus.BAD_REQUEST, message, "TOO_MANY_VALUES")
    said = _json(body)
    return [_requested(one) for one in said] if isinstance(said, list) else _requested(said)


def _requested(said: Any) -> Requested:
    if not isinstance(said, dict):
        raise Malformed("A request is a JSON object with a query.")
    for name, kind in _KINDS.items():
        if not isinstance(said.get(name), kind | None):
            raise Malformed(f"{name} is {'an object' if kind is dict else 'a text'}, if it is there.")
    requested = Requested(*(said.get(name) for name in _KINDS))
    if not requested.query and not requested.document_id and (requested.extensions or {}).get("persistedQuery") is None:
        raise Malformed("There is no query in the request.")
    return requested


def _json(text: str | bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST, f"This is no JSON in UTF-8: {error}") from None
