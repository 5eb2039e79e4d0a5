"""Filters with `and`, `or` and `not`, comparators, orders of several fields, and counts: on one company."""

from collections.abc import Iterator
from datetime import date
from random import Random
from typing import Any

import pytest

from domain.commands.command import CycleBy, KpiBy
from domain.commands.cycle_commands import ActivateCycle
from domain.commands.key_result_commands import DropKeyResult, MoveKeyResult
from domain.commands.kpi_commands import DefineKpi, ReadingInput, RecordReadings
from domain.commands.objective_commands import CommitObjective
from domain.commands.people_commands import AddPerson, FormTeam, JoinTeam
from domain.commands.subject_commands import SetLabels
from domain.primitives.values import Kind, Ref
from tests.api.schema import goals
from tests.api.schema.goals import Q2, day
from tests.asking import AskedWorld
from tests.world import fresh_world

OBJECTIVES = """query ($filter: ObjectiveFilter, $sort: [ObjectiveOrder!], $first: Int, $after: String, $last: Int,
    $before: String) {
    objectives(filter: $filter, sort: $sort, first: $first, after: $after, last: $last, before: $before) {
        totalCount healthCounts { health count } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        nodes { title owner { name } labels progress { value health confidence } cycle { key }
                keyResults { due } createdAt } } }"""
KEY_RESULTS = """query ($filter: KeyResultFilter, $sort: [KeyResultOrder!]) {
    keyResults(filter: $filter, sort: $sort) { totalCount healthCounts { health count } nodes { title } } }"""
AT = """query ($at: DateTime!, $filter: ObjectiveFilter, $sort: [ObjectiveOrder!]) {
    asOf(at: $at) { objectives(filter: $filter, sort: $sort) { nodes { title progress { health } } } } }"""


@pytest.fixture(scope="module")
def company(server: str) -> Iterator[AskedWorld]:
    """Six objectives of two cycles, teams and owners. On day 60 progress is 0.9, 0.1, none, 0.5, 0.1 and none."""
    with fresh_world(server) as made:
        world = AskedWorld(made.database)
        goals.cycle(world)
        goals.cycle(world, "2026-q2", Q2)
        ann, bob = (world.record(AddPerson(handle=name.lower(), name=name)) for name in ("Ann", "bob"))
        top = world.record(FormTeam(key="top", name="Top"))
        web = world.record(FormTeam(key="web", name="Web", parent=top))
        world.do(JoinTeam(team=web, person=ann))
        given: list[dict[str, Any]] = [
            {"owner": bob, "team": top}, {"owner": ann, "team": web, "contributors": [bob]}, {"owner": ann},
            {"team": web}, {"owner": bob}, {"cycle": CycleBy(key="2026-q2"), "effective_at": day(95), "owner": ann},
        ]  # fmt: skip
        world.do(ActivateCycle(cycle=goals.CYCLE, effective_at=day(0)))
        for number, (title, value) in enumerate(zip(TITLES, (90, 10, None, 50, 10, None), strict=True)):
            one = goals.objective(world, title, **given[number])
            if number == 5:
                continue
            due = date(2026, 1, 30 - number)
            key_result = goals.key_result(world, one, f"{title} measured", due=due, owner=given[number].get("owner"))
            dropped = goals.key_result(world, one, f"{title} dropped", due=date(2026, 1, 2))
            world.do(DropKeyResult(key_result=dropped, reason="Never mind", effective_at=day(1)))
            if value is not None:
                world.do(CommitObjective(objective=one, effective_at=day(0)))
                goals.check_in(world, key_result, value / 2, 10, confidence=0.9 - number / 10)
                goals.check_in(world, key_result, value, 20 + number)
            if number in (0, 1):
                world.do(SetLabels(subject=Ref(Kind.OBJECTIVE, one), labels=["growth", f"n{number}"]))
        yield world
        world.close()


TITLES = ["Delta", "alpha", "Charlie", "echo", "bravo", "Next"]


def titles(world: AskedWorld, filter: Any = None, sort: Any = None) -> list[str]:
    found = world.ask(OBJECTIVES, filter=filter, sort=sort)["objectives"]
    assert found["totalCount"] == len(found["nodes"])
    return [node["title"] for node in found["nodes"]]


