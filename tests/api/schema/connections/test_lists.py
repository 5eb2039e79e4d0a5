from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from domain.commands.command import CycleBy, KpiBy
from domain.commands.cycle_commands import ActivateCycle
from domain.commands.key_result_commands import DropKeyResult
from domain.commands.kpi_commands import DefineKpi, ReadingInput, RecordReadings
from domain.commands.objective_commands import CommitObjective, DropObjective
from domain.commands.people_commands import AddPerson, DisbandTeam, FormTeam, MoveTeam
from domain.primitives.values import Kind, ObjectiveKind, Ref
from tests.api.schema import goals
from tests.api.schema.goals import day
from tests.asking import AskedWorld
from tests.workspace import fresh_workspace

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


def all_pages(world: AskedWorld, size: int, **asked: Any) -> list[str]:
    """All titles, read forward page by page."""
    found: list[str] = []
    after = None
    while True:
        answer = page(world, first=size, after=after, **asked)
        assert answer["pageInfo"]["hasPreviousPage"] == bool(found)
        found += [node["title"] for node in answer["nodes"]]
        if not answer["pageInfo"]["hasNextPage"]:
            return found
        after = answer["pageInfo"]["endCursor"]


@pytest.fixture(scope="module")
def listed(server: str) -> Iterator[AskedWorld]:
    """The five objectives, for tests that record nothing."""
    with fresh_workspace(server) as database:
        yield with_five_objectives(AskedWorld(database))


@pytest.fixture
def five_objectives(world: AskedWorld) -> AskedWorld:
    return with_five_objectives(world)


def with_five_objectives(world: AskedWorld) -> AskedWorld:
    """Five objectives with progress 0.5, 0.1, 0.9, none, 0.1 in an active cycle; the one without is a draft."""
    goals.cycle(world)
    world.do(ActivateCycle(cycle=goals.CYCLE, effective_at=day(0)))
    for title, value in (("Delta", 50), ("alpha", 10), ("Charlie", 90), ("echo", None), ("bravo", 10)):
        objective = goals.objective(world, title)
        key_result = goals.key_result(world, objective)
        if value is not None:
            world.do(CommitObjective(objective=objective, effective_at=day(0)))
            goals.check_in(world, key_result, value, 60)
    return world


IN_ORDER = ["Delta", "alpha", "Charlie", "echo", "bravo"]


def test_default_order_is_the_order_of_recording(listed: AskedWorld) -> None:
    answer = page(listed)
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
def test_list_is_sorted_by_every_order_in_both_directions(
    listed: AskedWorld, field: str, expected: list[str] | None
) -> None:
    upwards = titles(listed, by={"field": field})
    downwards = titles(listed, by={"field": field, "direction": "DESC"})
    if field == "PROGRESS":
        assert sorted(upwards[:2]) == ["alpha", "bravo"]
        assert upwards[2:] == ["Delta", "Charlie", "echo"]
        assert downwards == [*upwards[3::-1], "echo"], "objectives without a value come last"
    else:
        assert upwards == (expected or upwards)
        assert downwards == upwards[::-1]
    for size in (1, 2, 3):
        assert all_pages(listed, size, by={"field": field}) == upwards
        assert all_pages(listed, size, by={"field": field, "direction": "DESC"}) == downwards


def test_last_reads_pages_from_the_end(listed: AskedWorld) -> None:
    answer = page(listed, last=2)
    assert [node["title"] for node in answer["nodes"]] == IN_ORDER[3:]
    assert answer["pageInfo"]["hasPreviousPage"] is True
    assert answer["pageInfo"]["hasNextPage"] is False
    before = page(listed, last=2, before=answer["pageInfo"]["startCursor"])
    assert [node["title"] for node in before["nodes"]] == IN_ORDER[1:3]
    assert before["pageInfo"]["hasNextPage"] is True


def test_pages_are_stable_while_rows_are_added(five_objectives: AskedWorld) -> None:
    first = page(five_objectives, first=2, by={"field": "TITLE"})
    goals.objective(five_objectives, "aardvark before all")
    rest = titles(five_objectives, first=10, after=first["pageInfo"]["endCursor"], by={"field": "TITLE"})
    assert [node["title"] for node in first["nodes"]] + rest == ["alpha", "bravo", "Charlie", "Delta", "echo"]


