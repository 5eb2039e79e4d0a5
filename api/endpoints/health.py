"""The readiness endpoint: whether this process answers queries, takes commands, and keeps up with the log.

It knows most of this from the work of the process: the projector asks the database several times a second, and commits
tell whether the database records commands. Otherwise it asks the database with a connection of the pool.
"""

import asyncio
from http import HTTPStatus
from threading import Event as Flag
from time import monotonic
from typing import Any, Final, NamedTuple

import psycopg
from anyio import CapacityLimiter, to_thread
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from api.asgi.error_response import error_response
from api.asgi.ttl_cache import SingleFlightTTLCache
from api.auth.authentication import UNAUTHENTICATED_CALLER
from api.runtime.database import Pool
from api.runtime.settings import Settings
from api.snapshot.standbys import Standbys
from domain.log import health as tables
from domain.log.event_store import Log
from domain.log.health import VERSION
from domain.log.outage import UNREACHABLE, outage
from projections.engine import health as projections
from projections.engine import view_checker
from projections.engine.health import State
from projections.engine.projector import Condition, Projector
from projections.engine.rebuild import OutdatedViews

CACHED_SECONDS: Final = 1.0
"""How long a report is used again, since callers without a token have no rate limit."""
KNOWN_SECONDS: Final = 10.0
"""How long the process relies on an answer of the database to something else."""
DAMAGES_MAX: Final = 100
"""How many damages of the projections a report names; the first ones."""

LEAVING: Final = "The server is shutting down; send requests to another one."

_NO_STORE: Final = {"cache-control": "no-store"}
_ASKED: Final = {"writing": ("reading", "writing", "keeping_up", "attested", "intact"), "reading": ("reading",)}
"""What must hold for each value of `?for=`; the first is the default."""


class Faults(NamedTuple):
    """Why the process does not answer queries, takes no commands, and does not keep up with the log, how the log
    contradicts what was signed, and what is damaged in the projections; None where nothing is wrong."""

    reading: str | None = None
    writing: str | None = None
    keeping_up: str | None = None
    attested: str | None = None
    intact: str | None = None


class Report(NamedTuple):
    """The faults of the process, and the details for an authenticated caller."""

    faults: Faults
    details: dict[str, Any]


