"""Text as search compares it: without case, accents and Unicode forms."""

import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

COLUMN = "search_text"
"""The column of a table that has the searchable text of each row. No row class has it: it is only compared."""
BEFORE_MATCH: Final = 40
"""The most characters of an excerpt before its first match."""
EXCERPT_MAX: Final = 160
"""The most characters of an excerpt, without the dots at its ends."""


def words(query: str) -> list[str]:
    """The words of a query, each once. A row is found if its searchable text contains every one of them."""
    return list(dict.fromkeys(folded(query).split()))


def searchable(texts: Iterable[str | None]) -> str | None:
    """The searchable text of these fields, one a line, so that no word reaches from one field into the next; None if
    all of them are empty."""
    return "\n".join(folded(text) for text in texts if text) or None


def folded(text: str) -> str:
    """The text in NFKD without marks, casefolded: equal for "CAFÉ" and "cafe", and for "Straße" and "strasse"."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(character for character in decomposed if unicodedata.category(character)[0] != "M")


# ── excerpts ─────────────────────────────────────────────────────────────────────────────────────


def excerpt(text: str | None, wanted: Sequence[str]) -> str | None:
    """One line of the text around the first of these words, of up to `EXCERPT_MAX` characters, with "…" where it is
    cut; None if none of the words occurs."""
    compared = "" if text is None else folded(text)
    places = [place for place in map(compared.find, wanted) if place >= 0]
    if text is None or not places:
        return None
    first = _origin(text, min(places))
    start = 0 if first <= BEFORE_MATCH else _word_start(text, first - BEFORE_MATCH, first)
    end = len(text) if len(text) - start <= EXCERPT_MAX else _word_end(text, first, start + EXCERPT_MAX)
    line = " ".join(text[start:end].split())
    return f"{'…' if start else ''}{line}{'…' if end < len(text) else ''}"


def _origin(text: str, place: int) -> int:
    """The place in the text of the character at a place of its folded form."""
    if text.isascii():
        return place
    for origin, character in enumerate(text):
        place -= len(_folded_character(character))
        if place < 0:
            return origin
    return 0


@lru_cache(4096)
def _folded_character(character: str) -> str:
    return folded(character)


def _word_start(text: str, low: int, high: int) -> int:
    """The start of the first word that begins between two places; the lower one if there is none."""
    return next((place + 1 for place in range(low, high) if text[place].isspace()), low)


def _word_end(text: str, low: int, high: int) -> int:
    """The end of the last word that ends between two places; the higher one if there is none."""
    return next((place for place in range(high, low, -1) if text[place].isspace()), high)
