"""The demo as a visitor sees it through GraphQL, filled up to today: the figures of its quarters and who did what."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.cli import demo
from api.console.shell import console_documents
from api.demo.seasons import Calendar
from api.facts.importer import Import
from api.runtime import signing_key
from api.runtime.database import Database
from api.runtime.projector import projector_of
from api.server.app import create_app
from api.snapshot import global_ids
from domain.commands.permissions import Role
from domain.handlers.dispatcher import Dispatcher
from domain.primitives.values import Kind
from tests.api.conftest import Api
from tests.workspace import fresh_workspace

TODAY = datetime.now(UTC).date()
WEEK_AHEAD = str(TODAY + timedelta(days=7))
CALENDAR = Calendar.of(TODAY)
FALL_MAX = 0.02
"""By how much the value of the present may lie below the highest so far: on some days a fall is the newest change."""
FRAMES = """
query ($cycle: String!) {
  replay(cycle: {key: $cycle}, every: WEEK) {
    frames {
      progress { value }
      changes {
        reason effects { before after cause }
        ... on KeyResultCheckedIn { note }
        ... on ReadingRecorded { note }
      }
    }
  }
}
"""


@pytest.fixture(scope="module")
def database_of_demo(server: str) -> Iterator[Database]:
    with fresh_workspace(server) as database:
        yield database


@pytest.fixture(scope="module")
def filled(database_of_demo: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The demo, filled once for all tests of this file, and asked by its visitor."""
    database = database_of_demo
    log = database.log()
    importer = Import(Dispatcher(log), log, "machine:console", by_is_actor=True)
    assert importer.run(demo.fact_lines(TODAY)).refusals == []
    projector_of(database).catch_up()
    visitor = demo.visitor(database)
    key = tmp_path_factory.mktemp("keys") / "key"
    signing_key.create(key, f"keyframe.example/{database.settings.workspace}")
    settings = database.settings.model_copy(update={"checkpoint_key": key})
    app = create_app(settings, database, editor=False, anonymous=True, visitor=visitor)
    with TestClient(app, base_url="http://localhost") as http:
        yield Api(http)


def cycle(filled: Api, key: str, selection: str) -> Any:
    return filled.ask(f'{{ cycle(by: {{key: "{key}"}}) {{ {selection} }} }}')["cycle"]


def shares(counts: list[dict[str, Any]]) -> dict[str, float]:
    total = sum(one["count"] for one in counts)
    return {one["health"]: one["count"] / total for one in counts}


def test_visitor_is_a_person_of_the_company_with_every_role(filled: Api) -> None:
    viewer = filled.ask("{ viewer { handle roles person { name } } }")["viewer"]
    assert (viewer["handle"], viewer["person"]["name"]) == ("maren", "Maren Halvorsen")
    assert viewer["roles"] == ["ADMIN", "AUDITOR", "LEAD", "MEMBER", "METRICS"]


def test_people_are_the_actors_of_their_changes(filled: Api) -> None:
    query = """{ changes(last: 100, filter: {types: ["KeyResultCheckedIn"]}) {
        nodes { actor { handle person { name } onBehalfOf { handle } } } } }"""
    actors = [one["actor"] for one in filled.ask(query)["changes"]["nodes"]]
    assert all(actor["person"] is not None and actor["onBehalfOf"] is None for actor in actors)
    assert len({actor["handle"] for actor in actors}) >= 20


def test_most_key_results_of_the_open_quarter_are_on_track(filled: Api) -> None:
    counted = shares(cycle(filled, CALENDAR.active.key, "healthCounts { health count }")["healthCounts"])
    assert 0.45 <= counted["ON_TRACK"] <= 0.75
    assert 0.10 <= counted["AT_RISK"] <= 0.30
    assert 0.05 <= counted["OFF_TRACK"] <= 0.25


def test_open_quarter_is_close_to_its_plan(filled: Api) -> None:
    progress = cycle(filled, CALENDAR.active.key, "progress { value expected health }")["progress"]
    assert progress["expected"] - 0.15 < progress["value"] <= progress["expected"]
    assert progress["health"] in ("ON_TRACK", "AT_RISK")


