"""Errors at the top level: each has a code, and one of ours tells nothing but where to look it up."""

from collections.abc import Iterable
from typing import NamedTuple

import psycopg
import structlog
from graphql import GraphQLError, GraphQLSyntaxError
from graphql.language import Source
from psycopg_pool import PoolTimeout
from strawberry.exceptions import StrawberryInputCoercionError

from api.snapshot.snapshot import DeadlineExceeded, StaleProjection
from domain.log.append import CommandInDoubt, Unavailable
from domain.primitives.errors import CommandRejected

PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
INVALID = "INVALID"
INTERNAL = "INTERNAL_SERVER_ERROR"
MASKED = "Something went wrong on our side; it is logged under this request id."


class Known(NamedTuple):
    """What is told of a failure that is nobody's mistake."""

    code: str
    message: str


_AGAIN = "ask again in a moment"
_LATE = Known("TIMEOUT", "This took longer than a query may; ask for less at once.")
_GONE = Known("UNAVAILABLE", f"The database cannot be reached; nothing was recorded by this field, {_AGAIN}.")
_KNOWN: dict[type[Exception], Known] = {
    CommandInDoubt: Known(
        "OUTCOME_UNKNOWN",
        "The database was lost while this was being recorded: it may be recorded or not. Ask again with the same "
        "idempotencyKey, and you will be told; without one, look before you ask again.",
    ),
    Unavailable: _GONE,
    StaleProjection: Known("BEHIND", f"The views do not show yet what the log knew by then; {_AGAIN}."),
    DeadlineExceeded: _LATE,
    psycopg.errors.QueryCanceled: _LATE,
    psycopg.OperationalError: _GONE,
    PoolTimeout: _GONE,
}
"""By the kind of their cause, the first that fits."""

_log = structlog.get_logger(__name__)


def coded(errors: Iterable[GraphQLError], request_id: str) -> list[GraphQLError]:
    """The same errors, each with `extensions.code`; those that are bugs of ours are logged and masked."""
    return [_coded(error, request_id) for error in errors]


def _coded(error: GraphQLError, request_id: str) -> GraphQLError:
    if "code" in (error.extensions or {}):
        return error
    cause = error.original_error
    if isinstance(cause, CommandRejected):
        return _as(error, cause.message, code=cause.code.value, **({"field": [*cause.field]} if cause.field else {}))
    known = next((known for kind, known in _KNOWN.items() if isinstance(cause, kind)), None)
    if known is not None:
        _log.warning("operation_given_up", request_id=request_id, path=error.path, cause=str(cause))
        return _as(error, known.message, code=known.code)
    if cause is None or isinstance(cause, (GraphQLError, StrawberryInputCoercionError)):
        return _as(error, error.message, code=_code(error))
    _log.error("operation_failed", request_id=request_id, path=error.path, exc_info=cause)
    return _as(error, MASKED, code=INTERNAL, requestId=request_id)


def _code(error: GraphQLError) -> str:
    if isinstance(error, GraphQLSyntaxError):
        return PARSE_FAILED
    return VALIDATION_FAILED if error.path is None and error.original_error is None else INVALID


def _as(error: GraphQLError, message: str, **extensions: object) -> GraphQLError:
    """The error with these extensions, where it was."""
    source: Source | None = error.source
    return GraphQLError(
        message,
        error.nodes,
        source,
        error.positions,
        error.path,
        error.original_error,
        {**(error.extensions or {}), **extensions},
    )
