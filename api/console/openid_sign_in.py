"""Signing in to the console by the issuer of the settings: the way there, and the way back.

See docs/authentication.md and docs/adr/0065.
"""

from http import HTTPStatus
from time import time
from typing import Final
from urllib.parse import SplitResult, urlencode, urlsplit

import structlog
from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.asgi.attempt_limiter import AttemptLimiter
from api.asgi.error_response import error_response, too_many_response, unavailable_response
from api.auth.api_tokens import THREADS
from api.auth.authentication import (
    FAILURES_BURST,
    FAILURES_PER_SECOND,
    RATE_LIMITED,
    Authenticators,
    RateLimited,
    network_of,
)
from api.auth.authentication_middleware import address
from api.auth.console_sessions import ConsoleSessions
from api.auth.openid.code_flow import CodeFlow
from api.auth.openid.named_person import caller_of
from api.auth.openid.pending import LIFETIME_SECONDS
from api.auth.openid.sign_in_problem import SignInProblem
from api.auth.session_cookie import PENDING, SESSION, is_plain, kept, set_cookie
from api.console.shell import ASK, is_page
from api.execution.context import Caller
from api.runtime.settings import Settings
from domain.log.event_store import Log

START: Final = "/sign-in/openid"
CALLBACK: Final = "/sign-in/openid/callback"
TO_LENGTH_MAX: Final = 1000
_OWN: Final = frozenset({"same-origin", "none"})
"""Values of Sec-Fetch-Site for a page of this server, and for an address that a person typed."""
_ANYBODY: Final = "an administrator of Keyframe"

_log = structlog.get_logger(__name__)


class OpenIdSignIn:
    """The endpoints `/sign-in/openid` and `/sign-in/openid/callback`."""

    def __init__(
        self, flow: CodeFlow, authenticators: Authenticators, sessions: ConsoleSessions, log: Log, settings: Settings
    ) -> None:
        self._flow = flow
        self._authenticators = authenticators
        self._sessions = sessions
        self._workspace = log
        self._settings = settings
        self._threads = CapacityLimiter(THREADS)
        self._failures = AttemptLimiter(FAILURES_PER_SECOND, FAILURES_BURST)

    async def start(self, request: Request) -> Response:
        """Send the browser to the issuer. `?to=` is the page of the console to open afterwards. From a page of another
        site, it leads to the page that signs in, with the same `to`, so that no site signs a visitor in unasked."""
        to = page_of(request.query_params.get("to"))
        if request.headers.get("sec-fetch-site", "none") not in _OWN:
            return _redirect("/sign-in" if to == "/" else f"/sign-in?{urlencode({'to': to})}")
        try:
            where, pending = await self._flow.begin(f"{origin_of(request)}{CALLBACK}", to)
        except SignInProblem as problem:
            return self._failed(request, problem)
        response = _redirect(where)
        set_cookie(response, request, self._flow.seal.seal(pending), LIFETIME_SECONDS, PENDING)
        return response

    async def callback(self, request: Request) -> Response:
        """The issuer sends the browser here: begin a session, whatever the browser had before."""
        network = network_of(address(request))
        if seconds := await self._failures.begin(network):
            limited = RateLimited(seconds)
            return too_many_response(limited.message, RATE_LIMITED, limited.seconds)
        is_failure = True
        try:
            response = await self._signed_in(request)
            is_failure = False
        except SignInProblem as problem:
            response = self._failed(request, problem)
        finally:
            self._failures.end(network, is_failure=is_failure)
        set_cookie(response, request, "", 0, PENDING)
        return response

    async def _signed_in(self, request: Request) -> Response:
        """Raises `SignInProblem`."""
        pending = self._flow.seal.open(kept(request, PENDING))
        claims = await self._flow.claims(request.query_params.multi_items(), pending)
        caller: Caller = await to_thread.run_sync(
            caller_of, self._workspace, self._settings, claims, limiter=self._threads
        )
        previous = kept(request, SESSION)
        secret, until = await self._sessions.begin(caller, previous=previous)
        if previous is not None:
            self._authenticators.forget(previous)
        response = _redirect(pending.to)
        set_cookie(response, request, secret, max(1, int(until - time())))
        return response

    def _failed(self, request: Request, problem: SignInProblem) -> Response:
        id, code = request.state.id, problem.code.value
        _log.warning("sign_in_failed", request_id=id, code=code, address=address(request), reason=problem.reason)
        message = problem.message(self._flow.host, self._settings.contact or _ANYBODY)
        if problem.status is HTTPStatus.SERVICE_UNAVAILABLE:
            return unavailable_response(message, code)
        response = error_response(problem.status, message, code)
        response.headers["cache-control"] = "no-store"
        return response


def page_of(to: str | None) -> str:
    """The page of the console that an address names; the first page for anything else, such as another server."""
    try:
        parts = urlsplit(to or "/")
    except ValueError:
        return "/"
    is_here = not parts.scheme and not parts.netloc and (is_page(parts.path) or parts.path == ASK)
    if not is_here or not (to or "/").isprintable() or len(to or "") > TO_LENGTH_MAX:
        return "/"
    return SplitResult("", "", parts.path, parts.query, "").geturl()


def origin_of(request: Request) -> str:
    """The origin at which a browser sees this server. Off loopback it is https, without which no session is kept."""
    return f"{'http' if is_plain(request) else 'https'}://{request.headers.get('host') or ''}"


def _redirect(where: str) -> Response:
    return RedirectResponse(
        where, HTTPStatus.SEE_OTHER, {"cache-control": "no-store", "referrer-policy": "no-referrer"}
    )
