"""Why a sign-in by the issuer failed: a code, the status of the response, and what the person can do."""

from enum import StrEnum
from http import HTTPStatus
from typing import Final


class SignInCode(StrEnum):
    """The reason of a failed sign-in."""

    SIGN_IN_DENIED = "SIGN_IN_DENIED"
    SIGN_IN_NOT_BEGUN = "SIGN_IN_NOT_BEGUN"
    SIGN_IN_EXPIRED = "SIGN_IN_EXPIRED"
    CODE_REJECTED = "CODE_REJECTED"
    CLIENT_REJECTED = "CLIENT_REJECTED"
    ISSUER_ERROR = "ISSUER_ERROR"
    ISSUER_UNAVAILABLE = "ISSUER_UNAVAILABLE"
    ANSWER_INVALID = "ANSWER_INVALID"
    ANSWER_EXPIRED = "ANSWER_EXPIRED"
    ANSWER_OF_ANOTHER_ISSUER = "ANSWER_OF_ANOTHER_ISSUER"
    ANSWER_OF_ANOTHER_CLIENT = "ANSWER_OF_ANOTHER_CLIENT"
    ANSWER_OF_ANOTHER_SIGN_IN = "ANSWER_OF_ANOTHER_SIGN_IN"
    HANDLE_MISSING = "HANDLE_MISSING"
    PERSON_UNKNOWN = "PERSON_UNKNOWN"
    PERSON_INACTIVE = "PERSON_INACTIVE"
    ROLE_MISSING = "ROLE_MISSING"


class SignInProblem(Exception):
    """A sign-in that failed. `reason` is for the log: it contains no secret, and no name of a person. `name` is what
    the issuer calls the person, who alone reads it."""

    def __init__(self, code: SignInCode, reason: str, name: str = "") -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.name = name

    @property
    def status(self) -> HTTPStatus:
        return _TOLD[self.code][0]

    def message(self, issuer: str, contact: str) -> str:
        """What is wrong, and what to do. `issuer`: its host name; `contact`: whom to ask."""
        return _TOLD[self.code][1].format(issuer=issuer, contact=contact, name=self.name)


_BAD, _FORBIDDEN, _ISSUER = HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.BAD_GATEWAY
_AGAIN: Final = "Sign in again; if that does not help, ask {contact}."
_TOLD: Final[dict[SignInCode, tuple[HTTPStatus, str]]] = {
    SignInCode.SIGN_IN_DENIED: (
        _FORBIDDEN,
        "The sign-in was cancelled or denied at {issuer}. Sign in again, or ask {contact} for access.",
    ),
    SignInCode.SIGN_IN_NOT_BEGUN: (
        _BAD,
        "This sign-in did not begin in this browser, or was finished before. Sign in again.",
    ),
    SignInCode.SIGN_IN_EXPIRED: (_BAD, "This sign-in took longer than 10 minutes. Sign in again."),
    SignInCode.CODE_REJECTED: (
        _BAD,
        "{issuer} does not accept the code of this sign-in: it was used before, or has expired. Sign in again.",
    ),
    SignInCode.CLIENT_REJECTED: (
        _ISSUER,
        (
            "{issuer} does not accept this server as its client. Ask {contact} to compare the client's id, its "
            "secret and its redirect URI with those at {issuer}."
        ),
    ),
    SignInCode.ISSUER_ERROR: (_ISSUER, f"{{issuer}} could not sign you in. {_AGAIN}"),
    SignInCode.ISSUER_UNAVAILABLE: (
        HTTPStatus.SERVICE_UNAVAILABLE,
        "{issuer} does not answer. Sign in again in a minute, or with a token.",
    ),
    SignInCode.ANSWER_INVALID: (_ISSUER, f"The answer of {{issuer}} cannot be verified. {_AGAIN}"),
    SignInCode.ANSWER_EXPIRED: (
        _ISSUER,
        (
            "The answer of {issuer} has expired or is not valid yet. Sign in again; if that does not help, ask "
            "{contact} to compare the clock of this server with that of {issuer}."
        ),
    ),
    SignInCode.ANSWER_OF_ANOTHER_ISSUER: (
        _ISSUER,
        "The answer comes from another issuer than {issuer}. Ask {contact} to check KEYFRAME_OIDC_ISSUER.",
    ),
    SignInCode.ANSWER_OF_ANOTHER_CLIENT: (
        _ISSUER,
        "{issuer} answered for another client. Ask {contact} to check KEYFRAME_OIDC_CLIENT_ID.",
    ),
    SignInCode.ANSWER_OF_ANOTHER_SIGN_IN: (
        _ISSUER,
        "{issuer} answered to another sign-in than this one. Sign in again.",
    ),
    SignInCode.HANDLE_MISSING: (
        _FORBIDDEN,
        "{issuer} does not tell your handle. Ask {contact} to compare KEYFRAME_OIDC_HANDLE_CLAIM with its ID tokens.",
    ),
    SignInCode.PERSON_UNKNOWN: (
        _FORBIDDEN,
        "{issuer} knows you as {name}, and nobody here has this handle. Ask {contact} to add you.",
    ),
    SignInCode.PERSON_INACTIVE: (
        _FORBIDDEN,
        "Your account here, {name}, is deactivated. Ask {contact} to reactivate it.",
    ),
    SignInCode.ROLE_MISSING: (
        _FORBIDDEN,
        "Your account at {issuer}, {name}, has no role in Keyframe. Ask {contact} to give you one.",
    ),
}
