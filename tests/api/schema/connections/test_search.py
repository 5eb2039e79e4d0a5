"""Search over things of all kinds: what is found, in which order, and what is shown of it."""

from collections.abc import Iterator
from typing import Any

import pytest

from domain.commands.cycle_commands import ActivateCycle, OpenCycle
from domain.commands.discussion_commands import AddComment, PlanInitiative, Reflect
from domain.commands.kpi_commands import DefineKpi
from domain.commands.objective_commands import RewordObjective
from domain.commands.people_commands import AddPerson, FormTeam
from domain.primitives.values import Kind, Ref, ReflectionKind
from tests.api.schema import goals
from tests.api.schema.goals import Q2, day
from tests.asking import AskedWorld
from tests.workspace import fresh_workspace

SEARCH = """query($text: String!, $kinds: [SearchKind!], $first: Int, $after: String, $last: Int, $before: String) {
    search(query: $text, kinds: $kinds, first: $first, after: $after, last: $last, before: $before) {
        totalCount kindCounts { kind count } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        nodes { kind node { __typename id } matches { field excerpt } } } }"""


@pytest.fixture(scope="module")
def cafes(server: str) -> Iterator[AskedWorld]:
    """Things that contain "café", for tests that record nothing."""
    with fresh_workspace(server) as database:
        yield with_cafes(AskedWorld(database))


@pytest.fixture
def cafe(world: AskedWorld) -> AskedWorld:
    return with_cafes(world)


def with_cafes(world: AskedWorld) -> AskedWorld:
    """One thing of each kind that contains "café", recorded in the order of `SearchKind`."""
    goals.cycle(world)
    world.do(ActivateCycle(cycle=goals.CYCLE, effective_at=day(0)))
    objective = goals.objective(world, "Open a Café in every town", description="Coffee first.")
    key_result = goals.key_result(world, objective, "CAFE\u0301S opened")
    world.record(DefineKpi(key="cups", name="Cups sold", description="Per café and day.", effective_at=day(0)))
    world.record(AddPerson(handle="rosa", name="Rosa Cafero", email="rosa@example.com", effective_at=day(0)))
    world.record(FormTeam(key="cafe-north", name="North", effective_at=day(0)))
    world.record(OpenCycle(key="cafe-q2", name="Q2", starts_on=Q2, ends_on=Q2.replace(month=6), effective_at=day(0)))
    subject = Ref(Kind.OBJECTIVE, objective)
    world.record(PlanInitiative(subject=subject, title="Rent the cafe in Ghent", effective_at=day(0)))
    world.record(AddComment(subject=subject, body="Why a café?", effective_at=day(1)))
    world.record(Reflect(subject=subject, kind=ReflectionKind.LEARNED, body="Small cafés pay.", effective_at=day(1)))
    goals.check_in(world, key_result, 5, 2, note="The first cafe is open.")
    return world


def search(world: AskedWorld, query: str, **asked: Any) -> Any:
    return world.ask(SEARCH, text=query, **asked)["search"]


def kinds(world: AskedWorld, query: str, **asked: Any) -> list[str]:
    return [hit["kind"] for hit in search(world, query, **asked)["nodes"]]


def test_search_finds_things_of_all_kinds_best_first(cafes: AskedWorld) -> None:
    found = search(cafes, "Cafe")
    assert [hit["kind"] for hit in found["nodes"]] == [
        "INITIATIVE", "CYCLE", "TEAM", "OBJECTIVE",  # a whole word of a name, the latest first
        "PERSON", "KEY_RESULT",  # the beginning of one
        "CHECK_IN", "REFLECTION", "COMMENT", "KPI",  # in a text
    ]  # fmt: skip
    assert found["totalCount"] == 10
    assert found["kindCounts"] == [{"kind": kind, "count": 1} for kind in sorted(kinds(cafes, "Cafe"), key=_place)]
    typenames = [hit["node"]["__typename"] for hit in found["nodes"]]
    assert typenames[:4] == ["Initiative", "Cycle", "Team", "Objective"]


def _place(kind: str) -> int:
    order = "OBJECTIVE KEY_RESULT KPI PERSON TEAM CYCLE INITIATIVE COMMENT REFLECTION CHECK_IN"
    return order.split().index(kind)


def test_every_word_must_occur_in_any_field_and_order(cafes: AskedWorld) -> None:
    assert kinds(cafes, "TOWN cafe") == ["OBJECTIVE"]
    assert kinds(cafes, "coffee café") == ["OBJECTIVE"]
    assert kinds(cafes, "cafe tea") == []
    assert kinds(cafes, "rosa@example.com") == ["PERSON"]
    assert kinds(cafes, "cafe-q2") == ["CYCLE"]


