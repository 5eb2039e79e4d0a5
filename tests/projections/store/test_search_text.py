"""The text that search compares."""

import pytest

from projections.store.search_text import EXCERPT_MAX, excerpt, searchable, words


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("cafe", "caf\u00e9"),  # composed
        ("cafe", "cafe\u0301"),  # decomposed
        ("caf\u00e9", "CAFE\u0301"),
        ("strasse", "Straße"),
        ("STRASSE", "straße"),
        ("straße", "Strasse"),
        ("angstrom", "\u212bngstr\u00f6m"),  # the sign is canonically equal to the letter
        ("\u212b", "\u00e5"),
        ("office", "o\ufb03ce"),  # a ligature
        ("istanbul", "\u0130stanbul"),
        ("\uff11\uff12", "12 orders"),  # full-width digits
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
    ],
)
def test_search_ignores_case_accents_and_unicode_form(query: str, text: str) -> None:
    (word,) = words(query)
    assert word in (searchable([text]) or "")


def test_words_are_split_at_any_whitespace_and_counted_once() -> None:
    assert words(" Grow\u00a0the\tshop\u2003GROW\n") == ["grow", "the", "shop"]


@pytest.mark.parametrize("query", ["", "  ", "\u0301"])
def test_a_query_without_letters_has_no_words(query: str) -> None:
    assert words(query) == []


def test_no_word_reaches_from_one_field_into_the_next() -> None:
    assert searchable(["Grow", None, "", "Shop"]) == "grow\nshop"


def test_empty_fields_have_no_searchable_text() -> None:
    assert searchable([None, ""]) is None


# ── excerpts ─────────────────────────────────────────────────────────────────────────────────────


def test_an_excerpt_is_the_whole_of_a_short_text_in_one_line() -> None:
    assert excerpt("Open a\n\n Café  now", ["cafe"]) == "Open a Café now"


def test_an_excerpt_is_cut_at_words_around_the_first_match() -> None:
    found = excerpt("word " * 50 + "the Café is open " + "word " * 50, ["open", "cafe"])
    assert found is not None
    assert found.startswith("…word word")
    assert found.endswith("word…")
    assert "the Café is open" in found
    assert len(found) <= EXCERPT_MAX + 2


@pytest.mark.parametrize("text", [None, "", "Tea"])
def test_there_is_no_excerpt_without_a_match(text: str | None) -> None:
    assert excerpt(text, ["cafe"]) is None


def test_an_excerpt_begins_near_the_match_although_folding_changes_lengths() -> None:
    found = excerpt("\ufb03" * 300 + " straße " + "x" * 300, ["strasse"])
    assert found is not None
    assert "straße" in found
    assert len(found) <= EXCERPT_MAX + 2
