"""The validation of settings that name database servers."""

from typing import Final

import psycopg
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr, ValidationInfo

_NO_URL: Final = "is not a PostgreSQL URL; write it like postgresql://user:password@host:5432/name"


def dsn(value: object) -> object:
    """None for an empty value. Raises `ValueError` for an invalid URL; the message never contains the URL."""
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    if (
        not isinstance(text, str)
        or text.startswith(("postgresql://", "postgres://"))
        or "=" in text.partition("://")[0]
    ):
        return value
    if text.strip():
        raise ValueError(_NO_URL)
    return None


def beside_database(value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
    """Raises `ValueError` for a second URL without a first one, or one that names another database."""
    first: SecretStr | None = info.data.get("database_url")
    if value is None:
        return None
    if first is None:
        raise ValueError(
            "needs KEYFRAME_DATABASE_URL, which names the primary: set both, or remove this one; the embedded "
            "PostgreSQL has neither standbys nor a pooler"
        )
    names = {_database_name(url) for url in (first, value)} - {None}
    if len(names) > 1:
        raise ValueError("names another database than KEYFRAME_DATABASE_URL: give both the same name")
    return value


def _database_name(url: SecretStr) -> object:
    try:
        return conninfo_to_dict(url.get_secret_value()).get("dbname")
    except psycopg.ProgrammingError:
        raise ValueError(_NO_URL) from None


def beside_standbys(value: float | None, info: ValidationInfo) -> float | None:
    """Raises `ValueError` for a setting of standbys where none are named."""
    if value is not None and info.data.get("read_url") is None:
        raise ValueError("has no effect without standbys: set KEYFRAME_READ_URL, or remove this one")
    return value
