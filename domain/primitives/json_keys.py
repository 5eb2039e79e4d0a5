"""Duplicate keys in JSON, which decoders accept silently: the last one wins, and readers disagree about the content."""

import json
from typing import Any


def reject_duplicate_keys(text: str | bytes) -> None:
    """Raise `ValueError` with the key if an object in a valid JSON text has a key twice, or if the text is nested too
    deeply to tell."""
    try:
        _DECODER.decode(text if isinstance(text, str) else text.decode())
    except RecursionError:
        raise ValueError("the text is nested too deeply") from None


def unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these members, as an `object_pairs_hook` of `json`. Raises `ValueError` for a duplicate key."""
    unique = dict(pairs)
    if len(unique) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {json.dumps(twice[:_QUOTED_LENGTH_MAX])} appears twice in one object")
    return unique


_QUOTED_LENGTH_MAX = 60
"""The number of characters of a key that a message quotes."""

_DECODER = json.JSONDecoder(object_pairs_hook=unique_members)