def test_empty_page_has_correct_page_info(listed: AskedWorld) -> None:
    end = page(listed)["pageInfo"]["endCursor"]
    answer = page(listed, first=3, after=end)
    assert answer["nodes"] == []
    assert answer["pageInfo"] == {
        "hasNextPage": False, "hasPreviousPage": True, "startCursor": None, "endCursor": None,
    }  # fmt: skip
    assert page(listed, first=0)["pageInfo"]["hasNextPage"] is True


@pytest.mark.parametrize(
    "asked",
    [{"first": -1}, {"first": 1_001}, {"last": 1_001}, {"first": 1, "last": 1}, {"after": "x"}, {"before": "§"}],
)
def test_invalid_page_arguments_are_refused(listed: AskedWorld, asked: dict[str, Any]) -> None:
    assert listed.code(PAGE, **asked) == "INVALID"


def test_cursor_of_another_order_is_invalid(listed: AskedWorld) -> None:
    cursor = page(listed, by={"field": "TITLE"})["pageInfo"]["endCursor"]
    assert listed.code(PAGE, after=cursor) == "INVALID"
    assert listed.code(PAGE, after=cursor, by={"field": "TITLE", "direction": "DESC"}) == "INVALID"


def test_total_count_is_queried_only_if_selected(listed: AskedWorld) -> None:
    rows = listed.count("{ objectives(first: 2) { nodes { title } } }")
    assert (
        listed.count("{ objectives(first: 2) { edges { cursor } nodes { title } pageInfo { hasNextPage } } }") == rows
    )
    assert listed.count("{ objectives(first: 2) { nodes { title } totalCount } }") == rows + 1


def test_filters_are_combined_with_and(world: AskedWorld) -> None:
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


def test_key_results_are_listed_sorted_and_filtered(five_objectives: AskedWorld) -> None:
    query = """query($filter: KeyResultFilter, $by: KeyResultOrder) {
        keyResults(filter: $filter, orderBy: $by) { totalCount nodes { current objective { title } } } }"""

    def currents(**asked: Any) -> list[float | None]:
        answer = five_objectives.ask(query, **asked)["keyResults"]
        assert answer["totalCount"] == len(answer["nodes"])
        return [node["current"] for node in answer["nodes"]]

    assert currents() == [50, 10, 90, None, 10]
    assert currents(by={"field": "PROGRESS", "direction": "DESC"}) == [90, 50, 10, 10, None]
    for field in ("TITLE", "DUE", "WEIGHT", "CREATED_AT", "CHANGED_AT", "RECORDED"):
        assert len(currents(by={"field": field})) == 5
    assert currents(filter={"health": ["PENDING"]}) == [None], "that of the draft"
    assert currents(filter={"cycle": {"key": "2026-q1"}, "search": "active"}) == [50, 10, 90, None, 10]
    assert currents(filter={"kpi": {"key": "nps"}}) == []
    (echo,) = five_objectives.ask(query, filter={"health": ["PENDING"]})["keyResults"]["nodes"]
    assert echo["objective"]["title"] == "echo"
    dropped = five_objectives.log.children(goals.id_of(five_objectives, "echo"), "key-result-added").ids[0]
    five_objectives.record(DropKeyResult(key_result=dropped, reason="No time"))
    assert currents() == [50, 10, 90, 10]
    assert currents(filter={"health": ["DROPPED"]}) == [None]
    assert currents(filter={"state": ["DROPPED"]}) == [None]
    assert len(currents(filter={"state": ["ACTIVE", "DROPPED"]})) == 5


def test_key_results_of_a_dropped_objective_have_health_dropped_and_keep_their_state(
    five_objectives: AskedWorld,
) -> None:
    query = """query ($filter: KeyResultFilter) {
        keyResults(filter: $filter) { totalCount nodes { state current progress { value health } } }
        objectives(filter: {state: [DROPPED], search: "alpha"}) {
            nodes { progress { value health explain { value } } keyResults { progress { health } } }
        }
    }"""

    def found(**filter: Any) -> Any:
        return five_objectives.ask(query, filter=filter)["keyResults"]["nodes"]

    before = found()
    five_objectives.record(DropObjective(objective=goals.id_of(five_objectives, "alpha"), reason="No time"))
    (dropped,) = found(health=["DROPPED"])
    assert (dropped["state"], dropped["current"], dropped["progress"]["health"]) == ("ACTIVE", 10, "DROPPED")
    assert dropped not in found(health=[one["progress"]["health"] for one in before])
    assert found(state=["DROPPED"]) == []
    (objective,) = five_objectives.ask(query)["objectives"]["nodes"]
    assert objective["progress"] == {"value": 0.1, "health": "DROPPED", "explain": [{"value": 0.1}]}
    assert objective["keyResults"] == [{"progress": {"health": "DROPPED"}}]


