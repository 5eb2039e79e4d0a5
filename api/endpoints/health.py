"""Whether this process can do its work, for whoever watches it: the database, the log's tables, the views."""

from math import inf
from threading import Lock
from time import monotonic
from typing import Any

import psycopg
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from api.auth.authentication import NOBODY
from api.runtime.database import Database
from domain.log import health as tables
from domain.log.event_store import Log
from domain.log.health import VERSION
from projections.engine import health as views
from projections.engine.projector import Condition, Projector

LAG_MAX = 10_000
"""Beyond this many events the views are too far behind to be called ready."""


GLANCE_SECONDS = 1.0
"""Strangers are told what was seen so long ago at most: they may ask as often as they like."""

_UNKEPT = {"cache-control": "no-store"}
_GONE = "The database cannot be reached; it is tried again all the time."


class Readiness:
    """Looks things over each time somebody asks who may know. Called on a worker thread."""

    def __init__(self, database: Database, log: Log, projector: Projector) -> None:
        self._database = database
        self._log = log
        self._projector = projector
        self._glance = Lock()
        self._glanced_at = -inf
        self._is_ready = False

    def endpoint(self, request: Request) -> Response:
        """200 if everything is as it should be; else 503 and what is wrong. Requests are answered either way. Who has
        not said who they are is told in one word."""
        if request.state.caller is NOBODY:
            ready = self._at_a_glance()
            return PlainTextResponse("ready" if ready else "unready", 200 if ready else 503, _UNKEPT)
        found = self.found()
        return JSONResponse(found, 200 if found["ready"] else 503, _UNKEPT)

    def _at_a_glance(self) -> bool:
        with self._glance:
            if monotonic() - self._glanced_at > GLANCE_SECONDS:
                self._is_ready = self.found()["ready"]
                self._glanced_at = monotonic()
            return self._is_ready

    def found(self) -> dict[str, Any]:
        status = self._projector.status
        cause = _GONE if status.condition is Condition.FAULTED else status.cause
        told: dict[str, Any] = {"projector": {"condition": status.condition, "cause": cause}}
        try:
            told |= self._tables()
            if not told["wrong"]:
                told |= self._views()
        except (psycopg.OperationalError, PoolTimeout):
            told |= {"database": False, "wrong": _GONE}
        return {"ready": told["wrong"] is None, **told}

    def _tables(self) -> dict[str, Any]:
        with self._database.connect() as conn:
            version = tables.examine(conn, self._database.settings.workspace).version
        wrong = (
            None if version == VERSION else f"The log's tables are at version {version}; this program needs {VERSION}."
        )
        return {"database": True, "migrations": {"version": version, "needed": VERSION}, "wrong": wrong}

    def _views(self) -> dict[str, Any]:
        with self._database.connect() as conn:
            found = views.examine(conn, self._log, self._database.settings.workspace)
        if found is None:
            return {"views": None, "wrong": "There are no views yet."}
        poison = found.poison and {name: getattr(found.poison, name) for name in ("position", "topic", "cause")}
        lag = found.head - found.position
        told = {"position": found.position, "head": found.head, "lag": lag, "fed": found.has_leader, "poison": poison}
        return {"views": told, "wrong": _wrong(found)}


def _wrong(found: views.Checkup) -> str | None:
    if not found.is_current:
        return "The views were made by another version of Keyframe; run 'keyframe rebuild'."
    if found.poison is not None:
        return f"Event {found.poison.position} ({found.poison.topic}) cannot be applied: {found.poison.cause}"
    if found.position < found.head and not found.has_leader:
        return "Nobody feeds the views."
    if found.head - found.position > LAG_MAX:
        return f"The views are {found.head - found.position} events behind."
    return None
