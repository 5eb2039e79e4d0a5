"""A caller finds no trace of hidden objectives in any field of any type."""

import pytest

from domain.commands.permissions import Role
from tests.api.privacy.company_with_secrets import HIDDEN, word
from tests.api.privacy.conftest import INSIDERS, OUTSIDERS, Asked
from tests.api.privacy.generated_documents import LEDGER, documents, of_a_view, uncovered
from tests.api.privacy.traces import Normal, differences, traces

pytestmark = pytest.mark.no_cover

SECRET_WORDS = [word(name) for name in HIDDEN]
MOMENTS = {
    "as a reader saw it": "asOf(position: 120)",
    "before it was hidden": 'asOf(at: "2026-02-10T12:00:00Z")',
}


def test_documents_cover_every_field_of_every_type() -> None:
    assert uncovered([*documents(), LEDGER]) == set()


@pytest.mark.parametrize("name", OUTSIDERS)
def test_outsider_finds_no_trace_at_present(with_secrets: Asked, name: str) -> None:
    for query in documents()[:: 2 if name == "machine" else 1]:
        assert (
            traces(
                with_secrets.once(name, query), SECRET_WORDS, with_secrets.company.secret, with_secrets.company.visible
            )
            == []
        ), query


@pytest.mark.parametrize("snapshot_field", MOMENTS.values(), ids=MOMENTS)
def test_outsider_finds_no_trace_at_other_bases(with_secrets: Asked, snapshot_field: str) -> None:
    for query in of_a_view():
        answer = with_secrets.ask("moe", f"{{ {snapshot_field} {{ {query} }} }}")
        assert traces(answer, SECRET_WORDS, with_secrets.company.secret, with_secrets.company.visible) == [], query


@pytest.mark.parametrize("name", sorted(INSIDERS.keys() - {"ann"}))
def test_insider_sees_everything_an_admin_sees(with_secrets: Asked, name: str) -> None:
    normal = Normal(range(1, with_secrets.world.log.head().position + 1), {})
    for query in documents()[:: 3 if name == "mia" else 6]:
        if "viewer" not in query:
            mine, everything = (normal.of(with_secrets.once(one, query)) for one in (name, "ann"))
            assert list(differences(mine, everything)) == [], query


def test_sweep_finds_secrets_for_an_insider(with_secrets: Asked) -> None:
    """The sweep is effective: it finds the secrets when the caller may see them."""
    company = with_secrets.company
    found = [
        traces(with_secrets.once("ann", query), SECRET_WORDS, company.secret, company.visible) for query in documents()
    ]
    assert {one for each in found for one in each} >= {word(name) for name in ("plan", "was", "shut", "gone")}
    assert sum(map(bool, found)) > len(found) / 4


def test_contributor_and_key_result_owner_see_their_objectives(with_secrets: Asked) -> None:
    query = "{ objectives(first: 100) { nodes { title } } }"
    titles = {
        name: {one["title"] for one in with_secrets.ask(name, query)["objectives"]["nodes"]}
        for name in ("ann", "coy", "kay")
    }
    of_all = {title for title in titles["ann"] if "Zq7" in title}
    assert len(of_all) == 4
    assert titles["coy"] & of_all == of_all
    assert titles["kay"] & of_all == {f"We still {word('plan')} quietly"}


def test_caller_of_one_secret_finds_no_trace_of_others(with_secrets: Asked) -> None:
    others = [word(name) for name in ("was", "shut", "gone")]
    for query in documents()[::3]:
        assert traces(with_secrets.once("kay", query), others, [], range(10_000)) == []


def test_visibility_follows_the_current_roles(with_secrets: Asked) -> None:
    count = "{ objectives { totalCount } }"
    seen = {
        roles: with_secrets.ask("moe", count, *roles)["objectives"]["totalCount"]
        for roles in ((Role.MEMBER,), (Role.AUDITOR,))
    }
    assert seen[Role.MEMBER,] < seen[Role.AUDITOR,]


def test_ledger_exposes_only_hashes_and_positions(with_secrets: Asked) -> None:
    answer = with_secrets.ask("lia", LEDGER)
    assert traces(answer, SECRET_WORDS, with_secrets.company.secret, range(10_000)) == []
