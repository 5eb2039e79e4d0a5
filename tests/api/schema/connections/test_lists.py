from typing import Any

import pytest

from domain.commands.command import CycleBy, KpiBy
from domain.commands.key_result_commands import DropKeyResult
from domain.commands.kpi_commands import DefineKpi, ReadingInput, RecordReadings
from domain.commands.objective_commands import DropObjective
from domain.commands.people_commands import AddPerson, DisbandTeam, FormTeam
from domain.primitives.values import Kind, ObjectiveKind, Ref
from tests.api.schema import goals
from tests.api.schema.goals import day
from tests.asking import AskedWorld

PAGE = """query(
    $first: Int, $after: String, $last: Int, $before: String, $filter: ObjectiveFilter, $by: ObjectiveOrder
) {
    objectives(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $by) {
        totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        edges { cursor node { title } } nodes { title } } }"""


def page(world: AskedWorld, **asked: Any) -> Any:
    return world.ask(PAGE, **asked)["objectives"]


def titles(world: AskedWorld, **asked: Any) -> list[str]:
    return [node["title"] for node in page(world, **asked)["nodes"]]


def walked(world: AskedWorld, size: int, **asked: Any) -> list[str]:
    """All titles, forwards page by page."""
    found: list[str] = []
    after = None
    while True:
        answer = page(world, first=size, after=after, **asked)
        assert answer["pageInfo"]["hasPreviousPage"] == bool(found)
        found += [node["title"] for node in answer["nodes"]]
        if not answer["pageInfo"]["hasNextPage"]:
            return found
        after = answer["pageInfo"]["endCursor"]


@pytest.fixture
def many(world: AskedWorld) -> AskedWorld:
    """Five objectives with progress 0.5, 0.1, 0.9, none, 0.1, seen on day 60 of 90."""
    goals.cycle(world)
    for title, value in (("Delta", 50), ("alpha", 10), ("Charlie", 90), ("echo", None), ("bravo", 10)):
        key_result = goals.key_result(world, goals.objective(world, title))
        if value is not None:
            goals.check_in(world, key_result, value, 60)
    return world


IN_ORDER = ["Delta", "alpha", "Charlie", "echo", "bravo"]


def test_a_list_is_in_the_order_of_recording_if_none_is_asked_for(many: AskedWorld) -> None:
    answer = page(many)
    assert [node["title"] for node in answer["nodes"]] == IN_ORDER
    assert [edge["node"] for edge in answer["edges"]] == answer["nodes"]
    assert answer["pageInfo"]["startCursor"] == answer["edges"][0]["cursor"]
    assert answer["pageInfo"]["endCursor"] == answer["edges"][-1]["cursor"]
    assert answer["totalCount"] == 5


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("TITLE", ["alpha", "bravo", "Charlie", "Delta", "echo"]),
        ("RECORDED", IN_ORDER),
        ("PROGRESS", ["alpha", "bravo", "Delta", "Charlie", "echo"]),
        ("CREATED_AT", None),
        ("CHANGED_AT", None),
    ],
)
def test_a_list_can_be_had_in_every_order_both_ways(many: AskedWorld, field: str, expected: list[str] | None) -> None:
    upwards = titles(many, by={"field": field})
    downwards = titles(many, by={"field": field, "direction": "DESC"})
    if field == "PROGRESS":
        assert sorted(upwards[:2]) == ["alpha", "bravo"]
        assert upwards[2:] == ["Delta", "Charlie", "echo"]
        assert downwards == [*upwards[3::-1], "echo"], "what has no value stands last"
    else:
        assert upwards == (expected or upwards)
        assert downwards == upwards[::-1]
    for size in (1, 2, 3):
        assert walked(many, size, by={"field": field}) == upwards
        assert walked(many, size, by={"field": field, "direction": "DESC"}) == downwards


def test_a_page_can_be_had_from_the_end(many: AskedWorld) -> None:
    answer = page(many, last=2)
    assert [node["title"] for node in answer["nodes"]] == IN_ORDER[3:]
    assert answer["pageInfo"]["hasPreviousPage"] is True
    assert answer["pageInfo"]["hasNextPage"] is False
    before = page(many, last=2, before=answer["pageInfo"]["startCursor"])
    assert [node["title"] for node in before["nodes"]] == IN_ORDER[1:3]
    assert before["pageInfo"]["hasNextPage"] is True


