"""GraphQL requests over HTTP: parsed from the query string or the body."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, NamedTuple

import orjson
from cross_web import HTTPException
from graphql import GraphQLError

from api.execution.variable_limits import VALUES_MAX
from domain.primitives.json_keys import reject_duplicate_keys

BODY_KEPT_MAX: Final = 4_096
"""The size of the largest body by which a request is remembered, in bytes."""
BRACKETS_KEPT_MAX: Final = 200
"""How many lists and objects it has at most, those of its query included: each takes more memory than its two bytes."""


class RequestRejected(HTTPException):
    """The request is rejected, with the code of the error."""

    def __init__(self, status: int, reason: str, code: str) -> None:
        super().__init__(status, reason)
        self.code = code


class MalformedRequest(HTTPException):
    """The body is JSON, but not a GraphQL request."""

    def __init__(self, reason: str) -> None:
        super().__init__(HTTPStatus.BAD_REQUEST, reason)


class GraphQLRequest(NamedTuple):
    """The parameters of one GraphQL request."""

    query: str | None
    variables: dict[str, Any] | None
    operation_name: str | None
    extensions: dict[str, Any] | None
    document_id: str | None
    body: bytes | None = None
    """The body in which it came, alone, unless that is large."""
    error: GraphQLError | None = None
    """The error of its document, if it could not be resolved."""
    is_resolved: bool = False
    """Whether its query is the text of a persisted document, which it only names."""

    @property
    def as_sent(self) -> "GraphQLRequest":
        """The same before its document was resolved."""
        return self._replace(query=None, is_resolved=False) if self.is_resolved else self


_TEXT: Final = (str, type(None))
_OBJECT: Final = (dict, type(None))
_KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "query": _TEXT, "variables": _OBJECT, "operationName": _TEXT, "extensions": _OBJECT, "documentId": _TEXT,
}  # fmt: skip


def from_query(params: Mapping[str, str]) -> GraphQLRequest:
    """The request in a query string; an empty parameter counts as absent. Raises `HTTPException`, and `ValueError` for
    invalid JSON."""
    fields: dict[str, Any] = {name: params[name] for name in _KINDS if params.get(name)}
    for name in ("variables", "extensions"):
        if name in fields:
            fields[name] = decoded(fields[name])
    return _parse_request(fields)


def from_body(body: bytes) -> GraphQLRequest | list[GraphQLRequest]:
    """The request in a body, or the batch of requests in an array. Raises `HTTPException`, and `ValueError` for invalid
    JSON."""
    brackets = body.count(b"[") + body.count(b"{")
    if brackets > VALUES_MAX:  # allocating and freeing so many objects is slow
        message = f"The request has more than {VALUES_MAX:,} lists and objects; send it in parts."
        raise RequestRejected(HTTPStatus.BAD_REQUEST, message, "TOO_MANY_VALUES")
    document = decoded(body)
    if isinstance(document, list):
        return [_parse_request(item) for item in document]
    is_small = len(body) <= BODY_KEPT_MAX and brackets <= BRACKETS_KEPT_MAX
    return _parse_request(document, body if is_small else None)


def _parse_request(document: Any, body: bytes | None = None) -> GraphQLRequest:
    if not isinstance(document, dict):
        raise MalformedRequest("The request must be a JSON object with a query.")
    for name, kind in _KINDS.items():
        if type(document.get(name)) not in kind:
            raise MalformedRequest(f"{name} must be {'an object' if kind is _OBJECT else 'a string'} or absent.")
    query, variables, operation, extensions, id = map(document.get, _KINDS)
    request = GraphQLRequest(query, variables, operation, extensions, id, body)
    if not request.query and not request.document_id and (request.extensions or {}).get("persistedQuery") is None:
        raise MalformedRequest("The request has no query, documentId or persistedQuery; send one of them.")
    return request


def decoded(text: str | bytes) -> Any:
    """The value of a JSON text. Raises `ValueError` for invalid JSON, and for an object with a duplicate key."""
    value = orjson.loads(text)
    if not _is_encoding_of(value, text):
        reject_duplicate_keys(text)
    return value


def _is_encoding_of(value: Any, text: str | bytes) -> bool:
    """Whether a JSON text is what an encoder without white space writes for its value. Then it has no key twice, since
    the value has not. Most clients send such texts."""
    try:
        return orjson.dumps(value) == (text if isinstance(text, bytes) else text.encode())
    except orjson.JSONEncodeError:  # it is nested too deeply
        return False
