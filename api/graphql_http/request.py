"""GraphQL requests over HTTP: parsed from the query string or the body."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

import orjson
from cross_web import HTTPException
from graphql import GraphQLError

from api.execution.variable_limits import VALUES_MAX


class RequestRejected(HTTPException):
    """A request that is rejected, with the code of the error."""

    def __init__(self, status: int, reason: str, code: str) -> None:
        super().__init__(status, reason)
        self.code = code


class MalformedRequest(HTTPException):
    """A body that is JSON but no GraphQL request."""

    def __init__(self, reason: str) -> None:
        super().__init__(HTTPStatus.BAD_REQUEST, reason)


class GraphQLRequest(NamedTuple):
    """The parameters of one GraphQL request."""

    query: str | None
    variables: dict[str, Any] | None
    operation_name: str | None
    extensions: dict[str, Any] | None
    document_id: str | None
    refused: GraphQLError | None = None
    """The error of its document, if it could not be resolved."""


_KINDS: Mapping[str, type] = {
    "query": str, "variables": dict, "operationName": str, "extensions": dict, "documentId": str,
}  # fmt: skip


def from_query(params: Mapping[str, str]) -> GraphQLRequest:
    """The request in a query string; an empty parameter counts as absent. Raises `HTTPException`."""
    said: dict[str, Any] = {name: params[name] for name in _KINDS if params.get(name)}
    for name in ("variables", "extensions"):
        if name in said:
            said[name] = _json(said[name])
    return _parse_request(said)


def from_body(body: bytes) -> GraphQLRequest | list[GraphQLRequest]:
    """The request in a body, or the batch of them in an array. Raises `HTTPException`."""
    if body.count(b"[") + body.count(b"{") > VALUES_MAX:  # allocating and freeing so many objects is slow
        message = f"A request holds up to {VALUES_MAX:,} lists and objects."
        raise RequestRejected(HTTPStatus.BAD_REQUEST, message, "TOO_MANY_VALUES")
    said = _json(body)
    return [_parse_request(one) for one in said] if isinstance(said, list) else _parse_request(said)


def _parse_request(said: Any) -> GraphQLRequest:
    if not isinstance(said, dict):
        raise MalformedRequest("A request is a JSON object with a query.")
    for name, kind in _KINDS.items():
        if not isinstance(said.get(name), kind | None):
            raise MalformedRequest(f"{name} is {'an object' if kind is dict else 'a text'}, if it is there.")
    requested = GraphQLRequest(*map(said.get, _KINDS))
    if not requested.query and not requested.document_id and (requested.extensions or {}).get("persistedQuery") is None:
        raise MalformedRequest("There is no query in the request.")
    return requested


def _json(text: str | bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST, f"This is no JSON in UTF-8: {error}") from None
