"""Whether this process can do its work, for whoever watches it: the database, the log's tables, the views."""

from typing import Any

import psycopg
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.database import Database
from domain import checkup as tables
from domain.checkup import VERSION
from domain.event_store import Log
from projections import checkup as views
from projections.projector import Projector

LAG_MAX = 10_000
"""Beyond this many events the views are too far behind to be called ready."""


class Readiness:
    """Looks things over each time it is asked. Called on a worker thread."""

    def __init__(self, database: Database, log: Log, projector: Projector) -> None:
        self._database = database
        self._log = log
        self._projector = projector

    def endpoint(self, _: Request) -> Response:
        """200 if everything is as it should be; else 503 and what is wrong. Requests are answered either way."""
        found = self.found()
        return JSONResponse(found, 200 if found["ready"] else 503, {"cache-control": "no-store"})

    def found(self) -> dict[str, Any]:
        status = self._projector.status
        told: dict[str, Any] = {"projector": {"condition": status.condition, "cause": status.cause}}
        try:
            told |= self._tables()
            if not told["wrong"]:
                told |= self._views()
        except (psycopg.OperationalError, PoolTimeout) as error:
            told |= {"database": False, "wrong": f"The database cannot be reached: {error}"}
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
        told = {"position": found.position, "head": found.head, "lag": lag, "fed": found.is_fed, "poison": poison}
        return {"views": told, "wrong": _wrong(found)}


def _wrong(found: views.Checkup) -> str | None:
    if not found.is_current:
        return "The views were made by another version of Keyframe; run 'keyframe rebuild'."
    if found.poison is not None:
        return f"Event {found.poison.position} ({found.poison.topic}) cannot be applied: {found.poison.cause}"
    if found.position < found.head and not found.is_fed:
        return "Nobody feeds the views."
    if found.head - found.position > LAG_MAX:
        return f"The views are {found.head - found.position} events behind."
    return None
