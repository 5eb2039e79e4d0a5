"""Hidden ids, known from before or guessed, are answered like unknown ids."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from api.report.content import ReportRequest
from api.report.content import read as report
from api.snapshot import global_ids
from domain.model.event import Recorded
from domain.primitives.values import Basis, Kind
from tests.api.privacy.company_with_secrets import HIDDEN, day, word
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
    'retrospective(cycle: {key: "2026-q1"}, objective: $id) { attainment { score } }': Kind.OBJECTIVE,
    'cycle(by: {key: "2026-q1"}) { film(objectives: [$id]) { objectives { values } keyResults { values } } }': (
        Kind.OBJECTIVE
    ),
}
"""Lookups by id, with the kind of the id."""


def secrets(with_secrets: Asked) -> Iterator[Recorded]:
    """The first event of every hidden aggregate."""
    for entry in with_secrets.world.log.entries(0, 10_000):
        if entry.event.originator_version == 1 and entry.event.originator_id in with_secrets.company.secret:
            yield entry


def named(kind: Kind, id: UUID, end: bytes = b"") -> str:
    if kind in VERSIONED:
        return global_ids.encode_version(kind, id, 1, end)
    return global_ids.encode(kind, id, end)


def test_company_hides_an_aggregate_of_every_kind(with_secrets: Asked) -> None:
    kinds = {entry.event.KIND for entry in secrets(with_secrets)}
    everywhere = {Kind.PERSON, Kind.TEAM, Kind.CYCLE, Kind.POLICY, Kind.CALENDAR, Kind.KPI, Kind.READING, Kind.TEMPLATE}
    assert kinds == set(Kind) - everywhere


def test_hidden_id_with_or_without_basis_is_not_found(with_secrets: Asked) -> None:
    then = global_ids.suffix(Basis(day(97), with_secrets.world.log.head().position))
    nodes = [entry for entry in secrets(with_secrets) if entry.event.KIND is not Kind.EXTERNAL_REFERENCE]
    for entry in nodes:
        for end in (b"", then):
            id = named(entry.event.KIND, entry.event.originator_id, end)
            assert with_secrets.ask("ann", NODE, id=id)["node"] is not None
            assert with_secrets.ask("moe", NODE, id=id) == {"node": None}


def test_change_id_of_a_hidden_event_is_not_found(with_secrets: Asked) -> None:
    shown = set(with_secrets.company.visible)
    for position in range(1, with_secrets.world.log.head().position + 1):
        found_node = with_secrets.ask("moe", NODE, id=global_ids.encode_change(position))["node"]
        assert (found_node is not None) == (position in shown)


@pytest.mark.parametrize("field", BY_ID)
def test_hidden_and_unknown_ids_get_identical_answers(with_secrets: Asked, field: str) -> None:
    query = f"query ($id: ID!) {{ {field} }}"
    for name in HIDDEN:
        hidden = with_secrets.answer("moe", query, id=named(BY_ID[field], with_secrets.company[name]))
        assert hidden == with_secrets.answer("moe", query, id=named(BY_ID[field], UNKNOWN))


@pytest.mark.parametrize(("field", "part"), [("objective", ""), ("keyResult", "/kr")])
def test_hidden_goals_are_not_found_by_their_counterparts(with_secrets: Asked, field: str, part: str) -> None:
    query = f'query ($id: String!) {{ {field}(by: {{external: {{system: "jira", id: $id}}}}) {{ title }} }}'
    for name in ("plan", "was"):
        id = f"{word(name)}-{name}{part}"
        assert with_secrets.ask("ann", query, id=id)[field] is not None
        assert with_secrets.ask("moe", query, id=id) == {field: None}


def test_search_does_not_find_hidden_goals(with_secrets: Asked) -> None:
    field = "(filter: {search: $word}) { totalCount nodes { id } }"
    query = f"query ($word: String!) {{ objectives{field} keyResults{field} }}"
    for name in HIDDEN[:5]:
        found = with_secrets.ask("moe", query, word=word(name))
        assert found == {key: {"totalCount": 0, "nodes": []} for key in ("objectives", "keyResults")}


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("order", ["TITLE", "PROGRESS", "CHANGED_AT"])
def test_pages_are_the_same_as_without_hidden_goals(companies: tuple[Asked, Asked], order: str, size: int) -> None:
    one, other = (list(all_pages(asked, order, size)) for asked in companies)
    assert one == other


def all_pages(asked: Asked, order: str, size: int) -> Iterator[Any]:
    """Every page of all objectives in this order, first forward and then backward."""
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
        arguments: dict[str, Any] = {way: size}
        while arguments:
            found = asked.ask("moe", query, **arguments)["objectives"]
            yield found["totalCount"], [node["title"] for node in found["nodes"]], found["pageInfo"][more]
            arguments = {way: size, past: found["pageInfo"][cursor]} if found["pageInfo"][more] else {}


def test_report_contains_no_hidden_goals(companies: tuple[Asked, Asked]) -> None:
    story, twin = (report(asked.context("moe"), ReportRequest("2026-q1")) for asked in companies)
    assert story.objectives == twin.objectives
    assert story.attribution == twin.attribution
    everything = report(companies[0].context("mia"), ReportRequest("2026-q1"))
    assert [name for name in HIDDEN if word(name) in str(story)] == []
    assert any(word(name) in str(everything) for name in HIDDEN)


@pytest.mark.parametrize("every", ["DAY", "MONTH", "CHANGE"])
def test_replay_contains_no_hidden_goals(companies: tuple[Asked, Asked], every: str) -> None:
    figures = (
        "objectives keyResults byHealth { health count } progress { value expected } changes { __typename reason }"
    )
    query = f'{{ replay(cycle: {{key: "2026-q1"}}, every: {every}) {{ frames {{ basis {{ at }} {figures} }} }} }}'
    one, other = (asked.ask("moe", query) for asked in companies)
    assert one == other


@pytest.mark.parametrize("every", ["DAY", "CHANGE"])
def test_curves_contain_no_hidden_goals(companies: tuple[Asked, Asked], every: str) -> None:
    counts = "healthCounts { health count } objectives: healthCounts(of: OBJECTIVES) { health count }"
    fields = f"at value expected health confidence {counts}"
    curve = f'progressOverTime(every: {every}, to: "2026-05-01T00:00:00Z") {{ {fields} }}'
    query = f"""{{ objectives {{ nodes {{ title {curve} }} }} cycles {{ nodes {{ key {curve} }} }}
        teams {{ nodes {{ key {curve} }} }} }}"""
    one, other = (asked.ask("moe", query) for asked in companies)
    assert one == other
    whole = companies[0].ask("ann", query)
    assert [node["key"] for node in whole["cycles"]["nodes"]] == [node["key"] for node in one["cycles"]["nodes"]]
    assert whole["cycles"] != one["cycles"]