@pytest.mark.parametrize("query", ["", "  ", "\u0301"])
def test_a_query_without_words_finds_nothing(cafes: AskedWorld, query: str) -> None:
    assert search(cafes, query)["totalCount"] == 0
    assert kinds(cafes, query) == []


def test_what_matched_is_shown_with_an_excerpt(cafes: AskedWorld) -> None:
    (objective,) = search(cafes, "cafe first", kinds=["OBJECTIVE"])["nodes"]
    assert objective["matches"] == [
        {"field": "TITLE", "excerpt": "Open a Café in every town"},
        {"field": "DESCRIPTION", "excerpt": "Coffee first."},
    ]
    assert search(cafes, "cafe", kinds=["KPI"])["nodes"][0]["matches"] == [
        {"field": "DESCRIPTION", "excerpt": "Per café and day."}
    ]


def test_search_is_restricted_to_kinds(cafes: AskedWorld) -> None:
    assert kinds(cafes, "cafe", kinds=["COMMENT", "OBJECTIVE"]) == ["OBJECTIVE", "COMMENT"]
    assert kinds(cafes, "cafe", kinds=[]) == []


def test_pages_of_a_search_add_up_in_both_directions(cafes: AskedWorld) -> None:
    whole = kinds(cafes, "cafe")
    forward: list[str] = []
    backward: list[str] = []
    after = before = None
    while len(forward) < 10:
        page = search(cafes, "cafe", first=3, after=after)
        assert page["pageInfo"]["hasPreviousPage"] == bool(forward)
        forward += [hit["kind"] for hit in page["nodes"]]
        assert page["pageInfo"]["hasNextPage"] == (len(forward) < 10)
        after = page["pageInfo"]["endCursor"]
        page = search(cafes, "cafe", last=3, before=before)
        backward = [hit["kind"] for hit in page["nodes"]] + backward
        assert page["pageInfo"]["hasPreviousPage"] == (len(backward) < 10)
        before = page["pageInfo"]["startCursor"]
    assert forward == whole
    assert backward == whole


def test_a_search_at_a_basis_finds_what_was_written_then(cafe: AskedWorld) -> None:
    (objective,) = search(cafe, "town")["nodes"]
    (check_in,) = search(cafe, "open", kinds=["CHECK_IN"])["nodes"]
    position = cafe.now.position
    entity = cafe.ask("query($id: ID!) { node(id: $id) { ... on Objective { entityId } } }", id=objective["node"]["id"])
    cafe.do(RewordObjective(objective=goals.id_of(cafe, "town"), title="Sell tea", effective_at=day(3)))
    assert kinds(cafe, "town") == []
    assert kinds(cafe, "tea") == ["OBJECTIVE"]
    found = "search(query: $q) { totalCount nodes { node { id } } }"
    query = f"query($p: Position!, $q: String!) {{ asOf(position: $p) {{ {found} }} }}"
    then = cafe.ask(query, p=position, q="town")["asOf"]["search"]
    assert then["totalCount"] == 1
    assert then["nodes"][0]["node"]["id"] != entity["node"]["entityId"]
    assert cafe.ask(query, p=position, q="tea")["asOf"]["search"]["totalCount"] == 0
    assert check_in["matches"] == [{"field": "NOTE", "excerpt": "The first cafe is open."}]


def test_a_search_takes_a_bounded_number_of_statements(cafe: AskedWorld) -> None:
    objective = goals.id_of(cafe, "town")
    few = cafe.count(SEARCH, text="cafe", kinds=["KEY_RESULT"])
    for number in range(5):
        goals.key_result(cafe, objective, f"Cafe {number}")
    assert cafe.count(SEARCH, text="cafe", kinds=["KEY_RESULT"]) == few


@pytest.mark.parametrize("query", ["x" * 301, "a\0b", "\ud800"])
def test_an_impossible_query_is_invalid(world: AskedWorld, query: str) -> None:
    assert world.refused(SEARCH, text=query) == ("INVALID", ["query"])


def test_punctuation_is_searched_as_it_is(world: AskedWorld) -> None:
    goals.cycle(world)
    goals.objective(world, "Reach 100% [of all] \\ shops'")
    for query in ("100%", "%", "[of", "\\", "'", "_"):
        assert kinds(world, query) == ([] if query == "_" else ["OBJECTIVE"])