def person(world: AskedWorld, handle: str) -> str:
    id: str = world.ask("query ($h: String!) { person(by: {handle: $h}) { id } }", h=handle)["person"]["id"]
    return id


# ── comparators ──────────────────────────────────────────────────────────────────────────────────


def test_filters_compare_numbers_days_and_times(company: AskedWorld) -> None:
    assert titles(company, {"progress": {"gte": 0.5}}) == ["Delta", "echo"]
    assert titles(company, {"progress": {"gte": 0.1, "lte": 0.5}}) == ["alpha", "echo", "bravo"]
    assert titles(company, {"confidence": {"lte": 0.7}}) == ["echo", "bravo"]
    assert titles(company, {"due": {"lte": "2026-01-28"}}) == ["Charlie", "echo", "bravo"]
    assert titles(company, {"due": {"gte": "2026-06-01"}}) == ["Next"], "the last day of its cycle"
    assert titles(company, {"measuredAt": {"gte": day(23).isoformat()}}) == ["echo", "bravo"]
    assert titles(company, {"createdAt": {"gte": day(90).isoformat()}}) == ["Next"]
    assert titles(company, {"createdAt": {"withinDays": 36_600}}) == TITLES
    assert titles(company, {"progress": {}}) == ["Delta", "alpha", "echo", "bravo"], "without a value no range matches"


def test_within_days_counts_from_the_basis(company: AskedWorld) -> None:
    def due(at: float, days: int) -> list[str]:
        filter = {"due": {"withinDays": days}}
        found = company.ask(AT, at=day(at).isoformat(), filter=filter)["asOf"]["objectives"]["nodes"]
        return [node["title"] for node in found]

    assert due(24, 2) == ["echo", "bravo"], "from the 25th to the 27th"
    assert due(24, 0) == []
    assert due(25, 0) == ["bravo"]
    assert due(28, -2) == ["alpha", "Charlie", "echo"], "from the 27th to the 29th"


@pytest.mark.parametrize(
    ("filter", "field"),
    [
        ({"due": {"withinDays": 40_000}}, ["due", "withinDays"]),
        ({"measuredAt": {"withinDays": -1}}, ["measuredAt", "withinDays"]),
        ({"worseSince": "2100-01-01T00:00:00Z"}, ["worseSince"]),
    ],
)
def test_an_impossible_comparator_is_invalid(company: AskedWorld, filter: Any, field: list[str]) -> None:
    assert company.refused(OBJECTIVES, filter=filter) == ("INVALID", field)


def test_a_filter_takes_lists_of_what_it_names(company: AskedWorld) -> None:
    ann, bob = person(company, "ann"), person(company, "bob")
    assert titles(company, {"owners": [ann]}) == ["alpha", "Charlie", "Next"]
    assert titles(company, {"owners": [ann, bob]}) == ["Delta", "alpha", "Charlie", "bravo", "Next"]
    assert titles(company, {"owners": []}) == titles(company, {"owners": ["garbage"]}) == []
    assert titles(company, {"cycles": [{"key": "2026-q2"}, {"key": "unknown"}]}) == ["Next"]
    assert titles(company, {"teams": [{"key": "web"}, {"key": "top"}], "includeSubteams": False}) == [
        "Delta", "alpha", "echo",
    ]  # fmt: skip
    assert titles(company, {"teams": [{"key": "top"}]}) == ["Delta", "alpha", "echo"]
    assert titles(company, {"anyLabels": ["n0", "n1", "none"]}) == ["Delta", "alpha"]
    assert titles(company, {"labels": ["growth", "n1"]}) == ["alpha"]


def test_goals_without_an_owner_and_of_a_contributor_are_found(company: AskedWorld) -> None:
    assert titles(company, {"unowned": True}) == ["echo"]
    assert titles(company, {"unowned": False, "progress": {"lte": 0.1}}) == ["alpha", "bravo"]
    assert titles(company, {"contributor": person(company, "bob")}) == ["alpha"]
    found = company.ask(KEY_RESULTS, filter={"contributor": person(company, "bob")})["keyResults"]["nodes"]
    assert [node["title"] for node in found] == ["alpha measured"]


