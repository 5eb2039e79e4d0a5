"""Duplicate keys in JSON are rejected wherever they are, also when they are written differently."""

import pytest

from domain.primitives.json_keys import reject_duplicate_keys


@pytest.mark.parametrize("text", ['{"a": 1, "a": 1}', '[{"b": {"a": 1, "c": [], "a": 2}}]', '{"a": 1, "\\u0061": 2}'])
def test_duplicate_key_is_rejected_by_name(text: str) -> None:
    for given in (text, text.encode()):
        with pytest.raises(ValueError, match=r'^the key "a" appears twice in one object$'):
            reject_duplicate_keys(given)


@pytest.mark.parametrize("text", ["{}", "1", '{"a": {"a": [{"a": 1}, {"a": 1}]}, "A": 1}', '"a, a"'])
def test_distinct_keys_are_accepted(text: str) -> None:
    reject_duplicate_keys(text)


def test_long_duplicate_key_is_quoted_in_part() -> None:
    key = "k" * 10_000
    with pytest.raises(ValueError, match=f'^the key "{"k" * 60}" appears twice'):
        reject_duplicate_keys(f'{{"{key}": 1, "{key}": 2}}')


def test_deep_nesting_is_rejected() -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        reject_duplicate_keys("[" * 100_000 + "]" * 100_000)
