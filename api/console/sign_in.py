"""Signing in to the console and out: the only addresses of the console beside its files.

A sign-in exchanges a token, or in the demo the choice of a person, for a session whose secret is in a cookie. See
docs/authentication.md and docs/adr/0064.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from time import time
from typing import Final
from uuid import UUID

import msgspec
import orjson
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from api.asgi.content_negotiation import media_type
from api.asgi.error_response import error_response, too_many_response, unavailable_response
from api.asgi.rate_limiter import TokenBucketLimiter
from api.asgi.ttl_cache import SingleFlightTTLCache
from api.auth.authentication import (
    FAILURES_BURST,
    FAILURES_PER_SECOND,
    RATE_LIMITED,
    AuthBackendUnavailable,
    AuthenticationFailed,
    Authenticators,
    RateLimited,
    network_of,
)
from api.auth.authentication_middleware import address, log_rejection, unauthenticated_response
from api.auth.console_sessions import ConsoleSessions
from api.auth.openid.code_flow import CodeFlow
from api.auth.session_cookie import is_own_page, session_of, set_cookie
from api.console.openid_sign_in import START, origin_of
from api.console.shell import Shell
from api.execution.context import Caller
from api.runtime.settings import Settings
from domain.commands.permissions import Role
from domain.handlers import identity
from domain.log.event_store import Log

SIGN_IN: Final = "/sign-in"
CREDENTIALS_SECONDS: Final = 2.0
"""How long it is remembered whether there is a valid token."""
SIGN_OUT: Final = "/sign-out"


class Guest(msgspec.Struct, frozen=True):
    """A person of the demo as whom anybody may sign in."""

    person: UUID
    handle: str
    name: str
    role: Role


class Chosen(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a sign-in: a token, or in the demo the handle of a person."""

    token: str | None = None
    person: str | None = None


_CHOSEN: Final = msgspec.json.Decoder(Chosen)