# ── and, or, not ─────────────────────────────────────────────────────────────────────────────────


def test_filters_combine_as_logic_does(company: AskedWorld) -> None:
    """Random filters of stored and computed conditions find what the same logic over all objectives finds."""
    ann = person(company, "ann")
    leaves: list[tuple[Any, set[str]]] = [
        (filter, set(titles(company, filter)))
        for filter in (
            {"unowned": True}, {"owner": ann}, {"health": ["OFF_TRACK"]}, {"progress": {"gte": 0.4}},
            {"cycle": {"key": "2026-q2"}}, {"labels": ["growth"]}, {"confidence": {"gte": 0.7}}, {},
        )
    ]  # fmt: skip
    chance = Random(4)

    def any_filter(depth: int) -> tuple[Any, set[str]]:
        own, found = chance.choice(leaves)
        if depth == 0:
            return own, found
        filter, inside = dict(own), [any_filter(depth - 1) for _ in range(chance.randint(0, 2))]
        match chance.choice(["and", "or", "not"]):
            case "and":
                filter["and"] = [one for one, _ in inside]
                found = found.intersection(*(some for _, some in inside))
            case "or":
                filter["or"] = [one for one, _ in inside]
                found = found & set().union(*(some for _, some in inside))
            case _ if inside:
                filter["not"] = inside[0][0]
                found = found - inside[0][1]
        return filter, found

    for number in range(60):
        filter, found = any_filter(1 + number % 3)
        assert titles(company, filter) == [title for title in TITLES if title in found], filter


def test_a_filter_inside_a_filter_decides_whether_dropped_key_results_are_listed(company: AskedWorld) -> None:
    def found(filter: Any) -> int:
        total: int = company.ask(KEY_RESULTS, filter=filter)["keyResults"]["totalCount"]
        return total

    assert found(None) == found({"not": {"unowned": True, "search": "nothing"}}) == 5
    assert found({"or": [{"state": ["DROPPED"]}, {"search": "measured"}]}) == 10
    assert found({"not": {"state": ["ACTIVE"]}}) == 5
    assert found({"or": [{"health": ["DROPPED"]}]}) == 5


def test_a_filter_with_too_many_filters_inside_is_too_large(company: AskedWorld) -> None:
    assert company.refused(OBJECTIVES, filter={"or": [{}] * 51}) == ("TOO_LARGE", ["filter"])
    assert titles(company, {"or": [{}] * 50}) == TITLES
    assert company.refused(OBJECTIVES, filter={"owners": ["x"] * 1001}) == ("TOO_LARGE", ["filter"])


def test_a_computed_condition_costs_a_statement_and_not_one_a_row(company: AskedWorld) -> None:
    none = company.count(OBJECTIVES, filter={"health": ["ACHIEVED"], "progress": {"gte": 2}}, sort=[{"field": "TITLE"}])
    some = company.count(OBJECTIVES, filter={"progress": {"gte": 0}}, sort=[{"field": "HEALTH"}, {"field": "OWNER"}])
    assert some <= none + 6
    nested = {"or": [{"health": ["OFF_TRACK"]}, {"unowned": True}, {"not": {"progress": {"gte": 0}}}]}
    assert company.count(OBJECTIVES, filter=nested) <= some + 3


# ── worse since ──────────────────────────────────────────────────────────────────────────────────


def test_goals_that_turned_worse_are_those_rated_better_before(company: AskedWorld) -> None:
    def worse(at: float, since: float) -> list[str]:
        filter = {"worseSince": day(since).isoformat()}
        found = company.ask(AT, at=day(at).isoformat(), filter=filter)["asOf"]["objectives"]["nodes"]
        return [node["title"] for node in found]

    def health(at: float) -> dict[str, str]:
        found = company.ask(AT, at=day(at).isoformat())["asOf"]["objectives"]["nodes"]
        return {node["title"]: node["progress"]["health"] for node in found}

    rated = {"ON_TRACK": 0, "PENDING": 0, "OUTDATED": 0, "AT_RISK": 1, "OFF_TRACK": 2}
    for now, before in ((25, 2), (25, 10), (60, 25), (12, 1)):
        then = health(before)
        assert worse(now, before) == [
            title for title, one in health(now).items() if title in then and rated[one] > rated[then[title]]
        ]
    assert worse(25, 2)
    assert worse(25, 25) == []


