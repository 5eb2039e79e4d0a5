"""Checks of references to other systems."""

import unicodedata
from urllib.parse import urlsplit

from domain.primitives import parsers
from domain.primitives.errors import invalid
from domain.primitives.rules import Rule

URL_LENGTH_MAX = 2_000


def url(text: str, *field: str) -> str:
    """An absolute address with http or https, of at most 2,000 characters without spaces. Raises `INVALID`."""
    address = parsers.clean(text.strip(), field)
    if len(address) > URL_LENGTH_MAX or not _is_address(address):
        raise invalid(
            f"This is no address; write it like 'https://tracker.example.com/issue/7', with up to {URL_LENGTH_MAX} "
            "characters.",
            *field,
            rule=Rule.URL_MALFORMED,
            max=URL_LENGTH_MAX,
        )
    return address


def _is_address(text: str) -> bool:
    if any(unicodedata.category(character)[0] in "CZ" for character in text):
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