def test_kpis_are_listed_sorted_and_filtered(world: AskedWorld) -> None:
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


def test_cycles_teams_and_people_are_listed(world: AskedWorld) -> None:
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


def test_nested_lists_are_paged_per_parent(five_objectives: AskedWorld) -> None:
    goals.cycle(five_objectives, "2026-q2", goals.Q2)
    goals.objective(five_objectives, "Next", cycle=CycleBy(key="2026-q2"), effective_at=day(95))
    query = """query($after: String) { cycles { nodes { objectives(first: 2, after: $after) {
        totalCount pageInfo { hasNextPage hasPreviousPage endCursor } nodes { title } } } } }"""
    first, second = (node["objectives"] for node in five_objectives.ask(query)["cycles"]["nodes"])
    assert [node["title"] for node in first["nodes"]] == IN_ORDER[:2]
    assert [node["title"] for node in second["nodes"]] == ["Next"]
    assert (first["totalCount"], second["totalCount"]) == (5, 1)
    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)
    first, second = (
        n["objectives"] for n in five_objectives.ask(query, after=first["pageInfo"]["endCursor"])["cycles"]["nodes"]
    )
    assert [node["title"] for node in first["nodes"]] == IN_ORDER[2:4]
    assert first["pageInfo"]["hasPreviousPage"] is True
    assert second["pageInfo"]["hasPreviousPage"] is False
    narrowed = five_objectives.ask("""{ cycle(by: {key: "2026-q1"}) {
        same: objectives(filter: {cycle: {key: "2026-q1"}}) { totalCount }
        other: objectives(filter: {cycle: {key: "2026-q2"}}) { totalCount nodes { title } } } }""")["cycle"]
    assert narrowed == {"same": {"totalCount": 5}, "other": {"totalCount": 0, "nodes": []}}


def test_check_ins_and_comments_are_paged_for_many_key_results(five_objectives: AskedWorld) -> None:
    query = """query($after: String) { keyResults { nodes { id checkIns(first: 1, after: $after) {
        totalCount pageInfo { hasNextPage hasPreviousPage endCursor } nodes { value } } comments { totalCount } } } }"""
    key_result = five_objectives.log.children(goals.id_of(five_objectives, "Delta"), "key-result-added").ids[0]
    goals.check_in(five_objectives, key_result, 60, 61)
    first = five_objectives.ask(query)["keyResults"]["nodes"]
    assert [node["checkIns"]["totalCount"] for node in first] == [2, 1, 1, 0, 1]
    assert [node["checkIns"]["pageInfo"]["hasNextPage"] for node in first] == [True, False, False, False, False]
    second = five_objectives.ask(query, after=first[0]["checkIns"]["pageInfo"]["endCursor"])["keyResults"]["nodes"]
    assert second[0]["checkIns"]["nodes"] == [{"value": 60.0}]
    assert second[0]["checkIns"]["pageInfo"]["hasPreviousPage"] is True
    assert all(node["comments"]["totalCount"] == 0 for node in first)


class Teams(NamedTuple):
    """Teams by key: sales with north in it, which has oslo in it; and apps. Each has an objective with a key result,
    and a KPI."""

    world: AskedWorld
    ids: dict[str, UUID]


@pytest.fixture
def teams(world: AskedWorld) -> Teams:
    goals.cycle(world)
    ids: dict[str, UUID] = {}
    for key, parent in (("sales", None), ("north", "sales"), ("oslo", "north"), ("apps", None)):
        inside = None if parent is None else ids[parent]
        ids[key] = world.record(FormTeam(key=key, name=key, parent=inside, effective_at=day(-1)))
        goals.key_result(world, goals.objective(world, f"Goal of {key}", team=ids[key]), f"Result of {key}")
        world.record(DefineKpi(key=key, name=key, team=ids[key]))
    return Teams(world, ids)


