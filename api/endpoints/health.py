"""The readiness endpoint: checks the database, the tables of the log, and the projections."""

from math import inf
from threading import Lock
from time import monotonic
from typing import Any

import psycopg
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from api.auth.authentication import UNAUTHENTICATED_CALLER
from api.runtime.database import Database
from domain.log import health as tables
from domain.log.event_store import Log
from domain.log.health import VERSION
from domain.log.outage import outage
from projections.engine import health as projections
from projections.engine.projector import Projector

LAG_MAX = 10_000
"""Events by which the projections may lag behind the log in a ready process."""

CACHED_SECONDS = 1.0
"""How long the status for unauthenticated callers is cached, since they have no rate limit."""

_NO_STORE = {"cache-control": "no-store"}


class Readiness:
    """Runs the checks for each authenticated request. Called on a worker thread."""

    def __init__(self, database: Database, log: Log, projector: Projector) -> None:
        self._database = database
        self._log = log
        self._projector = projector
        self._cache_lock = Lock()
        self._checked_at = -inf
        self._is_ready = False

    def endpoint(self, request: Request) -> Response:
        """200 if all checks pass; else 503 with the problem. Unauthenticated callers get one word. The result does not
        affect other requests."""
        if request.state.caller is UNAUTHENTICATED_CALLER:
            ready = self._cached_status()
            return PlainTextResponse("ready" if ready else "unready", 200 if ready else 503, _NO_STORE)
        report = self.report()
        return JSONResponse(report, 200 if report["ready"] else 503, _NO_STORE)

    def _cached_status(self) -> bool:
        with self._cache_lock:
            if monotonic() - self._checked_at > CACHED_SECONDS:
                self._is_ready = self.report()["ready"]
                self._checked_at = monotonic()
            return self._is_ready

    def report(self) -> dict[str, Any]:
        """The results of all checks; `wrong` is the first problem, or None."""
        status = self._projector.status
        report: dict[str, Any] = {"projector": {"condition": status.condition, "cause": status.cause}}
        try:
            report |= self._tables()
            if not report["wrong"]:
                report |= self._projections()
        except (psycopg.OperationalError, PoolTimeout) as error:
            report |= {"database": False, "wrong": f"{outage(error).fact}; Keyframe keeps trying."}
        return {"ready": report["wrong"] is None, **report}

    def _tables(self) -> dict[str, Any]:
        with self._database.connect() as conn:
            version = tables.examine(conn, self._database.settings.workspace).version
        wrong = (
            None
            if version == VERSION
            else f"The tables of the log are at version {version}; this program needs {VERSION}."
        )
        return {"database": True, "migrations": {"version": version, "needed": VERSION}, "wrong": wrong}

    def _projections(self) -> dict[str, Any]:
        with self._database.connect() as conn:
            found = projections.examine(conn, self._log, self._database.settings.workspace)
        if found is None:
            return {"views": None, "wrong": "The projections are not built yet."}
        poison = found.poison and {name: getattr(found.poison, name) for name in ("position", "topic", "cause")}
        lag = found.head - found.position
        state = {"position": found.position, "head": found.head, "lag": lag, "fed": found.has_leader, "poison": poison}
        left = {"leftovers": found.left.schemas if found.left else ()}
        return {"views": state | left, "wrong": _problem(found)}


def _problem(found: projections.Checkup) -> str | None:
    if not found.is_current:
        return "The projections were built by another version of Keyframe or of its time zones; run 'keyframe rebuild'."
    if found.poison is not None:
        return f"Event {found.poison.position} ({found.poison.topic}) cannot be applied: {found.poison.cause}"
    if found.position < found.head and not found.has_leader:
        return "No projector runs: start 'keyframe project'."
    if found.head - found.position > LAG_MAX:
        return f"The projections are {found.head - found.position} events behind the log."
    return None
