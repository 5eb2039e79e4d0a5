"""What is hidden is named, by an id from before or by guessing, and is found as little as what there is not."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from api.report.content import read as report
from api.snapshot import global_ids
from domain.model.event import Recorded
from domain.primitives.values import Basis, Kind
from tests.api.privacy.company import HIDDEN, day, word
from tests.api.privacy.conftest import Asked

UNKNOWN = UUID(int=4711)
VERSIONED = (Kind.CHECK_IN, Kind.READING)
NODE = "query ($id: ID!) { node(id: $id) { __typename id } }"
BY_ID = {
    "objective(id: $id) { title }": Kind.OBJECTIVE,
    "nodes(ids: [$id]) { id }": Kind.OBJECTIVE,
    "objectives(filter: {supports: $id}) { totalCount nodes { id } }": Kind.OBJECTIVE,
    "keyResults(filter: {objective: $id}) { totalCount nodes { id } }": Kind.OBJECTIVE,
    "changes(filter: {subject: $id}) { totalCount nodes { id } }": Kind.OBJECTIVE,
    'diff(from: {time: "2026-01-01T00:00:00Z"}, scope: {objective: $id}) { entities { kind } }': Kind.OBJECTIVE,
}
"""What is asked by id, and of which kind."""


def secrets(hushed: Asked) -> Iterator[Recorded]:
    """The first event of everything that is hidden."""
    for said in hushed.world.log.entries(0, 10_000):
        if said.event.originator_version == 1 and said.event.originator_id in hushed.company.secret:
            yield said


def named(kind: Kind, id: UUID, end: bytes = b"") -> str:
    if kind in VERSIONED:
        return global_ids.encode_version(kind, id, 1, end)
    return global_ids.encode(kind, id, end)


def test_there_is_something_hidden_of_every_kind_that_can_be(hushed: Asked) -> None:
    kinds = {said.event.KIND for said in secrets(hushed)}
    everywhere = {Kind.PERSON, Kind.TEAM, Kind.CYCLE, Kind.POLICY, Kind.KPI, Kind.READING}
    assert kinds == set(Kind) - everywhere


def test_an_id_from_before_names_nothing(hushed: Asked) -> None:
    then = global_ids.suffix(Basis(day(97), hushed.world.log.head().position))
    for said in secrets(hushed):
        for end in (b"", then):
            id = named(said.event.KIND, said.event.originator_id, end)
            assert hushed.ask("ann", NODE, id=id)["node"] is not None
            assert hushed.ask("moe", NODE, id=id) == {"node": None}


def test_a_hidden_event_names_nothing(hushed: Asked) -> None:
    shown = set(hushed.company.visible)
    for position in range(1, hushed.world.log.head().position + 1):
        told = hushed.ask("moe", NODE, id=global_ids.encode_change(position))["node"]
        assert (told is not None) == (position in shown)


@pytest.mark.parametrize("field", BY_ID)
def test_what_is_asked_of_it_is_answered_as_of_nothing(hushed: Asked, field: str) -> None:
    query = f"query ($id: ID!) {{ {field} }}"
    for name in HIDDEN:
        hidden = hushed.answer("moe", query, id=named(BY_ID[field], hushed.company[name]))
        assert hidden == hushed.answer("moe", query, id=named(BY_ID[field], UNKNOWN))


def test_it_is_not_found_by_its_words(hushed: Asked) -> None:
    field = "(filter: {search: $word}) { totalCount nodes { id } }"
    query = f"query ($word: String!) {{ objectives{field} keyResults{field} }}"
    for name in HIDDEN[:5]:
        found = hushed.ask("moe", query, word=word(name))
        assert found == {key: {"totalCount": 0, "nodes": []} for key in ("objectives", "keyResults")}


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("order", ["TITLE", "PROGRESS", "CHANGED_AT"])
def test_pages_go_on_as_if_it_were_not_there(companies: tuple[Asked, Asked], order: str, size: int) -> None:
    one, other = (list(walked(asked, order, size)) for asked in companies)
    assert one == other


def walked(asked: Asked, order: str, size: int) -> Iterator[Any]:
    """Every page of all objectives, by this order, first forwards and then backwards."""
    page = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount nodes { title changedAt }"
    query = f"""
        query ($first: Int, $last: Int, $after: String, $before: String) {{
          objectives(
            first: $first, last: $last, after: $after, before: $before, orderBy: {{field: {order}, direction: DESC}}
          ) {{ {page} }}
        }}
    """
    for way, cursor, past, more in (
        ("first", "endCursor", "after", "hasNextPage"),
        ("last", "startCursor", "before", "hasPreviousPage"),
    ):
        told: dict[str, Any] = {way: size}
        while told:
            found = asked.ask("moe", query, **told)["objectives"]
            yield found["totalCount"], [node["title"] for node in found["nodes"]], found["pageInfo"][more]
            told = {way: size, past: found["pageInfo"][cursor]} if found["pageInfo"][more] else {}


def test_a_report_tells_nothing_of_it(companies: tuple[Asked, Asked]) -> None:
    story, twin = (report(asked.context("moe"), "2026-q1") for asked in companies)
    assert story.objectives == twin.objectives
    assert story.attribution == twin.attribution
    assert "Zq7" not in str(story)
    assert "Zq7" in str(report(companies[0].context("mia"), "2026-q1"))


@pytest.mark.parametrize("every", ["DAY", "MONTH", "CHANGE"])
def test_a_film_shows_nothing_of_it(companies: tuple[Asked, Asked], every: str) -> None:
    figures = (
        "objectives keyResults byHealth { health count } progress { value expected } changes { __typename reason }"
    )
    query = f'{{ replay(cycle: {{key: "2026-q1"}}, every: {every}) {{ frames {{ basis {{ at }} {figures} }} }} }}'
    one, other = (asked.ask("moe", query) for asked in companies)
    assert one == other
