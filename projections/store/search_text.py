"""Text as search compares it: without case, accents and Unicode forms."""

import unicodedata
from collections.abc import Iterable

COLUMN = "search_text"
"""The column of a table that has the searchable text of each row. No row class has it: it is only compared."""


def words(query: str) -> list[str]:
    """The words of a query, each once. A row is found if its searchable text contains every one of them."""
    return list(dict.fromkeys(_folded(query).split()))


def searchable(texts: Iterable[str | None]) -> str | None:
    """The searchable text of these fields, one a line, so that no word reaches from one field into the next; None if
    all of them are empty."""
    return "\n".join(_folded(text) for text in texts if text) or None


def _folded(text: str) -> str:
    """The text in NFKD without marks, casefolded: equal for "CAFÉ" and "cafe", and for "Straße" and "strasse"."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(character for character in folded if unicodedata.category(character)[0] != "M")