# ── orders ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ([{"field": "OWNER"}, {"field": "TITLE"}], ["alpha", "Charlie", "Next", "bravo", "Delta", "echo"]),
        ([{"field": "OWNER", "direction": "DESC"}, {"field": "TITLE"}],
         ["bravo", "Delta", "alpha", "Charlie", "Next", "echo"]),
        ([{"field": "PROGRESS", "direction": "DESC"}, {"field": "TITLE", "direction": "DESC"}],
         ["Delta", "echo", "bravo", "alpha", "Next", "Charlie"]),
        ([{"field": "DUE"}], ["bravo", "echo", "Charlie", "alpha", "Delta", "Next"]),
        ([{"field": "MEASURED_AT", "direction": "DESC"}, {"field": "RECORDED"}],
         ["bravo", "echo", "alpha", "Delta", "Charlie", "Next"]),
        ([{"field": "CONFIDENCE"}, {"field": "TITLE"}], ["bravo", "echo", "alpha", "Delta", "Charlie", "Next"]),
        ([], TITLES),
    ],
)  # fmt: skip
def test_lists_are_sorted_by_several_fields(company: AskedWorld, sort: Any, expected: list[str]) -> None:
    assert titles(company, sort=sort) == expected


def test_health_sorts_the_worst_first(company: AskedWorld) -> None:
    sort = [{"field": "HEALTH"}, {"field": "TITLE"}]
    found = company.ask(AT, at=day(28).isoformat(), sort=sort)["asOf"]["objectives"]["nodes"]
    places = ["OFF_TRACK", "AT_RISK", "OUTDATED", "PENDING", "ON_TRACK"]
    ordered = [(places.index(node["progress"]["health"]), node["title"].casefold()) for node in found]
    assert ordered == sorted(ordered)
    assert len({place for place, _ in ordered}) > 2


SORTS = [
    [{"field": "OWNER"}, {"field": "PROGRESS", "direction": "DESC"}],
    [{"field": "HEALTH", "direction": "DESC"}, {"field": "DUE"}],
    [{"field": "PROGRESS"}],
    [{"field": "CREATED_AT"}, {"field": "TITLE"}],
]


@pytest.mark.parametrize("sort", SORTS, ids=str)
@pytest.mark.parametrize("filter", [None, {"unowned": False}, {"progress": {"gte": 0}}], ids=str)
def test_pages_of_sorted_lists_add_up_in_both_directions(company: AskedWorld, sort: Any, filter: Any) -> None:
    whole = titles(company, filter, sort)
    for size in (1, 2, 4):
        forward: list[str] = []
        backward: list[str] = []
        after = before = None
        while len(forward) < len(whole):
            page = company.ask(OBJECTIVES, filter=filter, sort=sort, first=size, after=after)["objectives"]
            assert page["pageInfo"]["hasPreviousPage"] == bool(forward)
            forward += [node["title"] for node in page["nodes"]]
            assert page["pageInfo"]["hasNextPage"] == (len(forward) < len(whole))
            after = page["pageInfo"]["endCursor"]
            page = company.ask(OBJECTIVES, filter=filter, sort=sort, last=size, before=before)["objectives"]
            backward = [node["title"] for node in page["nodes"]] + backward
            assert page["pageInfo"]["hasPreviousPage"] == (len(backward) < len(whole))
            before = page["pageInfo"]["startCursor"]
        assert forward == backward == whole


def test_a_page_continues_after_a_row_that_left_the_list(company: AskedWorld) -> None:
    sort = [{"field": "OWNER"}, {"field": "TITLE"}]
    page = company.ask(OBJECTIVES, sort=sort, first=2)["objectives"]
    filter = {"not": {"search": "Charlie"}}
    rest = company.ask(OBJECTIVES, sort=sort, filter=filter, after=page["pageInfo"]["endCursor"])["objectives"]
    assert [node["title"] for node in rest["nodes"]] == ["Next", "bravo", "Delta", "echo"]


