"""Validation of the settings that name issuers of JWTs and of people who sign in."""

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationInfo

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
SECRET_LENGTH_MIN: Final = 16
"""The cookie of a sign-in is sealed with a key that is derived from the client secret, so it must not be guessed."""


def is_safe(url: str) -> bool:
    """Whether a URL is https, or http of this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK))


def jwks(value: str | None, info: ValidationInfo) -> str | None:
    """Raises `ValueError` unless issuer, audience and keys are set together, and the URL is https or loopback."""
    if {info.data.get("jwt_issuer") is None, info.data.get("jwt_audience") is None, value is None} == {True, False}:
        raise ValueError(
            "must be set together with KEYFRAME_JWT_ISSUER and KEYFRAME_JWT_AUDIENCE: set all three or none"
        )
    if value is not None and "://" in value and not is_safe(value):
        raise ValueError("must be an https URL or a file; http is accepted from loopback only")
    return value


def issuer(value: str | None) -> str | None:
    """Raises `ValueError` unless the issuer is an https URL, or http of this machine, without query and fragment."""
    if value is not None and (not is_safe(value) or "?" in value or "#" in value):
        raise ValueError("must be an https URL without a query; http is accepted from loopback only")
    return value


def client_id(value: str | None, info: ValidationInfo) -> str | None:
    """Raises `ValueError` unless issuer and client are set together."""
    if "oidc_issuer" in info.data and (info.data["oidc_issuer"] is None) != (value is None):
        raise ValueError("must be set together with KEYFRAME_OIDC_ISSUER: set both or none")
    return value


def client_secret(value: SecretStr | None) -> SecretStr | None:
    """Raises `ValueError` for a secret that is too short."""
    if value is not None and len(value.get_secret_value()) < SECRET_LENGTH_MIN:
        raise ValueError(f"must have at least {SECRET_LENGTH_MIN} characters: have the issuer generate one")
    return value


def client_secret_file(value: Path | None, info: ValidationInfo) -> Path | None:
    """Raises `ValueError` unless a client has exactly one secret, here or in the environment."""
    if "oidc_client_id" not in info.data or "oidc_client_secret" not in info.data:
        return value  # these are reported
    given = [info.data["oidc_client_secret"], value]
    if given.count(None) != (2 if info.data["oidc_client_id"] is None else 1):
        raise ValueError(
            "with KEYFRAME_OIDC_CLIENT_ID, set either KEYFRAME_OIDC_CLIENT_SECRET or KEYFRAME_OIDC_CLIENT_SECRET_FILE, "
            "and without it none of them"
        )
    return value


def scopes(value: str) -> str:
    """Raises `ValueError` without the scope `openid`."""
    if "openid" not in value.split():
        raise ValueError("must contain openid")
    return value