def test_nothing_shifts_while_rows_come(many: AskedWorld) -> None:
    first = page(many, first=2, by={"field": "TITLE"})
    goals.objective(many, "aardvark before all")
    rest = titles(many, first=10, after=first["pageInfo"]["endCursor"], by={"field": "TITLE"})
    assert [node["title"] for node in first["nodes"]] + rest == ["alpha", "bravo", "Charlie", "Delta", "echo"]


def test_an_empty_page_knows_what_lies_around_it(many: AskedWorld) -> None:
    end = page(many)["pageInfo"]["endCursor"]
    answer = page(many, first=3, after=end)
    assert answer["nodes"] == []
    assert answer["pageInfo"] == {
        "hasNextPage": False, "hasPreviousPage": True, "startCursor": None, "endCursor": None,
    }  # fmt: skip
    assert page(many, first=0)["pageInfo"]["hasNextPage"] is True


@pytest.mark.parametrize(
    "asked",
    [{"first": -1}, {"first": 1_001}, {"last": 1_001}, {"first": 1, "last": 1}, {"after": "x"}, {"before": "§"}],
)
def test_a_page_that_cannot_be_had_is_invalid(many: AskedWorld, asked: dict[str, Any]) -> None:
    assert many.code(PAGE, **asked) == "INVALID"


def test_a_cursor_of_another_order_is_invalid(many: AskedWorld) -> None:
    cursor = page(many, by={"field": "TITLE"})["pageInfo"]["endCursor"]
    assert many.code(PAGE, after=cursor) == "INVALID"
    assert many.code(PAGE, after=cursor, by={"field": "TITLE", "direction": "DESC"}) == "INVALID"


def test_what_a_page_does_not_tell_is_not_looked_for(many: AskedWorld) -> None:
    rows = many.count("{ objectives(first: 2) { nodes { title } } }")
    assert many.count("{ objectives(first: 2) { edges { cursor } nodes { title } pageInfo { hasNextPage } } }") == rows
    assert many.count("{ objectives(first: 2) { nodes { title } totalCount } }") == rows + 1


def test_filters_hold_together(world: AskedWorld) -> None:
    goals.cycle(world)
    goals.cycle(world, "2026-q2", goals.Q2)
    bob = world.record(AddPerson(handle="bob", name="Bob"))
    team = world.record(FormTeam(key="apps", name="Apps"))
    one = goals.objective(world, "Grow the community", owner=bob, kind=ObjectiveKind.ASPIRATIONAL)
    goals.objective(world, "Grow 100 % more_", team=team, supports=[Ref(Kind.OBJECTIVE, one)])
    goals.objective(world, "Next quarter", cycle=CycleBy(key="2026-q2"), owner=bob, effective_at=day(95))
    dropped = goals.objective(world, "Never mind")
    world.record(DropObjective(objective=dropped, reason="No time"))
    person = world.ask("{ people { nodes { id } } }")["people"]["nodes"][0]["id"]
    cycle_id = world.ask('{ cycle(by: {key: "2026-q1"}) { id } }')["cycle"]["id"]

    def found(**filter: Any) -> list[str]:
        assert page(world, filter=filter)["totalCount"] == len(titles(world, filter=filter))
        return titles(world, filter=filter)

    assert found(cycle={"key": "2026-q2"}) == ["Next quarter"]
    assert found(cycle={"id": cycle_id}) == ["Grow the community", "Grow 100 % more_", "Never mind"]
    assert found(cycle={"key": "never-heard-of"}) == found(cycle={"id": person}) == found(owner="garbage") == []
    assert found(owner=person) == ["Grow the community", "Next quarter"]
    assert found(owner=person, cycle={"key": "2026-q1"}) == ["Grow the community"]
    assert found(team={"key": "apps"}) == ["Grow 100 % more_"]
    assert found(state=["DROPPED"]) == ["Never mind"]
    assert found(state=[]) == []
    assert found(kind="ASPIRATIONAL") == ["Grow the community"]
    assert found(aligned=True) == ["Grow 100 % more_"]
    assert "Grow 100 % more_" not in found(aligned=False)
    assert found(search="GROW") == ["Grow the community", "Grow 100 % more_"]
    assert found(search="100 %") == found(search="e_") == ["Grow 100 % more_"]
    assert found(health=["DROPPED"]) == ["Never mind"]
    assert found(health=["PENDING"], cycle={"key": "2026-q2"}) == ["Next quarter"]
    assert found(health=[]) == []
    for text in ("a\0b", "x" * 301):
        assert world.code(PAGE, filter={"search": text}) == "INVALID"