@pytest.mark.parametrize(
    "sort",
    [
        [{"field": "TITLE"}, {"field": "TITLE", "direction": "DESC"}],
        [{"field": field} for field in ("TITLE", "HEALTH", "DUE", "OWNER", "RECORDED", "PROGRESS")],
    ],
)
def test_an_impossible_order_is_invalid(company: AskedWorld, sort: Any) -> None:
    assert company.refused(OBJECTIVES, sort=sort) == ("INVALID", ["sort"])
    query = "{ objectives(sort: [{field: TITLE}], orderBy: {field: TITLE}) { totalCount } }"
    assert company.refused(query) == ("INVALID", ["sort"])


def test_cursors_of_other_orders_and_garbage_are_invalid(company: AskedWorld) -> None:
    sort = [{"field": "OWNER"}, {"field": "TITLE"}]
    cursor = company.ask(OBJECTIVES, sort=sort, first=1)["objectives"]["pageInfo"]["endCursor"]
    for other in ([{"field": "TITLE"}, {"field": "OWNER"}], [*sort, {"field": "DUE"}], [{"field": "TITLE"}]):
        assert company.refused(OBJECTIVES, sort=other, after=cursor) == ("INVALID", ["after"])
    for garbage in ("", "x", cursor[:-4], cursor + "é"):
        assert company.refused(OBJECTIVES, sort=sort, before=garbage) == ("INVALID", ["before"])


# ── counts and nested lists ──────────────────────────────────────────────────────────────────────


def test_health_counts_are_those_of_the_whole_filtered_list(company: AskedWorld) -> None:
    for filter in (None, {"unowned": False}, {"progress": {"gte": 0.2}}):
        whole = company.ask(OBJECTIVES, filter=filter)["objectives"]
        healths = [node["progress"]["health"] for node in whole["nodes"]]
        page = company.ask(OBJECTIVES, filter=filter, first=1)["objectives"]
        assert page["healthCounts"] == whole["healthCounts"]
        assert {one["health"]: one["count"] for one in page["healthCounts"] if one["count"]} == {
            health: healths.count(health) for health in healths
        }


def test_nested_lists_are_filtered_sorted_and_counted(company: AskedWorld) -> None:
    inside = "filter: $filter, sort: $sort, first: 2) { totalCount healthCounts { count } nodes { title } }"
    query = f"""query ($filter: ObjectiveFilter, $sort: [ObjectiveOrder!]) {{
        cycles {{ nodes {{ key objectives({inside} }} }} one: cycle(by: {{key: "2026-q1"}}) {{ objectives({inside} }}
        people(sort: [{{field: HANDLE}}]) {{ nodes {{ handle objectives({inside} }} }}
        teams(sort: [{{field: KEY}}]) {{ nodes {{ key objectives(includeSubteams: true, {inside} }} }} }}"""
    found = company.ask(query, filter={"progress": {"gte": 0}}, sort=[{"field": "PROGRESS"}, {"field": "TITLE"}])
    q1, q2 = (node["objectives"] for node in found["cycles"]["nodes"])
    assert q1 == found["one"]["objectives"]
    assert [node["title"] for node in q1["nodes"]] == ["alpha", "bravo"]
    assert (q1["totalCount"], sum(one["count"] for one in q1["healthCounts"])) == (4, 4)
    assert (q2["totalCount"], q2["nodes"]) == (0, [])
    ann, bob = (node["objectives"] for node in found["people"]["nodes"])
    assert [node["title"] for node in ann["nodes"]] == ["alpha"]
    assert [node["title"] for node in bob["nodes"]] == ["bravo", "Delta"]
    top, web = (node["objectives"] for node in found["teams"]["nodes"])
    assert [node["title"] for node in top["nodes"]] == ["alpha", "echo"]
    assert (top["totalCount"], web["totalCount"]) == (3, 2)


# ── other lists ──────────────────────────────────────────────────────────────────────────────────


