"""Top-level errors: each gets a code, and internal errors are masked with a request id."""

from collections.abc import Iterable
from typing import NamedTuple

import psycopg
import structlog
from graphql import GraphQLError, GraphQLSyntaxError
from graphql.language import Source
from psycopg_pool import PoolTimeout
from strawberry.exceptions import StrawberryInputCoercionError

from api.execution.context import Context
from api.execution.plans.run import ANSWER_BYTES_MAX, AnswerTooLarge
from api.snapshot.snapshot import StaleProjection
from domain.log.append import (
    CommandInDoubt,
    CommandUnconfirmed,
    LogReplaced,
    Unavailable,
    WritesPaused,
    WritesStalled,
)
from domain.log.outage import outage
from domain.primitives.errors import CommandRejected
from domain.primitives.personal_data import WrongKey
from projections.store.deadline import DeadlineExceeded

PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
INVALID = "INVALID"
INTERNAL = "INTERNAL_SERVER_ERROR"
VIEWS_OUTDATED = "VIEWS_OUTDATED"
VIEWS_DIVERGED = "VIEWS_DIVERGED"
PERSON_KEY_WRONG = "PERSON_KEY_WRONG"
MASKED = "An internal error occurred; it is logged under this request id."


class Known(NamedTuple):
    """The code and message of an expected failure of the infrastructure."""

    code: str
    message: str


_AGAIN = "try again in a moment"
_LATE = Known("TIMEOUT", "The operation exceeded its time limit; request less data at once.")
_GONE = Known("UNAVAILABLE", "{fact}; this field recorded nothing, try again {again}.")
_KNOWN: dict[type[Exception], Known] = {
    CommandUnconfirmed: Known(
        "OUTCOME_UNKNOWN",
        "The command is recorded at position {position}, but the synchronous standby of the database has not confirmed "
        "it in time: if that standby takes over, the command is lost. Send it again with the same idempotencyKey to "
        "get the outcome; without a key, read the data at that position before you do.",
    ),
    CommandInDoubt: Known(
        "OUTCOME_UNKNOWN",
        "The connection to the database was lost during the commit: the command may have been recorded or not. Send it "
        "again with the same idempotencyKey to get the outcome; without a key, check the data before you do.",
    ),
    WritesPaused: Known(
        "UNAVAILABLE",
        "Commands are paused, because the projections are too far behind the log; nothing was recorded. /readyz shows "
        "the cause; try again when they have caught up.",
    ),
    LogReplaced: Known(
        VIEWS_DIVERGED,
        "Commands are refused, because the projections contain events that the log does not have, as after the log "
        "alone was restored from a backup; nothing was recorded. Try again after 'keyframe rebuild'; 'keyframe verify' "
        "shows whether events are missing.",
    ),
    WritesStalled: Known(
        "UNAVAILABLE",
        "Earlier commands wait for the database to commit them, as without its synchronous standby; nothing was "
        "recorded. /readyz shows whether it takes commands again; try again then.",
    ),
    Unavailable: _GONE,
    StaleProjection: Known("BEHIND", f"The projections have not reached the requested position yet; {_AGAIN}."),
    DeadlineExceeded: _LATE,
    AnswerTooLarge: Known(
        "ANSWER_TOO_LARGE", f"The answer exceeds {ANSWER_BYTES_MAX:,} bytes; request smaller pages or fewer texts."
    ),
    psycopg.errors.QueryCanceled: _LATE,
    psycopg.OperationalError: _GONE,
    psycopg.errors.ReadOnlySqlTransaction: _GONE,
    PoolTimeout: _GONE,
}
"""Expected failures by the type of their cause; the first match applies."""

_log = structlog.get_logger(__name__)


def coded(errors: Iterable[GraphQLError], context: Context) -> list[GraphQLError]:
    """The same errors of a request, each with `extensions.code`. Unexpected errors are logged and masked."""
    return [_coded(error, context) for error in errors]


def _coded(error: GraphQLError, context: Context) -> GraphQLError:
    if "code" in (error.extensions or {}):
        return error
    cause = error.original_error
    if isinstance(cause, psycopg.ProgrammingError) and context.outdated_views is not None:
        return _as(error, str(context.outdated_views), code=VIEWS_OUTDATED)
    if isinstance(cause, CommandRejected):
        return _as(error, cause.message, code=cause.code.value, **({"field": [*cause.field]} if cause.field else {}))
    known = known_failure(cause)
    if known is not None:
        _log.warning("operation_aborted", request_id=context.request_id, path=error.path, cause=str(cause))
        return _as(error, known.message, code=known.code)
    if cause is None or isinstance(cause, (GraphQLError, StrawberryInputCoercionError)):
        return _as(error, error.message, code=_code(error))
    _log.error("operation_failed", request_id=context.request_id, path=error.path, exc_info=cause)
    return _as(error, MASKED, code=INTERNAL, requestId=context.request_id)


def known_failure(cause: Exception | None) -> Known | None:
    """Code and message of an expected failure of the infrastructure; None for any other error."""
    known = next((known for kind, known in _KNOWN.items() if isinstance(cause, kind)), None)
    if isinstance(cause, WrongKey):
        return Known(PERSON_KEY_WRONG, str(cause))
    if isinstance(cause, CommandUnconfirmed) and known is not None:
        return Known(known.code, known.message.format(position=cause.position))
    if cause is None or known is not _GONE:
        return known
    return Known(known.code, known.message.format_map(outage(cause)._asdict()))


def _code(error: GraphQLError) -> str:
    if isinstance(error, GraphQLSyntaxError):
        return PARSE_FAILED
    return VALIDATION_FAILED if error.path is None and error.original_error is None else INVALID


def _as(error: GraphQLError, message: str, **extensions: object) -> GraphQLError:
    """The error with a new message and additional extensions, at the same location."""
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