ALL_LISTS = """query($goals: ObjectiveFilter, $results: KeyResultFilter, $kpis: KpiFilter) {
    objectives(filter: $goals) { totalCount nodes { team { key } } }
    keyResults(filter: $results) { totalCount nodes { objective { team { key } } } }
    kpis(filter: $kpis, orderBy: {field: RECORDED}) { totalCount nodes { team { key } } } }"""


def teams_in_all_lists(teams: Teams, **filter: Any) -> list[str]:
    """The teams of the goals and KPIs that pass a filter, which are the same in all lists."""
    answer = teams.world.ask(ALL_LISTS, goals=filter, results=filter, kpis=filter)
    found = [node["team"]["key"] for node in answer["objectives"]["nodes"]]
    assert [node["objective"]["team"]["key"] for node in answer["keyResults"]["nodes"]] == found
    assert [node["team"]["key"] for node in answer["kpis"]["nodes"]] == found
    assert [answer[name]["totalCount"] for name in ("objectives", "keyResults", "kpis")] == [len(found)] * 3
    return found


def test_team_filters_include_the_teams_inside_by_default(teams: Teams) -> None:
    assert teams_in_all_lists(teams, team={"key": "sales"}) == ["sales", "north", "oslo"]
    assert teams_in_all_lists(teams, team={"key": "north"}) == ["north", "oslo"]
    assert teams_in_all_lists(teams, team={"key": "nobody"}) == []


def test_team_filters_leave_the_teams_inside_out_on_request(teams: Teams) -> None:
    assert teams_in_all_lists(teams, team={"key": "sales"}, includeSubteams=False) == ["sales"]
    assert teams_in_all_lists(teams, includeSubteams=False) == ["sales", "north", "oslo", "apps"]


def test_team_filters_apply_the_hierarchy_of_the_basis(teams: Teams) -> None:
    before = teams.world.catch_up()
    teams.world.record(MoveTeam(team=teams.ids["oslo"], parent=teams.ids["apps"]))
    query = """query($before: Position) {
        now: objectives(filter: {team: {key: "sales"}}) { totalCount }
        asOf(position: $before) { objectives(filter: {team: {key: "sales"}}) { totalCount } } }"""
    answer = teams.world.ask(query, before=before)
    assert (answer["now"]["totalCount"], answer["asOf"]["objectives"]["totalCount"]) == (2, 3)


OF_TEAMS = """query($inside: Boolean, $filter: ObjectiveFilter) {
    teams { nodes { key objectives(includeSubteams: $inside, filter: $filter) { totalCount nodes { title } } } }
    team(by: {key: "sales"}) { objectives(includeSubteams: $inside, filter: $filter) { totalCount } } }"""


def test_objectives_of_a_team_include_those_of_the_teams_inside_on_request(teams: Teams) -> None:
    def counts(**asked: Any) -> dict[str, int]:
        answer = teams.world.ask(OF_TEAMS, **asked)
        found = {node["key"]: node["objectives"]["totalCount"] for node in answer["teams"]["nodes"]}
        assert answer["team"]["objectives"]["totalCount"] == found["sales"]
        return found

    assert counts() == {"apps": 1, "north": 1, "oslo": 1, "sales": 1}
    assert counts(inside=True) == {"apps": 1, "north": 2, "oslo": 1, "sales": 3}
    assert counts(inside=True, filter={"team": {"key": "north"}}) == {"apps": 0, "north": 2, "oslo": 1, "sales": 2}
    assert counts(filter={"team": {"key": "sales"}}) == {"apps": 0, "north": 1, "oslo": 1, "sales": 1}
    (sales,) = [node for node in teams.world.ask(OF_TEAMS, inside=True)["teams"]["nodes"] if node["key"] == "sales"]
    titles = [node["title"] for node in sales["objectives"]["nodes"]]
    assert titles == ["Goal of sales", "Goal of north", "Goal of oslo"]


def test_objectives_of_many_teams_take_a_constant_number_of_statements(teams: Teams) -> None:
    filter = {"team": {"key": "sales"}}
    few = teams.world.count(OF_TEAMS, inside=True, filter=filter)
    for number in range(5):
        teams.world.record(FormTeam(key=f"team-{number}", name="Another", parent=teams.ids["sales"]))
    assert teams.world.count(OF_TEAMS, inside=True, filter=filter) == few
