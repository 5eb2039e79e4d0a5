"""Which person of the workspace the claims of an ID token name, and with which roles."""

from collections.abc import Mapping
from time import time
from typing import Any, Final

from api.auth.openid.sign_in_problem import SignInCode, SignInProblem
from api.auth.signed_claims import claim, name_in, roles_in
from api.execution.context import Caller
from api.runtime.settings import Settings
from domain.commands.permissions import Role
from domain.handlers import identity
from domain.log.event_store import Log

_EMAIL: Final = "email"


def caller_of(log: Log, settings: Settings, claims: dict[str, Any]) -> Caller:
    """The caller whom these claims name, until when a session may last. Reads the log. Raises `SignInProblem`."""
    name = name_in(claims, settings.oidc_handle_claim)
    if name is None:
        reason = f"the claim {settings.oidc_handle_claim} is missing or invalid"
        raise SignInProblem(SignInCode.HANDLE_MISSING, reason)
    handle = _handle(name, settings, claims)
    person = None if handle is None else identity.by_handle(log, handle)
    if person is None:
        raise SignInProblem(SignInCode.PERSON_UNKNOWN, "no person has the handle that the ID token names", name)
    if not person.is_active:
        raise SignInProblem(SignInCode.PERSON_INACTIVE, f"person {person.id} is no longer active", person.handle)
    roles = _roles(settings, claims)
    if not roles:
        raise SignInProblem(SignInCode.ROLE_MISSING, f"the ID token of person {person.id} has no known role", name)
    return Caller(person.handle, roles, person.id, expires_at=_expiry(settings, claims))


def _handle(name: str, settings: Settings, claims: Mapping[str, Any]) -> str | None:
    """The handle that a name maps to; None for a mail address of a domain that is not listed, and for the claim
    `email` if it is not verified. An address beyond ASCII maps to none, since lower case turns some other letters
    into those of ASCII."""
    if settings.oidc_handle_claim == _EMAIL and claims.get("email_verified") is not True:
        return None
    if "@" not in name:
        return name
    local, _, domain = name.lower().rpartition("@")
    is_listed = domain in {one.lower() for one in settings.listed("oidc_domains")}
    return local if is_listed and name.isascii() else None


def _roles(settings: Settings, claims: dict[str, Any]) -> frozenset[Role]:
    if claim(claims, settings.jwt_roles_claim) is None and settings.oidc_role is not None:
        return frozenset({settings.oidc_role})
    return roles_in(claims, settings.jwt_roles_claim)


def _expiry(settings: Settings, claims: Mapping[str, Any]) -> float:
    """When a session by these claims ends at the latest, in seconds since 1970."""
    if settings.oidc_session_s is not None:
        return time() + settings.oidc_session_s
    return float(claims["exp"]) + settings.jwt_leeway_s
