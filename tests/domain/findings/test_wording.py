"""The wording rules on many ordinary titles: those of the demo company have no false alarms."""

import msgspec
import pytest

from domain.findings import wording
from domain.findings.title_amounts import other_amount
from domain.primitives.values import Metric
from tests.api.demo.story import inputs_of


def objectives() -> set[str]:
    return {given["title"] for given in inputs_of("draftObjective")}


def test_the_objectives_of_the_demo_are_not_vague() -> None:
    assert len(objectives()) > 50
    assert [title for title in objectives() if wording.vague(title)] == []


def test_two_objectives_of_the_demo_begin_with_a_deliverable() -> None:
    found = {title for title in objectives() if wording.deliverable(title)}
    assert found == {"Launch 3 landing pages for new cities", "Release on a Friday and sleep"}


def test_the_key_results_of_the_demo_name_the_amounts_of_their_metrics() -> None:
    given = [(one["title"], msgspec.convert(one["metric"], Metric)) for one in inputs_of("addKeyResult")]
    assert len(given) > 150
    assert [title for title, metric in given if other_amount(title, metric)] == []


def test_some_key_results_of_the_demo_count_activities() -> None:
    counted = {
        given["title"]
        for given in inputs_of("addKeyResult")
        if given["metric"]["direction"] in ("INCREASE", "AT_LEAST")
        and wording.counts_activity(given["title"], given["metric"].get("unit", {}).get("symbol", ""))
        and given["metric"].get("unit", {}).get("kind", "NUMBER") == "NUMBER"
    }
    assert counted == {
        "Interviews held", "Releases a week", "Repair guides published", "Skill talks held with apprentices",
        "Talks with people who brought a friend",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Store the world's code", "Store the world\u2019s  code."),
        ("Ein Café für alle", "ein cafe\u0301 für ALLE"),
        ("Auf der Straße", "auf der strasse"),
    ],
)  # fmt: skip
def test_titles_are_compared_without_case_accents_and_punctuation(one: str, other: str) -> None:
    assert wording.folded(one) == wording.folded(other)


def test_titles_of_other_words_differ() -> None:
    assert wording.folded("Riders bring riders") != wording.folded("Riders bring friends")
    assert wording.folded("!?") != wording.folded("?!") != ""
