"""The paged lists of a retrospective have the rows of the lists that they replace, in pages of any size."""

from collections.abc import Iterator
from typing import Any, Final

import pytest

from domain.commands.people_commands import FormTeam
from tests.api.paging import PAGE_INFO, all_nodes
from tests.api.retrospective.conftest import made
from tests.api.retrospective.quarter_by_hand import run_quarter
from tests.api.schema.goals import day
from tests.asking import AskedWorld

OBJECTIVE: Final = "presence objective { title } attribution { final } keyResults { keyResult { title } }"
TERM: Final = "amount cause objective { title } change { position }"
SILENCE: Final = "keyResult { title } from to days"
KPI: Final = "kpi { key } before after change"
LISTS: Final = [
    ("objectiveRetrospectives", f"objectives {{ {OBJECTIVE} }}", "objectives", OBJECTIVE),
    ("silentPeriods", f"silences {{ {SILENCE} }}", "silences", SILENCE),
    ("kpiChanges", f"kpis(all: true) {{ {KPI} }}", "kpis", KPI),
]
ATTAINMENT: Final = "attainment { againstOriginal againstFinal score }"
COUNTS: Final = "planned addedLater dropped"


@pytest.fixture(scope="module")
def world(server: str) -> Iterator[AskedWorld]:
    with made(server) as world:
        world.do(FormTeam(key="north", name="North", effective_at=day(0)))
        run_quarter(world)
        yield world


def look(world: AskedWorld, fields: str, **variables: Any) -> dict[str, Any]:
    declared = "query($bound: String)" if "$bound" in fields else "query"
    query = f'{declared} {{ retrospective(cycle: {{key: "2026-q1"}}) {{ {fields} }} }}'
    found: dict[str, Any] = world.ask(query, **variables)["retrospective"]
    return found


def rows(connection: str, node: str, size: int, *, forwards: bool) -> str:
    count, bound = ("first", "after") if forwards else ("last", "before")
    every = ", all: true" if connection == "kpiChanges" else ""
    return f"{connection}({count}: {size}, {bound}: $bound{every}) {{ totalCount nodes {{ {node} }} {PAGE_INFO} }}"


def paged(world: AskedWorld, field: str, path: tuple[str, ...], *, forwards: bool) -> list[Any]:
    """All rows of a connection, page by page from one end to the other."""

    def page_at(end: str | None) -> Any:
        page: Any = look(world, field, bound=end)
        for name in path:
            page = page[name]
        return page

    return all_nodes(page_at, forwards=forwards)


@pytest.mark.parametrize("size", [1, 2, 50])
@pytest.mark.parametrize("forwards", [True, False])
@pytest.mark.parametrize(("connection", "listed", "name", "node"), LISTS, ids=[one[0] for one in LISTS])
def test_pages_have_the_rows_of_the_list(
    world: AskedWorld, connection: str, listed: str, name: str, node: str, size: int, forwards: bool
) -> None:
    whole = look(world, listed)[name]
    assert whole
    assert paged(world, rows(connection, node, size, forwards=forwards), (connection,), forwards=forwards) == whole


@pytest.mark.parametrize("size", [1, 3, 50])
@pytest.mark.parametrize("forwards", [True, False])
def test_pages_of_terms_have_every_attributed_change(world: AskedWorld, size: int, forwards: bool) -> None:
    whole = look(world, f"attribution {{ explain {{ {TERM} }} }}")["attribution"]["explain"]
    field = f"attribution {{ {rows('terms', TERM, size, forwards=forwards)} }}"
    assert len(whole) > 3
    assert paged(world, field, ("attribution", "terms"), forwards=forwards) == whole


def test_terms_of_all_objectives_take_the_statements_of_one(world: AskedWorld) -> None:
    node = "attribution { terms(first: 2) { nodes { change { position } } } }"
    one, all = (
        world.count(f'{{ retrospective(cycle: {{key: "2026-q1"}}) {{ objectiveRetrospectives(first: {size}) '
                    f"{{ nodes {{ {node} }} }} }} }}") for size in (1, 50)
    )  # fmt: skip
    assert one == all


def test_goals_are_counted_by_how_they_came_and_went(world: AskedWorld) -> None:
    fields = f"of: goalCounts {{ {COUNTS} }} parts: goalCounts(of: KEY_RESULTS) {{ {COUNTS} }} silentKeyResults"
    found = look(world, f"{fields} silences {{ keyResult {{ title }} }}")
    assert found["of"] == {"planned": 2, "addedLater": 1, "dropped": 1}
    assert found["parts"] == {"planned": 3, "addedLater": 2, "dropped": 2}
    assert found["silentKeyResults"] == len({one["keyResult"]["title"] for one in found["silences"]})


def test_team_has_the_attainment_of_the_mean_over_its_objectives(world: AskedWorld) -> None:
    team = f"totalCount nodes {{ team {{ key }} objectives {{ {COUNTS} }} keyResults {{ {COUNTS} }} {ATTAINMENT} }}"
    found = look(world, f"teams {{ {team} }} goalCounts {{ {COUNTS} }} {ATTAINMENT}")
    (only,) = found["teams"]["nodes"]
    assert only["team"] is None
    assert only["objectives"] == found["goalCounts"]
    assert only["attainment"]["againstOriginal"] == found["attainment"]["againstOriginal"]
    assert only["attainment"]["againstFinal"] == pytest.approx(found["attainment"]["againstFinal"])