@pytest.mark.parametrize("season", [CALENDAR.active, CALENDAR.year], ids=["quarter", "year"])
def test_each_weekly_fall_of_the_value_has_a_named_event(filled: Api, season: Any) -> None:
    frames = filled.ask(FRAMES, cycle=season.key)["replay"]["frames"]
    values = [frame["progress"]["value"] or 0.0 for frame in frames]
    falls = [frame for frame, was, now in zip(frames[1:], values, values[1:], strict=False) if now < was - 1e-9]
    assert len(falls) <= len(values) // 4
    assert max(values) - values[-1] < FALL_MAX
    for frame in falls:
        assert any(map(is_named_fall, frame["changes"]))


def is_named_fall(change: dict[str, Any]) -> bool:
    """Whether a change lowers a progress, and tells why: a scope or a target changed, or somebody noted a reason."""
    lowering = [one for one in change["effects"] if (one["after"] or 0.0) < (one["before"] or 0.0)]
    is_explained = change["reason"] is not None or change.get("note") is not None
    return any(is_explained or one["cause"] in ("SCOPE", "GOALPOST") for one in lowering)


@pytest.mark.parametrize("place", range(3))
def test_closed_quarter_has_a_mix_of_verdicts(filled: Api, place: int) -> None:
    objectives = closed_objectives(filled, place)
    assert Counter(one["outcome"]["verdict"] for one in objectives).keys() == {"ACHIEVED", "PARTIAL", "MISSED"}
    held = [one for one in objectives if one["kind"] == "COMMITTED" and one["outcome"]["verdict"] == "ACHIEVED"]
    assert len(held) >= 2
    assert {one["outcome"]["score"] for one in held} == {1.0}
    aspired = [one["outcome"] for one in objectives if one["kind"] == "ASPIRATIONAL"]
    assert any(one["verdict"] == "ACHIEVED" and 0.7 <= one["score"] < 1 for one in aspired)


def closed_objectives(filled: Api, place: int) -> list[dict[str, Any]]:
    selection = "objectives(first: 50) { nodes { kind outcome { verdict score reflection } } }"
    nodes = cycle(filled, CALENDAR.quarters[place].key, selection)["objectives"]["nodes"]
    return [one for one in nodes if one["outcome"] is not None]


def test_closed_quarters_rise_and_are_reflected_on(filled: Api) -> None:
    ask = partial(cycle, filled, selection="progress { value health } reflections { body }")
    closed = [ask(quarter.key) for quarter in CALENDAR.quarters[:3]]
    values = [one["progress"]["value"] for one in closed]
    assert values == sorted(values)
    assert all(one["progress"]["health"] == "ACHIEVED" and len(one["reflections"]) >= 4 for one in closed)


def test_linked_key_results_of_a_closed_quarter_ended_with_it(filled: Api) -> None:
    selection = "objectives(first: 50) { nodes { keyResults { kpi { key } measuredAt } } }"
    for quarter in CALENDAR.quarters[:3]:
        nodes = cycle(filled, quarter.key, selection)["objectives"]["nodes"]
        linked = [one for node in nodes for one in node["keyResults"] if one["kpi"] is not None]
        assert len(linked) >= 7
        assert all(one["measuredAt"][:10] <= quarter.ends_on.isoformat() for one in linked)


# ── the console ───────────────────────────────────────────────────────────────────────────────────


def shown(filled: Api, name: str, **variables: Any) -> Any:
    """The answer to a document of the console."""
    (document,) = [text for text in console_documents().values() if re.search(rf"(query|mutation) {name}\b", text)]
    return filled.ask(document, **variables)