class Readiness:
    """The state of one process, by a check that all requests share."""

    def __init__(
        self,
        pool: Pool,
        log: Log,
        projector: Projector,
        settings: Settings,
        leaving: Flag,
        standbys: Standbys | None,
    ) -> None:
        self._standbys = standbys
        self._pool = pool
        self._log = log
        self._projector = projector
        self._settings = settings
        self._leaving = leaving
        self._thread = CapacityLimiter(1)
        self._reports: SingleFlightTTLCache[None, Report] = SingleFlightTTLCache(CACHED_SECONDS, 1)

    async def endpoint(self, request: Request) -> Response:
        """200 if the process is ready for queries and commands, or with `?for=reading` for queries; else 503 with the
        reason. A process that is asked to stop is not ready, and asks nothing. Unauthenticated callers get one word."""
        asked = _ASKED.get(request.query_params.get("for", "writing"))
        if asked is None:
            return error_response(HTTPStatus.BAD_REQUEST, f"'for' must be {' or '.join(_ASKED)}.", "INVALID")
        if self._leaving.is_set():
            return _answered(request, LEAVING, {})
        faults, details = await self._report()
        wrong = next((fault for name in asked if (fault := getattr(faults, name)) is not None), None)
        return _answered(request, wrong, details)

    async def _report(self) -> Report:
        """The newest report. If the check takes too long, one from what the process knows by itself."""
        try:
            async with asyncio.timeout(2 * self._settings.ready_timeout_s):
                return await self._reports.get(None, self._check)
        except TimeoutError:
            return self._reported(
                None, self._known_faults("The database does not answer in time; Keyframe keeps trying.")
            )

    async def _check(self) -> Report:
        return await to_thread.run_sync(self._look, limiter=self._thread)

    # ── the check, on a thread of its own ────────────────────────────────────────────────────────

    def _look(self) -> Report:
        try:
            with self._pool.connection(self._settings.ready_timeout_s) as conn:
                version = tables.version(conn, self._settings.workspace)
                state = projections.state(conn, self._settings.workspace) if version >= VERSION else None
        except PoolTimeout as error:
            is_busy = error.__cause__ is None
            return self._reported(None, self._known_faults(_unreachable(error), is_busy=is_busy))
        except psycopg.OperationalError as error:
            return self._reported(None, Faults(_unreachable(error), _unreachable(error)))
        except psycopg.ProgrammingError as error:  # the tables are being dropped or migrated
            wrong = f"The tables of the workspace cannot be read ({type(error).__name__}): run 'keyframe doctor'."
            return self._reported(None, Faults(wrong, wrong))
        if version < VERSION:  # newer ones still serve a program that runs
            wrong = (
                f"The tables of the log are at version {version}, this program needs {VERSION}: run 'keyframe migrate'."
            )
            return self._reported(None, Faults(wrong, wrong), version)
        altered = self._projector.status.alarm or (None if state is None else state.contradiction)
        faults = Faults(_unreadable(state), self._not_writing(state), self._behind(state), altered, _damaged(state))
        return self._reported(state, faults, version)

    def _known_faults(self, wrong: str, *, is_busy: bool = True) -> Faults:
        """The faults by what the process knows. If it `is_busy`, all its connections work for requests."""
        if is_busy and monotonic() - self._projector.answered_at < KNOWN_SECONDS:
            return Faults(writing=self._commit_fault())
        return Faults(wrong, wrong)

    def _commit_fault(self) -> str | None:
        """Why the last commits failed; None if they did not."""
        commits = self._log.commits
        if commits.are_stalled:
            return "Commands wait for the database to commit them."
        known = UNREACHABLE if commits.fault is None else outage(commits.fault)
        if known is not UNREACHABLE and monotonic() - commits.failed_at < KNOWN_SECONDS:
            return f"{known.fact}: the last command was not recorded."
        return None

    def _not_writing(self, state: State | None) -> str | None:
        """Why no command can be recorded. Without a recent commit, the database is asked."""
        if (diverged := self._diverged(state)) is not None:
            return diverged
        most = self._settings.write_lag_max
        if state is not None and state.head - state.position > most > 0:
            return f"Commands are paused: the projections are {state.head - state.position} events behind the log."
        known = self._commit_fault()
        if known is not None or monotonic() - self._log.commits.confirmed_at < KNOWN_SECONDS:
            return known
        try:
            return self._log.probe(self._settings.ready_timeout_s)
        except (psycopg.Error, PoolTimeout) as error:
            return _unreachable(error)

    def _diverged(self, state: State | None) -> str | None:
        """Why the projections do not belong to the log, as long as the projector refuses them for that."""
        status = self._projector.status
        if status.condition is Condition.DIVERGED:
            return status.cause
        return None if state is None else state.divergence

    def _behind(self, state: State | None) -> str | None:
        """Why the projections do not keep up with the log."""
        if state is None:
            return None
        if (diverged := self._diverged(state)) is not None:
            return diverged
        status, lag = self._projector.status, state.head - state.position
        if status.poison_position is not None:
            return f"Event {status.poison_position} ({status.poison_topic}) cannot be applied: {status.cause}"
        if lag <= self._settings.ready_lag_max and state.lag_s <= self._settings.ready_lag_s:
            return None
        if not state.has_leader:
            return "No projector runs: start 'keyframe project'."
        return f"The projections are {lag} events and {state.lag_s:.0f} s behind the log."

    # ── the report ───────────────────────────────────────────────────────────────────────────────

    def _reported(self, state: State | None, faults: Faults, version: int | None = None) -> Report:
        status, is_reached = self._projector.status, faults.reading is None
        standbys = [] if self._standbys is None else self._standbys.report()
        if any(standby.answers for standby in standbys):
            faults = faults._replace(reading=None)
        details = {
            "reading": faults.reading is None,
            "writing": faults.writing is None,
            "lagging": faults.keeping_up is not None,
            "attested": faults.attested is None,
            "damaged": faults.intact is not None,
            "database": is_reached or version is not None,
            "migrations": {"version": version, "needed": VERSION},
            "views": None if state is None else self._views(state),
            "projector": {"condition": status.condition, "cause": status.cause},
            "standbys": [standby._asdict() for standby in standbys],
        }
        return Report(faults, details)

    def _views(self, state: State) -> dict[str, Any]:
        status = self._projector.status
        poison = {"position": status.poison_position, "topic": status.poison_topic, "cause": status.cause}
        return {
            "position": state.position,
            "head": state.head,
            "lag": state.head - state.position,
            "lag_s": round(state.lag_s, 3),
            "fed": state.has_leader,
            "current": state.is_current,
            "diverged": state.divergence is not None,
            "leftovers": state.leftovers,
            "damages": [damage._asdict() for damage in state.damages[:DAMAGES_MAX]],
            "poison": None if status.poison_position is None else poison,
        }


def _unreachable(error: Exception) -> str:
    """What is wrong with the database."""
    return f"{outage(error).fact}; Keyframe keeps trying."


def _unreadable(state: State | None) -> str | None:
    if state is None:
        return "The projections are not built yet."
    if not state.is_current:
        return str(OutdatedViews(state.program))
    return None


def _damaged(state: State | None) -> str | None:
    """What is damaged in the projections."""
    if state is None or not state.damages:
        return None
    found = view_checker.named(state.damages)
    return f"The projections were altered by something else than the projector: {found}. {view_checker.REMEDY}"


def _answered(request: Request, wrong: str | None, details: dict[str, Any]) -> Response:
    """What the caller may learn of a report."""
    status = 200 if wrong is None else 503
    if request.state.caller is UNAUTHENTICATED_CALLER:
        return PlainTextResponse("ready" if wrong is None else "unready", status, _NO_STORE)
    return JSONResponse({"ready": wrong is None, "wrong": wrong, "alive": True, **details}, status, _NO_STORE)
