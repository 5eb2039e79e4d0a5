"""Parts of a page fail by themselves, and long plain lists have connections beside them."""

from typing import Any

import pytest
from graphql import GraphQLNonNull, GraphQLObjectType, get_named_type

from api.schema.schema import schema, sdl
from tests.api.conftest import Api, api, cycle, objective

__all__ = ["api", "cycle", "objective"]

BAD = 'objectives(after: "garbage") { totalCount }'
GOOD = "objectives { totalCount }"


def test_a_bad_argument_makes_its_section_null_and_not_the_page(api: Api, objective: str) -> None:
    answer = api.answer(f"{{ bad: section {{ {BAD} }} good: section {{ {GOOD} }} {GOOD} }}")
    assert answer["data"]["bad"] is None
    assert answer["data"]["good"] == {"objectives": answer["data"]["objectives"]}
    (error,) = answer["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["bad", "objectives"], "INVALID")


def test_sections_of_a_snapshot_have_its_basis(api: Api, objective: str) -> None:
    query = f"{{ asOf(position: 1) {{ basis {{ position }} section {{ basis {{ position }} {GOOD} }} }} }}"
    then = api.ask(query)["asOf"]
    assert then["section"] == {"basis": then["basis"], "objectives": {"totalCount": 0}}
    answer = api.answer(f"{{ asOf(position: 1) {{ section {{ {BAD} }} basis {{ position }} }} }}")
    assert answer["data"] == {"asOf": {"section": None, "basis": {"position": 1}}}


@pytest.mark.parametrize(
    "field",
    [
        'search(query: "a", after: "x") { totalCount }',
        'section { section { search(query: "a", first: -1) { totalCount } } }',
    ],
)
def test_fields_that_are_null_on_failure_fail_by_themselves(api: Api, field: str) -> None:
    answer = api.answer(f"{{ {field} basis {{ position }} }}")
    assert answer["data"]["basis"] is not None
    assert len(answer["errors"]) == 1


def test_semantic_non_null_is_declared_for_nullable_fields_only() -> None:
    definition = sdl().partition("directive @semanticNonNull(")[2].partition("\n\n")[0]
    assert "levels: [Int!]! = [0]" in definition
    assert definition.endswith(") on FIELD_DEFINITION")
    marked = 0
    for parent in schema._schema.type_map.values():
        for field in parent.fields.values() if isinstance(parent, GraphQLObjectType) else ():
            defined: Any = field.extensions.get("strawberry-definition")
            if defined is not None and defined.directives:
                marked += 1
                assert not isinstance(field.type, GraphQLNonNull)
                assert get_named_type(field.type) is not None
    assert marked >= 6


# ── connections beside plain lists ───────────────────────────────────────────────────────────────


def test_members_of_teams_are_paged_filtered_and_sorted(api: Api) -> None:
    people = {}
    for handle, name in (("zoe", "Zoe"), ("adam", "Adam"), ("mia", "Mia")):
        people[handle] = api.do("addPerson", {"handle": handle, "name": name}, "person { id }")["person"]["id"]
    for key, members in (("north", ["zoe", "adam", "mia"]), ("south", ["mia"])):
        team = api.do("formTeam", {"key": key, "name": key}, "team { id }")["team"]["id"]
        for handle in members:
            api.do("joinTeam", {"team": team, "person": people[handle]})
    query = """query ($filter: PersonFilter, $sort: [PersonOrder!], $first: Int, $after: String) {
        teams(sort: [{field: KEY}]) { nodes { people(filter: $filter, sort: $sort, first: $first, after: $after) {
            totalCount pageInfo { hasNextPage endCursor } nodes { handle } } } } }"""

    def found(**asked: Any) -> list[list[str]]:
        nodes = api.ask(query, **asked)["teams"]["nodes"]
        return [[person["handle"] for person in node["people"]["nodes"]] for node in nodes]

    assert found() == [["adam", "mia", "zoe"], ["mia"]]
    assert found(sort=[{"field": "HANDLE", "direction": "DESC"}]) == [["zoe", "mia", "adam"], ["mia"]]
    assert found(filter={"search": "a"}) == [["adam", "mia"], ["mia"]]
    north, _ = api.ask(query, first=2)["teams"]["nodes"]
    assert north["people"]["totalCount"] == 3
    assert found(after=north["people"]["pageInfo"]["endCursor"]) == [["zoe"], []]
    answer = api.answer(query, after="garbage")
    assert [node["people"] for node in answer["data"]["teams"]["nodes"]] == [None, None]


def test_alignments_are_the_edges_page_by_page(api: Api, cycle: dict[str, str]) -> None:
    ids = [
        api.do("draftObjective", {"cycle": cycle, "title": f"Goal {number}"}, "objective { id }")["objective"]["id"]
        for number in range(3)
    ]
    supports = [(1, 0), (2, 0), (2, 1)]
    for below, above in supports:
        api.do("alignObjective", {"objective": ids[below], "to": ids[above]})
    edge = "from { title } to { ... on Objective { title } }"
    query = f"""query ($cycle: CycleBy!, $after: String) {{ alignment(cycle: $cycle) {{ edges {{ {edge} }}
        alignments(first: 2, after: $after) {{ totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ {edge} }} }}
        }} }}"""
    first = api.ask(query, cycle=cycle)["alignment"]
    assert (first["alignments"]["totalCount"], first["alignments"]["pageInfo"]["hasNextPage"]) == (3, True)
    rest = api.ask(query, cycle=cycle, after=first["alignments"]["pageInfo"]["endCursor"])["alignment"]["alignments"]
    assert first["alignments"]["nodes"] + rest["nodes"] == first["edges"]
    assert len(rest["nodes"]) == 1


def test_findings_replace_quality(api: Api, objective: str) -> None:
    query = """query ($id: ID!, $rules: [String!]) { objective(by: {id: $id}) {
        findings(rules: $rules) { rule severity } quality(rules: $rules) { rule severity } } }"""
    found = api.ask(query, id=objective)["objective"]
    assert found["findings"] == found["quality"] != []
    rule = found["findings"][0]["rule"]
    chosen = api.ask(query, id=objective, rules=[rule])["objective"]["findings"]
    assert {one["rule"] for one in chosen} == {rule}
