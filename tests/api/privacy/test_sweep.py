"""Whoever does not see an objective finds no trace of it, whatever they ask: every field of every type was asked."""

import pytest

from domain.commands.permissions import Role
from tests.api.privacy.company import HIDDEN, word
from tests.api.privacy.conftest import INSIDERS, OUTSIDERS, Asked
from tests.api.privacy.documents import LEDGER, documents, of_a_view, uncovered
from tests.api.privacy.traces import Normal, differences, traces

WORDS = [word(name) for name in HIDDEN]
MOMENTS = {
    "as a reader saw it": "asOf(position: 120)",
    "before it was hidden": 'asOf(at: "2026-02-10T12:00:00Z")',
}


def test_every_field_of_every_type_is_asked_for() -> None:
    assert uncovered([*documents(), LEDGER]) == set()


@pytest.mark.parametrize("name", OUTSIDERS)
def test_an_outsider_finds_no_trace(hushed: Asked, name: str) -> None:
    for query in documents()[:: 2 if name == "machine" else 1]:
        assert traces(hushed.once(name, query), WORDS, hushed.company.secret, hushed.company.visible) == [], query


@pytest.mark.parametrize("door", MOMENTS.values(), ids=MOMENTS)
def test_nor_at_another_moment(hushed: Asked, door: str) -> None:
    for query in of_a_view():
        answer = hushed.ask("moe", f"{{ {door} {{ {query} }} }}")
        assert traces(answer, WORDS, hushed.company.secret, hushed.company.visible) == [], query


@pytest.mark.parametrize("name", sorted(INSIDERS.keys() - {"ann"}))
def test_whoever_belongs_to_it_sees_all_that_there_is(hushed: Asked, name: str) -> None:
    normal = Normal(range(1, hushed.world.log.head().position + 1), {})
    for query in documents()[:: 3 if name == "mia" else 6]:
        if "viewer" not in query:
            mine, everything = (normal.of(hushed.once(one, query)) for one in (name, "ann"))
            assert list(differences(mine, everything)) == [], query


def test_secrets_are_found_by_those_who_may(hushed: Asked) -> None:
    """The sweep finds what there is: it would not pass for want of looking."""
    company = hushed.company
    found = [traces(hushed.once("ann", query), WORDS, company.secret, company.visible) for query in documents()]
    assert {one for each in found for one in each} >= {word(name) for name in ("plan", "was", "shut", "gone")}
    assert sum(map(bool, found)) > len(found) / 3


def test_a_contributor_sees_what_they_work_on_and_an_owner_of_a_key_result_the_whole_of_it(hushed: Asked) -> None:
    query = "{ objectives(first: 100) { nodes { title } } }"
    titles = {
        name: {one["title"] for one in hushed.ask(name, query)["objectives"]["nodes"]} for name in ("ann", "coy", "kay")
    }
    of_all = {title for title in titles["ann"] if "Zq7" in title}
    assert len(of_all) == 4
    assert titles["coy"] & of_all == of_all
    assert titles["kay"] & of_all == {f"We still {word('plan')} quietly"}


def test_whoever_sees_one_secret_finds_no_trace_of_the_others(hushed: Asked) -> None:
    others = [word(name) for name in ("was", "shut", "gone")]
    for query in documents()[::3]:
        assert traces(hushed.once("kay", query), others, [], range(10_000)) == []


def test_a_role_rules_as_long_as_it_is_held(hushed: Asked) -> None:
    count = "{ objectives { totalCount } }"
    seen = {
        roles: hushed.ask("moe", count, *roles)["objectives"]["totalCount"]
        for roles in ((Role.MEMBER,), (Role.AUDITOR,))
    }
    assert seen[Role.MEMBER,] < seen[Role.AUDITOR,]


def test_the_ledger_tells_hashes_and_places_only(hushed: Asked) -> None:
    answer = hushed.ask("lia", LEDGER)
    assert traces(answer, WORDS, hushed.company.secret, range(10_000)) == []