class SignIn:
    """The endpoints `/sign-in` and `/sign-out`. `guests`: the people of the demo; none of them needs a password, so
    there are none where the server can be reached from other machines."""

    def __init__(
        self,
        authenticators: Authenticators,
        sessions: ConsoleSessions,
        log: Log,
        shell: Shell,
        settings: Settings,
        *,
        guests: Sequence[Guest],
        flow: CodeFlow | None,
    ) -> None:
        self._authenticators = authenticators
        self._sessions = sessions
        self._log = log
        self._shell = shell
        self._settings = settings
        self._flow = flow
        self._any_token: SingleFlightTTLCache[None, bool] = SingleFlightTTLCache(CREDENTIALS_SECONDS, 1)
        self._guests = {guest.handle: guest for guest in guests}
        self._choices = TokenBucketLimiter(FAILURES_PER_SECOND, FAILURES_BURST)

    async def sign_in(self, request: Request) -> Response:
        """POST signs in. GET is the page for a browser, and otherwise the ways to sign in."""
        if request.method == "POST":
            return await self._begin(request)
        if "text/html" in request.headers.get("accept", ""):
            return self._shell.page(request)
        return await self._ways(request)

    async def sign_out(self, request: Request) -> Response:
        """End the session of the request, and delete its cookie; idempotent."""
        if not is_own_page(request):
            return _foreign()
        secret = session_of(request)
        if secret is not None:
            await self._sessions.end(secret)
            self._authenticators.forget(secret)
        response = Response(status_code=HTTPStatus.NO_CONTENT, headers=dict(_NO_STORE))
        set_cookie(response, request, "", 0)
        return response

    async def _ways(self, request: Request) -> Response:
        """Until when the caller is signed in, and by what one can sign in."""
        try:
            expires_at = await self._signed_in_until(request)
            people = await to_thread.run_sync(self._present_guests)
            can_anybody = bool(people) or await self._can_anybody_sign_in()
        except RateLimited as limited:
            return too_many_response(limited.message, RATE_LIMITED, limited.seconds)
        except AuthBackendUnavailable:
            return _unavailable()
        return _json(
            {
                "signedInUntil": expires_at,
                "people": people,
                "issuer": self._issuer(request),
                "contact": self._settings.contact,
                "canAnybodySignIn": can_anybody,
            }
        )

    def _issuer(self, request: Request) -> dict[str, str | None] | None:
        """The issuer by which one signs in, and where one signs out there."""
        if self._flow is None:
            return None
        sign_out_at = self._flow.sign_out_address(f"{origin_of(request)}{SIGN_IN}")
        return {"name": self._flow.host, "signInAt": START, "signOutAt": sign_out_at}

    async def _can_anybody_sign_in(self) -> bool:
        """Whether there is an issuer, or a token that is valid."""
        if self._flow is not None or self._settings.jwt_jwks is not None:
            return True
        return await self._any_token.get(None, self._sessions.is_any_token_valid)

    async def _signed_in_until(self, request: Request) -> str | None:
        secret = session_of(request)
        if secret is None:
            return None
        try:
            found = await self._authenticators.authenticate((), address(request), secret)
        except AuthenticationFailed:
            return None
        return None if found is None else _moment(found.caller.expires_at)

    def _present_guests(self) -> list[dict[str, str]]:
        """The guests who were neither deactivated nor erased."""
        known = {guest: identity.by_id(self._log, guest.person) for guest in self._guests.values()}
        return [
            {"handle": guest.handle, "name": guest.name, "role": guest.role}
            for guest, person in known.items()
            if person is not None and person.is_active
        ]

    async def _begin(self, request: Request) -> Response:
        if not is_own_page(request):
            return _foreign()
        if media_type(request.headers.get("content-type")) != "application/json":
            return error_response(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Content-Type must be application/json.", "UNSUPPORTED_MEDIA_TYPE"
            )
        try:
            chosen = _CHOSEN.decode(await request.body())
        except msgspec.MsgspecError as error:
            return error_response(HTTPStatus.BAD_REQUEST, f"The sign-in is not valid: {error}.", "BAD_REQUEST")
        return await self._answered(request, chosen)

    async def _answered(self, request: Request, chosen: Chosen) -> Response:
        try:
            caller = await self._caller(request, chosen)
        except AuthenticationFailed as reason:
            log_rejection(reason, request)
            return unauthenticated_response("The token is not valid, has expired, or was revoked: paste another one.")
        except RateLimited as limited:
            return too_many_response(limited.message, RATE_LIMITED, limited.seconds)
        except AuthBackendUnavailable:
            return _unavailable()
        return await self._signed_in(request, caller, chosen.token)

    async def _caller(self, request: Request, chosen: Chosen) -> Caller:
        """Who signs in. Raises `AuthenticationFailed`, `RateLimited`, `AuthBackendUnavailable`."""
        if chosen.token is None:
            return self._guest(chosen.person, network_of(address(request)))
        found = await self._authenticators.authenticate([f"Bearer {chosen.token}"], address(request))
        assert found is not None  # an authorization was given
        self._authenticators.spend(found.caller)
        return found.caller

    def _guest(self, handle: str | None, network: str) -> Caller:
        if seconds := self._choices.take(network):
            raise RateLimited(seconds)
        guest = self._guests.get(handle or "")
        if guest is None:
            raise AuthenticationFailed("signing in as this person requires a token")
        return Caller(guest.handle, frozenset({guest.role}), guest.person)

    async def _signed_in(self, request: Request, caller: Caller, bearer: str | None) -> Response:
        previous = session_of(request)
        secret, until = await self._sessions.begin(
            caller, bearer=None if bearer is None else bearer.strip(), previous=previous
        )
        if previous is not None:
            self._authenticators.forget(previous)
        response = _json({"signedInUntil": _moment(until)})
        set_cookie(response, request, secret, max(1, int(until - time())))
        return response


_NO_STORE: Final = {"cache-control": "no-store", "vary": "accept, cookie, sec-fetch-site"}


def _json(content: object) -> Response:
    return Response(orjson.dumps(content), headers=dict(_NO_STORE), media_type="application/json")


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _foreign() -> Response:
    return error_response(
        HTTPStatus.FORBIDDEN,
        "Only a page of this server may sign in and out, in a browser of 2023 or newer.",
        "CSRF_PREVENTED",
    )


def _unavailable() -> Response:
    return unavailable_response("Signing in is unavailable at the moment; retry in a moment.", "UNAVAILABLE")
