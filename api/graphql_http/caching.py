"""How long an answer may be kept, and whether it still is what would be answered.

Nothing that is answered changes unless something was recorded, or time has passed. So the name of an answer (its ETag)
says what was asked, by whom, at which position of the log; and, if it tells of now, in which minute. Whether the name
still holds is seen by a look at where the views stand, and nothing is carried out. See docs/adr/0022.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from hashlib import sha256
from typing import Final, NamedTuple

import orjson
import psycopg
from psycopg_pool import PoolTimeout

from api.asgi.etag import matches
from api.execution.context import Caller, Context
from api.execution.variable_limits import oversized
from api.graphql_http.request import Requested
from api.schema.schema import schema
from api.snapshot.snapshot import Footing, TimeIsUp
from domain.commands.permissions import Permission
from projections.store.basis import ResolvedBasis

NOW_SECONDS: Final = 60
"""For so long time alone does not change what is told of now: what is expected, and what is silent, moves slowly."""


class Kept(NamedTuple):
    """What an answer is called, and who may keep it for how long, as its headers say it."""

    etag: str
    cache_control: str

    @property
    def headers(self) -> dict[str, str]:
        return {"etag": self.etag, "cache-control": self.cache_control}


@dataclass(frozen=True)
class Question:
    """What an answer depends on besides what was recorded: who asks what, and in which form."""

    caller: Caller
    form: str
    asked: Requested

    @cached_property
    def digest(self) -> str:
        asked = self.asked
        what = (asked.query, asked.variables, asked.operation_name)
        told = [_program(), self.caller.who, self.form, what]
        return sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


@cache
def _program() -> str:
    """Another program may answer otherwise."""
    return sha256(schema.as_str().encode()).hexdigest()


def of_now(question: Question, stood: ResolvedBasis) -> Kept:
    """An answer about now: to be asked about each time. Two of them may differ in the second they were given."""
    return Kept(f'W/"{stood.position}-{_minute(stood.at)}-{question.digest}"', "private, no-cache")


def of_past(question: Question, position: int, seconds: float) -> Kept:
    """An answer about moments that are over: to be asked about after so many seconds, in case it was erased."""
    kept = f"private, max-age={round(seconds)}, immutable" if seconds else "private, no-cache"
    return Kept(f'"{position}-{question.digest}"', kept)


def kept(question: Question, footing: Footing, seconds: float) -> Kept | None:
    """How an answer with this footing may be kept; not at all, if it stands on nothing that was recorded."""
    if footing.newest is None:
        return None
    if footing.tells_of_now or not footing.tells_of_past:
        return of_now(question, footing.newest)
    return of_past(question, footing.newest.position, seconds)


def still(question: Question, names: str | None, context: Context, seconds: float) -> Kept | None:
    """The answer that a client still has, if one of the names that it gives would be given now. Blocks."""
    if not names or Permission.READ not in context.caller.can or oversized(question.asked.variables or {}):
        return None
    if question.digest not in names:
        return None
    try:
        stood = context.reads.newest
    except (psycopg.OperationalError, PoolTimeout, TimeIsUp):
        return None  # whoever carries it out will tell why
    held = (of_now(question, stood), of_past(question, stood.position, seconds))
    return next((one for one in held if matches(one.etag, names)), None)


def _minute(at: datetime) -> int:
    return int(at.timestamp() // NOW_SECONDS)