def test_key_results_can_be_listed(many: AskedWorld) -> None:
    query = """query($filter: KeyResultFilter, $by: KeyResultOrder) {
        keyResults(filter: $filter, orderBy: $by) { totalCount nodes { current objective { title } } } }"""

    def currents(**asked: Any) -> list[float | None]:
        answer = many.ask(query, **asked)["keyResults"]
        assert answer["totalCount"] == len(answer["nodes"])
        return [node["current"] for node in answer["nodes"]]

    assert currents() == [50, 10, 90, None, 10]
    assert currents(by={"field": "PROGRESS", "direction": "DESC"}) == [90, 50, 10, 10, None]
    for field in ("TITLE", "DUE", "WEIGHT", "CREATED_AT", "CHANGED_AT", "RECORDED"):
        assert len(currents(by={"field": field})) == 5
    assert currents(filter={"health": ["PENDING"]}) == [None]
    assert currents(filter={"cycle": {"key": "2026-q1"}, "search": "active"}) == [50, 10, 90, None, 10]
    assert currents(filter={"kpi": {"key": "nps"}}) == []
    (echo,) = many.ask(query, filter={"health": ["PENDING"]})["keyResults"]["nodes"]
    assert echo["objective"]["title"] == "echo"
    last = many.log.children(goals.id_of(many, "echo"), "key-result-added").ids[0]
    many.record(DropKeyResult(key_result=last, reason="No time"))
    assert currents() == [50, 10, 90, 10]
    assert currents(filter={"health": ["DROPPED"]}) == [None]
    assert currents(filter={"state": ["DROPPED"]}) == [None]
    assert len(currents(filter={"state": ["ACTIVE", "DROPPED"]})) == 5


def test_the_key_results_of_a_dropped_objective_are_found_as_dropped_and_keep_their_state(many: AskedWorld) -> None:
    query = """query ($filter: KeyResultFilter) {
        keyResults(filter: $filter) { totalCount nodes { state current progress { value health } } }
        objectives(filter: {state: [DROPPED], search: "alpha"}) {
            nodes { progress { value health explain { value } } keyResults { progress { health } } }
        }
    }"""

    def found(**filter: Any) -> Any:
        return many.ask(query, filter=filter)["keyResults"]["nodes"]

    before = found()
    many.record(DropObjective(objective=goals.id_of(many, "alpha"), reason="No time"))
    (dropped,) = found(health=["DROPPED"])
    assert (dropped["state"], dropped["current"], dropped["progress"]["health"]) == ("ACTIVE", 10, "DROPPED")
    assert dropped not in found(health=[one["progress"]["health"] for one in before])
    assert found(state=["DROPPED"]) == []
    (objective,) = many.ask(query)["objectives"]["nodes"]
    assert objective["progress"] == {"value": 0.1, "health": "DROPPED", "explain": [{"value": 0.1}]}
    assert objective["keyResults"] == [{"progress": {"health": "DROPPED"}}]


def test_kpis_can_be_listed(world: AskedWorld) -> None:
    for key, value in (("nps", 60.0), ("churn", 9.0), ("quiet", None)):
        world.record(DefineKpi(key=key, name=key.upper(), goal=goals.at_least(50)))
        if value is not None:
            world.do(RecordReadings(readings=[ReadingInput(kpi=KpiBy(key=key), value=value)]))
    query = (
        "query($filter: KpiFilter, $by: KpiOrder) { kpis(filter: $filter, orderBy: $by) { totalCount nodes { key } } }"
    )

    def keys(**asked: Any) -> list[str]:
        return [node["key"] for node in world.ask(query, **asked)["kpis"]["nodes"]]

    assert keys() == ["churn", "nps", "quiet"]
    assert keys(by={"field": "RECORDED"}) == ["nps", "churn", "quiet"]
    assert keys(by={"field": "KEY", "direction": "DESC"}) == ["quiet", "nps", "churn"]
    assert keys(filter={"status": ["BREACHED", "NO_DATA"]}) == ["churn", "quiet"]
    assert keys(filter={"status": ["HEALTHY"], "search": "n"}) == ["nps"]