def test_each_query_of_the_console_is_answered(filled: Api) -> None:
    key = CALENDAR.quarters[3].key
    month_ago = f"{TODAY - timedelta(days=30)}T00:00:00Z"
    moment, page = {"at": month_ago, "known": None}, {"cycle": key, "first": 60, "filter": None}
    quarter = shown(filled, "Quarter", **page)["cycle"]
    objective = quarter["objectives"]["edges"][0]["node"]
    kpi = filled.ask("{ kpis(first: 1) { nodes { id } } }")["kpis"]["nodes"][0]["id"]
    among = {"cycles": [{"key": key}, {"key": CALENDAR.year.key}], "state": ["ACTIVE", "CLOSED"]}
    tree = {"roots": among | {"aligned": False}, "among": among, "first": 50}
    branches = {"ids": [objective["entityId"]], "count": 1, "first": 50, "among": among}
    retrospective = {"cycle": key, "known": None, "team": None}
    asked: dict[str, dict[str, Any]] = {
        "Who": {}, "Quarter": page, "QuarterThen": page | {"at": month_ago, "known": month_ago}, "Size": {"cycle": key},
        "BurnUp": {"cycle": key}, "Film": {"cycle": key, "every": "DAY", "objectives": None},
        "Beside": {"cycle": key, "at": month_ago},
        "ObjectiveNow": {"id": objective["entityId"]}, "ObjectiveThen": {"id": objective["entityId"], **moment},
        "Changed": {"from": month_ago, "to": None, "cycle": {"key": key}, "first": 300},
        "Decided": {"filter": {"cycle": {"key": key}, "types": ["KeyResultRetargeted"], "effectiveFrom": month_ago}},
        "Week": {"person": objective["owner"]["entityId"], "until": WEEK_AHEAD},
        "Kpis": {"from": month_ago}, "KpisThen": {"from": month_ago, **moment},
        "KpiCourses": {"ids": [kpi], "from": month_ago}, "KpiCoursesThen": {"ids": [kpi], "from": month_ago, **moment},
        "Ledger": {}, "Inclusion": {"position": 42}, "Consistency": {"from": 7},
        "ChangesOf": {"subject": objective["entityId"], "from": month_ago, "to": None},
        "KpiNow": {"id": kpi, "from": month_ago}, "KpiThen": {"id": kpi, "from": month_ago, **moment},
        "OpenGoals": {"cycle": key, "person": objective["owner"]["entityId"]},
        "LookingBack": retrospective, "LookingBackCauses": retrospective | {"first": 100},
        "Trend": {}, "TrendThen": moment,
        "Teams": {}, "Tree": tree, "TreeThen": tree | moment, "TreeBranches": branches,
        "TreeBranchesThen": branches | moment,
    }  # fmt: skip
    queries = {name for text in console_documents().values() for name in re.findall(r"query (\w+)", text)}
    assert queries == asked.keys()
    for name, variables in asked.items():
        (answer,) = [one for one in shown(filled, name, **variables).items() if one[0] != "__typename"][-1:]
        assert answer[1], name


def test_film_of_the_console_equals_the_answers_as_of_each_day_of_the_quarter(filled: Api) -> None:
    key = CALENDAR.quarters[3].key
    film = shown(filled, "Film", cycle=key, every="DAY", objectives=None)["cycle"]["film"]
    columns = {one["entityId"]: one for one in [*film["objectives"], *film["keyResults"]]}
    compared = 0
    for place, at in enumerate(film["at"][:-1]):
        then = filled.ask(GOALS_AT, at=at, cycle=key)["asOf"]["cycle"]
        point = film["points"][place]
        assert figures(then) == pytest.approx([point[name] for name in FIGURES])
        assert [list(one.values()) for one in then["healthCounts"]] == [
            [one["health"], one["count"]] for one in point["healthCounts"]
        ]
        objectives = then["objectives"]["nodes"]
        goals = [*objectives, *(one for objective in objectives for one in objective["keyResults"])]
        for goal in goals:
            column = columns[goal["entityId"]]
            assert figures(goal) == pytest.approx([column[f"{name}s"][place] for name in FIGURES])
            assert goal.get("current") in (column.get("currents", {place: None})[place], None)  # of milestones, null
        there = {id for id, one in columns.items() if one["expecteds"][place] is not None}
        assert there <= {goal["entityId"] for goal in goals}
        compared += len(goals)
    assert compared > 1_000


FIGURES = ("value", "expected", "health")
GOALS_AT = """query($at: DateTime!, $cycle: String!) { asOf(at: $at) { cycle(by: {key: $cycle}) {
    progress { value expected health } healthCounts(of: OBJECTIVES) { health count }
    objectives(first: 100) { nodes { entityId progress { value expected health }
        keyResults { entityId current progress { value expected health } } } } } } }"""


def figures(goal: Any) -> list[Any]:
    return [goal["progress"][name] for name in FIGURES]


def test_guests_are_a_lead_a_member_and_an_auditor_of_the_company(filled: Api, database_of_demo: Database) -> None:
    guests = demo.guests(database_of_demo)
    assert [guest.role for guest in guests] == [Role.LEAD, Role.MEMBER, Role.AUDITOR]
    people = [global_ids.encode(Kind.PERSON, guest.person) for guest in guests]
    assert all(shown(filled, "Week", person=person, until=WEEK_AHEAD) for person in people)