def test_kpis_are_filtered_sorted_and_counted_by_status(company: AskedWorld) -> None:
    for key, value in (("churn", 9.0), ("nps", 60.0), ("quiet", None)):
        company.record(DefineKpi(key=key, name=key.upper(), goal=goals.at_least(50)))
        if value is not None:
            company.do(RecordReadings(readings=[ReadingInput(kpi=KpiBy(key=key), value=value)]))
    query = """query ($filter: KpiFilter, $sort: [KpiOrder!]) {
        kpis(filter: $filter, sort: $sort) { totalCount statusCounts { status count } nodes { key } } }"""

    def keys(**asked: Any) -> list[str]:
        found = company.ask(query, **asked)["kpis"]
        assert found["totalCount"] == len(found["nodes"]) == sum(one["count"] for one in found["statusCounts"])
        return [node["key"] for node in found["nodes"]]

    assert keys(sort=[{"field": "STATUS"}, {"field": "KEY"}]) == ["churn", "quiet", "nps"]
    assert keys(sort=[{"field": "MEASURED_AT", "direction": "DESC"}]) == ["nps", "churn", "quiet"]
    assert keys(filter={"measuredAt": {"withinDays": 1}}) == ["churn", "nps"]
    assert keys(filter={"or": [{"status": ["NO_DATA"]}, {"search": "nps"}]}) == ["nps", "quiet"]
    assert keys(filter={"not": {"status": ["HEALTHY"]}, "unowned": True}) == ["churn", "quiet"]
    assert keys(filter={"unowned": False}) == []


def test_cycles_teams_and_people_have_filters_and_orders(company: AskedWorld) -> None:
    query = """query ($cycles: CycleFilter, $people: PersonFilter, $teams: TeamFilter) {
        cycles(filter: $cycles, sort: [{field: KEY, direction: DESC}]) { nodes { key } }
        people(filter: $people, sort: [{field: HANDLE, direction: DESC}]) { nodes { handle } }
        teams(filter: $teams, sort: [{field: KEY, direction: DESC}]) { nodes { key } } }"""

    def found(**asked: Any) -> list[list[str]]:
        answer = company.ask(query, **asked)
        return [[value for node in answer[name]["nodes"] for value in node.values()] for name in answer]

    assert found() == [["2026-q2", "2026-q1"], ["bob", "ann"], ["web", "top"]]
    assert found(cycles={"states": ["ACTIVE"]}, people={"team": {"key": "top"}}, teams={"search": "TOP"}) == [
        ["2026-q1"], ["ann"], ["top"],
    ]  # fmt: skip
    filters = {"cycles": {"startsOn": {"gte": "2026-04-01"}}, "people": {"active": False}}
    assert found(**filters, teams={"not": {"search": "top"}}) == [["2026-q2"], [], ["web"]]
    assert company.refused('{ people(search: "a", filter: {}) { totalCount } }') == ("INVALID", ["filter"])


# ── moves ────────────────────────────────────────────────────────────────────────────────────────


def test_filters_find_a_key_result_where_it_was_moved(world: AskedWorld) -> None:
    goals.cycle(world)
    teams = [world.record(FormTeam(key=key, name=key, effective_at=day(0))) for key in ("here", "there")]
    here, there = (goals.objective(world, f"Goal of {team}", team=team) for team in teams)
    key_result = goals.key_result(world, here)
    before = world.now.position
    world.do(MoveKeyResult(key_result=key_result, to=there, effective_at=day(1), reason="It is theirs"))
    query = """query ($position: Position!, $filter: KeyResultFilter) {
        keyResults(filter: $filter) { totalCount nodes { title } }
        asOf(position: $position) { keyResults(filter: $filter) { totalCount nodes { title } } } }"""

    def found(filter: Any) -> tuple[int, int]:
        answer = world.ask(query, position=before, filter=filter)
        pages = answer["keyResults"], answer["asOf"]["keyResults"]
        assert all(page["totalCount"] == len(page["nodes"]) for page in pages)
        return pages[0]["totalCount"], pages[1]["totalCount"]

    assert found({"teams": [{"key": "here"}]}) == found({"or": [{"team": {"key": "here"}}]}) == (0, 1)
    assert found({"teams": [{"key": "there"}]}) == found({"not": {"team": {"key": "here"}}}) == (1, 0)
    assert found({"cycles": [{"key": "2026-q1"}], "health": ["PENDING"]}) == (1, 1)