def test_cycles_teams_and_people_can_be_listed(world: AskedWorld) -> None:
    goals.cycle(world, "2026-q2", goals.Q2)
    goals.cycle(world)
    for name in ("Zoe", "Adam"):
        world.record(AddPerson(handle=name.lower(), name=name, email=f"{name.lower()}@example.com"))
    teams = [world.record(FormTeam(key=key, name=key.upper())) for key in ("web", "app", "old")]
    world.record(DisbandTeam(team=teams[2]))
    answer = world.ask("""{
        cycles { nodes { key } } on: cycles(filter: {overlaps: "2026-04-02"}) { nodes { key } }
        none: cycles(filter: {state: CLOSED}) { totalCount } teams { totalCount nodes { key } }
        people { nodes { handle } } found: people(search: "ZOE@") { nodes { handle } } }""")
    assert answer["cycles"]["nodes"] == [{"key": "2026-q1"}, {"key": "2026-q2"}]
    assert answer["on"]["nodes"] == [{"key": "2026-q2"}]
    assert answer["none"]["totalCount"] == 0
    assert answer["teams"] == {"totalCount": 2, "nodes": [{"key": "app"}, {"key": "web"}]}
    assert answer["people"]["nodes"] == [{"handle": "adam"}, {"handle": "zoe"}]
    assert answer["found"]["nodes"] == [{"handle": "zoe"}]


def test_the_lists_of_many_things_are_read_together_and_cut_each(many: AskedWorld) -> None:
    goals.cycle(many, "2026-q2", goals.Q2)
    goals.objective(many, "Next", cycle=CycleBy(key="2026-q2"), effective_at=day(95))
    query = """query($after: String) { cycles { nodes { objectives(first: 2, after: $after) {
        totalCount pageInfo { hasNextPage hasPreviousPage endCursor } nodes { title } } } } }"""
    first, second = (node["objectives"] for node in many.ask(query)["cycles"]["nodes"])
    assert [node["title"] for node in first["nodes"]] == IN_ORDER[:2]
    assert [node["title"] for node in second["nodes"]] == ["Next"]
    assert (first["totalCount"], second["totalCount"]) == (5, 1)
    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)
    first, second = (n["objectives"] for n in many.ask(query, after=first["pageInfo"]["endCursor"])["cycles"]["nodes"])
    assert [node["title"] for node in first["nodes"]] == IN_ORDER[2:4]
    assert first["pageInfo"]["hasPreviousPage"] is True
    assert second["pageInfo"]["hasPreviousPage"] is False
    narrowed = many.ask("""{ cycle(by: {key: "2026-q1"}) {
        same: objectives(filter: {cycle: {key: "2026-q1"}}) { totalCount }
        other: objectives(filter: {cycle: {key: "2026-q2"}}) { totalCount nodes { title } } } }""")["cycle"]
    assert narrowed == {"same": {"totalCount": 5}, "other": {"totalCount": 0, "nodes": []}}


def test_check_ins_and_comments_are_paged_for_many_at_once(many: AskedWorld) -> None:
    query = """query($after: String) { keyResults { nodes { id checkIns(first: 1, after: $after) {
        totalCount pageInfo { hasNextPage hasPreviousPage endCursor } nodes { value } } comments { totalCount } } } }"""
    key_result = many.log.children(goals.id_of(many, "Delta"), "key-result-added").ids[0]
    goals.check_in(many, key_result, 60, 61)
    first = many.ask(query)["keyResults"]["nodes"]
    assert [node["checkIns"]["totalCount"] for node in first] == [2, 1, 1, 0, 1]
    assert [node["checkIns"]["pageInfo"]["hasNextPage"] for node in first] == [True, False, False, False, False]
    second = many.ask(query, after=first[0]["checkIns"]["pageInfo"]["endCursor"])["keyResults"]["nodes"]
    assert second[0]["checkIns"]["nodes"] == [{"value": 60.0}]
    assert second[0]["checkIns"]["pageInfo"]["hasPreviousPage"] is True
    assert all(node["comments"]["totalCount"] == 0 for node in first)
