"""The film of a cycle: its goals as columns over time, or some of its objectives alone."""

from typing import Any
from uuid import UUID

import pytest

from api.snapshot import global_ids
from domain.commands.cycle_commands import ActivateCycle
from domain.commands.key_result_commands import MoveKeyResult
from domain.primitives.values import Kind, Ref
from tests.api.schema import goals
from tests.api.schema.goals import CYCLE, day
from tests.asking import AskedWorld

FILM = """query($from: DateTime, $ids: [ID!]) { asOf(at: "2026-03-02T00:00:00Z") { cycle(by: {key: "2026-q1"}) {
    film(every: WEEK, from: $from, objectives: $ids) { at points { at value }
        objectives { entityId values } keyResults { entityId values currents } } } } }"""


@pytest.fixture
def quarter(world: AskedWorld) -> dict[str, UUID]:
    """A top without key results, which an objective with two of them supports, and another objective."""
    goals.cycle(world)
    top = goals.objective(world, "Lead the market")
    part = goals.objective(world, "Delight every customer", supports=[Ref(Kind.OBJECTIVE, top)])
    other = goals.objective(world, "Grow without new debt")
    moved, kept = (goals.key_result(world, part, title) for title in ("Renewals", "Referrals"))
    world.do(ActivateCycle(cycle=CYCLE, effective_at=day(1)))
    goals.check_in(world, moved, 50, 10)
    world.do(MoveKeyResult(key_result=moved, to=other, effective_at=day(30)))
    return {"top": top, "part": part, "other": other, "moved": moved, "kept": kept}


def film(world: AskedWorld, *ids: str, since: str | None = None) -> Any:
    asked = {"ids": list(ids)} if ids else {}
    return world.ask(FILM, **asked, **{"from": since})["asOf"]["cycle"]["film"]


def shown(columns: list[Any]) -> list[str]:
    return [one["entityId"] for one in columns]


def named(kind: Kind, id: UUID) -> str:
    return global_ids.encode(kind, id)


def test_film_of_an_objective_shows_it_without_those_that_support_it(
    world: AskedWorld, quarter: dict[str, UUID]
) -> None:
    top = named(Kind.OBJECTIVE, quarter["top"])
    found = film(world, top)
    assert (shown(found["objectives"]), found["keyResults"], found["points"]) == ([top], [], [])
    assert found["objectives"][0]["values"] == next(
        one["values"] for one in film(world)["objectives"] if one["entityId"] == top
    )
    assert 0.25 in found["objectives"][0]["values"]


def test_key_result_is_shown_while_it_is_in_a_filmed_objective(world: AskedWorld, quarter: dict[str, UUID]) -> None:
    moved, kept = (named(Kind.KEY_RESULT, quarter[name]) for name in ("moved", "kept"))
    of = {name: film(world, named(Kind.OBJECTIVE, quarter[name])) for name in ("part", "other")}
    assert (shown(of["part"]["keyResults"]), shown(of["other"]["keyResults"])) == ([moved, kept], [moved])
    before, after = (one["keyResults"][0]["currents"] for one in of.values())
    assert [(one, other) for one, other in zip(before, after, strict=True) if one is not None is not other] == []
    assert 50 in before
    assert (before[-1], after[-1]) == (None, 50)


def test_unknown_ids_and_ids_of_other_kinds_film_nothing(world: AskedWorld, quarter: dict[str, UUID]) -> None:
    unknown = (named(Kind.OBJECTIVE, UUID(int=4711)), named(Kind.KEY_RESULT, quarter["kept"]), "nonsense")
    found = film(world, *unknown)
    assert (found["objectives"], found["keyResults"], found["points"]) == ([], [], [])


def test_film_that_begins_after_its_view_has_a_planned_line_only(world: AskedWorld, quarter: dict[str, UUID]) -> None:
    found = film(world, since="2026-03-20T00:00:00Z")
    assert found["at"] == []
    assert {one["value"] for one in found["points"]} == {None}
    assert found["objectives"][0] == {"entityId": named(Kind.OBJECTIVE, quarter["top"]), "values": []}
