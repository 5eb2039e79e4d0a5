"""Search finds and counts nothing of a hidden objective, at any basis."""

import pytest

from tests.api.privacy.company_with_secrets import word
from tests.api.privacy.conftest import Asked

FOUND = "search(query: $words) { totalCount kindCounts { count } nodes { node { id } } }"
QUERY = f'query ($words: String!) {{ {FOUND} asOf(at: "2026-02-10T12:00:00Z") {{ {FOUND} }} }}'
NOTHING = {"totalCount": 0, "kindCounts": [], "nodes": []}


@pytest.mark.parametrize("name", ["plan", "was", "shut", "gone"])
def test_a_secret_word_gives_no_hit_and_no_count(with_secrets: Asked, name: str) -> None:
    assert with_secrets.ask("moe", QUERY, words=word(name)) == {"search": NOTHING, "asOf": {"search": NOTHING}}
    assert with_secrets.ask("oda", QUERY, words=word(name))["search"]["totalCount"] > 0
